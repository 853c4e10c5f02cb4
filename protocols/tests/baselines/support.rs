//! What tests of routing share: networks, traffic, and who watches that no way leads in a circle.

use std::collections::VecDeque;

use protocols::aodv::Aodv;
use protocols::distance_vector::DistanceVector;
use protocols::packet::{Outcome, Packet, Send};
use sim_core::Nodes;
use sim_core::addr::NodeAddr;
use sim_core::link_layer::{Air, Contacts, Fixed, LinkLayer, LinkSource};
use sim_core::network::Nothing;
use sim_core::observer::Observer;
use sim_core::protocol::{OperationId, Protocol};
use sim_core::random::StreamKey;
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::traffic::KindTraffic;
use sim_core::world::{Control, Departure, World};

/// What a hop takes.
pub(crate) const HOP: SimDuration = SimDuration::from_millis(1);

/// What happens to the nodes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Turn {
    Start(u32),
    Stop(u32),
    /// A packet of 100 bytes from one to another.
    Ask(u32, u32),
}

/// Notes what becomes of packets.
#[derive(Default)]
pub(crate) struct Script {
    asked: u64,
    pub(crate) ended: Vec<(SimTime, Outcome)>,
}

impl Script {
    /// The packets that arrived, in order.
    pub(crate) fn delivered(&self) -> impl Iterator<Item = &Packet> {
        self.ended.iter().filter_map(|(_, outcome)| match outcome {
            Outcome::Delivered(packet) => Some(packet),
            Outcome::Dropped(..) => None,
        })
    }
}

/// A protocol that carries packets.
pub(crate) trait Router: Protocol<Addr = NodeAddr, Init = (), Command = Send, Event = Outcome> {}

impl<P: Protocol<Addr = NodeAddr, Init = (), Command = Send, Event = Outcome>> Router for P {}

impl<P: Router> World<P> for Script {
    type Event = Turn;

    fn on_event(&mut self, control: &mut Control<'_, P, Turn>, turn: Turn) {
        match turn {
            Turn::Start(node) => control.start(NodeAddr(node), ()),
            Turn::Stop(node) => control.stop(NodeAddr(node), Departure::Silent),
            Turn::Ask(from, to) => {
                self.asked += 1;
                let send = Send {
                    to: NodeAddr(to),
                    bytes: 100,
                };
                control.command(NodeAddr(from), OperationId(self.asked), send);
            }
        }
    }

    fn on_node_event(&mut self, time: SimTime, _: NodeAddr, outcome: Outcome) {
        self.ended.push((time, outcome));
    }
}

/// A network in which all nodes start at time zero.
pub(crate) struct Net {
    pub(crate) nodes: u32,
    pub(crate) source: Box<dyn LinkSource>,
    pub(crate) seed: u64,
    pub(crate) partitions: u32,
    /// Takes [`HOP`] and loses nothing, unless a test says otherwise.
    pub(crate) air: Air,
}

impl Net {
    /// A graph that does not change.
    pub(crate) fn fixed(nodes: u32, links: &[(u32, u32)]) -> Self {
        let links = links.iter().map(|(a, b)| (NodeAddr(*a), NodeAddr(*b)));
        Net {
            nodes,
            source: Box::new(Fixed::new(links, Vec::new())),
            seed: 1,
            partitions: 1,
            air: Air {
                delay: HOP,
                jitter: SimDuration::ZERO,
                loss: 0.0,
                tries: 1,
                medium: None,
            },
        }
    }

    /// Links that are there from some times until others, in milliseconds.
    pub(crate) fn contacts(nodes: u32, contacts: &[((u32, u32), u64, u64)]) -> Self {
        let contacts = contacts
            .iter()
            .map(|((a, b), from, until)| ((NodeAddr(*a), NodeAddr(*b)), millis(*from), millis(*until)));
        Net {
            source: Box::new(Contacts::new(contacts)),
            ..Net::fixed(nodes, &[])
        }
    }

    /// The same over air that reorders what is sent, and loses a tenth of it.
    pub(crate) fn in_disorder(self, seed: u64) -> Self {
        let air = Air {
            jitter: HOP * 20,
            loss: 0.1,
            ..self.air
        };
        Net { seed, air, ..self }
    }

    pub(crate) fn run<P: Router>(self, config: P::Config) -> Simulation<P, Script> {
        self.watched(config, ())
    }

    pub(crate) fn watched<P: Router, O: Observer<P>>(self, config: P::Config, observer: O) -> Simulation<P, Script, O> {
        let setup = Setup {
            config,
            network: Box::new(Nothing),
            nodes: self.nodes,
            streams: StreamKey::root(self.seed, 0),
            partitions: self.partitions,
        };
        let links = LinkLayer::new(self.nodes, self.source, self.air).expect("a loss is a probability");
        let mut simulation = Simulation::linked(setup, links, Script::default(), observer);
        for node in 0..self.nodes {
            simulation.schedule(SimTime::ZERO, Turn::Start(node));
        }
        simulation
    }
}

/// Frames and bytes sent so far, by kind.
pub(crate) fn sent<P: Router, W: World<P>, O: Observer<P>>(simulation: &Simulation<P, W, O>) -> Vec<KindTraffic> {
    simulation.traffic().kinds().map(|(_, kind)| kind).collect()
}

/// So many milliseconds after the start.
pub(crate) fn millis(count: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_millis(count)
}

/// Draws below a bound, by a seed.
pub(crate) fn draws(seed: u64) -> impl FnMut(u32) -> u32 {
    let mut count = 0;
    move |below| {
        count += 1;
        let key = StreamKey::root(seed, 0).purpose("test").index(count);
        (key.unit() * f64::from(below)) as u32
    }
}

/// The nodes in a row.
pub(crate) fn line(nodes: u32) -> Vec<(u32, u32)> {
    (1..nodes).map(|node| (node - 1, node)).collect()
}

/// The nodes in a square, row by row.
pub(crate) fn grid(side: u32) -> Vec<(u32, u32)> {
    let right = (0..side * side).filter(|node| node % side + 1 < side);
    let below = 0..side * (side - 1);
    right
        .map(|node| (node, node + 1))
        .chain(below.map(|node| (node, node + side)))
        .collect()
}

/// A connected random graph: a random tree, and as many links again.
pub(crate) fn random_graph(nodes: u32, seed: u64) -> Vec<(u32, u32)> {
    let mut below = draws(seed);
    let mut links: Vec<_> = (1..nodes).map(|node| (below(node), node)).collect();
    for _ in 0..nodes {
        let (a, b) = (below(nodes), below(nodes));
        if a != b {
            links.push((a.min(b), a.max(b)));
        }
    }
    links.sort_unstable();
    links.dedup();
    links
}

/// The links of a random graph, each of which comes and goes, in milliseconds until `end`.
pub(crate) fn random_contacts(nodes: u32, seed: u64, end: u64) -> Vec<((u32, u32), u64, u64)> {
    let mut below = draws(seed ^ 0xc0);
    let mut contacts = Vec::new();
    for link in random_graph(nodes, seed) {
        let mut now = u64::from(below(3000));
        while now < end {
            let until = now + 200 + u64::from(below(8000));
            contacts.push((link, now, until));
            now = until + 1 + u64::from(below(6000));
        }
    }
    contacts
}

/// Each node goes down at some time before `end` and comes back, in milliseconds.
pub(crate) fn random_outages(nodes: u32, seed: u64, end: u32) -> Vec<(u64, Turn)> {
    let mut below = draws(seed ^ 0x0ff);
    let outage = |node| {
        let down = u64::from(below(end));
        let back = down + 1 + u64::from(below(5000));
        [(down, Turn::Stop(node)), (back, Turn::Start(node))]
    };
    (0..nodes).flat_map(outage).collect()
}

/// How many links lie between one node and each other.
pub(crate) fn distances(nodes: u32, links: &[(u32, u32)], from: u32) -> Vec<u32> {
    let mut distances = vec![u32::MAX; nodes as usize];
    distances[from as usize] = 0;
    let mut queue = VecDeque::from([from]);
    while let Some(node) = queue.pop_front() {
        for (a, b) in links.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]) {
            if a == node && distances[b as usize] == u32::MAX {
                distances[b as usize] = distances[node as usize] + 1;
                queue.push_back(b);
            }
        }
    }
    distances
}

/// A protocol with next hops that sequence numbers keep free of circles.
pub(crate) trait Numbered: Router {
    fn next(&self, to: NodeAddr) -> Option<NodeAddr>;
    fn length(&self, to: NodeAddr) -> Option<u32>;
    fn number(&self, to: NodeAddr) -> Option<u32>;
}

macro_rules! numbered {
    ($protocol:ty) => {
        impl Numbered for $protocol {
            fn next(&self, to: NodeAddr) -> Option<NodeAddr> {
                self.next_hop(to)
            }
            fn length(&self, to: NodeAddr) -> Option<u32> {
                self.hops(to)
            }
            fn number(&self, to: NodeAddr) -> Option<u32> {
                self.known_sequence(to)
            }
        }
    };
}
numbered!(Aodv);
numbered!(DistanceVector);

/// Ends a run when a way leads in a circle, or when the reason why none can does not hold: from a node to its next hop, sequence
/// numbers never fall, and where they are equal the next hop is nearer.
pub(crate) struct NoCircles {
    pub(crate) nodes: u32,
    /// How many ways were followed.
    pub(crate) followed: u64,
}

impl NoCircles {
    pub(crate) fn among(nodes: u32) -> Self {
        NoCircles { nodes, followed: 0 }
    }
}

impl<P: Numbered> Observer<P> for NoCircles {
    fn state(&mut self, _: SimTime, node: NodeAddr, nodes: &Nodes<'_, P>) -> Result<(), String> {
        for to in (0..self.nodes).map(NodeAddr) {
            self.followed += 1;
            // A circle that is new leads through the node that has just changed.
            let next = |at: NodeAddr| nodes.get(at)?.next(to);
            let way: Vec<_> = std::iter::successors(next(node), |at| if *at == to { None } else { next(*at) })
                .take(self.nodes as usize + 1)
                .collect();
            if way.len() > self.nodes as usize {
                return Err(format!("the way to {to} leads in a circle: {way:?}"));
            }
            for (at, state) in nodes.iter() {
                let over = state
                    .next(to)
                    .filter(|over| *over != to && (*over == node || at == node));
                let Some((over, next)) = over.and_then(|over| Some((over, nodes.get(over)?))) else {
                    continue;
                };
                let (Some(here), Some(there)) = (state.number(to), next.number(to)) else {
                    continue;
                };
                let ahead = there.wrapping_sub(here) as i32;
                let nearer = next.length(to).is_none_or(|there| Some(there) < state.length(to));
                if ahead < 0 || ahead == 0 && !nearer {
                    return Err(format!("{at} goes to {to} over {over}, whose number is {ahead} ahead"));
                }
            }
        }
        Ok(())
    }
}
