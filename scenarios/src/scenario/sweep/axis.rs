//! A key that takes several values, as it is written.

use super::listed::Listed;
use super::{FIXED, SWEEPABLE, range};
use crate::input::{Entry, InputError, KeyPath, Node, Origin, SourceKind, Value, closest, list};

/// A key and its values.
#[derive(Clone, Debug)]
pub(super) struct AxisValues {
    /// The key that is swept.
    pub(super) path: KeyPath,
    pub(super) key_origin: Origin,
    /// Where the list or range stands.
    pub(super) origin: Origin,
    /// At least one.
    pub(super) values: Vec<Listed>,
}

impl AxisValues {
    /// Whether the axis was given on the command line, and not only a value for its key.
    pub(super) fn is_of_command_line(&self) -> bool {
        is_from_command_line(&self.origin)
    }

    /// The axis with only this value, which the command line gives its key, or chooses by its name.
    pub(super) fn fixed(&self, set: &Node) -> Result<Self, InputError> {
        let chosen = self.values.iter().find(|value| value.is_called(set));
        let value = match chosen {
            Some(chosen) => chosen.clone(),
            None => Listed::read(&self.path.to_string(), set)?,
        };
        Ok(AxisValues {
            origin: set.origin.clone(),
            values: vec![value],
            ..self.clone()
        })
    }

    /// The value of a point, with a remark where it comes from.
    pub(super) fn value(&self, index: usize) -> Node {
        let Node { value, origin } = &self.values[index].value;
        let of_range = origin.note().map_or_else(String::new, |note| format!(", {note}"));
        let note = format!("the value is one of the sweep axis `{}`{of_range}", self.path);
        Node {
            value: value.clone(),
            origin: origin.clone().with_note(note),
        }
    }

    /// Where each part of the key is written.
    pub(super) fn key_origins(&self) -> Vec<Origin> {
        vec![self.key_origin.clone(); self.path.segments().len()]
    }

    /// The axis as an entry of the table `[sweep]`, its values one by one.
    pub(super) fn entry(&self) -> Entry {
        let values = self.values.iter().map(|value| value.written.clone());
        Entry {
            key: self.path.to_string(),
            key_origin: self.key_origin.clone(),
            node: Node {
                value: Value::Array(values.collect()),
                origin: self.origin.clone(),
            },
        }
    }
}

pub(super) fn is_from_command_line(origin: &Origin) -> bool {
    *origin.source().kind() == SourceKind::CommandLine
}

/// Finds the axes below a key; `nodes.count` without quotes is a table within a table.
pub(super) fn collect(above: &str, entry: &Entry, axes: &mut Vec<AxisValues>) -> Result<(), InputError> {
    let key = joined(above, &entry.key);
    let read = |values: &[Node]| {
        let path = swept_key(&key, entry)?;
        let values = values.iter().map(|value| Listed::read(&path.to_string(), value));
        Ok(AxisValues {
            values: values.collect::<Result<_, InputError>>()?,
            path,
            key_origin: entry.key_origin.clone(),
            origin: entry.node.origin.clone(),
        })
    };
    match &entry.node.value {
        Value::Array(values) if !values.is_empty() => axes.push(read(values)?),
        Value::Table(table) => match range::written(&entry.node) {
            Some(written) => axes.push(read(&range::values(&key, written)?)?),
            None => return table.entries().iter().try_for_each(|inner| collect(&key, inner, axes)),
        },
        _ => {
            let message = format!("sweep.{key}: expected a list of values, or a range");
            return Err(InputError::at(&entry.node.origin, message)
                .labelled("not a list with at least one value")
                .help(format!("for example: \"{key}\" = [1, 2, 3]"))
                .help(format!(
                    "or: \"{key}\" = {{ linear = {{ from = 1, to = 10, step = 1 }} }}"
                )));
        }
    }
    Ok(())
}

/// The dotted key of an entry below another.
pub(super) fn joined(above: &str, key: &str) -> String {
    match above {
        "" => key.to_owned(),
        above => format!("{above}.{key}"),
    }
}

/// The key of an axis or of a derived value, if there is one that may differ from point to point.
pub(super) fn swept_key(key: &str, entry: &Entry) -> Result<KeyPath, InputError> {
    let at_key = |message: String| InputError::at(&entry.key_origin, message);
    let path =
        KeyPath::parse_str(key).map_err(|(message, _)| at_key(format!("`{key}` is no dotted key: {message}")))?;
    let first = path.first();
    let sweepable = || format!("keys of these tables can be swept: {}", list(SWEEPABLE));
    if FIXED.contains(&first) {
        let error = at_key(format!("`{first}` holds for all points and cannot be swept"));
        return Err(match first {
            "seed" => error.help("different random numbers are what `replications` are for"),
            _ => error.help(sweepable()),
        });
    }
    if !SWEEPABLE.contains(&first) {
        let error = at_key(format!("unknown key `{path}`")).help(sweepable());
        return Err(match closest(first, SWEEPABLE) {
            Some(guess) => error.labelled(format!("did you mean `{guess}`?")),
            None => error.labelled("there is no such table"),
        });
    }
    Ok(path)
}
