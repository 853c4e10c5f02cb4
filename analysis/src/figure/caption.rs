//! The sentence below a figure that says what its points and bars mean.

use super::points::{Plot, Point, Style};
use super::{Interval, Published};
use crate::number::printed;

/// How many runs the means are of, what the bars are, and what the ranges are.
pub(super) fn caption(plot: &Plot, published: &[Published]) -> String {
    let points: Vec<&Point> = plot.series.iter().flat_map(|one| &one.points).collect();
    let mut parts: Vec<String> = runs(plot, &points).into_iter().collect();
    if let Some(samples) = plot.samples {
        parts.push(format!("{} samples", printed(samples as f64, 0)));
    }
    if let Some([low, high]) = plot
        .quantiles
        .as_ref()
        .filter(|_| points.iter().any(|point| point.range.is_some()))
    {
        parts.push(format!("thin bars: {}", quantiles(low, high)));
    }
    let mut ranges: Vec<&str> = published
        .iter()
        .filter(|set| set.points.iter().any(|point| point.range.is_some()))
        .map(|set| set.range.as_deref().unwrap_or("range"))
        .collect();
    ranges.dedup();
    if !ranges.is_empty() {
        parts.push(format!("grey: published {}", ranges.join(", ")));
    }
    let missing: u64 = points.iter().map(|point| point.missing).sum();
    if missing > 0 {
        parts.push(format!("{missing} runs without a value left out"));
    }
    match parts.is_empty() {
        true => String::new(),
        false => format!("{}.", parts.join("; ")),
    }
}

/// How many runs the means are of, and how their intervals are drawn; nothing where neither is the case.
fn runs(plot: &Plot, points: &[&Point]) -> Option<String> {
    let fewest = points.iter().map(|point| point.y.n).min().unwrap_or(0);
    let most = points.iter().map(|point| point.y.n).max().unwrap_or(0);
    let marks = match plot.style {
        Style::Lines(Interval::Band) | Style::Curve { .. } => "shaded",
        _ => "bars",
    };
    let what = if plot.of_ratios { "ratio of means" } else { "mean" };
    let words = match (fewest, most) {
        (_, 1) if !plot.of_runs => return None,
        (_, 1) => "Measured: one run, so without intervals".to_owned(),
        (fewest, most) if fewest == most => {
            format!("Measured: {what} of {most} runs, {marks}: 95 % interval (Student t)")
        }
        (fewest, most) => format!("Measured: {what} of {fewest} to {most} runs, {marks}: 95 % interval (Student t)"),
    };
    Some(words)
}

/// What two columns are quantiles of, if their names end in `_p01` and the like; else their names.
fn quantiles(low: &str, high: &str) -> String {
    match (percentile(low), percentile(high)) {
        (Some(low), Some(high)) => format!("{} to {} percentile", ordinal(low), ordinal(high)),
        _ => format!("{low} to {high}"),
    }
}

fn percentile(column: &str) -> Option<u32> {
    column.rsplit_once("_p").and_then(|(_, digits)| digits.parse().ok())
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_named_from_their_columns() {
        assert_eq!(quantiles("visited_p01", "visited_p99"), "1st to 99th percentile");
        assert_eq!(quantiles("delay_p12", "delay_p53"), "12th to 53rd percentile");
        assert_eq!(quantiles("low", "high"), "low to high");
    }
}
