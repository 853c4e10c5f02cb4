//! The side that asks.

use sim_core::random::StreamKey;

use super::*;

const TIMEOUT: SimDuration = SimDuration::from_secs(2);

fn servers(count: u32, balancing: Balancing) -> Servers {
    let patience = ServerPatience {
        timeout: TIMEOUT,
        tries: 2,
        servers: 2,
        term: None,
    };
    Servers::new((100..100 + count).map(NodeAddr).collect(), balancing, patience).expect("sound servers")
}

fn client(number: u32) -> LeaseClient {
    let streams = StreamKey::root(1, 0).purpose("node").index(number.into());
    LeaseClient::new(NodeAddr(number), streams)
}

fn leased(id: LeaseId) -> Answer {
    let mut pool = BlockPool::parse("10.0.0.0/30").expect("a prefix");
    let pair = pool.take().expect("a free block").ends();
    let outcome = Outcome::Leased { pair };
    Answer { id, outcome }
}

/// How many of many requests go to each of the servers first.
fn spread(balancing: Balancing, count: u32) -> Vec<u32> {
    let servers = servers(count, balancing);
    let mut asked = vec![0; count as usize];
    for number in 0..50 {
        let mut client = client(number);
        for peer in 50..110 {
            let (_, ask) = client.request(at(0), &servers, NodeAddr(peer));
            asked[(ask.to.0 - 100) as usize] += 1;
        }
    }
    asked
}

#[test]
fn requests_are_spread_evenly_over_the_servers() {
    assert_eq!(spread(Balancing::RoundRobin, 4), [750; 4]);
    for balancing in [Balancing::HashOfPair, Balancing::Random] {
        // Of 3000 independent requests: five standard deviations are 119.
        let asked = spread(balancing, 4);
        assert!(
            asked.iter().all(|count| (631..=869).contains(count)),
            "{balancing:?}: {asked:?}"
        );
        assert_ne!(asked, [750; 4]);
    }
}

#[test]
fn a_hash_of_the_pair_does_not_ask_who_asks() {
    let servers = servers(7, Balancing::HashOfPair);
    for (one, other) in (0..20).flat_map(|one| (0..20).map(move |other| (one, other))) {
        let there = client(one).request(at(0), &servers, NodeAddr(other)).1.to;
        let back = client(other).request(at(0), &servers, NodeAddr(one)).1.to;
        assert_eq!(there, back);
    }
}

#[test]
fn a_granted_request_is_held_and_a_late_answer_is_nothing() {
    let servers = servers(1, Balancing::RoundRobin);
    let mut client = client(1);
    let (id, ask) = client.request(at(0), &servers, NodeAddr(2));
    assert_eq!(ask.timeout, TIMEOUT);
    assert_eq!(
        client.heard(at(0), &servers, NodeAddr(7), leased(id)),
        None,
        "of another"
    );
    let heard = client.heard(at(1), &servers, ask.to, leased(id));
    let Some(Heard::Leased(held)) = heard else {
        panic!("expected a lease, heard {heard:?}");
    };
    assert_eq!((held.id, held.peer, held.server), (id, NodeAddr(2), NodeAddr(100)));
    assert_eq!(client.heard(at(1), &servers, ask.to, leased(id)), None, "again");
    assert_eq!(client.timed_out(at(2), &servers, ask.call), TimedOut::default());
    assert_eq!(client.under_way().count(), 0);
}

#[test]
fn after_two_tries_another_server_is_asked_and_the_first_gets_a_release() {
    let servers = servers(3, Balancing::RoundRobin);
    let mut client = client(1);
    let (id, first) = client.request(at(0), &servers, NodeAddr(2));
    assert_eq!(
        client.timed_out(at(2), &servers, first.call),
        TimedOut {
            asks: vec![first],
            given_up: None
        }
    );
    let TimedOut { asks, given_up: None } = client.timed_out(at(4), &servers, first.call) else {
        panic!("two servers are asked");
    };
    let [release, second] = asks[..] else {
        panic!("expected a release and a request, found {asks:?}");
    };
    assert_eq!(
        (release.to, release.transaction),
        (first.to, Transaction::Release { id })
    );
    assert_eq!(
        (second.to.0 - 100, second.transaction),
        ((first.to.0 - 99) % 3, first.transaction)
    );
    // The first server's answer comes after all: it is not used, since its release is under way.
    assert_eq!(client.heard(at(5), &servers, first.to, leased(id)), None);
    client.timed_out(at(6), &servers, second.call);
    let last = client.timed_out(at(8), &servers, second.call);
    assert_eq!(
        (last.asks.len(), last.asks[0].to, last.given_up),
        (1, second.to, Some(id))
    );
    let outcome = Outcome::Released;
    for server in [first.to, second.to] {
        assert_eq!(
            client.heard(at(9), &servers, server, Answer { id, outcome }),
            Some(Heard::Released(id))
        );
    }
    assert_eq!(client.under_way().count(), 0);
}

#[test]
fn a_server_without_addresses_is_final_only_if_it_is_the_last_to_be_asked() {
    let servers = servers(3, Balancing::RoundRobin);
    let mut client = client(1);
    let (id, first) = client.request(at(0), &servers, NodeAddr(2));
    let exhausted = Answer {
        id,
        outcome: Outcome::Exhausted,
    };
    let Some(Heard::Elsewhere(second)) = client.heard(at(1), &servers, first.to, exhausted) else {
        panic!("two servers are asked");
    };
    assert_eq!(second.to.0 - 100, (first.to.0 - 99) % 3);
    assert_eq!(second.transaction, first.transaction);
    assert_eq!(
        client.heard(at(2), &servers, second.to, exhausted),
        Some(Heard::Refused(id))
    );
    assert_eq!(
        client.under_way().count(),
        0,
        "nothing is owed to a server that has none"
    );
}

#[test]
fn a_release_is_repeated_less_and_less_often_until_it_is_answered() {
    let servers = servers(1, Balancing::Random);
    let mut client = client(1);
    let (id, ask) = client.request(at(0), &servers, NodeAddr(2));
    assert_eq!(client.cancel(at(1), &servers, super::id(1, 0)), None, "no such request");
    let release = client.cancel(at(1), &servers, id).expect("an open request");
    assert_eq!(client.timed_out(at(2), &servers, ask.call), TimedOut::default());
    let mut waits = vec![release.timeout];
    for _ in 0..8 {
        let TimedOut { asks, given_up } = client.timed_out(at(3), &servers, release.call);
        assert_eq!(
            (asks.len(), asks[0].transaction, given_up),
            (1, release.transaction, None)
        );
        waits.push(asks[0].timeout);
    }
    let doubled = [1, 2, 4, 8, 16, 32, 64, 64, 64].map(|factor| TIMEOUT * factor);
    assert_eq!(waits, doubled);
}

#[test]
fn a_lease_is_renewed_by_who_asked_for_it_until_its_end_as_the_client_counts_it() {
    let patience = ServerPatience {
        timeout: TIMEOUT,
        tries: 2,
        servers: 1,
        term: Some(SimDuration::from_secs(60)),
    };
    let servers = Servers::new(vec![NodeAddr(100)], Balancing::RoundRobin, patience).expect("sound servers");
    let mut client = client(1);
    let (id, ask) = client.request(at(10), &servers, NodeAddr(2));
    client.timed_out(at(12), &servers, ask.call);
    let Some(Heard::Leased(held)) = client.heard(at(1), &servers, ask.to, leased(id)) else {
        panic!("a lease");
    };
    // From the first asking, which is not after the server's count begins.
    assert_eq!(held.until, at(70));
    assert_eq!(self::client(2).renew(at(40), &servers, held), None, "the other end");
    let renewal = client.renew(at(40), &servers, held).expect("its own lease");
    assert_eq!(client.renew(at(41), &servers, held), None, "under way");
    let renewed = Held { until: at(100), ..held };
    assert_eq!(
        client.heard(at(41), &servers, renewal.to, leased(id)),
        Some(Heard::Renewed(renewed))
    );
    let renewal = client.renew(at(80), &servers, renewed).expect("its own lease");
    // Asked again, it is not waited for beyond the end.
    let again = Ask {
        timeout: SimDuration::from_secs(1),
        ..renewal
    };
    assert_eq!(client.timed_out(at(99), &servers, renewal.call).asks, [again]);
    let over = TimedOut {
        asks: vec![],
        given_up: Some(id),
    };
    assert_eq!(client.timed_out(at(100), &servers, renewal.call), over);
    let renewal = client.renew(at(90), &servers, renewed).expect("its own lease");
    let outcome = Outcome::Over;
    assert_eq!(
        client.heard(at(90), &servers, renewal.to, Answer { id, outcome }),
        Some(Heard::Lost(id))
    );
}

#[test]
fn servers_that_cannot_be_asked_are_refused() {
    let patience = ServerPatience {
        timeout: TIMEOUT,
        tries: 1,
        servers: 1,
        term: None,
    };
    let error = |addrs: &[u32], patience| {
        let addrs = addrs.iter().copied().map(NodeAddr).collect();
        let servers = Servers::new(addrs, Balancing::Random, patience);
        servers.expect_err("cannot be asked").to_string()
    };
    assert_eq!(error(&[], patience), "there must be at least one address server");
    assert_eq!(error(&[1, 2, 1], patience), "address server n1 is named twice");
    let timeout = SimDuration::ZERO;
    assert_eq!(
        error(&[1], ServerPatience { timeout, ..patience }),
        "the time-out must be longer than zero"
    );
    assert_eq!(
        error(&[1], ServerPatience { tries: 0, ..patience }),
        "tries must be at least 1"
    );
    assert_eq!(
        error(&[1], ServerPatience { servers: 0, ..patience }),
        "servers must be at least 1"
    );
}
