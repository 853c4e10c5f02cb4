//! Stabilisation: 2001, Fig. 7; ToN, Fig. 6 and section IV-E.3; Zave.

use super::*;

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
    assert_eq!(looked_up(&effects), [16, 24, 40]);
}

/// The keys that a node looks up.
fn looked_up(effects: &[Effect<Chord>]) -> Vec<u128> {
    let keys = sent(effects).into_iter().filter_map(|(_, msg)| match msg {
        Msg::NextHop { key, .. } => Some(key.number()),
        _ => None,
    });
    keys.collect()
}

/// p2psim's `pnstimer` and `base` (Li et al. 2005).
#[test]
fn fingers_with_a_period_of_their_own_are_all_refreshed_in_it_and_not_with_the_successor() {
    let with_base = |finger_base| {
        let period = Some(SimDuration::from_secs(60));
        let config = Config {
            finger_period: period,
            finger_base,
            ..config(Rules::Corrected)
        };
        member(config)
    };
    let mut node = with_base(2);
    assert_eq!(looked_up(&node.timer(Timer::Stabilize)), []);
    assert_eq!(looked_up(&node.timer(Timer::Fingers)), [8 + 8, 8 + 16, 8 + 32]);
    let four = with_base(4).timer(Timer::Fingers);
    assert_eq!(looked_up(&four), [8 + 8, 8 + 12, 8 + 16, 8 + 32, 8 + 48]);
}

#[test]
fn a_node_that_has_joined_looks_up_its_fingers_at_once_where_they_have_a_period() {
    let period = Some(SimDuration::from_secs(3600));
    let config = Config {
        finger_period: period,
        ..config(Rules::Corrected)
    };
    let init = Init::Join {
        id: Id::new(8),
        bootstrap: NodeAddr(21),
    };
    let mut node = Recorder::new(NodeAddr(8), init, config, 1);
    let effects = node.start();
    let effects = node.message(NodeAddr(21), step(next_hop(&effects, 21), Step::Owner(contact(14))));
    let request = get_neighbours(&effects, 14);
    let effects = node.message(NodeAddr(14), neighbours(14, Some(1), contacts([21, 32]), request));
    assert_eq!(looked_up(&effects), [8 + 8, 8 + 16, 8 + 32]);
}

#[test]
fn a_finger_is_what_its_lookup_finds() {
    let mut node = member(config(Rules::Ton2003));
    let effects = node.timer(Timer::Stabilize);
    node.message(NodeAddr(14), step(next_hop(&effects, 14), Step::Owner(contact(18))));
    assert_eq!(node.node.fingers().get(3), Some(contact(18)));
}
