//! What the world does to nodes.

use crate::protocol::{LinkChange, OperationId, Protocol};

/// How a node leaves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Departure {
    /// It is told, and may tell others ([`Protocol::on_stop`]).
    Graceful,
    /// It is gone, and nobody is told.
    Silent,
}

/// Something the world does to a node.
pub(crate) enum Action<P: Protocol> {
    Start(P::Init),
    Stop(Departure),
    Command(OperationId, P::Command),
    Link(LinkChange<P::Addr>),
}
