//! Graphs that nothing is random about.

use std::f64::consts::TAU;
use std::fmt;

use sim_core::math;
use sim_core::time::SimDuration;

use super::{GenerateError, Sketch, countable};
use crate::units::written;

/// Routers on a circle, each with a link to the next.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ring {
    /// How many routers.
    pub routers: u32,
    /// The delay of each link, one way.
    pub delay: SimDuration,
}

impl Ring {
    pub(super) fn sketch(&self) -> Result<Sketch, GenerateError> {
        let routers = countable("routers", self.routers.into())?;
        let mut sketch = Sketch::new(routers, "routers");
        for router in 0..routers {
            sketch.link(router, (router + 1) % routers, self.delay)?;
        }
        let place = |router: usize| {
            let angle = TAU * router as f64 / routers as f64;
            (math::sin(angle), math::cos(angle))
        };
        sketch.places = Some((0..routers).map(place).collect());
        Ok(sketch)
    }
}

impl fmt::Display for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "of a ring, {} a link", written(self.delay))
    }
}

/// Routers in rows and columns, each with links to its neighbours in both.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Grid {
    /// How many rows.
    pub rows: u32,
    /// How many columns.
    pub columns: u32,
    /// Whether the last of a row or column is a neighbour of the first.
    pub torus: bool,
    /// The delay of each link, one way.
    pub delay: SimDuration,
}

impl Grid {
    pub(super) fn sketch(&self) -> Result<Sketch, GenerateError> {
        let routers = countable("rows", u64::from(self.rows) * u64::from(self.columns))?;
        let (rows, columns) = (self.rows as usize, self.columns as usize);
        let mut sketch = Sketch::new(routers, "rows");
        for router in 0..routers {
            let (row, column) = (router / columns, router % columns);
            if self.torus || column + 1 < columns {
                sketch.link(router, row * columns + (column + 1) % columns, self.delay)?;
            }
            if self.torus || row + 1 < rows {
                sketch.link(router, (row + 1) % rows * columns + column, self.delay)?;
            }
        }
        let place = |router: usize| ((router % columns) as f64, (router / columns) as f64);
        sketch.places = Some((0..routers).map(place).collect());
        Ok(sketch)
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = if self.torus { "torus" } else { "grid" };
        let Grid { rows, columns, .. } = self;
        write!(f, "of a {shape}, {rows} x {columns}, {} a link", written(self.delay))
    }
}
