//! `peerscope topology`: what a graph of routers looks like, in numbers and in pictures.
//!
//! With `--json`, what [`object`](object::object) says.

mod object;
mod tables;

use std::fmt::Write;
use std::io;
use std::path::Path;

use sim_core::addr::NodeAddr;
use sim_core::random::StreamKey;

use super::arguments::Topology;
use super::publish::{self, FigureFiles, PublishError};
use super::terminal::Terminal;
use crate::exit::Exit;
use crate::registry::Registry;
use crate::results::ResultsFolder;
use crate::scenario::{GraphSource, NetworkModel, RoutedNetwork, Scenario};
use crate::topology::{Distribution, Metrics};

/// The graph that is looked at.
struct Subject {
    /// What it is called: the file's name, or the scenario's.
    name: String,
    network: RoutedNetwork,
    hosts: Option<HostCounts>,
    metrics: Metrics,
}

/// Where the hosts of a scenario are, in its first replication.
struct HostCounts {
    hosts: usize,
    /// How many routers have any.
    routers: usize,
    /// How many the router with the most has.
    most: usize,
}

pub(super) fn topology(arguments: &Topology, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    if let Some(target) = &arguments.output
        && let Err(error) = ResultsFolder::check(target, arguments.force)
    {
        terminal.complain(&error.to_string());
        return Ok(error.exit());
    }
    let (name, network, hosts) = match subject(arguments, registry, terminal) {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    let metrics = Metrics::of(&network.topology.graph);
    let subject = Subject {
        name,
        network,
        hosts,
        metrics,
    };
    terminal.print(&words(&subject))?;
    if let Some(report) = terminal.report() {
        report.set("topology", object::object(&subject));
    }
    match &arguments.output {
        Some(target) => draw(&subject, target, arguments, terminal),
        None => Ok(Exit::Done),
    }
}

/// The graph that the command line names, or the exit code of a refusal that has been told.
fn subject(
    arguments: &Topology,
    registry: &Registry,
    terminal: &mut Terminal<'_>,
) -> Result<(String, RoutedNetwork, Option<HostCounts>), Exit> {
    let name = || {
        arguments
            .file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let overrides = arguments.changes.overrides();
    if arguments.file.extension().is_none_or(|ending| ending != "toml") {
        if overrides.full || overrides.seed.is_some() || arguments.point.is_some() {
            terminal.complain("--full, --seed and --point are for scenario files, whose names end in .toml");
            return Err(Exit::Usage);
        }
        let network = RoutedNetwork::of_file(&arguments.file, &overrides.settings);
        return Ok((name(), network.map_err(|error| terminal.refuse(&error))?, None));
    }
    let scenario = Scenario::load(&arguments.file, &overrides, registry).map_err(|error| terminal.refuse(&error))?;
    let mut usage = |reason: String| {
        terminal.complain(&format!("{}: {reason}", scenario.name));
        Exit::Usage
    };
    let point = scenario.point(arguments.point).map_err(&mut usage)?;
    let NetworkModel::Topology(network) = &point.network.model else {
        return Err(usage(format!(
            "its network has no routers: {}; `peerscope list` names the networks that have",
            point.network
        )));
    };
    let count = point.hosts().count(point.nodes);
    let streams = StreamKey::root(scenario.seed, 0);
    let routers = network
        .build(count as usize, streams)
        .map_err(|error| usage(error.to_string()))?;
    let mut at = vec![0; network.topology.routers.len()];
    (0..count).for_each(|host| at[routers.router_of(NodeAddr(host))] += 1);
    let hosts = HostCounts {
        hosts: count as usize,
        routers: at.iter().filter(|hosts| **hosts > 0).count(),
        most: at.iter().max().copied().unwrap_or(0),
    };
    Ok((scenario.name.clone(), network.clone(), Some(hosts)))
}

/// The numbers, line by line.
fn words(subject: &Subject) -> String {
    let Subject {
        name,
        network,
        hosts,
        metrics,
    } = subject;
    let mut text = format!("{name}\n");
    let mut line = |name: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:11} {value}");
    };
    match &network.source {
        GraphSource::File(input) => line("file", input.path.display().to_string()),
        GraphSource::Generated { model, .. } => line("generated", model.to_string()),
    }
    line("routers", metrics.degrees.len().to_string());
    line("links", network.topology.links.to_string());
    let treatment = network.treatment();
    if !treatment.is_empty() {
        line("treatment", treatment);
    }
    if let Some(HostCounts { hosts, routers, most }) = hosts {
        line("hosts", format!("{hosts} at {routers} routers, at most {most} at one"));
    }
    line("degree", summary(&metrics.degree(), whole, "maximum"));
    line(
        "clustering",
        format!(
            "{:.4} (mean of the routers), {:.4} (transitivity)",
            metrics.clustering, metrics.transitivity
        ),
    );
    line("link delay", summary(&metrics.link_delays, in_ms, "maximum"));
    let paths = &metrics.paths;
    let all = paths.sources == metrics.degrees.len();
    let most = if all { "diameter" } else { "diameter at least" };
    line("hops", summary(&paths.hops, whole, most));
    line("delay", summary(&paths.delays, in_ms, most));
    line(
        "paths",
        match all {
            true => format!("between all {} pairs of routers", paths.hops.count()),
            false => format!("from {} random routers to all others", paths.sources),
        },
    );
    if paths.without > 0 {
        line("no path", format!("{} pairs", paths.without));
    }
    text
}

/// A distribution on a line, its numbers in the words of `shown`.
fn summary(of: &Distribution, shown: fn(f64) -> String, most: &str) -> String {
    let Some(mean) = of.mean() else {
        return "none".to_owned();
    };
    let number = |number: Option<u32>| number.map(|number| shown(number.into())).unwrap_or_default();
    format!(
        "minimum {}, mean {}, median {}, 95th percentile {}, {most} {}",
        number(of.minimum()),
        shown(mean),
        number(of.quantile(0.5)),
        number(of.quantile(0.95)),
        number(of.maximum())
    )
}

/// A number of things, or a mean of such numbers.
fn whole(number: f64) -> String {
    match number.fract() == 0.0 {
        true => number.to_string(),
        false => format!("{number:.2}"),
    }
}

/// Nanoseconds in the unit of delays on the Internet.
fn in_ms(nanos: f64) -> String {
    format!("{:.3} ms", nanos / 1e6)
}

/// Writes tables and figures into a folder, whole or not at all.
fn draw(subject: &Subject, target: &Path, arguments: &Topology, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let folder = match ResultsFolder::begin(target, arguments.force) {
        Ok(folder) => folder,
        Err(error) => {
            terminal.complain(&error.to_string());
            return Ok(error.exit());
        }
    };
    let tables = tables::tables(subject);
    let mut exit = Exit::Done;
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    if subject.network.topology.links > tables::DRAWN_LINKS {
        terminal.warn(&format!(
            "a picture of more than {} links would show nothing but ink: the graph is not drawn",
            tables::DRAWN_LINKS
        ));
    }
    for drawn in publish::figures(&tables::figures(subject), &tables, &arguments.format) {
        match drawn {
            Ok(FigureFiles { name, files: formats }) => files.extend(
                formats
                    .into_iter()
                    .map(|(extension, contents)| (format!("figures/{name}.{extension}"), contents)),
            ),
            Err(error) => {
                terminal.complain(&error.to_string());
                exit = Exit::Failed;
            }
        }
    }
    let written = || -> Result<(), PublishError> {
        for (name, table) in &tables {
            folder.write(&format!("{name}.csv"), &publish::csv(table)?)?;
        }
        for (name, contents) in &files {
            folder.write(name, contents)?;
        }
        folder.write("manifest.toml", manifest(subject).as_bytes())?;
        Ok(folder.finish().map(drop)?)
    };
    if let Err(error) = written() {
        terminal.complain(&error.to_string());
        return Ok(error.exit());
    }
    terminal.print(&format!("  written to  {}\n", target.display()))?;
    Ok(exit)
}

/// What the folder was made from.
fn manifest(subject: &Subject) -> String {
    let text = |text: &str| toml::Value::String(text.to_owned());
    let mut manifest = toml::Table::new();
    manifest.insert("topology".to_owned(), text(&subject.name));
    manifest.insert("version".to_owned(), text(env!("CARGO_PKG_VERSION")));
    manifest.insert("commit".to_owned(), text(env!("PEERSCOPE_COMMIT")));
    match &subject.network.source {
        GraphSource::File(input) => {
            let name = input.path.file_name().unwrap_or_default().to_string_lossy();
            manifest.insert("file".to_owned(), text(&name));
            manifest.insert("sha256".to_owned(), text(&input.sha256));
        }
        GraphSource::Generated { model, .. } => {
            manifest.insert("generated".to_owned(), text(&model.to_string()));
        }
    }
    manifest.to_string()
}
