//! The virtual addresses of tunnels: blocks of one prefix, a tunnel's two ends each.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use thiserror::Error;

/// An address inside a virtual network. It is of another type than a base address, [`NodeAddr`](sim_core::addr::NodeAddr), and
/// neither can be made from the other: what runs inside the virtual network knows only this one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VirtualAddr(IpAddr);

impl VirtualAddr {
    /// The address as the virtual hosts write it.
    pub const fn ip(self) -> IpAddr {
        self.0
    }
}

impl fmt::Debug for VirtualAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for VirtualAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The addresses of a tunnel's two ends: the two of a /30 that hosts can have, and those of the same place in a /126.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AddressPair {
    /// Of the end that asked the address server.
    pub requester: VirtualAddr,
    /// Of the other end.
    pub peer: VirtualAddr,
}

/// Addresses in a block: a /30 of IPv4, a /126 of IPv6 (Fujita et al. 2005, section II-B.2, footnote 1).
const BLOCK: u128 = 4;
const BLOCK_BITS: u8 = 2;

/// A block of four addresses, by the first of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Block(VirtualAddr);

impl Block {
    /// The block of this number in a prefix that has so many.
    fn numbered(prefix: IpNet, number: u128) -> Self {
        let first = number * BLOCK;
        Block(VirtualAddr(match prefix.network() {
            // Inside the prefix the sum has no more bits than an address.
            IpAddr::V4(base) => IpAddr::V4(Ipv4Addr::from_bits(base.to_bits() + first as u32)),
            IpAddr::V6(base) => IpAddr::V6(Ipv6Addr::from_bits(base.to_bits() + first)),
        }))
    }

    /// The second and the third address: the first is the subnet's own (of IPv6, that of any router), and the last is for
    /// broadcasts in IPv4.
    pub fn ends(self) -> AddressPair {
        let address = |offset: u8| match self.0.0 {
            IpAddr::V4(first) => IpAddr::V4(Ipv4Addr::from_bits(first.to_bits() + u32::from(offset))),
            IpAddr::V6(first) => IpAddr::V6(Ipv6Addr::from_bits(first.to_bits() + u128::from(offset))),
        };
        AddressPair {
            requester: VirtualAddr(address(1)),
            peer: VirtualAddr(address(2)),
        }
    }
}

/// What a pool cannot be made of.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PoolError {
    /// The text is no prefix.
    #[error("expected a prefix such as \"10.0.0.0/8\" or \"fd00::/64\", found {0:?}")]
    NoPrefix(String),
    /// Bits beyond the length are set.
    #[error("{found} has bits beyond its length; did you mean {meant}?")]
    HostBits {
        /// What was written.
        found: IpNet,
        /// The same without them.
        meant: IpNet,
    },
    /// There is not even one block in it.
    #[error("{found} has no room for a tunnel, which takes a /{block}; use a shorter prefix")]
    TooSmall {
        /// What was written.
        found: IpNet,
        /// The length of a block's own prefix.
        block: u8,
    },
}

/// The blocks of a prefix, of which each is free or handed out: as many are handed out as there are, less those that are free.
///
/// Blocks are reused first in, first out: those that were never handed out come first, in ascending order, then those that
/// were given back, in the order in which they were. So a block rests as long as can be before it becomes another tunnel,
/// and what is still under way for the former one finds nobody rather than the wrong one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlockPool {
    prefix: IpNet,
    /// How many blocks there are.
    total: u128,
    /// The first of those never handed out.
    fresh: u128,
    /// Those given back, the first of them in front.
    returned: VecDeque<Block>,
    out: BTreeSet<Block>,
    peak: u128,
}

impl BlockPool {
    /// The blocks of a prefix, all free.
    ///
    /// # Errors
    /// [`PoolError::HostBits`] and [`PoolError::TooSmall`].
    pub fn new(prefix: IpNet) -> Result<Self, PoolError> {
        if prefix != prefix.trunc() {
            return Err(PoolError::HostBits {
                found: prefix,
                meant: prefix.trunc(),
            });
        }
        let block = prefix.max_prefix_len() - BLOCK_BITS;
        let bits = block
            .checked_sub(prefix.prefix_len())
            .ok_or(PoolError::TooSmall { found: prefix, block })?;
        Ok(BlockPool {
            prefix,
            total: 1 << bits,
            fresh: 0,
            returned: VecDeque::new(),
            out: BTreeSet::new(),
            peak: 0,
        })
    }

    /// The blocks of a prefix that is written as text: `10.0.0.0/8`, `fd00::/64`.
    ///
    /// # Errors
    /// [`PoolError`].
    pub fn parse(prefix: &str) -> Result<Self, PoolError> {
        let parsed = prefix.parse().map_err(|_| PoolError::NoPrefix(prefix.to_owned()))?;
        BlockPool::new(parsed)
    }

    /// The blocks of a prefix in so many pools of the same size, as large as they can be: one for each of several servers.
    ///
    /// # Errors
    /// [`PoolError`], of the prefix or of a share of it.
    pub fn shares(prefix: &str, pools: usize) -> Result<Vec<Self>, PoolError> {
        let whole = BlockPool::parse(prefix)?.prefix;
        let bits = pools.next_power_of_two().trailing_zeros() as u8;
        let too_small = || PoolError::TooSmall {
            found: whole,
            block: whole.max_prefix_len() - BLOCK_BITS,
        };
        let length = whole.prefix_len().saturating_add(bits);
        let shares = whole.subnets(length).map_err(|_| too_small())?;
        shares.take(pools).map(BlockPool::new).collect()
    }

    /// The prefix.
    pub fn prefix(&self) -> IpNet {
        self.prefix
    }

    /// How many blocks there are.
    pub fn total(&self) -> u128 {
        self.total
    }

    /// How many of them are free.
    pub fn free(&self) -> u128 {
        self.total - self.fresh + self.returned.len() as u128
    }

    /// How many are handed out.
    pub fn handed_out(&self) -> u128 {
        self.out.len() as u128
    }

    /// The most that ever were at a time.
    pub fn peak(&self) -> u128 {
        self.peak
    }

    /// Hands out a block; none if all are.
    pub fn take(&mut self) -> Option<Block> {
        let block = if self.fresh < self.total {
            self.fresh += 1;
            Block::numbered(self.prefix, self.fresh - 1)
        } else {
            self.returned.pop_front()?
        };
        self.out.insert(block);
        self.peak = self.peak.max(self.handed_out());
        Some(block)
    }

    /// Takes a block back. Says whether it was handed out: one that is free stays so, and is not free twice.
    pub fn give_back(&mut self, block: Block) -> bool {
        let out = self.out.remove(&block);
        if out {
            self.returned.push_back(block);
        }
        out
    }
}
