//! The network that a scenario describes.

mod access;
mod across;
mod air;
mod contacts;
mod file;
mod generated;
mod link_delay;
mod linked;
mod mobility;
mod pause;
mod radio;
mod routed;
mod suits;
mod wires;
mod written;

use std::fmt;
use std::sync::Arc;

use sim_core::addr::NodeAddr;
use sim_core::math;
use sim_core::network::{
    Constant, Exponential, LatencyMatrix, Lossy, Network, NetworkError, Nothing, Plane, Propagation, Routers, Space,
    Sphere, Uniform,
};
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};

use super::InputFile;
use super::conditions::Conditions;
use super::link_failure::{LinkFailures, RawLinkFailure};
use super::one_or_many::OneOrMany;
use crate::input::{Document, InputError};
use crate::matrix::Filled;
use crate::topology;

pub(super) use access::RawAccess;
pub use contacts::ContactSpec;
pub(super) use contacts::RawContacts;
pub use generated::{HostPlacement, HostsAt};
pub(super) use generated::{RawBarabasiAlbert, RawGrid, RawRandomGeometric, RawRing, RawTransitStub, RawWaxman};
pub use linked::{LinkedNetwork, LinksError, Neighbourhood};
pub use mobility::Mobility;
pub(super) use radio::RawRadio;
pub use routed::{GraphSource, RoutedNetwork};
pub(super) use suits::suits;
pub use wires::{Gateways, Joined, Who};
pub(super) use written::network;

/// The networks that scenarios can name, each with a line on what it is.
pub const NETWORKS: [(&str, &str); 16] = [
    ("constant", "every message takes the same time"),
    (
        "uniform",
        "every message takes a time of its own, uniform between two bounds",
    ),
    (
        "exponential",
        "every message takes a minimum and an exponential time on top",
    ),
    ("plane", "hosts in a rectangle, delay by Euclidean distance"),
    ("sphere", "hosts on a sphere, delay by great-circle distance"),
    (
        "space",
        "hosts in a box of three dimensions, delay by Euclidean distance",
    ),
    (
        "matrix",
        "measured delays between pairs of real hosts, read from a file",
    ),
    (
        "topology",
        "hosts on a real graph of routers, read from a file, delay by the shortest path",
    ),
    (
        "transit_stub",
        "hosts on stub domains around domains of transit routers, as GT-ITM makes them",
    ),
    (
        "waxman",
        "hosts on a random graph of routers in which long links are unlikely",
    ),
    (
        "barabasi_albert",
        "hosts on a graph of routers that grew by preferential attachment",
    ),
    (
        "random_geometric",
        "hosts on routers in a square, those near each other linked",
    ),
    ("ring", "hosts on a circle of routers"),
    ("grid", "hosts on rows and columns of routers, or a torus"),
    (
        "radio",
        "nodes with radios that stand or move, linked while they are in range: for protocols of the network layer",
    ),
    (
        "contacts",
        "nodes linked while a trace says that they are near each other: likewise",
    ),
];

/// The network between the nodes of a point.
#[derive(Clone, Debug)]
pub struct NetworkSpec {
    /// How long messages take.
    pub model: NetworkModel,
    /// The probability that a message is lost.
    pub loss: f64,
    /// What else messages meet.
    pub conditions: Conditions,
}

/// How long messages take.
#[derive(Clone, Debug)]
pub enum NetworkModel {
    /// Always the same.
    Constant(Constant),
    /// Uniform between two bounds.
    Uniform(Uniform),
    /// A minimum, and an exponential time on top.
    Exponential(Exponential),
    /// In proportion to the distance of hosts in a rectangle.
    Plane {
        /// The sides, in units of length.
        sides: (f64, f64),
        /// From distance to delay.
        propagation: Propagation,
    },
    /// In proportion to the distance of hosts on a sphere.
    Sphere {
        /// The radius, in units of length.
        radius: f64,
        /// From distance to delay.
        propagation: Propagation,
    },
    /// In proportion to the distance of hosts in a box.
    Space {
        /// The sides, in units of length.
        sides: [f64; 3],
        /// From distance to delay.
        propagation: Propagation,
    },
    /// As measured between real hosts.
    Matrix(MeasuredNetwork),
    /// By the shortest path between routers that hosts are attached to.
    Topology(RoutedNetwork),
    /// Over links between neighbours, and to nobody else: for protocols of the network layer.
    Linked(LinkedNetwork),
}

/// Measured delays and the file that they come from.
#[derive(Clone)]
pub struct MeasuredNetwork {
    /// The delays between all hosts measured; a run takes as many of them as it has nodes.
    pub matrix: Arc<LatencyMatrix>,
    /// How gaps in the measurements were filled.
    pub filled: Filled,
    /// The file.
    pub input: InputFile,
}

impl fmt::Debug for MeasuredNetwork {
    /// Without the delays, of which there are millions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeasuredNetwork")
            .field("input", &self.input)
            .field("filled", &self.filled)
            .finish_non_exhaustive()
    }
}

impl NetworkSpec {
    /// Where the nodes lie in the network that [`NetworkSpec::build`] makes of the same arguments, as coordinates for a
    /// picture: longitude and latitude of a node's router in degrees, or the place in a plane in its units of length. None
    /// where the network has no such places or does not know all of them.
    ///
    /// # Errors
    /// As [`NetworkSpec::build`].
    pub fn places(&self, nodes: usize, replication: StreamKey) -> Result<Option<Vec<(f64, f64)>>, NetworkError> {
        let hosts = self.conditions.hosts;
        let places = self.places_of_hosts(hosts.count(nodes as u32) as usize, replication)?;
        let of_nodes = |places: Vec<(f64, f64)>| {
            let host = |node| hosts.of(NodeAddr(node)).index();
            (0..nodes as u32).map(|node| places[host(node)]).collect()
        };
        Ok(places.map(of_nodes))
    }

    /// Where the hosts lie, likewise.
    ///
    /// # Errors
    /// As [`NetworkSpec::build`].
    pub fn places_of_hosts(
        &self,
        nodes: usize,
        replication: StreamKey,
    ) -> Result<Option<Vec<(f64, f64)>>, NetworkError> {
        let places = replication.purpose("places");
        Ok(match &self.model {
            NetworkModel::Plane {
                sides: (width, height),
                propagation,
            } => {
                let plane = Plane::new(nodes, *width, *height, *propagation, places)?;
                Some(plane.places().iter().map(|[x, y]| (*x, *y)).collect())
            }
            NetworkModel::Topology(routed) => {
                let routers = routed.router_of_each(nodes, replication)?;
                routers.into_iter().map(|router| routed.place(router)).collect()
            }
            NetworkModel::Linked(linked) => linked.places(nodes as u32, replication),
            _ => None,
        })
    }

    /// Makes sure that so many nodes, and whoever else takes part, have hosts: a measured network has as many as were measured, and
    /// one with a host a router as many as there are routers. All others have as many as are asked for, and where one lies does
    /// not depend on how many there are.
    ///
    /// # Errors
    /// [`NetworkError`] that says how many there are.
    pub fn has_room(&self, nodes: u32) -> Result<(), NetworkError> {
        let nodes = self.conditions.hosts.count(nodes) as usize;
        match &self.model {
            NetworkModel::Matrix(measured) if nodes > measured.matrix.assignment().len() => {
                let hosts = measured.matrix.assignment().len();
                Err(NetworkError::TooFewHosts { nodes, hosts })
            }
            NetworkModel::Topology(routed) => routed.has_room(nodes),
            _ => Ok(()),
        }
    }

    /// The network of `nodes` nodes; where they lie is drawn from the streams of `replication`, the root of a run.
    ///
    /// # Errors
    /// [`NetworkError`], if there are fewer measured hosts than nodes: a validated scenario has enough.
    pub fn build(&self, nodes: usize, replication: StreamKey) -> Result<Box<dyn Network>, NetworkError> {
        // All below knows hosts: nodes that share one are told apart around it.
        let nodes = self.conditions.hosts.count(nodes as u32) as usize;
        let places = replication.purpose("places");
        let network: Box<dyn Network> = match &self.model {
            NetworkModel::Constant(network) => Box::new(*network),
            NetworkModel::Uniform(network) => Box::new(*network),
            NetworkModel::Exponential(network) => Box::new(*network),
            NetworkModel::Plane {
                sides: (width, height),
                propagation,
            } => Box::new(Plane::new(nodes, *width, *height, *propagation, places)?),
            NetworkModel::Sphere { radius, propagation } => {
                Box::new(Sphere::new(nodes, *radius, *propagation, places)?)
            }
            NetworkModel::Space { sides, propagation } => Box::new(Space::new(nodes, *sides, *propagation, places)?),
            NetworkModel::Matrix(measured) => Box::new(measured.matrix.assign(nodes, places)?),
            NetworkModel::Topology(routed) => Box::new(routed.routers_of(nodes, replication)?),
            NetworkModel::Linked(_) => Box::new(Nothing),
        };
        let network = if self.loss > 0.0 {
            Box::new(Lossy::new(network, self.loss)?)
        } else {
            network
        };
        self.conditions.around(network, self, nodes, replication)
    }
}

impl NetworkSpec {
    /// Lets links fail as a scenario says.
    pub(super) fn fail_links(
        &mut self,
        raw: &OneOrMany<RawLinkFailure>,
        end: SimTime,
        document: &Document,
    ) -> Result<(), InputError> {
        match &mut self.model {
            NetworkModel::Topology(routed) => {
                routed.link_failures = LinkFailures::new(raw, &routed.topology, end, document)?;
                Ok(())
            }
            _ => match raw.keyed().next() {
                None => Ok(()),
                Some((key, _)) => {
                    let error = document.error_at(&key, "links cannot fail where the network has none");
                    Err(error.labelled("needs [network.topology], or a generated graph of routers"))
                }
            },
        }
    }

    /// Whether [`NetworkSpec::places`] knows where every host lies.
    pub fn has_places(&self) -> bool {
        match &self.model {
            NetworkModel::Plane { .. } => true,
            NetworkModel::Topology(routed) => {
                (0..routed.topology.routers.len()).all(|router| routed.place(router).is_some())
            }
            NetworkModel::Linked(linked) => matches!(linked.neighbourhood, Neighbourhood::Radio { .. }),
            _ => false,
        }
    }

    /// How far two places lie apart: in units of length, or kilometres on the Earth.
    pub fn distance(&self, one: [f64; 2], other: [f64; 2]) -> f64 {
        match &self.model {
            NetworkModel::Topology(routed) if routed.geographic() => {
                let place = |[longitude, latitude]: [f64; 2]| topology::Place { latitude, longitude };
                topology::great_circle(place(one), place(other))
            }
            _ => math::hypot(other[0] - one[0], other[1] - one[1]),
        }
    }

    /// About how many bytes the network of so many nodes takes; routes between routers, which runs share, included.
    pub fn memory(&self, nodes: usize) -> u64 {
        let nodes = self.conditions.hosts.count(nodes as u32) as usize;
        let conditions = self.conditions.memory(nodes);
        let bytes = match &self.model {
            NetworkModel::Constant(_) | NetworkModel::Uniform(_) | NetworkModel::Exponential(_) => 0,
            NetworkModel::Plane { .. } => nodes * 2 * size_of::<f64>(),
            NetworkModel::Space { .. } => nodes * 3 * size_of::<f64>(),
            NetworkModel::Sphere { .. } => nodes * 3 * size_of::<f64>(),
            NetworkModel::Matrix(_) => nodes * nodes * size_of::<SimDuration>(),
            NetworkModel::Linked(linked) => linked.memory(nodes),
            NetworkModel::Topology(routed) => {
                let graphs = 1 + routed.link_failures.graphs() as u64;
                return graphs * routed.topology.graph.memory(nodes) + Routers::memory(nodes) + conditions;
            }
        };
        bytes as u64 + conditions
    }
}

impl fmt::Display for NetworkSpec {
    /// One line for `peerscope check`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.model {
            NetworkModel::Constant(network) => write!(f, "constant delay {}", network.min_delay())?,
            NetworkModel::Uniform(_) => f.write_str("uniform delay")?,
            NetworkModel::Exponential(_) => f.write_str("exponential delay")?,
            NetworkModel::Plane {
                sides: (width, height), ..
            } => write!(f, "hosts in a plane of {width} x {height}")?,
            NetworkModel::Space {
                sides: [width, depth, height],
                ..
            } => write!(f, "hosts in a space of {width} x {depth} x {height}")?,
            NetworkModel::Sphere { radius, .. } => write!(f, "hosts on a sphere of radius {radius}")?,
            NetworkModel::Matrix(measured) => {
                let hosts = measured.matrix.assignment().len();
                write!(
                    f,
                    "measured delays between {hosts} hosts from {}",
                    measured.input.path.display()
                )?;
                let filled = measured.filled;
                if filled.total() > 0 {
                    write!(
                        f,
                        " ({} gaps filled: {} from the opposite direction, {} with the sender's median, {} with the \
                         overall median)",
                        filled.total(),
                        filled.transposed,
                        filled.row_median,
                        filled.matrix_median
                    )?;
                }
            }
            NetworkModel::Topology(routed) => write!(f, "{routed}")?,
            NetworkModel::Linked(linked) => write!(f, "{linked}")?,
        }
        if self.loss > 0.0 {
            write!(f, ", loss {} %", self.loss * 100.0)?;
        }
        write!(f, "{}", self.conditions)
    }
}
