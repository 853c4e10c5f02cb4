//! What messages weigh.

use super::*;
use crate::id::IdSpace;

#[test]
fn a_message_weighs_twenty_bytes_and_four_for_each_key_and_node_it_mentions() {
    let request = RequestId(1);
    let two = || state("1000", 1, contacts(["1001", "1002"]));
    let get = |part| Msg::Get { request, part };
    let answer = |part| Msg::State {
        request: Some(request),
        part,
        state: two(),
    };
    let arrival = Arrival {
        newcomer: contact("1000"),
        request,
        hop: 0,
    };
    let announcement = Box::new(Announcement {
        id: id("1000"),
        wanted: Wanted::Yes,
        leaf_set: contacts(["1001"]).into(),
        rows: contacts(["2222", "3333"]).into(),
    });
    let acknowledge = None;
    let on_the_way = Msg::OnTheWay {
        request,
        hop: 0,
        last: false,
        state: two(),
    };
    let leaf_set = Part::LeafSet { unless: None };
    let entry = Part::Entry(Cell { row: 0, column: 1 });
    let period = SimDuration::from_secs(60);
    let view = |reach: Option<(Id, Id)>, failed: Vec<Contact>| {
        Box::new(View {
            id: id("1000"),
            reach,
            leaf_set: contacts(["1001", "1002"]).into(),
            failed: failed.into(),
            period,
        })
    };
    let part_of_ring = view(Some((id("0333"), id("1002"))), contacts(["1003"]));
    let whole_ring = view(None, Vec::new());
    let me = id("1000");
    let distance = Distance::from(period);
    let messages: [(Msg<Nothing>, u32); 25] = [
        (Msg::Join { acknowledge, arrival }, 24),
        (Msg::Acknowledge { request, id: me }, 24),
        (on_the_way, 32),
        (get(leaf_set), 20),
        (get(Part::Row(0)), 20),
        (get(entry), 20),
        (get(Part::Neighbourhood), 20),
        (get(Part::Corresponding(id("1000"))), 24),
        (answer(leaf_set), 32),
        (answer(Part::Row(0)), 32),
        (answer(entry), 32),
        (answer(Part::Neighbourhood), 32),
        (answer(Part::Everything), 32),
        (Msg::Announce { request, announcement }, 36),
        (Msg::Welcome { request, state: two() }, 32),
        (
            Msg::Ping {
                request,
                id: Some(id("1000")),
            },
            24,
        ),
        (
            Msg::Pong {
                request,
                id: id("1000"),
            },
            24,
        ),
        (
            Msg::Leaving {
                id: id("1000"),
                leaf_set: contacts(["1001"]).into(),
            },
            28,
        ),
        (
            Msg::Probe(Probe::LeafSet {
                request,
                view: part_of_ring,
            }),
            48,
        ),
        (
            Msg::Probe(Probe::LeafSetReply {
                request,
                view: whole_ring,
            }),
            36,
        ),
        (Msg::Probe(Probe::Heartbeat { id: me, period }), 28),
        (
            Msg::Probe(Probe::Liveness {
                request,
                id: me,
                period,
            }),
            28,
        ),
        (
            Msg::Probe(Probe::LivenessReply {
                request,
                id: me,
                period,
            }),
            28,
        ),
        (Msg::Probe(Probe::Distance { id: me, distance }), 28),
        (
            Msg::Route {
                acknowledge,
                message: routed("2000", Nothing),
            },
            28,
        ),
    ];
    for (kind, (msg, bytes)) in messages.into_iter().enumerate() {
        let name = Msg::<Nothing>::kind_name(kind);
        assert_eq!((msg.kind(), msg.wire_bytes()), (kind, bytes), "{name}");
        assert!(msg.belongs_to(config().space()), "{name}");
        let mentions_nobody = bytes == 20;
        assert_eq!(
            msg.belongs_to(IdSpace::new(3)),
            mentions_nobody,
            "{name}: these are wider"
        );
    }
    assert_eq!(Msg::<Nothing>::KINDS, 25);
}
