//! Protocols whose nodes call each other by addresses that are not those of the engine: each runs within a layer that gives
//! its nodes virtual addresses and does nothing else, and does there exactly what it does without.
//!
//! The layer is the only place where both kinds of address meet. A protocol within it has `Addr = Virtual`, so that there is
//! no value of the type of base addresses that it could be given.

use std::fmt;
use std::hash::{Hash, Hasher};

use protocols::chord::{self, Choice, Chord, Command, ConsistencyCheck, Delays, LookupStyle, Proximity, Rules};
use protocols::dht::{self, Carrier, Dht, Storage};
use protocols::id::{Id, IdSpace};
use protocols::kbr::{Call, KeyBased, Nothing, Payload};
use protocols::layer::{Both, Over, Part};
use protocols::pastry::{self, MsPastry, Pastry};
use protocols::xbone::{self, Arrival, ContactInfo, Driver, XBone};
use rand::Rng;
use sim_core::addr::{Address, NodeAddr};
use sim_core::network::{Network, Plane, Propagation, Uniform};
use sim_core::protocol::{Ctx, Host, OperationId, Protocol, TimerId};
use sim_core::random::{NodeRng, StreamKey};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure, World};

/// A virtual address. It keeps the order of base addresses, since overlays put equals in the order of their addresses, and it
/// is shown and hashed like the base address that it stands for, so that runs can be compared to the last bit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Virtual(u64);

impl Address for Virtual {}

impl Virtual {
    const FIRST: u64 = 1 << 40;
    const APART: u64 = 1000;

    fn of(base: NodeAddr) -> Self {
        Virtual(Virtual::FIRST + Virtual::APART * u64::from(base.0))
    }

    fn base(self) -> NodeAddr {
        NodeAddr(((self.0 - Virtual::FIRST) / Virtual::APART) as u32)
    }
}

impl Hash for Virtual {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.base().hash(state);
    }
}

impl fmt::Debug for Virtual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.base().fmt(f)
    }
}

/// A node of a virtual network: a layer without words of its own, which draws nothing and costs nothing.
struct Transparent<C> {
    child: C,
    child_rng: NodeRng,
}

/// The layer as host of its child, for one call.
struct Port<'a, 'b, C: Protocol<Addr = Virtual>>(&'a mut Ctx<'b, Transparent<C>>);

impl<C: Protocol<Addr = Virtual>> Host<C> for Port<'_, '_, C> {
    fn send(&mut self, to: Virtual, msg: C::Msg) {
        self.0.send(to.base(), msg);
    }

    fn set_timer(&mut self, delay: SimDuration, timer: C::Timer) -> TimerId {
        self.0.set_timer(delay, timer)
    }

    fn cancel_timer(&mut self, id: TimerId) {
        self.0.cancel_timer(id);
    }

    fn emit(&mut self, event: C::Event) {
        self.0.emit(event);
    }

    fn round_trip(&self, to: Virtual) -> Option<SimDuration> {
        self.0.round_trip(to.base())
    }
}

impl<C: Protocol<Addr = Virtual>> Transparent<C> {
    fn call(&mut self, ctx: &mut Ctx<'_, Self>, call: impl FnOnce(&mut C, &mut Ctx<'_, C>)) {
        let (now, me, config) = (ctx.now(), Virtual::of(ctx.me()), ctx.config());
        let mut port = Port(ctx);
        call(
            &mut self.child,
            &mut Ctx::new(now, me, config, &mut self.child_rng, &mut port),
        );
    }
}

impl<C: Protocol<Addr = Virtual>> Protocol for Transparent<C> {
    type Addr = NodeAddr;
    type Init = C::Init;
    type Config = C::Config;
    type Msg = C::Msg;
    type Timer = C::Timer;
    type Command = C::Command;
    type Event = C::Event;

    fn new(me: NodeAddr, init: C::Init, config: &C::Config, streams: StreamKey) -> Self {
        Transparent {
            child: C::new(Virtual::of(me), init, config, streams),
            child_rng: streams.rng(),
        }
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.call(ctx, |child, ctx| child.on_start(ctx));
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, msg: C::Msg) {
        self.call(ctx, |child, ctx| child.on_message(ctx, Virtual::of(from), msg));
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: C::Timer) {
        self.call(ctx, |child, ctx| child.on_timer(ctx, timer));
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, command: C::Command) {
        self.call(ctx, |child, ctx| child.on_command(ctx, operation, command));
    }

    fn on_stop(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.call(ctx, |child, ctx| child.on_stop(ctx));
    }
}

/// What a test must know of a protocol in order to run it.
trait Subject: Protocol<Event: fmt::Debug> {
    fn space(config: &Self::Config) -> IdSpace;
    fn first(id: Id) -> Self::Init;
    fn joining(id: Id, bootstrap: Self::Addr) -> Self::Init;
    /// The command with this number, about a key.
    fn command(number: u64, key: Id) -> Self::Command;
}

/// Routes a message that measures routing.
fn route<O: KeyBased>(key: Id) -> O::Command {
    let payload = O::Payload::probe().expect("a payload without meaning");
    Call::Route { key, payload }.into()
}

impl<B: Payload, A: Address> Subject for Chord<B, A> {
    fn space(config: &chord::Config) -> IdSpace {
        config.space()
    }

    fn first(id: Id) -> Self::Init {
        chord::Init::First { id }
    }

    fn joining(id: Id, bootstrap: A) -> Self::Init {
        chord::Init::Join { id, bootstrap }
    }

    fn command(number: u64, key: Id) -> Self::Command {
        match number % 2 {
            0 => Command::Lookup { key },
            _ => route::<Self>(key),
        }
    }
}

impl<B: Payload, A: Address> Subject for Pastry<B, A> {
    fn space(config: &pastry::Config) -> IdSpace {
        config.space()
    }

    fn first(id: Id) -> Self::Init {
        pastry::Init::First { id }
    }

    fn joining(id: Id, bootstrap: A) -> Self::Init {
        pastry::Init::Join { id, bootstrap }
    }

    fn command(_: u64, key: Id) -> Self::Command {
        route::<Self>(key)
    }
}

impl<O: Carrier<true, A> + Subject, A: Address> Subject for Over<Storage<true, A>, O> {
    fn space(config: &Self::Config) -> IdSpace {
        <O as Subject>::space(&config.below)
    }

    fn first(id: Id) -> Self::Init {
        Both {
            own: (),
            below: O::first(id),
        }
    }

    fn joining(id: Id, bootstrap: Self::Addr) -> Self::Init {
        Both {
            own: (),
            below: O::joining(id, bootstrap),
        }
    }

    /// Few keys, so that most that are asked for have been written.
    fn command(number: u64, _: Id) -> Self::Command {
        let key = Id::new(u128::from(number % 7) << 60);
        Part::Own(match number % 5 {
            0 | 1 => dht::Command::Put { key, bytes: 100 },
            2 if number.is_multiple_of(3) => dht::Command::Remove { key },
            _ => dht::Command::Get { key },
        })
    }
}

impl<C: Subject<Addr = Virtual>> Subject for Transparent<C> {
    fn space(config: &C::Config) -> IdSpace {
        C::space(config)
    }

    fn first(id: Id) -> C::Init {
        C::first(id)
    }

    fn joining(id: Id, bootstrap: NodeAddr) -> C::Init {
        C::joining(id, Virtual::of(bootstrap))
    }

    fn command(number: u64, key: Id) -> C::Command {
        C::command(number, key)
    }
}

impl<C: Subject<Addr = ContactInfo> + Driver> Subject for XBone<C> {
    fn space(config: &Self::Config) -> IdSpace {
        C::space(&config.below)
    }

    fn first(id: Id) -> Self::Init {
        xbone::Init::Node(Box::new(Arrival {
            overlay: C::first(id),
            bootstrap: None,
            tunnels: Vec::new(),
        }))
    }

    fn joining(id: Id, bootstrap: NodeAddr) -> Self::Init {
        let bootstrap = ContactInfo::seal(bootstrap);
        xbone::Init::Node(Box::new(Arrival {
            overlay: C::joining(id, bootstrap),
            bootstrap: Some(bootstrap),
            tunnels: Vec::new(),
        }))
    }

    fn command(number: u64, key: Id) -> Self::Command {
        xbone::Command(C::command(number, key))
    }
}

const NODES: u32 = 8;
/// When the last node has joined, and who then leaves, dies and comes back.
const GROWN: u64 = 20;
const LEAVER: NodeAddr = NodeAddr(3);
const VICTIM: NodeAddr = NodeAddr(5);

/// A network of eight nodes that join one after another; one leaves, one dies and one returns, while nodes are asked for
/// something twice a second.
struct Play {
    space: IdSpace,
    rng: NodeRng,
    asked: u64,
    events: Vec<(SimTime, NodeAddr, String)>,
}

impl<P: Subject<Addr = NodeAddr>> World<P> for Play {
    /// The number of half seconds since the beginning.
    type Event = u64;

    fn on_event(&mut self, control: &mut Control<'_, P, u64>, half_seconds: u64) {
        let id = self.space.random(&mut self.rng);
        let seconds = half_seconds / 2;
        match (seconds, half_seconds % 2) {
            (0, 0) => control.start(NodeAddr(0), P::first(id)),
            (second, 0) if second < u64::from(NODES) => {
                control.start(NodeAddr(second as u32), P::joining(id, NodeAddr(0)));
            }
            (30, 0) => control.stop(LEAVER, Departure::Graceful),
            (40, 0) => control.stop(VICTIM, Departure::Silent),
            (50, 0) => control.start(LEAVER, P::joining(id, NodeAddr(1))),
            _ => {}
        }
        let asker = NodeAddr((self.rng.next_u64() % u64::from(NODES)) as u32);
        if seconds >= GROWN && control.is_up(asker) {
            control.command(asker, OperationId(self.asked), P::command(self.asked, id));
            self.asked += 1;
        }
        control.schedule(SimDuration::from_millis(500), half_seconds + 1);
    }

    fn on_node_event(&mut self, time: SimTime, node: NodeAddr, event: P::Event) {
        self.events.push((time, node, format!("{event:?}")));
    }
}

/// All that there is to compare of a run: what nodes told and when, and the fingerprint of all that they were told.
#[derive(PartialEq, Debug)]
struct Record {
    events: Vec<(SimTime, NodeAddr, String)>,
    handled: u64,
    fingerprint: u64,
    bytes: u64,
}

fn run<P: Subject<Addr = NodeAddr>>(config: P::Config, seed: u64) -> Record {
    let network = Uniform::new(SimDuration::from_millis(10), SimDuration::from_millis(150)).expect("bounds in order");
    run_on::<P>(network, config, seed)
}

fn run_on<P: Subject<Addr = NodeAddr>>(network: impl Network + 'static, config: P::Config, seed: u64) -> Record {
    let (space, streams) = (P::space(&config), StreamKey::root(seed, 0));
    let setup = Setup {
        config,
        network: Box::new(network),
        nodes: NODES,
        streams,
        partitions: 1,
    };
    let play = Play {
        space,
        rng: streams.purpose("play").rng(),
        asked: 0,
        events: Vec::new(),
    };
    let mut simulation = Simulation::<P, _>::new(setup, play);
    simulation.schedule(SimTime::ZERO, 0);
    simulation
        .run_until(SimTime::ZERO + SimDuration::from_secs(80))
        .expect("nobody watches");
    Record {
        handled: simulation.events(),
        fingerprint: simulation.fingerprint(),
        bytes: simulation.traffic().total().bytes,
        events: simulation.into_world().events,
    }
}

/// Runs the plain protocol and the one within the layer, which must agree; returns how often nodes told something that begins
/// with each of `words`.
fn compare<P, V, const WORDS: usize>(config: P::Config, words: [&str; WORDS]) -> [usize; WORDS]
where
    P: Subject<Addr = NodeAddr, Config: Clone + fmt::Debug>,
    V: Subject<Addr = Virtual, Config = P::Config>,
{
    let mut told = [0; WORDS];
    for seed in 1..=3 {
        let plain = run::<P>(config.clone(), seed);
        let within = run::<Transparent<V>>(config.clone(), seed);
        assert_eq!(plain, within, "seed {seed}, {config:?}");
        for (told, word) in told.iter_mut().zip(words) {
            *told += plain
                .events
                .iter()
                .filter(|(_, _, event)| event.starts_with(word))
                .count();
        }
    }
    told
}

/// A second between rounds, so that the ring settles soon.
fn brisk_chord() -> chord::Config {
    chord::Config {
        stabilize_period: SimDuration::from_secs(1),
        ..chord::Config::default()
    }
}

#[test]
fn chord_is_the_same_under_all_rules() {
    let nearby = Proximity {
        samples: 3,
        choice: Choice::Alternates,
        successors: true,
        delays: Delays::Oracle,
    };
    let check = ConsistencyCheck {
        period: SimDuration::from_secs(5),
        memory: 4,
    };
    let kinds = [
        brisk_chord(),
        chord::Config {
            lookup: LookupStyle::Recursive,
            ..brisk_chord()
        },
        chord::Config {
            rules: Rules::Ton2003,
            proximity: Some(nearby),
            ..brisk_chord()
        },
        chord::Config {
            rules: Rules::Sigcomm2001,
            consistency_check: Some(check),
            ..brisk_chord()
        },
        chord::Config {
            rules: Rules::I3,
            ..brisk_chord()
        },
    ];
    for config in kinds {
        let config = config.validate().expect("a sound configuration");
        let words = ["Joined", "LookupDone", "Delivered"];
        let [joined, found, delivered] = compare::<Chord, Chord<Nothing, Virtual>, 3>(config, words);
        assert!(
            joined >= 24 && found > 100 && delivered > 100,
            "{joined} {found} {delivered}"
        );
    }
}

#[test]
fn pastry_is_the_same_with_and_without_reliable_routing() {
    let plain = pastry::Config::default;
    let kinds = [
        plain(),
        pastry::Config {
            proximity: Some(pastry::Proximity::Probe),
            ..plain()
        },
        pastry::Config {
            mspastry: Some(MsPastry::default()),
            ..plain()
        },
    ];
    for config in kinds {
        let config = config.validate().expect("a sound configuration");
        let [joined, delivered] = compare::<Pastry, Pastry<Nothing, Virtual>, 2>(config, ["Joined", "Deliver"]);
        assert!(joined >= 24 && delivered > 200, "{joined} {delivered}");
    }
}

/// With copies on the way, so that the overlay asks the layer above about each message.
fn table() -> dht::Config {
    dht::Config {
        repair_period: SimDuration::from_secs(10),
        cache: Some(dht::Caching {
            entries: 4,
            lifetime: SimDuration::from_secs(10),
        }),
        ..dht::Config::default()
    }
}

const TABLE_WORDS: [&str; 3] = ["Own(Joined", "Own(Written", "Own(Answered"];

fn has_worked([joined, written, answered]: [usize; 3]) {
    assert!(
        joined >= 24 && written > 80 && answered > 80,
        "{joined} {written} {answered}"
    );
}

#[test]
fn a_hash_table_over_chord_is_the_same() {
    type Table<A> = Dht<Chord<dht::Request<true, A>, A>, true>;
    let below = chord::Config {
        lookup: LookupStyle::Recursive,
        ..brisk_chord()
    };
    let config = Both { own: table(), below };
    has_worked(compare::<Table<NodeAddr>, Table<Virtual>, 3>(config, TABLE_WORDS));
}

#[test]
fn a_hash_table_over_pastry_is_the_same() {
    type Table<A> = Dht<Pastry<dht::Request<true, A>, A>, true>;
    let below = pastry::Config::default();
    let config = Both { own: table(), below };
    has_worked(compare::<Table<NodeAddr>, Table<Virtual>, 3>(config, TABLE_WORDS));
}

/// Tables within a virtual network, and a table over one, say the same as without: hosts are at random places, since daemons draw and
/// count too.
fn compare_through_tunnels<P, V>(config: P::Config, within: V::Config, told: fn(&str) -> Option<String>)
where
    P: Subject<Addr = NodeAddr, Config: Clone>,
    V: Subject<Addr = NodeAddr, Config: Clone>,
{
    for seed in 1..=3 {
        let propagation = Propagation::new(SimDuration::from_millis(5), 1e-4).expect("a speed");
        let places = || {
            let streams = StreamKey::root(seed, 0).purpose("places");
            Plane::new(NODES as usize, 1000.0, 1000.0, propagation, streams).expect("a plane")
        };
        let plain = run_on::<P>(places(), config.clone(), seed).events;
        let virtually = run_on::<V>(places(), within.clone(), seed).events;
        // Contact information is shown by another letter.
        let shown = |event: String| event.replace("@v", "@n").replace("writer: v", "writer: n");
        let through: Vec<_> = virtually
            .iter()
            .filter_map(|(time, node, event)| Some((*time, *node, shown(told(event)?))))
            .collect();
        assert!(plain.len() > 100, "{} events", plain.len());
        assert_eq!(plain, through, "seed {seed}");
    }
}

/// A virtual network whose tunnels cost nothing.
fn tunnels() -> xbone::Config {
    xbone::Config::default()
}

/// What an overlay tells in a virtual network, without the network's own events.
fn of_the_overlay(event: &str) -> Option<String> {
    Some(event.strip_prefix("Below(")?.strip_suffix(')')?.to_owned())
}

#[test]
fn a_hash_table_over_chord_drives_a_virtual_network() {
    type Table<A> = Dht<Chord<dht::Request<true, A>, A>, true>;
    let below = Both {
        own: table(),
        below: brisk_chord(),
    };
    let within = Both {
        own: tunnels(),
        below: below.clone(),
    };
    compare_through_tunnels::<Table<NodeAddr>, XBone<Table<ContactInfo>>>(below, within, of_the_overlay);
}

#[test]
fn a_hash_table_over_pastry_drives_a_virtual_network() {
    type Table<A> = Dht<Pastry<dht::Request<true, A>, A>, true>;
    let below = Both {
        own: table(),
        below: pastry::Config {
            proximity: None,
            ..pastry::Config::default()
        },
    };
    let within = Both {
        own: tunnels(),
        below: below.clone(),
    };
    compare_through_tunnels::<Table<NodeAddr>, XBone<Table<ContactInfo>>>(below, within, of_the_overlay);
}

/// The layer calls nodes by base addresses here, and the overlay under it by contact information.
#[test]
fn a_hash_table_lies_over_a_virtual_network() {
    type Table<O> = Dht<O, true>;
    type Over = Table<Chord<dht::Request<true>>>;
    type OverTunnels = Table<XBone<Chord<dht::Request<true>, ContactInfo>>>;
    let config = Both {
        own: table(),
        below: brisk_chord(),
    };
    let within = Both {
        own: table(),
        below: Both {
            own: tunnels(),
            below: brisk_chord(),
        },
    };
    compare_through_tunnels::<Over, OverTunnels>(config, within, |event| match event.strip_prefix("Below(") {
        Some(below) => Some(format!("Below({}", below.strip_prefix("Below(")?.strip_suffix(')')?)),
        None => Some(event.to_owned()),
    });
}
