//! A completed write is not lost while fewer nodes than there are replicas fail between repairs.

mod dht_support;

use dht_support::{Below, Blow, Schedule};
use protocols::chord::{self, Chord, Init, Ring, Rules};
use protocols::dht::Request;
use protocols::id::{Contact, Id};
use protocols::pastry::{self, Pastry};
use sim_core::addr::NodeAddr;
use sim_core::random::{StreamKey, unit};
use sim_core::time::SimDuration;

impl Below for Chord<Request<false>> {
    fn config() -> chord::Config {
        let config = chord::Config {
            rules: Rules::Corrected,
            successors: 8,
            stabilize_period: SimDuration::from_secs(10),
            timeout: SimDuration::from_secs(1),
            ..chord::Config::default()
        };
        config.validate().expect("a sound configuration")
    }

    fn perfect(config: &chord::Config, members: &[Contact]) -> Vec<Init> {
        let ring = Ring::new(config, members.iter().copied());
        let ready = |member: &Contact| Init::Ready {
            id: member.id,
            tables: Box::new(ring.tables(member.id)),
        };
        members.iter().map(ready).collect()
    }

    fn joining(id: Id, bootstrap: NodeAddr) -> Init {
        Init::Join { id, bootstrap }
    }
}

impl Below for Pastry<Request<false>> {
    fn config() -> pastry::Config {
        let config = pastry::Config {
            id_bits: 64,
            leaf_set: 16,
            proximity: None,
            acknowledge: true,
            heartbeat_period: Some(SimDuration::from_secs(10)),
            timeout: SimDuration::from_secs(1),
            ..pastry::Config::default()
        };
        config.validate().expect("a sound configuration")
    }

    fn perfect(config: &pastry::Config, members: &[Contact]) -> Vec<pastry::Init> {
        let tables = pastry::bulk::build(config, members, |_, _| SimDuration::from_millis(100)).into_iter();
        let ready = |tables| pastry::Init::Ready {
            tables: Box::new(tables),
        };
        tables.map(ready).collect()
    }

    fn joining(id: Id, bootstrap: NodeAddr) -> pastry::Init {
        pastry::Init::Join { id, bootstrap }
    }
}

/// Some epochs of blows, of which fewer than `replicas` are failures.
fn random(seed: u64, replicas: usize) -> Schedule {
    let mut rng = StreamKey::root(seed, 0).purpose("schedule").rng();
    let mut pick = |below: usize| (unit(&mut rng) * below as f64) as usize;
    let epochs = (0..6).map(|_| {
        let mut blows = vec![Blow::Failures(pick(replicas))];
        match pick(4) {
            0 => blows.push(Blow::Joins(1 + pick(3))),
            1 => blows.insert(0, Blow::Joins(1 + pick(3))),
            2 => blows = vec![Blow::Leaves(1)],
            _ => {}
        }
        blows
    });
    Schedule {
        seed,
        members: 24,
        keys: 40,
        replicas,
        epochs: epochs.collect(),
    }
}

fn nothing_is_lost<O: Below>() {
    let (mut written, mut failures, mut joins, mut leaves) = (0, 0, 0, 0);
    for seed in 0..200 {
        let schedule = random(seed, 1 + seed as usize % 4);
        let outcome = schedule.run::<O>();
        assert!(
            outcome.wrong.is_empty(),
            "schedule of seed {seed}: {:?}\n{schedule:?}",
            outcome.wrong
        );
        let Some((most, fewest)) = outcome.copies else {
            panic!("schedule of seed {seed}: nothing was written");
        };
        assert_eq!(
            (most, fewest),
            (schedule.replicas, schedule.replicas),
            "copies of each key, seed {seed}"
        );
        written += outcome.written;
        failures += outcome.failures;
        joins += outcome.joins;
        leaves += outcome.leaves;
    }
    println!("{written} writes, {failures} failures, {joins} joins, {leaves} leaves");
    assert!(written > 20_000 && failures > 500 && joins > 500 && leaves > 100);
}

#[test]
fn nothing_completed_is_lost_over_chord() {
    nothing_is_lost::<Chord<Request<false>>>();
}

#[test]
fn nothing_completed_is_lost_over_pastry() {
    nothing_is_lost::<Pastry<Request<false>>>();
}

/// The oracle is no yes-man: as many failures as there are replicas, neighbours and at once, lose what they alone had.
#[test]
fn as_many_failures_as_replicas_lose_values_and_the_oracle_notices() {
    for replicas in 1..=4 {
        let losing = (0..20).filter(|seed| {
            let schedule = Schedule {
                epochs: vec![vec![Blow::Failures(replicas)]],
                ..random(*seed, replicas)
            };
            !schedule.run::<Chord<Request<false>>>().wrong.is_empty()
        });
        let losing = losing.count();
        assert!(
            losing >= 10,
            "{replicas} replicas: values are lost in {losing} schedules of 20"
        );
    }
}
