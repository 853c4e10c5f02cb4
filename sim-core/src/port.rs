//! The engine as host of a node: where its messages, timers and events go.

use crate::addr::NodeAddr;
use crate::arena::Cancelled;
use crate::environment::Environment;
use crate::link_layer::{Busy, LinkLayer};
use crate::links::Links;
use crate::network::{Fate, Transmission};
use crate::observer::{Deed, Witness};
use crate::protocol::{Host, Protocol, TimerId, Wire};
use crate::queue::{Entry, EventKey, Queue, Source};
use crate::random::StreamKey;
use crate::time::SimDuration;
use crate::traffic::Traffic;

/// An event addressed to a node.
pub(crate) struct Envelope<P: Protocol> {
    pub(crate) to: NodeAddr,
    /// Whether it is a message that has yet to pass the access link of its receiver. A variant of the body would cost it the
    /// space that the messages of most protocols have left in their first bytes.
    pub(crate) at_link: bool,
    pub(crate) body: Body<P>,
}

/// What an event is.
pub(crate) enum Body<P: Protocol> {
    Message(P::Msg),
    Timer { incarnation: u32, timer: P::Timer },
}

/// Something a node told, and the event during which it did.
pub(crate) struct Told<E> {
    pub(crate) cause: EventKey,
    pub(crate) node: NodeAddr,
    pub(crate) event: E,
}

/// The engine as host of a node, for one call.
pub(crate) struct Port<'a, P: Protocol<Addr = NodeAddr>> {
    pub(crate) cause: EventKey,
    pub(crate) me: NodeAddr,
    pub(crate) local: std::ops::Range<u32>,
    pub(crate) counter: &'a mut u32,
    pub(crate) incarnation: u32,
    pub(crate) cancelled: &'a mut Option<Box<Cancelled>>,
    pub(crate) queue: &'a mut Queue<Envelope<P>>,
    pub(crate) outbox: &'a mut Vec<Entry<Envelope<P>>>,
    pub(crate) told: &'a mut Vec<Told<P::Event>>,
    pub(crate) traffic: &'a mut Traffic,
    pub(crate) links: Option<&'a mut Links>,
    pub(crate) busy: Option<&'a mut Busy>,
    pub(crate) environment: &'a Environment<P>,
    pub(crate) witness: Option<&'a mut dyn Witness<P>>,
}

impl<P: Protocol<Addr = NodeAddr>> Port<'_, P> {
    #[inline]
    fn transmit(&mut self, to: NodeAddr, bytes: u32) -> Fate {
        if to == self.me {
            return Fate::Arrives(SimDuration::NANOSECOND);
        }
        if !self.environment.split.has(to) {
            self.traffic.unreachable += 1;
            return Fate::Lost;
        }
        let fate = self.environment.network.transmit(&Transmission {
            now: self.cause.time,
            from: self.me,
            to,
            bytes,
            draw: self.draw(),
        });
        self.traffic.lost += u64::from(fate == Fate::Lost);
        fate
    }

    /// What becomes of a message that has to pass the sender's access link first.
    #[cold]
    fn transmit_over_link(&mut self, to: NodeAddr, bytes: u32) -> Fate {
        let Some(links) = &mut self.links else {
            return Fate::Lost;
        };
        let Some(until_sent) = links.send(self.me, self.cause.time, bytes) else {
            return Fate::Lost;
        };
        match self.transmit(to, bytes) {
            Fate::Arrives(delay) => Fate::Arrives(until_sent + delay),
            Fate::Lost => Fate::Lost,
        }
    }

    /// The randomness of what is sent next.
    #[inline]
    fn draw(&self) -> StreamKey {
        self.environment.network_streams.pair(self.me.0, *self.counter)
    }

    /// What becomes of a message to a neighbour, which is counted as often as it is sent.
    #[cold]
    fn transmit_to_neighbour(&mut self, layer: &LinkLayer, to: NodeAddr, kind: usize, bytes: u32) -> Fate {
        let draw = self.draw();
        let delay = match layer.wire(self.me, to) {
            Some(wire) => {
                self.traffic.sent(kind, bytes);
                wire.carry(draw)
            }
            None => {
                let airtime = layer.air().airtime(bytes);
                let (delay, times) = layer.air().for_one(airtime, draw);
                let Some(wait) = self.take_medium(layer, airtime * u64::from(times)) else {
                    self.traffic.sent(kind, bytes);
                    return Fate::Lost;
                };
                (0..times).for_each(|_| self.traffic.sent(kind, bytes));
                delay.map(|delay| wait + delay)
            }
        };
        self.traffic.lost += u64::from(delay.is_none());
        delay.map_or(Fate::Lost, Fate::Arrives)
    }

    /// How long this node has to wait for the medium; none if that is too long.
    fn take_medium(&mut self, layer: &LinkLayer, airtime: SimDuration) -> Option<SimDuration> {
        let Some(busy) = &mut self.busy else {
            return Some(SimDuration::ZERO);
        };
        let hearing = layer.neighbours(self.me).iter().copied();
        let hearing = hearing.filter(|node| layer.wire(self.me, *node).is_none());
        busy.take(self.me, hearing, self.cause.time, airtime)
    }

    /// Hands a message on that has met its fate.
    #[inline]
    fn dispatch(&mut self, to: NodeAddr, at_link: bool, msg: P::Msg, fate: Fate) {
        self.tell_witness(&Deed::Send { to, msg: &msg, fate });
        let Fate::Arrives(delay) = fate else {
            // A message that does not arrive has used its number all the same: that changes no other draw.
            *self.counter += 1;
            return;
        };
        let key = self.next_key(delay);
        let envelope = Envelope {
            to,
            at_link,
            body: Body::Message(msg),
        };
        if self.local.contains(&to.0) {
            self.queue.push(key, envelope);
        } else {
            self.outbox.push(Entry { key, item: envelope });
        }
    }

    #[inline]
    fn tell_witness(&mut self, deed: &Deed<'_, P>) {
        if let Some(witness) = &mut self.witness {
            witness.deed(self.cause.time, self.me, deed);
        }
    }

    #[inline]
    fn next_key(&mut self, delay: SimDuration) -> EventKey {
        let counter = *self.counter;
        *self.counter += 1;
        EventKey {
            time: self.cause.time + delay.max(SimDuration::NANOSECOND),
            source: Source::node(self.me),
            counter,
        }
    }
}

impl<P: Protocol<Addr = NodeAddr>> Host<P> for Port<'_, P> {
    fn send(&mut self, to: NodeAddr, msg: P::Msg) {
        let (kind, bytes) = (msg.kind(), msg.wire_bytes());
        let environment = self.environment;
        if let Some(layer) = &environment.links
            && layer.has_link(self.me, to)
        {
            let fate = self.transmit_to_neighbour(layer, to, kind, bytes);
            return self.dispatch(to, false, msg, fate);
        }
        self.traffic.sent(kind, bytes);
        let over_links = self.links.as_ref().is_some_and(|links| links.are_between(self.me, to));
        let fate = if over_links {
            self.transmit_over_link(to, bytes)
        } else {
            self.transmit(to, bytes)
        };
        self.dispatch(to, over_links, msg, fate);
    }

    fn broadcast(&mut self, msg: P::Msg) {
        let environment = self.environment;
        let Some(layer) = &environment.links else { return };
        let (bytes, neighbours) = (msg.wire_bytes(), layer.neighbours(self.me));
        // On the air it is one frame, however many hear it; on wires it is one for each.
        let wires = neighbours
            .iter()
            .filter(|to| layer.wire(self.me, **to).is_some())
            .count();
        // Who has only wires uses no radio; who has nobody at all calls into the air.
        let calls = wires == 0 || wires < neighbours.len();
        (0..wires + usize::from(calls)).for_each(|_| self.traffic.sent(msg.kind(), bytes));
        let airtime = layer.air().airtime(bytes);
        let on_air = if calls { self.take_medium(layer, airtime) } else { None };
        for to in neighbours {
            let draw = self.draw();
            let delay = match layer.wire(self.me, *to) {
                Some(wire) => wire.carry(draw),
                None => on_air.and_then(|wait| Some(wait + layer.air().for_all(airtime, draw)?)),
            };
            let refused = on_air.is_none() && layer.wire(self.me, *to).is_none();
            self.traffic.lost += u64::from(delay.is_none() && !refused);
            self.dispatch(*to, false, msg.clone(), delay.map_or(Fate::Lost, Fate::Arrives));
        }
    }

    fn links(&self) -> &[NodeAddr] {
        self.environment
            .links
            .as_ref()
            .map_or(&[], |links| links.neighbours(self.me))
    }

    fn set_timer(&mut self, delay: SimDuration, timer: P::Timer) -> TimerId {
        self.tell_witness(&Deed::SetTimer { delay, timer: &timer });
        let key = self.next_key(delay);
        let body = Body::Timer {
            incarnation: self.incarnation,
            timer,
        };
        let envelope = Envelope {
            to: self.me,
            at_link: false,
            body,
        };
        self.queue.push(key, envelope);
        TimerId {
            due: key.time,
            counter: key.counter,
        }
    }

    fn cancel_timer(&mut self, id: TimerId) {
        let now = self.cause.time;
        if id.due < now {
            return;
        }
        self.tell_witness(&Deed::CancelTimer(id.due));
        self.cancelled.get_or_insert_default().add(id, now);
    }

    fn emit(&mut self, event: P::Event) {
        self.tell_witness(&Deed::Emit(&event));
        self.told.push(Told {
            cause: self.cause,
            node: self.me,
            event,
        });
    }

    fn round_trip(&self, to: NodeAddr) -> Option<SimDuration> {
        if to == self.me || !self.environment.split.has(to) {
            return None;
        }
        let network = &self.environment.network;
        Some(network.direct_delay(self.me, to) + network.direct_delay(to, self.me))
    }

    fn routers(&self, to: NodeAddr) -> Option<u32> {
        let there = to != self.me && self.environment.split.has(to);
        there
            .then(|| self.environment.network.routers_between(self.me, to))
            .flatten()
    }
}
