//! The tables of what is stored.

use analysis::Cell;

use super::layout::Layout;
use super::rows::{nearest_rank, number, ratio, spreads};
use crate::run::common::Common;
use crate::run::measure::Measured;
use crate::run::storage::{Count, Operations, Stored};

/// A row a run: what became of the first put of each key, of puts, removes and gets since `workload.storage.from`, and what was
/// left at the last count. Judged are gets of keys that had been put and not removed when they began, and that nobody wrote until
/// they were answered: `found` is what was written last, or newer, `availability` the part of them that was found; `stale` is
/// older. `revived` are gets of removed keys that found a value. A get during which somebody began or finished a write of
/// its key is `unsure` and not judged: what was there before would do, and what was there after; those that were given up, or had not ended, count by
/// what held when they began. `lost` keys are those that no member has as they were written last.
pub(super) const STORAGE: Layout = Layout {
    name: "storage",
    columns: &[
        "first_puts",
        "first_puts_completed",
        "first_puts_failed",
        "first_puts_unfinished",
        "first_puts_completed_fraction",
        "puts",
        "puts_completed",
        "puts_failed",
        "puts_unfinished",
        "removes",
        "removes_completed",
        "removes_failed",
        "removes_unfinished",
        "gets",
        "gets_found",
        "gets_stale",
        "gets_not_found",
        "gets_failed",
        "gets_unfinished",
        "gets_cached",
        "availability",
        "stale_fraction",
        "cached_fraction",
        "removed_gets",
        "revived",
        "unsure",
        "void",
        "first_put_latency_mean_ms",
        "put_latency_mean_ms",
        "get_latency_mean_ms",
        "get_latency_p50_ms",
        "get_latency_p95_ms",
        "keys_end",
        "lost_end",
        "lost_fraction",
        "copies_mean",
    ],
    written: |kind| kind.storage,
    rows: |measured, _| measured.stored.iter().map(storage).collect(),
};

/// What is there, a row a count each `workload.storage.count_every`: `keys` that have been put and not removed, how many of them are `lost`, how
/// many members have each as it was written last in the mean, and how many are `complete`: as many as should have them.
pub(super) const DURABILITY: Layout = Layout {
    name: "durability",
    columns: &[
        "time_s",
        "keys",
        "lost",
        "lost_fraction",
        "copies_mean",
        "complete_fraction",
    ],
    written: |kind| kind.storage,
    rows: durability,
};

/// What members store at the end, a row for `records` (tombstones included) and `bytes` (of values): percentiles by nearest
/// rank.
pub(super) const STORED: Layout = Layout {
    name: "stored",
    columns: &["of", "members", "mean", "p01", "p50", "p99", "max"],
    written: |kind| kind.storage,
    rows: |measured, _| {
        measured
            .stored
            .as_ref()
            .map_or_else(Vec::new, |stored| spreads(&stored.holders))
    },
};

fn storage(stored: &Stored) -> Vec<Cell> {
    let Stored {
        first_puts,
        puts,
        removes,
        gets,
        ..
    } = stored;
    let counts = |operations: &Operations| {
        [
            operations.begun,
            operations.completed,
            operations.failed,
            operations.unfinished(),
        ]
    };
    let of_gets = |part: u64| number(ratio(part as f64, gets.begun));
    let millis = |nanos: u64| nanos as f64 / 1e6;
    let mean = |operations: &Operations| {
        let sum: u128 = operations.latencies.iter().map(|latency| u128::from(*latency)).sum();
        number(ratio(sum as f64 / 1e6, operations.completed))
    };
    let end = stored.counts.last();
    let mut row: Vec<Cell> = counts(first_puts).map(Cell::from).into();
    row.push(number(ratio(first_puts.completed as f64, first_puts.begun)));
    row.extend([puts, removes].into_iter().flat_map(counts).map(Cell::from));
    row.extend([
        gets.begun.into(),
        stored.found.into(),
        stored.stale.into(),
        (gets.completed - stored.found - stored.stale).into(),
        gets.failed.into(),
        gets.unfinished().into(),
        stored.cached.into(),
        of_gets(stored.found),
        of_gets(stored.stale),
        of_gets(stored.cached),
        stored.removed.into(),
        stored.revived.into(),
        stored.unsure.into(),
        stored.void.into(),
        mean(first_puts),
        mean(puts),
        mean(gets),
        number(nearest_rank(&gets.latencies, 0.5).map(millis)),
        number(nearest_rank(&gets.latencies, 0.95).map(millis)),
        end.map_or(Cell::Empty, |end| end.keys.into()),
        end.map_or(Cell::Empty, |end| end.lost.into()),
        number(end.and_then(|end| ratio(end.lost as f64, end.keys))),
        number(end.and_then(|end| ratio(end.copies as f64, end.keys))),
    ]);
    row
}

fn durability(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let row = |count: &Count| {
        let of_keys = |part: u64| number(ratio(part as f64, count.keys));
        vec![
            Cell::from(count.time.as_secs_f64()),
            count.keys.into(),
            count.lost.into(),
            of_keys(count.lost),
            of_keys(count.copies),
            of_keys(count.complete),
        ]
    };
    let counts = measured.stored.iter().flat_map(|stored| &stored.counts);
    counts.map(row).collect()
}
