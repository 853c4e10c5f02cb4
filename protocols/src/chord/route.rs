//! Finding the way (ToN, section IV-C and IV-D; with failures, section IV-E.3).

use sim_core::addr::Address;

use super::ring::{in_open, in_open_closed};
use super::{Chord, Config, Contact, Id, Step};
use crate::kbr::Payload;

impl<B: Payload, A: Address> Chord<B, A> {
    /// One step of `n.find_successor(id)` (ToN, Fig. 5): the owner if the key lies between this node and its successor,
    /// and otherwise the closest node before the key. Nodes in `avoid` did not answer whoever asks.
    pub(super) fn find_successor_step(&self, config: &Config, key: Id, avoid: &[A]) -> Step<A> {
        if self.successors.is_empty() {
            return Step::Owner(self.me);
        }
        let successor = self
            .successors
            .iter()
            .copied()
            .find(|contact| !avoid.contains(&contact.addr));
        if let Some(successor) = successor
            && in_open_closed(self.me.id, key, successor.id)
        {
            return Step::Owner(successor);
        }
        let nearer = || Some(self.nearer_than_successor(successor?, self.me.id, key, avoid));
        match self.closest_preceding_node(config, key, avoid).or_else(nearer) {
            Some(closer) => Step::Closer(closer),
            None => Step::DeadEnd,
        }
    }

    /// `n.closest_preceding_node(id)` (ToN, Fig. 5): the closest node before the key among the fingers, and, as section
    /// IV-E.3 has it, among the successors.
    pub(super) fn closest_preceding_node(&self, config: &Config, key: Id, avoid: &[A]) -> Option<Contact<A>> {
        if let Some(list) = self.extras.i3() {
            return list.closest_preceding(self.me.id, key, avoid);
        }
        let finger = self.fingers.closest_preceding(self.me.id, key, avoid);
        let finger = finger.map(|finger| self.nearer_than_finger(config, finger, key, avoid));
        if !config.route_with_successors {
            return finger;
        }
        let behind = finger.map_or(self.me.id, |finger| finger.id);
        // Most often the finger lies beyond the whole list, which goes clockwise.
        if self
            .successors
            .last()
            .is_none_or(|last| in_open(self.me.id, last.id, behind))
            && finger.is_some()
        {
            return finger;
        }
        let successor = self
            .successors
            .iter()
            .rev()
            .find(|contact| in_open(behind, contact.id, key) && !avoid.contains(&contact.addr));
        let nearer = successor.map(|successor| self.nearer_than_successor(*successor, behind, key, avoid));
        nearer.or(finger)
    }
}
