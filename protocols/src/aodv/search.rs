//! Seeking routes (RFC 3561, sections 6.3 to 6.7).

use std::collections::VecDeque;

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, TimerId};

use super::config::Config;
use super::table::{self, Told};
use super::wire::{Msg, RouteReply, RouteRequest};
use super::{Aodv, Timer};
use crate::packet::{Dropped, Outcome, Packet};

/// How many requests a node remembers to have seen.
const MOST_REQUESTS: usize = 4096;

/// A route is sought.
#[derive(Debug)]
pub(super) struct Search {
    /// How far the last request went.
    ttl: u32,
    /// How many times one has gone through the whole network, without the first.
    repeats: u32,
    timer: TimerId,
}

impl Aodv {
    /// A packet of this node waits for a route.
    pub(super) fn wait(&mut self, ctx: &mut Ctx<'_, Self>, packet: Packet) {
        let config = ctx.config();
        if self.waiting.len() >= config.buffer
            && let Some(oldest) = self.waiting.pop_front()
        {
            ctx.emit(Outcome::Dropped(oldest, Dropped::Waited));
        }
        self.waiting.push_back(packet);
        if !self.searches.contains_key(&packet.to) {
            // Section 6.4: who was so far away before is sought a little further.
            let known = self.table.get(packet.to).map(|route| route.hops);
            let ttl = match (config.expanding_ring, known) {
                (Some(ring), None) => ring.start,
                (Some(ring), Some(hops)) => widened(config, hops.saturating_add(ring.increment)),
                (None, _) => config.net_diameter,
            };
            self.request(ctx, packet.to, ttl.min(config.net_diameter), 0);
        }
    }

    /// Section 6.3: asks for a route.
    fn request(&mut self, ctx: &mut Ctx<'_, Self>, to: NodeAddr, ttl: u32, repeats: u32) {
        let config = ctx.config();
        self.sequence = self.sequence.wrapping_add(1);
        self.request = self.request.wrapping_add(1);
        let name = (self.me, self.request);
        self.seen
            .is_new(name, ctx.now(), config.path_discovery_time(), MOST_REQUESTS);
        let request = RouteRequest {
            origin: self.me,
            origin_sequence: self.sequence,
            id: self.request,
            to,
            to_sequence: self.known_sequence(to),
            hops: 0,
            ttl,
        };
        self.broadcast(ctx, Msg::Request(request));
        let patience = if ttl < config.net_diameter {
            config.ring_traversal_time(ttl)
        } else {
            // Binary exponential back-off; 2^20 times any span is longer than runs are.
            config.net_traversal_time() * (1 << repeats.min(20))
        };
        let timer = ctx.set_timer(patience, Timer::Search(to));
        self.searches.insert(to, Search { ttl, repeats, timer });
    }

    /// No answer has come in time: further, again, or no more.
    pub(super) fn not_answered(&mut self, ctx: &mut Ctx<'_, Self>, to: NodeAddr) {
        let config = ctx.config();
        let Some(Search { ttl, repeats, .. }) = self.searches.remove(&to) else {
            return;
        };
        match config.expanding_ring {
            Some(ring) if ttl < config.net_diameter => {
                self.request(ctx, to, widened(config, ttl.saturating_add(ring.increment)), 0)
            }
            _ if repeats < config.rreq_retries => self.request(ctx, to, ttl, repeats + 1),
            _ => {
                for packet in self.take_waiting(to) {
                    ctx.emit(Outcome::Dropped(packet, Dropped::NoRoute));
                }
            }
        }
    }

    /// There is a route: packets that waited for it go.
    pub(super) fn found(&mut self, ctx: &mut Ctx<'_, Self>, to: NodeAddr) {
        if let Some(search) = self.searches.remove(&to) {
            ctx.cancel_timer(search.timer);
            for packet in self.take_waiting(to) {
                self.forward(ctx, None, packet);
            }
        }
    }

    fn take_waiting(&mut self, to: NodeAddr) -> VecDeque<Packet> {
        let (taken, left) = self.waiting.iter().partition(|packet| packet.to == to);
        self.waiting = left;
        taken
    }

    /// Section 6.5: somebody seeks a route.
    pub(super) fn on_request(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, request: RouteRequest) {
        let (config, now) = (ctx.config(), ctx.now());
        self.learn_neighbour(ctx, from, None);
        let name = (request.origin, request.id);
        if request.origin == self.me || !self.seen.is_new(name, now, config.path_discovery_time(), MOST_REQUESTS) {
            return;
        }
        let hops = request.hops + 1;
        let there_and_back = config.net_traversal_time() * 2;
        let expires = now + (there_and_back - config.node_traversal_time * 2 * u64::from(hops));
        let reverse = Told {
            next: from,
            hops,
            sequence: Some(request.origin_sequence),
            expires,
        };
        self.learn(ctx, request.origin, reverse);
        self.table.extend(request.origin, expires);
        if request.to == self.me {
            self.answer(ctx, &request);
        } else if !self.answer_for(ctx, from, &request) && request.ttl > 1 {
            let known = self.known_sequence(request.to);
            let to_sequence = match (request.to_sequence, known) {
                (Some(told), Some(known)) => Some(table::newer(told, known)),
                (told, known) => told.or(known),
            };
            let further = RouteRequest {
                to_sequence,
                hops,
                ttl: request.ttl - 1,
                ..request
            };
            self.broadcast(ctx, Msg::Request(further));
        }
    }

    /// Section 6.6.1: this node is sought.
    fn answer(&mut self, ctx: &mut Ctx<'_, Self>, request: &RouteRequest) {
        if let Some(told) = request.to_sequence {
            self.sequence = table::newer(self.sequence, told);
        }
        let reply = RouteReply {
            origin: request.origin,
            to: self.me,
            to_sequence: self.sequence,
            hops: 0,
            lifetime: ctx.config().active_route_timeout * 2,
        };
        self.send_back(ctx, reply);
    }

    /// Section 6.6.2: this node knows a route that is new enough. Whether it does.
    fn answer_for(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, request: &RouteRequest) -> bool {
        let known = self.table.valid(request.to).filter(|_| !ctx.config().destination_only);
        let Some((route, to_sequence)) = known.and_then(|route| Some((route, route.sequence?))) else {
            return false;
        };
        let is_asked = |least| table::is_newer(least, to_sequence);
        if request.to_sequence.is_some_and(is_asked) {
            return false;
        }
        let reply = RouteReply {
            origin: request.origin,
            to: request.to,
            to_sequence,
            hops: route.hops,
            lifetime: route.expires.since(ctx.now()),
        };
        let next = route.next;
        self.table.add_precursor(request.to, from);
        self.table.add_precursor(request.origin, next);
        self.send_back(ctx, reply);
        true
    }

    fn send_back(&mut self, ctx: &mut Ctx<'_, Self>, reply: RouteReply) {
        if let Some(back) = self.next_hop(reply.origin) {
            ctx.send(back, Msg::Reply(reply));
        }
    }

    /// Section 6.7: an answer comes by.
    pub(super) fn on_reply(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, reply: RouteReply) {
        if reply.to == self.me {
            return;
        }
        self.learn_neighbour(ctx, from, None);
        let now = ctx.now();
        let forward = Told {
            next: from,
            hops: reply.hops + 1,
            sequence: Some(reply.to_sequence),
            expires: now + reply.lifetime,
        };
        self.learn(ctx, reply.to, forward);
        if reply.origin != self.me {
            self.pass_on(ctx, &reply);
        }
    }

    /// The way on towards whoever sought, with what is known here by now: it may be better than what the answer says.
    fn pass_on(&mut self, ctx: &mut Ctx<'_, Self>, reply: &RouteReply) {
        let now = ctx.now();
        let known = self.table.valid(reply.to);
        let Some((route, to_sequence)) = known.and_then(|route| Some((route, route.sequence?))) else {
            return;
        };
        if table::is_newer(reply.to_sequence, to_sequence) {
            return;
        }
        let (next, hops, lifetime) = (route.next, route.hops, route.expires.since(now));
        if let Some(back) = self.next_hop(reply.origin) {
            self.table.add_precursor(reply.to, back);
            self.table.add_precursor(next, back);
            self.table.extend(reply.origin, now + ctx.config().active_route_timeout);
            let further = RouteReply {
                to_sequence,
                hops,
                lifetime,
                ..*reply
            };
            ctx.send(back, Msg::Reply(further));
        }
    }
}

/// How far a request goes that would go so far: through the whole network once it has passed the threshold.
fn widened(config: &Config, ttl: u32) -> u32 {
    match config.expanding_ring {
        Some(ring) if ttl <= ring.threshold => ttl.min(config.net_diameter),
        _ => config.net_diameter,
    }
}
