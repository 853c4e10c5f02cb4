use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use sim_core::link_layer::Place;
use sim_core::time::SimDuration;

use super::*;

fn at(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs_f64(seconds)
}

fn leg(from: (f64, f64), start: f64, to: (f64, f64), end: f64) -> Leg {
    let place = |(x, y)| Place { x, y };
    Leg {
        from: place(from),
        start: at(start),
        to: place(to),
        end: at(end),
    }
}

fn moved(text: &str, format: Option<MovementFormat>, area: Option<Area>) -> Result<Vec<Vec<Leg>>, InputError> {
    Movements::parse(&Source::argument("trace", text), format, area)
}

fn legs(text: &str) -> Vec<Vec<Leg>> {
    moved(text, None, None).map_err(|error| error.render(false)).unwrap()
}

/// The contacts of four nodes, numbered from 0.
fn met(text: &str) -> Result<Vec<Contact>, InputError> {
    ContactTrace::parse(&Source::argument("trace", text), None, 0..4)
}

/// Where the legs say that a node is.
fn place(legs: &[Leg], time: f64) -> (f64, f64) {
    let now = legs.iter().rev().find(|leg| leg.start <= at(time)).unwrap_or(&legs[0]);
    let Place { x, y } = now.place(at(time));
    (x, y)
}

/// What [`Movements::legs`] promises.
fn follow_each_other(legs: &[Leg]) -> bool {
    let joined = legs.windows(2).all(|two| two[0].end == two[1].start);
    joined && legs.first().is_some_and(|leg| leg.start == SimTime::ZERO) && legs.iter().all(|leg| leg.start <= leg.end)
}

#[test]
fn a_setdest_goes_from_where_the_node_is() {
    let text = r#"
        # two nodes, and one that stands
        $node_(0) set X_ 0.0
        $node_(0) set Y_ 10.0
        $node_(0) set Z_ 0.0
        $god_ set-dist 0 1 1
        $node_(1) set X_ 5
        $node_(1) set Y_ 5
        $ns_ at 1.0 "$node_(0) setdest 100.0 10.0 10.0" ;# to the east
        $ns_ at 2.5 "$god_ set-dist 0 1 2"
        $ns_ at 3.0 "$node_(0) setdest 20.0 40.0 15"
        $ns_ at 9.0 "$node_(0) setdest 20.0 50.0 10"
    "#;
    let legs = legs(text);
    let expected = [
        leg((0.0, 10.0), 0.0, (0.0, 10.0), 1.0),
        leg((0.0, 10.0), 1.0, (20.0, 10.0), 3.0),
        leg((20.0, 10.0), 3.0, (20.0, 40.0), 5.0),
        leg((20.0, 40.0), 5.0, (20.0, 40.0), 9.0),
        leg((20.0, 40.0), 9.0, (20.0, 50.0), 10.0),
    ];
    assert_eq!(legs[0], expected, "the second command cuts the first way off");
    assert_eq!(legs[1], [leg((5.0, 5.0), 0.0, (5.0, 5.0), 0.0)]);
}

#[test]
fn the_speed_zero_stops_and_set_puts_a_node_elsewhere() {
    let text = r#"$node_(0) set X_ 0
        $node_(0) set Y_ 0
        $ns_ at 0 "$node_(0) setdest 0 100 10"
        $ns_ at 3 "$node_(0) setdest 7 7 0"
        $ns_ at 5 "$node_(0) set X_ 50"
        $ns_ at 5 "$node_(0) set Y_ 60"
        $ns_ at 5 "$node_(0) setdest 50 70 1"
        $ns_ at 8 "$node_(0) set Y_ 0"
    "#;
    let legs = legs(text);
    assert!(follow_each_other(&legs[0]), "{:?}", legs[0]);
    for (time, there) in [
        (0.0, (0.0, 0.0)),
        (2.0, (0.0, 20.0)),
        (3.0, (0.0, 30.0)),
        (4.9, (0.0, 30.0)),
        (5.0, (50.0, 60.0)),
        (7.0, (50.0, 62.0)),
        (8.0, (50.0, 0.0)),
        (99.0, (50.0, 0.0)),
    ] {
        assert_eq!(place(&legs[0], time), there, "at {time} s");
    }
}

#[test]
fn bonnmotion_has_a_line_a_node() {
    let legs = legs("0.0 1 2 10.0 1 2 20.0 21 2\n# of the second\n5 0 0 6 0 3\n");
    let first = [
        leg((1.0, 2.0), 0.0, (1.0, 2.0), 10.0),
        leg((1.0, 2.0), 10.0, (21.0, 2.0), 20.0),
    ];
    let second = [
        leg((0.0, 0.0), 0.0, (0.0, 0.0), 5.0),
        leg((0.0, 0.0), 5.0, (0.0, 3.0), 6.0),
    ];
    assert_eq!(legs, [first.to_vec(), second.to_vec()]);
}

#[test]
fn files_are_read_packed_or_not() {
    let text = b"0 1 2 10 3 4\n";
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text).unwrap();
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("nodes.movements.gz");
    for bytes in [text.to_vec(), packed.finish().unwrap()] {
        std::fs::write(&path, &bytes).unwrap();
        let movements = Movements::read(&path, Some(MovementFormat::Bonnmotion), None).unwrap();
        assert_eq!(movements.legs, [[leg((1.0, 2.0), 0.0, (3.0, 4.0), 10.0)]]);
        assert_eq!(movements.sha256, crate::digest::sha256(&bytes));
    }
}

#[test]
fn contacts_are_read_from_events_and_from_intervals() {
    let pair = |a, b| (NodeAddr(a), NodeAddr(b));
    let events = met("0 CONN 3 p1 up\n1.5 C M1 3 1 100\n2 CONN 0 1 up\n4 CONN 1 3 down\n5 CONN 3 1 up\n").unwrap();
    assert_eq!(
        events,
        [
            (pair(1, 3), at(0.0), at(4.0)),
            (pair(0, 1), at(2.0), SimTime::MAX),
            (pair(1, 3), at(5.0), SimTime::MAX)
        ]
    );
    let intervals = met("1 2 100 200 1 0\n# and again\n2 1 150.5 150.5\n").unwrap();
    assert_eq!(
        intervals,
        [(pair(1, 2), at(100.0), at(200.0)), (pair(1, 2), at(150.5), at(150.5))]
    );
}

const BEGINS: &str = "$node_(0) set X_ 0\n$node_(0) set Y_ 0\n";

/// Each mistake is answered with its place and what is wrong.
#[test]
fn broken_movements_are_refused_where_they_break() {
    let area = Some(Area {
        width: 100.0,
        height: 50.0,
    });
    for (text, place, words) in [
        ("$ns_ at 1 \"$node_(1) setdest 1 1 1\"", "3:12", "node 1 is unknown"),
        ("$ns_ at 1 \"$node_(0) setdest 1 1 -2\"", "3:34", "must not be negative"),
        (
            "$ns_ at 1 \"$node_(0) setdest 1 1 x\"",
            "3:34",
            "expected a speed in metres a second, found \"x\"",
        ),
        (
            "$ns_ at 1 \"$node_(0) setdest 1 1 1e-300\"",
            "3:34",
            "more than 100 years",
        ),
        ("$ns_ at -1 \"$node_(0) setdest 1 1 1\"", "3:9", "a time of -1 s"),
        (
            "$ns_ at 1 \"$node_(0) setdest 101 1 1\"",
            "3:30",
            "lies outside the area of 100 m x 50 m",
        ),
        (
            "$ns_ at 1 \"$node_(0) set Y_ -1\"",
            "3:29",
            "the place (0, -1) lies outside",
        ),
        ("$node_(1) set Y_ 51", "3:1", "its X_ is missing"),
        (
            "$node_(1) set X_ 0\n$node_(1) set Y_ 51",
            "4:18",
            "the place (0, 51) lies outside",
        ),
        (
            "$node_(2) set X_ 0\n$node_(2) set Y_ 0",
            "3:1",
            "there is a node 2, but no node 1",
        ),
        ("$node_(0) set W_ 0", "3:15", "expected X_, Y_ or Z_"),
        (
            "$node_(0) set X_ nan",
            "3:18",
            "expected a coordinate in metres, found \"nan\"",
        ),
        ("$node_(0) set X_ 1e10", "3:18", "out of range"),
        ("$node_(z) set X_ 0", "3:1", "which node?"),
        ("$ns_ at 1 \"$node_(0) start\"", "3:1", "no command of ns-2's movements"),
        (
            "$ns_ at 2 \"$node_(0) setdest 1 1 1\"\n$ns_ at 1 \"$node_(0) setdest 1 1 1\"",
            "4:9",
            "time runs back: 1 s comes after 2 s",
        ),
    ] {
        let error = moved(&format!("{BEGINS}{text}\n"), None, area)
            .expect_err(text)
            .render(false);
        assert!(
            error.contains(&format!("trace:{place}")) && error.contains(words),
            "{text}\n{error}"
        );
    }
    for (text, place, words) in [
        ("0 1 1 5\n", "1:1", "expected three numbers a place"),
        ("0 1 1\n5 1 1 4 2 2\n", "2:7", "time runs back: 4 s comes after 5 s"),
        ("0 1 1 0 2 2\n", "1:7", "two places at the same time"),
        ("0 1 1 1 2 51\n", "1:9", "lies outside the area"),
        ("0 1 y\n", "1:5", "expected a coordinate in metres, found \"y\""),
        ("# nobody\n", "1:1", "nothing is said in this file"),
    ] {
        let error = moved(text, None, area).expect_err(text).render(false);
        assert!(
            error.contains(&format!("trace:{place}")) && error.contains(words),
            "{text}\n{error}"
        );
    }
    let error = moved("0 1 1\n", Some(MovementFormat::Setdest), None)
        .unwrap_err()
        .render(false);
    assert!(
        error.contains("no command of ns-2's movements"),
        "the format that is named counts\n{error}"
    );
}

#[test]
fn nodes_of_a_trace_may_be_numbered_from_one() {
    let text = "1 3 5 6\n3 2 7 8\n";
    let contacts = ContactTrace::parse(&Source::argument("trace", text), None, 1..4).unwrap();
    let pairs: Vec<(u32, u32)> = contacts.iter().map(|((a, b), ..)| (a.0, b.0)).collect();
    assert_eq!(pairs, [(0, 2), (1, 2)]);
    let error = ContactTrace::parse(&Source::argument("trace", text), None, 2..5)
        .unwrap_err()
        .render(false);
    assert!(
        error.contains("trace:1:1") && error.contains("the nodes have the numbers 2 to 4"),
        "{error}"
    );
}

#[test]
fn broken_contacts_are_refused_where_they_break() {
    for (text, place, words) in [
        (
            "1 CONN 0 1 up\n0.5 CONN 0 1 down\n",
            "2:1",
            "time runs back: 0.5 s comes after 1 s",
        ),
        ("1 CONN 0 1 up\n2 CONN 1 0 up\n", "2:12", "up for the second time"),
        ("1 CONN 0 1 down\n", "1:12", "nodes 0 and 1 part, but they have not met"),
        ("1 CONN 0 1 off\n", "1:12", "expected up or down"),
        ("1 CONN 0 0 up\n", "1:10", "node 0 has a contact with itself"),
        ("1 CONN 0\n", "1:1", "the line ends early"),
        ("1 CONN 0 x up\n", "1:10", "expected the number of a node, found \"x\""),
        ("0 4 5 6\n", "1:3", "node 4 is unknown"),
        ("0 1 5 4\n", "1:7", "time runs back: 4 s comes after 5 s"),
        ("0 1 5\n", "1:1", "expected `<node> <node> <start> <end>`"),
        ("1 C M1 0 1\n", "1:1", "nobody meets anybody"),
    ] {
        let error = met(text).expect_err(text).render(false);
        assert!(
            error.contains(&format!("trace:{place}")) && error.contains(words),
            "{text}\n{error}"
        );
    }
    let skipped = met("1 CONN 0 1 up\n2 S M1 0 1\n3 CONN 0 1 down\n").unwrap();
    assert_eq!(skipped.len(), 1);
}

/// A trace that ns-3 comes with; without the folder of test data there is nothing to check.
#[test]
fn movements_of_ns_3_are_read() {
    let data = std::env::var("PEERSCOPE_DATA").unwrap_or_else(|_| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        root.join("../shared/data").display().to_string()
    });
    let path = Path::new(&data).join("mobility/ns3_default.ns_movements");
    if !path.exists() {
        eprintln!("skipped: {} is not there (set PEERSCOPE_DATA)", path.display());
        return;
    }
    let movements = Movements::read(&path, None, None)
        .map_err(|error| error.render(false))
        .unwrap();
    assert_eq!(movements.legs.len(), 2, "two nodes");
    assert!(movements.legs.iter().all(|legs| follow_each_other(legs)));
    assert_eq!(place(&movements.legs[0], 0.0), (150.0, 93.98597018956875));
    let whole = std::fs::read_to_string(&path).unwrap();
    // Each command finds its node where the one before sent it: the trace was written by a traffic simulator step by step.
    for line in whole.lines().filter(|line| line.contains("setdest")).take(50) {
        let words: Vec<&str> = line
            .split(['"', ' ', '(', ')'])
            .filter(|word| !word.is_empty())
            .collect();
        let [.., time, _, node, _, _, _, speed] = words[..] else {
            panic!("{line}")
        };
        let legs = &movements.legs[node.parse::<usize>().unwrap()];
        let (now, speed): (f64, f64) = (time.parse().unwrap(), speed.parse().unwrap());
        let (before, after) = (place(legs, now + 0.01), place(legs, now + 0.02));
        let covered = sim_core::math::hypot(after.0 - before.0, after.1 - before.1);
        assert!(covered <= speed.max(52.0) * 0.0101, "{line}: {covered} m in 10 ms");
    }
}

proptest! {
    /// Whatever is done to a good file, it is read or refused.
    #[test]
    fn changed_files_never_panic(which in 0..4_usize, cut in 0..200_usize, length in 0..20_usize, put in "[0-9a-zA-Z$\"()_. \n#-]{0,12}") {
        let good = [
            "$node_(0) set X_ 1\n$node_(0) set Y_ 1\n$ns_ at 1 \"$node_(0) setdest 2 2 1\"\n$ns_ at 2 \"$node_(0) set X_ 9\"\n$ns_ at 3 \"$node_(0) setdest 5 5 0\"\n",
            "0 1 1 5 2 2 9 2 2\n3 4 5 6 7 8\n",
            "1 CONN 0 1 up\n2 CONN 1 2 up\n3 CONN 0 1 down\n4 CONN 1 2 down\n",
            "0 1 10 20\n1 2 15 25 7\n",
        ][which];
        let (from, until) = (cut.min(good.len()), (cut + length).min(good.len()));
        let text = format!("{}{put}{}", &good[..from], &good[until..]);
        for area in [None, Some(Area { width: 5.0, height: 5.0 })] {
            if let Ok(nodes) = moved(&text, None, area) {
                prop_assert!(nodes.iter().all(|legs| follow_each_other(legs)), "{:?}", nodes);
                let inside = |place| area.is_none_or(|area| area.contains(place));
                prop_assert!(nodes.iter().flatten().all(|leg| inside(leg.from) && inside(leg.to)));
            }
        }
        if let Ok(trace) = met(&text) {
            prop_assert!(trace.iter().all(|((a, b), from, until)| a < b && from <= until));
        }
    }
}
