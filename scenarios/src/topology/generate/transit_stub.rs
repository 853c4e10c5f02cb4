//! Transit-stub graphs.

use std::fmt;
use std::ops::Range;

use petgraph::unionfind::UnionFind;
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::time::SimDuration;

use super::sketch::within;
use super::{GenerateError, Sketch, countable};
use crate::units::written;

/// How often the links of a domain are drawn until it is connected.
const ATTEMPTS: usize = 100;

/// A transit-stub graph as GT-ITM makes it (Zegura, Calvert and Bhattacharjee 1996, *How to model an internetwork*): domains
/// of transit routers, which are linked with each other, and at each transit router domains of stub routers.
///
/// Inside a domain each two routers have a link with a given probability, and the links are drawn anew until the domain is
/// connected, as GT-ITM does. Two transit domains that are linked have one link, between a random router of each; a stub
/// domain has one link to its transit router, from a random router of its own. The transit routers have the lowest numbers.
///
/// A message takes the shortest path by delay. Without extra links that is the routing by domains for which GT-ITM sets its
/// weights: a stub domain has a single link to the rest, so that no path leaves it to come back, and none crosses it. Extra
/// links give a domain more than one exit, and a path may then cross it where that is shorter.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TransitStub {
    /// How many transit domains.
    pub transit_domains: u32,
    /// The routers of each.
    pub transit_routers: u32,
    /// How many stub domains each transit router has.
    pub stub_domains: u32,
    /// The routers of each.
    pub stub_routers: u32,
    /// How likely links are.
    pub probabilities: Probabilities,
    /// How many links there are besides between random transit and stub routers.
    pub extra_transit_stub: u32,
    /// How many links there are besides between random routers of different stub domains.
    pub extra_stub_stub: u32,
    /// How long links take.
    pub delays: TransitStubDelays,
}

/// How likely the links of a transit-stub graph are.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Probabilities {
    /// Between two transit domains.
    pub domains: f64,
    /// Between two routers of a transit domain.
    pub transit: f64,
    /// Between two routers of a stub domain.
    pub stub: f64,
}

/// The delays of the links of a transit-stub graph, one way, by the kinds of their routers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TransitStubDelays {
    /// Between transit routers, of one domain or of two.
    pub transit: SimDuration,
    /// Between a transit router and a stub router.
    pub transit_stub: SimDuration,
    /// Between stub routers, of one domain or of two.
    pub stub: SimDuration,
}

impl TransitStub {
    /// How many transit routers there are.
    fn all_transit(&self) -> u64 {
        u64::from(self.transit_domains) * u64::from(self.transit_routers)
    }

    pub(super) fn sketch(&self, streams: StreamKey) -> Result<Sketch, GenerateError> {
        let transit = countable("transit_domains", self.all_transit())?;
        let stub_size = self.stub_routers as usize;
        let at_each = u64::from(self.stub_domains).saturating_mul(u64::from(self.stub_routers));
        let stubs = (transit as u64).saturating_mul(at_each);
        let routers = countable("stub_domains", stubs.saturating_add(transit as u64))?;
        let mut sketch = Sketch::new(routers, "stub_routers");
        self.link_transit(&mut sketch, streams)?;
        let stub_domains = (transit..routers).step_by(stub_size.max(1));
        for (number, first) in stub_domains.enumerate() {
            let mut rng = streams.purpose("stub domain").index(number as u64).rng();
            let domain = first..first + stub_size;
            let inside = Domain {
                what: "a stub domain",
                key: "stub_probability",
                probability: self.probabilities.stub,
            };
            for [one, other] in inside.links(stub_size, &mut rng)? {
                sketch.link(first + one, first + other, self.delays.stub)?;
            }
            let above = number / self.stub_domains as usize;
            sketch.link(above, within(&domain, &mut rng), self.delays.transit_stub)?;
        }
        self.link_extra(&mut sketch, transit..routers, streams)?;
        // Where there is no stub domain, hosts have to be elsewhere.
        sketch.stubs = (transit < routers).then_some(transit..routers);
        Ok(sketch)
    }

    /// The links inside of transit domains, and between them.
    fn link_transit(&self, sketch: &mut Sketch, streams: StreamKey) -> Result<(), GenerateError> {
        let size = self.transit_routers as usize;
        let routers = |domain: usize| domain * size..(domain + 1) * size;
        let inside = Domain {
            what: "a transit domain",
            key: "transit_probability",
            probability: self.probabilities.transit,
        };
        for domain in 0..self.transit_domains as usize {
            let mut rng = streams.purpose("transit domain").index(domain as u64).rng();
            let first = routers(domain).start;
            for [one, other] in inside.links(size, &mut rng)? {
                sketch.link(first + one, first + other, self.delays.transit)?;
            }
        }
        let between = Domain {
            what: "the transit domains",
            key: "domain_probability",
            probability: self.probabilities.domains,
        };
        let mut rng = streams.purpose("between domains").rng();
        for [one, other] in between.links(self.transit_domains as usize, &mut rng)? {
            let ends = [one, other].map(|domain| within(&routers(domain), &mut rng));
            sketch.link(ends[0], ends[1], self.delays.transit)?;
        }
        Ok(())
    }

    /// The links besides those that make the graph connected.
    fn link_extra(&self, sketch: &mut Sketch, stubs: Range<usize>, streams: StreamKey) -> Result<(), GenerateError> {
        let (all, transit) = (stubs.len(), 0..stubs.start);
        let size = (self.stub_routers as usize).max(1);
        let domains = all / size;
        let mut rng = streams.purpose("extra links").rng();
        let wanted = self.extra_transit_stub as usize;
        self.room("extra_transit_stub", wanted, transit.len() * all - domains)?;
        let enough = sketch.links() + wanted;
        while sketch.links() < enough {
            let ends = [within(&transit, &mut rng), within(&stubs, &mut rng)];
            sketch.link(ends[0], ends[1], self.delays.transit_stub)?;
        }
        let wanted = self.extra_stub_stub as usize;
        self.room("extra_stub_stub", wanted, all * (all - size.min(all)) / 2)?;
        let domain = |router: usize| (router - stubs.start) / size;
        let enough = sketch.links() + wanted;
        while sketch.links() < enough {
            let ends = [within(&stubs, &mut rng), within(&stubs, &mut rng)];
            if domain(ends[0]) != domain(ends[1]) {
                sketch.link(ends[0], ends[1], self.delays.stub)?;
            }
        }
        Ok(())
    }

    /// Refuses to make more than half of the links that are possible: they are drawn at random until they are new.
    fn room(&self, key: &'static str, wanted: usize, possible: usize) -> Result<(), GenerateError> {
        let room = possible / 2;
        if wanted > room {
            return Err(GenerateError::NoRoom { key, wanted, room });
        }
        Ok(())
    }
}

impl fmt::Display for TransitStub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TransitStub {
            transit_domains,
            transit_routers,
            stub_domains,
            stub_routers,
            delays,
            ..
        } = self;
        write!(
            f,
            "of a transit-stub graph, {transit_domains} x {transit_routers} transit routers with {stub_domains} stub domains of \
             {stub_routers} each, transit {}, transit-stub {}, stub {} a link",
            written(delays.transit),
            written(delays.transit_stub),
            written(delays.stub)
        )
    }
}

/// What is linked at random until it is connected.
struct Domain {
    what: &'static str,
    key: &'static str,
    probability: f64,
}

impl Domain {
    /// The links between so many members, numbered from zero.
    fn links(&self, members: usize, rng: &mut NodeRng) -> Result<Vec<[usize; 2]>, GenerateError> {
        for _ in 0..ATTEMPTS {
            let mut links = Vec::new();
            let mut parts = UnionFind::<usize>::new(members);
            let mut apart = members;
            for one in 0..members {
                for other in 0..one {
                    if unit(rng) < self.probability {
                        links.push([other, one]);
                        apart -= usize::from(parts.union(one, other));
                    }
                }
            }
            if apart <= 1 {
                return Ok(links);
            }
        }
        Err(GenerateError::Unconnected {
            key: self.key,
            what: self.what,
            members,
            probability: self.probability,
            attempts: ATTEMPTS,
        })
    }
}
