//! The lookup service of PeerNet on networks that have settled: everybody is found where he is, whichever way entries are
//! kept, and solution A keeps lookups local.

mod peernet_support;

use std::collections::{BTreeMap, BTreeSet};

use peernet_support::{Network, Turn, at, network, pairs, sound, unit_disk};
use protocols::peernet::{Command, Config, Event, Group, Load, LookupKind, Msg, PeerNet, Rules, TreeAddress};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::link_layer::Fixed;
use sim_core::observer::{Cause, Deed, Observer, Step};
use sim_core::protocol::OperationId;
use sim_core::random::StreamKey;
use sim_core::time::SimTime;

const NODES: u32 = 80;
const KINDS: [LookupKind; 3] = [
    LookupKind::Basic,
    LookupKind::Replicated,
    LookupKind::HighOrder { step: 3 },
];

/// Writes down by which nodes queries and answers come.
#[derive(Default)]
struct Trail {
    /// By asker and number.
    visited: BTreeMap<(NodeAddr, u32), BTreeSet<NodeAddr>>,
    /// Which of these a lookup that was asked for became: it sends its first query at once.
    named: BTreeMap<OperationId, (NodeAddr, u32)>,
    /// What the node that is at work has been asked for.
    asked: Option<OperationId>,
}

impl Observer<PeerNet> for Trail {
    fn event(&mut self, step: &Step<'_, PeerNet>) {
        self.asked = match step.cause {
            Cause::Command {
                operation,
                command: Command::Lookup(_),
            } => Some(operation),
            _ => None,
        };
    }

    fn deed(&mut self, _: SimTime, _: NodeAddr, deed: &Deed<'_, PeerNet>) {
        let Deed::Send { to, msg, .. } = deed else { return };
        let key = match msg {
            Msg::Routed(_, Load::Query(query)) => (query.asker, query.number),
            Msg::Routed(_, Load::Answer(answer)) => (answer.asker, answer.number),
            _ => return,
        };
        if let Some(operation) = self.asked.take() {
            self.named.insert(operation, key);
        }
        self.visited.entry(key).or_default().insert(*to);
    }
}

/// A network that has had time to settle and to register.
fn settled(config: Config, seed: u64) -> Network<Trail> {
    let mut rng = StreamKey::root(seed, 0).purpose("places").rng();
    let links = unit_disk(NODES, 10.0, &mut rng);
    let mut network = network(
        NODES,
        Fixed::new(pairs(&links), Vec::new()),
        config,
        seed,
        Trail::default(),
    );
    for node in 0..NODES {
        network.schedule(SimTime::ZERO, Turn::Start(node));
    }
    network.run_until(at(150.0)).expect("nothing is asserted on the way");
    sound(&network, 0..NODES, &links).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    network
}

fn address(network: &Network<Trail>, node: u32) -> TreeAddress {
    let state = network.node(NodeAddr(node)).expect("it is up");
    state.address().expect("the network is sound")
}

/// What lookups of random pairs, one at a time, found: by operation.
fn look_up(network: &mut Network<Trail>, seed: u64) -> Vec<(u32, u32, Option<TreeAddress>)> {
    let mut rng = StreamKey::root(seed, 0).purpose("lookups").rng();
    let asked: Vec<_> = (0..200)
        .map(|_| (rng.next_u32() % NODES, rng.next_u32() % NODES))
        .collect();
    for (number, (from, to)) in asked.iter().enumerate() {
        let lookup = Command::Lookup(NodeAddr(*to));
        network.schedule(at(150.0 + 0.1 * number as f64), Turn::Ask(*from, number as u64, lookup));
    }
    network.run_until(at(200.0)).expect("nothing is asserted on the way");
    let told = &network.world().told;
    let answers = told.iter().filter_map(|(_, _, event)| match event {
        Event::LookedUp {
            operation: Some(OperationId(operation)),
            found,
            ..
        } => {
            let (from, to) = asked[*operation as usize];
            Some((from, to, *found))
        }
        _ => None,
    });
    answers.collect()
}

#[test]
fn everybody_is_found_where_he_is() {
    for rules in [Rules::Dart, Rules::PeerNet2003] {
        for lookup in KINDS {
            let config = Config {
                rules,
                lookup,
                address_bits: 24,
                ..Config::default()
            };
            let mut network = settled(config, 3);
            let answers = look_up(&mut network, 3);
            assert_eq!(answers.len(), 200, "{rules:?}, {lookup:?}");
            for (from, to, found) in answers {
                assert_eq!(
                    found,
                    Some(address(&network, to)),
                    "{rules:?}, {lookup:?}: {from} asks for {to}"
                );
            }
        }
    }
}

#[test]
fn with_solution_a_no_lookup_leaves_the_smallest_area_that_holds_both() {
    for (rules, seed) in [Rules::Dart, Rules::PeerNet2003].into_iter().zip([1, 2]) {
        let config = Config {
            rules,
            lookup: LookupKind::Replicated,
            address_bits: 24,
            ..Config::default()
        };
        let mut network = settled(config, seed);
        look_up(&mut network, seed);
        let mut rng = StreamKey::root(seed, 0).purpose("lookups").rng();
        let mut held = 0;
        for operation in 0..200 {
            let (from, to) = (rng.next_u32() % NODES, rng.next_u32() % NODES);
            let (own, wanted) = (address(&network, from), address(&network, to));
            let level = own.level(wanted).map_or(0, |level| level + 1);
            // One that finds the entry where it begins sends nothing.
            let trail = network.observer();
            let key = trail.named.get(&OperationId(operation));
            let visited = key.and_then(|key| trail.visited.get(key));
            for node in visited.into_iter().flatten() {
                let its = address(&network, node.0);
                assert!(
                    own.shares(its, level),
                    "{rules:?}, seed {seed}: a lookup of {to} by {from} came to {node}"
                );
            }
            held += u32::from(level < 24 && visited.is_some());
        }
        assert!(
            held > 50,
            "{rules:?}, seed {seed}: only {held} lookups could have gone too far"
        );
    }
}

#[test]
fn a_group_is_reached_as_a_whole_or_at_its_nearest_member() {
    for lookup in KINDS {
        let config = Config {
            lookup,
            address_bits: 24,
            ..Config::default()
        };
        let mut network = settled(config, 5);
        let group = Group(7);
        let members = [4, 17, 33, 60];
        for member in members {
            network.schedule(at(150.0), Turn::Ask(member, 0, Command::Join(group)));
        }
        let command = |bytes, all| match all {
            true => Command::Multicast { group, bytes },
            false => Command::Anycast { group, bytes },
        };
        network.schedule(at(160.0), Turn::Ask(1, 1, command(100, true)));
        network.schedule(at(161.0), Turn::Ask(33, 2, command(100, true)));
        for node in 0..NODES {
            network.schedule(at(170.0), Turn::Ask(node, 100 + u64::from(node), command(10, false)));
        }
        let nobody = Command::Anycast {
            group: Group(8),
            bytes: 10,
        };
        network.schedule(at(171.0), Turn::Ask(9, 3, nobody));
        network.run_until(at(190.0)).expect("nothing is asserted on the way");
        let mut reached: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
        let mut dropped = Vec::new();
        for (_, node, event) in &network.world().told {
            match event.outcome() {
                Some(protocols::packet::Outcome::Delivered(packet)) => {
                    reached.entry(packet.operation.0).or_default().insert(node.0);
                }
                Some(protocols::packet::Outcome::Dropped(packet, why)) => dropped.push((packet.operation.0, *why)),
                None => {}
            }
        }
        assert_eq!(dropped, [(3, protocols::packet::Dropped::NotFound)], "{lookup:?}");
        assert_eq!(reached[&1], BTreeSet::from(members), "{lookup:?}");
        assert_eq!(reached[&2], BTreeSet::from([4, 17, 60]), "{lookup:?}");
        for node in 0..NODES {
            let found = &reached[&(100 + u64::from(node))];
            let own = address(&network, node);
            let nearest = members
                .into_iter()
                .min_by_key(|member| own.distance(address(&network, *member)));
            let one = found.first().copied();
            assert_eq!(found.len(), 1, "{lookup:?}, node {node}");
            match lookup {
                // The entry in the smallest area that has one lists members of that area alone, or of smaller ones.
                LookupKind::Replicated | LookupKind::HighOrder { .. } => {
                    let level = |member: Option<u32>| member.and_then(|member| own.level(address(&network, member)));
                    assert!(level(one) <= level(nearest), "{lookup:?}, node {node}");
                }
                LookupKind::Basic => assert_eq!(one, nearest, "{lookup:?}, node {node}"),
            }
        }
    }
}
