//! What MSPastry adds (DSN 2004): one test a claim.

use super::*;

fn dependable() -> Config {
    Config {
        neighbourhood: 0,
        timeout: SimDuration::from_secs(3),
        retries: 2,
        mspastry: Some(MsPastry::default()),
        ..config()
    }
}

fn view(of: &str, leaf_set: Vec<Contact>, failed: Vec<Contact>) -> Box<View> {
    Box::new(View {
        id: id(of),
        reach: Some((id(of), id(of))),
        leaf_set: leaf_set.into(),
        failed: failed.into(),
        period: SimDuration::from_secs(60),
    })
}

/// The probes of leaf sets among the messages.
fn probes(effects: &[Effect<Pastry>]) -> Vec<(NodeAddr, RequestId, Box<View>)> {
    let probes = sent(effects).into_iter().filter_map(|(to, msg)| match msg {
        Msg::Probe(Probe::LeafSet { request, view }) => Some((to, request, view)),
        _ => None,
    });
    probes.collect()
}

fn probed(effects: &[Effect<Pastry>]) -> Vec<NodeAddr> {
    let mut to: Vec<NodeAddr> = probes(effects).into_iter().map(|(to, ..)| to).collect();
    to.sort();
    to
}

fn answer(node: &mut Recorder<Pastry>, from: &str, request: RequestId, view: Box<View>) -> Vec<Effect<Pastry>> {
    node.message(addr(from), Msg::Probe(Probe::LeafSetReply { request, view }))
}

/// Node 1000, which has been told on its way of 0333 and 1020 alone, and probes them.
fn announcing() -> (Recorder<Pastry>, Vec<Effect<Pastry>>) {
    let (mut node, effects) = newcomer(Config {
        quality: Quality::Sl,
        ..dependable()
    });
    let request = request(&effects, "2222");
    let told = Msg::OnTheWay {
        request,
        hop: 0,
        last: true,
        state: state("0333", 0, contacts(["1020"])),
    };
    let effects = node.message(addr("0333"), told);
    (node, effects)
}

fn route(node: &mut Recorder<Pastry>, key: &str) -> Vec<Effect<Pastry>> {
    let key = id(key);
    let payload = Nothing;
    node.command(OperationId(9), Call::Route { key, payload })
}

fn routed_to(effects: &[Effect<Pastry>]) -> Vec<NodeAddr> {
    let routed = sent(effects)
        .into_iter()
        .filter(|(_, msg)| matches!(msg, Msg::Route { .. }));
    routed.map(|(to, _)| to).collect()
}

/// The requests that time out, with their time-outs.
fn timeouts(effects: &[Effect<Pastry>]) -> Vec<(RequestId, SimDuration)> {
    let timeouts = effects.iter().filter_map(|effect| match effect {
        Effect::SetTimer {
            delay,
            timer: Timer::Request(request),
            ..
        } => Some((*request, *delay)),
        _ => None,
    });
    timeouts.collect()
}

/// Active only when all of the leaf set have confirmed, also those that are learnt meanwhile. Until then messages
/// wait.
#[test]
fn a_newcomer_becomes_active_when_all_of_its_leaf_set_know_it() {
    let (mut node, effects) = announcing();
    let asked = probes(&effects);
    assert_eq!(probed(&effects), addrs(["0333", "1020"]));
    let acknowledge = None;
    let held = node.message(
        addr("1020"),
        Msg::Route {
            acknowledge,
            message: routed("1000", Nothing),
        },
    );
    assert_eq!((told(&held), routed_to(&held)), (vec![], vec![]), "it waits");
    let request_to = |whom| asked.iter().find(|(to, ..)| *to == addr(whom)).expect("was probed").1;
    let effects = answer(
        &mut node,
        "0333",
        request_to("0333"),
        view("0333", contacts(["1020", "1002"]), vec![]),
    );
    assert_eq!(probed(&effects), addrs(["1002"]), "somebody whom it did not know");
    let third = probes(&effects)[0].1;
    let effects = answer(
        &mut node,
        "1020",
        request_to("1020"),
        view("1020", contacts(["0333"]), vec![]),
    );
    assert!(
        told(&effects).is_empty() && !node.node.has_joined(),
        "1002 has not answered"
    );
    let effects = answer(
        &mut node,
        "1002",
        third,
        view("1002", contacts(["0333", "1020"]), vec![]),
    );
    let told = told(&effects);
    assert!(matches!(told[..], [Event::Joined, Event::Deliver(_)]), "{told:?}");
}

/// Who is not heard directly comes into no leaf set.
#[test]
fn a_candidate_is_not_taken_before_it_has_answered() {
    let mut node = member(dependable());
    let request = RequestId(7);
    let told = view("1020", contacts(["1001", "1002"]), vec![]);
    let effects = node.message(
        addr("1020"),
        Msg::Probe(Probe::LeafSet {
            request,
            view: told.clone(),
        }),
    );
    let [(candidate, probe, _)] = &probes(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(*candidate, addr("1001"));
    assert!(!node.node.tables().knows(id("1001")));
    node.advance(SimDuration::from_secs(9));
    no_answer(&mut node, *probe);
    assert!(!node.node.tables().knows(id("1001")));
}

/// Who has failed is missing in the lists of those who know it, also when they have forgotten that.
#[test]
fn whoever_is_missing_in_a_list_that_reaches_beyond_him_is_probed() {
    let mut node = member(dependable());
    let mut told = view("1020", contacts(["0333", "1000"]), vec![]);
    told.reach = Some((id("0333"), id("1033")));
    let request = RequestId(7);
    let effects = node.message(addr("1020"), Msg::Probe(Probe::LeafSet { request, view: told }));
    assert_eq!(probed(&effects), addrs(["1002"]), "0330 is beyond");
}

/// Whoever is accused is probed, and stays until the probe has failed.
#[test]
fn an_accused_neighbour_is_probed_before_it_counts_as_dead() {
    let mut node = member(dependable());
    let request = RequestId(7);
    let accusing = view("1002", contacts(["1000"]), contacts(["1020"]));
    node.advance(SimDuration::from_secs(60));
    let effects = node.message(
        addr("1002"),
        Msg::Probe(Probe::LeafSet {
            request,
            view: accusing,
        }),
    );
    assert!(probed(&effects).contains(&addr("1020")));
    assert!(node.node.tables().knows(id("1020")));
    let probe = probes(&effects).into_iter().find(|(to, ..)| *to == addr("1020"));
    node.advance(SimDuration::from_secs(9));
    no_answer(&mut node, probe.expect("was probed").1);
    assert!(!node.node.leaf_set().contacts().contains(&contact("1020")));
}

/// Heartbeats go to the left neighbour alone, and not if it has been told something anyway.
#[test]
fn a_heartbeat_goes_to_the_left_neighbour_alone() {
    let mut node = member(dependable());
    let heartbeats = |effects: &[Effect<Pastry>]| -> Vec<NodeAddr> {
        let is_heartbeat = |msg: &Msg<Nothing>| matches!(msg, Msg::Probe(Probe::Heartbeat { .. }));
        let sent = sent(effects).into_iter().filter(|(_, msg)| is_heartbeat(msg));
        sent.map(|(to, _)| to).collect()
    };
    node.advance(SimDuration::from_secs(30));
    assert_eq!(heartbeats(&node.timer(Timer::Heartbeat)), addrs(["0333"]));
    node.advance(SimDuration::from_secs(20));
    assert_eq!(routed_to(&route(&mut node, "0333")), addrs(["0333"]));
    node.advance(SimDuration::from_secs(10));
    let effects = node.timer(Timer::Heartbeat);
    assert_eq!(heartbeats(&effects), [], "told ten seconds ago");
    let due = effects.iter().find_map(|effect| match effect {
        Effect::SetTimer {
            delay,
            timer: Timer::Heartbeat,
            ..
        } => Some(*delay),
        _ => None,
    });
    assert_eq!(due, Some(SimDuration::from_secs(20)));
}

/// A right neighbour that is silent for longer than `Tls + To` is probed; when it is found dead, all others in the
/// leaf set are told.
#[test]
fn a_silent_right_neighbour_is_probed_and_then_announced_as_failed() {
    let mut node = member(dependable());
    assert_eq!(probed(&node.timer(Timer::RightNeighbour)), [], "it counts as heard");
    node.advance(SimDuration::from_secs(33));
    let effects = node.timer(Timer::RightNeighbour);
    assert_eq!(probed(&effects), addrs(["1002"]));
    let probe = probes(&effects)[0].1;
    node.advance(SimDuration::from_secs(9));
    let effects = no_answer(&mut node, probe);
    let others = addrs(["0330", "0333", "1020"]);
    assert_eq!(probed(&effects), others);
    assert!(
        probes(&effects)
            .iter()
            .all(|(_, _, view)| *view.failed == *contacts(["1002"]))
    );
}

/// Any sign of life will do.
#[test]
fn a_right_neighbour_that_is_heard_is_not_probed() {
    let mut node = member(dependable());
    node.timer(Timer::RightNeighbour);
    node.advance(SimDuration::from_secs(30));
    let acknowledge = Some(RequestId(3));
    node.message(
        addr("1002"),
        Msg::Route {
            acknowledge,
            message: routed("0333", Nothing),
        },
    );
    node.advance(SimDuration::from_secs(3));
    assert_eq!(probed(&node.timer(Timer::RightNeighbour)), []);
}

/// A message goes around who is silent; he is probed, and is still known.
#[test]
fn a_message_goes_around_the_silent_who_is_not_forgotten() {
    let mut node = member(dependable());
    let effects = route(&mut node, "1300");
    assert_eq!(routed_to(&effects), addrs(["1301"]));
    let (hop, timeout) = timeouts(&effects)[0];
    assert!(
        timeout < SimDuration::from_millis(100),
        "three round trips of ten milliseconds: {timeout}"
    );
    let effects = node.timer(Timer::Request(hop));
    assert_eq!(routed_to(&effects), addrs(["1133"]));
    let is_probe =
        |(to, msg): &(NodeAddr, Msg<Nothing>)| *to == addr("1301") && matches!(msg, Msg::Probe(Probe::Liveness { .. }));
    assert!(sent(&effects).iter().any(is_probe));
    assert!(node.node.tables().knows(id("1301")));
    assert_eq!(
        routed_to(&route(&mut node, "1300")),
        addrs(["1133"]),
        "as long as he is silent"
    );
    let request = RequestId(0);
    node.message(
        addr("1301"),
        Msg::Acknowledge {
            request,
            id: id("1301"),
        },
    );
    assert_eq!(
        routed_to(&route(&mut node, "1300")),
        addrs(["1301"]),
        "an old acknowledgement is a sign of life"
    );
}

/// The owner is asked again, by twice the time-out, until it is dead; then its neighbour owns the key.
#[test]
fn the_owner_of_a_key_is_not_passed_over_before_it_is_dead() {
    let mut node = member(dependable());
    let effects = route(&mut node, "1002");
    assert_eq!(routed_to(&effects), addrs(["1002"]));
    let (hop, first) = timeouts(&effects)[0];
    node.advance(first);
    let effects = node.timer(Timer::Request(hop));
    assert_eq!(routed_to(&effects), addrs(["1002"]), "again");
    assert_eq!(probed(&effects), addrs(["1002"]));
    let second = timeouts(&effects)
        .into_iter()
        .find(|(_, delay)| *delay != SimDuration::from_secs(3));
    let (hop, second) = second.expect("a time-out of a hop");
    assert_eq!(second, first * 2);
    let probe = probes(&effects)[0].1;
    node.advance(SimDuration::from_secs(9));
    no_answer(&mut node, probe);
    let effects = node.timer(Timer::Request(hop));
    assert!(matches!(told(&effects)[..], [Event::Deliver(_)]), "{effects:?}");
}

/// Time-outs follow the round trips of each neighbour.
#[test]
fn the_time_out_of_a_hop_comes_down_to_the_round_trip() {
    let mut node = member(dependable());
    let round_trip = SimDuration::from_millis(80);
    let mut last = SimDuration::ZERO;
    for _ in 0..60 {
        let (hop, timeout) = timeouts(&route(&mut node, "1020"))[0];
        last = timeout;
        node.advance(round_trip);
        node.message(
            addr("1020"),
            Msg::Acknowledge {
                request: hop,
                id: id("1020"),
            },
        );
    }
    assert!(last > round_trip && last < SimDuration::from_millis(95), "{last}");
}

/// Entries are probed that have not been heard for a period, and no others.
#[test]
fn entries_that_were_heard_are_not_probed() {
    let mut node = member(dependable());
    let probed = |effects: &[Effect<Pastry>]| -> Vec<NodeAddr> {
        let is_probe = |msg: &Msg<Nothing>| matches!(msg, Msg::Probe(Probe::Liveness { .. }));
        let sent = sent(effects).into_iter().filter(|(_, msg)| is_probe(msg));
        sent.map(|(to, _)| to).collect()
    };
    assert_eq!(probed(&node.timer(Timer::Liveness)), []);
    node.advance(SimDuration::from_secs(1800));
    let request = RequestId(0);
    node.message(
        addr("1301"),
        Msg::Acknowledge {
            request,
            id: id("1301"),
        },
    );
    node.advance(SimDuration::from_secs(1800));
    let probed = probed(&node.timer(Timer::Liveness));
    let all: Vec<NodeAddr> = node
        .node
        .routing_table()
        .contacts()
        .map(|contact| contact.addr)
        .collect();
    let silent: Vec<NodeAddr> = all.into_iter().filter(|entry| *entry != addr("1301")).collect();
    assert_eq!(probed, silent);
}

/// An empty cell that a message would have used is filled by the next node's own entry.
#[test]
fn an_empty_cell_is_asked_of_the_next_node() {
    let mut node = member(dependable());
    let effects = route(&mut node, "1200");
    let cell = Cell { row: 1, column: 2 };
    let part = Part::Entry(cell);
    let asked = sent(&effects).into_iter().find_map(|(to, msg)| match msg {
        Msg::Get { request, part: asked } if asked == part => Some((to, request)),
        _ => None,
    });
    let (next, request) = asked.expect("the next node is asked");
    assert_eq!(vec![next], routed_to(&effects));
    let request = Some(request);
    let told = state("1133", 0, contacts(["1231"]));
    let effects = node.message(
        next,
        Msg::State {
            request,
            part,
            state: told,
        },
    );
    assert_eq!(
        to(&effects, is_ping),
        addrs(["1231"]),
        "it must answer before it is taken"
    );
}

/// Who has measured a distance tells the other one, which takes it.
#[test]
fn a_measured_distance_is_told() {
    let mut node = member::<Nothing>(Config {
        proximity: Some(Proximity::Probe),
        ..dependable()
    });
    let effects = route(&mut node, "1200");
    let (next, request) = asked(&effects, |msg| matches!(msg, Msg::Get { .. }))[0];
    let part = Part::Entry(Cell { row: 1, column: 2 });
    let told = state("1133", 0, contacts(["1231"]));
    let request = Some(request);
    let effects = node.message(
        next,
        Msg::State {
            request,
            part,
            state: told,
        },
    );
    let ping = asked(&effects, is_ping)[0].1;
    node.advance(SimDuration::from_millis(5));
    let effects = node.message(
        addr("1231"),
        Msg::Pong {
            request: ping,
            id: id("1231"),
        },
    );
    let distance = Distance::from(SimDuration::from_millis(5));
    let to_tell = Probe::Distance {
        id: id("1000"),
        distance,
    };
    assert_eq!(sent(&effects), [(addr("1231"), Msg::Probe(to_tell))]);
    let nearer = Probe::Distance {
        id: id("1203"),
        distance: Distance::from(SimDuration::from_millis(2)),
    };
    assert_eq!(sent(&node.message(addr("1203"), Msg::Probe(nearer))), []);
    let cell = Cell { row: 1, column: 2 };
    assert_eq!(node.node.routing_table().get(cell), Some(contact("1203")));
}
