//! The command line as a user meets it.

mod bad_input;
mod explain;
mod mutations;
mod results;
mod support;
