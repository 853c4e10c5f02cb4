//! A choice that only the registry can make sense of.

use super::{Entry, InputError, Node, Origin, closest, list};

impl Node {
    /// The one entry of a table inside this one that makes a choice the registry knows, such as `[protocol.chord]`: the table
    /// with this dotted key, whose last part is its name here. A `noun` says what is chosen.
    ///
    /// # Errors
    /// [`InputError::Invalid`] if the table is missing or has not exactly one entry.
    pub fn choice(&self, path: &str, noun: &str, known: &[&str]) -> Result<(&str, &Origin, &Node), InputError> {
        let key = path.rsplit('.').next().unwrap_or(path);
        let help = format!(
            "known: {}",
            if known.is_empty() {
                "none".to_owned()
            } else {
                list(known.iter().copied())
            }
        );
        let Some(node) = self.as_table().and_then(|table| table.get(key)) else {
            let message = format!("the table `[{path}.…]` is missing");
            return Err(InputError::at(&self.origin, message).help(help));
        };
        let Some(table) = node.as_table() else {
            let message = format!("expected a table `[{path}.…]`, found {}", node.kind());
            return Err(InputError::at(&node.origin, message).help(help));
        };
        match table.entries() {
            [entry] if known.contains(&entry.key.as_str()) => Ok((&entry.key, &entry.key_origin, &entry.node)),
            [entry] => Err(unknown_choice(noun, entry, known).help(help)),
            [] => Err(InputError::at(&node.origin, format!("no {noun} is chosen")).help(help)),
            [_, second, ..] => {
                // A slip makes two choices of one: `chrod` in a sweep beside `chord`.
                let slip = table
                    .entries()
                    .iter()
                    .find(|entry| !known.contains(&entry.key.as_str()));
                if let Some(entry) = slip {
                    return Err(unknown_choice(noun, entry, known).help(help));
                }
                let message = format!("exactly one {noun} is possible, found {}", table.entries().len());
                let error = InputError::at(&second.key_origin, message).labelled("this is the second");
                let error = error.help(help).replaced_by(table);
                Err(path.rsplit('.').fold(error, InputError::inside))
            }
        }
    }
}

/// A complaint about a choice of which the registry knows nothing.
fn unknown_choice(noun: &str, entry: &Entry, known: &[&str]) -> InputError {
    let error = InputError::at(&entry.key_origin, format!("unknown {noun} `{}`", entry.key));
    match closest(&entry.key, known.iter().copied()) {
        Some(guess) => error.labelled(format!("did you mean `{guess}`?")),
        None => error.labelled(format!("no {noun} of this name is registered")),
    }
}
