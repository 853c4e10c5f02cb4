//! Networks that joins build (Rowstron and Druschel 2001, sections 2.4, 2.5 and 4).

mod pastry_support;

use pastry_support::*;
use protocols::pastry::Config;
use sim_core::random::StreamKey;

#[test]
fn scratch() {
    for nodes in [50_u32, 1000] {
        let config = Config {
            heartbeat_period: None,
            neighbourhood_period: None,
            ..Config::default()
        };
        let streams = StreamKey::root(5, 0);
        let t = std::time::Instant::now();
        let mut sim = town(&config, nodes, 5, 1, plane(nodes, streams));
        for n in 0..nodes {
            sim.schedule(millis(1000 * u64::from(n)), Act::Join(sim_core::addr::NodeAddr(n)));
        }
        let end = u64::from(nodes) * 1000 + 10_000;
        sim.run_until(millis(end)).unwrap();
        println!(
            "joins {:?} events {} {:?} out {:?}",
            t.elapsed(),
            sim.events(),
            sim.world().members.len(),
            sim.world().out
        );
        let network = plane(nodes, streams);
        println!("{:?}", quality(&sim, Some(&*network)));
        for op in 0..20_000 {
            sim.schedule(
                millis(end + op),
                Act::Route {
                    operation: op,
                    to_node: true,
                },
            );
        }
        sim.run_until(millis(end + 40_000)).unwrap();
        let d = &sim.world().delivered;
        println!(
            "delivered {} right {} hops {} undeliverable {}",
            d.len(),
            all_delivered_right(&sim),
            d.iter().map(|(_, m)| f64::from(m.hops)).sum::<f64>() / d.len() as f64,
            sim.world().undeliverable.len()
        );
    }
}

#[test]
#[ignore]
fn scratch_big() {
    for nodes in [10_000_u32] {
        let config = Config {
            heartbeat_period: None,
            neighbourhood_period: None,
            ..Config::default()
        };
        let streams = StreamKey::root(5, 0);
        let t = std::time::Instant::now();
        let mut sim = town(&config, nodes, 5, 1, plane(nodes, streams));
        for n in 0..nodes {
            sim.schedule(millis(1000 * u64::from(n)), Act::Join(sim_core::addr::NodeAddr(n)));
        }
        let end = u64::from(nodes) * 1000 + 10_000;
        sim.run_until(millis(end)).unwrap();
        println!(
            "joins {:?} events {} {:?} out {:?}",
            t.elapsed(),
            sim.events(),
            sim.world().members.len(),
            sim.world().out
        );
        let traffic = sim.traffic();
        println!("{traffic:?}");
        let bytes: usize = (0..nodes)
            .map(|n| sim.node(sim_core::addr::NodeAddr(n)).unwrap().heap_bytes())
            .sum();
        println!(
            "heap {} size {}",
            bytes as f64 / f64::from(nodes),
            size_of::<protocols::pastry::Pastry>()
        );
        for op in 0..20_000 {
            sim.schedule(
                millis(end + op),
                Act::Route {
                    operation: op,
                    to_node: true,
                },
            );
        }
        sim.run_until(millis(end + 40_000)).unwrap();
        let network = plane(nodes, streams);
        let d = &sim.world().delivered;
        println!(
            "delivered {} right {} hops {} undeliverable {}",
            d.len(),
            all_delivered_right(&sim),
            d.iter().map(|(_, m)| f64::from(m.hops)).sum::<f64>() / d.len() as f64,
            sim.world().undeliverable.len()
        );
        let _ = network;
    }
}
