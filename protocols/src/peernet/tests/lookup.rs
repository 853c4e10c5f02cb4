//! The lookup service: where entries lie, how long, and which of them answers.

use super::*;

fn entry(node: NodeAddr, number: u128, scope: u8) -> Entry {
    Entry {
        identifier: Identifier::of_node(node),
        node,
        address: address(number),
        known: 0,
        scope,
        version: SimTime::ZERO,
    }
}

fn register(entry: Entry) -> Msg {
    Msg::Routed(Way::new(entry.point(), entry.scope), Load::Register(entry))
}

#[test]
fn entries_go_to_who_is_nearer_now_and_to_a_neighbour_when_the_address_changes() {
    let nodes = by_identifier(40);
    let me = nodes[5];
    let mut recorder = started(me, config(Rules::Dart));
    // Somebody whose entry belongs into the upper half of the tree.
    let upper = nodes
        .iter()
        .find(|node| address(0).point(Identifier::of_node(**node), BITS).bit(3));
    let upper = entry(*upper.expect("half of them"), 0b0001, BITS);
    let lower = nodes
        .iter()
        .find(|node| !address(0).point(Identifier::of_node(**node), BITS).bit(3));
    let lower = entry(*lower.expect("half of them"), 0b0001, BITS);
    recorder.message(nodes[0], register(upper));
    recorder.message(nodes[0], register(lower));
    let held =
        |recorder: &Recorder<PeerNet>, entry: &Entry| recorder.node.registry.under(entry.identifier, None).count();
    let handed = |effects: Vec<Effect<PeerNet>>, to: NodeAddr, entry: Entry| {
        let load = Load::HandOver(entry);
        sent(effects)
            .iter()
            .any(|(whom, msg)| *whom == to && matches!(msg, Msg::Routed(_, given) if *given == load))
    };
    assert_eq!((held(&recorder, &upper), held(&recorder, &lower)), (1, 1));
    // Somebody appears there.
    let effects = recorder.message(nodes[6], hello(0b1000, &[]));
    assert!(handed(effects, nodes[6], upper));
    assert_eq!((held(&recorder, &upper), held(&recorder, &lower)), (0, 1));
    // The node loses its address to one with a smaller identifier, and hands the other entry over.
    recorder.message(nodes[1], hello(0b0000, &[]));
    let effects = recorder.timer(Timer::Hello);
    assert_ne!(recorder.node.address(), Some(address(0)));
    assert!(handed(effects, nodes[1], lower));
    assert_eq!(held(&recorder, &lower), 0);
}

#[test]
fn entries_that_are_not_renewed_expire_and_older_ones_do_not_replace_newer() {
    let config = Config {
        lookup_tries: 1,
        ..config(Rules::Dart)
    };
    let mut recorder = started(NodeAddr(1), config);
    let old = entry(NodeAddr(3), 0b0110, BITS);
    let new = Entry {
        version: SimTime::from_nanos(5),
        address: address(0b0111),
        ..old
    };
    recorder.message(NodeAddr(0), register(new));
    recorder.message(NodeAddr(0), register(old));
    let found = told(recorder.command(OperationId(1), Command::Lookup(NodeAddr(3))));
    assert!(matches!(found[..], [Event::LookedUp { found, .. }] if found == Some(address(0b0111))));
    recorder.advance(SimDuration::from_secs(51));
    recorder.timer(Timer::Register);
    let found = told(recorder.command(OperationId(2), Command::Lookup(NodeAddr(3))));
    assert!(matches!(found[..], [Event::LookedUp { found: None, .. }]));
}

#[test]
fn where_there_is_no_entry_yet_a_lookup_is_tried_again() {
    let mut recorder = started(NodeAddr(1), config(Rules::Dart));
    let wanted = entry(NodeAddr(3), 0b0110, BITS);
    let found = |effects: Vec<Effect<PeerNet>>| match told(effects)[..] {
        [Event::LookedUp { found, .. }] => Some(found),
        _ => None,
    };
    for (number, comes) in [(1, true), (2, false)] {
        recorder.advance(SimDuration::from_secs(60));
        recorder.timer(Timer::Register);
        let operation = OperationId(number.into());
        let asked = recorder.command(operation, Command::Lookup(NodeAddr(3)));
        assert_eq!(found(asked), None, "the first try does not end it");
        if comes {
            let version = SimTime::ZERO + SimDuration::from_secs(60);
            recorder.message(NodeAddr(0), register(Entry { version, ..wanted }));
        }
        let last = recorder.timer(Timer::Lookup(number));
        assert_eq!(found(last), Some(comes.then_some(address(0b0110))));
    }
}

#[test]
fn solution_b_tells_remote_areas_only_of_moves_that_they_know_of() {
    let nodes = by_identifier(7);
    let config = Config {
        lookup: LookupKind::HighOrder { step: 2 },
        ..config(Rules::Dart)
    };
    let mut recorder = started(nodes[3], config);
    let above = [advert(2, nodes[4], 1, 4), advert(3, nodes[5], 1, 8)];
    recorder.message(
        nodes[6],
        hello(0b0010, &[&[advert(1, nodes[3], 1, 2)], &above[..]].concat()),
    );
    let registered = |recorder: &Recorder<PeerNet>| {
        let own = recorder
            .node
            .registry
            .own
            .values()
            .filter(|entry| entry.identifier == recorder.node.id);
        own.map(|entry| (entry.scope, entry.known, entry.address, entry.version))
            .collect::<Vec<_>>()
    };
    recorder.timer(Timer::Register);
    let start = SimTime::ZERO;
    assert_eq!(
        registered(&recorder),
        [(2, 0, address(0), start), (4, 2, address(0), start)]
    );
    // Somebody with a smaller identifier has the same address: the node moves within 00xx.
    recorder.advance(SimDuration::from_secs(1));
    let own_sibling = [advert(1, nodes[6], 1, 2)];
    recorder.message(nodes[2], hello(0b0000, &[&own_sibling[..], &above].concat()));
    recorder.timer(Timer::Hello);
    let moved = recorder.node.address().expect("there is room");
    assert!(moved != address(0) && moved.shares(address(0), 2), "{moved}");
    let now = start + SimDuration::from_secs(1);
    assert_eq!(registered(&recorder), [(2, 0, moved, now), (4, 2, address(0), start)]);
    // The renewal of the farther one comes half as often.
    for (seconds, renewed) in [(5, false), (5, true)] {
        recorder.advance(SimDuration::from_secs(seconds));
        recorder.timer(Timer::Register);
        assert_eq!(registered(&recorder)[1].3 != start, renewed);
    }
}

#[test]
fn an_entry_that_a_newer_one_for_another_area_belies_is_no_answer() {
    let config = Config {
        lookup_tries: 1,
        ..config(Rules::Dart)
    };
    let old = entry(NodeAddr(3), 0b0010, 3);
    let later = |entry| Entry {
        version: SimTime::from_nanos(5),
        ..entry
    };
    let new = later(entry(NodeAddr(3), 0b0110, BITS));
    let group = Group(7);
    let member = |entry| Entry {
        identifier: Identifier::of_group(group),
        ..entry
    };
    // In whichever order they come.
    for order in [[old, new], [new, old]] {
        let mut recorder = started(NodeAddr(1), config);
        for entry in order {
            recorder.message(NodeAddr(0), register(entry));
            recorder.message(NodeAddr(0), register(member(entry)));
        }
        let found = told(recorder.command(OperationId(1), Command::Lookup(NodeAddr(3))));
        assert!(matches!(found[..], [Event::LookedUp { found, .. }] if found == Some(new.address)));
        // Of the group, too: 0010 would be nearer.
        let found = told(recorder.command(OperationId(2), Command::Anycast { group, bytes: 10 }));
        assert!(matches!(found[0], Event::LookedUp { found, .. } if found == Some(new.address)));
    }
    // What is true beside it stays: another member, and an older entry for the same address.
    let other = entry(NodeAddr(4), 0b0110, 3);
    let same = Entry {
        address: new.address,
        ..old
    };
    let mut recorder = started(NodeAddr(1), config);
    for entry in [member(other), member(same), member(new)] {
        recorder.message(NodeAddr(0), register(entry));
    }
    let held = recorder.node.registry.under(Identifier::of_group(group), None);
    assert_eq!(held.count(), 3);
}

#[test]
fn solution_b_goes_by_the_newer_of_a_whole_address_and_first_bits_that_belie_it() {
    let config = Config {
        lookup: LookupKind::HighOrder { step: 2 },
        ..config(Rules::Dart)
    };
    let whole = |number| entry(NodeAddr(3), number, 2);
    let first_bits = |number| Entry {
        known: 2,
        ..entry(NodeAddr(3), number, BITS)
    };
    let later = |entry| Entry {
        version: SimTime::from_nanos(5),
        ..entry
    };
    let held = |entries: [Entry; 2]| {
        let mut recorder = started(NodeAddr(1), config);
        for entry in entries {
            recorder.message(NodeAddr(0), register(entry));
        }
        let held = recorder.node.registry.under(entries[0].identifier, None);
        held.copied().collect::<Vec<_>>()
    };
    // 0010 does not lie in 10xx, and whichever is newer counts.
    let (old, new) = (whole(0b0010), later(first_bits(0b1000)));
    assert_eq!(held([old, new]), [new]);
    let (old, new) = (first_bits(0b1000), later(whole(0b0010)));
    assert_eq!(held([old, new]), [new]);
    // It does in 00xx.
    let (old, new) = (first_bits(0b0000), later(whole(0b0010)));
    assert_eq!(held([old, new]), [new, old]);
}
