//! Arrival (sections 2.4, 2.5 and 4.2).

use super::*;

fn on_the_way(request: RequestId, hop: u16, last: bool, state: Box<State>) -> Msg<Nothing> {
    Msg::OnTheWay {
        request,
        hop,
        last,
        state,
    }
}

/// What a node says of a newcomer that passes.
fn passed(quality: Quality, newcomer: &str, hop: u16) -> (bool, Vec<Contact>, Vec<Effect<Pastry>>) {
    let mut node = member::<Nothing>(Config { quality, ..config() });
    // Now 1000 is the closest to 1001.
    let (id, leaf_set) = (id("1002"), Box::default());
    node.message(addr("1002"), Msg::Leaving { id, leaf_set });
    let arrival = Arrival {
        newcomer: contact(newcomer),
        request: RequestId(5),
        hop,
    };
    let acknowledge = None;
    let effects = node.message(addr("2031"), Msg::Join { acknowledge, arrival });
    let told = sent(&effects).into_iter().find_map(|(to, msg)| match msg {
        Msg::OnTheWay { last, state, .. } if to == addr(newcomer) => Some((last, state.contacts.to_vec())),
        _ => None,
    });
    let (last, contacts) = told.expect("the newcomer is told");
    (last, contacts, effects)
}

/// Section 4.2: by SL only the row with the number of the node on the way, by WT and WTF all that the newcomer can use.
#[test]
fn the_quality_decides_which_rows_a_newcomer_is_told() {
    let (last, contacts, effects) = passed(Quality::Sl, "1311", 1);
    assert!(!last);
    assert_eq!(contacts.len(), 2, "1133 and 1301: {contacts:?}");
    let next = sent(&effects).into_iter().find_map(|(to, msg)| match msg {
        Msg::Join { arrival, .. } => Some((to, arrival.hop)),
        _ => None,
    });
    assert_eq!(next, Some((addr("1301"), 2)), "and it goes on");
    let (_, contacts, _) = passed(Quality::Wt, "1311", 1);
    assert_eq!(contacts.len(), 5, "rows 0 and 1: {contacts:?}");
}

/// Section 2.4: the neighbourhood set of the first node on the way, and the leaf set of the last.
#[test]
fn the_first_tells_its_neighbourhood_set_and_the_last_its_leaf_set() {
    let (_, contacts, _) = passed(Quality::Sl, "3011", 0);
    assert!(
        super::contacts(["3210", "2222", "0001"])
            .iter()
            .all(|near| contacts.contains(near))
    );
    let (last, contacts, effects) = passed(Quality::Sl, "1001", 3);
    assert!(last);
    assert!(
        super::contacts(["0330", "0333", "1020"])
            .iter()
            .all(|leaf| contacts.contains(leaf))
    );
    assert!(
        sent(&effects).iter().all(|(to, _)| *to == addr("1001")),
        "it goes no further"
    );
}

/// Whoever returns to an address under another identifier is not sent to its former self.
#[test]
fn what_is_known_at_a_newcomers_address_is_forgotten() {
    let mut node = member::<Nothing>(config());
    let newcomer = Contact {
        id: id("1003"),
        addr: addr("1002"),
    };
    let arrival = Arrival {
        newcomer,
        request: RequestId(5),
        hop: 0,
    };
    let acknowledge = Some(RequestId(3));
    let effects = node.message(addr("2031"), Msg::Join { acknowledge, arrival });
    assert_eq!(
        sent(&effects)[0],
        (
            addr("2031"),
            Msg::Acknowledge {
                request: RequestId(3),
                id: id("1000")
            }
        )
    );
    assert!(!node.node.tables().knows(id("1002")));
}

/// Sections 2.4 and 2.5: the tables from the way, then a second stage with all in `R` and `M`, then the announcement to all in
/// `L`, `R` and `M`.
#[test]
fn a_newcomer_asks_all_it_knows_and_announces_itself_to_them() {
    let (mut node, effects) = newcomer(config());
    let join = request(&effects, "2222");
    assert!(matches!(
        sent(&effects)[..],
        [(
            _,
            Msg::Join {
                arrival: Arrival { hop: 0, .. },
                ..
            }
        )]
    ));
    // The last one is heard before the one between.
    node.message(
        addr("2222"),
        on_the_way(join, 0, false, state("2222", 1, contacts(["0001", "3210"]))),
    );
    let effects = node.message(
        addr("1002"),
        on_the_way(join, 2, true, state("1002", 7, contacts(["1020", "0333"]))),
    );
    assert_eq!(sent(&effects), [], "one on the way is missing");
    let effects = node.message(
        addr("1301"),
        on_the_way(join, 1, false, state("1301", 4, contacts(["1133"]))),
    );
    let second = asked(&effects, |msg| {
        *msg == Msg::Get {
            request: RequestId(0),
            part: Part::Everything,
        } || matches!(msg, Msg::Get { part: Part::Corresponding(own), .. } if *own == id("1000"))
    });
    assert_eq!(second.len(), 7, "all once: {effects:?}");
    let mut effects = Vec::new();
    for (to, request) in second {
        let of = KNOWN
            .into_iter()
            .find(|known| addr(known) == to)
            .expect("somebody known");
        let named = if of == "3210" { contacts(["2111"]) } else { Vec::new() };
        let (request, part) = (Some(request), Part::Corresponding(id("1000")));
        let state = state(of, 1, named);
        effects = node.message(to, Msg::State { request, part, state });
    }
    let everybody = addrs(["2222", "0001", "3210", "1301", "1133", "1002", "1020", "0333"]);
    let mut expected = everybody.clone();
    if node.node.tables().knows(id("2111")) {
        expected.push(addr("2111"));
        expected.sort();
    }
    assert_eq!(to(&effects, is_announcement), expected);
    assert!(!node.node.has_joined());
    for (to, msg) in sent(&effects) {
        let Msg::Announce { announcement, .. } = msg else {
            continue;
        };
        let wanted = match to {
            last if last == addr("1002") => Wanted::Unless(7),
            leaf if node
                .node
                .leaf_set()
                .contacts()
                .iter()
                .any(|contact| contact.addr == leaf) =>
            {
                Wanted::Yes
            }
            _ => Wanted::No,
        };
        assert_eq!(announcement.wanted, wanted, "to {to}");
        assert_eq!(announcement.leaf_set.is_empty(), wanted == Wanted::No);
    }
    let announced = asked(&effects, is_announcement);
    for (number, (to, request)) in announced.iter().enumerate() {
        assert_eq!(told(&effects), []);
        let of = KNOWN.into_iter().chain(["2111"]).find(|known| addr(known) == *to);
        let state = state(of.expect("somebody known"), 1, Vec::new());
        effects = node.message(
            *to,
            Msg::Welcome {
                request: *request,
                state,
            },
        );
        assert_eq!(node.node.has_joined(), number + 1 == announced.len());
    }
    assert_eq!(told(&effects), [Event::Joined]);
}

#[test]
fn without_the_second_stage_the_announcement_follows_at_once() {
    let (mut node, effects) = newcomer(Config {
        quality: Quality::Wt,
        ..config()
    });
    let join = request(&effects, "2222");
    let effects = node.message(
        addr("2222"),
        on_the_way(join, 0, true, state("2222", 1, contacts(["1020"]))),
    );
    assert_eq!(to(&effects, is_announcement), addrs(["2222", "1020"]));
    assert_eq!(asked(&effects, |_| true).len(), 2);
    // One of them is dead.
    let (first, second) = (request(&effects, "2222"), request(&effects, "1020"));
    no_answer(&mut node, second);
    let state = state("2222", 1, contacts(["1020"]));
    let effects = node.message(addr("2222"), Msg::Welcome { request: first, state });
    assert!(
        !node.node.tables().knows(id("1020")),
        "who named it has to be asked again: {effects:?}"
    );
}

/// Section 2.4: if the state that was given has changed since, the receiver answers with its present state, and the newcomer
/// goes on with that.
#[test]
fn newcomers_that_arrive_together_are_told_of_each_other() {
    let mut node = member::<Nothing>(config());
    let announce = |node: &mut Recorder<Pastry>, from: &str, wanted| {
        let announcement = Box::new(Announcement {
            id: id(from),
            wanted,
            leaf_set: Box::default(),
            rows: Box::default(),
        });
        let request = RequestId(1);
        let effects = node.message(addr(from), Msg::Announce { request, announcement });
        match &sent(&effects)[..] {
            [(_, Msg::Welcome { state, .. })] => state.clone(),
            other => panic!("{other:?}"),
        }
    };
    let version = node.node.version;
    assert_eq!(announce(&mut node, "1001", Wanted::Unless(version)).contacts.len(), 0);
    assert!(
        node.node.leaf_set().larger().eq(contacts(["1001", "1002"])),
        "it is taken at once"
    );
    let state = announce(&mut node, "1003", Wanted::Unless(version));
    assert!(
        state.contacts.contains(&contact("1001")),
        "the second one is told of the first"
    );
    let state = announce(&mut node, "3333", Wanted::No);
    assert_eq!(state.contacts.len(), 0);
}

#[test]
fn who_is_told_of_a_nearer_neighbour_announces_itself_to_him() {
    let mut node = member::<Nothing>(config());
    let part = Part::LeafSet { unless: None };
    let state_of = state("1002", 1, contacts(["1001", "1003", "1010", "0001"]));
    let told_unasked = Msg::State {
        request: None,
        part,
        state: state_of,
    };
    let effects = node.message(addr("1002"), told_unasked);
    assert_eq!(to(&effects, is_announcement), addrs(["1001"]), "for one there is room");
    assert!(!node.node.tables().knows(id("1001")), "not before it has answered");
    let request = request(&effects, "1001");
    node.message(
        addr("1001"),
        Msg::Welcome {
            request,
            state: state("1001", 1, Vec::new()),
        },
    );
    assert!(node.node.leaf_set().larger().eq(contacts(["1001", "1002"])));
}

/// Section 2.5: `A` is near by the proximity metric. It is looked for from any member, by what members know.
#[test]
fn a_newcomer_looks_for_a_member_nearby() {
    let (mut node, effects) = newcomer(Config {
        nearby_bootstrap: true,
        proximity: Some(Proximity::Probe),
        ..config()
    });
    let get = |request| Msg::Get {
        request,
        part: Part::Everything,
    };
    let nearby = request(&effects, "2222");
    assert_eq!(sent(&effects), [(addr("2222"), get(nearby))]);
    let (part, state_of) = (Part::Everything, state("2222", 1, contacts(["3210", "0001"])));
    let answer = Msg::State {
        request: Some(nearby),
        part,
        state: state_of,
    };
    let effects = node.message(addr("2222"), answer);
    assert_eq!(
        to(&effects, is_ping),
        addrs(["2222", "3210", "0001"]),
        "each is measured"
    );
    for (far, who) in [(3, "3210"), (4, "2222"), (2, "0001")] {
        node.advance(SimDuration::from_millis(far));
        let request = request(&effects, who);
        let effects = node.message(addr(who), Msg::Pong { request, id: id(who) });
        if who == "0001" {
            let next = super::request(&effects, "3210");
            assert_eq!(sent(&effects), [(addr("3210"), get(next))], "the nearest is asked next");
            let answer = Msg::State {
                request: Some(next),
                part,
                state: state("3210", 1, Vec::new()),
            };
            let effects = node.message(addr("3210"), answer);
            let again = super::request(&effects, "3210");
            node.advance(SimDuration::from_millis(3));
            let effects = node.message(
                addr("3210"),
                Msg::Pong {
                    request: again,
                    id: id("3210"),
                },
            );
            assert!(
                matches!(sent(&effects)[..], [(to, Msg::Join { .. })] if to == addr("3210")),
                "{effects:?}"
            );
        }
    }
}

#[test]
fn an_identifier_that_is_taken_ends_the_join() {
    let (mut node, effects) = newcomer(config());
    let join = request(&effects, "2222");
    let effects = node.message(addr("0123"), on_the_way(join, 2, true, state("1000", 1, Vec::new())));
    assert_eq!(told(&effects), [Event::Out(Reason::IdentifierTaken)]);
}

#[test]
fn a_join_that_is_not_answered_is_tried_again_and_fails() {
    let (mut node, effects) = newcomer(config());
    let join = request(&effects, "2222");
    let effects = node.timer(Timer::Request(join));
    assert!(matches!(sent(&effects)[..], [(to, Msg::Join { .. })] if to == addr("2222")));
    assert_eq!(
        told(&node.timer(Timer::Request(join))),
        [Event::Out(Reason::JoinTimeout)]
    );
}
