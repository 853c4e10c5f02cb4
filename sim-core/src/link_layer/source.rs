//! Between which nodes there is a link, and when that changes.

use crate::addr::NodeAddr;
use crate::time::{SimDuration, SimTime};

/// A place in the plane, in metres.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Place {
    /// To the east.
    pub x: f64,
    /// To the north.
    pub y: f64,
}

impl Place {
    /// The square of the distance to another place, in square metres.
    #[inline]
    pub fn squared_distance(self, other: Place) -> f64 {
        let (dx, dy) = (self.x - other.x, self.y - other.y);
        dx * dx + dy * dy
    }
}

/// A way in a straight line at constant speed, or a stay: where somebody is from one time until another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Leg {
    /// Where it begins.
    pub from: Place,
    /// When it begins.
    pub start: SimTime,
    /// Where it ends: the same place for a stay.
    pub to: Place,
    /// When it ends.
    pub end: SimTime,
}

impl Leg {
    /// The place at a time: before the leg its beginning, after it its end.
    pub fn place(&self, time: SimTime) -> Place {
        let (past, whole) = (time.since(self.start), self.end.since(self.start));
        if time >= self.end {
            return self.to;
        }
        if past == SimDuration::ZERO {
            return self.from;
        }
        let part = past.as_nanos() as f64 / whole.as_nanos() as f64;
        Place {
            x: self.from.x + part * (self.to.x - self.from.x),
            y: self.from.y + part * (self.to.y - self.from.y),
        }
    }
}

/// A link that comes up or goes down, the same in both directions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Change {
    /// When.
    pub time: SimTime,
    /// Between whom, the smaller address first.
    pub between: (NodeAddr, NodeAddr),
    /// Whether it comes up.
    pub up: bool,
}

/// Where links come from: positions and a range, a graph, a trace of contacts. Nodes that are down count as if they were up:
/// the link layer leaves them out.
pub trait LinkSource: Send {
    /// Appends the changes of the next stretch of time to `changes`, in ascending order, and says when that stretch ends: all
    /// changes before then have been told, and none of them twice. The first stretch begins at time zero, with no link up;
    /// what stands from the start comes up at time zero. Each call gets further, until the end of time says that nothing
    /// changes any more. A change repeats nothing: a link that comes up was down.
    fn next_stretch(&mut self, changes: &mut Vec<Change>) -> SimTime;

    /// Where a node is at a time of the last stretch; none where links do not come from places.
    fn place(&self, _node: NodeAddr, _time: SimTime) -> Option<Place> {
        None
    }
}

/// Links that never change: a graph.
#[derive(Clone, Debug)]
pub struct Fixed {
    links: Vec<(NodeAddr, NodeAddr)>,
    places: Vec<Place>,
}

impl Fixed {
    /// The links of a graph, each named once or more, in any order; nobody has one to himself. `places` says where the nodes
    /// are, for pictures, and may be empty.
    pub fn new(links: impl IntoIterator<Item = (NodeAddr, NodeAddr)>, places: Vec<Place>) -> Self {
        let ordered = |(a, b): (NodeAddr, NodeAddr)| (a.min(b), a.max(b));
        let mut links: Vec<_> = links.into_iter().filter(|(a, b)| a != b).map(ordered).collect();
        links.sort_unstable();
        links.dedup();
        Fixed { links, places }
    }
}

impl LinkSource for Fixed {
    fn next_stretch(&mut self, changes: &mut Vec<Change>) -> SimTime {
        let up = |between| Change {
            time: SimTime::ZERO,
            between,
            up: true,
        };
        changes.extend(std::mem::take(&mut self.links).into_iter().map(up));
        SimTime::MAX
    }

    fn place(&self, node: NodeAddr, _: SimTime) -> Option<Place> {
        self.places.get(node.index()).copied()
    }
}

/// Links that come and go as a trace of contacts says.
#[derive(Clone, Debug)]
pub struct Contacts {
    changes: Vec<Change>,
}

impl Contacts {
    /// The contacts of pairs of nodes, each from one time until another, in any order. Contacts of a pair that touch or overlap
    /// are one; one that ends before it begins is none.
    pub fn new(contacts: impl IntoIterator<Item = ((NodeAddr, NodeAddr), SimTime, SimTime)>) -> Self {
        let mut contacts: Vec<_> = contacts
            .into_iter()
            .filter(|((a, b), from, until)| a != b && from < until)
            .map(|((a, b), from, until)| ((a.min(b), a.max(b)), from, until))
            .collect();
        contacts.sort_unstable();
        contacts.dedup_by(|next, one| {
            let touches = next.0 == one.0 && next.1 <= one.2;
            if touches {
                one.2 = one.2.max(next.2);
            }
            touches
        });
        let mut changes = Vec::new();
        for (between, from, until) in contacts {
            let change = |time, up| Change { time, between, up };
            changes.push(change(from, true));
            if until != SimTime::MAX {
                changes.push(change(until, false));
            }
        }
        changes.sort_unstable();
        Contacts { changes }
    }
}

impl LinkSource for Contacts {
    fn next_stretch(&mut self, changes: &mut Vec<Change>) -> SimTime {
        changes.append(&mut self.changes);
        SimTime::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::from_nanos(seconds * 1_000_000_000)
    }

    fn told(mut source: impl LinkSource) -> Vec<(u64, u32, u32, bool)> {
        let mut changes = Vec::new();
        assert_eq!(source.next_stretch(&mut changes), SimTime::MAX);
        let plain = |change: Change| {
            let (a, b) = change.between;
            (change.time.as_nanos() / 1_000_000_000, a.0, b.0, change.up)
        };
        changes.into_iter().map(plain).collect()
    }

    #[test]
    fn a_leg_is_passed_at_constant_speed() {
        let leg = Leg {
            from: Place { x: 1.0, y: 2.0 },
            start: at(10),
            to: Place { x: 5.0, y: 0.0 },
            end: at(14),
        };
        assert_eq!(leg.place(at(3)), leg.from);
        assert_eq!(leg.place(at(11)), Place { x: 2.0, y: 1.5 });
        assert_eq!(leg.place(at(14)), leg.to);
        let stay = Leg {
            to: leg.from,
            end: leg.start,
            ..leg
        };
        assert_eq!(stay.place(at(9)), leg.from);
        assert_eq!(stay.place(at(10)), leg.from);
    }

    #[test]
    fn a_graph_comes_up_at_once_and_each_link_of_it_once() {
        let pairs = [(2, 1), (0, 1), (1, 2), (1, 1)].map(|(a, b)| (NodeAddr(a), NodeAddr(b)));
        assert_eq!(told(Fixed::new(pairs, Vec::new())), [(0, 0, 1, true), (0, 1, 2, true)]);
    }

    #[test]
    fn contacts_that_touch_or_overlap_are_one() {
        let contact = |a, b, from, until| ((NodeAddr(a), NodeAddr(b)), at(from), at(until));
        let trace = [
            contact(0, 1, 4, 9),
            contact(1, 0, 1, 4),
            contact(0, 1, 2, 3),
            contact(0, 1, 10, 12),
            contact(0, 2, 5, 5),
            contact(3, 2, 6, 7),
        ];
        assert_eq!(
            told(Contacts::new(trace)),
            [
                (1, 0, 1, true),
                (6, 2, 3, true),
                (7, 2, 3, false),
                (9, 0, 1, false),
                (10, 0, 1, true),
                (12, 0, 1, false)
            ]
        );
    }
}
