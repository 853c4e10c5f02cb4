//! Random streams that nothing but their name decides.
//!
//! A stream is derived from what it is for - seed, replication, purpose, node, layer - and never from the order in which
//! streams are made or drawn from. A draw added in one place therefore changes no other, and replication `r` sees the
//! same streams at every point of a sweep (common random numbers).

use rand::SeedableRng;
use rand::rngs::Xoshiro128PlusPlus;

/// The generator of every stream: 16 bytes of state, and named by its algorithm so that no release can change it.
pub type NodeRng = Xoshiro128PlusPlus;

/// The name of a stream: a path of labels from the root of a run, folded into 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamKey(u64);

impl StreamKey {
    /// The root of one replication of a study.
    pub fn root(seed: u64, replication: u32) -> Self {
        StreamKey(mix(seed)).index(u64::from(replication))
    }

    /// The stream for a purpose, named by a short constant text such as `"churn"`.
    pub fn purpose(self, name: &str) -> Self {
        // FNV-1a: defined by its constants alone, on every machine.
        let digest = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        self.index(digest)
    }

    /// The stream of one of many alike: a node, an incarnation, a layer.
    #[inline]
    pub fn index(self, index: u64) -> Self {
        StreamKey(mix(self.0 ^ mix(index.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// The stream of one of many alike that have two numbers: a transmission by sender and the sender's counter.
    #[inline]
    pub fn pair(self, first: u32, second: u32) -> Self {
        StreamKey(mix(self.0 ^ (u64::from(first) << 32 | u64::from(second))))
    }

    /// A generator at the start of this stream.
    #[inline]
    pub fn rng(self) -> NodeRng {
        NodeRng::seed_from_u64(self.0)
    }

    /// The key itself, uniform over all 64-bit values: one draw where a generator would be too much.
    #[inline]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The key as a number in `[0, 1)`.
    #[inline]
    pub fn unit(self) -> f64 {
        unit_from_bits(self.0)
    }
}

/// The top 53 bits as a number in `[0, 1)`.
#[inline]
fn unit_from_bits(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// A number in `[0, 1)` with 53 random bits: the one way this crate turns a generator into a fraction.
#[inline]
pub fn unit(rng: &mut impl rand::Rng) -> f64 {
    unit_from_bits(rng.next_u64())
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a bijection that changes half of the bits on average.
#[inline]
pub(crate) const fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
