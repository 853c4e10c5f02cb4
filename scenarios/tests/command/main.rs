//! The command line as a user meets it.

mod bad_input;
mod cite;
mod conditions;
mod diff;
mod explain;
mod machines;
mod mutations;
mod nearest;
mod plot;
mod report;
mod results;
mod schema;
mod statistics;
mod support;
mod topology;
mod verify;
mod watch;
