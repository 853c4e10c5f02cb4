//! `[network.radio]`: nodes with radios in the plane, that stand or move.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;
use sim_core::link_layer::Place;
use sim_core::mobility::{Area, Standing};
use sim_core::random::StreamKey;
use sim_core::time::SimDuration;

use super::NetworkModel;
use super::air::{RawAir, RawCapacity, tries};
use super::linked::{LinkedNetwork, Neighbourhood};
use super::mobility::{self, Mobility, RawMobility};
use super::wires::{RawGateways, RawWire, gateways, wires};
use crate::input::{Document, InputError};
use crate::movement::FARTHEST;
use crate::scenario::files::ScenarioFiles;
use crate::units::{Duration, Fraction, Length, Positive, counted};

const KEY: &str = "network.radio";

/// Nodes with radios in the plane, that stand or move: two have a link while they are in range of each other.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawRadio {
    /// How far apart two nodes with a link are at most.
    range: Length,
    /// The rectangle in which the nodes are, in place of `degree`. Its lower left corner is (0, 0).
    area: Option<RawArea>,
    /// How many neighbours a node has on average, those near the border not counted, in place of `area`: nodes are then in a
    /// square of the area `nodes.count` x pi x range² / degree, so that its density does not depend on how many they are.
    degree: Option<Positive>,
    /// Where the nodes stand, if they do not move; at random places where it is left out.
    placement: Option<RawPlacement>,
    /// How the nodes move; they stand where it is left out.
    mobility: Option<RawMobility>,
    /// When links come and go.
    #[serde(default)]
    links: RawLinks,
    /// Whether places or movements are drawn anew until there is a way between all nodes at the start, wires included; where they are
    /// given, whether there must be one.
    #[serde(default)]
    connected: bool,
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
    /// Links by wire, which are always there, at most one between the same two nodes. They take the place of a link by radio and of a wire
    /// of `gateways` between these.
    #[serde(default)]
    wires: Vec<RawWire>,
    /// Nodes that are joined by wires, or by tunnels through another network.
    gateways: Option<RawGateways>,
    /// Which of the placements or movements of the scenario's seed, the same in all replications; each replication has one of
    /// its own where it is left out.
    instance: Option<u32>,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Area")]
struct RawArea {
    /// From west to east.
    width: Length,
    /// From south to north.
    height: Length,
}

/// Where nodes stand.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "Placement")]
enum RawPlacement {
    /// Each anywhere in the area: a random geometric graph.
    Uniform,
    /// In the cells of a grid, row after row from the lower left corner of the area, which is that of the grid.
    Grid {
        /// How many cells a row has.
        columns: u32,
        /// The side of a cell.
        spacing: Length,
        /// How far from the centre of its cell a node may be in each direction: from 0, at the centre, to 1, anywhere in the cell.
        #[serde(default)]
        jitter: Fraction,
    },
    /// At these places, node 0 first: x and y in metres.
    Places(Vec<[f64; 2]>),
}

/// When links come and go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "LinkTimes")]
enum RawLinks {
    /// At the exact times at which nodes come into range and leave it.
    #[default]
    Exact,
    /// When somebody looks, so often, as nodes do that say hello: what comes and goes between two looks is missed.
    Scan(Duration),
}

/// The network of `[network.radio]` between so many nodes.
pub(super) fn radio(
    mut raw: RawRadio,
    nodes: u32,
    seed: u64,
    document: &Document,
    files: &ScenarioFiles,
) -> Result<NetworkModel, InputError> {
    let range = raw.range.metres();
    if range == 0.0 {
        let error = document.error_at(&format!("{KEY}.range"), "with a range of zero nobody hears anybody");
        return Err(error.labelled("must be longer than 0m"));
    }
    let (area, mobility) = nodes_in_plane(&mut raw, range, nodes, document, files)?;
    let scan = match raw.links {
        RawLinks::Exact => None,
        RawLinks::Scan(Duration(SimDuration::ZERO)) => {
            let error = document.error_at(&format!("{KEY}.links.scan"), "nobody can look all the time");
            return Err(error
                .labelled("must be longer than 0s")
                .help("links = \"exact\" has the exact times, and takes less time than a scan each second"));
        }
        RawLinks::Scan(interval) => Some(interval.get()),
    };
    let air = RawAir {
        key: KEY,
        delay: raw.delay,
        jitter: raw.jitter,
        loss: raw.loss,
        tries: raw.tries,
        capacity: raw.capacity,
    };
    let streams = |instance: u32| StreamKey::root(seed, 0).purpose("movement").index(instance.into());
    let network = LinkedNetwork {
        neighbourhood: Neighbourhood::Radio {
            range,
            area,
            mobility,
            scan,
            connected: raw.connected,
        },
        air: air.get(document)?,
        wires: wires(raw.wires, nodes, document)?,
        gateways: raw.gateways.map(|raw| gateways(raw, nodes, document)).transpose()?,
        instance: raw.instance.map(streams),
    };
    if let Some(NodeAddr(node)) = network.never_reached(nodes) {
        let message =
            format!("there is no way between node 0 and node {node} at the start, and places are not drawn but given");
        let error = document.error_at(&format!("{KEY}.connected"), message);
        return Err(error
            .labelled("cannot be")
            .help("take a longer `range`, join them by `wires`, or leave out `connected`"));
    }
    Ok(NetworkModel::Linked(network))
}

/// Where nodes with this range are, and how they move or where they stand.
fn nodes_in_plane(
    raw: &mut RawRadio,
    range: f64,
    nodes: u32,
    document: &Document,
    files: &ScenarioFiles,
) -> Result<(Option<Area>, Mobility), InputError> {
    let area = area(raw.area, raw.degree, range, nodes, document)?;
    let given = matches!(raw.mobility, Some(RawMobility::Trace { .. }))
        || matches!(raw.placement, Some(RawPlacement::Places(_) | RawPlacement::Grid { .. }));
    if given && raw.degree.is_some() {
        let error = document.error_at(
            &format!("{KEY}.degree"),
            "how many neighbours nodes have follows from their places",
        );
        return Err(error.labelled("leave it out"));
    }
    let mobility = match (raw.mobility.take(), raw.placement.take()) {
        (Some(_), Some(_)) => {
            let message = "nodes that move have places of their own to start from";
            let error = document.error_at(&format!("{KEY}.placement"), message);
            return Err(error
                .labelled("only for nodes that stand")
                .help("leave out `placement` or `mobility`"));
        }
        (Some(mobility), None) => mobility::mobility(mobility, area, nodes, document, files)?,
        (None, None | Some(RawPlacement::Uniform)) => Mobility::new(
            Standing::Uniform(needed(area, document)?),
            "nodes stand at random places",
        ),
        (None, Some(RawPlacement::Places(places))) => {
            let places = placed(&places, area, nodes, document)?;
            Mobility::given(Standing::Given(places.into()), "nodes stand at given places")
        }
        (
            None,
            Some(RawPlacement::Grid {
                columns,
                spacing,
                jitter,
            }),
        ) => {
            if raw.area.is_some() {
                let error = document.error_at(&format!("{KEY}.area"), "a grid has an area of its own");
                return Err(error
                    .labelled("leave it out")
                    .help("it follows from `columns`, `spacing` and `nodes.count`"));
            }
            return grid((columns, spacing.metres(), jitter.get()), nodes, document);
        }
    };
    Ok((area, mobility))
}

/// Nodes in the cells of a grid: how many a row has, their side, and the jitter.
fn grid(
    (columns, spacing, jitter): (u32, f64, f64),
    nodes: u32,
    document: &Document,
) -> Result<(Option<Area>, Mobility), InputError> {
    let standing = Standing::Grid {
        columns,
        spacing,
        jitter,
    };
    for (key, zero) in [("columns", columns == 0), ("spacing", spacing == 0.0)] {
        if zero {
            let error = document.error_at(&format!("{KEY}.placement.grid.{key}"), "a grid without cells");
            return Err(error.labelled("must be above zero"));
        }
    }
    let area = Area {
        width: f64::from(columns.min(nodes)) * spacing,
        height: f64::from(nodes.div_ceil(columns)) * spacing,
    };
    let words = format!("nodes stand in a grid of {columns} columns, {spacing} m apart");
    let mobility = match jitter > 0.0 {
        true => Mobility::new(standing, words),
        false => Mobility::given(standing, words),
    };
    Ok((Some(area), mobility))
}

/// The area that is written, or that follows from a degree: in the density `d / (pi r²)` a disk of the range holds so many nodes.
fn area(
    written: Option<RawArea>,
    degree: Option<Positive>,
    range: f64,
    nodes: u32,
    document: &Document,
) -> Result<Option<Area>, InputError> {
    match (written, degree) {
        (Some(_), Some(_)) => {
            let error = document.error_at(
                &format!("{KEY}.degree"),
                "the area is stated, and the degree follows from it",
            );
            Err(error
                .labelled("in place of `area`, not beside it")
                .help("leave out one of `area` and `degree`"))
        }
        (None, Some(degree)) => {
            let side = (f64::from(nodes) * std::f64::consts::PI * range * range / degree.get()).sqrt();
            if side > FARTHEST {
                let message = format!("the area would have sides of {side:.0} m: expected at most {FARTHEST} m");
                let error = document.error_at(&format!("{KEY}.degree"), message);
                return Err(error.labelled("too small for so many nodes with this range"));
            }
            Ok(Some(Area {
                width: side,
                height: side,
            }))
        }
        (Some(RawArea { width, height }), None) => {
            for (name, side) in [("width", width), ("height", height)] {
                if side.metres() == 0.0 {
                    let error = document.error_at(&format!("{KEY}.area.{name}"), "an area without extent");
                    return Err(error.labelled("must be longer than 0m"));
                }
            }
            Ok(Some(Area {
                width: width.metres(),
                height: height.metres(),
            }))
        }
        (None, None) => Ok(None),
    }
}

/// The area where there must be one.
pub(super) fn needed(area: Option<Area>, document: &Document) -> Result<Area, InputError> {
    area.ok_or_else(|| {
        let error = document.error_at(KEY, "where are the nodes? Neither `area` nor `degree` is given");
        error
            .labelled("needs one of them")
            .help("area = { width = \"1km\", height = \"1km\" }, or degree = 10 for a square in which nodes have 10 neighbours")
    })
}

/// The places that are written, a node each.
fn placed(places: &[[f64; 2]], area: Option<Area>, nodes: u32, document: &Document) -> Result<Vec<Place>, InputError> {
    let key = format!("{KEY}.placement.places");
    if places.len() != nodes as usize {
        let message = format!(
            "{} for {}",
            counted(places.len(), "place"),
            counted(nodes as usize, "node")
        );
        return Err(document
            .error_at(&key, message)
            .labelled("needs a place for each node")
            .help(format!("`nodes.count` is {nodes}")));
    }
    let place = |(at, [x, y]): (usize, &[f64; 2])| {
        let place = Place { x: *x, y: *y };
        if x.abs().max(y.abs()) > FARTHEST {
            let message =
                format!("the place ({x}, {y}) is too far out: expected at most {FARTHEST} m in any direction");
            return Err(document.error_at(&format!("{key}.{at}"), message));
        }
        match area {
            Some(area) if !area.contains(place) => {
                let message = format!(
                    "the place ({x}, {y}) lies outside the area of {} m x {} m",
                    area.width, area.height
                );
                Err(document
                    .error_at(&format!("{key}.{at}"), message)
                    .labelled("outside")
                    .help("the area begins at (0, 0); state a larger one, or none"))
            }
            _ => Ok(place),
        }
    };
    places.iter().enumerate().map(place).collect()
}
