//! What nodes ask of a network layer that knows groups: messages to one member of a group, or to all of them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

use super::packets::{Span, packet_bytes, size, span};
use crate::input::{Document, InputError};
use crate::units::{Bytes, Duration, Rate, written, written_bytes};

/// The most groups that there may be, and the most members of all of them together.
const LIMIT: u32 = 1_000_000;

/// Messages to groups of nodes. The members of each group are random nodes, which join it whenever they come.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGroups {
    /// How many groups there are.
    #[schemars(range(min = 1, max = LIMIT))]
    count: u32,
    /// How many nodes each has: more than one group can have the same.
    #[schemars(range(min = 1, max = LIMIT))]
    members: u32,
    /// To whom messages go.
    kind: GroupKind,
    /// The first may be sent now; what is sent and counted before does not count.
    start: Duration,
    /// None is sent from here on; the end of the run where it is left out.
    until: Option<Duration>,
    /// How many each node that is up sends: a Poisson process, each message to a random group.
    rate: Rate,
    /// How many bytes a message carries, headers not counted.
    #[serde(default = "size")]
    size: Bytes,
    /// How long a message may be on its way to a member: what has not arrived by then, and of which nobody said what became of it, is
    /// lost; 30s where it is left out.
    patience: Option<Duration>,
}

/// To which members of a group messages go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// To one of them, if it can be to the nearest. Nodes send to groups that they are no members of.
    Anycast,
    /// To all of them but the sender.
    Multicast,
}

/// Groups and the messages to them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Groups {
    /// When messages are sent.
    pub span: Span,
    /// How many groups there are.
    pub count: u32,
    /// How many nodes each has.
    pub members: u32,
    /// To which members messages go.
    pub kind: GroupKind,
    /// How many messages a second and node.
    pub rate: f64,
    /// How many bytes each carries.
    pub bytes: u32,
}

impl Groups {
    /// How many members are to be expected to get a message of so many nodes that are up all the time.
    pub fn expected(&self, nodes: u32) -> f64 {
        let messages = f64::from(nodes) * self.rate * self.span.until.since(self.span.start).as_secs_f64();
        // A message is remembered with all members that it may reach.
        messages * f64::from(self.members)
    }
}

impl fmt::Display for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bytes, pause) = (
            written_bytes(self.bytes.into()),
            written(SimDuration::from_secs_f64(1.0 / self.rate)),
        );
        let whom = match self.kind {
            GroupKind::Anycast => "one member",
            GroupKind::Multicast => "all members",
        };
        write!(
            f,
            "{}, of {bytes}, one in {pause} from each node at random times, to {whom} of one of {} groups of {} nodes",
            self.span, self.count, self.members
        )
    }
}

/// The groups of a scenario with so many nodes that ends at `end`.
pub(super) fn groups(raw: &RawGroups, nodes: u32, end: SimTime, document: &Document) -> Result<Groups, InputError> {
    const KEY: &str = "workload.groups";
    let complain = |key: &str, message: String| document.error_at(&format!("{KEY}.{key}"), message);
    let span = span(KEY, raw.start, raw.until, raw.patience, end, document)?;
    // Somebody must be left to send.
    let (least, most) = match raw.kind {
        GroupKind::Anycast => (1, nodes.saturating_sub(1)),
        GroupKind::Multicast => (2, nodes),
    };
    if !(least..=most).contains(&raw.members) {
        let message = format!(
            "expected between {least} and {most} members of {nodes} nodes, found {}",
            raw.members
        );
        let why = match raw.kind {
            GroupKind::Anycast => "somebody who is no member must be there to send",
            GroupKind::Multicast => "somebody else must be there to be reached",
        };
        return Err(complain("members", message).labelled(why));
    }
    if raw.count == 0 || u64::from(raw.count) * u64::from(raw.members) > u64::from(LIMIT) {
        let message = format!(
            "expected between 1 and {} groups of {} members, found {}",
            LIMIT / raw.members,
            raw.members,
            raw.count
        );
        return Err(complain("count", message));
    }
    Ok(Groups {
        span,
        count: raw.count,
        members: raw.members,
        kind: raw.kind,
        rate: raw.rate.per_second(),
        bytes: packet_bytes(raw.size, &format!("{KEY}.size"), document)?,
    })
}
