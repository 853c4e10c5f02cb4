//! Closed forms that Chord must come to, apart from anything that a paper measured.

use protocols::chord::{Chord, Config, Contact, Id, Init, Ring, Step, distinct_ids};
use sim_core::addr::NodeAddr;
use sim_core::math;
use sim_core::protocol::Protocol;
use sim_core::random::StreamKey;
use statrs::distribution::{ContinuousCDF, Discrete, Gamma, Geometric};

/// A perfect ring of random identifiers, the addresses in no relation to them.
fn ring(config: &Config, nodes: u32, seed: u64) -> Ring {
    let mut rng = StreamKey::root(seed, 0).purpose("identifiers").rng();
    let ids = distinct_ids(nodes as usize, config.space(), &mut rng).expect("a wide ring");
    let contact = |(id, addr)| Contact {
        id,
        addr: NodeAddr(addr),
    };
    Ring::new(config, ids.into_iter().zip(0..).map(contact))
}

/// The part of the ring that each member owns, by address.
fn shares(config: &Config, ring: &Ring) -> Vec<f64> {
    let members = ring.members();
    let mut shares = vec![0.0; members.len()];
    let before = members.iter().cycle().skip(members.len() - 1);
    for (before, member) in before.zip(members) {
        let arc = config.space().distance(before.id, member.id);
        shares[member.addr.index()] = arc as f64 / math::pow(2.0, f64::from(config.id_bits));
    }
    shares
}

/// The nodes of a ring, by address.
fn nodes(config: &Config, ring: &Ring) -> Vec<Chord> {
    let mut members = ring.members().to_vec();
    members.sort_by_key(|contact| contact.addr);
    let node = |contact: &Contact| {
        let tables = Box::new(ring.tables(contact.id));
        let init = Init::Ready { id: contact.id, tables };
        Chord::new(contact.addr, init, config, StreamKey::root(1, 0))
    };
    members.iter().map(node).collect()
}

/// The nodes that a lookup visits: the initiator not counted, the key's predecessor included.
fn visited(config: &Config, nodes: &[Chord], from: usize, key: Id) -> usize {
    let (mut at, mut visited) = (from, 0);
    while let Step::Closer(closer) = nodes[at].route(config, key) {
        visited += 1;
        at = closer.addr.index();
    }
    visited
}

/// With `N` nodes and `K` keys a node has `j` of them with probability `p (1 - p)^j`, `p = N / (N + K)` (the arcs between
/// random points are exponential). Chi-square over the bins that expect five nodes or more.
#[test]
fn keys_of_a_node_are_geometric() {
    let (config, count, keys) = (Config::default(), 2000_u32, 40_000);
    let p = f64::from(count) / f64::from(count + keys);
    // statrs counts trials, of which the last is no key.
    let law = Geometric::new(p).expect("a probability");
    let mut statistics = Vec::new();
    for seed in 1..=20 {
        let ring = ring(&config, count, seed);
        let mut rng = StreamKey::root(seed, 0).purpose("keys").rng();
        let mut loads = vec![0_usize; count as usize];
        for _ in 0..keys {
            let owner = ring.owner(config.space().random(&mut rng)).expect("somebody owns it");
            loads[owner.addr.index()] += 1;
        }
        let bins = 60;
        let mut observed = vec![0.0; bins + 1];
        loads.iter().for_each(|load| observed[(*load).min(bins)] += 1.0);
        let mut expected: Vec<f64> = (0..bins as u64)
            .map(|load| f64::from(count) * law.pmf(load + 1))
            .collect();
        expected.push(f64::from(count) - expected.iter().sum::<f64>());
        let chi_square = observed
            .iter()
            .zip(&expected)
            .map(|(o, e)| (o - e) * (o - e) / e)
            .sum::<f64>();
        statistics.push(chi_square);
    }
    // Sixty degrees of freedom: mean 60, standard deviation 11; over twenty seeds four standard errors are 9.8.
    let mean = statistics.iter().sum::<f64>() / 20.0;
    assert!((mean - 60.0).abs() < 9.8, "{mean}: {statistics:?}");
}

/// The largest distance between an empirical distribution and a law, times the root of the number of samples: 1.95 is
/// exceeded once in a thousand times.
fn kolmogorov(mut samples: Vec<f64>, law: impl Fn(f64) -> f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let count = samples.len() as f64;
    let distance = |(at, sample): (usize, &f64)| {
        let expected = law(*sample);
        (expected - at as f64 / count).max((at + 1) as f64 / count - expected)
    };
    samples.iter().enumerate().map(distance).fold(0.0, f64::max) * count.sqrt()
}

/// A host of `v` virtual nodes among `N v` owns a part of the ring that is Gamma(v) with mean `1 / N`.
#[test]
fn the_load_of_a_host_with_virtual_nodes_is_gamma() {
    let (config, hosts) = (Config::default(), 1000_u32);
    for virtual_nodes in [1, 2, 5, 10, 20] {
        for seed in 1..=5 {
            let ring = ring(&config, hosts * virtual_nodes, 100 + seed);
            let shares = shares(&config, &ring);
            let of_host = |own: &[f64]| own.iter().sum::<f64>() * f64::from(hosts);
            let loads: Vec<f64> = shares.chunks(virtual_nodes as usize).map(of_host).collect();
            let distance = |shape: f64| {
                let law = Gamma::new(shape, shape).expect("a shape");
                kolmogorov(loads.clone(), |load| law.cdf(load))
            };
            let shape = f64::from(virtual_nodes);
            assert!(distance(shape) < 1.95, "{virtual_nodes} virtual nodes, seed {seed}");
            assert!(distance(2.0 * shape) > 1.95, "twice as many would be noticed");
        }
    }
}

/// The largest of `N` arcs is `H_N / N` of the ring on average.
#[test]
fn the_largest_arc_is_the_harmonic_number_over_n() {
    let (config, count, seeds) = (Config::default(), 500_u32, 400);
    let harmonic: f64 = (1..=count).map(|n| 1.0 / f64::from(n)).sum();
    let largest = |seed| {
        shares(&config, &ring(&config, count, seed))
            .into_iter()
            .fold(0.0, f64::max)
    };
    let mean = (0..seeds).map(largest).sum::<f64>() / seeds as f64 * f64::from(count);
    // The largest of exponential gaps is Gumbel: standard deviation 1.28, four standard errors 0.26 of 6.79.
    assert!((mean - harmonic).abs() < 0.26, "{mean}, not {harmonic}");
}

/// On a ring of all `2^m` identifiers a lookup sets one bit of the distance after the other: from any node, of all keys
/// exactly `m` over `j` have `j` nodes on the way, Binomial(m, 1/2).
#[test]
fn hops_on_a_dense_ring_are_binomial() {
    let config = Config {
        id_bits: 8,
        route_with_successors: false,
        ..Config::default()
    };
    let members = (0..256_u32).map(|id| Contact {
        id: Id::new(id.into()),
        addr: NodeAddr(id),
    });
    let nodes = nodes(&config, &Ring::new(&config, members));
    for from in [0, 1, 77, 128, 255] {
        let mut counts = [0; 9];
        (0..256).for_each(|key| counts[visited(&config, &nodes, from, Id::new(key))] += 1);
        assert_eq!(counts, [1, 8, 28, 56, 70, 56, 28, 8, 1], "from {from}");
    }
}

/// Fingers alone visit `1/2 log2 N - 0.12` nodes; with a successor list of `r` that lookups use, the last `log2 r` bits are
/// gone through in one step: `1/2 log2 N - 1/2 log2 r + 1`.
#[test]
fn a_successor_list_saves_half_the_bits_that_it_spans() {
    for (exponent, successors) in [(10, 16), (10, 20), (10, 32), (12, 16), (12, 32)] {
        let (mut with, mut without) = (0, 0);
        let (seeds, lookups) = (5, 2000);
        for seed in 0..seeds {
            let config = |route_with_successors| Config {
                successors,
                route_with_successors,
                ..Config::default()
            };
            let (using, ignoring) = (config(true), config(false));
            let nodes = nodes(&using, &ring(&using, 1 << exponent, seed));
            let mut rng = StreamKey::root(seed, 0).purpose("lookups").rng();
            for lookup in 0..lookups {
                let (key, from) = (using.space().random(&mut rng), lookup % nodes.len());
                with += visited(&using, &nodes, from, key);
                without += visited(&ignoring, &nodes, from, key);
            }
        }
        let mean = |sum: usize| sum as f64 / (seeds as usize * lookups) as f64;
        let (with, without) = (mean(with), mean(without));
        let fingers_only = 0.5 * f64::from(exponent) - 0.12;
        let list = 0.5 * f64::from(exponent) - 0.5 * math::log2(successors as f64) + 1.0;
        println!("2^{exponent} nodes, {successors} successors: {without} and {with}; {fingers_only} and {list}");
        assert!((without - fingers_only).abs() < 0.1, "{without}, not {fingers_only}");
        assert!((with - list).abs() < 0.15, "{with}, not {list}");
    }
}
