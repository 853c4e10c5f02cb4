//! Departures and repair (section 2.4).

use super::*;

fn heartbeats(node: &mut Recorder<Pastry>) -> Vec<Effect<Pastry>> {
    node.timer(Timer::Heartbeat)
}

fn leaf_set_answer(request: RequestId, of: &str, contacts: Vec<Contact>) -> Msg<Nothing> {
    Msg::State {
        request: Some(request),
        part: Part::LeafSet { unless: None },
        state: state(of, 3, contacts),
    }
}

/// Slides: heartbeats go to the left members of the leaf set.
#[test]
fn heartbeats_go_to_the_smaller_half_and_to_those_of_the_larger_that_are_silent() {
    let mut node = member(config());
    let effects = heartbeats(&mut node);
    assert_eq!(to(&effects, is_ping), addrs(["0330", "1002", "1020"]));
    let exchange = sent(&effects)
        .into_iter()
        .find(|(_, msg)| matches!(msg, Msg::Get { .. }));
    assert!(
        matches!(exchange, Some((to, Msg::Get { part: Part::LeafSet { unless: None }, .. })) if to == addr("0333")),
        "{effects:?}"
    );
    node.message(
        addr("1020"),
        Msg::Ping {
            request: RequestId(1),
            id: Some(id("1020")),
        },
    );
    let effects = heartbeats(&mut node);
    assert_eq!(to(&effects, is_ping), addrs(["0330", "1002"]), "1020 has been heard");
    let effects = heartbeats(&mut node);
    assert_eq!(to(&effects, is_ping), addrs(["0330", "1002", "1020"]), "but not since");
}

/// The time stamp of the optimistic approach: nothing is sent again that has not changed.
#[test]
fn the_next_smaller_neighbour_is_told_of_who_is_missing_there() {
    let mut node = member(config());
    let exchange = request(&heartbeats(&mut node), "0333");
    let theirs = contacts(["0330", "0320", "1002", "1020"]);
    let effects = node.message(addr("0333"), leaf_set_answer(exchange, "0333", theirs));
    let pushed = sent(&effects).into_iter().find_map(|(to, msg)| match msg {
        Msg::State {
            request: None, state, ..
        } if to == addr("0333") => Some(state.contacts),
        _ => None,
    });
    assert!(pushed.is_some(), "1000 itself is missing: {effects:?}");
    let exchange = request(&heartbeats(&mut node), "0333");
    let theirs = contacts(["0330", "0320", "1000", "1002"]);
    let effects = node.message(addr("0333"), leaf_set_answer(exchange, "0333", theirs));
    assert_eq!(sent(&effects), []);
    let effects = heartbeats(&mut node);
    let part = Part::LeafSet { unless: Some(3) };
    assert!(
        sent(&effects)
            .iter()
            .any(|(_, msg)| matches!(msg, Msg::Get { part: asked, .. } if *asked == part))
    );
}

/// Leaf set: the live node with the largest index on the side of the failed one is asked for its leaf set, and whoever is taken
/// from it must be alive.
#[test]
fn the_farthest_on_the_side_of_the_failed_node_is_asked_for_its_leaf_set() {
    let mut node = member(config());
    let effects = heartbeats(&mut node);
    let effects = no_answer(&mut node, request(&effects, "1002"));
    assert!(told(&effects).contains(&Event::Repairing(Repair::LeafSet)));
    let repair = request(&effects, "1020");
    assert!(matches!(
        sent(&effects).iter().find(|(to, _)| *to == addr("1020")),
        Some((
            _,
            Msg::Get {
                part: Part::LeafSet { unless: None },
                ..
            }
        ))
    ));
    let theirs = contacts(["1000", "1002", "1101", "1033"]);
    let effects = node.message(addr("1020"), leaf_set_answer(repair, "1020", theirs));
    // Of 1002 the node hears nothing, though 1020 has not noticed.
    assert_eq!(to(&effects, is_announcement), addrs(["1033"]));
    assert!(
        node.node.leaf_set().larger().eq(contacts(["1020"])),
        "not before it has answered"
    );
    let welcome = request(&effects, "1033");
    node.message(
        addr("1033"),
        Msg::Welcome {
            request: welcome,
            state: state("1033", 1, Vec::new()),
        },
    );
    assert!(node.node.leaf_set().larger().eq(contacts(["1020", "1033"])));
}

/// In a network that has become small the sides meet.
#[test]
fn where_nobody_else_is_left_the_sides_of_the_leaf_set_meet() {
    let mut node = member(config());
    let effects = heartbeats(&mut node);
    let effects = no_answer(&mut node, request(&effects, "1002"));
    assert!(!node.node.leaf_set().covers(id("2000")));
    let repair = request(&effects, "1020");
    let theirs = contacts(["0330", "0333", "1000"]);
    node.message(addr("1020"), leaf_set_answer(repair, "1020", theirs));
    assert!(
        node.node.leaf_set().covers(id("2000")),
        "after 1020 comes 0330, which is known as a smaller one"
    );
}

/// The number of the entry repairs asked by a node, in order.
fn next_repair(effects: &[Effect<Pastry>]) -> Option<(NodeAddr, RequestId)> {
    let is_repair = |msg: &Msg<Nothing>| {
        matches!(
            msg,
            Msg::Get {
                part: Part::Entry(_),
                ..
            }
        )
    };
    asked(effects, is_repair).first().copied()
}

/// Routing table: another entry of the same row is asked for its own, and then those of the next rows.
#[test]
fn the_row_of_a_dead_entry_is_asked_and_then_the_next_rows() {
    let mut node = member(config());
    let arrival = node.command(
        OperationId(1),
        Call::Route {
            key: id("1133"),
            payload: Nothing,
        },
    );
    let hop = asked(&arrival, |msg| matches!(msg, Msg::Route { .. }))[0];
    assert_eq!(hop.0, addr("1133"));
    let mut effects = no_answer(&mut node, hop.1);
    assert!(told(&effects).contains(&Event::Repairing(Repair::RoutingTable)));
    let mut asked_in_turn = Vec::new();
    while let Some((to, request)) = next_repair(&effects) {
        asked_in_turn.push(to);
        // The first one names whoever has been lost, which is no use; the others know nobody.
        let named = if asked_in_turn.len() == 1 {
            contacts(["1133"])
        } else {
            Vec::new()
        };
        let of = KNOWN
            .into_iter()
            .find(|known| addr(known) == to)
            .expect("somebody known");
        let part = Part::Entry(Cell { row: 1, column: 1 });
        let state = state(of, 1, named);
        effects = node.message(
            to,
            Msg::State {
                request: Some(request),
                part,
                state,
            },
        );
    }
    assert_eq!(asked_in_turn[0], addr("1301"), "the same row");
    assert_eq!(asked_in_turn.len(), 4, "and all of rows 2 and 3: {asked_in_turn:?}");
    assert!(node.node.repairs.is_empty());
}

#[test]
fn a_new_entry_must_answer_before_it_is_taken() {
    let mut node = member(config());
    let effects = node.command(
        OperationId(1),
        Call::Route {
            key: id("1133"),
            payload: Nothing,
        },
    );
    let effects = no_answer(&mut node, request(&effects, "1133"));
    let (to, repair) = next_repair(&effects).expect("a repair");
    let part = Part::Entry(Cell { row: 1, column: 1 });
    let state = state("1301", 1, contacts(["1111"]));
    let effects = node.message(
        to,
        Msg::State {
            request: Some(repair),
            part,
            state,
        },
    );
    let ping = request(&effects, "1111");
    assert!(!node.node.tables().knows(id("1111")));
    node.message(
        addr("1111"),
        Msg::Pong {
            request: ping,
            id: id("1111"),
        },
    );
    assert_eq!(
        node.node.routing_table().get(Cell { row: 1, column: 1 }),
        Some(contact("1111"))
    );
    assert!(node.node.repairs.is_empty());
}

/// Neighbourhood set: its members are contacted from time to time; if one does not answer, others are asked for theirs.
#[test]
fn a_member_of_the_neighbourhood_set_that_is_dead_is_replaced_by_what_others_know() {
    let mut node = member::<Nothing>(config());
    let effects = node.timer(Timer::Neighbourhood);
    assert_eq!(asked(&effects, |_| true).len(), 3, "all members: {effects:?}");
    let effects = no_answer(&mut node, request(&effects, "3210"));
    let is_set = |msg: &Msg<Nothing>| {
        matches!(
            msg,
            Msg::Get {
                part: Part::Neighbourhood,
                ..
            }
        )
    };
    let repair = asked(&effects, is_set);
    assert_eq!(repair.len(), 1);
    assert!(told(&effects).contains(&Event::Repairing(Repair::Neighbourhood)));
    let state = state("2222", 1, contacts(["3000"]));
    let (request, part) = (Some(repair[0].1), Part::Neighbourhood);
    let effects = node.message(repair[0].0, Msg::State { request, part, state });
    let ping = super::request(&effects, "3000");
    node.message(
        addr("3000"),
        Msg::Pong {
            request: ping,
            id: id("3000"),
        },
    );
    assert!(node.node.neighbourhood().contacts().any(|near| near == contact("3000")));
}

/// Castro et al. 2002: rows are compared with those of others.
#[test]
fn rows_are_compared_with_those_of_a_random_entry() {
    let mut node = member::<Nothing>(config());
    let effects = node.timer(Timer::Table);
    let rows: Vec<Part> = sent(&effects)
        .into_iter()
        .filter_map(|(_, msg)| match msg {
            Msg::Get { part, .. } => Some(part),
            _ => None,
        })
        .collect();
    assert_eq!(rows, [Part::Row(0), Part::Row(1), Part::Row(2), Part::Row(3)]);
}

#[test]
fn without_repair_the_dead_are_only_forgotten() {
    let mut node = member(Config {
        repair: false,
        ..config()
    });
    let effects = heartbeats(&mut node);
    let effects = no_answer(&mut node, request(&effects, "1002"));
    assert_eq!(effects, []);
    assert!(!node.node.tables().knows(id("1002")));
}

#[test]
fn a_leaver_says_goodbye_to_all_it_knows() {
    let mut node = member::<Nothing>(config());
    let goodbyes = sent(&node.stop());
    let mut to: Vec<NodeAddr> = goodbyes.iter().map(|(to, _)| *to).collect();
    to.sort();
    let mut everybody = KNOWN.map(addr).to_vec();
    everybody.sort();
    assert_eq!(to, everybody);
    for (to, msg) in goodbyes {
        let Msg::Leaving { leaf_set, .. } = msg else {
            panic!("{msg:?}")
        };
        let neighbour = node.node.leaf_set().contacts().iter().any(|leaf| leaf.addr == to);
        assert_eq!(leaf_set.len(), if neighbour { 4 } else { 0 });
    }
}

#[test]
fn who_is_told_of_a_departure_repairs_at_once() {
    let mut node = member::<Nothing>(config());
    let (id, leaf_set) = (id("1002"), contacts(["0333", "1000", "1020", "1033"]).into());
    let effects = node.message(addr("1002"), Msg::Leaving { id, leaf_set });
    assert_eq!(to(&effects, is_announcement), addrs(["1033"]));
    assert!(!node.node.tables().knows(id));
    let leaf_set = Box::default();
    let effects = node.message(addr("1002"), Msg::Leaving { id, leaf_set });
    assert_eq!(effects, [], "it is not known any more");
}

#[test]
fn who_knows_nobody_any_more_is_out_but_not_if_the_others_have_said_goodbye() {
    let alone = || {
        let mut tables = Tables::new(&config(), contact("1000"));
        tables.learn(contact("1002"), Distance::UNKNOWN);
        let tables = Box::new(tables);
        let mut node: Recorder<Pastry> = Recorder::new(addr("1000"), Init::Ready { tables }, config(), 1);
        node.start();
        node
    };
    let mut node = alone();
    let effects = heartbeats(&mut node);
    let effects = no_answer(&mut node, request(&effects, "1002"));
    assert_eq!(told(&effects), [Event::Out(Reason::Isolated)]);
    let mut node = alone();
    let (id, leaf_set) = (id("1002"), Box::default());
    assert_eq!(told(&node.message(addr("1002"), Msg::Leaving { id, leaf_set })), []);
    assert!(node.node.has_joined(), "it is the whole network");
}

#[test]
fn somebody_else_at_an_address_is_not_taken_for_who_was_there() {
    let mut node = member::<Nothing>(config());
    let ping = request(&heartbeats(&mut node), "1002");
    node.message(
        addr("1002"),
        Msg::Pong {
            request: ping,
            id: id("3333"),
        },
    );
    assert!(!node.node.tables().knows(id("1002")));
}
