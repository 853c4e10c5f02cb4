//! Scenario files of peerscope and the command that runs them.

pub mod churn_trace;
pub mod cli;
pub mod digest;
pub mod exit;
pub mod input;
pub mod lookup_trace;
pub mod matrix;
pub mod movement;
pub mod network_layers;
pub mod overlays;
pub mod progress;
pub mod registry;
pub mod report;
pub mod results;
pub mod run;
pub mod scenario;
pub mod sweep;
pub mod topology;
pub mod units;

pub use schemars;
