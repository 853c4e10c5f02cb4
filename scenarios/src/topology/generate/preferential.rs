//! Graphs that grow by preferential attachment.

use std::fmt;

use sim_core::random::StreamKey;

use super::sketch::{distance, scattered, within};
use super::{GenerateError, LinkDelay, Sketch, countable};

/// The graph of Barabasi and Albert (1999, *Emergence of scaling in random networks*): routers come one by one, and each
/// has `links` links to different routers, which are drawn with probabilities in proportion to the links that they have. It
/// begins with `links + 1` routers, all of them linked with each other.
///
/// Asymptotically the share of routers with `k` links is `2 m (m + 1) / (k (k + 1) (k + 2))` with `m` for `links`: a power
/// law with the exponent 3 (Bollobas et al. 2001, *The degree sequence of a scale-free random graph process*). Places in the
/// square have no part in who has links with whom, as in BRITE.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BarabasiAlbert {
    /// How many routers.
    pub routers: u32,
    /// The links of a newcomer.
    pub links: u32,
    /// The side of the square, in units of length.
    pub side: f64,
    /// The delay of a link.
    pub delay: LinkDelay,
}

impl BarabasiAlbert {
    pub(super) fn sketch(&self, streams: StreamKey) -> Result<Sketch, GenerateError> {
        let routers = countable("routers", self.routers.into())?;
        let links = self.links as usize;
        if links == 0 {
            return Err(GenerateError::NoLinks { key: "links" });
        }
        if links >= routers {
            return Err(GenerateError::NoRoom {
                key: "links",
                wanted: links,
                room: routers - 1,
            });
        }
        let places = scattered(routers, self.side, &mut streams.purpose("places").rng());
        let mut rng = streams.purpose("links").rng();
        let mut sketch = Sketch::new(routers, "links");
        let delay = |one: usize, other: usize| self.delay.of(distance(places[one], places[other]));
        // Each router stands here once for each link that it has.
        let mut ends = Vec::with_capacity(2 * links * routers);
        for newcomer in 0..routers {
            let before = ends.len();
            let mut made = 0;
            while made < links.min(newcomer) {
                let other = match newcomer <= links {
                    true => made,
                    false => ends[within(&(0..before), &mut rng)],
                };
                // A router that the newcomer has a link with is drawn in vain.
                if sketch.link(newcomer, other, delay(newcomer, other))? {
                    ends.extend([newcomer, other]);
                    made += 1;
                }
            }
        }
        sketch.places = Some(places);
        Ok(sketch)
    }
}

impl fmt::Display for BarabasiAlbert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BarabasiAlbert { links, delay, .. } = self;
        write!(f, "of a Barabasi-Albert graph, {links} links a newcomer, {delay}")
    }
}
