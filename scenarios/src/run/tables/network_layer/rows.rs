//! Their rows, from what one run measured.

use analysis::Cell;
use sim_core::time::SimTime;

use super::super::rows::{nearest_rank, number, ratio, seconds};
use crate::run::common::Common;
use crate::run::measure::Measured;
use crate::run::network_layer::{
    AddressTally, Disturbance, LookupTally, NetworkMeasured, NodeState, PacketTally, Probe, settled,
};
use crate::run::tally::STRETCH_UNIT;

/// The rows of a run of a network layer; none of another.
fn of(measured: &Measured, rows: impl FnOnce(&NetworkMeasured) -> Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
    measured.network.as_ref().map(rows).unwrap_or_default()
}

/// So many for each node that was up and second.
fn rate(measured: &Measured, count: u64) -> Cell {
    let node_seconds = measured.up_time as f64 / 1e9;
    number((node_seconds > 0.0).then(|| count as f64 / node_seconds))
}

fn mean_hops(tally: &PacketTally) -> Cell {
    number(ratio(tally.hops as f64, tally.delivered))
}

fn mean_stretch(tally: &PacketTally) -> Cell {
    number(ratio(tally.stretch as f64 * STRETCH_UNIT, tally.stretched))
}

pub(super) fn packets(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    of(measured, |network| {
        let tally = network.packets();
        let latency = |q| number(nearest_rank(&network.latencies, q).map(|nanos| nanos as f64 / 1e6));
        let mut row = vec![
            tally.sent.into(),
            tally.delivered.into(),
            number(ratio(tally.delivered as f64, tally.sent)),
            number(ratio(tally.connected as f64, tally.sent)),
            number(ratio(tally.delivered_connected as f64, tally.connected)),
            mean_hops(&tally),
            number(ratio(tally.shortest as f64, tally.stretched)),
            mean_stretch(&tally),
            number(ratio(tally.latency as f64 / 1e6, tally.delivered)),
            latency(0.50),
            latency(0.95),
        ];
        row.extend(tally.dropped.map(Cell::from));
        row.extend([tally.lost.into(), tally.unfinished.into(), tally.duplicates.into()]);
        vec![row]
    })
}

pub(super) fn packets_over_time(measured: &Measured, common: &Common) -> Vec<Vec<Cell>> {
    of(measured, |network| {
        let row = |bin: usize| {
            let tally = network.bins.get(bin).copied().unwrap_or_default();
            vec![
                seconds(network.start + network.width * bin as u64),
                tally.sent.into(),
                tally.delivered.into(),
                number(ratio(tally.delivered as f64, tally.sent)),
                mean_hops(&tally),
                mean_stretch(&tally),
                number(ratio(tally.latency as f64 / 1e6, tally.delivered)),
            ]
        };
        (0..common.packet_bins).map(row).collect()
    })
}

pub(super) fn overhead(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    of(measured, |network| {
        let rate = |count: u64| rate(measured, count);
        let Some(traffic) = &measured.traffic else {
            return Vec::new();
        };
        let total = traffic.total();
        let data = traffic.of_kinds(&network.data_kinds);
        let delivered = network.packets().delivered;
        let each = |count: u64| number(ratio(count as f64, delivered));
        let (messages, bytes) = (total.messages - data.messages, total.bytes - data.bytes);
        vec![vec![
            rate(messages),
            rate(bytes),
            rate(data.messages),
            rate(data.bytes),
            rate(total.bytes),
            each(messages),
            each(bytes),
            each(total.bytes),
        ]]
    })
}

pub(super) fn node_state(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let row = |node: &NodeState| {
        vec![
            node.node.0.into(),
            node.neighbours.into(),
            node.state.iter().map(|(_, entries)| *entries).sum::<usize>().into(),
            node.address
                .as_ref()
                .map_or(Cell::Empty, |address| address.as_str().into()),
        ]
    };
    of(measured, |network| network.nodes.iter().map(row).collect())
}

pub(super) fn addresses(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let rate = |count: u64| rate(measured, count);
    let row = |tally: AddressTally| {
        vec![
            tally.changes.into(),
            rate(tally.changes),
            tally.migrations.into(),
            tally.losses.into(),
            tally.refusals.into(),
            rate(tally.refusals),
            tally.last_change.map_or(Cell::Empty, seconds),
            tally.addressed.into(),
            tally.without.into(),
            number(ratio(tally.depth as f64, tally.addressed)),
            tally.deepest.into(),
        ]
    };
    of(measured, |network| network.addresses.into_iter().map(row).collect())
}

pub(super) fn network_over_time(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let row = |probe: &Probe| {
        vec![
            seconds(probe.time),
            probe.up.into(),
            probe.components.into(),
            probe.without.into(),
            probe.areas.into(),
            probe.connected_areas.into(),
            probe.pairs.into(),
            probe.deliverable.into(),
            number(probe.fraction()),
            u64::from(probe.in_order()).into(),
        ]
    };
    of(measured, |network| network.probes.iter().map(row).collect())
}

pub(super) fn network_convergence(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    of(measured, |network| {
        let disturbances = &network.disturbances;
        let row = |(place, disturbance): (usize, &Disturbance)| {
            let from = disturbance.time;
            let next = disturbances.get(place + 1).map(|next| next.time);
            let (reached, settled) = settled(&network.probes, from, next);
            let after = |time: Option<SimTime>| number(time.map(|time| time.since(from).as_secs_f64()));
            vec![disturbance.what.into(), seconds(from), after(reached), after(settled)]
        };
        disturbances.iter().enumerate().map(row).collect()
    })
}

pub(super) fn node_lookups(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    of(measured, |network| {
        let mut tally = LookupTally::default();
        network.lookups.values().for_each(|some| tally.add(some));
        let rate = |count: u64| rate(measured, count);
        let updates = measured.traffic.as_ref();
        let updates = updates
            .map(|traffic| traffic.of_kinds(&network.update_kinds))
            .unwrap_or_default();
        let latest = nearest_rank(&network.lookup_latencies, 0.95);
        vec![vec![
            tally.issued.into(),
            tally.answered.into(),
            tally.correct.into(),
            tally.failed.into(),
            tally.unfinished.into(),
            number(ratio(tally.answered as f64, tally.issued)),
            number(ratio(tally.correct as f64, tally.issued)),
            number(ratio(tally.hops as f64, tally.answered)),
            number(ratio(tally.hops_back as f64, tally.answered)),
            number(ratio(tally.latency as f64 / 1e6, tally.answered)),
            number(latest.map(|nanos| nanos as f64 / 1e6)),
            rate(updates.messages),
            rate(updates.bytes),
        ]]
    })
}

pub(super) fn node_lookups_by_distance(measured: &Measured, common: &Common) -> Vec<Vec<Cell>> {
    of(measured, |network| {
        let row = |distance: u32| {
            let tally = network.lookups.get(&Some(distance)).copied().unwrap_or_default();
            vec![
                distance.into(),
                tally.issued.into(),
                number(ratio(tally.answered as f64, tally.issued)),
                number(ratio(tally.correct as f64, tally.issued)),
                number(ratio(tally.hops as f64, tally.answered)),
                number(ratio(tally.hops_back as f64, tally.answered)),
            ]
        };
        (1..=common.farthest).map(row).collect()
    })
}
