//! `[network.topology]` as a user meets it.

use std::fs;
use std::path::{Path, PathBuf};

use scenarios::exit::Exit;
use scenarios::registry::Registry;
use scenarios::scenario::{NetworkModel, Overrides, Scenario};
use sim_core::random::StreamKey;

use crate::support::{Ended, peerscope};

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What `command` says of a scenario with these lines in `[network.topology]` and this file beside it.
fn on_topology(command: &str, lines: &str, file: &str, text: &str, more: &[&str]) -> Ended {
    let home = tempfile::tempdir().unwrap();
    let scenario = home.path().join("routed.toml");
    let head =
        "seed = 1\nrun.duration = \"1min\"\nnodes.count = 40\nbring_up = \"bulk\"\nprotocol.echo.period = \"1s\"\n";
    fs::write(&scenario, format!("{head}[network.topology]\n{lines}\n")).unwrap();
    fs::write(home.path().join(file), text).unwrap();
    let mut ended = peerscope(&[&[command, scenario.to_str().unwrap()], more].concat());
    for text in [&mut ended.out, &mut ended.err] {
        *text = text.replace(&format!("{}/", home.path().display()), "");
    }
    ended
}

const PIECES: &str = r#"{"nodes": [{"id": "north", "pos": [0, 60]}, {"id": "south", "pos": [0, 30]},
  {"id": "middle"}, {"id": "islet", "pos": [9, 9]}],
 "edges": [{"source": "north", "target": "middle"}, {"source": "middle", "target": "south"},
  {"source": "south", "target": "middle"}, {"source": "islet", "target": "islet"}]}"#;

#[test]
fn check_tells_what_was_done_to_the_graph() {
    let lines = "file = \"graph.json\"\naccess = { minimum = \"1ms\", maximum = \"2ms\" }\ncomponent = \"largest\"";
    let ended = on_topology("check", lines, "graph.json", PIECES, &[]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let expected = "hosts on 3 routers with 2 links from graph.json, access 1ms to 2ms (lengths by great circle: 3; routers \
                    without coordinates placed amid their neighbours: 1; parallel links dropped: 1; links from a router to \
                    itself dropped: 1; routers outside of the largest component dropped: 1)";
    assert!(ended.out.contains(expected), "{}", ended.out);
}

#[test]
fn a_graph_in_pieces_is_refused_with_the_remedy() {
    let lines = "file = \"graph.json\"\naccess = \"1ms\"";
    let ended = on_topology("check", lines, "graph.json", PIECES, &[]);
    assert_eq!(ended.exit, Exit::BadInput);
    for words in [
        "the graph is not connected: it has 2 components, of 3, 1 routers",
        "--> graph.json:2:21",
        "islet is not connected with the largest",
        "network.topology.component = \"largest\"",
    ] {
        assert!(ended.err.contains(words), "{words} is not in\n{}", ended.err);
    }
}

#[test]
fn a_malformed_file_is_refused_in_the_file() {
    let lines = "file = \"graph.xml\"\naccess = \"1ms\"";
    let ended = on_topology(
        "check",
        lines,
        "graph.xml",
        "<graphml>\n <graph>\n <node id=\"a\"</graph></graphml>",
        &[],
    );
    assert_eq!(ended.exit, Exit::BadInput);
    assert!(
        ended.err.contains("not XML") && ended.err.contains("--> graph.xml:3:"),
        "{}",
        ended.err
    );
}

#[test]
fn wrong_keys_are_refused_in_the_scenario() {
    for (lines, place, words) in [
        (
            "file = \"g.json\"\ncomponent = \"largest\"",
            "6:1",
            "the key `access` is missing",
        ),
        (
            "file = \"g.json\"\naccess = 5",
            "8:10",
            "{ minimum = \"1ms\", maximum = \"5ms\" }",
        ),
        ("file = \"g.json\"\naccess = \"5\"", "8:10", "without a unit"),
        (
            "file = \"g.json\"\naccess = { minimum = \"2ms\" }",
            "8:10",
            "the key `maximum` is missing",
        ),
        (
            "file = \"g.json\"\naccess = { minimum = \"2ms\", maximum = \"1ms\" }",
            "8:10",
            "must not be above",
        ),
        (
            "file = \"g.json\"\naccess = { least = \"2ms\" }",
            "8:12",
            "unknown key `least`",
        ),
        ("file = \"g.json\"\naccess = \"5s\"", "8:10", "too long"),
        (
            "file = \"g.json\"\naccess = \"1ms\"\nmissing = \"neighbors\"",
            "9:11",
            "did you mean `neighbours`?",
        ),
        (
            "file = \"g.json\"\naccess = \"1ms\"\nmissing = { delay = 3 }",
            "9:21",
            "without a unit",
        ),
        (
            "file = \"g.json\"\naccess = \"1ms\"\nformat = \"gml\"",
            "9:10",
            "`graphml`",
        ),
    ] {
        let ended = on_topology("check", lines, "g.json", PIECES, &[]);
        assert_eq!(ended.exit, Exit::BadInput, "{lines}");
        let found = ended.err.contains(words) && ended.err.contains(&format!("--> routed.toml:{place}\n"));
        assert!(found, "{words} at {place} is not in\n{}", ended.err);
    }
}

#[test]
fn a_missing_file_says_where_it_was_named_and_where_there_are_some() {
    let lines = "file = \"absent.json\"\naccess = \"1ms\"";
    let ended = on_topology("check", lines, "graph.json", PIECES, &[]);
    assert_eq!(ended.exit, Exit::MissingInput);
    let words = [
        "absent.json",
        "routed.toml:7:8",
        "scenarios/topologies",
        "relative to that file",
    ];
    assert!(words.iter().all(|words| ended.err.contains(words)), "{}", ended.err);
}

#[test]
fn the_file_is_an_input_of_the_results() {
    let home = tempfile::tempdir().unwrap();
    let output = home.path().join("results");
    let file = format!("network.topology.file={}", shipped("topologies/geant.json").display());
    let arguments = ["-o", output.to_str().unwrap(), "--set", &file];
    let ended = on_topology(
        "run",
        "file = \"graph.json\"\naccess = \"1ms\"",
        "graph.json",
        PIECES,
        &arguments,
    );
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let manifest = fs::read_to_string(output.join("manifest.toml")).unwrap();
    let digest = scenarios::digest::sha256(&fs::read(shipped("topologies/geant.json")).unwrap());
    assert!(
        manifest.contains("geant.json") && manifest.contains(&digest),
        "{manifest}"
    );
}

/// Every node lies at a router of the file, the same one whatever the number of nodes.
#[test]
fn nodes_have_the_places_of_their_routers() {
    let of = |nodes: &str| {
        let overrides = Overrides {
            settings: vec![format!("nodes.count={nodes}")],
            ..Overrides::default()
        };
        let scenario = Scenario::load(&shipped("chord-abilene.toml"), &overrides, &Registry::standard()).unwrap();
        let point = scenario.points.get(0).unwrap();
        let places = point
            .network
            .places(point.nodes as usize, StreamKey::root(1, 0))
            .unwrap()
            .unwrap();
        let NetworkModel::Topology(routed) = &point.network.model else {
            panic!("routed")
        };
        let routers: Vec<_> = routed
            .topology
            .routers
            .iter()
            .filter_map(|router| router.place)
            .collect();
        let known = |(x, y): &(f64, f64)| {
            routers
                .iter()
                .any(|place| (place.longitude, place.latitude) == (*x, *y))
        };
        assert!(places.iter().all(known));
        places
    };
    let (few, many) = (of("20"), of("200"));
    assert_eq!((few.len(), &few[..]), (20, &many[..20]));
    assert!(many.iter().any(|place| *place != many[0]));
}

/// Chord on Abilene in short: half the simulated time, three replications, the bands of the scenario.
#[test]
fn chord_on_abilene_has_the_latency_that_the_topology_gives() {
    let home = tempfile::tempdir().unwrap();
    let (output, scenario) = (home.path().join("results"), shipped("chord-abilene.toml"));
    let mut arguments = vec![
        "run",
        scenario.to_str().unwrap(),
        "--replications",
        "3",
        "-o",
        output.to_str().unwrap(),
    ];
    for setting in [
        "run.duration=27min",
        "bring_up.joins.over=12min",
        "workload.lookups.start=24min",
        "workload.lookups.until=26min",
    ] {
        arguments.extend(["--set", setting]);
    }
    let ended = peerscope(&arguments);
    assert_eq!(ended.exit, Exit::Done, "{}{}", ended.out, ended.err);
    assert_eq!(ended.out.matches(" inside ").count(), 7, "{}", ended.out);
}

/// The formats of other projects, told by how the files begin, and paths by policy.
#[test]
fn relationships_of_ases_decide_on_paths_where_that_is_asked_for() {
    let ases = "# provider|customer\n1|2|-1\n1|3|-1\n2|3|0\n3|4|-1\n2|5|0\n";
    let lines = "file = \"as-rel.txt\"\naccess = \"1ms\"";
    let ended = on_topology("check", lines, "as-rel.txt", ases, &[]);
    assert_eq!(ended.exit, Exit::BadInput);
    for words in [
        "--> as-rel.txt:1:1",
        "nothing in the file tells",
        "missing = { delay = \"5ms\" }",
    ] {
        assert!(ended.err.contains(words), "{words} is not in\n{}", ended.err);
    }
    let lines = format!("{lines}\nmissing = {{ delay = \"5ms\" }}");
    let ended = on_topology("check", &lines, "as-rel.txt", ases, &[]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(
        ended.out.contains("5 routers with 5 links") && !ended.out.contains("valley"),
        "{}",
        ended.out
    );
    let lines = format!("{lines}\npaths = \"valley-free\"");
    let ended = on_topology("check", &lines, "as-rel.txt", ases, &[]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let words = ["pairs without a valley-free path: 6 of 20 asked", "valley-free paths"];
    assert!(words.iter().all(|words| ended.out.contains(words)), "{}", ended.out);
    let ended = on_topology(
        "check",
        "file = \"g.json\"\naccess = \"1ms\"\npaths = \"valley-free\"",
        "g.json",
        PIECES,
        &[],
    );
    assert_eq!(ended.exit, Exit::BadInput);
}

/// As the graphs of SNAP come.
#[test]
fn a_packed_file_is_read_as_what_it_contains() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("pair.txt.gz");
    let mut packer = flate2::write::GzEncoder::new(fs::File::create(&file).unwrap(), flate2::Compression::default());
    std::io::Write::write_all(&mut packer, b"# a pair\n1 2 5ms\n2 3 7ms\n").unwrap();
    packer.finish().unwrap();
    let ended = peerscope(&["topology", file.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(ended.out.contains("12.000 ms"), "{}", ended.out);
    fs::write(&file, [0x1f, 0x8b, 8, 0, 0]).unwrap();
    let ended = peerscope(&["topology", file.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::BadInput, "{}", ended.err);
    assert!(ended.err.contains("no whole gzip file"), "{}", ended.err);
}
