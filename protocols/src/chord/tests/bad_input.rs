//! Bad input.

use super::*;

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
