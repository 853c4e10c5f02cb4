//! From one document to the points of its sweep.

mod listed;

use std::collections::BTreeSet;

use listed::Listed;

use crate::input::{Document, Entry, InputError, KeyPath, Node, SourceKind, Table, Value, closest, list};

/// The most points that a sweep may have.
const POINT_LIMIT: usize = 10_000;

/// The keys that hold for the whole scenario and not for one point.
const FIXED: [&str; 10] = [
    "name",
    "title",
    "description",
    "cites",
    "seed",
    "replications",
    "sweep",
    "full",
    "figure",
    "expect",
];

/// The tables whose keys may differ from point to point.
pub(super) const SWEEPABLE: [&str; 16] = [
    "run",
    "nodes",
    "bring_up",
    "network",
    "loss",
    "connectivity",
    "partition",
    "access_links",
    "link_failure",
    "churn",
    "mass_failure",
    "flash_crowd",
    "protocol",
    "workload",
    "measure",
    "observe",
];

/// A key that takes several values.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The dotted key.
    pub key: String,
    /// Its values in order, each by its name or as written.
    pub values: Vec<String>,
}

/// A point of the sweep: its document, and the values that set it apart, one an axis.
pub(super) struct Expanded {
    pub(super) document: Document,
    pub(super) settings: Vec<(String, String)>,
}

/// The axes of a document and the points of their cross product. The first axis in the file varies slowest.
pub(super) fn expand(base: &Document) -> Result<(Vec<Axis>, Vec<Expanded>), InputError> {
    let axes = axes(base)?;
    let mut points = vec![Expanded {
        document: base.clone(),
        settings: Vec::new(),
    }];
    for axis in &axes {
        axis.check_distinct()?;
        let count = points.len().saturating_mul(axis.values.len());
        if count > POINT_LIMIT {
            let message = format!("this axis makes {count} points: a sweep has at most {POINT_LIMIT}");
            return Err(InputError::at(&axis.entry.key_origin, message).labelled("too many points"));
        }
        let crossed = points
            .iter()
            .flat_map(|point| axis.values.iter().map(|value| axis.point(point, value)));
        points = crossed.collect::<Result<_, _>>()?;
    }
    Ok((axes.iter().map(Found::summary).collect(), points))
}

/// Lays the command line over the sweep: an axis given there replaces that of the file, and a key set there has only that
/// value, so that `--set` is never without effect. A value with a name can be chosen by it.
pub(super) fn resolve(document: &mut Document) -> Result<(), InputError> {
    let Some(sweep) = document.get("sweep") else {
        return Ok(());
    };
    let origin = sweep.origin.clone();
    let resolved = |axis: &Found<'_>| {
        let set = document
            .get(&axis.path.to_string())
            .filter(|value| from_command_line(value));
        let node = match set.filter(|_| !from_command_line(&axis.entry.node)) {
            Some(set) => {
                let chosen = axis.values.iter().find(|value| value.is_called(set));
                let value = chosen.map_or(set, |chosen| chosen.written);
                Node {
                    value: Value::Array(vec![value.clone()]),
                    origin: set.origin.clone(),
                }
            }
            None => axis.entry.node.clone(),
        };
        Entry {
            key: axis.path.to_string(),
            key_origin: axis.entry.key_origin.clone(),
            node,
        }
    };
    let value = Value::Table(Table::new(axes(document)?.iter().map(resolved).collect()));
    document.set(
        &KeyPath::through(["sweep"]),
        Node {
            value,
            origin: origin.clone(),
        },
        &[origin],
    )
}

fn from_command_line(node: &Node) -> bool {
    *node.origin.source().kind() == SourceKind::CommandLine
}

/// The axes in the order of the file.
fn axes(document: &Document) -> Result<Vec<Found<'_>>, InputError> {
    let mut axes = Vec::new();
    if let Some(sweep) = document.get("sweep") {
        let Value::Table(table) = &sweep.value else {
            return Err(document.error_at("sweep", format!("expected a table of lists, found {}", sweep.kind())));
        };
        for entry in table.entries() {
            collect("", entry, &mut axes)?;
        }
    }
    Ok(axes)
}

/// An axis as found in the document.
struct Found<'a> {
    /// The key that is swept.
    path: KeyPath,
    entry: &'a Entry,
    values: Vec<Listed<'a>>,
}

impl Found<'_> {
    /// Refuses a value that is listed twice: its points could not be told apart in a table.
    fn check_distinct(&self) -> Result<(), InputError> {
        let mut seen = BTreeSet::new();
        match self.values.iter().find(|value| !seen.insert(value.label())) {
            None => Ok(()),
            Some(value) => Err(value.twice(&self.path.to_string())),
        }
    }

    fn summary(&self) -> Axis {
        Axis {
            key: self.path.to_string(),
            values: self.values.iter().map(Listed::label).collect(),
        }
    }

    fn point(&self, point: &Expanded, listed: &Listed<'_>) -> Result<Expanded, InputError> {
        let note = format!("the value is one of the sweep axis `{}`", self.path);
        let value = Node {
            value: listed.value.value.clone(),
            origin: listed.value.origin.clone().with_note(note),
        };
        let key_origins = vec![self.entry.key_origin.clone(); self.path.segments().len()];
        let mut settings = point.settings.clone();
        settings.push((self.path.to_string(), listed.label()));
        let mut document = point.document.clone();
        document.set(&self.path, value, &key_origins)?;
        Ok(Expanded { document, settings })
    }
}

/// Finds the axes below a key; `nodes.count` without quotes is a table within a table.
fn collect<'a>(above: &str, entry: &'a Entry, axes: &mut Vec<Found<'a>>) -> Result<(), InputError> {
    let at_key = |message: String| InputError::at(&entry.key_origin, message);
    let key = if above.is_empty() {
        entry.key.clone()
    } else {
        format!("{above}.{}", entry.key)
    };
    match &entry.node.value {
        Value::Table(table) => table.entries().iter().try_for_each(|inner| collect(&key, inner, axes)),
        Value::Array(values) if !values.is_empty() => {
            let path = KeyPath::parse_str(&key)
                .map_err(|(message, _)| at_key(format!("`{key}` is no dotted key: {message}")))?;
            check(&path, entry)?;
            let values = values.iter().map(|value| Listed::read(&path.to_string(), value));
            let values = values.collect::<Result<_, _>>()?;
            let found = Found { path, entry, values };
            match axes
                .iter_mut()
                .find(|axis| axis.path.to_string() == found.path.to_string())
            {
                None => axes.push(found),
                Some(earlier) if from_command_line(&entry.node) => *earlier = found,
                Some(_) => return Err(at_key(format!("`{key}` is swept twice")).labelled("the second time")),
            }
            Ok(())
        }
        _ => Err(
            InputError::at(&entry.node.origin, format!("sweep.{key}: expected a list of values"))
                .labelled("not a list with at least one value")
                .help(format!("for example: \"{key}\" = [1, 2, 3]")),
        ),
    }
}

fn check(path: &KeyPath, entry: &Entry) -> Result<(), InputError> {
    let first = path.first();
    if FIXED.contains(&first) {
        let error = InputError::at(
            &entry.key_origin,
            format!("`{first}` holds for all points and cannot be swept"),
        );
        return Err(match first {
            "seed" => error.help("different random numbers are what `replications` are for"),
            _ => error.help(format!("keys of these tables can be swept: {}", list(SWEEPABLE))),
        });
    }
    if !SWEEPABLE.contains(&first) {
        let error = InputError::at(&entry.key_origin, format!("unknown key `{path}`"));
        let error = error.help(format!("keys of these tables can be swept: {}", list(SWEEPABLE)));
        return Err(match closest(first, SWEEPABLE) {
            Some(guess) => error.labelled(format!("did you mean `{guess}`?")),
            None => error.labelled("there is no such table"),
        });
    }
    Ok(())
}
