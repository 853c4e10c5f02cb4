//! The points of a scenario, each made when it is asked for.

use std::collections::BTreeSet;
use std::sync::Arc;

use sim_core::time::{SimDuration, SimTime};

use super::churn::Comings;
use super::conditions::{RawConditions, conditions, nodes};
use super::files::ScenarioFiles;
use super::groups::groups;
use super::measure::measure;
use super::network;
use super::observe::observe;
use super::packets::{node_lookups, packets};
use super::point::label;
use super::raw::{RawBringUp, RawRun, RawScenario};
use super::storage::storage;
use super::sweep::{Place, Sweep};
use super::workload::{self, RawWorkload};
use super::{BringUp, Groups, InputFile, Lookups, NodeLookups, Packets, Point, Settings, Storage, WarmUp};
use crate::input::{Document, InputError};
use crate::registry::Registry;
use crate::units::written;

/// The points of a scenario, at least one.
///
/// Kept of a point is its place among all combinations of values. The rest is made anew whenever it is asked for: a hundred thousand
/// points would take hundreds of megabytes. The files that they name are read once.
pub struct Points {
    sweep: Arc<Sweep>,
    places: Vec<Place>,
    files: ScenarioFiles,
    /// The protocols that there are: what each is called, and whether it is one of the network layer.
    protocols: Vec<(String, bool)>,
    kinds: BTreeSet<Kind>,
}

impl Points {
    /// Those at these places of a sweep, ascending, which may name the protocols of `registry`.
    pub(super) fn new(sweep: Arc<Sweep>, places: Vec<Place>, registry: &Registry) -> Self {
        let protocols = registry.iter();
        Points {
            sweep,
            places,
            files: ScenarioFiles::default(),
            protocols: protocols
                .map(|entry| (entry.name().to_owned(), entry.is_network_layer()))
                .collect(),
            kinds: BTreeSet::new(),
        }
    }

    /// Makes each point once, and asks whether it can be. `whole` is the scenario with all that is not swept, which the first point
    /// is made from: `first` is shown that.
    ///
    /// # Errors
    /// [`InputError`] at the first value that cannot be.
    pub(super) fn approve(
        &mut self,
        whole: &Document,
        mut first: impl FnMut(&mut RawScenario),
        ask: impl Fn(&Point) -> Result<(), InputError>,
    ) -> Result<(), InputError> {
        for (index, place) in self.places.iter().enumerate() {
            let document = match index {
                0 => self.sweep.laid_over(whole.clone(), *place)?,
                _ => self.sweep.document(*place)?,
            };
            let mut raw: RawScenario = document.deserialize()?;
            if index == 0 {
                first(&mut raw);
            }
            let point = self.make(index, &document, raw)?;
            ask(&point)?;
            self.kinds.insert(Kind::of(&point));
        }
        Ok(())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// The point of this index, from zero.
    pub fn get(&self, index: usize) -> Option<Point> {
        let place = self.places.get(index)?;
        let made = self.sweep.document(*place).and_then(|document| {
            let raw = document.deserialize()?;
            self.make(index, &document, raw)
        });
        // Whoever has points has made each of them once, and nothing that it is made from has changed.
        Some(made.unwrap_or_else(|error| unreachable!("point {index} could be made before: {error}")))
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Point> {
        (0..self.count()).filter_map(|index| self.get(index))
    }

    /// What sets the point of this index apart, as [`Point::label`] tells it.
    pub fn label(&self, index: usize) -> Option<String> {
        self.settings(index).as_deref().map(label)
    }

    /// The swept keys and the values that the point of this index has, as [`Point::settings`] tells them.
    pub fn settings(&self, index: usize) -> Option<Vec<(String, String)>> {
        Some(self.sweep.settings(*self.places.get(index)?))
    }

    /// The index of the point that has these values of the axes, in their order.
    pub fn position(&self, values: &[&str]) -> Option<usize> {
        self.places.binary_search(&self.sweep.place_of(values)?).ok()
    }

    /// The kinds of points that there are.
    pub fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.iter()
    }

    /// The files that they name, in order and each once.
    pub(super) fn inputs(&self) -> Vec<InputFile> {
        self.files.inputs()
    }

    /// The point of an index, from its document.
    fn make(&self, index: usize, document: &Document, raw: RawScenario) -> Result<Point, InputError> {
        let (place, files) = (self.places[index], &self.files);
        let duration = duration(&raw.run, document)?;
        let end = SimTime::ZERO + duration;
        let (hosts, nodes) = nodes(&raw.nodes, document)?;
        let mut network = network::network(raw.network, raw.loss, raw.nodes.count, raw.seed, document, files)?;
        network.fail_links(&raw.link_failure, end, document)?;
        let raw_conditions = RawConditions {
            connectivity: raw.connectivity,
            partitions: raw.partition,
            access_links: raw.access_links,
        };
        network.conditions = conditions(raw_conditions, hosts, &network, end, document)?;
        let bring_up = bring_up(raw.bring_up, duration, nodes, document)?;
        let comings = Comings {
            hosts: hosts.count(nodes),
            bring_up,
            end,
            document,
        };
        let flash_crowd = raw.flash_crowd.map(|raw| comings.flash_crowd(raw)).transpose()?;
        let churn = comings.churn(raw.churn, flash_crowd.as_ref(), files)?;
        let mass_failures = comings.mass_failures(raw.mass_failure, &network)?;
        let Asked {
            lookups,
            storage,
            packets,
            node_lookups,
            groups,
        } = asked(raw.workload, end, hosts.count(nodes), document, files)?;
        let (protocol, network_layer) = self.chosen(document, nodes)?;
        let spans = packets.map(|packets| packets.span).into_iter();
        let spans = spans.chain(node_lookups.map(|lookups| lookups.span));
        let spans = spans.chain(groups.map(|groups| groups.span));
        let measure = measure(raw.measure, lookups.as_ref(), spans, document)?;
        let observe = observe(raw.observe, end, document)?;
        Ok(Point {
            index,
            settings: self.sweep.settings(place),
            duration,
            nodes,
            bring_up,
            network,
            churn,
            mass_failures,
            flash_crowd,
            lookups,
            storage,
            packets,
            node_lookups,
            groups,
            measure,
            observe,
            protocol,
            network_layer,
            place,
            sweep: self.sweep.clone(),
        })
    }

    /// The settings of the protocol that a document names, one of those that there are, and whether it is one of the network layer.
    fn chosen(&self, document: &Document, nodes: u32) -> Result<(Settings, bool), InputError> {
        let known: Vec<&str> = self.protocols.iter().map(|(name, _)| name.as_str()).collect();
        let settings = Settings::chosen(document, &known, nodes)?;
        let network_layer = |(name, network_layer): &(String, bool)| *network_layer && name == settings.name();
        let network_layer = self.protocols.iter().any(network_layer);
        Ok((settings, network_layer))
    }
}

/// What sort of point it is: what its runs do and tell, whatever the sizes. A sweep has few kinds of points. They decide which
/// tables there are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Kind {
    /// The name of its protocol.
    pub protocol: String,
    /// Whether that is one of the network layer.
    pub network_layer: bool,
    /// Whether hosts have access links.
    pub access_links: bool,
    /// Whether anybody comes or goes.
    pub comes_and_goes: bool,
    /// Whether keys are looked up.
    pub lookups: bool,
    /// Whether something is stored.
    pub storage: bool,
    /// Whether packets are sent.
    pub packets: bool,
    /// Whether addresses are looked up.
    pub node_lookups: bool,
    /// Whether messages are sent to groups.
    pub groups: bool,
    /// Whether keys are spread over the members.
    pub load: bool,
    /// Whether messages are counted by receiver.
    pub node_load: bool,
    /// Whether rings are counted.
    pub rings: bool,
    /// Whether tables are compared.
    pub tables: bool,
    /// Whether paths are counted.
    pub reachability: bool,
    /// Whether the convergence of a network layer is watched.
    pub convergence: bool,
    /// Whether snapshots are taken.
    pub snapshots: bool,
    /// Whether the runs themselves decide where the warm-up ends.
    pub automatic_warm_up: bool,
}

impl Kind {
    fn of(point: &Point) -> Self {
        let observe = &point.observe;
        Kind {
            protocol: point.protocol.name().to_owned(),
            network_layer: point.network_layer,
            access_links: point.network.conditions.access_links.is_some(),
            comes_and_goes: point.comes_and_goes(),
            lookups: point.lookups.is_some(),
            storage: point.storage.is_some(),
            packets: point.packets.is_some(),
            node_lookups: point.node_lookups.is_some(),
            groups: point.groups.is_some(),
            load: observe.load.is_some(),
            node_load: observe.node_load,
            rings: observe.rings.is_some(),
            tables: observe.tables.is_some(),
            reachability: observe.reachability.is_some(),
            convergence: observe.convergence.is_some(),
            snapshots: !observe.snapshots.is_empty(),
            automatic_warm_up: point.measure.warm_up == WarmUp::Auto,
        }
    }
}

fn duration(raw: &RawRun, document: &Document) -> Result<SimDuration, InputError> {
    match raw.duration.get() {
        SimDuration::ZERO => Err(document
            .error_at("run.duration", "nothing happens in no time")
            .labelled("must be longer than 0s")),
        duration => Ok(duration),
    }
}

/// What the nodes are asked for.
struct Asked {
    lookups: Option<Lookups>,
    storage: Option<Storage>,
    packets: Option<Packets>,
    node_lookups: Option<NodeLookups>,
    groups: Option<Groups>,
}

/// What the nodes of a run that ends at `end` are asked for.
fn asked(
    raw: RawWorkload,
    end: SimTime,
    hosts: u32,
    document: &Document,
    files: &ScenarioFiles,
) -> Result<Asked, InputError> {
    let lookups = raw
        .lookups
        .map(|raw| workload::lookups(raw, end, hosts, document, files))
        .transpose()?;
    let storage = raw.storage.map(|raw| storage(raw, end, document)).transpose()?;
    let sent = raw.packets.map(|raw| packets(&raw, hosts, end, document)).transpose()?;
    let found = raw.node_lookups.map(|raw| node_lookups(&raw, end, document));
    let of_groups = raw.groups.map(|raw| groups(&raw, hosts, end, document));
    Ok(Asked {
        lookups,
        storage,
        packets: sent,
        node_lookups: found.transpose()?,
        groups: of_groups.transpose()?,
    })
}

fn bring_up(raw: RawBringUp, duration: SimDuration, nodes: u32, document: &Document) -> Result<BringUp, InputError> {
    match raw {
        RawBringUp::Bulk {} => Ok(BringUp::Bulk),
        RawBringUp::Cold {} => Ok(BringUp::Cold),
        RawBringUp::Joins {
            bulk_beyond: Some(0), ..
        } => Err(document
            .error_at(
                "bring_up.joins.bulk_beyond",
                "expected at least 1, found 0: no network is so small",
            )
            .labelled("must be at least 1")
            .help("for networks that stand from the start write `[bring_up.bulk]`; leave it out for none that do")),
        RawBringUp::Joins {
            bulk_beyond: Some(most),
            ..
        } if nodes > most => Ok(BringUp::Bulk),
        RawBringUp::Joins {
            founders: Some(founders),
            ..
        } if !(1..=nodes).contains(&founders) => {
            let message = format!("expected between 1 and {nodes} founders, found {founders}");
            Err(document
                .error_at("bring_up.joins.founders", message)
                .labelled("must be some of the nodes, at least one"))
        }
        RawBringUp::Joins {
            over,
            arrivals,
            founders,
            ..
        } if over.get() < duration => Ok(BringUp::Joins {
            over: over.get(),
            arrivals,
            founders,
        }),
        RawBringUp::Joins { over, .. } => {
            let message = format!(
                "the nodes join over {}, but the run lasts only {}",
                written(over.get()),
                written(duration)
            );
            Err(document
                .error_at("bring_up.joins.over", message)
                .labelled("must be shorter than `run.duration`"))
        }
    }
}
