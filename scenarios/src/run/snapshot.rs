//! The overlay at one instant: who is there, and whom each node knows.

use super::label::Label;
use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;
use sim_core::time::SimTime;

/// The overlay at one instant.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// When.
    pub time: SimTime,
    /// The nodes that are up, by address.
    pub nodes: Vec<SeenNode>,
    /// Whom they know.
    pub links: Vec<SeenLink>,
}

/// A node that is up.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SeenNode {
    /// Its address.
    pub addr: NodeAddr,
    /// Its identifier.
    pub id: u128,
    /// Where its identifier lies among all that there can be, from 0 to 1.
    pub turn: f64,
    /// Whether it is a member.
    pub member: bool,
}

/// Somebody known to a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SeenLink {
    /// The node that knows.
    pub from: NodeAddr,
    /// The node that is known. It need not be up.
    pub to: NodeAddr,
    /// What it is to the first: `successor`, `finger`.
    pub kind: Label,
}
