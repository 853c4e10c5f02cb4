//! One slip at every place where a name can stand: the name that was meant is proposed.

use std::fs;

use scenarios::exit::Exit;

use crate::support::{Ended, data, peerscope};

/// A scenario with a name at every place where there can be one.
const SCENARIO: &str = r#"
title = "Names"
seed = 1
replications = { precision = "5 %", of = "lookups.hops_mean", minimum = 3, maximum = 4 }

[[cites]]
key = "a"
title = "A"
type = "article"

[run]
duration = "10min"

[nodes]
count = 8

[bring_up.joins]
over = "2min"
arrivals = "growing"

[network.exponential]
mean = "50ms"

[loss]
probability = 0.01

[churn.sessions]
up.weibull = { shape = 0.5, scale = "30min" }
down = { weibull = { shape = 0.5, scale = "30min" } }
graceful = 0.5

[mass_failure]
at = "8min"
fraction = 0.5

[protocol.chord]
rules = "corrected"
successors = 4
lookup = "iterative"

[workload.lookups]
start = "3min"
rate = "1/min"
keys = "uniform"

[measure]
bin = "1min"

[observe.reachability]
every = "1min"

[sweep]
"nodes.count" = [8, 16]

[full]
replications = 9

[[figure]]
name = "f"
table = "lookups"
where = { nodes = 8 }
[figure.lines]
x = "nodes"
y = "hops_mean"
[figure.x]
label = "x"
scale = "linear"
[figure.y]
label = "y"
unit = "nodes"
[[figure.published]]
label = "p"
points = [[8, 1]]

[[expect]]
table = "lookups"
metric = "hops_mean"
where = { nodes = 8 }
at_least = 0
"#;

fn check(text: &str, more: &[&str]) -> Ended {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("names.toml");
    fs::write(&file, text).unwrap();
    peerscope(&[&["check", file.to_str().unwrap()], more].concat())
}

/// What is amiss in the answer to a slip.
fn amiss(ended: &Ended, slip: &str, name: &str, place: &str) -> Option<String> {
    if ended.exit != Exit::BadInput {
        return Some(format!("{slip:?} was accepted"));
    }
    let asked = ["`", "\""].map(|quote| format!("did you mean {quote}{name}{quote}?"));
    let proposed = asked.iter().any(|words| ended.err.contains(words));
    (!proposed || !ended.err.contains(place)).then(|| format!("{slip:?} for {name:?} at {place:?}:\n{}", ended.err))
}

#[test]
fn the_scenario_itself_is_sound() {
    let ended = check(SCENARIO, &[]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
}

#[test]
fn a_slip_in_a_file_is_answered_with_the_name_that_was_meant() {
    let slips = [
        // The top, tables, and what they hold.
        ("seed = 1", "sede = 1", "seed"),
        ("[nodes]", "[node]", "nodes"),
        ("count = 8", "cuont = 8", "count"),
        ("duration =", "duratoin =", "duration"),
        ("[bring_up.joins]", "[bring_up.join]", "joins"),
        ("over =", "ovre =", "over"),
        ("arrivals =", "arrival =", "arrivals"),
        ("\"growing\"", "\"groving\"", "growing"),
        ("probability =", "probabilty =", "probability"),
        ("[mass_failure]", "[mass_failures]", "mass_failure"),
        ("fraction =", "fracton =", "fraction"),
        ("[workload.lookups]", "[workload.lookup]", "lookups"),
        ("rate =", "rat =", "rate"),
        ("\"uniform\"", "\"unifrom\"", "uniform"),
        ("bin =", "bni =", "bin"),
        ("[observe.reachability]", "[observe.reachabilty]", "reachability"),
        ("every =", "evry =", "every"),
        // Choices, and what is inside of them.
        ("[network.exponential]", "[network.exponentail]", "exponential"),
        ("mean =", "maen =", "mean"),
        ("[churn.sessions]", "[churn.session]", "sessions"),
        ("up.weibull", "up.weibul", "weibull"),
        ("graceful =", "gracefull =", "graceful"),
        ("up.weibull = { shape", "up.weibull = { shpe", "shape"),
        // Protocols and their settings.
        ("[protocol.chord]", "[protocol.chrod]", "chord"),
        ("successors =", "sucessors =", "successors"),
        ("\"corrected\"", "\"corected\"", "corrected"),
        ("\"iterative\"", "\"iteratve\"", "iterative"),
        // How often, and what is cited.
        ("precision =", "precison =", "precision"),
        ("lookups.hops_mean", "lookups.hop_mean", "lookups.hops_mean"),
        ("lookups.hops_mean", "lookup.hops_mean", "lookups.hops_mean"),
        ("title = \"A\"", "titel = \"A\"", "title"),
        ("\"article\"", "\"artcle\"", "article"),
        // What is swept.
        ("\"nodes.count\" =", "\"node.count\" =", "nodes"),
        ("\"nodes.count\" =", "\"nodes.cuont\" =", "count"),
        ("\"nodes.count\" =", "\"protocol.chord.sucessors\" =", "successors"),
        ("\"nodes.count\" =", "\"network.constnat.delay\" =", "constant"),
        // Figures: keys, tables, columns, conditions.
        ("[figure.lines]", "[figure.lnes]", "lines"),
        ("table = \"lookups\"\nwhere", "tabel = \"lookups\"\nwhere", "table"),
        ("table = \"lookups\"\nwhere", "table = \"lokups\"\nwhere", "lookups"),
        (
            "where = { nodes = 8 }\n[figure",
            "where = { node = 8 }\n[figure",
            "nodes",
        ),
        ("x = \"nodes\"", "x = \"noes\"", "nodes"),
        ("y = \"hops_mean\"", "y = \"hop_mean\"", "hops_mean"),
        ("scale = \"linear\"", "scal = \"linear\"", "scale"),
        ("scale = \"linear\"", "scale = \"liner\"", "linear"),
        ("unit = \"nodes\"", "untis = \"nodes\"", "unit"),
        ("points =", "point =", "points"),
        // Expectations.
        ("metric =", "metirc =", "metric"),
        ("metric = \"hops_mean\"", "metric = \"hops_maen\"", "hops_mean"),
        (
            "where = { nodes = 8 }\nat_least",
            "where = { node = 8 }\nat_least",
            "nodes",
        ),
        ("at_least =", "at_lest =", "at_least"),
    ];
    let answered = slips.iter().filter_map(|(right, slip, name)| {
        assert!(SCENARIO.contains(right), "{right:?} is not in the scenario");
        let ended = check(&SCENARIO.replacen(right, slip, 1), &[]);
        amiss(&ended, slip, name, "names.toml:")
    });
    let amiss: Vec<String> = answered.collect();
    assert!(amiss.is_empty(), "{}", amiss.join("\n"));
}

#[test]
fn a_slip_in_a_setting_is_answered_with_the_name_that_was_meant() {
    let slips = [
        ("sede=2", "seed"),
        ("nodse.count=8", "nodes"),
        ("nodes.cuont=8", "count"),
        ("protocol.chord.stabilise_perid=5s", "stabilize_period"),
        ("protocol.chord.rules=corected", "corrected"),
        ("network={ constnat = { delay = \"5ms\" } }", "constant"),
        ("sweep.\"nodes.cuont\"=[8]", "count"),
        ("sweep.\"protocol.chord.sucessors\"=[8]", "successors"),
        ("figure.0.tabel=lookups", "table"),
        ("sweep.\"protocol.chrod.successors\"=[8]", "chord"),
    ];
    let answered = slips.iter().filter_map(|(slip, name)| {
        let ended = check(SCENARIO, &["--full", "--set", slip]);
        amiss(&ended, slip, name, "--> --set:1:")
    });
    let amiss: Vec<String> = answered.collect();
    assert!(amiss.is_empty(), "{}", amiss.join("\n"));
}

#[test]
fn a_setting_that_could_have_no_effect_is_refused() {
    let ended = check(SCENARIO, &["--full", "--set", "full.nodes.count=9"]);
    assert_eq!(ended.exit, Exit::BadInput, "{}", ended.out);
    assert!(
        ended.err.contains("--> --set:1:") && ended.err.contains("without `full.`"),
        "{}",
        ended.err
    );
}

#[test]
fn a_slip_on_the_command_line_is_answered_with_the_name_that_was_meant() {
    let file = data("ring.toml");
    let file = file.to_str().unwrap();
    for (arguments, name) in [
        (["chekc", file].as_slice(), "check"),
        (&["run", file, "--thread", "1"], "--threads"),
        (&["run", file, "--replication", "1"], "--replications"),
        (&["check", file, "--jsno"], "--json"),
        (&["cite", file, "--format", "bibtx"], "bibtex"),
        (&["completions", "bsh"], "bash"),
        (&["man", "chekc"], "check"),
    ] {
        let ended = peerscope(arguments);
        assert_eq!(ended.exit, Exit::Usage, "{arguments:?}");
        assert!(
            ended.err.contains(&format!("'{name}'")) || ended.err.contains(&format!("`{name}`")),
            "{name} is missing from\n{}",
            ended.err
        );
        assert!(
            ended.err.contains("similar") || ended.err.contains("did you mean"),
            "{}",
            ended.err
        );
    }
}
