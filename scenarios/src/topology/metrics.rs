//! What is told of a graph: degrees, clustering, and the paths between its routers.

use std::collections::VecDeque;

use sim_core::network::RouterGraph;
use sim_core::random::{StreamKey, unit};
use sim_core::time::SimDuration;

/// The most pairs of routers that are looked at: all pairs of up to 4,000 routers.
const PAIRS: usize = 8_000_000;

/// The fewest routers that paths are followed from, of a graph that is too large for all of them.
const FEWEST_SOURCES: usize = 50;

/// What a graph of routers looks like.
#[derive(Clone, PartialEq, Debug)]
pub struct Metrics {
    /// The links of each router, in the order of their numbers.
    pub degrees: Vec<usize>,
    /// The mean over all routers of the share of pairs of neighbours that are neighbours themselves (Watts and Strogatz 1998);
    /// a router with fewer than two neighbours counts 0.
    pub clustering: f64,
    /// The share of paths of two links that a third closes to a triangle, of all routers together; 0 where there are none.
    pub transitivity: f64,
    /// The delays of links, one way.
    pub link_delays: Distribution,
    /// The paths.
    pub paths: PathMetrics,
}

/// What paths between different routers look like.
#[derive(Clone, PartialEq, Debug)]
pub struct PathMetrics {
    /// How many routers they were followed from, to all others. All of them, each pair counted once, or a random sample.
    pub sources: usize,
    /// The fewest links between two routers, whatever the delay and whatever policy says.
    pub hops: Distribution,
    /// The delays of the paths that messages take, in nanoseconds.
    pub delays: Distribution,
    /// How many pairs have no path that messages could take.
    pub without: usize,
}

/// Numbers in ascending order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Distribution {
    sorted: Vec<u32>,
}

impl Distribution {
    fn of(mut values: Vec<u32>) -> Self {
        values.sort_unstable();
        Distribution { sorted: values }
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        self.sorted.len()
    }

    /// Their mean; none of no numbers.
    pub fn mean(&self) -> Option<f64> {
        let sum: u64 = self.sorted.iter().map(|value| u64::from(*value)).sum();
        (self.count() > 0).then(|| sum as f64 / self.count() as f64)
    }

    /// The smallest number that a share `q` of all does not exceed; none of no numbers.
    pub fn quantile(&self, q: f64) -> Option<u32> {
        let rank = (q * self.count() as f64).ceil() as usize;
        self.sorted.get(rank.max(1) - 1).or(self.sorted.last()).copied()
    }

    /// How many numbers do not exceed `most`.
    pub fn up_to(&self, most: u32) -> usize {
        self.sorted.partition_point(|number| *number <= most)
    }

    /// The largest number; none of no numbers.
    pub fn maximum(&self) -> Option<u32> {
        self.sorted.last().copied()
    }

    /// The smallest number; none of no numbers.
    pub fn minimum(&self) -> Option<u32> {
        self.sorted.first().copied()
    }
}

impl Metrics {
    /// Looks at a graph. Paths are followed from all routers, or from as many random ones as there is time for: the same ones
    /// each time.
    pub fn of(graph: &RouterGraph) -> Self {
        let neighbours: Vec<Vec<usize>> = (0..graph.routers())
            .map(|router| graph.neighbours(router).collect())
            .collect();
        let degrees: Vec<usize> = neighbours.iter().map(Vec::len).collect();
        let (clustering, transitivity) = clustering(&neighbours);
        Metrics {
            degrees,
            clustering,
            transitivity,
            link_delays: Distribution::of(graph.links().map(|(_, _, delay)| nanoseconds(delay)).collect()),
            paths: PathMetrics::of(graph, &neighbours),
        }
    }

    /// The numbers of links as a distribution.
    pub fn degree(&self) -> Distribution {
        Distribution::of(self.degrees.iter().map(|degree| *degree as u32).collect())
    }

    /// For each number of links that occurs, how many routers have so many.
    pub fn routers_by_degree(&self) -> Vec<(usize, usize)> {
        let mut degrees = self.degrees.clone();
        degrees.sort_unstable();
        degrees
            .chunk_by(|one, other| one == other)
            .map(|alike| (alike[0], alike.len()))
            .collect()
    }
}

impl PathMetrics {
    fn of(graph: &RouterGraph, neighbours: &[Vec<usize>]) -> Self {
        let routers = neighbours.len();
        let sources = sources(routers);
        let all = sources.len() == routers;
        let (mut hops, mut delays, mut without) = (Vec::new(), Vec::new(), 0);
        for &source in &sources {
            // With all sources each pair comes twice, the same both ways.
            let first = if all { source + 1 } else { 0 };
            hops.extend(
                (first..)
                    .zip(&hops_from(source, neighbours)[first..])
                    .filter_map(|(router, hops)| (router != source).then_some(*hops)),
            );
            for (router, delay) in graph.delays_from(source).into_iter().enumerate().skip(first) {
                match delay {
                    Some(delay) if router != source => delays.push(nanoseconds(delay)),
                    Some(_) => {}
                    None => without += 1,
                }
            }
        }
        PathMetrics {
            sources: sources.len(),
            hops: Distribution::of(hops),
            delays: Distribution::of(delays),
            without,
        }
    }
}

/// A delay of a graph of routers, which is kept in 32 bits there.
fn nanoseconds(delay: SimDuration) -> u32 {
    u32::try_from(delay.as_nanos()).unwrap_or(u32::MAX)
}

/// The routers that paths are followed from: all, or a random sample.
fn sources(routers: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..routers).collect();
    if routers * routers.saturating_sub(1) / 2 <= PAIRS {
        return order;
    }
    let wanted = (PAIRS / routers).max(FEWEST_SOURCES);
    let mut rng = StreamKey::root(0, 0).purpose("sources of paths").rng();
    for place in 0..wanted {
        order.swap(place, place + (unit(&mut rng) * (routers - place) as f64) as usize);
    }
    order.truncate(wanted);
    order
}

/// The fewest links from a router to each.
pub(crate) fn hops_from(source: usize, neighbours: &[Vec<usize>]) -> Vec<u32> {
    let mut hops = vec![u32::MAX; neighbours.len()];
    hops[source] = 0;
    let mut waiting = VecDeque::from([source]);
    while let Some(router) = waiting.pop_front() {
        for &next in &neighbours[router] {
            if hops[next] == u32::MAX {
                hops[next] = hops[router] + 1;
                waiting.push_back(next);
            }
        }
    }
    hops
}

/// The mean of the local coefficients, and the transitivity.
fn clustering(neighbours: &[Vec<usize>]) -> (f64, f64) {
    let sorted: Vec<Vec<usize>> = neighbours
        .iter()
        .map(|list| {
            let mut list = list.clone();
            list.sort_unstable();
            list
        })
        .collect();
    let (mut local, mut closed, mut triples) = (0.0, 0.0, 0.0);
    for own in &sorted {
        // Each pair of neighbours that are neighbours counts twice here, and so do all pairs.
        let linked: usize = own.iter().map(|other| common(own, &sorted[*other])).sum();
        let pairs = own.len() as f64 * (own.len() as f64 - 1.0);
        if pairs > 0.0 {
            local += linked as f64 / pairs;
            closed += linked as f64;
            triples += pairs;
        }
    }
    let transitivity = if triples > 0.0 { closed / triples } else { 0.0 };
    (local / sorted.len() as f64, transitivity)
}

/// How many numbers two ascending lists have in common.
fn common(one: &[usize], other: &[usize]) -> usize {
    let (short, long) = if one.len() < other.len() {
        (one, other)
    } else {
        (other, one)
    };
    short.iter().filter(|number| long.binary_search(number).is_ok()).count()
}

#[cfg(test)]
mod tests;
