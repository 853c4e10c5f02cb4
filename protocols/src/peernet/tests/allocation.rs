//! Where there is no address for a node, or the one that is given is not free.

use super::*;

/// A neighbour around which everything is taken, by smaller identifiers than that of whoever may come.
fn full(number: u128, others: &[NodeAddr]) -> Msg {
    let taken = |level| advert(level, others[usize::from(level)], 1, 1 << level);
    hello(number, &(0..BITS).map(taken).collect::<Vec<_>>())
}

#[test]
fn a_node_around_which_everything_is_taken_has_no_address_until_something_is_free() {
    let nodes = by_identifier(6);
    let mut recorder = started(nodes[5], config(Rules::Dart));
    recorder.message(nodes[0], full(0b0000, &nodes[1..5]));
    let lost = Event::Address {
        from: Some(address(0)),
        to: None,
        migrated: false,
    };
    let first = told(recorder.timer(Timer::Hello));
    assert!(first.starts_with(&[Event::Refused, lost]), "{first:?}");
    assert_eq!(told(recorder.timer(Timer::Hello)), [Event::Refused]);
    let fewer = [0, 2, 3].map(|level| advert(level, nodes[usize::from(level) + 1], 1, 1 << level));
    recorder.message(nodes[0], hello(0b0000, &fewer));
    recorder.timer(Timer::Hello);
    assert_eq!(recorder.node.address(), Some(address(0b0010)));
}

#[test]
fn a_node_without_an_address_begins_a_network_once_nobody_has_one() {
    let nodes = by_identifier(6);
    let mut recorder = started(nodes[5], config(Rules::Dart));
    recorder.message(nodes[0], full(0b0000, &nodes[1..5]));
    recorder.timer(Timer::Hello);
    assert_eq!(recorder.node.address(), None);
    recorder.advance(SimDuration::from_millis(10_500));
    assert!(!told(recorder.timer(Timer::Hello)).contains(&Event::Refused));
    assert_eq!(recorder.node.address(), Some(address(0)));
}

#[test]
fn who_stands_between_networks_is_not_where_a_neighbour_is() {
    let nodes = by_identifier(6);
    let mut recorder = started(nodes[5], config(Rules::Dart));
    // Next to the first, 0100 is free as far as that knows; there is the second, who knows of another area 00xx.
    recorder.message(nodes[3], hello(0b0000, &[advert(3, nodes[1], 1, 8)]));
    let taken = [0, 1, 2].map(|level| advert(level, nodes[2 - usize::from(level)], 1, 1 << level));
    recorder.message(nodes[4], hello(0b0100, &taken));
    let places: BTreeSet<_> = (0..20)
        .map(|_| {
            assert!(told(recorder.timer(Timer::Hello)).contains(&Event::Refused));
            recorder.node.address()
        })
        .collect();
    assert_eq!(places, BTreeSet::from([Some(address(0b0010)), Some(address(0b1100))]));
}

#[test]
fn where_a_neighbour_is_at_the_address_that_is_given_the_rest_of_the_block_is_free() {
    let nodes = by_identifier(4);
    let mut recorder = Recorder::<PeerNet>::new(nodes[3], (), config(Rules::PeerNet2003), 1);
    recorder.start();
    recorder.message(nodes[0], hello(0b0000, &[advert(3, nodes[2], 1, 8)]));
    // This one is cut off from the other, and seems to have the whole tree for itself.
    recorder.message(nodes[1], hello(0b0100, &[]));
    let asked = sent(recorder.timer(Timer::Hello));
    assert_eq!(asked[0], (nodes[1], Msg::Request));
    let asked = sent(recorder.message(nodes[1], Msg::Grant(address(0b1000))));
    assert_eq!(asked, [(nodes[0], Msg::Request)], "there is another area 1xxx");
    recorder.message(nodes[0], Msg::Grant(address(0b0100)));
    assert_eq!(recorder.node.address(), Some(address(0b0110)));
}
