//! In what two folders of results differ before anything was measured.

use std::collections::BTreeSet;

use crate::results::Results;
use crate::scenario::decisive;

/// What is not the same: the key, and its value in either, `-` where there is none.
pub(super) struct Setting {
    pub(super) key: String,
    pub(super) first: String,
    pub(super) second: String,
}

/// The settings that differ between the scenarios, then what else they were made with that differs.
pub(super) fn differing(first: &Results, second: &Results) -> Vec<Setting> {
    let [of_first, of_second] = [first, second].map(|results| decisive(&results.scenario));
    let keys: BTreeSet<&String> = of_first.keys().chain(of_second.keys()).collect();
    let shown = |value: Option<&String>| value.cloned().unwrap_or_else(|| "-".to_owned());
    let scenario = keys.into_iter().map(|key| Setting {
        key: key.clone(),
        first: shown(of_first.get(key)),
        second: shown(of_second.get(key)),
    });
    let made = made_with(first).into_iter().zip(made_with(second));
    let made = made.map(|((key, first), (_, second))| Setting {
        key: key.to_owned(),
        first,
        second,
    });
    scenario
        .chain(made)
        .filter(|setting| setting.first != setting.second)
        .collect()
}

/// What results were made with beside their scenario.
fn made_with(results: &Results) -> [(&'static str, String); 4] {
    let manifest = &results.manifest;
    // The scenario file is the first; its values are compared one by one.
    let files = manifest.inputs.iter().skip(1);
    let files: Vec<String> = files.map(|input| format!("{} {}", input.file, input.sha256)).collect();
    [
        ("(version)", manifest.version.clone()),
        ("(commit)", manifest.commit.clone()),
        ("(lock file)", manifest.lock_file_sha256.clone()),
        ("(files read)", files.join(", ")),
    ]
}
