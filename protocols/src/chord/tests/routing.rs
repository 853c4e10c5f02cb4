//! Messages to keys, for a layer above: Dabek et al. 2003, over the steps of ToN, section IV-C.

use std::collections::BTreeMap;

use sim_core::protocol::Wire;

use super::*;
use crate::kbr::{KeyBased, Nothing, Routed, Upcall};

/// A layer's word, about which the layer is asked everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Asking(u32);

impl Wire for Asking {
    const KINDS: usize = 1;
    fn kind(&self) -> usize {
        0
    }
    fn kind_name(_: usize) -> &'static str {
        "asking"
    }
    fn wire_bytes(&self) -> u32 {
        4
    }
}

impl Payload for Asking {
    const FORWARD: bool = true;
    const UPDATE: bool = true;
}

fn recursive() -> Config {
    Config {
        lookup: LookupStyle::Recursive,
        hop_limit: 4,
        ..config(Rules::Ton2003)
    }
}

fn iterative() -> Config {
    Config {
        route_with_successors: false,
        ..config(Rules::Ton2003)
    }
}

/// A message from `source` that has come so far.
fn routed<B>(key: u32, source: u32, hops: u16, payload: B) -> Box<Routed<B>> {
    Box::new(Routed {
        key: Id::new(u128::from(key)),
        operation: OperationId(5),
        source: contact(source),
        hops,
        timeouts: 0,
        payload,
    })
}

fn msg<B>(owner: Option<u32>, message: Box<Routed<B>>) -> Msg<B> {
    let owner = owner.map(|id| Id::new(u128::from(id)));
    Msg::Route { owner, message }
}

fn route<B: Payload>(node: &mut Recorder<Chord<B>>, key: u32, payload: B) -> Vec<Effect<Chord<B>>> {
    let key = Id::new(u128::from(key));
    node.command(OperationId(5), Command::Call(Call::Route { key, payload }))
}

fn forward<B: Payload>(
    node: &mut Recorder<Chord<B>>,
    message: Box<Routed<B>>,
    next: Option<u32>,
) -> Vec<Effect<Chord<B>>> {
    let next = next.map(contact);
    node.command(OperationId(5), Command::Call(Call::Forward { message, next }))
}

#[test]
fn a_message_goes_the_way_of_a_lookup_and_the_last_node_names_the_owner() {
    let mut node = member(recursive());
    let effects = route(&mut node, 54, Nothing);
    assert_eq!(sent(&effects), [(42, msg(None, routed(54, 8, 1, Nothing)))]);
    let effects = node.message(NodeAddr(1), msg(None, routed(12, 56, 2, Nothing)));
    assert_eq!(sent(&effects), [(14, msg(Some(14), routed(12, 56, 3, Nothing)))]);
    assert!(told(&effects).is_empty(), "nobody above is asked");
}

#[test]
fn a_node_delivers_what_lies_between_its_predecessor_and_itself() {
    let mut node = member(recursive());
    let own = route(&mut node, 5, Nothing);
    assert_eq!(own, [Effect::Emit(Event::Delivered(routed(5, 8, 0, Nothing)))]);
    for owner in [None, Some(8)] {
        let effects = node.message(NodeAddr(1), msg(owner, routed(8, 56, 3, Nothing)));
        assert_eq!(effects, [Effect::Emit(Event::Delivered(routed(8, 56, 3, Nothing)))]);
    }
}

#[test]
fn a_node_that_is_named_owner_hands_the_message_to_a_predecessor_who_is_the_better_one() {
    let mut node = member_carrying(recursive());
    let effects = node.message(NodeAddr(56), msg(Some(8), routed(60, 42, 2, Asking(1))));
    let pong = Msg::Pong {
        request: ping(&effects, 1),
        id: Id::new(1),
    };
    let effects = node.message(NodeAddr(1), pong);
    assert_eq!(sent(&effects), [(1, msg(Some(1), routed(60, 42, 3, Asking(1))))]);
    assert!(told(&effects).is_empty());
}

#[test]
fn it_delivers_the_message_itself_if_the_predecessor_is_dead() {
    let mut node = member(recursive());
    let effects = node.message(NodeAddr(56), msg(Some(8), routed(60, 42, 2, Nothing)));
    let effects = node.timer(Timer::Request(ping(&effects, 1)));
    let mut message = routed(60, 42, 2, Nothing);
    message.timeouts = 1;
    assert_eq!(effects, [Effect::Emit(Event::Delivered(message))]);
}

#[test]
fn somebody_else_at_the_address_of_the_owner_sends_the_message_on_by_what_it_knows() {
    let mut node = member(recursive());
    let effects = node.message(NodeAddr(56), msg(Some(3), routed(60, 42, 2, Nothing)));
    assert_eq!(sent(&effects), [(42, msg(None, routed(60, 42, 3, Nothing)))]);
}

#[test]
fn without_a_predecessor_a_node_believes_who_names_it_owner() {
    let mut node = member(recursive());
    node.node.predecessor = None;
    let named = node.message(NodeAddr(56), msg(Some(8), routed(5, 42, 2, Nothing)));
    assert_eq!(named, [Effect::Emit(Event::Delivered(routed(5, 42, 2, Nothing)))]);
    assert_eq!(sent(&route(&mut node, 5, Nothing))[0].0, 42, "around the ring");
    assert!(!node.node.is_root(&node.config, Id::new(5)));
}

#[test]
fn a_message_visits_as_many_nodes_as_a_lookup_may_and_then_its_owner() {
    let mut node = member(recursive());
    let far = node.message(NodeAddr(1), msg(None, routed(54, 56, 4, Nothing)));
    assert_eq!(far, [Effect::Emit(Event::Undeliverable(routed(54, 56, 4, Nothing)))]);
    let last = node.message(NodeAddr(1), msg(None, routed(12, 56, 4, Nothing)));
    assert_eq!(sent(&last), [(14, msg(Some(14), routed(12, 56, 5, Nothing)))]);
    let effects = node.message(NodeAddr(56), msg(Some(8), routed(60, 42, 5, Nothing)));
    let pong = Msg::Pong {
        request: ping(&effects, 1),
        id: Id::new(1),
    };
    let beyond = node.message(NodeAddr(1), pong);
    assert_eq!(told(&beyond), [Event::Undeliverable(routed(60, 42, 5, Nothing))]);
}

#[test]
fn who_is_no_member_carries_nothing() {
    let (mut node, _) = joining(recursive());
    let own = route(&mut node, 5, Nothing);
    assert_eq!(own, [Effect::Emit(Event::Undeliverable(routed(5, 8, 0, Nothing)))]);
    assert!(
        node.message(NodeAddr(1), msg(Some(8), routed(5, 56, 2, Nothing)))
            .is_empty()
    );
    assert_eq!(node.node.next_hop(&node.config, Id::new(5)), Step::DeadEnd);
    assert!(node.node.replica_set(&node.config, Id::new(5), 2).is_empty());
}

/// Dabek et al. 2003: `forward` is called at each node before a message goes on, the source included.
#[test]
fn the_layer_above_is_asked_before_a_message_leaves_and_may_keep_it() {
    let mut node = member_carrying(recursive());
    for effects in [
        route(&mut node, 54, Asking(1)),
        node.message(NodeAddr(1), msg(None, routed(54, 8, 0, Asking(1)))),
    ] {
        let message = routed(54, 8, 0, Asking(1));
        let next = contact(42);
        assert_eq!(effects, [Effect::Emit(Event::Forward { message, next })]);
    }
    let delivered = node.message(NodeAddr(1), msg(None, routed(5, 56, 2, Asking(1))));
    assert_eq!(
        told(&delivered),
        [Event::Delivered(routed(5, 56, 2, Asking(1)))],
        "not asked where it ends"
    );
}

/// Dabek et al. 2003: an upcall may change the message, its key and the next node.
#[test]
fn the_layer_above_may_change_payload_key_and_next_node() {
    let mut node = member_carrying(recursive());
    let as_it_was = forward(&mut node, routed(54, 8, 0, Asking(1)), None);
    assert_eq!(sent(&as_it_was), [(42, msg(None, routed(54, 8, 1, Asking(1))))]);
    let changed = forward(&mut node, routed(12, 8, 0, Asking(2)), None);
    assert_eq!(sent(&changed), [(14, msg(Some(14), routed(12, 8, 1, Asking(2))))]);
    let elsewhere = forward(&mut node, routed(54, 8, 0, Asking(1)), Some(51));
    assert_eq!(sent(&elsewhere), [(51, msg(None, routed(54, 8, 1, Asking(1))))]);
    let the_owner = forward(&mut node, routed(12, 8, 0, Asking(1)), Some(14));
    assert_eq!(sent(&the_owner), [(14, msg(Some(14), routed(12, 8, 1, Asking(1))))]);
    let own = forward(&mut node, routed(5, 8, 0, Asking(1)), None);
    assert_eq!(told(&own), [Event::Delivered(routed(5, 8, 0, Asking(1)))]);
    let outside = forward(&mut node, routed(64 + 12, 8, 0, Asking(1)), None);
    assert_eq!(sent(&outside), [(14, msg(Some(14), routed(12, 8, 1, Asking(1))))]);
}

#[test]
fn iteratively_the_owner_is_looked_up_first_and_nodes_asked_for_the_way_count_as_hops() {
    let mut node = member(iterative());
    let effects = route(&mut node, 54, Nothing);
    let effects = node.message(NodeAddr(42), step(next_hop(&effects, 42), Step::Closer(contact(51))));
    let effects = node.timer(Timer::Request(next_hop(&effects, 51)));
    let effects = node.message(NodeAddr(42), step(next_hop(&effects, 42), Step::Closer(contact(48))));
    let effects = node.message(NodeAddr(48), step(next_hop(&effects, 48), Step::Owner(contact(56))));
    let mut message = routed(54, 8, 3, Nothing);
    message.timeouts = 1;
    assert_eq!(sent(&effects), [(56, msg(Some(56), message))]);
    assert!(told(&effects).is_empty());
}

#[test]
fn a_message_whose_owner_cannot_be_found_is_given_back() {
    let mut node = member(Config {
        rules: Rules::Sigcomm2001,
        ..iterative()
    });
    let effects = route(&mut node, 54, Nothing);
    let effects = node.timer(Timer::Request(next_hop(&effects, 42)));
    let mut message = routed(54, 8, 0, Nothing);
    message.timeouts = 1;
    assert_eq!(told(&effects), [Event::Undeliverable(message)]);
}

#[test]
fn iteratively_the_layer_above_is_asked_before_the_owner_is_looked_up() {
    let mut node = member_carrying(iterative());
    let message = routed(54, 8, 0, Asking(1));
    let next = contact(42);
    let asked = Event::Forward { message, next };
    assert_eq!(route(&mut node, 54, Asking(1)), [Effect::Emit(asked)]);
    let effects = forward(&mut node, routed(54, 8, 0, Asking(1)), None);
    let effects = node.message(NodeAddr(42), step(next_hop(&effects, 42), Step::Owner(contact(56))));
    assert_eq!(sent(&effects), [(56, msg(Some(56), routed(54, 8, 2, Asking(1))))]);
    let elsewhere = forward(&mut node, routed(54, 8, 0, Asking(1)), Some(51));
    assert_eq!(sent(&elsewhere), [(51, msg(None, routed(54, 8, 1, Asking(1))))]);
}

#[test]
fn the_layer_above_hears_of_neighbours_that_come_and_go() {
    let mut node = member_carrying::<Asking>(recursive());
    let update = |neighbour, joined| Event::Update {
        neighbour: contact(neighbour),
        joined,
    };
    let id = Id::new(4);
    let notified = node.message(NodeAddr(4), Msg::Notify { id });
    assert_eq!(told(&notified), [update(1, false), update(4, true)]);
    let again = node.message(NodeAddr(4), Msg::Notify { id });
    assert!(told(&again).is_empty());
    let successors = Box::from(contacts([21, 32, 38]));
    let leaving = Msg::SuccessorLeaving {
        id: Id::new(14),
        successors,
    };
    let left = node.message(NodeAddr(14), leaving);
    assert_eq!(told(&left), [update(14, false), update(38, true)]);
}

#[test]
fn neighbours_that_a_node_has_when_it_becomes_a_member_go_without_saying() {
    let init = Init::Join {
        id: Id::new(8),
        bootstrap: NodeAddr(56),
    };
    let mut node = Recorder::<Chord<Asking>>::new(NodeAddr(8), init, recursive(), 1);
    let effects = node.start();
    let request = asked(&effects, 56, |msg| matches!(msg, Msg::FindSuccessor { .. }));
    let effects = node.message(NodeAddr(1), step(request, Step::Owner(contact(14))));
    let request = asked(&effects, 14, |msg| matches!(msg, Msg::GetNeighbours { .. }));
    let neighbours = Neighbours {
        id: Id::new(14),
        predecessor: Some(contact(1)),
        successors: contacts([21, 32]),
    };
    let neighbours = Box::new(neighbours);
    let effects = node.message(NodeAddr(14), Msg::Neighbours { request, neighbours });
    assert_eq!(told(&effects), [Event::Joined]);
    assert_eq!(node.node.neighbour_set(&node.config, 9), contacts([14, 21, 32]));
}

#[test]
fn without_a_layer_above_nobody_is_told_of_neighbours() {
    let mut node = member(recursive());
    assert!(node.message(NodeAddr(4), Msg::Notify { id: Id::new(4) }).is_empty());
    assert_eq!(node.node.predecessor(), Some(contact(4)));
}

/// i3 sends what is addressed to a node to that node from whoever knows it.
#[test]
fn under_the_rules_of_i3_a_message_to_a_node_goes_there_at_once() {
    let mut node = member(Config {
        rules: Rules::I3,
        ..recursive()
    });
    let effects = route(&mut node, 42, Nothing);
    assert_eq!(sent(&effects), [(42, msg(Some(42), routed(42, 8, 1, Nothing)))]);
    let effects = route(&mut node, 5, Nothing);
    assert_eq!(told(&effects), [Event::Delivered(routed(5, 8, 0, Nothing))]);
}

#[test]
fn a_node_knows_its_neighbours_and_the_replicas_of_its_own_keys() {
    let (node, config) = (member(recursive()).node, recursive());
    // Distances 6, 7, 13 and 24.
    assert_eq!(node.neighbour_set(&config, 9), contacts([14, 1, 21, 32]));
    assert_eq!(node.neighbour_set(&config, 2), contacts([14, 1]));
    let key = |key| Id::new(key);
    assert_eq!(node.replica_set(&config, key(5), 3), contacts([8, 14, 21]));
    assert_eq!(node.replica_set(&config, key(5), 9), contacts([8, 14, 21, 32]));
    assert!(node.replica_set(&config, key(1), 3).is_empty(), "it cannot tell");
    assert!(node.is_root(&config, key(2)) && !node.is_root(&config, key(9)));
    assert_eq!(node.next_hop(&config, key(5)), Step::Owner(contact(8)));
    assert_eq!(node.next_hop(&config, key(12)), Step::Owner(contact(14)));
    assert_eq!(node.next_hop(&config, key(54)), Step::Closer(contact(42)));
}

#[test]
fn a_node_alone_is_the_root_of_everything() {
    let init = Init::First { id: Id::new(8) };
    let mut node = Recorder::<Chord>::new(NodeAddr(8), init, recursive(), 1);
    node.start();
    assert_eq!(node.node.replica_set(&node.config, Id::new(50), 3), contacts([8]));
    assert_eq!(
        told(&route(&mut node, 50, Nothing)),
        [Event::Delivered(routed(50, 8, 0, Nothing))]
    );
}

#[test]
fn the_roots_of_a_key_are_the_members_from_it_on_around_the_ring() {
    let members: BTreeMap<u128, NodeAddr> = [1, 8, 14].map(|id| (u128::from(id), NodeAddr(id))).into();
    let roots = |key, rank| <Chord>::roots(&recursive(), Id::new(key), &members, rank);
    assert_eq!(roots(9, 2), [NodeAddr(14), NodeAddr(1)]);
    assert_eq!(roots(8, 1), [NodeAddr(8)]);
    assert_eq!(roots(15, 5), [NodeAddr(1), NodeAddr(8), NodeAddr(14)]);
}

#[test]
fn events_are_upcalls_or_chords_own() {
    type Told = Event<Nothing>;
    assert_eq!(<Chord>::upcall(Told::Joined), Ok(Upcall::Joined));
    assert_eq!(<Chord>::upcall(Told::Isolated), Ok(Upcall::Out));
    assert_eq!(
        <Chord>::upcall(Told::JoinFailed(JoinFailure::IdentifierTaken)),
        Ok(Upcall::Out)
    );
    let dropped = Told::Dropped(Dropped::StaleAnswer);
    assert_eq!(<Chord>::upcall(dropped.clone()), Err(dropped));
}
