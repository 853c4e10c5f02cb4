//! Generated graphs of routers as scenarios write them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::network::Spread;
use sim_core::time::SimDuration;

use super::RawAccess;
use super::link_delay::RawLinkDelay;
use crate::topology::generate::{
    BarabasiAlbert, Grid, Model, Probabilities, RandomGeometric, Ring, TransitStub, TransitStubDelays, Waxman,
};
use crate::units::{Duration, Fraction, Positive};

/// How hosts are spread over routers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostPlacement {
    /// Each host at any router with the same probability.
    #[default]
    Uniform,
    /// Each host at a router with a probability in proportion to the links of the router.
    Degree,
    /// No two hosts at one router; there must be at least as many routers as nodes.
    OnePerRouter,
}

impl HostPlacement {
    pub(super) fn spread(self) -> Spread {
        match self {
            HostPlacement::Uniform => Spread::Uniform,
            HostPlacement::Degree => Spread::Degree,
            HostPlacement::OnePerRouter => Spread::OnePerRouter,
        }
    }
}

/// Which routers of a transit-stub graph have hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostsAt {
    /// Those of stub domains.
    #[default]
    Stub,
    /// All of them.
    All,
}

/// A graph to generate, and the hosts on it.
pub(super) struct Wanted {
    /// The name of its table under `network`.
    pub(super) name: &'static str,
    pub(super) model: Model,
    pub(super) instance: u32,
    pub(super) hosts: HostPlacement,
    pub(super) hosts_at: HostsAt,
    pub(super) access: Option<RawAccess>,
}

/// Stub domains of routers around domains of transit routers, as GT-ITM makes them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawTransitStub {
    /// How many transit domains there are.
    transit_domains: u32,
    /// The routers of each transit domain.
    transit_routers: u32,
    /// How many stub domains each transit router has.
    stub_domains: u32,
    /// The routers of each stub domain.
    stub_routers: u32,
    /// The probability of a link between two transit domains.
    #[serde(default = "domain_probability")]
    domain_probability: Fraction,
    /// The probability of a link between two routers of a transit domain.
    #[serde(default = "transit_probability")]
    transit_probability: Fraction,
    /// The probability of a link between two routers of a stub domain.
    #[serde(default = "stub_probability")]
    stub_probability: Fraction,
    /// How many more links there are between random transit and stub routers.
    #[serde(default)]
    extra_transit_stub: u32,
    /// How many more links there are between random routers of different stub domains.
    #[serde(default)]
    extra_stub_stub: u32,
    /// The delays of links, one way.
    #[serde(default)]
    delay: RawTransitStubDelay,
    /// Which of the graphs of the scenario's seed.
    #[serde(default)]
    instance: u32,
    /// Which routers have hosts.
    #[serde(default)]
    hosts_at: HostsAt,
    /// How hosts are spread over these routers.
    #[serde(default)]
    hosts: HostPlacement,
    /// The delay between a host and its router, one way. Protocols of the network layer have neither hosts nor this: each router is
    /// a node.
    access: Option<RawAccess>,
}

/// The probabilities of the example of 100 routers that comes with GT-ITM.
fn domain_probability() -> Fraction {
    Fraction::new(1.0)
}

fn transit_probability() -> Fraction {
    Fraction::new(0.6)
}

fn stub_probability() -> Fraction {
    Fraction::new(0.42)
}

/// The delays of links, one way, by the kinds of their routers. Left out, those of Stoica et al. 2003: 50, 20 and 1 ms.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawTransitStubDelay {
    /// Between transit routers.
    transit: Duration,
    /// Between a transit router and a stub router.
    transit_stub: Duration,
    /// Between stub routers.
    stub: Duration,
}

impl Default for RawTransitStubDelay {
    fn default() -> Self {
        let millis = |number| Duration(SimDuration::from_millis(number));
        RawTransitStubDelay {
            transit: millis(50),
            transit_stub: millis(20),
            stub: millis(1),
        }
    }
}

impl From<RawTransitStub> for Wanted {
    fn from(raw: RawTransitStub) -> Self {
        let model = TransitStub {
            transit_domains: raw.transit_domains,
            transit_routers: raw.transit_routers,
            stub_domains: raw.stub_domains,
            stub_routers: raw.stub_routers,
            probabilities: Probabilities {
                domains: raw.domain_probability.get(),
                transit: raw.transit_probability.get(),
                stub: raw.stub_probability.get(),
            },
            extra_transit_stub: raw.extra_transit_stub,
            extra_stub_stub: raw.extra_stub_stub,
            delays: TransitStubDelays {
                transit: raw.delay.transit.get(),
                transit_stub: raw.delay.transit_stub.get(),
                stub: raw.delay.stub.get(),
            },
        };
        Wanted {
            name: "transit_stub",
            model: Model::TransitStub(model),
            instance: raw.instance,
            hosts: raw.hosts,
            hosts_at: raw.hosts_at,
            access: raw.access,
        }
    }
}

/// Routers at random places in a square, with links that are the less likely the longer they would be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawWaxman {
    /// How many routers.
    routers: u32,
    /// The probability of a link of no length: two routers at the distance d have a link with the probability
    /// alpha exp(-d / (beta L)), where L is the diagonal of the square. GT-ITM and BRITE have the same letters.
    alpha: Fraction,
    /// How slowly the probability falls with distance.
    beta: Positive,
    /// The side of the square, in units of length; 1 where it is left out.
    side: Option<Positive>,
    /// The delay of a link, one way.
    delay: RawLinkDelay,
    /// Which of the graphs of the scenario's seed.
    #[serde(default)]
    instance: u32,
    /// How hosts are spread over the routers.
    #[serde(default)]
    hosts: HostPlacement,
    /// The delay between a host and its router, one way. Protocols of the network layer have neither hosts nor this: each router is
    /// a node.
    access: Option<RawAccess>,
}

/// The side of a square.
fn side(written: Option<Positive>) -> f64 {
    written.map_or(1.0, Positive::get)
}

impl From<RawWaxman> for Wanted {
    fn from(raw: RawWaxman) -> Self {
        let model = Waxman {
            routers: raw.routers,
            alpha: raw.alpha.get(),
            beta: raw.beta.get(),
            side: side(raw.side),
            delay: raw.delay.get(),
        };
        Wanted {
            name: "waxman",
            model: Model::Waxman(model),
            instance: raw.instance,
            hosts: raw.hosts,
            hosts_at: HostsAt::All,
            access: raw.access,
        }
    }
}

/// Routers that come one by one and prefer those with many links, at random places in a square.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawBarabasiAlbert {
    /// How many routers.
    routers: u32,
    /// How many links a newcomer has, with different routers.
    #[schemars(range(min = 1))]
    links: u32,
    /// The side of the square, in units of length; 1 where it is left out.
    side: Option<Positive>,
    /// The delay of a link, one way.
    delay: RawLinkDelay,
    /// Which of the graphs of the scenario's seed.
    #[serde(default)]
    instance: u32,
    /// How hosts are spread over the routers.
    #[serde(default)]
    hosts: HostPlacement,
    /// The delay between a host and its router, one way. Protocols of the network layer have neither hosts nor this: each router is
    /// a node.
    access: Option<RawAccess>,
}

impl From<RawBarabasiAlbert> for Wanted {
    fn from(raw: RawBarabasiAlbert) -> Self {
        let model = BarabasiAlbert {
            routers: raw.routers,
            links: raw.links,
            side: side(raw.side),
            delay: raw.delay.get(),
        };
        Wanted {
            name: "barabasi_albert",
            model: Model::BarabasiAlbert(model),
            instance: raw.instance,
            hosts: raw.hosts,
            hosts_at: HostsAt::All,
            access: raw.access,
        }
    }
}

/// Routers at random places in a square, with links between all that are near enough.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawRandomGeometric {
    /// How many routers.
    routers: u32,
    /// How far apart routers with a link are at most, in units of length. Parts that come out unconnected are joined by the
    /// shortest links possible.
    radius: Positive,
    /// The side of the square, in units of length; 1 where it is left out.
    side: Option<Positive>,
    /// The delay of a link, one way.
    delay: RawLinkDelay,
    /// Which of the graphs of the scenario's seed.
    #[serde(default)]
    instance: u32,
    /// How hosts are spread over the routers.
    #[serde(default)]
    hosts: HostPlacement,
    /// The delay between a host and its router, one way. Protocols of the network layer have neither hosts nor this: each router is
    /// a node.
    access: Option<RawAccess>,
}

impl From<RawRandomGeometric> for Wanted {
    fn from(raw: RawRandomGeometric) -> Self {
        let model = RandomGeometric {
            routers: raw.routers,
            radius: raw.radius.get(),
            side: side(raw.side),
            delay: raw.delay.get(),
        };
        Wanted {
            name: "random_geometric",
            model: Model::RandomGeometric(model),
            instance: raw.instance,
            hosts: raw.hosts,
            hosts_at: HostsAt::All,
            access: raw.access,
        }
    }
}

/// Routers on a circle, each with a link to the next.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawRing {
    /// How many routers.
    routers: u32,
    /// The delay of a link, one way.
    delay: Duration,
    /// How hosts are spread over the routers.
    #[serde(default)]
    hosts: HostPlacement,
    /// The delay between a host and its router, one way. Protocols of the network layer have neither hosts nor this: each router is
    /// a node.
    access: Option<RawAccess>,
}

impl From<RawRing> for Wanted {
    fn from(raw: RawRing) -> Self {
        let model = Ring {
            routers: raw.routers,
            delay: raw.delay.get(),
        };
        Wanted {
            name: "ring",
            model: Model::Ring(model),
            instance: 0,
            hosts: raw.hosts,
            hosts_at: HostsAt::All,
            access: raw.access,
        }
    }
}

/// Routers in rows and columns, each with links to its neighbours in both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawGrid {
    /// How many rows.
    rows: u32,
    /// How many columns.
    columns: u32,
    /// Whether the last of a row or column is a neighbour of the first.
    #[serde(default)]
    torus: bool,
    /// The delay of a link, one way.
    delay: Duration,
    /// How hosts are spread over the routers.
    #[serde(default)]
    hosts: HostPlacement,
    /// The delay between a host and its router, one way. Protocols of the network layer have neither hosts nor this: each router is
    /// a node.
    access: Option<RawAccess>,
}

impl From<RawGrid> for Wanted {
    fn from(raw: RawGrid) -> Self {
        let model = Grid {
            rows: raw.rows,
            columns: raw.columns,
            torus: raw.torus,
            delay: raw.delay.get(),
        };
        Wanted {
            name: "grid",
            model: Model::Grid(model),
            instance: 0,
            hosts: raw.hosts,
            hosts_at: HostsAt::All,
            access: raw.access,
        }
    }
}
