//! Links between routers that are down for a while.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use schemars::JsonSchema;
use serde::Deserialize;
use sim_core::network::RouterGraph;
use sim_core::random::StreamKey;
use sim_core::time::SimTime;

use super::one_or_many::{OneOrMany, Repeatable};
use crate::input::{Document, InputError, closest, list};
use crate::topology::Topology;
use crate::units::{Duration, Fraction, written};

/// How many routers are named to choose from.
const NAMED: usize = 6;

/// Links that are down for a while, as written. Messages take the ways around them, known to all routers at once; they are
/// lost where there is none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLinkFailure {
    /// When they go down.
    from: Duration,
    /// When they come back; never where it is left out.
    until: Option<Duration>,
    /// The two routers of the one link that fails: their labels or identifiers in the file.
    between: Option<[String; 2]>,
    /// The share of all links that fail, drawn anew for each replication: a larger share fails all those of a smaller one.
    fraction: Option<Fraction>,
}

impl Repeatable for RawLinkFailure {
    const KEY: &'static str = "link_failure";
    const EXPECTED: &'static str = "links that fail, such as { from = \"1h\", fraction = 0.1 }";
    const SCHEMA: &'static str = "LinkFailures";
}

/// Links that are down from one instant until another.
#[derive(Clone, Copy, PartialEq, Debug)]
struct LinkFailure {
    from: SimTime,
    until: Option<SimTime>,
    links: Failing,
}

/// Which links fail.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Failing {
    /// The link of this number.
    One(usize),
    /// So large a share of all, rounded to the nearest number of links.
    Share(f64),
}

/// The links of a topology that are down for a while, in the order of the scenario.
#[derive(Clone, Default)]
pub struct LinkFailures {
    failures: Vec<LinkFailure>,
    /// The graphs without some links that are in use, by these links, so that runs share them and their paths.
    graphs: Arc<Mutex<BTreeMap<Vec<usize>, Weak<RouterGraph>>>>,
}

impl LinkFailures {
    /// What a scenario says of a topology, held against it and the end of the run.
    pub(super) fn new(
        raw: &OneOrMany<RawLinkFailure>,
        topology: &Topology,
        end: SimTime,
        document: &Document,
    ) -> Result<Self, InputError> {
        let failure = |(key, raw): (String, _)| link_failure(raw, &key, topology, end, document);
        Ok(LinkFailures {
            failures: raw.keyed().map(failure).collect::<Result<_, _>>()?,
            graphs: Arc::default(),
        })
    }

    /// From when on which graph holds in place of `graph`; links that fail at random are drawn from the streams of
    /// `replication`, the root of a run.
    pub(in crate::scenario) fn changes(
        &self,
        graph: &Arc<RouterGraph>,
        replication: StreamKey,
    ) -> Vec<(SimTime, Arc<RouterGraph>)> {
        let streams = replication.purpose("link failures");
        let links = graph.links().len();
        let failing = |(index, failure): (usize, &LinkFailure)| failure.links.of(links, streams.index(index as u64));
        let failing: Vec<Vec<usize>> = self.failures.iter().enumerate().map(failing).collect();
        let change = |time: SimTime| {
            let down = self.down_at(time).into_iter().flat_map(|failure| &failing[failure]);
            let mut gone: Vec<usize> = down.copied().collect();
            gone.sort_unstable();
            gone.dedup();
            (time, self.without(graph, gone))
        };
        self.times().into_iter().map(change).collect()
    }

    /// How many graphs other than the whole one hold at some time, at most.
    pub(super) fn graphs(&self) -> usize {
        let mut sets: Vec<Vec<usize>> = self.times().into_iter().map(|time| self.down_at(time)).collect();
        sets.retain(|set| !set.is_empty());
        sets.sort();
        sets.dedup();
        sets.len()
    }

    /// When anything changes, in ascending order.
    fn times(&self) -> Vec<SimTime> {
        let times = self
            .failures
            .iter()
            .flat_map(|failure| [Some(failure.from), failure.until]);
        let mut times: Vec<SimTime> = times.flatten().collect();
        times.sort();
        times.dedup();
        times
    }

    /// The failures that hold at an instant, by their numbers.
    fn down_at(&self, time: SimTime) -> Vec<usize> {
        let holds = |failure: &LinkFailure| failure.from <= time && failure.until.is_none_or(|until| time < until);
        let failures = self.failures.iter().enumerate();
        failures
            .filter(|(_, failure)| holds(failure))
            .map(|(index, _)| index)
            .collect()
    }

    /// The graph without these links: the one that is in use, if there is one.
    fn without(&self, graph: &Arc<RouterGraph>, gone: Vec<usize>) -> Arc<RouterGraph> {
        if gone.is_empty() {
            return graph.clone();
        }
        // Whoever panicked here left the map as it was.
        let mut graphs = self.graphs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = graphs.get(&gone).and_then(Weak::upgrade) {
            return known;
        }
        graphs.retain(|_, graph| graph.strong_count() > 0);
        let made = Arc::new(graph.without(&gone));
        graphs.insert(gone, Arc::downgrade(&made));
        made
    }

    /// One line for `peerscope check`; empty if no link fails.
    pub(in crate::scenario) fn summary(&self, topology: &Topology) -> String {
        let summary = |failure: &LinkFailure| {
            let links = match failure.links {
                Failing::One(link) => {
                    let ends = topology.graph.links().nth(link);
                    let label = |router: usize| topology.routers[router].label.as_str();
                    ends.map_or_else(String::new, |(one, other, _)| {
                        format!("{} to {}", label(one), label(other))
                    })
                }
                Failing::Share(share) => format!("{} % of all", share * 100.0),
            };
            let time = |time: SimTime| written(time.since(SimTime::ZERO));
            match failure.until {
                Some(until) => format!("{links} from {} until {}", time(failure.from), time(until)),
                None => format!("{links} from {} on", time(failure.from)),
            }
        };
        self.failures.iter().map(summary).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Debug for LinkFailures {
    /// Without the graphs, which have thousands of links.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.failures).finish()
    }
}

impl Failing {
    /// The links that fail, of so many: those of the lowest ranks, which each draws from a stream of its own.
    fn of(self, links: usize, ranks: StreamKey) -> Vec<usize> {
        match self {
            Failing::One(link) => vec![link],
            Failing::Share(share) => {
                let mut failing: Vec<usize> = (0..links).collect();
                failing.sort_by_cached_key(|link| (ranks.index(*link as u64).bits(), *link));
                failing.truncate((share * links as f64).round() as usize);
                failing
            }
        }
    }
}

/// One failure, under its key.
fn link_failure(
    raw: &RawLinkFailure,
    key: &str,
    topology: &Topology,
    end: SimTime,
    document: &Document,
) -> Result<LinkFailure, InputError> {
    let (from, until) = (raw.from.get(), raw.until.map(Duration::get));
    if SimTime::ZERO + from >= end {
        let message = format!("the links go down at {}, when the run has ended", written(from));
        return Err(document
            .error_at(&format!("{key}.from"), message)
            .labelled("must lie before the end of the run, `run.duration`"));
    }
    if let Some(until) = until.filter(|until| *until <= from) {
        let message = format!(
            "the links are back at {}, before they go down at {}",
            written(until),
            written(from)
        );
        return Err(document
            .error_at(&format!("{key}.until"), message)
            .labelled(format!("must be later than `{key}.from`")));
    }
    let links = match (&raw.between, raw.fraction) {
        (Some(names), None) => Failing::One(link_between(names, key, topology, document)?),
        (None, Some(share)) => Failing::Share(share.get()),
        _ => {
            let error = document.error_at(key, "expected which links fail: either `between` or `fraction`");
            return Err(error
                .labelled("one of the two")
                .help("between = [\"Chicago\", \"New York\"], or fraction = 0.1 for a tenth of all links at random"));
        }
    };
    Ok(LinkFailure {
        from: SimTime::ZERO + from,
        until: until.map(|until| SimTime::ZERO + until),
        links,
    })
}

/// The number of the link between two routers.
fn link_between(names: &[String; 2], key: &str, topology: &Topology, document: &Document) -> Result<usize, InputError> {
    let router = |end: usize| router(&names[end], &format!("{key}.between.{end}"), topology, document);
    let (one, other) = (router(0)?, router(1)?);
    let joins = |(first, second, _)| (first, second) == (one, other) || (first, second) == (other, one);
    topology.graph.links().position(joins).ok_or_else(|| {
        let message = format!("there is no link between {} and {}", names[0], names[1]);
        let mut neighbours: Vec<usize> = topology.graph.neighbours(one).collect();
        neighbours.sort_unstable();
        let labels = neighbours
            .iter()
            .take(NAMED)
            .map(|router| topology.routers[*router].label.as_str());
        let more = if neighbours.len() > NAMED { " and others" } else { "" };
        document
            .error_at(&format!("{key}.between"), message)
            .labelled("no link joins them")
            .help(format!("{} has links with {}{more}", names[0], list(labels)))
    })
}

/// The number of a router by its identifier, else by its label.
pub(super) fn router(name: &str, key: &str, topology: &Topology, document: &Document) -> Result<usize, InputError> {
    let routers = || topology.routers.iter();
    if let Some(router) = routers().position(|router| router.id == name) {
        return Ok(router);
    }
    let labelled: Vec<usize> = routers()
        .enumerate()
        .filter(|(_, router)| router.label == name)
        .map(|(index, _)| index)
        .collect();
    match labelled[..] {
        [router] => Ok(router),
        [] => {
            let error = document.error_at(key, format!("there is no router `{name}` in the topology"));
            let known = routers().flat_map(|router| [router.label.as_str(), router.id.as_str()]);
            Err(match closest(name, known) {
                Some(guess) => error.labelled(format!("did you mean `{guess}`?")),
                None => {
                    let some = list(routers().take(NAMED).map(|router| router.label.as_str()));
                    error
                        .labelled("not a router of the file")
                        .help(format!("there are {some} and others"))
                }
            })
        }
        _ => {
            let ids = labelled
                .iter()
                .take(NAMED)
                .map(|router| topology.routers[*router].id.as_str());
            let message = format!("{} routers are called `{name}`", labelled.len());
            Err(document
                .error_at(key, message)
                .labelled("which of them?")
                .help(format!("their identifiers tell them apart: {}", list(ids))))
        }
    }
}
