//! What layers above may ask: key-based routing.

use std::collections::BTreeMap;

use super::*;
use crate::kbr::{KeyBased, Step, Upcall};

#[test]
fn neighbours_and_replicas_are_the_numerically_closest() {
    let node = member::<Nothing>(config()).node;
    assert_eq!(node.neighbour_set(&config(), 3), contacts(["0333", "1002", "0330"]));
    assert_eq!(
        node.neighbour_set(&config(), 9).len(),
        4,
        "no more are known, and not itself"
    );
    let config = config();
    assert_eq!(
        node.replica_set(&config, id("1001"), 3),
        contacts(["1002", "1000", "0333"])
    );
    assert_eq!(
        node.replica_set(&config, id("1002"), 1),
        [],
        "it is no replica of rank 1"
    );
    assert!(node.is_root(&config, id("1000")) && !node.is_root(&config, id("1002")));
    assert_eq!(
        KeyBased::next_hop(&node, &config, id("2000")),
        Step::Closer(contact("2222"))
    );
}

/// The oracle against brute force, on every ring of some nodes.
#[test]
fn roots_are_the_closest_members_on_the_ring_the_one_after_the_key_first() {
    let config = config();
    let space = config.space();
    let members: BTreeMap<u128, NodeAddr> = [0, 3, 9, 100, 101, 128, 200, 255]
        .map(|id| (id, NodeAddr(id as u32)))
        .into();
    for key in 0..256 {
        let mut sorted: Vec<u128> = members.keys().copied().collect();
        sorted.sort_by_key(|id| space.nearness(Id::new(key), Id::new(*id)));
        let expected: Vec<NodeAddr> = sorted.iter().map(|id| NodeAddr(*id as u32)).collect();
        for rank in [1, 3, 8] {
            let roots = <Pastry as KeyBased>::roots(&config, Id::new(key), &members, rank);
            assert_eq!(roots, expected[..rank], "key {key}");
        }
        let all = <Pastry as KeyBased>::roots(&config, Id::new(key), &members, 20);
        assert_eq!(all, expected, "there are no more");
    }
    let nobody: BTreeMap<u128, NodeAddr> = BTreeMap::new();
    assert_eq!(<Pastry as KeyBased>::roots(&config, Id::new(1), &nobody, 3), []);
}

#[test]
fn events_say_in_the_words_of_the_interface_what_has_words_there() {
    let upcall = |event| <Pastry<Word> as KeyBased>::upcall(event);
    assert_eq!(upcall(Event::Joined), Ok(Upcall::Joined));
    assert_eq!(upcall(Event::Out(Reason::Isolated)), Ok(Upcall::Out));
    let repairing = Event::Repairing(Repair::LeafSet);
    assert_eq!(upcall(repairing.clone()), Err(repairing));
}

#[test]
fn a_layer_that_wants_to_know_hears_of_neighbours_that_come_and_go() {
    let mut node = member::<Word>(config());
    let announcement = Box::new(Announcement {
        id: id("1001"),
        wanted: Wanted::No,
        leaf_set: Box::default(),
        rows: Box::default(),
    });
    let request = RequestId(1);
    let effects = node.message(addr("1001"), Msg::Announce { request, announcement });
    let update = |neighbour, joined| Event::Update {
        neighbour: contact(neighbour),
        joined,
    };
    assert_eq!(told(&effects), [update("1020", false), update("1001", true)]);
    let (id, leaf_set) = (id("0333"), Box::default());
    let effects = node.message(addr("0333"), Msg::Leaving { id, leaf_set });
    assert_eq!(told(&effects)[0], update("0333", false));
}
