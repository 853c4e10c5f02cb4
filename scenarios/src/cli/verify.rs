//! `peerscope verify`: the scenario of results, run again and compared.

mod compare;

use std::io;
use std::path::Path;

use analysis::figure::Width;
use analysis::{Figure, Table};
use serde::Deserialize;

use super::arguments::Verify;
use super::plot::warn_of_altered;
use super::run::simulate;
use super::signals::interruption;
use super::terminal::Terminal;
use crate::exit::Exit;
use crate::input::{InputError, shell_word};
use crate::registry::Registry;
use crate::results::{Manifest, Presentation, Results, SCENARIO, read_table_file};
use crate::run::Output;
use crate::scenario::{FILE_KEYS, Overrides, Scenario};
use compare::{Comparison, Extent};

pub(super) fn verify(arguments: &Verify, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let (results, presentation, scenario, settings) = match read(arguments, registry) {
        Ok(read) => read,
        Err(error) => return Ok(terminal.refuse(&error)),
    };
    if let Err(reason) = same_inputs(&results.manifest, &scenario) {
        terminal.complain(&reason);
        return Ok(Exit::BadInput);
    }
    warn_of_altered(&results, terminal);
    let interrupted = interruption();
    let output = match simulate(&scenario, registry, arguments.threads, !arguments.quiet, &interrupted) {
        Ok(Some((output, _))) => output,
        Ok(None) => {
            terminal.complain("interrupted; nothing was compared");
            return Ok(Exit::Interrupted);
        }
        Err(reason) => {
            terminal.complain(&reason);
            return Ok(Exit::InputOutput);
        }
    };
    let now = Manifest::new(&scenario, &output.records, Vec::new());
    for change in changes(&results.manifest, &now) {
        terminal.warn(&change);
    }
    let extent = if arguments.quick {
        Extent::FirstReplications
    } else {
        Extent::Everything
    };
    let mut comparison = Comparison::new(&scenario, extent);
    comparison.runs(&results.manifest, &now, &output.broken);
    comparison.tables(&results.tables, &output.tables);
    if !arguments.quick
        && let Err(error) = figures(&results, &presentation, &output, &mut comparison)
    {
        return Ok(terminal.refuse(&error));
    }
    let same = comparison.same();
    if !same || !arguments.quiet {
        let hint = |point: usize, replication: u32| trace(arguments, &settings, point, replication);
        terminal.print(&format!("{}: {}", scenario.name, comparison.report(&hint)))?;
    }
    Ok(if same { Exit::Done } else { Exit::Failed })
}

/// The results, what they show, the scenario that made them, and the settings that let its files be found.
type Read = (Results, Presentation, Scenario, Vec<String>);

fn read(arguments: &Verify, registry: &Registry) -> Result<Read, InputError> {
    let results = Results::read(&arguments.results)?;
    let settings: Vec<String> = [found_files(&results), arguments.set.clone()].concat();
    let presentation = results.presentation(&results.scenario)?;
    let overrides = Overrides {
        full: false,
        settings: settings.clone(),
        seed: None,
        replications: arguments.quick.then_some(1),
    };
    let scenario = Scenario::load(&arguments.results.join(SCENARIO), &overrides, registry).map_err(|error| {
        match (&error, file_key(&results)) {
            (InputError::Missing { .. }, Some(key)) => error.help(format!(
                "the scenario of results names files as they were named when it ran; say where this one is: --set {key}=PATH"
            )),
            _ => error,
        }
    })?;
    Ok((results, presentation, scenario, settings))
}

/// Where the files that the scenario names lie, as settings, as far as they are to be found from where the scenario lay when it
/// ran. What lies there may be another file by now: its digest is compared.
fn found_files(results: &Results) -> Vec<String> {
    let timing = results.timing().ok().flatten();
    let scenario = timing.as_ref().and_then(|timing| timing.get("scenario_file")?.as_str());
    let Some(folder) = scenario.and_then(|file| Path::new(file).parent()) else {
        return Vec::new();
    };
    // A swept path stays as it was named: it is a value of its axis.
    let swept = |key: &str| {
        results
            .scenario
            .get("sweep")
            .is_some_and(|sweep| sweep.inline().contains(key))
    };
    let setting = |key: &str| {
        let named: String = Deserialize::deserialize(results.scenario.get(key)?).ok()?;
        let path = folder.join(named);
        let value = toml::Value::from(path.display().to_string());
        path.is_file().then(|| format!("{key}={value}"))
    };
    FILE_KEYS
        .into_iter()
        .filter(|key| !swept(key))
        .filter_map(setting)
        .collect()
}

/// The first of the keys that name a file, if there is one.
fn file_key(results: &Results) -> Option<&'static str> {
    FILE_KEYS.into_iter().find(|key| results.scenario.get(key).is_some())
}

/// Holds the files that the scenario reads against those that the results were made from. The scenario file itself is not
/// among them: that of the results has everything from the command line laid over it.
fn same_inputs(manifest: &Manifest, scenario: &Scenario) -> Result<(), String> {
    for (then, now) in manifest.inputs.iter().zip(&scenario.inputs).skip(1) {
        if then.sha256 != now.sha256 {
            return Err(format!(
                "{} is not the file that the results were made from: {} had the SHA-256 {}, this one has {}; \
                 name the right one with --set KEY=PATH",
                now.path.display(),
                then.file,
                then.sha256,
                now.sha256
            ));
        }
    }
    Ok(())
}

/// What else than the scenario may make a difference.
fn changes(then: &Manifest, now: &Manifest) -> Vec<String> {
    let pairs = [
        ("version", &then.version, &now.version),
        ("commit", &then.commit, &now.commit),
        ("lock file", &then.lock_file_sha256, &now.lock_file_sha256),
        ("generator", &then.generator, &now.generator),
    ];
    let changed = pairs.into_iter().filter(|(_, then, now)| then != now);
    changed
        .map(|(what, then, now)| format!("the results were made with {what} {then}; this is {now}"))
        .collect()
}

/// Compares the figures: their data, and the SVG where there is one, which is the same on every machine.
fn figures(
    results: &Results,
    presentation: &Presentation,
    output: &Output,
    comparison: &mut Comparison<'_>,
) -> Result<(), InputError> {
    let table = |name: &str| {
        output
            .tables
            .iter()
            .find(|(table, _)| table == name)
            .map(|(_, table)| table)
    };
    for figure in &presentation.figures {
        let name = format!("figures/{}", figure.name);
        let path = results.folder.join(format!("{name}.csv"));
        // What could not be drawn then has no data.
        let then = path.exists().then(|| read_table_file(&path)).transpose()?;
        let drawing = figure.draw(&table).ok();
        let now: Option<&Table> = drawing.as_ref().map(|drawing| &drawing.data);
        comparison.figure(&name, then.as_ref(), now);
        let path = results.folder.join(format!("{name}.svg"));
        if let (true, Some(drawing)) = (path.exists(), &drawing) {
            let then = std::fs::read(&path).map_err(|error| InputError::missing(&path, &error))?;
            let line = first_difference(&then, drawing.svg.as_bytes());
            comparison.picture(&name, line.filter(|_| !is_at_another_width(&then, figure, &table)));
        }
    }
    Ok(())
}

/// Whether it is the picture that `peerscope plot --width` draws.
fn is_at_another_width<'t>(svg: &[u8], figure: &Figure, table: &dyn Fn(&str) -> Option<&'t Table>) -> bool {
    [Width::Column, Width::Page].into_iter().any(|width| {
        let other = Figure {
            width,
            ..figure.clone()
        };
        other.draw(table).is_ok_and(|drawing| drawing.svg.as_bytes() == svg)
    })
}

/// The first line, from one, in which two texts differ.
fn first_difference(one: &[u8], other: &[u8]) -> Option<usize> {
    if one == other {
        return None;
    }
    let end = |byte: &u8| *byte == b'\n';
    let pairs = one.split(end).zip(other.split(end));
    Some(1 + pairs.take_while(|(one, other)| one == other).count())
}

/// The command that shows a run event by event.
fn trace(arguments: &Verify, settings: &[String], point: usize, replication: u32) -> String {
    let file = shell_word(&arguments.results.join(SCENARIO).display().to_string());
    let settings = settings.iter().map(|setting| format!(" --set {}", shell_word(setting)));
    let settings: String = settings.collect();
    format!(
        "peerscope trace {file}{settings} --point {} --replication {replication}",
        point + 1
    )
}
