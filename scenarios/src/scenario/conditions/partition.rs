//! `[[partition]]`: times in which the network falls apart.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_core::network::{Cut, NetworkError};
use sim_core::random::StreamKey;
use sim_core::time::SimTime;

use crate::input::{Document, InputError};
use crate::scenario::link_failure::router;
use crate::scenario::network::{NetworkModel, NetworkSpec};
use crate::scenario::one_or_many::Repeatable;
use crate::units::{Duration, Fraction, written};

/// The most groups that a partition may make.
const GROUP_LIMIT: u16 = 10_000;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawPartition {
    /// From when on it keeps messages from their receivers.
    from: Duration,
    /// When it is healed; never where it is left out.
    until: Option<Duration>,
    /// Who is apart from whom.
    apart: RawApart,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum RawApart {
    /// Random hosts from all others: the probability that a host is one of them.
    Fraction(Fraction),
    /// Random groups from each other, so many, a host as likely in any.
    Groups(#[schemars(range(min = 2, max = GROUP_LIMIT))] u16),
    /// The hosts in a part of the map from all others, where the network has places.
    Region(RawRegion),
    /// The hosts at these routers of a topology, named by their labels, from all others.
    Routers(Vec<String>),
}

impl Repeatable for RawPartition {
    const KEY: &'static str = "partition";
    const EXPECTED: &'static str = "a partition such as { from = \"1h\", apart = { groups = 2 } }";
    const SCHEMA: &'static str = "Partitions";
}

/// A rectangle, or a strip where one of the two is left out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawRegion {
    /// From where to where: units of length in a plane, degrees of longitude on a topology. The first belongs to it, the
    /// second does not.
    x: Option<[f64; 2]>,
    /// The same across: units of length, or degrees of latitude.
    y: Option<[f64; 2]>,
}

/// A time in which the network falls apart.
#[derive(Clone, PartialEq, Debug)]
pub struct PartitionSpec {
    /// From when on.
    pub from: SimTime,
    /// When it is healed.
    pub until: SimTime,
    /// Who is apart from whom.
    pub apart: Apart,
}

/// Who cannot talk to whom while a partition lasts.
#[derive(Clone, PartialEq, Debug)]
pub enum Apart {
    /// Each host with this probability from all that are not so.
    Fraction(f64),
    /// So many random groups from each other.
    Groups(u16),
    /// The hosts in a rectangle from all others: the bounds of `x` and of `y`, the lower ones included.
    Region {
        /// From where to where, in the network's units.
        x: (f64, f64),
        /// The same across.
        y: (f64, f64),
    },
    /// The hosts at these routers, by their numbers in the topology, from all others.
    Routers(Vec<usize>),
}

impl PartitionSpec {
    /// The partition of so many hosts of a network; what is random is drawn from `own`, the rest follows from where the hosts
    /// lie in this `replication`.
    pub(super) fn cut(
        &self,
        network: &NetworkSpec,
        hosts: usize,
        replication: StreamKey,
        own: StreamKey,
    ) -> Result<Cut, NetworkError> {
        let sides: Vec<u16> = match &self.apart {
            Apart::Fraction(fraction) => Cut::by_fraction(*fraction, own, hosts).collect(),
            Apart::Groups(groups) => Cut::into_groups(*groups, own, hosts).collect(),
            Apart::Region { x, y } => {
                let within = |(from, to): &(f64, f64), place: f64| (*from..*to).contains(&place);
                let places = network.places_of_hosts(hosts, replication)?.unwrap_or_default();
                let places = places.into_iter();
                places
                    .map(|place| u16::from(within(x, place.0) && within(y, place.1)))
                    .collect()
            }
            Apart::Routers(routers) => {
                let at = network.routers_of_hosts(hosts, replication)?;
                at.iter().map(|router| u16::from(routers.contains(router))).collect()
            }
        };
        Ok(Cut::new(self.from, self.until, sides))
    }
}

impl fmt::Display for PartitionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.apart {
            Apart::Fraction(fraction) => write!(f, "{} % of the hosts apart", fraction * 100.0)?,
            Apart::Groups(groups) => write!(f, "{groups} groups of hosts apart")?,
            Apart::Region { .. } => f.write_str("the hosts of a region apart")?,
            Apart::Routers(routers) if routers.len() == 1 => f.write_str("the hosts of a router apart")?,
            Apart::Routers(routers) => write!(f, "the hosts of {} routers apart", routers.len())?,
        }
        write!(f, " from {}", written(self.from.since(SimTime::ZERO)))?;
        if self.until < SimTime::MAX {
            write!(f, " until {}", written(self.until.since(SimTime::ZERO)))?;
        }
        Ok(())
    }
}

/// The partition of a scenario at a key, held against the network and the time of the run.
pub(super) fn partition(
    key: &str,
    raw: &RawPartition,
    network: &NetworkSpec,
    end: SimTime,
    document: &Document,
) -> Result<PartitionSpec, InputError> {
    let error_at = |inner: &str, message: String| document.error_at(&format!("{key}.{inner}"), message);
    let from = SimTime::ZERO + raw.from.get();
    if from >= end {
        let message = format!(
            "the partition begins at {}, when the run has ended",
            written(raw.from.get())
        );
        return Err(error_at("from", message).labelled("must lie before the end of the run, `run.duration`"));
    }
    let until = raw.until.map_or(SimTime::MAX, |until| SimTime::ZERO + until.get());
    if until <= from {
        let message = "the partition is healed before it begins".to_owned();
        return Err(error_at("until", message).labelled("must be later than `from`"));
    }
    let apart = match &raw.apart {
        RawApart::Fraction(fraction) => Apart::Fraction(fraction.get()),
        RawApart::Groups(groups) if (2..=GROUP_LIMIT).contains(groups) => Apart::Groups(*groups),
        RawApart::Groups(groups) => {
            let message = format!("expected from 2 to {GROUP_LIMIT} groups, found {groups}");
            return Err(error_at("apart.groups", message));
        }
        RawApart::Region(region) => {
            if !network.has_places() {
                let message = "the hosts of this network have no places, or not all of them".to_owned();
                return Err(error_at("apart.region", message)
                    .labelled("needs a plane, or routers that all have places")
                    .help("`fraction` and `groups` are possible in every network"));
            }
            let bounds = |axis: &str, bounds: Option<[f64; 2]>| match bounds {
                None => Ok((f64::NEG_INFINITY, f64::INFINITY)),
                Some([from, to]) if from < to => Ok((from, to)),
                Some([from, to]) => {
                    let message = format!("nothing lies from {from} to {to}");
                    Err(error_at(&format!("apart.region.{axis}"), message).labelled("the smaller number comes first"))
                }
            };
            if region.x.is_none() && region.y.is_none() {
                let message = "neither `x` nor `y` is given".to_owned();
                return Err(error_at("apart.region", message).labelled("everywhere"));
            }
            Apart::Region {
                x: bounds("x", region.x)?,
                y: bounds("y", region.y)?,
            }
        }
        RawApart::Routers(names) => {
            let NetworkModel::Topology(routed) = &network.model else {
                let message = "this network has no routers".to_owned();
                return Err(error_at("apart.routers", message)
                    .labelled("needs [network.topology], or a generated graph of routers"));
            };
            let number = |(at, name): (usize, &String)| {
                let key = format!("{key}.apart.routers.{at}");
                router(name, &key, &routed.topology, document)
            };
            Apart::Routers(names.iter().enumerate().map(number).collect::<Result<_, _>>()?)
        }
    };
    Ok(PartitionSpec { from, until, apart })
}

impl NetworkSpec {
    /// The router of each host; none where there are no routers.
    fn routers_of_hosts(&self, hosts: usize, replication: StreamKey) -> Result<Vec<usize>, NetworkError> {
        match &self.model {
            NetworkModel::Topology(routed) => routed.router_of_each(hosts, replication),
            _ => Ok(Vec::new()),
        }
    }
}
