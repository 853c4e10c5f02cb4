//! The full profile: what a scenario runs with `--full`, for instance at the sizes of a paper where those take long.

use super::sweep::is_range;
use crate::input::{Document, InputError, KeyPath, Node, Table, Value};

/// The table whose keys are laid over the others.
const FULL: &str = "full";

/// Takes the table `[full]` out of a scenario and, if it is wanted, lays its keys over the others.
///
/// # Errors
/// [`InputError::Invalid`] if it is no table, or is wanted and not there.
pub(super) fn resolve(document: &mut Document, wanted: bool) -> Result<(), InputError> {
    match document.take(FULL) {
        Some(node) => match node.value {
            Value::Table(table) => {
                if wanted {
                    replace_ranges(document, &table)?;
                    document.merge(table);
                }
                Ok(())
            }
            _ => {
                let message = format!("{FULL}: expected a table of keys for --full, found {}", node.kind());
                Err(InputError::at(&node.origin, message))
            }
        },
        None if wanted => Err(document
            .error_at("", "--full was given, but the scenario has no table `[full]`")
            .help("run it without --full: it has one size only")),
        None => Ok(()),
    }
}

/// Makes room for the axes of the table where it or the scenario has a range: one is replaced as a list is, and never made of parts
/// of two.
fn replace_ranges(document: &mut Document, full: &Table) -> Result<(), InputError> {
    let axes = full
        .get("sweep")
        .and_then(Node::as_table)
        .map_or(&[][..], Table::entries);
    for axis in axes {
        let path = KeyPath::through(["sweep", axis.key.as_str()]);
        let Some(own) = document.get(&path.to_string()) else {
            continue;
        };
        if is_range(own) || is_range(&axis.node) {
            let origin = own.origin.clone();
            let nothing = Node {
                value: Value::Array(Vec::new()),
                origin: origin.clone(),
            };
            document.set(&path, nothing, &[origin.clone(), origin])?;
        }
    }
    Ok(())
}

/// Refuses keys of the table that are set on the command line: the table has been laid over the scenario by then.
///
/// # Errors
/// [`InputError::Invalid`], pointing at such a setting.
pub(super) fn refuse_settings(document: &Document) -> Result<(), InputError> {
    match document.get(FULL) {
        None => Ok(()),
        Some(node) => Err(InputError::at(
            &node.origin,
            format!("`{FULL}` says what a scenario runs with --full: it cannot be set"),
        )
        .help(format!("set the key itself, without `{FULL}.` before it"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Source;

    const TEXT: &str = "
seed = 1
replications = 5
[nodes]
count = 100
[network.constant]
delay = \"50ms\"
[sweep]
\"nodes.count\" = [1, 2]
[full]
replications = 100
[full.sweep]
\"nodes.count\" = [1, 2, 4]
[full.workload.lookups]
rate = \"1/s\"
";

    fn resolved(text: &str, wanted: bool) -> Result<String, String> {
        let mut document = Document::parse(&Source::argument("test", text)).map_err(|error| error.to_string())?;
        resolve(&mut document, wanted).map_err(|error| error.to_string())?;
        Ok(document.to_toml())
    }

    #[test]
    fn the_full_profile_is_laid_over_the_rest_only_if_wanted() {
        let short = resolved(TEXT, false).unwrap();
        assert!(short.contains("replications = 5") && !short.contains("workload") && !short.contains("full"));
        let full = resolved(TEXT, true).unwrap();
        for part in [
            "replications = 100",
            "[1, 2, 4]",
            "rate = \"1/s\"",
            "count = 100",
            "delay = \"50ms\"",
        ] {
            assert!(full.contains(part), "{part} in {full}");
        }
        assert!(!full.contains("full"));
    }

    #[test]
    fn a_range_is_replaced_as_a_whole() {
        let range = |law: &str| format!("\"nodes.count\" = {{ {law} }}");
        let text =
            |own: &str, full: &str| format!("[sweep]\n{own}\n\"run.duration\" = [\"1s\"]\n[full.sweep]\n{full}\n");
        let (linear, geometric) = (
            range("linear = { from = 1, to = 9, step = 2 }"),
            range("geometric = { from = 1, to = 9, count = 2 }"),
        );
        let list = "\"nodes.count\" = [3, 4]";
        for (own, full, left, gone) in [
            (linear.as_str(), geometric.as_str(), "count = 2", "step"),
            (&geometric, &linear, "step = 2", "geometric"),
            (&linear, list, "[3, 4]", "linear"),
            (list, &linear, "step = 2", "[3, 4]"),
        ] {
            let resolved = resolved(&text(own, full), true).unwrap();
            assert!(resolved.contains(left) && !resolved.contains(gone), "{resolved}");
        }
    }

    #[test]
    fn a_scenario_without_a_full_profile_cannot_be_run_in_full() {
        assert!(resolved("seed = 1", true).unwrap_err().contains("no table `[full]`"));
        assert!(resolved("seed = 1", false).is_ok());
        assert!(
            resolved("full = 3", false)
                .unwrap_err()
                .contains("found a whole number")
        );
    }
}
