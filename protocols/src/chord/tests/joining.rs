//! Joining: 2001, section 4.4; ToN, section IV-E; Zave.

use super::*;

#[test]
fn a_node_joins_by_asking_a_member_for_its_successor_fig_6() {
    for rules in [Rules::Sigcomm2001, Rules::Ton2003, Rules::Corrected] {
        let (mut node, effects) = joining(config(rules));
        let request = next_hop(&effects, 56);
        let avoid: Box<[NodeAddr]> = Box::new([NodeAddr(8)]);
        assert_eq!(
            sent(&effects),
            [(
                56,
                Msg::NextHop {
                    request,
                    key: Id::new(8),
                    avoid
                }
            )]
        );
        let effects = node.message(NodeAddr(56), step(request, Step::Closer(contact(1))));
        let effects = node.message(NodeAddr(1), step(next_hop(&effects, 1), Step::Owner(contact(14))));
        assert!(!node.node.has_joined(), "the successor has not answered yet");
        let request = get_neighbours(&effects, 14);
        let list = contacts([21, 32, 38]);
        let effects = node.message(NodeAddr(14), neighbours(14, Some(1), list, request));
        assert!(told(&effects).contains(&Event::Joined) && node.node.has_joined());
        assert_eq!(
            node.node.successors(),
            contacts([14, 21, 32]),
            "the successor before all but the last of its list"
        );
        assert_eq!(node.node.predecessor(), None);
        if rules == Rules::Corrected {
            get_neighbours(&effects, 14);
        } else {
            assert!(is_notify(&sent(&effects), 14));
        }
    }
}

#[test]
fn whoever_has_not_joined_answers_nobody() {
    let (mut node, _) = joining(config(Rules::Ton2003));
    let request = RequestId(1);
    for msg in [
        Msg::Ping { request },
        Msg::GetNeighbours { request },
        Msg::Notify { id: Id::new(1) },
        Msg::NextHop {
            request,
            key: Id::new(1),
            avoid: Box::default(),
        },
    ] {
        assert!(node.message(NodeAddr(1), msg).is_empty());
    }
    assert_eq!(node.node.predecessor(), None);
    let failed = &told(&lookup(&mut node, 3))[0];
    assert!(
        matches!(
            failed,
            Event::LookupFailed {
                reason: LookupFailure::NotJoined,
                ..
            }
        ),
        "{failed:?}"
    );
}

#[test]
fn a_join_is_tried_again_and_then_fails() {
    let (mut node, effects) = joining(Config {
        retries: 1,
        ..config(Rules::Corrected)
    });
    let request = next_hop(&effects, 56);
    node.timer(Timer::Request(request));
    let effects = node.timer(Timer::Request(request));
    assert!(
        matches!(effects[..], [Effect::SetTimer { timer: Timer::Join, .. }]),
        "{effects:?}"
    );
    let effects = node.timer(Timer::Join);
    let request = next_hop(&effects, 56);
    node.timer(Timer::Request(request));
    let effects = node.timer(Timer::Request(request));
    assert_eq!(
        told(&effects),
        [Event::JoinFailed(JoinFailure::Lookup(Failure::NobodyLeft))]
    );
    assert!(node.timer(Timer::Stabilize).is_empty(), "it does nothing any more");
}

#[test]
fn an_identifier_that_is_taken_cannot_join() {
    let (mut node, effects) = joining(config(Rules::Corrected));
    let other = Contact {
        id: Id::new(8),
        addr: NodeAddr(40),
    };
    let effects = node.message(NodeAddr(56), step(next_hop(&effects, 56), Step::Owner(other)));
    let request = get_neighbours(&effects, 40);
    let effects = node.message(NodeAddr(40), neighbours(8, None, Vec::new(), request));
    assert_eq!(told(&effects), [Event::JoinFailed(JoinFailure::IdentifierTaken)]);
}

#[test]
fn a_successor_that_dies_during_the_join_is_avoided() {
    let (mut node, effects) = joining(config(Rules::Corrected));
    let effects = node.message(NodeAddr(56), step(next_hop(&effects, 56), Step::Owner(contact(14))));
    let effects = node.timer(Timer::Request(get_neighbours(&effects, 14)));
    let request = next_hop(&effects, 56);
    let avoid: Box<[NodeAddr]> = Box::new([NodeAddr(8), NodeAddr(14)]);
    assert_eq!(
        sent(&effects),
        [(
            56,
            Msg::NextHop {
                request,
                key: Id::new(8),
                avoid
            }
        )]
    );
}
