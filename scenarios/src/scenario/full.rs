//! The full profile: what a scenario runs with `--full`, for instance at the sizes of a paper where those take long.

use crate::input::{Document, InputError, Value};

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
