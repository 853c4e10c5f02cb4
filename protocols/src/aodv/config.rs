//! The parameters of AODV, and which values make sense.

use sim_core::time::SimDuration;
use thiserror::Error;

use crate::neighbours::Sensing;

/// A search that goes further and further (section 6.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ring {
    /// How far the first request goes: `TTL_START`.
    pub start: u32,
    /// How much further each next one goes: `TTL_INCREMENT`.
    pub increment: u32,
    /// Beyond this the next one goes through the whole network: `TTL_THRESHOLD`.
    pub threshold: u32,
}

/// What all nodes of a run share, under the names of RFC 3561, section 10. See [`Config::validate`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// How long a route lives after it was used: `ACTIVE_ROUTE_TIMEOUT`.
    pub active_route_timeout: SimDuration,
    /// How long the entry of a broken route is kept: `DELETE_PERIOD`, five times the longer of `active_route_timeout` and
    /// `hello_interval`.
    pub delete_period: SimDuration,
    /// The most hops between two nodes: `NET_DIAMETER`.
    pub net_diameter: u32,
    /// How long a message takes for a hop, with all that it waits for: `NODE_TRAVERSAL_TIME`.
    pub node_traversal_time: SimDuration,
    /// How many times a request through the whole network is repeated: `RREQ_RETRIES`.
    pub rreq_retries: u32,
    /// How the search widens; without it every request goes through the whole network.
    pub expanding_ring: Option<Ring>,
    /// How many hops more than it knows a ring waits for: `TIMEOUT_BUFFER`.
    pub timeout_buffer: u32,
    /// Whether only the destination answers requests (flag `D`).
    pub destination_only: bool,
    /// What tells that a neighbour is gone. With silence, nodes that have a route send hello messages; the RFC's silence is that of
    /// `ALLOWED_HELLO_LOSS` (2) intervals.
    pub sensing: Sensing,
    /// The time between hello messages, where there are any: `HELLO_INTERVAL`.
    pub hello_interval: SimDuration,
    /// How many packets a node keeps while their routes are sought. When another one comes, the oldest is dropped.
    pub buffer: usize,
}

/// A value that AODV cannot work with. Each error names the field of [`Config`].
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ConfigError {
    /// A number or a span of time.
    #[error("{0} must be greater than zero")]
    Zero(&'static str),
    /// How the search widens.
    #[error("expanding_ring.threshold must not lie below expanding_ring.start ({start}), as {threshold} does")]
    Ring {
        /// How far the first request goes.
        start: u32,
        /// How far the last one before the whole network goes.
        threshold: u32,
    },
    /// How long a neighbour may be silent.
    #[error("sensing.silence must be longer than hello_interval ({interval}), not {silence}: two intervals are usual")]
    Silence {
        /// What was asked for.
        silence: SimDuration,
        /// The time between hello messages.
        interval: SimDuration,
    },
}

impl Default for Config {
    /// Those of RFC 3561, section 10, with a broken link noticed when a packet is to cross it; 64 packets wait, as in Broch et al. 1998.
    fn default() -> Self {
        Config {
            active_route_timeout: SimDuration::from_secs(3),
            delete_period: SimDuration::from_secs(15),
            net_diameter: 35,
            node_traversal_time: SimDuration::from_millis(40),
            rreq_retries: 2,
            expanding_ring: Some(Ring {
                start: 1,
                increment: 2,
                threshold: 7,
            }),
            timeout_buffer: 2,
            destination_only: false,
            sensing: Sensing::Use,
            hello_interval: SimDuration::from_secs(1),
            buffer: 64,
        }
    }
}

impl Config {
    /// The parameters themselves, if AODV can work with them.
    ///
    /// # Errors
    ///
    /// The first field whose value makes no sense.
    pub fn validate(self) -> Result<Self, ConfigError> {
        let ring = self.expanding_ring;
        let zeros = [
            ("active_route_timeout", self.active_route_timeout == SimDuration::ZERO),
            ("delete_period", self.delete_period == SimDuration::ZERO),
            ("net_diameter", self.net_diameter == 0),
            ("node_traversal_time", self.node_traversal_time == SimDuration::ZERO),
            ("expanding_ring.start", ring.is_some_and(|ring| ring.start == 0)),
            ("expanding_ring.increment", ring.is_some_and(|ring| ring.increment == 0)),
            ("hello_interval", self.hello_interval == SimDuration::ZERO),
            ("buffer", self.buffer == 0),
        ];
        if let Some((field, _)) = zeros.into_iter().find(|(_, is_zero)| *is_zero) {
            return Err(ConfigError::Zero(field));
        }
        if let Some(Ring { start, threshold, .. }) = ring.filter(|ring| ring.threshold < ring.start) {
            return Err(ConfigError::Ring { start, threshold });
        }
        match self.sensing {
            Sensing::Silence(silence) if silence <= self.hello_interval => Err(ConfigError::Silence {
                silence,
                interval: self.hello_interval,
            }),
            _ => Ok(self),
        }
    }

    /// `NET_TRAVERSAL_TIME`: there and back through the whole network.
    pub(super) fn net_traversal_time(&self) -> SimDuration {
        self.node_traversal_time * 2 * u64::from(self.net_diameter)
    }

    /// `PATH_DISCOVERY_TIME`: how long copies of a request can be on their way.
    pub(super) fn path_discovery_time(&self) -> SimDuration {
        self.net_traversal_time() * 2
    }

    /// `RING_TRAVERSAL_TIME`: there and back within so many hops.
    pub(super) fn ring_traversal_time(&self, ttl: u32) -> SimDuration {
        self.node_traversal_time * 2 * u64::from(ttl.saturating_add(self.timeout_buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field, and what makes it absurd.
    type Spoils<T> = (&'static str, fn(&mut T));

    #[test]
    fn the_usual_values_give_the_times_of_the_rfc() {
        let config = Config::default().validate().expect("usual");
        assert_eq!(config.net_traversal_time(), SimDuration::from_millis(2800));
        assert_eq!(config.path_discovery_time(), SimDuration::from_millis(5600));
        assert_eq!(config.ring_traversal_time(1), SimDuration::from_millis(240));
    }

    #[test]
    fn each_absurd_value_is_refused_by_the_name_of_its_field() {
        let spoilt = |spoil: fn(&mut Config)| {
            let mut config = Config::default();
            spoil(&mut config);
            config.validate().expect_err("it is absurd").to_string()
        };
        let refused: [Spoils<Config>; 7] = [
            ("active_route_timeout", |config| {
                config.active_route_timeout = SimDuration::ZERO
            }),
            ("delete_period", |config| config.delete_period = SimDuration::ZERO),
            ("net_diameter", |config| config.net_diameter = 0),
            ("node_traversal_time", |config| {
                config.node_traversal_time = SimDuration::ZERO
            }),
            ("hello_interval", |config| config.hello_interval = SimDuration::ZERO),
            ("buffer", |config| config.buffer = 0),
            ("sensing.silence", |config| {
                config.sensing = Sensing::Silence(config.hello_interval)
            }),
        ];
        for (field, spoil) in refused {
            let error = spoilt(spoil);
            assert!(error.starts_with(field), "{error}");
        }
        let rings: [Spoils<Ring>; 3] = [
            ("expanding_ring.start", |ring| ring.start = 0),
            ("expanding_ring.increment", |ring| ring.increment = 0),
            ("expanding_ring.threshold", |ring| ring.threshold = ring.start - 1),
        ];
        for (field, spoil) in rings {
            let mut config = Config::default();
            config.expanding_ring.iter_mut().for_each(spoil);
            let error = config.validate().expect_err(field).to_string();
            assert!(error.starts_with(field), "{error}");
        }
    }
}
