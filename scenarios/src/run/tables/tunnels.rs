//! The tables of a virtual network.

use analysis::Cell;

use super::layout::Layout;
use super::rows::{nearest_rank, number, ratio};
use crate::overlays::{Failure, Gone, VIRTUAL_NETWORKS};
use crate::run::tunnels::{ServerLoad, Tunnels};
use crate::scenario::Kind;

/// What the address servers had to do since measurement began, a row a server. `offered` are transactions that came, repetitions
/// included (`offered_per_event` for each join or departure), of which `lost` found the queue full; `requests` and `releases` were
/// served, and `refused` are the requests among them that got no addresses. Waiting is in the queue, before the service; `utilisation` is the share of the measured time in which the
/// server was busy, a time in which it was down included. The longest wait, the most transactions that were there and the most pairs
/// that were handed out are those since the run began; `pairs_end` are handed out at its end.
pub(super) const ADDRESS_SERVERS: Layout = Layout {
    name: "address_servers",
    columns: &[
        "server",
        "offered",
        "requests",
        "releases",
        "refused",
        "lost",
        "offered_per_s",
        "offered_per_event",
        "transactions_per_s",
        "wait_mean_ms",
        "wait_max_ms",
        "utilisation",
        "backlog_peak",
        "pairs_peak",
        "pairs_end",
    ],
    written: has_tunnels,
    rows: |measured, _| {
        let servers = measured.tunnels.iter().flat_map(|tunnels| &tunnels.servers);
        let events = measured.comings.begun + measured.comings.ended;
        servers
            .enumerate()
            .map(|(place, load)| server(place, load, events))
            .collect()
    },
};

/// What became of tunnels since measurement began, a row a run. `set_up` are those that a node has asked for and got: the time is that
/// from asking until it stands at this end. `failed` are those that it has asked for and not got. `gone` counts ends: `unwanted` by
/// both, `left` by an other end that said so, `silent` and `unknown` at the other end, or the lease `expired`. Two ends are a tunnel:
/// `standing_end` are those that stand at the end of the run, and `per_member_end` is how many of them a member has.
pub(super) const TUNNELS: Layout = Layout {
    name: "tunnels",
    columns: &[
        "set_up",
        "set_up_mean_ms",
        "set_up_p10_ms",
        "set_up_p50_ms",
        "set_up_p90_ms",
        "set_up_p99_ms",
        "set_up_max_ms",
        "failed",
        "failed_no_addresses",
        "failed_no_server",
        "failed_silent",
        "failed_refused",
        "failed_too_many",
        "failed_static",
        "gone",
        "gone_unwanted",
        "gone_left",
        "gone_silent",
        "gone_unknown",
        "gone_expired",
        "standing_end",
        "per_member_end",
    ],
    written: has_tunnels,
    rows: |measured, _| measured.tunnels.iter().map(tunnels).collect(),
};

fn has_tunnels(kind: &Kind) -> bool {
    VIRTUAL_NETWORKS.contains(&kind.protocol.as_str())
}

fn server(place: usize, load: &ServerLoad, events: u64) -> Vec<Cell> {
    let report = &load.report;
    let span = load.span.as_secs_f64();
    let per_second = |count: f64| number((span > 0.0).then(|| count / span));
    vec![
        place.into(),
        report.arrivals.into(),
        report.requests.into(),
        report.releases.into(),
        report.refused.into(),
        report.lost.into(),
        per_second(report.arrivals as f64),
        number(ratio(report.arrivals as f64, events)),
        per_second((report.requests + report.releases) as f64),
        number(ratio(report.waited as f64 / 1e6, report.begun)),
        (report.longest_wait.as_secs_f64() * 1e3).into(),
        per_second(report.busy.as_secs_f64()),
        report.peak_backlog.into(),
        report.peak_pairs.into(),
        report.pairs.into(),
    ]
}

fn tunnels(tunnels: &Tunnels) -> Vec<Cell> {
    let set_up = &tunnels.set_up;
    let sum: u128 = set_up.iter().map(|nanos| u128::from(*nanos)).sum();
    let millis = |nanos: u64| nanos as f64 / 1e6;
    let quantile = |q| number(nearest_rank(set_up, q).map(millis));
    let failed = |why| tunnels.failed.get(&why).copied().unwrap_or(0).into();
    let gone = |why| tunnels.gone.get(&why).copied().unwrap_or(0).into();
    vec![
        set_up.len().into(),
        number(ratio(sum as f64 / 1e6, set_up.len() as u64)),
        quantile(0.10),
        quantile(0.50),
        quantile(0.90),
        quantile(0.99),
        number(set_up.last().copied().map(millis)),
        tunnels.failed.values().sum::<u64>().into(),
        failed(Failure::NoAddresses),
        failed(Failure::NoServer),
        failed(Failure::Silent),
        failed(Failure::Refused),
        failed(Failure::TooMany),
        failed(Failure::Static),
        tunnels.gone.values().sum::<u64>().into(),
        gone(Gone::Unwanted),
        gone(Gone::Left),
        gone(Gone::Silent),
        gone(Gone::Unknown),
        gone(Gone::Expired),
        tunnels.standing.into(),
        number(tunnels.standing_mean),
    ]
}
