//! What messages meet beside their delay: partitions, pairs that cannot talk, links with a bandwidth; and which nodes share
//! a host.

mod access_links;
mod partition;

use std::fmt;
use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_core::network::{
    AccessLinks, Constant, Cut, Hosts, Linked, Network, NetworkError, Partitioned, PartlyConnected, SharedHosts,
};
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};

use super::network::NetworkSpec;
use super::one_or_many::OneOrMany;
use super::raw::RawNodes;
use super::validate::NODE_LIMIT;
use crate::input::{Document, InputError};
use crate::units::Fraction;

pub use access_links::AccessLinksSpec;
pub(super) use access_links::{RawAccessLinks, RawQueue};
pub(super) use partition::RawPartition;
pub use partition::{Apart, PartitionSpec};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConnectivity {
    /// The share of ordered pairs of hosts of which the first cannot reach the second, though the second reaches the first.
    #[serde(default)]
    asymmetric: Fraction,
    /// The share of unordered pairs of hosts of which neither reaches the other, though both reach others.
    #[serde(default)]
    non_transitive: Fraction,
}

/// What a scenario says of all this.
pub(super) struct RawConditions {
    pub(super) connectivity: Option<RawConnectivity>,
    pub(super) partitions: OneOrMany<RawPartition>,
    pub(super) access_links: Option<RawAccessLinks>,
}

/// What messages meet beside their delay, and which nodes share a host.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Conditions {
    /// Pairs of hosts that cannot talk.
    pub connectivity: Connectivity,
    /// Times in which the network falls apart.
    pub partitions: Vec<PartitionSpec>,
    /// What hosts can send and receive, where there is a limit.
    pub access_links: Option<AccessLinksSpec>,
    /// Which nodes share a host.
    pub hosts: Hosts,
}

/// Shares of pairs of hosts that cannot talk, all the time.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Connectivity {
    /// Of ordered pairs, those of which only the opposite direction works.
    pub asymmetric: f64,
    /// Of unordered pairs, those of which neither direction works.
    pub non_transitive: f64,
}

impl Connectivity {
    fn hinders(self) -> bool {
        self.asymmetric > 0.0 || self.non_transitive > 0.0
    }
}

impl Conditions {
    /// `network`, which is that of the description `of` with so many hosts, under these conditions: what is random is drawn
    /// from the streams of `replication`, the root of a run.
    ///
    /// # Errors
    /// None for a validated scenario.
    pub(super) fn around(
        &self,
        mut network: Box<dyn Network>,
        of: &NetworkSpec,
        hosts: usize,
        replication: StreamKey,
    ) -> Result<Box<dyn Network>, NetworkError> {
        let Connectivity {
            asymmetric,
            non_transitive,
        } = self.connectivity;
        if self.connectivity.hinders() {
            let pairs = replication.purpose("connectivity");
            network = Box::new(PartlyConnected::new(network, asymmetric, non_transitive, pairs)?);
        }
        if !self.partitions.is_empty() {
            network = Box::new(Partitioned::new(network, self.cuts(of, hosts, replication)?));
        }
        if let Some(links) = &self.access_links {
            network = Box::new(Linked::new(network, links.build(hosts, replication)?));
        }
        if self.hosts.per_host() > 1 {
            network = Box::new(SharedHosts::new(network, self.hosts));
        }
        Ok(network)
    }

    /// The partitions of so many hosts of a network, likewise.
    pub(super) fn cuts(
        &self,
        of: &NetworkSpec,
        hosts: usize,
        replication: StreamKey,
    ) -> Result<Vec<Cut>, NetworkError> {
        let cut = |(index, spec): (u64, &PartitionSpec)| {
            let own = replication.purpose("partition").index(index);
            spec.cut(of, hosts, replication, own)
        };
        (0..).zip(&self.partitions).map(cut).collect()
    }

    /// About how many bytes this takes for so many hosts.
    pub(super) fn memory(&self, hosts: usize) -> u64 {
        let links = self.access_links.as_ref().map_or(0, |_| AccessLinks::memory(hosts));
        (self.partitions.len() * hosts * size_of::<u16>()) as u64 + links
    }
}

impl fmt::Display for Conditions {
    /// What there is, each after a comma.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.connectivity.hinders() {
            let Connectivity {
                asymmetric,
                non_transitive,
            } = self.connectivity;
            let (neither, one_way) = (non_transitive * 100.0, asymmetric * 200.0);
            write!(f, ", {neither} % of pairs cannot talk, {one_way} % only one way")?;
        }
        for partition in &self.partitions {
            write!(f, ", {partition}")?;
        }
        if let Some(links) = &self.access_links {
            write!(f, ", {links}")?;
        }
        Ok(())
    }
}

/// The conditions of a point, held against its network and the end of its run.
pub(super) fn conditions(
    raw: RawConditions,
    hosts: Hosts,
    network: &NetworkSpec,
    end: SimTime,
    document: &Document,
) -> Result<Conditions, InputError> {
    let connectivity = raw
        .connectivity
        .map(|raw| connectivity(&raw, document))
        .transpose()?
        .unwrap_or_default();
    let partitions = raw.partitions.keyed();
    let partitions = partitions.map(|(key, raw)| partition::partition(&key, raw, network, end, document));
    let access_links = raw.access_links.map(|raw| access_links::access_links(raw, document));
    Ok(Conditions {
        connectivity,
        partitions: partitions.collect::<Result<_, _>>()?,
        access_links: access_links.transpose()?,
        hosts,
    })
}

/// How hosts and nodes are related, and how many nodes there are.
pub(super) fn nodes(raw: &RawNodes, document: &Document) -> Result<(Hosts, u32), InputError> {
    let RawNodes { count, per_host } = *raw;
    if !(1..=NODE_LIMIT).contains(&count) {
        let message = format!("expected between 1 and {NODE_LIMIT} nodes, found {count}");
        return Err(document.error_at("nodes.count", message).labelled("out of range"));
    }
    let nodes = count.checked_mul(per_host).filter(|nodes| *nodes <= NODE_LIMIT);
    match (NonZeroU32::new(per_host), nodes) {
        (Some(per_host), Some(nodes)) => Ok((Hosts::with_nodes(per_host), nodes)),
        (None, _) => Err(document
            .error_at("nodes.virtual", "a host without a node takes no part")
            .labelled("must be at least 1")),
        (_, None) => {
            let message = format!("{count} hosts with {per_host} nodes each are more than {NODE_LIMIT} nodes");
            Err(document.error_at("nodes.virtual", message).labelled("too many"))
        }
    }
}

fn connectivity(raw: &RawConnectivity, document: &Document) -> Result<Connectivity, InputError> {
    let (asymmetric, non_transitive) = (raw.asymmetric.get(), raw.non_transitive.get());
    let some_network = Constant::new(SimDuration::NANOSECOND);
    match PartlyConnected::new(some_network, asymmetric, non_transitive, StreamKey::root(0, 0)) {
        Ok(_) => Ok(Connectivity {
            asymmetric,
            non_transitive,
        }),
        Err(error) => Err(document.error_at("connectivity.asymmetric", error.to_string())),
    }
}
