//! Who sends packets to whom, whose addresses are looked up, and what becomes of that.

use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::distribution::Exponential;
use sim_core::link_layer::LinkLayer;
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::Control;

use super::measured::{LookupTally, PacketTally, reason};
use super::world::{NetworkWorld, Turn};
use crate::network_layers::{Dropped, NetworkLayer, Outcome, Send};
use crate::scenario::{Among, NodeLookups, PacketTimes, Packets, Point};

/// Something that was asked of a node, and of which nothing final has been heard.
struct Asked {
    at: SimTime,
    to: NodeAddr,
    /// How many links led there.
    shortest: Option<u32>,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// A packet, and why a copy of it was dropped, if one was: another one may yet arrive.
    Packet(Option<Dropped>),
    /// A packet that has arrived.
    Arrived,
    /// A lookup.
    Lookup,
}

/// A flow of packets.
#[derive(Clone, Copy)]
struct Flow {
    from: NodeAddr,
    /// Where it is random it is known when the first packet is sent: by a number from 0 to below 1.
    to: Option<NodeAddr>,
    draw: f64,
    /// When it begins, as a part of the time in which all do.
    begins: f64,
}

/// What a scenario asks of its nodes.
pub(super) struct Traffic {
    packets: Option<Packets>,
    lookups: Option<NodeLookups>,
    flows: Vec<Flow>,
    /// The randomness of packets, and of lookups.
    packet_rng: NodeRng,
    lookup_rng: NodeRng,
    asked: BTreeMap<OperationId, Asked>,
    next_operation: u64,
}

impl Traffic {
    /// The traffic of a point, with the streams of a replication.
    pub(super) fn new(point: &Point, streams: StreamKey) -> Self {
        let (count, between) = match point.packets.map(|packets| packets.times) {
            Some(PacketTimes::Flows { count, between, .. }) => (count, between),
            _ => (0, None),
        };
        let flow = |number: u32| {
            let mut rng = streams.purpose("flow").index(u64::from(number)).rng();
            let random = NodeAddr((unit(&mut rng) * f64::from(point.nodes)) as u32);
            let (draw, begins) = (unit(&mut rng), unit(&mut rng));
            Flow {
                from: between.map_or(random, |(from, _)| from),
                to: between.map(|(_, to)| to),
                draw,
                begins,
            }
        };
        Traffic {
            packets: point.packets,
            lookups: point.node_lookups,
            flows: (0..count).map(flow).collect(),
            packet_rng: streams.purpose("packets").rng(),
            lookup_rng: streams.purpose("node lookups").rng(),
            asked: BTreeMap::new(),
            next_operation: 0,
        }
    }

    /// A number for what a node is asked next.
    pub(super) fn new_operation(&mut self) -> OperationId {
        let operation = OperationId(self.next_operation);
        self.next_operation += 1;
        operation
    }
}

/// The time to the next event of a Poisson process of so many nodes.
pub(super) fn pause(rate: f64, nodes: u32, rng: &mut NodeRng) -> Option<SimDuration> {
    let pause = Exponential::new(1.0 / (rate * f64::from(nodes))).ok()?;
    Some(SimDuration::from_secs_f64(pause.sample(rng)))
}

impl<N: NetworkLayer> NetworkWorld<N> {
    /// Packets and lookups begin when the scenario says.
    pub(super) fn begin_traffic(&mut self, control: &mut Control<'_, N::Protocol, Turn>) {
        if let Some(packets) = self.traffic.packets {
            let start = packets.span.start.since(SimTime::ZERO);
            match packets.times {
                PacketTimes::Poisson(rate) => {
                    if let Some(pause) = pause(rate, self.nodes, &mut self.traffic.packet_rng) {
                        self.schedule_packet(control, start + pause, Turn::Packet);
                    }
                }
                PacketTimes::Flows { over, .. } => {
                    for (number, flow) in self.traffic.flows.iter().enumerate() {
                        control.schedule(start + over.mul_f64(flow.begins), Turn::Flow(number));
                    }
                }
            }
        }
        if let Some(lookups) = self.traffic.lookups {
            let start = lookups.span.start.since(SimTime::ZERO);
            self.schedule_lookup(control, start);
        }
    }

    fn schedule_packet(&self, control: &mut Control<'_, N::Protocol, Turn>, delay: SimDuration, turn: Turn) {
        let until = self.traffic.packets.map_or(SimTime::ZERO, |packets| packets.span.until);
        if control.now() + delay < until {
            control.schedule(delay, turn);
        }
    }

    /// A node sends a packet of the Poisson process.
    pub(super) fn send_random(&mut self, control: &mut Control<'_, N::Protocol, Turn>) {
        let Some(packets) = self.traffic.packets else { return };
        let PacketTimes::Poisson(rate) = packets.times else {
            return;
        };
        let rng = &mut self.traffic.packet_rng;
        let from = NodeAddr((unit(rng) * f64::from(self.nodes)) as u32);
        let draw = unit(rng);
        let next = pause(rate, self.nodes, rng);
        if let Some(to) = self.somebody(control, from, packets.among, draw) {
            self.send(control, from, to, packets.bytes);
        }
        if let Some(next) = next {
            self.schedule_packet(control, next, Turn::Packet);
        }
    }

    /// The next packet of a flow is due.
    pub(super) fn send_of_flow(&mut self, control: &mut Control<'_, N::Protocol, Turn>, number: usize) {
        let Some(packets) = self.traffic.packets else { return };
        let PacketTimes::Flows { every, .. } = packets.times else {
            return;
        };
        let Flow { from, to, draw, .. } = self.traffic.flows[number];
        let to = to.or_else(|| self.somebody(control, from, packets.among, draw));
        self.traffic.flows[number].to = to;
        if let Some(to) = to {
            self.send(control, from, to, packets.bytes);
        }
        self.schedule_packet(control, every, Turn::Flow(number));
    }

    /// Who is addressed by a node, if it is up: one of those that are up, by a number from 0 to below 1.
    fn somebody(
        &mut self,
        control: &Control<'_, N::Protocol, Turn>,
        from: NodeAddr,
        among: Among,
        draw: f64,
    ) -> Option<NodeAddr> {
        if !self.population.is_up(from) {
            return None;
        }
        let candidates: Vec<NodeAddr> = match (among, control.links()) {
            (Among::Within(most), Some(links)) => self.shortest.within(links, from, most),
            _ => (0..self.nodes)
                .map(NodeAddr)
                .filter(|node| *node != from && self.population.is_up(*node))
                .collect(),
        };
        candidates.get((draw * candidates.len() as f64) as usize).copied()
    }

    /// A node sends a packet, if it is up.
    fn send(&mut self, control: &mut Control<'_, N::Protocol, Turn>, from: NodeAddr, to: NodeAddr, bytes: u32) {
        if !self.population.is_up(from) {
            return;
        }
        let shortest = self.shortest_way(control.links(), from, to);
        let tally = self.bin(control.now());
        tally.sent += 1;
        tally.connected += u64::from(shortest.is_some());
        let operation = self.ask(control.now(), to, shortest, What::Packet(None));
        control.command(from, operation, N::send(Send { to, bytes }));
    }

    fn shortest_way(&mut self, links: Option<&LinkLayer>, from: NodeAddr, to: NodeAddr) -> Option<u32> {
        self.shortest.between(links?, from, to)
    }

    fn ask(&mut self, at: SimTime, to: NodeAddr, shortest: Option<u32>, what: What) -> OperationId {
        let operation = self.traffic.new_operation();
        let asked = Asked { at, to, shortest, what };
        self.traffic.asked.insert(operation, asked);
        operation
    }

    /// The packets that were sent when one was.
    fn bin(&mut self, sent: SimTime) -> &mut PacketTally {
        let (start, width) = (self.network.start, self.network.width);
        let bin = (sent.since(start).as_nanos() / width.as_nanos().max(1)) as usize;
        let bins = &mut self.network.bins;
        if bins.len() <= bin {
            bins.resize(bin + 1, PacketTally::default());
        }
        &mut bins[bin]
    }

    /// Somebody says what became of a packet.
    pub(super) fn hear_of_packet(&mut self, now: SimTime, outcome: Outcome) {
        match outcome {
            Outcome::Delivered(packet) => {
                let Some(asked) = self.traffic.asked.get_mut(&packet.operation) else {
                    return;
                };
                let (at, shortest) = (asked.at, asked.shortest);
                let patience = self.traffic.packets.map(|packets| packets.span.patience);
                if patience.is_some_and(|patience| now.since(at) > patience) {
                    return;
                }
                let before = std::mem::replace(&mut asked.what, What::Arrived);
                if before == What::Arrived {
                    self.bin(at).duplicates += 1;
                    return;
                }
                let latency = now.since(at);
                self.bin(at).arrived(packet.hops, shortest, latency);
                self.network.latencies.push(latency.as_nanos());
            }
            Outcome::Dropped(packet, why) => {
                if let Some(asked) = self.traffic.asked.get_mut(&packet.operation)
                    && let What::Packet(dropped) = &mut asked.what
                {
                    *dropped = Some(why);
                }
            }
        }
    }

    fn schedule_lookup(&mut self, control: &mut Control<'_, N::Protocol, Turn>, delay: SimDuration) {
        let Some(lookups) = self.traffic.lookups else { return };
        let pause = pause(lookups.rate, self.nodes, &mut self.traffic.lookup_rng);
        let next = pause.map(|pause| delay + pause);
        if let Some(next) = next.filter(|next| control.now() + *next < lookups.span.until) {
            control.schedule(next, Turn::LookUp);
        }
    }

    /// A node looks up the address of another one.
    pub(super) fn look_up(&mut self, control: &mut Control<'_, N::Protocol, Turn>) {
        let (Some(lookups), Some(calls)) = (self.traffic.lookups, N::LOOKUP) else {
            return;
        };
        let rng = &mut self.traffic.lookup_rng;
        let from = NodeAddr((unit(rng) * f64::from(self.nodes)) as u32);
        let draw = unit(rng);
        if let Some(to) = self.somebody(control, from, lookups.among, draw) {
            let shortest = self.shortest_way(control.links(), from, to);
            self.network.lookups.entry(shortest).or_default().issued += 1;
            let operation = self.ask(control.now(), to, shortest, What::Lookup);
            control.command(from, operation, (calls.ask)(to));
        }
        self.schedule_lookup(control, SimDuration::ZERO);
    }

    /// A lookup has ended, with what it found: an address, and how many links the question and the answer crossed.
    pub(super) fn hear_of_lookup(&mut self, now: SimTime, operation: OperationId, found: Option<(u128, u32, u32)>) {
        let Some(asked) = self.traffic.asked.remove(&operation) else {
            return;
        };
        let true_address = self.addresses[asked.to.index()];
        let latency = now.since(asked.at);
        let patient = self
            .traffic
            .lookups
            .is_some_and(|lookups| latency <= lookups.span.patience);
        let tally = self.network.lookups.entry(asked.shortest).or_default();
        match found.filter(|_| patient) {
            Some((address, hops, hops_back)) => {
                tally.answered += 1;
                tally.correct += u64::from(true_address == Some(address));
                tally.hops += u64::from(hops);
                tally.hops_back += u64::from(hops_back);
                tally.latency += u128::from(latency.as_nanos());
                self.network.lookup_latencies.push(latency.as_nanos());
            }
            None => tally.failed += 1,
        }
    }

    /// What became of all that nobody said the last word of.
    pub(super) fn end_traffic(&mut self, end: SimTime) {
        let patience = |span: Option<SimDuration>| span.unwrap_or(SimDuration::ZERO);
        let for_packets = patience(self.traffic.packets.map(|packets| packets.span.patience));
        let for_lookups = patience(self.traffic.lookups.map(|lookups| lookups.span.patience));
        for asked in std::mem::take(&mut self.traffic.asked).into_values() {
            let age = end.since(asked.at);
            match asked.what {
                What::Arrived => {}
                What::Packet(Some(why)) => self.bin(asked.at).dropped[reason(why)] += 1,
                What::Packet(None) if age > for_packets => self.bin(asked.at).lost += 1,
                What::Packet(None) => self.bin(asked.at).unfinished += 1,
                What::Lookup => {
                    let tally: &mut LookupTally = self.network.lookups.entry(asked.shortest).or_default();
                    match age > for_lookups {
                        true => tally.failed += 1,
                        false => tally.unfinished += 1,
                    }
                }
            }
        }
        self.network.latencies.sort_unstable();
        self.network.lookup_latencies.sort_unstable();
    }
}
