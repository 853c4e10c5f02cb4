//! One point of a scenario: a network of nodes and what happens to it.

use std::sync::Arc;

use sim_core::network::Hosts;
use sim_core::time::{SimDuration, SimTime};

use super::raw::Arrivals;
use super::sweep::{self, Place, Sweep};
use super::{
    ChurnSpec, FlashCrowd, Groups, Lookups, MassFailureSpec, Measure, NetworkSpec, NodeLookups, Packets, Settings,
    Storage,
};
use crate::input::{Document, InputError};

/// One point of the sweep: a network of nodes and what happens to it.
#[derive(Clone)]
pub struct Point {
    /// The position among the scenario's points, from zero.
    pub index: usize,
    /// The swept keys and the values that they have here, as texts, in the order of the axes.
    pub settings: Vec<(String, String)>,
    /// How long the simulation lasts.
    pub duration: SimDuration,
    /// How many nodes there are, up or down: those of all hosts, which [`Point::hosts`] tells apart.
    pub nodes: u32,
    /// How the network comes to be.
    pub bring_up: BringUp,
    /// What lies between the nodes.
    pub network: NetworkSpec,
    /// Who comes and goes when.
    pub churn: ChurnSpec,
    /// Failures of many nodes at once.
    pub mass_failures: Vec<MassFailureSpec>,
    /// Nodes that all come within a short time.
    pub flash_crowd: Option<FlashCrowd>,
    /// What the nodes are asked for.
    pub lookups: Option<Lookups>,
    /// What they store.
    pub storage: Option<Storage>,
    /// The packets that they send to each other.
    pub packets: Option<Packets>,
    /// The lookups of each other's addresses.
    pub node_lookups: Option<NodeLookups>,
    /// The messages that they send to groups.
    pub groups: Option<Groups>,
    /// How lookups are counted over time.
    pub measure: Measure,
    /// What is watched beside the measurements.
    pub observe: Observe,
    /// The protocol and its settings.
    pub protocol: Settings,
    /// Whether it is one of the network layer, whose nodes talk over links to their neighbours.
    pub network_layer: bool,
    pub(super) place: Place,
    pub(super) sweep: Arc<Sweep>,
}

/// How the network comes to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BringUp {
    /// The nodes join one by one through a random member, their starts spread over this span.
    Joins {
        /// From the first start to the last.
        over: SimDuration,
        /// How the starts are spread.
        arrivals: Arrivals,
        /// How many members the overlay starts from, with perfect tables; what the protocol recommends where it is `None`.
        founders: Option<u32>,
    },
    /// All nodes are there at time 0 with the tables that the finished protocol would have.
    Bulk,
    /// All nodes are there at time 0 and know nothing: a network layer begins from its links.
    Cold,
}

/// What is watched beside the measurements.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Observe {
    /// Whether the ring must keep its invariants.
    pub ring_invariants: bool,
    /// Between which nodes there are paths, time after time.
    pub reachability: Option<Reachability>,
    /// From one count of the rings to the next.
    pub rings: Option<SimDuration>,
    /// From one comparison of the tables to the next.
    pub tables: Option<SimDuration>,
    /// When the overlay is written down, in ascending order.
    pub snapshots: Vec<SimTime>,
    /// How many keys are spread over the members at the end of the run.
    pub load: Option<u64>,
    /// Whether messages are counted by the nodes that receive them.
    pub node_load: bool,
    /// Whether every area is connected and every pair can reach each other, time after time, in a network layer.
    pub convergence: Option<Reachability>,
    /// Whether the run is to end when a packet goes in a circle.
    pub loops: bool,
    /// By how many leading bits of their addresses nodes are told apart in snapshots of a network layer, if the scenario says so.
    pub snapshot_bits: Option<u32>,
}

/// How often it is counted between how many nodes there are paths.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Reachability {
    /// From one count to the next.
    pub every: SimDuration,
    /// Paths from everywhere to so many random nodes are followed each time; to all where it is `None`.
    pub destinations: Option<u32>,
    /// The part of the pairs with which the run ends.
    pub stop_at: Option<f64>,
}

impl Point {
    /// The point as the overlay below a layer has it: with that overlay, one of those known, as its protocol.
    ///
    /// # Errors
    /// [`InputError::Invalid`] unless exactly one of them is chosen.
    pub fn below(&self, known: &[&str]) -> Result<Point, InputError> {
        Ok(Point {
            protocol: self.protocol.over(known)?,
            ..self.clone()
        })
    }

    /// A complaint about a value of this point, by its dotted key.
    pub fn error_at(&self, path: &str, message: impl AsRef<str>) -> InputError {
        match self.document() {
            Ok(document) => document.error_at(path, message),
            Err(error) => error,
        }
    }

    /// All that decides what is simulated at this point, as it is written. It is made anew each time: as many documents as a sweep
    /// can have points would take gigabytes.
    fn document(&self) -> Result<Document, InputError> {
        self.sweep.document(self.place)
    }

    /// From when on is measured what nodes are asked for, if they are.
    pub fn measured_from(&self) -> Option<SimTime> {
        let lookups = self.lookups.as_ref().map(|lookups| lookups.start);
        let storage = self.storage.map(|storage| storage.from);
        let packets = self.packets.map(|packets| packets.span.start);
        let node_lookups = self.node_lookups.map(|lookups| lookups.span.start);
        let groups = self.groups.map(|groups| groups.span.start);
        let asked = packets.into_iter().chain(node_lookups).chain(groups);
        lookups.or(storage).or(asked.min())
    }

    /// Whether the scenario says something about a dotted key.
    pub fn is_written(&self, path: &str) -> bool {
        self.document().is_ok_and(|document| document.get(path).is_some())
    }

    /// What the network is called in the scenario: `radio` for `[network.radio]`.
    pub fn network_key(&self) -> String {
        let document = self.document().ok();
        let network = document
            .as_ref()
            .and_then(|document| document.get("network")?.as_table());
        let chosen = network.and_then(|table| table.entries().first());
        chosen.map_or_else(String::new, |entry| entry.key.clone())
    }

    /// Whether anybody comes or goes once the overlay has been brought up.
    pub fn comes_and_goes(&self) -> bool {
        self.churn.changes() || !self.mass_failures.is_empty() || self.flash_crowd.is_some()
    }

    /// How many hosts are up on average while churn goes on, a flash crowd not counted; none where there is no steady state.
    pub fn mean_up(&self) -> Option<f64> {
        let span = (SimTime::ZERO + self.duration).since(self.churn.start);
        self.churn.churn.model().mean_up(self.churn.places, span)
    }

    /// All keys that decide what is simulated at this point, with the values that they have here: those of the file, of the
    /// command line and of the sweep. What is not there has its default.
    pub fn values(&self) -> toml::Table {
        // Whoever has a point has read its document.
        let Ok(document) = self.document() else {
            return toml::Table::new();
        };
        let tables = sweep::SWEEPABLE.iter();
        let written = tables.filter_map(|key| Some(((*key).to_owned(), document.get(key)?.to_toml())));
        written.collect()
    }

    /// Which nodes share a host: nodes `v h` to `v h + v - 1` are those of host `h`, where each host has `v`.
    pub fn hosts(&self) -> Hosts {
        self.network.conditions.hosts
    }

    /// What sets this point apart: `nodes.count = 8`, and nothing without a sweep.
    pub fn label(&self) -> String {
        label(&self.settings)
    }

    /// The same within a sentence: ` at nodes.count = 8`, and nothing without a sweep.
    pub fn place(&self) -> String {
        match self.label() {
            label if label.is_empty() => label,
            label => format!(" at {label}"),
        }
    }
}

/// What settings are called in messages: `nodes.count = 8`.
pub(super) fn label(settings: &[(String, String)]) -> String {
    let settings = settings.iter().map(|(key, value)| format!("{key} = {value}"));
    settings.collect::<Vec<_>>().join(", ")
}
