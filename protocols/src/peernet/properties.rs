//! What is found quickly equals what is found the long way, over many random neighbourhoods.
//!
//! No network would come to these: what neighbours say contradicts itself all the time, and there are few identifiers and short
//! distances, so that ties are common.

use sim_core::random::NodeRng;
use sim_core::time::SimTime;

use super::address::below;
use super::validity::{is_valid, would_validate};
use super::*;

const BITS: u8 = 6;
const NEIGHBOURS: u32 = 7;
const RUNS: u64 = 300;
const STEPS: usize = 40;

/// A node, its neighbours and its table.
struct Scene {
    rng: NodeRng,
    config: Config,
    neighbours: Neighbours,
    table: Table,
}

impl Scene {
    fn new(seed: u64, multipath: bool) -> Self {
        let config = Config {
            address_bits: BITS,
            horizon: 4,
            multipath,
            ..Config::default()
        };
        let mut scene = Scene {
            rng: StreamKey::root(seed, 0).purpose("scene").rng(),
            config,
            neighbours: Neighbours::default(),
            table: Table::default(),
        };
        scene.move_anywhere();
        scene
    }

    fn below(&mut self, bound: u32) -> u32 {
        (unit(&mut self.rng) * f64::from(bound)) as u32
    }

    fn address(&mut self) -> TreeAddress {
        TreeAddress::new(u128::from(self.below(1 << BITS)), BITS)
    }

    fn neighbour(&mut self) -> NodeAddr {
        NodeAddr(1 + self.below(NEIGHBOURS))
    }

    fn advert(&mut self, level: u8) -> Advert {
        Advert {
            network: Identifier::of_node(NodeAddr(self.below(NEIGHBOURS + 2))),
            log: u128::from(self.below(1 << BITS)) & !below(level) | 1 << level,
            level,
            hops: 1 + self.below(3) as u8,
            distance: self.below(6) as u8,
        }
    }

    /// A hello that says the same as the last one of that neighbour but for some levels, and perhaps its address.
    fn hello(&mut self, node: NodeAddr) -> Hello {
        let last = self.neighbours.get(node).map(|neighbour| neighbour.hello.clone());
        let mut levels = Vec::new();
        for level in 0..BITS {
            let said = last
                .iter()
                .flat_map(|last| &*last.levels)
                .find(|advert| advert.level == level);
            match (said, self.below(4)) {
                (Some(said), 0..3) => levels.push(*said),
                (_, 0 | 3) => {}
                (_, _) => levels.push(self.advert(level)),
            }
        }
        let address = match (last, self.below(10)) {
            (_, 0) => None,
            (Some(last), 1..8) => last.address,
            _ => Some(self.address()),
        };
        Hello {
            address,
            levels: levels.into(),
        }
    }

    fn move_anywhere(&mut self) {
        let address = (self.below(10) > 0).then(|| self.address());
        self.neighbours.seen_from(address, self.config.horizon);
        self.table = Table::build(&self.neighbours, &self.config);
    }

    /// Somebody says hello, or is gone, or the node itself moves.
    fn step(&mut self) {
        let node = self.neighbour();
        let before = match self.below(12) {
            0 => return self.move_anywhere(),
            1 => match self.neighbours.forget(node) {
                Some(gone) => Some(gone),
                None => return,
            },
            _ => {
                let hello = self.hello(node);
                match self.neighbours.hear(node, SimTime::ZERO, hello) {
                    News::None => return,
                    News::Since(before) => Some(before),
                    News::Newcomer => None,
                }
            }
        };
        self.table
            .renew(&self.neighbours, &self.config, (node, before.as_ref()));
    }
}

#[test]
fn a_table_that_is_renewed_equals_one_that_is_built() {
    for multipath in [false, true] {
        let mut levels = 0;
        for seed in 0..RUNS {
            let mut scene = Scene::new(seed, multipath);
            for step in 0..STEPS {
                scene.step();
                let built = Table::build(&scene.neighbours, &scene.config);
                assert_eq!(scene.table, built, "seed {seed}, step {step}, multipath {multipath}");
                levels += built.levels().len();
            }
        }
        assert!(levels > RUNS as usize * STEPS, "tables were empty: {levels}");
    }
}

#[test]
fn an_address_would_be_valid_if_it_is_for_a_node_that_says_there_what_it_hears_from_one_neighbour() {
    let mut outcomes = [0; 2];
    for seed in 0..RUNS {
        let own = Identifier::of_node(NodeAddr(100 + seed as u32));
        let mut scene = Scene::new(seed, false);
        for step in 0..STEPS {
            scene.step();
            let address = scene.address();
            for (node, its, neighbour) in scene.neighbours.addressed() {
                let mut alone = scene.neighbours.clone();
                let others: Vec<_> = alone.addressed().map(|(other, ..)| other).collect();
                others.into_iter().filter(|other| *other != node).for_each(|other| {
                    alone.forget(other);
                });
                alone.seen_from(Some(address), scene.config.horizon);
                let said = Hello {
                    address: Some(address),
                    levels: Table::build(&alone, &scene.config).adverts(),
                };
                let valid = its != address && is_valid(own, address, &said, &scene.neighbours);
                let horizon = scene.config.horizon;
                let quickly = would_validate(own, address, (its, neighbour), &scene.neighbours, horizon);
                assert_eq!(
                    quickly, valid,
                    "seed {seed}, step {step}, address {address} beside {its}"
                );
                outcomes[usize::from(valid)] += 1;
            }
        }
    }
    assert!(
        outcomes.iter().all(|count| *count > RUNS),
        "one outcome is rare: {outcomes:?}"
    );
}
