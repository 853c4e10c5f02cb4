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
