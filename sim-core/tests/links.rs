//! Access links: first in, first out; what waits and what is lost; and waiting times against queueing theory.

use sim_core::addr::NodeAddr;
use sim_core::distribution::Exponential;
use sim_core::network::{AccessLinks, Bandwidth, Capacity, Constant, Linked, Network, QueueLimit};
use sim_core::protocol::{Ctx, OperationId, Protocol, Wire};
use sim_core::random::StreamKey;
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::traffic::LinkTraffic;
use sim_core::world::{Control, Departure, World};

/// Sends what it is told to and tells what it receives.
struct Postman;

/// A message by its number and length in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Parcel(u32, u32);

impl Wire for Parcel {
    const KINDS: usize = 1;

    fn kind(&self) -> usize {
        0
    }

    fn kind_name(_: usize) -> &'static str {
        "parcel"
    }

    fn wire_bytes(&self) -> u32 {
        self.1
    }
}

impl Protocol for Postman {
    type Addr = NodeAddr;
    type Init = ();
    type Config = ();
    type Msg = Parcel;
    type Timer = ();
    type Command = (u32, Parcel);
    type Event = Parcel;

    fn new(_: NodeAddr, (): (), (): &(), _: StreamKey) -> Self {
        Postman
    }

    fn on_start(&mut self, _: &mut Ctx<'_, Self>) {}

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, _: NodeAddr, parcel: Parcel) {
        ctx.emit(parcel);
    }

    fn on_timer(&mut self, _: &mut Ctx<'_, Self>, (): ()) {}

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, _: OperationId, (to, parcel): (u32, Parcel)) {
        ctx.send(NodeAddr(to), parcel);
    }

    fn on_stop(&mut self, _: &mut Ctx<'_, Self>) {}
}

/// Something to be sent, or a node that leaves.
enum Turn {
    Open(u32),
    Send(u32, u32, Parcel),
    Stop(u32),
}

/// What was received, when and where.
#[derive(Default)]
struct Post(Vec<(u64, u32, u32)>);

impl World<Postman> for Post {
    type Event = Turn;

    fn on_event(&mut self, control: &mut Control<'_, Postman, Turn>, turn: Turn) {
        match turn {
            Turn::Open(nodes) => (0..nodes).for_each(|node| control.start(NodeAddr(node), ())),
            Turn::Send(from, to, parcel) => control.command(NodeAddr(from), OperationId(0), (to, parcel)),
            Turn::Stop(node) => control.stop(NodeAddr(node), Departure::Silent),
        }
    }

    fn on_node_event(&mut self, time: SimTime, node: NodeAddr, Parcel(number, _): Parcel) {
        self.0.push((time.as_nanos(), node.0, number));
    }
}

const MILLI: u64 = 1_000_000;

fn rate(bits: u64) -> Option<Bandwidth> {
    Bandwidth::from_bits_per_second(bits)
}

/// Runs a network of constant delay 10 ms in which these things happen, times in nanoseconds.
fn run(capacity: Capacity, queue: QueueLimit, header: u32, turns: Vec<(u64, Turn)>) -> (Post, LinkTraffic) {
    let nodes = 4;
    let network: Box<dyn Network> = Box::new(Linked::new(
        Constant::new(SimDuration::from_millis(10)),
        AccessLinks::alike(capacity, queue, header),
    ));
    let setup = Setup {
        config: (),
        network,
        nodes,
        streams: StreamKey::root(1, 0),
        partitions: 1,
    };
    let mut simulation = Simulation::new(setup, Post::default());
    simulation.schedule(SimTime::ZERO, Turn::Open(nodes));
    for (time, turn) in turns {
        simulation.schedule(SimTime::from_nanos(time), turn);
    }
    simulation.run_until(SimTime::MAX).unwrap();
    let links = simulation.traffic().links.unwrap();
    (simulation.into_world(), links)
}

/// 1000 bytes take 8 ms at 1 Mbit/s.
const MEGABIT: u64 = 1_000_000;

#[test]
fn a_host_sends_one_message_after_the_other() {
    let capacity = Capacity {
        up: rate(MEGABIT),
        down: None,
    };
    let turns = vec![
        (MILLI, Turn::Send(0, 1, Parcel(1, 1000))),
        (MILLI, Turn::Send(0, 2, Parcel(2, 500))),
        (5 * MILLI, Turn::Send(0, 1, Parcel(3, 1000))),
        // The link is idle from 21 ms on.
        (40 * MILLI, Turn::Send(0, 3, Parcel(4, 1000))),
        // To oneself, and from another host: no wait.
        (2 * MILLI, Turn::Send(0, 0, Parcel(5, 1000))),
        (2 * MILLI, Turn::Send(3, 2, Parcel(6, 1000))),
    ];
    let (Post(received), links) = run(capacity, QueueLimit::None, 0, turns);
    let expected = [
        (2 * MILLI + 1, 0, 5),
        (19 * MILLI, 1, 1),
        (20 * MILLI, 2, 6),
        (23 * MILLI, 2, 2),
        (31 * MILLI, 1, 3),
        (58 * MILLI, 3, 4),
    ];
    assert_eq!(received, expected);
    assert_eq!(
        (links.up.messages, links.up.lost),
        (5, 0),
        "that to oneself used no link"
    );
    assert_eq!(
        links.up.waited,
        u128::from((8 + 8) * MILLI),
        "the second 8 ms, the third 8 ms"
    );
    assert_eq!(links.up.longest, SimDuration::from_millis(8));
    assert_eq!((links.down.messages, links.down.waited), (5, 0));
}

#[test]
fn messages_from_several_hosts_queue_at_the_receiver_in_order_of_arrival() {
    let capacity = Capacity {
        up: None,
        down: rate(MEGABIT),
    };
    let turns = vec![
        // Both reach host 3 at 11 ms: of one instant, the sender with the lower address comes first.
        (MILLI, Turn::Send(2, 3, Parcel(1, 1000))),
        (MILLI, Turn::Send(1, 3, Parcel(2, 500))),
        (2 * MILLI, Turn::Send(0, 3, Parcel(3, 1000))),
        (2 * MILLI, Turn::Send(0, 2, Parcel(4, 1000))),
    ];
    let (Post(received), links) = run(capacity, QueueLimit::None, 250, turns);
    // With 250 bytes of header: 6 ms and 10 ms.
    let expected = [
        (17 * MILLI, 3, 2),
        (22 * MILLI, 2, 4),
        (27 * MILLI, 3, 1),
        (37 * MILLI, 3, 3),
    ];
    assert_eq!(received, expected);
    assert_eq!(links.down.waited, u128::from((6 + 15) * MILLI));
    assert_eq!(links.down.longest, SimDuration::from_millis(15));
}

#[test]
fn what_would_wait_too_long_is_lost_and_the_others_take_its_place() {
    let capacity = Capacity {
        up: rate(MEGABIT),
        down: rate(MEGABIT),
    };
    let burst = |limit| {
        let sends = (1..=4).map(|number| (0, Turn::Send(0, 1, Parcel(number, 1000))));
        let late = [(17 * MILLI, Turn::Send(0, 1, Parcel(5, 1000)))];
        run(capacity, limit, 0, sends.chain(late).collect())
    };
    // Waits would be 0, 8, 16 and 24 ms; at 17 ms two messages have left and one is being sent.
    let received = |limit| -> Vec<u32> { burst(limit).0.0.iter().map(|(_, _, number)| *number).collect() };
    assert_eq!(received(QueueLimit::None), [1, 2, 3, 4, 5]);
    assert_eq!(received(QueueLimit::Wait(SimDuration::from_millis(16))), [1, 2, 3, 5]);
    assert_eq!(
        received(QueueLimit::Wait(SimDuration::from_nanos(16 * MILLI - 1))),
        [1, 2, 5]
    );
    assert_eq!(received(QueueLimit::Bytes(2000)), [1, 2, 3, 5]);
    assert_eq!(received(QueueLimit::Bytes(1999)), [1, 2, 5]);
    assert_eq!(
        received(QueueLimit::Bytes(0)),
        [1, 5],
        "longer than the queue, but nothing is ahead"
    );
    let (_, links) = burst(QueueLimit::Bytes(2000));
    assert_eq!(
        (links.up.lost, links.up.messages, links.down.lost, links.lost()),
        (1, 4, 0, 1)
    );

    // Five hosts' worth at one receiver: lost there, after they have used the senders' links.
    let sends = (0..3)
        .map(|from| (0, Turn::Send(from, 3, Parcel(from, 1000))))
        .collect();
    let (Post(received), links) = run(capacity, QueueLimit::Wait(SimDuration::from_millis(8)), 0, sends);
    assert_eq!(received, [(26 * MILLI, 3, 0), (34 * MILLI, 3, 1)]);
    assert_eq!((links.up.lost, links.down.lost, links.down.messages), (0, 1, 2));
}

#[test]
fn the_link_of_a_host_that_is_down_carries_what_is_sent_there() {
    let capacity = Capacity {
        up: None,
        down: rate(MEGABIT),
    };
    let turns = vec![
        (0, Turn::Send(0, 1, Parcel(1, 1000))),
        // The message is on the link when the node leaves: nobody is there to receive it at 18 ms.
        (12 * MILLI, Turn::Stop(1)),
    ];
    let (Post(received), links) = run(capacity, QueueLimit::None, 0, turns);
    assert_eq!((received.len(), links.down.messages), (0, 1));
}

/// An M/D/1 queue, on each end of a link: messages of 1000 bytes at 1 Mbit/s, 8 ms each, in a Poisson process. The mean wait
/// is rho / (1 - rho) half service times (Pollaczek and Khinchine). The bound is five standard errors over the seeds.
#[test]
fn waits_are_those_of_an_m_d_1_queue() {
    let up = Capacity {
        up: rate(MEGABIT),
        down: None,
    };
    let down = Capacity {
        up: None,
        down: rate(MEGABIT),
    };
    for (load, capacity) in [(0.3, up), (0.7, up), (0.5, down), (0.8, down)] {
        let waits: Vec<f64> = (1..=10)
            .map(|seed| {
                let gap = Exponential::new(0.008 / load).unwrap();
                let mut rng = StreamKey::root(seed, 0).purpose("parcels").rng();
                let mut now = 0.0;
                let turns = (0..100_000).map(|number| {
                    now += gap.sample(&mut rng);
                    ((now * 1e9) as u64, Turn::Send(0, 1, Parcel(number, 1000)))
                });
                let (_, links) = run(capacity, QueueLimit::None, 0, turns.collect());
                let queue = if capacity == up { links.up } else { links.down };
                assert_eq!(queue.messages, 100_000);
                queue.waited as f64 / 1e9 / queue.messages as f64
            })
            .collect();
        let n = waits.len() as f64;
        let mean = waits.iter().sum::<f64>() / n;
        let variance = waits.iter().map(|wait| (wait - mean) * (wait - mean)).sum::<f64>() / (n - 1.0);
        let expected = 0.004 * load / (1.0 - load);
        let bound = 5.0 * (variance / n).sqrt();
        assert!(
            bound < 0.05 * expected,
            "load {load}: the runs say too little, {bound} of {expected}"
        );
        assert!(
            (mean - expected).abs() < bound,
            "load {load}: {mean} s, not {expected} s"
        );
    }
}
