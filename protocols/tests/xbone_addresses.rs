//! No pair of addresses is in two hands and none is lost, whatever becomes of messages, servers and clients.

mod xbone_support;

use sim_core::time::SimDuration;
use xbone_support::{Rates, Schedule, Tally};

const CALM: Rates = Rates {
    loss: 0.0,
    repeated: 0.0,
    client_ends: 0.0,
    server_ends: 0.0,
    term: None,
};

/// Runs schedules of 120 acts with the rates that a seed gives, and looks at each when it has settled.
fn schedules(seeds: std::ops::Range<u64>, rates: impl Fn(u64) -> Rates, look: impl Fn(u64, &mut Schedule)) -> Tally {
    let mut total = Tally::default();
    for seed in seeds {
        let mut schedule = Schedule::new(seed, rates(seed));
        schedule.run(120);
        schedule.settle();
        look(seed, &mut schedule);
        let tally = schedule.tally();
        total.leased += tally.leased;
        total.exhausted += tally.exhausted;
        total.elsewhere += tally.elsewhere;
        total.given_up += tally.given_up;
        total.repeated += tally.repeated;
        total.late += tally.late;
        total.released_again += tally.released_again;
        total.lost_in_backlog += tally.lost_in_backlog;
        total.server_ends += tally.server_ends;
        total.client_ends += tally.client_ends;
        total.expired += tally.expired;
    }
    println!("{total:?}");
    total
}

/// What settled is exactly what clients hold; when they release it, nothing is left.
fn nothing_leaks(seed: u64, schedule: &mut Schedule) {
    assert_eq!(schedule.handed_out(), schedule.held(), "seed {seed}: handed out, held");
    schedule.release_all();
    schedule.settle();
    assert_eq!(schedule.handed_out(), 0, "seed {seed}: all released");
}

#[test]
fn nothing_leaks_where_messages_are_lost_repeated_and_overtaken() {
    let rates = |seed| Rates {
        loss: (seed % 5) as f64 / 10.0,
        repeated: (seed % 3) as f64 / 10.0,
        ..CALM
    };
    let total = schedules(0..2000, rates, nothing_leaks);
    let rare = [
        total.exhausted,
        total.elsewhere,
        total.given_up,
        total.repeated,
        total.late,
        total.released_again,
    ];
    assert!(rare.iter().all(|count| *count > 1000), "{total:?}");
}

#[test]
fn nothing_leaks_where_servers_end_and_come_back_with_their_ledgers() {
    let rates = |seed| Rates {
        loss: (seed % 4) as f64 / 10.0,
        repeated: 0.1,
        server_ends: 0.02,
        ..CALM
    };
    let total = schedules(5000..7000, rates, nothing_leaks);
    assert!(total.server_ends > 1000 && total.given_up > 1000, "{total:?}");
}

#[test]
fn what_clients_took_with_them_comes_back_with_the_term_of_its_lease() {
    let term = SimDuration::from_secs(30);
    let rates = |seed| Rates {
        loss: (seed % 4) as f64 / 10.0,
        repeated: 0.1,
        client_ends: 0.05,
        server_ends: 0.01,
        term: Some(term),
    };
    let total = schedules(9000..10_000, rates, |seed, schedule| {
        // Those who are left renew; what is handed out after a term is theirs.
        schedule.pass(term + SimDuration::from_secs(1));
        schedule.settle();
        assert_eq!(schedule.handed_out(), schedule.held(), "seed {seed}: handed out, held");
    });
    assert!(
        total.client_ends > 1000 && total.expired > 1000 && total.leased > 10_000,
        "{total:?}"
    );
}

#[test]
fn without_a_term_what_both_ends_forgot_is_lost() {
    // The price of the paper's rule, and why there can be a term.
    let rates = |_| Rates {
        client_ends: 0.1,
        ..CALM
    };
    let leaks = std::cell::Cell::new(0);
    schedules(0..50, rates, |_, schedule| {
        assert!(schedule.handed_out() >= schedule.held());
        leaks.set(leaks.get() + u64::from(schedule.handed_out() > schedule.held()));
    });
    assert!(leaks.get() > 10, "{leaks:?} of 50");
}
