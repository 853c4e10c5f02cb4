//! The tables of a graph, and the figures that are drawn from them.
//!
//! | table | a row is | columns |
//! |---|---|---|
//! | `routers` | a router | `node`, `label`, `kind` (transit or stub, where that is known), `links`, `x`, `y` (in degrees, or in the units of the model or of the picture) |
//! | `links` | a link | `from`, `to`, `kind`, `delay_ms` |
//! | `degrees` | a number of links | `links`, `routers`, `fraction`, `fraction_at_least` |
//! | `hops` | a number of links of a path | `hops`, `fraction`, `fraction_at_most` |
//! | `delays` | a delay of paths, at up to 500 quantiles that are evenly apart | `delay_ms`, `fraction_at_most` |

use std::fmt::Write;

use analysis::{Cell, Figure, Table};

use super::Subject;
use crate::topology::layout;

/// The most links of a graph that is drawn.
pub(super) const DRAWN_LINKS: usize = 50_000;

/// The most routers whose labels are drawn.
const LABELLED: usize = 60;

/// In how many steps the distribution of delays is told.
const STEPS: usize = 500;

/// The tables by their names.
pub(super) fn tables(subject: &Subject) -> Vec<(String, Table)> {
    let tables = [
        ("routers", routers(subject)),
        ("links", links(subject)),
        ("degrees", degrees(subject)),
        ("hops", hops(subject)),
        ("delays", delays(subject)),
    ];
    tables.map(|(name, table)| (name.to_owned(), table)).into()
}

/// A table of rows that are laid out as its columns.
fn table<const N: usize>(columns: [&str; N], rows: impl IntoIterator<Item = [Cell; N]>) -> Table {
    let mut table = Table::new(&columns);
    for row in rows {
        let pushed = table.push_row(row);
        pushed.unwrap_or_else(|error| unreachable!("a row has as many cells as there are columns: {error}"));
    }
    table
}

fn routers(subject: &Subject) -> Table {
    let network = &subject.network;
    let routers = network.topology.routers.len();
    let known: Vec<_> = (0..routers).map(|router| network.place(router)).collect();
    // Where no place is known, the picture makes some.
    let places = match known.iter().any(Option::is_some) || network.topology.links > DRAWN_LINKS {
        true => known,
        false => layout(&network.topology.graph).into_iter().map(Some).collect(),
    };
    let row = |(router, place): (usize, Option<(f64, f64)>)| {
        [
            router.into(),
            network.topology.routers[router].label.as_str().into(),
            network.kind(router).into(),
            subject.metrics.degrees[router].into(),
            place.map(|(x, _)| x).into(),
            place.map(|(_, y)| y).into(),
        ]
    };
    table(
        ["node", "label", "kind", "links", "x", "y"],
        places.into_iter().enumerate().map(row),
    )
}

fn links(subject: &Subject) -> Table {
    let network = &subject.network;
    let row = |(one, other, delay): (usize, usize, sim_core::time::SimDuration)| {
        let kind = network.kind(one).zip(network.kind(other)).map(|kinds| match kinds {
            ("transit", "transit") => "transit-transit",
            ("stub", "stub") => "stub-stub",
            _ => "transit-stub",
        });
        [one.into(), other.into(), kind.into(), delay.as_millis_f64().into()]
    };
    table(
        ["from", "to", "kind", "delay_ms"],
        network.topology.graph.links().map(row),
    )
}

fn degrees(subject: &Subject) -> Table {
    let all = subject.metrics.degrees.len();
    let mut left = all;
    let row = |(links, routers): (usize, usize)| {
        let at_least = left as f64 / all as f64;
        left -= routers;
        let fraction = routers as f64 / all as f64;
        [links.into(), routers.into(), fraction.into(), at_least.into()]
    };
    let rows: Vec<_> = subject.metrics.routers_by_degree().into_iter().map(row).collect();
    table(["links", "routers", "fraction", "fraction_at_least"], rows)
}

fn hops(subject: &Subject) -> Table {
    let hops = &subject.metrics.paths.hops;
    let at_most = |most: u32| hops.up_to(most) as f64 / hops.count() as f64;
    let (least, most) = (hops.minimum().unwrap_or(1), hops.maximum().unwrap_or(0));
    let row = |hops: u32| {
        let before = if hops > least { at_most(hops - 1) } else { 0.0 };
        [hops.into(), (at_most(hops) - before).into(), at_most(hops).into()]
    };
    table(["hops", "fraction", "fraction_at_most"], (least..=most).map(row))
}

fn delays(subject: &Subject) -> Table {
    let delays = &subject.metrics.paths.delays;
    let quantile = |step: usize| {
        let fraction = step as f64 / STEPS as f64;
        Some((delays.quantile(fraction)?, fraction))
    };
    let quantiles: Vec<(u32, f64)> = (1..=STEPS).filter_map(quantile).collect();
    // Of equal ones the last says how many paths take at most so long.
    let equal = quantiles.chunk_by(|one, other| one.0 == other.0);
    let last = equal.filter_map(|quantiles| quantiles.last());
    table(
        ["delay_ms", "fraction_at_most"],
        last.map(|(delay, fraction)| [(f64::from(*delay) / 1e6).into(), (*fraction).into()]),
    )
}

/// The figures of the graph.
pub(super) fn figures(subject: &Subject) -> Vec<Figure> {
    let mut text = String::new();
    if subject.network.topology.links <= DRAWN_LINKS {
        picture(subject, &mut text);
    }
    let degree = subject.metrics.degree();
    let name = toml::Value::String(subject.name.clone());
    // A power law is a straight line on logarithmic axes; a handful of degrees needs none.
    let (scale, range) = match (degree.minimum(), degree.maximum()) {
        (Some(least @ 1..), Some(most)) if most >= 10 * least => ("log10", ""),
        _ => ("linear", ", range = [0, 1]"),
    };
    text.push_str(&format!(
        "[[figure]]\nname = \"degrees\"\ntable = \"degrees\"\nlines = {{ x = \"links\", y = \"fraction_at_least\", label = \
         {name} }}\nx = {{ label = \"Links of a router\", scale = \"{scale}\" }}\ny = {{ label = \"Fraction with at least so \
         many\", scale = \"{scale}\"{range} }}\n"
    ));
    if subject.metrics.paths.delays.count() > 0 {
        text.push_str(&format!(
            "[[figure]]\nname = \"delays\"\ntable = \"delays\"\ncdf = {{ x = \"delay_ms\", y = \"fraction_at_most\", label = \
             {name} }}\nx = {{ label = \"Delay between two routers\", unit = \"ms\" }}\ny = {{ label = \"Fraction of pairs\" }}\n"
        ));
    }
    #[derive(serde::Deserialize)]
    struct Figures {
        figure: Vec<Figure>,
    }
    let figures: Result<Figures, _> = toml::from_str(&text);
    figures.map_or_else(
        |error| unreachable!("figures are laid out: {error}"),
        |figures| figures.figure,
    )
}

/// The picture of the graph itself.
fn picture(subject: &Subject, text: &mut String) {
    let network = &subject.network;
    let routers = network.topology.routers.len();
    let mut more = String::new();
    // Writing to a String cannot fail.
    if network.kind(0).is_some() {
        let _ = write!(more, ", kind = \"kind\", state = \"kind\"");
    }
    if network.geographic() && routers <= LABELLED {
        let _ = write!(more, ", label = \"label\"");
    }
    if network.geographic() && (0..routers).any(|router| network.place(router).is_some()) {
        let _ = write!(more, ", geographic = true");
    }
    let width = if routers > LABELLED { "page" } else { "column" };
    let _ = writeln!(
        text,
        "[[figure]]\nname = \"topology\"\ntable = \"links\"\nwidth = \"{width}\"\nnetwork = {{ nodes = \"routers\"{more} }}"
    );
}
