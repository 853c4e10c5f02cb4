//! A shared medium during a run: where it is busy, and what waits for it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::Medium;
use crate::addr::NodeAddr;
use crate::time::{SimDuration, SimTime};
use crate::traffic::QueueTraffic;

/// A shared medium during a run, for frames that carry messages of some type.
///
/// A node at which something waits has one turn to come: at the end of what is on the air there, as far as that is known. If the medium
/// proves busy again by then, the turn comes later; who waits for the same moment has its turns in the order in which the first frames
/// were asked for.
pub(crate) struct Shared<M> {
    medium: Medium,
    nodes: Box<[AtNode<M>]>,
    turns: BinaryHeap<Reverse<Turn>>,
    /// How many frames have had to wait: it numbers them.
    asked: u64,
    traffic: QueueTraffic,
}

/// The medium at one node.
struct AtNode<M> {
    /// Until when something is on the air there.
    busy_until: SimTime,
    /// What waits there, in the order of sending, and the number of each.
    frames: VecDeque<(u64, Frame<M>)>,
    /// How long the bits of that take.
    backlog: SimDuration,
}

/// A frame that waits.
pub(crate) struct Frame<M> {
    /// For whom: for all neighbours if for nobody.
    pub(crate) to: Option<NodeAddr>,
    pub(crate) msg: M,
    /// Of the node that sends it.
    pub(crate) incarnation: u32,
    /// How long its bits take.
    pub(crate) airtime: SimDuration,
    /// Since when it waits.
    pub(crate) since: SimTime,
}

/// When a node looks whether the medium is idle: the first frame that waits there has this number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    time: SimTime,
    asked: u64,
    node: NodeAddr,
}

/// What becomes of a frame that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Admission {
    /// It goes on the air at once.
    Idle,
    /// It has to wait.
    Busy,
    /// It would have to wait too long, and is lost.
    Full,
}

impl<M> Shared<M> {
    pub(crate) fn new(medium: Medium, nodes: u32) -> Self {
        let idle = |_| AtNode {
            busy_until: SimTime::ZERO,
            frames: VecDeque::new(),
            backlog: SimDuration::ZERO,
        };
        Shared {
            medium,
            nodes: (0..nodes).map(idle).collect(),
            turns: BinaryHeap::new(),
            asked: 0,
            traffic: QueueTraffic::default(),
        }
    }

    /// What becomes of a frame that a node asks for now.
    pub(crate) fn admit(&mut self, node: NodeAddr, now: SimTime) -> Admission {
        let here = &self.nodes[node.index()];
        if here.frames.is_empty() && here.busy_until <= now {
            return Admission::Idle;
        }
        if here.busy_until.since(now) + here.backlog > self.medium.longest_wait {
            self.traffic.lost += 1;
            return Admission::Full;
        }
        Admission::Busy
    }

    /// A frame that was found to have to wait, does.
    pub(crate) fn wait(&mut self, node: NodeAddr, frame: Frame<M>) {
        let here = &mut self.nodes[node.index()];
        if here.frames.is_empty() {
            self.turns.push(Reverse(Turn {
                time: here.busy_until,
                asked: self.asked,
                node,
            }));
        }
        here.backlog += frame.airtime;
        here.frames.push_back((self.asked, frame));
        self.asked += 1;
    }

    /// When the next turn comes: before it nothing that waits goes on the air.
    pub(crate) fn next_turn(&self) -> Option<SimTime> {
        self.turns.peek().map(|Reverse(turn)| turn.time)
    }

    /// Has the next turn pass: at which node which frame is to be sent now, if the medium is idle there.
    pub(crate) fn turn(&mut self) -> Option<(SimTime, NodeAddr, Frame<M>)> {
        let Reverse(Turn { time, asked, node }) = self.turns.pop()?;
        let here = &mut self.nodes[node.index()];
        if here.busy_until > time {
            let time = here.busy_until;
            self.turns.push(Reverse(Turn { time, asked, node }));
            return None;
        }
        let (_, frame) = here.frames.pop_front()?;
        here.backlog = here.backlog - frame.airtime;
        // At once, because this frame may prove lost: if it is sent, that turn finds the medium busy.
        if let Some((asked, _)) = here.frames.front() {
            let asked = *asked;
            self.turns.push(Reverse(Turn { time, asked, node }));
        }
        Some((time, node, frame))
    }

    /// Whether a frame has waited too long; it is then lost.
    pub(crate) fn has_expired(&mut self, frame: &Frame<M>, now: SimTime) -> bool {
        let expired = now.since(frame.since) > self.medium.longest_wait;
        self.traffic.lost += u64::from(expired);
        expired
    }

    /// A node's frame, which has waited so long, is on the air for so long.
    pub(crate) fn occupy(
        &mut self,
        node: NodeAddr,
        hearing: impl Iterator<Item = NodeAddr>,
        now: SimTime,
        airtime: SimDuration,
        waited: SimDuration,
    ) {
        self.traffic.passed(waited);
        for node in hearing.chain([node]) {
            let until = &mut self.nodes[node.index()].busy_until;
            *until = (*until).max(now + airtime);
        }
    }

    pub(crate) fn traffic(&self) -> &QueueTraffic {
        &self.traffic
    }
}
