//! Leases that have a term: the end that asked for a tunnel renews its lease, and the other one asks it until when that lasts.
//!
//! The paper has no terms. Without them a pair of addresses is lost when both ends of a tunnel go silently.

use sim_core::addr::NodeAddr;
use sim_core::protocol::Ctx;
use sim_core::time::SimTime;

use super::{Daemon, Purpose};
use crate::layer::Part;
use crate::request::RequestId;
use crate::xbone::event::{Dropped, Event, Gone};
use crate::xbone::ledger::{Held, LeaseId};
use crate::xbone::tunnel::{State, Tunnel};
use crate::xbone::wire::Msg;
use crate::xbone::{Driver, XBone};

impl<C: Driver> Daemon<C> {
    /// Asks for another term of the leases that would end soon.
    pub(super) fn renew(&mut self, ctx: &mut Ctx<'_, XBone<C>>) {
        let Some(servers) = ctx.config().own.servers().filter(|servers| servers.have_terms()) else {
            return;
        };
        let now = ctx.now();
        let due: Vec<(NodeAddr, Held)> = self
            .tunnels
            .iter()
            .filter(|(_, tunnel)| tunnel.stands() && tunnel.asking.is_none())
            .filter_map(|(peer, tunnel)| Some((*peer, tunnel.state.held()?)))
            .filter(|(_, held)| servers.is_due(now, held))
            .collect();
        for (peer, held) in due {
            if held.id.client == self.me {
                if let Some(ask) = self.leases.renew(now, servers, held) {
                    self.transact(ctx, ask);
                }
            } else {
                let request = self.ask(ctx, peer, Purpose::Renew);
                if let Some(tunnel) = self.tunnels.get_mut(&peer) {
                    tunnel.asking = Some(request);
                }
            }
        }
    }

    /// The lease of a tunnel lasts until then.
    fn lasts(&mut self, peer: NodeAddr, lease: LeaseId, until: SimTime) {
        let Some(tunnel) = self.tunnels.get_mut(&peer) else {
            return;
        };
        if let State::Standing { held: Some(held), .. } | State::Releasing(held, _) = &mut tunnel.state
            && held.id == lease
        {
            held.until = held.until.max(until);
        }
    }

    /// An address server has renewed a lease.
    pub(super) fn renewed(&mut self, held: Held) {
        self.lasts(held.peer, held.id, held.until);
    }

    /// The other end wants to know until when the lease of a tunnel lasts.
    pub(super) fn renewal_asked(
        &mut self,
        ctx: &mut Ctx<'_, XBone<C>>,
        from: NodeAddr,
        request: RequestId,
        lease: LeaseId,
    ) {
        let held = self.named(from, Some(lease)).and_then(|tunnel| tunnel.state.held());
        let answer = match held {
            Some(Held { until, .. }) => Msg::Renewed { request, until },
            None => Msg::NoTunnel { lease },
        };
        ctx.send(from, Part::Own(answer));
    }

    /// The other end says until when.
    pub(super) fn renewal_told(
        &mut self,
        ctx: &mut Ctx<'_, XBone<C>>,
        from: NodeAddr,
        request: RequestId,
        until: SimTime,
    ) {
        if self.requests.close(ctx, request, from) != Some(Purpose::Renew) {
            return ctx.emit(Part::Own(Event::Dropped(Dropped::StaleAnswer)));
        }
        if let Some(tunnel) = self.tunnels.get_mut(&from) {
            tunnel.asking = None;
            if let Some(held) = tunnel.state.held() {
                self.lasts(from, held.id, until);
            }
        }
    }

    /// The other end does not say: it is gone.
    pub(super) fn renewal_given_up(&mut self, ctx: &mut Ctx<'_, XBone<C>>, to: NodeAddr, request: RequestId) {
        let asked = |tunnel: &&Tunnel<C::Msg>| tunnel.asking == Some(request);
        if let Some(held) = self
            .tunnels
            .get(&to)
            .filter(asked)
            .and_then(|tunnel| tunnel.state.held())
        {
            self.give_back(ctx, held);
            self.gone(ctx, to, Gone::Silent);
        }
    }

    /// A lease is over: the addresses may be another tunnel's.
    pub(super) fn expired(&mut self, ctx: &mut Ctx<'_, XBone<C>>, lease: LeaseId) {
        let has = |(_, tunnel): &(&NodeAddr, &Tunnel<C::Msg>)| tunnel.state.held().is_some_and(|held| held.id == lease);
        if let Some(peer) = self.tunnels.iter().find(has).map(|(peer, _)| *peer) {
            ctx.send(peer, Part::Own(Msg::NoTunnel { lease }));
            self.gone(ctx, peer, Gone::Expired);
        }
    }
}
