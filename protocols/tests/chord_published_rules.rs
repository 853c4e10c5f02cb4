//! Each published rule set breaks an invariant of the ring: the smallest schedules that the search has found.
//!
//! A schedule breaks the ring only together with the delays that its seed draws. Should the streams of random numbers
//! ever change, `search_for_the_smallest_schedules` finds others.

mod support;

use protocols::chord::Rules;
use protocols::chord::invariants::Invariant;
use sim_core::world::Departure;
use support::{Act, Schedule, smallest_breaking};

/// The schedule breaks this invariant under these rules, and none under the corrected ones, whose ring becomes ideal.
fn breaks(schedule: &Schedule, rules: Rules, invariant: Invariant) -> String {
    let outcome = schedule.run(rules);
    let Some((violation, text)) = outcome.violation else {
        panic!("{rules:?} keeps the invariants: {schedule:?}")
    };
    assert_eq!(violation.invariant, invariant, "{text}");
    let corrected = schedule.run(Rules::Corrected);
    assert!(corrected.violation.is_none(), "{corrected:?}");
    assert!(corrected.error.ring_is_ideal(), "{corrected:?}");
    text
}

fn silent(act: &Act) -> bool {
    !matches!(
        act,
        Act::Leave {
            departure: Departure::Graceful,
            ..
        }
    )
}

#[test]
#[ignore = "a tool: prints the smallest schedules for this file"]
fn search_for_the_smallest_schedules() {
    for (name, rules) in Rules::NAMES.into_iter().filter(|(_, rules)| *rules != Rules::Corrected) {
        for invariant in [
            Invariant::BaseNotSkipped,
            Invariant::ConnectedAppendages,
            Invariant::AtLeastOneRing,
        ] {
            let any = smallest_breaking(rules, Some(invariant), 0..3_000, |_| true);
            println!("{name}, {invariant}: {any:?}");
            let without_leave = smallest_breaking(rules, Some(invariant), 0..30_000, silent);
            println!("{name}, {invariant}, nobody leaves gracefully: {without_leave:?}");
        }
    }
}

#[test]
fn the_search_finds_and_shrinks() {
    let found = smallest_breaking(Rules::Ton2003, None, 100..200, |_| true).expect("some schedule in a hundred");
    let breaks = |schedule: &Schedule| {
        schedule
            .run(Rules::Ton2003)
            .violation
            .map(|(violation, _)| violation.invariant)
    };
    let broken = breaks(&found);
    assert!(broken.is_some());
    for at in 0..found.acts.len() {
        let mut smaller = found.clone();
        smaller.acts.remove(at);
        let spared = breaks(&smaller) != broken || smaller.run(Rules::Corrected).violation.is_some();
        assert!(spared, "act {at} is not needed: {found:?}");
    }
}

fn join(node: u32, id: u128, through: u32) -> Act {
    Act::Join { node, id, through }
}

fn leave(node: u32, departure: Departure) -> Act {
    Act::Leave { node, departure }
}

/// Two neighbours, 54 and 55, leave gracefully, one soon after the other. The predecessor of 54, still without the
/// change that the first one made, appends the last entry of a list that begins elsewhere than its own ends: node 10 of
/// the stable base is skipped (ToN, section IV-E.4).
#[test]
fn appending_the_last_entry_of_a_leavers_list_skips_a_member() {
    let schedule = Schedule {
        id_bits: 6,
        successors: 3,
        members: vec![47, 21, 8, 10, 55, 54],
        acts: vec![
            (1781, leave(4, Departure::Graceful)),
            (2141, leave(5, Departure::Graceful)),
        ],
        seed: 2930,
    };
    for rules in [Rules::Sigcomm2001, Rules::Ton2003] {
        breaks(&schedule, rules, Invariant::BaseNotSkipped);
    }
}

/// Node 57 adopts its successor's predecessor, 2, which is dead, without asking it; it takes the place of the last
/// living entry in the list. When the successor dies too, the ring is broken: the fault that Zave found first.
#[test]
fn adopting_a_dead_predecessor_of_the_successor_breaks_the_ring_of_2003() {
    let schedule = Schedule {
        id_bits: 6,
        successors: 2,
        members: vec![5, 50, 40, 57, 3],
        acts: vec![
            (389, join(9, 2, 7)),
            (1077, leave(9, Departure::Silent)),
            (1332, leave(4, Departure::Silent)),
        ],
        seed: 37,
    };
    let text = breaks(&schedule, Rules::Ton2003, Invariant::AtLeastOneRing);
    assert!(
        text.contains("32@n1 -> 39@n3 -> 2@n9* 3@n4*"),
        "both successors of 57 are dead: {text}"
    );
}

/// The same fault under the rules of 2001.
#[test]
fn adopting_a_dead_predecessor_of_the_successor_breaks_the_ring_of_2001() {
    let schedule = Schedule {
        id_bits: 6,
        successors: 2,
        members: vec![7, 4, 20, 63],
        acts: vec![
            (140, join(8, 37, 1)),
            (543, leave(8, Departure::Silent)),
            (829, leave(3, Departure::Silent)),
        ],
        seed: 28875,
    };
    breaks(&schedule, Rules::Sigcomm2001, Invariant::AtLeastOneRing);
}

/// A node that joins cuts a living member off: its only successors are dead ones that it adopted.
#[test]
fn a_joining_node_that_adopts_the_dead_is_no_connected_appendage() {
    let schedule = Schedule {
        id_bits: 5,
        successors: 2,
        members: vec![27, 24, 16],
        acts: vec![
            (341, join(8, 13, 1)),
            (430, join(10, 21, 11)),
            (1390, join(6, 9, 2)),
            (2244, join(4, 30, 6)),
            (2436, leave(6, Departure::Silent)),
            (2934, leave(8, Departure::Silent)),
        ],
        seed: 10363,
    };
    for rules in [Rules::Sigcomm2001, Rules::Ton2003] {
        breaks(&schedule, rules, Invariant::ConnectedAppendages);
    }
}

/// i3 puts its list together from single answers: a node that has just joined takes whom it heard of for its
/// successors, whoever may lie between. One join is enough.
#[test]
fn a_list_put_together_from_single_answers_skips_members_in_i3() {
    let schedule = Schedule {
        id_bits: 5,
        successors: 2,
        members: vec![9, 19, 20],
        acts: vec![(2, join(9, 29, 7))],
        seed: 2145,
    };
    breaks(&schedule, Rules::I3, Invariant::BaseNotSkipped);
}

/// The rules of 2001 never forget a predecessor that has died: its successor goes on naming it, and one silent failure
/// keeps the ring from ever becoming ideal. `check_predecessor` (ToN) and `rectify` (Zave) mend that.
#[test]
fn after_one_silent_failure_the_ring_of_2001_never_settles() {
    let acts = vec![(829, leave(3, Departure::Silent))];
    let schedule = Schedule {
        id_bits: 6,
        successors: 2,
        members: vec![7, 4, 20, 63],
        acts,
        seed: 1,
    };
    assert!(!schedule.run(Rules::Sigcomm2001).error.ring_is_ideal());
    for rules in [Rules::Ton2003, Rules::I3, Rules::Corrected] {
        assert!(schedule.run(rules).error.ring_is_ideal(), "{rules:?}");
    }
}
