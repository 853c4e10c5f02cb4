//! Nodes on a link layer, through the engine: who hears a broadcast, who is told of links, and that neither depends on how a
//! run is split.

use std::hash::Hash;

use sim_core::addr::NodeAddr;
use sim_core::link_layer::{Air, Contacts, Fixed, LinkLayer, LinkSource, Medium, Wire};
use sim_core::network::{Bandwidth, Cut, Nothing};
use sim_core::protocol::{Ctx, LinkChange, OperationId, Protocol, Wire as Message};
use sim_core::random::{StreamKey, unit};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure, World};

/// A number that travels on as long as it is above zero.
#[derive(Clone, Copy, Hash, Debug)]
struct Number(u32);

impl Message for Number {
    const KINDS: usize = 1;

    fn kind(&self) -> usize {
        0
    }

    fn kind_name(_: usize) -> &'static str {
        "number"
    }

    fn wire_bytes(&self) -> u32 {
        1000
    }
}

/// What a node tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Told {
    Heard(NodeAddr, u32),
    Link(LinkChange<NodeAddr>),
    Started(usize),
}

/// Tells all that happens to it; broadcasts what it is asked to, and passes on a smaller number to a random neighbour.
struct Node;

impl Protocol for Node {
    type Addr = NodeAddr;
    type Init = ();
    type Config = ();
    type Msg = Number;
    type Timer = ();
    type Command = (Option<NodeAddr>, u32);
    type Event = Told;

    fn new(_: NodeAddr, (): (), (): &(), _: StreamKey) -> Self {
        Node
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        let links = ctx.links().len();
        ctx.emit(Told::Started(links));
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, Number(number): Number) {
        ctx.emit(Told::Heard(from, number));
        let Some(smaller) = number.checked_sub(1) else { return };
        let drawn = unit(ctx.rng());
        let links = ctx.links();
        let chosen = links.get((drawn * links.len() as f64) as usize).copied();
        if smaller % 3 == 0 {
            ctx.broadcast(Number(smaller / 3));
        } else if let Some(to) = chosen {
            ctx.send(to, Number(smaller));
        }
    }

    fn on_timer(&mut self, _: &mut Ctx<'_, Self>, (): ()) {}

    fn on_link(&mut self, ctx: &mut Ctx<'_, Self>, change: LinkChange<NodeAddr>) {
        ctx.emit(Told::Link(change));
        if change == LinkChange::Up(NodeAddr(11)) {
            ctx.send(NodeAddr(11), Number(5));
        }
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, _: OperationId, (to, number): (Option<NodeAddr>, u32)) {
        match to {
            Some(to) => ctx.send(to, Number(number)),
            None => ctx.broadcast(Number(number)),
        }
    }

    fn on_stop(&mut self, ctx: &mut Ctx<'_, Self>) {
        ctx.broadcast(Number(1));
    }
}

enum Turn {
    Start(u32),
    Stop(u32, Departure),
    Ask(u32, Option<u32>, u32),
}

#[derive(Default)]
struct Script {
    told: Vec<(SimTime, NodeAddr, Told)>,
}

impl World<Node> for Script {
    type Event = Turn;

    fn on_event(&mut self, control: &mut Control<'_, Node, Turn>, turn: Turn) {
        match turn {
            Turn::Start(node) => control.start(NodeAddr(node), ()),
            Turn::Stop(node, departure) => control.stop(NodeAddr(node), departure),
            Turn::Ask(node, to, number) => {
                control.command(NodeAddr(node), OperationId(0), (to.map(NodeAddr), number));
            }
        }
    }

    fn on_node_event(&mut self, time: SimTime, node: NodeAddr, told: Told) {
        self.told.push((time, node, told));
    }
}

fn at(seconds: u64) -> SimTime {
    SimTime::from_nanos(seconds * 1_000_000_000)
}

fn pair(a: u32, b: u32) -> (NodeAddr, NodeAddr) {
    (NodeAddr(a), NodeAddr(b))
}

fn air() -> Air {
    Air {
        delay: SimDuration::from_millis(1),
        jitter: SimDuration::ZERO,
        loss: 0.0,
        tries: 1,
        medium: None,
    }
}

fn simulation(nodes: u32, links: LinkLayer, partitions: u32) -> Simulation<Node, Script> {
    let setup = Setup {
        config: (),
        network: Box::new(Nothing),
        nodes,
        streams: StreamKey::root(3, 0),
        partitions,
    };
    Simulation::linked(setup, links, Script::default(), ())
}

/// A line of nodes.
fn line(nodes: u32) -> Box<dyn LinkSource> {
    Box::new(Fixed::new((1..nodes).map(|node| pair(node - 1, node)), Vec::new()))
}

fn heard(simulation: &Simulation<Node, Script>) -> Vec<(u64, u32, u32)> {
    let told = simulation.world().told.iter();
    told.filter_map(|(time, node, told)| match told {
        Told::Heard(from, _) => Some((time.as_nanos() / 1_000_000, node.0, from.0)),
        _ => None,
    })
    .collect()
}

#[test]
fn neighbours_hear_and_nobody_else() {
    let links = LinkLayer::new(4, line(4), air()).unwrap();
    let mut simulation = simulation(4, links, 1);
    (0..4).for_each(|node| simulation.schedule(at(0), Turn::Start(node)));
    simulation.schedule(at(1), Turn::Ask(1, None, 0));
    simulation.schedule(at(2), Turn::Ask(1, Some(2), 0));
    simulation.schedule(at(3), Turn::Ask(1, Some(3), 0));
    simulation.schedule(at(4), Turn::Stop(2, Departure::Silent));
    simulation.schedule(at(5), Turn::Ask(1, None, 0));
    simulation.schedule(at(6), Turn::Ask(1, Some(2), 0));
    simulation.run_until(at(10)).unwrap();
    assert_eq!(
        heard(&simulation),
        [(1001, 0, 1), (1001, 2, 1), (2001, 2, 1), (5001, 0, 1)]
    );
    // One frame for all who hear it.
    assert_eq!(simulation.traffic().total().messages, 5);
    assert_eq!(simulation.traffic().lost, 2);
    let links: Vec<_> = simulation.world().told.iter().filter(|told| told.0 == at(4)).collect();
    assert_eq!(
        links,
        [
            &(at(4), NodeAddr(1), Told::Link(LinkChange::Down(NodeAddr(2)))),
            &(at(4), NodeAddr(3), Told::Link(LinkChange::Down(NodeAddr(2))))
        ]
    );
}

#[test]
fn who_starts_knows_his_links_and_who_leaves_can_still_use_them() {
    let links = LinkLayer::new(3, line(3), air()).unwrap();
    let mut simulation = simulation(3, links, 1);
    [0, 2, 1]
        .iter()
        .for_each(|node| simulation.schedule(at(1), Turn::Start(*node)));
    simulation.schedule(at(2), Turn::Stop(1, Departure::Graceful));
    simulation.run_until(at(3)).unwrap();
    let started = simulation.world().told.iter().filter_map(|(_, node, told)| match told {
        Told::Started(links) => Some((node.0, *links)),
        _ => None,
    });
    assert_eq!(started.collect::<Vec<_>>(), [(0, 0), (2, 0), (1, 2)]);
    // What was broadcast in leaving arrives, although the links are gone by then.
    assert_eq!(heard(&simulation), [(2001, 0, 1), (2001, 2, 1)]);
}

#[test]
fn frames_on_wires_are_counted_for_each_wire() {
    let wire = |a, b| Wire {
        between: pair(a, b),
        delay: SimDuration::from_millis(5),
        loss: 0.0,
    };
    let links = LinkLayer::new(4, line(2), air()).unwrap();
    let links = links.with_wires([wire(0, 2), wire(0, 3)]).unwrap();
    let mut simulation = simulation(4, links, 1);
    (0..4).for_each(|node| simulation.schedule(at(0), Turn::Start(node)));
    simulation.schedule(at(1), Turn::Ask(0, None, 0));
    simulation.run_until(at(2)).unwrap();
    assert_eq!(heard(&simulation), [(1001, 1, 0), (1005, 2, 0), (1005, 3, 0)]);
    assert_eq!(simulation.traffic().total().messages, 3);
}

#[test]
fn frames_wait_for_a_shared_medium() {
    let medium = Medium {
        bandwidth: Bandwidth::from_bits_per_second(8_000_000).unwrap(),
        longest_wait: SimDuration::from_millis(10),
    };
    let links = LinkLayer::new(
        3,
        line(3),
        Air {
            medium: Some(medium),
            ..air()
        },
    )
    .unwrap();
    let mut simulation = simulation(3, links, 7);
    (0..3).for_each(|node| simulation.schedule(at(0), Turn::Start(node)));
    (0..3).for_each(|_| simulation.schedule(at(1), Turn::Ask(0, Some(1), 0)));
    simulation.schedule(at(1), Turn::Ask(1, Some(2), 0));
    simulation.run_until(at(2)).unwrap();
    // A millisecond of air each, and one of delay.
    assert_eq!(
        heard(&simulation),
        [(1002, 1, 0), (1003, 1, 0), (1004, 1, 0), (1005, 2, 1)]
    );
    let medium = simulation.traffic().medium.unwrap();
    assert_eq!((medium.messages, medium.lost), (4, 0));
    assert_eq!(medium.longest, SimDuration::from_millis(3));
}

/// A radio on which a number takes a millisecond of air, with a shared medium.
fn shared() -> Air {
    Air {
        medium: Some(Medium {
            bandwidth: Bandwidth::from_bits_per_second(8_000_000).unwrap(),
            longest_wait: SimDuration::from_secs(10),
        }),
        ..air()
    }
}

#[test]
fn in_a_long_line_a_frame_waits_for_those_who_hear_each_other_only() {
    let mut simulation = simulation(100, LinkLayer::new(100, line(100), shared()).unwrap(), 1);
    (0..100).for_each(|node| simulation.schedule(at(0), Turn::Start(node)));
    simulation.run_until(at(1)).unwrap();
    let before = simulation.traffic();
    (0..100).for_each(|node| simulation.schedule(at(1), Turn::Ask(node, None, 0)));
    simulation.run_until(at(2)).unwrap();
    let heard: Vec<_> = heard(&simulation).into_iter().filter(|heard| heard.0 >= 1000).collect();
    assert_eq!(heard.len(), 198);
    // The even nodes at once, the odd ones when these have finished.
    assert!(heard.iter().all(|(time, _, from)| *time == 1002 + u64::from(from % 2)));
    let medium = simulation.traffic().since(&before).medium.unwrap();
    assert_eq!((medium.messages, medium.waited), (100, 50 * 1_000_000));
}

#[test]
fn who_hears_a_frame_is_decided_when_it_goes_on_the_air() {
    let millis = |millis: u64| SimTime::ZERO + SimDuration::from_millis(millis);
    // Node 1 goes after 2.5 ms of sending, node 2 comes then; node 3 is there all the time.
    let contacts = [
        (pair(0, 1), at(1), SimTime::ZERO + SimDuration::from_micros(1_002_500)),
        (pair(0, 2), SimTime::ZERO + SimDuration::from_micros(1_002_500), at(2)),
        (pair(0, 3), at(0), at(2)),
    ];
    let links = LinkLayer::new(4, Box::new(Contacts::new(contacts)), shared()).unwrap();
    let mut simulation = simulation(4, links, 1);
    (0..4).for_each(|node| simulation.schedule(at(0), Turn::Start(node)));
    // Five for node 1, of which three go in time, and one for all.
    (0..5).for_each(|_| simulation.schedule(millis(1000), Turn::Ask(0, Some(1), 0)));
    simulation.schedule(millis(1000), Turn::Ask(0, None, 0));
    simulation.run_until(at(3)).unwrap();
    assert_eq!(
        heard(&simulation),
        [
            (1002, 1, 0),
            (1003, 1, 0),
            (1004, 1, 0),
            // The frames for node 1 occupy nothing once it is gone, and the last one is heard by those who are there.
            (1005, 2, 0),
            (1005, 3, 0)
        ]
    );
    let traffic = simulation.traffic();
    assert_eq!((traffic.total().messages, traffic.lost), (6, 2));
    let medium = traffic.medium.unwrap();
    assert_eq!((medium.messages, medium.lost), (4, 0));
}

#[test]
fn what_waits_at_a_node_that_leaves_is_lost_with_it() {
    let mut simulation = simulation(2, LinkLayer::new(2, line(2), shared()).unwrap(), 1);
    (0..2).for_each(|node| simulation.schedule(at(0), Turn::Start(node)));
    (0..3).for_each(|_| simulation.schedule(at(1), Turn::Ask(0, Some(1), 0)));
    // It is back before the second would have had its turn; what it then sends is its own.
    simulation.schedule(at(1), Turn::Stop(0, Departure::Silent));
    simulation.schedule(at(1), Turn::Start(0));
    simulation.schedule(at(1), Turn::Ask(0, None, 0));
    simulation.run_until(at(2)).unwrap();
    assert_eq!(heard(&simulation), [(1002, 1, 0), (1003, 1, 0)]);
    assert_eq!(
        (simulation.traffic().total().messages, simulation.traffic().lost),
        (4, 2)
    );
}

#[test]
fn wires_leave_the_medium_alone() {
    let medium = Medium {
        bandwidth: Bandwidth::from_bits_per_second(8_000_000).unwrap(),
        longest_wait: SimDuration::from_millis(10),
    };
    let radio = Air {
        medium: Some(medium),
        ..air()
    };
    let wire = |a, b| Wire {
        between: pair(a, b),
        delay: SimDuration::from_millis(5),
        loss: 0.0,
    };
    // Two radio links, 0 - 1 and 2 - 3, and a wire between 1 and 2; node 4 has nothing but a wire.
    let links = Fixed::new([pair(0, 1), pair(2, 3)], Vec::new());
    let links = LinkLayer::new(5, Box::new(links), radio).unwrap();
    let links = links.with_wires([wire(1, 2), wire(3, 4)]).unwrap();
    let mut simulation = simulation(5, links, 1);
    (0..5).for_each(|node| simulation.schedule(at(0), Turn::Start(node)));
    simulation.schedule(at(1), Turn::Ask(1, Some(0), 0));
    simulation.schedule(at(1), Turn::Ask(2, Some(3), 0));
    simulation.schedule(at(1), Turn::Ask(4, None, 0));
    simulation.schedule(at(1), Turn::Ask(4, None, 0));
    simulation.run_until(at(2)).unwrap();
    // Whoever is behind a wire neither hears the radio nor waits for it.
    assert_eq!(
        heard(&simulation),
        [(1002, 0, 1), (1002, 3, 2), (1005, 3, 4), (1005, 3, 4)]
    );
    let medium = simulation.traffic().medium.unwrap();
    assert_eq!((medium.messages, medium.longest), (2, SimDuration::ZERO));
    assert_eq!(simulation.traffic().total().messages, 4);
}

#[test]
fn a_frame_counts_as_often_as_it_is_sent() {
    let deaf = Air {
        loss: 0.5,
        tries: 30,
        ..air()
    };
    let links = LinkLayer::new(2, line(2), deaf).unwrap();
    let mut simulation = simulation(2, links, 1);
    (0..2).for_each(|node| simulation.schedule(at(0), Turn::Start(node)));
    (0..4000).for_each(|turn| simulation.schedule(at(1 + turn), Turn::Ask(0, Some(1), 0)));
    simulation.run_until(at(5000)).unwrap();
    assert_eq!(heard(&simulation).len(), 4000);
    // Twice each on average, with a standard deviation of 2^(1/2).
    let messages = simulation.traffic().total().messages;
    assert!((7600..8400).contains(&messages), "{messages}");
}

/// A busy run with everything in it, in so many parts.
fn busy(seed: u64, partitions: u32) -> Simulation<Node, Script> {
    let nodes = 23;
    let mut draws = (0..).map(|number| StreamKey::root(seed, 0).purpose("script").index(number));
    let mut below = |most: u32| (draws.next().unwrap().unit() * f64::from(most)) as u32;
    let contacts: Vec<_> = (0..400)
        .map(|_| {
            let from = below(60);
            (
                pair(below(nodes), below(nodes)),
                at(from.into()),
                at((from + below(15)).into()),
            )
        })
        .collect();
    let air = Air {
        jitter: SimDuration::from_micros(300),
        loss: 0.1,
        tries: 2,
        ..air()
    };
    let cut = Cut::new(at(20), at(30), (0..nodes as u16).map(|node| node % 2));
    let wire = Wire {
        between: pair(1, 19),
        delay: SimDuration::from_micros(700),
        loss: 0.2,
    };
    let links = LinkLayer::new(nodes, Box::new(Contacts::new(contacts)), air).unwrap();
    let links = links.with_wires([wire]).unwrap().with_cuts([cut]);
    let mut simulation = simulation(nodes, links, partitions);
    (0..nodes).for_each(|node| simulation.schedule(at(0), Turn::Start(node)));
    for _ in 0..150 {
        let (time, node) = (at(below(70).into()), below(nodes));
        let turn = match below(6) {
            0 => Turn::Stop(node, Departure::Graceful),
            1 => Turn::Stop(node, Departure::Silent),
            2 | 3 => Turn::Start(node),
            _ => Turn::Ask(node, None, below(30)),
        };
        simulation.schedule(time, turn);
    }
    simulation.run_until(at(80)).unwrap();
    simulation
}

#[test]
fn one_simulation_in_several_parts_is_one_simulation() {
    for seed in 1..6 {
        let whole = busy(seed, 1);
        assert!(whole.world().told.len() > 1000, "{}", whole.world().told.len());
        for partitions in [2, 7, 23] {
            let parts = busy(seed, partitions);
            assert_eq!(
                parts.fingerprint(),
                whole.fingerprint(),
                "seed {seed}, {partitions} parts"
            );
            assert_eq!(parts.traffic(), whole.traffic(), "seed {seed}, {partitions} parts");
            assert!(
                parts.world().told == whole.world().told,
                "seed {seed}, {partitions} parts"
            );
        }
    }
}
