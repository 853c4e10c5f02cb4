//! The parameters of Chord, and which values make sense.

use sim_core::time::SimDuration;
use thiserror::Error;

use super::ring::FingerStarts;
use crate::id::IdSpace;
use crate::request::Patience;

/// Whose rules keep the ring.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rules {
    /// Stoica et al. 2001.
    Sigcomm2001,
    /// Stoica et al. 2003.
    Ton2003,
    /// The implementation that came with the Internet Indirection Infrastructure.
    I3,
    /// Zave.
    Corrected,
}

/// Who asks the nodes on the way (ToN, section V-A).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LookupStyle {
    /// The initiator asks each of them.
    Iterative,
    /// Each passes the lookup on; the last one answers the initiator.
    Recursive,
}

/// Who answers the origin of a lookup that keeps the ring, under the rules of i3.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LookupEnd {
    /// The key's predecessor, as in i3.
    Predecessor,
    /// The key's owner, as in P2P-XBone (Fujita et al. 2005, Fig. 3).
    Owner,
}

/// What becomes of the nodes that are looked at from a finger on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Choice {
    /// Those that are nearer than the finger are kept beside it, and each step of a lookup goes to the nearest that
    /// precedes the key (ToN).
    Alternates,
    /// The nearest of those in the finger's interval becomes the finger (Dabek et al. 2004).
    Fingers,
}

/// How a node knows how far away others are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Delays {
    /// It does: the round trip of the direct path, as experiments take it that do not ask how.
    Oracle,
    /// It measures a round trip by a ping, which is not repeated.
    Probe,
}

/// Nearby nodes first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Proximity {
    /// How many nodes at or after the start of a finger are looked at, ToN's `s`: 1, which is Chord without proximity, to
    /// one more than a successor list is long, from which they are read off.
    pub samples: usize,
    /// What becomes of them.
    pub choice: Choice,
    /// Whether a step to a successor goes to the nearest of the first `samples` that precede the key.
    pub successors: bool,
    /// How a node knows how far away they are.
    pub delays: Delays,
}

/// The check whether there is another ring (2001, section 7).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ConsistencyCheck {
    /// The mean time from one check of a node to the next; each is uniform in half to one and a half of it.
    pub period: SimDuration,
    /// How many of the nodes that it has met a node remembers: 1 to 1024.
    pub memory: usize,
}

/// What all nodes of a run share. See [`Config::validate`].
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// Whose rules keep the ring.
    pub rules: Rules,
    /// Width of identifiers in bits, 3 to 128.
    pub id_bits: u32,
    /// Length of the successor list, the papers' `r`: 1 to 32.
    pub successors: usize,
    /// Whether lookups consult the whole successor list, as ToN's `closest_preceding_node` does, or only fingers and
    /// the first successor. The path lengths of ToN, Fig. 10 are those of fingers only. i3 always consults all it
    /// knows.
    pub route_with_successors: bool,
    /// Who asks the nodes on the way.
    pub lookup: LookupStyle,
    /// Who answers the lookups by which the rules of i3 keep the ring; other rules have the predecessor do it.
    pub lookup_end: LookupEnd,
    /// Whether a node that has lost all others stays a member, under the rules of i3: a ring of its own, as the first node is one. If not,
    /// and under other rules, it is no member any more.
    pub stays_alone: bool,
    /// Whether a lookup that was asked for from above ends only when the owner has answered. If not, it ends with the
    /// answer of the key's predecessor, as in the papers, and may name an owner that is dead.
    pub confirm_owner: bool,
    /// Mean period of stabilisation.
    pub stabilize_period: SimDuration,
    /// Mean period in which all fingers are refreshed, each of them once, and at first when a node has joined. If there is none,
    /// one finger is refreshed with each stabilisation. Under i3's rules there is none.
    pub finger_period: Option<SimDuration>,
    /// The base of the distances of fingers: 2, as in the papers, or a larger power of two up to 128 (Li et al. 2005). i3 has
    /// base 2.
    pub finger_base: u32,
    /// Each period is uniform in `stabilize_period * (1 - jitter)` to `stabilize_period * (1 + jitter)`: 0 to below 1.
    pub stabilize_jitter: f64,
    /// How long a node waits for the answer of another.
    pub timeout: SimDuration,
    /// How many more times a node, or a whole join, is tried after a failure.
    pub retries: u8,
    /// How long the origin of a recursive lookup waits for the answer.
    pub recursive_timeout: SimDuration,
    /// How many nodes may lead a lookup on: the time to live of a recursive one. As many may have to be avoided.
    pub hop_limit: u8,
    /// Nearby nodes first, or without regard to where they are.
    pub proximity: Option<Proximity>,
    /// Whether nodes look for other rings.
    pub consistency_check: Option<ConsistencyCheck>,
}

/// A value that Chord cannot work with. Each error names the field of [`Config`].
#[derive(Clone, PartialEq, Debug, Error)]
pub enum ConfigError {
    /// The width of identifiers.
    #[error(
        "id_bits must lie between {least} and {most}, not {0}; identifiers are only compared, so 128 bits serve where a paper \
         has 160",
        least = IdSpace::BITS.start(), most = IdSpace::BITS.end()
    )]
    IdBits(u32),
    /// The length of the successor list.
    #[error("successors must lie between 1 and {most}, not {0}; the papers use 8 to 20", most = Config::MOST_SUCCESSORS)]
    Successors(usize),
    /// The mean period of stabilisation.
    #[error("stabilize_period must be longer than zero; the papers use 1 s to 30 s")]
    StabilizePeriod,
    /// The mean period of fingers.
    #[error("finger_period must be longer than zero; leave it out to refresh one finger with each stabilisation")]
    FingerPeriod,
    /// The base of fingers.
    #[error("finger_base must be a power of two from 2 to {most}, not {0}; the papers have 2", most = Config::LARGEST_FINGER_BASE)]
    FingerBase(u32),
    /// The jitter of the period.
    #[error(
        "stabilize_jitter must be at least 0 and less than 1, not {0}; 0.5 draws periods from 0.5 to 1.5 of the mean"
    )]
    StabilizeJitter(f64),
    /// A time-out.
    #[error("{0} must be longer than zero; choose it longer than a round trip")]
    Timeout(&'static str),
    /// The limit of hops.
    #[error("hop_limit must be at least 1; i3 uses 64")]
    HopLimit,
    /// How many nodes are looked at for proximity.
    #[error(
        "proximity.samples must lie between 1 and {most}, one more than `successors`, not {samples}: those after a finger are \
         read off its successor list",
        most = successors + 1
    )]
    Samples {
        /// How many.
        samples: usize,
        /// The length of a successor list.
        successors: usize,
    },
    /// The period of the check of consistency.
    #[error("consistency_check.period must be longer than zero; some minutes are usual")]
    CheckPeriod,
    /// How many nodes are remembered.
    #[error("consistency_check.memory must lie between 1 and {most}, not {0}", most = Config::MOST_REMEMBERED)]
    CheckMemory(usize),
    /// Something that i3 has no rules for.
    #[error("{0} has no meaning under the rules of i3; choose other `rules`, or leave it out")]
    NotUnderI3(&'static str),
    /// Something that only i3 has rules for.
    #[error("{0} has a meaning under the rules of i3 alone; choose `rules = \"i3\"`, or leave it out")]
    OnlyUnderI3(&'static str),
}

impl Default for Config {
    /// The corrected rules with the parameters of Stoica et al. 2003, section V-A, and a list of eight successors.
    fn default() -> Self {
        Config {
            rules: Rules::Corrected,
            id_bits: 64,
            successors: 8,
            route_with_successors: true,
            lookup: LookupStyle::Iterative,
            lookup_end: LookupEnd::Predecessor,
            stays_alone: false,
            confirm_owner: false,
            stabilize_period: SimDuration::from_secs(30),
            finger_period: None,
            finger_base: 2,
            stabilize_jitter: 0.5,
            timeout: SimDuration::from_millis(500),
            retries: 0,
            recursive_timeout: SimDuration::from_secs(5),
            hop_limit: 64,
            proximity: None,
            consistency_check: None,
        }
    }
}

impl Config {
    /// The longest successor list.
    pub const MOST_SUCCESSORS: usize = 32;
    /// The largest base of fingers.
    pub const LARGEST_FINGER_BASE: u32 = 128;
    /// The most nodes that one remembers.
    pub const MOST_REMEMBERED: usize = 1024;

    /// The parameters themselves, if Chord can work with them.
    ///
    /// # Errors
    ///
    /// The first field whose value makes no sense.
    pub fn validate(self) -> Result<Self, ConfigError> {
        if !IdSpace::BITS.contains(&self.id_bits) {
            return Err(ConfigError::IdBits(self.id_bits));
        }
        if !(1..=Self::MOST_SUCCESSORS).contains(&self.successors) {
            return Err(ConfigError::Successors(self.successors));
        }
        if self.stabilize_period == SimDuration::ZERO {
            return Err(ConfigError::StabilizePeriod);
        }
        if !(0.0..1.0).contains(&self.stabilize_jitter) {
            return Err(ConfigError::StabilizeJitter(self.stabilize_jitter));
        }
        for (field, timeout) in [("timeout", self.timeout), ("recursive_timeout", self.recursive_timeout)] {
            if timeout == SimDuration::ZERO {
                return Err(ConfigError::Timeout(field));
            }
        }
        if self.hop_limit == 0 {
            return Err(ConfigError::HopLimit);
        }
        self.validate_extras()?;
        Ok(self)
    }

    /// Whether Chord can work with what is only there where it is asked for.
    fn validate_extras(&self) -> Result<(), ConfigError> {
        if self.lookup_end == LookupEnd::Owner && self.rules != Rules::I3 {
            return Err(ConfigError::OnlyUnderI3("lookup_end"));
        }
        if self.stays_alone && self.rules != Rules::I3 {
            return Err(ConfigError::OnlyUnderI3("stays_alone"));
        }
        if let Some(period) = self.finger_period {
            if self.rules == Rules::I3 {
                return Err(ConfigError::NotUnderI3("finger_period"));
            }
            if period == SimDuration::ZERO {
                return Err(ConfigError::FingerPeriod);
            }
        }
        if !self.finger_base.is_power_of_two() || !(2..=Self::LARGEST_FINGER_BASE).contains(&self.finger_base) {
            return Err(ConfigError::FingerBase(self.finger_base));
        }
        if self.finger_base != 2 && self.rules == Rules::I3 {
            return Err(ConfigError::NotUnderI3("finger_base"));
        }
        if let Some(Proximity { samples, .. }) = self.proximity {
            if self.rules == Rules::I3 {
                return Err(ConfigError::NotUnderI3("proximity"));
            }
            if !(1..=self.successors + 1).contains(&samples) {
                let successors = self.successors;
                return Err(ConfigError::Samples { samples, successors });
            }
        }
        if let Some(ConsistencyCheck { period, memory }) = self.consistency_check {
            if self.rules == Rules::I3 {
                return Err(ConfigError::NotUnderI3("consistency_check"));
            }
            if period == SimDuration::ZERO {
                return Err(ConfigError::CheckPeriod);
            }
            if !(1..=Self::MOST_REMEMBERED).contains(&memory) {
                return Err(ConfigError::CheckMemory(memory));
            }
        }
        Ok(())
    }

    /// The ring of identifiers.
    #[inline]
    pub fn space(&self) -> IdSpace {
        IdSpace::new(self.id_bits)
    }

    /// Where fingers start.
    #[inline]
    pub fn finger_starts(&self) -> FingerStarts {
        FingerStarts::new(self.space(), self.finger_base)
    }

    /// How long a node waits for another one.
    pub(super) fn patience(&self) -> Patience {
        Patience {
            timeout: self.timeout,
            retries: self.retries,
        }
    }

    /// How long an origin waits for the answer of a recursive lookup.
    pub(super) fn recursive_patience(&self) -> Patience {
        Patience {
            timeout: self.recursive_timeout,
            ..self.patience()
        }
    }
}

impl Rules {
    /// The rule sets, by the names that scenario files use.
    pub const NAMES: [(&'static str, Rules); 4] = [
        ("sigcomm-2001", Rules::Sigcomm2001),
        ("ton-2003", Rules::Ton2003),
        ("i3", Rules::I3),
        ("corrected", Rules::Corrected),
    ];

    /// Whether a lookup goes on after a time-out. In the experiments of 2001 it does not.
    pub(super) fn backtrack(self) -> bool {
        self != Rules::Sigcomm2001
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(samples: usize) -> Option<Proximity> {
        Some(Proximity {
            samples,
            choice: Choice::Alternates,
            successors: true,
            delays: Delays::Probe,
        })
    }

    fn check(seconds: u64, memory: usize) -> Option<ConsistencyCheck> {
        let period = SimDuration::from_secs(seconds);
        Some(ConsistencyCheck { period, memory })
    }

    #[test]
    fn each_absurd_value_is_refused_by_the_name_of_its_field() {
        let spoilt = |spoil: fn(&mut Config)| {
            let mut config = Config::default();
            spoil(&mut config);
            config
        };
        let refused = [
            ("id_bits", spoilt(|config| config.id_bits = 2)),
            ("id_bits", spoilt(|config| config.id_bits = 160)),
            ("successors", spoilt(|config| config.successors = 0)),
            ("successors", spoilt(|config| config.successors = 33)),
            (
                "stabilize_period",
                spoilt(|config| config.stabilize_period = SimDuration::ZERO),
            ),
            ("stabilize_jitter", spoilt(|config| config.stabilize_jitter = f64::NAN)),
            (
                "recursive_timeout",
                spoilt(|config| config.recursive_timeout = SimDuration::ZERO),
            ),
            ("hop_limit", spoilt(|config| config.hop_limit = 0)),
            ("proximity.samples", spoilt(|config| config.proximity = near(0))),
            ("proximity.samples", spoilt(|config| config.proximity = near(10))),
            (
                "proximity",
                spoilt(|config| (config.rules, config.proximity) = (Rules::I3, near(4))),
            ),
            (
                "consistency_check.period",
                spoilt(|config| config.consistency_check = check(0, 4)),
            ),
            (
                "consistency_check.memory",
                spoilt(|config| config.consistency_check = check(60, 0)),
            ),
            (
                "consistency_check",
                spoilt(|config| (config.rules, config.consistency_check) = (Rules::I3, check(60, 4))),
            ),
            (
                "finger_period",
                spoilt(|config| config.finger_period = Some(SimDuration::ZERO)),
            ),
            (
                "finger_period",
                spoilt(|config| (config.rules, config.finger_period) = (Rules::I3, Some(SimDuration::from_secs(60)))),
            ),
            ("finger_base", spoilt(|config| config.finger_base = 0)),
            ("finger_base", spoilt(|config| config.finger_base = 12)),
            ("finger_base", spoilt(|config| config.finger_base = 256)),
            (
                "finger_base",
                spoilt(|config| (config.rules, config.finger_base) = (Rules::I3, 4)),
            ),
            ("lookup_end", spoilt(|config| config.lookup_end = LookupEnd::Owner)),
            ("stays_alone", spoilt(|config| config.stays_alone = true)),
        ];
        assert_eq!(Config::default().validate(), Ok(Config::default()));
        for (field, config) in refused {
            let error = config.validate().expect_err(field).to_string();
            assert!(error.starts_with(field), "{error}");
        }
    }
}
