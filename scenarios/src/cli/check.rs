//! `peerscope check`: what a scenario would do, in words; with `--json`, what [`object`] says.

mod churn;
mod object;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::io;

use indicatif::BinaryBytes;
use sim_core::time::{SimDuration, SimTime};

use super::arguments::Check;
use super::cores::threads;
use super::terminal::Terminal;
use crate::exit::Exit;
use crate::registry::Registry;
use crate::run::memory::Estimate;
use crate::scenario::{BringUp, Point, Scenario, WarmUp};
use crate::units::written;

/// The most points that are described one by one.
const SHOWN: usize = 20;

pub(super) fn check(arguments: &Check, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let overrides = arguments.scenarios.overrides();
    let mut worst = Exit::Done;
    let mut objects = Vec::new();
    for file in &arguments.scenarios.files {
        match Scenario::load(file, &overrides, registry) {
            Ok(scenario) => {
                let estimate = Estimate::of(&scenario, registry, threads(None));
                match terminal.report() {
                    Some(_) => objects.push(object::object(&scenario, registry, &estimate)),
                    None => terminal.print(&explain(&scenario, registry, &estimate))?,
                }
                terminal.caution(&scenario, registry);
            }
            Err(error) => worst = worst.max(terminal.refuse(&error)),
        }
    }
    if let Some(report) = terminal.report() {
        report.set("scenarios", objects.into());
    }
    Ok(worst)
}

/// What would be run.
fn explain(scenario: &Scenario, registry: &Registry, estimate: &Estimate) -> String {
    let mut lines = Lines::default();
    lines.add(&scenario.name, scenario.title.as_deref().unwrap_or("(no title)"));
    lines.add("  file", scenario.path.display());
    for cite in &scenario.cites {
        lines.add("  cites", cite);
    }
    sweep(scenario, &mut lines);
    let points = count(scenario.points.count(), "point");
    let replications = count(scenario.replications as usize, "replication");
    let total = count(scenario.runs() as usize, "run");
    let fewest = scenario.fewest_replications();
    let range = if fewest < scenario.replications {
        format!("{fewest} to ")
    } else {
        String::new()
    };
    let most = if range.is_empty() { "" } else { " at most" };
    lines.add(
        "  runs",
        format_args!(
            "{points} x {range}{replications} = {total}{most}, seed {}",
            scenario.seed
        ),
    );
    if let Some(precision) = &scenario.precision {
        let metrics: Vec<String> = precision.of.iter().map(ToString::to_string).collect();
        lines.add(
            "  precision",
            format_args!("{} of the mean of {}", precision.wanted, metrics.join(", ")),
        );
    }
    lines.add(
        "  memory",
        format_args!(
            "about {} for {} at a time",
            BinaryBytes(estimate.bytes),
            count(estimate.at_once, "run")
        ),
    );
    points_one_by_one(scenario, registry, &mut lines);
    let tables = tables(scenario, registry);
    let names: Vec<&str> = tables.keys().map(String::as_str).collect();
    lines.add("  tables", names.join(", "));
    for figure in &scenario.figures {
        lines.add("  figure", format_args!("{}, from table {}", figure.name, figure.table));
    }
    for expectation in &scenario.expectations {
        lines.add("  expect", expectation.title());
    }
    lines.text
}

/// What is swept, and what a filter leaves out of it.
fn sweep(scenario: &Scenario, lines: &mut Lines) {
    for axis in &scenario.axes {
        let mut values = axis
            .values
            .iter()
            .take(SHOWN)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        if axis.values.len() > SHOWN {
            values.push_str(&format!(" and {} more", axis.values.len() - SHOWN));
        }
        let name = axis
            .zip
            .map_or_else(|| "  sweep".to_owned(), |zip| format!("  zip {zip}"));
        lines.add(&name, format_args!("{} = {values}", axis.key));
    }
    if let Some(filtered) = &scenario.filtered {
        let (left, combinations) = (scenario.points.count(), filtered.combinations);
        lines.add(
            "  where",
            format_args!("{}: {left} of {combinations} points", filtered.filter),
        );
        for (key, value) in filtered.unused.iter().take(SHOWN) {
            lines.add(
                "  unused",
                format_args!("{key} = {value}: the filter leaves no point with it"),
            );
        }
        if filtered.unused.len() > SHOWN {
            lines.add("  unused", format_args!("and {} more", filtered.unused.len() - SHOWN));
        }
    }
}

/// What all points have in common, and what sets the first of them apart.
fn points_one_by_one(scenario: &Scenario, registry: &Registry, lines: &mut Lines) {
    let mut points = scenario.points.iter();
    let Some(first) = points.next() else { return };
    let first = describe(&first, registry);
    let mut common: Vec<bool> = vec![true; first.len()];
    let mut shown = vec![first.clone()];
    for point in points {
        let description = describe(&point, registry);
        for (common, line) in common.iter_mut().zip(&first).filter(|(common, _)| **common) {
            *common = description.contains(line);
        }
        if shown.len() < SHOWN {
            shown.push(description);
        }
    }
    let common: Vec<&Line> = first
        .iter()
        .zip(&common)
        .filter(|(_, common)| **common)
        .map(|(line, _)| line)
        .collect();
    for (name, text) in &common {
        lines.add(&format!("  {name}"), text);
    }
    for (point, description) in scenario.points.iter().zip(&shown) {
        if !point.settings.is_empty() {
            lines.add("  point", format_args!("{}: {}", point.index + 1, point.label()));
        }
        for (name, text) in description.iter().filter(|line| !common.contains(line)) {
            lines.add(&format!("    {name}"), text);
        }
    }
    if scenario.points.count() > SHOWN {
        lines.add("  point", format_args!("and {} more", scenario.points.count() - SHOWN));
    }
}

/// What a line is about, and what it says.
type Line = (&'static str, String);

/// One point, line by line.
fn describe(point: &Point, registry: &Registry) -> Vec<Line> {
    let bring_up = match point.bring_up {
        BringUp::Bulk => "all there from the start".to_owned(),
        BringUp::Cold => "all there from the start, knowing nothing".to_owned(),
        BringUp::Joins { over, .. } => format!("joining one by one over {}", written(over)),
    };
    let mut lines = vec![
        ("duration", format!("{} of simulated time", written(point.duration))),
        ("nodes", format!("{}, {bring_up}", nodes(point))),
        ("network", point.network.to_string()),
    ];
    lines.extend(churn::describe(point));
    if let Some(lookups) = &point.lookups {
        let (start, until) = (since_start(lookups.start), since_start(lookups.until));
        let total = expected_lookups(point).unwrap_or_default();
        lines.push((
            "lookups",
            format!("from {start} until {until}, about {total:.0} in all, {lookups}"),
        ));
    }
    if point.lookups.is_some() {
        let bin = written(point.measure.bin);
        let warm_up = match point.measure.warm_up {
            WarmUp::None => "no warm-up cut off".to_owned(),
            WarmUp::Auto => "the warm-up found and cut off".to_owned(),
            WarmUp::Bins(bins) => {
                let length = SimDuration::from_nanos(point.measure.bin.as_nanos() * bins as u64);
                format!("the first {} cut off as warm-up", written(length))
            }
        };
        lines.push(("measure", format!("in bins of {bin}, {warm_up}")));
    }
    if let Some(storage) = &point.storage {
        lines.push(("storage", storage.to_string()));
    }
    if let Some(packets) = &point.packets {
        lines.push(("packets", packets.to_string()));
    }
    if let Some(lookups) = &point.node_lookups {
        lines.push(("lookups", format!("{lookups}, of the addresses of nodes")));
    }
    if let Some(groups) = &point.groups {
        lines.push(("groups", groups.to_string()));
    }
    if let Some(convergence) = &point.observe.convergence {
        let every = written(convergence.every);
        let end = convergence.stop_at.map_or(String::new(), |part| {
            format!(", and the run ends when they are and {part} of the pairs are")
        });
        let what = "whether areas are connected and pairs deliverable";
        lines.push(("observe", format!("{what}, every {every}{end}")));
    }
    if point.observe.loops {
        lines.push(("observe", "whether packets go in circles, after every event".to_owned()));
    }
    if point.observe.ring_invariants {
        lines.push(("observe", "the ring's invariants after every event".to_owned()));
    }
    if let Some(reachability) = &point.observe.reachability {
        let every = written(reachability.every);
        let end = reachability.stop_at.map_or(String::new(), |part| {
            format!(", and the run ends when {part} of the pairs have one")
        });
        lines.push((
            "observe",
            format!("between which nodes there are paths, every {every}{end}"),
        ));
    }
    if let Some(every) = point.observe.rings {
        let every = written(every);
        lines.push(("observe", format!("how many rings there are, every {every}")));
    }
    if let Some(every) = point.observe.tables {
        let every = written(every);
        lines.push((
            "observe",
            format!("how right the tables of the members are, every {every}"),
        ));
    }
    if let Some(keys) = point.observe.load {
        lines.push(("observe", format!("how {keys} keys spread over the members at the end")));
    }
    if point.observe.node_load {
        lines.push(("observe", "how many messages each node receives".to_owned()));
    }
    if !point.observe.snapshots.is_empty() {
        let times: Vec<String> = point.observe.snapshots.iter().map(|time| since_start(*time)).collect();
        lines.push(("observe", format!("the overlay as it is at {}", times.join(", "))));
    }
    let name = point.protocol.name();
    let summary = registry.get(name).map(|entry| entry.summary()).unwrap_or_default();
    lines.push(("protocol", format!("{name}: {summary}")));
    lines.push(("settings", point.protocol.inline()));
    lines
}

/// How many nodes there are.
fn nodes(point: &Point) -> String {
    match point.hosts().per_host() {
        1 => point.nodes.to_string(),
        each => format!(
            "{} on {} hosts, {each} on each",
            point.nodes,
            point.hosts().count(point.nodes)
        ),
    }
}

/// How many lookups there will be, to be expected.
fn expected_lookups(point: &Point) -> Option<f64> {
    let lookups = point.lookups.as_ref()?;
    // Without a steady state, what there would be if everybody were up.
    let hosts = f64::from(point.hosts().count(point.nodes));
    let availability = point.mean_up().map_or(1.0, |up| up / hosts);
    Some(lookups.expected(hosts as u32, availability))
}

/// The tables that will be written and their columns, by name.
fn tables(scenario: &Scenario, registry: &Registry) -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::new();
    let protocols: BTreeSet<&str> = scenario.points.kinds().map(|kind| kind.protocol.as_str()).collect();
    for entry in protocols.into_iter().filter_map(|name| registry.get(name)) {
        let schema = entry.tables(scenario);
        tables.extend(
            schema
                .tables()
                .map(|(name, columns)| (name.to_owned(), columns.to_vec())),
        );
    }
    tables
}

/// An instant as scenarios write it.
fn since_start(time: SimTime) -> String {
    written(time.since(SimTime::ZERO))
}

/// So many of a thing, in words.
pub(super) fn count(number: usize, thing: &str) -> String {
    if number == 1 {
        format!("1 {thing}")
    } else {
        format!("{number} {thing}s")
    }
}

/// Lines with a name in a column of its own.
#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    fn add(&mut self, name: &str, value: impl std::fmt::Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{name:13} {value}");
    }
}
