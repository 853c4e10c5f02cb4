//! What the world does to nodes.

use crate::observer::Cause;
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

impl<P: Protocol> Action<P> {
    /// What a node is told of it.
    pub(crate) fn cause(&self) -> Cause<'_, P> {
        match self {
            Action::Start(_) => Cause::Start,
            Action::Stop(departure) => Cause::Stop(*departure),
            Action::Command(operation, command) => Cause::Command {
                operation: *operation,
                command,
            },
            Action::Link(change) => Cause::Link(*change),
        }
    }
}
