use super::*;
use crate::random::StreamKey;

fn at(seconds: u64) -> SimTime {
    SimTime::from_nanos(seconds * 1_000_000_000)
}

fn air() -> Air {
    Air {
        delay: SimDuration::from_millis(1),
        jitter: SimDuration::from_millis(2),
        loss: 0.25,
        tries: 3,
        medium: None,
    }
}

fn pair(a: u32, b: u32) -> (NodeAddr, NodeAddr) {
    (NodeAddr(a), NodeAddr(b))
}

fn contacts(list: &[(u32, u32, u64, u64)]) -> Box<dyn LinkSource> {
    let contact = |&(a, b, from, until): &(u32, u32, u64, u64)| (pair(a, b), at(from), at(until));
    Box::new(Contacts::new(list.iter().map(contact)))
}

/// All that is switched until the end, with everybody up.
fn history(mut layer: LinkLayer, nodes: u32) -> Vec<(u64, u32, u32, bool)> {
    for node in 0..nodes {
        layer.set_up(NodeAddr(node), true);
    }
    let mut seen = Vec::new();
    while let Some(time) = layer.next_time() {
        for Switched { between: (a, b), up } in layer.turn(time) {
            seen.push((time.as_nanos() / 1_000_000_000, a.0, b.0, up));
            assert_eq!(layer.has_link(a, b), up);
            assert_eq!(layer.has_link(b, a), up);
        }
    }
    seen
}

#[test]
fn links_are_there_between_nodes_that_are_up() {
    let mut layer = LinkLayer::new(3, contacts(&[(0, 1, 0, 9), (1, 2, 0, 9)]), air()).unwrap();
    assert_eq!(layer.turn(at(0)), []);
    assert_eq!(layer.set_up(NodeAddr(1), true), []);
    assert_eq!(layer.set_up(NodeAddr(0), true), [NodeAddr(1)]);
    assert_eq!(layer.set_up(NodeAddr(0), true), []);
    assert_eq!(layer.neighbours(NodeAddr(1)), [NodeAddr(0)]);
    assert_eq!(layer.set_up(NodeAddr(2), true), [NodeAddr(1)]);
    assert_eq!(layer.neighbours(NodeAddr(1)), [NodeAddr(0), NodeAddr(2)]);
    assert_eq!(layer.set_up(NodeAddr(1), false), [NodeAddr(0), NodeAddr(2)]);
    assert!(layer.neighbours(NodeAddr(0)).is_empty());
    assert_eq!(layer.set_up(NodeAddr(7), true), []);
    assert!(layer.neighbours(NodeAddr(7)).is_empty());
}

#[test]
fn a_partition_takes_links_away_and_gives_back_those_that_are_still_there() {
    let layer = LinkLayer::new(
        4,
        contacts(&[(0, 1, 0, 9), (1, 2, 0, 4), (2, 3, 0, 9), (1, 3, 3, 9)]),
        air(),
    );
    let cut = Cut::new(at(2), at(6), [0, 0, 1, 1]);
    assert_eq!(
        history(layer.unwrap().with_cuts([cut]), 4),
        [
            (0, 0, 1, true),
            (0, 1, 2, true),
            (0, 2, 3, true),
            (2, 1, 2, false),
            (6, 1, 3, true),
            (9, 0, 1, false),
            (9, 1, 3, false),
            (9, 2, 3, false)
        ]
    );
}

#[test]
fn a_wire_stays_whatever_the_radio_says() {
    let wire = |a, b| Wire {
        between: pair(a, b),
        delay: SimDuration::from_millis(7),
        loss: 0.0,
    };
    let layer = LinkLayer::new(3, contacts(&[(0, 1, 2, 3), (0, 2, 1, 2)]), air()).unwrap();
    let mut layer = layer.with_wires([wire(1, 0)]).unwrap();
    assert_eq!(layer.set_up(NodeAddr(0), true), []);
    assert_eq!(layer.set_up(NodeAddr(1), true), [NodeAddr(0)]);
    assert_eq!(history(layer, 3), [(1, 0, 2, true), (2, 0, 2, false)]);

    for (a, b) in [(0, 0), (0, 3)] {
        let layer = LinkLayer::new(3, contacts(&[]), air()).unwrap();
        assert_eq!(
            layer.with_wires([wire(a, b)]).err(),
            Some(LinkLayerError::NoSuchNode {
                between: pair(a, b),
                nodes: 3
            })
        );
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let broken = [
        Air { loss: 1.5, ..air() },
        Air {
            loss: f64::NAN,
            ..air()
        },
        Air { tries: 0, ..air() },
    ];
    for air in broken {
        assert!(LinkLayer::new(1, contacts(&[]), air).is_err());
    }
}

#[test]
fn a_frame_for_one_is_tried_again_and_one_for_all_is_not() {
    let draws = || (0..40_000).map(|number| StreamKey::root(5, 0).index(number));
    let heard_by_all = draws()
        .filter(|draw| air().for_all(SimDuration::ZERO, *draw).is_some())
        .count();
    assert!((29_700..30_300).contains(&heard_by_all), "{heard_by_all}");
    let to_one: Vec<_> = draws().map(|draw| air().for_one(SimDuration::ZERO, draw)).collect();
    // Three losses in a row: one in 64.
    let lost = to_one.iter().filter(|(delay, _)| delay.is_none()).count();
    assert!((545..705).contains(&lost), "{lost}");
    for (delay, times) in to_one {
        let millis = u64::from(times)..=3 * u64::from(times);
        assert!(delay.is_none_or(|delay| millis.contains(&(delay.as_nanos() / 1_000_000))));
        assert!(delay.is_some() || times == 3);
    }
}

#[test]
fn a_shared_medium_is_busy_for_all_who_hear() {
    let medium = Medium {
        bandwidth: crate::network::Bandwidth::from_bits_per_second(8_000).unwrap(),
        longest_wait: SimDuration::from_millis(1500),
    };
    let air = Air {
        medium: Some(medium),
        ..air()
    };
    let second = air.airtime(1000);
    assert_eq!(second, SimDuration::from_secs(1));
    let mut busy = Busy::new(medium, 4);
    let mut take = |node, neighbours: &[u32], now| {
        let neighbours = neighbours.iter().copied().map(NodeAddr);
        busy.take(NodeAddr(node), neighbours, at(now), second)
    };
    // A line 0 - 1 - 2 - 3: what 0 sends keeps 1 waiting, and 2 and 3 not.
    assert_eq!(take(0, &[1], 10), Some(SimDuration::ZERO));
    assert_eq!(take(2, &[1, 3], 10), Some(SimDuration::ZERO));
    assert_eq!(take(1, &[0, 2], 10), Some(second));
    assert_eq!(take(0, &[1], 10), None);
    assert_eq!(take(0, &[1], 12), Some(SimDuration::ZERO));
    assert_eq!((busy.traffic().messages, busy.traffic().lost), (4, 1));
    assert_eq!(busy.traffic().longest, second);
}
