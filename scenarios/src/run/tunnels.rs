//! What became of the tunnels of a virtual network, and what its address servers had to do.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use sim_core::addr::NodeAddr;
use sim_core::time::SimDuration;

use crate::overlays::{Failure, Gone, ServerReport, TunnelTold};

/// The tunnels of one run, since measurement began.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct Tunnels {
    /// How long it took to set up each tunnel that a node has asked for and got, in ns: in ascending order, when the run has
    /// ended.
    pub set_up: Vec<u64>,
    /// Tunnels that nodes have asked for and not got.
    pub failed: BTreeMap<Failure, u64>,
    /// Ends of tunnels that are gone.
    pub gone: BTreeMap<Gone, u64>,
    /// Tunnels that stand at the end of the run.
    pub standing: u64,
    /// How many of them a member has, in the mean; none without members.
    pub standing_mean: Option<f64>,
    /// The address servers, in the order of their addresses.
    pub servers: Vec<ServerLoad>,
    tallies: BTreeMap<NodeAddr, Tally>,
}

/// What an address server had to do in one run.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct ServerLoad {
    /// Since measurement began; the largest values are those since the run began.
    pub report: ServerReport,
    /// How long that was.
    pub span: SimDuration,
}

/// What a server has had to do so far.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize)]
struct Tally {
    /// Until it failed last.
    former: ServerReport,
    /// When measurement began.
    before: ServerReport,
}

impl Tunnels {
    /// Something became of a tunnel.
    pub(super) fn hear(&mut self, told: TunnelTold) {
        match told {
            TunnelTold::SetUp(after) => self.set_up.push(after.as_nanos()),
            TunnelTold::Failed(why) => *self.failed.entry(why).or_default() += 1,
            TunnelTold::Gone(why) => *self.gone.entry(why).or_default() += 1,
        }
    }

    /// Measurement begins, with servers that have come so far.
    pub(super) fn begin(&mut self, servers: impl Iterator<Item = (NodeAddr, ServerReport)>) {
        self.set_up.clear();
        self.failed.clear();
        self.gone.clear();
        for tally in self.tallies.values_mut() {
            tally.before = tally.former;
        }
        for (addr, report) in servers {
            let tally = self.tallies.entry(addr).or_default();
            tally.before = together(tally.former, report);
        }
    }

    /// A server fails.
    pub(super) fn server_failed(&mut self, addr: NodeAddr, report: ServerReport) {
        let tally = self.tallies.entry(addr).or_default();
        tally.former = together(tally.former, report);
    }

    /// The run has ended: measured was so long, these are the tunnels of the members, and so far have come the servers that
    /// are up.
    pub(super) fn finish(
        &mut self,
        span: SimDuration,
        members: impl Iterator<Item = (NodeAddr, Vec<NodeAddr>)>,
        servers: impl Iterator<Item = (NodeAddr, ServerReport)>,
    ) {
        self.set_up.sort_unstable();
        let (mut count, mut ends, mut pairs) = (0_u64, 0_u64, BTreeSet::new());
        for (addr, peers) in members {
            count += 1;
            ends += peers.len() as u64;
            pairs.extend(peers.into_iter().map(|peer| (addr.min(peer), addr.max(peer))));
        }
        self.standing = pairs.len() as u64;
        self.standing_mean = (count > 0).then(|| ends as f64 / count as f64);
        for (addr, report) in servers {
            self.server_failed(addr, report);
        }
        let load = |tally: &Tally| ServerLoad {
            report: since(tally.former, &tally.before),
            span,
        };
        self.servers = self.tallies.values().map(load).collect();
    }
}

/// What a server has had to do in all, that came back after it had had to do the former.
fn together(former: ServerReport, later: ServerReport) -> ServerReport {
    ServerReport {
        arrivals: former.arrivals + later.arrivals,
        requests: former.requests + later.requests,
        releases: former.releases + later.releases,
        lost: former.lost + later.lost,
        begun: former.begun + later.begun,
        waited: former.waited + later.waited,
        longest_wait: former.longest_wait.max(later.longest_wait),
        busy: former.busy + later.busy,
        peak_backlog: former.peak_backlog.max(later.peak_backlog),
        refused: later.refused,
        peak_pairs: later.peak_pairs,
        pairs: later.pairs,
    }
}

/// The same without what was before, apart from largest values.
fn since(all: ServerReport, before: &ServerReport) -> ServerReport {
    ServerReport {
        arrivals: all.arrivals - before.arrivals,
        requests: all.requests - before.requests,
        releases: all.releases - before.releases,
        lost: all.lost - before.lost,
        begun: all.begun - before.begun,
        waited: all.waited - before.waited,
        busy: all.busy - before.busy,
        refused: all.refused - before.refused,
        ..all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(requests: u64, peak_backlog: u64, refused: u64) -> ServerReport {
        ServerReport {
            arrivals: requests,
            requests,
            peak_backlog,
            refused,
            peak_pairs: requests,
            ..ServerReport::default()
        }
    }

    #[test]
    fn what_a_server_did_before_it_failed_counts_and_what_was_before_measurement_does_not() {
        let server = NodeAddr(7);
        let mut tunnels = Tunnels::default();
        tunnels.server_failed(server, report(10, 4, 1));
        tunnels.hear(TunnelTold::Failed(Failure::NoServer));
        // It is back and has served five more when measurement begins.
        tunnels.begin([(server, report(5, 2, 2))].into_iter());
        assert!(tunnels.failed.is_empty());
        tunnels.server_failed(server, report(8, 3, 2));
        tunnels.finish(
            SimDuration::from_secs(10),
            std::iter::empty(),
            [(server, report(1, 1, 6))].into_iter(),
        );
        let [load] = tunnels.servers.as_slice() else {
            panic!("one server, not {:?}", tunnels.servers);
        };
        assert_eq!(load.report.requests, (10 + 8 + 1) - (10 + 5));
        assert_eq!(load.report.refused, 4);
        assert_eq!(load.report.peak_backlog, 4);
    }

    #[test]
    fn a_tunnel_is_counted_once_and_its_ends_each() {
        let mut tunnels = Tunnels::default();
        let members = [
            (NodeAddr(0), vec![NodeAddr(1), NodeAddr(2)]),
            (NodeAddr(1), vec![NodeAddr(0)]),
            (NodeAddr(2), vec![]),
            (NodeAddr(3), vec![]),
        ];
        tunnels.finish(SimDuration::from_secs(1), members.into_iter(), std::iter::empty());
        assert_eq!((tunnels.standing, tunnels.standing_mean), (2, Some(0.75)));
    }
}
