//! What nodes saw and did, event by event.

use std::fmt::Debug;

use sim_core::addr::NodeAddr;
use sim_core::network::Fate;
use sim_core::observer::{Cause, Deed, Observer, Step};
use sim_core::protocol::{LinkChange, Protocol, Wire};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::Departure;

/// Which part of a run is traced.
#[derive(Clone, Debug)]
pub struct Window {
    /// The nodes; all if there is none.
    pub nodes: Vec<NodeAddr>,
    /// From when on.
    pub from: SimTime,
    /// Until when, that instant excluded.
    pub until: SimTime,
}

impl Window {
    fn shows(&self, time: SimTime, node: NodeAddr) -> bool {
        (self.from..self.until).contains(&time) && (self.nodes.is_empty() || self.nodes.contains(&node))
    }
}

/// Something a node saw or did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// When.
    pub time: SimTime,
    /// Which node.
    pub node: NodeAddr,
    /// What it saw or did.
    pub what: What,
}

/// What a node saw or did. Texts are the protocol's own words: what its types print for debugging.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// It came up.
    Started,
    /// It left.
    Left(Departure),
    /// It was asked for something.
    Asked {
        /// The number of the operation.
        operation: u64,
        /// What for.
        command: String,
    },
    /// It received a message.
    Received {
        /// From whom.
        from: NodeAddr,
        /// The kind of message, as the table `messages` names it.
        kind: &'static str,
        /// The message.
        message: String,
    },
    /// A timer was due.
    Timer(String),
    /// A link of it came up or went down.
    Link(LinkChange<NodeAddr>),
    /// It sent a message.
    Sent {
        /// To whom.
        to: NodeAddr,
        /// The kind of message, as the table `messages` names it.
        kind: &'static str,
        /// The message.
        message: String,
        /// Its size on the wire.
        bytes: u32,
        /// How long it takes, unless it is lost; where it may have to wait at the receiver's access link, how long until it
        /// comes there.
        delay: Option<SimDuration>,
    },
    /// It sent a message that has to wait for a shared medium; that it is sent then, or lost, follows, for each who hears it.
    Waits {
        /// To whom: to all neighbours if to nobody.
        to: Option<NodeAddr>,
        /// The kind of message, as the table `messages` names it.
        kind: &'static str,
        /// The message.
        message: String,
        /// Its size on the wire.
        bytes: u32,
    },
    /// It set a timer.
    TimerSet {
        /// How far ahead.
        delay: SimDuration,
        /// What it will be told.
        timer: String,
    },
    /// It cancelled the timer that was due at this time.
    TimerCancelled(SimTime),
    /// It told the world something.
    Told(String),
}

impl What {
    /// Whether the node saw this, as opposed to did it.
    pub fn is_seen(&self) -> bool {
        matches!(
            self,
            What::Started | What::Left(_) | What::Asked { .. } | What::Received { .. } | What::Timer(_) | What::Link(_)
        )
    }
}

/// Hands over, line by line, what happens inside a window.
pub(super) struct Tracer<'a> {
    pub(super) window: Window,
    pub(super) sink: &'a mut dyn FnMut(Line),
}

impl<P> Observer<P> for Tracer<'_>
where
    P: Protocol<Addr = NodeAddr, Msg: Debug, Timer: Debug, Command: Debug, Event: Debug>,
{
    fn event(&mut self, step: &Step<'_, P>) {
        if !self.window.shows(step.time, step.node) {
            return;
        }
        let what = match &step.cause {
            Cause::Message { from, msg } => What::Received {
                from: *from,
                kind: P::Msg::kind_name(msg.kind()),
                message: format!("{msg:?}"),
            },
            Cause::Timer(timer) => What::Timer(format!("{timer:?}")),
            Cause::Start => What::Started,
            Cause::Stop(departure) => What::Left(*departure),
            Cause::Command { operation, command } => What::Asked {
                operation: operation.0,
                command: format!("{command:?}"),
            },
            Cause::Link(change) => What::Link(*change),
        };
        (self.sink)(Line {
            time: step.time,
            node: step.node,
            what,
        });
    }

    fn deed(&mut self, time: SimTime, node: NodeAddr, deed: &Deed<'_, P>) {
        if !self.window.shows(time, node) {
            return;
        }
        let what = match deed {
            Deed::Wait { to, msg } => What::Waits {
                to: *to,
                kind: P::Msg::kind_name(msg.kind()),
                message: format!("{msg:?}"),
                bytes: msg.wire_bytes(),
            },
            Deed::Send { to, msg, fate } | Deed::Waited { to, msg, fate } => What::Sent {
                to: *to,
                kind: P::Msg::kind_name(msg.kind()),
                message: format!("{msg:?}"),
                bytes: msg.wire_bytes(),
                delay: match fate {
                    Fate::Arrives(delay) => Some(*delay),
                    Fate::Lost => None,
                },
            },
            Deed::SetTimer { delay, timer } => What::TimerSet {
                delay: *delay,
                timer: format!("{timer:?}"),
            },
            Deed::CancelTimer(due) => What::TimerCancelled(*due),
            Deed::Emit(event) => What::Told(format!("{event:?}")),
        };
        (self.sink)(Line { time, node, what });
    }
}
