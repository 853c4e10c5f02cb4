//! From what a file describes to a connected graph with a delay for each link.

use std::collections::BTreeMap;
use std::sync::Arc;

use petgraph::graph::UnGraph;
use petgraph::unionfind::UnionFind;
use sim_core::network::{NetworkError, Relationship, RouterGraph};
use sim_core::time::SimDuration;

use super::description::{DescribedLink, DescribedRouter, Description};
use super::geography::{Place, great_circle};
use super::{Component, Missing, Paths, Reading, Router, Topology, Treatment};
use crate::input::InputError;

/// How many components are told by their sizes.
const TOLD: usize = 6;

/// From how many routers it is asked whom they have a path to.
const ASKED: usize = 32;

/// Links between each two routers that have any, the lower number first: the delay, and what the second is to the first.
type ShortestLinks = BTreeMap<[usize; 2], (SimDuration, Option<Relationship>)>;

/// The topology of a description, read as `reading` says from a file with this digest.
pub(super) fn topology(mut description: Description, reading: Reading, sha256: String) -> Result<Topology, InputError> {
    if description.routers.is_empty() {
        return Err(description
            .error(0..0, "the file has no node")
            .labelled("no router in it"));
    }
    let mut treatment = Treatment::default();
    let links = description.links.len();
    description.links.retain(|link| link.ends[0] != link.ends[1]);
    treatment.self_loops = links - description.links.len();
    keep_component(&mut description, reading.component, &mut treatment)?;
    treatment.directed = description.links.iter().filter(|link| link.directed).count();

    let mut places: Vec<Option<Place>> = description.routers.iter().map(place).collect();
    if reading.missing == Missing::Neighbours {
        treatment.placed = place_amid_neighbours(&mut places, &description.links);
    }
    let shortest = shortest_links(&description, &places, reading, &mut treatment)?;
    let graph = graph(places.len(), &shortest, reading.paths).map_err(|error| match error {
        Unbuilt::Unrelated => unrelated(&description),
        Unbuilt::Network(error) => {
            let error = description.error(0..0, error.to_string());
            error.help("are network.topology.per_km, detour and missing right?")
        }
    })?;
    if reading.paths == Paths::ValleyFree {
        ask_for_paths(&graph, &description, &mut treatment)?;
    }
    let router = |(described, place): (DescribedRouter, Option<Place>)| Router {
        id: described.id,
        label: described.label,
        place,
    };
    Ok(Topology {
        routers: description.routers.into_iter().zip(places).map(router).collect(),
        links: shortest.len(),
        graph: Arc::new(graph),
        treatment,
        sha256,
    })
}

/// Why there is no graph of routers.
enum Unbuilt {
    /// Policy is to decide on paths, and there is a link of which no relationship is known.
    Unrelated,
    /// It would make no network.
    Network(NetworkError),
}

/// The graph of so many routers with these links.
fn graph(routers: usize, links: &ShortestLinks, paths: Paths) -> Result<RouterGraph, Unbuilt> {
    let made = match paths {
        Paths::Shortest => RouterGraph::new(&joined(routers, links, |delay, _| Some(delay))?),
        Paths::ValleyFree => {
            let related = |delay, relationship: Option<_>| Some((delay, relationship?));
            RouterGraph::valley_free(&joined(routers, links, related)?)
        }
    };
    made.map_err(Unbuilt::Network)
}

/// So many routers, joined by links with the weight that `weight` makes of them, if it can.
fn joined<E>(
    routers: usize,
    links: &ShortestLinks,
    weight: impl Fn(SimDuration, Option<Relationship>) -> Option<E>,
) -> Result<UnGraph<(), E>, Unbuilt> {
    let mut graph = UnGraph::with_capacity(routers, links.len());
    let indices: Vec<_> = (0..routers).map(|_| graph.add_node(())).collect();
    for ([one, other], (delay, relationship)) in links {
        let weight = weight(*delay, *relationship).ok_or(Unbuilt::Unrelated)?;
        graph.add_edge(indices[*one], indices[*other], weight);
    }
    Ok(graph)
}

/// The complaint about a file without relationships.
fn unrelated(description: &Description) -> InputError {
    let message = "the file states no relationships, which valley-free paths need";
    let error = description.error(0..0, message).labelled("no AS relationships in it");
    error.help("take a file of CAIDA's, or leave network.topology.paths = \"shortest\"")
}

/// Counts between how many pairs policy leaves a path, from some routers to all. Policy may leave some without, as in the
/// Internet; where it leaves most without, the file hardly means what it is read to mean.
fn ask_for_paths(graph: &RouterGraph, description: &Description, treatment: &mut Treatment) -> Result<(), InputError> {
    let routers = graph.routers();
    let asked = routers.min(ASKED);
    let reached: usize = (0..asked)
        .map(|index| graph.delays_from(index * routers / asked).into_iter().flatten().count() - 1)
        .sum();
    treatment.asked = asked * (routers - 1);
    treatment.pathless = treatment.asked - reached;
    if 2 * treatment.pathless <= treatment.asked {
        return Ok(());
    }
    let message = format!(
        "the relationships leave {} of {} pairs of ASes without a valley-free path",
        treatment.pathless, treatment.asked
    );
    let error = description.error(0..0, message).labelled("most of them cannot talk");
    Err(error.help(
        "is each line with -1 of the order provider|customer? network.topology.paths = \"shortest\" has no policy",
    ))
}

/// Where the file says that a router is; half a place is none.
fn place(router: &DescribedRouter) -> Option<Place> {
    Some(Place {
        latitude: router.latitude?,
        longitude: router.longitude?,
    })
}

/// Keeps the component that is asked for, or refuses a graph that has several.
fn keep_component(
    description: &mut Description,
    component: Component,
    treatment: &mut Treatment,
) -> Result<(), InputError> {
    let mut joined = UnionFind::new(description.routers.len());
    for link in &description.links {
        joined.union(link.ends[0], link.ends[1]);
    }
    let labels = joined.into_labeling();
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    labels.iter().for_each(|label| *sizes.entry(*label).or_default() += 1);
    let largest = sizes.values().max().copied().unwrap_or(0);
    // The first in the file of those that are as large.
    let Some(kept) = labels.iter().find(|label| sizes[*label] == largest) else {
        return Ok(());
    };
    let Some(outside) = labels.iter().position(|label| label != kept) else {
        return Ok(());
    };
    if component == Component::Whole {
        return Err(unconnected(description, sizes.into_values().collect(), outside));
    }
    treatment.outside = labels.len() - largest;
    let mut positions = Vec::with_capacity(labels.len());
    let mut next = 0;
    for label in &labels {
        positions.push(next);
        next += usize::from(label == kept);
    }
    description.links.retain(|link| labels[link.ends[0]] == *kept);
    description
        .links
        .iter_mut()
        .for_each(|link| link.ends = link.ends.map(|end| positions[end]));
    let mut labels = labels.iter();
    description.routers.retain(|_| labels.next() == Some(kept));
    Ok(())
}

/// The complaint about a graph in pieces, at the first router that is not of the largest.
fn unconnected(description: &Description, mut sizes: Vec<usize>, outside: usize) -> InputError {
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    let told: Vec<String> = sizes.iter().take(TOLD).map(usize::to_string).collect();
    let more = if sizes.len() > TOLD { " and fewer" } else { "" };
    let router = &description.routers[outside];
    let message = format!(
        "the graph is not connected: it has {} components, of {}{more} routers",
        sizes.len(),
        told.join(", ")
    );
    description
        .error(router.span.clone(), message)
        .labelled(format!("{} is not connected with the largest", router.label))
        .help("network.topology.component = \"largest\" takes the largest component and drops the others")
}

/// Gives places to routers without: the middle of their neighbours that had one a round before, until nobody is left who
/// has such neighbours. Tells how many got one.
fn place_amid_neighbours(places: &mut [Option<Place>], links: &[DescribedLink]) -> usize {
    let mut neighbours = vec![Vec::new(); places.len()];
    for [one, other] in links.iter().map(|link| link.ends) {
        neighbours[one].push(other);
        neighbours[other].push(one);
    }
    // Parallel links make no neighbour count twice.
    for list in &mut neighbours {
        list.sort_unstable();
        list.dedup();
    }
    let mut placed = 0;
    let mut waiting: Vec<usize> = (0..places.len()).filter(|router| places[*router].is_none()).collect();
    loop {
        let middle = |router: usize| {
            let known = || neighbours[router].iter().filter_map(|neighbour| places[*neighbour]);
            // Opposite places have no middle: any of them is as good.
            Place::middle(known()).or_else(|| known().next())
        };
        let found: Vec<(usize, Place)> = waiting
            .iter()
            .filter_map(|&router| Some((router, middle(router)?)))
            .collect();
        if found.is_empty() {
            return placed;
        }
        placed += found.len();
        for (router, place) in found {
            places[router] = Some(place);
        }
        waiting.retain(|router| places[*router].is_none());
    }
}

/// The shortest delay of the links between each two routers that have any.
fn shortest_links(
    description: &Description,
    places: &[Option<Place>],
    reading: Reading,
    treatment: &mut Treatment,
) -> Result<ShortestLinks, InputError> {
    let fibre = |length: f64| reading.per_km.mul_f64(length * reading.detour);
    let mut shortest = ShortestLinks::new();
    for link in &description.links {
        let [one, other] = link.ends;
        let (count, delay) = match (link.delay, link.length, places[one].zip(places[other]), reading.missing) {
            (Some(delay), _, _, _) => (&mut treatment.stated_delays, delay),
            (None, Some(length), _, _) => (&mut treatment.stated_lengths, fibre(length)),
            (None, None, Some((one, other)), _) => (&mut treatment.great_circles, fibre(great_circle(one, other))),
            (None, None, None, Missing::Delay(delay)) => (&mut treatment.substituted, delay.get()),
            (None, None, None, _) => return Err(nowhere(description, places, link.ends)),
        };
        *count += 1;
        let (pair, relationship) = match one < other {
            true => ([one, other], link.relationship),
            false => ([other, one], link.relationship.map(Relationship::reversed)),
        };
        let known = shortest.entry(pair).or_insert((delay, relationship));
        if delay < known.0 {
            *known = (delay, relationship);
        }
    }
    treatment.parallel = description.links.len() - shortest.len();
    Ok(shortest)
}

/// The complaint about a link of which nothing tells the delay.
fn nowhere(description: &Description, places: &[Option<Place>], ends: [usize; 2]) -> InputError {
    if !description.silent.is_empty() {
        let message = "nothing in the file tells how long messages take over its links";
        let error = description.error(0..0, message).labelled(description.silent);
        return error.help("network.topology.missing = { delay = \"5ms\" } gives each link this delay");
    }
    let [one, other] = if places[ends[0]].is_none() {
        ends
    } else {
        [ends[1], ends[0]]
    };
    let (router, neighbour) = (&description.routers[one], &description.routers[other]);
    let message = format!(
        "{} has no coordinates, and its link with {} neither a delay nor a length",
        router.label, neighbour.label
    );
    description
        .error(router.span.clone(), message)
        .labelled("where is this router?")
        .help(
            "network.topology.missing = \"neighbours\" puts such routers amid neighbours that have coordinates, \
             missing = { delay = \"5ms\" } gives the link this delay",
        )
}
