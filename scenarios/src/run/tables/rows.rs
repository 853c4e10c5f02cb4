//! The rows of each table, from what one run measured.

use analysis::Cell;
use analysis::statistics::{quantile, quantile_interval};
use sim_core::time::SimTime;
use sim_core::traffic::QueueTraffic;

use crate::run::Label;
use crate::run::common::Common;
use crate::run::load::Load;
use crate::run::measure::{Measured, TableCount};
use crate::run::rings::{RingCount, one_ring_since};
use crate::run::snapshot::{SeenLink, SeenNode};
use crate::run::spread::Spread;
use crate::run::tally::STRETCH_UNIT;

/// The sample of rank `q n`, rounded up: sorted samples, `q` in (0, 1].
pub(in crate::run) fn nearest_rank(sorted: &[u64], q: f64) -> Option<u64> {
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

pub(super) fn ratio(numerator: f64, denominator: u64) -> Option<f64> {
    (denominator > 0).then(|| numerator / denominator as f64)
}

pub(super) fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Empty, Cell::from)
}

pub(super) fn lookups(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let measured = &measured.lookups;
    let completed = measured.completed;
    let moment = |power: u32| -> u64 {
        measured
            .visited
            .iter()
            .zip(0_u64..)
            .map(|(lookups, visited)| lookups * visited.pow(power))
            .sum()
    };
    let mean = ratio(moment(1) as f64, completed);
    let variance = ratio(moment(2) as f64, completed)
        .zip(mean)
        .map(|(square, mean)| square - mean * mean);
    let millis = |nanos: u64| nanos as f64 / 1e6;
    let sum = |samples: &[u64]| samples.iter().map(|sample| u128::from(*sample)).sum::<u128>() as f64;
    let latency = |q| number(nearest_rank(&measured.latencies, q).map(millis));
    let visited = || {
        measured
            .visited
            .iter()
            .copied()
            .enumerate()
            .map(|(visited, lookups)| (visited as u64, lookups))
    };
    let percentile = |part| quantile(visited(), part, 100).map_or(Cell::Empty, Cell::from);
    let stretch = |q| number(nearest_rank(&measured.stretches, q).map(|ratio| ratio as f64 * STRETCH_UNIT));
    vec![vec![
        measured.issued.into(),
        completed.into(),
        measured.correct.into(),
        measured.failed.into(),
        measured.unfinished.into(),
        number(ratio(completed as f64, measured.issued)),
        number(ratio(measured.correct as f64, measured.issued)),
        number(mean),
        number(variance),
        percentile(1),
        percentile(50),
        percentile(99),
        number(measured.hops_mean()),
        number(ratio(measured.timeouts as f64, completed + measured.failed)),
        number(ratio(measured.dead_owners as f64, completed)),
        number(ratio(measured.latency as f64 / 1e6, completed)),
        latency(0.50),
        latency(0.95),
        number(ratio(
            sum(&measured.stretches) * STRETCH_UNIT,
            measured.stretches.len() as u64,
        )),
        stretch(0.10),
        stretch(0.50),
        stretch(0.90),
        number((measured.direct > 0).then(|| measured.latency as f64 / measured.direct as f64)),
        measured.at_newcomer.into(),
    ]]
}

/// A row a length up to below `end`: how many of the completed lookups are so long.
fn lengths(lookups: &[u64], end: usize, completed: u64) -> Vec<Vec<Cell>> {
    let mut up_to = 0;
    let row = |length: usize| {
        let lookups = lookups.get(length).copied().unwrap_or(0);
        up_to += lookups;
        let share = |lookups: u64| number(ratio(lookups as f64, completed));
        vec![length.into(), lookups.into(), share(lookups), share(up_to)]
    };
    (0..end).map(row).collect()
}

pub(super) fn path_length(measured: &Measured, common: &Common) -> Vec<Vec<Cell>> {
    lengths(&measured.lookups.visited, common.visited, measured.lookups.completed)
}

pub(super) fn hops(measured: &Measured, common: &Common) -> Vec<Vec<Cell>> {
    lengths(&measured.lookups.hops, common.hops, measured.lookups.completed)
}

pub(super) fn load(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let row = |load: &Load| {
        let holders = load.held.len() as u64;
        let percentile = |q| nearest_rank(&load.held, q).map_or(Cell::Empty, Cell::from);
        vec![
            load.holder.into(),
            holders.into(),
            load.keys.into(),
            number(ratio(load.held.iter().sum::<u64>() as f64, holders)),
            percentile(0.01),
            percentile(0.50),
            percentile(0.99),
            percentile(1.0),
            number(ratio(load.held.partition_point(|held| *held == 0) as f64, holders)),
        ]
    };
    measured.loads.iter().map(row).collect()
}

pub(super) fn load_distribution(measured: &Measured, common: &Common) -> Vec<Vec<Cell>> {
    let row = |load: &Load, held: u64| {
        let up_to = |held: u64| load.held.partition_point(|other| *other < held);
        let holders = up_to(held + 1) - up_to(held);
        vec![
            load.holder.into(),
            held.into(),
            holders.into(),
            number(ratio(holders as f64, load.held.len() as u64)),
        ]
    };
    let loads = measured.loads.iter();
    loads
        .flat_map(|load| (0..=common.held).map(move |held| row(load, held)))
        .collect()
}

/// A row a thing that is spread over nodes.
pub(super) fn spreads(spreads: &[Spread]) -> Vec<Vec<Cell>> {
    let row = |spread: &Spread| {
        let [p01, p50, p99] = spread.percentiles;
        vec![
            spread.of.into(),
            spread.nodes.into(),
            number(spread.mean()),
            p01.into(),
            p50.into(),
            p99.into(),
            spread.max.into(),
        ]
    };
    spreads.iter().map(row).collect()
}

pub(super) fn state(measured: &Measured, common: &Common) -> Vec<Vec<Cell>> {
    let mut rows = spreads(&measured.state);
    for (row, Spread { of, .. }) in rows.iter_mut().zip(&measured.state) {
        row.insert(2, number(common.entries.get(of.as_str()).copied()));
        row.push(number(measured.lookups.hops_mean()));
    }
    rows
}

pub(super) fn node_load(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    spreads(&measured.node_loads)
}

/// A row an edge: the edge in the unit of the table, and the fraction of samples that do not exceed it.
fn distribution(sorted: &[u64], edges: &[u64], unit: f64) -> Vec<Vec<Cell>> {
    let row = |edge: &u64| {
        let at_most = sorted.partition_point(|sample| sample <= edge);
        vec![
            Cell::from(*edge as f64 * unit),
            number(ratio(at_most as f64, sorted.len() as u64)),
        ]
    };
    edges.iter().map(row).collect()
}

pub(super) fn latency(measured: &Measured, common: &Common) -> Vec<Vec<Cell>> {
    distribution(&measured.lookups.latencies, &common.latency, 1e-6)
}

pub(super) fn stretch(measured: &Measured, common: &Common) -> Vec<Vec<Cell>> {
    distribution(&measured.lookups.stretches, &common.stretch, STRETCH_UNIT)
}

pub(super) fn quantiles(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let samples = [
        ("latency_ms", &measured.lookups.latencies, 1e-6),
        ("stretch", &measured.lookups.stretches, STRETCH_UNIT),
    ];
    let row = |(name, sorted, unit): (&str, &Vec<u64>, f64), q: f64| {
        let cell = |sample: Option<u64>| number(sample.map(|sample| sample as f64 * unit));
        let (low, high) = quantile_interval(sorted, q).unzip();
        let value = nearest_rank(sorted, q);
        vec![
            name.into(),
            q.into(),
            cell(value),
            cell(low),
            cell(high),
            sorted.len().into(),
        ]
    };
    let rows = samples
        .into_iter()
        .flat_map(|sample| [0.5, 0.9, 0.95, 0.99].map(|q| row(sample, q)));
    rows.collect()
}

pub(super) fn messages(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let node_seconds = measured.up_time as f64 / 1e9;
    let rate = |count: u64| number((node_seconds > 0.0).then(|| count as f64 / node_seconds));
    let Some(traffic) = &measured.traffic else {
        return Vec::new();
    };
    let sent = traffic.kinds().chain([("total", traffic.total())]).map(|(kind, sum)| {
        vec![
            kind.into(),
            sum.messages.into(),
            sum.bytes.into(),
            rate(sum.messages),
            rate(sum.bytes),
        ]
    });
    let queue_full = traffic.links.map(|links| ("queue_full", links.lost()));
    let undelivered = [("lost", traffic.lost), ("unreachable", traffic.unreachable)]
        .into_iter()
        .chain(queue_full)
        .map(|(fate, messages)| vec![fate.into(), messages.into(), Cell::Empty, rate(messages), Cell::Empty]);
    sent.chain(undelivered).collect()
}

pub(super) fn access_links(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let Some(links) = measured.traffic.as_ref().and_then(|traffic| traffic.links) else {
        return Vec::new();
    };
    let row = |(direction, queue): (&str, QueueTraffic)| {
        vec![
            direction.into(),
            queue.messages.into(),
            queue.lost.into(),
            number(ratio(queue.lost as f64, queue.messages + queue.lost)),
            number(ratio(queue.waited as f64 / 1e6, queue.messages)),
            queue.longest.as_millis_f64().into(),
        ]
    };
    [("up", links.up), ("down", links.down)].map(row).into()
}

pub(super) fn population(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let span = measured.span.as_nanos();
    vec![vec![
        measured.arrivals.into(),
        measured.restarted_joins.into(),
        measured.graceful_departures.into(),
        measured.silent_departures.into(),
        number(ratio(measured.up_time as f64, span)),
        measured.up.into(),
        measured.members.into(),
    ]]
}

pub(super) fn repairs(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let departures = measured.graceful_departures + measured.silent_departures;
    let row =
        |(of, requests): (Label, u64)| vec![of.into(), requests.into(), number(ratio(requests as f64, departures))];
    let by_kind = measured.repairs.iter().map(|(of, requests)| (*of, *requests));
    by_kind
        .chain([("total".into(), measured.repairs.values().sum())])
        .map(row)
        .collect()
}

pub(super) fn seconds(time: SimTime) -> Cell {
    Cell::from(time.since(SimTime::ZERO).as_secs_f64())
}

pub(super) fn rings(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let row = |count: &RingCount| {
        vec![
            seconds(count.time),
            count.members.into(),
            count.rings.into(),
            count.largest.into(),
            count.correct.into(),
        ]
    };
    measured.rings.iter().map(row).collect()
}

pub(super) fn table_errors(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let row = |TableCount { time, members, errors }: &TableCount| {
        vec![
            seconds(*time),
            (*members).into(),
            errors.wrong_leaf_sets.into(),
            errors.dead_entries.into(),
            errors.misplaced_entries.into(),
            number(ratio(errors.filled as f64, errors.filled + errors.unfilled)),
        ]
    };
    measured.table_errors.iter().map(row).collect()
}

pub(super) fn one_ring(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let since = one_ring_since(&measured.rings);
    let healed = since.zip(measured.healed);
    let after = healed.map(|(since, healed)| since.since(healed).as_secs_f64());
    let end = measured.rings.last();
    vec![vec![
        since.map_or(Cell::Empty, seconds),
        number(after),
        end.map_or(Cell::Empty, |count| count.rings.into()),
    ]]
}

pub(super) fn snapshot_nodes(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let row = |time: SimTime, node: &SeenNode| {
        vec![
            seconds(time),
            node.addr.0.into(),
            node.id.as_str().into(),
            node.turn.into(),
            number(node.place.map(|(x, _)| x)),
            number(node.place.map(|(_, y)| y)),
            node.state.as_str().into(),
        ]
    };
    let snapshots = measured.snapshots.iter();
    snapshots
        .flat_map(|snapshot| snapshot.nodes.iter().map(move |node| row(snapshot.time, node)))
        .collect()
}

pub(super) fn snapshot_links(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let row =
        |time: SimTime, link: &SeenLink| vec![seconds(time), link.from.0.into(), link.to.0.into(), link.kind.into()];
    let snapshots = measured.snapshots.iter();
    snapshots
        .flat_map(|snapshot| snapshot.links.iter().map(move |link| row(snapshot.time, link)))
        .collect()
}
