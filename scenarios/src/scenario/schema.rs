//! The JSON Schema of scenario files, for editors: made from the types that read them, so that it cannot say anything else.

mod swept;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::raw::RawScenario;
use crate::registry::Registry;

/// An object of JSON.
type Object = Map<String, Value>;

/// The schema (JSON Schema, draft 2020-12) of scenario files that may name the protocols of `registry`.
///
/// It refuses unknown keys, texts that are no durations, rates or shares, and tables that lack a key which no axis of the
/// sweep sets. What depends on other values - times beyond the end of the run, columns that a table does not have - only
/// [`Scenario::load`](super::Scenario::load) can judge.
pub fn json_schema(registry: &Registry) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut protocols = Object::new();
    for entry in registry.iter() {
        let mut settings = entry.settings_schema(&mut generator).to_value();
        if let Value::Object(settings) = &mut settings {
            settings.insert("description".to_owned(), entry.summary().into());
        }
        tidy(&mut settings);
        protocols.insert(entry.name().to_owned(), settings);
    }
    let mut root = generator.into_root_schema_for::<RawScenario>().to_value();
    tidy(&mut root);
    if let Some(protocol) = root.pointer_mut("/properties/protocol").and_then(Value::as_object_mut) {
        protocol.insert("properties".to_owned(), protocols.into());
        protocol.insert("additionalProperties".to_owned(), false.into());
        protocol.insert("minProperties".to_owned(), 1.into());
        protocol.insert("maxProperties".to_owned(), 1.into());
    }
    swept::allow(&mut root);
    if let Some(root) = root.as_object_mut() {
        root.insert("title".to_owned(), "Scenario of peerscope".into());
        let description = "What is simulated, measured, drawn and expected. See `peerscope check`.";
        root.insert("description".to_owned(), description.into());
    }
    root
}

/// Brings what was derived from Rust types into the form that TOML and its readers have: there is no null, formats of
/// processor words say nothing, a choice can be written in two ways, and documentation has no line breaks.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(object) => {
            without_null(object);
            if object.get("format").is_some_and(names_a_word) {
                object.remove("format");
            }
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = one_line(text);
            }
            if let Some(Value::Array(choices)) = object.get_mut("oneOf") {
                both_writings(choices);
            }
            object.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

/// Whether a format is a word of a processor, such as `uint32`, of which JSON Schema knows nothing.
fn names_a_word(format: &Value) -> bool {
    let name = format.as_str().unwrap_or_default();
    ["int", "uint", "float", "double"]
        .iter()
        .any(|word| name.starts_with(word))
}

/// An absent value is written by leaving its key out.
fn without_null(object: &mut Object) {
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
        if let [Value::Object(only)] = &choices[..] {
            let only = only.clone();
            object.remove("anyOf");
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
}

/// `churn = "none"` can also be written as the empty table `[churn.none]`, and `[bring_up.bulk]` as `bring_up = "bulk"`.
fn both_writings(choices: &mut Vec<Value>) {
    let tagged = |choice: &Value| {
        let (key, settings) = choice.get("properties")?.as_object()?.iter().next()?;
        Some((key.clone(), settings.clone()))
    };
    if !choices.iter().any(|choice| tagged(choice).is_some()) {
        return;
    }
    let mut more = Vec::new();
    for choice in choices.iter() {
        if let Some((key, settings)) = tagged(choice) {
            let names_only = settings.get("required").is_none() && settings.get("$ref").is_none();
            if names_only {
                more.push(json!({ "type": "string", "const": key }));
            }
        } else if let Some(name) = choice.get("const").and_then(Value::as_str) {
            let mut properties = Object::new();
            properties.insert(
                name.to_owned(),
                json!({ "type": "object", "additionalProperties": false }),
            );
            more.push(json!({
                "type": "object",
                "properties": properties,
                "required": [name],
                "additionalProperties": false,
            }));
        }
    }
    choices.extend(more);
}

fn one_line(text: &str) -> String {
    let paragraphs = text.split("\n\n");
    // Links are for the documentation of the code.
    let joined: Vec<String> = paragraphs
        .map(|paragraph| match paragraph.contains("```") {
            true => paragraph.to_owned(),
            false => {
                let line = paragraph.lines().collect::<Vec<_>>().join(" ");
                line.replace("[`", "`").replace("`]", "`")
            }
        })
        .collect();
    joined.join("\n\n")
}
