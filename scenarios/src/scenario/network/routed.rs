//! Graphs of routers, read or generated, and the hosts on them.

use std::fmt;
use std::sync::Arc;

use sim_core::addr::NodeAddr;
use sim_core::network::{AccessDelay, NetworkError, Placement, Policy, Routers, Spread};
use sim_core::random::StreamKey;

use super::generated::{HostPlacement, HostsAt, Wanted};
use super::{NetworkModel, RawAccess};
use crate::input::{Document, InputError};
use crate::scenario::InputFile;
use crate::scenario::files::ScenarioFiles;
use crate::scenario::link_failure::LinkFailures;
use crate::topology::Topology;
use crate::topology::generate::{Generated, Model};
use crate::units::written;

/// A graph of routers, where it comes from, and how hosts are attached.
#[derive(Clone, Debug)]
pub struct RoutedNetwork {
    /// The routers and links. All runs share the paths between them.
    pub topology: Arc<Topology>,
    /// Where it comes from.
    pub source: GraphSource,
    /// Which routers hosts are attached to.
    pub placement: Placement,
    /// The delays of the links between hosts and routers. None where each router is a node, of a protocol of the network layer.
    pub access: Option<AccessDelay>,
    /// The links between routers that are down for a while.
    pub link_failures: LinkFailures,
}

/// Where a graph of routers comes from.
#[derive(Clone, Debug)]
pub enum GraphSource {
    /// It was read from a file.
    File(InputFile),
    /// It was generated.
    Generated {
        /// By this model.
        model: Model,
        /// What is known of it besides its routers and links.
        graph: Arc<Generated>,
    },
}

impl RoutedNetwork {
    /// The network on a graph that was read from a file.
    pub(super) fn read(
        topology: Arc<Topology>,
        input: InputFile,
        hosts: HostPlacement,
        access: Option<AccessDelay>,
        nodes: u32,
        document: &Document,
    ) -> Result<Self, InputError> {
        let network = RoutedNetwork {
            placement: Placement::everywhere(hosts.spread(), &topology.graph),
            topology,
            source: GraphSource::File(input),
            access,
            link_failures: LinkFailures::default(),
        };
        network.holds(nodes, document)?;
        Ok(network)
    }

    /// Makes sure that so many hosts have a place.
    pub(super) fn has_room(&self, hosts: usize) -> Result<(), NetworkError> {
        self.placement.check(&self.topology.graph, hosts)
    }

    /// Refuses more nodes than have a place.
    fn holds(&self, nodes: u32, document: &Document) -> Result<(), InputError> {
        let held = self.has_room(nodes as usize);
        held.map_err(|error| {
            let error = document.error_at("nodes.count", error.to_string());
            error
                .labelled(format!("at most {}", self.placement.among.len()))
                .help("hosts = \"uniform\" and hosts = \"degree\" put several hosts at a router")
        })
    }

    /// Where a router lies: longitude and latitude in degrees, or coordinates in the units of length of a model.
    pub fn place(&self, router: usize) -> Option<(f64, f64)> {
        match &self.source {
            GraphSource::File(_) => {
                let place = self.topology.routers[router].place?;
                Some((place.longitude, place.latitude))
            }
            GraphSource::Generated { graph, .. } => Some(graph.places.as_ref()?[router]),
        }
    }

    /// The kind of a router, where the model that made the graph knows kinds.
    pub fn kind(&self, router: usize) -> Option<&'static str> {
        match &self.source {
            GraphSource::Generated { graph, .. } if graph.stubs.as_ref()?.contains(&router) => Some("stub"),
            GraphSource::Generated { .. } => Some("transit"),
            GraphSource::File(_) => None,
        }
    }

    /// What was done to the graph, in words; nothing if nothing was.
    pub fn treatment(&self) -> String {
        match &self.source {
            GraphSource::Generated { graph, .. } if graph.joined > 0 => {
                format!("links that join unconnected parts: {}", graph.joined)
            }
            _ => self.topology.treatment.to_string(),
        }
    }

    /// The router of each of so many hosts in the run with these streams; of nodes that are routers their own.
    ///
    /// # Errors
    /// As [`RoutedNetwork::routers_of`].
    pub fn router_of_each(&self, nodes: usize, replication: StreamKey) -> Result<Vec<usize>, NetworkError> {
        if self.access.is_none() {
            return Ok((0..nodes).collect());
        }
        let network = self.routers_of(nodes, replication)?;
        Ok((0..nodes as u32)
            .map(|node| network.router_of(NodeAddr(node)))
            .collect())
    }

    /// The hosts of so many nodes at their routers, and the links that fail, in the run with these streams.
    ///
    /// # Errors
    /// [`NetworkError`], if there are too many of them: a validated scenario has a place for each.
    pub fn routers_of(&self, nodes: usize, replication: StreamKey) -> Result<Routers, NetworkError> {
        let (graph, places) = (&self.topology.graph, replication.purpose("places"));
        let routers = Routers::new(
            graph.clone(),
            nodes,
            &self.placement,
            self.access.unwrap_or_default(),
            places,
        )?;
        routers.changing(self.link_failures.changes(graph, replication))
    }

    /// Whether places are longitudes and latitudes.
    pub fn geographic(&self) -> bool {
        matches!(self.source, GraphSource::File(_))
    }
}

/// The network on a graph that is generated from the seed of the scenario.
pub(super) fn generated(
    wanted: Wanted,
    nodes: u32,
    seed: u64,
    document: &Document,
    files: &ScenarioFiles,
) -> Result<NetworkModel, InputError> {
    let Wanted {
        name,
        model,
        instance,
        hosts,
        hosts_at,
        access,
    } = wanted;
    let access = access.map(RawAccess::get).transpose();
    let access = access.map_err(|error| document.error_at(&format!("network.{name}.access"), error.to_string()))?;
    // One graph for all replications: that of the first.
    let streams = StreamKey::root(seed, 0).purpose("topology").index(instance.into());
    let graph = files.generated(&model, streams).map_err(|error| {
        let key = format!("network.{name}.{}", error.key());
        document.error_at(&key, error.to_string())
    })?;
    let everywhere = Placement::everywhere(hosts.spread(), &graph.topology.graph);
    let placement = match (hosts_at, &graph.stubs) {
        (HostsAt::Stub, Some(stubs)) => Placement {
            among: stubs.clone(),
            ..everywhere
        },
        _ => everywhere,
    };
    let network = RoutedNetwork {
        topology: graph.topology.clone(),
        source: GraphSource::Generated { model, graph },
        placement,
        access,
        link_failures: LinkFailures::default(),
    };
    network.holds(nodes, document)?;
    Ok(NetworkModel::Topology(network))
}

impl fmt::Display for RoutedNetwork {
    /// One line for `peerscope check`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Topology { routers, links, .. } = &*self.topology;
        f.write_str(match self.placement.spread {
            _ if self.access.is_none() => "nodes with links by wire: ",
            Spread::Uniform => "hosts on ",
            Spread::Degree => "hosts by degree on ",
            Spread::OnePerRouter => "hosts, one a router, on ",
        })?;
        if self.access.is_some() && self.placement.among.len() < routers.len() {
            write!(f, "{} of ", self.placement.among.len())?;
        }
        write!(f, "{} routers with {links} links ", routers.len())?;
        match &self.source {
            GraphSource::File(input) => write!(f, "from {}", input.path.display())?,
            GraphSource::Generated { model, .. } => write!(f, "{model}")?,
        }
        if let Some(access) = &self.access {
            let minimum = written(access.minimum());
            match access.maximum() {
                Some(maximum) if maximum == access.minimum() => write!(f, ", access {minimum}")?,
                Some(maximum) => write!(f, ", access {minimum} to {}", written(maximum))?,
                None => write!(f, ", access from {minimum}, {} on average", written(access.mean()))?,
            }
        }
        let treatment = self.treatment();
        if !treatment.is_empty() {
            write!(f, " ({treatment})")?;
        }
        if self.topology.graph.policy() == Policy::ValleyFree {
            f.write_str(", valley-free paths")?;
        }
        let failures = self.link_failures.summary(&self.topology);
        if !failures.is_empty() {
            write!(f, ", links down: {failures}")?;
        }
        Ok(())
    }
}
