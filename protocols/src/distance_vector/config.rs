//! The parameters of distance-vector routing, and which values make sense.

use sim_core::time::SimDuration;
use thiserror::Error;

use crate::neighbours::Sensing;

/// What a node tells its neighbours between full dumps, besides routes that are new, broken or better known than to a neighbour.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Trigger {
    /// Routes of another length. Newer sequence numbers travel in full dumps only.
    Metric,
    /// All that is newer: each sequence number travels through the whole network at once. It is what Broch et al. (MobiCom 1998,
    /// section 3.1.2) call DSDV-SQ, and prefer.
    Sequence,
}

/// What all nodes of a run share. See [`Config::validate`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// The time from one full dump of a node to the next.
    pub period: SimDuration,
    /// What incremental updates are sent for.
    pub trigger: Trigger,
    /// The time from one incremental update of a node to the next at least, in which changes gather.
    pub aggregation: SimDuration,
    /// How long it takes at first until the best route of a new sequence number has come; each node corrects this for each
    /// destination by what it sees. For twice that time it keeps a longer route than before to itself. None: all is told at once.
    pub settling: Option<SimDuration>,
    /// What tells that a neighbour is gone. Silence is noticed at the next full dump.
    pub sensing: Sensing,
}

/// A value that the protocol cannot work with. Each error names the field of [`Config`].
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ConfigError {
    /// A span of time.
    #[error("{0} must be longer than zero")]
    Span(&'static str),
    /// How long a neighbour may be silent.
    #[error("sensing.silence must be longer than period ({period}), not {silence}: three periods are usual")]
    Silence {
        /// What was asked for.
        silence: SimDuration,
        /// The period of full dumps.
        period: SimDuration,
    },
}

impl Default for Config {
    /// Those of Broch et al. 1998, Table 2: full dumps each 15 s, changes gather for 1 s, routes settle in 6 s at first, and a broken link
    /// is noticed when a packet is to cross it.
    fn default() -> Self {
        Config {
            period: SimDuration::from_secs(15),
            trigger: Trigger::Sequence,
            aggregation: SimDuration::from_secs(1),
            settling: Some(SimDuration::from_secs(6)),
            sensing: Sensing::Use,
        }
    }
}

impl Config {
    /// The parameters themselves, if the protocol can work with them.
    ///
    /// # Errors
    ///
    /// The first field whose value makes no sense.
    pub fn validate(self) -> Result<Self, ConfigError> {
        if self.period == SimDuration::ZERO {
            return Err(ConfigError::Span("period"));
        }
        if self.settling == Some(SimDuration::ZERO) {
            return Err(ConfigError::Span("settling"));
        }
        match self.sensing {
            Sensing::Silence(silence) if silence <= self.period => Err(ConfigError::Silence {
                silence,
                period: self.period,
            }),
            _ => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_absurd_value_is_refused_by_the_name_of_its_field() {
        let usual = Config::default();
        assert!(usual.validate().is_ok());
        let refused = [
            (
                "period",
                Config {
                    period: SimDuration::ZERO,
                    ..usual
                },
            ),
            (
                "settling",
                Config {
                    settling: Some(SimDuration::ZERO),
                    ..usual
                },
            ),
            (
                "sensing.silence",
                Config {
                    sensing: Sensing::Silence(usual.period),
                    ..usual
                },
            ),
        ];
        for (field, config) in refused {
            let error = config.validate().expect_err(field).to_string();
            assert!(error.starts_with(field), "{error}");
        }
    }
}
