//! How a tunnel comes about (section II-B.2, and Fig. 2, whose steps are named here).

use sim_core::addr::NodeAddr;
use sim_core::protocol::Ctx;
use sim_core::time::SimDuration;

use super::path::signalling;
use super::{Daemon, Purpose, Told, sealed};
use crate::layer::Part;
use crate::request::RequestId;
use crate::xbone::event::{Dialogue, Dropped, Event, Failure};
use crate::xbone::lease_client::{CallId, Heard};
use crate::xbone::ledger::{Answer, Held, LeaseId};
use crate::xbone::tunnel::{State, Tunnel};
use crate::xbone::wire::Msg;
use crate::xbone::{Driver, Provisioning, Timer, XBone};

impl<C: Driver> Daemon<C> {
    /// Step 4: the P2P daemon calls for a tunnel, mostly because it has something to send. One that is there, or in the
    /// making, is left as it is.
    pub(in crate::xbone) fn call_for(&mut self, ctx: &mut Ctx<'_, XBone<C>>, peer: NodeAddr, first: Option<C::Msg>) {
        if self.tunnels.contains_key(&peer) {
            return;
        }
        let (now, config) = (ctx.now(), &ctx.config().own);
        let failure = match config.provisioning {
            Provisioning::Static => Some(Failure::Static),
            _ if self.tunnels.len() >= config.max_tunnels => Some(Failure::TooMany),
            _ => None,
        };
        if let Some(why) = failure {
            self.told.push_back(Told::Failed(peer));
            return ctx.emit(Part::Own(Event::Failed { peer, why }));
        }
        ctx.emit(Part::Own(Event::Dialogue(Dialogue::AddTunnel(sealed(peer)))));
        let mut tunnel = Tunnel::new(now, State::Called);
        tunnel.asked = Some(now);
        tunnel.waiting.extend(first);
        self.tunnels.insert(peer, tunnel);
        let wait = match config.provisioning {
            // There and back again.
            Provisioning::Idle(time) => time + config.upcall * 2,
            _ => config.upcall,
        };
        if wait == SimDuration::ZERO {
            self.called(ctx, peer);
        } else {
            self.enter(ctx, peer, State::Called, Some((wait, Timer::Called(peer))));
        }
    }

    /// The call has come to the resource daemon. Step 5: it asks for addresses.
    pub(in crate::xbone) fn called(&mut self, ctx: &mut Ctx<'_, XBone<C>>, peer: NodeAddr) {
        match &ctx.config().own.provisioning {
            Provisioning::Daemons { servers, .. } => {
                let (lease, ask) = self.leases.request(ctx.now(), servers, peer);
                self.enter(ctx, peer, State::Leasing(lease), None);
                self.transact(ctx, ask);
            }
            Provisioning::Idle(_) => self.stand(ctx, peer, None),
            Provisioning::Static => {}
        }
    }

    /// Step 6: an address server answers.
    pub(super) fn address_answered(&mut self, ctx: &mut Ctx<'_, XBone<C>>, from: NodeAddr, answer: Answer) {
        let Some(servers) = ctx.config().own.servers() else {
            return;
        };
        match self.leases.heard(ctx.now(), servers, from, answer) {
            Some(Heard::Leased(held)) => self.leased(ctx, held),
            Some(Heard::Elsewhere(ask)) => self.transact(ctx, ask),
            Some(Heard::Refused(lease)) => self.lease_failed(ctx, lease, Failure::NoAddresses),
            Some(Heard::Renewed(held)) => self.renewed(held),
            Some(Heard::Lost(lease)) => self.expired(ctx, lease),
            Some(Heard::Released(_)) => {}
            None => ctx.emit(Part::Own(Event::Dropped(Dropped::StaleAnswer))),
        }
    }

    /// No address server has answered in time.
    pub(in crate::xbone) fn address_timed_out(&mut self, ctx: &mut Ctx<'_, XBone<C>>, call: CallId) {
        let Some(servers) = ctx.config().own.servers() else {
            return;
        };
        let timed_out = self.leases.timed_out(ctx.now(), servers, call);
        for ask in timed_out.asks {
            self.transact(ctx, ask);
        }
        if let Some(lease) = timed_out.given_up {
            self.handshakes.forget(lease);
            self.lease_failed(ctx, lease, Failure::NoServer);
            self.expired(ctx, lease);
        }
    }

    /// The tunnel for which this lease was asked, if it still waits for it.
    fn leasing(&self, lease: LeaseId) -> Option<NodeAddr> {
        let waits = |(_, tunnel): &(&NodeAddr, &Tunnel<C::Msg>)| tunnel.state == State::Leasing(lease);
        self.tunnels.iter().find(waits).map(|(peer, _)| *peer)
    }

    fn lease_failed(&mut self, ctx: &mut Ctx<'_, XBone<C>>, lease: LeaseId, why: Failure) {
        if let Some(peer) = self.leasing(lease) {
            self.failed(ctx, peer, why);
        }
    }

    fn leased(&mut self, ctx: &mut Ctx<'_, XBone<C>>, held: Held) {
        match self.leasing(held.id) {
            Some(peer) => {
                let prepared = ctx.config().own.security.key_computation + signalling(ctx, peer);
                if prepared == SimDuration::ZERO {
                    self.request(ctx, peer, held);
                } else {
                    self.enter(ctx, peer, State::Keying(held), Some((prepared, Timer::Keyed(peer))));
                }
            }
            None => self.give_back(ctx, held),
        }
    }

    /// The keys of the IPsec channels have been computed, and the base path stands.
    pub(in crate::xbone) fn keyed(&mut self, ctx: &mut Ctx<'_, XBone<C>>, peer: NodeAddr) {
        if let Some(State::Keying(held)) = self.tunnels.get(&peer).map(|tunnel| tunnel.state) {
            self.request(ctx, peer, held);
        }
    }

    /// Step 7: the other end is asked to configure the tunnel.
    fn request(&mut self, ctx: &mut Ctx<'_, XBone<C>>, peer: NodeAddr, held: Held) {
        // The request names the tunnel's addresses.
        self.enter(ctx, peer, State::Keying(held), None);
        let request = self.ask(ctx, peer, Purpose::Tunnel);
        self.enter(ctx, peer, State::Requesting(held, request), None);
    }

    /// Step 7, at the other end. Of two requests that cross, the one of the lower address counts.
    pub(super) fn requested(&mut self, ctx: &mut Ctx<'_, XBone<C>>, from: NodeAddr, request: RequestId, held: Held) {
        let Provisioning::Daemons { configuration, .. } = ctx.config().own.provisioning else {
            return;
        };
        let state = self.tunnels.get(&from).map(|tunnel| tunnel.state);
        match state {
            // The answer was lost, or is on its way.
            Some(State::Standing { held: Some(own), .. } | State::Releasing(own, _)) if own.id == held.id => {
                let lease = held.id;
                return self.answer(ctx, from, Msg::TunnelUp { request, lease });
            }
            Some(
                State::Standing { held: Some(own), .. } | State::Releasing(own, _) | State::Closing { held: own, .. },
            ) => {
                let lease = own.id;
                return self.answer(ctx, from, Msg::Duplicate { request, lease });
            }
            Some(State::Accepting(own, _)) if own.id == held.id => return,
            // The other end waits for an answer that is given when this end's own interface is configured, or yields.
            Some(State::Finishing(_)) => return,
            Some(State::Requesting(..)) if self.me < from => return,
            // What the other end asked for before has come to nothing.
            Some(State::Accepting(..)) => {}
            Some(State::Leasing(lease)) => {
                if let Some(servers) = ctx.config().own.servers()
                    && let Some(ask) = self.leases.cancel(ctx.now(), servers, lease)
                {
                    self.transact(ctx, ask);
                }
            }
            Some(State::Keying(own) | State::Requesting(own, _)) => self.give_back(ctx, own),
            Some(State::Called | State::Standing { .. }) => {}
            None if self.leaving || self.tunnels.len() >= ctx.config().own.max_tunnels => {
                return self.answer(ctx, from, Msg::TunnelRefused { request });
            }
            None => {}
        }
        let state = State::Accepting(held, request);
        if configuration == SimDuration::ZERO {
            self.enter(ctx, from, state, None);
            self.configured(ctx, from);
        } else {
            self.enter(ctx, from, state, Some((configuration, Timer::Configured(from))));
        }
    }

    fn answer(&mut self, ctx: &mut Ctx<'_, XBone<C>>, to: NodeAddr, msg: Msg) {
        ctx.send(to, Part::Own(msg));
    }

    /// Step 8: the other end is configured, and this end configures its own interface.
    pub(super) fn request_answered(
        &mut self,
        ctx: &mut Ctx<'_, XBone<C>>,
        from: NodeAddr,
        request: RequestId,
        lease: LeaseId,
    ) {
        let tunnel = self.named(from, Some(lease));
        match tunnel.map(|tunnel| (tunnel.state, tunnel.asked)) {
            Some((State::Requesting(held, open), asked)) if open == request => {
                let config = &ctx.config().own;
                let Provisioning::Daemons { configuration, .. } = config.provisioning else {
                    return;
                };
                // The P2P daemon hears of it through the upcall daemon, too.
                let relay = if asked.is_some() {
                    config.upcall
                } else {
                    SimDuration::ZERO
                };
                let wait = configuration + relay;
                let state = State::Finishing(held);
                if wait == SimDuration::ZERO {
                    self.enter(ctx, from, state, None);
                    self.configured(ctx, from);
                } else {
                    self.enter(ctx, from, state, Some((wait, Timer::Configured(from))));
                }
            }
            // A second answer to a request that was repeated.
            Some(_) => {}
            None => self.answer(ctx, from, Msg::NoTunnel { lease }),
        }
    }

    /// This end's interface is configured.
    pub(in crate::xbone) fn configured(&mut self, ctx: &mut Ctx<'_, XBone<C>>, peer: NodeAddr) {
        match self.tunnels.get(&peer).map(|tunnel| tunnel.state) {
            Some(State::Accepting(held, request)) => {
                self.answer(
                    ctx,
                    peer,
                    Msg::TunnelUp {
                        request,
                        lease: held.id,
                    },
                );
                self.stand(ctx, peer, Some(held));
            }
            Some(State::Finishing(held)) => self.stand(ctx, peer, Some(held)),
            _ => {}
        }
    }

    /// Step 9: the tunnel stands, and whoever asked for it is told. Step 10: what has waited goes through it.
    pub(super) fn stand(&mut self, ctx: &mut Ctx<'_, XBone<C>>, peer: NodeAddr, held: Option<Held>) {
        let now = ctx.now();
        self.enter(ctx, peer, State::Standing { held, kept: None }, None);
        let Some(tunnel) = self.tunnels.get_mut(&peer) else {
            return;
        };
        tunnel.used = now;
        let asked = tunnel.asked.take();
        let (early, waiting) = (std::mem::take(&mut tunnel.early), std::mem::take(&mut tunnel.waiting));
        if asked.is_some() {
            let pair = held.map(|held| held.pair);
            ctx.emit(Part::Own(Event::Dialogue(Dialogue::Tunnel(sealed(peer), pair))));
        }
        let after = asked.map(|asked| now.since(asked));
        ctx.emit(Part::Own(Event::Stands { peer, after }));
        self.told.push_back(Told::Stands(peer));
        self.told
            .extend(early.into_iter().map(|inner| Told::Packet(peer, inner)));
        for inner in waiting {
            self.transmit(ctx, peer, inner);
        }
    }

    /// The other end has too many tunnels.
    pub(super) fn request_refused(&mut self, ctx: &mut Ctx<'_, XBone<C>>, from: NodeAddr, request: RequestId) {
        if let Some(held) = self.requesting(from, request) {
            self.give_back(ctx, held);
            self.failed(ctx, from, Failure::Refused);
        }
    }

    /// The other end has not answered a request, however often it was repeated.
    pub(super) fn request_given_up(&mut self, ctx: &mut Ctx<'_, XBone<C>>, to: NodeAddr, request: RequestId) {
        if let Some(held) = self.requesting(to, request) {
            self.give_back(ctx, held);
            // In case that it is there, and only its answers were lost.
            self.answer(ctx, to, Msg::NoTunnel { lease: held.id });
            self.failed(ctx, to, Failure::Silent);
        }
    }

    /// The addresses of the tunnel that was asked for by this request, if it is still to be answered.
    fn requesting(&self, peer: NodeAddr, request: RequestId) -> Option<Held> {
        match self.tunnels.get(&peer)?.state {
            State::Requesting(held, open) if open == request => Some(held),
            _ => None,
        }
    }

    /// The other end has another tunnel to this one, which this end knows, or knew before it went down: then the other one
    /// hears that it does not stand any more, and is asked again.
    pub(super) fn other_stands(
        &mut self,
        ctx: &mut Ctx<'_, XBone<C>>,
        from: NodeAddr,
        request: RequestId,
        lease: LeaseId,
    ) {
        if self.requesting(from, request).is_some() {
            self.answer(ctx, from, Msg::NoTunnel { lease });
            self.put(ctx, from, Purpose::Tunnel, request);
        }
    }

    /// A tunnel has not come about.
    fn failed(&mut self, ctx: &mut Ctx<'_, XBone<C>>, peer: NodeAddr, why: Failure) {
        // What waited for it is lost, as with a link that is down: the overlay's own time-outs tell it.
        self.remove(ctx, peer);
        self.told.push_back(Told::Failed(peer));
        ctx.emit(Part::Own(Event::Failed { peer, why }));
    }
}
