//! How a tunnel goes: when neither end wants it any more, and when one end has left (sections II-B.1 and II-B.2).
//!
//! The paper has the resource daemon "asked to tear down" a tunnel by its P2P daemon, and does not say what the other end's wish is.
//! A tunnel has two ends and both may list each other for different reasons; so an end that does not want the tunnel any
//! more asks the other one, which agrees or keeps it, and whoever asked last gives the addresses back.

use sim_core::addr::NodeAddr;
use sim_core::protocol::Ctx;

use super::{Daemon, Purpose, Told};
use crate::layer::Part;
use crate::request::RequestId;
use crate::xbone::delivery::packet;
use crate::xbone::event::{Dropped, Event, Gone};
use crate::xbone::ledger::{Held, LeaseId};
use crate::xbone::tunnel::State;
use crate::xbone::wire::Msg;
use crate::xbone::{Driver, Provisioning, Timer, XBone};

impl<C: Driver> Daemon<C> {
    /// Looks which tunnels are still wanted, and asks the other ends of those that are not. `lists` says whether the overlay
    /// keeps somebody in its tables.
    pub(in crate::xbone) fn sweep(&mut self, ctx: &mut Ctx<'_, XBone<C>>, lists: impl Fn(NodeAddr) -> bool) {
        if ctx.config().own.provisioning == Provisioning::Static {
            return;
        }
        let (now, config) = (ctx.now(), &ctx.config().own);
        let mut unwanted = Vec::new();
        for (peer, tunnel) in &mut self.tunnels {
            let State::Standing { held, kept } = &mut tunnel.state else {
                continue;
            };
            if now.since(tunnel.used) < config.linger || lists(*peer) {
                *kept = None;
            } else if kept.is_none_or(|kept| now.since(kept) >= config.keep_alive) {
                unwanted.push((*peer, *held));
            }
        }
        for (peer, held) in unwanted {
            let Some(held) = held else {
                // It costs nothing to have it again, and the other end finds out for itself whether it wants it.
                self.gone(ctx, peer, Gone::Unwanted);
                continue;
            };
            let request = self.ask(ctx, peer, Purpose::Release);
            self.enter(ctx, peer, State::Releasing(held, request), None);
        }
        self.renew(ctx);
    }

    /// The other end does not want a tunnel any more.
    pub(super) fn release_requested(
        &mut self,
        ctx: &mut Ctx<'_, XBone<C>>,
        from: NodeAddr,
        request: RequestId,
        lease: LeaseId,
    ) {
        let (now, linger) = (ctx.now(), ctx.config().own.linger);
        let tunnel = self.named(from, Some(lease));
        let used = tunnel.is_some_and(|tunnel| now.since(tunnel.used) < linger);
        let returned = match tunnel.map(|tunnel| tunnel.state) {
            // The last sweep would have asked if it were not wanted.
            Some(State::Standing { kept: None, .. }) => {
                return ctx.send(from, Part::Own(Msg::Kept { request }));
            }
            Some(State::Standing { .. }) if used => {
                return ctx.send(from, Part::Own(Msg::Kept { request }));
            }
            // This end has asked for it, and does not know yet that the other one is ready.
            Some(State::Keying(_) | State::Requesting(..) | State::Finishing(_)) => {
                return ctx.send(from, Part::Own(Msg::Kept { request }));
            }
            // Both have asked.
            Some(State::Releasing(held, _)) if self.me < from => {
                self.give_back(ctx, held);
                self.gone(ctx, from, Gone::Unwanted);
                true
            }
            // This end hears from the other one what becomes of it.
            Some(State::Releasing(..)) => false,
            Some(State::Standing { .. }) => {
                self.gone(ctx, from, Gone::Unwanted);
                false
            }
            // One that has not begun to stand at this end, or has ceased to.
            Some(_) | None => false,
        };
        ctx.send(from, Part::Own(Msg::Released { request, returned }));
    }

    /// The addresses of the tunnel whose release was asked for by this request, if it is still to be answered.
    fn releasing(&self, peer: NodeAddr, request: RequestId) -> Option<Held> {
        match self.tunnels.get(&peer)?.state {
            State::Releasing(held, open) if open == request => Some(held),
            _ => None,
        }
    }

    /// The other end agrees.
    pub(super) fn release_answered(
        &mut self,
        ctx: &mut Ctx<'_, XBone<C>>,
        from: NodeAddr,
        request: RequestId,
        returned: bool,
    ) {
        let Some(held) = self.releasing(from, request) else {
            return ctx.emit(Part::Own(Event::Dropped(Dropped::StaleAnswer)));
        };
        if !returned {
            self.give_back(ctx, held);
        }
        self.gone(ctx, from, Gone::Unwanted);
    }

    /// The other end does not: the tunnel stands on.
    pub(super) fn keep(&mut self, ctx: &mut Ctx<'_, XBone<C>>, from: NodeAddr, request: RequestId) {
        let Some(held) = self.releasing(from, request) else {
            return ctx.emit(Part::Own(Event::Dropped(Dropped::StaleAnswer)));
        };
        let kept = Some(ctx.now());
        let held = Some(held);
        self.enter(ctx, from, State::Standing { held, kept }, None);
        let waiting = self
            .tunnels
            .get_mut(&from)
            .map(|tunnel| std::mem::take(&mut tunnel.waiting));
        for inner in waiting.into_iter().flatten() {
            self.transmit(ctx, from, inner);
        }
    }

    /// The other end does not answer: it is gone.
    pub(super) fn release_given_up(&mut self, ctx: &mut Ctx<'_, XBone<C>>, to: NodeAddr, request: RequestId) {
        if let Some(held) = self.releasing(to, request) {
            self.give_back(ctx, held);
            // In case that it is there, and only its answers were lost.
            ctx.send(to, Part::Own(Msg::NoTunnel { lease: held.id }));
            self.gone(ctx, to, Gone::Silent);
        }
    }

    /// The other end leaves. What it has sent through the tunnel just before may come after this.
    pub(super) fn other_leaves(&mut self, ctx: &mut Ctx<'_, XBone<C>>, from: NodeAddr, lease: LeaseId, returned: bool) {
        if let Some(held) = self.named(from, Some(lease)).and_then(|tunnel| tunnel.state.held()) {
            let early = self
                .tunnels
                .get_mut(&from)
                .map(|tunnel| std::mem::take(&mut tunnel.early));
            self.told
                .extend(early.into_iter().flatten().map(|inner| Told::Packet(from, inner)));
            let wait = ctx.config().own.patience.timeout;
            let state = State::Closing { held, returned };
            self.enter(ctx, from, state, Some((wait, Timer::Closed(from))));
        }
    }

    /// A tunnel whose other end has left is given up.
    pub(in crate::xbone) fn closed(&mut self, ctx: &mut Ctx<'_, XBone<C>>, peer: NodeAddr) {
        if let Some(State::Closing { held, returned }) = self.tunnels.get(&peer).map(|tunnel| tunnel.state) {
            if !returned {
                self.give_back(ctx, held);
            }
            if let Some(tunnel) = self.tunnels.get_mut(&peer) {
                // Nobody is there to receive it.
                tunnel.waiting.clear();
                tunnel.held_back.clear();
            }
            self.gone(ctx, peer, Gone::Left);
        }
    }

    /// The other end does not know a tunnel that stands here: it was down meanwhile, or has given it up.
    pub(super) fn unknown_there(&mut self, ctx: &mut Ctx<'_, XBone<C>>, from: NodeAddr, lease: LeaseId) {
        if let Some(state) = self.named(from, Some(lease)).map(|tunnel| tunnel.state)
            && !matches!(state, State::Keying(_) | State::Requesting(..))
        {
            if let Some(held) = state
                .held()
                .filter(|_| !matches!(state, State::Closing { returned: true, .. }))
            {
                self.give_back(ctx, held);
            }
            self.gone(ctx, from, Gone::Unknown);
        }
    }

    /// The node leaves: the other ends are told, and give the addresses back; what is in the making is given up. All this is said
    /// once, without an SSL channel, since nobody will be there to hear an answer. (Where both ends leave within the time of a message,
    /// their addresses come back only with the end of the lease, if it has one.)
    pub(in crate::xbone) fn leave(&mut self, ctx: &mut Ctx<'_, XBone<C>>) {
        self.leaving = true;
        let ends: Vec<(NodeAddr, State)> = self
            .tunnels
            .iter()
            .map(|(peer, tunnel)| (*peer, tunnel.state))
            .collect();
        for (peer, state) in ends {
            let held_back = self
                .tunnels
                .get_mut(&peer)
                .map(|tunnel| std::mem::take(&mut tunnel.held_back));
            let lease = state.held().map(|held| held.id);
            for (_, inner) in held_back.into_iter().flatten() {
                let packet = packet::<C>(ctx.config().own.forwarding.as_ref(), lease, inner);
                ctx.send(peer, Part::Below(packet));
            }
            if let State::Leasing(lease) = state
                && let Some(servers) = ctx.config().own.servers()
                && let Some(ask) = self.leases.cancel(ctx.now(), servers, lease)
            {
                ctx.send(ask.to, Part::Own(Msg::Ask(ask.transaction)));
            }
            let mine = state.returned_by_leaver();
            if let Some(held) = mine
                && let Some(servers) = ctx.config().own.servers()
            {
                let ask = self.leases.release(ctx.now(), servers, held);
                ctx.send(ask.to, Part::Own(Msg::Ask(ask.transaction)));
            }
            if let Some(lease) = lease {
                let returned = mine.is_some();
                ctx.send(peer, Part::Own(Msg::Leaving { lease, returned }));
            }
        }
    }
}
