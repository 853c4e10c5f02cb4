//! The page itself.

use std::collections::BTreeSet;

use analysis::figure::Width;
use analysis::{Drawing, Figure, Outcome, Verdict, significant};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Contents, data_address, provenance, svg, tables};

const STYLE: &str = include_str!("style.css");

/// Nothing may be fetched, whatever a scenario's texts say: no script, no picture, no font.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

pub(super) fn page(contents: &Contents<'_>) -> Markup {
    let presentation = contents.presentation;
    let name = &contents.results.manifest.scenario;
    let title = presentation.title.as_deref().unwrap_or(name);
    let sections: [(&str, &str, bool); 6] = [
        ("expectations", "Expectations", !contents.verdicts.is_empty()),
        ("figures", "Figures", !contents.figures.is_empty()),
        ("tables", "Tables", true),
        ("citations", "Citations", true),
        ("provenance", "Provenance", true),
        ("timing", "Timing", contents.timing.is_some()),
    ];
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="generator" content={ "peerscope " (contents.results.manifest.version) };
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.eyebrow { "peerscope results: " (name) }
                    h1 { (title) }
                    @if let Some(description) = &presentation.description { p.description { (description) } }
                    (summary(contents))
                    nav aria-label="Sections" { ul {
                        @for (id, name, _) in sections.iter().filter(|(_, _, shown)| *shown) {
                            li { a href={ "#" (id) } { (name) } }
                        }
                    } }
                }
                main {
                    (expectations(&contents.verdicts))
                    (figures(&contents.figures))
                    (all_tables(contents))
                    (citations(contents))
                    (provenance::provenance(contents))
                    @if let Some(timing) = &contents.timing { (provenance::timing(timing)) }
                }
            }
        }
    }
}

/// What was run, and whether it is as expected, at a glance.
fn summary(contents: &Contents<'_>) -> Markup {
    let manifest = &contents.results.manifest;
    let all = contents.verdicts.len();
    let inside = contents.verdicts.iter().filter(|verdict| verdict.inside()).count();
    let expected = manifest.points.saturating_mul(manifest.replications as usize);
    html! {
        p.facts {
            @if all > 0 {
                @if inside == all { span.badge.inside { "All " (all) " expectations hold" } }
                @else { span.badge.outside { (all - inside) " of " (all) " expectations do not hold" } }
                " "
            }
            (manifest.runs.len()) " runs: " (manifest.points) @if manifest.points == 1 { " point" } @else { " points" }
            ", " (manifest.replications) @if manifest.replications == 1 { " replication" } @else { " replications" }
            ", seed " (manifest.seed)
        }
        @if manifest.runs.len() < expected && contents.results.tables.iter().all(|(name, _)| name != "precision") {
            p.warning { (expected - manifest.runs.len()) " runs broke and are not in the tables." }
        }
    }
}

fn expectations(verdicts: &[Verdict]) -> Markup {
    html! {
        @if !verdicts.is_empty() {
            section aria-labelledby="expectations" {
                h2 id="expectations" { "Expectations" }
                div.scroll tabindex="0" role="region" aria-label="Expectations" {
                    table.verdicts {
                        caption { "Means over replications with 95 % intervals (Student t), and where they must lie" }
                        thead { tr {
                            th scope="col" { "Verdict" }
                            th scope="col" { "Expectation" }
                            th.number scope="col" { "Measured" }
                            th.number scope="col" { "n" }
                            th.number scope="col" { "Allowed" }
                            th.number scope="col" { "Published" }
                            th scope="col" { "Citation" }
                        } }
                        tbody { @for verdict in verdicts { (row(verdict)) } }
                    }
                }
            }
        }
    }
}

fn row(verdict: &Verdict) -> Markup {
    let number = |value: f64| significant(value, 4);
    let (low, high) = verdict.allowed;
    let allowed = match (low.is_finite(), high.is_finite()) {
        (true, true) => format!("{} to {}", number(low), number(high)),
        (true, false) => format!("\u{2265} {}", number(low)),
        (false, true) => format!("\u{2264} {}", number(high)),
        (false, false) => String::new(),
    };
    html! {
        tr.expectation {
            td { @if verdict.inside() { span.badge.inside { "inside" } } @else { span.badge.outside { "outside" } } }
            td {
                (verdict.expectation.title())
                @if let Outcome::NoValue(reason) = &verdict.outcome { br; small { (reason) } }
            }
            td.number {
                @if let Some(summary) = &verdict.measured {
                    (number(summary.mean))
                    @if let Some(half_width) = summary.half_width { " \u{b1} " (significant(half_width, 2)) }
                    @if let Some(place) = verdict.place() { br; small { (place) } }
                } @else { "none" }
            }
            td.number { (verdict.measured.map_or(0, |summary| summary.n)) }
            td.number { (allowed) }
            td.number { @if let Some(published) = verdict.expectation.published { (number(published)) } }
            td.citation { (verdict.expectation.cite.as_deref().unwrap_or_default()) }
        }
    }
}

fn figures(figures: &[(&Figure, Result<Drawing, String>)]) -> Markup {
    html! {
        @if !figures.is_empty() {
            section aria-labelledby="figures" {
                h2 id="figures" { "Figures" }
                div.figures { @for (place, (figure, drawn)) in figures.iter().enumerate() { (one(place, figure, drawn)) } }
            }
        }
    }
}

/// A figure with its data.
fn one(place: usize, figure: &Figure, drawn: &Result<Drawing, String>) -> Markup {
    let title = figure.title.as_deref().unwrap_or(&figure.name);
    html! {
        figure.page[figure.width == Width::Page] id={ "figure-" (figure.name) } {
            @match drawn {
                Ok(drawing) => {
                    div.paper { (svg::inline(&drawing.svg, &format!("figure-{place}-"), &described(figure))) }
                    figcaption {
                        strong { (title) } " From table "
                        a href={ "#table-" (figure.table) } { code { (figure.table) } } ". "
                        span.links {
                            (tables::save(&figure.name, &drawing.data)) " "
                            a download={ (figure.name) ".svg" } href=(data_address("image/svg+xml", drawing.svg.as_bytes())) {
                                "Save " (figure.name) ".svg"
                            }
                        }
                    }
                }
                Err(reason) => { p.warning { (reason) } figcaption { strong { (title) } } }
            }
        }
    }
}

/// A figure in words, for those who cannot see it.
fn described(figure: &Figure) -> String {
    let title = figure.title.as_deref().unwrap_or(&figure.name);
    let axes = [&figure.x.label, &figure.y.label];
    let axes = if axes.iter().all(|label| label.is_empty()) {
        String::new()
    } else {
        format!(": {} against {}", figure.y.label, figure.x.label)
    };
    let published: Vec<&str> = figure.published.iter().map(|set| set.label.as_str()).collect();
    let published = if published.is_empty() {
        String::new()
    } else {
        format!(", with the published values of {}", published.join(" and "))
    };
    format!("{title}{axes}{published}. The data can be saved as CSV.")
}

fn all_tables(contents: &Contents<'_>) -> Markup {
    let remark = |name: &String| {
        let altered = contents.results.altered.contains(name);
        altered.then_some("This table is not what was written: its SHA-256 is not that of the manifest.")
    };
    html! {
        section aria-labelledby="tables" {
            h2 id="tables" { "Tables" }
            @for (name, table) in &contents.results.tables { (tables::table(name, table, remark(name))) }
        }
    }
}

/// The works behind the results, each once.
fn citations(contents: &Contents<'_>) -> Markup {
    let presentation = contents.presentation;
    let cited = presentation.cites.iter().map(ToString::to_string);
    let expected = presentation
        .expectations
        .iter()
        .filter_map(|expectation| expectation.cite.clone());
    let drawn = presentation.figures.iter().flat_map(|figure| &figure.published);
    let drawn = drawn.map(|set| set.label.clone());
    let mut seen = BTreeSet::new();
    let mut unseen = |text: &String| seen.insert(text.clone());
    let works: Vec<String> = cited.filter(&mut unseen).collect();
    let values: Vec<String> = drawn.chain(expected).filter(&mut unseen).collect();
    let manifest = &contents.results.manifest;
    html! {
        section aria-labelledby="citations" {
            h2 id="citations" { "Citations" }
            @if !works.is_empty() { ul.works { @for work in &works { li { (work) } } } }
            @if !values.is_empty() {
                h3 { "Published values compared with" }
                ul.works { @for value in &values { li { (value) } } }
            }
            p.note { "Simulated with peerscope " (manifest.version) ", commit " code { (manifest.commit) } "." }
        }
    }
}
