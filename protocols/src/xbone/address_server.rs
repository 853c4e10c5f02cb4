//! The address server as a queue: transactions one by one, in the order in which they came, each for the same time.
//!
//! # Deviations
//! - The paper gives the rate of each way of talking to the server and not what takes the time; here all of it is one server's,
//!   and a transaction that waits costs nothing.

use std::collections::VecDeque;

use sim_core::addr::NodeAddr;
use sim_core::time::{SimDuration, SimTime};
use thiserror::Error;

use super::ledger::{Answer, Ledger, Transaction};

/// How fast an address server is, and how many may wait for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Service {
    /// The time that each transaction takes; none at all costs nothing.
    pub time: SimDuration,
    /// How many transactions may wait, not counting the one that is being served; what comes beyond is lost. Without bound
    /// where it is `None`.
    pub backlog: Option<usize>,
}

/// A server that cannot be.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
pub enum ServerError {
    /// No rate of service.
    #[error("the rate of service must be a positive number of transactions a second, at most 1e9, not {0}")]
    Rate(f64),
}

impl Service {
    /// Transactions a second over UDP (Fujita et al. 2005, section III-B).
    pub const UDP: f64 = 67.0;
    /// Transactions a second over TCP.
    pub const TCP: f64 = 56.0;
    /// Transactions a second over SSL.
    pub const SSL: f64 = 4.2;

    /// A server of so many transactions a second, for which all who come wait.
    ///
    /// # Errors
    /// [`ServerError::Rate`] unless the rate is positive and not beyond the resolution of simulated time.
    pub fn with_rate(rate: f64) -> Result<Self, ServerError> {
        if !(rate > 0.0 && rate <= 1e9) {
            return Err(ServerError::Rate(rate));
        }
        Ok(Service {
            time: SimDuration::from_secs_f64(1.0 / rate),
            backlog: None,
        })
    }
}

/// What a server has had to do since it came up.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Load {
    /// Transactions that came, those lost included.
    pub arrivals: u64,
    /// Requests that were served.
    pub requests: u64,
    /// Releases that were served.
    pub releases: u64,
    /// Transactions that found the backlog full.
    pub lost: u64,
    /// Transactions whose service has begun.
    pub begun: u64,
    /// Those of them that had not to wait.
    pub at_once: u64,
    /// The sum of their waiting times, in nanoseconds.
    pub waited: u128,
    /// The longest of them.
    pub longest_wait: SimDuration,
    /// The most that were there at a time, waiting or being served.
    pub peak: usize,
    /// The time of the services that have ended; see [`AddressServer::busy`].
    busy: SimDuration,
}

/// A transaction at the server.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    from: NodeAddr,
    transaction: Transaction,
    came: SimTime,
}

/// A transaction that has been served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Completed {
    /// Who is to be answered.
    pub to: NodeAddr,
    /// What.
    pub answer: Answer,
    /// When the next service ends; none if nobody waits.
    pub next: Option<SimTime>,
}

/// A server of virtual addresses: a ledger and the queue in front of it.
///
/// Who owns it tells it of arrivals, and keeps the one timer that it needs: at most one service is under way. What
/// waits is lost when the server goes down, what has been served is in the [`Ledger`], which the owner hands to the next
/// incarnation. A transaction counts when its service ends: whoever got no answer may or may not have been served, and asks
/// again.
#[derive(Clone, Debug)]
pub struct AddressServer {
    service: Service,
    ledger: Ledger,
    /// In the order of arrival; the first is being served.
    queue: VecDeque<Waiting>,
    /// When its service ends.
    due: SimTime,
    load: Load,
}

impl AddressServer {
    /// A server that comes up, for the first time or again, with what it knew when it went down.
    pub fn new(service: Service, ledger: Ledger) -> Self {
        AddressServer {
            service,
            ledger,
            queue: VecDeque::new(),
            due: SimTime::ZERO,
            load: Load::default(),
        }
    }

    /// A transaction comes. If the server was idle its service begins: says when it ends, which is when
    /// [`complete`](Self::complete) is to be called.
    pub fn arrive(&mut self, now: SimTime, from: NodeAddr, transaction: Transaction) -> Option<SimTime> {
        self.load.arrivals += 1;
        let waiting = self.queue.len().saturating_sub(1);
        if !self.queue.is_empty() && self.service.backlog.is_some_and(|most| waiting >= most) {
            self.load.lost += 1;
            return None;
        }
        self.queue.push_back(Waiting {
            from,
            transaction,
            came: now,
        });
        self.load.peak = self.load.peak.max(self.queue.len());
        if self.queue.len() > 1 {
            return None;
        }
        self.begin(now)
    }

    /// The service of the first begins, if there is one.
    fn begin(&mut self, now: SimTime) -> Option<SimTime> {
        let wait = now.since(self.queue.front()?.came);
        self.load.begun += 1;
        self.load.at_once += u64::from(wait == SimDuration::ZERO);
        self.load.waited += u128::from(wait.as_nanos());
        self.load.longest_wait = self.load.longest_wait.max(wait);
        self.due = now + self.service.time;
        Some(self.due)
    }

    /// A service ends: its transaction is carried out, and the next one begins. Nothing if none ends at this time.
    pub fn complete(&mut self, now: SimTime) -> Option<Completed> {
        if now < self.due {
            return None;
        }
        let Waiting {
            from,
            transaction,
            came,
        } = self.queue.pop_front()?;
        match transaction {
            Transaction::Request { .. } => self.load.requests += 1,
            Transaction::Release { .. } => self.load.releases += 1,
        }
        self.load.busy += self.service.time;
        let answer = self.ledger.transact(came, from, transaction);
        Some(Completed {
            to: from,
            answer,
            next: self.begin(now),
        })
    }

    /// How many transactions are there, waiting or being served.
    pub fn backlog(&self) -> usize {
        self.queue.len()
    }

    /// How long it has been busy since it came up.
    pub fn busy(&self, now: SimTime) -> SimDuration {
        let begun = match self.queue.is_empty() {
            true => SimDuration::ZERO,
            false => self.service.time - self.due.since(now),
        };
        self.load.busy + begun
    }

    /// How fast it is.
    pub fn service(&self) -> Service {
        self.service
    }

    /// What it has had to do.
    pub fn load(&self) -> &Load {
        &self.load
    }

    /// Who holds which block: what whoever restarts the server keeps.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}
