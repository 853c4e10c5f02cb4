//! The JSON Schema of scenarios: it accepts what the parser accepts, refuses slips, and the files beside the scenarios are those
//! of this version.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use scenarios::registry::Registry;
use scenarios::scenario::json_schema;
use serde_json::Value;

use crate::support::{data, peerscope};

fn in_crate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn scenario(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    serde_json::to_value(toml::from_str::<toml::Table>(&text).unwrap()).unwrap()
}

/// The schema of the test's own command line, which knows the protocols `chord` and `echo`.
fn validator() -> Validator {
    let schema: Value = serde_json::from_str(&peerscope(&["schema"]).out).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

fn complaints(validator: &Validator, scenario: &Value) -> Vec<String> {
    let errors = validator.iter_errors(scenario);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn the_schema_beside_the_scenarios_is_the_present_one() {
    let present = format!("{:#}\n", json_schema(&Registry::standard()));
    let file = fs::read_to_string(in_crate("scenario.schema.json")).unwrap_or_default();
    assert!(
        file.replace("\r\n", "\n") == present,
        "scenarios/scenario.schema.json is not what the types say now; renew it:\n  \
         cargo run -- schema > scenario.schema.json && mv scenario.schema.json scenarios/"
    );
}

#[test]
fn shipped_scenarios_point_at_the_schema_and_are_accepted() {
    let validator = validator();
    let mut seen = 0;
    for entry in fs::read_dir(in_crate("")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") || path.ends_with("Cargo.toml") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("#:schema ./scenario.schema.json\n"),
            "{}",
            path.display()
        );
        let complaints = complaints(&validator, &scenario(&path));
        assert!(complaints.is_empty(), "{}: {complaints:#?}", path.display());
        seen += 1;
    }
    assert!(seen >= 5, "only {seen} scenarios");
    for name in ["ring.toml", "matrix.toml"] {
        let complaints = complaints(&validator, &scenario(&data(name)));
        assert!(complaints.is_empty(), "{name}: {complaints:#?}");
    }
}

/// What both the parser and the schema accept, in different writings.
#[test]
fn every_writing_that_is_read_is_accepted() {
    let validator = validator();
    let folder = tempfile::tempdir().unwrap();
    for text in [
        "churn = \"none\"",
        "[churn.none]",
        "bring_up = \"bulk\"",
        "[bring_up.bulk]",
        "loss.probability = \"1.5 %\"",
        "loss.probability = 1",
        "connectivity = { asymmetric = 0.01, non_transitive = \"1 %\" }",
        "access_links = { up = \"56kbit/s\", down = \"1.5 Mbit/s\", queue = \"100ms\", header = \"28B\" }",
        "access_links = { classes = [{ share = \"20 %\", up = \"1Gbit/s\" }, { share = 0.8 }], queue = \"64KiB\" }",
        "[[partition]]\nfrom = \"1s\"\nuntil = \"2s\"\napart.fraction = 0.5\n[[partition]]\nfrom = \"3s\"\napart = { groups = 3 }",
        "partition = [{ from = \"1s\", apart.groups = 2 }]\n[sweep]\n\"partition.0.until\" = [\"2s\", \"3s\"]",
        "partition = []\n[sweep]\npartition = [[], [{ from = \"1s\", apart.groups = 2 }]]",
        "partition = { from = \"1s\", apart.groups = 2 }\n[sweep]\n\"partition.until\" = [\"2s\", \"3s\"]",
        "mass_failure = { at = \"1s\", fraction = 0.5 }\n[sweep]\n\"mass_failure.fraction\" = [0, 0.5]",
        "mass_failure = [{ at = \"1s\", fraction = 0.5 }]\n[sweep]\n\"mass_failure.0.fraction\" = [0, 0.5]",
        "link_failure = { from = \"1s\", fraction = 0.5 }\n[sweep]\n\"link_failure.fraction\" = [0, 0.5]\n\
         [network]\nring = { routers = 4, delay = \"1ms\", access = \"1ms\" }",
        "[[link_failure]]\nfrom = \"1s\"\nfraction = 0.5\n[sweep]\n\"link_failure.0.fraction\" = [0, 0.5]\n\
         [network]\nring = { routers = 4, delay = \"1ms\", access = \"1ms\" }",
        "nodes = { count = 4, virtual = 3 }",
        "replications = { precision = \"2 %\", of = [\"lookups.issued\"], minimum = 3 }",
        "cites = [\"Somebody\", { key = \"a\", title = \"A\", year = 2003 }]",
        "[sweep.nodes]\ncount = [1, 2]",
        "[sweep]\n\"protocol.chord\" = [{ successors = 4 }, { successors = 8 }]",
        "[sweep]\nprotocol.chord.rules = [\"i3\", \"corrected\"]",
        "[full]\nreplications = 9\n[full.sweep]\n\"nodes.count\" = [3]",
        "[workload.lookups]\nstart = \"1 min\"\nrate = \"0.5/s\"",
        "[protocol.chord]\nstabilize_jitter = \"50 %\"",
    ] {
        let full = with_rest(text);
        let file = folder.path().join("own.toml");
        fs::write(&file, &full).unwrap();
        let ended = peerscope(&["check", file.to_str().unwrap()]);
        assert_eq!(ended.err, "", "{full}");
        let complaints = complaints(&validator, &scenario(&file));
        assert!(complaints.is_empty(), "{full}: {complaints:#?}");
    }
}

/// A key that an axis sets may be missing from its table, as for the parser.
#[test]
fn a_key_that_is_swept_may_be_missing() {
    let validator = validator();
    let text =
        "seed = 1\nrun.duration = \"5min\"\nbring_up.bulk = {}\nprotocol.chord = {}\n[network.constant]\n[sweep]\n";
    let axes = "\"nodes.count\" = [1, 2]\n\"network.constant.delay\" = [\"1ms\", \"2ms\"]\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.toml");
    fs::write(&file, format!("{text}{axes}")).unwrap();
    assert_eq!(peerscope(&["check", file.to_str().unwrap()]).err, "");
    assert_eq!(complaints(&validator, &scenario(&file)), [""; 0]);
    for axis in axes.lines() {
        fs::write(&file, format!("{text}{axis}")).unwrap();
        assert_ne!(peerscope(&["check", file.to_str().unwrap()]).err, "", "{axis}");
        assert_ne!(complaints(&validator, &scenario(&file)), [""; 0], "{axis}");
    }
}

#[test]
fn what_the_parser_refuses_on_sight_the_schema_refuses() {
    let validator = validator();
    let folder = tempfile::tempdir().unwrap();
    for text in [
        "sede = 2",
        "access_links.up = \"1Mbps\"",
        "access_links = { up = \"1Mbit/s\", queue = 100 }",
        "partition = [{ from = \"1s\" }]",
        "partition = { from = \"1s\" }",
        "link_failure = { from = \"1s\", share = 0.1 }",
        "partition = [{ from = \"1s\", apart = { halves = 2 } }]",
        "connectivity = { symmetric = 0.1 }",
        "title = 3",
        "churn = \"nobody\"",
        "nodes.cuont = 3",
        "nodes.count = 0",
        "nodes.count = \"many\"",
        "run.duration = 5",
        "run.duration = \"5 sec\"",
        "run = {}",
        "loss.probability = \"1\"",
        "loss.probability = 1.5",
        "loss.probability = \"150 %\"",
        "workload.lookups = { start = \"1min\", rate = \"1min\" }",
        "workload.lookups = { rate = \"1/min\" }",
        "network = { constant = {} }",
        "network = { constant = { delay = \"1ms\" }, uniform = { minimum = \"1ms\", maximum = \"2ms\" } }",
        "protocol.chrod = {}",
        "protocol = {}",
        "protocol.chord.sucessors = 4",
        "protocol.chord.rules = \"corected\"",
        "protocol.chord.hop_limit = 300",
        "cites = [{ title = \"A\" }]",
        "cites = [{ key = \"a b\", title = \"A\" }]",
        "[sweep]\n\"nodes.cuont\" = [1]",
        "[sweep]\n\"nodes.count\" = []",
        "[sweep]\n\"nodes.count\" = 3",
        "[sweep]\n\"seed\" = [3]",
        "[sweep]\n\"run.duration\" = [\"5 sec\"]",
        "[[figure]]\nname = \"f\"",
        "[[figure]]\nname = \"f\"\ntable = \"lookups\"\nx.label = \"x\"\ny.labl = \"y\"\nlines = { x = \"nodes\", y = \"issued\" }",
        "[[figure]]\nname = \"f\"\ntable = \"lookups\"\nx = { label = \"x\", scale = \"log3\" }\ny.label = \"y\"\nlines = { x = \"nodes\", y = \"issued\" }",
        "[[expect]]\ntable = \"lookups\"",
        "[[expect]]\ntable = \"lookups\"\nmetric = \"issued\"\npublished = 3\nwithin_relative = 5\ncite = \"A\"",
    ] {
        let full = with_rest(text);
        let file = folder.path().join("own.toml");
        fs::write(&file, &full).unwrap();
        let ended = peerscope(&["check", file.to_str().unwrap()]);
        assert_ne!(ended.err, "", "the parser accepts\n{full}");
        assert_ne!(
            complaints(&validator, &scenario(&file)),
            [""; 0],
            "the schema accepts\n{full}"
        );
    }
}

/// A scenario of these lines, and of all that a scenario needs and they do not have.
fn with_rest(text: &str) -> String {
    let given: toml::Table = toml::from_str(text).unwrap();
    let mut whole: toml::Table = toml::from_str(
        "seed = 1\nrun.duration = \"5min\"\nnodes.count = 4\nbring_up.bulk = {}\nnetwork.constant.delay = \"1ms\"\nprotocol.chord = {}",
    )
    .unwrap();
    whole.extend(given);
    toml::to_string(&whole).unwrap()
}

#[test]
fn units_defaults_and_documentation_are_told() {
    let schema: Value = serde_json::from_str(&peerscope(&["schema"]).out).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let at = |pointer: &str| {
        schema
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{pointer} is missing"))
    };
    assert_eq!(at("/$defs/ChordSettings/properties/stabilize_period/default"), "30s");
    assert_eq!(at("/$defs/ChordSettings/properties/rules/enum/3"), "corrected");
    assert!(at("/$defs/Duration/description").as_str().unwrap().contains("ms"));
    assert!(
        at("/properties/seed/description")
            .as_str()
            .unwrap()
            .contains("randomness")
    );
    assert!(
        at("/properties/protocol/properties/echo/description")
            .as_str()
            .unwrap()
            .contains("answers")
    );
    // Nothing in TOML is null.
    assert!(!schema.to_string().contains("\"null\""));
}
