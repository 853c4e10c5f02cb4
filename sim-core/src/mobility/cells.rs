//! Who is close to whom: places sorted into square cells.

use crate::addr::NodeAddr;
use crate::link_layer::Place;

/// A node at a moment, and how far from there it gets for a while.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spot {
    pub(super) x: f64,
    pub(super) y: f64,
    /// In metres.
    pub(super) reach: f64,
    pub(super) node: u32,
}

impl Spot {
    /// Of a node that stays at a place.
    pub(super) fn new(node: usize, place: Place) -> Self {
        Spot {
            x: place.x,
            y: place.y,
            reach: 0.0,
            node: node as u32,
        }
    }

    /// The two nodes, the smaller address first.
    pub(super) fn between(&self, other: &Spot) -> (NodeAddr, NodeAddr) {
        (NodeAddr(self.node.min(other.node)), NodeAddr(self.node.max(other.node)))
    }

    /// In square metres.
    #[inline]
    pub(super) fn squared_distance(&self, other: &Spot) -> f64 {
        let (dx, dy) = (self.x - other.x, self.y - other.y);
        dx * dx + dy * dy
    }
}

/// Cells have half the side of the distance that is looked for: of the area that is searched, more is in reach than with
/// whole sides, at little more work for each cell.
const FINENESS: usize = 2;

/// Spots by cell, row after row: the spots of neighbouring cells of a row lie side by side.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    columns: usize,
    rows: usize,
    /// Where each cell begins in `spots`; one more than there are cells.
    begins: Vec<u32>,
    spots: Vec<Spot>,
    /// The cell of each spot as it was given.
    cell_of: Vec<u32>,
}

impl Cells {
    /// Sorts spots into cells that are good for finding pairs up to `distance` apart.
    pub(super) fn fill(&mut self, spots: &[Spot], distance: f64) {
        let bounds = |coordinate: fn(&Spot) -> f64| {
            let values = spots.iter().map(coordinate);
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            })
        };
        let ((west, east), (south, north)) = (bounds(|spot| spot.x), bounds(|spot| spot.y));
        // Larger cells are right, too: no more than a few for each spot, however far apart these are.
        let most = (2.0 * (spots.len() as f64).sqrt()).ceil() + 1.0;
        let side = (distance / FINENESS as f64)
            .max((east - west) / most)
            .max((north - south) / most);
        let number = |offset: f64| (offset / side) as usize;
        self.columns = number(east - west) + 1;
        self.rows = number(north - south) + 1;
        let cell = |spot: &Spot| number(spot.y - south) * self.columns + number(spot.x - west);
        self.cell_of.clear();
        self.cell_of.extend(spots.iter().map(|spot| cell(spot) as u32));
        self.begins.clear();
        self.begins.resize(self.columns * self.rows + 1, 0);
        for &cell in &self.cell_of {
            self.begins[cell as usize + 1] += 1;
        }
        for cell in 1..self.begins.len() {
            self.begins[cell] += self.begins[cell - 1];
        }
        self.spots.resize(spots.len(), Spot::default());
        // Each spot moves the beginning of its cell on, in the end to where the next cell begins.
        for (spot, &cell) in spots.iter().zip(&self.cell_of) {
            let free = &mut self.begins[cell as usize];
            self.spots[*free as usize] = *spot;
            *free += 1;
        }
        self.begins.rotate_right(1);
        self.begins[0] = 0;
    }

    /// Calls `found` with each pair of spots that may be as close as the distance for which they were sorted, once.
    pub(super) fn pairs(&self, mut found: impl FnMut(&Spot, &Spot)) {
        for row in 0..self.rows {
            for column in 0..self.columns {
                self.pairs_of(row, column, &mut found);
            }
        }
    }

    /// Those pairs of which this cell has one and the same cell, one later in the row or one in a later row the other.
    fn pairs_of(&self, row: usize, column: usize, found: &mut impl FnMut(&Spot, &Spot)) {
        let begin = |row: usize, column: usize| self.begins[row * self.columns + column] as usize;
        let (first, last) = (
            column.saturating_sub(FINENESS),
            (column + FINENESS + 1).min(self.columns),
        );
        let own = begin(row, column)..begin(row, column + 1);
        if own.is_empty() {
            return;
        }
        for at in own.clone() {
            for other in &self.spots[at + 1..begin(row, last)] {
                found(&self.spots[at], other);
            }
        }
        for later in row + 1..(row + FINENESS + 1).min(self.rows) {
            let others = &self.spots[begin(later, first)..begin(later, last)];
            for one in &self.spots[own.clone()] {
                for other in others {
                    found(one, other);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{StreamKey, unit};

    #[test]
    fn every_close_pair_is_found_and_none_twice() {
        for (seed, width, height, distance) in [(1, 1000.0, 1000.0, 90.0), (2, 1e6, 10.0, 1.0), (3, 5.0, 5.0, 50.0)] {
            let mut rng = StreamKey::root(seed, 0).rng();
            let spot = |node| Spot {
                x: (unit(&mut rng) - 0.5) * width,
                y: unit(&mut rng) * height,
                reach: 0.0,
                node,
            };
            let spots: Vec<Spot> = (0..300).map(spot).collect();
            let mut cells = Cells::default();
            let mut found = Vec::new();
            for _ in 0..2 {
                found.clear();
                cells.fill(&spots, distance);
                cells.pairs(|a, b| found.push((a.node.min(b.node), a.node.max(b.node))));
            }
            let pairs = found.len();
            found.sort_unstable();
            found.dedup();
            assert_eq!(found.len(), pairs, "seed {seed}");
            for a in &spots {
                for b in spots.iter().filter(|b| a.node < b.node) {
                    let (x, y) = (a.x - b.x, a.y - b.y);
                    if x * x + y * y <= distance * distance {
                        assert!(
                            found.binary_search(&(a.node, b.node)).is_ok(),
                            "seed {seed}: {a:?} {b:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn one_spot_and_none_have_no_pair() {
        let mut cells = Cells::default();
        for spots in [Vec::new(), vec![Spot::default()]] {
            cells.fill(&spots, 1.0);
            cells.pairs(|_, _| panic!("no pair"));
        }
    }
}
