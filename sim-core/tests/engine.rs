//! What the engine promises a protocol, shown at a node that writes down what happens to it.

use sim_core::addr::NodeAddr;
use sim_core::network::Constant;
use sim_core::protocol::{Ctx, OperationId, Protocol, TimerId, Wire};
use sim_core::random::StreamKey;
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure, World};

/// Does as it is told and reports what happens.
struct Puppet {
    life: u32,
    timer: Option<TimerId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Order {
    Send(NodeAddr, u32),
    Timer(SimDuration, u32),
    CancelLast,
}

#[derive(Clone, Hash)]
struct Number(u32);

impl Wire for Number {
    const KINDS: usize = 1;

    fn kind(&self) -> usize {
        0
    }

    fn kind_name(_: usize) -> &'static str {
        "number"
    }

    fn wire_bytes(&self) -> u32 {
        24
    }
}

#[derive(PartialEq, Eq, Debug)]
enum Report {
    Got { life: u32, from: NodeAddr, number: u32 },
    Fired { life: u32, number: u32 },
    Left { life: u32 },
}

impl Protocol for Puppet {
    type Addr = NodeAddr;
    type Init = u32;
    type Config = ();
    type Msg = Number;
    type Timer = u32;
    type Command = Order;
    type Event = Report;

    fn new(_: NodeAddr, life: u32, (): &(), _: StreamKey) -> Self {
        Puppet { life, timer: None }
    }

    fn on_start(&mut self, _: &mut Ctx<'_, Self>) {}

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, Number(number): Number) {
        ctx.emit(Report::Got {
            life: self.life,
            from,
            number,
        });
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, number: u32) {
        ctx.emit(Report::Fired {
            life: self.life,
            number,
        });
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, _: OperationId, order: Order) {
        match order {
            Order::Send(to, number) => ctx.send(to, Number(number)),
            Order::Timer(delay, number) => self.timer = Some(ctx.set_timer(delay, number)),
            Order::CancelLast => {
                if let Some(timer) = self.timer {
                    ctx.cancel_timer(timer);
                }
            }
        }
    }

    fn on_stop(&mut self, ctx: &mut Ctx<'_, Self>) {
        ctx.emit(Report::Left { life: self.life });
    }
}

enum Act {
    Start(u32, u32),
    Stop(u32, Departure),
    StopAll([u32; 3]),
    Tell(u32, Order),
    End,
}

#[derive(Default)]
struct Script {
    reports: Vec<(u64, u32, Report)>,
}

impl World<Puppet> for Script {
    type Event = Act;

    fn on_event(&mut self, control: &mut Control<'_, Puppet, Act>, act: Act) {
        match act {
            Act::Start(node, life) => control.start(NodeAddr(node), life),
            Act::Stop(node, departure) => control.stop(NodeAddr(node), departure),
            Act::StopAll(nodes) => {
                for node in nodes {
                    control.stop(NodeAddr(node), Departure::Graceful);
                }
            }
            Act::Tell(node, order) => control.command(NodeAddr(node), OperationId(0), order),
            Act::End => control.end(),
        }
    }

    fn on_node_event(&mut self, time: SimTime, node: NodeAddr, report: Report) {
        self.reports.push((time.as_nanos() / 1_000_000, node.0, report));
    }
}

/// Plays a script (milliseconds, act) over a network of 10 ms and returns the run.
fn play(script: impl IntoIterator<Item = (u64, Act)>) -> Simulation<Puppet, Script> {
    play_in(1, script)
}

/// The same, split into partitions.
fn play_in(partitions: u32, script: impl IntoIterator<Item = (u64, Act)>) -> Simulation<Puppet, Script> {
    let network = Box::new(Constant::new(SimDuration::from_millis(10)));
    let setup = Setup {
        config: (),
        network,
        nodes: 3,
        streams: StreamKey::root(1, 0),
        partitions,
    };
    let mut simulation = Simulation::new(setup, Script::default());
    for (millis, act) in script {
        simulation.schedule(SimTime::from_nanos(millis * 1_000_000), act);
    }
    simulation.run_until(SimTime::from_nanos(10_000_000_000)).unwrap();
    simulation
}

fn millis(millis: u64) -> SimDuration {
    SimDuration::from_millis(millis)
}

#[test]
fn a_message_reaches_whoever_holds_the_address_when_it_arrives() {
    let run = play([
        (0, Act::Start(0, 1)),
        (0, Act::Start(1, 1)),
        (100, Act::Tell(0, Order::Send(NodeAddr(1), 7))),
        (105, Act::Stop(1, Departure::Silent)),
        (200, Act::Tell(0, Order::Send(NodeAddr(1), 8))),
        (205, Act::Start(1, 2)),
    ]);
    assert_eq!(
        run.world().reports,
        [(
            210,
            1,
            Report::Got {
                life: 2,
                from: NodeAddr(0),
                number: 8
            }
        )]
    );
    assert_eq!(run.traffic().unreachable, 1);
}

#[test]
fn a_message_to_an_address_that_no_host_has_is_counted_and_harms_nobody() {
    let run = play([(0, Act::Start(0, 1)), (1, Act::Tell(0, Order::Send(NodeAddr(99), 7)))]);
    assert_eq!(run.traffic().unreachable, 1);
}

#[test]
fn a_node_that_comes_back_never_sees_the_timers_of_its_earlier_life() {
    let run = play([
        (0, Act::Start(0, 1)),
        (1, Act::Tell(0, Order::Timer(millis(100), 1))),
        (50, Act::Stop(0, Departure::Silent)),
        (60, Act::Start(0, 2)),
        (61, Act::Tell(0, Order::Timer(millis(100), 2))),
    ]);
    assert_eq!(run.world().reports, [(161, 0, Report::Fired { life: 2, number: 2 })]);
}

#[test]
fn a_cancelled_timer_does_not_fire_and_cancelling_a_fired_one_is_harmless() {
    let run = play([
        (0, Act::Start(0, 1)),
        (1, Act::Tell(0, Order::Timer(millis(10), 1))),
        (5, Act::Tell(0, Order::CancelLast)),
        (20, Act::Tell(0, Order::Timer(millis(10), 2))),
        (40, Act::Tell(0, Order::CancelLast)),
        (50, Act::Tell(0, Order::Timer(millis(10), 3))),
    ]);
    let fired: Vec<_> = run
        .world()
        .reports
        .iter()
        .map(|(time, _, report)| (*time, report))
        .collect();
    assert_eq!(
        fired,
        [
            (30, &Report::Fired { life: 1, number: 2 }),
            (60, &Report::Fired { life: 1, number: 3 })
        ]
    );
}

#[test]
fn only_a_graceful_departure_is_told_to_the_node() {
    let run = play([
        (0, Act::Start(0, 1)),
        (0, Act::Start(1, 1)),
        (1, Act::Stop(0, Departure::Graceful)),
        (1, Act::Stop(1, Departure::Silent)),
        (2, Act::Stop(1, Departure::Graceful)),
    ]);
    assert_eq!(run.world().reports, [(1, 0, Report::Left { life: 1 })]);
}

#[test]
fn two_events_swapped_within_an_instant_change_the_fingerprint() {
    let order = |first, second| {
        let tell = |number| Act::Tell(0, Order::Send(NodeAddr(1), number));
        play([
            (0, Act::Start(0, 1)),
            (0, Act::Start(1, 1)),
            (1, tell(first)),
            (1, tell(second)),
        ])
        .fingerprint()
    };
    assert_eq!(order(1, 2), order(1, 2));
    assert_ne!(order(1, 2), order(2, 1));
}

#[test]
fn events_of_one_instant_happen_in_the_order_of_their_causes_not_of_their_insertion() {
    let run = play([
        (0, Act::Start(0, 1)),
        (0, Act::Start(1, 1)),
        (0, Act::Start(2, 1)),
        (1, Act::Tell(2, Order::Send(NodeAddr(0), 2))),
        (1, Act::Tell(1, Order::Send(NodeAddr(0), 1))),
    ]);
    let senders: Vec<_> = run.world().reports.iter().map(|(_, _, report)| report).collect();
    let got = |number| Report::Got {
        life: 1,
        from: NodeAddr(number),
        number,
    };
    assert_eq!(senders, [&got(1), &got(2)]);
}

#[test]
fn what_nodes_tell_in_one_event_of_the_world_is_heard_in_the_order_of_its_acts() {
    for partitions in 1..=3 {
        let starts = [0, 1, 2].map(|node| (0, Act::Start(node, 1)));
        let run = play_in(partitions, starts.into_iter().chain([(1, Act::StopAll([1, 2, 0]))]));
        let left: Vec<u32> = run.world().reports.iter().map(|(_, node, _)| *node).collect();
        assert_eq!(left, [1, 2, 0], "{partitions} partitions");
    }
}

#[test]
fn a_run_ends_where_the_world_ends_it_however_it_is_split() {
    for partitions in 1..=3 {
        let run = play_in(
            partitions,
            [
                (0, Act::Start(0, 1)),
                (0, Act::Tell(0, Order::Timer(millis(99), 1))),
                (0, Act::Tell(0, Order::Timer(millis(100), 2))),
                (0, Act::Tell(0, Order::Timer(millis(101), 3))),
                (100, Act::End),
                (100, Act::Stop(0, Departure::Graceful)),
                (101, Act::Start(1, 1)),
            ],
        );
        let fired = Report::Fired { life: 1, number: 1 };
        let reports = [(99, 0, fired), (100, 0, Report::Left { life: 1 })];
        assert_eq!(run.world().reports, reports, "{partitions} partitions");
        assert_eq!(run.now(), SimTime::from_nanos(100_000_000), "{partitions} partitions");
        assert!(run.node(NodeAddr(1)).is_none(), "{partitions} partitions");
    }
}

#[test]
fn acts_at_an_address_that_no_host_has_do_nothing() {
    for partitions in [1, 2] {
        let run = play_in(
            partitions,
            [(0, Act::Start(3, 1)), (0, Act::Stop(400, Departure::Graceful))],
        );
        assert_eq!(
            (run.events(), run.world().reports.len()),
            (0, 0),
            "{partitions} partitions"
        );
    }
}

#[test]
fn a_run_pauses_after_as_many_events_as_it_is_allowed() {
    let mut simulation = play([(0, Act::Start(0, 1))]);
    for round in 0..100 {
        simulation.schedule(SimTime::ZERO, Act::Tell(0, Order::Timer(millis(1 + round), 1)));
    }
    let end = SimTime::from_nanos(20_000_000_000);
    let mut pauses = 0;
    while !simulation.run_some(end, 20).unwrap() {
        pauses += 1;
    }
    assert!((5..=20).contains(&pauses), "{pauses} pauses in 200 events");
    assert_eq!(simulation.world().reports.len(), 100);
}
