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
    for (nodes, seconds) in [(50, 100.0), (100, 100.0), (200, 200.0), (400, 200.0)] {
        for seed in 1..=5 {
            for config in [Config::default(), Config::peernet_2003()] {
                let (occupied, stretch, last) = settled(nodes, config, seed, seconds);
                println!(
                    "{:?} {nodes} {seed}: occupied {occupied:.2} stretch {stretch:.2} last {last:.1}",
                    config.rules
                );
            }
        }
    }
}
