//! What is read off the nodes themselves, and off the links between them.

use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::link_layer::LinkLayer;
use sim_core::world::Control;

use super::areas::{self, Areas};
use super::measured::{NetworkMeasured, NodeState, Probe};
use super::shortest::Shortest;
use super::world::{NetworkWorld, Turn};
use crate::network_layers::{AddressCalls, NetworkLayer};
use crate::run::measure::Measured;
use crate::run::reachability::{Onward, arriving, sample};
use crate::run::snapshot::{SeenLink, SeenNode, Snapshot};
use crate::run::spread::Spread;

/// How many numbers of 128 bits there are.
const TURN: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0;

/// An address in binary digits.
fn digits(address: u128, bits: u32) -> String {
    format!("{address:0width$b}", width = bits as usize)
}

impl<N: NetworkLayer> NetworkWorld<N> {
    /// Holds the network against what it should be: addresses, areas, and which packets would arrive.
    pub(super) fn probe(&mut self, control: &mut Control<'_, N::Protocol, Turn>) {
        let (Some(convergence), Some(links)) = (self.convergence, control.links()) else {
            return;
        };
        let now = control.now();
        let up = self.up();
        let components = self.shortest.components(links, &up, self.nodes);
        let areas = self.areas(control, links, &up, &components);
        let targets = match convergence.destinations {
            Some(count) => sample(&up, count, self.streams.purpose("destinations").index(now.as_nanos())),
            None => up.clone(),
        };
        let mut groups: BTreeMap<Option<NodeAddr>, Vec<NodeAddr>> = BTreeMap::new();
        for &node in &up {
            groups.entry(components[node.index()]).or_default().push(node);
        }
        let (mut pairs, mut deliverable) = (0, 0);
        for &target in &targets {
            let sources = &groups[&components[target.index()]];
            pairs += sources.len() as u64 - 1;
            deliverable += self.deliverable(control, links, sources, target);
        }
        let probe = Probe {
            time: now,
            up: up.len() as u64,
            components: groups.len() as u64,
            without: areas.without,
            areas: areas.all,
            connected_areas: areas.connected,
            pairs,
            deliverable,
        };
        self.network.probes.push(probe);
        let over = self
            .network
            .disturbances
            .iter()
            .all(|disturbance| disturbance.time < now);
        if over && convergence.stop_at.is_some_and(|part| probe.has(part)) {
            control.end();
        }
        control.schedule(convergence.every, Turn::Probe);
    }

    /// From how many of these nodes a packet would come to another one.
    fn deliverable(
        &self,
        control: &Control<'_, N::Protocol, Turn>,
        links: &LinkLayer,
        sources: &[NodeAddr],
        target: NodeAddr,
    ) -> u64 {
        let (Some(next_hop), Some(destination)) = (N::NEXT_HOP, control.node(target)) else {
            return 0;
        };
        let onward = |at: NodeAddr| {
            let node = control.node(at);
            let next = node.and_then(|node| next_hop(&self.config, node, target, destination));
            match next.filter(|next| links.has_link(at, *next)) {
                Some(next) => Onward::To(next),
                None => Onward::Nowhere,
            }
        };
        arriving(self.nodes, sources, target, onward) as u64
    }

    fn areas(
        &self,
        control: &Control<'_, N::Protocol, Turn>,
        links: &LinkLayer,
        up: &[NodeAddr],
        components: &[Option<NodeAddr>],
    ) -> Areas {
        let Some(AddressCalls { bits, of, .. }) = N::ADDRESSES else {
            return Areas::default();
        };
        let node = |node: &NodeAddr| {
            let address = control.node(*node).and_then(of);
            (*node, components[node.index()].unwrap_or(*node), address)
        };
        let nodes: Vec<_> = up.iter().map(node).collect();
        areas::count(bits(&self.config), &nodes, each_once(links, up))
    }

    /// Writes down where the nodes are, their addresses and their links.
    pub(super) fn snapshot(&mut self, control: &mut Control<'_, N::Protocol, Turn>) {
        let (Some(links), now) = (control.links(), control.now()) else {
            return;
        };
        let up = self.up();
        let address = |node: NodeAddr| (N::ADDRESSES?.of)(control.node(node)?);
        let bits = N::ADDRESSES.map_or(0, |calls| (calls.bits)(&self.config));
        let leading = self.snapshot_bits.min(bits);
        let area = |node: NodeAddr| Some(address(node)?.checked_shr(bits - leading).unwrap_or(0));
        let state = |node: NodeAddr| match (N::ADDRESSES, area(node)) {
            (None, _) => "up".to_owned(),
            (Some(_), None) => "no address".to_owned(),
            (Some(_), Some(_)) if leading == 0 => "address".to_owned(),
            (Some(_), Some(area)) => format!("{}…", digits(area, leading)),
        };
        let node = |addr: &NodeAddr| {
            let own = address(*addr);
            let turn = own.map(|own| own.checked_shl(u128::BITS - bits).unwrap_or(0) as f64 / TURN);
            let place = links.place(*addr, now);
            SeenNode {
                addr: *addr,
                id: own.map_or_else(String::new, |own| digits(own, bits)),
                turn: turn.unwrap_or_default(),
                place: place.map(|place| (place.x, place.y)),
                state: state(*addr),
            }
        };
        let link = |(from, to): (NodeAddr, NodeAddr)| SeenLink {
            from,
            to,
            kind: match area(from) == area(to) {
                true => "within an area".into(),
                false => "between areas".into(),
            },
        };
        let mut links: Vec<SeenLink> = each_once(links, &up).map(link).collect();
        // Pictures tell kinds apart in the order in which they appear: the same in all of them.
        links.sort_by_key(|link| link.kind.as_str() == "between areas");
        self.measured.snapshots.push(Snapshot {
            time: now,
            nodes: up.iter().map(node).collect(),
            links,
        });
    }

    /// What the nodes know, and where they stand, when the run has ended.
    pub(super) fn standing<'a>(
        &self,
        links: Option<&LinkLayer>,
        node: impl Fn(NodeAddr) -> Option<&'a N::Protocol>,
    ) -> Standing
    where
        N::Protocol: 'a,
    {
        let up = self.up();
        let bits = N::ADDRESSES.map_or(0, |calls| (calls.bits)(&self.config));
        let address = |addr: NodeAddr| (N::ADDRESSES?.of)(node(addr)?);
        let state_of = |addr: NodeAddr| {
            let kinds = node(addr).map(N::state).unwrap_or_default().into_iter();
            kinds.map(|(kind, entries)| (kind.into(), entries)).collect()
        };
        let state = |addr: &NodeAddr| NodeState {
            node: *addr,
            neighbours: links.map_or(0, |links| links.neighbours(*addr).len()),
            state: state_of(*addr),
            address: address(*addr).map(|own| digits(own, bits)),
        };
        let nodes = up.iter().map(state).collect();
        let components = links.map(|links| Shortest::default().components(links, &up, self.nodes));
        let group = |addr: NodeAddr| components.as_ref()?[addr.index()];
        let named = |addr: &NodeAddr| (*addr, group(*addr).unwrap_or(*addr), address(*addr));
        let named: Vec<_> = up.iter().map(named).collect();
        let held: Vec<u128> = named.iter().filter_map(|(.., address)| *address).collect();
        Standing {
            nodes,
            without: areas::count(bits, &named, std::iter::empty()).without,
            depths: areas::depths(bits, held),
        }
    }
}

/// How the nodes stand at the end of a run.
pub(super) struct Standing {
    nodes: Vec<NodeState>,
    /// Nodes without an address of their own.
    without: u64,
    /// How deep the tree of addresses is at each node that has one.
    depths: Vec<u32>,
}

impl Standing {
    /// Enters it into what was measured.
    pub(super) fn enter(self, measured: &mut Measured, network: &mut NetworkMeasured) {
        measured.state = spreads(&self.nodes);
        network.nodes = self.nodes;
        if let Some(tally) = &mut network.addresses {
            tally.without = self.without;
            tally.addressed = self.depths.len() as u64;
            tally.depth = self.depths.iter().map(|depth| u64::from(*depth)).sum();
            tally.deepest = self.depths.into_iter().max().unwrap_or(0).into();
        }
    }
}

/// The links of these nodes, each from one of its ends.
fn each_once<'a>(links: &'a LinkLayer, up: &'a [NodeAddr]) -> impl Iterator<Item = (NodeAddr, NodeAddr)> + 'a {
    up.iter().flat_map(|node| {
        let beyond = links.neighbours(*node).iter().filter(move |other| *other > node);
        beyond.map(|other| (*node, *other))
    })
}

/// How what nodes know is spread over them, by kind.
fn spreads(nodes: &[NodeState]) -> Vec<Spread> {
    let mut by_kind: BTreeMap<&'static str, Vec<u64>> = BTreeMap::new();
    for (kind, entries) in nodes.iter().flat_map(|node| &node.state) {
        by_kind.entry(kind.as_str()).or_default().push(*entries as u64);
    }
    let spread = |(kind, entries): (&'static str, Vec<u64>)| Spread::of(kind, entries, nodes.len());
    by_kind.into_iter().map(spread).collect()
}
