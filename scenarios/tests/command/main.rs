//! The command line as a user meets it.

mod bad_input;
mod diff;
mod explain;
mod mutations;
mod nearest;
mod plot;
mod report;
mod results;
mod statistics;
mod support;
mod topology;
mod verify;
mod watch;
