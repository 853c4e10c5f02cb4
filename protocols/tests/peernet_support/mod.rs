//! Networks of PeerNet nodes on given links, a script of what happens to them, and an oracle that holds them to what must
//! always be so.

// Each test binary uses its own part.
#![allow(dead_code, unreachable_pub)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use protocols::circles::Circles;
use protocols::peernet::{Command, Config, Event, Load, Msg, PeerNet, TreeAddress};
use rand::rngs::Xoshiro128PlusPlus;
use sim_core::Nodes;
use sim_core::addr::NodeAddr;
use sim_core::link_layer::{Air, Contacts, Fixed, LinkLayer, LinkSource, Place};
use sim_core::network::Nothing;
use sim_core::observer::{Cause, Deed, Observer, Step};
use sim_core::protocol::OperationId;
use sim_core::random::{StreamKey, unit};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure, World};

/// What happens to a network.
#[derive(Clone, Copy, Debug)]
pub enum Turn {
    Start(u32),
    /// Silently.
    Fail(u32),
    Leave(u32),
    Ask(u32, u64, Command),
}

/// What happened.
#[derive(Default)]
pub struct Script {
    pub told: Vec<(SimTime, NodeAddr, Event)>,
}

impl World<PeerNet> for Script {
    type Event = Turn;

    fn on_event(&mut self, control: &mut Control<'_, PeerNet, Turn>, turn: Turn) {
        match turn {
            Turn::Start(node) => control.start(NodeAddr(node), ()),
            Turn::Fail(node) => control.stop(NodeAddr(node), Departure::Silent),
            Turn::Leave(node) => control.stop(NodeAddr(node), Departure::Graceful),
            Turn::Ask(node, operation, command) => {
                control.command(NodeAddr(node), OperationId(operation), command);
            }
        }
    }

    fn on_node_event(&mut self, time: SimTime, node: NodeAddr, event: Event) {
        self.told.push((time, node, event));
    }
}

pub type Network<O = ()> = Simulation<PeerNet, Script, O>;

pub fn at(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs_f64(seconds)
}

pub fn air() -> Air {
    Air {
        delay: SimDuration::from_millis(2),
        jitter: SimDuration::from_millis(1),
        loss: 0.0,
        tries: 1,
        medium: None,
    }
}

/// A network in which nobody is up yet.
pub fn network<O: Observer<PeerNet>>(
    nodes: u32,
    source: impl LinkSource + 'static,
    config: Config,
    seed: u64,
    observer: O,
) -> Network<O> {
    split_network(nodes, source, config, seed, 1, observer)
}

/// The same, executed in so many parts.
pub fn split_network<O: Observer<PeerNet>>(
    nodes: u32,
    source: impl LinkSource + 'static,
    config: Config,
    seed: u64,
    partitions: u32,
    observer: O,
) -> Network<O> {
    let setup = Setup {
        config: config.validate().expect("a configuration that works"),
        network: Box::new(Nothing),
        nodes,
        streams: StreamKey::root(seed, 0),
        partitions,
    };
    let links = LinkLayer::new(nodes, Box::new(source), air()).expect("an air that works");
    Simulation::linked(setup, links, Script::default(), observer)
}

pub fn pairs(links: &[(u32, u32)]) -> Vec<(NodeAddr, NodeAddr)> {
    links.iter().map(|&(a, b)| (NodeAddr(a), NodeAddr(b))).collect()
}

/// The links of a connected unit-disk graph with `nodes` nodes in a square, of about so many neighbours each: drawn until it is
/// connected.
pub fn unit_disk(nodes: u32, mean_degree: f64, rng: &mut Xoshiro128PlusPlus) -> Vec<(u32, u32)> {
    loop {
        let places: Vec<Place> = (0..nodes)
            .map(|_| Place {
                x: unit(rng),
                y: unit(rng),
            })
            .collect();
        // The pairs with the shortest distances, as many as the mean degree asks for, are those within some range.
        let mut distances = Vec::new();
        for a in 0..nodes {
            for b in a + 1..nodes {
                let distance = places[a as usize].squared_distance(places[b as usize]);
                distances.push((distance, a, b));
            }
        }
        distances.sort_by(|x, y| x.0.total_cmp(&y.0));
        distances.truncate((f64::from(nodes) * mean_degree / 2.0) as usize);
        let links: Vec<_> = distances.into_iter().map(|(_, a, b)| (a, b)).collect();
        if components(0..nodes, &links).len() == 1 {
            return links;
        }
    }
}

/// The connected components of the nodes, each in ascending order.
pub fn components(nodes: impl IntoIterator<Item = u32>, links: &[(u32, u32)]) -> Vec<BTreeSet<u32>> {
    let mut left: BTreeSet<u32> = nodes.into_iter().collect();
    let mut near: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for &(a, b) in links {
        near.entry(a).or_default().push(b);
        near.entry(b).or_default().push(a);
    }
    let mut found = Vec::new();
    while let Some(first) = left.pop_first() {
        let mut component = BTreeSet::from([first]);
        let mut queue = VecDeque::from([first]);
        while let Some(node) = queue.pop_front() {
            for next in near.get(&node).into_iter().flatten() {
                if left.remove(next) {
                    component.insert(*next);
                    queue.push_back(*next);
                }
            }
        }
        found.push(component);
    }
    found
}

/// What a network in which nothing is wrong looks like.
#[derive(Clone, Copy, Debug)]
pub struct Sound {
    /// Occupied levels of a routing table, on average.
    pub occupied: f64,
    /// Hops of the way of a packet over the fewest possible, on average over all pairs.
    pub stretch: f64,
}

/// What holds once everything has settled: in each component all have unique addresses, every area is connected, and every
/// pair can reach each other, without a loop.
///
/// # Errors
/// What does not hold.
pub fn sound<O: Observer<PeerNet>>(
    network: &Network<O>,
    nodes: impl IntoIterator<Item = u32>,
    links: &[(u32, u32)],
) -> Result<Sound, String> {
    let up: Vec<u32> = nodes
        .into_iter()
        .filter(|node| network.node(NodeAddr(*node)).is_some())
        .collect();
    let here = |node: &u32| network.node(NodeAddr(*node)).is_some();
    let links: Vec<_> = links.iter().copied().filter(|(a, b)| here(a) && here(b)).collect();
    let mut occupied = 0.0;
    let (mut stretch, mut ways) = (0.0, 0_u32);
    for component in components(up.iter().copied(), &links) {
        let mut holders = BTreeMap::new();
        for &node in &component {
            let state = network.node(NodeAddr(node)).expect("it is up");
            let address = state.address().ok_or(format!("node {node} has no address"))?;
            if let Some(other) = holders.insert(address, node) {
                return Err(format!("nodes {other} and {node} share {address}"));
            }
            occupied += state.table().levels().len() as f64;
        }
        areas_are_connected(&holders, &links)?;
        for (&from, &start) in &holders {
            let fewest = hops_from(start, &links);
            for (&to, &end) in holders.iter().filter(|(to, _)| **to != from) {
                let hops = deliver(network, start, end, to, component.len())?;
                stretch += f64::from(hops) / f64::from(fewest[&end]);
                ways += 1;
            }
        }
    }
    Ok(Sound {
        occupied: occupied / up.len() as f64,
        stretch: stretch / f64::from(ways.max(1)),
    })
}

fn areas_are_connected(holders: &BTreeMap<TreeAddress, u32>, links: &[(u32, u32)]) -> Result<(), String> {
    let bits = holders.keys().next().map_or(0, |address| address.bits());
    for level in 1..bits {
        let mut areas: BTreeMap<TreeAddress, BTreeSet<u32>> = BTreeMap::new();
        for (address, node) in holders {
            areas.entry(address.area(level)).or_default().insert(*node);
        }
        for (area, members) in areas.iter().filter(|(_, members)| members.len() > 1) {
            let inside = |(a, b): &&(u32, u32)| members.contains(a) && members.contains(b);
            let inner: Vec<_> = links.iter().filter(inside).copied().collect();
            if components(members.iter().copied(), &inner).len() > 1 {
                return Err(format!("the level-{level} area {area} of {members:?} is not connected"));
            }
        }
    }
    Ok(())
}

/// How many hops a packet takes.
fn deliver<O: Observer<PeerNet>>(
    network: &Network<O>,
    from: u32,
    to: u32,
    address: TreeAddress,
    most: usize,
) -> Result<u32, String> {
    let (mut node, mut hops) = (from, 0);
    while node != to {
        let state = network.node(NodeAddr(node)).expect("it is up");
        let next = state.next_hop(address);
        node = next
            .ok_or(format!("node {node} knows no way from {from} to {to} at {address}"))?
            .0;
        hops += 1;
        if hops as usize > most {
            return Err(format!(
                "a loop at node {node} on the way from {from} to {to} at {address}"
            ));
        }
    }
    Ok(hops)
}

/// The fewest links from a node to each other one.
pub fn hops_from(start: u32, links: &[(u32, u32)]) -> BTreeMap<u32, u32> {
    let mut near: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for &(a, b) in links {
        near.entry(a).or_default().push(b);
        near.entry(b).or_default().push(a);
    }
    let mut hops = BTreeMap::from([(start, 0)]);
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        let next = hops[&node] + 1;
        for other in near.get(&node).into_iter().flatten() {
            hops.entry(*other).or_insert_with(|| {
                queue.push_back(*other);
                next
            });
        }
    }
    hops
}

/// When a node last changed its address.
pub fn last_change<O: Observer<PeerNet>>(network: &Network<O>) -> f64 {
    let told = network.world().told.iter().rev();
    let mut changes = told.filter(|(_, _, event)| matches!(event, Event::Address { .. }));
    changes.next().map_or(0.0, |(time, ..)| time.as_secs_f64())
}

/// A network of a unit-disk graph in which all start at once.
pub fn cold_start(nodes: u32, config: Config, seed: u64) -> (Network, Vec<(u32, u32)>) {
    let mut rng = StreamKey::root(seed, 0).purpose("places").rng();
    let links = unit_disk(nodes, 10.0, &mut rng);
    let mut network = network(nodes, Fixed::new(pairs(&links), Vec::new()), config, seed, ());
    for node in 0..nodes {
        network.schedule(SimTime::ZERO, Turn::Start(node));
    }
    (network, links)
}

/// Follows packets, and ends the run when one goes in a circle.
#[derive(Default)]
pub struct Loops {
    pub circles: Circles<(TreeAddress, u8)>,
    found: Option<String>,
}

impl Loops {
    fn look(&mut self, time: SimTime, node: NodeAddr, msg: &Msg) {
        if let Msg::Routed(way, Load::Packet(packet, looked_up)) = msg {
            let name = (packet.source, packet.operation, packet.to);
            let circle = self.circles.is_at(time, node, name, (way.target, *looked_up));
            self.found = circle.map(|circle| format!("{packet:?} goes in a circle: {circle:?}"));
        }
    }
}

impl Observer<PeerNet> for Loops {
    fn event(&mut self, step: &Step<'_, PeerNet>) {
        if let Cause::Message { msg, .. } = step.cause {
            self.look(step.time, step.node, msg);
        }
    }

    fn deed(&mut self, time: SimTime, node: NodeAddr, deed: &Deed<'_, PeerNet>) {
        match deed {
            Deed::Emit(Event::Address { .. }) => self.circles.address_changes(time, node),
            Deed::Send { msg, .. } if self.found.is_none() => self.look(time, node, msg),
            _ => {}
        }
    }

    fn state(&mut self, _: SimTime, _: NodeAddr, _: &Nodes<'_, PeerNet>) -> Result<(), String> {
        self.found.take().map_or(Ok(()), Err)
    }
}

/// The contacts of nodes that walk to random places of a square, one after the other, until some time; then they stay where
/// they are. With the links at the end.
pub fn wandering(
    nodes: u32,
    range: f64,
    speed: f64,
    until: f64,
    rng: &mut Xoshiro128PlusPlus,
) -> (Contacts, Vec<(u32, u32)>) {
    const STEP: f64 = 0.5;
    let mut somewhere = || Place {
        x: unit(rng),
        y: unit(rng),
    };
    let mut walkers: Vec<_> = (0..nodes).map(|_| (somewhere(), somewhere())).collect();
    let mut since: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    let mut contacts = Vec::new();
    let mut now = 0.0;
    let named = |(a, b): (u32, u32)| (NodeAddr(a), NodeAddr(b));
    while now < until {
        for a in 0..nodes {
            for b in a + 1..nodes {
                let near = walkers[a as usize].0.squared_distance(walkers[b as usize].0) <= range * range;
                if near {
                    since.entry((a, b)).or_insert(now);
                } else if let Some(from) = since.remove(&(a, b)) {
                    contacts.push((named((a, b)), at(from), at(now)));
                }
            }
        }
        for (place, goal) in &mut walkers {
            let way = place.squared_distance(*goal).sqrt();
            let part = (speed * STEP / way).min(1.0);
            place.x += part * (goal.x - place.x);
            place.y += part * (goal.y - place.y);
            if part >= 1.0 {
                *goal = somewhere();
            }
        }
        now += STEP;
    }
    let links = since.keys().copied().collect();
    contacts.extend(
        since
            .into_iter()
            .map(|(pair, from)| (named(pair), at(from), SimTime::MAX)),
    );
    (Contacts::new(contacts), links)
}
