//! Finding the way (Table 1).

use sim_core::addr::Address;

use super::tables::Tables;
use super::{Config, Routing};
use crate::id::{Contact, Id};
use crate::kbr::Step;

impl<A: Address> Tables<A> {
    /// Where a message to a key goes next; [`Step::Owner`] with the node itself means that it has arrived. Nodes in `avoid`
    /// are passed over: they did not answer.
    #[inline]
    pub fn next_hop(&self, config: &Config, key: Id, avoid: &[A]) -> Step<A> {
        match config.routing {
            Routing::Prefix => self.route(config, key, avoid),
            Routing::Circular | Routing::Exhaustive => self.closest_leaf(key, avoid),
        }
    }

    /// `route` (Table 1). The order matters: the leaf set comes before the routing table.
    fn route(&self, config: &Config, key: Id, avoid: &[A]) -> Step<A> {
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

    /// The rare case (Table 1, line 8): of all that are known, those that share no fewer digits with the key than
    /// the node does, and are numerically closer to it. The paper takes any; this is the closest.
    fn rare_case(&self, config: &Config, key: Id, avoid: &[A]) -> Option<Contact<A>> {
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
    fn closest_leaf(&self, key: Id, avoid: &[A]) -> Step<A> {
        let closest = self.leaf_set.closest(key, avoid);
        if closest == self.me() || self.leaf_set.covers(key) {
            Step::Owner(closest)
        } else {
            Step::Closer(closest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pastry::Distance;
    use sim_core::addr::NodeAddr;

    fn id(digits: &str) -> Id {
        Id::new(u128::from_str_radix(digits, 4).expect("base 4"))
    }

    /// The node of the paper's Fig. 1: identifiers of 16 bits, digits of two, eight leaves. Addresses are the order in which it
    /// has learnt of them.
    fn node() -> (Config, Tables) {
        let config = Config {
            id_bits: 16,
            b: 2,
            leaf_set: 8,
            neighbourhood: 8,
            ..Config::default()
        };
        let leaves = "10233033 10233021 10233001 10233000 10233120 10233122 10233230 10233232";
        let rows = "02212102 22301203 31203203 11301233 12230203 13021022 10031203 10132102 10323302 10200230 10211302 10222302 \
                    10230322 10231000 10232121";
        let me = Contact {
            id: id("10233102"),
            addr: NodeAddr(0),
        };
        let mut tables = Tables::new(&config, me);
        for (digits, addr) in leaves.split(' ').chain(rows.split(' ')).zip(1..) {
            let contact = Contact {
                id: id(digits),
                addr: NodeAddr(addr),
            };
            tables.learn(contact, Distance::UNKNOWN);
        }
        (config, tables)
    }

    fn name(step: Step) -> (&'static str, String) {
        let digits = |contact: Contact| {
            let digit = |place: u32| (contact.id.number() >> (14 - 2 * place) & 3).to_string();
            (0..8).map(digit).collect()
        };
        match step {
            Step::Owner(contact) => ("owner", digits(contact)),
            Step::Closer(contact) => ("closer", digits(contact)),
            Step::DeadEnd => ("dead end", String::new()),
        }
    }

    #[test]
    fn messages_go_as_table_1_says() {
        let (config, tables) = node();
        for (key, kind, next) in [
            // Line 2: within the leaf set, to the numerically closest, which may be the node itself.
            ("10233123", "owner", "10233122"),
            ("10233103", "owner", "10233102"),
            ("10233000", "owner", "10233000"),
            ("10233232", "owner", "10233232"),
            // Line 6: to the entry that shares a digit more, though others are numerically closer.
            ("31000000", "closer", "31203203"),
            ("00000000", "closer", "02212102"),
            ("10211111", "closer", "10211302"),
            ("10232333", "closer", "10232121"),
            // Line 8: no entry begins with 102333, but a leaf shares as much as the node does, and is closer.
            ("10233301", "closer", "10233232"),
        ] {
            assert_eq!(
                name(tables.next_hop(&config, id(key), &[])),
                (kind, next.into()),
                "{key}"
            );
        }
    }

    #[test]
    fn whoever_does_not_answer_is_passed_over() {
        let (config, tables) = node();
        let next = |key, avoid: &[u32]| {
            let avoid: Vec<NodeAddr> = avoid.iter().copied().map(NodeAddr).collect();
            name(tables.next_hop(&config, id(key), &avoid))
        };
        assert_eq!(next("10233123", &[6]), ("owner", "10233120".into()));
        // Without its entry the message takes the rare case: of all that share no digit less the one closest to the key.
        assert_eq!(next("31000000", &[11]), ("closer", "22301203".into()));
        let everybody: Vec<u32> = (1..30).collect();
        assert_eq!(next("31000000", &everybody), ("dead end", String::new()));
        assert_eq!(next("10233123", &everybody), ("owner", "10233102".into()));
    }

    /// The rare case goes nowhere that shares less with the key, however close it is numerically.
    #[test]
    fn the_rare_case_keeps_the_prefix() {
        let (config, mut tables) = node();
        tables.forget(NodeAddr(8));
        tables.forget(NodeAddr(7));
        // Of 10233 only those before the key are left; 10300000 is closer than any of them, but shares two digits.
        let across = Contact {
            id: id("10300000"),
            addr: NodeAddr(99),
        };
        tables.learn(across, Distance::UNKNOWN);
        tables.leaf_set.remove(NodeAddr(99));
        assert!(tables.knows(across.id));
        let step = tables.next_hop(&config, id("10233333"), &[]);
        assert_eq!(name(step), ("closer", "10233122".into()));
    }
}
