//! Messages to groups of nodes: who is a member, who sends, whom it reaches, and who would have been the nearest.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::Control;

use super::traffic::pause;
use super::world::{NetworkWorld, Turn};
use crate::network_layers::{NetworkLayer, Outcome, Packet};
use crate::run::tally::STRETCH_UNIT;
use crate::scenario::{GroupKind, Groups, Point};

/// Messages to groups counted together: an anycast once, a multicast once for every member that it is for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct GroupTally {
    /// Messages sent.
    pub sent: u64,
    /// What was to arrive: anycasts to groups of which some other member was up, multicasts for each such member.
    pub due: u64,
    /// That of it which links led to when it was sent.
    pub connected: u64,
    /// What arrived.
    pub delivered: u64,
    /// Links crossed by what arrived.
    pub hops: u64,
    /// From sending to arriving, in ns.
    pub latency: u128,
    /// What arrived at a member that links led to when it was sent: what the following sums are over.
    pub placed: u64,
    /// Links on the shortest way there when it was sent.
    pub distance: u64,
    /// Links crossed over links on the shortest way, in millionths.
    pub stretch: u64,
    /// Anycasts: links on the shortest way to the nearest member.
    pub nearest: u64,
    /// Anycasts: links on the shortest way to a random member, of those that links led to, in millionths.
    pub random: u64,
    /// Anycasts: links on the shortest way to the member that was reached over those to the nearest one, in millionths.
    pub ratio: u64,
    /// Anycasts at a member that nobody was nearer than.
    pub at_nearest: u64,
    /// What was dropped, and by no other copy arrived.
    pub dropped: u64,
    /// That of which nothing more was heard.
    pub lost: u64,
    /// What was on its way when the run ended.
    pub unfinished: u64,
}

/// A member that a message may reach.
#[derive(Clone, Copy)]
struct Member {
    node: NodeAddr,
    /// How many links led there.
    distance: Option<u32>,
    /// Whether what was for it has been dropped.
    dropped: bool,
}

/// A message that has not arrived everywhere.
struct Message {
    at: SimTime,
    members: Vec<Member>,
}

/// The groups of a run, and the messages to them.
pub(super) struct GroupTraffic {
    groups: Option<Groups>,
    /// The members of each group.
    members: Vec<BTreeSet<NodeAddr>>,
    rng: NodeRng,
    messages: BTreeMap<OperationId, Message>,
}

impl GroupTraffic {
    /// The groups of a point, with the streams of a replication.
    pub(super) fn new(point: &Point, streams: StreamKey) -> Self {
        let members = |groups: Groups| {
            let of = move |group: u32| {
                let mut rng = streams.purpose("group").index(u64::from(group)).rng();
                some_of(point.nodes, groups.members, &mut rng)
            };
            (0..groups.count).map(of).collect()
        };
        GroupTraffic {
            groups: point.groups,
            members: point.groups.map(members).unwrap_or_default(),
            rng: streams.purpose("messages to groups").rng(),
            messages: BTreeMap::new(),
        }
    }
}

/// So many different nodes of those that there are, each choice as likely as any other (Floyd's algorithm: Bentley and Floyd 1987).
fn some_of(nodes: u32, count: u32, rng: &mut NodeRng) -> BTreeSet<NodeAddr> {
    let mut chosen = BTreeSet::new();
    for last in nodes.saturating_sub(count)..nodes {
        let drawn = NodeAddr((unit(rng) * f64::from(last + 1)) as u32);
        if !chosen.insert(drawn) {
            chosen.insert(NodeAddr(last));
        }
    }
    chosen
}

impl<N: NetworkLayer> NetworkWorld<N> {
    /// A node that has come becomes a member of its groups.
    pub(super) fn join_groups(&mut self, control: &mut Control<'_, N::Protocol, Turn>, node: NodeAddr) {
        let Some(calls) = N::GROUPS else { return };
        for group in 0..self.groups.members.len() {
            if self.groups.members[group].contains(&node) {
                let operation = self.traffic.new_operation();
                control.command(node, operation, (calls.join)(group as u32));
            }
        }
    }

    /// Messages to groups begin when the scenario says.
    pub(super) fn begin_groups(&mut self, control: &mut Control<'_, N::Protocol, Turn>) {
        if let Some(groups) = self.groups.groups {
            self.schedule_message(control, groups, groups.span.start.since(SimTime::ZERO));
        }
    }

    fn schedule_message(&mut self, control: &mut Control<'_, N::Protocol, Turn>, groups: Groups, delay: SimDuration) {
        let pause = pause(groups.rate, self.nodes, &mut self.groups.rng);
        let next = pause.map(|pause| delay + pause);
        if let Some(next) = next.filter(|next| control.now() + *next < groups.span.until) {
            control.schedule(next, Turn::ToGroup);
        }
    }

    /// A node sends to a group, if it is up and there is one that it may send to.
    pub(super) fn send_to_group(&mut self, control: &mut Control<'_, N::Protocol, Turn>) {
        let (Some(groups), Some(calls)) = (self.groups.groups, N::GROUPS) else {
            return;
        };
        let rng = &mut self.groups.rng;
        let from = NodeAddr((unit(rng) * f64::from(self.nodes)) as u32);
        let draw = unit(rng);
        self.schedule_message(control, groups, SimDuration::ZERO);
        let open = |group: &usize| groups.kind == GroupKind::Multicast || !self.groups.members[*group].contains(&from);
        let open: Vec<usize> = (0..self.groups.members.len()).filter(open).collect();
        let chosen = open.get((draw * open.len() as f64) as usize);
        let Some(&group) = chosen.filter(|_| self.population.is_up(from)) else {
            return;
        };
        let members = self.members_for(control, from, group);
        self.network.groups.begun(groups.kind, &members);
        let operation = self.traffic.new_operation();
        if !members.is_empty() {
            let at = control.now();
            self.groups.messages.insert(operation, Message { at, members });
        }
        let call = match groups.kind {
            GroupKind::Anycast => calls.anycast,
            GroupKind::Multicast => calls.multicast,
        };
        control.command(from, operation, call(group as u32, groups.bytes));
    }

    /// The members of a group that a message may reach, and how far they are.
    fn members_for(&mut self, control: &Control<'_, N::Protocol, Turn>, from: NodeAddr, group: usize) -> Vec<Member> {
        let up = |node: &NodeAddr| *node != from && self.population.is_up(*node);
        let nodes: Vec<NodeAddr> = self.groups.members[group].iter().copied().filter(up).collect();
        let distances = match control.links() {
            Some(links) => self.shortest.distances(links, from, &nodes),
            None => vec![None; nodes.len()],
        };
        let member = |(node, distance)| Member {
            node,
            distance,
            dropped: false,
        };
        nodes.into_iter().zip(distances).map(member).collect()
    }

    /// Somebody says what became of a packet, which may be a message to a group.
    pub(super) fn hear_of_message(&mut self, now: SimTime, outcome: Outcome) {
        let Some(groups) = self.groups.groups else { return };
        match outcome {
            Outcome::Delivered(packet) => self.reached(now, groups, packet),
            Outcome::Dropped(packet, _) => {
                if let Some(message) = self.groups.messages.get_mut(&packet.operation) {
                    // One that found nobody names its sender.
                    let all = groups.kind == GroupKind::Anycast || packet.to == packet.source;
                    let lost = message
                        .members
                        .iter_mut()
                        .filter(|member| all || member.node == packet.to);
                    lost.for_each(|member| member.dropped = true);
                }
            }
        }
    }

    fn reached(&mut self, now: SimTime, groups: Groups, packet: Packet) {
        let messages = &mut self.groups.messages;
        let Some(message) = messages.get_mut(&packet.operation) else {
            return;
        };
        let latency = now.since(message.at);
        let place = message.members.iter().position(|member| member.node == packet.to);
        let Some(place) = place.filter(|_| latency <= groups.span.patience) else {
            return;
        };
        let tally = &mut self.network.groups;
        let distance = message.members[place].distance;
        tally.arrived(packet.hops, distance, latency);
        self.network.group_latencies.push(latency.as_nanos());
        match groups.kind {
            GroupKind::Anycast => {
                tally.compare(distance, &message.members);
                messages.remove(&packet.operation);
            }
            GroupKind::Multicast => {
                message.members.remove(place);
                if message.members.is_empty() {
                    messages.remove(&packet.operation);
                }
            }
        }
    }

    /// What became of all that nobody said the last word of.
    pub(super) fn end_groups(&mut self, end: SimTime) {
        let Some(groups) = self.groups.groups else { return };
        let tally = &mut self.network.groups;
        for message in std::mem::take(&mut self.groups.messages).into_values() {
            let open = match groups.kind {
                GroupKind::Anycast => &message.members[..1],
                GroupKind::Multicast => &message.members[..],
            };
            for member in open {
                match member.dropped {
                    true => tally.dropped += 1,
                    false if end.since(message.at) > groups.span.patience => tally.lost += 1,
                    false => tally.unfinished += 1,
                }
            }
        }
        self.network.group_latencies.sort_unstable();
    }
}

impl GroupTally {
    /// A message is sent that may reach these.
    fn begun(&mut self, kind: GroupKind, members: &[Member]) {
        let connected = members.iter().filter(|member| member.distance.is_some()).count() as u64;
        let all = members.len() as u64;
        let (due, connected) = match kind {
            GroupKind::Anycast => (all.min(1), connected.min(1)),
            GroupKind::Multicast => (all, connected),
        };
        self.sent += 1;
        self.due += due;
        self.connected += connected;
    }

    /// One arrived at a member that is so far from the sender.
    fn arrived(&mut self, hops: u32, distance: Option<u32>, latency: SimDuration) {
        self.delivered += 1;
        self.hops += u64::from(hops);
        self.latency += u128::from(latency.as_nanos());
        if let Some(distance) = distance.filter(|distance| *distance > 0) {
            self.placed += 1;
            self.distance += u64::from(distance);
            self.stretch += millionths(hops, distance);
        }
    }

    /// An anycast arrived so far away, of all members that it might have reached.
    fn compare(&mut self, distance: Option<u32>, members: &[Member]) {
        let reachable = || members.iter().filter_map(|member| member.distance);
        let (Some(distance), Some(nearest)) = (distance, reachable().min()) else {
            return;
        };
        self.nearest += u64::from(nearest);
        self.random += millionths(reachable().sum(), reachable().count() as u32);
        self.ratio += millionths(distance, nearest);
        self.at_nearest += u64::from(distance == nearest);
    }
}

fn millionths(part: u32, whole: u32) -> u64 {
    (f64::from(part) / f64::from(whole.max(1)) / STRETCH_UNIT).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(distance: Option<u32>) -> Member {
        Member {
            node: NodeAddr(0),
            distance,
            dropped: false,
        }
    }

    #[test]
    fn members_are_different_nodes_each_as_likely_as_any_other() {
        let mut held = [0_u32; 10];
        for draw in 0..5_000 {
            let mut rng = StreamKey::root(3, 0).purpose("group").index(draw).rng();
            let chosen = some_of(10, 4, &mut rng);
            assert_eq!(chosen.len(), 4);
            chosen.iter().for_each(|node| held[node.index()] += 1);
        }
        // 2000 each, with a standard deviation of 35.
        assert!(held.iter().all(|held| held.abs_diff(2_000) < 140), "{held:?}");
        let mut rng = StreamKey::root(3, 0).purpose("group").rng();
        assert_eq!(some_of(7, 7, &mut rng).len(), 7);
    }

    #[test]
    fn an_anycast_is_held_against_the_nearest_member_and_a_random_one() {
        let members = [member(Some(2)), member(None), member(Some(5)), member(Some(2))];
        let mut tally = GroupTally::default();
        tally.begun(GroupKind::Anycast, &members);
        tally.begun(GroupKind::Anycast, &[member(None)]);
        tally.begun(GroupKind::Anycast, &[]);
        assert_eq!((tally.sent, tally.due, tally.connected), (3, 2, 1));
        tally.compare(Some(5), &members);
        tally.compare(Some(2), &members);
        tally.compare(None, &members);
        assert_eq!((tally.nearest, tally.at_nearest), (4, 1));
        assert_eq!((tally.ratio, tally.random), (3_500_000, 6_000_000));
    }

    #[test]
    fn a_multicast_is_due_at_each_member() {
        let mut tally = GroupTally::default();
        tally.begun(GroupKind::Multicast, &[member(Some(2)), member(None), member(Some(5))]);
        assert_eq!((tally.sent, tally.due, tally.connected), (1, 3, 2));
        tally.arrived(3, Some(2), SimDuration::from_millis(4));
        tally.arrived(6, None, SimDuration::from_millis(6));
        assert_eq!((tally.delivered, tally.hops, tally.placed), (2, 9, 1));
        assert_eq!(
            (tally.distance, tally.stretch, tally.latency),
            (2, 1_500_000, 10_000_000)
        );
    }
}
