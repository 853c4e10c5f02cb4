//! The command line as a user meets it.

mod bad_input;
mod churn;
mod cite;
mod conditions;
mod diff;
mod explain;
mod key_based;
mod link_failures;
mod machines;
mod mutations;
mod named_values;
mod nearest;
mod plot;
mod report;
mod results;
mod schema;
mod statistics;
mod storage;
mod support;
mod topology;
mod topology_command;
mod verify;
mod watch;
mod workload;
mod xbone;
