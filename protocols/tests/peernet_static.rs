//! PeerNet on networks that stand still, against an independent simulation of DART's rules on graphs of the same kind.

mod peernet_support;

use peernet_support::{at, cold_start, last_change, sound};
use protocols::peernet::Config;

fn settled(nodes: u32, config: Config, seed: u64, seconds: f64) -> (f64, f64, f64) {
    let (mut network, links) = cold_start(nodes, config, seed);
    network.run_until(at(seconds)).expect("no observer");
    let sound = sound(&network, 0..nodes, &links);
    let last = last_change(&network);
    let sound = sound.unwrap_or_else(|error| panic!("{nodes} nodes, seed {seed}, last change at {last} s: {error}"));
    (sound.occupied, sound.stretch, last)
}

#[test]
fn try_it() {
    for (nodes, seconds, seeds) in [(100, 150.0, 10), (400, 250.0, 6)] {
        for config in [Config::default(), Config::peernet_2003()] {
            for seed in 1..=seeds {
                let (mut network, links) = cold_start(nodes, config, seed);
                network.run_until(at(seconds)).expect("no observer");
                let last = last_change(&network);
                let sound = sound(&network, 0..nodes, &links);
                let none = (0..nodes)
                    .filter(|n| network.node(sim_core::addr::NodeAddr(*n)).unwrap().address().is_none())
                    .count();
                println!(
                    "{:?} {nodes} {seed}: last {last:.1} none {none} {sound:.2?}",
                    config.rules
                );
            }
        }
    }
}
#[test]
fn debug_it() {
    let (mut network, _links) = cold_start(400, Config::default(), 3);
    network.run_until(at(200.0)).expect("no observer");
    let told = &network.world().told;
    for (t, n, e) in told.iter().filter(|t| t.0 > at(35.0)) {
        if let protocols::peernet::Event::Address { from, to, .. } = e {
            println!("ch {t} {n} {from:?} {to:?}");
        }
    }
}
