//! Files of measured sessions: when real hosts came and went.
//!
//! Four formats are read, each as text or packed by gzip. `#` starts a comment line; hosts are known by names without
//! blanks.
//!
//! - `intervals`: a line a host, `<host> <sessions> <start> <end> <start> <end> …`, in seconds: how the sessions of Saroiu,
//!   Gummadi and Gribble 2002 come with PeerSim's aggregation package.
//! - `p2psim-events`: what p2psim's `FileEventGenerator` reads, `node <time> <host> join …` and `crash` in milliseconds, in any
//!   order of hosts. `leave` is taken as a departure as well; `lookup` and `nodeevent`, and lines that do not begin with
//!   `node`, are skipped.
//! - `p2psim-churn`: what its `ChurnFileEventGenerator` reads, a line a host, `<host> alive|dead <time> <time> …` in
//!   milliseconds: how the host begins, and when that changes.
//! - `oversim`: what OverSim's `GlobalTraceManager` reads, `<time> <host> JOIN` and `LEAVE` in seconds, in the order of time;
//!   other commands are skipped.
//!
//! Whoever has not left at the end of a file of events stays. A session without length is none, and a host without a session
//! takes no part. How hosts leave is the scenario's to say, not the file's.

mod parse;

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::churn::SessionTrace;

use crate::input::{InputError, read_unpacked};

/// The largest file that is read, in bytes, packed or not.
const FILE_LIMIT: u64 = 4 << 30;

/// How the file is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A line a host: `<host> <sessions> <start> <end> …`, in seconds.
    Intervals,
    /// p2psim's events: `node <time> <host> join` or `crash`, in milliseconds.
    P2psimEvents,
    /// p2psim's churn files, a line a host: `<host> alive|dead <time> <time> …`, in milliseconds.
    P2psimChurn,
    /// OverSim's traces: `<time> <host> JOIN` or `LEAVE`, in seconds.
    Oversim,
}

/// The sessions in a file.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The sessions of all hosts that have any, in the order in which the file first names them.
    pub sessions: Arc<SessionTrace>,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl Recorded {
    /// Reads a file.
    ///
    /// # Errors
    /// [`InputError::Missing`] with advice on how to get a file, [`InputError::Invalid`] pointing at what is malformed.
    pub fn read(path: &Path, format: Format) -> Result<Self, InputError> {
        let (source, sha256) = read_unpacked(path, FILE_LIMIT).map_err(|error| match error {
            InputError::Missing { .. } => with_advice(error),
            other => other,
        })?;
        let sessions = parse::sessions(&source, format)?;
        Ok(Recorded {
            sessions: Arc::new(sessions),
            sha256,
        })
    }
}

/// How a user gets a trace.
fn with_advice(error: InputError) -> InputError {
    error
        .help(
            "measured sessions are not part of this project: get gnutella_saroiu_intervals_ip.txt.gz, the Gnutella hosts of \
             Saroiu, Gummadi and Gribble 2002, from the aggregation package of PeerSim (peersim.sourceforge.net; format = \
             \"intervals\")",
        )
        .help("name the file on the command line: --set churn.trace.file=PATH")
}

#[cfg(test)]
mod tests;
