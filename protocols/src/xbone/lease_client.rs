//! Who asks address servers: which of several, for how long, and what it owes to those that it asked in vain.

use sim_core::addr::NodeAddr;
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};
use thiserror::Error;

use super::ledger::{Answer, Held, LeaseId, Outcome, Transaction};

/// Which server a request goes to first. The paper says that the load can be spread over several servers, not how.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Balancing {
    /// Each client takes one after the other; clients begin at different ones.
    RoundRobin,
    /// By a hash of the tunnel's two ends, in either order: both ends would ask the same server.
    HashOfPair,
    /// Any, with equal probability.
    Random,
}

/// How long a client waits for the answer of a server, and what it does then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServerPatience {
    /// The time from asking to the time-out.
    pub timeout: SimDuration,
    /// How many times a server is asked before another one is, at least once.
    pub tries: u32,
    /// How many servers are asked before the client gives up; there may be fewer.
    pub servers: usize,
    /// The term of leases at the servers, if they have one: [`Terms::term`](super::Terms::term).
    pub term: Option<SimDuration>,
}

/// Servers that cannot be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ClientError {
    /// None at all.
    #[error("there must be at least one address server")]
    NoServers,
    /// One of them twice.
    #[error("address server {0} is named twice")]
    Twice(NodeAddr),
    /// No time for an answer.
    #[error("the time-out must be longer than zero")]
    Timeout,
    /// A number of tries or of servers.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
}

/// The address servers, as all clients know them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Servers {
    addrs: Vec<NodeAddr>,
    balancing: Balancing,
    patience: ServerPatience,
}

impl Servers {
    /// These servers, in an order that all clients share.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(addrs: Vec<NodeAddr>, balancing: Balancing, patience: ServerPatience) -> Result<Self, ClientError> {
        if addrs.is_empty() {
            return Err(ClientError::NoServers);
        }
        if let Some(twice) = (1..addrs.len()).find(|at| addrs[..*at].contains(&addrs[*at])) {
            return Err(ClientError::Twice(addrs[twice]));
        }
        if patience.timeout == SimDuration::ZERO {
            return Err(ClientError::Timeout);
        }
        if patience.tries == 0 {
            return Err(ClientError::Zero("tries"));
        }
        if patience.servers == 0 {
            return Err(ClientError::Zero("servers"));
        }
        Ok(Servers {
            addrs,
            balancing,
            patience,
        })
    }

    /// The longest time that a client waits for a pair of addresses before it gives up.
    pub fn longest_wait(&self) -> SimDuration {
        self.patience.timeout * (self.most_asked() as u64 * u64::from(self.patience.tries))
    }

    /// How many servers are asked before a client gives up.
    fn most_asked(&self) -> usize {
        self.patience.servers.min(self.addrs.len())
    }

    /// Their base addresses.
    pub fn addrs(&self) -> &[NodeAddr] {
        &self.addrs
    }

    /// The place of the server that the first try goes to; `streams` are those of the client.
    fn first(&self, id: LeaseId, peer: NodeAddr, streams: StreamKey) -> usize {
        let number = match self.balancing {
            Balancing::RoundRobin => u64::from(id.client.0.wrapping_add(id.number)),
            Balancing::HashOfPair => {
                let (low, high) = (id.client.min(peer), id.client.max(peer));
                // The same in every run: a hash is no draw.
                StreamKey::root(0, 0).pair(low.0, high.0).bits()
            }
            Balancing::Random => streams.purpose("server").index(id.number.into()).bits(),
        };
        (number % self.addrs.len() as u64) as usize
    }

    /// Whether leases have to be renewed at all.
    pub fn have_terms(&self) -> bool {
        self.patience.term.is_some()
    }

    /// Whether more than half of the term of a lease is over, so that it is time to renew it.
    pub fn is_due(&self, now: SimTime, held: &Held) -> bool {
        let half = self.patience.term.map(|term| term.mul_f64(0.5));
        half.is_some_and(|half| now + half >= held.until)
    }

    /// The server that is asked after so many others.
    fn after(&self, first: usize, others: usize) -> NodeAddr {
        self.addrs[(first + others) % self.addrs.len()]
    }
}

/// The name of a transaction that waits for its answer: what the time-out is set for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CallId(u32);

/// A message to be sent to a server, and the time-out to be set for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ask {
    /// The server.
    pub to: NodeAddr,
    /// What it is asked.
    pub transaction: Transaction,
    /// What [`LeaseClient::timed_out`] is to be told,
    pub call: CallId,
    /// so much later.
    pub timeout: SimDuration,
}

/// What an answer means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// A pair of addresses.
    Leased(Held),
    /// This server has none; another one is to be asked.
    Elsewhere(Ask),
    /// None: the tunnel cannot be made.
    Refused(LeaseId),
    /// The lease has a new end.
    Renewed(Held),
    /// The lease is over, and its tunnel must go.
    Lost(LeaseId),
    /// The block is back.
    Released(LeaseId),
}

/// What a time-out leads to.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TimedOut {
    /// What is to be sent.
    pub asks: Vec<Ask>,
    /// The lease that will not come, or that could not be renewed in time.
    pub given_up: Option<LeaseId>,
}

/// What a call is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    Lease {
        peer: NodeAddr,
        /// The place of the server that was asked first.
        first: usize,
        /// How many were asked before this one.
        others: usize,
    },
    Renew(Held),
    Release,
}

/// A transaction that waits for its answer.
#[derive(Clone, Copy, Debug)]
struct Call {
    id: CallId,
    lease: LeaseId,
    server: NodeAddr,
    /// When this server was first asked.
    since: SimTime,
    /// How often it has been.
    tries: u32,
    purpose: Purpose,
}

/// The most doublings of the time from one repetition of a release to the next.
const MOST_DOUBLINGS: u32 = 6;

/// The side of a node that asks address servers, as the resource daemon of the paper does (section II-B.2).
///
/// A block is never given up without a release: a server that did not answer may have leased one all the same. So whoever asks
/// another server, or gives up, sends the former one a release, and repeats it until it is answered, less and less often.
/// What no message can bring back, after a silent departure, a term of the leases does.
#[derive(Clone, Debug)]
pub struct LeaseClient {
    me: NodeAddr,
    streams: StreamKey,
    next_lease: u32,
    next_call: u32,
    calls: Vec<Call>,
}

impl LeaseClient {
    /// Nothing asked yet. The streams are those of the node's incarnation, and name its first lease: who returns to an address
    /// must not take up the leases of who was there before.
    pub fn new(me: NodeAddr, streams: StreamKey) -> Self {
        LeaseClient {
            me,
            streams,
            // Leases that nodes begin with have the numbers below: see `LeaseId::begun_with`.
            next_lease: streams.purpose("first lease").bits() as u32 | LeaseId::FIRST_ASKED,
            next_call: 0,
            calls: Vec::new(),
        }
    }

    /// Asks for a pair of addresses for a tunnel to `peer`.
    pub fn request(&mut self, now: SimTime, servers: &Servers, peer: NodeAddr) -> (LeaseId, Ask) {
        let lease = LeaseId {
            client: self.me,
            number: self.next_lease,
        };
        self.next_lease = self.next_lease.wrapping_add(1);
        let first = servers.first(lease, peer, self.streams);
        let (others, server) = (0, servers.after(first, 0));
        let ask = self.open(now, servers, lease, server, Purpose::Lease { peer, first, others });
        (lease, ask)
    }

    /// Gives a pair of addresses back: the tunnel is torn down. Either end can.
    pub fn release(&mut self, now: SimTime, servers: &Servers, held: Held) -> Ask {
        self.calls
            .retain(|call| !(call.lease == held.id && call.server == held.server));
        self.open(now, servers, held.id, held.server, Purpose::Release)
    }

    /// Gives up a request that has not been answered. Nothing if none of this name is open.
    pub fn cancel(&mut self, now: SimTime, servers: &Servers, lease: LeaseId) -> Option<Ask> {
        let wanted = |call: &Call| call.lease == lease && matches!(call.purpose, Purpose::Lease { .. });
        let call = self.calls.swap_remove(self.calls.iter().position(wanted)?);
        Some(self.open(now, servers, lease, call.server, Purpose::Release))
    }

    /// Asks for another term of a lease. Nothing if it is not this node's to renew: the end that asked for it can.
    pub fn renew(&mut self, now: SimTime, servers: &Servers, held: Held) -> Option<Ask> {
        let open = self.calls.iter().any(|call| call.lease == held.id);
        (held.id.client == self.me && !open)
            .then(|| self.open(now, servers, held.id, held.server, Purpose::Renew(held)))
    }

    /// An answer of `from`. Nothing if it is late: nobody waits for it any more.
    pub fn heard(&mut self, now: SimTime, servers: &Servers, from: NodeAddr, answer: Answer) -> Option<Heard> {
        let asked = |call: &Call| call.server == from && call.lease == answer.id;
        let at = self.calls.iter().position(asked)?;
        let Call {
            lease, since, purpose, ..
        } = self.calls[at];
        let until = servers.patience.term.map_or(SimTime::MAX, |term| since + term);
        let heard = match (purpose, answer.outcome) {
            (Purpose::Lease { peer, .. }, Outcome::Leased { pair }) => Heard::Leased(Held {
                id: lease,
                peer,
                server: from,
                pair,
                until,
            }),
            // A server that has none has not kept one back either: nothing is owed to it.
            (Purpose::Lease { peer, first, others }, Outcome::Exhausted) => {
                self.calls.swap_remove(at);
                return Some(match self.next_server(now, servers, lease, peer, first, others + 1) {
                    Some(ask) => Heard::Elsewhere(ask),
                    None => Heard::Refused(lease),
                });
            }
            (Purpose::Lease { .. }, Outcome::Over | Outcome::Denied) => Heard::Refused(lease),
            (Purpose::Renew(held), Outcome::Leased { pair }) if pair == held.pair => {
                Heard::Renewed(Held { until, ..held })
            }
            (Purpose::Renew(_), _) => Heard::Lost(lease),
            (Purpose::Release, Outcome::Released | Outcome::Denied) => Heard::Released(lease),
            // Of the request that was open before.
            (Purpose::Lease { .. }, Outcome::Released) | (Purpose::Release, _) => return None,
        };
        self.calls.swap_remove(at);
        Some(heard)
    }

    /// The time-out of a call. Nothing is sent if it has been answered.
    pub fn timed_out(&mut self, now: SimTime, servers: &Servers, id: CallId) -> TimedOut {
        let Some(at) = self.calls.iter().position(|call| call.id == id) else {
            return TimedOut::default();
        };
        let call = self.calls[at];
        let over = match call.purpose {
            Purpose::Lease { .. } => call.tries >= servers.patience.tries,
            Purpose::Renew(held) => now >= held.until,
            Purpose::Release => false,
        };
        if !over {
            self.calls[at].tries += 1;
            return TimedOut {
                asks: vec![self.calls[at].ask(now, servers)],
                given_up: None,
            };
        }
        self.calls.swap_remove(at);
        let Purpose::Lease { peer, first, others } = call.purpose else {
            return TimedOut {
                asks: Vec::new(),
                given_up: Some(call.lease),
            };
        };
        let mut asks = vec![self.open(now, servers, call.lease, call.server, Purpose::Release)];
        let next = self.next_server(now, servers, call.lease, peer, first, others + 1);
        let given_up = next.is_none().then_some(call.lease);
        asks.extend(next);
        TimedOut { asks, given_up }
    }

    /// Asks another server after so many; nothing if that is enough.
    fn next_server(
        &mut self,
        now: SimTime,
        servers: &Servers,
        lease: LeaseId,
        peer: NodeAddr,
        first: usize,
        others: usize,
    ) -> Option<Ask> {
        let purpose = Purpose::Lease { peer, first, others };
        (others < servers.most_asked()).then(|| self.open(now, servers, lease, servers.after(first, others), purpose))
    }

    /// The leases that transactions are under way for: they may be leased already, or still.
    pub fn under_way(&self) -> impl Iterator<Item = LeaseId> {
        self.calls.iter().map(|call| call.lease)
    }

    fn open(&mut self, now: SimTime, servers: &Servers, lease: LeaseId, server: NodeAddr, purpose: Purpose) -> Ask {
        let call = Call {
            id: CallId(self.next_call),
            lease,
            server,
            since: now,
            tries: 1,
            purpose,
        };
        self.next_call = self.next_call.wrapping_add(1);
        self.calls.push(call);
        call.ask(now, servers)
    }
}

impl Call {
    /// What is sent for it, this time.
    fn ask(&self, now: SimTime, servers: &Servers) -> Ask {
        let (id, patience) = (self.lease, &servers.patience);
        let (transaction, doublings) = match self.purpose {
            Purpose::Lease { peer, .. } | Purpose::Renew(Held { peer, .. }) => (Transaction::Request { id, peer }, 0),
            Purpose::Release => (Transaction::Release { id }, (self.tries - 1).min(MOST_DOUBLINGS)),
        };
        Ask {
            to: self.server,
            transaction,
            call: self.id,
            timeout: match self.purpose {
                // It is known in time that a lease is over.
                Purpose::Renew(held) => patience.timeout.min(held.until.since(now)),
                Purpose::Lease { .. } | Purpose::Release => patience.timeout * (1 << doublings),
            },
        }
    }
}
