//! `[network.radio]`, `[network.contacts]` and graphs as networks of neighbours, as a user meets them: what is refused, and where;
//! what comes out where everything is known beforehand.

use std::fs;

use analysis::Table;
use scenarios::exit::Exit;

use crate::support::{Ended, peerscope};

const SCENARIO: &str = r#"seed = 7
run.duration = "30s"
nodes.count = 4
bring_up.joins.over = "1s"
protocol.flooding = {}
workload.packets = { start = "5s", rate = "1/s" }

[network.radio]
range = "100m"
delay = "2ms"
area = { width = "300m", height = "200m" }
"#;

/// A folder with the scenario `own.toml`, `from` replaced by `to`, and with these files.
#[track_caller]
fn folder(from: &str, to: &str, files: &[(&str, &str)]) -> tempfile::TempDir {
    assert!(SCENARIO.contains(from), "{from:?} is not in the scenario");
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("own.toml"), SCENARIO.replacen(from, to, 1)).unwrap();
    for (name, text) in files {
        fs::write(home.path().join(name), text).unwrap();
    }
    home
}

#[track_caller]
fn check(from: &str, to: &str, files: &[(&str, &str)]) -> Ended {
    let home = folder(from, to, files);
    peerscope(&["check", &home.path().join("own.toml").to_string_lossy()])
}

/// The scenario changed so is refused at this place, with these words.
#[track_caller]
fn refused(from: &str, to: &str, files: &[(&str, &str)], place: &str, words: &[&str]) {
    let ended = check(from, to, files);
    assert_eq!(ended.exit, Exit::BadInput, "{to}\n{}{}", ended.out, ended.err);
    for words in [place].iter().chain(words) {
        assert!(ended.err.contains(words), "no {words:?} for {to:?} in\n{}", ended.err);
    }
}

/// The table `packets` of a run of the scenario changed so: its only row, column by column.
#[track_caller]
fn run(from: &str, to: &str, files: &[(&str, &str)]) -> impl Fn(&str) -> f64 + use<> {
    let home = folder(from, to, files);
    let results = home.path().join("results");
    let file = home.path().join("own.toml");
    let ended = peerscope(&["run", &file.to_string_lossy(), "-o", &results.to_string_lossy()]);
    assert_eq!(ended.exit, Exit::Done, "{to}\n{}", ended.err);
    let table = Table::read_csv(fs::File::open(results.join("packets.csv")).unwrap()).unwrap();
    move |column| table.numbers(column).unwrap()[0].unwrap()
}

const AREA: &str = "area = { width = \"300m\", height = \"200m\" }";

/// The scenario with something more in `[network.radio]`.
fn more(keys: &str) -> String {
    format!("{AREA}\n{keys}")
}

#[test]
fn what_cannot_be_is_refused_where_it_is_written() {
    for (from, to, place, words) in [
        (
            "\"100m\"",
            "\"0m\"",
            "own.toml:9:9",
            ["a range of zero", "longer than 0m"],
        ),
        ("\"100m\"", "100", "own.toml:9:9", ["found 100 without a unit", "m, km"]),
        (
            "\"100m\"",
            "\"100 miles\"",
            "own.toml:9:9",
            ["no unit \"miles\"", "such as \"250m\""],
        ),
        (
            "\"2ms\"",
            "\"0s\"",
            "own.toml:10:9",
            ["a delay of zero cannot be", "\"1ns\""],
        ),
        (
            "\"300m\"",
            "\"0m\"",
            "own.toml:11:18",
            ["an area without extent", "area.width"],
        ),
        (AREA, "", "own.toml:8", ["Neither `area` nor `degree`", "degree = 10"]),
        (
            AREA,
            &more("degree = 10"),
            "own.toml:12:10",
            ["the area is stated", "leave out one of"],
        ),
        (AREA, &more("tries = 0"), "own.toml:12:9", ["never sent", "at least 1"]),
        (
            AREA,
            &more("links.scan = \"0s\""),
            "own.toml:12:14",
            ["all the time", "links = \"exact\""],
        ),
        (
            AREA,
            &more("range_m = 5"),
            "own.toml:12:1",
            ["unknown key `range_m`", "`range`"],
        ),
        (
            AREA,
            &more("placement.places = [[0, 0], [1, 1], [300, 200], [301, 5]]"),
            "own.toml:12:49",
            [
                "the place (301, 5) lies outside the area of 300 m x 200 m",
                "state a larger one",
            ],
        ),
        (
            AREA,
            &more("wires = [{ between = [0, 1], delay = \"1ms\" }, { between = [1, 0], delay = \"2ms\" }]"),
            "own.toml:12:59",
            [
                "nodes 1 and 0 are joined by two wires",
                "network.radio.wires.0 joins them already",
            ],
        ),
        (
            AREA,
            &more("placement.places = [[0, 0], [1, 1]]"),
            "own.toml:12:20",
            ["2 places for 4 nodes", "`nodes.count` is 4"],
        ),
        (
            AREA,
            &more("placement.grid = { columns = 2, spacing = \"50m\" }"),
            "own.toml:11:8",
            ["a grid has an area of its own", "leave it out"],
        ),
        (
            AREA,
            "placement.grid = { columns = 0, spacing = \"50m\" }",
            "own.toml:11:30",
            ["a grid without cells", "must be above zero"],
        ),
        (
            AREA,
            "degree = 5\nplacement.grid = { columns = 2, spacing = \"50m\" }",
            "own.toml:11:10",
            ["follows from their places", "leave it out"],
        ),
        (
            AREA,
            &more("placement = \"uniform\"\nmobility.random_walk = { speed = [\"1m/s\", \"2m/s\"], time = \"5s\" }"),
            "own.toml:12:13",
            ["places of their own", "leave out `placement` or `mobility`"],
        ),
        (
            AREA,
            &more("wires = [{ between = [0, 4], delay = \"1ms\" }]"),
            "own.toml:12:26",
            ["there is no node 4", "numbered from 0 to 3"],
        ),
        (
            AREA,
            &more("wires = [{ between = [1, 1], delay = \"1ms\" }]"),
            "own.toml:12:22",
            ["a wire from node 1 to itself", "two different nodes"],
        ),
        (
            AREA,
            &more("gateways = { count = 5, delay = \"1ms\" }"),
            "own.toml:12:22",
            ["5 gateways among 4 nodes", "at most 4"],
        ),
        (
            AREA,
            &more("gateways = { delay = \"1ms\" }"),
            "own.toml:12:12",
            ["either `count` or `nodes`", "nodes = [0, 5]"],
        ),
        (
            AREA,
            &more("gateways = { nodes = [1, 2, 1], delay = \"1ms\" }"),
            "own.toml:12:29",
            ["node 1 is listed twice", "the second time"],
        ),
    ] {
        refused(from, to, &[], place, &words);
    }
}

#[test]
fn models_that_cannot_move_are_refused_at_their_parameter() {
    for (model, place, words) in [
        (
            "random_waypoint = { speed = [\"0m/s\", \"20m/s\"] }",
            "12:39",
            [
                "with a minimum speed of zero there is no steady state",
                "the mean of 1/speed is infinite",
                "choose a minimum above zero, such as \"1m/s\"; start = \"naive\"",
            ],
        ),
        (
            "random_waypoint = { speed = [\"2m/s\", \"1m/s\"] }",
            "12:38",
            [
                "minimum <= maximum, not 2 and 1",
                "the lower bound comes first",
                "exchange the two bounds of `speed`",
            ],
        ),
        (
            "random_waypoint = { speed = [\"1m/s\", \"2m/s\"], pause = [\"9s\", \"1s\"] }",
            "12:64",
            [
                "minimum <= maximum, not 9 and 1",
                "the lower bound comes first",
                "exchange the two bounds of `pause`",
            ],
        ),
        (
            "random_waypoint = { speed = [\"1m/s\", \"2m/s\"], pause = 5 }",
            "12:64",
            ["a time such as \"10s\"", "[\"0s\", \"20s\"]", "pause"],
        ),
        (
            "random_walk = { speed = [\"0m/s\", \"2m/s\"], distance = \"50m\" }",
            "12:35",
            ["no steady state", "1/speed", "above 0m/s"],
        ),
        (
            "random_walk = { speed = [\"1m/s\", \"2m/s\"] }",
            "12:24",
            ["either `time` or `distance`", "how long is a step?", "time = \"10s\""],
        ),
        (
            "manhattan = { columns = 0, rows = 2, speed = [\"1m/s\", \"2m/s\"] }",
            "12:34",
            [
                "the number of blocks from west to east",
                "must be above zero",
                "`columns` = 1 is the least",
            ],
        ),
        (
            "gauss_markov = { speed = \"1m/s\", speed_deviation = \"1m/s\", direction_deviation = -1, memory = 0.5, interval = \"1s\", \
             margin = \"1m\" }",
            "12:91",
            [
                "zero or more, not -1",
                "must not be below zero",
                "`direction_deviation` = 0 is the least",
            ],
        ),
        (
            "manhattan = { columns = 2, rows = 2, speed = [\"0m/s\", \"0m/s\"] }",
            "12:55",
            ["the maximum speed", "must be above zero", "leave out `mobility`"],
        ),
        (
            "reference_point_group = { groups = 2, speed = [\"1m/s\", \"2m/s\"], spread = \"80m\", radius = \"20m\", interval = \"5s\" }",
            "12:83",
            [
                "with 100 m kept free",
                "too long for this area",
                "`spread` and `radius` together must be shorter",
            ],
        ),
        (
            "gauss_markov = { speed = \"1m/s\", speed_deviation = \"1m/s\", direction_deviation = 1, memory = 0.5, interval = \"1s\", \
             margin = \"100m\" }",
            "12:134",
            [
                "kept free on each side",
                "300 m by 200 m",
                "`margin` must be shorter than half of the shorter side, 100 m",
            ],
        ),
        (
            "reference_point_group = { groups = 0, speed = [\"1m/s\", \"2m/s\"], spread = \"10m\", radius = \"5m\", interval = \"5s\" }",
            "12:45",
            ["the number of groups", "positive", "`groups` = 1 is the least"],
        ),
    ] {
        refused(
            AREA,
            &more(&format!("mobility.{model}")),
            &[],
            &format!("own.toml:{place}"),
            &words,
        );
    }
}

/// Where nothing is drawn, drawing again cannot help: that is known before anything runs.
#[test]
fn given_places_that_are_not_connected_are_refused_where_they_must_be() {
    let files: &[(&str, &str)] = &[("nodes.bm", "0 0 0\n0 40 0\n0 80 0\n0 299 0\n")];
    let given = [
        ("placement.places = [[0, 0], [40, 0], [80, 0], [299, 0]]", 3),
        ("mobility.trace = { file = \"nodes.bm\" }", 3),
    ];
    for (nodes, cut_off) in given {
        let words = format!("no way between node 0 and node {cut_off} at the start");
        let help = "leave out `connected`";
        let keys = more(&format!("{nodes}\nconnected = true"));
        refused(AREA, &keys, files, "own.toml:13:13", &[&words, help]);
        let wired = format!("{keys}\nwires = [{{ between = [3, 0], delay = \"1ms\" }}]");
        assert_eq!(check(AREA, &wired, files).exit, Exit::Done);
    }
    let grid =
        |jitter: &str| format!("placement.grid = {{ columns = 4, spacing = \"110m\"{jitter} }}\nconnected = true");
    let words = "no way between node 0 and node 1 at the start";
    refused(AREA, &grid(""), &[], "own.toml:12:13", &[words, "cannot be"]);
    // Places in their cells are drawn, and so may be connected.
    assert_eq!(check(AREA, &grid(", jitter = 0.5"), &[]).exit, Exit::Done);
}

/// A network layer needs links, and an overlay needs to reach everybody.
#[test]
fn who_cannot_run_in_a_network_is_refused() {
    let radio = &SCENARIO[SCENARIO.find("[network.radio]").unwrap()..];
    let chord = "protocol.chord = {}\nworkload.lookups = { start = \"5s\", rate = \"1/s\" }";
    let flooding = "protocol.flooding = {}\nworkload.packets = { start = \"5s\", rate = \"1/s\" }";
    refused(
        flooding,
        chord,
        &[],
        "own.toml:8",
        &[
            "`chord` cannot run here, where only neighbours can talk",
            "`peernet`",
            "[network.constant]",
        ],
    );
    refused(
        radio,
        "[network.constant]\ndelay = \"5ms\"",
        &[],
        "own.toml:8",
        &[
            "`flooding` cannot run here, where there are no links",
            "[network.radio]",
        ],
    );
    refused(
        radio,
        "[network.grid]\nrows = 2\ncolumns = 3\ndelay = \"5ms\"",
        &[],
        "own.toml:3:15",
        &["4 nodes in a graph of 6 routers", "must be 6"],
    );
    refused(
        radio,
        "[network.grid]\nrows = 2\ncolumns = 2\ndelay = \"5ms\"\naccess = \"1ms\"",
        &[],
        "own.toml:12:10",
        &["no meaning for `flooding`", "each router is a node"],
    );
    refused(
        radio,
        &format!("[loss]\nprobability = 0.1\n{radio}"),
        &[],
        "own.toml:8",
        &["no meaning for `flooding`", "network.radio.loss"],
    );
    let grid = "[network.grid]\nrows = 2\ncolumns = 2\ndelay = \"5ms\"";
    let text = SCENARIO.replace(radio, grid).replace(flooding, chord);
    refused(
        SCENARIO,
        &text,
        &[],
        "own.toml:8",
        &["the key `access` is missing", "access = \"1ms\""],
    );
}

const MOVES: &str = "$node_(0) set X_ 10\n$node_(0) set Y_ 10\n$node_(1) set X_ 50\n$node_(1) set Y_ 10\n\
                     $node_(2) set X_ 90\n$node_(2) set Y_ 10\n$node_(3) set X_ 130\n$node_(3) set Y_ 10\n";
const TRACED: &str = "mobility.trace = { file = \"nodes.tcl\" }";

#[test]
fn traces_of_movement_are_refused_where_they_go_wrong() {
    let at_2 = "$ns_ at 2 \"$node_(1) setdest 60 10 1\"\n";
    for (text, place, words) in [
        (
            format!("{MOVES}{at_2}$ns_ at 1 \"$node_(1) setdest 70 10 1\"\n"),
            "nodes.tcl:10:9",
            [
                "time runs back: 1 s comes after 2 s",
                "sort what each node is told by its times",
            ],
        ),
        (
            format!("{MOVES}$ns_ at 2 \"$node_(4) setdest 60 10 1\"\n"),
            "nodes.tcl:9:12",
            ["node 4 is unknown", "$node_(4) set X_"],
        ),
        (
            format!("{MOVES}$ns_ at 2 \"$node_(1) setdest 60 10 -1\"\n"),
            "nodes.tcl:9:36",
            ["a speed of -1 m/s", "0 lets the node stay"],
        ),
        (
            format!("{MOVES}$ns_ at 2 \"$node_(1) setdest 60 210 1\"\n"),
            "nodes.tcl:9:30",
            ["the place (60, 210) lies outside", "300 m x 200 m"],
        ),
        (
            format!("{MOVES}$node_(4) set X_ 1\n$node_(4) set Y_ 1\n"),
            "own.toml:3:15",
            ["4 nodes, but", "moves 5"],
        ),
    ] {
        refused(AREA, &more(TRACED), &[("nodes.tcl", &text)], place, &words);
    }
    let missing = check(AREA, &more(TRACED), &[]);
    assert_eq!(missing.exit, Exit::MissingInput, "{}", missing.err);
    assert!(missing.err.contains("own.toml:12:27"), "{}", missing.err);
}

const CONTACTS: &str = "[network.contacts]\nfile = \"met.txt\"\ndelay = \"2ms\"\n";

#[test]
fn traces_of_contacts_are_refused_where_they_go_wrong() {
    let radio = &SCENARIO[SCENARIO.find("[network.radio]").unwrap()..];
    for (text, place, words) in [
        (
            "1 CONN 0 1 up\n0 CONN 0 1 down\n",
            "met.txt:2:1",
            ["time runs back: 0 s comes after 1 s", "sort the lines by their times"],
        ),
        ("0 4 1 2\n", "met.txt:1:3", ["node 4 is unknown", "the numbers 0 to 3"]),
        (
            "0 1 1\n",
            "met.txt:1:1",
            ["expected `<node> <node> <start> <end>`", "ends early"],
        ),
        (
            "0 1 9 3\n",
            "met.txt:1:7",
            [
                "time runs back: 3 s comes after 9 s",
                "is the last number how long it takes?",
            ],
        ),
        (
            "0 1 3 3\n2 3 4 4\n",
            "met.txt:1:1",
            ["nobody meets anybody in this file", "all contacts end when they begin"],
        ),
    ] {
        refused(radio, CONTACTS, &[("met.txt", text)], place, &words);
    }
    // Who meets before the run begins, or for no time in it, has no link.
    for from in ["20s", "25s"] {
        refused(
            radio,
            &format!("{CONTACTS}from = \"{from}\"\n"),
            &[("met.txt", "0 1 10 20\n2 3 22 22\n")],
            "own.toml:11:8",
            &[&format!("from {from} on nobody meets anybody"), "met.txt ends at 20s"],
        );
    }
}

/// Four nodes on a line of 40 m steps with a range of 50 m: packets go hop by hop, each in the delay of a hop.
#[test]
fn packets_go_from_neighbour_to_neighbour_at_given_places() {
    let line = "range = \"50m\"\nplacement.places = [[0, 0], [40, 0], [80, 0], [120, 0]]";
    let of = run("range = \"100m\"", line, &[]);
    assert_eq!(of("delivery_ratio"), 1.0);
    assert_eq!(of("stretch_mean"), 1.0, "flooding takes a shortest way");
    let hops = of("hops_mean");
    assert!((1.4..2.0).contains(&hops), "5/3 over all pairs, {hops}");
    // The same by a trace in which nobody moves, and by wires alone.
    let nodes = "0 0 0\n0 40 0\n0 80 0\n0 120 0\n";
    let traced = "range = \"50m\"\nmobility.trace = { file = \"nodes.bm\" }";
    let same = run("range = \"100m\"", traced, &[("nodes.bm", nodes)]);
    let apart = "range = \"1m\"\nplacement.places = [[0, 0], [40, 0], [80, 0], [120, 0]]\n\
                 wires = [{ between = [0, 1], delay = \"2ms\" }, { between = [1, 2], delay = \"2ms\" }]\n\
                 gateways = { nodes = [2, 3], delay = \"2ms\" }";
    let wired = run("range = \"100m\"", apart, &[]);
    for of in [same, wired] {
        assert_eq!((of("delivery_ratio"), of("hops_mean")), (1.0, hops));
    }
}

/// A chain of routers as a grid of one row is the same network as the line.
#[test]
fn routers_of_a_graph_are_nodes() {
    let radio = &SCENARIO[SCENARIO.find("[network.radio]").unwrap()..];
    let of = run(radio, "[network.grid]\nrows = 1\ncolumns = 4\ndelay = \"2ms\"\n", &[]);
    assert_eq!((of("delivery_ratio"), of("stretch_mean")), (1.0, 1.0));
    assert!((1.4..2.0).contains(&of("hops_mean")));
}

/// Only while two nodes meet do packets go between them.
#[test]
fn contacts_carry_packets_while_they_last() {
    let radio = &SCENARIO[SCENARIO.find("[network.radio]").unwrap()..];
    let always = "1 2 0 30\n1 3 0 30\n1 4 0 30\n";
    let keys = format!("{CONTACTS}first_node = 1\n");
    let of = run(radio, &keys, &[("met.txt", always)]);
    assert_eq!(of("delivery_ratio"), 1.0, "a star");
    assert_eq!(of("hops_mean").clamp(1.2, 1.8), of("hops_mean"), "1.5 over all pairs");
    // From 5 s to 30 s packets are sent, and contacts last from 15 s on.
    let late = "1 2 115 130\n1 3 115 130\n1 4 115 130\n";
    let of = run(radio, &format!("{keys}from = \"100s\"\n"), &[("met.txt", late)]);
    let ratio = of("delivery_ratio");
    assert!((0.45..0.75).contains(&ratio), "15 s of 25 s: {ratio}");
}

/// Random networks that must be connected are, on any seed; and the nodes that have a gateway reach each other.
#[test]
fn connected_networks_deliver_everything() {
    for seed in 1..6 {
        let keys = format!("degree = 3\nconnected = true\ninstance = {seed}");
        let of = run(AREA, &keys, &[]);
        assert_eq!(of("delivery_ratio"), 1.0, "instance {seed}");
    }
    // Nobody hears anybody, but all are gateways.
    for joined in ["mesh", "ring", "star"] {
        let keys = format!("gateways = {{ count = 4, joined = \"{joined}\", delay = \"9ms\" }}");
        let of = run("range = \"100m\"", &format!("range = \"1mm\"\n{keys}"), &[]);
        assert_eq!(of("delivery_ratio"), 1.0, "{joined}");
        let hops = of("hops_mean");
        let expected = [("mesh", 1.0), ("ring", 4.0 / 3.0), ("star", 1.5)]
            .iter()
            .find(|(name, _)| *name == joined);
        assert!((hops - expected.unwrap().1).abs() < 0.2, "{joined}: {hops}");
    }
    let home = folder(AREA, "degree = 0.01\nconnected = true", &[]);
    let file = home.path().join("own.toml").to_string_lossy().into_owned();
    let ended = peerscope(&["run", &file, "-o", &home.path().join("r").to_string_lossy()]);
    assert_ne!(ended.exit, Exit::Done);
    assert!(
        ended.err.contains("none of 1000 networks of 4 nodes was connected"),
        "{}",
        ended.err
    );
}

/// Every model moves nodes, the same on any number of threads; where all are always in range of each other, all packets
/// arrive after one hop.
#[test]
fn nodes_move_by_every_model() {
    for model in [
        "random_waypoint = { speed = [\"1m/s\", \"20m/s\"], pause = [\"0s\", \"10s\"] }",
        "random_waypoint = { speed = [\"0m/s\", \"20m/s\"], start = \"naive\" }",
        "random_walk = { speed = [\"0m/s\", \"20m/s\"], time = \"3s\" }",
        "random_walk = { speed = [\"1m/s\", \"20m/s\"], distance = \"30m\" }",
        "gauss_markov = { speed = \"10m/s\", speed_deviation = \"2m/s\", direction_deviation = 0.4, memory = 0.75, interval = \"1s\", \
         margin = \"20m\" }",
        "manhattan = { columns = 3, rows = 2, speed = [\"5m/s\", \"15m/s\"] }",
        "reference_point_group = { groups = 2, speed = [\"1m/s\", \"10m/s\"], spread = \"20m\", radius = \"10m\", interval = \"2s\" }",
    ] {
        for links in ["links = \"exact\"", "links.scan = \"200ms\""] {
            let keys = more(&format!("mobility.{model}\n{links}"));
            let home = folder(AREA, &keys, &[]);
            let file = home.path().join("own.toml").to_string_lossy().into_owned();
            let packets = |threads: &str, range: &str| {
                let results = home.path().join(format!("{threads}-{}", range.len()));
                let folder = results.to_string_lossy().into_owned();
                let set = format!("network.radio.range={range}");
                let (threads, more) = (["--threads", threads], ["--replications", "2", "--set", &set]);
                let ended = peerscope(&[&["run", &file, "-o", &folder][..], &threads, &more].concat());
                assert_eq!(ended.exit, Exit::Done, "{model}\n{}", ended.err);
                fs::read_to_string(results.join("packets.csv")).unwrap()
            };
            let moving = packets("1", "100m");
            assert_eq!(moving, packets("2", "100m"), "{model}");
            let close = Table::read_csv(packets("1", "1km").as_bytes()).unwrap();
            for column in ["delivery_ratio", "hops_mean"] {
                let numbers = close.numbers(column).unwrap();
                assert!(numbers.iter().all(|number| *number == Some(1.0)), "{column} of {model}");
            }
            assert_ne!(moving, packets("2", "1km"), "links depend on the range");
        }
    }
}

/// Two pairs, each in range of itself only while the network is apart.
#[test]
fn a_region_is_cut_off_for_a_while() {
    let keys = "range = \"100m\"\nplacement.places = [[0, 0], [40, 0], [80, 0], [120, 0]]";
    let cut = "[[partition]]\nfrom = \"5s\"\napart.region.x = [0, 60]\n\n[network.radio]";
    let text = SCENARIO
        .replace("range = \"100m\"", keys)
        .replace("[network.radio]", cut);
    let of = run(SCENARIO, &text, &[]);
    let ratio = of("delivery_ratio");
    assert_eq!(of("hops_mean"), 1.0);
    assert!((0.2..0.47).contains(&ratio), "a third of the pairs: {ratio}");
}

#[test]
fn check_says_what_the_network_is() {
    for (keys, words) in [
        (
            "degree = 10\nmobility.random_waypoint = { speed = [\"1m/s\", \"20m/s\"], pause = \"10s\" }",
            "radios with a range of 100 m in 112 m x 112 m, random waypoint at 1 to 20 m/s, pauses of 10s, a hop takes 2ms",
        ),
        (
            "placement.grid = { columns = 2, spacing = \"50m\", jitter = 0.5 }\nloss = 0.1\ncapacity = { bandwidth = \"2Mbit/s\" }",
            "in 100 m x 100 m, nodes stand in a grid of 2 columns, 50 m apart, a hop takes 2ms, loss 10 %, up to 7 tries, a shared \
             medium of 2Mbit/s",
        ),
        (
            "degree = 4\nmobility.manhattan = { columns = 3, rows = 2, speed = [\"5m/s\", \"15m/s\"] }\nlinks.scan = \"500ms\"\n\
             gateways = { count = 2, delay = \"9ms\" }",
            "streets around 3 x 2 blocks at 5 to 15 m/s, links looked at every 500ms, a hop takes 2ms, 2 random gateways joined by a \
             mesh of wires",
        ),
    ] {
        let ended = check(AREA, keys, &[]);
        assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
        assert!(ended.out.contains(words), "no {words:?} in\n{}", ended.out);
    }
}
