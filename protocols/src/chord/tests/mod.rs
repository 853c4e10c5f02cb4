//! One test per claim of the papers, on the effects of a single node.

mod bad_input;
mod consistency;
mod i3_rules;
mod joining;
mod leaving;
mod lookups;
mod proximity;
mod routing;
mod stabilize;

use sim_core::addr::NodeAddr;
use sim_core::protocol::OperationId;
use sim_core::recorder::{Effect, Recorder};
use sim_core::time::SimDuration;

use super::*;
use crate::lookup::Failure;

fn contact(id: u32) -> Contact {
    Contact {
        id: Id::new(u128::from(id)),
        addr: NodeAddr(id),
    }
}

fn contacts<const N: usize>(ids: [u32; N]) -> Vec<Contact> {
    ids.map(contact).to_vec()
}

/// Rings of 64 points; the address of a node is its identifier.
fn config(rules: Rules) -> Config {
    Config {
        rules,
        id_bits: 6,
        successors: 3,
        ..Config::default()
    }
}

/// Node 8 of the ring that ToN, Fig. 4 shows: 1 8 14 21 32 38 42 48 51 56.
fn member(config: Config) -> Recorder<Chord> {
    member_carrying(config)
}

/// The same, with a layer above.
fn member_carrying<B: Payload>(config: Config) -> Recorder<Chord<B>> {
    let ring = Ring::new(&config, contacts([1, 8, 14, 21, 32, 38, 42, 48, 51, 56]));
    let id = Id::new(8);
    let periods = usize::from(config.finger_period.is_some());
    let mut node = Recorder::new(
        NodeAddr(8),
        Init::Ready {
            id,
            tables: Box::new(ring.tables(id)),
        },
        config,
        1,
    );
    let effects = node.start();
    let [
        Effect::SetTimer {
            timer: Timer::Stabilize,
            ..
        },
        others @ ..,
        Effect::Emit(Event::Joined),
    ] = &effects[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!(others.len(), periods, "{others:?}");
    node
}

/// Node 8, joining through node 56.
fn joining(config: Config) -> (Recorder<Chord>, Vec<Effect<Chord>>) {
    let mut node = Recorder::new(
        NodeAddr(8),
        Init::Join {
            id: Id::new(8),
            bootstrap: NodeAddr(56),
        },
        config,
        1,
    );
    let effects = node.start();
    (node, effects)
}

fn sent<B: Payload>(effects: &[Effect<Chord<B>>]) -> Vec<(u32, Msg<B>)> {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send { to, msg } => Some((to.0, msg.clone())),
        _ => None,
    });
    sent.collect()
}

fn told<B: Payload>(effects: &[Effect<Chord<B>>]) -> Vec<Event<B>> {
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::Emit(event) => Some(event.clone()),
        _ => None,
    });
    told.collect()
}

/// The request in the first message to a node that asks something.
fn asked<B: Payload>(effects: &[Effect<Chord<B>>], to: u32, test: impl Fn(&Msg<B>) -> bool) -> RequestId {
    let found = sent(effects).into_iter().find(|(addr, msg)| *addr == to && test(msg));
    match found {
        Some((
            _,
            Msg::GetNeighbours { request }
            | Msg::Ping { request }
            | Msg::NextHop { request, .. }
            | Msg::FindSuccessor { request, .. },
        )) => request,
        other => panic!("no such request to {to}: {other:?} in {:?}", sent(effects)),
    }
}

fn get_neighbours(effects: &[Effect<Chord>], to: u32) -> RequestId {
    asked(effects, to, |msg| matches!(msg, Msg::GetNeighbours { .. }))
}

fn ping<B: Payload>(effects: &[Effect<Chord<B>>], to: u32) -> RequestId {
    asked(effects, to, |msg| matches!(msg, Msg::Ping { .. }))
}

fn next_hop<B: Payload>(effects: &[Effect<Chord<B>>], to: u32) -> RequestId {
    asked(effects, to, |msg| matches!(msg, Msg::NextHop { .. }))
}

fn neighbours(id: u32, predecessor: Option<u32>, successors: Vec<Contact>, request: RequestId) -> Msg {
    let neighbours = Neighbours {
        id: Id::new(u128::from(id)),
        predecessor: predecessor.map(contact),
        successors,
    };
    Msg::Neighbours {
        request,
        neighbours: Box::new(neighbours),
    }
}

fn step<B>(request: RequestId, step: Step) -> Msg<B> {
    Msg::Step {
        request,
        step,
        visited: 0,
    }
}

fn lookup(node: &mut Recorder<Chord>, key: u32) -> Vec<Effect<Chord>> {
    node.command(
        OperationId(5),
        Command::Lookup {
            key: Id::new(u128::from(key)),
        },
    )
}

fn is_notify(sent: &[(u32, Msg)], to: u32) -> bool {
    sent.contains(&(to, Msg::Notify { id: Id::new(8) }))
}

/// What only some settings need costs the others nothing.
#[test]
fn a_node_takes_no_more_than_it_needs() {
    assert!(size_of::<Chord>() <= 176, "{}", size_of::<Chord>());
    let node = member(config(Rules::Ton2003)).node;
    let lists = (node.successors.capacity() * size_of::<Contact>()) + node.fingers.heap_bytes();
    assert_eq!(node.heap_bytes(), lists);
}
