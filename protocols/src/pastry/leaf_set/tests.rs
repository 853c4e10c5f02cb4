use super::*;
use rand::Rng;
use rand::seq::SliceRandom;
use sim_core::random::StreamKey;

const SPACE_BITS: u32 = 4;
const POINTS: u32 = 1 << SPACE_BITS;

fn space() -> IdSpace {
    IdSpace::new(SPACE_BITS)
}

fn contact(id: u32) -> Contact {
    Contact {
        id: Id::new(u128::from(id)),
        addr: NodeAddr(id),
    }
}

fn ids(contacts: impl IntoIterator<Item = Contact>) -> Vec<u32> {
    contacts.into_iter().map(|contact| contact.addr.0).collect()
}

/// The members of a ring other than `me`, clockwise from it, as far as `members` has their bits.
fn others(me: u32, members: u32) -> Vec<u32> {
    let clockwise = (1..POINTS).map(|step| (me + step) % POINTS);
    clockwise.filter(|id| members & (1 << id) != 0).collect()
}

fn fill(set: &mut LeafSet, ids: &[u32]) {
    for id in ids {
        set.insert(contact(*id));
    }
}

/// The leaf set by its definition: on either side the nearest half of all others.
fn assert_exact(set: &LeafSet, others: &[u32], half: usize) {
    let larger: Vec<u32> = others.iter().take(half).copied().collect();
    let smaller: Vec<u32> = others.iter().rev().take(half).copied().collect();
    assert_eq!(ids(set.larger()), larger, "{set:?}");
    assert_eq!(ids(set.smaller()), smaller, "{set:?}");
    assert_eq!(
        set.farthest(Side::Larger).map(|last| last.addr.0),
        larger.last().copied()
    );
    assert_eq!(
        set.farthest(Side::Smaller).map(|last| last.addr.0),
        smaller.last().copied()
    );
}

/// Every ring of up to sixteen nodes, with leaf sets smaller and larger than it, filled in an arbitrary order.
#[test]
fn sets_are_exact_on_every_small_ring_in_any_order() {
    let mut rng = StreamKey::root(3, 0).rng();
    for members in 0..1_u32 << POINTS {
        let me = rng.next_u32() % POINTS;
        let others = others(me, members);
        let half = 1 + rng.next_u32() as usize % 5;
        let mut set = LeafSet::new(contact(me), space(), half);
        let mut order = others.clone();
        order.shuffle(&mut rng);
        for id in &order {
            let would = set.would_take(contact(*id));
            assert_eq!(set.insert(contact(*id)), would);
            assert!(!set.insert(contact(*id)), "nobody comes twice");
        }
        assert!(!set.insert(contact(me)), "a node is not in its own set");
        assert_exact(&set, &others, half);
        assert_eq!(set.wraps(), others.len() < 2 * half);
        assert!(!set.lacks(Side::Smaller) && !set.lacks(Side::Larger));
        check_keys(&set, &others, half);
    }
}

/// What the set says of every key, against the definitions.
fn check_keys(set: &LeafSet, others: &[u32], half: usize) {
    let me = set.me().addr.0;
    let first = if others.len() < 2 * half {
        None
    } else {
        others.iter().rev().nth(half - 1)
    };
    for key in 0..POINTS {
        let covered = first.is_none_or(|first| {
            let from_first = |id: u32| (id + POINTS - first) % POINTS;
            from_first(key) <= from_first(others[half - 1])
        });
        let id = Id::new(u128::from(key));
        assert_eq!(set.covers(id), covered, "{key} {set:?}");
        let mut by_nearness: Vec<u32> = ids(set.contacts().iter().copied());
        by_nearness.push(me);
        by_nearness.sort_by_key(|other| space().nearness(id, Id::new(u128::from(*other))));
        assert_eq!(ids(set.closest_first(id)), by_nearness, "{key} {set:?}");
        let avoid = [NodeAddr(by_nearness[0])];
        let next = if by_nearness[0] == me { me } else { by_nearness[1] };
        assert_eq!(set.closest(id, &avoid).addr.0, next);
        if covered {
            let nearest = |other: &u32| space().nearness(id, Id::new(u128::from(*other)));
            let owner = others.iter().copied().chain([me]).min_by_key(nearest);
            assert_eq!(
                Some(set.closest(id, &[]).addr.0),
                owner,
                "a covered key comes to its owner"
            );
        }
    }
}

/// A set that goes around the ring takes over from the other side; one that does not, lacks what it has lost until it has
/// heard of it, or has heard that there is nobody.
#[test]
fn what_is_lost_is_replaced_by_what_is_known_or_asked_for() {
    let mut rng = StreamKey::root(4, 0).rng();
    for _ in 0..20_000 {
        let me = rng.next_u32() % POINTS;
        let half = 1 + rng.next_u32() as usize % 4;
        let mut alive = others(me, rng.next_u32());
        let mut set = LeafSet::new(contact(me), space(), half);
        fill(&mut set, &alive);
        for _ in 0..1 + rng.next_u32() % 4 {
            if !alive.is_empty() {
                let gone = alive.remove(rng.next_u32() as usize % alive.len());
                let known = set.contacts().contains(&contact(gone));
                assert_eq!(set.remove(NodeAddr(gone)), known.then(|| contact(gone)));
                assert_eq!(set.remove(NodeAddr(gone)), None);
            }
            if set.wraps() {
                assert_exact(&set, &alive, half);
            }
        }
        let kept = set.contacts().len();
        let lacks = set.lacks(Side::Smaller) || set.lacks(Side::Larger);
        assert_eq!(lacks, !set.wraps() && kept < 2 * half);
        let mut order = alive.clone();
        order.shuffle(&mut rng);
        fill(&mut set, &order);
        set.close();
        assert_exact(&set, &alive, half);
        check_keys(&set, &alive, half);
    }
}

/// What a far contact must not do: stand for the whole way to it. A set that lacks members does not go around the ring.
#[test]
fn a_known_contact_of_one_side_does_not_fill_the_other() {
    let mut set = LeafSet::new(contact(0), space(), 2);
    fill(&mut set, &[1, 2, 14, 15]);
    set.remove(NodeAddr(14));
    assert!(set.lacks(Side::Smaller) && !set.lacks(Side::Larger));
    assert!(!set.insert(contact(2)), "it is where it belongs");
    assert!(!set.covers(Id::new(8)));
    // Nearer than 2: it takes the place of 2, which does not cross over but for the room there.
    assert!(set.insert(contact(13)) && !set.lacks(Side::Smaller));
    assert_eq!((ids(set.smaller()), ids(set.larger())), (vec![15, 13], vec![1, 2]));
}

#[test]
fn a_known_identifier_keeps_its_place_at_a_new_address() {
    let mut set = LeafSet::new(contact(0), space(), 2);
    set.insert(contact(5));
    let moved = Contact {
        addr: NodeAddr(77),
        ..contact(5)
    };
    assert!(set.would_take(moved) && set.insert(moved));
    assert_eq!(set.contacts(), [moved]);
}
