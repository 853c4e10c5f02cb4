//! `[[link_failure]]` as a user meets it.

use std::fs;

use scenarios::exit::Exit;
use scenarios::registry::Registry;
use scenarios::scenario::{Overrides, Scenario};
use sim_core::addr::NodeAddr;
use sim_core::network::{Fate, Transmission};
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};

use crate::support::{Ended, peerscope};

/// A square with one diagonal, and a pair of routers that share a label.
const SQUARE: &str = r#"{"nodes": [{"id": "n1", "name": "Oslo"}, {"id": "n2", "name": "Lima"}, {"id": "n3", "name": "Bern"},
  {"id": "n4", "name": "Bern"}],
 "edges": [{"source": "n1", "target": "n2", "delay": 10}, {"source": "n2", "target": "n3", "delay": 10},
  {"source": "n3", "target": "n4", "delay": 10}, {"source": "n4", "target": "n1", "delay": 10},
  {"source": "n1", "target": "n3", "delay": 5}]}"#;

const HEAD: &str = "seed = 1\nrun.duration = \"2min\"\nnodes.count = 24\nbring_up = \"bulk\"\n\
    protocol.chord = { successors = 4 }\nworkload.lookups = { start = \"10s\", rate = \"0.5/s\" }\n\
    [network.topology]\nfile = \"graph.json\"\naccess = \"1ms\"\n";

/// What `command` says of the scenario with these lines at its end.
fn on_square(command: &str, lines: &str, more: &[&str]) -> (Ended, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let scenario = home.path().join("failing.toml");
    fs::write(&scenario, format!("{HEAD}{lines}")).unwrap();
    fs::write(home.path().join("graph.json"), SQUARE).unwrap();
    let output = home.path().join("out");
    let mut arguments = vec![command, scenario.to_str().unwrap()];
    if command == "run" {
        arguments.extend(["-o", output.to_str().unwrap()]);
    }
    let mut ended = peerscope(&[&arguments, more].concat());
    for text in [&mut ended.out, &mut ended.err] {
        *text = text.replace(&format!("{}/", home.path().display()), "");
    }
    (ended, home)
}

#[test]
fn check_tells_which_links_fail_when() {
    let lines = "[[link_failure]]\nfrom = \"20s\"\nuntil = \"30s\"\nbetween = [\"Lima\", \"n1\"]\n\
        [[link_failure]]\nfrom = \"1min\"\nfraction = 0.4\n";
    let (ended, _home) = on_square("check", lines, &[]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let expected = "links down: Oslo to Lima from 20s until 30s, 40 % of all from 1min on";
    assert!(ended.out.contains(expected), "{}", ended.out);
}

/// As for failures of nodes and for partitions: one is a table, several are a list.
#[test]
fn one_failure_needs_no_list() {
    let (ended, _home) = on_square(
        "check",
        "[link_failure]\nfrom = \"20s\"\nbetween = [\"Lima\", \"n1\"]\n",
        &[],
    );
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(
        ended.out.contains("links down: Oslo to Lima from 20s on"),
        "{}",
        ended.out
    );
    let (ended, _home) = on_square("check", "[partition]\nfrom = \"20s\"\napart.routers = [\"n3\"]\n", &[]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(ended.out.contains("the hosts of a router apart"), "{}", ended.out);

    for (lines, place, words) in [
        (
            "[link_failure]\nfrom = \"9s\"\nuntil = \"9s\"\nfraction = 0.1",
            "12:9",
            "later than `link_failure.from`",
        ),
        (
            "[link_failure]\nfrom = \"9s\"\nbetween = [\"Oslo\", \"Lina\"]",
            "12:20",
            "did you mean `Lima`?",
        ),
        (
            "[partition]\nfrom = \"9s\"\napart.groups = 1",
            "12:16",
            "expected from 2 to 10000 groups",
        ),
        (
            "[partition]\nfrom = \"9s\"\napart.routers = [\"n9\"]",
            "12:18",
            "no router `n9`",
        ),
    ] {
        let (ended, _home) = on_square("check", &format!("{lines}\n"), &[]);
        assert_eq!(ended.exit, Exit::BadInput, "{lines}: {}", ended.out);
        let found = ended.err.contains(words) && ended.err.contains(&format!("--> failing.toml:{place}\n"));
        assert!(found, "{words} at {place} is not in\n{}", ended.err);
    }
    let (ended, _home) = on_square("check", "", &["--set", "link_failure=\"20s\""]);
    let words = "expected links that fail, such as { from = \"1h\", fraction = 0.1 }, or a list of them";
    assert!(ended.err.contains(words), "{}", ended.err);

    // The same share of the same links, whichever way it is written.
    let share = "from = \"20s\"\nuntil = \"40s\"\nfraction = 0.6\n";
    let [table, list] = ["[link_failure]", "[[link_failure]]"].map(|head| lost(&format!("{head}\n{share}"), &[]));
    assert!(table == list && table[0] > 0, "{table:?} {list:?}");
}

#[test]
fn what_cannot_fail_is_refused_in_the_scenario() {
    for (lines, place, words) in [
        ("from = \"1s\"", "10:1", "either `between` or `fraction`"),
        (
            "from = \"1s\"\nfraction = 0.1\nbetween = [\"Oslo\", \"Lima\"]",
            "10:1",
            "either `between` or `fraction`",
        ),
        ("from = \"1s\"\nfraction = 1.5", "12:12", "1"),
        ("fraction = 0.1", "10:1", "the key `from` is missing"),
        (
            "from = \"2min\"\nfraction = 0.1",
            "11:8",
            "go down at 2min, when the run has ended",
        ),
        (
            "from = \"9s\"\nuntil = \"9s\"\nfraction = 0.1",
            "12:9",
            "must be later than `link_failure.0.from`",
        ),
        (
            "from = \"9s\"\nbetween = [\"Oslo\", \"Lina\"]",
            "12:20",
            "did you mean `Lima`?",
        ),
        (
            "from = \"9s\"\nbetween = [\"Oslo\", \"Reykjavik\"]",
            "12:20",
            "there are `Oslo`, `Lima`",
        ),
        (
            "from = \"9s\"\nbetween = [\"Bern\", \"Lima\"]",
            "12:12",
            "their identifiers tell them apart: `n3`, `n4`",
        ),
        (
            "from = \"9s\"\nbetween = [\"Lima\", \"n4\"]",
            "12:11",
            "Lima has links with `Oslo`, `Bern`",
        ),
        ("from = \"9s\"\nbetween = [\"Lima\"]", "12:11", "2"),
        (
            "from = \"9s\"\nbetween = [\"Lima\", \"Oslo\"]\nroute = 1",
            "13:1",
            "unknown key `route`",
        ),
    ] {
        let (ended, _home) = on_square("check", &format!("[[link_failure]]\n{lines}\n"), &[]);
        assert_eq!(ended.exit, Exit::BadInput, "{lines}: {}", ended.out);
        let found = ended.err.contains(words) && ended.err.contains(&format!("--> failing.toml:{place}\n"));
        assert!(found, "{words} at {place} is not in\n{}", ended.err);
    }
    let constant = "network={ constant = { delay = \"5ms\" } }";
    let (ended, _home) = on_square(
        "check",
        "[[link_failure]]\nfrom = \"1s\"\nfraction = 0.1\n",
        &["--set", constant],
    );
    assert_eq!(ended.exit, Exit::BadInput);
    assert!(
        ended.err.contains("links cannot fail where the network has none"),
        "{}",
        ended.err
    );
}

/// How many messages were lost in a run with these lines.
fn lost(lines: &str, more: &[&str]) -> Vec<u64> {
    let (ended, home) = on_square("run", lines, more);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let mut table = csv::Reader::from_path(home.path().join("out/messages.csv")).unwrap();
    let headers = table.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (kind, messages) = (column("kind"), column("messages"));
    let rows = table.records().map(Result::unwrap).filter(|row| &row[kind] == "lost");
    rows.map(|row| row[messages].parse().unwrap()).collect()
}

#[test]
fn messages_go_around_a_link_that_is_down_and_are_lost_where_there_is_no_way() {
    let link = |from: &str, one: &str, other: &str| {
        format!("[[link_failure]]\nfrom = \"{from}\"\nuntil = \"40s\"\nbetween = [\"{one}\", \"{other}\"]\n")
    };
    assert_eq!(lost("", &[]), [0]);
    assert_eq!(lost(&link("20s", "Oslo", "n3"), &[]), [0], "there are ways around");
    let cut_off = link("20s", "Oslo", "Lima") + &link("30s", "Lima", "n3");
    assert!(lost(&cut_off, &[])[0] > 0, "Lima cannot be reached");
    // Any share of the links can be swept; without a link, only hosts at one router can talk.
    let shares = "[[link_failure]]\nfrom = \"20s\"\nuntil = \"40s\"\nfraction = 0\n";
    let swept = lost(shares, &["--set", "sweep.\"link_failure.0.fraction\"=[0, 1]"]);
    assert!(swept.len() == 2 && swept[0] == 0 && swept[1] > 0, "{swept:?}");
}

/// Routers of generated graphs are called by their numbers.
#[test]
fn links_of_generated_graphs_fail_too() {
    let ring = "network={ ring = { routers = 5, delay = \"3ms\", access = \"1ms\" } }";
    let failing = |one: &str| format!("[[link_failure]]\nfrom = \"20s\"\nbetween = [\"{one}\", \"1\"]\n");
    let (ended, _home) = on_square("check", &failing("0"), &["--set", ring]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(ended.out.contains("links down: 0 to 1 from 20s on"), "{}", ended.out);
    let (ended, _home) = on_square("check", &failing("3"), &["--set", ring]);
    assert_eq!(ended.exit, Exit::BadInput);
    assert!(ended.err.contains("3 has links with `2`, `4`"), "{}", ended.err);
}

/// Between which hosts messages arrive at an instant when so large a share of the links has failed.
fn arrivals(share: &str, replication: u32) -> Vec<Option<SimDuration>> {
    let lines = format!("[[link_failure]]\nfrom = \"20s\"\nuntil = \"40s\"\nfraction = {share}\n");
    let (ended, home) = on_square("check", &lines, &[]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let scenario = home.path().join("failing.toml");
    let scenario = Scenario::load(&scenario, &Overrides::default(), &Registry::standard()).unwrap();
    let network = scenario
        .point(None)
        .unwrap()
        .network
        .build(24, StreamKey::root(1, replication))
        .unwrap();
    let sent = |now: u64, from: u32, to: u32| {
        let fate = network.transmit(&Transmission {
            now: SimTime::ZERO + SimDuration::from_millis(now),
            from: NodeAddr(from),
            to: NodeAddr(to),
            bytes: 1,
            draw: StreamKey::root(1, 0),
        });
        match fate {
            Fate::Arrives(delay) => Some(delay),
            Fate::Lost => None,
        }
    };
    let pairs = || (0..24).flat_map(|from| (0..24).map(move |to| (from, to)));
    for (from, to) in pairs() {
        let direct = Some(network.direct_delay(NodeAddr(from), NodeAddr(to)));
        assert_eq!((sent(19_999, from, to), sent(40_000, from, to)), (direct, direct));
        assert_eq!(sent(20_000, from, to), sent(20_000, to, from));
    }
    pairs().map(|(from, to)| sent(20_000, from, to)).collect()
}

/// Common random numbers: what a smaller share cuts off, a larger one does, too; and each replication draws anew.
#[test]
fn a_larger_share_fails_the_links_of_a_smaller_one() {
    let shares = ["0", "0.2", "0.4", "0.6", "0.8", "1"];
    for replication in 0..5 {
        let found: Vec<_> = shares.iter().map(|share| arrivals(share, replication)).collect();
        for (fewer, more) in found.iter().zip(&found[1..]) {
            // No path is longer than none.
            let length = |delay: &Option<SimDuration>| delay.map_or(u64::MAX, SimDuration::as_nanos);
            assert!(
                fewer
                    .iter()
                    .zip(more)
                    .all(|(fewer, more)| length(fewer) <= length(more))
            );
        }
        assert!(found[0].iter().all(Option::is_some) && found[5].iter().any(Option::is_none));
    }
    assert!((1..5).any(|replication| arrivals("0.4", replication) != arrivals("0.4", 0)));
}
