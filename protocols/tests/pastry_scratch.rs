mod pastry_support;
use pastry_support::*;
use protocols::pastry::*;
use sim_core::addr::NodeAddr;
use sim_core::random::StreamKey;
use sim_core::time::SimDuration;
use sim_core::world::Departure;

fn report(sim: &sim_core::simulation::Simulation<Pastry, Town>, what: &str) {
    let d = &sim.world().delivered;
    let n = d.len() as f64;
    println!(
        "{what}: delivered {} right {} hops {:.4} timeouts {:.4} undeliverable {} repairs {:?} {:?}",
        d.len(),
        all_delivered_right(sim),
        d.iter().map(|(_, m)| f64::from(m.hops)).sum::<f64>() / n,
        d.iter().map(|(_, m)| f64::from(m.timeouts)).sum::<f64>() / n,
        sim.world().undeliverable.len(),
        sim.world().repairs,
        quality(sim, None)
    );
}

#[test]
#[ignore]
fn failures() {
    let nodes = std::env::var("NODES").map_or(1000, |n| n.parse::<u32>().unwrap());
    let config = Config {
        heartbeat_period: Some(SimDuration::from_secs(30)),
        neighbourhood_period: None,
        ..Config::default()
    };
    let streams = StreamKey::root(5, 0);
    let mut sim = town(&config, nodes, 5, 1, plane(nodes, streams));
    for n in 0..nodes {
        sim.schedule(millis(10 * u64::from(n)), Act::Join(NodeAddr(n)));
    }
    let mut at = u64::from(nodes) * 10 + 60_000;
    let t = std::time::Instant::now();
    sim.run_until(millis(at)).unwrap();
    println!(
        "{:?} events {} members {}",
        t.elapsed(),
        sim.events(),
        sim.world().members.len()
    );
    for op in 0..20_000 {
        sim.schedule(
            millis(at + op),
            Act::Route {
                operation: op,
                to_node: false,
            },
        );
    }
    at += 20_000 + 10_000;
    sim.run_until(millis(at)).unwrap();
    report(&sim, "before");
    for n in 0..nodes / 10 {
        sim.schedule(millis(at), Act::Leave(NodeAddr(n * 10 + 3), Departure::Silent));
    }
    at += 10;
    for op in 0..20_000 {
        sim.schedule(
            millis(at + op),
            Act::Route {
                operation: op,
                to_node: false,
            },
        );
    }
    at += 20_000 + 10_000;
    sim.run_until(millis(at)).unwrap();
    println!("wrong delivered includes before");
    report(&sim, "during");
    for k in 0..3 {
        at += 120_000;
        sim.run_until(millis(at)).unwrap();
        report(&sim, "after");
        for op in 0..200_000 {
            sim.schedule(
                millis(at + op / 10),
                Act::Route {
                    operation: op,
                    to_node: false,
                },
            );
        }
        at += 20_000 + 10_000;
        let was = sim.world().delivered.len();
        sim.run_until(millis(at)).unwrap();
        let d = &sim.world().delivered[was..];
        println!(
            "after {k}: hops {} timeouts {}",
            d.iter().map(|(_, m)| f64::from(m.hops)).sum::<f64>() / d.len() as f64,
            d.iter().map(|(_, m)| f64::from(m.timeouts)).sum::<f64>() / d.len() as f64
        );
    }
    report(&sim, "end");
    let t = sim.traffic();
    for (n, k) in t.names.iter().zip(&t.kinds) {
        println!("{n} {} {}", k.messages, k.bytes);
    }
}
