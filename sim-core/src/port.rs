//! The engine as host of a node: where its messages, timers and events go.

use crate::addr::NodeAddr;
use crate::arena::Cancelled;
use crate::environment::Environment;
use crate::link_layer::{Admission, Frame, LinkLayer, Shared};
use crate::links::Links;
use crate::network::{Fate, Transmission};
use crate::observer::{Cause, Deed, Witness};
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

impl<P: Protocol<Addr = NodeAddr>> Envelope<P> {
    /// What a node is told of it.
    pub(crate) fn cause(&self, source: Source) -> Cause<'_, P> {
        match &self.body {
            Body::Message(msg) => Cause::Message {
                from: source.addr().unwrap_or(self.to),
                msg,
            },
            Body::Timer { timer, .. } => Cause::Timer(timer),
        }
    }
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
    pub(crate) medium: Option<&'a mut Shared<P::Msg>>,
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

    /// Sends a message to a neighbour.
    #[cold]
    fn send_to_neighbour(&mut self, layer: &LinkLayer, to: NodeAddr, msg: P::Msg) {
        let (kind, bytes) = (msg.kind(), msg.wire_bytes());
        let fate = match layer.wire(self.me, to) {
            Some(wire) => {
                self.traffic.sent(kind, bytes);
                self.counted(wire.carry(self.draw()))
            }
            None => match self.ask_for_medium() {
                Admission::Idle => self.send_on_air(layer, to, &msg, SimDuration::ZERO),
                Admission::Busy => return self.wait_for_medium(layer, Some(to), msg),
                Admission::Full => {
                    self.traffic.sent(kind, bytes);
                    Fate::Lost
                }
            },
        };
        self.dispatch(to, false, msg, fate);
    }

    /// Sends a frame to a neighbour on the air, where the medium is idle after so long a wait. It is counted as often as it is sent.
    fn send_on_air(&mut self, layer: &LinkLayer, to: NodeAddr, msg: &P::Msg, waited: SimDuration) -> Fate {
        debug_assert!(layer.has_link(self.me, to));
        let (kind, bytes) = (msg.kind(), msg.wire_bytes());
        let airtime = layer.air().airtime(bytes);
        let (delay, times) = layer.air().for_one(airtime, self.draw());
        (0..times).for_each(|_| self.traffic.sent(kind, bytes));
        self.occupy_medium(layer, airtime * u64::from(times), waited);
        self.counted(delay)
    }

    /// What becomes of a frame that takes so long, or is lost on its way.
    fn counted(&mut self, delay: Option<SimDuration>) -> Fate {
        self.traffic.lost += u64::from(delay.is_none());
        delay.map_or(Fate::Lost, Fate::Arrives)
    }

    /// Whether this node may send on the air now.
    fn ask_for_medium(&mut self) -> Admission {
        let asked = self
            .medium
            .as_mut()
            .map(|medium| medium.admit(self.me, self.cause.time));
        asked.unwrap_or(Admission::Idle)
    }

    /// Keeps a frame until its turn comes.
    fn wait_for_medium(&mut self, layer: &LinkLayer, to: Option<NodeAddr>, msg: P::Msg) {
        self.tell_witness(&Deed::Wait { to, msg: &msg });
        let frame = Frame {
            to,
            incarnation: self.incarnation,
            airtime: layer.air().airtime(msg.wire_bytes()),
            since: self.cause.time,
            msg,
        };
        if let Some(medium) = &mut self.medium {
            medium.wait(self.me, frame);
        }
    }

    /// Something of this node that has waited so long is on the air for so long.
    fn occupy_medium(&mut self, layer: &LinkLayer, airtime: SimDuration, waited: SimDuration) {
        if let Some(medium) = &mut self.medium {
            let hearing = layer.neighbours(self.me).iter().copied();
            let hearing = hearing.filter(|node| layer.wire(self.me, *node).is_none());
            medium.occupy(self.me, hearing, self.cause.time, airtime, waited);
        }
    }

    /// Calls into the air, after so long a wait, what all hear who are neighbours by radio.
    fn call(&mut self, layer: &LinkLayer, msg: &P::Msg, waited: SimDuration) {
        let bytes = msg.wire_bytes();
        self.traffic.sent(msg.kind(), bytes);
        self.occupy_medium(layer, layer.air().airtime(bytes), waited);
    }

    /// The turn of a frame of this node has come: who hears it is who is there now.
    pub(crate) fn take_turn(&mut self, frame: Frame<P::Msg>) {
        let (environment, now) = (self.environment, self.cause.time);
        let Some(layer) = &environment.links else { return };
        let expired = self
            .medium
            .as_mut()
            .is_some_and(|medium| medium.has_expired(&frame, now));
        let waited = now.since(frame.since);
        let Frame { to, msg, .. } = frame;
        let gone = frame.incarnation != self.incarnation || to.is_some_and(|to| !layer.has_link(self.me, to));
        let lost = expired || gone;
        if lost {
            self.traffic.sent(msg.kind(), msg.wire_bytes());
            // What has expired counts as lost at the medium.
            self.traffic.lost += u64::from(!expired);
        }
        match to {
            Some(to) if lost => self.end_wait(to, msg, Fate::Lost),
            Some(to) => {
                let fate = self.send_on_air(layer, to, &msg, waited);
                self.end_wait(to, msg, fate);
            }
            None => {
                if !lost {
                    self.call(layer, &msg, waited);
                }
                let (me, airtime) = (self.me, layer.air().airtime(msg.wire_bytes()));
                let neighbours = layer.neighbours(me).iter().copied();
                for to in neighbours.filter(|to| layer.wire(me, *to).is_none()) {
                    let fate = match lost {
                        true => Fate::Lost,
                        false => self.counted(layer.air().for_all(airtime, self.draw())),
                    };
                    self.end_wait(to, msg.clone(), fate);
                }
            }
        }
    }

    /// Hands a message on that had to wait for the medium.
    fn end_wait(&mut self, to: NodeAddr, msg: P::Msg, fate: Fate) {
        self.tell_witness(&Deed::Waited { to, msg: &msg, fate });
        self.carry(to, false, msg, fate);
    }

    /// Hands a message on that has met its fate.
    #[inline]
    fn dispatch(&mut self, to: NodeAddr, at_link: bool, msg: P::Msg, fate: Fate) {
        self.tell_witness(&Deed::Send { to, msg: &msg, fate });
        self.carry(to, at_link, msg, fate);
    }

    /// Has a message arrive that is not lost.
    #[inline]
    fn carry(&mut self, to: NodeAddr, at_link: bool, msg: P::Msg, fate: Fate) {
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
        let environment = self.environment;
        if let Some(layer) = &environment.links
            && layer.has_link(self.me, to)
        {
            return self.send_to_neighbour(layer, to, msg);
        }
        let bytes = msg.wire_bytes();
        self.traffic.sent(msg.kind(), bytes);
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
        let (kind, bytes, neighbours) = (msg.kind(), msg.wire_bytes(), layer.neighbours(self.me));
        // On the air it is one frame, however many hear it; on wires it is one for each.
        let wires = neighbours
            .iter()
            .filter(|to| layer.wire(self.me, **to).is_some())
            .count();
        (0..wires).for_each(|_| self.traffic.sent(kind, bytes));
        // Who has only wires uses no radio; who has nobody at all calls into the air.
        let calls = wires == 0 || wires < neighbours.len();
        let admission = calls.then(|| self.ask_for_medium());
        match admission {
            Some(Admission::Idle) => self.call(layer, &msg, SimDuration::ZERO),
            Some(Admission::Full) => self.traffic.sent(kind, bytes),
            Some(Admission::Busy) | None => {}
        }
        let airtime = layer.air().airtime(bytes);
        for to in neighbours {
            let draw = self.draw();
            let fate = match (layer.wire(self.me, *to), admission) {
                (Some(wire), _) => self.counted(wire.carry(draw)),
                (None, Some(Admission::Idle)) => self.counted(layer.air().for_all(airtime, draw)),
                (None, Some(Admission::Full) | None) => Fate::Lost,
                (None, Some(Admission::Busy)) => continue,
            };
            self.dispatch(*to, false, msg.clone(), fate);
        }
        if admission == Some(Admission::Busy) {
            self.wait_for_medium(layer, None, msg);
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
