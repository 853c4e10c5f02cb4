//! Messages to groups of nodes: whom they reach, what that is held against, and what is refused.

use analysis::Cell;

use crate::home::Home;

/// Twenty-five nodes on a grid of five rows, 100 m apart, that send to groups of three.
const SCENARIO: &str = r#"seed = 3
nodes.count = 25
bring_up = "cold"
run.duration = "100s"
network.radio = { range = "110m", placement = { places = PLACES }, delay = "1ms" }
protocol.peernet = {}
[workload.groups]
kind = "anycast"
count = 4
members = 3
start = "60s"
until = "80s"
rate = "1/s"
patience = "5s"
"#;

fn home(changes: &[(&str, &str)]) -> Home {
    let place = |node: u32| format!("[{}, {}]", node % 5 * 100, node / 5 * 100);
    let places: Vec<String> = (0..25).map(place).collect();
    let scenario = SCENARIO.replace("PLACES", &format!("[{}]", places.join(", ")));
    Home::of(&scenario, changes)
}

fn ran(changes: &[(&str, &str)]) -> Home {
    let home = home(changes);
    home.run_on("1");
    home
}

fn groups(home: &Home, column: &str) -> f64 {
    home.value("groups", column)
}

#[test]
fn an_anycast_is_held_against_the_nearest_member() {
    for lookup in ["basic", "replicated"] {
        let protocol = format!("protocol.peernet = {{ lookup = \"{lookup}\" }}");
        let home = ran(&[("protocol.peernet = {}", &protocol)]);
        let of = |column| groups(&home, column);
        // 25 nodes for 20 s.
        assert!((400.0..600.0).contains(&of("sent")), "{lookup}: {}", of("sent"));
        assert_eq!([of("due"), of("delivered")], [of("sent"); 2], "{lookup}");
        assert_eq!([of("delivered_fraction"), of("connected_fraction")], [1.0; 2]);
        // Some get to one that is not the nearest; fewer than if it were any one.
        let (nearest, distance, random) = (of("nearest_mean"), of("distance_mean"), of("random_mean"));
        assert!(
            nearest < distance && distance < random,
            "{nearest}, {distance}, {random}"
        );
        assert!(of("distance_ratio") > 1.0 && of("distance_ratio") < 2.0);
        assert!(
            (0.4..1.0).contains(&of("nearest_fraction")),
            "{}",
            of("nearest_fraction")
        );
        assert!((1.0..2.0).contains(&of("stretch_mean")));
        // A millisecond a link and more: the lookup comes first.
        assert!(of("latency_mean_ms") > of("hops_mean"));
    }
}

#[test]
fn the_only_member_of_a_group_is_the_nearest() {
    let home = ran(&[("members = 3", "members = 1")]);
    let of = |column| groups(&home, column);
    assert_eq!(of("delivered_fraction"), 1.0);
    assert_eq!([of("distance_ratio"), of("nearest_fraction")], [1.0; 2]);
    assert_eq!([of("nearest_mean"), of("random_mean")], [of("distance_mean"); 2]);
}

#[test]
fn a_multicast_reaches_every_other_member() {
    let home = ran(&[
        ("anycast", "multicast"),
        ("count = 4", "count = 1"),
        ("members = 3", "members = 25"),
    ]);
    let of = |column| groups(&home, column);
    assert_eq!(of("due"), 24.0 * of("sent"));
    assert_eq!(of("delivered"), of("due"));
    // Two different nodes of a 5 x 5 grid are 10/3 links apart in the mean.
    assert!(
        (of("distance_mean") - 10.0 / 3.0).abs() < 0.1,
        "{}",
        of("distance_mean")
    );
    assert!(of("hops_mean") >= of("distance_mean"));
    let empty = home
        .table("groups")
        .column("nearest_fraction")
        .unwrap()
        .all(|cell| *cell == Cell::Empty);
    assert!(empty, "no member is the one that a multicast should get to");
}

#[test]
fn nodes_that_come_later_are_members_too() {
    let home = ran(&[
        ("bring_up = \"cold\"", "bring_up.joins.over = \"20s\""),
        ("members = 3", "members = 20"),
    ]);
    assert_eq!(groups(&home, "delivered_fraction"), 1.0);
    assert_eq!(groups(&home, "due"), groups(&home, "sent"));
}

#[test]
fn members_that_have_left_are_not_waited_for() {
    let failure = "seed = 3\nmass_failure = { at = \"70s\", fraction = 0.2 }";
    let home = ran(&[
        ("seed = 3", failure),
        ("anycast", "multicast"),
        ("members = 3", "members = 25"),
    ]);
    let of = |column| groups(&home, column);
    // 24 others in the first half, and 19 in the second.
    let each = of("due") / of("sent");
    assert!((21.0..22.5).contains(&each), "{each}");
    assert_eq!(
        of("delivered") + of("dropped") + of("lost") + of("unfinished"),
        of("due"),
        "something became of everything"
    );
}

#[test]
fn groups_do_not_depend_on_the_number_of_threads() {
    let home = home(&[("seed = 3", "seed = 3\nreplications = 3")]);
    let result = |threads| {
        home.run_on(threads);
        (home.written("groups"), home.fingerprints())
    };
    assert_eq!(result("1"), result("2"));
}

#[test]
fn groups_that_make_no_sense_are_refused() {
    let refused = |change: (&str, &str), line: &str, words: &[&str]| home(&[change]).is_refused(line, words);
    let flooding = ("protocol.peernet = {}", "protocol.flooding = {}");
    refused(
        flooding,
        "[workload.groups]",
        &["flooding knows no groups of nodes", "leave it out"],
    );
    refused(
        ("members = 3", "members = 25"),
        "members = 25",
        &[
            "expected between 1 and 24 members of 25 nodes, found 25",
            "no member must be there to send",
        ],
    );
    refused(
        (
            "kind = \"anycast\"\ncount = 4\nmembers = 3",
            "kind = \"multicast\"\ncount = 4\nmembers = 1",
        ),
        "members = 1",
        &["expected between 2 and 25 members of 25 nodes, found 1"],
    );
    refused(
        ("count = 4", "count = 0"),
        "count = 0",
        &["expected between 1 and 333333 groups"],
    );
    refused(
        ("start = \"60s\"", "start = \"2min\""),
        "start = \"2min\"",
        &["nothing begins at 2min, when the run has ended"],
    );
    refused(
        ("rate = \"1/s\"", "rate = \"1/s\"\nsize = \"66kB\""),
        "size = \"66kB\"",
        &["workload.groups.size: expected at most 65535B, found 66000B"],
    );
}
