//! The paper's figures, step by step: addresses by splitting ranges (Fig. 3) and the way of a packet (Fig. 4).

mod peernet_support;

use peernet_support::{Loops, Network, Turn, at, network, pairs};
use protocols::packet::{Outcome, Send};
use protocols::peernet::{Command, Config, Event};
use sim_core::addr::NodeAddr;
use sim_core::link_layer::{Contacts, Fixed};
use sim_core::observer::Observer;
use sim_core::protocol::OperationId;
use sim_core::time::SimTime;

fn bits(address_bits: u8) -> Config {
    Config {
        address_bits,
        ..Config::peernet_2003()
    }
}

/// The address of a node with the range that it manages.
fn place<O: Observer<protocols::peernet::PeerNet>>(network: &Network<O>, node: u32) -> String {
    let Some(state) = network.node(NodeAddr(node)) else {
        return "down".to_owned();
    };
    match (state.address(), state.range()) {
        (Some(address), Some((first, last))) => format!("{address} of {first} to {last}"),
        _ => "none".to_owned(),
    }
}

#[test]
fn figure_3() {
    const A: u32 = 0;
    const B: u32 = 1;
    const C: u32 = 2;
    const D: u32 = 3;
    let links = pairs(&[(A, B), (B, C), (A, D)]);
    let mut network = network(4, Fixed::new(links, Vec::new()), bits(3), 1, ());
    let steps = [
        (A, ["000 of 000 to 111", "down", "down", "down"]),
        (B, ["000 of 000 to 011", "100 of 100 to 111", "down", "down"]),
        (
            C,
            ["000 of 000 to 011", "100 of 100 to 101", "110 of 110 to 111", "down"],
        ),
        (
            D,
            [
                "000 of 000 to 001",
                "100 of 100 to 101",
                "110 of 110 to 111",
                "010 of 010 to 011",
            ],
        ),
    ];
    for (number, (newcomer, expected)) in steps.into_iter().enumerate() {
        network.schedule(at(20.0 * number as f64), Turn::Start(newcomer));
        network.run_until(at(20.0 * (number + 1) as f64)).expect("no observer");
        let places = [A, B, C, D].map(|node| place(&network, node));
        assert_eq!(places, expected, "after node {newcomer} has come");
    }
    // Nobody ever had another address than his first.
    let told = &network.world().told;
    let changes = told.iter().filter(|(.., event)| matches!(event, Event::Address { .. }));
    assert_eq!(changes.count(), 4);
}

#[test]
fn a_node_whose_range_is_one_address_refuses() {
    let links = pairs(&[(0, 1), (1, 2)]);
    let mut network = network(3, Fixed::new(links, Vec::new()), bits(1), 1, ());
    for node in 0..3 {
        network.schedule(at(20.0 * f64::from(node)), Turn::Start(node));
    }
    network.run_until(at(60.0)).expect("no observer");
    assert_eq!(
        [0, 1, 2].map(|node| place(&network, node)),
        ["0 of 0 to 0", "1 of 1 to 1", "none"]
    );
    let told = &network.world().told;
    assert!(
        told.iter()
            .any(|(_, node, event)| *node == NodeAddr(2) && *event == Event::Refused)
    );
    // When the other one leaves, its address is given again.
    network.schedule(at(60.0), Turn::Fail(0));
    network.run_until(at(90.0)).expect("no observer");
    assert_eq!([1, 2].map(|node| place(&network, node)), ["1 of 1 to 1", "0 of 0 to 0"]);
}

/// Fig. 4 shows four nodes of a three-level network; two more, E at 000 and F at 110, are those who gave D and S their addresses
/// and who hold the ones before.
#[test]
fn figure_4() {
    const B: u32 = 0;
    const D: u32 = 1;
    const E: u32 = 2;
    const A: u32 = 3;
    const F: u32 = 4;
    const S: u32 = 5;
    let link = |a, b, from| ((NodeAddr(a), NodeAddr(b)), at(from), SimTime::MAX);
    // The links by which nobody joined come last.
    let links = Contacts::new([
        link(E, A, 0.0),
        link(E, B, 0.0),
        link(E, D, 0.0),
        link(A, F, 0.0),
        link(A, S, 0.0),
        link(A, B, 120.0),
        link(B, D, 120.0),
    ]);
    let mut network = network(6, links, bits(3), 1, Loops::default());
    for (number, node) in [E, A, B, D, F, S].into_iter().enumerate() {
        network.schedule(at(20.0 * number as f64), Turn::Start(node));
    }
    network.run_until(at(140.0)).expect("no loop");
    let address = |node| network.node(NodeAddr(node)).and_then(|state| state.address());
    let addresses = [S, A, B, D].map(|node| address(node).map(|address| address.to_string()));
    assert_eq!(
        addresses,
        ["101", "100", "010", "001"].map(|text| Some(text.to_owned()))
    );
    // S: to 0xx, 11x and 100 by A. A: to 0xx by B, to 11x by F, to 101 by S. B: to 1xx by A, to 00x by D; 011 is empty. D: to
    // 01x by B, to 000 by E, to 1xx by B or E, which are as near.
    let entries = |node| {
        let state = network.node(NodeAddr(node)).expect("it is up");
        let levels = state.table().levels().iter().rev();
        levels.map(|known| (known.level, known.best.next.0)).collect::<Vec<_>>()
    };
    assert_eq!(entries(S), [(2, A), (1, A), (0, A)]);
    assert_eq!(entries(A), [(2, B), (1, F), (0, S)]);
    assert_eq!(entries(B), [(2, A), (1, D)]);
    assert_eq!(entries(D), [(2, B), (1, B), (0, E)]);

    let to = NodeAddr(D);
    network.schedule(at(140.0), Turn::Ask(S, 9, Command::Send(Send { to, bytes: 100 })));
    network.run_until(at(150.0)).expect("no loop");
    let way = network.observer().circles.way((NodeAddr(S), OperationId(9), to));
    assert_eq!(way, [S, A, B, D].map(NodeAddr));
    let told = &network.world().told;
    let delivered = |event: &Event| matches!(event.outcome(), Some(Outcome::Delivered(packet)) if packet.hops == 3);
    assert!(told.iter().any(|(_, node, event)| *node == to && delivered(event)));
}
