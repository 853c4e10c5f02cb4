//! What broke a reader once: found by coverage-guided fuzzing and by hand. `tests/data/regressions` has a folder a reader.

use std::fs;
use std::path::{Path, PathBuf};

use scenarios::input::{Document, InputError, Source};
use scenarios::registry::Registry;
use scenarios::scenario::{Overrides, Scenario};
use scenarios::{matrix, topology};

use crate::mutations::{in_words, read_matrix, read_topology};
use crate::support::Home;

/// The files that broke a reader.
fn files(reader: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/regressions")
        .join(reader);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn scenarios_that_broke_the_reader() {
    for file in files("scenario") {
        let loaded = Scenario::load(&file, &Overrides::default(), &Registry::standard());
        in_words(loaded.map(|_| ()));
    }
}

#[test]
fn matrices_that_broke_the_reader() {
    for file in files("matrix") {
        let text = fs::read(file).unwrap();
        in_words(read_matrix(&text, matrix::Format::Square));
        in_words(read_matrix(&text, matrix::Format::King));
    }
}

#[test]
fn topologies_that_broke_the_reader() {
    for file in files("topology") {
        let text = fs::read(file).unwrap();
        in_words(read_topology(&text, topology::Format::Graphml));
        in_words(read_topology(&text, topology::Format::NodeLink));
    }
}

/// Each would overflow the stack of a reader that calls itself for each level.
#[test]
fn what_is_nested_without_end_is_refused() {
    let deep = |text: &str| text.repeat(50_000);
    let refused = |read: Result<(), InputError>, words: &str| {
        let complaint = read.unwrap_err().render(false);
        assert!(complaint.contains(words), "{complaint}");
    };
    let mut document = Document::parse(&Source::file(Path::new("a"), String::new())).unwrap();
    refused(
        document.apply(&format!("a{}=1", deep(".a"))),
        "a key has at most 80 parts",
    );
    refused(document.apply(&format!("a={}", deep("["))), "max recursion depth");
    let graph = format!("<graphml>{}{}</graphml>", deep("<a>"), deep("</a>"));
    refused(
        read_topology(graph.as_bytes(), topology::Format::Graphml),
        "one <graph>",
    );
    let graph = format!("<graphml>{}", deep("<a b='/>'>"));
    refused(read_topology(graph.as_bytes(), topology::Format::Graphml), "not XML");
    let graph = format!("{{\"nodes\":{}", deep("["));
    refused(
        read_topology(graph.as_bytes(), topology::Format::NodeLink),
        "not a node-link graph",
    );
}

/// What never ends, or holds anything but text, is refused before it is read to its end.
#[cfg(target_os = "linux")]
#[test]
fn what_is_no_text_costs_no_memory() {
    let home = Home::new();
    let without_network = fs::read_to_string(home.path().join("small.toml")).unwrap();
    let without_network = without_network.replace("network.constant.delay = \"20ms\"\n", "");
    fs::write(home.path().join("small.toml"), without_network).unwrap();
    for network in [
        "network={ matrix = { file = \"/dev/zero\", unit = \"ms\" } }",
        "network={ topology = { file = \"/dev/zero\", format = \"graphml\", access = \"1ms\" } }",
    ] {
        // A gigabyte of address space, of which the program and its threads take a part.
        let limited = r#"ulimit -v 1000000; exec "$@""#;
        let output = home
            .shell(limited, &["check", "small.toml", "--set", network])
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(65), "{err}");
        assert!(
            err.contains("/dev/zero:1:1") && err.contains("byte 0x00 is not UTF-8 text"),
            "{err}"
        );
    }
}
