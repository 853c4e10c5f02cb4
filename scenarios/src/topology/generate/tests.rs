//! Graphs against the laws of their models, over several seeds.

use std::collections::BTreeSet;

use petgraph::unionfind::UnionFind;

use super::sketch::distance;
use super::*;

fn streams(seed: u64) -> StreamKey {
    StreamKey::root(seed, 0).purpose("topology").index(0)
}

fn millis(number: u64) -> SimDuration {
    SimDuration::from_millis(number)
}

fn generated(model: Model, seed: u64) -> Generated {
    model
        .generate(streams(seed))
        .unwrap_or_else(|error| panic!("seed {seed}: {error}"))
}

fn links(graph: &Generated) -> Vec<(usize, usize, SimDuration)> {
    let mut links: Vec<_> = graph.topology.graph.links().collect();
    links.sort();
    links
}

fn degrees(graph: &Generated) -> Vec<usize> {
    let mut degrees = vec![0; graph.topology.routers.len()];
    for (one, other, _) in graph.topology.graph.links() {
        degrees[one] += 1;
        degrees[other] += 1;
    }
    degrees
}

const TRANSIT_STUB: TransitStub = TransitStub {
    transit_domains: 3,
    transit_routers: 4,
    stub_domains: 2,
    stub_routers: 5,
    probabilities: Probabilities {
        domains: 1.0,
        transit: 0.6,
        stub: 0.42,
    },
    extra_transit_stub: 0,
    extra_stub_stub: 0,
    delays: TransitStubDelays {
        transit: SimDuration::from_millis(50),
        transit_stub: SimDuration::from_millis(20),
        stub: SimDuration::from_millis(1),
    },
};

/// The transit domain of a router below 12, the stub domain, counted on from there, of one beyond.
fn domain(router: usize) -> usize {
    match router {
        0..12 => router / 4,
        _ => 3 + (router - 12) / 5,
    }
}

#[test]
fn transit_stub_graphs_have_exactly_their_routers_domains_and_kinds_of_links() {
    for seed in 0..20 {
        let graph = generated(Model::TransitStub(TRANSIT_STUB), seed);
        assert_eq!(graph.topology.routers.len(), 3 * 4 * (1 + 2 * 5), "seed {seed}");
        assert_eq!(graph.stubs, Some(12..132));
        let (mut between_transit, mut gateways) = (BTreeSet::new(), Vec::new());
        let mut inside = UnionFind::<usize>::new(132);
        for (one, other, delay) in links(&graph) {
            let transit = usize::from(one < 12) + usize::from(other < 12);
            let expected = [millis(1), millis(20), millis(50)][transit];
            assert_eq!(delay, expected, "seed {seed}: {one} - {other}");
            match (domain(one), domain(other)) {
                (one_domain, other_domain) if one_domain == other_domain => {
                    inside.union(one, other);
                }
                (one_domain, other_domain) if transit == 2 => {
                    assert!(
                        between_transit.insert((one_domain, other_domain)),
                        "one link between two domains"
                    );
                }
                (_, stub_domain) => {
                    assert_eq!(transit, 1, "seed {seed}: no link between stub domains");
                    assert_eq!(
                        (stub_domain - 3) / 2,
                        one.min(other),
                        "each router has two stub domains"
                    );
                    gateways.push(stub_domain);
                }
            }
        }
        assert_eq!(between_transit.len(), 3, "seed {seed}: all pairs of domains");
        gateways.sort_unstable();
        assert_eq!(
            gateways,
            (3..27).collect::<Vec<_>>(),
            "seed {seed}: one link a stub domain"
        );
        let connected = (0..132).all(|router| {
            let first = if router < 12 {
                router / 4 * 4
            } else {
                12 + (router - 12) / 5 * 5
            };
            inside.equiv(router, first)
        });
        assert!(connected, "seed {seed}: every domain is connected in itself");
    }
}

/// What GT-ITM sets its weights for follows from shortest delays, where stub domains have one exit.
#[test]
fn paths_stay_in_their_stub_domain_and_cross_no_other() {
    for seed in 0..3 {
        let graph = generated(Model::TransitStub(TRANSIT_STUB), seed);
        for from in 12..132 {
            for to in 12..from {
                let path = graph.topology.graph.path(from, to).unwrap();
                let ends = [domain(from), domain(to)];
                let foreign = path
                    .iter()
                    .find(|router| **router >= 12 && !ends.contains(&domain(**router)));
                assert_eq!(foreign, None, "seed {seed}: {path:?}");
                let leaves = path.iter().any(|router| *router < 12);
                assert_eq!(leaves, ends[0] != ends[1], "seed {seed}: {path:?}");
            }
        }
    }
}

#[test]
fn extra_links_are_as_many_as_asked_for_and_join_what_they_should() {
    let extended = TransitStub {
        extra_transit_stub: 30,
        extra_stub_stub: 40,
        ..TRANSIT_STUB
    };
    for seed in 0..5 {
        let (plain, extended) = (
            generated(Model::TransitStub(TRANSIT_STUB), seed),
            generated(Model::TransitStub(extended), seed),
        );
        let plain: BTreeSet<_> = links(&plain).into_iter().collect();
        let extended: BTreeSet<_> = links(&extended).into_iter().collect();
        assert!(extended.is_superset(&plain), "seed {seed}: the rest stays as it was");
        let more: Vec<_> = extended.difference(&plain).collect();
        let of_stubs: Vec<_> = more.iter().filter(|(one, other, _)| *one.min(other) >= 12).collect();
        assert_eq!((more.len(), of_stubs.len()), (70, 40), "seed {seed}");
        assert!(of_stubs.iter().all(|(one, other, _)| domain(*one) != domain(*other)));
    }
}

/// Large domains are connected at the first draw, so that their numbers of links are binomial.
#[test]
fn links_inside_of_domains_have_their_probability() {
    let model = TransitStub {
        stub_routers: 40,
        ..TRANSIT_STUB
    };
    for seed in 0..5 {
        let graph = generated(Model::TransitStub(model), seed);
        let inside = graph
            .topology
            .graph
            .links()
            .filter(|(one, other, _)| *one.min(other) >= 12)
            .count() as f64;
        let pairs = f64::from(24 * 40 * 39 / 2);
        let (mean, deviation) = (0.42 * pairs, (0.42 * 0.58 * pairs).sqrt());
        assert!(
            (inside - mean).abs() < 4.5 * deviation,
            "seed {seed}: {inside} links, not {mean}"
        );
    }
}

fn waxman(alpha: f64, beta: f64) -> Waxman {
    Waxman {
        routers: 400,
        alpha,
        beta,
        side: 1000.0,
        delay: LinkDelay::Distance {
            per_unit: SimDuration::from_micros(5),
            base: millis(1),
        },
    }
}

#[test]
fn waxman_links_have_their_probability_at_every_distance() {
    let model = waxman(0.4, 0.2);
    for seed in 0..5 {
        let graph = generated(Model::Waxman(model), seed);
        assert_eq!(graph.joined, 0, "seed {seed}: dense enough to be connected");
        let places = graph.places.as_ref().unwrap();
        let linked: BTreeSet<_> = links(&graph).iter().map(|(one, other, _)| (*one, *other)).collect();
        // By distance in steps of 100: links, and their expected number and variance.
        let mut steps = [(0.0, 0.0, 0.0); 15];
        for one in 0..400 {
            for other in one + 1..400 {
                let length = distance(places[one], places[other]);
                // Written out here: alpha exp(-d / (beta L)) with the diagonal for L.
                let expected = 0.4 * sim_core::math::exp(-length / (0.2 * 1000.0 * 2_f64.sqrt()));
                let (found, mean, variance) = &mut steps[(length / 100.0) as usize];
                *found += f64::from(u8::from(linked.contains(&(one, other))));
                *mean += expected;
                *variance += expected * (1.0 - expected);
            }
        }
        for (step, (found, mean, variance)) in steps.into_iter().enumerate() {
            let allowed = 4.5 * f64::sqrt(variance) + 0.5;
            assert!(
                (found - mean).abs() < allowed,
                "seed {seed}, step {step}: {found} links, not {mean}"
            );
        }
        for (one, other, delay) in links(&graph) {
            let expected = millis(1) + SimDuration::from_micros(5).mul_f64(distance(places[one], places[other]));
            assert_eq!(delay, expected, "seed {seed}");
        }
    }
}

/// Joined parts leave no router out, each by the one link that it lacks.
#[test]
fn unconnected_parts_are_joined_by_as_many_links_as_it_takes() {
    for seed in 0..10 {
        let graph = generated(Model::Waxman(waxman(0.0, 0.2)), seed);
        assert_eq!((graph.joined, graph.topology.links), (399, 399), "seed {seed}: a tree");
        // Without the links that join, there are as many parts more as there are such links.
        let sparse = generated(Model::Waxman(waxman(0.03, 0.2)), seed);
        assert!((1..100).contains(&sparse.joined), "seed {seed}: {}", sparse.joined);
        assert_eq!(sparse.topology.routers.len(), 400, "seed {seed}");
    }
}

/// Three routers in a row, the first two near each other: the third is joined with the nearer.
#[test]
fn a_part_is_joined_by_the_shortest_link() {
    let places = [(0.0, 0.0), (1.0, 0.0), (3.0, 0.0)];
    let mut sketch = Sketch::new(3, "radius");
    sketch.link(0, 1, millis(1)).unwrap();
    let by_length = LinkDelay::Distance {
        per_unit: millis(1),
        base: SimDuration::ZERO,
    };
    sketch.join(&places, by_length).unwrap();
    let graph = sketch.finish().unwrap();
    assert_eq!(links(&graph), [(0, 1, millis(1)), (1, 2, millis(2))]);
    assert_eq!(graph.joined, 1);
}

#[test]
fn random_geometric_links_are_all_pairs_within_the_radius() {
    for seed in 0..5 {
        let model = RandomGeometric {
            routers: 300,
            radius: 0.15,
            side: 1.0,
            delay: LinkDelay::Constant(millis(2)),
        };
        let graph = generated(Model::RandomGeometric(model), seed);
        let places = graph.places.as_ref().unwrap();
        let mut near = BTreeSet::new();
        for one in 0..300 {
            near.extend(
                (one + 1..300)
                    .filter(|other| distance(places[one], places[*other]) <= 0.15)
                    .map(|other| (one, other)),
            );
        }
        let linked: BTreeSet<_> = links(&graph).iter().map(|(one, other, _)| (*one, *other)).collect();
        assert!(linked.is_superset(&near), "seed {seed}");
        assert_eq!(linked.len(), near.len() + graph.joined, "seed {seed}");
    }
}

fn barabasi_albert(routers: u32, links: u32) -> Model {
    Model::BarabasiAlbert(BarabasiAlbert {
        routers,
        links,
        side: 1.0,
        delay: LinkDelay::Constant(millis(5)),
    })
}

#[test]
fn barabasi_albert_degrees_follow_the_power_law_with_exponent_3() {
    for seed in 0..5 {
        let (n, m) = (10_000, 3);
        let graph = generated(barabasi_albert(n, m), seed);
        let expected = m * (m + 1) / 2 + m * (n - m - 1);
        assert_eq!(
            graph.topology.links, expected as usize,
            "seed {seed}: exactly so many links"
        );
        let degrees = degrees(&graph);
        // The share of each degree, 2 m (m + 1) / (k (k + 1) (k + 2)).
        for k in 3..12 {
            let share = degrees.iter().filter(|degree| **degree == k).count() as f64 / f64::from(n);
            let law = 2.0 * 3.0 * 4.0 / (k * (k + 1) * (k + 2)) as f64;
            let deviation = (law * (1.0 - law) / f64::from(n)).sqrt();
            assert!(
                (share - law).abs() < 5.0 * deviation,
                "seed {seed}, degree {k}: {share}, not {law}"
            );
        }
        // The exponent by maximum likelihood (Clauset, Shalizi and Newman 2009, equation 3.7), from degree 20 on.
        let tail: Vec<f64> = degrees
            .iter()
            .filter(|degree| **degree >= 20)
            .map(|degree| *degree as f64)
            .collect();
        let sum: f64 = tail.iter().map(|degree| sim_core::math::ln(degree / 19.5)).sum();
        let exponent = 1.0 + tail.len() as f64 / sum;
        assert!(
            (exponent - 3.0).abs() < 0.35,
            "seed {seed}: {exponent} of {} routers",
            tail.len()
        );
        assert!(degrees.iter().all(|degree| *degree >= 3), "seed {seed}");
    }
}

#[test]
fn lattices_have_the_degrees_and_diameters_that_follow() {
    let ring = generated(
        Model::Ring(Ring {
            routers: 10,
            delay: millis(3),
        }),
        0,
    );
    assert_eq!(degrees(&ring), [2; 10]);
    let farthest = |graph: &Generated| {
        let routers = graph.topology.routers.len();
        (0..routers)
            .map(|to| graph.topology.graph.delay(0, to).unwrap())
            .max()
            .unwrap()
    };
    assert_eq!(farthest(&ring), millis(15));
    let grid = |torus| {
        generated(
            Model::Grid(Grid {
                rows: 4,
                columns: 6,
                torus,
                delay: millis(1),
            }),
            0,
        )
    };
    let (plain, torus) = (grid(false), grid(true));
    assert_eq!((plain.topology.links, farthest(&plain)), (4 * 5 + 3 * 6, millis(3 + 5)));
    assert_eq!((torus.topology.links, farthest(&torus)), (2 * 24, millis(2 + 3)));
    assert_eq!(degrees(&torus), [4; 24]);
}

/// What is too small to have every link of its kind has each once.
#[test]
fn the_smallest_graphs_are_graphs() {
    let ring = |routers| {
        Model::Ring(Ring {
            routers,
            delay: millis(1),
        })
    };
    let torus = |rows, columns| {
        Model::Grid(Grid {
            rows,
            columns,
            torus: true,
            delay: millis(1),
        })
    };
    let alone = TransitStub {
        transit_domains: 1,
        transit_routers: 1,
        stub_domains: 0,
        ..TRANSIT_STUB
    };
    for (model, routers, links) in [
        (ring(1), 1, 0),
        (ring(2), 2, 1),
        (ring(3), 3, 3),
        (torus(1, 1), 1, 0),
        (torus(2, 2), 4, 4),
        (torus(1, 5), 5, 5),
        (barabasi_albert(2, 1), 2, 1),
        (barabasi_albert(4, 3), 4, 6),
        (Model::TransitStub(alone), 1, 0),
    ] {
        let graph = generated(model.clone(), 1);
        assert_eq!(
            (graph.topology.routers.len(), graph.topology.links),
            (routers, links),
            "{model}"
        );
        assert_eq!(graph.stubs, None);
    }
}

#[test]
fn a_graph_depends_on_its_streams_and_nothing_else() {
    let models = [
        Model::TransitStub(TRANSIT_STUB),
        Model::Waxman(waxman(0.1, 0.2)),
        barabasi_albert(100, 2),
    ];
    for model in models {
        let of = |streams| links(&model.generate(streams).unwrap());
        let base = StreamKey::root(7, 0).purpose("topology");
        assert_eq!(of(base.index(0)), of(base.index(0)), "{model}");
        assert_ne!(of(base.index(0)), of(base.index(1)), "{model}");
    }
}

#[test]
fn what_cannot_be_says_which_key_to_change() {
    let with = |change: fn(&mut TransitStub)| {
        let mut model = TRANSIT_STUB;
        change(&mut model);
        Model::TransitStub(model)
    };
    for (model, key, words) in [
        (
            with(|model| model.transit_routers = 0),
            "transit_domains",
            "between 1 and ",
        ),
        (
            with(|model| model.stub_domains = u32::MAX),
            "stub_domains",
            "between 1 and ",
        ),
        (
            with(|model| model.probabilities.stub = 0.0),
            "stub_probability",
            "left a stub domain of 5 unconnected",
        ),
        (
            with(|model| model.probabilities.transit = 0.0),
            "transit_probability",
            "a transit domain of 4",
        ),
        (
            with(|model| model.probabilities.domains = 0.0),
            "domain_probability",
            "the transit domains of 3",
        ),
        (
            with(|model| model.extra_stub_stub = 100_000),
            "extra_stub_stub",
            "100000 links, but only",
        ),
        (
            with(|model| model.delays.transit = SimDuration::from_secs(3)),
            "delay",
            "too long",
        ),
        (barabasi_albert(5, 5), "links", "5 links, but only 4"),
        (barabasi_albert(5, 0), "links", "at least 1"),
        (barabasi_albert(0, 1), "routers", "between 1 and "),
        (barabasi_albert(3000, 1500), "links", "there would be more than"),
    ] {
        let error = model.generate(streams(1)).unwrap_err();
        assert_eq!(error.key(), key, "{error}");
        assert!(error.to_string().contains(words), "{words} is not in: {error}");
    }
}
