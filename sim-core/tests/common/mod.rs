//! A small protocol that uses everything the engine offers, and a world that makes its nodes come and go.

use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::network::{Fate, Network, Transmission};
use sim_core::protocol::{Ctx, OperationId, Protocol, TimerId, Wire};
use sim_core::random::{StreamKey, unit};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure, World};

/// Exponential delay of mean 20 ms beyond 2 ms, one message in twenty lost.
pub(crate) struct TestNetwork;

impl Network for TestNetwork {
    fn transmit(&self, transmission: &Transmission) -> Fate {
        if transmission.draw.index(0).unit() < 0.05 {
            return Fate::Lost;
        }
        let tail = -libm::log(1.0 - transmission.draw.index(1).unit());
        Fate::Arrives(self.min_delay() + SimDuration::from_secs_f64(0.020 * tail))
    }

    fn direct_delay(&self, _: NodeAddr, _: NodeAddr) -> SimDuration {
        SimDuration::from_millis(22)
    }

    fn min_delay(&self) -> SimDuration {
        SimDuration::from_millis(2)
    }
}

/// Rumours: every node tells random others what it has heard, asks for confirmation, and gives up after a time-out.
pub(crate) struct Rumour {
    heard: Vec<u8>,
    waiting: Option<TimerId>,
    confirmed: u32,
    expired: u32,
}

#[derive(Clone, Default)]
pub(crate) struct Config {
    pub(crate) nodes: u32,
    /// Draws from a stream of its own that nobody uses.
    pub(crate) draws_from_an_unused_stream: bool,
    /// The last byte of what each node starts with, changed by this at node 3.
    pub(crate) change_at_node_three: u8,
}

#[derive(Clone, Hash, Debug)]
pub(crate) enum Msg {
    Tell(Vec<u8>),
    Confirm,
}

#[derive(Clone, Copy, Hash, Debug)]
pub(crate) enum Timer {
    Tell,
    GiveUp,
}

impl Wire for Msg {
    const KINDS: usize = 2;

    fn kind(&self) -> usize {
        match self {
            Msg::Tell(_) => 0,
            Msg::Confirm => 1,
        }
    }

    fn kind_name(kind: usize) -> &'static str {
        ["tell", "confirm"][kind]
    }

    fn wire_bytes(&self) -> u32 {
        match self {
            Msg::Tell(text) => 20 + text.len() as u32,
            Msg::Confirm => 20,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    Confirmed(u32),
    Expired(u32),
    Asked(OperationId, usize),
}

impl Rumour {
    fn tell(&mut self, ctx: &mut Ctx<'_, Self>) {
        let other = NodeAddr(ctx.rng().next_u32() % ctx.config().nodes);
        ctx.send(other, Msg::Tell(self.heard.clone()));
        if let Some(pending) = self
            .waiting
            .replace(ctx.set_timer(SimDuration::from_millis(70), Timer::GiveUp))
        {
            ctx.cancel_timer(pending);
        }
        let pause = SimDuration::from_secs_f64(0.02 + 0.1 * unit(ctx.rng()));
        ctx.set_timer(pause, Timer::Tell);
    }
}

impl Protocol for Rumour {
    type Addr = NodeAddr;
    type Init = ();
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Command = ();
    type Event = Event;

    fn new(me: NodeAddr, (): (), config: &Config, streams: StreamKey) -> Self {
        if config.draws_from_an_unused_stream {
            streams.purpose("unused").rng().next_u64();
        }
        let change = if me == NodeAddr(3) {
            config.change_at_node_three
        } else {
            0
        };
        Rumour {
            heard: vec![me.0 as u8, change],
            waiting: None,
            confirmed: 0,
            expired: 0,
        }
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.tell(ctx);
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, msg: Msg) {
        match msg {
            Msg::Tell(text) => {
                self.heard.extend_from_slice(&text[..text.len().min(4)]);
                self.heard.truncate(32);
                ctx.send(from, Msg::Confirm);
            }
            Msg::Confirm => {
                if let Some(pending) = self.waiting.take() {
                    ctx.cancel_timer(pending);
                    self.confirmed += 1;
                    ctx.emit(Event::Confirmed(self.confirmed));
                }
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: Timer) {
        match timer {
            Timer::Tell => self.tell(ctx),
            Timer::GiveUp => {
                self.waiting = None;
                self.expired += 1;
                ctx.emit(Event::Expired(self.expired));
            }
        }
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, (): ()) {
        ctx.emit(Event::Asked(operation, self.heard.len()));
    }

    fn on_stop(&mut self, ctx: &mut Ctx<'_, Self>) {
        ctx.send(NodeAddr(0), Msg::Tell(b"farewell".to_vec()));
    }
}

/// Nodes come, go and are asked at random; everything that is told is written down.
pub(crate) struct Comings {
    pub(crate) heard: Vec<(SimTime, NodeAddr, Event)>,
    rng: sim_core::random::NodeRng,
    nodes: u32,
    asked: u64,
}

pub(crate) enum Turn {
    Open,
    Churn,
    Ask,
}

impl World<Rumour> for Comings {
    type Event = Turn;

    fn on_event(&mut self, control: &mut Control<'_, Rumour, Turn>, turn: Turn) {
        match turn {
            Turn::Open => {
                for addr in 0..self.nodes {
                    control.start(NodeAddr(addr), ());
                }
                control.schedule(SimDuration::from_millis(30), Turn::Churn);
                control.schedule(SimDuration::ZERO, Turn::Ask);
            }
            Turn::Churn => {
                let node = NodeAddr(self.rng.next_u32() % self.nodes);
                let graceful = self.rng.next_u32().is_multiple_of(2);
                if control.is_up(node) {
                    control.stop(
                        node,
                        if graceful {
                            Departure::Graceful
                        } else {
                            Departure::Silent
                        },
                    );
                } else {
                    control.start(node, ());
                }
                control.schedule(SimDuration::from_millis(17), Turn::Churn);
            }
            Turn::Ask => {
                self.asked += 1;
                control.command(NodeAddr(self.rng.next_u32() % self.nodes), OperationId(self.asked), ());
                control.schedule(SimDuration::from_secs_f64(0.05 * unit(&mut self.rng)), Turn::Ask);
            }
        }
    }

    fn on_node_event(&mut self, time: SimTime, node: NodeAddr, event: Event) {
        self.heard.push((time, node, event));
    }
}

/// A run of `nodes` nodes on the network above, before its first event.
pub(crate) fn rumours(config: Config, seed: u64, partitions: u32) -> Simulation<Rumour, Comings> {
    rumours_on(Box::new(TestNetwork), config, seed, partitions)
}

/// The same on any network.
pub(crate) fn rumours_on(
    network: Box<dyn Network>,
    config: Config,
    seed: u64,
    partitions: u32,
) -> Simulation<Rumour, Comings> {
    let streams = StreamKey::root(seed, 0);
    let nodes = config.nodes;
    let world = Comings {
        heard: Vec::new(),
        rng: streams.purpose("comings").rng(),
        nodes,
        asked: 0,
    };
    let setup = Setup {
        config,
        network,
        nodes,
        streams,
        partitions,
    };
    let mut simulation = Simulation::new(setup, world);
    simulation.schedule(SimTime::ZERO, Turn::Open);
    simulation
}
