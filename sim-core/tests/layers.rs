//! A layer is a protocol that owns a protocol: shown by one that gives its child virtual addresses, and by a child that
//! cannot tell whether it has one.

use std::collections::BTreeMap;

use sim_core::addr::{Address, NodeAddr};
use sim_core::network::Constant;
use sim_core::protocol::{Ctx, Host, OperationId, Protocol, TimerId, Wire};
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, World};

/// Passes a token to the next of a list of peers after a random pause; runs over any kind of address.
struct TokenRing<A> {
    next: A,
}

#[derive(Hash, Clone, Copy)]
struct Token(u32);

impl Wire for Token {
    const KINDS: usize = 1;

    fn kind(&self) -> usize {
        0
    }

    fn kind_name(_: usize) -> &'static str {
        "token"
    }

    fn wire_bytes(&self) -> u32 {
        24
    }
}

impl<A: Address> Protocol for TokenRing<A> {
    type Addr = A;
    type Init = A;
    type Config = ();
    type Msg = Token;
    type Timer = Token;
    type Command = Token;
    type Event = u32;

    fn new(_: A, next: A, (): &(), _: StreamKey) -> Self {
        TokenRing { next }
    }

    fn on_start(&mut self, _: &mut Ctx<'_, Self>) {}

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, _: A, Token(count): Token) {
        ctx.emit(count);
        let pause = SimDuration::from_secs_f64(unit(ctx.rng()));
        let doomed = ctx.set_timer(pause / 2, Token(u32::MAX));
        ctx.set_timer(pause, Token(count + 1));
        ctx.cancel_timer(doomed);
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, token: Token) {
        ctx.send(self.next, token);
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, _: OperationId, token: Token) {
        ctx.send(self.next, token);
    }

    fn on_stop(&mut self, _: &mut Ctx<'_, Self>) {}
}

/// An address that means nothing below the layer that gave it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Virtual(u32);

impl Address for Virtual {}

/// Gives its child virtual addresses: the child never learns a base address. Messages travel in a 4-byte header.
struct Tunnel<C: Protocol<Addr = Virtual>> {
    child: C,
    child_rng: NodeRng,
    below: Below,
}

/// What the layer itself keeps: apart from the child, so that both can be borrowed at once.
struct Below {
    me: Virtual,
    routes: BTreeMap<Virtual, NodeAddr>,
}

#[derive(Clone, Hash)]
struct Inner<M> {
    from: Virtual,
    payload: M,
}

impl<M: Wire> Wire for Inner<M> {
    const KINDS: usize = M::KINDS;

    fn kind(&self) -> usize {
        self.payload.kind()
    }

    fn kind_name(kind: usize) -> &'static str {
        M::kind_name(kind)
    }

    fn wire_bytes(&self) -> u32 {
        4 + self.payload.wire_bytes()
    }
}

/// The layer as host of its child, for one call.
struct Port<'a, 'b, C: Protocol<Addr = Virtual>> {
    below: &'a mut Below,
    ctx: &'a mut Ctx<'b, Tunnel<C>>,
}

impl<C: Protocol<Addr = Virtual>> Host<C> for Port<'_, '_, C> {
    fn send(&mut self, to: Virtual, msg: C::Msg) {
        if let Some(base) = self.below.routes.get(&to) {
            self.ctx.send(
                *base,
                Inner {
                    from: self.below.me,
                    payload: msg,
                },
            );
        }
    }

    fn set_timer(&mut self, delay: SimDuration, timer: C::Timer) -> TimerId {
        self.ctx.set_timer(delay, timer)
    }

    fn cancel_timer(&mut self, id: TimerId) {
        self.ctx.cancel_timer(id);
    }

    fn emit(&mut self, event: C::Event) {
        self.ctx.emit(event);
    }
}

impl<C: Protocol<Addr = Virtual>> Tunnel<C> {
    fn with_child(&mut self, ctx: &mut Ctx<'_, Self>, call: impl FnOnce(&mut C, &mut Ctx<'_, C>)) {
        let (now, config, me) = (ctx.now(), ctx.config(), self.below.me);
        let mut port = Port {
            below: &mut self.below,
            ctx,
        };
        call(
            &mut self.child,
            &mut Ctx::new(now, me, config, &mut self.child_rng, &mut port),
        );
    }
}

impl<C: Protocol<Addr = Virtual>> Protocol for Tunnel<C> {
    type Addr = NodeAddr;
    type Init = (Virtual, BTreeMap<Virtual, NodeAddr>, C::Init);
    type Config = C::Config;
    type Msg = Inner<C::Msg>;
    type Timer = C::Timer;
    type Command = C::Command;
    type Event = C::Event;

    fn new(_: NodeAddr, (me, routes, child): Self::Init, config: &C::Config, streams: StreamKey) -> Self {
        let streams = streams.purpose("child");
        Tunnel {
            child: C::new(me, child, config, streams),
            child_rng: streams.rng(),
            below: Below { me, routes },
        }
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.with_child(ctx, |child, ctx| child.on_start(ctx));
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, _: NodeAddr, msg: Inner<C::Msg>) {
        self.with_child(ctx, |child, ctx| child.on_message(ctx, msg.from, msg.payload));
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: C::Timer) {
        self.with_child(ctx, |child, ctx| child.on_timer(ctx, timer));
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, command: C::Command) {
        self.with_child(ctx, |child, ctx| child.on_command(ctx, operation, command));
    }

    fn on_stop(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.with_child(ctx, |child, ctx| child.on_stop(ctx));
    }
}

/// Starts the nodes it is given, then hands a token to the first.
struct Opening<I> {
    inits: Vec<I>,
    counts: Vec<(SimTime, NodeAddr, u32)>,
}

impl<P> World<P> for Opening<P::Init>
where
    P: Protocol<Addr = NodeAddr, Command = Token, Event = u32>,
{
    type Event = ();

    fn on_event(&mut self, control: &mut Control<'_, P, ()>, (): ()) {
        for (index, init) in std::mem::take(&mut self.inits).into_iter().enumerate() {
            control.start(NodeAddr(index as u32), init);
        }
        control.command(NodeAddr(0), OperationId(1), Token(0));
    }

    fn on_node_event(&mut self, time: SimTime, node: NodeAddr, count: u32) {
        self.counts.push((time, node, count));
    }
}

fn play<P>(inits: Vec<P::Init>) -> (Vec<(SimTime, NodeAddr, u32)>, u64)
where
    P: Protocol<Addr = NodeAddr, Command = Token, Event = u32, Config = ()>,
{
    let network = Box::new(Constant::new(SimDuration::from_millis(10)));
    let nodes = inits.len() as u32;
    let setup = Setup {
        config: (),
        network,
        nodes,
        streams: StreamKey::root(5, 0),
        partitions: 1,
    };
    let mut simulation = Simulation::<P, _>::new(
        setup,
        Opening {
            inits,
            counts: Vec::new(),
        },
    );
    simulation.schedule(SimTime::ZERO, ());
    simulation.run_until(SimTime::from_nanos(60_000_000_000)).unwrap();
    let bytes = simulation.traffic().total().bytes;
    (simulation.into_world().counts, bytes)
}

#[test]
fn a_protocol_runs_unchanged_over_base_addresses_and_within_a_layer() {
    const NODES: u32 = 5;
    let (bare, bare_bytes) = play::<TokenRing<NodeAddr>>((0..NODES).map(|n| NodeAddr((n + 1) % NODES)).collect());
    // Virtual addresses run against the base addresses, so the token goes round the other way.
    let routes: BTreeMap<_, _> = (0..NODES).map(|n| (Virtual(n), NodeAddr(NODES - 1 - n))).collect();
    let layered = (0..NODES)
        .rev()
        .map(|n| (Virtual(n), routes.clone(), Virtual((n + 1) % NODES)))
        .collect();
    let (layered, layered_bytes) = play::<Tunnel<TokenRing<Virtual>>>(layered);

    assert!(bare.len() > 80 && layered.len() > 80, "a token in motion");
    for counts in [&bare, &layered] {
        let in_turn = counts
            .iter()
            .enumerate()
            .all(|(index, (_, _, count))| index as u32 == *count);
        assert!(
            in_turn,
            "no cancelled timer fired and no message was lost on the way through the layer"
        );
    }
    assert_eq!(bare[1].1, NodeAddr(2));
    assert_eq!(layered[1].1, NodeAddr(NODES - 2));
    assert_eq!(bare_bytes % 24, 0);
    assert_eq!(
        layered_bytes % 28,
        0,
        "the layer charges its header on every message of the child"
    );
}

#[test]
fn each_layer_draws_from_a_stream_of_its_own() {
    let node = StreamKey::root(5, 0).purpose("node").index(0).index(1);
    assert_ne!(node.rng(), node.purpose("child").rng());
}
