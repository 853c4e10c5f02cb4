//! Churn on small rings: schedules, drawn at random or written down, run under any rules and watched by the ring
//! invariants; and the search for the smallest schedule that breaks one.

// Each test binary uses its own part.
#![allow(dead_code, unreachable_pub)]

use protocols::chord::invariants::{Invariant, RingError, RingInvariants, Violation};
use protocols::chord::{Chord, Config, Event, Init, Ring, Rules};
use protocols::id::{Contact, Id, distinct_ids};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::network::Uniform;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure, World};

/// Something that happens to a ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// A node comes up and joins. `through` is the bootstrap, or node 0 if that is no member.
    Join { node: u32, id: u128, through: u32 },
    /// A node dies, or leaves.
    Leave { node: u32, departure: Departure },
}

/// A ring and what happens to it. Nodes `0..=successors` are the stable base.
#[derive(Clone, PartialEq, Debug)]
pub struct Schedule {
    pub id_bits: u32,
    pub successors: usize,
    /// Identifiers of the nodes that are members at the start, ideally linked.
    pub members: Vec<u128>,
    /// Milliseconds and acts, in order.
    pub acts: Vec<(u64, Act)>,
    /// The seed of delays and periods.
    pub seed: u64,
}

/// How a run went.
#[derive(Debug)]
pub struct Outcome {
    /// What was broken, and the text of the error.
    pub violation: Option<(Violation, String)>,
    /// The error of the ring at the end.
    pub error: RingError,
    /// How often the invariants were checked.
    pub checks: u64,
    /// Joins that were completed, and departures that took place.
    pub joins: u32,
    pub departures: u32,
}

const PERIOD: SimDuration = SimDuration::from_secs(1);
const LONGEST_DELAY: SimDuration = SimDuration::from_millis(150);

/// Churn goes on for this many milliseconds at most; for a tenth of it at least.
const CHURN_MILLIS: u64 = 20_000;
/// After the last act the ring has this many periods to become ideal.
const PERIODS_TO_SETTLE: u64 = 40;

/// The world of a schedule.
struct Churn {
    start: Vec<(NodeAddr, Init)>,
    base: u32,
    acts: Vec<Act>,
    joins: u32,
    departures: u32,
    last_departure: Option<SimTime>,
    /// Addresses and identifiers that have been in use.
    identities: Vec<(u32, Id)>,
}

impl Churn {
    /// Zave's operating assumption: no member is left without a successor that is a member.
    ///
    /// In her model a member reads the state of another one and adopts it in one step. Here the answer is on its way
    /// for up to [`LONGEST_DELAY`], and counts as adopted already: whoever left then may not leave its reader without a
    /// successor either. So departures lie farther apart than an answer can be under way; and of the list of the leaver
    /// itself, which may be on its way to somebody, enough must remain.
    fn may_leave(&self, control: &Control<'_, Chord, usize>, leaver: NodeAddr) -> bool {
        if self
            .last_departure
            .is_some_and(|last| control.now() <= last + LONGEST_DELAY)
        {
            return false;
        }
        let member = |addr| control.node(addr).filter(|node| node.has_joined() && addr != leaver);
        let lives = |list: &[Contact]| {
            list.iter()
                .any(|contact| member(contact.addr).is_some_and(|node| node.id() == contact.id))
        };
        let read = match control.node(leaver).map(Chord::successors) {
            Some([read @ .., _]) => lives(read),
            _ => true,
        };
        let members = (0..ADDRESSES).filter_map(|addr| member(NodeAddr(addr)));
        read && members
            .into_iter()
            .all(|node| node.successors().is_empty() || lives(node.successors()))
    }
}

/// Addresses that a schedule may use.
pub const ADDRESSES: u32 = 12;

impl World<Chord> for Churn {
    /// The act with this number; the start is beyond all.
    type Event = usize;

    fn on_event(&mut self, control: &mut Control<'_, Chord, usize>, event: usize) {
        for (addr, init) in std::mem::take(&mut self.start) {
            control.start(addr, init);
        }
        match self.acts.get(event).copied() {
            Some(Act::Join { node, id, through }) => {
                let id = Id::new(id);
                let taken = (0..ADDRESSES)
                    .filter_map(|addr| control.node(NodeAddr(addr)))
                    .any(|other| other.id() == id);
                // Who returns takes another identifier. Zave's failure detector is perfect; here somebody may have
                // begun to ask the node's former self, and would take the one that returned as the same for dead.
                let returns_as_the_same = self.identities.contains(&(node, id));
                if !control.is_up(NodeAddr(node)) && !taken && !returns_as_the_same {
                    self.identities.push((node, id));
                    let member = control.node(NodeAddr(through)).is_some_and(Chord::has_joined);
                    let bootstrap = NodeAddr(if member { through } else { 0 });
                    control.start(NodeAddr(node), Init::Join { id, bootstrap });
                }
            }
            Some(Act::Leave { node, departure }) => {
                let leaver = NodeAddr(node);
                if node > self.base && control.is_up(leaver) && self.may_leave(control, leaver) {
                    self.departures += 1;
                    self.last_departure = Some(control.now());
                    control.stop(leaver, departure);
                }
            }
            None => {}
        }
    }

    fn on_node_event(&mut self, time: SimTime, _: NodeAddr, event: Event) {
        self.joins += u32::from(event == Event::Joined && time > SimTime::ZERO);
    }
}

impl Schedule {
    /// A random schedule.
    pub fn random(seed: u64) -> Self {
        let rng = &mut StreamKey::root(seed, 0).purpose("schedule").rng();
        let id_bits = 4 + below(rng, 5) as u32;
        let successors = 2 + below(rng, 2) as usize;
        let config = Config {
            id_bits,
            ..Config::default()
        };
        let ids = distinct_ids(14, config.space(), rng).expect("a ring of at least sixteen points");
        let ids: Vec<u128> = ids.into_iter().map(Id::number).collect();
        let members = ids[..successors + 1 + below(rng, 5) as usize].to_vec();
        let base = successors as u64;
        let span = CHURN_MILLIS / 10 + below(rng, CHURN_MILLIS * 9 / 10);
        let mut acts: Vec<(u64, Act)> = (0..6 + below(rng, 30))
            .map(|_| {
                let node = (base + 1 + below(rng, u64::from(ADDRESSES) - base - 1)) as u32;
                let act = match below(rng, 5) {
                    0 => Act::Leave {
                        node,
                        departure: Departure::Graceful,
                    },
                    1 | 2 => Act::Leave {
                        node,
                        departure: Departure::Silent,
                    },
                    _ => Act::Join {
                        node,
                        id: ids[below(rng, ids.len() as u64) as usize],
                        through: below(rng, u64::from(ADDRESSES)) as u32,
                    },
                };
                (1 + below(rng, span), act)
            })
            .collect();
        acts.sort_by_key(|(millis, _)| *millis);
        Schedule {
            id_bits,
            successors,
            members,
            acts,
            seed,
        }
    }

    /// The parameters of the ring under these rules.
    pub fn config(&self, rules: Rules) -> Config {
        let config = Config {
            rules,
            id_bits: self.id_bits,
            successors: self.successors,
            stabilize_period: PERIOD,
            timeout: SimDuration::from_millis(350),
            retries: 1,
            ..Config::default()
        };
        config.validate().expect("a sound configuration")
    }

    /// Runs the schedule and lets the ring settle.
    pub fn run(&self, rules: Rules) -> Outcome {
        let config = self.config(rules);
        let contacts = self.members.iter().zip(0..).map(|(id, addr)| Contact {
            id: Id::new(*id),
            addr: NodeAddr(addr),
        });
        let ring = Ring::new(&config, contacts.clone());
        let identities = contacts.clone().map(|contact| (contact.addr.0, contact.id)).collect();
        let start = contacts
            .map(|Contact { id, addr }| {
                (
                    addr,
                    Init::Ready {
                        id,
                        tables: Box::new(ring.tables(id)),
                    },
                )
            })
            .collect();
        let base = self.members.iter().take(self.successors + 1).map(|id| Id::new(*id));
        let acts = self.acts.iter().map(|(_, act)| *act).collect();
        let world = Churn {
            start,
            base: self.successors as u32,
            acts,
            joins: 0,
            departures: 0,
            last_departure: None,
            identities,
        };
        let network = Uniform::new(SimDuration::from_millis(10), LONGEST_DELAY).expect("bounds in order");
        let setup = Setup {
            config: config.clone(),
            network: Box::new(network),
            nodes: ADDRESSES,
            streams: StreamKey::root(self.seed, 0),
            partitions: 1,
        };
        let mut simulation = Simulation::observed(setup, world, RingInvariants::new(base));
        simulation.schedule(SimTime::ZERO, usize::MAX);
        for (number, (millis, _)) in self.acts.iter().enumerate() {
            simulation.schedule(SimTime::ZERO + SimDuration::from_millis(*millis), number);
        }
        let last = self.acts.last().map_or(0, |(millis, _)| *millis);
        let end = SimTime::ZERO + SimDuration::from_millis(last) + PERIOD * PERIODS_TO_SETTLE;
        let outcome = simulation.run_until(end);
        let nodes = (0..ADDRESSES).filter_map(|addr| simulation.node(NodeAddr(addr)));
        Outcome {
            violation: outcome.err().and_then(|broken| {
                let violation = simulation.observer().violation()?.clone();
                Some((violation, broken.to_string()))
            }),
            error: RingError::measure(&config, nodes),
            checks: simulation.observer().checks(),
            joins: simulation.world().joins,
            departures: simulation.world().departures,
        }
    }

    /// Removes what can be removed while `test` still holds: acts first, then members that are not of the base.
    pub fn shrink(mut self, test: impl Fn(&Schedule) -> bool) -> Schedule {
        loop {
            let fewer_acts = (0..self.acts.len()).rev().map(|at| {
                let mut smaller = self.clone();
                smaller.acts.remove(at);
                smaller
            });
            let fewer_members = (self.members.len() > self.successors + 1).then(|| {
                let mut smaller = self.clone();
                smaller.members.pop();
                smaller
            });
            match fewer_acts.chain(fewer_members).find(|smaller| test(smaller)) {
                Some(smaller) => self = smaller,
                None => return self,
            }
        }
    }
}

/// The smallest schedule among those of `seeds` whose acts are such as to `allow`, that breaks an invariant under
/// `rules` and none under the corrected rules. Each is made smaller step by step, while the same invariant breaks;
/// fifty found are enough.
pub fn smallest_breaking(
    rules: Rules,
    invariant: Option<Invariant>,
    seeds: std::ops::Range<u64>,
    allow: impl Fn(&Act) -> bool,
) -> Option<Schedule> {
    let broken = |schedule: &Schedule| schedule.run(rules).violation.map(|(violation, _)| violation.invariant);
    let drawn = seeds.map(|seed| {
        let mut schedule = Schedule::random(seed);
        schedule.acts.retain(|(_, act)| allow(act));
        schedule
    });
    drawn
        .filter_map(|schedule| {
            let target = broken(&schedule).filter(|found| invariant.is_none_or(|wanted| wanted == *found))?;
            let test = |smaller: &Schedule| {
                broken(smaller) == Some(target) && smaller.run(Rules::Corrected).violation.is_none()
            };
            test(&schedule).then(|| schedule.shrink(test))
        })
        .min_by_key(|schedule| {
            (
                schedule.acts.len(),
                schedule.members.len(),
                schedule.acts.last().map(|act| act.0),
            )
        })
}

/// A number below `bound`: the bias of a few in 2^64 does not matter here.
pub fn below(rng: &mut NodeRng, bound: u64) -> u64 {
    rng.next_u64() % bound
}
