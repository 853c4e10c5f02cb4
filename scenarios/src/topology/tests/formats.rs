//! The formats of other projects: real files of theirs, small ones, and broken ones.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::dijkstra;
use petgraph::graph::{DiGraph, NodeIndex, UnGraph};
use sim_core::network::Policy;

use super::*;

/// Five milliseconds for links of which nothing is known.
fn fixed(component: Component) -> Reading {
    Reading {
        missing: Missing::Delay("5ms".parse().unwrap()),
        component,
        ..READING
    }
}

fn labels(topology: &Topology) -> Vec<&str> {
    topology.routers.iter().map(|router| router.label.as_str()).collect()
}

/// Holds delays against petgraph's shortest paths over links that a test has read in its own way, from some routers to
/// those of lower numbers: routes are kept with the router of the higher.
fn check_delays(topology: &Topology, links: &[(String, String, f64)], from: impl IntoIterator<Item = usize>) {
    let index: BTreeMap<&str, usize> = topology.routers.iter().map(|router| &*router.id).zip(0..).collect();
    let mut graph: UnGraph<(), f64> = UnGraph::default();
    topology.routers.iter().for_each(|_| {
        graph.add_node(());
    });
    for (one, other, millis) in links {
        if let (Some(one), Some(other)) = (index.get(&**one), index.get(&**other)) {
            graph.add_edge(NodeIndex::new(*one), NodeIndex::new(*other), *millis);
        }
    }
    for from in from {
        let expected = dijkstra(&graph, NodeIndex::new(from), None, |link| *link.weight());
        assert_eq!(expected.len(), topology.routers.len());
        for (to, expected) in expected.into_iter().filter(|(to, _)| to.index() < from) {
            let found = millis(topology, from, to.index());
            // A link is rounded to a nanosecond.
            assert!(
                (found - expected).abs() < 1e-4,
                "{from} to {to:?}: {found} ms, not {expected}"
            );
        }
    }
}

/// The text between `<tag>` and `</tag>`, each time.
fn between<'a>(text: &'a str, tag: &str) -> Vec<&'a str> {
    let tag = format!("<{tag}>");
    let parts = text.split(&tag).skip(1);
    parts.map(|part| part.split('<').next().unwrap()).collect()
}

#[test]
fn sndlib_files_have_great_circles_between_their_cities() {
    for (name, nodes, links) in [("abilene", 12, 15), ("geant", 22, 36), ("germany50", 50, 88)] {
        let Some(path) = data(&format!("{name}.xml")) else {
            return;
        };
        let topology = Topology::read(&path, READING).unwrap();
        assert_eq!((topology.routers.len(), topology.links), (nodes, links), "{name}");
        assert_eq!(
            topology.treatment,
            Treatment {
                great_circles: links,
                ..Treatment::default()
            },
            "{name}"
        );
        let text = fs::read_to_string(&path).unwrap();
        let (structure, _) = text.split_once("</networkStructure>").unwrap();
        let parts = structure
            .split("<node id=\"")
            .skip(1)
            .map(|part| part.split('"').next().unwrap());
        let (x, y) = (between(structure, "x"), between(structure, "y"));
        let places = parts.zip(x.into_iter().zip(y)).map(|(id, (x, y))| {
            let (longitude, latitude) = (x.parse().unwrap(), y.parse().unwrap());
            (id, Place { latitude, longitude })
        });
        let places: BTreeMap<_, _> = places.collect();
        let ends = between(structure, "source")
            .into_iter()
            .zip(between(structure, "target"));
        let links = ends.map(|(one, other)| {
            let millis = great_circle(places[one], places[other]) * 0.005;
            (one.to_owned(), other.to_owned(), millis)
        });
        check_delays(&topology, &links.collect::<Vec<_>>(), 0..nodes);
    }
}

/// The delay that BRITE writes is the length at the speed of light in vacuum.
#[test]
fn the_brite_file_has_the_delays_that_it_states() {
    let Some(path) = data("brite-as.brite") else { return };
    let topology = Topology::read(&path, READING).unwrap();
    assert_eq!((topology.routers.len(), topology.links), (1000, 2000));
    assert_eq!(topology.treatment.stated_delays, 2000);
    let text = fs::read_to_string(&path).unwrap();
    let (_, edges) = text.split_once("Edges:").unwrap();
    let mut links = Vec::new();
    for line in edges.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (length, delay): (f64, f64) = (words[3].parse().unwrap(), words[4].parse().unwrap());
        assert!((length / 299.792_458 - delay).abs() < 1e-9, "{line}");
        links.push((words[1].to_owned(), words[2].to_owned(), delay));
    }
    check_delays(&topology, &links, (0..1000).step_by(83));
}

/// Relationships of June 2012, of which the shortest paths and those that policy allows are petgraph's, over links and over
/// links by what a path has done before.
#[test]
fn the_caida_file_has_the_paths_that_relationships_allow() {
    let Some(path) = data("caida-as-rel.txt") else { return };
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('|').collect())
        .collect();
    let ases: BTreeSet<&str> = lines.iter().flat_map(|words| [words[0], words[1]]).collect();
    let shortest = Topology::read(&path, fixed(Component::Largest)).unwrap();
    assert_eq!(shortest.routers.len() + shortest.treatment.outside, ases.len());
    let last = shortest.routers.len() - 1;
    let from = [last / 2, last - 1, last];
    let links: Vec<_> = lines
        .iter()
        .map(|words| (words[0].to_owned(), words[1].to_owned(), 5.0))
        .collect();
    check_delays(&shortest, &links, from);

    let policy = Reading {
        paths: Paths::ValleyFree,
        ..fixed(Component::Largest)
    };
    let topology = Topology::read(&path, policy).unwrap();
    assert_eq!(topology.graph.policy(), Policy::ValleyFree);
    println!(
        "{} ASes, {} links; {}",
        topology.routers.len(),
        topology.links,
        topology.treatment
    );
    let n = topology.routers.len();
    let index: BTreeMap<&str, usize> = topology.routers.iter().map(|router| &*router.id).zip(0..).collect();
    // Every AS twice: where a path still climbs, and, from n on, where it does not.
    let mut layers: DiGraph<(), u32> = DiGraph::default();
    (0..2 * n).for_each(|_| {
        layers.add_node(());
    });
    for words in &lines {
        let (Some(&one), Some(&other)) = (index.get(words[0]), index.get(words[1])) else {
            continue;
        };
        let mut hop = |from: usize, to: usize| {
            layers.add_edge(NodeIndex::new(from), NodeIndex::new(to), 5);
        };
        match words[2] {
            "-1" => [(other, one), (one, n + other), (n + one, n + other)].map(|(from, to)| hop(from, to)),
            "0" => [(one, n + other), (other, n + one), (one, n + other)].map(|(from, to)| hop(from, to)),
            _ => {
                let both = [(one, other), (other, one), (n + one, n + other)].map(|(from, to)| hop(from, to));
                hop(n + other, n + one);
                both
            }
        };
    }
    let (mut pathless, mut detours) = (0, 0);
    for from in from {
        let found = dijkstra(&layers, NodeIndex::new(from), None, |link| *link.weight());
        for to in 0..from {
            let layer = |at: usize| found.get(&NodeIndex::new(at)).copied();
            let expected = [layer(to), layer(n + to)].into_iter().flatten().min();
            let delay = topology.graph.delay(from, to);
            assert_eq!(delay.map(|delay| delay.as_millis_f64()), expected.map(f64::from));
            pathless += usize::from(delay.is_none());
            detours += usize::from(delay > shortest.graph.delay(from, to));
        }
    }
    println!("{pathless} pairs have no path and {detours} a longer one");
    assert!(pathless > 0 && detours > 0);
}

#[test]
fn the_gnutella_overlay_is_an_edge_list() {
    let Some(folder) = data("") else { return };
    let path = folder.join("../overlay/p2p-Gnutella08.txt");
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return;
    }
    let topology = Topology::read(&path, fixed(Component::Largest)).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let links = lines.map(|line| {
        let mut words = line.split_whitespace().map(str::to_owned);
        (words.next().unwrap(), words.next().unwrap(), 5.0)
    });
    let links: Vec<_> = links.collect();
    // What SNAP says of it.
    assert_eq!(links.len(), 20_777);
    assert_eq!(
        (topology.routers.len(), topology.treatment.outside),
        (6299, 2),
        "{}",
        topology.treatment
    );
    check_delays(&topology, &links, [3000, 6298]);
}

const SNDLIB: &str = r#"<?xml version="1.0"?>
<network xmlns="http://sndlib.zib.de/network" version="1.0">
 <networkStructure>
  <nodes coordinatesType="geographical">
   <node id="a"><coordinates><x>0</x><y>0</y></coordinates></node>
   <node id="b"><coordinates><x>1</x><y>0</y></coordinates></node>
  </nodes>
  <links>
   <link id="L1"><source>a</source><target>b</target></link>
  </links>
 </networkStructure>
</network>
"#;

const BRITE: &str = "Topology: ( 3 Nodes, 2 Edges )\nModel (2 - BA):  3 1000 100 1  2  1 10.0 1024.0\n\n\
    Nodes: ( 3 )\n0\t1\t2\t1\t1\t-1\tRT_NODE\n1\t10.5\t0\t2\t2\t-1\tRT_BORDER\n7\t3\t4\t1\t1\t-1\tRT_NODE\n\n\
    Edges: ( 2 )\n0\t0\t1\t9.7\t0.25\t10.0\t-1\t-1\tE_RT\tU\n1\t1\t7\t600\t2.0\t10.0\t-1\t-1\tE_RT\tU\n";

const INET: &str = "3 2\n0 10 20\n1 40 60\n2 40 0\n0 1 50\n1 2 60\n";

const CAIDA: &str = "# a comment\n1|2|-1\n1|3|-1\n2|3|0\n3|4|-1|bgp\n4|5|2\n";

const EDGES: &str = "# from to delay\n% and another comment\na b 2\n\n  b\tc 250us \na c 7.5ms\n";

fn small() -> [(Format, &'static str); 5] {
    [
        (Format::Sndlib, SNDLIB),
        (Format::Brite, BRITE),
        (Format::Inet, INET),
        (Format::Caida, CAIDA),
        (Format::EdgeList, EDGES),
    ]
}

#[test]
fn the_formats_say_what_they_say() {
    let sndlib = parse(SNDLIB, Format::Sndlib, READING).unwrap();
    let degree = std::f64::consts::PI / 180.0 * 6371.0;
    assert!((millis(&sndlib, 0, 1) - degree * 0.005).abs() < 1e-5);
    assert_eq!(labels(&sndlib), ["a", "b"]);

    let brite = parse(BRITE, Format::Brite, READING).unwrap();
    assert_eq!((labels(&brite), millis(&brite, 0, 2)), (vec!["0", "1", "7"], 2.25));

    let inet = parse(INET, Format::Inet, READING).unwrap();
    assert!((millis(&inet, 0, 2) - 110.0 * 0.005).abs() < 1e-9);
    assert_eq!(inet.treatment.stated_lengths, 2);

    let edges = parse(EDGES, Format::EdgeList, READING).unwrap();
    assert_eq!((labels(&edges), millis(&edges, 0, 2)), (vec!["a", "b", "c"], 2.25));
    let commas = parse(
        "New York, Los Angeles, 20ms\nLos Angeles,Tokyo,50\n",
        Format::EdgeList,
        READING,
    )
    .unwrap();
    assert_eq!(labels(&commas), ["New York", "Los Angeles", "Tokyo"]);
    assert_eq!(millis(&commas, 0, 2), 70.0);

    let caida = parse(CAIDA, Format::Caida, fixed(Component::Whole)).unwrap();
    assert_eq!((caida.links, caida.treatment.substituted), (5, 5));
}

/// 2 and 3 are peers and customers of 1; 4 is a customer of 3, 5 a sibling of 4; 6 a peer of 2.
#[test]
fn valley_free_paths_follow_relationships() {
    let policy = Reading {
        paths: Paths::ValleyFree,
        ..fixed(Component::Whole)
    };
    let text = format!("{CAIDA}2|6|0\n");
    let topology = parse(&text, Format::Caida, policy).unwrap();
    let index = |label: &str| labels(&topology).iter().position(|known| *known == label).unwrap();
    let delay = |one: &str, other: &str| {
        let delay = topology.graph.delay(index(one), index(other));
        delay.map(|delay| delay.as_millis_f64())
    };
    assert_eq!(delay("2", "5"), Some(15.0), "across, down, and to the sibling");
    assert_eq!(delay("5", "2"), Some(15.0), "and back");
    assert_eq!(delay("6", "3"), None, "2 carries nothing from peer to peer");
    assert_eq!(delay("6", "1"), None, "nor from a peer to its provider");
    assert_eq!((topology.treatment.asked, topology.treatment.pathless), (30, 8));
    let said = topology.treatment.to_string();
    assert!(
        said.ends_with("pairs without a valley-free path: 8 of 30 asked"),
        "{said}"
    );
    let shortest = parse(&text, Format::Caida, fixed(Component::Whole)).unwrap();
    assert_eq!(millis(&shortest, index("6"), index("3")), 10.0);
    assert_eq!(shortest.treatment.asked, 0);

    // Providers and customers swapped: two customers of one have no path through it, nor have providers of one.
    let swapped = "1|4|-1\n2|4|-1\n3|4|-1\n5|4|-1\n";
    let message = refusal(parse(swapped, Format::Caida, policy));
    assert!(
        message.contains("leave 12 of 20 pairs of ASes without a valley-free path"),
        "{message}"
    );
    let message = refusal(parse(EDGES, Format::EdgeList, policy));
    assert!(message.contains("states no relationships"), "{message}");
}

#[test]
fn what_tells_no_delay_is_refused_unless_one_stands_in() {
    let pixels = SNDLIB.replace("geographical", "pixel");
    for (format, text, words) in [
        (Format::Caida, CAIDA, "relationships come without delays"),
        (Format::EdgeList, "a b\n", "add a third word to each line"),
        (Format::Sndlib, &*pixels, "pixels of a drawing"),
    ] {
        let error = parse(text, format, READING).unwrap_err().render(false);
        for words in [
            words,
            "nothing in the file tells how long",
            "missing = { delay = \"5ms\" }",
        ] {
            assert!(error.contains(words), "{error}");
        }
        let topology = parse(text, format, fixed(Component::Whole)).unwrap();
        assert_eq!(millis(&topology, 0, 1), 5.0);
    }
}

#[test]
fn the_format_is_told_by_the_ending_or_the_beginning() {
    let of = |name: &str, text: &str| {
        let source = Source::file(Path::new(name), text.to_owned());
        Format::of(Path::new(name), &source)
    };
    for (name, text, expected) in [
        ("a/B.GraphML", "", Format::Graphml),
        ("a/b.json", "", Format::NodeLink),
        (
            "b.xml",
            "<?xml version=\"1.0\"?>\n<!-- <network> -->\n<graphml>",
            Format::Graphml,
        ),
        ("b.xml", SNDLIB, Format::Sndlib),
        ("b.txt", " {\"nodes\"", Format::NodeLink),
        ("b.txt", BRITE, Format::Brite),
        ("b.brite", "", Format::Brite),
        ("b.inet", INET, Format::Inet),
        ("20120601.as-rel", CAIDA, Format::Caida),
        ("edges", EDGES, Format::EdgeList),
        ("edges.csv", "New York, Los Angeles, 20ms", Format::EdgeList),
        ("pairs.txt", "3 2\n0 1\n", Format::EdgeList),
    ] {
        assert_eq!(of(name, text).unwrap(), expected, "{name}");
    }
    for text in [
        "",
        "\n\n# only this\n",
        "<!DOCTYPE html>\n<html><body>404</body></html>",
        "a sentence of words and not a graph",
        "one",
        "<",
    ] {
        let error = of("graph.txt", text).unwrap_err();
        assert_eq!(error.exit(), Exit::BadInput);
        let error = error.render(false);
        assert!(
            error.contains("--> graph.txt:") && error.contains("network.topology.format"),
            "{error}"
        );
    }
}

#[test]
fn broken_files_are_refused_where_they_are_broken() {
    for (format, from, to, expected) in [
        (
            Format::Sndlib,
            "</link>\n",
            "",
            "graph:9:56: not XML: expected 'link' tag, not 'links'",
        ),
        (
            Format::Sndlib,
            "<target>b",
            "<target>c",
            "graph:9:36: there is no node c",
        ),
        (
            Format::Sndlib,
            "<source>a</source>",
            "",
            "graph:9:4: <link> has no <source> in it",
        ),
        (
            Format::Sndlib,
            "<y>0</y>",
            "",
            "graph:5:17: <coordinates> has no <y> in it",
        ),
        (
            Format::Sndlib,
            "<x>1<",
            "<x>181<",
            "graph:6:30: expected a longitude from -180 to 180, found \"181\"",
        ),
        (
            Format::Sndlib,
            "id=\"b\"",
            "id=\"a\"",
            "graph:6:4: there is a second node a",
        ),
        (
            Format::Sndlib,
            "geographical",
            "polar",
            "expected coordinates of the type geographical or pixel, found \"polar\"",
        ),
        (
            Format::Sndlib,
            "<networkStructure>",
            "<demands/><networkStructure xmlns=\"other\">",
            "<network> has no <networkStructure>",
        ),
        (
            Format::Brite,
            "( 3 )",
            "( 4 )",
            "graph:4:10: the file says that it has 4 nodes, but lists 3",
        ),
        (
            Format::Brite,
            "Edges: ( 2 )",
            "Edges: ( many )",
            "graph:9:10: expected how many edges there are, a whole number, found \"many\"",
        ),
        (
            Format::Brite,
            "\t600\t2.0\t10.0\t-1\t-1\tE_RT\tU",
            "",
            "graph:11:1: expected an edge",
        ),
        (Format::Brite, "\t7\t600", "\t8\t600", "graph:11:5: there is no node 8"),
        (
            Format::Brite,
            "0.25",
            "fast",
            "graph:10:11: expected a delay from 0 to 2 s, found \"fast\"",
        ),
        (
            Format::Brite,
            "0.25",
            "-1",
            "graph:10:11: expected a delay from 0 to 2 s, found \"-1\"",
        ),
        (
            Format::Brite,
            "10.5",
            "inf",
            "graph:6:3: expected a coordinate, a number, found \"inf\"",
        ),
        (Format::Brite, "7\t3", "1\t3", "graph:7:1: there is a second node 1"),
        (Format::Inet, "3 2\n", "4 2\n", "graph:5:1: there is a second node 0"),
        (
            Format::Inet,
            "3 2\n",
            "3 3\n",
            "graph:1:3: the file says that it has 3 links, but lists 2",
        ),
        (
            Format::Inet,
            "3 2\n",
            "three\n",
            "graph:1:1: expected the numbers of nodes and links",
        ),
        (
            Format::Inet,
            "3 2\n",
            "99999999999999999999 2\n",
            "graph:1:1: expected the number of nodes, a whole number",
        ),
        (Format::Inet, "0 1 50", "0 9 50", "graph:5:3: there is no node 9"),
        (
            Format::Inet,
            "0 1 50",
            "0 1",
            "graph:5:1: expected a link, `id id weight`",
        ),
        (
            Format::Inet,
            "0 1 50",
            "0 1 -50",
            "graph:5:5: expected a length in km from 0 to 40100, found \"-50\"",
        ),
        (
            Format::Caida,
            "2|3|0",
            "2|3|1",
            "graph:4:5: expected a relationship, -1, 0 or 2, found \"1\"",
        ),
        (
            Format::Caida,
            "2|3|0",
            "2|3",
            "graph:4:1: expected two AS numbers and their relationship",
        ),
        (
            Format::Caida,
            "2|3|0",
            "2|x|0",
            "graph:4:3: expected the number of an AS, a whole number, found \"x\"",
        ),
        (
            Format::Caida,
            "2|3|0",
            "2|4294967296|0",
            "graph:4:3: expected the number of an AS, at most 4294967295",
        ),
        (
            Format::Caida,
            "2|3|0",
            "2|1|-1",
            "graph:4:1: the ASes 2 and 1 have two relationships",
        ),
        (
            Format::EdgeList,
            "a b 2",
            "a",
            "graph:3:1: expected two routers, and possibly the delay of the link",
        ),
        (
            Format::EdgeList,
            "a b 2",
            "a b 2 4 5",
            "graph:3:1: expected two routers",
        ),
        (
            Format::EdgeList,
            "a b 2",
            "a,,2",
            "graph:3:3: expected a router, found nothing",
        ),
        (
            Format::EdgeList,
            "a b 2",
            "a b 2d",
            "graph:3:5: expected a delay from 0 to 2 s, found \"2d\"",
        ),
    ] {
        let (_, text) = small().into_iter().find(|(known, _)| *known == format).unwrap();
        assert!(text.contains(from), "{from}");
        let message = refusal(parse(&text.replacen(from, to, 1), format, fixed(Component::Whole)));
        assert!(message.contains(expected), "{message}\nis not\n{expected}");
    }
}

/// Truncated files, pages of the web, no text at all: whatever format they are taken for.
#[test]
fn what_is_no_topology_is_refused_in_every_format() {
    let page = "<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body>Not Found</body></html>\n";
    for (format, text) in small() {
        for other in ["", "\n\n", page, "\u{1}\u{2}\u{3}\u{fffd}"] {
            let message = refusal(parse(other, format, fixed(Component::Whole)));
            assert!(message.starts_with("graph:"), "{format:?}: {message}");
        }
        // Formats that say how much they hold miss what is cut off, and so does XML.
        if matches!(format, Format::Sndlib | Format::Brite | Format::Inet) {
            let lines: Vec<&str> = text.lines().collect();
            for kept in 0..lines.len() - 1 {
                let message = refusal(parse(&lines[..kept].join("\n"), format, fixed(Component::Whole)));
                assert!(message.starts_with("graph:"), "{format:?}, {kept} lines: {message}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever becomes of a file, it is read or refused, with the line shown; and what is read makes a network.
    #[test]
    fn a_mutated_file_of_any_format_is_read_or_refused(
        which in 0_usize..5,
        told in any::<bool>(),
        policy in any::<bool>(),
        edits in prop::collection::vec(super::mutation(), 1..5),
    ) {
        let (format, text) = small()[which];
        let mut bytes = text.as_bytes().to_vec();
        for (at, length, inserted) in edits {
            let at = at % (bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, inserted);
        }
        let reading = Reading {
            paths: if policy { Paths::ValleyFree } else { Paths::Shortest },
            ..fixed(Component::Largest)
        };
        let path = Path::new("graph");
        let read = Source::decode(path, bytes).and_then(|source| {
            let format = if told { format } else { Format::of(path, &source)? };
            Topology::parse(&source, format, reading)
        });
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
