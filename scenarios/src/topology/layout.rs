//! Places for routers that have none, so that a graph can be drawn.
//!
//! Distances in the picture are to be like numbers of links in the graph: the squared differences, weighted by the number of
//! links to the power of -2, are made small by looking at one pair at a time, in random order and with ever smaller steps
//! (Zheng, Pawar and Goodman 2019, *Graph drawing by stochastic gradient descent*). Of a large graph, only linked pairs and
//! those with some pivots are looked at. The same graph has the same picture on every machine.

use sim_core::math;
use sim_core::network::RouterGraph;
use sim_core::random::{NodeRng, StreamKey, unit};

use super::metrics::hops_from;

/// Up to so many routers, all pairs are looked at.
const ALL_PAIRS: usize = 1000;
/// How many pivots a larger graph has.
const PIVOTS: usize = 60;
/// How often each pair is looked at.
const ROUNDS: usize = 30;
/// How far the last steps go, as a part of the difference of a linked pair.
const LAST_STEP: f64 = 0.05;

/// A pair of routers that should be so far apart.
#[derive(Clone, Copy)]
struct Pair {
    one: u32,
    other: u32,
    distance: f64,
    weight: f64,
    /// Whether both move, or only the first.
    both: bool,
}

/// Places for all routers of a connected graph; a link is about 1 long.
pub fn layout(graph: &RouterGraph) -> Vec<(f64, f64)> {
    let neighbours: Vec<Vec<usize>> = (0..graph.routers())
        .map(|router| graph.neighbours(router).collect())
        .collect();
    let mut rng = StreamKey::root(0, 0).purpose("layout").rng();
    let mut pairs = match neighbours.len() {
        0..=ALL_PAIRS => all_pairs(&neighbours),
        _ => some_pairs(&neighbours, &mut rng),
    };
    let side = (neighbours.len() as f64).sqrt();
    let mut places: Vec<[f64; 2]> = neighbours
        .iter()
        .map(|_| [unit(&mut rng) * side, unit(&mut rng) * side])
        .collect();
    let weights = || pairs.iter().map(|pair| pair.weight);
    let (least, most) = weights().fold((f64::INFINITY, 0.0_f64), |(least, most), weight| {
        (least.min(weight), most.max(weight))
    });
    // From a step that puts the farthest pair right, to one that hardly moves the nearest.
    let (first, last) = (1.0 / least, LAST_STEP / most);
    let decay = math::ln(first / last) / (ROUNDS - 1) as f64;
    for round in 0..ROUNDS {
        let step = first * math::exp(-decay * round as f64);
        for place in (1..pairs.len()).rev() {
            pairs.swap(place, (unit(&mut rng) * (place + 1) as f64) as usize);
        }
        for pair in &pairs {
            approach(&mut places, pair, step);
        }
    }
    places.into_iter().map(|[x, y]| (x, y)).collect()
}

/// Moves a pair towards its distance.
fn approach(places: &mut [[f64; 2]], pair: &Pair, step: f64) {
    let (one, other) = (pair.one as usize, pair.other as usize);
    let apart = [0, 1].map(|axis| places[one][axis] - places[other][axis]);
    let length = math::hypot(apart[0], apart[1]);
    if length == 0.0 {
        return;
    }
    let share = (pair.weight * step).min(1.0) * (length - pair.distance) / (2.0 * length);
    for axis in [0, 1] {
        let shift = apart[axis] * share;
        places[one][axis] -= shift;
        if pair.both {
            places[other][axis] += shift;
        }
    }
}

fn all_pairs(neighbours: &[Vec<usize>]) -> Vec<Pair> {
    let from = |one: usize| {
        let hops = hops_from(one, neighbours);
        (0..one).map(move |other| Pair {
            one: one as u32,
            other: other as u32,
            distance: f64::from(hops[other]),
            weight: 1.0 / (f64::from(hops[other]) * f64::from(hops[other])),
            both: true,
        })
    };
    (0..neighbours.len()).flat_map(from).collect()
}

/// Linked pairs, and each router with each pivot. A pivot stands for all routers around it: it moves others and is not moved.
fn some_pairs(neighbours: &[Vec<usize>], rng: &mut NodeRng) -> Vec<Pair> {
    let links = neighbours.iter().enumerate();
    let links = links.flat_map(|(one, list)| list.iter().map(move |other| (one, *other)));
    let mut pairs: Vec<Pair> = links
        .filter(|(one, other)| one > other)
        .map(|(one, other)| Pair {
            one: one as u32,
            other: other as u32,
            distance: 1.0,
            weight: 1.0,
            both: true,
        })
        .collect();
    let stands_for = neighbours.len() as f64 / PIVOTS as f64;
    // Each pivot as far as can be from those before it.
    let mut pivot = (unit(rng) * neighbours.len() as f64) as usize;
    let mut nearest = vec![u32::MAX; neighbours.len()];
    for _ in 0..PIVOTS {
        let hops = hops_from(pivot, neighbours);
        for (router, hops) in hops.iter().enumerate() {
            nearest[router] = nearest[router].min(*hops);
            if *hops > 1 {
                let distance = f64::from(*hops);
                pairs.push(Pair {
                    one: router as u32,
                    other: pivot as u32,
                    distance,
                    weight: stands_for / (distance * distance),
                    both: false,
                });
            }
        }
        let farthest = (0..neighbours.len()).max_by_key(|router| (nearest[*router], std::cmp::Reverse(*router)));
        pivot = farthest.unwrap_or(0);
    }
    pairs
}

#[cfg(test)]
mod tests {
    use sim_core::time::SimDuration;

    use super::*;
    use crate::topology::generate::{Grid, Model, Ring};

    fn places(model: &Model) -> Vec<(f64, f64)> {
        let graph = model.generate(StreamKey::root(1, 0)).unwrap();
        layout(&graph.topology.graph)
    }

    fn distance(one: (f64, f64), other: (f64, f64)) -> f64 {
        math::hypot(one.0 - other.0, one.1 - other.1)
    }

    #[test]
    fn a_ring_becomes_a_circle() {
        let ring = Model::Ring(Ring {
            routers: 30,
            delay: SimDuration::from_millis(1),
        });
        let places = places(&ring);
        assert_eq!(places, self::places(&ring), "the same each time");
        let middle = |axis: fn(&(f64, f64)) -> f64| places.iter().map(axis).sum::<f64>() / 30.0;
        let centre = (middle(|place| place.0), middle(|place| place.1));
        let radii: Vec<f64> = places.iter().map(|place| distance(*place, centre)).collect();
        let (least, most) = radii.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), radius| {
            (least.min(*radius), most.max(*radius))
        });
        assert!(most < 1.2 * least, "{least} to {most}");
    }

    /// The corners of a grid are farther apart than any linked pair, also where only some pairs are looked at.
    #[test]
    fn a_large_grid_is_unfolded() {
        let grid = Model::Grid(Grid {
            rows: 40,
            columns: 40,
            torus: false,
            delay: SimDuration::from_millis(1),
        });
        let places = places(&grid);
        let links = (0..40).flat_map(|row| (0..39).map(move |column| (row * 40 + column, row * 40 + column + 1)));
        let longest = links
            .map(|(one, other)| distance(places[one], places[other]))
            .fold(0.0, f64::max);
        let across = distance(places[0], places[1599]);
        assert!(longest < 4.0 && across > 40.0, "links up to {longest}, {across} across");
    }

    #[test]
    fn the_smallest_graphs_have_places() {
        for routers in 1..4 {
            let ring = Model::Ring(Ring {
                routers,
                delay: SimDuration::from_millis(1),
            });
            let places = places(&ring);
            assert!(places.len() == routers as usize && places.iter().all(|(x, y)| x.is_finite() && y.is_finite()));
        }
    }
}
