//! The corrected rules keep the ring under churn (Zave).

mod support;

use protocols::chord::Rules;
use support::Schedule;

/// Zave's theorem, as far as random schedules reach: with a stable base of more members than a successor list is long,
/// and no member ever left without a living successor, every invariant holds after every event, and once churn stops
/// the ring becomes ideal.
#[test]
fn the_corrected_rules_keep_every_invariant_and_the_ring_becomes_ideal() {
    let (mut checks, mut joins, mut departures) = (0, 0, 0);
    for seed in 0..10_000 {
        let schedule = Schedule::random(seed);
        let outcome = schedule.run(Rules::Corrected);
        if let Some((_, text)) = outcome.violation {
            panic!("schedule of seed {seed}: {text}\n{schedule:?}");
        }
        assert!(
            outcome.error.ring_is_ideal(),
            "schedule of seed {seed} has not settled: {:?}\n{schedule:?}",
            outcome.error
        );
        checks += outcome.checks;
        joins += outcome.joins;
        departures += outcome.departures;
    }
    println!("{checks} checks, {joins} joins, {departures} departures");
    assert!(
        checks > 250_000 && joins > 25_000 && departures > 25_000,
        "{checks} checks, {joins} joins, {departures} departures"
    );
}
