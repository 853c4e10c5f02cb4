//! SSL channels between daemons (section II-F): round trips before a request. What is answered comes back over the same channel.

use sim_core::addr::NodeAddr;
use sim_core::protocol::Ctx;
use sim_core::random::StreamKey;

use super::Daemon;
use crate::layer::Part;
use crate::request::RequestId;
use crate::xbone::ledger::{LeaseId, Transaction};
use crate::xbone::wire::Msg;
use crate::xbone::{Driver, XBone};

/// The channels that are being opened.
#[derive(Debug)]
pub(super) struct Handshakes {
    next: u32,
    open: Vec<Handshake>,
}

#[derive(Debug)]
struct Handshake {
    id: RequestId,
    to: NodeAddr,
    /// Round trips to come.
    left: u8,
    /// What it is for.
    then: Msg,
}

impl Handshakes {
    pub(super) fn new(streams: StreamKey) -> Self {
        Handshakes {
            next: streams.purpose("first handshake").bits() as u32,
            open: Vec::new(),
        }
    }

    /// The request for a lease has been given up.
    pub(super) fn forget(&mut self, lease: LeaseId) {
        let for_it = |msg: &Msg| matches!(msg, Msg::Ask(Transaction::Request { id, .. }) if *id == lease);
        self.open.retain(|handshake| !for_it(&handshake.then));
    }

    /// A daemon does not answer any more.
    pub(super) fn forget_daemon(&mut self, to: NodeAddr) {
        self.open.retain(|handshake| handshake.to != to);
    }
}

impl<C: Driver> Daemon<C> {
    /// Says something to another daemon, once there is a channel to it. There is no time-out: what is not answered is said
    /// again, over another channel.
    pub(super) fn say(&mut self, ctx: &mut Ctx<'_, XBone<C>>, to: NodeAddr, msg: Msg) {
        let left = ctx.config().own.security.handshakes;
        if left == 0 {
            return ctx.send(to, Part::Own(msg));
        }
        let handshakes = &mut self.handshakes;
        let id = RequestId(handshakes.next);
        handshakes.next = handshakes.next.wrapping_add(1);
        handshakes.open.retain(|other| (other.to, other.then) != (to, msg));
        handshakes.open.push(Handshake {
            id,
            to,
            left,
            then: msg,
        });
        ctx.send(to, Part::Own(Msg::Hello { request: id }));
    }

    /// A round trip of a handshake is done.
    pub(super) fn hello_answered(&mut self, ctx: &mut Ctx<'_, XBone<C>>, from: NodeAddr, request: RequestId) {
        let open = &mut self.handshakes.open;
        let Some(at) = open.iter().position(|other| (other.id, other.to) == (request, from)) else {
            return;
        };
        open[at].left -= 1;
        if open[at].left > 0 {
            return ctx.send(from, Part::Own(Msg::Hello { request }));
        }
        let done = open.swap_remove(at);
        ctx.send(done.to, Part::Own(done.then));
    }
}
