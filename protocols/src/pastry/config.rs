//! The parameters of Pastry, and which values make sense.

use sim_core::time::SimDuration;
use thiserror::Error;

use super::digits::Digits;
use super::mspastry::MsPastry;
use crate::id::IdSpace;

/// What a newcomer takes over to fill its routing table (section 4.2, Fig. 8).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Quality {
    /// Row `i` of the `i`-th node on the path of its join message.
    Sl,
    /// The whole routing table of each node on the path.
    Wt,
    /// Also those of all nodes that it then knows, of which the nearest are taken: Pastry itself.
    Wtf,
}

/// By what messages find their way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Routing {
    /// By the digits that nodes share with the key: Pastry itself.
    Prefix,
    /// By leaf sets alone, around the ring.
    Circular,
    /// In one hop: everybody knows everybody.
    Exhaustive,
}

/// How a node knows how far away others are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Proximity {
    /// It does: the round trip of the direct path, as experiments take it that do not ask how.
    Oracle,
    /// It measures a round trip by a ping, which is not repeated.
    Probe,
}

/// What all nodes of a run share. See [`Config::validate`].
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// Width of identifiers in bits, 3 to 128.
    pub id_bits: u32,
    /// Bits of a digit, 1 to 8; it divides `id_bits`.
    pub b: u32,
    /// `|L|`, the size of the leaf set: an even number, half of it for either side.
    pub leaf_set: usize,
    /// `|M|`, the size of the neighbourhood set; it may be 0.
    pub neighbourhood: usize,
    /// What a newcomer takes over.
    pub quality: Quality,
    /// By what messages find their way.
    pub routing: Routing,
    /// Nearby nodes first, or without regard to where they are.
    pub proximity: Option<Proximity>,
    /// How long a node waits for the answer of another.
    pub timeout: SimDuration,
    /// How many more times a node, or a whole join, is tried after a failure.
    pub retries: u8,
    /// How long a newcomer waits until all nodes on the way to its place have told it what they know.
    pub join_timeout: SimDuration,
    /// Whether a newcomer looks for a member nearby, beginning with the one that it was given, and joins through that. The
    /// paper takes it for granted that it does. Without `proximity` it does not.
    pub nearby_bootstrap: bool,
    /// Whether each hop of a message is acknowledged, so that a dead node is noticed and passed over.
    pub acknowledge: bool,
    /// Whether a node that was found dead, or that leaves, is replaced in the tables, and not only forgotten.
    pub repair: bool,
    /// How often a node tells those in its leaf set that it is alive; never if there is none.
    pub heartbeat_period: Option<SimDuration>,
    /// How often a node asks the members of its neighbourhood set whether they are alive; never if there is none.
    pub neighbourhood_period: Option<SimDuration>,
    /// How often a node compares its routing table with those of others; never if there is none.
    pub table_period: Option<SimDuration>,
    /// How many nodes may hand a message on.
    pub hop_limit: u16,
    /// What MSPastry adds for churn, if the nodes are to have it.
    pub mspastry: Option<MsPastry>,
}

/// A value that Pastry cannot work with. Each error names the field of [`Config`].
#[derive(Clone, PartialEq, Debug, Error)]
pub enum ConfigError {
    /// The width of identifiers.
    #[error("id_bits must lie between {least} and {most}, not {0}; Pastry has 128, which serve as well where a paper has 160", least = IdSpace::BITS.start(), most = IdSpace::BITS.end())]
    IdBits(u32),
    /// The width of a digit.
    #[error("b must lie between 1 and {most}, not {0}; the paper uses 4", most = Config::MOST_DIGIT_BITS)]
    DigitBits(u32),
    /// Digits that do not make up an identifier.
    #[error(
        "b must divide `id_bits`, so that an identifier is a whole number of digits: {b} does not divide {id_bits}; 4 divides 128"
    )]
    Digits {
        /// Bits of a digit.
        b: u32,
        /// Bits of an identifier.
        id_bits: u32,
    },
    /// The size of the leaf set.
    #[error("leaf_set must be an even number between 2 and {most}, not {0}; the paper uses 16 and 32", most = Config::MOST_LEAVES)]
    LeafSet(usize),
    /// A leaf set larger than the network.
    #[error(
        "leaf_set must be smaller than the network: {leaf_set} leaves, but {nodes} nodes; with fewer leaves, or more nodes, there is \
         something to route"
    )]
    LeafSetBeyondNetwork {
        /// `|L|`.
        leaf_set: usize,
        /// How many nodes there are.
        nodes: usize,
    },
    /// The size of the neighbourhood set.
    #[error("neighbourhood must be at most {most}, not {0}; the paper uses 32", most = Config::MOST_NEIGHBOURS)]
    Neighbourhood(usize),
    /// A time that is zero.
    #[error("{0} must be longer than zero{1}")]
    Zero(&'static str, &'static str),
    /// The limit of hops.
    #[error(
        "hop_limit must be at least 1; 64 is more than prefix routing needs, circular routing takes up to N / |L| hops"
    )]
    HopLimit,
    /// The share of messages that may meet a dead node.
    #[error("raw_loss must lie between 0 and 1, both excluded, not {0}; MSPastry uses 0.05")]
    RawLoss(f64),
    /// No time between probes.
    #[error("longest_probe_period must be longer than zero; `active_probing = false` does without probes")]
    NoProbes,
    /// No heartbeats, by which MSPastry notices that a neighbour on the ring has failed.
    #[error("heartbeat_period must be given with MSPastry; it uses 30 s")]
    NoHeartbeats,
    /// Something that MSPastry rests upon.
    #[error(
        "{0} cannot be changed with MSPastry, which routes by prefixes and repairs its tables; choose the profile pastry-2001"
    )]
    NotWithMsPastry(&'static str),
    /// Nothing to estimate the failure rate from.
    #[error("failures must be at least 1; 16 make a fair estimate")]
    Failures,
}

impl Default for Config {
    /// Pastry as in section 4: `b = 4`, `|L| = 16`, `|M| = 32`, quality WTF.
    fn default() -> Self {
        Config {
            id_bits: 128,
            b: 4,
            leaf_set: 16,
            neighbourhood: 32,
            quality: Quality::Wtf,
            routing: Routing::Prefix,
            proximity: Some(Proximity::Oracle),
            timeout: SimDuration::from_millis(500),
            retries: 2,
            join_timeout: SimDuration::from_secs(5),
            nearby_bootstrap: true,
            acknowledge: true,
            repair: true,
            heartbeat_period: Some(SimDuration::from_secs(30)),
            neighbourhood_period: Some(SimDuration::from_secs(60)),
            table_period: None,
            hop_limit: 64,
            mspastry: None,
        }
    }
}

impl Config {
    /// The widest digit.
    pub const MOST_DIGIT_BITS: u32 = 8;
    /// The largest leaf set.
    pub const MOST_LEAVES: usize = 256;
    /// The largest neighbourhood set.
    pub const MOST_NEIGHBOURS: usize = 256;

    /// The parameters themselves, if Pastry can work with them.
    ///
    /// # Errors
    ///
    /// The first field whose value makes no sense.
    pub fn validate(self) -> Result<Self, ConfigError> {
        if !IdSpace::BITS.contains(&self.id_bits) {
            return Err(ConfigError::IdBits(self.id_bits));
        }
        if !(1..=Self::MOST_DIGIT_BITS).contains(&self.b) {
            return Err(ConfigError::DigitBits(self.b));
        }
        if !self.id_bits.is_multiple_of(self.b) {
            let Config { b, id_bits, .. } = self;
            return Err(ConfigError::Digits { b, id_bits });
        }
        if !(2..=Self::MOST_LEAVES).contains(&self.leaf_set) || !self.leaf_set.is_multiple_of(2) {
            return Err(ConfigError::LeafSet(self.leaf_set));
        }
        if self.neighbourhood > Self::MOST_NEIGHBOURS {
            return Err(ConfigError::Neighbourhood(self.neighbourhood));
        }
        let never = "; say never to have none";
        for (field, time, hint) in [
            ("timeout", Some(self.timeout), "; choose it longer than a round trip"),
            (
                "join_timeout",
                Some(self.join_timeout),
                "; choose it longer than a round trip and the way to a key",
            ),
            ("heartbeat_period", self.heartbeat_period, never),
            ("neighbourhood_period", self.neighbourhood_period, never),
            ("table_period", self.table_period, never),
        ] {
            if time == Some(SimDuration::ZERO) {
                return Err(ConfigError::Zero(field, hint));
            }
        }
        if self.hop_limit == 0 {
            return Err(ConfigError::HopLimit);
        }
        if let Some(mspastry) = &self.mspastry {
            if self.routing != Routing::Prefix {
                return Err(ConfigError::NotWithMsPastry("routing"));
            }
            if !self.repair {
                return Err(ConfigError::NotWithMsPastry("repair"));
            }
            mspastry.validate(self.heartbeat_period)?;
        }
        Ok(self)
    }

    /// Whether a network of so many nodes has any use for the leaf sets.
    ///
    /// # Errors
    ///
    /// A leaf set that is to hold more nodes than there are others. Such a network works, but every message takes one hop.
    pub fn fits_network(&self, nodes: usize) -> Result<(), ConfigError> {
        let leaf_set = self.leaf_set;
        match leaf_set < nodes {
            true => Ok(()),
            false => Err(ConfigError::LeafSetBeyondNetwork { leaf_set, nodes }),
        }
    }

    /// The ring of identifiers.
    #[inline]
    pub fn space(&self) -> IdSpace {
        IdSpace::new(self.id_bits)
    }

    /// How identifiers are read as digits.
    #[inline]
    pub fn digits(&self) -> Digits {
        Digits::new(self.space(), self.b)
    }

    /// How many contacts either side of a leaf set holds: all there are where everybody knows everybody.
    pub fn leaves_a_side(&self) -> usize {
        match self.routing {
            Routing::Prefix | Routing::Circular => self.leaf_set / 2,
            Routing::Exhaustive => u32::MAX as usize,
        }
    }
}

impl Quality {
    /// The levels, by the names that scenario files use.
    pub const NAMES: [(&'static str, Quality); 3] = [("sl", Quality::Sl), ("wt", Quality::Wt), ("wtf", Quality::Wtf)];
}

impl Routing {
    /// The styles, by the names that scenario files use.
    pub const NAMES: [(&'static str, Routing); 3] = [
        ("prefix", Routing::Prefix),
        ("circular", Routing::Circular),
        ("exhaustive", Routing::Exhaustive),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    type Spoil = fn(&mut Config);

    #[test]
    fn each_absurd_value_is_refused_by_the_name_of_its_field() {
        let refused: [(&str, Spoil); 10] = [
            ("id_bits", |config| config.id_bits = 160),
            ("b", |config| config.b = 0),
            ("b", |config| config.b = 16),
            ("b", |config| config.b = 5),
            ("leaf_set", |config| config.leaf_set = 0),
            ("leaf_set", |config| config.leaf_set = 15),
            ("neighbourhood", |config| config.neighbourhood = 1000),
            ("timeout", |config| config.timeout = SimDuration::ZERO),
            ("heartbeat_period", |config| {
                config.heartbeat_period = Some(SimDuration::ZERO)
            }),
            ("hop_limit", |config| config.hop_limit = 0),
        ];
        assert_eq!(Config::default().validate(), Ok(Config::default()));
        for (field, spoil) in refused {
            let mut config = Config::default();
            spoil(&mut config);
            let error = config.validate().expect_err(field).to_string();
            assert!(error.starts_with(&format!("{field} must")), "{error}");
        }
    }

    #[test]
    fn a_leaf_set_as_large_as_the_network_is_refused() {
        let config = Config::default();
        assert_eq!(config.fits_network(17), Ok(()));
        let error = config
            .fits_network(16)
            .expect_err("sixteen leaves are all there are and one more");
        assert!(error.to_string().starts_with("leaf_set must"), "{error}");
    }
}
