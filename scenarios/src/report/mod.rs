//! One web page of results: what was run and what came of it, whole in a single file.
//!
//! The page asks for nothing from elsewhere and runs no script; figures are part of it, and tables can be saved from it. The
//! same results give the same bytes.

mod page;
mod provenance;
mod svg;
mod tables;

use analysis::{DrawError, Drawing, Figure, Verdict};

use crate::results::{Presentation, Results};

/// What stands on the page.
struct Contents<'a> {
    results: &'a Results,
    presentation: &'a Presentation,
    verdicts: Vec<Verdict>,
    figures: Vec<(&'a Figure, Result<Drawing, String>)>,
    /// What `timing.json` says.
    timing: Option<serde_json::Value>,
}

/// A page, and what could not be shown on it.
pub struct Report {
    /// The HTML document.
    pub html: String,
    /// The figures that could not be drawn. The page says so in their places.
    pub undrawn: Vec<DrawError>,
}

/// The page of results whose scenario says `presentation`; `timing` is what their `timing.json` says.
pub fn report(results: &Results, presentation: &Presentation, timing: Option<serde_json::Value>) -> Report {
    let empty = analysis::Table::new::<&str>(&[]);
    let verdicts = presentation.expectations.iter();
    let verdicts =
        verdicts.map(|expectation| expectation.evaluate(results.table(&expectation.table).unwrap_or(&empty)));
    let mut undrawn = Vec::new();
    let mut figures = Vec::new();
    for figure in &presentation.figures {
        let drawn = figure.draw(&|name| results.table(name)).map_err(|error| {
            let reason = error.to_string();
            undrawn.push(error);
            reason
        });
        figures.push((figure, drawn));
    }
    let contents = Contents {
        results,
        presentation,
        verdicts: verdicts.collect(),
        figures,
        timing,
    };
    Report {
        html: page::page(&contents).into_string(),
        undrawn,
    }
}

/// A file that can be saved from the page, as the address of a link.
fn data_address(media_type: &str, contents: &[u8]) -> String {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(contents);
    format!("data:{media_type};base64,{encoded}")
}
