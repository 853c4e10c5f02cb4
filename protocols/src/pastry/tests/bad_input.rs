//! Bad input.

use super::*;

#[test]
fn answers_that_nobody_waits_for_are_dropped_and_counted() {
    let mut node = member::<Nothing>(config());
    let ping = request(&node.timer(Timer::Heartbeat), "1002");
    let before = node.node.tables().clone();
    let stale = RequestId(77);
    for (from, msg) in [
        (
            "1020",
            Msg::Pong {
                request: ping,
                id: id("1020"),
            },
        ),
        (
            "1002",
            Msg::Pong {
                request: stale,
                id: id("1002"),
            },
        ),
        (
            "1002",
            Msg::Acknowledge {
                request: stale,
                id: id("1002"),
            },
        ),
        (
            "1002",
            Msg::Welcome {
                request: stale,
                state: state("1002", 1, contacts(["1001"])),
            },
        ),
        (
            "1002",
            Msg::State {
                request: Some(stale),
                part: Part::Row(0),
                state: state("1002", 1, contacts(["1001"])),
            },
        ),
        (
            "1002",
            Msg::OnTheWay {
                request: stale,
                hop: 0,
                last: true,
                state: state("1002", 1, contacts(["1001"])),
            },
        ),
    ] {
        let effects = node.message(addr(from), msg);
        assert_eq!(effects, [Effect::Emit(Event::Dropped(Dropped::StaleAnswer))]);
    }
    assert_eq!(*node.node.tables(), before);
}

#[test]
fn identifiers_from_another_ring_and_ones_own_are_dropped_and_counted() {
    let mut node = member::<Nothing>(config());
    let foreign = Contact {
        id: Id::new(256),
        addr: NodeAddr(3),
    };
    let announcement = |id, leaf_set: Vec<Contact>| {
        let announcement = Announcement {
            id,
            wanted: Wanted::No,
            leaf_set: leaf_set.into(),
            rows: Box::default(),
        };
        Msg::Announce {
            request: RequestId(1),
            announcement: Box::new(announcement),
        }
    };
    let request = RequestId(1);
    for msg in [
        Msg::Ping {
            request,
            id: Some(foreign.id),
        },
        announcement(id("1001"), vec![foreign]),
        announcement(foreign.id, Vec::new()),
        Msg::Get {
            request,
            part: Part::Corresponding(foreign.id),
        },
    ] {
        let effects = node.message(NodeAddr(3), msg);
        assert_eq!(effects, [Effect::Emit(Event::Dropped(Dropped::ForeignIdentifier))]);
    }
    let effects = node.message(NodeAddr(3), announcement(id("1000"), Vec::new()));
    assert_eq!(effects, [Effect::Emit(Event::Dropped(Dropped::OwnIdentifier))]);
}

#[test]
fn who_has_no_tables_answers_nobody() {
    let (mut node, _) = newcomer(config());
    let request = RequestId(1);
    for msg in [
        Msg::Ping {
            request,
            id: Some(id("1001")),
        },
        Msg::Get {
            request,
            part: Part::Everything,
        },
        Msg::Route {
            acknowledge: Some(request),
            message: routed("1000", Nothing),
        },
    ] {
        let effects = node.message(addr("1001"), msg);
        assert_eq!(effects, [Effect::Emit(Event::Dropped(Dropped::NotMember))]);
    }
    assert_eq!(node.stop(), [], "and says goodbye to nobody");
}
