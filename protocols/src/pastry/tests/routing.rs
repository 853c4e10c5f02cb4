//! Handing messages on (Table 1).

use super::*;

fn route<B: Payload>(node: &mut Recorder<Pastry<B>>, key: &str, payload: B) -> Vec<Effect<Pastry<B>>> {
    let key = id(key);
    node.command(OperationId(9), Call::Route { key, payload })
}

/// Where a message went, with its hops and time-outs.
fn went<B: Payload>(effects: &[Effect<Pastry<B>>]) -> Vec<(NodeAddr, u16, u16)> {
    let went = sent(effects).into_iter().filter_map(|(to, msg)| match msg {
        Msg::Route { message, .. } => Some((to, message.hops, message.timeouts)),
        _ => None,
    });
    went.collect()
}

/// Table 1: the leaf set, else the routing table, else whoever is closer.
#[test]
fn a_message_goes_by_the_leaf_set_then_the_routing_table_then_to_who_is_closer() {
    for (key, next) in [("1011", "1020"), ("1300", "1301"), ("2000", "2222"), ("1200", "1133")] {
        let mut node = member(config());
        assert_eq!(went(&route(&mut node, key, Nothing)), [(addr(next), 1, 0)], "key {key}");
    }
    let mut node = member(config());
    let effects = route(&mut node, "1000", Nothing);
    let [Event::Deliver(message)] = &told(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(
        (message.hops, message.source, message.operation),
        (0, contact("1000"), OperationId(9))
    );
}

#[test]
fn a_message_from_another_node_is_acknowledged_and_handed_on() {
    let mut node = member(config());
    let (acknowledge, message) = (Some(RequestId(4)), routed("2000", Nothing));
    let effects = node.message(addr("0001"), Msg::Route { acknowledge, message });
    assert_eq!(
        sent(&effects)[0],
        (
            addr("0001"),
            Msg::Acknowledge {
                request: RequestId(4),
                id: id("1000")
            }
        )
    );
    assert_eq!(went(&effects), [(addr("2222"), 2, 0)]);
    assert_eq!(told(&effects), [], "nobody above asked to hear of it");
}

/// Whoever returns to an address under another identifier answers in the place of who was there before: the acknowledgement says
/// that he is another, and the former one is forgotten, or messages would go back and forth.
#[test]
fn an_acknowledgement_from_another_node_at_the_address_gives_the_former_one_away() {
    let config = Config {
        acknowledge: true,
        ..config()
    };
    let mut node = member::<Nothing>(config);
    let effects = route(&mut node, "2000", Nothing);
    let hop = asked(&effects, |msg| matches!(msg, Msg::Route { .. }))[0].1;
    assert!(node.node.tables().knows(id("2222")));
    node.message(
        addr("2222"),
        Msg::Acknowledge {
            request: hop,
            id: id("0100"),
        },
    );
    assert!(!node.node.tables().knows(id("2222")));
}

/// A node that does not acknowledge is dead: the message takes the next best way, and the entry is repaired.
#[test]
fn a_message_goes_round_a_node_that_does_not_acknowledge_it() {
    let mut node = member(config());
    let effects = route(&mut node, "1300", Nothing);
    let hop = request(&effects, "1301");
    let again = node.timer(Timer::Request(hop));
    assert_eq!(went(&again), [(addr("1301"), 1, 0)], "once more");
    let effects = node.timer(Timer::Request(hop));
    assert_eq!(went(&effects), [(addr("1133"), 1, 1)]);
    assert!(!node.node.tables().knows(id("1301")));
    let repair = sent(&effects).into_iter().find(|(_, msg)| {
        matches!(
            msg,
            Msg::Get {
                part: Part::Entry(_),
                ..
            }
        )
    });
    assert!(repair.is_some(), "{effects:?}");
    // The next one has it.
    let hop = asked(&effects, |msg| matches!(msg, Msg::Route { .. }))[0].1;
    node.message(
        addr("1133"),
        Msg::Acknowledge {
            request: hop,
            id: id("1133"),
        },
    );
    assert!(node.node.held.is_empty());
}

#[test]
fn without_acknowledgement_a_message_is_out_of_a_nodes_hands() {
    let mut node = member(Config {
        acknowledge: false,
        ..config()
    });
    let effects = route(&mut node, "1300", Nothing);
    assert_eq!(effects.len(), 1, "no time-out is set: {effects:?}");
    assert!(matches!(&sent(&effects)[..], [(to, Msg::Route { acknowledge: None, .. })] if *to == addr("1301")));
}

#[test]
fn a_message_that_has_come_too_far_is_given_up() {
    let mut node = member(Config {
        hop_limit: 1,
        ..config()
    });
    let (acknowledge, message) = (None, routed("2000", Nothing));
    let effects = node.message(
        addr("0001"),
        Msg::Route {
            acknowledge,
            message: message.clone(),
        },
    );
    assert_eq!(told(&effects), [Event::Undeliverable(message)]);
    assert_eq!(sent(&effects), []);
}

#[test]
fn who_is_no_member_sends_nothing() {
    let (mut node, _) = newcomer(config());
    let effects = route(&mut node, "2000", Nothing);
    assert!(matches!(told(&effects)[..], [Event::Undeliverable(_)]), "{effects:?}");
}

/// `forward` (Dabek et al. 2003): the layer above is asked at each node on the way, the first one included and the last one not.
#[test]
fn the_layer_above_may_keep_a_message_change_it_or_send_it_elsewhere() {
    let mut node = member(config());
    let effects = route(&mut node, "1300", Word(8));
    let [Event::Forward { message, next }] = &told(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((*next, message.payload.clone()), (contact("1301"), Word(8)));
    assert_eq!(sent(&effects), [], "it waits");
    let mut changed = message.clone();
    changed.key = id("2000");
    let call = Call::Forward {
        message: changed.clone(),
        next: None,
    };
    let effects = node.command(OperationId(9), call);
    assert_eq!(went(&effects), [(addr("2222"), 1, 0)]);
    assert_eq!(told(&effects), [], "it is not asked about again");
    let next = Some(contact("0333"));
    let effects = node.command(
        OperationId(9),
        Call::Forward {
            message: changed.clone(),
            next,
        },
    );
    assert_eq!(went(&effects), [(addr("0333"), 1, 0)]);
    let next = Some(contact("1000"));
    let mut own = changed;
    own.key = id("1000");
    let effects = node.command(OperationId(9), Call::Forward { message: own, next });
    assert!(matches!(told(&effects)[..], [Event::Deliver(_)]), "{effects:?}");
    let effects = route(&mut node, "1000", Word(8));
    assert!(
        matches!(told(&effects)[..], [Event::Deliver(_)]),
        "the last one is not asked"
    );
}

#[test]
fn a_payload_has_its_own_kinds_and_bytes() {
    let route = |payload| Msg::Route {
        acknowledge: None,
        message: routed("2000", payload),
    };
    let own = Msg::<Nothing>::KINDS - 1;
    assert_eq!((route(Word(4)).kind(), route(Word(5)).kind()), (own, own + 1));
    assert_eq!((Msg::<Word>::kind_name(own + 1), Msg::<Word>::KINDS), ("odd", own + 2));
    assert_eq!(route(Word(5)).wire_bytes(), 20 + 2 * 4 + 5);
}
