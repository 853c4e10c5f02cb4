//! The three nodes on an engine, between lines of a gigabit a second, against what can be worked out by hand.

use sim_core::network::{AccessLinks, Bandwidth, Capacity, Constant, Linked, Lossy, QueueLimit};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::SimTime;
use sim_core::world::{Control, World};

use super::*;

const FRAMING: u32 = 38;

fn config(forwarder: Forwarder, tunnelled: bool, bytes: u32) -> Config {
    let way = Way { forwarder, tunnelled };
    Config {
        way,
        bytes,
        // Back to back: eight nanoseconds a byte.
        gap: SimDuration::from_nanos(8 * u64::from(way.line_bytes(bytes) + FRAMING)),
        queue: 64,
        costs: Costs::default(),
        transfers: 8,
        window: 4,
        patience: SimDuration::from_secs(1),
    }
}

struct Everybody;

impl World<Forwarding> for Everybody {
    type Event = ();

    fn on_event(&mut self, control: &mut Control<'_, Forwarding, ()>, (): ()) {
        for node in [SINK, HOST, SOURCE] {
            control.start(node, ());
        }
    }

    fn on_node_event(&mut self, _: SimTime, _: NodeAddr, event: Infallible) {
        match event {}
    }
}

/// The three nodes after a time.
fn after(config: Config, span: SimDuration) -> Simulation<Forwarding, Everybody> {
    after_losses(config, span, 0.0)
}

/// The same where a share of the packets is lost.
fn after_losses(config: Config, span: SimDuration, loss: f64) -> Simulation<Forwarding, Everybody> {
    let delay = Constant::new(SimDuration::from_micros(10));
    let delay = Lossy::new(delay, loss).expect("a probability");
    let line = Bandwidth::from_bits_per_second(1_000_000_000);
    let capacity = Capacity { up: line, down: line };
    let links = AccessLinks::alike(capacity, QueueLimit::Wait(SimDuration::from_millis(1)), FRAMING);
    let setup = Setup {
        config,
        network: Box::new(Linked::new(delay, links)),
        nodes: 3,
        streams: StreamKey::root(1, 0),
        partitions: 1,
    };
    let mut simulation = Simulation::new(setup, Everybody);
    simulation.schedule(SimTime::ZERO, ());
    simulation.run_until(SimTime::ZERO + span).expect("nobody watches");
    simulation
}

struct Outcome {
    delivered: u64,
    lost: u64,
    given_up: u64,
    worked: SimDuration,
}

fn run(config: Config, span: SimDuration) -> Outcome {
    let simulation = after(config, span);
    let (Some(Forwarding::Sink(sink)), Some(Forwarding::Host(host)), Some(Forwarding::Source(source))) =
        (simulation.node(SINK), simulation.node(HOST), simulation.node(SOURCE))
    else {
        panic!("all are up");
    };
    Outcome {
        delivered: sink.delivered,
        lost: host.lost,
        given_up: source.given_up,
        worked: host.worked(simulation.now()),
    }
}

const TENTH: SimDuration = SimDuration::from_millis(100);

#[test]
fn below_the_knee_the_processor_decides_and_the_rate_does_not_depend_on_the_size() {
    for (forwarder, tunnelled, nanos) in [
        (Forwarder::Ip, false, 260 + 2650),
        (Forwarder::Ip, true, 260 + 2 * 2650),
        (Forwarder::DataRouter, false, 260 + 3840),
        (Forwarder::DataRouter, true, 260 + 2 * 3840),
    ] {
        let rate = |bytes| run(config(forwarder, tunnelled, bytes), TENTH).delivered;
        let expected = 100_000_000 / nanos;
        for bytes in [64, 128, 256] {
            // What is on its way at the end, and the first packet's way.
            let delivered = rate(bytes);
            assert!(
                delivered.abs_diff(expected) <= 10,
                "{forwarder:?}, {bytes} B: {delivered}, not {expected}"
            );
        }
    }
}

#[test]
fn above_the_knee_the_line_decides() {
    for (forwarder, tunnelled, bytes) in [
        (Forwarder::Ip, false, 400),
        (Forwarder::Ip, true, 700),
        (Forwarder::DataRouter, true, 1000),
        (Forwarder::Ip, false, 1480),
    ] {
        let outcome = run(config(forwarder, tunnelled, bytes), TENTH);
        let on_the_line = bytes + FRAMING + if tunnelled { TUNNEL_BYTES } else { 0 };
        let expected = 100_000_000 / (8 * u64::from(on_the_line));
        // Packets are lined up at four ends of lines, and each takes 10 us between them twice.
        assert!(
            outcome.delivered.abs_diff(expected) <= 12,
            "{forwarder:?}, {bytes} B: {}",
            outcome.delivered
        );
        assert_eq!(outcome.lost, 0);
        assert!(outcome.worked < TENTH);
    }
}

#[test]
fn the_rate_over_udp_is_that_of_calls_and_copies() {
    let rate = |bytes| run(config(Forwarder::Udp, false, bytes), TENTH).delivered;
    for bytes in [64, 700, 1400] {
        let nanos = 2910 + 2 * (5000 + u64::from(bytes - UDP_BYTES));
        let (delivered, expected) = (rate(bytes), 100_000_000 / nanos);
        assert!(
            delivered.abs_diff(expected) <= 10,
            "{bytes} B: {delivered}, not {expected}"
        );
    }
}

#[test]
fn a_transfer_over_tcp_costs_what_one_hop_is_said_to_cost() {
    // One segment; two; more than the window.
    for (bytes, tunnelled) in [(200, false), (2000, true), (20_000, false)] {
        let config = config(Forwarder::Tcp, tunnelled, bytes);
        let hop = Costs::default().hop(config.way, bytes);
        let outcome = run(config, TENTH * 4);
        let whole = outcome.worked.as_secs_f64() / hop.as_secs_f64();
        // Transfers that are open at either end of the run.
        assert!(
            (outcome.delivered as f64 - whole).abs() <= 8.0,
            "{bytes} B: {} of {whole}",
            outcome.delivered
        );
        assert!(outcome.delivered > 500, "{bytes} B: {}", outcome.delivered);
        assert_eq!((outcome.lost, outcome.given_up), (0, 0));
    }
}

#[test]
fn over_tcp_the_processor_is_never_idle_and_the_connections_are_what_takes_its_time() {
    let outcome = run(config(Forwarder::Tcp, false, 1000), TENTH);
    assert!(outcome.worked.as_nanos() >= 99_000_000, "{}", outcome.worked);
    let without = Costs {
        connection: SimDuration::ZERO,
        ..Costs::default()
    };
    let cheap = Config {
        costs: without,
        ..config(Forwarder::Tcp, false, 1000)
    };
    let other = run(cheap, TENTH);
    assert!(
        other.delivered > 4 * outcome.delivered,
        "{} and {}",
        other.delivered,
        outcome.delivered
    );
}

#[test]
fn what_finds_the_queue_full_is_lost_and_a_transfer_with_it() {
    let datagrams = run(config(Forwarder::Ip, true, 64), TENTH);
    // The generator sends 5.7 times as many packets a second as the processor can take.
    assert!(datagrams.lost > 4 * datagrams.delivered, "{}", datagrams.lost);
    let crowded = Config {
        transfers: 200,
        queue: 4,
        patience: SimDuration::from_millis(20),
        ..config(Forwarder::Tcp, false, 1000)
    };
    let outcome = run(crowded, TENTH);
    assert!(outcome.lost > 0 && outcome.given_up > 0 && outcome.delivered > 0);
}

#[test]
fn bytes_on_the_line_are_those_of_the_packets_that_go_over_it() {
    for (forwarder, tunnelled, bytes) in [
        (Forwarder::Ip, true, 600),
        (Forwarder::Udp, false, 600),
        (Forwarder::Tcp, true, 3000),
    ] {
        let config = config(forwarder, tunnelled, bytes);
        let expected = config.way.line_bytes(bytes);
        let messages = match forwarder {
            // Opening, closing, and three of data.
            Forwarder::Tcp => 2.0 + 3.0,
            _ => 1.0,
        };
        let simulation = after(config.clone(), TENTH);
        let (Some(Forwarding::Host(host)), Some(Forwarding::Sink(sink))) =
            (simulation.node(HOST), simulation.node(SINK))
        else {
            panic!("all are up");
        };
        let transfers = host.sent as f64 / messages;
        assert!((transfers - sink.delivered as f64).abs() < 10.0);
        let control = if forwarder == Forwarder::Tcp { 2.0 * 60.0 } else { 0.0 };
        let each = host.sent_bytes as f64 / transfers - control;
        assert!(
            (each / f64::from(expected) - 1.0).abs() < 0.01,
            "{each}, not {expected}"
        );
    }
}

#[test]
fn costs_of_nothing_are_refused() {
    let nothing = Costs {
        card: SimDuration::ZERO,
        pass: SimDuration::ZERO,
        ..Costs::default()
    };
    assert_eq!(nothing.validate(), Err(NoCosts));
    assert_eq!(Costs::default().validate(), Ok(Costs::default()));
}

#[test]
fn a_transfer_that_has_lost_a_segment_never_counts_as_whole() {
    // Ten segments each; who counts has seen all ten of what it counts.
    let config = Config {
        patience: SimDuration::from_millis(5),
        ..config(Forwarder::Tcp, false, 10 * SEGMENT_BYTES + UDP_BYTES)
    };
    let simulation = after_losses(config, TENTH, 0.01);
    let (Some(Forwarding::Host(host)), Some(Forwarding::Sink(sink)), Some(Forwarding::Source(source))) =
        (simulation.node(HOST), simulation.node(SINK), simulation.node(SOURCE))
    else {
        panic!("all are up");
    };
    assert!(source.given_up > 0 && sink.delivered > 0);
    let opening = sink.delivered * u64::from(TCP_BYTES);
    let data = (host.sent_bytes - opening) / u64::from(SEGMENT_BYTES + TCP_BYTES);
    assert!(
        data >= 10 * sink.delivered,
        "{data} segments of {} transfers",
        sink.delivered
    );
}
