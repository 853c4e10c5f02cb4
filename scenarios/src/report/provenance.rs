//! Where the results come from, and what took how long.

use maud::{Markup, html};
use serde_json::Value;

use super::Contents;

/// The most runs that are listed.
const RUNS_SHOWN: usize = 500;

pub(super) fn provenance(contents: &Contents<'_>) -> Markup {
    let manifest = &contents.results.manifest;
    let facts = [
        ("Scenario", manifest.scenario.clone()),
        ("Version", manifest.version.clone()),
        ("Commit", manifest.commit.clone()),
        ("Lock file, SHA-256", manifest.lock_file_sha256.clone()),
        ("Random numbers", manifest.generator.clone()),
        ("Seed", manifest.seed.to_string()),
        ("Replications", manifest.replications.to_string()),
        ("Points", manifest.points.to_string()),
        ("Runs", manifest.runs.len().to_string()),
        ("Events", manifest.events.to_string()),
    ];
    html! {
        section aria-labelledby="provenance" {
            h2 id="provenance" { "Provenance" }
            (list(facts.iter().map(|(name, value)| (*name, value.as_str()))))
            p.note { "The same scenario, seed and version give the same results to the byte, on every machine: "
                code { "peerscope verify" } " runs them again and compares." }
            (files(contents))
            (runs(contents))
            details {
                summary { "Resolved scenario " span.count { "scenario.toml" } }
                pre tabindex="0" { (contents.results.scenario.to_toml()) }
            }
        }
    }
}

fn list<'a>(facts: impl Iterator<Item = (&'a str, &'a str)>) -> Markup {
    html! { dl { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } } }
}

/// The files that the results were made from, and the tables as they were written.
fn files(contents: &Contents<'_>) -> Markup {
    let manifest = &contents.results.manifest;
    let altered = |name: &String| contents.results.altered.contains(name);
    html! {
        details {
            summary { "Files and their SHA-256 " span.count { (manifest.inputs.len() + manifest.tables.len()) } }
            div.scroll tabindex="0" role="region" aria-label="Files" {
                table {
                    caption { "Files read and tables written" }
                    thead { tr { th scope="col" { "File" } th scope="col" { "Part" } th scope="col" { "SHA-256" } } }
                    tbody {
                        @for input in &manifest.inputs {
                            tr { td { (input.file) } td { "read" } td { code { (input.sha256) } } }
                        }
                        @for table in &manifest.tables {
                            tr {
                                td { (table.name) ".csv" }
                                td { @if altered(&table.name) { "written; changed since" } @else { "written" } }
                                td { code { (table.sha256) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn runs(contents: &Contents<'_>) -> Markup {
    let runs = &contents.results.manifest.runs;
    html! {
        details {
            summary { "Runs and their fingerprints " span.count { (runs.len()) } }
            div.scroll tabindex="0" role="region" aria-label="Runs" {
                table {
                    caption { "Runs that ended well" }
                    thead { tr {
                        th scope="col" { "Point" }
                        th.number scope="col" { "Replication" }
                        th.number scope="col" { "Events" }
                        th scope="col" { "Fingerprint" }
                    } }
                    tbody { @for run in runs.iter().take(RUNS_SHOWN) {
                        tr {
                            td { @if run.settings.is_empty() { "-" } @else { (run.settings) } }
                            td.number { (run.replication) }
                            td.number { (run.events) }
                            td { code { (run.fingerprint) } }
                        }
                    } }
                }
            }
            @if runs.len() > RUNS_SHOWN {
                p.note { "The first " (RUNS_SHOWN) " of " (runs.len()) " runs; manifest.toml has all." }
            }
        }
    }
}

/// What differs from run to run, apart from the results.
pub(super) fn timing(timing: &Value) -> Markup {
    let mut facts = Vec::new();
    flatten("", timing, &mut facts);
    html! {
        section aria-labelledby="timing" {
            h2 id="timing" { "Timing" }
            p.note { "How long it took, and on what: no part of the results, and different each time." }
            (list(facts.iter().map(|(name, value)| (name.as_str(), value.as_str()))))
        }
    }
}

/// The values of an object by name, those of inner objects under both names. What the system did not tell is left out.
fn flatten(above: &str, value: &Value, facts: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(entries) => {
            for (name, inner) in entries {
                let name = name.replace('_', " ");
                let name = if above.is_empty() {
                    name
                } else {
                    format!("{above}: {name}")
                };
                flatten(&name, inner, facts);
            }
        }
        Value::String(text) => facts.push((above.to_owned(), text.clone())),
        other => facts.push((above.to_owned(), other.to_string())),
    }
}
