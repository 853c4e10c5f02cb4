//! Expressions of a sweep held against its axes: what each key that they name has at a point.

use std::ops::Range;

use super::axis::{AxisValues, joined, swept_key};
use super::expression::{Expression, Fault, Operand, Value};
use super::group::Group;
use crate::input::{Document, Entry, InputError, KeyPath, Node, Origin, Value as Written, closest, list};
use crate::units::{self, Quantity};

/// An expression with its place in the scenario.
pub(super) struct Formula {
    /// How messages call it: `sweep.where`, `sweep.derived.run.duration`.
    pub(super) title: String,
    pub(super) node: Node,
    pub(super) expression: Expression,
}

/// A key and the expression that its value comes from.
pub(super) struct Derived {
    pub(super) path: KeyPath,
    pub(super) key_origin: Origin,
    pub(super) formula: Formula,
}

/// Where the value of a key comes from.
pub(super) enum Source {
    /// It is the same at all points.
    Constant(Operand),
    /// From the values of a group of axes, one for each.
    Group(usize, Vec<Operand>),
    /// From another expression.
    Derived(usize),
}

impl Formula {
    /// Reads the expression that a node holds.
    pub(super) fn read(title: String, node: &Node) -> Result<Self, InputError> {
        let Written::String(text) = &node.value else {
            let message = format!("{title}: expected an expression in quotes, found {}", node.kind());
            return Err(InputError::at(&node.origin, message).labelled("not an expression"));
        };
        let expression = Expression::parse(text).map_err(|fault| complaint(&title, node, fault, None))?;
        Ok(Formula {
            title,
            node: node.clone(),
            expression,
        })
    }

    /// Its value at a point, which a note names where there is none.
    pub(super) fn evaluate(
        &self,
        operands: &dyn Fn(usize) -> Operand,
        point: &dyn Fn() -> String,
    ) -> Result<Value, InputError> {
        let value = self.expression.evaluate(operands);
        value.map_err(|fault| complaint(&self.title, &self.node, fault, Some(point())))
    }

    /// A complaint about a part of the expression.
    pub(super) fn error_at(&self, part: Range<usize>, message: &str) -> InputError {
        InputError::at(&self.node.part(part), format!("{}: {message}", self.title))
    }
}

fn complaint(title: &str, node: &Node, fault: Fault, point: Option<String>) -> InputError {
    let mut origin = node.part(fault.at);
    if let Some(point) = point.filter(|point| !point.is_empty()) {
        origin = origin.with_note(format!("at {point}"));
    }
    let error = InputError::at(&origin, format!("{title}: {}", fault.message)).labelled(fault.label);
    match fault.help {
        Some(help) => error.help(help),
        None => error,
    }
}

/// Finds the derived keys below a key; `run.duration` without quotes is a table within a table.
pub(super) fn collect_derived(above: &str, entry: &Entry, derived: &mut Vec<Derived>) -> Result<(), InputError> {
    let key = joined(above, &entry.key);
    if let Written::Table(table) = &entry.node.value {
        return table
            .entries()
            .iter()
            .try_for_each(|inner| collect_derived(&key, inner, derived));
    }
    let path = swept_key(&key, entry)?;
    derived.push(Derived {
        formula: Formula::read(format!("sweep.derived.{path}"), &entry.node)?,
        key_origin: entry.key_origin.clone(),
        path,
    });
    Ok(())
}

/// Where the keys of an expression get their values: an axis of the key or of a table around it, another expression, or the
/// scenario itself. What is laid over the scenario last decides.
pub(super) fn sources(
    formula: &Formula,
    groups: &[Group],
    derived: &[Derived],
    base: &Document,
) -> Result<Vec<Source>, InputError> {
    let keys = formula.expression.keys.iter();
    keys.map(|(path, place)| {
        let key = path.to_string();
        if let Some(index) = derived.iter().position(|derived| derived.path.to_string() == key) {
            return Ok(Source::Derived(index));
        }
        let axes = groups
            .iter()
            .enumerate()
            .flat_map(|(group, Group { axes, .. })| axes.iter().map(move |axis| (group, axis)));
        let around =
            |(_, axis): &(usize, &AxisValues)| axis.path.segments().zip(path.segments()).all(|(a, b)| a.0 == b.0);
        let mut deciding = axes.filter(|(_, axis)| axis.path.segments().len() <= path.segments().len());
        if let Some((group, axis)) = deciding.rfind(around) {
            let operands = axis.values.iter().map(|listed| {
                let inside = path.segments().skip(axis.path.segments().len()).map(|(name, _)| name);
                let mut operand = operand(listed.value.inside(inside));
                if axis.path.segments().len() == path.segments().len() {
                    operand.label = Some(listed.label.clone());
                }
                operand
            });
            let operands: Vec<Operand> = operands.collect();
            if operands.iter().any(|operand| operand.value != Value::Missing) {
                return Ok(Source::Group(group, operands));
            }
        } else if let Some(node) = base.get(&key) {
            return Ok(Source::Constant(operand(Some(node))));
        }
        Err(unknown(formula, path, place.clone(), groups, base))
    })
    .collect()
}

fn operand(node: Option<&Node>) -> Operand {
    let Some(node) = node else {
        return Value::Missing.into();
    };
    let value = match &node.value {
        Written::Integer(number) => Value::Number(Quantity::plain(*number as f64)),
        Written::Float(number) => Value::Number(Quantity::plain(*number)),
        Written::Boolean(truth) => Value::Truth(*truth),
        Written::String(text) => match Quantity::split(text) {
            Some((number, unit, _)) => Value::Number(unit.quantity(number)),
            None => Value::Text(text.as_str().into()),
        },
        Written::Array(_) | Written::Table(_) => Value::Other(node.kind()),
    };
    Operand {
        value,
        label: Some(node.inline().into()),
    }
}

/// A key that is neither written nor swept.
fn unknown(formula: &Formula, path: &KeyPath, place: Range<usize>, groups: &[Group], base: &Document) -> InputError {
    let key = path.to_string();
    let mut keys = Vec::new();
    written_keys("", base.root(), &mut keys);
    keys.extend(
        groups
            .iter()
            .flat_map(|group| &group.axes)
            .map(|axis| axis.path.to_string()),
    );
    let error = formula.error_at(place, &format!("`{key}` is not written in this scenario"));
    let error = match closest(&key, keys.iter().map(String::as_str)) {
        Some(guess) => error.labelled(format!("did you mean `{guess}`?")),
        None => error.labelled("has no value"),
    };
    error.help("an expression sees what is written, no defaults: write the key with its value, if it has one")
}

/// The dotted keys of all values below a node.
fn written_keys(above: &str, node: &Node, keys: &mut Vec<String>) {
    for entry in node.as_table().into_iter().flat_map(|table| table.entries()) {
        let key = joined(above, &entry.key);
        match entry.node.as_table() {
            Some(_) => written_keys(&key, &entry.node, keys),
            None => keys.push(key),
        }
    }
}

/// The derived keys in an order in which each comes after those that it is made from.
///
/// # Errors
/// [`InputError::Invalid`] at a key that depends on itself.
pub(super) fn order(derived: &[Derived], sources: &[Vec<Source>]) -> Result<Vec<usize>, InputError> {
    let mut order = Vec::new();
    let mut way = Vec::new();
    for index in 0..derived.len() {
        visit(index, derived, sources, &mut way, &mut order)?;
    }
    Ok(order)
}

fn visit(
    index: usize,
    derived: &[Derived],
    sources: &[Vec<Source>],
    way: &mut Vec<usize>,
    order: &mut Vec<usize>,
) -> Result<(), InputError> {
    if order.contains(&index) {
        return Ok(());
    }
    let Some(Derived { path, formula, .. }) = derived.get(index) else {
        return Ok(());
    };
    if let Some(start) = way.iter().position(|on_way| *on_way == index) {
        let names: Vec<String> = way[start..]
            .iter()
            .map(|index| derived[*index].path.to_string())
            .collect();
        let message = format!("{}: `{path}` depends on itself", formula.title);
        return Err(InputError::at(&formula.node.origin, message)
            .labelled("needs its own value")
            .help(format!(
                "these depend on each other: {}",
                list(names.iter().map(String::as_str))
            )));
    }
    way.push(index);
    for needed in needed(sources.get(index)) {
        visit(needed, derived, sources, way, order)?;
    }
    way.pop();
    order.push(index);
    Ok(())
}

/// The derived keys that an expression names.
pub(super) fn needed(sources: Option<&Vec<Source>>) -> Vec<usize> {
    let sources = sources.into_iter().flatten();
    sources
        .filter_map(|source| match source {
            Source::Derived(index) => Some(*index),
            _ => None,
        })
        .collect()
}

/// The value of a key from that of its expression.
///
/// # Errors
/// [`InputError::Invalid`] where no key takes such a value.
pub(super) fn derived_value(derived: &Derived, value: &Value, point: &str) -> Result<Node, InputError> {
    let Derived { path, formula, .. } = derived;
    let origin = &formula.node.origin;
    let refused = |message: &str| {
        let error = InputError::at(origin, format!("{}: {message}", formula.title));
        Err(error.labelled("expected a number, with or without a unit"))
    };
    let place = if point.is_empty() {
        String::new()
    } else {
        format!(" at {point}")
    };
    let value = match value {
        Value::Number(quantity) => match quantity.written() {
            Ok(units::Written::Whole(number)) => Written::Integer(number),
            Ok(units::Written::Number(number)) => Written::Float(number),
            Ok(units::Written::Text(text)) => Written::String(text),
            Err(message) => return refused(&format!("{message}{place}")),
        },
        Value::Truth(truth) => Written::Boolean(*truth),
        other => return refused(&format!("the result is {}{place}", other.describe())),
    };
    let hint = match value {
        Written::Float(_) => "; round(…), floor(…) and ceil(…) make whole numbers",
        _ => "",
    };
    let mut node = Node {
        value,
        origin: origin.clone(),
    };
    let note = format!("`{path}` is derived: {}{place}{hint}", node.inline());
    node.origin = node.origin.with_note(note);
    Ok(node)
}
