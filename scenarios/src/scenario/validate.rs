//! Holding the parts of a scenario against each other.

use std::collections::BTreeSet;
use std::mem;
use std::path::Path;
use std::sync::Arc;

use analysis::{Schema, SpecError};
use sim_core::time::SimTime;

use super::citation::{self, Citation};
use super::network;
use super::raw::RawScenario;
use super::replications::{RawReplications, replications};
use super::sweep::Sweep;
use super::{InputFile, Point, Points, Scenario};
use crate::input::{Document, InputError};
use crate::registry::Registry;
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
    let mut points = Points::new(sweep, places, registry);
    let mut head = None;
    points.approve(
        &document,
        |raw| head = Some(Head::taken_from(raw)),
        |point| approve(point, registry),
    )?;
    let Some(head) = head else {
        return Err(document.error_at("sweep", "the sweep has no point"));
    };
    check_seed(head.seed, &document)?;
    let (replications, precision) = replications(head.replications, &document)?;
    citation::check_keys(&head.cites, &document)?;
    let name = name(path, head.name, &document)?;
    let inputs = std::iter::once(file).chain(points.inputs()).collect();
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
        inputs,
        document,
    };
    check_results(&scenario, registry)?;
    Ok(scenario)
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

/// An instant as scenarios write it.
pub(super) fn since_start(time: SimTime) -> String {
    written(time.since(SimTime::ZERO))
}

pub(super) const BEFORE_END: &str = "must lie before the end of the run, `run.duration`";

/// Holds figures and expectations against the tables that the run will write.
fn check_results(scenario: &Scenario, registry: &Registry) -> Result<(), InputError> {
    let document = &scenario.document;
    let protocols: BTreeSet<&str> = scenario.points.kinds().map(|kind| kind.protocol.as_str()).collect();
    for entry in protocols.into_iter().filter_map(|name| registry.get(name)) {
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
