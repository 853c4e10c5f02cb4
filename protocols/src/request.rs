//! Requests that wait for an answer: named, timed and tried again.
//!
//! A node that asks opens a request, sends the message under the request's name, and closes it when the answer comes.
//! The time-out tells it to send the message again, or that nobody answers. An answer that matches no open request is
//! late, or forged, and is not used.

use sim_core::addr::Address;
use sim_core::protocol::{Ctx, Protocol, TimerId};
use sim_core::random::StreamKey;
use sim_core::time::SimDuration;

/// The name of a request, chosen by who asks and repeated in the answer. Unique among a node's own requests; an
/// answer is matched by its sender too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RequestId(pub u32);

/// How long to wait for an answer, and how often to ask again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// The time from asking to the time-out.
    pub timeout: SimDuration,
    /// How many times the same node is asked again before it counts as dead.
    pub retries: u8,
}

/// The open requests of a node, each with what it is for.
#[derive(Debug)]
pub struct Requests<A, T> {
    next: u32,
    open: Vec<Open<A, T>>,
}

#[derive(Debug)]
struct Open<A, T> {
    id: RequestId,
    /// Who is asked.
    to: A,
    timer: TimerId,
    retries_left: u8,
    purpose: T,
}

/// What a time-out means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expired<A, T> {
    /// Send the same message to the same node again; the time-out has been set anew.
    Again {
        /// Whom to ask.
        to: A,
        /// What the request is for.
        purpose: T,
    },
    /// The node has not answered once.
    GivenUp {
        /// Who was asked.
        to: A,
        /// What the request was for.
        purpose: T,
    },
    /// The request has been closed already.
    Closed,
}

impl<A, T> Requests<A, T> {
    /// No request open. The streams are those of the node's incarnation, and name its first request: a node that
    /// returns to its address must not take an answer to its former self for one of its own.
    pub fn new(streams: StreamKey) -> Self {
        Requests {
            next: streams.purpose("first request").bits() as u32,
            open: Vec::new(),
        }
    }
}

impl<A: Address, T: Copy> Requests<A, T> {
    /// Opens a request and sets its time-out, which comes back as `timer(id)`. The caller sends the message.
    pub fn open<P: Protocol>(
        &mut self,
        ctx: &mut Ctx<'_, P>,
        to: A,
        purpose: T,
        patience: Patience,
        timer: fn(RequestId) -> P::Timer,
    ) -> RequestId {
        let id = RequestId(self.next);
        self.next = self.next.wrapping_add(1);
        let timer = ctx.set_timer(patience.timeout, timer(id));
        if self.open.len() == self.open.capacity() {
            // Few requests are open at a time, and there may be a million nodes.
            self.open.reserve_exact(2);
        }
        self.open.push(Open {
            id,
            to,
            timer,
            retries_left: patience.retries,
            purpose,
        });
        id
    }

    /// The answer of `from` has come: forgets the request, cancels its time-out and says what it was for; nothing if
    /// no such request is open to that node.
    pub fn close<P: Protocol>(&mut self, ctx: &mut Ctx<'_, P>, id: RequestId, from: A) -> Option<T> {
        let at = self.open.iter().position(|open| open.id == id && open.to == from)?;
        Some(self.remove(ctx, at))
    }

    /// The answer has come from a node that need not be the one that was asked: of a request that is passed on.
    pub fn close_forwarded<P: Protocol>(&mut self, ctx: &mut Ctx<'_, P>, id: RequestId) -> Option<T> {
        let at = self.open.iter().position(|open| open.id == id)?;
        Some(self.remove(ctx, at))
    }

    fn remove<P: Protocol>(&mut self, ctx: &mut Ctx<'_, P>, at: usize) -> T {
        let open = self.open.swap_remove(at);
        ctx.cancel_timer(open.timer);
        open.purpose
    }

    /// The time-out of a request has come.
    pub fn expire<P: Protocol>(
        &mut self,
        ctx: &mut Ctx<'_, P>,
        id: RequestId,
        patience: Patience,
        timer: fn(RequestId) -> P::Timer,
    ) -> Expired<A, T> {
        let Some(at) = self.open.iter().position(|open| open.id == id) else {
            return Expired::Closed;
        };
        let open = &mut self.open[at];
        let (to, purpose) = (open.to, open.purpose);
        match open.retries_left.checked_sub(1) {
            Some(left) => {
                open.retries_left = left;
                open.timer = ctx.set_timer(patience.timeout, timer(id));
                Expired::Again { to, purpose }
            }
            None => {
                self.open.swap_remove(at);
                Expired::GivenUp { to, purpose }
            }
        }
    }

    /// What an open request is for.
    pub fn purpose(&self, id: RequestId) -> Option<T> {
        Some(self.open.iter().find(|open| open.id == id)?.purpose)
    }

    /// Whether a request for such a purpose is open.
    pub fn any(&self, mut test: impl FnMut(&T) -> bool) -> bool {
        self.open.iter().any(|open| test(&open.purpose))
    }

    /// Gives back what is allocated and not used, after a time in which many requests were open.
    pub(crate) fn shrink(&mut self) {
        self.open.shrink_to_fit();
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.open.capacity() * size_of::<Open<A, T>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::addr::NodeAddr;
    use sim_core::protocol::{OperationId, Wire};
    use sim_core::recorder::{Effect, Recorder};

    /// Asks n1 when commanded, and tells what becomes of it.
    #[derive(Debug)]
    struct Asker(Requests<NodeAddr, char>);

    #[derive(Clone, PartialEq, Eq, Hash, Debug)]
    struct Answer(u32);

    impl Wire for Answer {
        const KINDS: usize = 1;
        fn kind(&self) -> usize {
            0
        }
        fn kind_name(_: usize) -> &'static str {
            "answer"
        }
        fn wire_bytes(&self) -> u32 {
            20
        }
    }

    const PATIENCE: Patience = Patience {
        timeout: SimDuration::from_millis(500),
        retries: 1,
    };

    fn timer(id: RequestId) -> u32 {
        id.0
    }

    impl Protocol for Asker {
        type Addr = NodeAddr;
        type Init = ();
        type Config = ();
        type Msg = Answer;
        type Timer = u32;
        type Command = char;
        type Event = (bool, Option<char>);

        fn new(_: NodeAddr, (): (), (): &(), streams: StreamKey) -> Self {
            Asker(Requests {
                next: 0,
                ..Requests::new(streams)
            })
        }
        fn on_start(&mut self, _: &mut Ctx<'_, Self>) {}
        fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, msg: Answer) {
            let purpose = self.0.close(ctx, RequestId(msg.0), from);
            ctx.emit((true, purpose));
        }
        fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, id: u32) {
            match self.0.expire(ctx, RequestId(id), PATIENCE, timer) {
                Expired::Again { to, .. } => ctx.send(to, Answer(id)),
                Expired::GivenUp { purpose, .. } => ctx.emit((false, Some(purpose))),
                Expired::Closed => ctx.emit((false, None)),
            }
        }
        fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, _: OperationId, purpose: char) {
            self.0.open(ctx, NodeAddr(1), purpose, PATIENCE, timer);
        }
        fn on_stop(&mut self, _: &mut Ctx<'_, Self>) {}
    }

    fn asker() -> Recorder<Asker> {
        let mut asker = Recorder::new(NodeAddr(0), (), (), 1);
        for purpose in ['a', 'b'] {
            asker.command(OperationId(0), purpose);
        }
        asker
    }

    /// What was told upward, if nothing else was done.
    fn told(effects: Vec<Effect<Asker>>) -> Vec<(bool, Option<char>)> {
        effects
            .into_iter()
            .map(|effect| match effect {
                Effect::Emit(event) => event,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn an_answer_closes_its_own_request_and_cancels_the_time_out() {
        let mut asker = asker();
        let effects = asker.message(NodeAddr(1), Answer(1));
        assert!(
            matches!(effects[..], [Effect::CancelTimer(_), Effect::Emit((true, Some('b')))]),
            "{effects:?}"
        );
        assert_eq!(
            told(asker.message(NodeAddr(1), Answer(1))),
            [(true, None)],
            "an answer counts once"
        );
        assert!(
            asker.node.0.any(|purpose| *purpose == 'a'),
            "the other request is still open"
        );
    }

    #[test]
    fn an_answer_from_another_node_is_not_taken() {
        assert_eq!(told(asker().message(NodeAddr(2), Answer(0))), [(true, None)]);
    }

    #[test]
    fn incarnations_do_not_share_the_names_of_their_requests() {
        let first = |incarnation| Requests::<NodeAddr, char>::new(StreamKey::root(1, 0).index(incarnation)).next;
        assert_ne!(first(1), first(2));
    }

    #[test]
    fn a_time_out_asks_again_and_then_gives_up() {
        let mut asker = asker();
        let effects = asker.timer(0);
        assert!(
            matches!(
                effects[..],
                [Effect::SetTimer { timer: 0, .. }, Effect::Send { to: NodeAddr(1), .. }]
            ),
            "{effects:?}"
        );
        assert_eq!(told(asker.timer(0)), [(false, Some('a'))]);
        assert_eq!(told(asker.timer(0)), [(false, None)]);
    }
}
