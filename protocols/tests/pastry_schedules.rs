mod pastry_support;

use pastry_support::*;
use protocols::pastry::Config;
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::network::Uniform;
use sim_core::random::StreamKey;
use sim_core::time::SimDuration;
use sim_core::world::Departure;

#[test]
fn concurrent_joins() {
    let mut bad = 0;
    for seed in 0..2000 {
        let config = Config {
            leaf_set: 4,
            b: 2,
            id_bits: 16,
            neighbourhood: 4,
            heartbeat_period: None,
            neighbourhood_period: None,
            ..Config::default()
        };
        let net = Uniform::new(SimDuration::from_millis(1), SimDuration::from_millis(100)).unwrap();
        let nodes = 30;
        let mut rng = StreamKey::root(seed, 7).rng();
        let mut sim = town(&config, nodes, seed, 1, Box::new(net));
        let span = 1 + below(&mut rng, 3000) as u64;
        for n in 0..nodes {
            sim.schedule(
                millis(if n == 0 { 0 } else { 1 + rng.next_u64() % span }),
                Act::Join(NodeAddr(n)),
            );
        }
        sim.run_until(millis(60_000)).unwrap();
        let q = quality(&sim, None);
        if q.wrong_leaf_sets > 0 || sim.world().members.len() < sim.world().up.len() || sim.world().out.len() > 0 {
            println!(
                "{seed} span {span} {q:?} {:?} members {} ",
                sim.world().out,
                sim.world().members.len()
            );
            bad += 1;
        }
    }
    println!("bad {bad}");
}

#[test]
fn schedules() {
    let mut bad = 0;
    let t = std::time::Instant::now();
    for seed in 0..2000 {
        let ms = SimDuration::from_millis;
        let config = Config {
            leaf_set: 4,
            b: 2,
            id_bits: 16,
            neighbourhood: 4,
            timeout: ms(250),
            retries: 1,
            join_timeout: ms(2000),
            heartbeat_period: Some(ms(1000)),
            neighbourhood_period: Some(ms(3000)),
            table_period: Some(ms(1000)),
            ..Config::default()
        };
        let net = Uniform::new(ms(1), ms(100)).unwrap();
        let nodes = 16;
        let mut rng = StreamKey::root(seed, 7).rng();
        let mut sim = town(&config, nodes, seed, 1, Box::new(net));
        for n in 0..8 {
            sim.schedule(
                millis(if n == 0 { 0 } else { 1 + rng.next_u64() % 2000 }),
                Act::Join(NodeAddr(n)),
            );
        }
        let span = 2000 + below(&mut rng, 18_000) as u64;
        for _ in 0..6 + below(&mut rng, 30) {
            let at = millis(3000 + rng.next_u64() % span);
            let node = NodeAddr(3 + below(&mut rng, 13) as u32);
            let act = match below(&mut rng, 5) {
                0 => Act::Leave(node, Departure::Graceful),
                1 | 2 => Act::Leave(node, Departure::Silent),
                _ => Act::Join(node),
            };
            sim.schedule(at, act);
        }
        sim.run_until(millis(3000 + span + 60_000)).unwrap();
        let q = quality(&sim, None);
        if q.wrong_leaf_sets > 0
            || q.dead > 0
            || sim.world().members.len() < sim.world().up.len()
            || sim.world().out.len() > 0
        {
            println!(
                "{seed} span {span} {q:?} {:?} members {} up {}",
                sim.world().out,
                sim.world().members.len(),
                sim.world().up.len()
            );
            bad += 1;
        }
    }
    println!("bad {bad} {:?}", t.elapsed());
}
