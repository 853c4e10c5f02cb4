//! Leaving: ToN, section IV-E.4.

use super::*;

#[test]
fn a_leaver_tells_its_successor_and_its_predecessor_iv_e_4() {
    let effects = member(config(Rules::Ton2003)).stop();
    let successors = contacts([14, 21, 32]).into();
    let id = Id::new(8);
    let expected = [
        (
            14,
            Msg::PredecessorLeaving {
                id,
                predecessor: Some(contact(1)),
            },
        ),
        (1, Msg::SuccessorLeaving { id, successors }),
    ];
    assert_eq!(sent(&effects), expected);
    assert!(
        joining(config(Rules::Ton2003)).0.stop().is_empty(),
        "who has not joined has nobody to tell"
    );
}

#[test]
fn the_successor_of_a_leaver_takes_its_predecessor_iv_e_4() {
    let mut node = member(config(Rules::Ton2003));
    node.message(
        NodeAddr(1),
        Msg::PredecessorLeaving {
            id: Id::new(1),
            predecessor: Some(contact(56)),
        },
    );
    assert_eq!(node.node.predecessor(), Some(contact(56)));
    node.message(
        NodeAddr(1),
        Msg::PredecessorLeaving {
            id: Id::new(1),
            predecessor: Some(contact(51)),
        },
    );
    assert_eq!(
        node.node.predecessor(),
        Some(contact(56)),
        "it is told by its predecessor only"
    );
}

#[test]
fn the_predecessor_of_a_leaver_appends_the_last_of_its_list_iv_e_4() {
    let mut node = member(config(Rules::Ton2003));
    let leaving = |id, successors: Vec<Contact>| Msg::SuccessorLeaving {
        id: Id::new(id),
        successors: successors.into(),
    };
    node.message(NodeAddr(14), leaving(14, contacts([21, 32, 38])));
    assert_eq!(node.node.successors(), contacts([21, 32, 38]));
    node.message(NodeAddr(32), leaving(32, contacts([42, 48])));
    assert_eq!(
        node.node.successors(),
        contacts([21, 38, 48]),
        "42 is skipped: why the corrected rules do not"
    );
    let mut node = member(config(Rules::Corrected));
    node.message(NodeAddr(32), leaving(32, contacts([42, 48])));
    assert_eq!(node.node.successors(), contacts([14, 21]));
    node.message(NodeAddr(14), leaving(14, contacts([21, 32, 38])));
    assert_eq!(node.node.successors(), contacts([21, 32, 38]));
}

/// Whoever leaves a ring that is in order, both neighbours are at once as they would be had it never been there: the
/// predecessor's list without a gap and as long as before, the successor's predecessor the leaver's.
#[test]
fn after_a_departure_both_neighbours_are_right_at_once_iv_e_4() {
    let ids = [1, 8, 14, 21, 32, 38, 42, 48, 51, 56];
    for rules in [Rules::Ton2003, Rules::Sigcomm2001, Rules::Corrected] {
        let before = Ring::new(&config(rules), contacts(ids));
        for at in 0..ids.len() {
            let [predecessor, leaver, successor] = [at + ids.len() - 1, at, at + 1].map(|at| ids[at % ids.len()]);
            let others = contacts(ids).into_iter().filter(|other| *other != contact(leaver));
            let after = Ring::new(&config(rules), others);
            let effects = of_ring(&before, rules, leaver).stop();
            assert_eq!(sent(&effects).len(), 2, "{leaver} tells its neighbours and nobody else");
            for neighbour in [predecessor, successor] {
                let mut node = of_ring(&before, rules, neighbour);
                for (_, msg) in sent(&effects).into_iter().filter(|(to, _)| *to == neighbour) {
                    node.message(NodeAddr(leaver), msg);
                }
                let right = after.tables(Id::new(u128::from(neighbour)));
                if neighbour == predecessor {
                    assert_eq!(
                        node.node.successors(),
                        right.successors,
                        "{rules:?}: {neighbour} before {leaver}"
                    );
                } else {
                    assert_eq!(
                        node.node.predecessor(),
                        right.predecessor,
                        "{rules:?}: {neighbour} after {leaver}"
                    );
                }
            }
        }
    }
}

/// A member of a ring in order.
fn of_ring(ring: &Ring, rules: Rules, id: u32) -> Recorder<Chord> {
    let tables = Box::new(ring.tables(Id::new(u128::from(id))));
    let init = Init::Ready {
        id: Id::new(u128::from(id)),
        tables,
    };
    let mut node = Recorder::new(NodeAddr(id), init, config(rules), 1);
    node.start();
    node
}
