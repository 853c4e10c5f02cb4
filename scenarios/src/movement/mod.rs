//! Files of measured or generated movement: where nodes are when, and who is near whom when.
//!
//! Movements come in two formats. Both say places in metres and times in seconds, as text or packed by gzip; `#` starts a
//! comment line.
//!
//! - `setdest`: what ns-2's tool of that name writes and BonnMotion, SUMO and others export: `$node_(0) set X_ 150.0` and the same
//!   with `Y_` where a node begins, `$ns_ at 2.5 "$node_(0) setdest 150.0 110.0 1.5"` where it goes then and at which speed, `$ns_ at
//!   2.5 "$node_(0) set X_ 10.0"` where it turns up all at once. A node that is told to go elsewhere on its way begins from where
//!   it is; the speed 0 lets it stay. `Z_` and what is told to `$god_` say nothing.
//! - `bonnmotion`: BonnMotion's own, a line a node, `t x y t x y …`: straight ways from each of these places to the next.
//!
//! Contacts, too, come in two; nodes have numbers, of which letters may stand in front.
//!
//! - `one`: what the ONE simulator's `StandardEventsReader` reads, `<time> CONN <node> <node> up` and `down` in the order of time;
//!   other events are skipped. Who has not parted at the end of the file stays together.
//! - `intervals`: a line a contact, `<node> <node> <start> <end>`, in any order, as contact traces are published; what follows on
//!   a line says nothing. A contact without length is none.

mod bonnmotion;
mod contacts;
mod fields;
mod setdest;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;
use sim_core::link_layer::Leg;
use sim_core::mobility::Area;
use sim_core::time::SimTime;

use crate::input::{InputError, Source, read_unpacked};
pub(crate) use fields::FARTHEST;
use fields::Reader;

/// The largest file that is read, in bytes, packed or not.
const FILE_LIMIT: u64 = 2 << 30;

/// How a file of movements is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MovementFormat {
    /// ns-2's: `$ns_ at 2.5 "$node_(0) setdest 150.0 110.0 1.5"`.
    Setdest,
    /// BonnMotion's own, a line a node: `t x y t x y …`.
    Bonnmotion,
}

/// How a file of contacts is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContactFormat {
    /// The ONE simulator's: `<time> CONN <node> <node> up` or `down`.
    One,
    /// A line a contact: `<node> <node> <start> <end>`.
    Intervals,
}

/// The movements in a file.
#[derive(Clone, PartialEq, Debug)]
pub struct Movements {
    /// The legs of each node, at least one: the first begins at time zero, each other when the one before it ends.
    pub legs: Vec<Vec<Leg>>,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl Movements {
    /// Reads a file; where no format is given it is told from its first line. If there is an area, nobody may leave it.
    ///
    /// # Errors
    /// [`InputError::Missing`]; [`InputError::Invalid`], pointing at what is malformed, at a time that runs back, at a node of which
    /// the beginning is not told, at a place outside the area or at a negative speed.
    pub fn read(path: &Path, format: Option<MovementFormat>, area: Option<Area>) -> Result<Self, InputError> {
        let (source, sha256) = read_unpacked(path, FILE_LIMIT)?;
        let legs = Movements::parse(&source, format, area)?;
        Ok(Movements { legs, sha256 })
    }

    /// The legs of each node in a text.
    ///
    /// # Errors
    /// As [`Movements::read`].
    pub fn parse(
        source: &Arc<Source>,
        format: Option<MovementFormat>,
        area: Option<Area>,
    ) -> Result<Vec<Vec<Leg>>, InputError> {
        let reader = Reader { source };
        let told = |first: &str| match first.starts_with('$') {
            true => MovementFormat::Setdest,
            false => MovementFormat::Bonnmotion,
        };
        match format.map_or_else(|| reader.sniffed(told), Ok)? {
            MovementFormat::Setdest => setdest::legs(reader, area),
            MovementFormat::Bonnmotion => bonnmotion::legs(reader, area),
        }
    }
}

/// Two nodes that are near each other, the one with the smaller number first, from when until when.
pub type Contact = ((NodeAddr, NodeAddr), SimTime, SimTime);

/// The contacts in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContactTrace {
    /// Who is near whom from when until when.
    pub contacts: Vec<Contact>,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl ContactTrace {
    /// Reads a file between nodes of these numbers, the first of which is node 0; where no format is given it is told from the
    /// file's first line.
    ///
    /// # Errors
    /// [`InputError::Missing`]; [`InputError::Invalid`], pointing at what is malformed, at an unknown node, at a time that runs
    /// back, at a contact of a node with itself, at one that ends though it has not begun.
    pub fn read(path: &Path, format: Option<ContactFormat>, numbers: Range<u32>) -> Result<Self, InputError> {
        let (source, sha256) = read_unpacked(path, FILE_LIMIT)?;
        let contacts = ContactTrace::parse(&source, format, numbers)?;
        Ok(ContactTrace { contacts, sha256 })
    }

    /// The contacts in a text.
    ///
    /// # Errors
    /// As [`ContactTrace::read`].
    pub fn parse(
        source: &Arc<Source>,
        format: Option<ContactFormat>,
        numbers: Range<u32>,
    ) -> Result<Vec<Contact>, InputError> {
        let reader = Reader { source };
        let told = |line: &str| match line.split_whitespace().nth(1) {
            Some(second) if second.starts_with(|c: char| c.is_ascii_alphabetic()) => ContactFormat::One,
            _ => ContactFormat::Intervals,
        };
        match format.map_or_else(|| reader.sniffed(told), Ok)? {
            ContactFormat::One => contacts::one(reader, numbers),
            ContactFormat::Intervals => contacts::intervals(reader, numbers),
        }
    }
}

#[cfg(test)]
mod tests;
