//! Links of nodes that move, looked at now and then.

use super::cells::{Cells, Spot};
use super::paths::Paths;
use super::{MobilityError, Movement, positive};
use crate::addr::NodeAddr;
use crate::link_layer::{Change, LinkSource, Place};
use crate::time::{SimDuration, SimTime};

/// Links between nodes that are at most a radio range apart whenever their places are looked at, at equal intervals from time
/// zero on. What comes and goes between two looks is missed: of 10,000 nodes at 1 to 20 m/s with a range of 250 m, one contact in a
/// hundred by looking every second. [`Moving`](super::Moving) misses none and costs less than a fifth of that; this is for
/// comparison with simulators that scan.
pub struct Scanned {
    paths: Paths,
    range: f64,
    interval: SimDuration,
    next: SimTime,
    /// The pairs in range when last looked at, in ascending order.
    up: Vec<(NodeAddr, NodeAddr)>,
    spots: Vec<Spot>,
    cells: Cells,
}

impl Scanned {
    /// The links between nodes on these paths, node 0 first, in a radio range in metres.
    ///
    /// # Errors
    /// [`MobilityError::NotPositive`] for the range and for the interval.
    pub fn new(movements: Vec<Box<dyn Movement>>, range: f64, interval: SimDuration) -> Result<Self, MobilityError> {
        let range = positive("radio range", range)?;
        positive("interval between scans", interval.as_secs_f64())?;
        Ok(Scanned {
            paths: Paths::new(movements),
            range,
            interval,
            next: SimTime::ZERO,
            up: Vec::new(),
            spots: Vec::new(),
            cells: Cells::default(),
        })
    }

    /// The pairs that are in range now.
    fn in_range(&mut self, now: SimTime) -> Vec<(NodeAddr, NodeAddr)> {
        self.spots.clear();
        for node in 0..self.paths.nodes() {
            let place = self.paths.of(node)[0].place(now);
            self.spots.push(Spot::new(node, place));
        }
        self.cells.fill(&self.spots, self.range * (1.0 + 1e-9));
        let range2 = self.range * self.range;
        let mut pairs = Vec::with_capacity(self.up.len());
        self.cells.pairs(|one, other| {
            if one.squared_distance(other) <= range2 {
                pairs.push(one.between(other));
            }
        });
        pairs.sort_unstable();
        pairs
    }
}

impl LinkSource for Scanned {
    fn next_stretch(&mut self, changes: &mut Vec<Change>) -> SimTime {
        let now = self.next;
        self.next = now + self.interval;
        // A time before the end of it.
        let until = SimTime::from_nanos(self.next.as_nanos() - 1);
        self.paths.follow(now, until);
        let up = self.in_range(now);
        let change = |between, up| Change { time: now, between, up };
        let gone = self.up.iter().filter(|pair| up.binary_search(pair).is_err());
        let come = up.iter().filter(|pair| self.up.binary_search(pair).is_err());
        let begin = changes.len();
        changes.extend(
            gone.map(|&pair| change(pair, false))
                .chain(come.map(|&pair| change(pair, true))),
        );
        changes[begin..].sort_unstable();
        self.up = up;
        if self.paths.ended() { SimTime::MAX } else { self.next }
    }

    fn place(&self, node: NodeAddr, time: SimTime) -> Option<Place> {
        self.paths.place(node, time)
    }
}
