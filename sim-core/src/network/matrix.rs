//! Measured delays between pairs of real hosts.

use super::{Fate, Network, NetworkError, Transmission, addressable, unless_local};
use crate::addr::NodeAddr;
use crate::random::StreamKey;
use crate::time::SimDuration;

/// A table of one-way delays between all ordered pairs of hosts.
///
/// A table and not a formula: its size is the square of the number of hosts, 8 B a pair. It is for measurements, which
/// have some thousands of hosts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LatencyMatrix {
    hosts: usize,
    /// Row by row: from the row's host to the column's.
    delays: Box<[SimDuration]>,
    /// Which measured host each address stands for.
    assignment: Box<[u32]>,
    min_delay: SimDuration,
}

impl LatencyMatrix {
    /// The matrix of `hosts` hosts with these one-way delays, row by row, from the row's host to the column's. Nothing
    /// is read from the diagonal; a zero elsewhere counts as a nanosecond. Address `i` stands for row `i`.
    ///
    /// # Errors
    /// [`NetworkError::NotSquare`], [`NetworkError::NoHosts`] and [`NetworkError::TooManyHosts`].
    pub fn new(hosts: usize, delays: Vec<SimDuration>) -> Result<Self, NetworkError> {
        addressable(hosts)?;
        if hosts.checked_mul(hosts) != Some(delays.len()) {
            return Err(NetworkError::NotSquare {
                hosts,
                cells: delays.len(),
            });
        }
        Ok(Self::with_assignment(
            delays.into_boxed_slice(),
            (0..hosts as u32).collect(),
        ))
    }

    /// The delays between as many hosts as are assigned.
    fn with_assignment(delays: Box<[SimDuration]>, assignment: Box<[u32]>) -> Self {
        let hosts = assignment.len();
        let between_hosts = delays
            .iter()
            .enumerate()
            .filter(|(cell, _)| cell / hosts != cell % hosts);
        // A single host has no other to send to: any lookahead is true then.
        let shortest = between_hosts.map(|(_, delay)| *delay).min().unwrap_or_default();
        LatencyMatrix {
            hosts,
            delays,
            assignment,
            min_delay: shortest.max(SimDuration::NANOSECOND),
        }
    }

    /// The network of `nodes` nodes on as many hosts of this one, chosen uniformly without replacement by the stream
    /// `choice`. More nodes leave the earlier ones where they are.
    ///
    /// # Errors
    /// [`NetworkError::TooFewHosts`] and [`NetworkError::NoHosts`].
    pub fn assign(&self, nodes: usize, choice: StreamKey) -> Result<Self, NetworkError> {
        if nodes > self.hosts {
            return Err(NetworkError::TooFewHosts {
                nodes,
                hosts: self.hosts,
            });
        }
        addressable(nodes)?;
        let mut order: Vec<usize> = (0..self.hosts).collect();
        order.sort_by_cached_key(|host| (choice.index(*host as u64).bits(), *host));
        order.truncate(nodes);
        let cells = order
            .iter()
            .flat_map(|from| order.iter().map(move |to| self.delays[from * self.hosts + to]));
        Ok(Self::with_assignment(
            cells.collect(),
            order.iter().map(|host| self.assignment[*host]).collect(),
        ))
    }

    /// For each address, the row of the measured host it stands for in the matrix as it was read.
    pub fn assignment(&self) -> &[u32] {
        &self.assignment
    }
}

impl Network for LatencyMatrix {
    #[inline]
    fn transmit(&self, transmission: &Transmission) -> Fate {
        Fate::Arrives(self.direct_delay(transmission.from, transmission.to))
    }

    #[inline]
    fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
        unless_local(from, to, || self.delays[from.index() * self.hosts + to.index()])
    }

    fn min_delay(&self) -> SimDuration {
        self.min_delay
    }

    fn hosts(&self) -> Option<usize> {
        Some(self.hosts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `i` to `j`: `10 i + j + 1` milliseconds.
    fn numbered(hosts: u64) -> LatencyMatrix {
        let cells = (0..hosts).flat_map(|i| (0..hosts).map(move |j| SimDuration::from_millis(10 * i + j + 1)));
        LatencyMatrix::new(hosts as usize, cells.collect()).unwrap()
    }

    #[test]
    fn rows_send_and_columns_receive() {
        let matrix = numbered(4);
        assert_eq!(
            matrix.direct_delay(NodeAddr(3), NodeAddr(1)),
            SimDuration::from_millis(32)
        );
        assert_eq!(
            matrix.direct_delay(NodeAddr(1), NodeAddr(3)),
            SimDuration::from_millis(14)
        );
        assert_eq!(matrix.direct_delay(NodeAddr(2), NodeAddr(2)), SimDuration::ZERO);
        // Not the 1 ms on the diagonal.
        assert_eq!(matrix.min_delay(), SimDuration::from_millis(2));
        assert_eq!(matrix.hosts(), Some(4));
    }

    #[test]
    fn nodes_keep_the_delays_of_their_hosts() {
        let matrix = numbered(9);
        let chosen = matrix.assign(4, StreamKey::root(5, 0)).unwrap();
        let again = chosen.assign(3, StreamKey::root(6, 0)).unwrap();
        for network in [chosen, again] {
            for from in 0..network.hosts {
                for to in 0..network.hosts {
                    let measured = |node: usize| NodeAddr(network.assignment()[node]);
                    assert_eq!(
                        network.direct_delay(NodeAddr(from as u32), NodeAddr(to as u32)),
                        matrix.direct_delay(measured(from), measured(to)),
                    );
                }
            }
        }
    }

    #[test]
    fn hosts_are_chosen_once_and_more_nodes_move_none() {
        let matrix = numbered(9);
        for seed in 0..50 {
            let choice = StreamKey::root(seed, 0);
            let all = matrix.assign(9, choice).unwrap();
            let mut hosts = all.assignment().to_vec();
            for nodes in 1..9 {
                assert_eq!(
                    matrix.assign(nodes, choice).unwrap().assignment(),
                    &hosts[..nodes],
                    "seed {seed}"
                );
            }
            hosts.sort();
            assert_eq!(hosts, (0..9).collect::<Vec<u32>>(), "seed {seed}");
        }
    }

    /// Each host is chosen `nodes / hosts` of the time: a binomial count, within five standard deviations.
    #[test]
    fn every_host_is_equally_likely() {
        let (matrix, trials) = (numbered(9), 4000);
        let mut chosen = [0_u32; 9];
        for seed in 0..trials {
            for host in matrix.assign(3, StreamKey::root(seed, 0)).unwrap().assignment() {
                chosen[*host as usize] += 1;
            }
        }
        let expected = trials as f64 / 3.0;
        let tolerance = 5.0 * (trials as f64 * (1.0 / 3.0) * (2.0 / 3.0)).sqrt();
        assert!(
            chosen
                .iter()
                .all(|count| (f64::from(*count) - expected).abs() < tolerance),
            "{chosen:?}"
        );
    }

    #[test]
    fn impossible_matrices_are_refused() {
        let cells = vec![SimDuration::from_millis(1); 6];
        assert_eq!(
            LatencyMatrix::new(2, cells),
            Err(NetworkError::NotSquare { hosts: 2, cells: 6 })
        );
        assert_eq!(LatencyMatrix::new(0, vec![]), Err(NetworkError::NoHosts));
        let huge = 1 << 32;
        assert_eq!(
            LatencyMatrix::new(huge, vec![]),
            Err(NetworkError::TooManyHosts { hosts: huge })
        );
        let matrix = numbered(3);
        let choice = StreamKey::root(1, 0);
        assert_eq!(
            matrix.assign(4, choice),
            Err(NetworkError::TooFewHosts { nodes: 4, hosts: 3 })
        );
        assert_eq!(matrix.assign(0, choice), Err(NetworkError::NoHosts));
    }

    #[test]
    fn a_zero_between_two_hosts_counts_as_a_nanosecond() {
        let matrix = LatencyMatrix::new(2, vec![SimDuration::ZERO; 4]).unwrap();
        assert_eq!(matrix.direct_delay(NodeAddr(0), NodeAddr(1)), SimDuration::NANOSECOND);
        assert_eq!(matrix.min_delay(), SimDuration::NANOSECOND);
    }
}
