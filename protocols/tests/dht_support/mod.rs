//! A hash table over an overlay under a random schedule of writes, joins, departures and failures, and the oracle that looks
//! whether anything that was written is lost.

use std::collections::BTreeMap;

use protocols::dht::{self, Carrier, Command, Dht, Event, Record, Version};
use protocols::id::{Contact, Id, distinct_ids};
use protocols::kbr::KeyBased;
use protocols::layer::{Both, Part};
use sim_core::addr::NodeAddr;
use sim_core::network::Constant;
use sim_core::protocol::{OperationId, Protocol};
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure, World};

/// An overlay that schedules can run over.
pub(crate) trait Below: Carrier<false> + 'static {
    /// Its parameters.
    fn config() -> Self::Config;

    /// What members start with whose tables are perfect.
    fn perfect(config: &Self::Config, members: &[Contact]) -> Vec<Self::Init>;

    /// What a node starts with that joins through a member.
    fn joining(id: Id, bootstrap: NodeAddr) -> Self::Init;
}

/// What befalls the members in one epoch, all at once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Blow {
    /// So many neighbours on the ring of identifiers fail silently.
    Failures(usize),
    /// So many nodes leave gracefully, wherever they are.
    Leaves(usize),
    /// So many join.
    Joins(usize),
}

/// A schedule: each epoch has blows, and is long enough for repair.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(crate) seed: u64,
    pub(crate) members: u32,
    pub(crate) keys: u64,
    pub(crate) replicas: usize,
    pub(crate) epochs: Vec<Vec<Blow>>,
}

/// How long an epoch lasts: several rounds of stabilisation and of repair.
const EPOCH: SimDuration = SimDuration::from_secs(180);

fn config(replicas: usize) -> dht::Config {
    dht::Config {
        replicas,
        timeout: SimDuration::from_secs(5),
        repair_period: SimDuration::from_secs(20),
        ..dht::Config::default()
    }
}

/// What a schedule came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Writes that were completed.
    pub(crate) written: usize,
    /// What the final gets found wrong, in words.
    pub(crate) wrong: Vec<String>,
    /// Silent failures, joins and graceful leaves.
    pub(crate) failures: usize,
    pub(crate) joins: usize,
    pub(crate) leaves: usize,
    /// The most copies that a key has at the end, and the fewest.
    pub(crate) copies: Option<(usize, usize)>,
}

enum Turn {
    Open,
    Blow(usize),
    Write,
    Ask,
}

/// What is known of a key from the outside.
#[derive(Clone, Copy, Default, Debug)]
struct Truth {
    /// The newest write that was completed, and whether it was a put.
    newest: Option<(Version, bool)>,
    /// When the last remove was begun.
    last_remove: Option<SimTime>,
}

struct Play<O: Below> {
    schedule: Schedule,
    config: O::Config,
    rng: NodeRng,
    ids: Vec<Id>,
    members: BTreeMap<Id, NodeAddr>,
    next_addr: u32,
    next_operation: u64,
    keys: Vec<Id>,
    /// Operations under way: the key, and whether it is a put; gets have none.
    under_way: BTreeMap<OperationId, (usize, Option<bool>)>,
    truths: Vec<Truth>,
    outcome: Outcome,
}

impl<O: Below> Play<O> {
    fn pick(&mut self, below: usize) -> usize {
        (unit(&mut self.rng) * below as f64) as usize
    }

    fn member(&mut self) -> NodeAddr {
        let at = self.pick(self.members.len());
        *self.members.values().nth(at).expect("a member")
    }

    fn command(&mut self, control: &mut Control<'_, Dht<O>, Turn>, key: usize, write: Option<bool>) {
        let operation = OperationId(self.next_operation);
        self.next_operation += 1;
        self.under_way.insert(operation, (key, write));
        if write == Some(false) {
            self.truths[key].last_remove = Some(control.now());
        }
        let key = self.keys[key];
        let command = match write {
            Some(true) => Command::Put { key, bytes: 100 },
            Some(false) => Command::Remove { key },
            None => Command::Get { key },
        };
        let member = self.member();
        control.command(member, operation, Part::Own(command));
    }

    fn blow(&mut self, control: &mut Control<'_, Dht<O>, Turn>, blow: Blow) {
        match blow {
            Blow::Failures(count) => {
                let first = self.pick(self.members.len());
                let doomed: Vec<Id> = self.members.keys().copied().cycle().skip(first).take(count).collect();
                for id in doomed {
                    let addr = self.members.remove(&id).expect("a member");
                    control.stop(addr, Departure::Silent);
                    self.outcome.failures += 1;
                }
            }
            Blow::Leaves(count) => {
                for _ in 0..count {
                    let addr = self.member();
                    self.members.retain(|_, member| *member != addr);
                    control.stop(addr, Departure::Graceful);
                    self.outcome.leaves += 1;
                }
            }
            Blow::Joins(count) => {
                for _ in 0..count {
                    let (addr, bootstrap) = (NodeAddr(self.next_addr), self.member());
                    self.next_addr += 1;
                    let below = O::joining(self.ids[addr.index()], bootstrap);
                    control.start(addr, Both { own: (), below });
                }
            }
        }
    }
}

impl<O: Below> World<Dht<O>> for Play<O> {
    type Event = Turn;

    fn on_event(&mut self, control: &mut Control<'_, Dht<O>, Turn>, turn: Turn) {
        match turn {
            Turn::Open => {
                let contact = |addr: u32| Contact {
                    id: self.ids[addr as usize],
                    addr: NodeAddr(addr),
                };
                let founders: Vec<Contact> = (0..self.schedule.members).map(contact).collect();
                let inits = O::perfect(&self.config, &founders);
                for (below, founder) in inits.into_iter().zip(&founders) {
                    control.start(founder.addr, Both { own: (), below });
                }
            }
            Turn::Blow(epoch) => {
                for blow in self.schedule.epochs[epoch].clone() {
                    self.blow(control, blow);
                }
            }
            Turn::Write => {
                for key in 0..self.keys.len() {
                    let chance = unit(&mut self.rng);
                    if self.truths[key].newest.is_none() || chance < 0.3 {
                        self.command(control, key, Some(chance < 0.25 || self.truths[key].newest.is_none()));
                    }
                }
            }
            Turn::Ask => {
                let mut most_and_fewest: Option<(usize, usize)> = None;
                for key in 0..self.keys.len() {
                    self.command(control, key, None);
                    if let Some((version, true)) = self.truths[key].newest {
                        let id = self.keys[key];
                        let holds = |addr: &&NodeAddr| {
                            let record = control.node(**addr).and_then(|node| node.layer().store().get(id));
                            record.is_some_and(|record| record.version >= version)
                        };
                        let copies = self.members.values().filter(holds).count();
                        let (most, fewest) = most_and_fewest.unwrap_or((0, usize::MAX));
                        most_and_fewest = Some((most.max(copies), fewest.min(copies)));
                    }
                }
                self.outcome.copies = most_and_fewest;
            }
        }
    }

    fn on_node_event(&mut self, _: SimTime, node: NodeAddr, event: <Dht<O> as Protocol>::Event) {
        let Part::Own(event) = event else { return };
        match event {
            Event::Joined => {
                self.members.insert(self.ids[node.index()], node);
                self.outcome.joins += usize::from(node.0 >= self.schedule.members);
            }
            // A newcomer whose bootstrap fails meanwhile never becomes a member.
            Event::Out => assert!(
                !self.members.values().any(|member| *member == node),
                "{node} has lost its overlay: {:?}",
                self.schedule
            ),
            Event::Written { operation, version } => {
                if let Some((key, Some(put))) = self.under_way.remove(&operation) {
                    self.outcome.written += 1;
                    let newest = &mut self.truths[key].newest;
                    if newest.is_none_or(|(newest, _)| newest < version) {
                        *newest = Some((version, put));
                    }
                }
            }
            Event::Answered { operation, found, .. } => {
                if let Some((key, None)) = self.under_way.remove(&operation) {
                    self.judge(key, found);
                }
            }
            Event::Failed { operation } => {
                if let Some((key, None)) = self.under_way.remove(&operation) {
                    self.outcome.wrong.push(format!("key {key}: nobody answers"));
                }
            }
        }
    }
}

impl<O: Below> Play<O> {
    /// Whether a get at the end tells the truth: what it finds is at least as new as the newest write that was completed. A
    /// write that was begun and never told to be completed may have come through all the same.
    fn judge(&mut self, key: usize, found: Option<Record>) {
        let Truth { newest, last_remove } = self.truths[key];
        let wrong = match (newest, found) {
            (None, _) => None,
            (Some((version, true)), None) if last_remove.is_some_and(|at| at > version.time) => None,
            (Some((version, true)), None) => Some(format!("key {key}: {version:?} is lost")),
            (Some((version, _)), Some(record)) if record.version < version => {
                Some(format!("key {key}: {:?} in place of {version:?}", record.version))
            }
            (Some((version, false)), Some(record)) if record.version == version => {
                Some(format!("key {key}: {version:?} was removed"))
            }
            _ => None,
        };
        self.outcome.wrong.extend(wrong);
    }
}

impl Schedule {
    /// Runs the schedule over an overlay.
    pub(crate) fn run<O: Below>(&self) -> Outcome {
        let config = O::config();
        let space = <O as KeyBased>::space(&config);
        let streams = StreamKey::root(self.seed, 0);
        let newcomers = self.epochs.iter().flatten().map(|blow| match blow {
            Blow::Joins(count) => *count,
            _ => 0,
        });
        let nodes = self.members as usize + newcomers.sum::<usize>();
        let ids = distinct_ids(nodes, space, &mut streams.purpose("identifiers").rng()).expect("a wide ring");
        let mut keys = streams.purpose("keys").rng();
        let play = Play::<O> {
            schedule: self.clone(),
            config: O::config(),
            rng: streams.purpose("play").rng(),
            ids,
            members: BTreeMap::new(),
            next_addr: self.members,
            next_operation: 0,
            keys: (0..self.keys).map(|_| space.random(&mut keys)).collect(),
            under_way: BTreeMap::new(),
            truths: (0..self.keys).map(|_| Truth::default()).collect(),
            outcome: Outcome::default(),
        };
        let setup = Setup {
            config: Both {
                own: self::config(self.replicas).validate().expect("a sound configuration"),
                below: config,
            },
            network: Box::new(Constant::new(SimDuration::from_millis(50))),
            nodes: nodes as u32,
            streams,
            partitions: 1,
        };
        let mut simulation = Simulation::new(setup, play);
        simulation.schedule(SimTime::ZERO, Turn::Open);
        let mut at = SimTime::ZERO + SimDuration::from_secs(10);
        for epoch in 0..self.epochs.len() {
            simulation.schedule(at, Turn::Write);
            // Writes are completed by now, or are tried again through what follows.
            simulation.schedule(at + SimDuration::from_secs(2), Turn::Blow(epoch));
            simulation.schedule(at + SimDuration::from_secs(3), Turn::Write);
            at += EPOCH;
        }
        simulation.schedule(at, Turn::Ask);
        simulation
            .run_until(at + SimDuration::from_secs(60))
            .expect("nobody watches");
        simulation.into_world().outcome
    }
}
