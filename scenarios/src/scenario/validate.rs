//! Holding the parts of a scenario against each other.

use std::mem;
use std::path::Path;
use std::sync::Arc;

use analysis::{Schema, SpecError};
use sim_core::time::{SimDuration, SimTime};

use super::churn::Comings;
use super::citation::{self, Citation};
use super::conditions::{RawConditions, conditions, nodes};
use super::files::ScenarioFiles;
use super::groups::groups;
use super::measure::measure;
use super::network;
use super::observe::observe;
use super::packets::{node_lookups, packets};
use super::raw::{RawBringUp, RawRun, RawScenario};
use super::replications::{RawReplications, replications};
use super::storage::storage;
use super::sweep::{Place, Sweep};
use super::workload::{self, RawWorkload};
use super::{BringUp, Groups, InputFile, Lookups, NodeLookups, Packets, Point, Scenario, Settings, Storage};
use crate::input::{Document, InputError};
use crate::registry::{ProtocolEntry, Registry};
use crate::units::written;

/// The most nodes that a simulation may have.
pub(super) const NODE_LIMIT: u32 = 1 << 24;

/// The most keys that are spread over the members: they are drawn one by one.
pub(super) const KEY_LIMIT: u64 = 1_000_000_000;

/// The largest seed: the largest whole number of TOML, so that the resolved scenario can say it.
const SEED_LIMIT: u64 = i64::MAX as u64;

/// The scenario of a document that the command line has been laid over.
pub(super) fn scenario(
    path: &Path,
    document: Document,
    file: InputFile,
    registry: &Registry,
) -> Result<Scenario, InputError> {
    let sweep = Arc::new(Sweep::read(&document)?);
    let axes = sweep.axes();
    let (places, filtered) = sweep.places()?;
    let mut files = ScenarioFiles::default();
    let (head, points) = points(&sweep, &places, &document, &mut files, registry)?;
    let Some(head) = head else {
        return Err(document.error_at("sweep", "the sweep has no point"));
    };
    check_seed(head.seed, &document)?;
    let (replications, precision) = replications(head.replications, &document)?;
    citation::check_keys(&head.cites, &document)?;
    let name = name(path, head.name, &document)?;
    let scenario = Scenario {
        path: path.to_owned(),
        name,
        title: head.title,
        description: head.description,
        cites: head.cites,
        seed: head.seed,
        replications,
        precision,
        axes,
        filtered,
        points,
        figures: head.figures,
        expectations: head.expectations,
        inputs: std::iter::once(file).chain(files.inputs()).collect(),
        document,
    };
    check_results(&scenario, registry)?;
    Ok(scenario)
}

/// The points of a sweep, of which there is at least one, and what is not swept: it is the same in all.
fn points(
    sweep: &Arc<Sweep>,
    places: &[Place],
    document: &Document,
    files: &mut ScenarioFiles,
    registry: &Registry,
) -> Result<(Option<Head>, Vec<Point>), InputError> {
    let mut head = None;
    let mut points = Vec::with_capacity(places.len());
    for (index, place) in places.iter().enumerate() {
        // What all points share is read with the first.
        let at = match head {
            None => sweep.laid_over(document.clone(), *place)?,
            Some(_) => sweep.document(*place)?,
        };
        let mut raw: RawScenario = at.deserialize()?;
        head.get_or_insert_with(|| Head::taken_from(&mut raw));
        points.push(point((index, *place), sweep, &at, raw, files, registry)?);
    }
    Ok((head, points))
}

/// What all points of a scenario have in common.
struct Head {
    name: Option<String>,
    title: Option<String>,
    description: Option<String>,
    cites: Vec<Citation>,
    seed: u64,
    replications: RawReplications,
    figures: Vec<analysis::Figure>,
    expectations: Vec<analysis::Expectation>,
}

impl Head {
    /// Takes out of a scenario what its runs do not need.
    fn taken_from(raw: &mut RawScenario) -> Self {
        Head {
            name: raw.name.take(),
            title: raw.title.take(),
            description: raw.description.take(),
            cites: mem::take(&mut raw.cites),
            seed: raw.seed,
            replications: mem::take(&mut raw.replications),
            figures: mem::take(&mut raw.figure),
            expectations: mem::take(&mut raw.expect),
        }
    }
}

/// One point, of which the protocol itself has approved.
fn point(
    (index, place): (usize, Place),
    sweep: &Arc<Sweep>,
    document: &Document,
    raw: RawScenario,
    files: &mut ScenarioFiles,
    registry: &Registry,
) -> Result<Point, InputError> {
    let duration = duration(&raw.run, document)?;
    let end = SimTime::ZERO + duration;
    let (hosts, nodes) = nodes(&raw.nodes, document)?;
    let mut network = network::network(raw.network, raw.loss, raw.nodes.count, raw.seed, document, files)?;
    network.fail_links(&raw.link_failure, end, document)?;
    let raw_conditions = RawConditions {
        connectivity: raw.connectivity,
        partitions: raw.partition,
        access_links: raw.access_links,
    };
    network.conditions = conditions(raw_conditions, hosts, &network, end, document)?;
    let bring_up = bring_up(raw.bring_up, duration, nodes, document)?;
    let comings = Comings {
        hosts: hosts.count(nodes),
        bring_up,
        end,
        document,
    };
    let flash_crowd = raw.flash_crowd.map(|raw| comings.flash_crowd(raw)).transpose()?;
    let churn = comings.churn(raw.churn, flash_crowd.as_ref(), files)?;
    let mass_failures = comings.mass_failures(raw.mass_failure, &network)?;
    let Asked {
        lookups,
        storage,
        packets,
        node_lookups,
        groups,
    } = asked(raw.workload, end, hosts.count(nodes), document, files)?;
    let protocol = chosen(document, registry, nodes)?;
    let spans = packets.map(|packets| packets.span).into_iter();
    let spans = spans.chain(node_lookups.map(|lookups| lookups.span));
    let spans = spans.chain(groups.map(|groups| groups.span));
    let measure = measure(raw.measure, lookups.as_ref(), spans, document)?;
    let observe = observe(raw.observe, end, document)?;
    let point = Point {
        index,
        settings: sweep.settings(place),
        duration,
        nodes,
        bring_up,
        network,
        churn,
        mass_failures,
        flash_crowd,
        lookups,
        storage,
        packets,
        node_lookups,
        groups,
        measure,
        observe,
        network_layer: registry
            .get(protocol.name())
            .is_some_and(ProtocolEntry::is_network_layer),
        protocol,
        place,
        sweep: sweep.clone(),
    };
    approve(&point, registry)?;
    Ok(point)
}

fn duration(raw: &RawRun, document: &Document) -> Result<SimDuration, InputError> {
    match raw.duration.get() {
        SimDuration::ZERO => Err(document
            .error_at("run.duration", "nothing happens in no time")
            .labelled("must be longer than 0s")),
        duration => Ok(duration),
    }
}

/// What the nodes are asked for.
struct Asked {
    lookups: Option<Lookups>,
    storage: Option<Storage>,
    packets: Option<Packets>,
    node_lookups: Option<NodeLookups>,
    groups: Option<Groups>,
}

/// What the nodes of a run that ends at `end` are asked for.
fn asked(
    raw: RawWorkload,
    end: SimTime,
    hosts: u32,
    document: &Document,
    files: &mut ScenarioFiles,
) -> Result<Asked, InputError> {
    let lookups = raw
        .lookups
        .map(|raw| workload::lookups(raw, end, hosts, document, files))
        .transpose()?;
    let storage = raw.storage.map(|raw| storage(raw, end, document)).transpose()?;
    let sent = raw.packets.map(|raw| packets(&raw, hosts, end, document)).transpose()?;
    let found = raw.node_lookups.map(|raw| node_lookups(&raw, end, document));
    let of_groups = raw.groups.map(|raw| groups(&raw, hosts, end, document));
    Ok(Asked {
        lookups,
        storage,
        packets: sent,
        node_lookups: found.transpose()?,
        groups: of_groups.transpose()?,
    })
}

/// The settings of the protocol that a document names, one of those that there are.
fn chosen(document: &Document, registry: &Registry, nodes: u32) -> Result<Settings, InputError> {
    let known: Vec<&str> = registry.iter().map(ProtocolEntry::name).collect();
    Settings::chosen(document, &known, nodes)
}

/// Asks the protocol what it says to a point.
fn approve(point: &Point, registry: &Registry) -> Result<(), InputError> {
    match registry.get(point.protocol.name()) {
        Some(entry) => {
            network::suits(point, entry, registry)?;
            entry.check(point)
        }
        None => Err(point.protocol.error_at("", "this protocol is not registered")),
    }
}

/// The name under which results are filed.
fn name(path: &Path, given: Option<String>, document: &Document) -> Result<String, InputError> {
    let from_file = given.is_none();
    let name = given.unwrap_or_else(|| path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.chars().all(fits) && !name.starts_with('-') && (1..=64).contains(&name.len()) {
        return Ok(name);
    }
    let expected = "expected up to 64 lower-case letters, digits and `-`, the first no `-`";
    Err(if from_file {
        document
            .error_at(
                "",
                format!("the file's name {name:?} cannot name a scenario: {expected}"),
            )
            .help("rename the file, or write name = \"…\" into it")
    } else {
        document
            .error_at("name", format!("{expected}, found {name:?}"))
            .labelled("names the folder of the results")
    })
}

fn check_seed(seed: u64, document: &Document) -> Result<(), InputError> {
    if seed > SEED_LIMIT {
        let message = format!("expected a whole number from 0 to {SEED_LIMIT}, found {seed}");
        return Err(document.error_at("seed", message).labelled("out of range"));
    }
    Ok(())
}

fn bring_up(raw: RawBringUp, duration: SimDuration, nodes: u32, document: &Document) -> Result<BringUp, InputError> {
    match raw {
        RawBringUp::Bulk {} => Ok(BringUp::Bulk),
        RawBringUp::Cold {} => Ok(BringUp::Cold),
        RawBringUp::Joins {
            bulk_beyond: Some(0), ..
        } => Err(document
            .error_at(
                "bring_up.joins.bulk_beyond",
                "expected at least 1, found 0: no network is so small",
            )
            .labelled("must be at least 1")
            .help("for networks that stand from the start write `[bring_up.bulk]`; leave it out for none that do")),
        RawBringUp::Joins {
            bulk_beyond: Some(most),
            ..
        } if nodes > most => Ok(BringUp::Bulk),
        RawBringUp::Joins {
            founders: Some(founders),
            ..
        } if !(1..=nodes).contains(&founders) => {
            let message = format!("expected between 1 and {nodes} founders, found {founders}");
            Err(document
                .error_at("bring_up.joins.founders", message)
                .labelled("must be some of the nodes, at least one"))
        }
        RawBringUp::Joins {
            over,
            arrivals,
            founders,
            ..
        } if over.get() < duration => Ok(BringUp::Joins {
            over: over.get(),
            arrivals,
            founders,
        }),
        RawBringUp::Joins { over, .. } => {
            let message = format!(
                "the nodes join over {}, but the run lasts only {}",
                written(over.get()),
                written(duration)
            );
            Err(document
                .error_at("bring_up.joins.over", message)
                .labelled("must be shorter than `run.duration`"))
        }
    }
}

/// An instant as scenarios write it.
pub(super) fn since_start(time: SimTime) -> String {
    written(time.since(SimTime::ZERO))
}

pub(super) const BEFORE_END: &str = "must lie before the end of the run, `run.duration`";

/// Holds figures and expectations against the tables that the run will write.
fn check_results(scenario: &Scenario, registry: &Registry) -> Result<(), InputError> {
    let document = &scenario.document;
    let mut checked: Vec<&str> = Vec::new();
    for point in &scenario.points {
        let name = point.protocol.name();
        let Some(entry) = registry.get(name).filter(|_| !checked.contains(&name)) else {
            continue;
        };
        checked.push(name);
        let schema = entry.tables(scenario);
        check_figures(document, &scenario.figures, &schema)?;
        for (index, expectation) in scenario.expectations.iter().enumerate() {
            let checked = expectation.check(&schema);
            checked.map_err(|error| misplaced(document, &format!("expect.{index}"), &error))?;
        }
    }
    Ok(())
}

/// Holds the figures of a document against the tables that they are drawn from.
///
/// # Errors
/// [`InputError::Invalid`], pointing at what cannot be drawn.
pub(crate) fn check_figures(
    document: &Document,
    figures: &[analysis::Figure],
    schema: &Schema,
) -> Result<(), InputError> {
    for (index, figure) in figures.iter().enumerate() {
        if figures[..index].iter().any(|other| other.name == figure.name) {
            let message = format!("there are two figures `{}`", figure.name);
            return Err(document
                .error_at(&format!("figure.{index}.name"), message)
                .labelled("the second"));
        }
        let checked = figure.check(schema);
        checked.map_err(|error| misplaced(document, &format!("figure.{index}"), &error))?;
    }
    Ok(())
}

/// A complaint about a figure or an expectation, where it was written.
fn misplaced(document: &Document, place: &str, error: &SpecError) -> InputError {
    document.error_at(&format!("{place}.{}", error.key), error.problem.to_string())
}
