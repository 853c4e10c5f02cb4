//! Networks in which only neighbours can talk: radios in the plane, contacts, graphs whose routers are the nodes.

use std::fmt;

use sim_core::addr::NodeAddr;
use sim_core::link_layer::{Air, Fixed, LinkLayer, LinkLayerError, LinkSource, Place, Wire};
use sim_core::mobility::{Area, MobilityError, Movement, Moving};
use sim_core::network::NetworkError;
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};
use thiserror::Error;

use super::contacts::ContactSpec;
use super::mobility::Mobility;
use super::wires::Gateways;
use super::{NetworkModel, NetworkSpec, RoutedNetwork};
use crate::units::{written, written_bit_rate};

/// A network in which only neighbours can talk.
#[derive(Clone, Debug)]
pub struct LinkedNetwork {
    /// Who is a neighbour of whom, wires not counted.
    pub neighbourhood: Neighbourhood,
    /// What a hop is like.
    pub air: Air,
    /// Links by wire.
    pub wires: Vec<Wire>,
    /// Nodes that are joined by wires.
    pub gateways: Option<Gateways>,
    /// The streams of all replications, where they have places and movements in common.
    pub instance: Option<StreamKey>,
}

/// Who is a neighbour of whom.
#[derive(Clone, Debug)]
pub enum Neighbourhood {
    /// Who is in range.
    Radio {
        /// How far apart two neighbours are at most, in metres.
        range: f64,
        /// Where the nodes are, if that is known.
        area: Option<Area>,
        /// How they move.
        mobility: Mobility,
    },
    /// Whom a trace says.
    Contacts(ContactSpec),
}

/// Links that cannot be.
#[derive(Clone, PartialEq, Debug, Error)]
pub enum LinksError {
    /// What lies between the nodes cannot be.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The movements cannot be.
    #[error(transparent)]
    Mobility(#[from] MobilityError),
    /// The links cannot be.
    #[error(transparent)]
    LinkLayer(#[from] LinkLayerError),
    /// Everybody reaches everybody.
    #[error("in this network there are no links: everybody reaches everybody")]
    None,
}

impl NetworkSpec {
    /// Whether nodes can be neighbours in this network: whether a protocol of the network layer can run.
    pub fn has_links(&self) -> bool {
        matches!(self.model, NetworkModel::Linked(_) | NetworkModel::Topology(_))
    }

    /// The links between `nodes` nodes, with the partitions of the scenario; what is random is drawn from the streams of
    /// `replication`, the root of a run. In a graph of routers each router is a node, and each link between routers a wire.
    ///
    /// # Errors
    /// [`LinksError::None`] where [`NetworkSpec::has_links`] does not hold, and no other for a validated scenario.
    pub fn links(&self, nodes: u32, replication: StreamKey) -> Result<LinkLayer, LinksError> {
        let layer = match &self.model {
            NetworkModel::Linked(linked) => linked.layer(nodes, replication)?,
            NetworkModel::Topology(routed) => wired(routed, nodes, self.loss)?,
            _ => return Err(LinksError::None),
        };
        let cuts = self.conditions.cuts(self, nodes as usize, replication)?;
        Ok(layer.with_cuts(cuts))
    }
}

impl LinkedNetwork {
    fn layer(&self, nodes: u32, replication: StreamKey) -> Result<LinkLayer, LinksError> {
        let layer = LinkLayer::new(nodes, self.source(nodes, replication)?, self.air)?;
        let gateways = self.gateways.iter();
        let joined = gateways.flat_map(|gateways| gateways.wires(nodes, self.streams(replication).purpose("gateways")));
        Ok(layer.with_wires(joined.chain(self.wires.iter().copied()))?)
    }

    fn streams(&self, replication: StreamKey) -> StreamKey {
        self.instance.unwrap_or(replication.purpose("movement"))
    }

    fn source(&self, nodes: u32, replication: StreamKey) -> Result<Box<dyn LinkSource>, LinksError> {
        match &self.neighbourhood {
            Neighbourhood::Radio { range, mobility, .. } => {
                let movements = mobility.model.movements(nodes, self.streams(replication));
                Ok(Box::new(Moving::new(movements, *range)?))
            }
            Neighbourhood::Contacts(contacts) => Ok(Box::new(contacts.contacts())),
        }
    }

    /// Where so many nodes are at time zero.
    pub(super) fn places(&self, nodes: u32, replication: StreamKey) -> Option<Vec<(f64, f64)>> {
        match &self.neighbourhood {
            Neighbourhood::Radio { mobility, .. } => {
                let movements = mobility.model.movements(nodes, self.streams(replication));
                Some(movements.into_iter().map(first_place).collect())
            }
            Neighbourhood::Contacts(_) => None,
        }
    }

    /// About how many bytes the links of so many nodes take.
    pub(super) fn memory(&self, nodes: usize) -> usize {
        /// A path with its random stream or its place in a trace, and where it is sorted into the plane.
        const PATH_BYTES: usize = 256;
        let neighbours = match &self.neighbourhood {
            Neighbourhood::Radio {
                range,
                area: Some(area),
                ..
            } => {
                let share = std::f64::consts::PI * range * range / (area.width * area.height);
                nodes as f64 * share.min(1.0)
            }
            // Where nobody knows, as many as protocols of the network layer are mostly tried with.
            _ => 10.0_f64.min(nodes as f64),
        };
        // Who is near and who has a link: two lists a node, which grow by doubling.
        nodes * (PATH_BYTES + 2 * (size_of::<Vec<NodeAddr>>() + (2.0 * neighbours) as usize * size_of::<NodeAddr>()))
    }
}

/// Where a path begins, jumps at time zero included.
fn first_place(mut movement: Box<dyn Movement>) -> (f64, f64) {
    loop {
        let leg = movement.next_leg();
        if leg.end > SimTime::ZERO {
            return (leg.from.x, leg.from.y);
        }
    }
}

/// The graph of routers as links by wire between nodes.
fn wired(routed: &RoutedNetwork, nodes: u32, loss: f64) -> Result<LinkLayer, LinksError> {
    let graph = &routed.topology.graph;
    if nodes as usize != graph.routers() {
        let hosts = graph.routers();
        return Err(NetworkError::TooFewHosts {
            nodes: nodes as usize,
            hosts,
        }
        .into());
    }
    let place = |router| routed.place(router).map(|(x, y)| Place { x, y });
    let places: Option<Vec<Place>> = (0..graph.routers()).map(place).collect();
    let air = Air {
        delay: graph.shortest_link().max(SimDuration::NANOSECOND),
        jitter: SimDuration::ZERO,
        loss: 0.0,
        tries: 1,
        medium: None,
    };
    let wires = graph.links().map(|(a, b, delay)| Wire {
        between: (NodeAddr(a as u32), NodeAddr(b as u32)),
        delay: delay.max(SimDuration::NANOSECOND),
        loss,
    });
    let source = Fixed::new([], places.unwrap_or_default());
    Ok(LinkLayer::new(nodes, Box::new(source), air)?.with_wires(wires)?)
}

impl fmt::Display for LinkedNetwork {
    /// One line for `peerscope check`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.neighbourhood {
            Neighbourhood::Radio { range, area, mobility } => {
                write!(f, "radios with a range of {range} m")?;
                if let Some(Area { width, height }) = area {
                    write!(f, " in {width:.0} m x {height:.0} m")?;
                }
                write!(f, ", {}", mobility.words)?;
            }
            Neighbourhood::Contacts(contacts) => write!(f, "contacts from {}", contacts.input.path.display())?,
        }
        let Air {
            delay,
            jitter,
            loss,
            tries,
            medium,
        } = self.air;
        write!(f, ", a hop takes {}", written(delay))?;
        if jitter > SimDuration::ZERO {
            write!(f, " to {}", written(delay + jitter))?;
        }
        if loss > 0.0 {
            write!(f, ", loss {} %, up to {tries} tries", loss * 100.0)?;
        }
        if let Some(medium) = medium {
            write!(f, ", a shared medium of {}", written_bit_rate(medium.bandwidth))?;
        }
        match self.wires.len() {
            0 => {}
            1 => f.write_str(", a wire")?,
            wires => write!(f, ", {wires} wires")?,
        }
        if let Some(gateways) = &self.gateways {
            write!(f, ", {gateways}")?;
        }
        if self.instance.is_some() {
            f.write_str(", the same in all replications")?;
        }
        Ok(())
    }
}
