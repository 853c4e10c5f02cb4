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
    let Some((violation, text)) = outcome.violation else { panic!("{rules:?} keeps the ring: {schedule:?}") };
    assert_eq!(violation.invariant, invariant, "{text}");
    let corrected = schedule.run(Rules::Corrected);
    assert!(corrected.violation.is_none(), "{corrected:?}");
    assert!(corrected.error.ring_is_ideal(), "{corrected:?}");
    text
}

fn silent(act: &Act) -> bool {
    !matches!(act, Act::Leave { departure: Departure::Graceful, .. })
}

#[test]
#[ignore = "a tool: prints the smallest schedules for this file"]
fn search_for_the_smallest_schedules() {
    for (name, rules) in Rules::NAMES.into_iter().filter(|(_, rules)| *rules != Rules::Corrected) {
        for invariant in [Invariant::BaseNotSkipped, Invariant::ConnectedAppendages, Invariant::AtLeastOneRing] {
            let any = smallest_breaking(rules, Some(invariant), 0..3_000, |_| true);
            println!("{name}, {invariant}: {any:?}");
            let without_leave = smallest_breaking(rules, Some(invariant), 0..30_000, silent);
            println!("{name}, {invariant}, nobody leaves gracefully: {without_leave:?}");
        }
    }
}
