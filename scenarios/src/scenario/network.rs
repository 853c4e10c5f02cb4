//! The network that a scenario describes.

mod access;
mod files;

use std::fmt;
use std::sync::Arc;

use sim_core::addr::NodeAddr;
use sim_core::network::{
    AccessDelay, Constant, Exponential, LatencyMatrix, Lossy, Network, NetworkError, Plane, Propagation, Routers,
    Space, Sphere, Uniform,
};
use sim_core::random::StreamKey;
use sim_core::time::SimDuration;

use super::InputFile;
use super::raw::{RawLoss, RawNetwork};
use crate::input::{Document, InputError};
use crate::matrix::{self, Filled, Unit};
use crate::topology::{self, Topology};
use crate::units::{Positive, written};

pub(super) use access::RawAccess;
pub(super) use files::NetworkFiles;

/// The networks that scenarios can name, each with a line on what it is.
pub const NETWORKS: [(&str, &str); 8] = [
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
];

/// The network between the nodes of a point.
#[derive(Clone, Debug)]
pub struct NetworkSpec {
    /// How long messages take.
    pub model: NetworkModel,
    /// The probability that a message is lost.
    pub loss: f64,
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

/// A graph of routers, the file that it comes from, and how hosts are attached.
#[derive(Clone, Debug)]
pub struct RoutedNetwork {
    /// The routers and links. All runs share the paths between them.
    pub topology: Arc<Topology>,
    /// The file.
    pub input: InputFile,
    /// The delays of the links between hosts and routers.
    pub access: AccessDelay,
}

impl RoutedNetwork {
    fn build(&self, nodes: usize, places: StreamKey) -> Result<Routers, NetworkError> {
        Routers::new(self.topology.graph.clone(), nodes, self.access, places)
    }
}

impl fmt::Display for RoutedNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Topology {
            routers,
            links,
            treatment,
            ..
        } = &*self.topology;
        let (minimum, maximum) = (self.access.minimum(), self.access.maximum());
        write!(
            f,
            "hosts on {} routers with {links} links from {}",
            routers.len(),
            self.input.path.display()
        )?;
        write!(f, ", access {}", written(minimum))?;
        if minimum < maximum {
            write!(f, " to {}", written(maximum))?;
        }
        let treatment = treatment.to_string();
        if !treatment.is_empty() {
            write!(f, " ({treatment})")?;
        }
        Ok(())
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
                let network = routed.build(nodes, places)?;
                let place = |node: usize| {
                    let router = network.router_of(NodeAddr(node as u32));
                    let place = routed.topology.routers[router].place?;
                    Some((place.longitude, place.latitude))
                };
                (0..nodes).map(place).collect()
            }
            _ => None,
        })
    }

    /// The network of `nodes` nodes; where they lie is drawn from the streams of `replication`, the root of a run.
    ///
    /// # Errors
    /// [`NetworkError`], if there are fewer measured hosts than nodes: a validated scenario has enough.
    pub fn build(&self, nodes: usize, replication: StreamKey) -> Result<Box<dyn Network>, NetworkError> {
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
            NetworkModel::Topology(routed) => Box::new(routed.build(nodes, places)?),
        };
        Ok(if self.loss > 0.0 {
            Box::new(Lossy::new(network, self.loss)?)
        } else {
            network
        })
    }
}

impl NetworkSpec {
    /// About how many bytes the network of so many nodes takes; routes between routers, which runs share, included.
    pub fn memory(&self, nodes: usize) -> u64 {
        let bytes = match &self.model {
            NetworkModel::Constant(_) | NetworkModel::Uniform(_) | NetworkModel::Exponential(_) => 0,
            NetworkModel::Plane { .. } => nodes * 2 * size_of::<f64>(),
            NetworkModel::Space { .. } => nodes * 3 * size_of::<f64>(),
            NetworkModel::Sphere { .. } => nodes * 3 * size_of::<f64>(),
            NetworkModel::Matrix(_) => nodes * nodes * size_of::<SimDuration>(),
            NetworkModel::Topology(routed) => return routed.topology.graph.memory(nodes) + Routers::memory(nodes),
        };
        bytes as u64
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
        }
        if self.loss > 0.0 {
            write!(f, ", loss {} %", self.loss * 100.0)?;
        }
        Ok(())
    }
}

/// The network of a point, held against its number of nodes.
pub(super) fn network(
    raw: RawNetwork,
    loss: Option<RawLoss>,
    nodes: u32,
    document: &Document,
    files: &mut NetworkFiles,
) -> Result<NetworkSpec, InputError> {
    let wrong = |key: &str, error: NetworkError| document.error_at(&format!("network.{key}"), error.to_string());
    let model = match raw {
        RawNetwork::Constant { delay } => {
            if delay.get() == SimDuration::ZERO {
                let error = document.error_at("network.constant.delay", "a delay of zero cannot be");
                return Err(error
                    .labelled("must be longer than 0s")
                    .help("an effect is later than its cause: \"1ns\""));
            }
            NetworkModel::Constant(Constant::new(delay.get()))
        }
        RawNetwork::Uniform { minimum, maximum } => NetworkModel::Uniform(
            Uniform::new(minimum.get(), maximum.get()).map_err(|error| wrong("uniform.minimum", error))?,
        ),
        RawNetwork::Exponential { mean, minimum } => NetworkModel::Exponential(
            Exponential::new(minimum.get(), mean.get()).map_err(|error| wrong("exponential.mean", error))?,
        ),
        RawNetwork::Plane {
            width,
            height,
            per_unit,
            base,
        } => NetworkModel::Plane {
            sides: (width.get(), height.get()),
            propagation: Propagation::new(base.get(), per_unit.get().as_secs_f64())
                .map_err(|error| wrong("plane.per_unit", error))?,
        },
        RawNetwork::Sphere { radius, per_unit, base } => NetworkModel::Sphere {
            radius: radius.get(),
            propagation: Propagation::new(base.get(), per_unit.get().as_secs_f64())
                .map_err(|error| wrong("sphere.per_unit", error))?,
        },
        RawNetwork::Space {
            width,
            depth,
            height,
            per_unit,
            base,
        } => NetworkModel::Space {
            sides: [width.get(), depth.get(), height.get()],
            propagation: Propagation::new(base.get(), per_unit.get().as_secs_f64())
                .map_err(|error| wrong("space.per_unit", error))?,
        },
        RawNetwork::Matrix {
            file,
            unit,
            measures,
            gaps,
            format,
        } => {
            let unit = match (unit, format) {
                (Some(unit), _) => unit,
                (None, matrix::Format::King) => Unit::Us,
                (None, matrix::Format::Square) => {
                    let error = document.error_at("network.matrix", "the key `unit` is missing");
                    return Err(error
                        .labelled("in what unit is the file?")
                        .help("unit = \"ms\", \"s\" or \"us\""));
                }
            };
            let reading = matrix::Reading {
                format,
                unit,
                measures,
                gaps,
            };
            let measured = files.matrix(&file, reading, document)?;
            check_hosts(nodes, &measured, document)?;
            NetworkModel::Matrix(measured)
        }
        RawNetwork::Topology {
            file,
            format,
            access,
            per_km,
            detour,
            missing,
            component,
        } => {
            let access = AccessDelay::new(access.minimum.get(), access.maximum.get())
                .map_err(|error| wrong("topology.access", error))?;
            let reading = topology::Reading {
                format,
                per_km: per_km.get(),
                detour: detour.map_or(1.0, Positive::get),
                missing,
                component,
            };
            let (topology, input) = files.topology(&file, reading, document)?;
            NetworkModel::Topology(RoutedNetwork {
                topology,
                input,
                access,
            })
        }
    };
    Ok(NetworkSpec {
        model,
        loss: loss.map_or(0.0, |loss| loss.probability.get()),
    })
}

fn check_hosts(nodes: u32, measured: &MeasuredNetwork, document: &Document) -> Result<(), InputError> {
    let hosts = measured.matrix.assignment().len();
    if nodes as usize <= hosts {
        return Ok(());
    }
    let message = format!(
        "{nodes} nodes do not fit on the {hosts} hosts of {}",
        measured.input.path.display()
    );
    Err(document
        .error_at("nodes.count", message)
        .labelled(format!("at most {hosts}")))
}
