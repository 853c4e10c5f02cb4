//! Proximity by samples: ToN, section V-F; and as Dabek et al. 2004 have it.

use super::*;

fn near(choice: Choice, samples: usize) -> Config {
    Config {
        successors: 4,
        route_with_successors: false,
        proximity: Some(Proximity {
            samples,
            choice,
            successors: true,
            delays: Delays::Probe,
        }),
        ..config(Rules::Ton2003)
    }
}

fn pong(from: u32, request: RequestId) -> Msg {
    let id = Id::new(u128::from(from));
    Msg::Pong { request, id }
}

/// Node 8 of the ring of Fig. 4, all of whose pings have been answered, by each node after so many milliseconds.
fn measured(config: Config, delays: &[(u32, u64)]) -> Recorder<Chord> {
    let ring = Ring::new(&config, contacts([1, 8, 14, 21, 32, 38, 42, 48, 51, 56]));
    let id = Id::new(8);
    let tables = Box::new(ring.tables(id));
    let mut node = Recorder::new(NodeAddr(8), Init::Ready { id, tables }, config, 1);
    let pings = sent(&node.start());
    let mut answers: Vec<(u64, u32, Msg)> = Vec::new();
    for (to, msg) in pings {
        let Msg::Ping { request } = msg else { panic!("{msg:?}") };
        if let Some((_, millis)) = delays.iter().find(|(addr, _)| *addr == to) {
            answers.push((*millis, to, pong(to, request)));
        } else {
            node.timer(Timer::Request(request));
        }
    }
    answers.sort_by_key(|(millis, ..)| *millis);
    let mut now = 0;
    for (millis, from, msg) in answers {
        node.advance(SimDuration::from_millis(millis - now));
        now = millis;
        node.message(NodeAddr(from), msg);
    }
    node
}

/// The others, the farther the later on the ring, but 38 and 48 near, and 51 nearer still.
const DELAYS: [(u32, u64); 9] = [
    (14, 50),
    (21, 60),
    (32, 70),
    (38, 20),
    (42, 80),
    (48, 30),
    (51, 10),
    (56, 90),
    (1, 95),
];

fn hop(node: &Recorder<Chord>, key: u32, avoid: &[NodeAddr]) -> Step {
    node.node
        .find_successor_step(&node.config, Id::new(u128::from(key)), avoid)
}

#[test]
fn a_step_goes_to_the_nearest_of_a_finger_and_its_successors_that_precedes_the_key_v_f() {
    let node = measured(near(Choice::Alternates, 4), &DELAYS);
    // Finger 32: 32 38 42 48. Finger 42: 42 48 51 56.
    assert_eq!(hop(&node, 36, &[]), Step::Closer(contact(32)), "38 lies beyond the key");
    assert_eq!(hop(&node, 40, &[]), Step::Closer(contact(38)));
    assert_eq!(hop(&node, 50, &[]), Step::Closer(contact(48)), "51 lies beyond the key");
    assert_eq!(hop(&node, 60, &[]), Step::Closer(contact(51)));
    assert_eq!(hop(&node, 60, &[NodeAddr(51)]), Step::Closer(contact(48)));
    assert_eq!(hop(&node, 60, &[NodeAddr(51), NodeAddr(48)]), Step::Closer(contact(42)));
    let fingers: Vec<_> = node.node.fingers().contacts().collect();
    assert_eq!(fingers, contacts([21, 32, 42]), "the fingers are what they were");
}

#[test]
fn with_one_sample_it_is_chord_without_proximity_v_f() {
    let (one, without) = (
        measured(near(Choice::Alternates, 1), &DELAYS),
        member(Config {
            proximity: None,
            ..near(Choice::Alternates, 1)
        }),
    );
    for key in 0..64 {
        assert_eq!(hop(&one, key, &[]), hop(&without, key, &[]), "{key}");
    }
}

#[test]
fn the_nearest_node_of_its_interval_is_the_finger_dabek_2004() {
    let node = measured(near(Choice::Fingers, 5), &DELAYS);
    let finger = |index| node.node.fingers().get(index);
    // [24, 40): 32 38. [40, 8): 42 48 51 56 1.
    assert_eq!((finger(4), finger(5)), (Some(contact(38)), Some(contact(51))));
    assert_eq!(hop(&node, 36, &[]), Step::Closer(contact(21)), "38 lies beyond the key");
    assert_eq!(hop(&node, 60, &[]), Step::Closer(contact(51)));
}

#[test]
fn a_step_to_a_successor_goes_to_the_nearest_that_precedes_the_key() {
    let delays = [(14, 50), (21, 20), (32, 30), (38, 40)];
    let with = measured(near(Choice::Alternates, 4), &delays);
    let mut without = near(Choice::Alternates, 4);
    without.proximity = without.proximity.map(|proximity| Proximity {
        successors: false,
        ..proximity
    });
    let without = measured(without, &delays);
    // No finger precedes 21, and the successor is 14.
    assert_eq!(hop(&with, 21, &[]), Step::Closer(contact(14)));
    let fingers_avoided = contacts([21, 32, 42]).into_iter().map(|finger| finger.addr);
    let avoid: Vec<NodeAddr> = fingers_avoided.clone().chain([NodeAddr(51)]).collect();
    assert_eq!(hop(&with, 40, &avoid), Step::Closer(contact(14)));
    assert_eq!(hop(&without, 40, &avoid), Step::Closer(contact(14)));
    // With the fingers gone, all of the list is left.
    let (mut with, mut without) = (with, without);
    for node in [&mut with, &mut without] {
        (0..6).for_each(|index| node.node.fingers.forget(index));
    }
    assert_eq!(hop(&with, 40, &[]), Step::Closer(contact(21)));
    assert_eq!(hop(&without, 40, &[]), Step::Closer(contact(14)));
}

#[test]
fn a_finger_that_was_looked_up_is_asked_for_its_successors_and_all_are_pinged() {
    let mut node = measured(near(Choice::Alternates, 3), &DELAYS);
    let effects = node.timer(Timer::Stabilize);
    // The finger that starts at 16.
    let effects = node.message(NodeAddr(14), step(next_hop(&effects, 14), Step::Owner(contact(18))));
    assert_eq!(node.node.fingers().get(3), Some(contact(18)));
    let request = get_neighbours(&effects, 18);
    let effects = node.message(NodeAddr(18), neighbours(18, Some(14), contacts([21, 32, 38]), request));
    let pinged: Vec<u32> = sent(&effects).into_iter().map(|(to, _)| to).collect();
    assert_eq!(pinged, [18, 21, 32]);
    for (millis, from) in [(5, 32), (5, 18), (5, 21)] {
        node.advance(SimDuration::from_millis(millis));
        let msg = pong(from, ping(&effects, from));
        node.message(NodeAddr(from), msg);
    }
    assert_eq!(hop(&node, 34, &[]), Step::Closer(contact(32)), "its own finger");
    let avoid = [NodeAddr(18)];
    // 32 answered first, though it comes last; 21 is farther away than 18 and is not kept.
    node.node.fingers.forget(4);
    assert_eq!(hop(&node, 34, &[]), Step::Closer(contact(32)));
    assert_eq!(hop(&node, 30, &[]), Step::Closer(contact(18)));
    assert_ne!(hop(&node, 30, &avoid), Step::Closer(contact(21)));
}

#[test]
fn whoever_does_not_answer_a_ping_or_is_somebody_else_is_no_alternate() {
    let delays = DELAYS.map(|(addr, millis)| if addr == 51 { (999, 0) } else { (addr, millis) });
    let node = measured(near(Choice::Alternates, 4), &delays);
    assert_eq!(hop(&node, 60, &[]), Step::Closer(contact(48)));
}
