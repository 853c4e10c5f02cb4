//! How data pass a node, where forwarding costs something (see [`delivery`](crate::xbone::delivery)).

use sim_core::addr::NodeAddr;
use sim_core::protocol::Ctx;
use sim_core::time::SimDuration;

use super::Daemon;
use crate::layer::Part;
use crate::xbone::delivery::{Delivery, Taken, Work};
use crate::xbone::event::{Dropped, Event};
use crate::xbone::forwarding::Forwarder;
use crate::xbone::wire::Tunnelled;
use crate::xbone::{Driver, Timer, XBone};

impl<C: Driver> Daemon<C> {
    /// What forwarding this message costs, if anything.
    fn charged<'a>(ctx: &Ctx<'a, XBone<C>>, inner: &C::Msg) -> Option<&'a Delivery> {
        let delivery = ctx.config().own.forwarding.as_ref()?;
        C::carries_data(inner).then_some(delivery)
    }

    /// A packet of the overlay has arrived.
    pub(in crate::xbone) fn arrived(&mut self, ctx: &mut Ctx<'_, XBone<C>>, from: NodeAddr, packet: Tunnelled<C::Msg>) {
        match Self::charged(ctx, &packet.inner) {
            Some(delivery) if from != self.me => self.take_on(ctx, delivery, Work::Receive(from, packet)),
            _ => self.packet(ctx, from, packet),
        }
    }

    /// Sends something through a tunnel that stands.
    pub(super) fn transmit(&mut self, ctx: &mut Ctx<'_, XBone<C>>, to: NodeAddr, inner: C::Msg) {
        match Self::charged(ctx, &inner) {
            Some(delivery) => self.take_on(ctx, delivery, Work::Send(to, inner)),
            None => self.put_through(ctx, to, inner),
        }
    }

    fn take_on(&mut self, ctx: &mut Ctx<'_, XBone<C>>, delivery: &Delivery, work: Work<C::Msg>) {
        match self.processor.take_on(delivery, work) {
            Taken::Begun(takes) => Self::process(ctx, takes),
            Taken::Waits => {}
            Taken::Lost => ctx.emit(Part::Own(Event::Dropped(Dropped::QueueFull))),
        }
    }

    fn process(ctx: &mut Ctx<'_, XBone<C>>, takes: SimDuration) {
        ctx.set_timer(takes, Part::Own(Timer::Processed));
    }

    /// The processor is done with something.
    pub(in crate::xbone) fn processed(&mut self, ctx: &mut Ctx<'_, XBone<C>>) {
        match self.processor.done() {
            Some(Work::Receive(from, packet)) => self.packet(ctx, from, packet),
            Some(Work::Send(to, inner)) => self.put_on_line(ctx, to, inner),
            None => {}
        }
    }

    /// It turns to what waits.
    pub(in crate::xbone) fn process_next(&mut self, ctx: &mut Ctx<'_, XBone<C>>) {
        if let Some(delivery) = &ctx.config().own.forwarding
            && let Some(takes) = self.processor.next(delivery)
        {
            Self::process(ctx, takes);
        }
    }

    /// A message leaves the processor: over TCP, a connection is opened for it first.
    fn put_on_line(&mut self, ctx: &mut Ctx<'_, XBone<C>>, to: NodeAddr, inner: C::Msg) {
        let by = ctx.config().own.forwarding.map(|delivery| delivery.way.forwarder);
        let handshake = match by {
            Some(Forwarder::Tcp) => ctx.round_trip(to),
            _ => None,
        };
        match handshake {
            Some(handshake) => {
                let number = self.processor.connect(to, inner);
                ctx.set_timer(handshake, Part::Own(Timer::Connected(number)));
            }
            None => self.put_through_or_wait(ctx, to, inner),
        }
    }

    /// The connection for a message is open.
    pub(in crate::xbone) fn connected(&mut self, ctx: &mut Ctx<'_, XBone<C>>, number: u32) {
        if let Some((to, inner)) = self.processor.connected(number) {
            self.put_through_or_wait(ctx, to, inner);
        }
    }

    /// The tunnel may have gone meanwhile: then the message waits for another one, as any other does.
    fn put_through_or_wait(&mut self, ctx: &mut Ctx<'_, XBone<C>>, to: NodeAddr, inner: C::Msg) {
        if self.reaches(to) {
            self.put_through(ctx, to, inner);
        } else {
            self.send(ctx, to, inner);
        }
    }
}
