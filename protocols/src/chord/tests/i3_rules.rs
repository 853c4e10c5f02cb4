//! The rules of i3.

use super::*;
use crate::chord::LookupEnd;
use crate::id::distinct_ids;

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

/// Fujita et al. 2005, Fig. 3: the responsible node answers, also where the one before it is behind.
#[test]
fn a_lookup_of_i3_can_end_at_the_owner() {
    let find = |key, ttl| {
        Msg::I3(i3::Msg::FindSuccessor {
            key: Id::new(key),
            origin: NodeAddr(50),
            ttl,
        })
    };
    let claim = |key, ttl| {
        Msg::I3(i3::Msg::Responsible {
            key: Id::new(key),
            origin: NodeAddr(50),
            ttl,
        })
    };
    let found = |contact| Msg::I3(i3::Msg::FoundSuccessor(contact));
    let [successor] = contacts([14])[..] else {
        panic!("one contact");
    };
    // Node 8, whose successor is 14 and whose predecessor is 1.
    let mut at_predecessor = member(config(Rules::I3));
    assert_eq!(
        sent(&at_predecessor.message(NodeAddr(1), find(10, 9))),
        [(50, found(successor))]
    );
    let mut node = member(Config {
        lookup_end: LookupEnd::Owner,
        ..config(Rules::I3)
    });
    assert_eq!(sent(&node.message(NodeAddr(1), find(10, 9))), [(14, claim(10, 8))]);
    let me = node.node.contact();
    assert_eq!(sent(&node.message(NodeAddr(1), claim(5, 1))), [(50, found(me))]);
    // The key lies before its predecessor, which is asked in its place.
    assert_eq!(sent(&node.message(NodeAddr(60), claim(0, 8))), [(1, claim(0, 7))]);
    assert_eq!(
        sent(&node.message(NodeAddr(60), claim(0, 1))),
        [],
        "its time to live is over"
    );
}

/// Nobody answers a node any more: it stays as a ring of its own, or is no member.
#[test]
fn who_has_lost_all_others_stays_a_ring_of_its_own_or_is_out() {
    for stays_alone in [true, false] {
        let mut node = member(Config {
            stays_alone,
            ..config(Rules::I3)
        });
        assert!(!node.node.successors().is_empty());
        let rounds = (0..100)
            .flat_map(|_| told(&node.timer(Timer::Stabilize)))
            .collect::<Vec<_>>();
        assert_eq!(rounds.contains(&Event::Isolated), !stays_alone, "{rounds:?}");
        assert!(node.node.successors().is_empty());
        // Whoever joins through the node that has stayed is answered.
        let joins = i3::Msg::FindSuccessor {
            key: Id::new(50),
            origin: NodeAddr(50),
            ttl: 64,
        };
        let answers = sent(&node.message(NodeAddr(50), Msg::I3(joins)));
        assert_eq!(answers.is_empty(), !stays_alone, "{answers:?}");
    }
}
