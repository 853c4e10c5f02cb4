//! `[network.contacts]`: links that come and go as a trace of contacts says.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_core::link_layer::Contacts;
use sim_core::time::{SimDuration, SimTime};

use super::NetworkModel;
use super::air::{RawAir, RawCapacity, tries};
use super::linked::{LinkedNetwork, Neighbourhood};
use crate::input::{Document, InputError};
use crate::movement::{ContactFormat, ContactTrace};
use crate::scenario::InputFile;
use crate::scenario::files::ScenarioFiles;
use crate::units::{Duration, Fraction, written};

const KEY: &str = "network.contacts";

/// Nodes that have links while a trace says that they are near each other.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawContacts {
    /// The file; a relative path starts from the folder of the scenario.
    file: PathBuf,
    /// How the file is laid out; told from its first line where it is left out.
    format: Option<ContactFormat>,
    /// The time in the file at which the run begins; who is near whom then has a link from the start.
    #[serde(default)]
    from: Duration,
    /// The number in the file of the node that is node 0 here: 1 for files that number from 1.
    #[serde(default)]
    first_node: u32,
    /// What a hop takes at least.
    delay: Duration,
    /// What comes on top of that at most, each time as likely.
    #[serde(default)]
    jitter: Duration,
    /// The probability that a receiver loses a frame.
    #[serde(default)]
    loss: Fraction,
    /// How often a frame for one neighbour is sent at most until it comes through; one for all neighbours is sent once. 7
    /// where it is left out, the limit of IEEE 802.11 for short frames.
    #[serde(default = "tries")]
    #[schemars(range(min = 1))]
    tries: u32,
    /// What the medium carries, which a node shares with its neighbours; as much as they like where it is left out.
    capacity: Option<RawCapacity>,
}

/// Contacts, and the time in their file at which a run begins.
#[derive(Clone)]
pub struct ContactSpec {
    trace: Arc<ContactTrace>,
    from: SimDuration,
    /// The file.
    pub input: InputFile,
}

impl fmt::Debug for ContactSpec {
    /// Without the contacts, of which there may be millions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactSpec")
            .field("input", &self.input)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

impl ContactSpec {
    /// The contacts in the time of the run; what ends before it is none.
    pub(super) fn contacts(&self) -> Contacts {
        let shifted = |time: SimTime| match time {
            SimTime::MAX => SimTime::MAX,
            time => SimTime::ZERO + time.since(SimTime::ZERO + self.from),
        };
        let contacts = self.trace.contacts.iter();
        Contacts::new(contacts.map(|(pair, from, until)| (*pair, shifted(*from), shifted(*until))))
    }

    /// When the last contact ends that takes any time.
    fn end(&self) -> SimTime {
        let lasting = self.trace.contacts.iter().filter(|(_, from, until)| from < until);
        lasting.map(|(_, _, until)| *until).max().unwrap_or_default()
    }
}

/// The network of `[network.contacts]` between so many nodes.
pub(super) fn contacts(
    raw: RawContacts,
    nodes: u32,
    document: &Document,
    files: &ScenarioFiles,
) -> Result<NetworkModel, InputError> {
    let numbers = raw.first_node..raw.first_node.saturating_add(nodes);
    let (input, trace) = files.contacts(&raw.file, raw.format, numbers, document)?;
    let air = RawAir {
        key: KEY,
        delay: raw.delay,
        jitter: raw.jitter,
        loss: raw.loss,
        tries: raw.tries,
        capacity: raw.capacity,
    };
    let from = raw.from.get();
    let spec = ContactSpec { trace, from, input };
    if spec.end() <= SimTime::ZERO + from {
        let message = format!("from {} on nobody meets anybody any more", written(from));
        let end = written(spec.end().since(SimTime::ZERO));
        return Err(document
            .error_at(&format!("{KEY}.from"), message)
            .labelled("must be earlier")
            .help(format!(
                "the last contact in {} ends at {end}",
                spec.input.path.display()
            )));
    }
    Ok(NetworkModel::Linked(LinkedNetwork {
        neighbourhood: Neighbourhood::Contacts(spec),
        air: air.get(document)?,
        wires: Vec::new(),
        gateways: None,
        instance: None,
    }))
}
