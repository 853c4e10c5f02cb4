//! Layers over an overlay, as a user meets them, with a layer of one's own.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use analysis::Cell;
use scenarios::exit::Exit;
use scenarios::input::InputError;
use scenarios::overlays::{ChordOverlay, ConfigOf, InitOf, Layered, Overlay, Step, Surroundings, Told};
use scenarios::registry::{LayerEntry, Registry};
use scenarios::scenario::{By, Point, Settings};
use sim_core::addr::NodeAddr;
use sim_core::protocol::Protocol;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::SimDuration;

use crate::key_based::{PROTOCOL, SCENARIO};
use crate::support::{Home, peerscope_with};

/// A layer that adds nothing: the overlay below it, called `idle`.
struct Idle<O>(PhantomData<fn() -> O>);

/// The settings of the layer.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct IdleSettings {
    /// How many letters are carried, at most ten.
    #[serde(default)]
    letters: u8,
    /// What it lies over.
    #[serde(rename = "over")]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    _over: serde::de::IgnoredAny,
}

impl<O: Overlay> Overlay for Idle<O> {
    const NAME: &'static str = "idle";
    const SUMMARY: &'static str = "does nothing over an overlay";
    type Settings = IdleSettings;
    type Protocol = O::Protocol;
    type Invariants = O::Invariants;

    fn config(settings: &Settings) -> Result<ConfigOf<O>, InputError> {
        let below = O::config(&settings.over(&[O::NAME])?)?;
        match settings.parse::<IdleSettings>()?.letters {
            0..=10 => Ok(below),
            more => Err(settings.error_at("letters", format!("expected at most 10, found {more}"))),
        }
    }

    fn capacity(config: &ConfigOf<O>) -> u128 {
        O::capacity(config)
    }

    fn identifier(config: &ConfigOf<O>, stream: StreamKey) -> u128 {
        O::identifier(config, stream)
    }

    fn key(config: &ConfigOf<O>, rng: &mut NodeRng) -> u128 {
        O::key(config, rng)
    }

    fn founders(config: &ConfigOf<O>) -> u32 {
        O::founders(config)
    }

    fn perfect(config: &ConfigOf<O>, members: &[(u128, NodeAddr)], surroundings: &Surroundings<'_>) -> Vec<InitOf<O>> {
        O::perfect(config, members, surroundings)
    }

    fn joining(config: &ConfigOf<O>, id: u128, bootstrap: NodeAddr) -> InitOf<O> {
        O::joining(config, id, bootstrap)
    }

    fn heap_bytes(config: &ConfigOf<O>, point: &Point) -> usize {
        O::heap_bytes(config, point)
    }

    fn join_patience(config: &ConfigOf<O>) -> SimDuration {
        O::join_patience(config)
    }

    fn ask(by: By, key: u128) -> Option<<O::Protocol as Protocol>::Command> {
        O::ask(by, key).filter(|_| by == By::Route)
    }

    fn told(event: <O::Protocol as Protocol>::Event) -> Told {
        O::told(event)
    }

    fn owner<N: Copy>(config: &ConfigOf<O>, key: u128, members: &BTreeMap<u128, N>) -> Option<N> {
        O::owner(config, key, members)
    }

    fn route(config: &ConfigOf<O>, node: &O::Protocol, key: u128) -> Step {
        O::route(config, node, key)
    }

    fn links(node: &O::Protocol) -> Vec<(&'static str, NodeAddr)> {
        O::links(node)
    }

    fn invariants(config: &ConfigOf<O>, base: &[(u128, NodeAddr)]) -> O::Invariants {
        O::invariants(config, base)
    }
}

impl<O: Overlay> Layered for Idle<O> {
    type BelowAddr = NodeAddr;
    type Below = O;
}

/// The protocols of a command line that knows the layer.
fn registry() -> Registry {
    Registry::standard().with(LayerEntry::over::<Idle<ChordOverlay>>())
}

/// The scenario with some texts replaced by others, for a command line that knows the layer.
#[track_caller]
fn own(changes: &[(&str, &str)]) -> Home {
    Home::new(registry, SCENARIO, changes)
}

/// The scenario so changed is refused at this place, with these words.
#[track_caller]
fn refused(changes: &[(&str, &str)], place: &str, words: &[&str]) {
    own(changes).refused(place, words);
}

/// The same overlay below the layer.
const OVER: (&str, &str) = (
    PROTOCOL,
    r#"protocol.idle.over.chord = { lookup = "recursive", successors = 4 }"#,
);

#[test]
fn a_layer_runs_over_the_overlay_that_is_chosen() {
    let (plain, layered) = (own(&[]), own(&[OVER, (r#", by = "route""#, "")]));
    plain.run();
    layered.run();
    for column in ["issued", "hops_mean", "latency_mean_ms"] {
        assert_eq!(
            plain.first("lookups", column),
            layered.first("lookups", column),
            "{column}"
        );
    }
    let traced = layered.peerscope("trace", &["--to", "1s"]);
    assert_eq!(traced.exit, Exit::Done, "{}", traced.err);
}

#[test]
fn the_overlay_below_a_layer_can_be_swept() {
    let axis = (
        "observe.node_load = true",
        "[sweep]\n\"protocol.idle.over\" = [{ name = \"short\", value = { chord = { successors = 2 } } }, \
         { name = \"long\", value = { chord = { successors = 8 } } }]",
    );
    let home = own(&[axis, (PROTOCOL, "protocol.idle.letters = 3")]);
    home.run();
    let names = home.table("lookups").distinct("protocol.idle.over").unwrap();
    assert_eq!(names, ["short", "long"].map(Cell::from));
}

#[test]
fn the_schema_knows_the_overlays_below_a_layer() {
    let schema: serde_json::Value = serde_json::from_str(&peerscope_with(&registry(), &["schema"]).out).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let accepts = |changes: &[(&str, &str)]| {
        let scenario: toml::Table = toml::from_str(&own(changes).text).unwrap();
        validator.is_valid(&serde_json::to_value(scenario).unwrap())
    };
    assert!(accepts(&[OVER]));
    assert!(accepts(&[OVER, ("successors = 4", "successors = 5")]));
    assert!(!accepts(&[OVER, ("successors = 4", "succesors = 4")]));
    assert!(!accepts(&[OVER, ("over.chord", "over.chrod")]));
    assert!(
        !accepts(&[(PROTOCOL, "protocol.idle = { letters = 1 }")]),
        "over is missing"
    );
}

#[test]
fn a_wrong_overlay_below_a_layer_is_refused_where_it_is_named() {
    refused(
        &[OVER, ("over.chord", "over.chrod")],
        "6:20",
        &["unknown overlay `chrod`", "did you mean `chord`?", "known: `chord`"],
    );
    refused(
        &[(PROTOCOL, "protocol.idle.letters = 3")],
        "6:10",
        &["the table `[protocol.idle.over.…]` is missing", "known: `chord`"],
    );
    refused(
        &[(PROTOCOL, "protocol.idle.over = {}")],
        "6:22",
        &["no overlay is chosen", "known: `chord`"],
    );
    refused(
        &[(PROTOCOL, "protocol.idle.over = \"chord\"")],
        "6:22",
        &["expected a table `[protocol.idle.over.…]`, found a text"],
    );
    refused(
        &[(PROTOCOL, "protocol.idle.over.idle.over.chord = {}")],
        "6:20",
        &["protocol.idle.over: idle cannot lie over itself", "known: `chord`"],
    );
}

#[test]
fn settings_below_a_layer_are_refused_where_they_are_written() {
    refused(
        &[OVER, ("successors = 4", "succesors = 4")],
        "6:52",
        &["unknown key `succesors`", "did you mean `successors`?"],
    );
    refused(
        &[OVER, ("successors = 4", "successors = 0")],
        "6:65",
        &["protocol.idle.over.chord.successors: "],
    );
    refused(
        &[(PROTOCOL, "protocol.idle = { letters = 11, over.chord = {} }")],
        "6:29",
        &["protocol.idle.letters: expected at most 10, found 11"],
    );
}

#[test]
fn a_way_to_ask_that_the_layer_does_not_offer_is_refused() {
    refused(
        &[OVER, (r#"by = "route""#, r#"by = "lookup""#)],
        "7:75",
        &["workload.lookups.by: idle does not offer `lookup`", "it offers `route`"],
    );
}

#[test]
fn a_value_of_another_kind_is_named_by_its_whole_path() {
    refused(
        &[(PROTOCOL, "protocol.idle = { letters = \"many\", over.chord = {} }")],
        "6:29",
        &[
            "error: protocol.idle.letters: expected a whole number from 0 to 255, found the text \"many\"",
            "numbers stand without quotes",
        ],
    );
    refused(
        &[OVER, ("successors = 4", "successors = [4]")],
        "6:65",
        &[
            "error: protocol.idle.over.chord.successors: expected a whole number",
            "found a list",
        ],
    );
}
