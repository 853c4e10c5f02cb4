//! The parameters of PeerNet, and which values make sense.

use sim_core::time::SimDuration;
use thiserror::Error;

/// How nodes come by their addresses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rules {
    /// As the paper of 2003 has it: a node without an address asks a neighbour, who splits the range that it manages
    /// (section 3.1, Fig. 3).
    PeerNet2003,
    /// As DART has it: all begin with address 0, and who finds its address invalid selects another one next to a neighbour.
    Dart,
}

/// How addresses are looked up (section 3.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LookupKind {
    /// Each lookup entry lies at one node.
    Basic,
    /// Solution A: it also lies at one node of each smaller area around the node that it tells of, and lookups begin with
    /// the smallest area.
    Replicated,
    /// Solution B: there is an entry in each area of so many levels, and as many again, and so on; each tells only in which
    /// of the areas one step smaller the node is, so that one that stays there need not renew it.
    HighOrder {
        /// Levels from one area to the next, at least 1.
        step: u8,
    },
}

/// How a node learns that a neighbour is gone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Detection {
    /// It has said no hello for [`Config::neighbour_expiry`].
    Hello,
    /// As before, and at once where the link layer senses that the link is gone.
    Carrier,
    /// As with [`Detection::Hello`], and where the link layer finds no link when something is to go there: so do radios that miss
    /// an acknowledgement. Links that nobody uses break unnoticed.
    Use,
}

/// What all nodes of a run share. See [`Config::validate`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// How nodes come by their addresses.
    pub rules: Rules,
    /// Bits of an address, the levels of the tree: 1 to 128.
    pub address_bits: u8,
    /// The mean time from one hello to the next; each is drawn from 0.75 to 1.25 of it.
    pub hello_period: SimDuration,
    /// After how long without a hello a neighbour is taken to be gone.
    pub neighbour_expiry: SimDuration,
    /// How neighbours are found to be gone.
    pub detection: Detection,
    /// How long a node goes on with an address that it finds invalid, at most: each time is drawn uniformly from zero to this, and
    /// the address is changed if it is invalid still, as it may not be where others have moved. DART does not wait.
    pub change_backoff: SimDuration,
    /// The mean time from one registration of a node with the lookup service to the next; each is drawn from 0.9 to 1.1 of it.
    pub registration_period: SimDuration,
    /// After how long without a registration a lookup entry is forgotten.
    pub entry_timeout: SimDuration,
    /// How long a node waits for an address it has asked for: its own of a neighbour, or another's of the lookup service.
    pub request_timeout: SimDuration,
    /// How many times a lookup is tried that is not answered, or for which there is no entry.
    pub lookup_tries: u8,
    /// How addresses are looked up.
    pub lookup: LookupKind,
    /// How long a sender goes by the address it has looked up before it looks again.
    pub known_lifetime: SimDuration,
    /// How many times a packet whose destination is not where it was is looked up again on its way.
    pub lookups_on_the_way: u8,
    /// How many packets may wait at a node, for its own address or that of a destination.
    pub buffer: usize,
    /// Over how many links an identifier is believed to be that of an area: more than there are across the network, and not many
    /// times more, since it takes about as many hellos until one that has left the area is forgotten everywhere. With
    /// 1000 nodes of ten neighbours each, at rest, they come over up to 40.
    pub horizon: u8,
    /// Whether several next hops a level are kept, as in M-DART, and another one is taken when one is gone.
    pub multipath: bool,
    /// Whether nodes of crowded areas migrate (section 3.1).
    pub balancing: bool,
}

/// A value that PeerNet cannot work with. Each error names the field of [`Config`].
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ConfigError {
    /// The width of addresses.
    #[error("address_bits must lie between 1 and 128, not {0}; DART has 16, the paper plans 128")]
    AddressBits(u8),
    /// A span of time.
    #[error("{0} must be longer than zero")]
    Span(&'static str),
    /// The neighbour expiry.
    #[error(
        "neighbour_expiry must be longer than 1.25 hello periods, or neighbours expire between two hellos; DART has 10.5"
    )]
    Expiry,
    /// The entry time-out.
    #[error("entry_timeout must be longer than 1.1 registration periods, or entries expire between two; DART has 10")]
    EntryTimeout,
    /// The tries of a lookup.
    #[error("lookup_tries must be at least 1")]
    Tries,
    /// The step of solution B.
    #[error("lookup.step must lie between 1 and address_bits ({bits}), not {step}")]
    Step {
        /// The value.
        step: u8,
        /// The width of addresses.
        bits: u8,
    },
    /// The longest way of a network id.
    #[error("horizon must lie between 1 and 254, and exceed the links across the network")]
    Horizon,
    /// The buffer.
    #[error("buffer must be at least 1, since a packet waits while its destination is looked up")]
    Buffer,
}

impl Default for Config {
    /// DART's rules and times, with the basic lookup.
    fn default() -> Self {
        Config {
            rules: Rules::Dart,
            address_bits: 16,
            hello_period: SimDuration::from_secs(1),
            neighbour_expiry: SimDuration::from_millis(10_500),
            detection: Detection::Hello,
            change_backoff: SimDuration::ZERO,
            registration_period: SimDuration::from_secs(5),
            entry_timeout: SimDuration::from_secs(50),
            request_timeout: SimDuration::from_secs(5),
            lookup_tries: 2,
            lookup: LookupKind::Basic,
            known_lifetime: SimDuration::from_secs(5),
            lookups_on_the_way: 3,
            buffer: 64,
            horizon: 48,
            multipath: false,
            balancing: false,
        }
    }
}

impl Config {
    /// The paper's own rules and width, with DART's times.
    pub fn peernet_2003() -> Self {
        Config {
            rules: Rules::PeerNet2003,
            address_bits: 128,
            ..Config::default()
        }
    }

    /// The parameters themselves, if PeerNet can work with them.
    ///
    /// # Errors
    ///
    /// The first field whose value makes no sense.
    pub fn validate(self) -> Result<Self, ConfigError> {
        let bits = self.address_bits;
        if !(1..=128).contains(&bits) {
            return Err(ConfigError::AddressBits(bits));
        }
        let spans = [
            ("hello_period", self.hello_period),
            ("registration_period", self.registration_period),
            ("request_timeout", self.request_timeout),
        ];
        if let Some((field, _)) = spans.into_iter().find(|(_, span)| *span == SimDuration::ZERO) {
            return Err(ConfigError::Span(field));
        }
        if self.neighbour_expiry <= self.hello_period.mul_f64(1.25) {
            return Err(ConfigError::Expiry);
        }
        if self.entry_timeout <= self.registration_period.mul_f64(1.1) {
            return Err(ConfigError::EntryTimeout);
        }
        if self.lookup_tries == 0 {
            return Err(ConfigError::Tries);
        }
        if let LookupKind::HighOrder { step } = self.lookup
            && !(1..=bits).contains(&step)
        {
            return Err(ConfigError::Step { step, bits });
        }
        if !(1..=254).contains(&self.horizon) {
            return Err(ConfigError::Horizon);
        }
        if self.buffer == 0 {
            return Err(ConfigError::Buffer);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_absurd_value_is_refused_by_the_name_of_its_field() {
        let spoilt = |spoil: fn(&mut Config)| {
            let mut config = Config::default();
            spoil(&mut config);
            config
        };
        let refused = [
            ("address_bits", spoilt(|config| config.address_bits = 0)),
            ("address_bits", spoilt(|config| config.address_bits = 129)),
            ("hello_period", spoilt(|config| config.hello_period = SimDuration::ZERO)),
            (
                "registration_period",
                spoilt(|config| config.registration_period = SimDuration::ZERO),
            ),
            (
                "request_timeout",
                spoilt(|config| config.request_timeout = SimDuration::ZERO),
            ),
            (
                "neighbour_expiry",
                spoilt(|config| config.neighbour_expiry = config.hello_period),
            ),
            (
                "entry_timeout",
                spoilt(|config| config.entry_timeout = config.registration_period),
            ),
            ("lookup_tries", spoilt(|config| config.lookup_tries = 0)),
            (
                "lookup.step",
                spoilt(|config| config.lookup = LookupKind::HighOrder { step: 0 }),
            ),
            (
                "lookup.step",
                spoilt(|config| config.lookup = LookupKind::HighOrder { step: 17 }),
            ),
            ("horizon", spoilt(|config| config.horizon = 0)),
            ("buffer", spoilt(|config| config.buffer = 0)),
        ];
        for config in [Config::default(), Config::peernet_2003()] {
            assert_eq!(config.validate(), Ok(config));
        }
        for (field, config) in refused {
            let error = config.validate().expect_err(field).to_string();
            assert!(error.starts_with(field), "{error}");
        }
    }
}
