//! Wrong successor pointers under churn, against the master equation of Krishnamurthy, El-Ansary, Aurell and Haridi, "A
//! statistical theory of Chord under churn" (IPTPS 2005).
//!
//! Nodes join and fail at the rate `l` each, and stabilise their successor at the rate `r l` (the paper's `r alpha`, `alpha`
//! being the part of its stabilisations that go to successors; here each round has one). A join makes a right pointer
//! wrong, a failure makes one wrong that was right before it and takes with it one that was wrong, and stabilisation makes
//! a wrong one right:
//!
//! `dw/dt = l (1 - w) + l (1 - w)^2 - l w^2 - r l w`, which rests at `w = 2 / (3 + r)`.
//!
//! A pointer to a node that is dead: `dd/dt = l (1 - d) - l d - r l d`, the second term for the joins that dilute them:
//! `d = 1 / (2 + r)`, about half of `w`.
//!
//! The assumptions of the paper are kept: messages take no time, rounds of a node are a Poisson process, departures are
//! silent. So the nodes are not run by the engine but by a host of this test, which delivers at once.
//!
//! From `r` = 20 on both laws are met within 6 %, which is more than chance: the standard errors are 1 to 3 %. At `r` = 10 a
//! fifth more pointers are wrong than the law says, 0.188 in place of 0.154. What was found about it:
//!
//! - It is not the joins. Here the predecessor that names a joining node's successor may be wrong itself, which at `r` = 10
//!   gives one join in twenty a wrong successor, where in the paper all are right. But nodes that are told the truth
//!   ([`Joins::Told`]) come to the same 0.188.
//! - It is that a round does not always make a wrong pointer right, as the equation has it: counted, a part `c` of 0.72 of
//!   the rounds does at `r` = 10, of 0.90, 0.96 and 0.98 at 20, 50 and 100. With this `c` the equation rests at
//!   `w = 2 / (3 + c r)`, which is met within 5 % everywhere, at `r` = 10 too (0.197). What kept the other rounds from it was
//!   not counted.
//!
//! All bands were set after these numbers had been seen.

use std::collections::{BTreeMap, VecDeque};

use protocols::chord::{Chord, Config, Event, Init, Msg, Ring, Rules, Tables, Timer};
use protocols::id::{Contact, Id, distinct_ids};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::math;
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::recorder::{Effect, Recorder};

/// Nodes that answer at once.
struct Instant {
    config: Config,
    nodes: BTreeMap<NodeAddr, Recorder<Chord>>,
    /// The members by identifier: the truth.
    truth: BTreeMap<Id, NodeAddr>,
    next_addr: u32,
    rng: NodeRng,
    joins: Joins,
    failed_joins: u32,
    /// Joins that ended with a successor that is not the next member.
    wrong_joins: u32,
    /// Rounds of members whose successor was wrong, and those after which it was right.
    rounds: u32,
    cured: u32,
}

/// How a node that joins finds its successor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Joins {
    /// By a lookup, as Chord does.
    LookedUp,
    /// It is told the truth, as in the paper.
    Told,
}

impl Instant {
    /// A perfect ring.
    fn new(joins: Joins, nodes: u32, seed: u64) -> Self {
        let config = Config {
            rules: Rules::Corrected,
            ..Config::default()
        };
        let mut rng = StreamKey::root(seed, 0).rng();
        let ids = distinct_ids(nodes as usize, config.space(), &mut rng).expect("a wide ring");
        let members = ids.into_iter().zip(0..);
        let ring = Ring::new(
            &config,
            members.map(|(id, addr)| Contact {
                id,
                addr: NodeAddr(addr),
            }),
        );
        let mut world = Instant {
            config,
            nodes: BTreeMap::new(),
            truth: BTreeMap::new(),
            next_addr: nodes,
            rng,
            joins,
            failed_joins: 0,
            wrong_joins: 0,
            rounds: 0,
            cured: 0,
        };
        for &Contact { id, addr } in ring.members() {
            let tables = Box::new(ring.tables(id));
            world.start(addr, id, Init::Ready { id, tables });
            world.truth.insert(id, addr);
        }
        world
    }

    fn start(&mut self, addr: NodeAddr, id: Id, init: Init) {
        let mut node = Recorder::new(addr, init, self.config.clone(), id.number() as u64);
        let effects = node.start();
        self.nodes.insert(addr, node);
        self.carry_out(addr, effects);
    }

    /// Delivers what was sent, and what is sent in answer, until nothing is under way; a request to the dead times out.
    fn carry_out(&mut self, from: NodeAddr, effects: Vec<Effect<Chord>>) {
        let mut due: VecDeque<(NodeAddr, Effect<Chord>)> = effects.into_iter().map(|effect| (from, effect)).collect();
        while let Some((from, effect)) = due.pop_front() {
            let (node, effects) = match effect {
                Effect::Send { to, msg } => match self.nodes.get_mut(&to) {
                    Some(node) => (to, node.message(from, msg)),
                    None => match (request(&msg), self.nodes.get_mut(&from)) {
                        (Some(timer), Some(node)) => (from, node.timer(timer)),
                        _ => continue,
                    },
                },
                Effect::Emit(Event::JoinFailed(_) | Event::Isolated) => {
                    self.failed_joins += 1;
                    continue;
                }
                _ => continue,
            };
            due.extend(effects.into_iter().map(|effect| (node, effect)));
        }
    }

    fn random_member(&mut self) -> (Id, NodeAddr) {
        let at = (self.rng.next_u64() % self.truth.len() as u64) as usize;
        let member = self.truth.iter().nth(at).expect("there are members");
        (*member.0, *member.1)
    }

    fn join(&mut self) {
        let (id, addr) = (self.config.space().random(&mut self.rng), NodeAddr(self.next_addr));
        self.next_addr += 1;
        let (_, bootstrap) = self.random_member();
        let next = self.next_member(id);
        match self.joins {
            Joins::LookedUp => self.start(addr, id, Init::Join { id, bootstrap }),
            Joins::Told => self.start_before(next, addr, id),
        }
        let node = &self.nodes[&addr].node;
        if node.has_joined() {
            self.wrong_joins += u32::from(node.successors().first().is_none_or(|head| head.addr != next));
            self.truth.insert(id, addr);
        } else {
            self.nodes.remove(&addr);
        }
    }

    /// Starts a node that knows its successor and that one's list, with perfect fingers, in its first round.
    fn start_before(&mut self, next: NodeAddr, addr: NodeAddr, id: Id) {
        let contact = |(id, addr): (&Id, &NodeAddr)| Contact { id: *id, addr: *addr };
        let ring = Ring::new(&self.config, self.truth.iter().map(contact));
        let next = &self.nodes[&next].node;
        let list = std::iter::once(next.contact()).chain(next.successors().iter().copied());
        let tables = Box::new(Tables {
            predecessor: None,
            successors: list.take(self.config.successors).collect(),
            ..ring.tables(id)
        });
        self.start(addr, id, Init::Ready { id, tables });
        self.round_of(addr);
    }

    fn fail(&mut self) {
        let (id, addr) = self.random_member();
        self.truth.remove(&id);
        self.nodes.remove(&addr);
    }

    fn stabilize(&mut self) {
        let (id, addr) = self.random_member();
        let wrong = !self.is_right(id, addr);
        self.round_of(addr);
        self.rounds += u32::from(wrong);
        self.cured += u32::from(wrong && self.is_right(id, addr));
    }

    /// The member at or after an identifier.
    fn next_member(&self, id: Id) -> NodeAddr {
        let next = self.truth.range(id..).chain(&self.truth).next();
        *next.expect("there are members").1
    }

    /// Whether the successor of a member is the next member.
    fn is_right(&self, id: Id, addr: NodeAddr) -> bool {
        let next = self.next_member(self.config.space().wrap(id.number().wrapping_add(1)));
        self.nodes[&addr].node.successors().first().map(|head| head.addr) == Some(next)
    }

    fn round_of(&mut self, addr: NodeAddr) {
        let effects = self.nodes.get_mut(&addr).map(|node| node.timer(Timer::Stabilize));
        self.carry_out(addr, effects.unwrap_or_default());
    }

    /// How many members have a wrong successor, and how many a dead one.
    fn wrong_and_dead(&self) -> (usize, usize) {
        let (mut wrong, mut dead) = (0, 0);
        for (id, addr) in &self.truth {
            let successor = self.nodes[addr].node.successors().first();
            wrong += usize::from(!self.is_right(*id, *addr));
            dead += usize::from(successor.is_none_or(|successor| !self.nodes.contains_key(&successor.addr)));
        }
        (wrong, dead)
    }
}

/// The time-out of the request in a message.
fn request(msg: &Msg) -> Option<Timer> {
    match msg {
        Msg::NextHop { request, .. } | Msg::GetNeighbours { request } | Msg::Ping { request } => {
            Some(Timer::Request(*request))
        }
        _ => None,
    }
}

/// What a run came to, over the means of the law.
#[derive(Clone, Copy, Debug)]
struct Means {
    wrong: f64,
    dead: f64,
    /// The part of the joins that ended with a wrong successor.
    wrong_joins: f64,
    /// The part of the rounds with a wrong successor that made it right.
    cured: f64,
}

/// The fractions of members with a wrong and with a dead successor, with `r` rounds a lifetime: means over `lifetimes` after
/// one that does not count.
fn fractions(joins: Joins, r: f64, lifetimes: f64, seed: u64) -> Means {
    let mut world = Instant::new(joins, 200, seed);
    let (mut time, mut next_look) = (0.0, 1.0);
    let (mut wrong, mut dead, mut members) = (0, 0, 0);
    while time < 1.0 + lifetimes {
        // Of all that happens a part of 2 / (2 + r) is joins and failures.
        let rate = world.truth.len() as f64 * (2.0 + r);
        time -= math::ln(1.0 - unit(&mut world.rng)) / rate;
        if time >= next_look {
            let (more_wrong, more_dead) = world.wrong_and_dead();
            (wrong, dead, members) = (wrong + more_wrong, dead + more_dead, members + world.truth.len());
            next_look = time + 0.02;
        }
        match unit(&mut world.rng) * (2.0 + r) {
            what if what < 1.0 => world.join(),
            what if what < 2.0 => world.fail(),
            _ => world.stabilize(),
        }
    }
    let joined = f64::from(world.next_addr - 200);
    assert!(
        f64::from(world.failed_joins) < 0.5 * joined,
        "{} of {joined}",
        world.failed_joins
    );
    Means {
        wrong: wrong as f64 / members as f64,
        dead: dead as f64 / members as f64,
        wrong_joins: f64::from(world.wrong_joins) / joined,
        cured: f64::from(world.cured) / f64::from(world.rounds),
    }
}

/// Mean and standard error over runs.
fn mean(runs: &[Means], of: fn(&Means) -> f64) -> (f64, f64) {
    let count = runs.len() as f64;
    let mean = runs.iter().map(of).sum::<f64>() / count;
    let squares = runs.iter().map(|run| (of(run) - mean) * (of(run) - mean)).sum::<f64>();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

#[test]
fn wrong_successor_pointers_rest_where_the_master_equation_has_them() {
    for joins in [Joins::Told, Joins::LookedUp] {
        for r in [10.0, 20.0, 50.0, 100.0] {
            let runs: Vec<Means> = (1..=8).map(|seed| fractions(joins, r, 4.0, seed)).collect();
            let (wrong, wrong_error) = mean(&runs, |run| run.wrong);
            let (dead, dead_error) = mean(&runs, |run| run.dead);
            let (cured, _) = mean(&runs, |run| run.cured);
            let (wrong_joins, _) = mean(&runs, |run| run.wrong_joins);
            let (law, dead_law) = (2.0 / (3.0 + r), 1.0 / (2.0 + r));
            let with_cured = 2.0 / (3.0 + r * cured);
            println!(
                "{joins:?}, r = {r}: wrong {wrong:.4} +- {wrong_error:.4}, law {law:.4}, with {cured:.3} cured {with_cured:.4}; \
                 dead {dead:.4} +- {dead_error:.4}, law {dead_law:.4}; {wrong_joins:.4} of the joins wrong"
            );
            assert!(wrong_error < 0.04 * wrong && dead_error < 0.06 * dead, "too few runs");
            assert!((wrong / with_cured - 1.0).abs() < 0.10, "{wrong}, not {with_cured}");
            assert!((dead / dead_law - 1.0).abs() < 0.15, "{dead}, not {dead_law}");
            if r >= 20.0 {
                assert!((wrong / law - 1.0).abs() < 0.10, "{wrong}, not {law}");
                assert!(cured > 0.85, "{cured} of the rounds");
            } else {
                assert!(
                    wrong > 1.1 * law && cured < 0.8,
                    "{wrong}, law {law}: {cured} of the rounds"
                );
            }
            match joins {
                Joins::Told => assert_eq!(wrong_joins, 0.0),
                Joins::LookedUp => assert!(wrong_joins > 0.0),
            }
        }
    }
}
