//! One test per claim of the papers, on the effects of a single node.

use sim_core::addr::NodeAddr;
use sim_core::protocol::OperationId;
use sim_core::recorder::{Effect, Recorder};
use sim_core::time::SimDuration;

use super::*;
use crate::lookup::Failure;

fn contact(id: u32) -> Contact {
    Contact {
        id: Id::new(u128::from(id)),
        addr: NodeAddr(id),
    }
}

fn contacts<const N: usize>(ids: [u32; N]) -> Vec<Contact> {
    ids.map(contact).to_vec()
}

/// Rings of 64 points; the address of a node is its identifier.
fn config(rules: Rules) -> Config {
    Config {
        rules,
        id_bits: 6,
        successors: 3,
        ..Config::default()
    }
}

/// Node 8 of the ring that ToN, Fig. 4 shows: 1 8 14 21 32 38 42 48 51 56.
fn member(config: Config) -> Recorder<Chord> {
    let ring = Ring::new(&config, contacts([1, 8, 14, 21, 32, 38, 42, 48, 51, 56]));
    let id = Id::new(8);
    let mut node = Recorder::new(
        NodeAddr(8),
        Init::Ready {
            id,
            tables: Box::new(ring.tables(id)),
        },
        config,
        1,
    );
    let effects = node.start();
    assert!(matches!(
        effects[..],
        [
            Effect::SetTimer {
                timer: Timer::Stabilize,
                ..
            },
            Effect::Emit(Event::Joined)
        ]
    ));
    node
}

/// Node 8, joining through node 56.
fn joining(config: Config) -> (Recorder<Chord>, Vec<Effect<Chord>>) {
    let mut node = Recorder::new(
        NodeAddr(8),
        Init::Join {
            id: Id::new(8),
            bootstrap: NodeAddr(56),
        },
        config,
        1,
    );
    let effects = node.start();
    (node, effects)
}

fn sent(effects: &[Effect<Chord>]) -> Vec<(u32, Msg)> {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send { to, msg } => Some((to.0, msg.clone())),
        _ => None,
    });
    sent.collect()
}

fn told(effects: &[Effect<Chord>]) -> Vec<Event> {
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::Emit(event) => Some(*event),
        _ => None,
    });
    told.collect()
}

/// The request in the first message to a node that asks something.
fn asked(effects: &[Effect<Chord>], to: u32, test: impl Fn(&Msg) -> bool) -> RequestId {
    let found = sent(effects).into_iter().find(|(addr, msg)| *addr == to && test(msg));
    match found {
        Some((
            _,
            Msg::GetNeighbours { request }
            | Msg::Ping { request }
            | Msg::NextHop { request, .. }
            | Msg::FindSuccessor { request, .. },
        )) => request,
        other => panic!("no such request to {to}: {other:?} in {:?}", sent(effects)),
    }
}

fn get_neighbours(effects: &[Effect<Chord>], to: u32) -> RequestId {
    asked(effects, to, |msg| matches!(msg, Msg::GetNeighbours { .. }))
}

fn ping(effects: &[Effect<Chord>], to: u32) -> RequestId {
    asked(effects, to, |msg| matches!(msg, Msg::Ping { .. }))
}

fn next_hop(effects: &[Effect<Chord>], to: u32) -> RequestId {
    asked(effects, to, |msg| matches!(msg, Msg::NextHop { .. }))
}

fn neighbours(id: u32, predecessor: Option<u32>, successors: Vec<Contact>, request: RequestId) -> Msg {
    let neighbours = Neighbours {
        id: Id::new(u128::from(id)),
        predecessor: predecessor.map(contact),
        successors,
    };
    Msg::Neighbours {
        request,
        neighbours: Box::new(neighbours),
    }
}

fn step(request: RequestId, step: Step) -> Msg {
    Msg::Step {
        request,
        step,
        visited: 0,
    }
}

fn lookup(node: &mut Recorder<Chord>, key: u32) -> Vec<Effect<Chord>> {
    node.command(
        OperationId(5),
        Command::Lookup {
            key: Id::new(u128::from(key)),
        },
    )
}

fn is_notify(sent: &[(u32, Msg)], to: u32) -> bool {
    sent.contains(&(to, Msg::Notify { id: Id::new(8) }))
}

// Lookups: ToN, section IV-C and IV-D.

#[test]
fn a_key_between_node_and_successor_belongs_to_the_successor_iv_c() {
    let node = member(config(Rules::Ton2003)).node;
    let hop = |key| node.next_hop(&config(Rules::Ton2003), Id::new(key), &[]);
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

// Joining: 2001, section 4.4; ToN, section IV-E; Zave.

#[test]
fn a_node_joins_by_asking_a_member_for_its_successor_fig_6() {
    for rules in [Rules::Sigcomm2001, Rules::Ton2003, Rules::Corrected] {
        let (mut node, effects) = joining(config(rules));
        let request = next_hop(&effects, 56);
        let avoid: Box<[NodeAddr]> = Box::new([NodeAddr(8)]);
        assert_eq!(
            sent(&effects),
            [(
                56,
                Msg::NextHop {
                    request,
                    key: Id::new(8),
                    avoid
                }
            )]
        );
        let effects = node.message(NodeAddr(56), step(request, Step::Closer(contact(1))));
        let effects = node.message(NodeAddr(1), step(next_hop(&effects, 1), Step::Owner(contact(14))));
        assert!(!node.node.has_joined(), "the successor has not answered yet");
        let request = get_neighbours(&effects, 14);
        let list = contacts([21, 32, 38]);
        let effects = node.message(NodeAddr(14), neighbours(14, Some(1), list, request));
        assert!(told(&effects).contains(&Event::Joined) && node.node.has_joined());
        assert_eq!(
            node.node.successors(),
            contacts([14, 21, 32]),
            "the successor before all but the last of its list"
        );
        assert_eq!(node.node.predecessor(), None);
        if rules == Rules::Corrected {
            get_neighbours(&effects, 14);
        } else {
            assert!(is_notify(&sent(&effects), 14));
        }
    }
}

#[test]
fn whoever_has_not_joined_answers_nobody() {
    let (mut node, _) = joining(config(Rules::Ton2003));
    let request = RequestId(1);
    for msg in [
        Msg::Ping { request },
        Msg::GetNeighbours { request },
        Msg::Notify { id: Id::new(1) },
        Msg::NextHop {
            request,
            key: Id::new(1),
            avoid: Box::default(),
        },
    ] {
        assert!(node.message(NodeAddr(1), msg).is_empty());
    }
    assert_eq!(node.node.predecessor(), None);
    let failed = told(&lookup(&mut node, 3))[0];
    assert!(
        matches!(
            failed,
            Event::LookupFailed {
                reason: LookupFailure::NotJoined,
                ..
            }
        ),
        "{failed:?}"
    );
}

#[test]
fn a_join_is_tried_again_and_then_fails() {
    let (mut node, effects) = joining(Config {
        retries: 1,
        ..config(Rules::Corrected)
    });
    let request = next_hop(&effects, 56);
    node.timer(Timer::Request(request));
    let effects = node.timer(Timer::Request(request));
    assert!(
        matches!(effects[..], [Effect::SetTimer { timer: Timer::Join, .. }]),
        "{effects:?}"
    );
    let effects = node.timer(Timer::Join);
    let request = next_hop(&effects, 56);
    node.timer(Timer::Request(request));
    let effects = node.timer(Timer::Request(request));
    assert_eq!(
        told(&effects),
        [Event::JoinFailed(JoinFailure::Lookup(Failure::NobodyLeft))]
    );
    assert!(node.timer(Timer::Stabilize).is_empty(), "it does nothing any more");
}

#[test]
fn an_identifier_that_is_taken_cannot_join() {
    let (mut node, effects) = joining(config(Rules::Corrected));
    let other = Contact {
        id: Id::new(8),
        addr: NodeAddr(40),
    };
    let effects = node.message(NodeAddr(56), step(next_hop(&effects, 56), Step::Owner(other)));
    let request = get_neighbours(&effects, 40);
    let effects = node.message(NodeAddr(40), neighbours(8, None, Vec::new(), request));
    assert_eq!(told(&effects), [Event::JoinFailed(JoinFailure::IdentifierTaken)]);
}

#[test]
fn a_successor_that_dies_during_the_join_is_avoided() {
    let (mut node, effects) = joining(config(Rules::Corrected));
    let effects = node.message(NodeAddr(56), step(next_hop(&effects, 56), Step::Owner(contact(14))));
    let effects = node.timer(Timer::Request(get_neighbours(&effects, 14)));
    let request = next_hop(&effects, 56);
    let avoid: Box<[NodeAddr]> = Box::new([NodeAddr(8), NodeAddr(14)]);
    assert_eq!(
        sent(&effects),
        [(
            56,
            Msg::NextHop {
                request,
                key: Id::new(8),
                avoid
            }
        )]
    );
}

// Stabilisation: 2001, Fig. 7; ToN, Fig. 6 and section IV-E.3; Zave.

#[test]
fn the_period_is_uniform_around_its_mean_v_a() {
    let mut node = member(config(Rules::Ton2003));
    let mut periods = Vec::new();
    for _ in 0..400 {
        for effect in node.timer(Timer::Stabilize) {
            if let Effect::SetTimer {
                delay,
                timer: Timer::Stabilize,
                ..
            } = effect
            {
                periods.push(delay.as_secs_f64());
            }
        }
    }
    assert!(periods.iter().all(|period| (15.0..45.0).contains(period)));
    let mean = periods.iter().sum::<f64>() / 400.0;
    assert!((mean - 30.0).abs() < 1.5, "{mean}");
}

#[test]
fn stabilize_asks_the_successor_for_its_predecessor_and_copies_its_list_iv_e_3() {
    for rules in [Rules::Sigcomm2001, Rules::Ton2003, Rules::Corrected] {
        let mut node = member(config(rules));
        let effects = node.timer(Timer::Stabilize);
        let request = get_neighbours(&effects, 14);
        let effects = node.message(NodeAddr(14), neighbours(14, Some(8), contacts([32, 38, 42]), request));
        assert_eq!(node.node.successors(), contacts([14, 32, 38]), "21 has gone");
        assert!(is_notify(&sent(&effects), 14));
    }
}

#[test]
fn the_published_rules_adopt_the_successors_predecessor_unasked_fig_6() {
    for rules in [Rules::Sigcomm2001, Rules::Ton2003] {
        let mut node = member(config(rules));
        let effects = node.timer(Timer::Stabilize);
        let request = get_neighbours(&effects, 14);
        let effects = node.message(NodeAddr(14), neighbours(14, Some(11), contacts([21, 32, 38]), request));
        assert_eq!(node.node.successors(), contacts([11, 14, 21]));
        assert!(is_notify(&sent(&effects), 11));
    }
}

#[test]
fn the_corrected_rules_adopt_the_successors_predecessor_only_if_it_answers_zave() {
    let mut node = member(config(Rules::Corrected));
    let effects = node.timer(Timer::Stabilize);
    let request = get_neighbours(&effects, 14);
    let effects = node.message(NodeAddr(14), neighbours(14, Some(11), contacts([21, 32, 38]), request));
    let request = get_neighbours(&effects, 11);
    assert_eq!(node.node.successors(), contacts([14, 21, 32]), "not yet");
    // It is dead.
    let effects = node.timer(Timer::Request(request));
    assert!(is_notify(&sent(&effects), 14));
    assert_eq!(node.node.successors(), contacts([14, 21, 32]));
    // The next time it answers.
    let effects = node.timer(Timer::Stabilize);
    let request = get_neighbours(&effects, 14);
    let effects = node.message(NodeAddr(14), neighbours(14, Some(11), contacts([21, 32, 38]), request));
    let request = get_neighbours(&effects, 11);
    let effects = node.message(NodeAddr(11), neighbours(11, None, contacts([12, 14, 21]), request));
    assert_eq!(node.node.successors(), contacts([11, 12, 14]), "with its list");
    assert!(is_notify(&sent(&effects), 11));
}

#[test]
fn a_dead_successor_is_replaced_by_the_next_in_the_list_iv_e_3() {
    let mut node = member(config(Rules::Corrected));
    let effects = node.timer(Timer::Stabilize);
    let effects = node.timer(Timer::Request(get_neighbours(&effects, 14)));
    assert_eq!(node.node.successors(), contacts([21, 32]));
    get_neighbours(&effects, 21);
}

#[test]
fn a_successor_whose_address_has_changed_hands_counts_as_dead() {
    let mut node = member(config(Rules::Corrected));
    let effects = node.timer(Timer::Stabilize);
    let request = get_neighbours(&effects, 14);
    let effects = node.message(NodeAddr(14), neighbours(60, Some(8), contacts([1]), request));
    assert_eq!(node.node.successors(), contacts([21, 32]));
    get_neighbours(&effects, 21);
}

#[test]
fn a_node_whose_list_has_died_out_is_isolated() {
    let mut node = member(Config {
        successors: 1,
        ..config(Rules::Corrected)
    });
    let effects = node.timer(Timer::Stabilize);
    let effects = node.timer(Timer::Request(get_neighbours(&effects, 14)));
    assert_eq!(told(&effects), [Event::Isolated]);
    assert!(!node.node.has_joined());
}

#[test]
fn a_successor_list_ends_before_it_comes_round() {
    let node = member(Config {
        successors: 5,
        ..config(Rules::Corrected)
    })
    .node;
    let config = Config {
        successors: 5,
        ..config(Rules::Corrected)
    };
    assert_eq!(
        node.successor_list(&config, contact(48), &contacts([56, 8, 14])),
        contacts([48, 56])
    );
    assert_eq!(
        node.successor_list(&config, contact(48), &contacts([56, 14, 20])),
        contacts([48, 56])
    );
    assert_eq!(node.successor_list(&config, contact(8), &[]), []);
}

#[test]
fn the_first_node_is_its_own_successor_until_another_one_notifies_it() {
    for rules in [Rules::Ton2003, Rules::Corrected] {
        let mut node = Recorder::new(NodeAddr(8), Init::First { id: Id::new(8) }, config(rules), 1);
        assert!(told(&node.start()).contains(&Event::Joined));
        let Event::LookupDone { owner, hops, .. } = told(&lookup(&mut node, 20))[0] else {
            panic!()
        };
        assert_eq!((owner, hops), (contact(8), 0));
        node.message(NodeAddr(30), Msg::Notify { id: Id::new(30) });
        let effects = node.timer(Timer::Stabilize);
        if rules == Rules::Corrected {
            let request = get_neighbours(&effects, 30);
            node.message(NodeAddr(30), neighbours(30, None, contacts([8]), request));
        }
        assert_eq!(node.node.successors(), contacts([30]));
    }
}

#[test]
fn a_notifier_that_lies_between_becomes_the_predecessor_fig_6() {
    for rules in [Rules::Sigcomm2001, Rules::Ton2003, Rules::Corrected] {
        let mut node = member(config(rules));
        node.message(NodeAddr(5), Msg::Notify { id: Id::new(5) });
        assert_eq!(node.node.predecessor(), Some(contact(5)));
        let effects = node.message(NodeAddr(1), Msg::Notify { id: Id::new(1) });
        assert_eq!(node.node.predecessor(), Some(contact(5)));
        assert_eq!(
            sent(&effects).len(),
            usize::from(rules == Rules::Corrected),
            "only rectify asks the predecessor"
        );
    }
}

#[test]
fn rectify_replaces_a_dead_predecessor_by_the_notifier_zave() {
    let mut node = member(config(Rules::Corrected));
    let effects = node.message(NodeAddr(56), Msg::Notify { id: Id::new(56) });
    let request = ping(&effects, 1);
    let mut alive = member(config(Rules::Corrected));
    let effects = alive.message(NodeAddr(56), Msg::Notify { id: Id::new(56) });
    alive.message(
        NodeAddr(1),
        Msg::Pong {
            request: ping(&effects, 1),
            id: Id::new(1),
        },
    );
    assert_eq!(alive.node.predecessor(), Some(contact(1)));
    node.timer(Timer::Request(request));
    assert_eq!(node.node.predecessor(), Some(contact(56)));
}

#[test]
fn rectify_sees_that_the_predecessors_address_has_changed_hands() {
    let mut node = member(config(Rules::Corrected));
    let effects = node.message(NodeAddr(56), Msg::Notify { id: Id::new(56) });
    node.message(
        NodeAddr(1),
        Msg::Pong {
            request: ping(&effects, 1),
            id: Id::new(33),
        },
    );
    assert_eq!(node.node.predecessor(), Some(contact(56)));
}

#[test]
fn check_predecessor_forgets_a_dead_one_fig_6_and_2001_never_does() {
    let mut node = member(config(Rules::Ton2003));
    let effects = node.timer(Timer::Stabilize);
    node.timer(Timer::Request(ping(&effects, 1)));
    assert_eq!(node.node.predecessor(), None);
    let effects = member(config(Rules::Sigcomm2001)).timer(Timer::Stabilize);
    assert!(!sent(&effects).iter().any(|(_, msg)| matches!(msg, Msg::Ping { .. })));
}

#[test]
fn fix_fingers_refreshes_the_next_finger_in_turn_fig_6() {
    let mut node = member(config(Rules::Ton2003));
    let mut keys = Vec::new();
    for _ in 0..4 {
        for (_, msg) in sent(&node.timer(Timer::Stabilize)) {
            if let Msg::NextHop { key, .. } = msg {
                keys.push(key.number());
            }
        }
    }
    assert_eq!(
        keys,
        [8 + 8, 8 + 16, 8 + 32, 8 + 8],
        "the first three fingers are the successor"
    );
}

#[test]
fn in_2001_every_finger_is_refreshed_at_each_call() {
    let effects = member(config(Rules::Sigcomm2001)).timer(Timer::Stabilize);
    let keys = sent(&effects).into_iter().filter_map(|(_, msg)| match msg {
        Msg::NextHop { key, .. } => Some(key.number()),
        _ => None,
    });
    assert_eq!(keys.collect::<Vec<_>>(), [16, 24, 40]);
}

#[test]
fn a_finger_is_what_its_lookup_finds() {
    let mut node = member(config(Rules::Ton2003));
    let effects = node.timer(Timer::Stabilize);
    node.message(NodeAddr(14), step(next_hop(&effects, 14), Step::Owner(contact(18))));
    assert_eq!(node.node.fingers().get(3), Some(contact(18)));
}

// Leaving: ToN, section IV-E.4.

#[test]
fn a_leaver_tells_its_successor_and_its_predecessor_iv_e_4() {
    let effects = member(config(Rules::Ton2003)).stop();
    let successors = contacts([14, 21, 32]).into();
    let id = Id::new(8);
    let expected = [
        (
            14,
            Msg::PredecessorLeaving {
                id,
                predecessor: Some(contact(1)),
            },
        ),
        (1, Msg::SuccessorLeaving { id, successors }),
    ];
    assert_eq!(sent(&effects), expected);
    assert!(
        joining(config(Rules::Ton2003)).0.stop().is_empty(),
        "who has not joined has nobody to tell"
    );
}

#[test]
fn the_successor_of_a_leaver_takes_its_predecessor_iv_e_4() {
    let mut node = member(config(Rules::Ton2003));
    node.message(
        NodeAddr(1),
        Msg::PredecessorLeaving {
            id: Id::new(1),
            predecessor: Some(contact(56)),
        },
    );
    assert_eq!(node.node.predecessor(), Some(contact(56)));
    node.message(
        NodeAddr(1),
        Msg::PredecessorLeaving {
            id: Id::new(1),
            predecessor: Some(contact(51)),
        },
    );
    assert_eq!(
        node.node.predecessor(),
        Some(contact(56)),
        "it is told by its predecessor only"
    );
}

#[test]
fn the_predecessor_of_a_leaver_appends_the_last_of_its_list_iv_e_4() {
    let mut node = member(config(Rules::Ton2003));
    let leaving = |id, successors: Vec<Contact>| Msg::SuccessorLeaving {
        id: Id::new(id),
        successors: successors.into(),
    };
    node.message(NodeAddr(14), leaving(14, contacts([21, 32, 38])));
    assert_eq!(node.node.successors(), contacts([21, 32, 38]));
    node.message(NodeAddr(32), leaving(32, contacts([42, 48])));
    assert_eq!(
        node.node.successors(),
        contacts([21, 38, 48]),
        "42 is skipped: why the corrected rules do not"
    );
    let mut node = member(config(Rules::Corrected));
    node.message(NodeAddr(32), leaving(32, contacts([42, 48])));
    assert_eq!(node.node.successors(), contacts([14, 21]));
    node.message(NodeAddr(14), leaving(14, contacts([21, 32, 38])));
    assert_eq!(node.node.successors(), contacts([21, 32, 38]));
}

// Bad input.

#[test]
fn answers_that_nobody_waits_for_are_dropped_and_counted() {
    let mut node = member(config(Rules::Corrected));
    let effects = node.timer(Timer::Stabilize);
    let request = get_neighbours(&effects, 14);
    for (from, msg) in [
        (21, neighbours(21, None, Vec::new(), request)),
        (
            14,
            Msg::Pong {
                request: RequestId(77),
                id: Id::new(14),
            },
        ),
        (14, step(request, Step::DeadEnd)),
    ] {
        assert_eq!(
            told(&node.message(NodeAddr(from), msg)),
            [Event::Dropped(Dropped::StaleAnswer)]
        );
    }
    assert_eq!(node.node.successors(), contacts([14, 21, 32]));
    node.message(NodeAddr(14), neighbours(14, Some(8), contacts([21]), request));
    assert_eq!(node.node.successors(), contacts([14, 21]), "the request was still open");
}

#[test]
fn identifiers_from_another_ring_and_ones_own_are_dropped_and_counted() {
    let mut node = member(config(Rules::Corrected));
    let effects = node.message(NodeAddr(3), Msg::Notify { id: Id::new(64) });
    assert_eq!(told(&effects), [Event::Dropped(Dropped::ForeignIdentifier)]);
    let effects = node.message(NodeAddr(3), Msg::Notify { id: Id::new(8) });
    assert_eq!(told(&effects), [Event::Dropped(Dropped::OwnIdentifier)]);
    assert_eq!(node.node.predecessor(), Some(contact(1)));
}

#[test]
fn an_answer_cancels_its_time_out() {
    let mut node = member(config(Rules::Corrected));
    let effects = node.timer(Timer::Stabilize);
    let request = get_neighbours(&effects, 14);
    let set = effects.iter().find_map(|effect| match effect {
        Effect::SetTimer { id, delay, timer } if *timer == Timer::Request(request) => Some((*id, *delay)),
        _ => None,
    });
    let (id, delay) = set.expect("a time-out");
    assert_eq!(delay, SimDuration::from_millis(500));
    let effects = node.message(NodeAddr(14), neighbours(14, Some(8), contacts([21]), request));
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::CancelTimer(cancelled) if *cancelled == id))
    );
}

// i3.

/// The messages of one round, as their kinds and receivers.
fn i3_round(node: &mut Recorder<Chord>) -> Vec<(u32, i3::Msg)> {
    sent(&node.timer(Timer::Stabilize))
        .into_iter()
        .map(|(to, msg)| match msg {
            Msg::I3(msg) => (to, msg),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn an_i3_round_pings_one_entry_stabilizes_and_looks_up_one_backup_and_one_finger() {
    let mut node = member(config(Rules::I3));
    let id = Id::new(8);
    let find = |key| i3::Msg::FindSuccessor {
        key: Id::new(key),
        origin: NodeAddr(8),
        ttl: 64,
    };
    // Its list: 14 21 32 (successors), 42 (finger), 1 (predecessor).
    let round = i3_round(&mut node);
    let expected = [
        (14, i3::Msg::Ping { id }),
        (14, i3::Msg::Stab { id }),
        (1, i3::Msg::Ping { id }),
        (14, find(15)),
        (32, find(8 + 32)),
    ];
    assert_eq!(round, expected);
    let round = i3_round(&mut node);
    assert_eq!(
        round[..3],
        [
            (14, i3::Msg::Ping { id }),
            (21, i3::Msg::Ping { id }),
            (14, i3::Msg::Stab { id })
        ]
    );
    assert_eq!((round[3], round.last()), ((21, find(22)), Some(&(32, find(8 + 16)))));
    assert!(
        round[4].0 == 42 && matches!(round[4].1, i3::Msg::FindSuccessor { .. }),
        "a backup predecessor"
    );
}

#[test]
fn the_finger_index_of_i3_walks_down_to_the_successor_and_starts_again() {
    let mut node = member(config(Rules::I3));
    let mut cycle = Vec::new();
    for _ in 0..8 {
        // Who is pinged answers.
        let round = i3_round(&mut node);
        for (to, msg) in &round {
            if matches!(msg, i3::Msg::Ping { .. }) {
                let id = Id::new(u128::from(*to));
                node.message(NodeAddr(*to), Msg::I3(i3::Msg::Pong { id }));
            }
        }
        let keys = round
            .iter()
            .filter(|(to, _)| *to == 32)
            .filter_map(|(_, msg)| match msg {
                i3::Msg::FindSuccessor { key, .. } => Some(key.number()),
                _ => None,
            });
        cycle.push(keys.collect::<Vec<_>>());
    }
    let starts =
        |at: usize| cycle[at].contains(&(8 + 32)) && cycle[at + 1].contains(&24) && cycle[at + 2].contains(&16);
    assert!(starts(0) && starts(4), "{cycle:?}");
    assert!(
        cycle[3].iter().any(|key| (9..14).contains(key)),
        "a random identifier before the successor: {cycle:?}"
    );
}

/// ToN, section IV-D: a node has about `log2 n` different fingers; i3 needs a round for each and one for the turn.
#[test]
fn a_finger_cycle_of_i3_takes_about_log_n_rounds_and_one() {
    let config = Config {
        rules: Rules::I3,
        ..Config::default()
    };
    let nodes = 256;
    let ids = distinct_ids(nodes, config.space(), &mut StreamKey::root(3, 0).rng()).expect("a wide ring");
    let ring = Ring::new(
        &config,
        ids.iter().zip(0..).map(|(id, addr)| Contact {
            id: *id,
            addr: NodeAddr(addr),
        }),
    );
    let (mut rounds, mut turns) = (0, 0);
    for &Contact { id, addr } in ring.members().iter().step_by(8) {
        let init = Init::Ready {
            id,
            tables: Box::new(ring.tables(id)),
        };
        let mut node = Recorder::new(addr, init, config.clone(), 1);
        let successor = ring.tables(id).successors[0].id;
        let mut last_turn = None;
        for round in 0..100 {
            for (to, msg) in i3_round(&mut node) {
                match msg {
                    i3::Msg::Ping { .. } => {
                        let id = ids[to as usize];
                        node.message(NodeAddr(to), Msg::I3(i3::Msg::Pong { id }));
                    }
                    i3::Msg::FindSuccessor { key, .. } if in_open(id, key, successor) => {
                        rounds += last_turn.map_or(0, |last| round - last);
                        turns += usize::from(last_turn.is_some());
                        last_turn = Some(round);
                    }
                    _ => {}
                }
            }
        }
    }
    let mean = rounds as f64 / turns as f64;
    assert!((mean - 9.0).abs() < 1.0, "log2 256 + 1 = 9, not {mean}");
}

#[test]
fn i3_drops_an_entry_after_five_unanswered_pings() {
    let mut node = member(config(Rules::I3));
    for _ in 0..6 {
        let round = i3_round(&mut node);
        for (to, msg) in round {
            if to != 14 && matches!(msg, i3::Msg::Ping { .. }) {
                node.message(
                    NodeAddr(to),
                    Msg::I3(i3::Msg::Pong {
                        id: Id::new(u128::from(to)),
                    }),
                );
            }
        }
    }
    assert_eq!(node.node.successors(), contacts([21, 32, 42]));
}

#[test]
fn i3_uses_a_node_heard_of_only_when_it_has_answered() {
    let mut node = member(config(Rules::I3));
    let effects = node.message(NodeAddr(14), Msg::I3(i3::Msg::StabReply(contact(11))));
    assert!(sent(&effects).contains(&(11, Msg::I3(i3::Msg::Ping { id: Id::new(8) }))));
    assert!(is_notify(&sent(&effects), 14));
    assert_eq!(node.node.successors()[0], contact(14));
    node.message(NodeAddr(11), Msg::I3(i3::Msg::Pong { id: Id::new(11) }));
    assert_eq!(node.node.successors()[0], contact(11));
}

/// See the deviations of [`i3`]: a passive entry would not be used, however often others name it.
#[test]
fn i3_pings_whoever_pings_while_it_has_not_answered_itself() {
    let mut node = member(config(Rules::I3));
    let ping = |id| Msg::I3(i3::Msg::Ping { id: Id::new(id) });
    let back = (11, ping(8));
    let effects = node.message(NodeAddr(11), ping(11));
    assert!(sent(&effects).contains(&back));
    // The ping is on its way: no other until the next round.
    assert!(!sent(&node.message(NodeAddr(11), ping(11))).contains(&back));
    node.message(NodeAddr(11), Msg::I3(i3::Msg::Pong { id: Id::new(11) }));
    assert!(!sent(&node.message(NodeAddr(11), ping(11))).contains(&back));
}

/// The addressee of data is known to more nodes than its predecessor.
#[test]
fn data_goes_at_once_to_a_node_that_is_known_under_the_rules_of_i3_only() {
    let route = |rules| {
        let node = member(config(rules));
        node.node.route(&node.config, Id::new(42))
    };
    assert_eq!(route(Rules::I3), Step::Owner(contact(42)));
    assert_eq!(route(Rules::Ton2003), Step::Closer(contact(32)));
}

#[test]
fn i3_cleaning_keeps_successors_predecessors_and_fingers() {
    let mut node = member(Config {
        successors: 2,
        ..config(Rules::I3)
    });
    // 8 knows 14 21 32 42 1, and hears of these.
    for id in [23, 26, 27, 33, 36, 43, 44, 47, 5, 3] {
        node.message(
            NodeAddr(id),
            Msg::I3(i3::Msg::Pong {
                id: Id::new(u128::from(id)),
            }),
        );
    }
    // The very first round cleans.
    i3_round(&mut node);
    let known: Vec<u32> = node
        .node
        .i3_list()
        .expect("a list")
        .known()
        .map(|contact| contact.addr.0)
        .collect();
    // Successors 14 21; finger 16: 21, 24: 26, 40: 42; predecessors 1 3 5.
    assert_eq!(known, [14, 21, 26, 42, 1, 3, 5]);
}

#[test]
fn i3_answers_find_successor_as_the_keys_predecessor_or_passes_it_on_until_its_time_to_live_ends() {
    let mut node = member(config(Rules::I3));
    let find = |key, ttl| {
        Msg::I3(i3::Msg::FindSuccessor {
            key: Id::new(key),
            origin: NodeAddr(56),
            ttl,
        })
    };
    assert_eq!(
        sent(&node.message(NodeAddr(1), find(12, 9))),
        [(56, Msg::I3(i3::Msg::FoundSuccessor(contact(14))))]
    );
    assert_eq!(sent(&node.message(NodeAddr(1), find(30, 9))), [(21, find(30, 8))]);
    assert!(node.message(NodeAddr(1), find(30, 1)).is_empty());
}

#[test]
fn an_i3_node_has_joined_when_its_successor_has_answered_and_gives_up_after_five_rounds() {
    let (mut node, effects) = joining(config(Rules::I3));
    let find = Msg::I3(i3::Msg::FindSuccessor {
        key: Id::new(8),
        origin: NodeAddr(8),
        ttl: 64,
    });
    assert_eq!(sent(&effects), [(56, find.clone())]);
    assert_eq!(sent(&node.timer(Timer::Stabilize)), [(56, find)]);
    node.message(NodeAddr(1), Msg::I3(i3::Msg::FoundSuccessor(contact(14))));
    let effects = node.message(NodeAddr(14), Msg::I3(i3::Msg::Pong { id: Id::new(14) }));
    assert_eq!(told(&effects), [Event::Joined]);
    let (mut node, _) = joining(config(Rules::I3));
    let told = (0..5)
        .flat_map(|_| told(&node.timer(Timer::Stabilize)))
        .collect::<Vec<_>>();
    assert_eq!(told, [Event::JoinFailed(JoinFailure::Lookup(Failure::Timeout))]);
}
