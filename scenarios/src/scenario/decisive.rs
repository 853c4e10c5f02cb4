//! What of a scenario decides what is simulated.

use std::collections::BTreeMap;

use crate::input::{Document, KeyPath, Node, Value};

/// The tables and keys that decide nothing of it.
const FOR_READERS: [&str; 6] = ["name", "title", "description", "cites", "figure", "expect"];

/// The values of a scenario that decide what is simulated, by their dotted keys.
pub fn decisive(scenario: &Document) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    collect(&mut Vec::new(), scenario.root(), &mut leaves);
    leaves
}

/// The values below a table.
fn collect<'a>(above: &mut Vec<&'a str>, node: &'a Node, leaves: &mut BTreeMap<String, String>) {
    match &node.value {
        Value::Table(table) if above.is_empty() || !table.entries().is_empty() => {
            for entry in table.entries() {
                if above.is_empty() && FOR_READERS.contains(&entry.key.as_str()) {
                    continue;
                }
                above.push(&entry.key);
                collect(above, &entry.node, leaves);
                above.pop();
            }
        }
        _ => {
            leaves.insert(KeyPath::through(above.iter().copied()).to_string(), node.inline());
        }
    }
}
