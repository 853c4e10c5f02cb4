//! Places that alternate between up and down.

use super::{InitialState, Lifetime};
use crate::random::{NodeRng, unit};

/// Independent up and down times of every place.
///
/// Where both have a finite mean, the process starts in its steady state: a node is up with probability
/// `E[up] / (E[up] + E[down])`, and what is left of the period it is in has the equilibrium distribution (Cox 1962,
/// *Renewal Theory*, chapters 5 and 7). Sessions under way at the start are longer than average, as they must be. Where
/// one of the means is infinite there is no steady state, and every node begins a whole session.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sessions {
    up: Lifetime,
    down: Lifetime,
}

impl Sessions {
    /// Places with these times up and down.
    pub const fn new(up: Lifetime, down: Lifetime) -> Self {
        Sessions { up, down }
    }

    /// How long a session lasts.
    pub fn up(&self) -> &Lifetime {
        &self.up
    }

    /// How long a node is away between two sessions.
    pub fn down(&self) -> &Lifetime {
        &self.down
    }

    /// The long-run fraction of time that a node is up, if the means are finite.
    pub fn availability(&self) -> Option<f64> {
        let (up, down) = (self.up.mean(), self.down.mean());
        (up.is_finite() && down.is_finite()).then(|| up / (up + down))
    }

    /// A node's state when churn begins.
    pub fn initial(&self, rng: &mut NodeRng) -> InitialState {
        let Some(availability) = self.availability() else {
            return InitialState {
                up: true,
                remaining: self.up.sample(rng),
            };
        };
        let is_up = unit(rng) < availability;
        let period = if is_up { &self.up } else { &self.down };
        InitialState {
            up: is_up,
            remaining: period.sample_residual(rng),
        }
    }
}
