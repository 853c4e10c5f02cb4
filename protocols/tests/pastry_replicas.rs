//! What a node of Pastry claims of the replicas of a key is what an oracle says of those whom it can know.

use std::collections::{BTreeMap, BTreeSet};

use protocols::id::{Contact, Id, distinct_ids};
use protocols::kbr::{KeyBased, Nothing};
use protocols::pastry::{Config, Init, Pastry, Tables, bulk};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::protocol::Protocol;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::SimDuration;

/// So many identifiers of so many bits, of members at addresses that have nothing to do with their order.
fn members(config: &Config, nodes: usize, rng: &mut NodeRng) -> Vec<Contact> {
    let ids = distinct_ids(nodes, config.space(), rng).expect("a ring that is wide enough");
    let contacts = ids.into_iter().zip(0..).map(|(id, addr)| Contact {
        id,
        addr: NodeAddr(addr),
    });
    contacts.collect()
}

fn config(leaf_set: usize, id_bits: u32) -> Config {
    Config {
        leaf_set,
        id_bits,
        b: 2,
        neighbourhood: 4,
        ..Config::default()
    }
}

fn tables(config: &Config, members: &[Contact]) -> Vec<Tables> {
    bulk::build(config, members, |a, b| {
        SimDuration::from_millis(u64::from(a.0.abs_diff(b.0)))
    })
}

fn node(config: &Config, tables: &Tables) -> Pastry {
    let tables = Box::new(tables.clone());
    let addr = tables.me().addr;
    Protocol::new(addr, Init::Ready { tables }, config, StreamKey::root(1, 0))
}

/// Keys that matter on a small ring: everywhere, at the members, beside them, and between each two of them.
fn keys(config: &Config, members: &BTreeMap<u128, NodeAddr>, rng: &mut NodeRng) -> Vec<Id> {
    let space = config.space();
    let numbers: Vec<u128> = members.keys().copied().collect();
    let next = numbers.iter().cycle().skip(1);
    let around = numbers.iter().zip(next).flat_map(|(own, next)| {
        let half = space.distance(Id::new(*own), Id::new(*next)) / 2;
        [*own, own + 1, own.wrapping_sub(1), own + half, own + half + 1]
    });
    let random = (0..50).map(|_| u128::from(rng.next_u32()));
    let mut keys: Vec<Id> = around.chain(random).map(|number| space.wrap(number)).collect();
    if keys.len() > 600 {
        // Some of them, with all kinds among them.
        keys = keys.into_iter().step_by(7).collect();
    }
    keys
}

/// How much was claimed.
#[derive(Default, Debug)]
struct Claims {
    made: u64,
    of_every_rank: u64,
}

/// Holds what a node claims of keys against what would be true of `known`: all but those of whom the node knows that they
/// are gone. What it claims are the first of the true replicas, the node itself among them, and a root that lacks nobody claims
/// all that are asked for.
fn check(
    config: &Config,
    node: &Pastry,
    known: &BTreeMap<u128, NodeAddr>,
    keys: &[Id],
    lacks_nobody: bool,
    claims: &mut Claims,
) {
    let most = Pastry::<Nothing>::most_replicas(config);
    let me = node.contact();
    for key in keys {
        let all = <Pastry as KeyBased>::roots(config, *key, known, most);
        for rank in 1..=most {
            let claimed = node.replica_set(config, *key, rank);
            let addrs: Vec<NodeAddr> = claimed.iter().map(|contact| contact.addr).collect();
            let what = || format!("{:?} claims {claimed:?} of {key:?}, and {all:?} are true", me.id);
            assert!(addrs.len() <= rank && all.starts_with(&addrs), "{}", what());
            assert!(addrs.is_empty() || claimed.contains(&me), "{}", what());
            let is_root = all.first() == Some(&me.addr);
            assert!(!node.is_root(config, *key) || is_root, "{}", what());
            if lacks_nobody && is_root {
                assert_eq!(addrs.len(), rank.min(known.len()), "{}", what());
                assert!(node.is_root(config, *key));
            }
            claims.made += u64::from(!addrs.is_empty());
            claims.of_every_rank += u64::from(addrs.len() == most);
        }
    }
}

/// Networks at rest of all sizes at which leaf sets go around the ring, just so, or do not, and larger ones.
#[test]
fn replicas_at_rest_are_the_true_ones_of_every_rank() {
    for (leaf_set, sizes) in [
        (2, (1..=8).chain([60])),
        (4, (1..=12).chain([100])),
        (8, (1..=20).chain([150])),
        (16, (1..=36).chain([400])),
    ] {
        let mut claims = Claims::default();
        for nodes in sizes {
            // On a narrow ring many keys lie in the middle between two members.
            for id_bits in [10, 16] {
                let config = config(leaf_set, id_bits);
                let mut rng = StreamKey::root(nodes as u64, leaf_set as u32).purpose("replicas").rng();
                let members = members(&config, nodes, &mut rng);
                let all: BTreeMap<u128, NodeAddr> =
                    members.iter().map(|member| (member.id.number(), member.addr)).collect();
                let keys = keys(&config, &all, &mut rng);
                for tables in tables(&config, &members).iter().take(60) {
                    check(&config, &node(&config, tables), &all, &keys, true, &mut claims);
                }
            }
        }
        println!("{leaf_set} leaves: {claims:?}");
        assert!(claims.made > 1000 && claims.of_every_rank > 100, "{claims:?}");
    }
}

/// Between failures and their repair: a node has noticed that some are gone, all of one side perhaps, and has found nobody
/// in their place. It claims less, and what it claims is true of those who are left.
#[test]
fn whoever_lacks_neighbours_claims_nothing_wrong() {
    let (mut claims, mut silent) = (Claims::default(), 0);
    for seed in 0..600 {
        let mut rng = StreamKey::root(seed, 0).purpose("depleted").rng();
        let mut below = |bound: u32| rng.next_u32() % bound;
        let leaf_set = [4, 8, 16][below(3) as usize];
        let nodes = 2 + below(if seed % 2 == 0 { 2 * leaf_set as u32 } else { 80 }) as usize;
        let (whole_side, share) = (below(2) == 0, 1 + below(3));
        let config = config(leaf_set, 10);
        let members = members(&config, nodes, &mut rng);
        let mut known: BTreeMap<u128, NodeAddr> =
            members.iter().map(|member| (member.id.number(), member.addr)).collect();
        let mut tables = tables(&config, &members).swap_remove(rng.next_u32() as usize % nodes);
        let side: BTreeSet<NodeAddr> = tables.leaf_set.larger().map(|leaf| leaf.addr).collect();
        let gone: Vec<Contact> = members
            .iter()
            .copied()
            .filter(|member| *member != tables.me())
            .filter(|member| {
                let random = rng.next_u32() % 4 < share;
                if whole_side {
                    side.contains(&member.addr)
                } else {
                    random
                }
            })
            .collect();
        for contact in &gone {
            known.remove(&contact.id.number());
            tables.forget(contact.addr);
        }
        let keys = keys(&config, &known, &mut rng);
        let before = claims.made;
        check(&config, &node(&config, &tables), &known, &keys, false, &mut claims);
        silent += u32::from(claims.made == before);
    }
    println!("{claims:?}, {silent} claim nothing");
    assert!(claims.made > 50_000 && silent < 300, "{claims:?}, {silent}");
}
