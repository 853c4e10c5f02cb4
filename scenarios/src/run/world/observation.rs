//! What is read off the nodes themselves.

use sim_core::addr::NodeAddr;
use sim_core::time::SimTime;
use sim_core::world::Control;

use super::super::measure::TableCount;
use super::super::population::Machine;
use super::super::reachability::{PathCount, arriving, sample};
use super::super::rings::count_rings;
use super::super::snapshot::{SeenLink, SeenNode, Snapshot};
use super::{ScenarioWorld, Turn};
use crate::overlays::{Overlay, Step};
use crate::scenario::{BringUp, Reachability};

impl<O: Overlay> ScenarioWorld<O> {
    /// Counts between which nodes there are paths. While nodes still come for the first time, those yet to come count as
    /// well: no path leads to them.
    pub(super) fn reach(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let Some(Reachability {
            every,
            destinations,
            stop_at,
        }) = self.plan.reachability
        else {
            return;
        };
        let now = control.now();
        let coming = matches!(self.plan.bring_up, BringUp::Joins { over, .. } if now < SimTime::ZERO + over);
        let looked_at = |machine: &Machine| machine.up || (coming && machine.first.up);
        let nodes: Vec<NodeAddr> = (0..self.plan.nodes)
            .map(NodeAddr)
            .filter(|addr| looked_at(self.population.machine(*addr)))
            .collect();
        let targets = match destinations {
            Some(count) => sample(
                &nodes,
                count,
                self.streams.purpose("destinations").index(now.as_nanos()),
            ),
            None => nodes.clone(),
        };
        let mut working = 0;
        for &target in &targets {
            if self.members.contains(target) {
                let key = self.ids[target.index()];
                let route = |at: NodeAddr| match control.node(at) {
                    Some(node) if self.members.contains(at) => O::route(&self.config, node, key),
                    _ => Step::DeadEnd,
                };
                let route = |at: NodeAddr| route(at).into();
                working += arriving(self.plan.nodes, &nodes, target, route) as u64;
            }
        }
        let count = PathCount {
            time: now,
            up: self.measured.up,
            members: self.members.len() as u64,
            pairs: targets.len() as u64 * (nodes.len() as u64).saturating_sub(1),
            working,
        };
        self.measured.paths.push(count);
        if stop_at.is_some_and(|part| count.has(part)) {
            control.end();
        }
        control.schedule(every, Turn::Reach);
    }

    /// Counts the rings that the members make up.
    pub(super) fn count_rings(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let (Some(every), Some(successor)) = (self.plan.rings, O::SUCCESSOR) else {
            return;
        };
        let of = |addr| control.node(addr).map(successor);
        let count = count_rings(control.now(), self.members.by_identifier(), of);
        self.measured.rings.push(count);
        control.schedule(every, Turn::Rings);
    }

    /// Compares what the members know with what they should know.
    pub(super) fn compare_tables(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let (Some(every), Some(errors)) = (self.plan.tables, O::TABLE_ERRORS) else {
            return;
        };
        let members = self.members.by_identifier();
        let nodes: Vec<&O::Protocol> = members.values().filter_map(|addr| control.node(*addr)).collect();
        let count = TableCount {
            time: control.now(),
            members: nodes.len() as u64,
            errors: errors(&self.config, members, &nodes),
        };
        self.measured.table_errors.push(count);
        control.schedule(every, Turn::Tables);
    }

    pub(super) fn snapshot(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let capacity = O::capacity(&self.config) as f64;
        let up = (0..self.plan.nodes).map(NodeAddr).filter(|addr| self.is_up(*addr));
        let up: Vec<(NodeAddr, &O::Protocol)> = up.filter_map(|addr| Some((addr, control.node(addr)?))).collect();
        let node = |(addr, _): &(NodeAddr, &O::Protocol)| {
            let id = self.ids[addr.index()];
            SeenNode {
                addr: *addr,
                id: format!("{id:x}"),
                turn: id as f64 / capacity,
                place: None,
                state: if self.members.contains(*addr) {
                    "member"
                } else {
                    "joining"
                }
                .to_owned(),
            }
        };
        let links = up.iter().flat_map(|(from, node)| {
            let known = O::links(node).into_iter();
            known.map(|(kind, to)| SeenLink {
                from: *from,
                to,
                kind: kind.into(),
            })
        });
        self.measured.snapshots.push(Snapshot {
            time: control.now(),
            nodes: up.iter().map(node).collect(),
            links: links.collect(),
        });
    }
}
