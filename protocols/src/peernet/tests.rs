//! The rules of PeerNet and DART, one by one, on effects.

use sim_core::recorder::{Effect, Recorder};
use sim_core::time::{SimDuration, SimTime};

use super::*;
use crate::packet::{Dropped, Outcome, Send};

mod allocation;
mod lookup;

const BITS: u8 = 4;

fn address(number: u128) -> TreeAddress {
    TreeAddress::new(number, BITS)
}

fn config(rules: Rules) -> Config {
    Config {
        rules,
        address_bits: BITS,
        ..Config::default()
    }
}

/// So many nodes, the one with the smallest identifier first.
fn by_identifier(count: u32) -> Vec<NodeAddr> {
    let mut nodes: Vec<_> = (0..count).map(NodeAddr).collect();
    nodes.sort_by_key(|node| Identifier::of_node(*node));
    nodes
}

fn advert(level: u8, network: NodeAddr, hops: u8, log: u128) -> Advert {
    Advert {
        network: Identifier::of_node(network),
        log,
        level,
        hops,
        distance: hops,
    }
}

fn hello(number: u128, levels: &[Advert]) -> Msg {
    Msg::Hello(Hello {
        address: Some(address(number)),
        levels: levels.into(),
    })
}

/// A node with DART's rules that has started, and has therefore address 0.
fn started(me: NodeAddr, config: Config) -> Recorder<PeerNet> {
    let mut recorder = Recorder::new(me, (), config, 1);
    recorder.start();
    recorder
}

/// What is sent, and to whom.
fn sent(effects: Vec<Effect<PeerNet>>) -> Vec<(NodeAddr, Msg)> {
    let sent = effects.into_iter().filter_map(|effect| match effect {
        Effect::Send { to, msg } => Some((to, msg)),
        _ => None,
    });
    sent.collect()
}

/// What is told.
fn told(effects: Vec<Effect<PeerNet>>) -> Vec<Event> {
    let told = effects.into_iter().filter_map(|effect| match effect {
        Effect::Emit(event) => Some(event),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_neighbour_is_a_way_to_its_sibling_and_to_those_above_unless_its_own_way_comes_back() {
    let nodes = by_identifier(9);
    let mut recorder = started(nodes[8], config(Rules::Dart));
    // From 0000 the neighbour 0010 is in the 1-sibling. Its way to the 2-sibling crosses levels 0 and 2, that to the 3-sibling
    // crosses level 1 on the way, so perhaps back over here.
    let levels = [
        advert(0, nodes[5], 1, 0b0001),
        advert(2, nodes[4], 3, 0b0101),
        advert(3, nodes[3], 2, 0b1010),
    ];
    recorder.message(nodes[7], hello(0b0010, &levels));
    let table = recorder.node.table();
    let levels: Vec<_> = table.levels().iter().map(|known| known.level).collect();
    assert_eq!(levels, [1, 2]);
    let direct = table.level(1).expect("the neighbour itself");
    assert_eq!((direct.best.hops, direct.best.log), (1, 0b0010));
    // The sibling's network id is the smallest in it: that of the neighbour's own 0-sibling.
    assert_eq!(direct.network, Identifier::of_node(nodes[5]));
    let beyond = table.level(2).expect("by way of the neighbour");
    assert_eq!((beyond.best.hops, beyond.best.log), (4, 0b0110));
    assert_eq!(beyond.network, Identifier::of_node(nodes[4]));
}

#[test]
fn of_two_siblings_of_the_same_prefix_the_one_with_the_smaller_network_id_counts() {
    let nodes = by_identifier(6);
    let mut recorder = started(nodes[5], config(Rules::Dart));
    recorder.message(nodes[3], hello(0b1000, &[]));
    recorder.message(nodes[4], hello(0b0100, &[advert(3, nodes[2], 5, 0b1000)]));
    let known = recorder.node.table().level(3).expect("both tell of it");
    assert_eq!(
        (known.network, known.best.next),
        (Identifier::of_node(nodes[2]), nodes[4])
    );
    // The other way round, the nearer one.
    recorder.message(nodes[3], hello(0b1000, &[advert(0, nodes[1], 1, 1)]));
    let known = recorder.node.table().level(3).expect("both tell of it");
    assert_eq!(
        (known.network, known.best.next),
        (Identifier::of_node(nodes[1]), nodes[3])
    );
}

#[test]
fn a_network_id_that_has_come_as_far_as_the_horizon_goes_no_further() {
    let nodes = by_identifier(5);
    let config = Config {
        horizon: 6,
        ..config(Rules::Dart)
    };
    let mut recorder = started(nodes[4], config);
    let tells = |inside, beyond| [advert(0, nodes[1], inside, 0b0001), advert(3, nodes[0], beyond, 0b1000)];
    recorder.message(nodes[3], hello(0b0010, &tells(5, 5)));
    let known = recorder.node.table().levels();
    let distances: Vec<_> = known.iter().map(|known| (known.level, known.distance)).collect();
    assert_eq!(distances, [(1, 6), (3, 6)]);
    assert_eq!(known[0].network, Identifier::of_node(nodes[1]));
    // One link more: the neighbour is there, but speaks for itself alone, and nothing is known of the 3-sibling.
    recorder.message(nodes[3], hello(0b0010, &tells(6, 6)));
    let known = recorder.node.table().levels();
    assert_eq!(known.len(), 1);
    assert_eq!((known[0].level, known[0].distance), (1, 1));
    assert_eq!(known[0].network, Identifier::of_node(nodes[3]));
}

#[test]
fn several_next_hops_are_kept_only_with_multi_path_forwarding() {
    for multipath in [false, true] {
        let nodes = by_identifier(4);
        let config = Config {
            multipath,
            ..config(Rules::Dart)
        };
        let mut recorder = started(nodes[0], config);
        let smallest = [advert(0, nodes[1], 1, 1)];
        recorder.message(nodes[2], hello(0b1010, &[advert(1, nodes[1], 1, 2)]));
        recorder.message(nodes[3], hello(0b1001, &smallest));
        let known = recorder.node.table().level(3).expect("both are in it");
        assert_eq!(known.others.len(), usize::from(multipath));
        assert_eq!(known.best.next, nodes[2].min(nodes[3]));
    }
}

#[test]
fn the_smaller_identifier_keeps_an_address_and_the_other_selects_the_largest_free_block() {
    let nodes = by_identifier(4);
    for (me, peer, expected) in [(nodes[0], nodes[1], 0b0000), (nodes[1], nodes[0], 0b1000)] {
        let mut recorder = started(me, config(Rules::Dart));
        recorder.message(peer, hello(0b0000, &[]));
        recorder.timer(Timer::Hello);
        assert_eq!(recorder.node.address(), Some(address(expected)));
    }
    // Two neighbours: 0000, with level 3 occupied, and 1000, with level 3 and 2. Next to 0000 there is more room.
    let mut recorder = started(nodes[3], config(Rules::Dart));
    recorder.message(nodes[0], hello(0b0000, &[advert(3, nodes[1], 1, 8)]));
    recorder.message(
        nodes[1],
        hello(0b1000, &[advert(2, nodes[2], 1, 4), advert(3, nodes[0], 1, 8)]),
    );
    recorder.timer(Timer::Hello);
    assert_eq!(recorder.node.address(), Some(address(0b0100)));
}

#[test]
fn an_area_with_a_larger_network_id_than_its_namesake_dissolves() {
    let nodes = by_identifier(4);
    // A neighbour in the 3-sibling knows of an area 0xxx with a smaller identifier than any in this one.
    for (me, other, stays) in [(nodes[2], nodes[1], false), (nodes[1], nodes[2], true)] {
        let mut recorder = started(me, config(Rules::Dart));
        recorder.message(nodes[3], hello(0b1000, &[advert(3, other, 2, 8)]));
        recorder.timer(Timer::Hello);
        assert_eq!(recorder.node.address() == Some(address(0)), stays, "{me}");
    }
}

#[test]
fn an_address_is_judged_by_what_the_node_itself_last_said() {
    let nodes = by_identifier(4);
    // The smallest identifier in the area 0xxx is that of a neighbour, and somebody across tells of it.
    for (has_said_so, stays) in [(true, true), (false, false)] {
        let mut recorder = started(nodes[2], config(Rules::Dart));
        recorder.message(nodes[1], hello(0b0001, &[]));
        if has_said_so {
            recorder.timer(Timer::Hello);
        }
        recorder.message(nodes[3], hello(0b1000, &[advert(3, nodes[1], 2, 8)]));
        recorder.timer(Timer::Hello);
        assert_eq!(
            recorder.node.address() == Some(address(0)),
            stays,
            "said: {has_said_so}"
        );
    }
}

#[test]
fn who_waits_before_a_change_of_address_stays_where_the_other_has_moved() {
    let nodes = by_identifier(2);
    for other_moves in [false, true] {
        let config = Config {
            change_backoff: SimDuration::from_secs(10),
            ..config(Rules::Dart)
        };
        let mut recorder = started(nodes[1], config);
        recorder.message(nodes[0], hello(0b0000, &[]));
        recorder.timer(Timer::Hello);
        assert_eq!(recorder.node.address(), Some(address(0)), "it waits");
        let place = if other_moves { 0b0100 } else { 0b0000 };
        recorder.message(nodes[0], hello(place, &[]));
        recorder.advance(SimDuration::from_secs(10));
        recorder.timer(Timer::Hello);
        assert_eq!(recorder.node.address() == Some(address(0)), other_moves);
    }
}

#[test]
fn a_neighbour_that_is_not_heard_any_more_is_gone() {
    let nodes = by_identifier(2);
    let mut recorder = started(nodes[1], config(Rules::Dart));
    recorder.message(nodes[0], hello(0b1000, &[]));
    recorder.advance(SimDuration::from_millis(10_499));
    recorder.timer(Timer::Hello);
    assert_eq!(recorder.node.table().levels().len(), 1);
    recorder.advance(SimDuration::from_millis(1));
    recorder.timer(Timer::Hello);
    assert_eq!(recorder.node.table().levels().len(), 0);
}

#[test]
fn the_carrier_is_sensed_only_if_the_configuration_says_so() {
    for (detection, left) in [(Detection::Hello, 1), (Detection::Carrier, 0)] {
        let nodes = by_identifier(2);
        let config = Config {
            detection,
            ..config(Rules::Dart)
        };
        let mut recorder = started(nodes[1], config);
        recorder.lay_links(&nodes[..1]);
        recorder.message(nodes[0], hello(0b1000, &[]));
        assert_eq!(recorder.node.table().levels().len(), 1);
        recorder.lay_links(&[]);
        recorder.link(LinkChange::Down(nodes[0]));
        assert_eq!(recorder.node.table().levels().len(), left, "{detection:?}");
        // A hello that was on its way then comes after that.
        recorder.message(nodes[0], hello(0b0100, &[]));
        assert_eq!(recorder.node.table().levels().len(), left, "{detection:?}");
    }
}

#[test]
fn hellos_of_another_tree_are_not_heeded() {
    let mut recorder = started(NodeAddr(1), config(Rules::Dart));
    let hello = Hello {
        address: Some(TreeAddress::new(8, 5)),
        levels: [].into(),
    };
    recorder.message(NodeAddr(0), Msg::Hello(hello));
    assert!(recorder.node.table().levels().is_empty());
}

#[test]
fn a_range_is_split_once_for_each_who_asks() {
    let mut recorder = Recorder::<PeerNet>::new(NodeAddr(0), (), config(Rules::PeerNet2003), 1);
    recorder.start();
    // Nobody is there: after three hellos it begins a network.
    recorder.advance(SimDuration::from_secs(4));
    recorder.timer(Timer::Hello);
    assert_eq!(recorder.node.range(), Some((address(0), address(15))));
    let asks = |recorder: &mut Recorder<PeerNet>, node| sent(recorder.message(NodeAddr(node), Msg::Request));
    let grant = |node, number| vec![(NodeAddr(node), Msg::Grant(address(number)))];
    assert_eq!(asks(&mut recorder, 1), grant(1, 0b1000));
    assert_eq!(asks(&mut recorder, 1), grant(1, 0b1000), "the grant can have been lost");
    assert_eq!(asks(&mut recorder, 2), grant(2, 0b0100));
    assert_eq!(asks(&mut recorder, 3), grant(3, 0b0010));
    assert_eq!(asks(&mut recorder, 4), grant(4, 0b0001));
    assert_eq!(asks(&mut recorder, 5), [(NodeAddr(5), Msg::Refuse)]);
    assert_eq!(recorder.node.range(), Some((address(0), address(0))));
    // One of them is seen where it was sent, the others never come.
    recorder.message(NodeAddr(2), hello(0b0100, &[]));
    recorder.advance(SimDuration::from_secs(10));
    recorder.message(NodeAddr(2), hello(0b0100, &[]));
    recorder.advance(SimDuration::from_secs(1));
    recorder.timer(Timer::Hello);
    assert_eq!(asks(&mut recorder, 5), grant(5, 0b1000));
}

#[test]
fn a_node_asks_one_after_the_other_and_is_refused_when_all_have_refused() {
    let nodes = by_identifier(3);
    let mut recorder = Recorder::<PeerNet>::new(nodes[2], (), config(Rules::PeerNet2003), 1);
    recorder.start();
    recorder.message(nodes[0], hello(0b0000, &[advert(3, nodes[1], 1, 8)]));
    recorder.message(
        nodes[1],
        hello(0b1000, &[advert(2, nodes[1], 1, 4), advert(3, nodes[0], 1, 8)]),
    );
    let asked = sent(recorder.timer(Timer::Hello));
    assert_eq!(asked, [(nodes[0], Msg::Request)], "the larger range first");
    assert_eq!(
        sent(recorder.message(nodes[0], Msg::Refuse)),
        [(nodes[1], Msg::Request)]
    );
    assert_eq!(
        sent(recorder.message(nodes[0], Msg::Grant(address(4)))),
        [],
        "nobody asked it"
    );
    assert_eq!(told(recorder.timer(Timer::Request)), [Event::Refused]);
    recorder.timer(Timer::Hello);
    let granted = recorder.message(nodes[0], Msg::Grant(address(0b0100)));
    assert_eq!(recorder.node.address(), Some(address(0b0100)));
    assert!(
        granted
            .iter()
            .any(|effect| matches!(effect, Effect::Broadcast(Msg::Hello(_))))
    );
}

#[test]
fn a_link_that_is_missed_when_a_packet_is_to_cross_it_is_gone_around() {
    let nodes = by_identifier(4);
    for (detection, taken) in [(Detection::Hello, nodes[1]), (Detection::Use, nodes[2])] {
        let config = Config {
            detection,
            ..config(Rules::Dart)
        };
        let mut recorder = started(nodes[0], config);
        recorder.lay_links(&[nodes[2]]);
        // 1000 is in the 3-sibling; 0100 has a longer way there. The first has left.
        recorder.message(nodes[1], hello(0b1000, &[]));
        recorder.message(nodes[2], hello(0b0100, &[advert(3, nodes[1], 1, 8)]));
        let packet = crate::packet::Packet::new(
            nodes[3],
            OperationId(1),
            Send {
                to: nodes[3],
                bytes: 10,
            },
        );
        let msg = Msg::Routed(Way::new(address(0b1000), 0), Load::Packet(packet, 0));
        let gone = sent(recorder.message(nodes[3], msg));
        assert!(
            matches!(&gone[..], [(next, Msg::Routed(_, Load::Packet(..)))] if *next == taken),
            "{detection:?}: {gone:?}"
        );
    }
}

#[test]
fn a_packet_whose_destination_has_moved_is_looked_up_where_it_gets_stuck() {
    let nodes = by_identifier(40);
    let mut recorder = started(nodes[0], config(Rules::Dart));
    recorder.message(nodes[1], hello(0b1000, &[]));
    // Its entry would be with the neighbour.
    let over_there = |node: &&NodeAddr| address(0).point(Identifier::of_node(**node), BITS).bit(3);
    let to = *nodes[2..].iter().find(over_there).expect("half of them");
    let packet = crate::packet::Packet::new(nodes[2], OperationId(1), Send { to, bytes: 10 });
    // It comes for address 0100, where nobody is.
    let stuck = |looked_up| Msg::Routed(Way::new(address(0b0100), 0), Load::Packet(packet, looked_up));
    let asked = sent(recorder.message(nodes[1], stuck(0)));
    let [(_, Msg::Routed(_, Load::Query(query)))] = &asked[..] else {
        panic!("no query: {asked:?}");
    };
    assert_eq!(query.stale, Some(address(0b0100)));
    let answer = Answer {
        asker: nodes[0],
        number: query.number,
        found: vec![(to, address(0b1000))],
        hops: 1,
    };
    let answer = Msg::Routed(Way::new(address(0), 0), Load::Answer(answer));
    let gone = sent(recorder.message(nodes[1], answer));
    assert!(matches!(&gone[..], [(next, Msg::Routed(way, Load::Packet(_, 1)))]
        if *next == nodes[1] && way.target == address(0b1000)));
    // A packet that was looked up often enough is dropped.
    let dropped = told(recorder.message(nodes[1], stuck(3)));
    assert_eq!(dropped, [Event::Packet(Outcome::Dropped(packet, Dropped::NoRoute))]);
}

#[test]
fn a_packet_that_would_cross_a_level_again_is_dropped() {
    let nodes = by_identifier(3);
    let mut recorder = started(nodes[0], config(Rules::Dart));
    recorder.message(nodes[1], hello(0b0100, &[advert(3, nodes[2], 1, 8)]));
    let packet = crate::packet::Packet::new(
        nodes[2],
        OperationId(1),
        Send {
            to: nodes[2],
            bytes: 10,
        },
    );
    let way = |log| Way {
        log,
        ..Way::new(address(0b1000), 0)
    };
    let forwarded = sent(recorder.message(nodes[2], Msg::Routed(way(0b0010), Load::Packet(packet, 0))));
    let left = |msg: &Msg| matches!(msg, Msg::Routed(way, _) if way.last == Some(address(0)) && way.hops == 1);
    assert!(matches!(&forwarded[..], [(next, msg)] if *next == nodes[1] && left(msg)));
    let dropped = told(recorder.message(nodes[2], Msg::Routed(way(0b0100), Load::Packet(packet, 0))));
    assert_eq!(dropped, [Event::Packet(Outcome::Dropped(packet, Dropped::NoRoute))]);
    // Not back to where it comes from, whatever the log says.
    let dropped = told(recorder.message(nodes[1], Msg::Routed(way(0b0010), Load::Packet(packet, 0))));
    assert_eq!(dropped, [Event::Packet(Outcome::Dropped(packet, Dropped::NoRoute))]);
}

#[test]
fn a_way_logs_the_level_that_it_crosses_and_forgets_those_below() {
    let crossing = |log, last, here| {
        let way = Way {
            log,
            last: Some(address(last)),
            ..Way::new(address(0b1111), 0)
        };
        way.arriving(address(here)).map(|way| way.log)
    };
    assert_eq!(crossing(0b0000, 0b0000, 0b0010), Some(0b0010));
    assert_eq!(crossing(0b1001, 0b0000, 0b0010), Some(0b1010));
    assert_eq!(crossing(0b0011, 0b0000, 0b0100), Some(0b0100));
    assert_eq!(crossing(0b0010, 0b0000, 0b0010), None);
    assert_eq!(crossing(0b0000, 0b0101, 0b0101), None, "two nodes with one address");
    assert_eq!(
        Way::new(address(3), 0).arriving(address(0)),
        Some(Way::new(address(3), 0))
    );
}

#[test]
fn a_multicast_that_finds_nobody_but_its_sender_ends_as_one_that_finds_nobody() {
    let mut recorder = started(NodeAddr(3), config(Rules::Dart));
    let group = Group(7);
    recorder.command(OperationId(0), Command::Join(group));
    let ended = told(recorder.command(OperationId(1), Command::Multicast { group, bytes: 10 }));
    let packet = crate::packet::Packet::new(
        NodeAddr(3),
        OperationId(1),
        Send {
            to: NodeAddr(3),
            bytes: 10,
        },
    );
    let outcome = Event::Packet(Outcome::Dropped(packet, Dropped::NotFound));
    assert!(
        matches!(&ended[..], [Event::LookedUp { found: Some(_), .. }, last] if *last == outcome),
        "{ended:?}"
    );
    // An anycast reaches the sender, who is the nearest.
    let ended = told(recorder.command(OperationId(2), Command::Anycast { group, bytes: 10 }));
    let reached = |event: &Event| matches!(event, Event::Packet(Outcome::Delivered(packet)) if packet.hops == 0);
    assert!(ended.iter().any(reached), "{ended:?}");
}
