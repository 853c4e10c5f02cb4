//! Sweeps in the schema: any key of some tables with a list of its values, each alone or with a name, or with a range; zips of
//! these, derived keys and a filter; and a key that is swept or derived may be missing from its table.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Object;
use crate::scenario::sweep::{BESIDE_AXES, POINT_LIMIT, SWEEPABLE};

/// How deep tables lie within each other at most: far deeper than any, but an end where a type contains itself.
const DEPTH: usize = 8;

/// Describes the table `[sweep]`, and lets a key be missing where an axis sets it.
pub(super) fn allow(root: &mut Value) {
    let mut found = Found {
        root,
        axes: Object::new(),
        rules: Vec::new(),
        definitions: BTreeSet::new(),
    };
    for table in SWEEPABLE {
        if let Some(schema) = found.root.pointer(&format!("/properties/{table}")) {
            let nested = found.visit(&[table], schema);
            // `nodes` alone is no axis beside `"nodes.count"`, unless it is a list.
            found.axes.insert(table.to_owned(), nested);
        }
    }
    // A key of an element of a list, such as `partition.0.until`, has no name that could be told before.
    let can_be_list = |table: &&str| {
        let schema = root.pointer(&format!("/properties/{table}"));
        schema.is_some_and(|schema| allows_list(root, schema))
    };
    let elements: Object = (SWEEPABLE.into_iter().filter(can_be_list))
        .map(|table| {
            (
                format!(r"^{table}\.[0-9]+\."),
                json!({ "type": "array", "minItems": 1 }),
            )
        })
        .collect();
    let Found {
        mut axes,
        mut rules,
        definitions,
        ..
    } = found;
    for table in SWEEPABLE {
        if let Some(schema) = root.pointer_mut(&format!("/properties/{table}")) {
            require_nothing(schema);
        }
    }
    for name in definitions {
        if let Some(schema) = root.pointer_mut(&name) {
            require_nothing(schema);
        }
    }
    if let Some(Value::Array(required)) = root.get_mut("required") {
        let is_swept = |key: &Value| key.as_str().is_some_and(|key| SWEEPABLE.contains(&key));
        let top: Vec<Value> = required.extract_if(.., |key| is_swept(key)).collect();
        rules.extend(top.iter().filter_map(Value::as_str).map(|key| rule(&[], key)));
    }
    root["allOf"] = rules.into();
    root["$defs"][NAME] = json!({
        "description": "What tables and figures show in place of the value.",
        "type": "string",
        "minLength": 1,
    });
    root["$defs"][RANGE] = range();
    root["$defs"][DERIVED] = json!({
        "anyOf": [
            { "type": "string", "minLength": 1 },
            { "type": "object", "additionalProperties": { "$ref": format!("#/$defs/{DERIVED}") } },
        ],
    });
    allow_full(root);
    axes.extend(beside_axes());
    if let Some(sweep) = root.pointer_mut("/properties/sweep").and_then(Value::as_object_mut) {
        sweep.insert("properties".to_owned(), axes.into());
        sweep.insert("patternProperties".to_owned(), elements.into());
        sweep.insert("additionalProperties".to_owned(), false.into());
    }
}

/// Whether a list is one of the ways to write a value.
fn allows_list(root: &Value, schema: &Value) -> bool {
    let referred = schema.get("$ref").and_then(Value::as_str);
    let definition = referred.and_then(|name| root.pointer(name.strip_prefix('#')?));
    let ways = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    schema.get("type") == Some(&json!("array")) || definition.into_iter().chain(ways).any(|way| allows_list(root, way))
}

/// Describes the table `[full]`: any key of the scenario, laid over the others.
fn allow_full(root: &mut Value) {
    let keys = root.get("properties").and_then(Value::as_object);
    let names = keys.into_iter().flat_map(Object::keys).filter(|key| *key != "full");
    let laid_over: Object = names
        .map(|key| (key.clone(), json!({ "$ref": format!("#/properties/{key}") })))
        .collect();
    if let Some(full) = root.pointer_mut("/properties/full").and_then(Value::as_object_mut) {
        full.insert("properties".to_owned(), laid_over.into());
        full.insert("additionalProperties".to_owned(), false.into());
    }
}

/// What is learnt on a walk through the tables that can be swept.
struct Found<'a> {
    root: &'a Value,
    /// The axes by their dotted keys.
    axes: Object,
    /// Which keys must be there, or be swept.
    rules: Vec<Value>,
    /// The definitions on the way, as JSON pointers.
    definitions: BTreeSet<String>,
}

impl<'a> Found<'a> {
    /// Visits what lies at a path. Gives the schema of the same place inside `[sweep]`: a list of values, or a table with lists.
    fn visit(&mut self, path: &[&str], schema: &'a Value) -> Value {
        let name = path.join(".");
        let mut list = json!({ "type": "array", "items": { "anyOf": [schema, named(path, schema)] }, "minItems": 1 });
        if takes_numbers(self.root, schema) {
            list = json!({ "anyOf": [list, { "$ref": format!("#/$defs/{RANGE}") }] });
        }
        self.axes.insert(name.clone(), list.clone());
        let mut inner = Object::new();
        for (key, schema) in self.keys(path, schema) {
            let nested = self.visit(&[path, &[key]].concat(), schema);
            inner.insert(key.to_owned(), nested);
        }
        // Each list is long enough to be described once only.
        let list = match path {
            [_] => list,
            _ => json!({ "$ref": format!("#/properties/sweep/properties/{name}") }),
        };
        if inner.is_empty() {
            return list;
        }
        json!({ "anyOf": [list, { "type": "object", "properties": inner, "additionalProperties": false }] })
    }

    /// The keys of a table, whichever choice it makes.
    fn keys(&mut self, path: &[&str], schema: &'a Value) -> Vec<(&'a str, &'a Value)> {
        if path.len() > DEPTH {
            return Vec::new();
        }
        let mut keys = Vec::new();
        if let Some(pointer) = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|name| name.strip_prefix('#'))
        {
            self.definitions.insert(pointer.to_owned());
            let definition = self.root.pointer(pointer);
            keys.extend(
                definition
                    .into_iter()
                    .flat_map(|definition| self.keys(path, definition)),
            );
        }
        // A choice by its name: only what is chosen has to be there.
        let named = schema.get("oneOf").and_then(Value::as_array);
        for choice in named.into_iter().flatten() {
            keys.extend(properties(choice));
        }
        // A value that can be written in several ways.
        let written = schema.get("anyOf").and_then(Value::as_array);
        keys.extend(written.into_iter().flatten().flat_map(|way| self.keys(path, way)));
        keys.extend(properties(schema));
        let required = schema.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        self.rules.extend(required.map(|key| rule(path, key)));
        keys
    }
}

/// The name of a value of an axis, among the definitions.
const NAME: &str = "ValueName";

/// A range, among the definitions.
const RANGE: &str = "SweepRange";

/// The expression of a derived key, or a table of them, among the definitions.
const DERIVED: &str = "SweepDerived";

/// Whether a number, or one with its unit, is one of the ways to write a value.
fn takes_numbers(root: &Value, schema: &Value) -> bool {
    let referred = schema.get("$ref").and_then(Value::as_str);
    let definition = referred.and_then(|name| root.pointer(name.strip_prefix('#')?));
    let ways = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let itself = match schema.get("type").and_then(Value::as_str) {
        Some("number" | "integer") => true,
        // Texts with a unit have a pattern.
        Some("string") => schema.get("pattern").is_some(),
        _ => false,
    };
    itself || definition.into_iter().chain(ways).any(|way| takes_numbers(root, way))
}

/// A range in place of a list.
fn range() -> Value {
    let end = json!({ "description": "A number, with its unit where the key has one.", "type": ["number", "string"] });
    let count = json!({
        "description": "How many values there are, both ends among them.",
        "type": "integer",
        "minimum": 2,
        "maximum": POINT_LIMIT,
    });
    let law = |name: &str, description: &str, pace: &str, step: Value| {
        let mut properties = Object::new();
        properties.insert("from".to_owned(), end.clone());
        properties.insert("to".to_owned(), end.clone());
        properties.insert("count".to_owned(), count.clone());
        properties.insert(pace.to_owned(), step);
        let values = json!({
            "description": description,
            "type": "object",
            "properties": properties,
            "required": ["from", "to"],
            "minProperties": 3,
            "maxProperties": 3,
            "additionalProperties": false,
        });
        let mut law = Object::new();
        law.insert(name.to_owned(), values);
        json!({ "type": "object", "properties": law, "required": [name], "additionalProperties": false })
    };
    let step = json!({ "description": "From one value to the next, above zero.", "type": ["number", "string"] });
    let factor = json!({ "description": "From one value to the next.", "type": "number", "exclusiveMinimum": 1 });
    json!({
        "description": "Values between two ends, in the unit of the first; whole numbers between whole ones.",
        "oneOf": [
            law("linear", "In equal steps.", "step", step),
            law("geometric", "By equal factors.", "factor", factor),
        ],
    })
}

/// The keys of `[sweep]` that are no axes.
fn beside_axes() -> Object {
    let refused: Object = BESIDE_AXES
        .into_iter()
        .map(|key| (key.to_owned(), false.into()))
        .collect();
    let described = json!({
        "where": {
            "description": "A condition on keys of the scenario: points at which it is false are left out.",
            "type": "string",
            "minLength": 1,
        },
        "zip": {
            "description": "Keys whose lists go in step, crossed with all others.",
            "type": "array",
            "items": {
                "allOf": [{ "$ref": "#/properties/sweep" }, { "properties": refused }],
                "minProperties": 1,
            },
        },
        "derived": {
            "description": "Keys whose values are expressions of other keys.",
            "type": "object",
            "propertyNames": { "pattern": format!(r"^({})(\.|$)", SWEEPABLE.join("|")).replace(r"\\", r"\") },
            "additionalProperties": { "$ref": format!("#/$defs/{DERIVED}") },
        },
    });
    match described {
        Value::Object(keys) => keys,
        _ => Object::new(),
    }
}

/// A value of an axis with the name that tables and figures show in its place.
fn named(path: &[&str], schema: &Value) -> Value {
    let value = match path {
        [table] => json!({ "$ref": format!("#/properties/{table}") }),
        _ => schema.clone(),
    };
    json!({
        "type": "object",
        "properties": { "name": { "$ref": format!("#/$defs/{NAME}") }, "value": value },
        "required": ["name", "value"],
        "additionalProperties": false,
    })
}

/// The keys that a schema describes itself.
fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let entries = properties.into_iter().flatten();
    entries.map(|(key, schema)| (key.as_str(), schema))
}

/// The key must be in the table at the path, if that is there and no axis sets the key. Which keys zips and derived values set
/// is left to the parser: it would take as many words again for each key.
fn rule(path: &[&str], key: &str) -> Value {
    let present = path.iter().rev().fold(
        json!({ "required": [key] }),
        |inner, table| json!({ "properties": { *table: inner } }),
    );
    // Axes of the key itself, of a table around it, or of something inside it.
    let names: Vec<&str> = path.iter().copied().chain([key]).collect();
    let (first, others) = (names[0], &names[1..]);
    let inside = others
        .iter()
        .rev()
        .fold(r"(\..*)?".to_owned(), |inner, name| format!(r"(\.{name}{inner})?"));
    let pattern = format!("^({first}{inside}|zip|derived)$");
    let swept = json!({
        "required": ["sweep"],
        "properties": { "sweep": { "not": { "propertyNames": { "not": { "pattern": pattern } } } } },
    });
    json!({ "if": { "not": swept }, "then": present })
}

/// Takes the list of required keys from a table, and from the tables of each choice.
fn require_nothing(schema: &mut Value) {
    if let Some(Value::Array(choices)) = schema.get_mut("oneOf") {
        let settings = choices
            .iter_mut()
            .filter_map(|choice| choice.get_mut("properties")?.as_object_mut());
        settings
            .flat_map(|choice| choice.values_mut())
            .for_each(require_nothing);
    } else if let Some(table) = schema.as_object_mut().filter(|table| table.contains_key("properties")) {
        table.remove("required");
        let inner = table.get_mut("properties").and_then(Value::as_object_mut);
        inner.into_iter().flat_map(Object::values_mut).for_each(require_nothing);
    }
}
