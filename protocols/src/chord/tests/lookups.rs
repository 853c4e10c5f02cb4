//! Lookups: ToN, section IV-C and IV-D; with failures, section IV-E.3.

use super::*;

#[test]
fn a_key_between_node_and_successor_belongs_to_the_successor_iv_c() {
    let node = member(config(Rules::Ton2003)).node;
    let hop = |key| node.find_successor_step(&config(Rules::Ton2003), Id::new(key), &[]);
    assert_eq!(hop(9), Step::Owner(contact(14)));
    assert_eq!(hop(14), Step::Owner(contact(14)));
    assert_eq!(hop(15), Step::Closer(contact(14)));
}

#[test]
fn fingers_are_the_successors_of_n_plus_powers_of_two_fig_4a() {
    let node = member(config(Rules::Ton2003)).node;
    let fingers: Vec<_> = (0..6).map(|index| node.fingers().get(index)).collect();
    // N14 N14 N14 N21 N32 N42: the first three are the successor and not kept.
    assert_eq!(
        fingers,
        [
            None,
            None,
            None,
            Some(contact(21)),
            Some(contact(32)),
            Some(contact(42))
        ]
    );
}

#[test]
fn the_closest_preceding_finger_of_54_is_42_fig_4b() {
    let config = Config {
        route_with_successors: false,
        ..config(Rules::Ton2003)
    };
    let node = member(config.clone()).node;
    assert_eq!(
        node.closest_preceding_node(&config, Id::new(54), &[]),
        Some(contact(42))
    );
}

#[test]
fn closest_preceding_node_searches_the_successor_list_too_iv_e_3() {
    let config = Config {
        successors: 8,
        ..config(Rules::Ton2003)
    };
    let node = member(config.clone()).node;
    assert_eq!(
        node.closest_preceding_node(&config, Id::new(54), &[]),
        Some(contact(51))
    );
    assert_eq!(
        node.closest_preceding_node(&config, Id::new(54), &[NodeAddr(51)]),
        Some(contact(48))
    );
    let fingers_only = Config {
        route_with_successors: false,
        ..config
    };
    assert_eq!(
        node.closest_preceding_node(&fingers_only, Id::new(54), &[]),
        Some(contact(42))
    );
}

#[test]
fn an_iterative_lookup_asks_one_node_after_another_until_the_predecessor_names_the_owner_iv_d() {
    let mut node = member(Config {
        route_with_successors: false,
        ..config(Rules::Ton2003)
    });
    let effects = lookup(&mut node, 54);
    let effects = node.message(NodeAddr(42), step(next_hop(&effects, 42), Step::Closer(contact(51))));
    let effects = node.message(NodeAddr(51), step(next_hop(&effects, 51), Step::Owner(contact(56))));
    let (operation, key) = (OperationId(5), Id::new(54));
    let done = Event::LookupDone {
        operation,
        key,
        owner: contact(56),
        hops: 3,
        visited: 2,
        timeouts: 0,
        dead_owners: 0,
    };
    assert_eq!(
        told(&effects),
        [done],
        "42 and 51, the predecessor, are visited; the owner is one hop more"
    );
}

#[test]
fn a_key_of_the_successor_is_found_without_a_message() {
    let effects = lookup(&mut member(config(Rules::Ton2003)), 10);
    assert!(sent(&effects).is_empty());
    let Event::LookupDone {
        owner, hops, visited, ..
    } = told(&effects)[0]
    else {
        panic!("{effects:?}")
    };
    assert_eq!((owner, hops, visited), (contact(14), 1, 0));
}

#[test]
fn a_recursive_lookup_is_passed_on_and_answered_to_the_origin_v_a() {
    let config = Config {
        lookup: LookupStyle::Recursive,
        ..config(Rules::Ton2003)
    };
    let mut node = member(config);
    let (request, origin, avoid) = (RequestId(9), NodeAddr(33), Box::default());
    let key = Id::new(30);
    let forwarded = node.message(
        NodeAddr(32),
        Msg::FindSuccessor {
            request,
            key,
            origin,
            visited: 2,
            avoid,
        },
    );
    let avoid: Box<[NodeAddr]> = Box::default();
    assert_eq!(
        sent(&forwarded),
        [(
            21,
            Msg::FindSuccessor {
                request,
                key,
                origin,
                visited: 3,
                avoid: avoid.clone()
            }
        )]
    );
    let key = Id::new(14);
    let answered = node.message(
        NodeAddr(32),
        Msg::FindSuccessor {
            request,
            key,
            origin,
            visited: 2,
            avoid,
        },
    );
    assert_eq!(
        sent(&answered),
        [(
            33,
            Msg::Step {
                request,
                step: Step::Owner(contact(14)),
                visited: 3
            }
        )]
    );
}

#[test]
fn the_origin_of_a_recursive_lookup_takes_the_answer_from_anyone_and_tries_again_without_one() {
    let config = Config {
        lookup: LookupStyle::Recursive,
        retries: 1,
        ..config(Rules::Ton2003)
    };
    let mut node = member(config);
    let effects = lookup(&mut node, 50);
    let request = asked(&effects, 42, |msg| matches!(msg, Msg::FindSuccessor { .. }));
    let again = node.timer(Timer::Request(request));
    assert_eq!(
        asked(&again, 42, |msg| matches!(msg, Msg::FindSuccessor { .. })),
        request
    );
    let answer = Msg::Step {
        request,
        step: Step::Owner(contact(51)),
        visited: 2,
    };
    let effects = node.message(NodeAddr(48), answer);
    let Event::LookupDone {
        visited,
        hops,
        timeouts,
        ..
    } = told(&effects)[0]
    else {
        panic!("{effects:?}")
    };
    assert_eq!((visited, hops, timeouts), (2, 3, 1));
}

#[test]
fn a_recursive_lookup_ends_in_silence_after_the_hop_limit() {
    let config = Config {
        lookup: LookupStyle::Recursive,
        hop_limit: 4,
        ..config(Rules::Ton2003)
    };
    let msg = Msg::FindSuccessor {
        request: RequestId(9),
        key: Id::new(30),
        origin: NodeAddr(33),
        visited: 3,
        avoid: Box::default(),
    };
    assert!(member(config).message(NodeAddr(32), msg).is_empty());
}

// Lookups and failures: ToN, section IV-E.3.

#[test]
fn after_a_time_out_the_next_best_predecessor_is_tried_iv_e_3() {
    let mut node = member(Config {
        route_with_successors: false,
        ..config(Rules::Ton2003)
    });
    let effects = lookup(&mut node, 54);
    let effects = node.message(NodeAddr(42), step(next_hop(&effects, 42), Step::Closer(contact(51))));
    let effects = node.timer(Timer::Request(next_hop(&effects, 51)));
    let request = next_hop(&effects, 42);
    let avoid: Box<[NodeAddr]> = Box::new([NodeAddr(51)]);
    assert_eq!(
        sent(&effects),
        [(
            42,
            Msg::NextHop {
                request,
                key: Id::new(54),
                avoid
            }
        )]
    );
    let effects = node.message(NodeAddr(42), step(request, Step::Closer(contact(48))));
    let effects = node.message(NodeAddr(48), step(next_hop(&effects, 48), Step::Owner(contact(56))));
    let Event::LookupDone { visited, timeouts, .. } = told(&effects)[0] else {
        panic!("{effects:?}")
    };
    assert_eq!((visited, timeouts), (2, 1));
}

#[test]
fn a_time_out_at_the_first_step_tries_the_next_best_finger_of_the_node_itself() {
    let mut node = member(Config {
        route_with_successors: false,
        ..config(Rules::Ton2003)
    });
    let effects = lookup(&mut node, 54);
    let effects = node.timer(Timer::Request(next_hop(&effects, 42)));
    next_hop(&effects, 32);
}

#[test]
fn in_2001_a_time_out_ends_the_lookup() {
    let mut node = member(config(Rules::Sigcomm2001));
    let effects = lookup(&mut node, 54);
    let effects = node.timer(Timer::Request(next_hop(&effects, 42)));
    let reason = LookupFailure::Walk(Failure::Timeout);
    let failed = Event::LookupFailed {
        operation: OperationId(5),
        key: Id::new(54),
        timeouts: 1,
        reason,
    };
    assert_eq!(told(&effects), [failed]);
}

#[test]
fn a_predecessor_whose_successor_is_avoided_names_the_next_in_its_list() {
    let mut node = member(config(Rules::Ton2003));
    let (request, key) = (RequestId(3), Id::new(10));
    let avoid = Box::new([NodeAddr(14)]);
    let effects = node.message(NodeAddr(56), Msg::NextHop { request, key, avoid });
    assert_eq!(sent(&effects), [(56, step(request, Step::Owner(contact(21))))]);
}

#[test]
fn an_owner_that_must_answer_and_does_not_is_replaced_by_the_next() {
    let mut node = member(Config {
        confirm_owner: true,
        ..config(Rules::Ton2003)
    });
    let effects = lookup(&mut node, 10);
    let effects = node.timer(Timer::Request(ping(&effects, 14)));
    let request = ping(&effects, 21);
    let effects = node.message(
        NodeAddr(21),
        Msg::Pong {
            request,
            id: Id::new(21),
        },
    );
    let Event::LookupDone {
        owner,
        timeouts,
        dead_owners,
        ..
    } = told(&effects)[0]
    else {
        panic!("{effects:?}")
    };
    assert_eq!((owner, timeouts, dead_owners), (contact(21), 0, 1));
}
