//! Links of nodes that move, up and down at the exact times.

use super::cells::{Cells, Spot};
use super::paths::Paths;
use super::{MobilityError, Movement, encounter, positive};
use crate::addr::NodeAddr;
use crate::link_layer::{Change, LinkSource, Place};
use crate::time::{SimDuration, SimTime};

/// How far a node gets in a stretch of time, as a share of the range: few pairs then come close to a change of their link that
/// have none, and places are not sorted too often.
const REACH: f64 = 0.3;
/// Stretches are not shorter, however fast somebody is.
const SHORTEST: SimDuration = SimDuration::from_millis(1);
/// Times beyond this are the end of time.
const LAST: SimTime = SimTime::from_nanos(u64::MAX - 1);

/// Links between nodes that are at most a radio range apart (a unit disk), as they move: a link is up from the first nanosecond
/// at which the places of two nodes, as [`Leg::place`](crate::link_layer::Leg::place) computes them, are in range.
///
/// Time is cut into stretches in which nobody gets far. At the beginning of each, places are sorted into cells, and of the
/// pairs that could come into range or leave it the times of that are computed from their legs. Whether a pair was in range
/// before is asked of its places, never remembered, and what is told ends in the state of the places at the end of the stretch:
/// however it is rounded, no link comes up or goes down twice in a row.
pub struct Moving {
    paths: Paths,
    range: f64,
    /// Every change up to and including this time has been told.
    told: SimTime,
    /// How long the next stretch should be.
    stretch: SimDuration,
    begun: bool,
    /// Where everybody is at `told`, and how far from there he gets in the stretch.
    spots: Vec<Spot>,
    /// Where everybody is at the end of the stretch.
    then: Vec<Place>,
    cells: Cells,
}

impl Moving {
    /// The links between nodes on these paths, node 0 first, in a radio range in metres.
    ///
    /// # Errors
    /// [`MobilityError::NotPositive`] for the range.
    pub fn new(movements: Vec<Box<dyn Movement>>, range: f64) -> Result<Self, MobilityError> {
        let range = positive("radio range", range)?;
        let paths = Paths::new(movements);
        let place = |node: usize| paths.of(node)[0].place(SimTime::ZERO);
        let then: Vec<Place> = (0..paths.nodes()).map(place).collect();
        Ok(Moving {
            spots: vec![Spot::default(); paths.nodes()],
            paths,
            range,
            told: SimTime::ZERO,
            stretch: SimDuration::from_secs(1),
            begun: false,
            then,
            cells: Cells::default(),
        })
    }

    /// Begins a stretch where the last one ended, and says how far the node gets that gets farthest until then.
    fn reach(&mut self, until: SimTime) -> f64 {
        self.paths.follow(self.told, until);
        let mut farthest = 0.0_f64;
        for (node, spot) in self.spots.iter_mut().enumerate() {
            let from = Place { x: spot.x, y: spot.y };
            let mut reach2 = 0.0_f64;
            for leg in self.paths.of(node) {
                let to = leg.place(until);
                self.then[node] = to;
                reach2 = reach2.max(from.squared_distance(to));
                if leg.end > until {
                    break;
                }
            }
            spot.reach = reach2.sqrt();
            farthest = farthest.max(spot.reach);
        }
        farthest
    }

    /// Everybody is where the last stretch ended.
    fn arrive(&mut self) {
        for (node, (spot, place)) in self.spots.iter_mut().zip(&self.then).enumerate() {
            *spot = Spot::new(node, *place);
        }
    }

    /// Chooses a stretch in which nobody gets far; says until when, and how far somebody gets.
    fn choose(&mut self) -> (SimTime, f64) {
        loop {
            let until = (self.told + self.stretch).min(LAST);
            let farthest = self.reach(until);
            let aim = REACH * self.range;
            let chosen = self.stretch;
            // Pauses end and begin: no more than four times as long as before.
            self.stretch = chosen.mul_f64((aim / farthest).clamp(0.25, 4.0)).max(SHORTEST);
            if farthest <= 2.0 * aim || chosen == SHORTEST {
                return (until, farthest);
            }
        }
    }

    /// More than all that rounding does to a distance.
    fn slack(&self, farthest: f64) -> f64 {
        let outermost = |most: f64, spot: &Spot| most.max(spot.x.abs()).max(spot.y.abs());
        1e-9 * (self.range + farthest + self.spots.iter().fold(0.0, outermost))
    }

    /// The links that stand at time zero.
    fn lay(&mut self, changes: &mut Vec<Change>) {
        self.arrive();
        self.cells.fill(&self.spots, self.range + self.slack(0.0));
        let range2 = self.range * self.range;
        self.cells.pairs(|one, other| {
            if one.squared_distance(other) <= range2 {
                changes.push(Change {
                    time: SimTime::ZERO,
                    between: one.between(other),
                    up: true,
                });
            }
        });
    }

    /// The changes after `told`, up to and including `until`.
    fn meet(&mut self, until: SimTime, farthest: f64, changes: &mut Vec<Change>) {
        let slack = self.slack(farthest);
        self.cells.fill(&self.spots, self.range + 2.0 * farthest + slack);
        let (range, range2) = (self.range, self.range * self.range);
        self.cells.pairs(|one, other| {
            let (distance2, ways) = (one.squared_distance(other), one.reach + other.reach + slack);
            let (most, least) = (range + ways, range - ways);
            if distance2 > most * most || (least > 0.0 && distance2 < least * least) {
                return;
            }
            let (ones, others) = (self.paths.of(one.node as usize), self.paths.of(other.node as usize));
            let straight = ones[0].end > until && others[0].end > until;
            let (there, then) = (self.then[one.node as usize], self.then[other.node as usize]);
            if straight && !may_change(one, other, there, then, range2) {
                return;
            }
            let between = one.between(other);
            let mut tell = |time, up| match changes.last() {
                // In and out again by a jump.
                Some(last) if last.between == between && last.time == time => drop(changes.pop()),
                _ => changes.push(Change { time, between, up }),
            };
            let up = distance2 <= range2;
            encounter::changes(range2, (ones, others), (self.told, until), up, &mut tell);
        });
    }
}

/// Whether two nodes on straight ways to `there` and `then` may come into range or leave it: a quick look that is never wrong
/// when it says no.
#[inline]
fn may_change(one: &Spot, other: &Spot, there: Place, then: Place, range2: f64) -> bool {
    let first = [one.x - other.x, one.y - other.y];
    let last = [there.x - then.x, there.y - then.y];
    let up = |[x, y]: [f64; 2]| x * x + y * y <= range2;
    if up(first) || up(last) {
        return up(first) != up(last);
    }
    // Out of range at both ends: in between they come closest where the line between them is at right angles to their way, if
    // that is on their way.
    let way = [last[0] - first[0], last[1] - first[1]];
    let product = |a: [f64; 2], b: [f64; 2]| a[0] * b[0] + a[1] * b[1];
    product(first, way) < 0.0 && product(last, way) > 0.0 && {
        let across = first[0] * way[1] - first[1] * way[0];
        across * across <= 1.000_001 * range2 * product(way, way)
    }
}

impl LinkSource for Moving {
    fn next_stretch(&mut self, changes: &mut Vec<Change>) -> SimTime {
        let begin = changes.len();
        if !self.begun {
            self.begun = true;
            self.lay(changes);
        }
        if self.told == LAST {
            return SimTime::MAX;
        }
        self.arrive();
        let (until, farthest) = self.choose();
        if farthest > 0.0 {
            self.meet(until, farthest, changes);
        }
        self.told = until;
        changes[begin..].sort_unstable();
        match farthest == 0.0 && self.paths.ended() {
            true => SimTime::MAX,
            false => until + SimDuration::NANOSECOND,
        }
    }

    fn place(&self, node: NodeAddr, time: SimTime) -> Option<Place> {
        self.paths.place(node, time)
    }
}
