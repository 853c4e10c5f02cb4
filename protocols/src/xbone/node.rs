//! A virtual node: a P2P daemon, which is the overlay's own protocol, and the resource daemon under it.

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, Host, OperationId, TimerId};
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::time::SimDuration;

use super::daemon::{Daemon, Purpose, Told, sealed};
use super::event::{Dialogue, Dropped, Event};
use super::ledger::{Held, LeaseId};
use super::wire::{Msg, Tunnelled};
use super::{ContactInfo, Driver, Timer, XBone};
use crate::layer::Part;

/// How a virtual node starts.
#[derive(Clone, Debug)]
pub struct Arrival<I> {
    /// How its overlay starts.
    pub overlay: I,
    /// Whom it is to have a tunnel to before that, the bootstrap node (section II-B.1); nobody for the first node.
    pub bootstrap: Option<ContactInfo>,
    /// Tunnels that stand already, of a node that starts as a member: their other ends and their addresses, which are none where
    /// tunnels need no addresses. With any of them the node need not be admitted.
    pub tunnels: Vec<(ContactInfo, Option<Held>)>,
}

/// How far a node has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The overlay manager has been asked.
    Admission,
    /// The tunnel to the bootstrap node is being made.
    Bootstrap(NodeAddr),
    /// The P2P daemon is about to run.
    Launching,
    /// It runs.
    Running,
    /// The node is not part of the virtual network.
    Out,
}

/// A virtual node.
pub struct VirtualNode<C: Driver> {
    overlay: C,
    /// The stream that the overlay would have without tunnels.
    overlay_rng: NodeRng,
    /// The resource daemon's own.
    rng: NodeRng,
    daemon: Daemon<C>,
    stage: Stage,
    bootstrap: Option<NodeAddr>,
    /// Whether it starts as a member, with the tunnels of one.
    ready: bool,
    begin_with: Vec<(ContactInfo, Option<Held>)>,
}

impl<C: Driver> VirtualNode<C> {
    pub(super) fn new(me: NodeAddr, arrival: Arrival<C::Init>, config: &C::Config, streams: StreamKey) -> Self {
        let own = streams.purpose("xbone");
        VirtualNode {
            overlay: C::new(sealed(me), arrival.overlay, config, streams),
            overlay_rng: streams.rng(),
            rng: own.rng(),
            daemon: Daemon::new(me, own),
            stage: Stage::Admission,
            bootstrap: arrival.bootstrap.map(ContactInfo::open),
            ready: !arrival.tunnels.is_empty(),
            begin_with: arrival.tunnels,
        }
    }

    /// The node of the overlay.
    pub fn overlay(&self) -> &C {
        &self.overlay
    }

    /// Its base address.
    pub(super) fn addr(&self) -> NodeAddr {
        self.daemon.me()
    }

    /// Whether a tunnel to this peer stands at this end.
    pub fn reaches(&self, peer: ContactInfo) -> bool {
        self.daemon.reaches(peer.open())
    }

    /// The tunnels that stand at this end: their other ends, and their addresses.
    pub fn tunnels(&self) -> impl Iterator<Item = (ContactInfo, Option<Held>)> {
        let tunnels = self.daemon.tunnels().iter();
        let standing = tunnels.filter(|(_, tunnel)| tunnel.stands());
        standing.map(|(peer, tunnel)| (sealed(*peer), tunnel.state.held()))
    }

    /// The leases that this end knows of: of tunnels that stand, are in the making or on their way out, and those that address
    /// servers are being asked about.
    pub fn leases(&self) -> impl Iterator<Item = LeaseId> {
        let held = self.daemon.tunnels().values().filter_map(|tunnel| tunnel.state.held());
        held.map(|held| held.id).chain(self.daemon.leases().under_way())
    }

    pub(super) fn on_start(&mut self, ctx: &mut Ctx<'_, XBone<C>>) {
        for (peer, held) in std::mem::take(&mut self.begin_with) {
            self.daemon.begin_with(ctx.now(), peer.open(), held);
        }
        // Nodes that start together do not all look at their tunnels at the same moment.
        let first = ctx.config().own.sweep_period.mul_f64(unit(&mut self.rng));
        ctx.set_timer(first, Part::Own(Timer::Sweep));
        match ctx.config().own.manager {
            Some(manager) if !self.ready => {
                self.daemon.ask(ctx, manager, Purpose::Join);
            }
            _ => self.admitted(ctx),
        }
        self.turn(ctx);
    }

    /// The node may take part: it gets a tunnel to the bootstrap node, before the P2P daemon is launched.
    fn admitted(&mut self, ctx: &mut Ctx<'_, XBone<C>>) {
        match self.bootstrap {
            Some(bootstrap) if !self.daemon.reaches(bootstrap) => {
                self.stage = Stage::Bootstrap(bootstrap);
                self.daemon.call_for(ctx, bootstrap, None);
            }
            _ => self.launch(ctx),
        }
    }

    /// The resource daemon launches the P2P daemon, which asks for its contact information (Fig. 2, steps 1 and 2).
    fn launch(&mut self, ctx: &mut Ctx<'_, XBone<C>>) {
        let relay = ctx.config().own.upcall * 2;
        ctx.emit(Part::Own(Event::Dialogue(Dialogue::RequestContactInfo)));
        if relay == SimDuration::ZERO {
            self.launched(ctx);
        } else {
            self.stage = Stage::Launching;
            ctx.set_timer(relay, Part::Own(Timer::Launch));
        }
    }

    fn launched(&mut self, ctx: &mut Ctx<'_, XBone<C>>) {
        self.stage = Stage::Running;
        let info = sealed(ctx.me());
        ctx.emit(Part::Own(Event::Dialogue(Dialogue::ContactInfo(info))));
        self.call(ctx, |overlay, ctx| overlay.on_start(ctx));
    }

    pub(super) fn on_packet(&mut self, ctx: &mut Ctx<'_, XBone<C>>, from: NodeAddr, packet: Tunnelled<C::Msg>) {
        self.daemon.arrived(ctx, from, packet);
        self.turn(ctx);
    }

    pub(super) fn on_message(&mut self, ctx: &mut Ctx<'_, XBone<C>>, from: NodeAddr, msg: Msg) {
        self.daemon.heard(ctx, from, msg);
        self.turn(ctx);
    }

    pub(super) fn on_timer(&mut self, ctx: &mut Ctx<'_, XBone<C>>, timer: Timer) {
        match timer {
            Timer::Request(request) => self.daemon.request_expired(ctx, request),
            Timer::Address(call) => self.daemon.address_timed_out(ctx, call),
            Timer::Called(peer) => self.daemon.called(ctx, peer),
            Timer::Keyed(peer) => self.daemon.keyed(ctx, peer),
            Timer::Configured(peer) => self.daemon.configured(ctx, peer),
            Timer::Closed(peer) => self.daemon.closed(ctx, peer),
            Timer::Through(peer) => self.daemon.let_through(ctx, peer),
            Timer::Sweep => {
                // Tables are gone through once, and not once for each tunnel.
                let mut listed: Vec<ContactInfo> = self.overlay.listed().collect();
                listed.sort_unstable();
                let lists = |peer| listed.binary_search(&sealed(peer)).is_ok();
                self.daemon.sweep(ctx, lists);
                ctx.set_timer(ctx.config().own.sweep_period, Part::Own(Timer::Sweep));
            }
            Timer::Processed => {
                self.daemon.processed(ctx);
                self.turn(ctx);
                self.daemon.process_next(ctx);
            }
            Timer::Connected(number) => self.daemon.connected(ctx, number),
            Timer::Launch if self.stage == Stage::Launching => self.launched(ctx),
            Timer::Launch | Timer::Served => {}
        }
        self.turn(ctx);
    }

    pub(super) fn on_overlay_timer(&mut self, ctx: &mut Ctx<'_, XBone<C>>, timer: C::Timer) {
        self.call(ctx, |overlay, ctx| overlay.on_timer(ctx, timer));
        self.turn(ctx);
    }

    pub(super) fn on_command(&mut self, ctx: &mut Ctx<'_, XBone<C>>, operation: OperationId, command: C::Command) {
        if self.stage != Stage::Running {
            return ctx.emit(Part::Own(Event::Dropped(Dropped::NotLaunched)));
        }
        self.call(ctx, |overlay, ctx| overlay.on_command(ctx, operation, command));
        self.turn(ctx);
    }

    /// Voluntary departure: the overlay says goodbye, if it is to, and then all tunnels are released (section II-B.1).
    pub(super) fn on_stop(&mut self, ctx: &mut Ctx<'_, XBone<C>>) {
        if self.stage == Stage::Running {
            self.daemon.begin_leaving();
            if ctx.config().own.goodbye {
                self.call(ctx, |overlay, ctx| overlay.on_stop(ctx));
            }
        }
        self.daemon.leave(ctx);
    }

    /// Does what the resource daemon has for the node, until there is nothing more.
    fn turn(&mut self, ctx: &mut Ctx<'_, XBone<C>>) {
        while let Some(told) = self.daemon.next_told() {
            match told {
                Told::Packet(from, inner) if self.stage == Stage::Running => {
                    self.call(ctx, |overlay, ctx| overlay.on_message(ctx, sealed(from), inner));
                }
                Told::Packet(..) => ctx.emit(Part::Own(Event::Dropped(Dropped::NotLaunched))),
                Told::Invited => {
                    if let Some(manager) = ctx.config().own.manager {
                        self.daemon.ask(ctx, manager, Purpose::Accept);
                    }
                }
                Told::Configured => self.admitted(ctx),
                Told::Stands(peer) if self.stage == Stage::Bootstrap(peer) => self.launch(ctx),
                Told::Failed(peer) if self.stage == Stage::Bootstrap(peer) => self.stay_out(ctx),
                Told::NotAdmitted => self.stay_out(ctx),
                Told::Left(peer) if self.stage == Stage::Running => {
                    self.call(ctx, |overlay, ctx| overlay.left(ctx, sealed(peer)));
                }
                Told::Stands(_) | Told::Failed(_) | Told::Left(_) => {}
            }
        }
    }

    fn stay_out(&mut self, ctx: &mut Ctx<'_, XBone<C>>) {
        self.stage = Stage::Out;
        self.daemon.begin_leaving();
        ctx.emit(Part::Own(Event::NotAdmitted));
    }

    /// Calls the overlay, whose effects the resource daemon hosts.
    fn call(&mut self, ctx: &mut Ctx<'_, XBone<C>>, call: impl FnOnce(&mut C, &mut Ctx<'_, C>)) {
        let (now, me, config) = (ctx.now(), sealed(ctx.me()), &ctx.config().below);
        let mut port = Port {
            ctx,
            daemon: &mut self.daemon,
        };
        call(
            &mut self.overlay,
            &mut Ctx::new(now, me, config, &mut self.overlay_rng, &mut port),
        );
    }
}

/// The resource daemon as host of the overlay, for one call.
struct Port<'a, 'b, C: Driver> {
    ctx: &'a mut Ctx<'b, XBone<C>>,
    daemon: &'a mut Daemon<C>,
}

impl<C: Driver> Host<C> for Port<'_, '_, C> {
    fn send(&mut self, to: ContactInfo, msg: C::Msg) {
        self.daemon.send(self.ctx, to.open(), msg);
    }

    fn set_timer(&mut self, delay: SimDuration, timer: C::Timer) -> TimerId {
        self.ctx.set_timer(delay, Part::Below(timer))
    }

    fn cancel_timer(&mut self, id: TimerId) {
        self.ctx.cancel_timer(id);
    }

    fn emit(&mut self, event: C::Event) {
        self.ctx.emit(Part::Below(event));
    }

    /// Proximity route selection asks for neighbours, to whom there are tunnels; proximity neighbour selection asks for candidates,
    /// and for them the daemon would have to measure the base network (section II-E).
    fn round_trip(&self, to: ContactInfo) -> Option<SimDuration> {
        let peer = to.open();
        let can = self.ctx.config().own.measures_base || self.daemon.reaches(peer);
        can.then(|| self.ctx.round_trip(peer)).flatten()
    }
}
