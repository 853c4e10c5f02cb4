//! The rows of the tables on who came and went.

use analysis::Cell;
use sim_core::time::{SimDuration, SimTime};
use sim_core::traffic::{KindTraffic, Traffic};

use super::rows::{nearest_rank, number};
use crate::run::comings::{Bin, Comings};
use crate::run::common::Common;
use crate::run::measure::Measured;

fn over(count: u128, span: SimDuration) -> Option<f64> {
    (span > SimDuration::ZERO).then(|| count as f64 / span.as_secs_f64())
}

/// The lengths of the sessions that ended, in ascending order.
pub(in crate::run) fn ended(comings: &Comings) -> Vec<u64> {
    let ended = comings.sessions.iter().filter(|(_, ended)| *ended);
    ended.map(|(length, _)| *length).collect()
}

pub(super) fn churn(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let comings = &measured.comings;
    let seconds = |nanos: f64| nanos / 1e9;
    let mean = (comings.ended > 0).then(|| seconds(comings.up_time as f64 / comings.ended as f64));
    let survival = comings.survival();
    let median = survival.iter().find(|(_, share)| *share <= 0.5);
    let after = |time: Option<SimTime>| number(time.map(|time| time.since(comings.from).as_secs_f64()));
    vec![vec![
        comings.begins.into(),
        comings.begun.into(),
        comings.ended.into(),
        number(mean),
        number(median.map(|(length, _)| seconds(*length as f64))),
        number(over(comings.up_time, comings.span).map(seconds)),
        comings.up_least.into(),
        comings.up_most.into(),
        comings.empty.as_secs_f64().into(),
        after(comings.halved),
        after(comings.doubled),
        number(over(comings.begun.into(), comings.span)),
        number(over(comings.ended.into(), comings.span)),
        comings.refused.into(),
    ]]
}

pub(super) fn sessions(measured: &Measured, common: &Common) -> Vec<Vec<Cell>> {
    let survival = measured.comings.survival();
    let longest = survival.last().map_or(0, |(length, _)| *length);
    let seen = common.sessions.iter().filter(|edge| **edge <= longest);
    let row = |edge: &u64| {
        let steps = survival.partition_point(|(length, _)| length <= edge);
        let longer = steps.checked_sub(1).map_or(1.0, |step| survival[step].1);
        vec![Cell::from(*edge as f64 / 1e9), Cell::from(1.0 - longer)]
    };
    seen.map(row).collect()
}

/// So many a second and node that is up.
fn per_node_s(measured: &Measured, count: u64) -> Option<f64> {
    let node_seconds = measured.up_time as f64 / 1e9;
    (node_seconds > 0.0).then(|| count as f64 / node_seconds)
}

fn total(measured: &Measured) -> KindTraffic {
    measured.traffic.as_ref().map(Traffic::total).unwrap_or_default()
}

/// Bytes sent a second by a node that is up.
pub(in crate::run) fn bytes_per_node_s(measured: &Measured) -> Option<f64> {
    per_node_s(measured, total(measured).bytes)
}

/// Messages that keep the overlay, where they can be told from those that are routed.
fn control_messages(measured: &Measured) -> Option<u64> {
    let (routing, traffic) = (measured.routing_kinds.as_ref()?, measured.traffic.as_ref()?);
    Some(traffic.total().messages - traffic.of_kinds(routing).messages)
}

pub(super) fn cost(measured: &Measured, common: &Common) -> Vec<Vec<Cell>> {
    let lookups = &measured.lookups;
    let ratio = |sum: f64, count: u64| number((count > 0).then(|| sum / count as f64));
    let median = nearest_rank(&lookups.latencies, 0.5);
    vec![vec![
        number(common.bytes_per_node_s),
        number(bytes_per_node_s(measured)),
        number(per_node_s(measured, total(measured).messages)),
        number(control_messages(measured).and_then(|messages| per_node_s(measured, messages))),
        ratio(lookups.completed as f64, lookups.issued),
        ratio(lookups.correct as f64, lookups.issued),
        number(lookups.hops_mean()),
        ratio(lookups.timeouts as f64, lookups.completed + lookups.failed),
        ratio(lookups.latency as f64 / 1e6, lookups.completed),
        number(median.map(|latency| latency as f64 / 1e6)),
    ]]
}

pub(super) fn population_over_time(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let comings = &measured.comings;
    let end = comings.from + comings.span;
    let row = |(bin, number_of): (&Bin, u64)| {
        let begin = comings.from + comings.width * number_of;
        let span = (begin + comings.width).min(end).since(begin);
        vec![
            begin.as_secs_f64().into(),
            number(over(bin.up_time, span).map(|up| up / 1e9)),
            number(over(bin.begun.into(), span)),
            number(over(bin.ended.into(), span)),
        ]
    };
    // What happens at the very end opens a bin that has no length.
    let bins = comings.bins.iter().zip(0..);
    bins.filter(|(_, number)| comings.from + comings.width * *number < end)
        .map(row)
        .collect()
}
