//! Whatever becomes of a file, it is read or refused in words that point into it.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use scenarios::input::{Document, InputError, Source};
use scenarios::matrix::{self, Measurements};
use scenarios::results::Results;
use scenarios::topology::{self, Topology};
use sim_core::time::SimDuration;

use crate::support::Home;

/// All the ways to read a matrix.
pub(crate) fn read_matrix(text: &[u8], format: matrix::Format) -> Result<(), InputError> {
    let source = Source::decode(Path::new("matrix"), text.to_vec())?;
    for (unit, measures, gaps) in [
        (matrix::Unit::Us, matrix::Measures::Rtt, matrix::Gaps::Median),
        (matrix::Unit::Ms, matrix::Measures::OneWay, matrix::Gaps::Median),
        (matrix::Unit::S, matrix::Measures::Rtt, matrix::Gaps::Refuse),
    ] {
        let reading = matrix::Reading {
            format,
            unit,
            measures,
            gaps,
        };
        let Measurements { hosts, delays, .. } = Measurements::parse(&source, reading)?;
        assert_eq!(delays.len(), hosts * hosts);
        let zero = |cell: usize| delays[cell].as_nanos() == 0;
        assert!((0..delays.len()).all(|cell| zero(cell) == (cell / hosts == cell % hosts)));
    }
    Ok(())
}

/// All the ways to read a topology.
pub(crate) fn read_topology(text: &[u8], format: topology::Format) -> Result<(), InputError> {
    let source = Source::decode(Path::new("topology"), text.to_vec())?;
    for (missing, component) in [
        (topology::Missing::Neighbours, topology::Component::Largest),
        (topology::Missing::Refuse, topology::Component::Whole),
    ] {
        let reading = topology::Reading {
            format: None,
            per_km: SimDuration::from_micros(5),
            detour: 1.5,
            missing,
            component,
            paths: topology::Paths::Shortest,
        };
        let read = Topology::parse(&source, format, reading)?;
        assert!(!read.routers.is_empty());
    }
    Ok(())
}

/// Reads results whose file of this name holds this text.
fn read_results(results: &Path, name: &str, text: &[u8]) -> Result<(), InputError> {
    fs::write(results.join(name), text).unwrap();
    let results = Results::read(results)?;
    results.timing()?;
    let presentation = results.presentation(&results.scenario)?;
    let table = |name: &str| {
        results
            .tables
            .iter()
            .find(|(table, _)| table == name)
            .map(|(_, table)| table)
    };
    for figure in &presentation.figures {
        // What cannot be drawn is told when it is drawn.
        let _ = figure.draw(&table).map_err(|error| error.to_string());
    }
    Ok(())
}

/// What was read, or a complaint in words.
pub(crate) fn in_words(read: Result<(), InputError>) {
    if let Err(error) = read {
        let words = error.render(false);
        assert!(words.starts_with("error: ") && words.len() < 4000, "{words}");
    }
}

/// One change of a text.
#[derive(Clone, Debug)]
struct Edit {
    at: prop::sample::Index,
    removed: usize,
    inserted: Vec<u8>,
}

fn edit() -> impl Strategy<Value = Edit> {
    let words: &[&[u8]] = &[
        b"-1",
        b"0",
        b"1e308",
        b"1e999",
        b"5e-324",
        b"nan",
        b"-inf",
        b"18446744073709551616",
        b"\0",
        b"\xff",
        b"\r\n",
        b"\xef\xbb\xbf",
        b",",
        b"\n",
        b"\"",
        b"<",
        b">",
        b"{",
        b"[",
        b"]]",
        b"&lt;",
        b"&#0;",
        b"<![CDATA[",
        b"<!--",
        b"  ",
        b"</graph>",
        b"null",
        b"\"id\"",
        b"\"delay\": 1e300,",
        b"node ",
        b"1,2 5\n",
        b"[[[[[[[[",
        b"\\u0000",
        b"=",
        b"a.a.a=1\n",
    ];
    let word = prop::sample::select(words.to_vec()).prop_map(<[u8]>::to_vec);
    let inserted = prop_oneof![word, prop::collection::vec(any::<u8>(), 0..3)];
    let removed = prop_oneof![Just(0_usize), 1..4_usize, 1..60_usize, Just(usize::MAX)];
    (any::<prop::sample::Index>(), removed, inserted).prop_map(|(at, removed, inserted)| Edit { at, removed, inserted })
}

fn edited(text: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut text = text.to_vec();
    for edit in edits {
        let at = edit.at.index(text.len() + 1);
        let end = at.saturating_add(edit.removed).min(text.len());
        text.splice(at..end, edit.inserted.iter().copied());
    }
    text
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    prop::collection::vec(edit(), 1..5)
}

const SQUARE: &[u8] = b"# hosts\n0 10.5 3e1 7\n9 0 nan 2\n1 2 0 -1\n4,5\n0.1 8 6 0\n";
const COMMAS: &[u8] = b"0,,20\n11,0,4\n21,5,0,\n";
const KING: &[u8] = b"node 1 0\nnode 7 0\nnode x 0\n1,7 50\n7,1 -1\nx,1 77.5\n1,x 3\n";
const GRAPHML: &[u8] = br#"<?xml version="1.0"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="node" attr.name="Latitude" attr.type="double"/><key id="d1" for="node" attr.name="Longitude"/>
<key id="d2" for="edge" attr.name="delay"><default>5</default></key><key id="d3" for="graph" attr.name="delay_unit"/>
<graph edgedefault="undirected"><data key="d3">us</data>
<node id="a"><data key="d0">40.5</data><data key="d1">-74</data></node><node id="b"/><node id="c"/>
<edge source="a" target="b"><data key="d2">7.5</data></edge><edge source="b" target="c"/><edge source="c" target="b"/>
</graph></graphml>
"#;
const NODE_LINK: &[u8] = br#"{"directed": false, "multigraph": true, "graph": {"delay_unit": "us"}, "nodes": [
{"id": 0, "name": "a", "pos": [-74.0, 40.5]}, {"id": 1, "lat": "3", "lon": 4}, {"id": "x"}], "edges": [
{"source": 0, "target": 1, "dist": 700}, {"source": 1, "target": "x", "delay": "5ms"}, {"source": 1, "target": "x", "latency": 7}]}
"#;

/// Results, whose files are read once.
static RESULTS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let home = Home::new();
    home.done(&[
        "run",
        "small.toml",
        "-q",
        "-o",
        "out",
        "--format",
        "svg",
        "--replications",
        "2",
    ]);
    let files = crate::support::contents(&home.path().join("out"));
    let files = files
        .into_iter()
        .filter(|(name, _)| name.parent() == Some(Path::new("")));
    files
        .map(|(name, text)| (name.to_str().unwrap().to_owned(), text))
        .collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_matrix(edits in edits(), commas: bool) {
        in_words(read_matrix(&edited(if commas { COMMAS } else { SQUARE }, &edits), matrix::Format::Square));
        in_words(read_matrix(&edited(KING, &edits), matrix::Format::King));
    }

    #[test]
    fn a_mutated_topology(edits in edits()) {
        in_words(read_topology(&edited(GRAPHML, &edits), topology::Format::Graphml));
        in_words(read_topology(&edited(NODE_LINK, &edits), topology::Format::NodeLink));
    }

    #[test]
    fn a_mutated_setting(edits in edits(), which in prop::sample::select(vec![
        &b"nodes.count=128"[..], b"sweep.'nodes.count'=[1, 2]", b"figure.0.where={ nodes = 5 }", b"network={ constant = { delay = \"5ms\" } }",
    ])) {
        let mut document = Document::parse(&Source::file(Path::new("a"), "figure = [{ name = 'x' }]\n".to_owned())).unwrap();
        in_words(document.apply(&String::from_utf8_lossy(&edited(which, &edits))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_file_of_results(edits in edits(), which in any::<prop::sample::Index>()) {
        let files = &*RESULTS;
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let (name, text) = which.get(files);
        in_words(read_results(folder.path(), name, &edited(text, &edits)));
    }
}

#[test]
fn unchanged_texts_are_read() {
    read_topology(GRAPHML, topology::Format::Graphml).unwrap();
    read_topology(NODE_LINK, topology::Format::NodeLink).unwrap();
    // Only what `gaps` refuses is wrong with the matrices.
    let complaint = |read: Result<(), InputError>| read.unwrap_err().render(false);
    assert!(complaint(read_matrix(COMMAS, matrix::Format::Square)).contains("no measurement"));
    assert!(complaint(read_matrix(KING, matrix::Format::King)).contains("no measurement"));
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in &*RESULTS {
        fs::write(folder.path().join(name), text).unwrap();
    }
    for (name, text) in &*RESULTS {
        read_results(folder.path(), name, text).unwrap();
    }
}
