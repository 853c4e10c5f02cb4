//! What the world does to nodes.

use crate::protocol::{OperationId, Protocol};

/// How a node leaves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Departure {
    /// It is told, and may tell others ([`Protocol::on_stop`]).
    Graceful,
    /// It is gone, and nobody is told.
    Silent,
}

/// What the world did to a node, as observers see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WorldAct {
    /// It came up.
    Start,
    /// It left.
    Stop(Departure),
    /// It was asked for something.
    Command(OperationId),
}

/// Something the world does to a node.
pub(crate) enum Action<P: Protocol> {
    Start(P::Init),
    Stop(Departure),
    Command(OperationId, P::Command),
}
