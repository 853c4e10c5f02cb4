//! The address server under Poisson load is the queue M/D/1.
//!
//! With utilisation `rho` and service time `1/mu` transactions wait `rho / (2 mu (1 - rho))` in the mean (Pollaczek and
//! Khinchine; Kleinrock 1975, *Queueing Systems*, volume 1, section 5.6), and a share of `1 - rho` does not wait at all:
//! Poisson arrivals see time averages (Wolff 1982).

use protocols::xbone::{AddressServer, BlockPool, LeaseId, Ledger, Load, Service, Terms, Transaction};
use sim_core::addr::NodeAddr;
use sim_core::distribution::Exponential;
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};

const SEEDS: u64 = 16;
/// Arrivals that are counted, after a warm-up of a tenth of these: at the highest utilisation, where a queue forgets its past in
/// about `1 / (1 - rho)^2 = 100` services, enough for 600 independent periods a seed.
const ARRIVALS: u64 = 60_000;

/// What is compared with the theory: mean wait in service times, the share that did not wait, and the utilisation.
type Measured = [f64; 3];

/// A server at a utilisation, under Poisson arrivals of a request and, some time later, its release.
fn run(rho: f64, seed: u64) -> Measured {
    let service = Service::with_rate(Service::UDP).expect("a rate of the paper");
    let pool = BlockPool::parse("10.0.0.0/8").expect("a prefix");
    let mut server = AddressServer::new(service, Ledger::new(pool, Terms::default()));
    let gaps = Exponential::new(service.time.as_secs_f64() / rho).expect("a positive mean");
    let mut rng = StreamKey::root(seed, 0).purpose("arrivals").rng();
    let (mut now, mut due) = (SimTime::ZERO, None);
    let mut before = (Load::default(), SimTime::ZERO, 0.0);
    for arrival in 0..ARRIVALS + ARRIVALS / 10 {
        now += SimDuration::from_secs_f64(gaps.sample(&mut rng));
        while let Some(end) = due.filter(|end| *end <= now) {
            due = server.complete(end).expect("a service ends").next;
        }
        if arrival == ARRIVALS / 10 {
            before = (*server.load(), now, server.busy(now).as_secs_f64());
        }
        let client = NodeAddr(1);
        // A request and the release of the one twenty before it in turn.
        let number = arrival as u32 / 2;
        let transaction = match arrival % 2 {
            0 => Transaction::Request {
                id: LeaseId { client, number },
                peer: NodeAddr(2),
            },
            _ => Transaction::Release {
                id: LeaseId {
                    client,
                    number: number.saturating_sub(20),
                },
            },
        };
        due = server.arrive(now, client, transaction).or(due);
    }
    let (load, (earlier, since, busy)) = (server.load(), before);
    assert_eq!((load.arrivals, load.lost), (ARRIVALS + ARRIVALS / 10, 0));
    server.ledger().check().expect("a sound ledger");
    let begun = (load.begun - earlier.begun) as f64;
    let waited = (load.waited - earlier.waited) as f64 / service.time.as_nanos() as f64;
    let busy = server.busy(now).as_secs_f64() - busy;
    [
        waited / begun,
        (load.at_once - earlier.at_once) as f64 / begun,
        busy / now.since(since).as_secs_f64(),
    ]
}

/// Mean and standard error over seeds.
fn over_seeds(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

#[test]
fn waits_idle_arrivals_and_utilisation_are_those_of_m_d_1() {
    // Student's t with 15 degrees of freedom lies beyond this with a probability of 1e-4; twelve comparisons are made.
    const T: f64 = 5.24;
    for rho in [0.3, 0.5, 0.7, 0.9] {
        let runs: Vec<Measured> = (1..=SEEDS).map(|seed| run(rho, seed)).collect();
        let theory = [rho / (2.0 * (1.0 - rho)), 1.0 - rho, rho];
        // How far from the theory a measurement may at most be, however much the seeds scatter: so the test can fail.
        let most = [0.1 * theory[0], 0.01, 0.01];
        let names = ["mean wait in services", "share that does not wait", "utilisation"];
        for (at, name) in names.into_iter().enumerate() {
            let (mean, error) = over_seeds(runs.iter().map(|run| run[at]));
            let away = (mean - theory[at]).abs();
            let expected = theory[at];
            println!("rho {rho}: {name} {mean:.5}, expected {expected:.5}, standard error {error:.5}");
            assert!(away < T * error, "rho {rho}: {name} {mean}, expected {expected}");
            assert!(
                T * error < most[at],
                "rho {rho}: {name} is not known well enough: {error}"
            );
        }
    }
}
