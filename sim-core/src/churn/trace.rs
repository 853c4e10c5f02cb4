//! Sessions that were measured.

use thiserror::Error;

use super::{ChurnModel, InitialState};
use crate::random::StreamKey;
use crate::time::{SimDuration, SimTime};

/// Sessions that cannot be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum TraceError {
    /// A session ends before it starts.
    #[error("the session ends before it starts")]
    EndsBeforeItStarts,
    /// A session starts before the one before it has ended.
    #[error("the session starts before the one before it has ended")]
    Overlaps,
}

/// Which of the hosts of a trace take part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TraceHosts {
    /// The first ones.
    First,
    /// Each as likely as any other, chosen anew in each replication.
    Random,
}

/// The sessions of many hosts, in ascending order for each.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SessionTrace {
    /// Where the sessions of each host begin in `sessions`, and where those of the last one end.
    offsets: Vec<usize>,
    /// From when until when, in time since the beginning of the trace.
    sessions: Vec<(SimTime, SimTime)>,
}

impl SessionTrace {
    /// A trace of no hosts.
    pub fn new() -> Self {
        SessionTrace {
            offsets: vec![0],
            sessions: Vec::new(),
        }
    }

    /// Adds a host with its sessions, first to last. A session that begins when the one before it ends continues it, and one
    /// without length is none.
    ///
    /// # Errors
    /// The number of the session that cannot be, from zero, and why; the trace is then as it was.
    pub fn push_host(&mut self, sessions: &[(SimTime, SimTime)]) -> Result<(), (usize, TraceError)> {
        let mut joined: Vec<(SimTime, SimTime)> = Vec::with_capacity(sessions.len());
        let mut latest = SimTime::ZERO;
        for (number, (start, end)) in sessions.iter().copied().enumerate() {
            if end < start {
                return Err((number, TraceError::EndsBeforeItStarts));
            }
            if start < latest {
                return Err((number, TraceError::Overlaps));
            }
            latest = end;
            match joined.last_mut() {
                Some((_, last)) if start == *last => *last = end,
                _ if start == end => {}
                _ => joined.push((start, end)),
            }
        }
        self.sessions.extend(joined);
        self.offsets.push(self.sessions.len());
        Ok(())
    }

    /// How many hosts there are.
    pub fn hosts(&self) -> usize {
        self.offsets.len() - 1
    }

    /// How many sessions there are of all hosts.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// The sessions of a host, in ascending order.
    pub fn of(&self, host: u32) -> &[(SimTime, SimTime)] {
        let host = host as usize;
        &self.sessions[self.offsets[host]..self.offsets[host + 1]]
    }

    /// The same sessions as seen from a time on, and so many times as long.
    pub fn rescaled(&self, from: SimDuration, scale: f64) -> Self {
        let mut rescaled = SessionTrace::new();
        let at = |time: SimTime| SimTime::ZERO + time.since(SimTime::ZERO + from).mul_f64(scale);
        for host in 0..self.hosts() as u32 {
            let seen: Vec<_> = self
                .of(host)
                .iter()
                .map(|(start, end)| (at(*start), at(*end)))
                .collect();
            rescaled
                .push_host(&seen)
                .unwrap_or_else(|_| unreachable!("sessions in order stay so"));
        }
        rescaled
    }

    /// The host of each of so many places. Each host has a rank of its own in a replication, and the lowest ranks take part:
    /// more places add hosts and change none.
    pub(super) fn choose(&self, which: TraceHosts, places: u32, ranks: StreamKey) -> Vec<u32> {
        let mut hosts: Vec<u32> = (0..self.hosts() as u32).collect();
        if which == TraceHosts::Random {
            hosts.sort_by_cached_key(|host| (ranks.index(u64::from(*host)).bits(), *host));
        }
        hosts.truncate(places as usize);
        hosts
    }

    /// Whether a host is up so long after the beginning, and how long it remains so. At the end of a session it is down.
    pub(super) fn state(&self, host: u32, at: SimDuration) -> InitialState {
        let now = SimTime::ZERO + at;
        let sessions = self.of(host);
        match sessions.get(sessions.partition_point(|(_, end)| *end <= now)) {
            Some((start, end)) if *start <= now => InitialState {
                up: true,
                remaining: end.since(now),
            },
            Some((start, _)) => InitialState {
                up: false,
                remaining: start.since(now),
            },
            None => InitialState {
                up: false,
                remaining: ChurnModel::NEVER,
            },
        }
    }

    /// How long it is until the next session of a host begins, one that is under way not counted.
    pub(super) fn until_next(&self, host: u32, at: SimDuration) -> SimDuration {
        let now = SimTime::ZERO + at;
        let sessions = self.of(host);
        let next = sessions.get(sessions.partition_point(|(start, _)| *start <= now));
        next.map_or(ChurnModel::NEVER, |(start, _)| start.since(now))
    }

    /// How many of so many places are up on average in so much time; of random hosts, what is to be expected.
    pub(super) fn mean_up(&self, which: TraceHosts, places: u32, span: SimDuration) -> f64 {
        let end = SimTime::ZERO + span;
        let hosts = match which {
            TraceHosts::First => (places as usize).min(self.hosts()),
            TraceHosts::Random => self.hosts(),
        };
        let seen = self.sessions[..self.offsets[hosts]].iter();
        let up: u128 = seen
            .map(|(start, until)| u128::from((*until).min(end).since(*start).as_nanos()))
            .sum();
        let share = up as f64 / (span.as_nanos().max(1) as f64 * hosts.max(1) as f64);
        share * f64::from(places)
    }
}
