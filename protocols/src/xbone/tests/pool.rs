//! Blocks of a prefix.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;

fn texts(pair: AddressPair) -> [String; 2] {
    [pair.requester.to_string(), pair.peer.to_string()]
}

#[test]
fn a_block_is_a_30_of_ipv4_and_its_ends_are_the_two_hosts_of_it() {
    let mut pool = BlockPool::parse("10.1.2.0/29").expect("a prefix");
    assert_eq!((pool.total(), pool.free(), pool.handed_out()), (2, 2, 0));
    let first = pool.take().expect("a free block");
    assert_eq!(texts(first.ends()), ["10.1.2.1", "10.1.2.2"]);
    let second = pool.take().expect("a free block");
    assert_eq!(texts(second.ends()), ["10.1.2.5", "10.1.2.6"]);
    assert_eq!((pool.take(), pool.free(), pool.handed_out()), (None, 0, 2));
}

#[test]
fn a_block_is_a_126_of_ipv6_likewise() {
    let mut pool = BlockPool::parse("fd00::/64").expect("a prefix");
    assert_eq!(pool.total(), 1 << 62);
    pool.take();
    let pair = pool.take().expect("a free block").ends();
    assert_eq!(texts(pair), ["fd00::5", "fd00::6"]);
    let all = BlockPool::parse("::/0").expect("a prefix");
    assert_eq!(all.total(), 1 << 126);
}

#[test]
fn the_last_block_ends_where_the_prefix_does() {
    for (prefix, last) in [("255.255.255.0/24", "255.255.255.254"), ("10.0.0.0/16", "10.0.255.254")] {
        let mut pool = BlockPool::parse(prefix).expect("a prefix");
        let blocks: Vec<Block> = std::iter::from_fn(|| pool.take()).collect();
        assert_eq!(blocks.len() as u128, pool.total());
        let peer = blocks[blocks.len() - 1].ends().peer;
        assert_eq!(peer.ip(), last.parse::<Ipv4Addr>().expect("an address"));
    }
    let mut pool = BlockPool::parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0/124").expect("a prefix");
    let last = std::iter::from_fn(|| pool.take()).last().expect("four blocks");
    assert_eq!(last.ends().peer.ip(), Ipv6Addr::from_bits(u128::MAX - 1));
}

#[test]
fn blocks_are_reused_first_in_first_out_after_those_never_used() {
    let mut pool = BlockPool::parse("10.0.0.0/28").expect("a prefix");
    let [a, b, c] = [(); 3].map(|()| pool.take().expect("a free block"));
    assert!(pool.give_back(c) && pool.give_back(a));
    let fresh = pool.take().expect("a free block");
    assert_eq!(texts(fresh.ends())[0], "10.0.0.13");
    assert_eq!([pool.take(), pool.take(), pool.take()], [Some(c), Some(a), None]);
    assert_eq!((pool.handed_out(), pool.peak()), (4, 4));
    assert!(pool.give_back(b));
    assert_eq!((pool.handed_out(), pool.peak(), pool.free()), (3, 4, 1));
}

#[test]
fn what_is_not_handed_out_cannot_be_given_back() {
    let mut pool = BlockPool::parse("10.0.0.0/30").expect("a prefix");
    let block = pool.take().expect("a free block");
    assert!(pool.give_back(block));
    assert!(!pool.give_back(block), "twice");
    let foreign = BlockPool::parse("10.0.0.4/30").expect("a prefix").take();
    assert!(!pool.give_back(foreign.expect("a free block")), "of another pool");
    assert_eq!((pool.free(), pool.take(), pool.take()), (1, Some(block), None));
}

#[test]
fn what_is_no_prefix_or_too_small_is_refused_with_what_would_do() {
    let error = |text: &str| BlockPool::parse(text).expect_err(text).to_string();
    assert_eq!(
        error("10.0.0.0"),
        "expected a prefix such as \"10.0.0.0/8\" or \"fd00::/64\", found \"10.0.0.0\""
    );
    assert_eq!(
        error("10.0.0.1/30"),
        "10.0.0.1/30 has bits beyond its length; did you mean 10.0.0.0/30?"
    );
    assert_eq!(
        error("10.0.0.0/31"),
        "10.0.0.0/31 has no room for a tunnel, which takes a /30; use a shorter prefix"
    );
    assert_eq!(
        error("fd00::/127"),
        "fd00::/127 has no room for a tunnel, which takes a /126; use a shorter prefix"
    );
    assert!(error("10.0.0.0/33").starts_with("expected a prefix"));
}

#[test]
fn servers_share_a_prefix_in_equal_parts_of_a_power_of_two() {
    let shares = |prefix, pools| BlockPool::shares(prefix, pools).expect("a prefix with room");
    let written = |pools: Vec<BlockPool>| {
        let prefixes: Vec<String> = pools.iter().map(|pool| pool.prefix().to_string()).collect();
        prefixes
    };
    assert_eq!(written(shares("10.0.0.0/24", 1)), ["10.0.0.0/24"]);
    assert_eq!(
        written(shares("10.0.0.0/24", 3)),
        ["10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/26"]
    );
    assert_eq!(written(shares("fd00::/124", 2)), ["fd00::/125", "fd00::8/125"]);
    assert!(matches!(
        BlockPool::shares("10.0.0.0/29", 4),
        Err(PoolError::TooSmall { .. })
    ));
    assert!(matches!(
        BlockPool::shares("10.0.0.0/32", 2),
        Err(PoolError::TooSmall { .. })
    ));
}
