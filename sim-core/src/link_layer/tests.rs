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

/// A medium of 8 kbit/s between the nodes of a line, and who went on the air when, in seconds.
struct Line {
    medium: Shared<()>,
    nodes: u32,
    went: Vec<(u64, u32)>,
}

impl Line {
    fn new(nodes: u32, longest_wait: SimDuration) -> Self {
        let medium = Medium {
            bandwidth: crate::network::Bandwidth::from_bits_per_second(8_000).unwrap(),
            longest_wait,
        };
        let air = Air {
            medium: Some(medium),
            ..air()
        };
        assert_eq!(air.airtime(1000), SimDuration::from_secs(1));
        Line {
            medium: Shared::new(medium, nodes),
            nodes,
            went: Vec::new(),
        }
    }

    /// A frame of a second.
    fn ask(&mut self, node: u32, now: u64) -> Admission {
        let admission = self.medium.admit(NodeAddr(node), at(now));
        let frame = Frame {
            to: None,
            msg: (),
            incarnation: 0,
            airtime: SimDuration::from_secs(1),
            since: at(now),
        };
        match admission {
            Admission::Idle => self.go(node, at(now), SimDuration::ZERO),
            Admission::Busy => self.medium.wait(NodeAddr(node), frame),
            Admission::Full => {}
        }
        admission
    }

    fn go(&mut self, node: u32, now: SimTime, waited: SimDuration) {
        self.went.push((now.as_nanos() / 1_000_000_000, node));
        let hearing = [node.checked_sub(1), Some(node + 1)].into_iter().flatten();
        let hearing = hearing.filter(|other| *other < self.nodes).map(NodeAddr);
        self.medium
            .occupy(NodeAddr(node), hearing, now, SimDuration::from_secs(1), waited);
    }

    /// Lets all turns pass that come before a time.
    fn pass(&mut self, end: u64) {
        while self.medium.next_turn().is_some_and(|time| time < at(end)) {
            let Some((now, NodeAddr(node), frame)) = self.medium.turn() else {
                continue;
            };
            if !self.medium.has_expired(&frame, now) {
                self.go(node, now, now.since(frame.since));
            }
        }
    }
}

#[test]
fn a_shared_medium_is_busy_for_all_who_hear_and_only_while_something_is_on_the_air() {
    // A line 0 - 1 - 2 - 3: what 0 sends keeps 1 waiting, and 2 and 3 not, whether 1 waits already or not.
    for (order, went) in [
        ([0, 1, 2], [(10, 0), (10, 2), (11, 1)]),
        ([0, 2, 1], [(10, 0), (10, 2), (11, 1)]),
        ([1, 0, 2], [(10, 1), (11, 0), (11, 2)]),
    ] {
        let mut line = Line::new(4, SimDuration::from_millis(1500));
        for node in order {
            line.ask(node, 10);
        }
        line.pass(20);
        assert_eq!(line.went, went, "{order:?}");
        assert_eq!(line.medium.traffic().messages, 3);
        assert_eq!(line.medium.traffic().longest, SimDuration::from_secs(1));
    }
}

#[test]
fn in_a_line_every_other_node_sends_at_once_and_then_the_rest() {
    let mut line = Line::new(100, SimDuration::from_secs(1000));
    for node in 0..100 {
        line.ask(node, 10);
    }
    line.pass(20);
    let (even, odd) = ((0..100).step_by(2), (1..100).step_by(2));
    let expected = even.map(|node| (10, node)).chain(odd.map(|node| (11, node)));
    assert_eq!(line.went, expected.collect::<Vec<_>>());
    // Where all ask a second time, each waits for its first frame and its neighbours' only.
    let mut line = Line::new(100, SimDuration::from_secs(1000));
    for number in 0..200 {
        line.ask(number % 100, 10);
    }
    line.pass(14);
    assert_eq!((line.went.len(), line.medium.next_turn()), (200, None));
    assert_eq!(line.medium.traffic().longest, SimDuration::from_secs(3));
}

#[test]
fn who_waits_has_its_turn_in_the_order_of_asking() {
    let mut line = Line::new(3, SimDuration::from_secs(1000));
    // All at once: 0 - 1 - 2 with 1 in the middle, and a second frame of 0 before the first of 1.
    for node in [0, 0, 1, 0, 2] {
        line.ask(node, 10);
    }
    line.pass(20);
    // 2 hears nothing of what 0 sends; at 11 s 0 asked before 1, and at 12 s 1 before 0.
    assert_eq!(line.went, [(10, 0), (10, 2), (11, 0), (12, 1), (13, 0)]);
}

#[test]
fn a_frame_that_waits_too_long_is_lost() {
    let mut line = Line::new(4, SimDuration::from_millis(1500));
    assert_eq!(line.ask(0, 10), Admission::Idle);
    assert_eq!(line.ask(1, 10), Admission::Busy);
    assert_eq!(line.ask(0, 10), Admission::Busy);
    // Two seconds of air before it: it is lost at once.
    assert_eq!(line.ask(0, 10), Admission::Full);
    assert_eq!(line.medium.traffic().lost, 1);
    // The second frame of 0 has to let 1 go first and has then waited for two seconds.
    line.pass(20);
    assert_eq!(line.went, [(10, 0), (11, 1)]);
    assert_eq!((line.medium.traffic().messages, line.medium.traffic().lost), (2, 2));
    assert_eq!(line.ask(0, 20), Admission::Idle);
}
