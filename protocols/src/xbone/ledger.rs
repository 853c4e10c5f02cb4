//! Who holds which block: what an address server must not forget.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sim_core::addr::NodeAddr;
use sim_core::time::{SimDuration, SimTime};

use super::pool::{AddressPair, Block, BlockPool};

/// The name of a lease: who asked for it and the number of the request. A request that is repeated has the same name; no two
/// requests of a client, or of who was at its address before, have the same within [`Terms::memory`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LeaseId {
    /// Who asked: one end of the tunnel, by its base address.
    pub client: NodeAddr,
    /// Which of its requests this is.
    pub number: u32,
}

impl LeaseId {
    /// The least number of a lease that a node has asked for. (After two thousand million it would begin anew at zero.)
    pub(super) const FIRST_ASKED: u32 = 1 << 31;

    /// The name of a lease that a node begins with, by the number of it at this node: no request of its own will have it.
    pub fn begun_with(client: NodeAddr, number: u32) -> Self {
        let number = number % Self::FIRST_ASKED;
        LeaseId { client, number }
    }
}

/// What address servers are asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transaction {
    /// A pair of addresses for a tunnel to `peer`. Repeated, it finds the same pair, and renews the lease.
    Request {
        /// What the lease is to be called.
        id: LeaseId,
        /// The other end of the tunnel.
        peer: NodeAddr,
    },
    /// The tunnel is torn down. Either end may say so, and both may.
    Release {
        /// The lease of its addresses.
        id: LeaseId,
    },
}

/// What they answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Answer {
    /// The lease that was asked about.
    pub id: LeaseId,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// The request is granted.
    Leased {
        /// The addresses of the tunnel's ends.
        pair: AddressPair,
    },
    /// No block is free. That is final: the name will not be leased.
    Exhausted,
    /// The request came after its own end: it was released, refused or has expired before.
    Over,
    /// The request, or the release, is not for the sender to make, or it has the name of another lease.
    Denied,
    /// There is no such lease any more, and there will be none of this name.
    Released,
}

/// A pair of addresses that a client has, and what it takes to give it back: each end of the tunnel keeps one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Held {
    /// The name of the lease.
    pub id: LeaseId,
    /// The end that did not ask.
    pub peer: NodeAddr,
    /// The server that it is of, by its base address.
    pub server: NodeAddr,
    /// The addresses.
    pub pair: AddressPair,
    /// Until when they can be used unless the lease is renewed; [`SimTime::MAX`] where leases have no term.
    pub until: SimTime,
}

/// A block in somebody's hands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Lease {
    /// The end that did not ask.
    pub peer: NodeAddr,
    /// The block.
    pub block: Block,
    /// When the lease ends unless it is renewed; [`SimTime::MAX`] where leases have no term.
    pub until: SimTime,
}

/// How long a ledger keeps what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// After what time without a renewal a lease ends by itself, so that blocks of which both ends are gone come back (Gray and
    /// Cheriton 1989). As in the paper, which has nothing of the kind, never where it is `None`.
    pub term: Option<SimDuration>,
    /// How long the name of a lease that has ended is remembered, so that a repetition of its request that was delayed on the way
    /// takes no block: longer than a message can be under way.
    pub memory: SimDuration,
}

impl Default for Terms {
    /// No term, and the two minutes for which TCP takes a segment to live (RFC 793).
    fn default() -> Self {
        Terms {
            term: None,
            memory: SimDuration::from_secs(120),
        }
    }
}

/// What came of transactions, in numbers.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Requests that took a block.
    pub granted: u64,
    /// Requests that were repeated and found their block, renewals among them.
    pub repeated: u64,
    /// Requests for which no block was free.
    pub exhausted: u64,
    /// Requests whose lease was over.
    pub late: u64,
    /// Requests and releases that were not the sender's to make.
    pub denied: u64,
    /// Releases that gave a block back.
    pub released: u64,
    /// Releases of what had been given back, or had ended, before.
    pub released_again: u64,
    /// Releases of what had never been handed out.
    pub never_leased: u64,
    /// Leases that ended for want of a renewal.
    pub expired: u64,
}

impl Counts {
    /// How many requests these were.
    pub fn refused(&self) -> u64 {
        self.exhausted + self.late + self.denied
    }
}

/// The pool of an address server, and who holds which block of it.
///
/// This is what stable storage is for: a server that comes back must start from the ledger that it had when it went down, or it
/// would hand out blocks that are in use. The ledger is a plain value; whoever restarts a server keeps it meanwhile. Leases
/// go on while their server is down.
///
/// Its clock is the arrival of transactions, not their service: a queue in front of it may be long, and neither does a lease end
/// while its renewal waits, nor is a name forgotten before all that was sent under it has been served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ledger {
    pool: BlockPool,
    terms: Terms,
    leases: BTreeMap<LeaseId, Lease>,
    /// When leases end; empty without a term.
    ends: BTreeSet<(SimTime, LeaseId)>,
    /// The names that are over, and until when that is remembered.
    over: BTreeMap<LeaseId, SimTime>,
    /// The same in the order of time.
    forget: VecDeque<(SimTime, LeaseId)>,
    counts: Counts,
}

impl Ledger {
    /// All blocks of the pool that are free can be leased; those handed out already stay with whoever has them.
    pub fn new(pool: BlockPool, terms: Terms) -> Self {
        Ledger {
            pool,
            terms,
            leases: BTreeMap::new(),
            ends: BTreeSet::new(),
            over: BTreeMap::new(),
            forget: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// Carries out a transaction of `from` that arrived at `now`, not before the one carried out last.
    pub fn transact(&mut self, now: SimTime, from: NodeAddr, transaction: Transaction) -> Answer {
        self.advance(now);
        let (id, outcome) = match transaction {
            Transaction::Request { id, peer } => (id, self.request(now, from, id, peer)),
            Transaction::Release { id } => (id, self.release(now, from, id)),
        };
        Answer { id, outcome }
    }

    /// Ends leases whose term is over, and forgets old names: every transaction does that first. Everything that arrived before
    /// `now` has been carried out.
    pub fn advance(&mut self, now: SimTime) {
        while let Some((end, id)) = self.ends.first().copied().filter(|(end, _)| *end <= now) {
            self.end(end, id);
            self.counts.expired += 1;
        }
        while let Some((until, id)) = self.forget.front().copied().filter(|(until, _)| *until <= now) {
            self.forget.pop_front();
            // Unless it has been mentioned again since.
            if self.over.get(&id) == Some(&until) {
                self.over.remove(&id);
            }
        }
    }

    fn request(&mut self, now: SimTime, from: NodeAddr, id: LeaseId, peer: NodeAddr) -> Outcome {
        if let Some(lease) = self.leases.get(&id).copied() {
            if id.client != from || lease.peer != peer {
                self.counts.denied += 1;
                return Outcome::Denied;
            }
            self.counts.repeated += 1;
            self.renew(now, id);
            return Outcome::Leased {
                pair: lease.block.ends(),
            };
        }
        if id.client != from {
            self.counts.denied += 1;
            return Outcome::Denied;
        }
        if self.over.contains_key(&id) {
            self.counts.late += 1;
            self.remember(now, id);
            return Outcome::Over;
        }
        let Some(block) = self.pool.take() else {
            self.counts.exhausted += 1;
            // A repetition that is still under way must not be luckier: its sender has the answer and will not use the block.
            self.remember(now, id);
            return Outcome::Exhausted;
        };
        self.counts.granted += 1;
        let until = SimTime::MAX;
        self.leases.insert(id, Lease { peer, block, until });
        self.renew(now, id);
        Outcome::Leased { pair: block.ends() }
    }

    fn release(&mut self, now: SimTime, from: NodeAddr, id: LeaseId) -> Outcome {
        if let Some(lease) = self.leases.get(&id) {
            if from != id.client && from != lease.peer {
                self.counts.denied += 1;
                return Outcome::Denied;
            }
            self.end(now, id);
            self.counts.released += 1;
        } else if self.over.contains_key(&id) {
            self.counts.released_again += 1;
        } else {
            self.counts.never_leased += 1;
            if from == id.client {
                // It may have overtaken its own request.
                self.remember(now, id);
            }
        }
        Outcome::Released
    }

    fn renew(&mut self, now: SimTime, id: LeaseId) {
        if let (Some(term), Some(lease)) = (self.terms.term, self.leases.get_mut(&id)) {
            self.ends.remove(&(lease.until, id));
            lease.until = now + term;
            self.ends.insert((lease.until, id));
        }
    }

    fn end(&mut self, now: SimTime, id: LeaseId) {
        if let Some(lease) = self.leases.remove(&id) {
            self.ends.remove(&(lease.until, id));
            self.pool.give_back(lease.block);
            self.remember(now, id);
        }
    }

    /// The name is over.
    fn remember(&mut self, now: SimTime, id: LeaseId) {
        let until = now + self.terms.memory;
        self.over.insert(id, until);
        self.forget.push_back((until, id));
    }

    /// The blocks.
    pub fn pool(&self) -> &BlockPool {
        &self.pool
    }

    /// How long what is kept.
    pub fn terms(&self) -> Terms {
        self.terms
    }

    /// How many blocks are handed out at `now`. Those whose term is over do not count, though the pool has them back only with the
    /// next transaction.
    pub fn handed_out(&self, now: SimTime) -> u128 {
        let over = self.ends.iter().take_while(|(end, _)| *end <= now).count();
        self.pool.handed_out() - over as u128
    }

    /// All leases, by name.
    pub fn leases(&self) -> impl Iterator<Item = (LeaseId, Lease)> {
        self.leases.iter().map(|(id, lease)| (*id, *lease))
    }

    /// What came of all transactions so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Makes sure of what must always hold: each block that is handed out has one lease, the others are free, and no two leases
    /// have the same.
    ///
    /// # Errors
    /// A text that says what does not hold.
    pub fn check(&self) -> Result<(), String> {
        let (out, leases) = (self.pool.handed_out(), self.leases.len() as u128);
        let (total, free) = (self.pool.total(), self.pool.free());
        if out != total - free {
            return Err(format!("{out} blocks are handed out, but {free} of {total} are free"));
        }
        let blocks: BTreeSet<Block> = self.leases.values().map(|lease| lease.block).collect();
        if blocks.len() as u128 != leases || leases != out {
            let distinct = blocks.len();
            return Err(format!(
                "{leases} leases of {distinct} blocks, but {out} are handed out"
            ));
        }
        Ok(())
    }
}
