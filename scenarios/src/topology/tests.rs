//! Real files, small ones, and what is wrong with others.

mod formats;

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::exit::Exit;

const READING: Reading = Reading {
    format: None,
    per_km: SimDuration::from_micros(5),
    detour: 1.0,
    missing: Missing::Neighbours,
    component: Component::Whole,
    paths: Paths::Shortest,
};

fn shipped(name: &str) -> Topology {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("topologies").join(name);
    Topology::read(&path, READING).unwrap()
}

/// A file of the data sets, if they are there.
fn data(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("PEERSCOPE_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join("topology").join(name);
    if !path.exists() {
        println!(
            "skipped: {} is not there; PEERSCOPE_DATA names the folder of the data sets",
            path.display()
        );
        return None;
    }
    Some(path)
}

fn parse(text: &str, format: Format, reading: Reading) -> Result<Topology, InputError> {
    Topology::parse(&Source::file(Path::new("graph"), text.to_owned()), format, reading)
}

/// GraphML with nodes `a: 0 0, b: - -` (latitude and longitude) and edges `a b`.
fn graphml(nodes: &[(&str, &str)], edges: &[&str]) -> String {
    let mut text = "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n\
        <key id=\"d0\" for=\"node\" attr.name=\"Latitude\"/><key id=\"d1\" for=\"node\" attr.name=\"Longitude\"/>\n\
        <key id=\"d2\" for=\"edge\" attr.name=\"delay\"/><key id=\"d3\" for=\"edge\" attr.name=\"dist\"/>\n\
        <graph edgedefault=\"undirected\">\n"
        .to_owned();
    for (id, place) in nodes {
        text += &format!("<node id=\"{id}\">");
        if let Some((latitude, longitude)) = place.split_once(' ') {
            text += &format!("<data key=\"d0\">{latitude}</data><data key=\"d1\">{longitude}</data>");
        }
        text += "</node>\n";
    }
    for edge in edges {
        let mut words = edge.split(' ');
        let mut word = || words.next().unwrap_or_default();
        text += &format!("<edge source=\"{}\" target=\"{}\">", word(), word());
        match (word(), word()) {
            ("delay", value) => text += &format!("<data key=\"d2\">{value}</data>"),
            ("dist", value) => text += &format!("<data key=\"d3\">{value}</data>"),
            _ => {}
        }
        text += "</edge>\n";
    }
    text + "</graph></graphml>\n"
}

fn zoo(nodes: &[(&str, &str)], edges: &[&str], reading: Reading) -> Result<Topology, InputError> {
    parse(&graphml(nodes, edges), Format::Graphml, reading)
}

fn millis(topology: &Topology, from: usize, to: usize) -> f64 {
    topology.graph.delay(from, to).expect("a path").as_millis_f64()
}

/// The message of a refusal with the place in front.
#[track_caller]
fn refusal(result: Result<Topology, InputError>) -> String {
    let error = result.expect_err("a refusal");
    assert_eq!(error.exit(), Exit::BadInput);
    error.to_string()
}

/// From New York to Los Angeles are 3936 km as the crow flies, 19.7 ms of light in fibre; by way of Abilene's routers 4536 km.
/// Round trips measured on Abilene from coast to coast were some 65 ms: fibres follow railways and take detours.
#[test]
fn abilene_is_as_wide_as_the_united_states() {
    let abilene = shipped("abilene.json");
    let index = |name: &str| abilene.routers.iter().position(|router| router.label == name).unwrap();
    assert_eq!((abilene.routers.len(), abilene.links), (11, 14));
    assert_eq!(
        abilene.treatment,
        Treatment {
            stated_lengths: 14,
            ..Treatment::default()
        }
    );
    let (east, west) = (index("New York"), index("Los Angeles"));
    let delay = millis(&abilene, east, west);
    assert!((delay - 4536.01 * 0.005).abs() < 1e-6, "{delay} ms");
    // New York, Chicago, Indianapolis, Kansas City, Denver, Seattle: the links of the file, added by hand.
    let seattle = 1146.16 + 263.40 + 730.85 + 892.06 + 1641.58;
    assert!((millis(&abilene, east, index("Seattle")) - seattle * 0.005).abs() < 1e-6);
    for (one, other) in (0..11).flat_map(|one| (0..one).map(move |other| (one, other))) {
        let places = abilene.routers[one].place.zip(abilene.routers[other].place).unwrap();
        let straight = great_circle(places.0, places.1) * 0.005;
        // Coordinates are rounded to a hundredth of a degree, lengths are not.
        assert!(
            millis(&abilene, one, other) > straight - 0.02,
            "no path is shorter than the great circle"
        );
    }
}

#[test]
fn geant_spans_europe() {
    let geant = shipped("geant.json");
    assert_eq!((geant.routers.len(), geant.links), (37, 58));
    assert!(geant.routers.iter().all(|router| router.place.is_some()));
    let farthest = (0..37).flat_map(|one| (0..37).map(move |other| (one, other)));
    let farthest = farthest
        .map(|(one, other)| millis(&geant, one, other))
        .fold(0.0, f64::max);
    assert!(
        (20.0..60.0).contains(&farthest),
        "{farthest} ms from Iceland to Israel, say"
    );
}

/// The file of the Zoo and what topohub made of it: one network. Coordinates there have two decimals.
#[test]
fn abilene_of_the_zoo_and_of_topohub_agree() {
    let Some(path) = data("Abilene.graphml") else { return };
    let (zoo, topohub) = (Topology::read(&path, READING).unwrap(), shipped("abilene.json"));
    assert_eq!((zoo.routers.len(), zoo.links), (11, 14));
    assert_eq!(
        zoo.treatment,
        Treatment {
            great_circles: 14,
            ..Treatment::default()
        }
    );
    for (one, other) in (0..11).flat_map(|one| (0..11).map(move |other| (one, other))) {
        assert_eq!(zoo.routers[one].label, topohub.routers[one].label);
        let (by_place, stated) = (millis(&zoo, one, other), millis(&topohub, one, other));
        assert!((by_place - stated).abs() < 0.01, "{by_place} ms and {stated} ms");
    }
}

#[test]
fn every_file_of_the_zoo_that_is_there_can_be_read() {
    // Nodes and edges as the files list them.
    let files = [
        ("Abilene", 11, 14),
        ("AttMpls", 25, 57),
        ("Garr201201", 61, 89),
        ("Geant2010", 37, 58),
        ("Interoute", 110, 158),
    ];
    for (name, nodes, edges) in files {
        let Some(path) = data(&format!("{name}.graphml")) else {
            return;
        };
        let reading = Reading {
            component: Component::Largest,
            ..READING
        };
        let topology = Topology::read(&path, reading).unwrap_or_else(|error| panic!("{name}: {error}"));
        let treatment = topology.treatment;
        assert_eq!(topology.routers.len() + treatment.outside, nodes, "{name}: {treatment}");
        assert!(
            topology.routers.iter().all(|router| router.place.is_some()),
            "{name}: {treatment}"
        );
        assert_eq!(
            topology.links + treatment.parallel + treatment.self_loops,
            edges,
            "{name}: {treatment}"
        );
        println!(
            "{name}: {} routers, {} links: {treatment}",
            topology.routers.len(),
            topology.links
        );
    }
}

/// A degree on a great circle of 6371 km: 111.195 km, 0.556 ms.
#[test]
fn delay_comes_from_the_file_else_from_its_length_else_from_places() {
    let nodes = [("a", "0 0"), ("b", "0 1"), ("c", "0 2"), ("d", "0 3")];
    let reading = Reading { detour: 2.0, ..READING };
    let topology = zoo(&nodes, &["a b", "b c dist 200", "c d delay 7.5"], reading).unwrap();
    let degree = std::f64::consts::PI / 180.0 * 6371.0;
    assert!((millis(&topology, 0, 1) - degree * 2.0 * 0.005).abs() < 1e-5);
    assert!((millis(&topology, 1, 2) - 2.0).abs() < 1e-9);
    assert_eq!(millis(&topology, 2, 3), 7.5, "no detour on a delay that is stated");
    let stated = (
        topology.treatment.great_circles,
        topology.treatment.stated_lengths,
        topology.treatment.stated_delays,
    );
    assert_eq!(stated, (1, 1, 1));
    assert_eq!(
        millis(&zoo(&nodes[..2], &["a b delay 250us"], READING).unwrap(), 0, 1),
        0.25
    );
}

#[test]
fn a_graph_says_in_what_unit_its_delays_are() {
    let json = |unit: &str| {
        format!(
            "{{\"graph\": {{\"delay_unit\": \"{unit}\"}}, \"nodes\": [{{\"id\": 1}}, {{\"id\": 2}}],\n \
             \"edges\": [{{\"source\": 1, \"target\": 2, \"delay\": 1500}}]}}"
        )
    };
    for (unit, expected) in [("us", 1.5), ("ns", 0.0015), ("ms", 1500.0)] {
        assert_eq!(
            millis(&parse(&json(unit), Format::NodeLink, READING).unwrap(), 0, 1),
            expected
        );
    }
    let message = refusal(parse(&json("s"), Format::NodeLink, READING));
    assert!(
        message.contains("graph:2:") && message.contains("expected a delay from 0 to 2 s"),
        "{message}"
    );
    let message = refusal(parse(&json("parsec"), Format::NodeLink, READING));
    assert!(message.contains("there is no unit of time \"parsec\""), "{message}");
}

#[test]
fn parallel_links_and_loops_are_dropped_and_counted() {
    let nodes = [("a", ""), ("b", "")];
    let edges = ["a b delay 3", "b a delay 2", "a b delay 5", "a a", "b b delay 1"];
    let topology = zoo(&nodes, &edges, READING).unwrap();
    assert_eq!((topology.links, millis(&topology, 0, 1)), (1, 2.0));
    let treatment = Treatment {
        parallel: 2,
        self_loops: 2,
        stated_delays: 3,
        ..Treatment::default()
    };
    assert_eq!(topology.treatment, treatment);
    let text = "delays stated in the file: 3; parallel links dropped: 2; links from a router to itself dropped: 2";
    assert_eq!(topology.treatment.to_string(), text);
}

#[test]
fn directed_links_work_both_ways() {
    let nodes = [("a", "0 0"), ("b", "0 1"), ("c", "0 2")];
    let text = graphml(&nodes, &["a b", "b c"]).replace("\"undirected\"", "\"directed\"");
    let topology = parse(&text, Format::Graphml, READING).unwrap();
    assert_eq!(topology.treatment.directed, 2);
    assert_eq!(millis(&topology, 2, 0), millis(&topology, 0, 2));
}

/// a (0, 0) - ? - ?2 - b (0, 9): the first round puts ? at a and ?2 at b, as neither has another neighbour with a place.
#[test]
fn routers_without_a_place_are_put_amid_their_neighbours() {
    let nodes = [("a", "0 0"), ("?", ""), ("?2", ""), ("b", "0 9")];
    let topology = zoo(&nodes, &["a ?", "? ?2", "?2 b"], READING).unwrap();
    assert_eq!(topology.treatment.placed, 2);
    let longitude = |router: usize| topology.routers[router].place.unwrap().longitude;
    assert!(longitude(1).abs() < 1e-9 && (longitude(2) - 9.0).abs() < 1e-9);
    let between = zoo(&nodes[..2], &["a ?"], READING).unwrap();
    assert_eq!(between.graph.delay(0, 1), Some(SimDuration::NANOSECOND));

    let star = [("a", "0 0"), ("b", "0 10"), ("?", "")];
    let star = zoo(&star, &["? a", "? a", "? b"], READING).unwrap();
    let middle = star.routers[2].place.unwrap();
    assert!(
        (middle.longitude - 5.0).abs() < 1e-9,
        "a parallel link pulls no harder: {middle:?}"
    );
}

#[test]
fn what_stands_in_for_missing_places_can_be_chosen() {
    let nodes = [("a", "0 0"), ("b", "0 1"), ("c", "")];
    let edges = ["a b", "b c"];
    let fixed = Reading {
        missing: Missing::Delay("4ms".parse().unwrap()),
        ..READING
    };
    let topology = zoo(&nodes, &edges, fixed).unwrap();
    assert_eq!((millis(&topology, 1, 2), topology.treatment.substituted), (4.0, 1));
    assert_eq!(topology.routers[2].place, None);

    let refuse = Reading {
        missing: Missing::Refuse,
        ..READING
    };
    let message = refusal(zoo(&nodes, &edges, refuse));
    assert!(
        message.contains("graph:7:1: c has no coordinates, and its link with b"),
        "{message}"
    );
    zoo(&nodes, &["a b", "b c delay 1"], refuse).expect("a stated delay needs no place");
    let nowhere = [("a", ""), ("b", "12 ")];
    assert!(refusal(zoo(&nowhere, &["a b"], READING)).contains("a has no coordinates"));
}

#[test]
fn a_graph_in_pieces_is_refused_or_cut() {
    let nodes = [("x", "0 0"), ("a", "0 1"), ("b", "0 2"), ("c", "0 3"), ("y", "1 1")];
    let edges = ["a b", "b c", "x y", "y y"];
    let message = refusal(zoo(&nodes, &edges, READING));
    let expected = "graph:5:1: the graph is not connected: it has 2 components, of 3, 2 routers";
    assert_eq!(message, expected);
    let largest = Reading {
        component: Component::Largest,
        ..READING
    };
    let topology = zoo(&nodes, &edges, largest).unwrap();
    let labels: Vec<_> = topology.routers.iter().map(|router| &*router.label).collect();
    assert_eq!(
        (labels, topology.links, topology.treatment.outside),
        (vec!["a", "b", "c"], 2, 2)
    );
    // Of equal ones that which the file begins.
    let topology = zoo(&nodes[..4], &["b c", "x a"], largest).unwrap();
    assert_eq!(topology.routers[0].label, "x");
}

#[test]
fn a_file_that_was_cut_off_is_shown_at_its_end() {
    let good = graphml(&[("a", "0 0"), ("b", "0 1")], &["a b"]);
    let cut = &good[..good.find("<edge").unwrap()];
    let error = parse(cut, Format::Graphml, READING).unwrap_err().to_string();
    let line = cut.trim_end().lines().count();
    assert!(
        error.contains(&format!("graph:{line}:")) && error.contains("not XML: "),
        "{error}"
    );
}

#[test]
fn malformed_graphml_is_refused_where_it_is_malformed() {
    let good = graphml(&[("a", "0 0"), ("b", "0 1")], &["a b"]);
    parse(&good, Format::Graphml, READING).unwrap();
    for (from, to, expected) in [
        (
            "</node>",
            "</edge>",
            "graph:5:60: not XML: expected 'node' tag, not 'edge'",
        ),
        ("target=\"b\"", "target=\"c\"", "graph:7:1: there is no node c"),
        ("target=\"b\"", "", "graph:7:1: <edge> has no attribute `target`"),
        (
            "<node id=\"b\">",
            "<node id=\"a\">",
            "graph:6:1: there is a second node a",
        ),
        (
            ">0</data>",
            ">north</data>",
            "graph:5:14: expected a latitude from -90 to 90, found \"north\"",
        ),
        (
            ">1</data>",
            ">361</data>",
            "expected a longitude from -180 to 180, found \"361\"",
        ),
        (
            ">1</data>",
            ">NaN</data>",
            "expected a longitude from -180 to 180, found \"NaN\"",
        ),
        (
            "<data key=\"d0\">",
            "<data key=\"d9\">",
            "graph:5:14: no <key> declares d9",
        ),
        (
            "</graph>",
            "<hyperedge/></graph>",
            "graph:8:1: <hyperedge> in <graph> has no meaning here",
        ),
        (
            "</graph>",
            "</graph><graph/>",
            "expected <graphml> with one <graph> in it, found 2",
        ),
        ("<graphml", "<!DOCTYPE x [<!ENTITY y 'z'>]><graphml", "DTD"),
    ] {
        assert!(good.contains(from), "{from}");
        let message = refusal(parse(&good.replacen(from, to, 1), Format::Graphml, READING));
        assert!(message.contains(expected), "{message}\nis not\n{expected}");
    }
    let empty = good
        .replace("<node id=\"a\">", "<!--")
        .replace("<edge", "--><edge")
        .split("<edge")
        .next()
        .unwrap()
        .to_owned();
    let message = refusal(parse(&(empty + "</graph></graphml>"), Format::Graphml, READING));
    assert!(message.contains("the file has no node"), "{message}");
}

#[test]
fn keys_have_defaults() {
    let text = graphml(&[("a", ""), ("b", "")], &["a b", "a b delay 9"]);
    let key = "<key id=\"d2\" for=\"edge\" attr.name=\"delay\"/>";
    assert!(text.contains(key));
    let text = text.replace(
        key,
        "<key id=\"d2\" for=\"edge\" attr.name=\"delay\"><default>3</default></key>",
    );
    let topology = parse(&text, Format::Graphml, READING).unwrap();
    assert_eq!((millis(&topology, 0, 1), topology.treatment.parallel), (3.0, 1));
}

const JSON: &str = r#"{"directed": false, "multigraph": false, "graph": {},
 "nodes": [{"id": 0, "name": "A", "pos": [0, 0]},
           {"id": "zero", "pos": [1.5, 0]}],
 "links": [{"source": 0, "target": "zero"}]}
"#;

#[test]
fn malformed_json_is_refused_where_it_is_malformed() {
    let topology = parse(JSON, Format::NodeLink, READING).unwrap();
    assert_eq!(
        (&*topology.routers[0].label, &*topology.routers[1].label),
        ("A", "zero")
    );
    for (from, to, expected) in [
        (
            "\"links\"",
            "\"ends\"",
            "graph:4:43: not a node-link graph: missing field `edges`",
        ),
        ("{}", "{", "not a node-link graph: "),
        (
            "\"source\": 0",
            "\"source\": \"0\"",
            "graph:4:12: there is no node \"0\"",
        ),
        (
            "\"source\": 0",
            "\"source\": null",
            "graph:4:12: expected `source` to be a number or a text",
        ),
        ("\"target\"", "\"Target\"", "graph:4:12: the key `target` is missing"),
        (
            "\"zero\", \"pos\"",
            "0, \"pos\"",
            "graph:3:12: there is a second node 0",
        ),
        (
            "[1.5, 0]",
            "[1.5]",
            "graph:3:12: expected `pos` as a list of longitude and latitude",
        ),
        (
            "[1.5, 0]",
            "[1.5, 91]",
            "graph:3:12: expected a latitude from -90 to 90, found \"91\"",
        ),
        (
            "{\"id\": \"zero\", \"pos\": [1.5, 0]}",
            "7",
            "graph:3:12: not a node-link graph: invalid type: integer `7`",
        ),
    ] {
        assert!(JSON.contains(from), "{from}");
        let message = refusal(parse(&JSON.replacen(from, to, 1), Format::NodeLink, READING));
        assert!(message.contains(expected), "{message}\nis not\n{expected}");
    }
}

#[test]
fn absurd_delays_are_refused() {
    let nodes = [("a", "0 0"), ("b", "0 90")];
    let slow = Reading {
        per_km: SimDuration::from_secs(1),
        ..READING
    };
    assert!(refusal(zoo(&nodes, &["a b"], slow)).contains("is too long"));
    let endless = Reading {
        per_km: SimDuration::from_secs(3_000_000_000),
        detour: 1e15,
        ..READING
    };
    assert!(refusal(zoo(&nodes, &["a b"], endless)).contains("is too long"));
    assert!(refusal(zoo(&nodes, &["a b delay 3s"], READING)).contains("expected a delay from 0 to 2 s"));
    assert!(refusal(zoo(&nodes, &["a b dist -1"], READING)).contains("expected a length in km"));
}

/// Deep nesting must not exhaust the stack.
#[test]
fn deep_nesting_is_refused_or_read() {
    let deep = 200_000;
    let json = format!("{{\"nodes\": {}", "[".repeat(deep));
    let message = refusal(parse(&json, Format::NodeLink, READING));
    assert!(message.contains("not a node-link graph"), "{message}");
    let xml = format!("<graphml>{}{}</graphml>", "<a>".repeat(deep), "</a>".repeat(deep));
    let message = refusal(parse(&xml, Format::Graphml, READING));
    assert!(message.contains("one <graph>"), "{message}");
}

/// A change of some bytes of a file.
fn mutation() -> impl Strategy<Value = (usize, usize, Vec<u8>)> {
    let words = [
        "<", ">", "\"", "&", "&#0;", "]]>", "<!--", "1e999", "-0", "null", "[", "{", ",", "\u{e9}", "<graph>",
    ];
    let bytes = prop_oneof![
        prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    (any::<usize>(), 0_usize..40, bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever becomes of a file, it is read or refused, with the line shown; and what is read makes a network.
    #[test]
    fn a_mutated_file_is_read_or_refused(
        json in any::<bool>(),
        largest in any::<bool>(),
        edits in prop::collection::vec(mutation(), 1..5),
    ) {
        let (text, format) = if json {
            (fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/topologies/abilene.json")).unwrap(), Format::NodeLink)
        } else {
            let nodes = [("a", "0 0"), ("b", "0 1"), ("c", ""), ("d", "-8.5 170")];
            (graphml(&nodes, &["a b", "b c dist 7", "c d delay 5ms", "d a", "a a"]), Format::Graphml)
        };
        let mut bytes = text.into_bytes();
        for (at, length, inserted) in edits {
            let at = at % (bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, inserted);
        }
        let component = if largest { Component::Largest } else { Component::Whole };
        let read = Source::decode(Path::new("graph"), bytes)
            .and_then(|source| Topology::parse(&source, format, Reading { component, ..READING }));
        match read {
            Ok(topology) => {
                let last = topology.routers.len() - 1;
                prop_assert_eq!(topology.graph.delay(0, last), topology.graph.delay(last, 0));
            }
            Err(error) => {
                let text = error.render(false);
                prop_assert!(text.starts_with("error: ") && text.contains("--> graph:"), "{}", text);
            }
        }
    }
}
