//! Finding the way (section 2.3).

use sim_core::addr::NodeAddr;

use super::tables::Tables;
use super::{Config, Routing};
use crate::id::{Contact, Id};
use crate::kbr::Step;

impl Tables {
    /// Where a message to a key goes next; [`Step::Owner`] with the node itself means that it has arrived. Nodes in `avoid`
    /// are passed over: they did not answer.
    #[inline]
    pub fn next_hop(&self, config: &Config, key: Id, avoid: &[NodeAddr]) -> Step {
        match config.routing {
            Routing::Prefix => self.route(config, key, avoid),
            Routing::Circular | Routing::Exhaustive => self.closest_leaf(key, avoid),
        }
    }

    /// `route` (section 2.3, Table 1). The order matters: the leaf set comes before the routing table.
    fn route(&self, config: &Config, key: Id, avoid: &[NodeAddr]) -> Step {
        if self.leaf_set.covers(key) {
            return Step::Owner(self.leaf_set.closest(key, avoid));
        }
        let entry = self.routing_table.toward(key);
        if let Some(entry) = entry.filter(|entry| !avoid.contains(&entry.addr)) {
            return Step::Closer(entry);
        }
        match self.rare_case(config, key, avoid) {
            Some(closer) => Step::Closer(closer),
            None => Step::DeadEnd,
        }
    }

    /// The rare case (section 2.3, Table 1, line 8): of all that are known, those that share no fewer digits with the key than
    /// the node does, and are numerically closer to it. The paper takes any; this is the closest.
    fn rare_case(&self, config: &Config, key: Id, avoid: &[NodeAddr]) -> Option<Contact> {
        let (me, space, digits) = (self.me().id, config.space(), config.digits());
        let (shared, nearness) = (digits.shared_prefix(me, key), space.nearness(key, me));
        self.contacts()
            .filter(|contact| digits.shared_prefix(contact.id, key) >= shared && !avoid.contains(&contact.addr))
            .map(|contact| (space.nearness(key, contact.id), contact))
            .filter(|(nearer, _)| *nearer < nearness)
            .min_by_key(|(nearer, _)| *nearer)
            .map(|(_, contact)| contact)
    }

    /// Routing without prefixes: to the numerically closest that is known, until nobody is closer than the node itself.
    fn closest_leaf(&self, key: Id, avoid: &[NodeAddr]) -> Step {
        let closest = self.leaf_set.closest(key, avoid);
        if closest == self.me() || self.leaf_set.covers(key) {
            Step::Owner(closest)
        } else {
            Step::Closer(closest)
        }
    }
}
