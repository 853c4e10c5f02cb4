//! Many nodes that fail at once.

use super::{ChurnError, fraction};
use crate::addr::NodeAddr;
use crate::random::StreamKey;
use crate::time::SimTime;

/// A fraction of the nodes fails at one instant, as in the simultaneous failures of Stoica et al. 2003, Table II.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MassFailure {
    at: SimTime,
    fraction: f64,
}

impl MassFailure {
    /// At the instant `at`, this fraction of the nodes that are up then fails.
    ///
    /// # Errors
    /// [`ChurnError::OutsideUnitInterval`] unless `fraction` lies in `[0, 1]`.
    pub fn new(at: SimTime, failing: f64) -> Result<Self, ChurnError> {
        Ok(MassFailure {
            at,
            fraction: fraction("fraction of nodes that fail", failing)?,
        })
    }

    /// When it happens.
    pub fn at(&self) -> SimTime {
        self.at
    }

    /// How many of `candidates` fail: the fraction of them, rounded to the nearest whole number, halves up.
    pub fn count(&self, candidates: usize) -> usize {
        (self.fraction * candidates as f64).round() as usize
    }

    /// Which of the candidates fail, in ascending order: [`count`](Self::count) of them, uniformly without replacement.
    ///
    /// Every address has a rank drawn from its own stream under `ranks`, and the lowest ranks fail. So the order of the
    /// candidates does not matter, a larger fraction takes all the victims of a smaller one, and another candidate
    /// displaces at most one victim for itself. Two failures of one run need different streams. The candidates must be
    /// distinct.
    pub fn victims(&self, candidates: &[NodeAddr], ranks: StreamKey) -> Vec<NodeAddr> {
        let count = self.count(candidates.len());
        let rank = |node: &NodeAddr| ranks.index(u64::from(node.0)).bits();
        let mut victims = candidates.to_vec();
        victims.sort_by_cached_key(|node| (rank(node), *node));
        victims.truncate(count);
        victims.sort();
        victims
    }

    /// Which of the candidates fail if those fail who are nearest to something, in ascending order: [`count`](Self::count) of
    /// them, of equal distances the lower addresses. A distance that is undefined is longer than any other.
    pub fn nearest(&self, candidates: &[NodeAddr], distance: impl Fn(NodeAddr) -> f64) -> Vec<NodeAddr> {
        let count = self.count(candidates.len());
        let mut victims: Vec<(f64, NodeAddr)> = candidates.iter().map(|node| (distance(*node), *node)).collect();
        victims.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        victims.truncate(count);
        let mut victims: Vec<NodeAddr> = victims.into_iter().map(|(_, node)| node).collect();
        victims.sort();
        victims
    }
}
