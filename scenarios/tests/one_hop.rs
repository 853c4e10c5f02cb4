//! The example of a protocol from one's own crate, run as its reader would run it.

#[path = "../examples/one_hop.rs"]
pub mod one_hop;

use std::path::Path;

use scenarios::cli;
use scenarios::exit::Exit;

fn peerscope(arguments: &[&str]) -> (Exit, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = std::iter::once("peerscope").chain(arguments.iter().copied());
    let exit = cli::run_with(arguments, &one_hop::registry(), &mut out, &mut err);
    (
        exit,
        String::from_utf8_lossy(&out).into_owned(),
        String::from_utf8_lossy(&err).into_owned(),
    )
}

fn scenario() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples/one-hop.toml")
        .to_string_lossy()
        .into_owned()
}

#[test]
fn a_protocol_of_ones_own_runs_from_a_scenario_file_and_meets_its_expectation() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = folder.path().join("results");
    let (exit, out, err) = peerscope(&["run", &scenario(), "-o", &output.to_string_lossy()]);
    assert_eq!(exit, Exit::Done, "{out}{err}");
    assert!(out.contains("a lookup takes one round trip"), "{out}");
    assert!(output.join("lookups.csv").exists());
}

#[test]
fn its_settings_are_checked_like_any_others() {
    let (exit, _, err) = peerscope(&["check", &scenario(), "--set", "protocol.one-hop.timeout=0s"]);
    assert_eq!(exit, Exit::BadInput, "{err}");
    assert!(
        err.contains("must be longer than zero") && err.contains("protocol.one-hop.timeout=0s"),
        "{err}"
    );
}

#[test]
fn the_schema_beside_its_scenario_knows_its_settings() {
    let (exit, schema, _) = peerscope(&["schema"]);
    assert_eq!(exit, Exit::Done);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let text = std::fs::read_to_string(folder.join("one-hop.toml")).expect("the scenario");
    assert!(text.starts_with("#:schema ./one-hop.schema.json\n"), "{text}");
    let file = std::fs::read_to_string(folder.join("one-hop.schema.json")).unwrap_or_default();
    assert!(
        file.replace("\r\n", "\n") == schema,
        "renew it: cargo run --example one_hop -- schema > one-hop.schema.json && mv one-hop.schema.json scenarios/examples/"
    );
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("a schema");
    let validator = jsonschema::draft202012::new(&schema).expect("a valid schema");
    let mut scenario = serde_json::to_value(toml::from_str::<toml::Table>(&text).expect("TOML")).expect("JSON");
    assert!(validator.is_valid(&scenario));
    scenario["protocol"]["one-hop"]["timeout"] = "1 hop".into();
    assert!(!validator.is_valid(&scenario));
}
