//! The table of what a host forwards.

use analysis::Cell;

use super::layout::Layout;
use super::rows::{number, ratio};
use crate::run::forwarding::{self, Forwarded};
use crate::scenario::Kind;

/// A row a run: packets (over TCP, whole transfers) that came through a second, and their bytes, counted as the size of a packet
/// without what tunnels and frames add. `processor` and `line` are the shares of the time in which the host's processor and its line
/// to the sink were busy.
pub(super) const FORWARDING: Layout = Layout {
    name: "forwarding",
    columns: &[
        "packet_bytes",
        "offered_per_s",
        "forwarded_per_s",
        "throughput_mbit_s",
        "lost",
        "given_up",
        "processor",
        "line",
    ],
    written: forwards,
    rows: |measured, _| measured.forwarded.iter().map(row).collect(),
};

/// Whether points of a kind are one host that forwards, of which the tables of overlays have nothing to tell.
pub(super) fn forwards(kind: &Kind) -> bool {
    kind.protocol == forwarding::NAME
}

fn row(forwarded: &Forwarded) -> Vec<Cell> {
    let seconds = forwarded.span.as_secs_f64();
    let share = |busy: f64| number(ratio(busy, forwarded.span.as_nanos()));
    let rate = forwarded.delivered as f64 / seconds;
    vec![
        forwarded.bytes.into(),
        Cell::from(forwarded.sent as f64 / seconds),
        Cell::from(rate),
        Cell::from(rate * f64::from(forwarded.bytes) * 8.0 / 1e6),
        forwarded.lost.into(),
        forwarded.given_up.into(),
        share(forwarded.worked.as_nanos() as f64),
        forwarded
            .on_line
            .map_or(Cell::Empty, |busy| share(busy.as_nanos() as f64)),
    ]
}
