//! What must hold of a Chord ring, and how far it is from ideal.
//!
//! Pamela Zave, "How to make Chord correct" (arXiv:1502.06461): while nodes join, leave and fail, a ring that started
//! with a *stable base* of more permanent members than a successor list is long keeps the invariants that [`Invariant`]
//! lists; and once churn stops, its pointers become ideal.
//!
//! In her model a member reads the state of another one and acts on it in one step, a dead node is known to be dead,
//! and no departure leaves a member without a successor that is a member. Between nodes that send messages that means:
//!
//! - time-outs are longer than any round trip, so that nobody who lives is taken for dead;
//! - an answer on its way counts as read: the departures during its flight may not leave whoever reads it without a
//!   living successor either;
//! - a node that returns takes a new identifier, or comes so late that nobody is still waiting for its former self.
//!
//! Where a run does not keep to this, as with exponential delays or mass failures, an invariant can break under the
//! corrected rules too, and the observer says so.
//!
//! What the words mean here: a *member* is a node that is up and has joined. Its *best successor* is the first member
//! in its successor list, or itself if the list is empty. A *ring member* is a member that comes back to itself by
//! following best successors; the others are *appendages*. A contact counts as a member only if the node at its address
//! has its identifier.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

use sim_core::Nodes;
use sim_core::addr::{Address, NodeAddr};
use sim_core::observer::Observer;
use sim_core::time::SimTime;

use super::bulk::Ring;
use super::ring::in_open;
use super::{Chord, Config};
use crate::id::{Contact, Id};
use crate::kbr::Payload;

/// Members shown in the text of an error.
const SHOWN: usize = 24;

/// What holds at all times.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Invariant {
    /// Some member comes back to itself by following best successors.
    AtLeastOneRing,
    /// All ring members are on the same ring.
    AtMostOneRing,
    /// The best successor of a ring member is the next ring member clockwise.
    OrderedRing,
    /// From each appendage a ring member is reached.
    ConnectedAppendages,
    /// Each member and its successor list lie clockwise on the ring, without coming round.
    OrderedSuccessorLists,
    /// No two neighbouring entries of a member and its successor list have a member of the stable base between them.
    BaseNotSkipped,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Invariant::AtLeastOneRing => "at least one ring",
            Invariant::AtMostOneRing => "at most one ring",
            Invariant::OrderedRing => "ordered ring",
            Invariant::ConnectedAppendages => "connected appendages",
            Invariant::OrderedSuccessorLists => "ordered successor lists",
            Invariant::BaseNotSkipped => "no successor list skips a member of the stable base",
        })
    }
}

/// An invariant that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// Of which nodes.
    pub nodes: Vec<Contact>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the invariant \"{}\" does not hold at", self.invariant)?;
        self.nodes.iter().try_for_each(|node| write!(f, " {node:?}"))
    }
}

/// What is remembered of a member: the part of its state that the invariants speak of.
#[derive(Clone, PartialEq, Eq, Debug)]
struct View {
    id: Id,
    successors: Vec<Contact>,
    predecessor: Option<Contact>,
}

impl View {
    fn of<B: Payload>(node: &Chord<B>) -> Self {
        View {
            id: node.id(),
            successors: node.successors().to_vec(),
            predecessor: node.predecessor(),
        }
    }

    fn is_of<B: Payload>(&self, node: &Chord<B>) -> bool {
        self.id == node.id() && self.predecessor == node.predecessor() && self.successors == node.successors()
    }
}

/// Zave's invariants, checked after every event that changes what they speak of: an observer that any run can switch
/// on.
///
/// A ring built in bulk must come up in one event of the world, or be checked [from](RingInvariants::from) a later
/// time.
#[derive(Debug)]
pub struct RingInvariants {
    base: Vec<Id>,
    from: SimTime,
    /// Members by address.
    members: BTreeMap<NodeAddr, View>,
    /// Members change together in one event of the world, which is reported node by node: what is known is behind until
    /// then.
    primed: bool,
    checks: u64,
    violation: Option<Violation>,
}

impl RingInvariants {
    /// The invariants, with a stable base: members that never leave. Without one, nothing can be said of skipping it.
    pub fn new(base: impl IntoIterator<Item = Id>) -> Self {
        let mut base: Vec<Id> = base.into_iter().collect();
        base.sort();
        base.dedup();
        RingInvariants {
            base,
            from: SimTime::ZERO,
            members: BTreeMap::new(),
            primed: false,
            checks: 0,
            violation: None,
        }
    }

    /// Checked only from this time on.
    pub fn from(mut self, from: SimTime) -> Self {
        self.from = from;
        self
    }

    /// How often the invariants have been checked.
    pub fn checks(&self) -> u64 {
        self.checks
    }

    /// The violation that ended the run, if one did.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Takes over the state of one node, or of all at first. Says whether anything has changed.
    fn look<B: Payload>(&mut self, node: NodeAddr, nodes: &Nodes<'_, Chord<B>>) -> bool {
        if !self.primed {
            self.primed = true;
            let members = nodes.iter().filter(|(_, node)| node.has_joined());
            self.members = members.map(|(addr, node)| (addr, View::of(node))).collect();
            return true;
        }
        match nodes.get(node).filter(|node| node.has_joined()) {
            Some(state) if self.members.get(&node).is_some_and(|view| view.is_of(state)) => false,
            Some(state) => {
                self.members.insert(node, View::of(state));
                true
            }
            None => self.members.remove(&node).is_some(),
        }
    }

    fn is_member(&self, contact: &Contact) -> bool {
        self.members
            .get(&contact.addr)
            .is_some_and(|view| view.id == contact.id)
    }

    /// Checks all invariants.
    fn check(&self) -> Result<(), Violation> {
        self.check_ring()?;
        self.members.iter().try_for_each(|(addr, view)| {
            self.check_list(
                Contact {
                    id: view.id,
                    addr: *addr,
                },
                view,
            )
        })
    }

    /// What can be said of one successor list alone.
    fn check_list(&self, me: Contact, view: &View) -> Result<(), Violation> {
        let broken = |invariant, a, b| {
            Err(Violation {
                invariant,
                nodes: vec![me, a, b],
            })
        };
        let mut last = me;
        for contact in &view.successors {
            if !in_open(last.id, contact.id, me.id) {
                return broken(Invariant::OrderedSuccessorLists, last, *contact);
            }
            if self.base_between(last.id, contact.id) {
                return broken(Invariant::BaseNotSkipped, last, *contact);
            }
            last = *contact;
        }
        Ok(())
    }

    /// Whether a member of the base lies strictly between two identifiers.
    fn base_between(&self, a: Id, b: Id) -> bool {
        match self
            .base
            .get(self.base.partition_point(|id| *id <= a))
            .or(self.base.first())
        {
            Some(next) => in_open(a, *next, b),
            None => false,
        }
    }

    /// What can be said of all best successors together.
    fn check_ring(&self) -> Result<(), Violation> {
        let by_id: BTreeMap<Id, Contact> = self
            .members
            .iter()
            .map(|(addr, view)| {
                (
                    view.id,
                    Contact {
                        id: view.id,
                        addr: *addr,
                    },
                )
            })
            .collect();
        let best: BTreeMap<Id, Option<Contact>> = self
            .members
            .iter()
            .map(|(addr, view)| {
                let alone = view.successors.is_empty().then_some(Contact {
                    id: view.id,
                    addr: *addr,
                });
                (
                    view.id,
                    view.successors
                        .iter()
                        .copied()
                        .find(|contact| self.is_member(contact))
                        .or(alone),
                )
            })
            .collect();
        let ring_members = ring_members(&best);
        let broken = |invariant, nodes: Vec<Contact>| Err(Violation { invariant, nodes });
        let Some((first, _)) = ring_members.iter().next() else {
            return match by_id.is_empty() {
                true => Ok(()),
                false => broken(Invariant::AtLeastOneRing, by_id.into_values().take(SHOWN).collect()),
            };
        };
        if let Some((other, _)) = ring_members.iter().find(|(_, ring)| **ring != ring_members[first]) {
            return broken(Invariant::AtMostOneRing, vec![by_id[first], by_id[other]]);
        }
        for id in ring_members.keys() {
            let next = ring_members
                .range((Bound::Excluded(*id), Bound::Unbounded))
                .next()
                .or(ring_members.iter().next())
                .map(|(next, _)| *next);
            let best = best[id].map(|contact| contact.id);
            if best != next {
                let skipped = next.map(|next| by_id[&next]);
                return broken(
                    Invariant::OrderedRing,
                    std::iter::once(by_id[id]).chain(skipped).collect(),
                );
            }
        }
        let lost = by_id.keys().find(|id| !reaches_ring(**id, &best, &ring_members));
        lost.map_or(Ok(()), |id| broken(Invariant::ConnectedAppendages, vec![by_id[id]]))
    }

    /// The members and their pointers, for people.
    fn show(&self) -> String {
        let mut members: Vec<_> = self.members.iter().collect();
        members.sort_by_key(|(_, view)| view.id);
        let mut text = String::from("\nmembers, by identifier (predecessor -> member -> successors; * is no member):");
        let name = |contact: &Contact| format!("{contact:?}{}", if self.is_member(contact) { "" } else { "*" });
        for (addr, view) in members.iter().take(SHOWN) {
            let predecessor = view.predecessor.as_ref().map_or("none".into(), name);
            let successors: Vec<String> = view.successors.iter().map(name).collect();
            text += &format!("\n  {predecessor} -> {}@{addr} -> {}", view.id, successors.join(" "));
        }
        if members.len() > SHOWN {
            text += &format!("\n  and {} more", members.len() - SHOWN);
        }
        text
    }
}

/// The ring members, each with the smallest identifier on its ring.
fn ring_members(best: &BTreeMap<Id, Option<Contact>>) -> BTreeMap<Id, Id> {
    let mut rings = BTreeMap::new();
    // The walk on which a member was first met.
    let mut met: BTreeMap<Id, Id> = BTreeMap::new();
    for start in best.keys() {
        let mut at = *start;
        while !met.contains_key(&at) {
            met.insert(at, *start);
            match best[&at] {
                Some(next) => at = next.id,
                None => break,
            }
        }
        // Coming to a member met on this same walk closes a ring; one that has no best successor closes none.
        if met[&at] == *start && best[&at].is_some() {
            let ring = cycle(at, best);
            let name = ring.iter().copied().min().unwrap_or(at);
            rings.extend(ring.into_iter().map(|id| (id, name)));
        }
    }
    rings
}

/// The members on the ring of `start`, a ring member.
fn cycle(start: Id, best: &BTreeMap<Id, Option<Contact>>) -> Vec<Id> {
    let mut ring = vec![start];
    let mut at = best[&start];
    while let Some(next) = at.filter(|next| next.id != start) {
        ring.push(next.id);
        at = best[&next.id];
    }
    ring
}

/// Whether a walk along best successors comes to the ring.
fn reaches_ring(start: Id, best: &BTreeMap<Id, Option<Contact>>, ring: &BTreeMap<Id, Id>) -> bool {
    let mut at = Some(start);
    // Where there is one ring, no walk is longer than there are members.
    for _ in 0..=best.len() {
        match at {
            Some(id) if ring.contains_key(&id) => return true,
            Some(id) => at = best[&id].map(|contact| contact.id),
            None => return false,
        }
    }
    false
}

impl<B: Payload> Observer<Chord<B>> for RingInvariants {
    fn state(&mut self, time: SimTime, node: NodeAddr, nodes: &Nodes<'_, Chord<B>>) -> Result<(), String> {
        if time < self.from || !self.look(node, nodes) {
            return Ok(());
        }
        self.checks += 1;
        self.check().map_err(|violation| {
            let text = format!("{violation}{}", self.show());
            self.violation = Some(violation);
            text
        })
    }
}

/// How far a ring is from ideal: pointers that are not what they should be. Zero means that successor lists,
/// predecessors and fingers are all as [`Ring::tables`] has them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RingError {
    /// Entries of successor lists that are wrong, missing or too many.
    pub successors: usize,
    /// Predecessors that are wrong or unknown.
    pub predecessors: usize,
    /// Fingers that are wrong or unknown.
    pub fingers: usize,
}

impl RingError {
    /// The error of the members among these nodes. It is zero where Zave's measure of error is, which sums distances.
    pub fn measure<'a, B: Payload, A: Address>(
        config: &Config,
        nodes: impl IntoIterator<Item = &'a Chord<B, A>>,
    ) -> Self {
        let members: Vec<&Chord<B, A>> = nodes.into_iter().filter(|node| node.has_joined()).collect();
        let ring = Ring::new(config, members.iter().map(|node| node.contact()));
        let mut error = RingError::default();
        for node in members {
            let ideal = ring.tables(node.id());
            let longer = ideal.successors.len().max(node.successors().len());
            error.successors += (0..longer)
                .filter(|at| ideal.successors.get(*at) != node.successors().get(*at))
                .count();
            error.predecessors += usize::from(ideal.predecessor != node.predecessor());
            error.fingers += (0..config.finger_starts().count())
                .filter(|index| node.i3_list().is_none() && ideal.fingers.get(*index) != node.fingers().get(*index))
                .count();
        }
        error
    }

    /// Whether the ring proper is ideal: successor lists and predecessors.
    pub fn ring_is_ideal(&self) -> bool {
        self.successors == 0 && self.predecessors == 0
    }

    /// Whether every pointer is ideal, fingers included.
    pub fn is_ideal(&self) -> bool {
        self.ring_is_ideal() && self.fingers == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(id: u32) -> Contact {
        Contact {
            id: Id::new(u128::from(id)),
            addr: NodeAddr(id),
        }
    }

    /// A ring of members, each with its list; addresses are identifiers. Base: 10.
    fn check(lists: &[(u32, &[u32])]) -> Option<Invariant> {
        let mut invariants = RingInvariants::new([Id::new(10)]);
        for (id, list) in lists {
            let successors = list.iter().copied().map(contact).collect();
            let view = View {
                id: Id::new(u128::from(*id)),
                successors,
                predecessor: None,
            };
            invariants.members.insert(NodeAddr(*id), view);
        }
        invariants.check().err().map(|violation| violation.invariant)
    }

    #[test]
    fn a_sound_ring_with_an_appendage_holds() {
        assert_eq!(
            check(&[(10, &[20, 30]), (20, &[30, 10]), (30, &[10, 20]), (25, &[30])]),
            None
        );
        assert_eq!(check(&[(10, &[])]), None, "a node alone is a ring");
        assert_eq!(
            check(&[(10, &[15, 20]), (20, &[10])]),
            None,
            "15 is dead and passed over"
        );
    }

    #[test]
    fn each_invariant_is_seen_broken() {
        for (lists, invariant) in [
            (&[(10, &[15][..]), (20, &[10])][..], Invariant::AtLeastOneRing),
            (
                &[(10, &[20]), (20, &[10]), (30, &[40]), (40, &[30])],
                Invariant::AtMostOneRing,
            ),
            (
                &[(10, &[30]), (30, &[20]), (20, &[40]), (40, &[10])],
                Invariant::OrderedRing,
            ),
            (&[(10, &[20]), (20, &[10]), (30, &[40])], Invariant::ConnectedAppendages),
            (&[(10, &[20, 15]), (20, &[10])], Invariant::OrderedSuccessorLists),
            (&[(5, &[20]), (10, &[20]), (20, &[5])], Invariant::BaseNotSkipped),
        ] {
            assert_eq!(check(lists), Some(invariant), "{lists:?}");
        }
    }

    #[test]
    fn the_text_names_the_invariant_and_shows_the_ring() {
        let mut invariants = RingInvariants::new([]);
        let view = View {
            id: Id::new(10),
            successors: vec![contact(20)],
            predecessor: None,
        };
        invariants.members.insert(NodeAddr(10), view);
        let violation = invariants.check().expect_err("20 is no member");
        assert_eq!(
            violation.to_string(),
            "the invariant \"at least one ring\" does not hold at a@n10"
        );
        assert!(
            invariants.show().ends_with("none -> a@n10 -> 14@n20*"),
            "{}",
            invariants.show()
        );
    }
}
