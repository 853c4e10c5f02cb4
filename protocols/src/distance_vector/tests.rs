//! What a node does about a message, a link or a time.

use std::sync::Arc;

use sim_core::protocol::Wire;
use sim_core::recorder::{Effect, Recorder};
use sim_core::time::SimDuration;

use super::*;

const ME: NodeAddr = NodeAddr(0);
const A: NodeAddr = NodeAddr(1);
const B: NodeAddr = NodeAddr(2);
const FAR: NodeAddr = NodeAddr(9);

fn entry(to: NodeAddr, sequence: u32, hops: impl Into<Option<u32>>) -> Entry {
    Entry {
        to,
        sequence,
        hops: hops.into(),
    }
}

fn update(entries: &[Entry]) -> Msg {
    Msg::Update(Arc::from(entries))
}

/// A node with two neighbours, which has told of itself; news is told at once.
fn node(settling: Option<SimDuration>, trigger: Trigger) -> Recorder<DistanceVector> {
    let config = Config {
        aggregation: SimDuration::ZERO,
        settling,
        trigger,
        sensing: Sensing::Carrier,
        ..Config::default()
    };
    let mut node = Recorder::new(ME, (), config, 1);
    node.lay_links(&[A, B]);
    node.start();
    assert_eq!(told(&mut node), [entry(ME, 0, 0)]);
    node
}

/// What the node tells with its next update: nothing if none is set.
fn told(node: &mut Recorder<DistanceVector>) -> Vec<Entry> {
    if !node.node.update_is_set {
        return Vec::new();
    }
    match &node.timer(Timer::Update)[..] {
        [Effect::Broadcast(Msg::Update(entries))] => entries.to_vec(),
        [] => Vec::new(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn newer_numbers_win_and_of_equal_ones_the_shorter_way() {
    let mut node = node(None, Trigger::Sequence);
    node.message(A, update(&[entry(FAR, 10, 4)]));
    assert_eq!(told(&mut node), [entry(FAR, 10, 5)]);
    node.message(B, update(&[entry(FAR, 10, 4)]));
    assert_eq!(
        (node.node.next_hop(FAR), told(&mut node)),
        (Some(A), vec![]),
        "as long as the known one"
    );
    node.message(B, update(&[entry(FAR, 8, 1)]));
    assert_eq!((node.node.next_hop(FAR), told(&mut node)), (Some(A), vec![]), "older");
    node.message(B, update(&[entry(FAR, 10, 3)]));
    assert_eq!(
        (node.node.next_hop(FAR), told(&mut node)),
        (Some(B), vec![entry(FAR, 10, 4)])
    );
    node.message(A, update(&[entry(FAR, 12, 7)]));
    assert_eq!(
        (node.node.next_hop(FAR), told(&mut node)),
        (Some(A), vec![entry(FAR, 12, 8)])
    );
    assert_eq!(node.node.entries(), 1);
}

#[test]
fn a_lost_link_gives_all_routes_over_it_odd_numbers_and_no_end() {
    let mut node = node(None, Trigger::Metric);
    node.message(A, update(&[entry(A, 2, 0), entry(FAR, 10, 4)]));
    node.message(B, update(&[entry(B, 4, 0)]));
    told(&mut node);
    node.link(LinkChange::Down(A));
    assert_eq!(told(&mut node), [entry(A, 3, None), entry(FAR, 11, None)]);
    assert_eq!((node.node.next_hop(FAR), node.node.entries()), (None, 1));
    node.message(B, update(&[entry(FAR, 10, 1)]));
    assert_eq!(node.node.next_hop(FAR), None, "older than the break");
    node.message(B, update(&[entry(FAR, 12, 1)]));
    assert_eq!(node.node.next_hop(FAR), Some(B));
}

#[test]
fn whoever_takes_a_good_route_for_broken_is_told_better() {
    let mut node = node(None, Trigger::Metric);
    node.message(A, update(&[entry(FAR, 10, 4)]));
    told(&mut node);
    node.message(B, update(&[entry(FAR, 9, None)]));
    assert_eq!(told(&mut node), [entry(FAR, 10, 5)]);
    node.message(B, update(&[entry(FAR, 11, None)]));
    assert_eq!(told(&mut node), [entry(FAR, 11, None)], "newer: it is broken");
    node.message(A, update(&[entry(FAR, 13, None)]));
    assert_eq!(
        told(&mut node),
        [],
        "whoever heard that it is broken has no need to hear so again"
    );
}

#[test]
fn who_is_taken_for_broken_gives_itself_a_newer_number() {
    let mut node = node(None, Trigger::Metric);
    node.message(A, update(&[entry(ME, 7, None)]));
    assert_eq!(told(&mut node), [entry(ME, 8, 0)]);
    node.message(A, update(&[entry(ME, 6, 1)]));
    assert_eq!(told(&mut node), []);
}

#[test]
fn by_metric_only_other_lengths_are_told_before_the_next_dump() {
    let mut node = node(None, Trigger::Metric);
    node.message(A, update(&[entry(FAR, 10, 4)]));
    told(&mut node);
    node.message(A, update(&[entry(FAR, 12, 4)]));
    assert_eq!(told(&mut node), []);
    node.message(A, update(&[entry(FAR, 14, 5)]));
    assert_eq!(told(&mut node), [entry(FAR, 14, 6)]);
    let dumped = node.timer(Timer::Dump);
    let all: Arc<[Entry]> = Arc::from([entry(ME, 2, 0), entry(FAR, 14, 6)]);
    assert!(dumped.contains(&Effect::Broadcast(Msg::Dump(all))), "{dumped:?}");
}

/// Section 4: used at once, told when it has settled, or when it is no longer than before.
#[test]
fn a_longer_route_settles_before_it_is_told() {
    let second = SimDuration::from_secs(1);
    let mut node = node(Some(second), Trigger::Sequence);
    node.message(A, update(&[entry(FAR, 10, 4)]));
    told(&mut node);
    node.message(B, update(&[entry(FAR, 12, 6)]));
    assert_eq!((node.node.next_hop(FAR), told(&mut node)), (Some(B), vec![]));
    let dumped = node.timer(Timer::Dump);
    let before: Arc<[Entry]> = Arc::from([entry(ME, 2, 0), entry(FAR, 10, 5)]);
    assert!(dumped.contains(&Effect::Broadcast(Msg::Dump(before))), "{dumped:?}");
    node.advance(second / 2);
    node.message(A, update(&[entry(FAR, 12, 4)]));
    assert_eq!(
        (node.node.next_hop(FAR), told(&mut node)),
        (Some(A), vec![entry(FAR, 12, 5)])
    );
    node.timer(Timer::Settled { to: FAR, sequence: 12 });
    assert_eq!(told(&mut node), [], "it was told already");
    // Twice 7/8 of 7/8 of 1 s, the zero time of the first number counting, and 1/8 of half a second.
    let settles = node.message(B, update(&[entry(FAR, 14, 8)]));
    let delay = (second * 7 / 8 * 7 / 8 + second / 16) * 2;
    let is_set = |effect: &Effect<_>| matches!(effect, Effect::SetTimer { delay: set, .. } if *set == delay);
    assert!(settles.iter().any(is_set), "{settles:?}");
    node.timer(Timer::Settled { to: FAR, sequence: 14 });
    assert_eq!(told(&mut node), [entry(FAR, 14, 9)]);
}

#[test]
fn what_was_under_way_when_its_link_went_down_makes_no_route() {
    let mut node = node(None, Trigger::Sequence);
    node.link(LinkChange::Down(A));
    node.message(A, update(&[entry(FAR, 10, 4)]));
    assert_eq!(node.node.next_hop(FAR), None);
}

#[test]
fn silence_breaks_routes_where_no_carrier_is_sensed() {
    let mut node = node(None, Trigger::Metric);
    node.config.sensing = Sensing::Silence(SimDuration::from_secs(45));
    node.message(A, update(&[entry(FAR, 10, 4)]));
    node.advance(SimDuration::from_secs(44));
    node.timer(Timer::Dump);
    assert_eq!(node.node.next_hop(FAR), Some(A));
    node.advance(SimDuration::from_secs(1));
    node.timer(Timer::Dump);
    assert_eq!(node.node.next_hop(FAR), None);
}

#[test]
fn updates_are_charged_by_entries_and_packets() {
    let bytes = |entries: usize| update(&vec![entry(FAR, 2, 1); entries]).wire_bytes();
    assert_eq!([bytes(1), bytes(121), bytes(122)], [60, 48 + 121 * 12, 96 + 122 * 12]);
    assert!(bytes(121) <= 1500);
}

#[test]
fn a_packet_finds_that_its_link_is_gone_where_only_use_tells() {
    let mut node = node(None, Trigger::Metric);
    node.config.sensing = Sensing::Use;
    node.message(A, update(&[entry(FAR, 10, 4)]));
    told(&mut node);
    node.link(LinkChange::Down(A));
    assert_eq!(
        (node.node.next_hop(FAR), told(&mut node)),
        (Some(A), vec![]),
        "nobody has noticed"
    );
    let send = packet::Send { to: FAR, bytes: 1 };
    let effects = node.command(OperationId(1), send);
    let lost = Outcome::Dropped(Packet::new(ME, OperationId(1), send), Dropped::NoRoute);
    assert!(effects.contains(&Effect::Emit(lost)), "{effects:?}");
    assert_eq!(told(&mut node), [entry(FAR, 11, None)]);
}
