//! What a run measures, and how it is counted.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use sim_core::time::{SimDuration, SimTime};
use sim_core::traffic::Traffic;

use super::comings::Comings;
use super::forwarding::Forwarded;
use super::label::Label;
use super::load::Load;
use super::network_layer::NetworkMeasured;
use super::reachability::PathCount;
use super::rings::RingCount;
use super::snapshot::Snapshot;
use super::spread::Spread;
use super::storage::Stored;
use super::tally::{Bins, Tally};
use super::tunnels::Tunnels;
use crate::overlays::TableErrors;
use crate::scenario::Point;

/// Everything that one run measured. Counts and integer sums, so that tables do not depend on the order of additions.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Lookups over time.
    pub bins: Bins,
    /// Lookups that were to begin at nodes that were no members.
    pub void_lookups: u64,
    /// How many bins the warm-up takes, and [`execute`](super::execute) leaves out of `lookups`.
    pub warm_up: usize,
    /// All lookups after the warm-up, their samples sorted; counted by `execute`.
    pub lookups: Tally,
    /// Between which nodes there were paths, count by count.
    pub paths: Vec<PathCount>,
    /// How many rings there were, count by count.
    pub rings: Vec<RingCount>,
    /// How far what the members know is from what they should know, comparison by comparison.
    pub table_errors: Vec<TableCount>,
    /// The kinds of messages that do nothing but route what is asked for; none where that cannot be told apart.
    pub routing_kinds: Option<Vec<Label>>,
    /// When the last partition is healed, if there is one.
    pub healed: Option<SimTime>,
    /// The overlay as it was at the times asked for.
    pub snapshots: Vec<Snapshot>,
    /// How keys spread over the members at the end; empty unless asked for.
    pub loads: Vec<Load>,
    /// What the members know at the end, by kind.
    pub state: Vec<Spread>,
    /// What each node received since measurement began, by kind of message; empty unless asked for.
    pub node_loads: Vec<Spread>,
    /// What was stored, and what became of it, if anything was to be.
    pub stored: Option<Stored>,
    /// What became of packets, addresses and the links between nodes, in a network layer.
    pub network: Option<NetworkMeasured>,
    /// What one host forwarded, if that is what was simulated.
    pub forwarded: Option<Forwarded>,
    /// The tunnels of a virtual network, if it is one.
    pub tunnels: Option<Tunnels>,
    /// Comings and goings in the measured time.
    pub comings: Comings,
    /// Arrivals, founders not counted.
    pub arrivals: u64,
    /// Joins that had to be begun again.
    pub restarted_joins: u64,
    /// Departures of which others were told.
    pub graceful_departures: u64,
    /// Departures of which nobody was told.
    pub silent_departures: u64,
    /// Requests that repair what failed nodes left in the tables of others, by what is repaired.
    pub repairs: BTreeMap<Label, u64>,
    /// Nodes that are up.
    pub up: u64,
    /// Members at the end.
    pub members: u64,
    /// Node-nanoseconds up since measurement began.
    pub up_time: u128,
    /// Traffic since measurement began.
    pub traffic: Option<Traffic>,
    /// When measurement began, and how long it lasted.
    pub from: SimTime,
    /// How long it lasted.
    pub span: SimDuration,
    counted_to: SimTime,
}

/// The tables of the members at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TableCount {
    /// When.
    pub time: SimTime,
    /// How many members there were.
    pub members: u64,
    /// What was wrong with their tables.
    pub errors: TableErrors,
}

impl Measured {
    /// Nothing yet, of a run of this point.
    pub fn new(point: &Point) -> Self {
        let start = point.lookups.as_ref().map_or(SimTime::ZERO, |lookups| lookups.start);
        let bins = Bins {
            start,
            width: point.measure.bin,
            tallies: Vec::new(),
        };
        let partitions = point.network.conditions.partitions.iter();
        Measured {
            bins,
            healed: partitions
                .map(|partition| partition.until)
                .max()
                .filter(|until| *until < SimTime::MAX),
            comings: Comings::new(point),
            ..Measured::default()
        }
    }

    /// Counts the lookups after a warm-up of so many bins.
    pub(super) fn settle(&mut self, warm_up: usize) {
        self.warm_up = warm_up;
        self.lookups = self.bins.take_from(warm_up);
    }

    /// A node came up or went down.
    pub(super) fn population(&mut self, now: SimTime, change: i64) {
        self.count_up_time(now);
        self.up = self.up.saturating_add_signed(change);
    }

    /// Measurement begins: what was sent and lived before does not count.
    pub(super) fn begin(&mut self, now: SimTime, traffic: Traffic) {
        self.count_up_time(now);
        self.up_time = 0;
        self.from = now;
        self.traffic = Some(traffic);
    }

    /// The run has ended.
    pub(super) fn finish(&mut self, traffic: &Traffic, end: SimTime, members: u64) {
        self.count_up_time(end);
        self.span = end.since(self.from);
        self.traffic = Some(match self.traffic.take() {
            Some(before) => traffic.since(&before),
            None => traffic.clone(),
        });
        self.members = members;
    }

    fn count_up_time(&mut self, now: SimTime) {
        self.up_time += u128::from(self.up) * u128::from(now.since(self.counted_to).as_nanos());
        self.counted_to = now;
    }
}
