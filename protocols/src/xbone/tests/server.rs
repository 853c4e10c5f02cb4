//! The queue in front of the ledger.

use super::*;

const SECOND: SimDuration = SimDuration::from_secs(1);

fn server(backlog: Option<usize>) -> AddressServer {
    let service = Service { time: SECOND, backlog };
    let pool = BlockPool::parse("10.0.0.0/24").expect("a prefix");
    AddressServer::new(service, Ledger::new(pool, Terms::default()))
}

#[test]
fn transactions_are_served_one_by_one_in_the_order_of_arrival() {
    let mut server = server(None);
    assert_eq!(server.arrive(at(10), NodeAddr(1), request(1, 0, 9)), Some(at(11)));
    assert_eq!(server.arrive(at(10), NodeAddr(2), request(2, 0, 9)), None);
    assert_eq!(server.arrive(at(10), NodeAddr(1), release(1, 0)), None);
    assert_eq!(server.complete(at(10)), None, "before its time");
    let mut answers = Vec::new();
    let mut due = Some(at(11));
    while let Some(now) = due {
        let completed = server.complete(now).expect("a service ends");
        answers.push((now, completed.to, completed.answer.id));
        due = completed.next;
    }
    let expected = [(at(11), 1), (at(12), 2), (at(13), 1)];
    assert_eq!(
        answers,
        expected.map(|(time, client)| (time, NodeAddr(client), id(client, 0)))
    );
    assert_eq!(server.complete(at(14)), None, "nobody is there");
    assert_eq!(server.ledger().pool().handed_out(), 1);
}

#[test]
fn load_counts_waits_busy_time_and_peaks() {
    let mut server = server(None);
    for client in 0..3 {
        server.arrive(at(10), NodeAddr(client), request(client, 0, 9));
    }
    assert_eq!(server.backlog(), 3);
    for second in 11..=13 {
        server.complete(at(second));
    }
    server.arrive(at(18), NodeAddr(1), release(1, 0));
    let load = *server.load();
    assert_eq!((load.arrivals, load.requests, load.releases), (4, 3, 0));
    assert_eq!((load.begun, load.at_once, load.waited), (4, 2, 3_000_000_000));
    assert_eq!((load.longest_wait, load.peak, load.lost), (SECOND * 2, 3, 0));
    // Three seconds, and half of the service that has begun.
    let now = at(18) + SECOND / 2;
    assert_eq!(server.busy(now), SECOND * 3 + SECOND / 2);
    server.complete(at(19));
    assert_eq!(server.busy(at(20)), SECOND * 4);
    assert_eq!(server.ledger().pool().peak(), 3);
}

#[test]
fn what_finds_the_backlog_full_is_lost() {
    let mut server = server(Some(1));
    assert_eq!(server.arrive(at(0), NodeAddr(1), request(1, 0, 9)), Some(at(1)));
    assert_eq!(server.arrive(at(0), NodeAddr(2), request(2, 0, 9)), None);
    assert_eq!(server.arrive(at(0), NodeAddr(3), request(3, 0, 9)), None);
    assert_eq!((server.load().lost, server.backlog()), (1, 2));
    server.complete(at(1));
    server.arrive(at(1), NodeAddr(3), request(3, 0, 9));
    assert_eq!(
        (server.load().lost, server.backlog(), server.load().arrivals),
        (1, 2, 4)
    );
    // Where nobody may wait, one is served.
    let mut strict = self::server(Some(0));
    assert_eq!(strict.arrive(at(0), NodeAddr(1), request(1, 0, 9)), Some(at(1)));
    strict.arrive(at(0), NodeAddr(2), request(2, 0, 9));
    assert_eq!((strict.load().lost, strict.backlog()), (1, 1));
}

#[test]
fn a_server_that_comes_back_hands_out_no_block_that_is_in_use() {
    let mut server = server(None);
    server.arrive(at(0), NodeAddr(1), request(1, 0, 9));
    let used = server.complete(at(1)).expect("a service ends").answer;
    server.arrive(at(1), NodeAddr(2), request(2, 0, 9));
    let service = Service {
        time: SECOND,
        backlog: None,
    };
    let mut again = AddressServer::new(service, server.ledger().clone());
    assert_eq!(again.backlog(), 0, "who waited is lost");
    assert_eq!(
        again.ledger().pool().handed_out(),
        1,
        "what was being served did not happen"
    );
    again.arrive(at(100), NodeAddr(2), request(2, 0, 9));
    again.arrive(at(100), NodeAddr(1), request(1, 0, 9));
    let other = again.complete(at(101)).expect("a service ends").answer;
    assert_ne!(other.outcome, used.outcome);
    assert_eq!(again.complete(at(102)).expect("a service ends").answer, used);
}

#[test]
fn a_rate_of_service_is_a_positive_number() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 2e9] {
        let error = Service::with_rate(rate).expect_err("no rate").to_string();
        assert!(error.contains("must be a positive number"), "{error}");
    }
    // The milliseconds that the rates of the paper come to.
    for (rate, millis) in [(Service::UDP, 15), (Service::TCP, 18), (Service::SSL, 238)] {
        let service = Service::with_rate(rate).expect("a rate of the paper");
        assert_eq!((service.time.as_millis_f64() + 0.5) as u64, millis);
    }
}
