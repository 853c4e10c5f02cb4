//! Arithmetic of the address tree (section 3): levels, siblings and areas, and the identifiers that are no addresses.

use std::fmt;

use sim_core::addr::NodeAddr;
use sim_core::random::StreamKey;

/// Bytes of an identifier on the wire.
pub(super) const IDENTIFIER_BYTES: u32 = 16;

/// A group of nodes that share an identifier: for multicast and anycast.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Group(pub u32);

/// What a node or a group is known by, wherever it is: 128 bits, a hash of its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(u128);

impl Identifier {
    /// The identifier of a node. No two nodes share one: their upper halves differ.
    pub fn of_node(node: NodeAddr) -> Self {
        Self::hash("node", node.0)
    }

    /// The identifier of a group.
    pub fn of_group(group: Group) -> Self {
        Self::hash("group", group.0)
    }

    fn hash(purpose: &str, name: u32) -> Self {
        let key = StreamKey::root(0, 0).purpose(purpose).index(u64::from(name));
        Identifier(u128::from(key.bits()) << 64 | u128::from(key.index(1).bits()))
    }

    /// Its most significant bits, as many as an address has.
    fn head(self, bits: u8) -> u128 {
        self.0 >> (128 - u32::from(bits))
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0 >> 64)
    }
}

/// A leaf of the address tree: where a node is, as long as it stays there.
///
/// The level-`k` area of an address is the subtree of the `2^k` addresses that differ from it in bits below `k` alone: level
/// 0 is the address itself, and the level of the number of bits the whole tree. Its `k`-sibling is the other half of the
/// level-`k + 1` area.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeAddress {
    number: u128,
    bits: u8,
}

impl TreeAddress {
    /// The address with this number, modulo the size of the tree, in a tree of `bits` levels; a width outside 1 to 128 becomes
    /// the nearest inside.
    pub fn new(number: u128, bits: u8) -> Self {
        let bits = bits.clamp(1, 128);
        TreeAddress {
            number: number & below(bits),
            bits,
        }
    }

    /// The address as a number.
    pub fn number(self) -> u128 {
        self.number
    }

    /// How many levels its tree has.
    pub fn bits(self) -> u8 {
        self.bits
    }

    /// Bytes of an address on the wire; a route log has as many.
    pub(super) fn bytes(self) -> u32 {
        u32::from(self.bits).div_ceil(8)
    }

    /// The level at which two addresses part: the highest bit in which they differ, which says of which sibling of the one
    /// the other is a part. None if they are equal.
    pub fn level(self, other: Self) -> Option<u8> {
        let difference = self.number ^ other.number;
        difference.checked_ilog2().map(|level| level as u8)
    }

    /// Whether a bit is set.
    pub fn bit(self, level: u8) -> bool {
        self.number >> level & 1 == 1
    }

    /// The address across: the same but for one bit, so a member of the sibling of that level.
    pub fn across(self, level: u8) -> Self {
        TreeAddress {
            number: self.number ^ 1 << level,
            ..self
        }
    }

    /// The lowest address of its area of a level, which names the area.
    pub fn area(self, level: u8) -> Self {
        TreeAddress {
            number: self.number & !below(level),
            ..self
        }
    }

    /// Whether another address lies in its area of a level.
    pub fn shares(self, other: Self, level: u8) -> bool {
        self.area(level) == other.area(level)
    }

    /// The xor-distance to another address (section 3.3).
    pub fn distance(self, other: Self) -> u128 {
        self.number ^ other.number
    }

    /// Where an identifier belongs in the area of a level: the point to which the address that minimises the xor-distance, with
    /// the bits from that level up removed from both, is closest (section 3.3).
    pub fn point(self, identifier: Identifier, level: u8) -> Self {
        TreeAddress {
            number: self.number & !below(level) | identifier.head(self.bits) & below(level),
            ..self
        }
    }
}

/// The bits below a level: all of them from level 128 on.
pub(super) fn below(level: u8) -> u128 {
    1_u128.checked_shl(u32::from(level)).map_or(u128::MAX, |bit| bit - 1)
}

impl fmt::Display for TreeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$b}", self.number, width = usize::from(self.bits))
    }
}

impl fmt::Debug for TreeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn three(number: u128) -> TreeAddress {
        TreeAddress::new(number, 3)
    }

    #[test]
    fn siblings_are_those_of_section_3_2() {
        // "1xx is the Level-2 sibling of 010, whereas 00x is the Level-1 sibling of 010."
        let node = three(0b010);
        for number in 0b100..=0b111 {
            assert_eq!(node.level(three(number)), Some(2));
        }
        for number in 0b000..=0b001 {
            assert_eq!(node.level(three(number)), Some(1));
        }
        assert_eq!(node.level(three(0b011)), Some(0));
        assert_eq!(node.level(node), None);
        assert_eq!(node.across(2), three(0b110));
    }

    #[test]
    fn areas_are_nested_from_the_address_to_the_whole_tree() {
        let node = three(0b101);
        let areas: Vec<_> = (0..=3).map(|level| node.area(level).to_string()).collect();
        assert_eq!(areas, ["101", "100", "100", "000"]);
        assert!(node.shares(three(0b010), 3));
        assert!(!node.shares(three(0b010), 2));
        assert!(!node.shares(three(0b100), 0));
        assert!(node.shares(node, 0));
    }

    #[test]
    fn a_tree_may_have_one_level_or_128() {
        assert_eq!(TreeAddress::new(7, 0), TreeAddress::new(1, 1));
        let (low, high) = (TreeAddress::new(0, 128), TreeAddress::new(u128::MAX, 200));
        assert_eq!(low.level(high), Some(127));
        assert_eq!(high.area(128), low);
        assert_eq!(high.area(0), high);
        assert!(high.bit(127));
        let identifier = Identifier::of_node(NodeAddr(3));
        assert_eq!(low.point(identifier, 128).number(), identifier.0);
        assert_eq!(high.point(identifier, 0), high);
    }

    #[test]
    fn a_point_keeps_the_area_and_takes_the_rest_from_the_identifier() {
        let identifier = Identifier(0b1010 << 124);
        let node = TreeAddress::new(0b0101, 4);
        assert_eq!(node.point(identifier, 4), TreeAddress::new(0b1010, 4));
        assert_eq!(node.point(identifier, 2), TreeAddress::new(0b0110, 4));
        assert_eq!(node.point(identifier, 0), node);
    }

    #[test]
    fn identifiers_of_nodes_and_groups_differ() {
        let mut seen = BTreeSet::new();
        for name in 0..1000 {
            assert!(seen.insert(Identifier::of_node(NodeAddr(name))));
            assert!(seen.insert(Identifier::of_group(Group(name))));
        }
    }
}
