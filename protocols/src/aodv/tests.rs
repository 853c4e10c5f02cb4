//! What a node does about a message or a link.

use sim_core::protocol::Wire;
use sim_core::recorder::{Effect, Recorder};

use super::*;

const ME: NodeAddr = NodeAddr(0);
const A: NodeAddr = NodeAddr(1);
const B: NodeAddr = NodeAddr(2);
const C: NodeAddr = NodeAddr(3);
const FAR: NodeAddr = NodeAddr(8);
const ORIGIN: NodeAddr = NodeAddr(9);

fn node() -> Recorder<Aodv> {
    let config = Config {
        sensing: Sensing::Carrier,
        ..Config::default()
    };
    let mut node = Recorder::new(ME, (), config, 1);
    node.lay_links(&[A, B, C]);
    node.start();
    node
}

fn request(id: u32, origin_sequence: u32, to_sequence: Option<u32>) -> RouteRequest {
    RouteRequest {
        origin: ORIGIN,
        origin_sequence,
        id,
        to: FAR,
        to_sequence,
        hops: 2,
        ttl: 5,
    }
}

fn reply(to_sequence: u32, hops: u32) -> RouteReply {
    RouteReply {
        origin: ORIGIN,
        to: FAR,
        to_sequence,
        hops,
        lifetime: SimDuration::from_secs(6),
    }
}

/// Messages, without timers.
fn sent(effects: Vec<Effect<Aodv>>) -> Vec<Effect<Aodv>> {
    let is_message = |effect: &Effect<Aodv>| matches!(effect, Effect::Send { .. } | Effect::Broadcast(_));
    effects.into_iter().filter(is_message).collect()
}

#[test]
fn a_request_leaves_a_way_back_and_goes_on_once() {
    let mut node = node();
    let further = RouteRequest {
        hops: 3,
        ttl: 4,
        ..request(1, 7, None)
    };
    let effects = sent(node.message(A, Msg::Request(request(1, 7, None))));
    assert_eq!(effects, [Effect::Broadcast(Msg::Request(further))]);
    assert_eq!((node.node.next_hop(ORIGIN), node.node.hops(ORIGIN)), (Some(A), Some(3)));
    assert_eq!(sent(node.message(B, Msg::Request(request(1, 7, None)))), []);
    let last = RouteRequest {
        ttl: 1,
        ..request(2, 8, None)
    };
    assert_eq!(
        sent(node.message(B, Msg::Request(last))),
        [],
        "it has come as far as it may"
    );
    assert_eq!(node.node.next_hop(ORIGIN), Some(B), "newer");
}

#[test]
fn who_is_sought_answers_with_a_number_that_is_new_enough() {
    let mut node = node();
    let sought = RouteRequest {
        to: ME,
        ..request(1, 7, Some(40))
    };
    let effects = sent(node.message(A, Msg::Request(sought)));
    let Effect::Send {
        to: A,
        msg: Msg::Reply(answer),
    } = &effects[0]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(
        (answer.to_sequence, answer.hops, answer.lifetime),
        (40, 0, SimDuration::from_secs(6))
    );
}

#[test]
fn who_knows_a_route_answers_only_if_it_is_new_enough() {
    let mut node = node();
    node.message(A, Msg::Request(request(1, 7, None)));
    let passed = sent(node.message(B, Msg::Reply(reply(20, 3))));
    let to_a = |reply| Effect::Send {
        to: A,
        msg: Msg::Reply(reply),
    };
    assert_eq!(passed, [to_a(reply(20, 4))]);
    let answered = sent(node.message(A, Msg::Request(request(2, 8, Some(20)))));
    assert_eq!(answered, [to_a(reply(20, 4))]);
    let asked_on = sent(node.message(A, Msg::Request(request(3, 9, Some(21)))));
    assert!(
        matches!(&asked_on[..], [Effect::Broadcast(Msg::Request(_))]),
        "{asked_on:?}"
    );
}

#[test]
fn an_answer_that_is_no_news_goes_on_with_what_is_known() {
    let mut node = node();
    node.message(A, Msg::Request(request(1, 7, None)));
    node.message(B, Msg::Reply(reply(20, 3)));
    let worse = sent(node.message(C, Msg::Reply(reply(20, 6))));
    assert_eq!(
        worse,
        [Effect::Send {
            to: A,
            msg: Msg::Reply(reply(20, 4))
        }]
    );
    assert_eq!(node.node.next_hop(FAR), Some(B));
}

/// Section 6.11: to the one precursor there is, or to all neighbours at once; to nobody without any.
#[test]
fn breaks_are_reported_to_precursors() {
    let mut node = node();
    node.message(A, Msg::Request(request(1, 7, None)));
    node.message(B, Msg::Reply(reply(20, 3)));
    let error = Msg::Error(vec![(B, 0), (FAR, 21)]);
    let both = sent(node.link(LinkChange::Down(B)));
    assert_eq!(both, [Effect::Send { to: A, msg: error }]);
    assert_eq!(
        (node.node.next_hop(FAR), node.node.known_sequence(FAR)),
        (None, Some(21))
    );
    assert_eq!(sent(node.link(LinkChange::Down(C))), [], "no route led there");

    // The way over A is used by B and by C.
    node.link(LinkChange::Up(B));
    node.link(LinkChange::Up(C));
    for (from, id) in [(B, 2), (C, 3)] {
        let other = RouteRequest {
            origin: from,
            hops: 0,
            ..request(id, 1, None)
        };
        node.message(from, Msg::Request(other));
        node.message(
            A,
            Msg::Reply(RouteReply {
                origin: from,
                ..reply(30, 1)
            }),
        );
    }
    let told = sent(node.message(A, Msg::Error(vec![(FAR, 35), (NodeAddr(77), 3)])));
    assert_eq!(told, [Effect::Broadcast(Msg::Error(vec![(FAR, 35)]))]);
    assert_eq!(node.node.known_sequence(FAR), Some(35));
}

#[test]
fn only_the_next_hop_can_break_a_route_and_no_number_falls() {
    let mut node = node();
    node.message(A, Msg::Request(request(1, 7, None)));
    node.message(B, Msg::Reply(reply(20, 3)));
    assert_eq!(sent(node.message(C, Msg::Error(vec![(FAR, 40)]))), []);
    assert_eq!(node.node.next_hop(FAR), Some(B));
    let told = sent(node.message(B, Msg::Error(vec![(FAR, 3)])));
    assert_eq!(
        told,
        [Effect::Send {
            to: A,
            msg: Msg::Error(vec![(FAR, 21)])
        }]
    );
    node.message(C, Msg::Reply(reply(20, 0)));
    assert_eq!(node.node.next_hop(FAR), None, "older than the break");
}

#[test]
fn a_packet_without_a_route_is_dropped_and_reported_to_whoever_sent_it_here() {
    let mut node = node();
    let packet = Packet::new(ORIGIN, OperationId(1), packet::Send { to: FAR, bytes: 9 });
    let effects = node.message(C, Msg::Data(packet));
    let dropped = Packet { hops: 1, ..packet };
    let report = Effect::Send {
        to: C,
        msg: Msg::Error(vec![(FAR, 0)]),
    };
    assert_eq!(
        effects,
        [Effect::Emit(Outcome::Dropped(dropped, Dropped::NoRoute)), report]
    );
}

#[test]
fn what_was_under_way_when_its_link_went_down_makes_no_route() {
    let mut node = node();
    node.link(LinkChange::Down(A));
    assert_eq!(sent(node.message(A, Msg::Request(request(1, 7, None)))), []);
    assert_eq!(node.node.kept_entries(), 0);
}

#[test]
fn a_longer_way_to_a_neighbour_gives_its_link_a_number() {
    let mut node = node();
    node.message(A, Msg::Request(request(1, 7, None)));
    let to_a = RouteReply { to: A, ..reply(12, 3) };
    node.message(B, Msg::Reply(to_a));
    assert_eq!((node.node.next_hop(A), node.node.hops(A)), (Some(A), Some(1)));
    assert_eq!(node.node.known_sequence(A), Some(12));
}

#[test]
fn numbers_go_round() {
    assert!(table::is_newer(0, u32::MAX) && !table::is_newer(u32::MAX, 0));
    assert_eq!(table::newer(u32::MAX, 1), 1);
}

#[test]
fn control_messages_have_the_sizes_of_the_rfc_behind_their_headers() {
    let bytes = [
        Msg::Request(request(1, 1, None)),
        Msg::Reply(reply(1, 1)),
        Msg::Error(vec![(FAR, 1), (A, 2)]),
        Msg::Hello { sequence: 1 },
    ]
    .map(|msg| msg.wire_bytes() - CONTROL_HEADER_BYTES);
    assert_eq!(bytes, [24, 20, 4 + 16, 20]);
}

#[test]
fn a_packet_finds_that_its_link_is_gone_where_only_use_tells() {
    let mut node = node();
    node.config.sensing = Sensing::Use;
    node.message(A, Msg::Request(request(1, 7, None)));
    node.message(B, Msg::Reply(reply(20, 3)));
    assert_eq!(sent(node.link(LinkChange::Down(B))), []);
    assert_eq!(node.node.next_hop(FAR), Some(B), "nobody has noticed");
    let packet = Packet::new(ORIGIN, OperationId(1), packet::Send { to: FAR, bytes: 9 });
    let to_a = |unreachable| Effect::Send {
        to: A,
        msg: Msg::Error(unreachable),
    };
    // The break is reported to whoever uses the route, and the loss to whoever sent the packet here: the same neighbour.
    let reports = [to_a(vec![(B, 0), (FAR, 21)]), to_a(vec![(FAR, 21)])];
    assert_eq!(sent(node.message(A, Msg::Data(packet))), reports);
}
