//! S-Chord: a fixed amount of Chord-like work, the same on every engine, so that a ratio of speeds means something.
//!
//! A perfect ring of `N` nodes with distinct random 32-bit identifiers and 32 fingers; no churn, loss, time-outs or successor
//! lists; 50 ms a message. Each node stabilises every 20 s, fixes one finger every 120 s, checks its predecessor every
//! 120 s and looks up a uniform key every 10 s, the first firing uniform in the period.

use std::num::NonZeroU8;
use std::path::Path;
use std::time::Instant;

use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::network::Constant;
use sim_core::protocol::{Ctx, OperationId, Protocol, Wire};
use sim_core::random::StreamKey;
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, World};

use crate::measure::{median, number_after, output, peak_memory};

const ID_BITS: usize = 32;
/// Delay of every message.
const DELAY: SimDuration = SimDuration::from_millis(50);

/// A node as others know it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Contact {
    id: u32,
    addr: NodeAddr,
}

/// What a lookup is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Purpose {
    Lookup,
    Finger(u8),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Msg {
    Find {
        key: u32,
        origin: NodeAddr,
        hops: u8,
        purpose: Purpose,
    },
    Found {
        owner: Contact,
        hops: u8,
        purpose: Purpose,
    },
    GetPredecessor,
    Predecessor(Contact),
    Notify {
        id: u32,
    },
    Ping,
    Pong,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Timer {
    Stabilize,
    FixFinger,
    CheckPredecessor,
    Lookup,
}

impl Timer {
    const ALL: [Timer; 4] = [
        Timer::Stabilize,
        Timer::FixFinger,
        Timer::CheckPredecessor,
        Timer::Lookup,
    ];

    const fn period(self) -> SimDuration {
        SimDuration::from_secs(match self {
            Timer::Stabilize => 20,
            Timer::FixFinger | Timer::CheckPredecessor => 120,
            Timer::Lookup => 10,
        })
    }
}

impl Wire for Msg {
    const KINDS: usize = 7;

    fn kind(&self) -> usize {
        match self {
            Msg::Find { .. } => 0,
            Msg::Found { .. } => 1,
            Msg::GetPredecessor => 2,
            Msg::Predecessor(_) => 3,
            Msg::Notify { .. } => 4,
            Msg::Ping => 5,
            Msg::Pong => 6,
        }
    }

    fn kind_name(kind: usize) -> &'static str {
        [
            "find",
            "found",
            "get-predecessor",
            "predecessor",
            "notify",
            "ping",
            "pong",
        ][kind]
    }

    fn wire_bytes(&self) -> u32 {
        20 + match self {
            Msg::Find { .. } => 8,
            Msg::Found { .. } | Msg::Predecessor(_) | Msg::Notify { .. } => 4,
            Msg::GetPredecessor | Msg::Ping | Msg::Pong => 0,
        }
    }
}

/// The perfect tables a node starts with.
pub(crate) struct Tables {
    me: Contact,
    predecessor: Contact,
    fingers: [Contact; ID_BITS],
}

/// A node. Counted from 1, as the paper counts fingers, the next finger leaves a niche for `Option`.
pub(crate) struct SChord {
    id: u32,
    next_finger: NonZeroU8,
    predecessor: Contact,
    fingers: [Contact; ID_BITS],
}

/// What was told of a lookup: messages from the origin to the owner, both of `find` and of `found`, less one.
pub(crate) struct Looked {
    hops: u8,
}

/// Whether `x` lies in `(a, b]` on the ring; the whole ring if `a == b`.
fn in_open_closed(a: u32, x: u32, b: u32) -> bool {
    a == b || x.wrapping_sub(a).wrapping_sub(1) < b.wrapping_sub(a)
}

/// Whether `x` lies in `(a, b)` on the ring; all but `a` if `a == b`.
fn in_open(a: u32, x: u32, b: u32) -> bool {
    if a == b {
        x != a
    } else {
        x.wrapping_sub(a).wrapping_sub(1) < b.wrapping_sub(a).wrapping_sub(1)
    }
}

impl SChord {
    fn successor(&self) -> Contact {
        self.fingers[0]
    }

    fn closest_preceding(&self, key: u32) -> Option<NodeAddr> {
        self.fingers
            .iter()
            .rev()
            .find(|finger| in_open(self.id, finger.id, key))
            .map(|finger| finger.addr)
    }

    fn find(&mut self, ctx: &mut Ctx<'_, Self>, key: u32, purpose: Purpose) {
        if in_open_closed(self.id, key, self.successor().id) {
            self.found(ctx, self.successor(), 0, purpose);
        } else if let Some(next) = self.closest_preceding(key) {
            ctx.send(
                next,
                Msg::Find {
                    key,
                    origin: ctx.me(),
                    hops: 1,
                    purpose,
                },
            );
        }
    }

    fn found(&mut self, ctx: &mut Ctx<'_, Self>, owner: Contact, hops: u8, purpose: Purpose) {
        match purpose {
            Purpose::Lookup => ctx.emit(Looked { hops }),
            Purpose::Finger(finger) => self.fingers[usize::from(finger)] = owner,
        }
    }
}

impl Protocol for SChord {
    type Addr = NodeAddr;
    type Init = Tables;
    /// When the work ends: no timer is set for then or later, but for a first firing.
    type Config = SimTime;
    type Msg = Msg;
    type Timer = Timer;
    type Command = ();
    type Event = Looked;

    fn new(_: NodeAddr, init: Tables, _: &SimTime, streams: StreamKey) -> Self {
        let first = streams.purpose("first finger").rng().next_u32() as u8 % ID_BITS as u8;
        let Tables {
            me,
            predecessor,
            fingers,
        } = init;
        SChord {
            id: me.id,
            next_finger: NonZeroU8::MIN.saturating_add(first),
            predecessor,
            fingers,
        }
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        for timer in Timer::ALL {
            let first = timer.period().mul_f64(sim_core::random::unit(ctx.rng()));
            ctx.set_timer(first, timer);
        }
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, msg: Msg) {
        match msg {
            Msg::Find {
                key,
                origin,
                hops,
                purpose,
            } => {
                let successor = self.successor();
                if in_open_closed(self.id, key, successor.id) {
                    ctx.send(
                        origin,
                        Msg::Found {
                            owner: successor,
                            hops,
                            purpose,
                        },
                    );
                } else if let Some(next) = self.closest_preceding(key) {
                    ctx.send(
                        next,
                        Msg::Find {
                            key,
                            origin,
                            hops: hops + 1,
                            purpose,
                        },
                    );
                }
            }
            Msg::Found { owner, hops, purpose } => self.found(ctx, owner, hops, purpose),
            Msg::GetPredecessor => ctx.send(from, Msg::Predecessor(self.predecessor)),
            Msg::Predecessor(contact) => {
                if in_open(self.id, contact.id, self.successor().id) {
                    self.fingers[0] = contact;
                }
                ctx.send(self.successor().addr, Msg::Notify { id: self.id });
            }
            Msg::Notify { id } => {
                if in_open(self.predecessor.id, id, self.id) {
                    self.predecessor = Contact { id, addr: from };
                }
            }
            Msg::Ping => ctx.send(from, Msg::Pong),
            Msg::Pong => {}
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: Timer) {
        match timer {
            Timer::Stabilize => ctx.send(self.successor().addr, Msg::GetPredecessor),
            Timer::FixFinger => {
                let finger = self.next_finger.get() - 1;
                let following = (finger + 1) % ID_BITS as u8;
                self.next_finger = NonZeroU8::MIN.saturating_add(following);
                self.find(ctx, self.id.wrapping_add(1 << finger), Purpose::Finger(finger));
            }
            Timer::CheckPredecessor => ctx.send(self.predecessor.addr, Msg::Ping),
            Timer::Lookup => {
                let key = ctx.rng().next_u32();
                self.find(ctx, key, Purpose::Lookup);
            }
        }
        if ctx.now() + timer.period() < *ctx.config() {
            ctx.set_timer(timer.period(), timer);
        }
    }

    fn on_command(&mut self, _: &mut Ctx<'_, Self>, _: OperationId, (): ()) {}

    fn on_stop(&mut self, _: &mut Ctx<'_, Self>) {}
}

/// Counts lookups and starts the nodes.
pub(crate) struct Counting {
    tables: Vec<Tables>,
    pub(crate) lookups: u64,
    pub(crate) hops: u64,
}

impl World<SChord> for Counting {
    type Event = ();

    fn on_event(&mut self, control: &mut Control<'_, SChord, ()>, (): ()) {
        for (index, tables) in std::mem::take(&mut self.tables).into_iter().enumerate() {
            control.start(NodeAddr(index as u32), tables);
        }
    }

    fn on_node_event(&mut self, _: SimTime, _: NodeAddr, event: Looked) {
        self.lookups += 1;
        self.hops += u64::from(event.hops);
    }
}

/// A perfect ring of `nodes` nodes at random addresses, ready to run.
fn simulation(nodes: u32, end: SimTime, seed: u64) -> Simulation<SChord, Counting> {
    let streams = StreamKey::root(seed, 0);
    let mut rng = streams.purpose("identifiers").rng();
    let mut ids = std::collections::BTreeSet::new();
    while ids.len() < nodes as usize {
        ids.insert(rng.next_u32());
    }
    let mut addresses: Vec<u32> = (0..nodes).collect();
    let mut rng = streams.purpose("addresses").rng();
    for last in (1..addresses.len()).rev() {
        addresses.swap(last, (rng.next_u64() % (last as u64 + 1)) as usize);
    }
    let ring: Vec<Contact> = ids
        .into_iter()
        .zip(addresses)
        .map(|(id, addr)| Contact {
            id,
            addr: NodeAddr(addr),
        })
        .collect();
    let successor = |id: u32| ring[ring.partition_point(|contact| contact.id < id) % ring.len()];
    let mut tables: Vec<_> = (0..ring.len())
        .map(|index| {
            let me = ring[index];
            let predecessor = ring[(index + ring.len() - 1) % ring.len()];
            Tables {
                me,
                predecessor,
                fingers: std::array::from_fn(|k| successor(me.id.wrapping_add(1 << k))),
            }
        })
        .collect();
    tables.sort_by_key(|tables| tables.me.addr);
    let network = Box::new(Constant::new(DELAY));
    let setup = Setup {
        config: end,
        network,
        nodes,
        streams,
        partitions: 1,
    };
    let mut simulation = Simulation::new(
        setup,
        Counting {
            tables,
            lookups: 0,
            hops: 0,
        },
    );
    simulation.schedule(SimTime::ZERO, ());
    simulation
}

/// Simulated seconds, and the totals that every engine must show: nodes, messages, timers, mean hops.
const TOTALS: [(u32, u64, f64, f64, f64); 4] = [
    (1_000, 1000, 764e3, 167e3, 4.85),
    (10_000, 1000, 9.387e6, 1.667e6, 6.51),
    (100_000, 1000, 111.6e6, 16.67e6, 8.17),
    (1_000_000, 100, 130.9e6, 17.00e6, 9.83),
];
/// Totals agree within this and, since every engine draws a ring of its own, within what rings of a size differ by.
const TOLERANCE: f64 = 0.003;
/// Times one over the square root of the number of nodes: about three standard deviations of a ring's mean path.
const RING_TOLERANCE: f64 = 0.2;

/// Runs once in this process and prints what was measured.
///
/// # Errors
/// The totals are not those that every engine must show.
pub(crate) fn once(nodes: u32, seconds: u64) -> Result<(), String> {
    let end = SimTime::ZERO + SimDuration::from_secs(seconds);
    let mut simulation = simulation(nodes, end, 1);
    // The nodes come up before the clock starts, as in the programs that this is compared with.
    simulation
        .run_until(SimTime::from_nanos(1))
        .map_err(|broken| broken.to_string())?;
    let before = simulation.events();
    let start = Instant::now();
    simulation
        .run_until(SimTime::MAX)
        .map_err(|broken| broken.to_string())?;
    let elapsed = start.elapsed().as_secs_f64();
    let events = simulation.events() - before;
    let world = simulation.world();
    let messages = simulation.traffic().total().messages;
    let hops = world.hops as f64 / world.lookups as f64;
    println!(
        "events/s={:.0} bytes/node={:.0} messages={messages} timers={} hops={hops:.3} fingerprint={:016x}",
        events as f64 / elapsed,
        peak_memory() as f64 / f64::from(nodes),
        // Every message arrives.
        events - messages,
        simulation.fingerprint()
    );
    let Some((_, _, all_messages, all_timers, mean_hops)) = TOTALS
        .iter()
        .find(|(size, span, ..)| (*size, *span) == (nodes, seconds))
    else {
        return Ok(());
    };
    let off =
        |ours: f64, theirs: f64| (ours / theirs - 1.0).abs() > TOLERANCE + RING_TOLERANCE / f64::from(nodes).sqrt();
    let timers = events - messages;
    match off(messages as f64, *all_messages) || off(timers as f64, *all_timers) || off(hops, *mean_hops) {
        true => Err(format!(
            "not the same work: expected {all_messages} messages, {all_timers} timers, {mean_hops} hops"
        )),
        false => Ok(()),
    }
}

/// Prints events a second and bytes a node for each size, and the ratio to another program that does the same work.
///
/// # Errors
/// A run failed, or did not do the work.
pub(crate) fn report(sizes: &[u32], runs: usize, against: Option<&Path>) -> Result<(), String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    println!(
        "S-Chord, median of {runs} runs: million events a second, bytes a node, and the ratio of speeds run by run"
    );
    println!(
        "{:>10} {:>8} {:>12} {:>12} {:>12} {:>8}",
        "nodes", "sim. s", "this engine", "bytes/node", "other", "ratio"
    );
    for &nodes in sizes {
        let seconds = TOTALS
            .iter()
            .find(|(size, ..)| *size == nodes)
            .map_or(100, |(_, seconds, ..)| *seconds);
        let (mut ours, mut bytes, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs {
            let text = output(
                &this,
                &["s-chord-once".to_owned(), nodes.to_string(), seconds.to_string()],
            )?;
            let speed = number_after(&text, "events/s=")?;
            ours.push(speed / 1e6);
            bytes.push(number_after(&text, "bytes/node=")?);
            if let Some(program) = against {
                let arguments = [
                    nodes.to_string(),
                    "12".into(),
                    "8".into(),
                    "shuf".into(),
                    seconds.to_string(),
                ];
                let other = number_after(&output(program, &arguments)?, "events/s=")?;
                theirs.push(other / 1e6);
                ratios.push(speed / other);
            }
        }
        let or_dash = |values: Vec<f64>| match values.is_empty() {
            true => "-".to_owned(),
            false => format!("{:.2}", median(values)),
        };
        println!(
            "{nodes:>10} {seconds:>8} {:>12.2} {:>12.0} {:>12} {:>8}",
            median(ours),
            median(bytes),
            or_dash(theirs),
            or_dash(ratios)
        );
    }
    Ok(())
}
