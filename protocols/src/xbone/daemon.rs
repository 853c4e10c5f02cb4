//! The resource daemon of a virtual node: it keeps the tunnels, and what is said about them over the base network.

mod deliver;
mod path;
mod release;
mod renew;
mod secure;
mod setup;

use std::collections::{BTreeMap, VecDeque};

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, Wire};
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};

use super::delivery::{Processor, packet};
use super::event::{Dropped, Event, Gone};
use super::lease_client::{Ask, LeaseClient};
use super::ledger::LeaseId;
use super::tunnel::{State, Tunnel};
use super::wire::{Msg, Tunnelled};
use super::{ContactInfo, Driver, Held, Provisioning, Timer, XBone};
use crate::layer::Part;
use crate::request::{Expired, RequestId, Requests};
use secure::Handshakes;

/// What a daemon's request is for; of tunnels, the one to who is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    Join,
    Accept,
    Tunnel,
    Release,
    Renew,
}

/// What the daemon has for the node that it belongs to.
#[derive(Debug)]
pub(super) enum Told<M> {
    /// A message of the overlay.
    Packet(NodeAddr, M),
    /// The overlay manager has invited the node.
    Invited,
    /// It has sent the parameters.
    Configured,
    /// It does not admit the node, or does not answer.
    NotAdmitted,
    /// A tunnel stands.
    Stands(NodeAddr),
    /// A tunnel has not come about.
    Failed(NodeAddr),
    /// A neighbour has left.
    Left(NodeAddr),
}

/// The resource daemon of one virtual node.
pub(super) struct Daemon<C: Driver> {
    me: NodeAddr,
    tunnels: BTreeMap<NodeAddr, Tunnel<C::Msg>>,
    leases: LeaseClient,
    requests: Requests<NodeAddr, Purpose>,
    handshakes: Handshakes,
    told: VecDeque<Told<C::Msg>>,
    processor: Processor<C::Msg>,
    /// The node leaves: nothing new is begun.
    leaving: bool,
}

impl<C: Driver> Daemon<C> {
    pub(super) fn new(me: NodeAddr, streams: StreamKey) -> Self {
        Daemon {
            me,
            tunnels: BTreeMap::new(),
            leases: LeaseClient::new(me, streams),
            requests: Requests::new(streams),
            handshakes: Handshakes::new(streams),
            told: VecDeque::new(),
            processor: Processor::default(),
            leaving: false,
        }
    }

    /// The base address of its node.
    pub(super) fn me(&self) -> NodeAddr {
        self.me
    }

    /// What has happened that the node must know of, in order.
    pub(super) fn next_told(&mut self) -> Option<Told<C::Msg>> {
        self.told.pop_front()
    }

    /// The tunnels, by their other ends.
    pub(super) fn tunnels(&self) -> &BTreeMap<NodeAddr, Tunnel<C::Msg>> {
        &self.tunnels
    }

    /// What address servers are being asked.
    pub(super) fn leases(&self) -> &LeaseClient {
        &self.leases
    }

    /// A tunnel that has been there from the beginning.
    pub(super) fn begin_with(&mut self, now: SimTime, peer: NodeAddr, held: Option<Held>) {
        let state = State::Standing { held, kept: None };
        self.tunnels.insert(peer, Tunnel::new(now, state));
    }

    /// The node is about to leave: what would need a new tunnel is not sent any more.
    pub(super) fn begin_leaving(&mut self) {
        self.leaving = true;
    }

    /// Whether a tunnel to this peer stands.
    pub(super) fn reaches(&self, peer: NodeAddr) -> bool {
        self.tunnels.get(&peer).is_some_and(Tunnel::stands)
    }

    /// The P2P daemon sends something to a peer: through the tunnel to it, which is made if there is none.
    pub(super) fn send(&mut self, ctx: &mut Ctx<'_, XBone<C>>, to: NodeAddr, inner: C::Msg) {
        if to == self.me {
            return ctx.send(to, Part::Below(packet::<C>(None, None, inner)));
        }
        match self.tunnels.get_mut(&to) {
            Some(tunnel) if tunnel.stands() => self.transmit(ctx, to, inner),
            Some(tunnel) => tunnel.waiting.push(inner),
            // Nobody would be there to hear that it stands.
            None if self.leaving && !ctx.config().own.at_once() => {}
            None => self.call_for(ctx, to, Some(inner)),
        }
    }

    /// Sends something through a tunnel that stands, as soon as the tunnel's limits allow.
    fn put_through(&mut self, ctx: &mut Ctx<'_, XBone<C>>, to: NodeAddr, inner: C::Msg) {
        let Some(tunnel) = self.tunnels.get_mut(&to) else {
            return;
        };
        let now = ctx.now();
        tunnel.used = now;
        let lease = tunnel.state.held().map(|held| held.id);
        let packet = packet::<C>(ctx.config().own.forwarding.as_ref(), lease, inner);
        let wait = tunnel.shape(now, &ctx.config().own.quality, packet.wire_bytes());
        if wait == SimDuration::ZERO {
            return ctx.send(to, Part::Below(packet));
        }
        tunnel.held_back.push_back((now + wait, packet.inner));
        if tunnel.through.is_none() {
            tunnel.through = Some(ctx.set_timer(wait, Part::Own(Timer::Through(to))));
        }
    }

    /// The tunnel's limits let the next packet go.
    pub(super) fn let_through(&mut self, ctx: &mut Ctx<'_, XBone<C>>, to: NodeAddr) {
        let Some(tunnel) = self.tunnels.get_mut(&to) else {
            return;
        };
        if let Some((_, inner)) = tunnel.held_back.pop_front() {
            let lease = tunnel.state.held().map(|held| held.id);
            let packet = packet::<C>(ctx.config().own.forwarding.as_ref(), lease, inner);
            ctx.send(to, Part::Below(packet));
        }
        let next = tunnel.held_back.front().map(|(due, _)| due.since(ctx.now()));
        tunnel.through = next.map(|wait| ctx.set_timer(wait, Part::Own(Timer::Through(to))));
    }

    /// A packet of the overlay has come.
    pub(super) fn packet(&mut self, ctx: &mut Ctx<'_, XBone<C>>, from: NodeAddr, packet: Tunnelled<C::Msg>) {
        if from == self.me {
            return self.told.push_back(Told::Packet(from, packet.inner));
        }
        let (now, may_stand) = (ctx.now(), self.may_stand(ctx));
        match self.tunnels.get_mut(&from) {
            Some(tunnel) if tunnel.state.held().map(|held| held.id) == packet.lease => {
                tunnel.used = now;
                if tunnel.state.receives() {
                    self.told.push_back(Told::Packet(from, packet.inner));
                } else if packet.lease.is_some() {
                    // The other end is ready already, and what it sends waits for this end.
                    tunnel.early.push(packet.inner);
                } else {
                    // The other end has waited as long as this one would have.
                    self.stand(ctx, from, None);
                    self.told.push_back(Told::Packet(from, packet.inner));
                }
            }
            None if packet.lease.is_none() && may_stand => {
                self.stand(ctx, from, None);
                self.told.push_back(Told::Packet(from, packet.inner));
            }
            _ => {
                ctx.emit(Part::Own(Event::Dropped(Dropped::NoTunnel)));
                if let Some(lease) = packet.lease {
                    ctx.send(from, Part::Own(Msg::NoTunnel { lease }));
                }
            }
        }
    }

    /// Whether a tunnel that costs nothing may stand at this end, because the other one has sent something through it.
    fn may_stand(&self, ctx: &mut Ctx<'_, XBone<C>>) -> bool {
        let config = &ctx.config().own;
        matches!(config.provisioning, Provisioning::Idle(_)) && self.tunnels.len() < config.max_tunnels
    }

    /// A message of another daemon has come.
    pub(super) fn heard(&mut self, ctx: &mut Ctx<'_, XBone<C>>, from: NodeAddr, msg: Msg) {
        match msg {
            Msg::Invite { request } => self.answered(ctx, request, from, Purpose::Join, Told::Invited),
            Msg::Refuse { request } => self.answered(ctx, request, from, Purpose::Join, Told::NotAdmitted),
            Msg::Configure { request } => self.answered(ctx, request, from, Purpose::Accept, Told::Configured),
            Msg::Answer(answer) => self.address_answered(ctx, from, answer),
            Msg::Tunnel { request, held } => self.requested(ctx, from, request, held),
            Msg::TunnelUp { request, lease } => self.request_answered(ctx, from, request, lease),
            Msg::TunnelRefused { request } => self.request_refused(ctx, from, request),
            Msg::Duplicate { request, lease } => self.other_stands(ctx, from, request, lease),
            Msg::Release { request, lease } => self.release_requested(ctx, from, request, lease),
            Msg::Released { request, returned } => self.release_answered(ctx, from, request, returned),
            Msg::Kept { request } => self.keep(ctx, from, request),
            Msg::Leaving { lease, returned } => self.other_leaves(ctx, from, lease, returned),
            Msg::Renew { request, lease } => self.renewal_asked(ctx, from, request, lease),
            Msg::Renewed { request, until } => self.renewal_told(ctx, from, request, until),
            Msg::NoTunnel { lease } => self.unknown_there(ctx, from, lease),
            Msg::Hello { request } => ctx.send(from, Part::Own(Msg::HelloBack { request })),
            Msg::HelloBack { request } => self.hello_answered(ctx, from, request),
            Msg::Join { .. } | Msg::Accept { .. } | Msg::Ask(_) => {
                ctx.emit(Part::Own(Event::Dropped(Dropped::NotMine)));
            }
        }
    }

    /// An answer of the overlay manager.
    fn answered(
        &mut self,
        ctx: &mut Ctx<'_, XBone<C>>,
        request: RequestId,
        from: NodeAddr,
        to: Purpose,
        told: Told<C::Msg>,
    ) {
        if self.requests.close(ctx, request, from) == Some(to) {
            self.told.push_back(told);
        } else {
            ctx.emit(Part::Own(Event::Dropped(Dropped::StaleAnswer)));
        }
    }

    /// Asks another daemon something, over an SSL channel if there are any.
    pub(super) fn ask(&mut self, ctx: &mut Ctx<'_, XBone<C>>, to: NodeAddr, purpose: Purpose) -> RequestId {
        let patience = ctx.config().own.patience();
        let request = self.requests.open(ctx, to, purpose, patience, Timer::request);
        self.put(ctx, to, purpose, request);
        request
    }

    /// Sends a request, for the first time or again.
    fn put(&mut self, ctx: &mut Ctx<'_, XBone<C>>, to: NodeAddr, purpose: Purpose, request: RequestId) {
        let held = self.tunnels.get(&to).and_then(|tunnel| tunnel.state.held());
        let msg = match (purpose, held) {
            (Purpose::Join, _) => Msg::Join { request },
            (Purpose::Accept, _) => Msg::Accept { request },
            (Purpose::Tunnel, Some(held)) => Msg::Tunnel { request, held },
            (Purpose::Release, Some(held)) => Msg::Release {
                request,
                lease: held.id,
            },
            (Purpose::Renew, Some(held)) => Msg::Renew {
                request,
                lease: held.id,
            },
            // Nobody asks for a tunnel without addresses, or asks about one.
            (Purpose::Tunnel | Purpose::Release | Purpose::Renew, None) => return,
        };
        self.say(ctx, to, msg);
    }

    /// A request has not been answered in time.
    pub(super) fn request_expired(&mut self, ctx: &mut Ctx<'_, XBone<C>>, request: RequestId) {
        let patience = ctx.config().own.patience();
        let expired = self.requests.expire(ctx, request, patience, Timer::request);
        if let Expired::GivenUp { to, .. } = expired {
            self.handshakes.forget_daemon(to);
        }
        match expired {
            Expired::Again { to, purpose } => self.put(ctx, to, purpose, request),
            Expired::GivenUp {
                purpose: Purpose::Join | Purpose::Accept,
                ..
            } => self.told.push_back(Told::NotAdmitted),
            Expired::GivenUp {
                to,
                purpose: Purpose::Tunnel,
            } => self.request_given_up(ctx, to, request),
            Expired::GivenUp {
                to,
                purpose: Purpose::Release,
            } => self.release_given_up(ctx, to, request),
            Expired::GivenUp {
                to,
                purpose: Purpose::Renew,
            } => self.renewal_given_up(ctx, to, request),
            Expired::Closed => {}
        }
    }

    /// Sends a transaction to an address server, and sets its time-out.
    fn transact(&mut self, ctx: &mut Ctx<'_, XBone<C>>, ask: Ask) {
        self.say(ctx, ask.to, Msg::Ask(ask.transaction));
        ctx.set_timer(ask.timeout, Part::Own(Timer::Address(ask.call)));
    }

    /// Gives the addresses of a tunnel back.
    fn give_back(&mut self, ctx: &mut Ctx<'_, XBone<C>>, held: Held) {
        if let Some(servers) = ctx.config().own.servers() {
            let ask = self.leases.release(ctx.now(), servers, held);
            self.transact(ctx, ask);
        }
    }

    /// Puts a tunnel into another state, and forgets what the former one waited for.
    fn enter(&mut self, ctx: &mut Ctx<'_, XBone<C>>, peer: NodeAddr, state: State, wait: Option<(SimDuration, Timer)>) {
        let now = ctx.now();
        let tunnel = self.tunnels.entry(peer).or_insert_with(|| Tunnel::new(now, state));
        if let Some(timer) = tunnel.timer.take() {
            ctx.cancel_timer(timer);
        }
        if let State::Requesting(_, request) | State::Releasing(_, request) = tunnel.state
            && tunnel.state != state
        {
            // Whoever answers it comes too late.
            self.requests.close(ctx, request, peer);
        }
        tunnel.state = state;
        tunnel.timer = wait.map(|(delay, timer)| ctx.set_timer(delay, Part::Own(timer)));
    }

    /// A tunnel is gone at this end. What the overlay wants to send is not lost: another tunnel is made for it.
    fn gone(&mut self, ctx: &mut Ctx<'_, XBone<C>>, peer: NodeAddr, why: Gone) {
        let Some(tunnel) = self.remove(ctx, peer) else {
            return;
        };
        ctx.emit(Part::Own(Event::Gone { peer, why }));
        if why == Gone::Left {
            self.told.push_back(Told::Left(peer));
        }
        if tunnel.asked.is_some() && tunnel.waiting.is_empty() {
            // Somebody waits for the tunnel itself.
            self.told.push_back(Told::Failed(peer));
        }
        let held_back = tunnel.held_back.into_iter().map(|(_, inner)| inner);
        for inner in held_back.chain(tunnel.waiting) {
            self.send(ctx, peer, inner);
        }
    }

    /// Takes a tunnel out, whatever it waits for.
    fn remove(&mut self, ctx: &mut Ctx<'_, XBone<C>>, peer: NodeAddr) -> Option<Tunnel<C::Msg>> {
        let tunnel = self.tunnels.remove(&peer)?;
        for timer in tunnel.timer.into_iter().chain(tunnel.through) {
            ctx.cancel_timer(timer);
        }
        if let State::Requesting(_, request) | State::Releasing(_, request) = tunnel.state {
            self.requests.close(ctx, request, peer);
        }
        if let Some(request) = tunnel.asking {
            self.requests.close(ctx, request, peer);
        }
        Some(tunnel)
    }

    /// The tunnel to this peer, if its addresses have this name.
    fn named(&self, peer: NodeAddr, lease: Option<LeaseId>) -> Option<&Tunnel<C::Msg>> {
        let tunnel = self.tunnels.get(&peer)?;
        let same = tunnel.state.held().map(|held| held.id) == lease;
        (same && !matches!(tunnel.state, State::Called | State::Leasing(_))).then_some(tunnel)
    }
}

/// The address of a peer, as its daemon knows it, for the overlay.
pub(super) fn sealed(peer: NodeAddr) -> ContactInfo {
    ContactInfo::seal(peer)
}
