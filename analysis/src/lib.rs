//! Statistics, figures and expectations over the tables that peerscope writes.
//!
//! This crate reads tables and knows no protocol. A run writes tidy [`Table`]s, one row an observation; from them come
//! means with intervals over replications ([`statistics`]), figures with published points in the same axes
//! ([`Figure`]), and the verdict on every expectation ([`Expectation`]). What it prints and draws is the same to the byte
//! on every machine.

mod cell;
mod cloud;
pub mod expect;
pub mod figure;
mod json_schema;
mod math;
mod number;
mod quantity;
mod spec;
pub mod statistics;
mod table;

pub use cell::{Cell, Conditions};
pub use expect::{Expectation, Outcome, Verdict};
pub use figure::{DrawError, Drawing, Figure, Format, RenderError};
pub use number::significant;
pub use spec::{Problem, Schema, SpecError};
pub use statistics::Summary;
pub use table::{REPLICATION, Row, Table, TableError};
