//! The check of global consistency: 2001, section 7.

use super::*;

fn checking(rules: Rules) -> Config {
    Config {
        consistency_check: Some(ConsistencyCheck {
            period: SimDuration::from_secs(60),
            memory: 4,
        }),
        ..config(rules)
    }
}

/// Node 8 has somebody look it up; who is asked, and the request.
fn check(node: &mut Recorder<Chord>) -> (u32, RequestId) {
    let effects = node.timer(Timer::Check);
    let next = effects
        .iter()
        .any(|effect| matches!(effect, Effect::SetTimer { timer: Timer::Check, delay, .. } if (30..=90).contains(&(delay.as_nanos() / 1_000_000_000))));
    assert!(next, "{effects:?}");
    match sent(&effects)[..] {
        [(to, Msg::NextHop { request, key, .. })] if key == Id::new(8) => (to, request),
        ref other => panic!("{other:?}"),
    }
}

/// A member whose start set the timer of the check.
fn started(rules: Rules) -> Recorder<Chord> {
    let config = checking(rules);
    let ring = Ring::new(&config, contacts([1, 8, 14, 21, 32, 38, 42, 48, 51, 56]));
    let id = Id::new(8);
    let tables = Box::new(ring.tables(id));
    let mut node = Recorder::new(NodeAddr(8), Init::Ready { id, tables }, config, 1);
    let effects = node.start();
    let set = |effect: &Effect<Chord>| {
        matches!(
            effect,
            Effect::SetTimer {
                timer: Timer::Check,
                ..
            }
        )
    };
    assert_eq!(effects.iter().filter(|effect| set(effect)).count(), 1);
    node
}

#[test]
fn somebody_met_is_asked_to_look_up_the_node_and_finds_it_2001_7() {
    let mut node = started(Rules::Ton2003);
    let (asked, request) = check(&mut node);
    assert!([21, 32, 42].contains(&asked), "a finger, not {asked}");
    let effects = node.message(NodeAddr(asked), step(request, Step::Owner(contact(8))));
    assert!(sent(&effects).is_empty(), "all is well: {effects:?}");
}

#[test]
fn an_owner_of_another_ring_before_the_successor_is_adopted() {
    for rules in [Rules::Ton2003, Rules::Corrected] {
        let mut node = started(rules);
        let (asked, request) = check(&mut node);
        let effects = node.message(NodeAddr(asked), step(request, Step::Owner(contact(11))));
        if rules == Rules::Corrected {
            let request = get_neighbours(&effects, 11);
            assert_eq!(node.node.successors()[0], contact(14), "only when it has answered");
            let answer = neighbours(11, Some(5), contacts([17, 25]), request);
            assert!(is_notify(&sent(&node.message(NodeAddr(11), answer)), 11));
        } else {
            assert!(is_notify(&sent(&effects), 11));
        }
        assert_eq!(node.node.successors()[0], contact(11));
    }
}

#[test]
fn an_owner_of_another_ring_behind_the_successor_is_told_of_the_node() {
    let mut node = started(Rules::Corrected);
    let (asked, request) = check(&mut node);
    let effects = node.message(NodeAddr(asked), step(request, Step::Owner(contact(17))));
    assert!(is_notify(&sent(&effects), 17));
    assert_eq!(node.node.successors()[0], contact(14));
}

#[test]
fn one_check_at_a_time_and_none_without_acquaintances() {
    let mut node = started(Rules::Corrected);
    check(&mut node);
    assert!(sent(&node.timer(Timer::Check)).is_empty());
    let (mut joining, effects) = joining(checking(Rules::Corrected));
    assert!(!effects.iter().any(|effect| matches!(
        effect,
        Effect::SetTimer {
            timer: Timer::Check,
            ..
        }
    )));
    assert!(joining.timer(Timer::Check).is_empty(), "it is no member yet");
}
