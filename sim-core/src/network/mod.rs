//! What lies between two hosts: how long a message takes, and whether it arrives.
//!
//! Every network here shares three rules. A message from a host to itself takes no time in the network and is never
//! lost. A message between two different hosts takes at least a nanosecond, the shortest span that the engine schedules.
//! And the randomness of a transmission comes from nothing but [`Transmission::draw`], delay and loss from streams of
//! their own: a network that also loses messages delays the others exactly as before.

mod access_links;
mod connectivity;
mod coordinates;
mod delay;
mod loss;
mod matrix;
mod nothing;
mod partition;
mod routers;
mod shared;
mod space;

use std::sync::Arc;

use thiserror::Error;

use crate::addr::NodeAddr;
use crate::distribution::DistributionError;
use crate::random::StreamKey;
use crate::time::{SimDuration, SimTime};

pub use access_links::{AccessLinks, Bandwidth, Capacity, Linked, QueueLimit};
pub use connectivity::PartlyConnected;
pub use coordinates::{Plane, Propagation, Sphere};
pub use delay::{Constant, Exponential, Uniform};
pub use loss::Lossy;
pub use matrix::LatencyMatrix;
pub use nothing::Nothing;
pub use partition::{Cut, Partitioned};
pub use routers::{AccessDelay, Placement, Policy, Relationship, RouterGraph, Routers, Spread};
pub use shared::{Hosts, SharedHosts};
pub use space::Space;

/// One message about to cross the network.
#[derive(Clone, Copy, Debug)]
pub struct Transmission {
    /// When it is sent.
    pub now: SimTime,
    /// The host that sends.
    pub from: NodeAddr,
    /// The host that holds the destination address.
    pub to: NodeAddr,
    /// Size on the wire, in bytes.
    pub bytes: u32,
    /// The randomness of this one transmission: keyed by sender and the sender's counter, so that what happens to one
    /// message changes no other.
    pub draw: StreamKey,
}

/// What becomes of a [`Transmission`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It arrives after this delay. The engine schedules it at least one nanosecond ahead.
    Arrives(SimDuration),
    /// It is lost on the way.
    Lost,
}

/// A network of hosts, addressed from zero. Immutable during a run, so that partitions of one simulation can share it.
pub trait Network: Send + Sync {
    /// Decides one transmission. Must depend on nothing but the argument.
    fn transmit(&self, transmission: &Transmission) -> Fate;

    /// The one-way delay from one host to another that a measurement calls direct: deterministic, without loss, and the
    /// mean where the delay is random. What stretch is measured against.
    fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration;

    /// No message between two different hosts arrives sooner than this: the lookahead of a partitioned run. At least 1 ns.
    fn min_delay(&self) -> SimDuration;

    /// How many hosts there are, where the network has a fixed number of them.
    fn hosts(&self) -> Option<usize> {
        None
    }

    /// How many routers lie on the direct path between two hosts, where the network has routers: none from a host to itself. The same
    /// both ways.
    fn routers_between(&self, _from: NodeAddr, _to: NodeAddr) -> Option<u32> {
        None
    }

    /// The bandwidths of the hosts' access links, where they have some: the engine has messages queue there.
    fn access_links(&self) -> Option<Arc<AccessLinks>> {
        None
    }

    /// Which nodes share a host: those are never parted, and messages between them use no link.
    fn shared(&self) -> Hosts {
        Hosts::ONE_EACH
    }
}

/// The methods of a network around an `inner` one that are those of the inner one.
macro_rules! forward_the_rest {
    ($($method:ident),*) => {
        $(forward_the_rest!(@ $method);)*
    };
    (@ direct_delay) => {
        fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
            self.inner.direct_delay(from, to)
        }
    };
    (@ min_delay) => {
        fn min_delay(&self) -> SimDuration {
            self.inner.min_delay()
        }
    };
    (@ hosts) => {
        fn hosts(&self) -> Option<usize> {
            self.inner.hosts()
        }
    };
    (@ routers_between) => {
        fn routers_between(&self, from: NodeAddr, to: NodeAddr) -> Option<u32> {
            self.inner.routers_between(from, to)
        }
    };
    (@ access_links) => {
        fn access_links(&self) -> Option<std::sync::Arc<crate::network::AccessLinks>> {
            self.inner.access_links()
        }
    };
    (@ shared) => {
        fn shared(&self) -> crate::network::Hosts {
            self.inner.shared()
        }
    };
}
use forward_the_rest;

/// So that a network chosen at run time can be wrapped, as in `Lossy<Box<dyn Network>>`.
impl<N: Network + ?Sized> Network for Box<N> {
    fn transmit(&self, transmission: &Transmission) -> Fate {
        (**self).transmit(transmission)
    }

    fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
        (**self).direct_delay(from, to)
    }

    fn min_delay(&self) -> SimDuration {
        (**self).min_delay()
    }

    fn hosts(&self) -> Option<usize> {
        (**self).hosts()
    }

    fn routers_between(&self, from: NodeAddr, to: NodeAddr) -> Option<u32> {
        (**self).routers_between(from, to)
    }

    fn access_links(&self) -> Option<Arc<AccessLinks>> {
        (**self).access_links()
    }

    fn shared(&self) -> Hosts {
        (**self).shared()
    }
}

/// A network that cannot be.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
pub enum NetworkError {
    /// A length or a pace is zero, negative, infinite or undefined.
    #[error("the {parameter} must be a positive finite number, not {value}")]
    NotPositive {
        /// Which parameter.
        parameter: &'static str,
        /// Its value.
        value: f64,
    },
    /// A probability lies outside `[0, 1]`.
    #[error("a probability of loss lies between 0 and 1, not at {value}")]
    Probability {
        /// Its value.
        value: f64,
    },
    /// Shares of pairs that cannot talk lie outside `[0, 1]`, or make more than all pairs.
    #[error(
        "a share of {asymmetric} of ordered pairs and one of {non_transitive} of unordered pairs cannot be: twice the \
         first and the second together must lie between 0 and 1"
    )]
    Connectivity {
        /// The share of ordered pairs of which only the opposite direction works.
        asymmetric: f64,
        /// The share of unordered pairs that work in neither direction.
        non_transitive: f64,
    },
    /// Classes of access links are too few or too many, or their shares make no distribution.
    #[error("{classes} classes of links cannot be: expected 1 to 256, each with a share above 0")]
    LinkClasses {
        /// How many classes.
        classes: usize,
    },
    /// The bounds of a random delay are in the wrong order.
    #[error("the minimum delay, {minimum}, must not be above the maximum, {maximum}")]
    MinimumAboveMaximum {
        /// The shortest delay.
        minimum: SimDuration,
        /// The longest delay.
        maximum: SimDuration,
    },
    /// The mean of an exponential delay does not lie above its minimum.
    #[error("the mean delay, {mean}, must lie above the minimum, {minimum}; for equal delays use a constant one")]
    MeanNotAboveMinimum {
        /// The shortest delay.
        minimum: SimDuration,
        /// The mean delay.
        mean: SimDuration,
    },
    /// The network has no host.
    #[error("a network needs at least one host")]
    NoHosts,
    /// The network has more hosts than there are addresses.
    #[error("{hosts} hosts are more than there are addresses, {}", u32::MAX)]
    TooManyHosts {
        /// How many hosts.
        hosts: usize,
    },
    /// A latency matrix does not have a row and a column for each host.
    #[error("a latency matrix of {hosts} hosts has {hosts} x {hosts} cells, not {cells}")]
    NotSquare {
        /// How many hosts.
        hosts: usize,
        /// How many cells there are.
        cells: usize,
    },
    /// More nodes are to be simulated than a latency matrix has hosts.
    #[error("{nodes} nodes need as many hosts, but the latency matrix has {hosts}; simulate at most {hosts} nodes")]
    TooFewHosts {
        /// How many nodes.
        nodes: usize,
        /// How many hosts the matrix has.
        hosts: usize,
    },
    /// A graph has no router.
    #[error("a graph of routers needs at least one")]
    NoRouters,
    /// Not all routers of a graph can be reached from the first.
    #[error("only {reached} of {routers} routers are connected with the first")]
    Unconnected {
        /// How many routers there are.
        routers: usize,
        /// How many can be reached, the first included.
        reached: usize,
    },
    /// A host is to be attached to a router that is not there.
    #[error("there is no router {router}: the {routers} routers are numbered from 0")]
    NoSuchRouter {
        /// The number of the router.
        router: usize,
        /// How many there are.
        routers: usize,
    },
    /// Hosts are to be spread over routers that are not there, or over none.
    #[error(
        "hosts cannot be spread over the routers {first} to {end}, the last excluded: there are {routers}, numbered from 0"
    )]
    NoSuchRouters {
        /// The first of them.
        first: usize,
        /// The first after them.
        end: usize,
        /// How many there are.
        routers: usize,
    },
    /// One host a router, and more hosts than routers.
    #[error("{hosts} hosts, one a router, do not fit on {routers} routers")]
    TooFewRouters {
        /// How many hosts.
        hosts: usize,
        /// How many routers there are for them.
        routers: usize,
    },
    /// No random delay has these parameters.
    #[error(transparent)]
    Distribution(#[from] DistributionError),
    /// A graph of changed links has not the routers that hosts are attached to.
    #[error("a graph of {found} routers cannot take the place of one of {expected}")]
    OtherRouters {
        /// How many routers there are.
        expected: usize,
        /// How many the other graph has.
        found: usize,
    },
    /// A delay between routers, or of an access link, is longer than those that are kept.
    #[error("a delay of {delay} is too long: a path between routers takes at most {longest}")]
    DelayTooLong {
        /// The delay, or a bound on it.
        delay: SimDuration,
        /// The longest that is possible.
        longest: SimDuration,
    },
}

/// The labels of the streams of one transmission.
mod stream {
    /// How long it takes.
    pub(super) const DELAY: u64 = 1;
    /// Whether it is lost.
    pub(super) const LOSS: u64 = 2;
}

/// `value` if it is a positive finite number.
fn positive(parameter: &'static str, value: f64) -> Result<f64, NetworkError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(NetworkError::NotPositive { parameter, value })
    }
}

/// `hosts` if there are addresses for so many, and any at all.
fn addressable(hosts: usize) -> Result<usize, NetworkError> {
    match u32::try_from(hosts) {
        Ok(0) => Err(NetworkError::NoHosts),
        Ok(_) => Ok(hosts),
        Err(_) => Err(NetworkError::TooManyHosts { hosts }),
    }
}

/// The delay from one host to another: none to oneself, else `between` and at least a nanosecond.
#[inline]
fn unless_local(from: NodeAddr, to: NodeAddr, between: impl FnOnce() -> SimDuration) -> SimDuration {
    if from == to {
        SimDuration::ZERO
    } else {
        between().max(SimDuration::NANOSECOND)
    }
}

#[cfg(test)]
mod tests;
