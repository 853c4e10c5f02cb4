//! `peerscope topology`, and generated networks as a user meets them.

use std::fs;
use std::path::Path;

use analysis::Table;
use scenarios::exit::Exit;
use scenarios::registry::Registry;
use scenarios::scenario::{NetworkModel, Overrides, RoutedNetwork, Scenario};
use serde_json::Value;
use sim_core::addr::NodeAddr;
use sim_core::random::StreamKey;

use crate::support::{Ended, peerscope};

fn abilene() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("topologies/abilene.json");
    path.to_str().unwrap().to_owned()
}

const TRANSIT_STUB: &str = "network.transit_stub = { transit_domains = 2, transit_routers = 3, stub_domains = 2, stub_routers \
                            = 4, access = \"1ms\" }";

/// A scenario of 40 nodes on this network, in a folder of its own.
fn scenario(network: &str) -> (tempfile::TempDir, String) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("routed.toml");
    let head =
        "seed = 3\nrun.duration = \"1min\"\nnodes.count = 40\nbring_up = \"bulk\"\nprotocol.echo.period = \"1s\"\n";
    fs::write(&file, format!("{head}{network}\n")).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (home, file)
}

fn on(command: &str, network: &str, more: &[&str]) -> Ended {
    let (home, file) = scenario(network);
    let mut ended = peerscope(&[&[command, &file], more].concat());
    ended.err = ended.err.replace(&format!("{}/", home.path().display()), "");
    ended
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {}{}", ended.out, ended.err))
}

fn table(folder: &Path, name: &str) -> Table {
    let bytes = fs::read(folder.join(format!("{name}.csv"))).unwrap();
    Table::read_csv(bytes.as_slice()).unwrap()
}

#[test]
fn a_file_is_told_in_numbers() {
    let ended = peerscope(&["topology", &abilene()]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    for words in [
        "abilene\n",
        "routers     11\n",
        "links       14\n",
        "degree      minimum 2, mean 2.55, median 3",
        "diameter 5",
        "between all 55 pairs of routers",
    ] {
        assert!(ended.out.contains(words), "{words} is not in\n{}", ended.out);
    }
    let object = json(&peerscope(&["topology", &abilene(), "--json"]));
    assert_eq!((&object["command"], &object["exit"]), (&"topology".into(), &0.into()));
    let topology = &object["topology"];
    assert_eq!((&topology["routers"], &topology["links"]), (&11.into(), &14.into()));
    assert_eq!(topology["degree"]["mean"], 28.0 / 11.0);
    assert_eq!(topology["hops"]["count"], 55);
    assert_eq!(topology["hosts"], Value::Null);
}

#[test]
fn a_scenario_is_told_with_its_hosts() {
    let (_home, file) = scenario(TRANSIT_STUB);
    let object = json(&peerscope(&["topology", &file, "--json", "--set", "nodes.count=300"]));
    let topology = &object["topology"];
    assert_eq!(
        (&topology["name"], &topology["routers"]),
        (&"routed".into(), &54.into())
    );
    assert_eq!(
        (&topology["hosts"]["hosts"], &topology["hosts"]["routers"]),
        (&300.into(), &48.into())
    );
    assert_eq!(topology["link_delay_ms"]["maximum"], 50.0);
    let swept = on(
        "topology",
        &format!("{TRANSIT_STUB}\nsweep.\"nodes.count\" = [10, 20]"),
        &[],
    );
    assert_eq!(swept.exit, Exit::Usage);
    assert!(swept.err.contains("--point"), "{}", swept.err);
}

#[test]
fn the_picture_and_the_tables_tell_the_same() {
    let (home, file) = scenario(TRANSIT_STUB);
    let target = home.path().join("seen");
    let output = target.to_str().unwrap();
    let ended = peerscope(&["topology", &file, "--output", output]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    for name in [
        "topology.svg",
        "topology.pdf",
        "topology.png",
        "degrees.svg",
        "delays.csv",
    ] {
        assert!(target.join("figures").join(name).is_file(), "{name}");
    }
    let (routers, links) = (table(&target, "routers"), table(&target, "links"));
    let ends: f64 = routers.numbers("links").unwrap().into_iter().flatten().sum();
    assert_eq!((routers.len(), ends), (54, 2.0 * links.len() as f64));
    let of_kind = |table: &Table, kind: &str| {
        table
            .column("kind")
            .unwrap()
            .filter(|cell| cell.to_string() == kind)
            .count()
    };
    assert_eq!((of_kind(&routers, "transit"), of_kind(&routers, "stub")), (6, 48));
    assert_eq!(of_kind(&links, "transit-stub"), 12);
    let kinds = ["transit-transit", "transit-stub", "stub-stub"].map(|kind| of_kind(&links, kind));
    assert_eq!(kinds.iter().sum::<usize>(), links.len());
    assert!(
        routers.numbers("x").unwrap().iter().all(Option::is_some),
        "places for the picture"
    );
    let degrees = table(&target, "degrees").numbers("fraction").unwrap();
    assert!((degrees.into_iter().flatten().sum::<f64>() - 1.0).abs() < 1e-9);
    let at_most = table(&target, "hops").numbers("fraction_at_most").unwrap();
    assert!(at_most.is_sorted() && at_most.last() == Some(&Some(1.0)), "{at_most:?}");
    let delays = table(&target, "delays");
    let at_most = delays.numbers("fraction_at_most").unwrap();
    assert!(at_most.is_sorted() && at_most.last() == Some(&Some(1.0)), "{at_most:?}");
    let delays = delays.numbers("delay_ms").unwrap();
    assert!(delays.windows(2).all(|pair| pair[0] < pair[1]), "{delays:?}");
    for figure in ["degrees", "delays"] {
        let svg = fs::read_to_string(target.join(format!("figures/{figure}.svg"))).unwrap();
        assert!(!svg.contains("run"), "{figure}: nothing was run");
    }

    let again = peerscope(&["topology", &file, "--output", output]);
    assert_eq!(again.exit, Exit::Usage, "the folder is there");
    assert!(again.err.contains("--force"), "{}", again.err);
    let forced = peerscope(&["topology", &file, "--output", output, "--force", "--format", "svg"]);
    assert_eq!(forced.exit, Exit::Done, "{}", forced.err);
    assert!(
        !target.join("figures/topology.png").exists(),
        "the earlier results are gone"
    );
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        2,
        "and nothing is left beside them"
    );
}

#[test]
fn what_has_no_routers_is_refused() {
    let constant = on("topology", "network.constant.delay = \"5ms\"", &[]);
    assert_eq!(constant.exit, Exit::Usage);
    assert!(
        constant.err.contains("no routers: constant delay 5ms"),
        "{}",
        constant.err
    );
    let missing = peerscope(&["topology", "absent.json"]);
    assert_eq!(missing.exit, Exit::MissingInput);
    assert!(
        missing.err.contains("absent.json") && !missing.err.contains("FILE:"),
        "{}",
        missing.err
    );
    let folder = peerscope(&["topology", env!("CARGO_MANIFEST_DIR")]);
    assert_eq!(folder.exit, Exit::MissingInput);
    assert!(!folder.err.contains("FILE:"), "{}", folder.err);
    let full = peerscope(&["topology", &abilene(), "--full"]);
    assert_eq!(full.exit, Exit::Usage);
    let setting = "network.topology.component=bigest";
    let mistaken = peerscope(&["topology", &abilene(), "--set", setting]);
    assert_eq!(mistaken.exit, Exit::BadInput);
    assert!(mistaken.err.contains("--set:1:"), "{}", mistaken.err);
    let unknown = peerscope(&["topology", &abilene(), "--set", "nodes.count=5"]);
    assert!(unknown.err.contains("unknown key `nodes`"), "{}", unknown.err);
}

#[test]
fn a_file_is_read_as_settings_say() {
    let slower = peerscope(&["topology", &abilene(), "--json", "--set", "network.topology.detour=2"]);
    let plain = peerscope(&["topology", &abilene(), "--json"]);
    let longest = |ended: &Ended| json(ended)["topology"]["delay_ms"]["maximum"].as_f64().unwrap();
    let ratio = longest(&slower) / longest(&plain);
    assert!((ratio - 2.0).abs() < 1e-3, "{ratio}");
}

/// Every generated network runs, is explained and is listed.
#[test]
fn each_generated_network_is_explained_and_listed() {
    let list = peerscope(&["list", env!("CARGO_MANIFEST_DIR")]).out;
    for (name, keys, words) in [
        (
            "transit_stub",
            "transit_domains = 1, transit_routers = 4, stub_domains = 3, stub_routers = 8",
            "hosts on 96 of 100 routers with",
        ),
        (
            "waxman",
            "routers = 60, alpha = 0.3, beta = 0.2, side = 4000, delay = { per_unit = \"5us\" }",
            "of a Waxman graph, alpha 0.3, beta 0.2, 5us a unit of length",
        ),
        (
            "barabasi_albert",
            "routers = 50, links = 2, delay = \"5ms\", hosts = \"degree\"",
            "hosts by degree on 50 routers with 97 links of a Barabasi-Albert graph, 2 links a newcomer, 5ms a link",
        ),
        (
            "random_geometric",
            "routers = 50, radius = 0.3, delay = { per_unit = \"20ms\", base = \"1ms\" }",
            "radius 0.3 in a square of 1, 1ms a link and 20ms a unit of length",
        ),
        (
            "ring",
            "routers = 40, delay = \"2ms\", hosts = \"one_per_router\"",
            "hosts, one a router, on 40 routers with 40 links of a ring, 2ms a link",
        ),
        (
            "grid",
            "rows = 5, columns = 8, torus = true, delay = \"1ms\"",
            "hosts on 40 routers with 80 links of a torus, 5 x 8, 1ms a link",
        ),
    ] {
        let network = format!("network.{name} = {{ {keys}, access = \"1ms\" }}");
        let ended = on("check", &network, &[]);
        assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
        assert!(ended.out.contains(words), "{words} is not in\n{}", ended.out);
        assert!(list.contains(&format!("  {name} ")), "{name} is not in\n{list}");
        assert_eq!(on("topology", &network, &[]).exit, Exit::Done, "{name}");
    }
}

#[test]
fn laws_of_access_delays_are_explained() {
    for (access, words) in [
        ("\"2ms\"", "access 2ms"),
        ("{ minimum = \"1ms\", maximum = \"3ms\" }", "access 1ms to 3ms"),
        (
            "{ exponential = { mean = \"4ms\", minimum = \"1ms\" } }",
            "access from 1ms, 5ms on average",
        ),
        (
            "{ weibull = { shape = 1, scale = \"4ms\" } }",
            "access from 0s, 4ms on average",
        ),
    ] {
        let network = format!("network.ring = {{ routers = 5, delay = \"2ms\", access = {access} }}");
        let ended = on("check", &network, &[]);
        assert!(
            ended.out.contains(words),
            "{words} is not in\n{}{}",
            ended.out,
            ended.err
        );
    }
}

#[test]
fn wrong_keys_of_generated_networks_are_refused_where_they_are() {
    let ring = |more: &str| format!("network.ring = {{ routers = 30, delay = \"2ms\", access = \"1ms\"{more} }}");
    let stub = |more: &str| TRANSIT_STUB.replace(" }", &format!(", {more} }}"));
    for (network, place, words) in [
        (ring(", hosts = \"one_per_router\""), "3:15", "40 hosts, one a router, do not fit on 30 routers"),
        (ring(", hosts = \"degre\""), "6:", "did you mean `degree`?"),
        (ring(", instance = 1"), "6:", "unknown key `instance`"),
        (stub("stub_probability = 0.01"), "6:", "network.transit_stub.stub_probability: 100 draws"),
        (stub("hosts_at = \"none\""), "6:", "`stub`, `all`"),
        (stub("delay = { transit = \"50ms\" }"), "6:", "the key `transit_stub` is missing"),
        (
            "network.waxman = { routers = 0, alpha = 0.2, beta = 0.1, delay = \"1ms\", access = \"1ms\" }".to_owned(),
            "6:30",
            "network.waxman.routers: expected between 1 and",
        ),
        (
            "network.waxman = { routers = 5, alpha = 0.2, beta = 0.1, delay = 5, access = \"1ms\" }".to_owned(),
            "6:",
            "{ per_unit = \"5us\" }",
        ),
        (
            "network.grid = { rows = 2, columns = 2, delay = \"3s\", access = \"1ms\" }".to_owned(),
            "6:49",
            "network.grid.delay: a delay of",
        ),
        (
            "network.ring = { routers = 2, delay = \"3ms\", access = { exponential = { mean = \"3ms\" }, minimum = \"1ms\" } }"
                .to_owned(),
            "6:",
            "expected one law of delays",
        ),
        (
            "network.ring = { routers = 2, delay = \"3ms\", access = { exponential = { mean = \"9s\" } } }".to_owned(),
            "6:",
            "network.ring.access: a delay of 9s is too long",
        ),
    ] {
        let ended = on("check", &network, &[]);
        assert_eq!(ended.exit, Exit::BadInput, "{network}\n{}", ended.out);
        let found = ended.err.contains(words) && ended.err.contains(&format!("--> routed.toml:{place}"));
        assert!(found, "{words} at {place} is not in\n{}", ended.err);
    }
}

/// The network of a scenario's first point.
fn routed(network: &str, settings: &[&str]) -> RoutedNetwork {
    let (_home, file) = scenario(network);
    let overrides = Overrides {
        settings: settings.iter().map(|setting| (*setting).to_owned()).collect(),
        ..Overrides::default()
    };
    let registry = Registry::standard().with(crate::support::Echo);
    let scenario = Scenario::load(Path::new(&file), &overrides, &registry).unwrap();
    match &scenario.point(None).unwrap().network.model {
        NetworkModel::Topology(routed) => routed.clone(),
        other => panic!("{other:?} has no routers"),
    }
}

#[test]
fn the_graph_is_that_of_seed_and_instance() {
    let links = |settings: &[&str]| -> Vec<_> { routed(TRANSIT_STUB, settings).topology.graph.links().collect() };
    let base = links(&[]);
    assert_eq!(base, links(&["nodes.count=7", "replications=9"]));
    assert_ne!(base, links(&["seed=4"]));
    assert_ne!(base, links(&["network.transit_stub.instance=1"]));
    // Points of a sweep share the graph and the paths that are found in it.
    let (_home, file) = scenario(&format!("{TRANSIT_STUB}\nsweep.\"nodes.count\" = [10, 20]"));
    let registry = Registry::standard().with(crate::support::Echo);
    let scenario = Scenario::load(Path::new(&file), &Overrides::default(), &registry).unwrap();
    let graphs: Vec<_> = scenario
        .points
        .iter()
        .filter_map(|point| match &point.network.model {
            NetworkModel::Topology(routed) => Some(routed.topology.graph.clone()),
            _ => None,
        })
        .collect();
    assert!(std::sync::Arc::ptr_eq(&graphs[0], &graphs[1]));
}

#[test]
fn hosts_of_transit_stub_graphs_are_at_stub_routers_unless_told_otherwise() {
    let transit = |settings: &[&str]| {
        let network = routed(TRANSIT_STUB, settings);
        let routers = network.routers_of(2000, StreamKey::root(3, 0)).unwrap();
        (0..2000).filter(|host| routers.router_of(NodeAddr(*host)) < 6).count()
    };
    assert_eq!(transit(&[]), 0);
    // 6 of 54 routers, within five standard deviations.
    let everywhere = transit(&["network.transit_stub.hosts_at=all"]);
    assert!(everywhere.abs_diff(222) < 71, "{everywhere}");
}

/// Lookups of Chord on a generated network, from the file to the tables, twice the same.
#[test]
fn chord_runs_on_a_generated_network() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("small.toml");
    let text = "seed = 5\nrun.duration = \"4min\"\nnodes.count = 40\nbring_up = \"bulk\"\nprotocol.chord = {}\n\
                workload.lookups = { start = \"1min\", rate = \"2/min\" }\n";
    fs::write(&file, format!("{text}{TRANSIT_STUB}\n")).unwrap();
    let output = |name: &str| {
        let target = home.path().join(name);
        let ended = peerscope(&[
            "run",
            file.to_str().unwrap(),
            "--quiet",
            "--output",
            target.to_str().unwrap(),
        ]);
        assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
        target
    };
    let (one, other) = (output("one"), output("other"));
    let lookups = fs::read(one.join("lookups.csv")).unwrap();
    assert_eq!(lookups, fs::read(other.join("lookups.csv")).unwrap());
    let latency = table(&one, "lookups").numbers("latency_mean_ms").unwrap()[0].unwrap();
    // At least two access links each way, at most a few times across two transit domains.
    assert!((4.0..4000.0).contains(&latency), "{latency} ms");
}
