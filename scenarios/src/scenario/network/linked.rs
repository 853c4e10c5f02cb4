//! Networks in which only neighbours can talk: radios in the plane, contacts, graphs whose routers are the nodes.

use std::fmt;

use petgraph::unionfind::UnionFind;
use sim_core::addr::NodeAddr;
use sim_core::link_layer::{Air, Fixed, LinkLayer, LinkLayerError, LinkSource, Place, Wire};
use sim_core::mobility::{Area, MobilityError, Movement, Moving, Scanned};
use sim_core::network::NetworkError;
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};
use thiserror::Error;

use super::contacts::ContactSpec;
use super::mobility::Mobility;
use super::wires::{Gateways, Who};
use super::{NetworkModel, NetworkSpec, RoutedNetwork};
use crate::units::{counted, written, written_bit_rate};

/// How many networks are drawn at most until one is connected.
const TRIES: u64 = 1000;

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
        /// How often somebody looks who is in range, if links do not come and go at the exact times.
        scan: Option<SimDuration>,
        /// Whether there is a way between all nodes at the start.
        connected: bool,
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
    /// No network was connected at the start.
    #[error(
        "{} at the start: take a longer range, a smaller area or a higher degree, or leave out `connected`",
        unconnected(*tries, *nodes)
    )]
    NotConnected {
        /// How many networks were drawn.
        tries: u64,
        /// How many nodes there are.
        nodes: u32,
    },
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
    /// [`LinksError::None`] where [`NetworkSpec::has_links`] does not hold, and [`LinksError::NotConnected`] where networks are drawn until
    /// one is connected and none is; no other for a validated scenario.
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
        let (streams, wires) = (self.streams(nodes, replication)?, self.wires(nodes, replication));
        let layer = LinkLayer::new(nodes, self.source(nodes, streams)?, self.air)?;
        Ok(layer.with_wires(wires)?)
    }

    /// The streams of a run's places, movements and gateways.
    fn root(&self, replication: StreamKey) -> StreamKey {
        self.instance.unwrap_or(replication.purpose("movement"))
    }

    /// The wires of a run, those between gateways first.
    fn wires(&self, nodes: u32, replication: StreamKey) -> Vec<Wire> {
        let streams = self.root(replication).purpose("gateways");
        let mut wires = self
            .gateways
            .as_ref()
            .map_or_else(Vec::new, |gateways| gateways.wires(nodes, streams));
        wires.extend(&self.wires);
        wires
    }

    /// The streams of the places and movements of a run: those of the first network that is connected, where it is to be.
    fn streams(&self, nodes: u32, replication: StreamKey) -> Result<StreamKey, LinksError> {
        let root = self.root(replication);
        let Neighbourhood::Radio {
            connected: true,
            mobility,
            ..
        } = &self.neighbourhood
        else {
            return Ok(root);
        };
        let wires = self.wires(nodes, replication);
        // Gateways may be random all the same, but are those of the replication whatever the network is.
        let tries = if mobility.drawn { TRIES } else { 1 };
        for attempt in 0..tries {
            // The first network is that of a scenario which takes it as it comes.
            let streams = match attempt {
                0 => root,
                attempt => root.purpose("connected").index(attempt),
            };
            if unreached(nodes, &mut *self.source(nodes, streams)?, &wires).is_none() {
                return Ok(streams);
            }
        }
        Err(LinksError::NotConnected { tries, nodes })
    }

    /// The first node that has no way to node 0 at the start of any run, where all are to have one and nothing is random that could
    /// change it.
    pub(super) fn never_reached(&self, nodes: u32) -> Option<NodeAddr> {
        let Neighbourhood::Radio {
            connected: true,
            mobility: Mobility { drawn: false, .. },
            ..
        } = &self.neighbourhood
        else {
            return None;
        };
        if self
            .gateways
            .as_ref()
            .is_some_and(|gateways| matches!(gateways.who, Who::Random(_)))
        {
            return None;
        }
        let any = StreamKey::root(0, 0);
        unreached(nodes, &mut *self.source(nodes, any).ok()?, &self.wires(nodes, any))
    }

    fn source(&self, nodes: u32, streams: StreamKey) -> Result<Box<dyn LinkSource>, LinksError> {
        Ok(match &self.neighbourhood {
            Neighbourhood::Radio {
                range, mobility, scan, ..
            } => {
                let movements = mobility.model.movements(nodes, streams);
                match scan {
                    None => Box::new(Moving::new(movements, *range)?),
                    Some(interval) => Box::new(Scanned::new(movements, *range, *interval)?),
                }
            }
            Neighbourhood::Contacts(contacts) => Box::new(contacts.contacts()),
        })
    }

    /// Where so many nodes are at time zero. Nobody is anywhere in a network that cannot be made: its links say why.
    pub(super) fn places(&self, nodes: u32, replication: StreamKey) -> Option<Vec<(f64, f64)>> {
        match &self.neighbourhood {
            Neighbourhood::Radio { mobility, .. } => {
                let movements = mobility.model.movements(nodes, self.streams(nodes, replication).ok()?);
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

/// The first of so many nodes that has no way to node 0 at time zero.
fn unreached(nodes: u32, source: &mut dyn LinkSource, wires: &[Wire]) -> Option<NodeAddr> {
    let mut changes = Vec::new();
    source.next_stretch(&mut changes);
    let radio = changes
        .iter()
        .filter(|change| change.time == SimTime::ZERO && change.up);
    let links = radio
        .map(|change| change.between)
        .chain(wires.iter().map(|wire| wire.between));
    let mut parts = UnionFind::<u32>::new(nodes as usize);
    for (a, b) in links {
        parts.union(a.0, b.0);
    }
    (1..nodes).find(|node| !parts.equiv(0, *node)).map(NodeAddr)
}

/// That so many networks of so many nodes were not connected.
fn unconnected(tries: u64, nodes: u32) -> String {
    let nodes = counted(nodes as usize, "node");
    match tries {
        1 => format!("the network of {nodes} was not connected"),
        _ => format!("none of {tries} networks of {nodes} was connected"),
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
            Neighbourhood::Radio {
                range,
                area,
                mobility,
                scan,
                connected,
            } => {
                write!(f, "radios with a range of {range} m")?;
                if let Some(Area { width, height }) = area {
                    write!(f, " in {width:.0} m x {height:.0} m")?;
                }
                write!(f, ", {}", mobility.words)?;
                if *connected {
                    f.write_str(", connected at the start")?;
                }
                if let Some(interval) = scan {
                    write!(f, ", links looked at every {}", written(*interval))?;
                }
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
