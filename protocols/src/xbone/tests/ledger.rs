//! Leases: what repetitions, late messages and strangers do to them.

use super::*;

fn ledger(prefix: &str, terms: Terms) -> Ledger {
    Ledger::new(BlockPool::parse(prefix).expect("a prefix"), terms)
}

/// A transaction of `from` at a time; the ledger is sound after it.
fn transact(ledger: &mut Ledger, seconds: u64, from: u32, transaction: Transaction) -> Outcome {
    let answer = ledger.transact(at(seconds), NodeAddr(from), transaction);
    ledger.check().expect("a sound ledger");
    answer.outcome
}

#[test]
fn a_repeated_request_finds_the_same_block() {
    let mut ledger = ledger("10.0.0.0/24", Terms::default());
    let first = transact(&mut ledger, 0, 1, request(1, 7, 2));
    assert!(matches!(first, Outcome::Leased { .. }));
    assert_eq!(transact(&mut ledger, 5, 1, request(1, 7, 2)), first);
    let another = transact(&mut ledger, 5, 1, request(1, 8, 2));
    assert!(matches!(another, Outcome::Leased { .. }) && another != first);
    assert_eq!((ledger.counts().granted, ledger.counts().repeated), (2, 1));
    assert_eq!(ledger.pool().handed_out(), 2);
}

#[test]
fn either_end_can_release_and_both_may() {
    for (first, second) in [(1, 2), (2, 1), (1, 1)] {
        let mut ledger = ledger("10.0.0.0/24", Terms::default());
        transact(&mut ledger, 0, 1, request(1, 7, 2));
        assert_eq!(transact(&mut ledger, 1, first, release(1, 7)), Outcome::Released);
        assert_eq!(ledger.pool().handed_out(), 0);
        assert_eq!(transact(&mut ledger, 2, second, release(1, 7)), Outcome::Released);
        assert_eq!((ledger.counts().released, ledger.counts().released_again), (1, 1));
    }
}

#[test]
fn strangers_can_neither_release_nor_ask_in_anothers_name() {
    let mut ledger = ledger("10.0.0.0/24", Terms::default());
    transact(&mut ledger, 0, 1, request(1, 7, 2));
    assert_eq!(transact(&mut ledger, 1, 3, release(1, 7)), Outcome::Denied);
    assert_eq!(transact(&mut ledger, 1, 3, request(1, 7, 2)), Outcome::Denied);
    assert_eq!(transact(&mut ledger, 1, 3, request(1, 8, 3)), Outcome::Denied);
    assert_eq!(
        transact(&mut ledger, 1, 1, request(1, 7, 3)),
        Outcome::Denied,
        "another peer"
    );
    assert_eq!((ledger.counts().denied, ledger.pool().handed_out()), (4, 1));
}

#[test]
fn a_request_that_its_own_release_overtook_takes_no_block() {
    let mut ledger = ledger("10.0.0.0/24", Terms::default());
    assert_eq!(transact(&mut ledger, 0, 1, release(1, 7)), Outcome::Released);
    assert_eq!(ledger.counts().never_leased, 1);
    assert_eq!(transact(&mut ledger, 1, 1, request(1, 7, 2)), Outcome::Over);
    assert_eq!((ledger.counts().late, ledger.pool().handed_out()), (1, 0));
}

#[test]
fn a_repetition_that_comes_after_the_release_takes_no_block() {
    let mut ledger = ledger("10.0.0.0/24", Terms::default());
    transact(&mut ledger, 0, 1, request(1, 7, 2));
    transact(&mut ledger, 1, 1, release(1, 7));
    assert_eq!(transact(&mut ledger, 120, 1, request(1, 7, 2)), Outcome::Over);
    // What is mentioned again is remembered for as long again, then forgotten.
    assert_eq!(transact(&mut ledger, 239, 1, request(1, 7, 2)), Outcome::Over);
    assert!(matches!(
        transact(&mut ledger, 359, 1, request(1, 7, 2)),
        Outcome::Leased { .. }
    ));
}

#[test]
fn a_stranger_cannot_spoil_a_name_that_has_not_been_used() {
    let mut ledger = ledger("10.0.0.0/24", Terms::default());
    assert_eq!(transact(&mut ledger, 0, 3, release(1, 7)), Outcome::Released);
    assert!(matches!(
        transact(&mut ledger, 1, 1, request(1, 7, 2)),
        Outcome::Leased { .. }
    ));
}

#[test]
fn an_exhausted_pool_refuses_for_good_and_the_next_request_is_luckier() {
    let mut ledger = ledger("10.0.0.0/30", Terms::default());
    let pair = transact(&mut ledger, 0, 1, request(1, 7, 2));
    assert_eq!(transact(&mut ledger, 1, 3, request(3, 1, 2)), Outcome::Exhausted);
    transact(&mut ledger, 2, 2, release(1, 7));
    assert_eq!(
        transact(&mut ledger, 3, 3, request(3, 1, 2)),
        Outcome::Over,
        "a repetition"
    );
    assert_eq!(
        transact(&mut ledger, 4, 3, request(3, 2, 2)),
        pair,
        "the block that came back"
    );
    assert_eq!((ledger.counts().exhausted, ledger.counts().refused()), (1, 2));
}

#[test]
fn a_lease_with_a_term_ends_unless_it_is_renewed() {
    let terms = Terms {
        term: Some(SimDuration::from_secs(60)),
        ..Terms::default()
    };
    let mut ledger = ledger("10.0.0.0/24", terms);
    let pair = transact(&mut ledger, 0, 1, request(1, 7, 2));
    transact(&mut ledger, 0, 3, request(3, 7, 2));
    assert_eq!(transact(&mut ledger, 59, 1, request(1, 7, 2)), pair);
    ledger.advance(at(60));
    ledger.check().expect("a sound ledger");
    assert_eq!((ledger.counts().expired, ledger.pool().handed_out()), (1, 1));
    assert_eq!(transact(&mut ledger, 118, 1, request(1, 7, 2)), pair);
    assert_eq!(transact(&mut ledger, 178, 1, request(1, 7, 2)), Outcome::Over);
    assert_eq!((ledger.counts().expired, ledger.pool().handed_out()), (2, 0));
    // Without a term they last.
    let mut ledger = self::ledger("10.0.0.0/24", Terms::default());
    transact(&mut ledger, 0, 1, request(1, 7, 2));
    ledger.advance(SimTime::MAX);
    assert_eq!((ledger.counts().expired, ledger.pool().handed_out()), (0, 1));
}
