//! Pastry against its paper (Rowstron and Druschel 2001, section 4): path lengths and distances in networks built in bulk,
//! without messages. What the paper leaves open about counting was settled by an independent Monte Carlo simulation, which only
//! one convention brings to the published curves; each of the others is shown to miss.
//!
//! Section 4: `b = 4`, `|L| = 16`, `|M| = 32`, nodes uniform in a plane of 1000 by 1000, lookups between random pairs of nodes.

mod pastry_support;

use std::collections::BTreeMap;

use pastry_support::{Act, millis, plane, town};
use protocols::id::{Contact, Id, distinct_ids};
use protocols::kbr::Step;
use protocols::pastry::invariants::TableError;
use protocols::pastry::{Cell, Config, Members, Proximity, Quality, Routing, Tables, bulk};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::network::Network;
use sim_core::random::StreamKey;
use sim_core::time::SimDuration;

/// A network of the paper's section 4; addresses are the order of arrival.
struct Overlay {
    config: Config,
    network: Box<dyn Network>,
    members: Members,
    tables: Vec<Tables>,
    streams: StreamKey,
}

/// What routing between random pairs of nodes comes to.
struct Walks {
    /// Pairs by the number of hops.
    hops: Vec<u32>,
    /// Pairs whose last hop is by the leaf set.
    by_leaf_set: u32,
    /// The sum of all routes' lengths over the sum of all direct distances: Fig. 6.
    relative_distance: f64,
    /// The mean over pairs of one over the other.
    mean_of_ratios: f64,
}

impl Walks {
    fn pairs(&self) -> f64 {
        f64::from(self.hops.iter().sum::<u32>())
    }

    fn mean_hops(&self) -> f64 {
        let hops = (0..)
            .zip(&self.hops)
            .map(|(hops, pairs): (u32, &u32)| f64::from(hops * pairs));
        hops.sum::<f64>() / self.pairs()
    }

    fn fraction(&self, hops: usize) -> f64 {
        f64::from(self.hops[hops]) / self.pairs()
    }
}

impl Overlay {
    fn new(config: Config, nodes: usize, seed: u64) -> Self {
        let streams = StreamKey::root(seed, 0);
        let network = plane(nodes as u32, streams);
        let ids = distinct_ids(nodes, config.space(), &mut streams.purpose("identifiers").rng()).expect("a wide ring");
        let contact = |(id, addr)| Contact {
            id,
            addr: NodeAddr(addr),
        };
        let all: Vec<Contact> = ids.into_iter().zip(0..).map(contact).collect();
        let tables = bulk::build(&config, &all, |a, b| network.direct_delay(a, b));
        let members = Members::new(&config, all);
        Overlay {
            config,
            network,
            members,
            tables,
            streams,
        }
    }

    /// The same nodes in the same order at the same places, who join by messages.
    fn by_joins(config: Config, nodes: usize, seed: u64) -> Self {
        let mut overlay = Overlay::new(config, nodes, seed);
        let quiet = Config {
            heartbeat_period: None,
            neighbourhood_period: None,
            ..overlay.config.clone()
        };
        let network = plane(nodes as u32, overlay.streams);
        let mut joins = town(&quiet, nodes as u32, seed, 1, network);
        for node in 0..nodes as u32 {
            joins.schedule(millis(1000 * u64::from(node)), Act::Join(NodeAddr(node)));
        }
        joins
            .run_until(millis(1000 * nodes as u64 + 10_000))
            .expect("nobody forbids anything");
        overlay.tables = (0..nodes as u32)
            .map(|node| joins.node(NodeAddr(node)).expect("all are there").tables().clone())
            .collect();
        overlay
    }

    /// Routes a message from a node to a key by a rule: all nodes on the way, both ends included, and the last step.
    fn path(&self, from: &Tables, key: Id, next_hop: impl Fn(&Tables, Id) -> Step) -> (Vec<NodeAddr>, Option<Step>) {
        let mut path = vec![from.me().addr];
        let (mut at, mut last) = (from, None);
        loop {
            assert!(path.len() < 500, "a message goes round: {path:?}");
            let step = next_hop(at, key);
            match step.contact() {
                Some(next) if next != at.me() => at = &self.tables[next.addr.index()],
                Some(_) => return (path, last),
                None => panic!("nobody is nearer to {key} than {:?}", at.me()),
            }
            last = Some(step);
            path.push(at.me().addr);
        }
    }

    fn table_1(&self, tables: &Tables, key: Id) -> Step {
        tables.next_hop(&self.config, key, &[])
    }

    /// Lookups between random pairs of different nodes.
    fn pairs(&self, lookups: usize, next_hop: impl Fn(&Tables, Id) -> Step) -> Walks {
        let mut rng = self.streams.purpose("pairs").rng();
        let (mut hops, mut by_leaf_set) = (vec![0; 500], 0);
        let (mut routes, mut directs, mut ratios) = (0.0, 0.0, 0.0);
        for _ in 0..lookups {
            let mut any = || &self.tables[rng.next_u32() as usize % self.tables.len()];
            let from = any();
            let to = std::iter::repeat_with(any).map(Tables::me).find(|to| *to != from.me());
            let to = to.expect("more than one node");
            let (path, last) = self.path(from, to.id, &next_hop);
            assert_eq!(
                path.last(),
                Some(&to.addr),
                "delivered at the node whose identifier it is"
            );
            let length = |a: NodeAddr, b: NodeAddr| self.network.direct_delay(a, b).as_secs_f64();
            let route: f64 = path.windows(2).map(|hop| length(hop[0], hop[1])).sum();
            let direct = length(from.me().addr, to.addr);
            hops[path.len() - 1] += 1;
            by_leaf_set += u32::from(matches!(last, Some(Step::Owner(_))));
            routes += route;
            directs += direct;
            ratios += route / direct;
        }
        Walks {
            hops,
            by_leaf_set,
            relative_distance: routes / directs,
            mean_of_ratios: ratios / lookups as f64,
        }
    }

    /// The part of the entries in neighbourhood sets that are among the nearest of all, over some of the nodes.
    fn near_fraction(&self, sample: usize) -> f64 {
        let (mut entries, mut nearest) = (0, 0);
        for tables in self.tables.iter().step_by(self.tables.len().div_ceil(sample)) {
            let me = tables.me();
            let others = self.members.contacts().iter().filter(|other| **other != me);
            let mut delays: Vec<SimDuration> = others
                .map(|other| self.network.direct_delay(me.addr, other.addr))
                .collect();
            delays.sort();
            let size = tables.neighbourhood.placed().len();
            let farthest = delays[size - 1];
            let near = |entry: &Contact| self.network.direct_delay(me.addr, entry.addr) <= farthest;
            entries += size;
            nearest += tables.neighbourhood.contacts().filter(near).count();
        }
        nearest as f64 / entries as f64
    }

    /// The part of the entries in routing tables that are the nearest of all that fit, over some of the nodes.
    fn optimal_fraction(&self, sample: usize) -> f64 {
        let (mut entries, mut optimal) = (0_u32, 0_u32);
        for tables in self.tables.iter().step_by(self.tables.len().div_ceil(sample)) {
            let (table, me) = (&tables.routing_table, tables.me().addr);
            let mut nearest: BTreeMap<Cell, SimDuration> = BTreeMap::new();
            for other in self.members.contacts() {
                if let Some(cell) = table.cell(other.id) {
                    let delay = self.network.direct_delay(me, other.addr);
                    let least = nearest.entry(cell).or_insert(delay);
                    *least = delay.min(*least);
                }
            }
            for (cell, delay) in nearest {
                let entry = table.get(cell);
                entries += u32::from(entry.is_some());
                optimal += u32::from(entry.is_some_and(|entry| self.network.direct_delay(me, entry.addr) == delay));
            }
        }
        f64::from(optimal) / f64::from(entries)
    }
}

/// Three standard errors of a mean over so many lookups beside what the notes on the published curves allow.
fn band(of_curve: f64, lookups: usize) -> f64 {
    of_curve + 3.0 * 0.65 / (lookups as f64).sqrt()
}

/// Fig. 4 and Fig. 6 at two sizes. The Monte Carlo simulation has 2.482 hops at 1000 nodes where the figure has 2.485.
#[test]
fn hops_and_distances_are_those_of_the_figures() {
    let lookups = 20_000;
    for (nodes, seed, hops, distance) in [
        (1000, 1, 2.482, 1.329),
        (1000, 2, 2.482, 1.329),
        (2000, 3, 2.689, 1.318),
    ] {
        let overlay = Overlay::new(Config::default(), nodes, seed);
        let error = TableError::measure(&overlay.members, &overlay.tables);
        assert!(error.holds(), "{error:?}");
        // A newcomer tells all that it knows, so that hardly anybody misses it.
        assert!(error.filled_fraction() > 0.995, "{}", error.filled_fraction());
        let optimal = overlay.optimal_fraction(200);
        assert!(
            (0.965..0.99).contains(&optimal),
            "{optimal} of the entries are the nearest"
        );
        let walks = overlay.pairs(lookups, |tables, key| overlay.table_1(tables, key));
        let mean = walks.mean_hops();
        assert!((mean - hops).abs() < band(0.02, lookups), "{mean} hops among {nodes}");
        let ratio = walks.relative_distance;
        assert!(
            (ratio - distance).abs() < 0.025,
            "relative distance {ratio} among {nodes}"
        );
    }
}

/// Networks built in bulk have the leaf sets, the filled cells and the distances of networks that joins build, among the same
/// nodes at the same places. While joins do not overlap, nearly everybody comes to know the same nodes.
#[test]
fn networks_built_in_bulk_are_those_that_joins_build() {
    let lookups = 20_000;
    for (nodes, seed) in [(10, 6), (60, 7), (300, 8), (1000, 9)] {
        let bulk = Overlay::new(Config::default(), nodes, seed);
        let joins = Overlay::by_joins(Config::default(), nodes, seed);
        let known = |tables: &Tables| -> Vec<Contact> { tables.contacts().collect() };
        let pairs = || bulk.tables.iter().zip(&joins.tables);
        for (bulk, joins) in pairs() {
            assert_eq!(bulk.leaf_set.contacts(), joins.leaf_set.contacts(), "{nodes} nodes");
        }
        let same = pairs().filter(|(bulk, joins)| known(bulk) == known(joins)).count();
        assert!(same * 10 > nodes * 9, "{same} of {nodes} know the same nodes");
        let [of_bulk, of_joins] = [bulk, joins].map(|overlay| {
            let error = TableError::measure(&overlay.members, &overlay.tables);
            assert!(error.holds(), "{nodes} nodes: {error:?}");
            let walks = overlay.pairs(lookups, |tables, key| overlay.table_1(tables, key));
            [
                error.filled_fraction(),
                overlay.optimal_fraction(nodes),
                overlay.near_fraction(nodes),
                walks.mean_hops(),
                walks.relative_distance,
            ]
        });
        for ((of_bulk, of_joins), allowed) in of_bulk.iter().zip(of_joins).zip([0.002, 0.005, 0.01, 0.005, 0.01]) {
            assert!(
                (of_bulk - of_joins).abs() <= allowed,
                "{nodes} nodes: {of_bulk}, not {of_joins}"
            );
        }
    }
}

/// Other ways to count, or to choose the next hop, do not come to the published curves.
#[test]
fn other_conventions_miss_the_figures() {
    let (nodes, lookups) = (1000, 20_000);
    let overlay = Overlay::new(Config::default(), nodes, 1);
    let misses = |mean: f64, by: f64| {
        let off = mean - 2.482;
        assert!(
            (off - by).abs() < 0.06 && off.abs() > 2.0 * band(0.02, lookups),
            "{mean}: off by {off}"
        );
    };
    // The last hop through a leaf set not counted: -.75.
    let walks = overlay.pairs(lookups, |tables, key| overlay.table_1(tables, key));
    misses(walks.mean_hops() - f64::from(walks.by_leaf_set) / walks.pairs(), -0.75);
    // The routing table before the leaf set: +.20.
    let table_first = overlay.pairs(lookups, |tables, key| match tables.routing_table.toward(key) {
        Some(entry) => Step::Closer(entry),
        None => overlay.table_1(tables, key),
    });
    misses(table_first.mean_hops(), 0.20);
    // Eight leaves in all: +.1; thirty-two: -.16.
    for (leaf_set, by) in [(8, 0.1), (32, -0.16)] {
        let config = Config {
            leaf_set,
            ..Config::default()
        };
        let other = Overlay::new(config, nodes, 1);
        misses(
            other
                .pairs(lookups, |tables, key| other.table_1(tables, key))
                .mean_hops(),
            by,
        );
    }
    // The mean of the pairs' ratios: +.06 to +.09.
    let off = walks.mean_of_ratios - walks.relative_distance;
    assert!((0.05..0.1).contains(&off), "{off}");
}

/// Hops say nothing of locality: tables whose entries are arbitrary have the same hops, and each is as long as the direct way. Between the levels of quality lies what each of them fetches (section 4.2, Fig. 8).
#[test]
fn distances_follow_from_what_newcomers_fetch() {
    let (lookups, nodes) = (20_000, 1000);
    let overlay = |proximity, quality| {
        let config = Config {
            proximity,
            quality,
            ..Config::default()
        };
        Overlay::new(config, nodes, 4)
    };
    let optimal = |quality| overlay(Some(Proximity::Oracle), quality).optimal_fraction(nodes);
    let (sl, wt, wtf) = (optimal(Quality::Sl), optimal(Quality::Wt), optimal(Quality::Wtf));
    assert!(sl + 0.003 < wt && wt + 0.003 < wtf, "{sl} {wt} {wtf}");
    let random = overlay(None, Quality::Wtf);
    let walks = random.pairs(lookups, |tables, key| random.table_1(tables, key));
    assert!(
        (2.4..3.0).contains(&walks.relative_distance),
        "{}",
        walks.relative_distance
    );
    assert!(
        (walks.mean_hops() - 2.482).abs() < band(0.02, lookups),
        "{}",
        walks.mean_hops()
    );
}

/// Random keys come to the numerically closest node by every style of routing, from everywhere, and as far as the slides of the
/// course on peer-to-peer systems have it: in one hop where everybody knows everybody, and by `|L|/2` nodes a hop
/// around the ring.
#[test]
fn every_style_delivers_at_the_closest_node() {
    let nodes = 600;
    for (routing, least, most) in [
        (Routing::Prefix, 2.0, 2.6),
        // A quarter of the ring on average, eight nodes a hop, and the half of a hop that is lost by the last.
        (Routing::Circular, 600.0 / 32.0, 600.0 / 32.0 + 1.0),
        (Routing::Exhaustive, 0.99, 1.0),
    ] {
        let overlay = Overlay::new(
            Config {
                routing,
                ..Config::default()
            },
            nodes,
            5,
        );
        let mut rng = overlay.streams.purpose("keys").rng();
        let (mut hops, keys) = (0, 4000);
        for _ in 0..keys {
            let from = &overlay.tables[rng.next_u32() as usize % nodes];
            let key = overlay.config.space().random(&mut rng);
            let (path, _) = overlay.path(from, key, |tables, key| overlay.table_1(tables, key));
            let owner = overlay.members.owner(key).expect("somebody owns it");
            assert_eq!(path.last(), Some(&owner.addr), "{routing:?}");
            hops += path.len() - 1;
        }
        let mean = hops as f64 / f64::from(keys);
        assert!((least..most).contains(&mean), "{routing:?}: {mean} hops");
        let entries = overlay.tables.iter().map(Tables::entries).sum::<usize>() / nodes;
        let expected = match routing {
            Routing::Prefix => 16 + 32 + 25..16 + 32 + 40,
            Routing::Circular => 16..17,
            Routing::Exhaustive => nodes - 1..nodes,
        };
        assert!(expected.contains(&entries), "{routing:?}: {entries} entries");
    }
}

/// Fig. 4, 5 and 6 up to their largest network, with as many lookups as the paper has, and Fig. 10 without failures.
#[test]
#[ignore = "minutes, and only with optimisation"]
fn the_figures_hold_up_to_a_hundred_thousand_nodes() {
    let lookups = 200_000;
    for (nodes, hops, distance) in [
        (5_000, 2.954, 1.308),
        (10_000, 3.232, 1.346),
        (20_000, 3.494, 1.364),
        (50_000, 3.746, 1.324),
        (100_000, 3.976, 1.333),
    ] {
        let overlay = Overlay::new(Config::default(), nodes, 6);
        let walks = overlay.pairs(lookups, |tables, key| overlay.table_1(tables, key));
        let (mean, ratio) = (walks.mean_hops(), walks.relative_distance);
        println!("{nodes} nodes: {mean:.4} hops, relative distance {ratio:.4}");
        assert!((mean - hops).abs() < band(0.02, lookups), "{mean} hops among {nodes}");
        assert!(
            (ratio - distance).abs() < 0.025,
            "relative distance {ratio} among {nodes}"
        );
        if nodes == 100_000 {
            let published = [
                (1, 0.0006, 0.002),
                (2, 0.0156, 0.002),
                (3, 0.1643, 0.006),
                (4, 0.6449, 0.006),
                (5, 0.1745, 0.006),
            ];
            for (hops, fraction, allowed) in published {
                let measured = walks.fraction(hops);
                println!("P({hops}) = {measured:.4}, published {fraction}");
                assert!((measured - fraction).abs() < allowed, "P({hops}) = {measured}");
            }
            assert!((6..500).map(|hops| walks.fraction(hops)).sum::<f64>() <= 0.0005);
        }
        if nodes == 5_000 {
            let mut rng = overlay.streams.purpose("keys").rng();
            let walk = |_| {
                let from = &overlay.tables[rng.next_u32() as usize % nodes];
                let key = overlay.config.space().random(&mut rng);
                overlay
                    .path(from, key, |tables, key| overlay.table_1(tables, key))
                    .0
                    .len()
                    - 1
            };
            let to_owner = (0..lookups).map(walk).sum::<usize>() as f64 / lookups as f64;
            assert!(
                (to_owner - 2.94).abs() < band(0.02, lookups),
                "{to_owner} hops to the owners of keys"
            );
        }
    }
}
