//! The table at the end of a run.

use std::fmt::Write as _;

use super::{Outcome, Verdict};
use crate::number::significant;

/// The verdicts as lines of aligned columns: expectation, published value, measured mean with its 95 % interval and
/// number of replications, the band, the verdict and the citation. Below the table stands why a value is missing.
/// Nothing for no verdicts.
pub fn report(verdicts: &[Verdict]) -> String {
    if verdicts.is_empty() {
        return String::new();
    }
    let header = [
        "expectation",
        "published",
        "measured",
        "n",
        "allowed",
        "verdict",
        "citation",
    ]
    .map(str::to_owned);
    let rows: Vec<[String; 7]> = std::iter::once(header).chain(verdicts.iter().map(cells)).collect();
    let mut widths = [0; 7];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let padded: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    for verdict in verdicts {
        if let Outcome::NoValue(reason) = &verdict.outcome {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "OUTSIDE {}: {reason}", line(&verdict.expectation.title()));
        }
    }
    text
}

fn cells(verdict: &Verdict) -> [String; 7] {
    let number = |value: f64| significant(value, 4);
    let measured = verdict.measured.map(|summary| match summary.half_width {
        Some(half_width) => format!("{} \u{b1} {}", number(summary.mean), significant(half_width, 2)),
        None => number(summary.mean),
    });
    let measured = measured.map(|text| match verdict.place() {
        Some(place) => format!("{text}, {place}"),
        None => text,
    });
    let (low, high) = verdict.allowed;
    let allowed = match (low.is_finite(), high.is_finite()) {
        (true, true) => format!("{} to {}", number(low), number(high)),
        (true, false) => format!(">= {}", number(low)),
        (false, true) => format!("<= {}", number(high)),
        (false, false) => "-".to_owned(),
    };
    [
        line(&verdict.expectation.title()),
        verdict.expectation.published.map_or("-".to_owned(), number),
        measured.unwrap_or("none".to_owned()),
        verdict.measured.map_or("0".to_owned(), |summary| summary.n.to_string()),
        allowed,
        if verdict.inside() { "inside" } else { "OUTSIDE" }.to_owned(),
        line(verdict.expectation.cite.as_deref().unwrap_or("-")),
    ]
}

/// A text on one line: what an author writes over several must not break the columns.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
