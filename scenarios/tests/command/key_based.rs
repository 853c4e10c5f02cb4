//! Scenarios over key-based routing, as a user meets them: messages routed to keys, layers over an overlay, what nodes know and
//! have to do, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::marker::PhantomData;

use analysis::{Cell, Conditions, Table};
use scenarios::cli;
use scenarios::exit::Exit;
use scenarios::input::InputError;
use scenarios::overlays::{ChordOverlay, ConfigOf, InitOf, Layered, Overlay, Step, Surroundings, Told};
use scenarios::registry::{LayerEntry, Registry};
use scenarios::scenario::{By, Point, Settings};
use sim_core::addr::NodeAddr;
use sim_core::protocol::Protocol;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::SimDuration;

use crate::support::Ended;

/// Thirty-two nodes that stand from the start, and what they are asked for.
const SCENARIO: &str = r#"seed = 11
run.duration = "10min"
nodes.count = 32
bring_up.bulk = {}
network.constant.delay = "50ms"
protocol.chord = { lookup = "recursive", successors = 4 }
workload.lookups = { start = "1min", until = "9min", rate = "2/min", by = "route" }
observe.node_load = true
"#;

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

    fn owner(config: &ConfigOf<O>, key: u128, members: &BTreeMap<u128, NodeAddr>) -> Option<NodeAddr> {
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

/// A command line that knows the layer.
fn peerscope(arguments: &[&str]) -> Ended {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let registry = Registry::standard().with(LayerEntry::over::<Idle<ChordOverlay>>());
    let arguments = std::iter::once("peerscope").chain(arguments.iter().copied());
    let exit = cli::run_with(arguments, &registry, &mut out, &mut err);
    Ended {
        exit,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

struct Home {
    folder: tempfile::TempDir,
    text: String,
}

impl Home {
    /// The scenario with some texts replaced by others.
    #[track_caller]
    fn new(changes: &[(&str, &str)]) -> Home {
        let mut text = SCENARIO.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from:?} is not in the scenario");
            text = text.replacen(from, to, 1);
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("own.toml"), &text).unwrap();
        Home { folder, text }
    }

    fn peerscope(&self, command: &str, more: &[&str]) -> Ended {
        let file = self.folder.path().join("own.toml");
        peerscope(&[&[command, file.to_str().unwrap()], more].concat())
    }

    #[track_caller]
    fn run(&self) {
        let output = self.folder.path().join("out");
        let ended = self.peerscope("run", &["-q", "--force", "-o", output.to_str().unwrap()]);
        assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    }

    fn table(&self, name: &str) -> Table {
        let file = fs::File::open(self.folder.path().join("out").join(format!("{name}.csv"))).unwrap();
        Table::read_csv(file).unwrap()
    }

    /// The only value of a column of the table of lookups.
    fn lookups(&self, column: &str) -> f64 {
        let values = self.table("lookups").numbers(column).unwrap();
        values[0].unwrap_or_else(|| panic!("{column} is empty"))
    }

    /// The value of a column in the row of a kind.
    fn of_kind(&self, table: &str, kind: &str, column: &str) -> f64 {
        let rows = Conditions::from([("kind".to_owned(), Cell::from(kind))]);
        let rows = self.table(table).select(&rows).unwrap();
        assert_eq!(rows.len(), 1, "{kind}");
        rows.numbers(column).unwrap()[0].unwrap()
    }
}

/// The scenario so changed is refused at this place, with these words and the line shown.
#[track_caller]
fn refused(changes: &[(&str, &str)], place: &str, words: &[&str]) {
    let home = Home::new(changes);
    let ended = home.peerscope("check", &[]);
    assert_eq!(ended.exit, Exit::BadInput, "{}\n{}", ended.out, ended.err);
    let err = &ended.err;
    assert!(
        err.contains(&format!("own.toml:{place}\n")),
        "{place} is not the place in\n{err}"
    );
    let flat = err.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(flat.contains(word), "{word:?} is missing from\n{err}");
    }
    let line: usize = place.split(':').next().unwrap().parse().unwrap();
    let line = home.text.lines().nth(line - 1).unwrap();
    assert!(
        err.contains(&format!(" | {line}\n")) && err.contains('^'),
        "{line:?} is not shown in\n{err}"
    );
}

#[test]
fn a_message_is_measured_where_it_is_delivered() {
    let home = Home::new(&[]);
    home.run();
    let issued = home.lookups("issued");
    assert!(issued > 300.0, "{issued}");
    for column in ["completed", "correct"] {
        assert_eq!(home.lookups(column), issued, "{column}");
    }
    // Every hop takes 50 ms, and so does the direct path, one way; both are zero for the node's own keys.
    let hops = home.lookups("hops_mean");
    assert!(hops > 1.5, "{hops}");
    assert!((home.lookups("latency_mean_ms") - 50.0 * hops).abs() < 1e-6);
    let (all, own) = (home.table("hops"), home.lookups("completed"));
    let lookups = all.numbers("lookups").unwrap();
    let own_keys = lookups[0].unwrap() / own;
    assert!((home.lookups("relative_distance") - hops / (1.0 - own_keys)).abs() < 1e-9);
    // The same distribution by nodes before the owner.
    let visited = home.table("path_length").numbers("lookups").unwrap();
    assert_eq!(visited[0], Some(lookups[0].unwrap() + lookups[1].unwrap()));
    assert_eq!(visited[1..], lookups[2..]);
}

#[test]
fn each_hop_of_a_message_is_received_by_a_node() {
    let home = Home::new(&[]);
    home.run();
    let received =
        home.of_kind("node_load", "route", "received_mean") * home.of_kind("node_load", "route", "nodes_counted");
    let hops = home.lookups("hops_mean") * home.lookups("completed");
    assert!((received - hops).abs() < 1e-6, "{received} received, {hops} hops");
    let median = home.of_kind("node_load", "total", "received_p50");
    assert!(
        median > home.of_kind("node_load", "route", "received_p50"),
        "total is of all kinds"
    );
}

#[test]
fn state_is_counted_by_kind_for_the_members() {
    let home = Home::new(&[]);
    home.run();
    assert_eq!(home.of_kind("state", "predecessor", "members"), 32.0);
    assert_eq!(home.of_kind("state", "predecessor", "entries_max"), 1.0);
    assert_eq!(home.of_kind("state", "further successor", "entries_p01"), 3.0);
    let kinds = ["predecessor", "successor", "further successor", "finger"];
    let sum: f64 = kinds
        .map(|kind| home.of_kind("state", kind, "entries_mean"))
        .iter()
        .sum();
    let (total, distinct) = (
        home.of_kind("state", "total", "entries_mean"),
        home.of_kind("state", "distinct", "entries_mean"),
    );
    assert!(
        (total - sum).abs() < 1e-9 && distinct < total,
        "{total} {sum} {distinct}"
    );
}

#[test]
fn what_is_lost_on_the_way_has_failed_when_patience_ends() {
    let loss = [
        ("observe.node_load = true", "loss.probability = 0.2"),
        (r#"by = "route""#, r#"by = "route", patience = "20s""#),
    ];
    let home = Home::new(&loss);
    home.run();
    let (issued, failed, hops) = (
        home.lookups("issued"),
        home.lookups("failed") / home.lookups("issued"),
        home.lookups("hops_mean"),
    );
    assert_eq!(home.lookups("unfinished"), 0.0);
    assert_eq!(home.lookups("completed") + home.lookups("failed"), issued);
    // With h hops a fifth is lost at each: of 1 to 4 hops between 20 and 59 %.
    assert!((0.2..0.6).contains(&failed), "{failed} failed, {hops} hops");

    // The patience of the default goes beyond the end of the run for those who come last.
    let patient = [
        loss[0],
        (r#"until = "9min""#, r#"until = "10min""#),
        (r#"by = "route""#, r#"by = "route", patience = "2min""#),
    ];
    let home = Home::new(&patient);
    home.run();
    assert!(home.lookups("unfinished") > 0.0);
}

#[test]
fn what_comes_too_late_has_failed() {
    // A hop takes 50 ms: three hops and more are too many.
    let home = Home::new(&[(r#"by = "route""#, r#"by = "route", patience = "120ms""#)]);
    home.run();
    let longest = home.table("hops").numbers("hops").unwrap();
    assert_eq!(longest.last().unwrap(), &Some(2.0));
    assert!(home.lookups("failed") > 0.0 && home.lookups("unfinished") == 0.0);
}

#[test]
fn lookups_are_asked_for_where_both_are_offered_and_nothing_is_said() {
    let unsaid = Home::new(&[(r#", by = "route""#, "")]);
    let said = Home::new(&[(r#"by = "route""#, r#"by = "lookup""#)]);
    unsaid.run();
    said.run();
    assert_eq!(unsaid.lookups("latency_mean_ms"), said.lookups("latency_mean_ms"));
    // A lookup is answered, and so is compared with a round trip.
    let routed = Home::new(&[]);
    routed.run();
    assert!(unsaid.lookups("relative_distance") < 0.75 * routed.lookups("relative_distance"));
}

const OVER: (&str, &str) = (
    r#"protocol.chord = { lookup = "recursive", successors = 4 }"#,
    r#"protocol.idle.over.chord = { lookup = "recursive", successors = 4 }"#,
);

#[test]
fn a_layer_runs_over_the_overlay_that_is_chosen() {
    let (plain, layered) = (Home::new(&[]), Home::new(&[OVER, (r#", by = "route""#, "")]));
    plain.run();
    layered.run();
    for column in ["issued", "hops_mean", "latency_mean_ms"] {
        assert_eq!(plain.lookups(column), layered.lookups(column), "{column}");
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
    let home = Home::new(&[axis, (OVER.0, "protocol.idle.letters = 3")]);
    home.run();
    let names = home.table("lookups").distinct("protocol.idle.over").unwrap();
    assert_eq!(names, ["short", "long"].map(Cell::from));
}

#[test]
fn the_schema_knows_the_overlays_below_a_layer() {
    let schema: serde_json::Value = serde_json::from_str(&peerscope(&["schema"]).out).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let accepts = |changes: &[(&str, &str)]| {
        let scenario: toml::Table = toml::from_str(&Home::new(changes).text).unwrap();
        validator.is_valid(&serde_json::to_value(scenario).unwrap())
    };
    assert!(accepts(&[OVER]));
    assert!(accepts(&[OVER, ("successors = 4", "successors = 5")]));
    assert!(!accepts(&[OVER, ("successors = 4", "succesors = 4")]));
    assert!(!accepts(&[OVER, ("over.chord", "over.chrod")]));
    assert!(
        !accepts(&[(OVER.0, "protocol.idle = { letters = 1 }")]),
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
        &[(OVER.0, "protocol.idle.letters = 3")],
        "6:10",
        &["the table `[protocol.idle.over.…]` is missing", "known: `chord`"],
    );
    refused(
        &[(OVER.0, "protocol.idle.over = {}")],
        "6:22",
        &["no overlay is chosen", "known: `chord`"],
    );
    refused(
        &[(OVER.0, "protocol.idle.over = \"chord\"")],
        "6:22",
        &["expected a table `[protocol.idle.over.…]`, found a text"],
    );
    refused(
        &[(OVER.0, "protocol.idle.over.idle.over.chord = {}")],
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
        &[(OVER.0, "protocol.idle = { letters = 11, over.chord = {} }")],
        "6:29",
        &["protocol.idle.letters: expected at most 10, found 11"],
    );
}

/// The scenario with Pastry in place of Chord.
fn pastry(settings: &'static str) -> (&'static str, &'static str) {
    (OVER.0, settings)
}

#[test]
fn pastry_carries_messages_in_tables_of_both_makes() {
    let bulk = Home::new(&[pastry("protocol.pastry = { leaf_set = 8 }")]);
    let joins = Home::new(&[
        pastry("protocol.pastry = { leaf_set = 8 }"),
        ("bring_up.bulk = {}", r#"bring_up.joins.over = "50s""#),
    ]);
    for home in [bulk, joins] {
        home.run();
        assert_eq!(home.lookups("completed"), home.lookups("issued"));
        assert_eq!(home.lookups("correct"), home.lookups("issued"));
        // One leaf set in four, and the digits of few nodes part at the first.
        assert!(
            (0.9..2.0).contains(&home.lookups("hops_mean")),
            "{}",
            home.lookups("hops_mean")
        );
        assert_eq!(home.of_kind("state", "leaf", "entries_mean"), 8.0);
        assert!((home.lookups("latency_mean_ms") - 50.0 * home.lookups("hops_mean")).abs() < 1e-6);
    }
}

#[test]
fn lists_of_all_take_one_hop_and_leaf_sets_alone_many() {
    let styles = ["exhaustive", "circular"].map(|style| {
        let settings = format!(r#"protocol.pastry = {{ leaf_set = 2, routing = "{style}" }}"#);
        let home = Home::new(&[(OVER.0, settings.as_str())]);
        home.run();
        assert_eq!(home.lookups("correct"), home.lookups("issued"), "{style}");
        (
            home.lookups("hops_mean"),
            home.of_kind("state", "distinct", "entries_mean"),
        )
    });
    let [(one_hop, everybody), (around, neighbours)] = styles;
    // One key in 32 is the sender's own.
    assert!((one_hop - 31.0 / 32.0).abs() < 0.02, "{one_hop}");
    assert_eq!((everybody, neighbours), (31.0, 2.0));
    // A quarter of the ring, node by node.
    assert!((7.0..9.5).contains(&around), "{around}");
}

#[test]
fn rings_and_snapshots_of_pastry_are_told_from_its_leaf_sets() {
    let home = Home::new(&[
        pastry("protocol.pastry = { leaf_set = 8 }"),
        (
            "observe.node_load = true",
            r#"observe = { rings.every = "1min", snapshots = ["5min"], reachability.every = "5min" }"#,
        ),
    ]);
    home.run();
    let rings = home.table("rings");
    assert!(rings.numbers("rings").unwrap().iter().all(|rings| *rings == Some(1.0)));
    assert!(
        rings
            .numbers("correct")
            .unwrap()
            .iter()
            .all(|correct| *correct == Some(32.0))
    );
    let kinds = home.table("snapshot_links").distinct("kind").unwrap();
    assert_eq!(kinds, ["leaf", "routing table", "neighbourhood"].map(Cell::from));
    let reachable = home.table("reachability").numbers("working_fraction").unwrap();
    assert!(reachable.iter().all(|fraction| *fraction == Some(1.0)), "{reachable:?}");
}

#[test]
fn what_pastry_cannot_work_with_is_refused_where_it_is_written() {
    refused(
        &[pastry("protocol.pastry = { b = 5 }")],
        "6:25",
        &[
            "protocol.pastry.b: b must divide `id_bits`",
            "5 does not divide 128",
            "4 divides 128",
        ],
    );
    refused(
        &[pastry("protocol.pastry = { id_bits = 30 }")],
        "6:19",
        &["protocol.pastry.b: b must divide `id_bits`", "4 does not divide 30"],
    );
    refused(
        &[pastry("protocol.pastry = { leaf_set = 64 }")],
        "6:32",
        &["protocol.pastry.leaf_set: ", "64 leaves, but 32 nodes"],
    );
    refused(
        &[pastry("protocol.pastry = { leaf_set = 15 }")],
        "6:32",
        &["protocol.pastry.leaf_set: ", "even number"],
    );
    refused(
        &[pastry(r#"protocol.pastry = { heartbeat_period = "0s" }"#)],
        "6:40",
        &["\"0s\" is no period", "write \"never\" to have none"],
    );
    refused(
        &[pastry(r#"protocol.pastry = { quality = "wft" }"#)],
        "6:31",
        &["the choices are `sl`, `wt`, `wtf`"],
    );
    refused(
        &[pastry("protocol.pastry = { id_bits = 4 }")],
        "3:15",
        &["nodes.count: 32 nodes, but there are only 16 identifiers"],
    );
    let joins = ("bring_up.bulk = {}", r#"bring_up.joins.over = "50s""#);
    refused(
        &[joins, pastry(r#"protocol.pastry = { routing = "exhaustive" }"#)],
        "6:31",
        &["protocol.pastry.routing: ", "needs `[bring_up.bulk]`"],
    );
}

#[test]
fn what_mspastry_cannot_work_with_is_refused_where_it_is_written() {
    refused(
        &[pastry(
            r#"protocol.pastry = { leaf_set = 8, profile = "mspastry", mspastry.raw_loss = 5 }"#,
        )],
        "6:77",
        &[
            "protocol.pastry.mspastry.raw_loss: ",
            "between 0 and 1",
            "MSPastry uses 0.05",
        ],
    );
    refused(
        &[pastry(
            r#"protocol.pastry = { leaf_set = 8, profile = "mspastry", mspastry.failures = 0 }"#,
        )],
        "6:77",
        &["protocol.pastry.mspastry.failures: ", "at least 1"],
    );
    refused(
        &[pastry(
            r#"protocol.pastry = { leaf_set = 8, profile = "mspastry", heartbeat_period = "never" }"#,
        )],
        "6:76",
        &["protocol.pastry.heartbeat_period: ", "must be given with MSPastry"],
    );
    refused(
        &[pastry(r#"protocol.pastry = { leaf_set = 8, profile = "ms-pastry" }"#)],
        "6:45",
        &["the choices are `pastry-2001`, `mspastry`"],
    );
    refused(
        &[pastry(
            r#"protocol.pastry = { leaf_set = 8, mspastry.lowest_margin = "5ms" }"#,
        )],
        "6:44",
        &["`lowest_margin`", "least_margin"],
    );
}

#[test]
fn what_pastry_does_not_offer_is_refused_where_it_is_asked_for() {
    refused(
        &[
            pastry("protocol.pastry = { leaf_set = 8 }"),
            (r#"by = "route""#, r#"by = "lookup""#),
        ],
        "7:75",
        &[
            "workload.lookups.by: pastry does not offer `lookup`",
            "it offers `route`",
        ],
    );
    refused(
        &[
            pastry("protocol.pastry = { leaf_set = 8 }"),
            ("observe.node_load = true", "observe.ring_invariants = true"),
        ],
        "8:27",
        &["observe.ring_invariants: pastry has no invariants to observe"],
    );
}

#[test]
fn a_key_outside_pastrys_space_is_refused_at_its_line_of_the_trace() {
    let home = Home::new(&[
        pastry("protocol.pastry = { id_bits = 16, leaf_set = 8 }"),
        (r#"rate = "2/min""#, r#"trace = "keys.csv""#),
    ]);
    fs::write(home.folder.path().join("keys.csv"), "70 3 0xffff\n80 4 0x10000\n").unwrap();
    let ended = home.peerscope("check", &[]);
    assert_eq!(ended.exit, Exit::BadInput, "{}", ended.err);
    assert!(ended.err.contains("keys.csv:2:1"), "{}", ended.err);
    let words = "the key lies outside the space: pastry has 65536 identifiers";
    assert!(ended.err.contains(words), "{}", ended.err);
}

#[test]
fn a_way_to_ask_that_is_not_offered_is_refused() {
    refused(
        &[OVER, (r#"by = "route""#, r#"by = "lookup""#)],
        "7:75",
        &["workload.lookups.by: idle does not offer `lookup`", "it offers `route`"],
    );
    refused(
        &[(r#"by = "route""#, r#"by = "rote""#)],
        "7:75",
        &["did you mean `route`?"],
    );
    refused(
        &[(r#"by = "route""#, r#"by = "route", patience = "0s""#)],
        "7:95",
        &["workload.lookups.patience: ", "must be longer than 0s"],
    );
    refused(
        &[(r#"by = "route""#, r#"patience = "5s""#)],
        "7:81",
        &["workload.lookups.patience: ", "leave it out, or set `by = \"route\"`"],
    );
}
