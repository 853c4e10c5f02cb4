//! The deterministic discrete-event engine of peerscope.

pub mod addr;
pub mod churn;
pub mod distribution;
pub mod fingerprint;
pub mod math;
pub mod network;
pub mod observer;
mod partition;
pub mod protocol;
pub mod queue;
pub mod random;
mod read_ahead;
pub mod recorder;
pub mod simulation;
pub mod time;
pub mod traffic;
pub mod world;
pub use partition::Nodes;
