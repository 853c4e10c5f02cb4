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
    /// Its identifier, or its address where nodes have addresses of their own, in digits.
    pub id: String,
    /// Where that lies among all that there can be, from 0 to 1.
    pub turn: f64,
    /// Where the node is, if it is anywhere.
    pub place: Option<(f64, f64)>,
    /// What sets it apart: `member` or `joining`, or the area of its address.
    pub state: String,
}

/// Somebody known to a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SeenLink {
    /// The node that knows.
    pub from: NodeAddr,
    /// The node that is known. It need not be up.
    pub to: NodeAddr,
    /// What it is to the first: `successor`, `finger`; or what kind of link there is.
    pub kind: Label,
}
