//! The walk of an iterative lookup: who is asked next, and what a time-out does to it.
//!
//! The initiator asks one node after another for a better one, until one of them says who owns the key. A node that
//! does not answer is avoided from then on, and the node before it is asked for its next best (Stoica et al. 2003,
//! section IV-E.3; the original simulator went back to the previous node).
//!
//! A pure state machine: it sends nothing and knows no clock, and what an owner is remains with the protocol.

/// What a node that was asked knows about a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer<A> {
    /// It knows the owner.
    Owner,
    /// This node is closer to the key.
    Closer(A),
    /// It knows nobody who is not to be avoided.
    DeadEnd,
}

/// What to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next<A> {
    /// Ask this node.
    Ask(A),
    /// The node that was asked last has named the owner.
    Found,
    /// The lookup has failed.
    Failed(Failure),
}

/// Why a lookup has failed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Failure {
    /// The node that was asked did not answer, and no other is tried under these rules.
    Timeout,
    /// Nobody is left to ask.
    NobodyLeft,
    /// The limit of hops is reached.
    HopLimit,
}

impl Failure {
    /// The reason as tables print it.
    pub const fn name(self) -> &'static str {
        match self {
            Failure::Timeout => "timeout",
            Failure::NobodyLeft => "nobody left",
            Failure::HopLimit => "hop limit",
        }
    }
}

/// One lookup under way.
#[derive(Clone, Debug)]
pub struct Walk<A> {
    /// The nodes that have answered and lead to where the lookup stands, the first one asked at the bottom.
    path: Vec<A>,
    /// The node that is being asked.
    asked: A,
    /// Nodes that did not answer, or led nowhere.
    avoid: Vec<A>,
    /// How many nodes may lead on, and how many may not.
    limit: usize,
    timeouts: u16,
    dead_owners: u16,
}

impl<A: Copy + Eq> Walk<A> {
    /// A lookup that begins by asking `first`, which may be the initiator itself. It fails when more than `limit` nodes
    /// have led on, or more than that have to be avoided.
    pub fn new(first: A, avoid: Vec<A>, limit: usize) -> Self {
        Walk {
            path: Vec::new(),
            asked: first,
            avoid,
            limit,
            timeouts: 0,
            dead_owners: 0,
        }
    }

    /// The node that was asked has answered.
    pub fn answered(&mut self, answer: Answer<A>) -> Next<A> {
        match answer {
            Answer::Owner => {
                self.arrive();
                Next::Found
            }
            Answer::Closer(next) if self.path.contains(&next) || next == self.asked || self.avoid.contains(&next) => {
                self.retreat()
            }
            Answer::Closer(next) => {
                self.arrive();
                self.ask(next)
            }
            Answer::DeadEnd => self.retreat(),
        }
    }

    /// The node that was asked has not answered, for the last time. If the rules do not `backtrack`, the lookup fails.
    pub fn given_up(&mut self, backtrack: bool) -> Next<A> {
        if backtrack {
            self.retreat()
        } else {
            Next::Failed(Failure::Timeout)
        }
    }

    /// The owner that was named is dead: the node that named it is asked for the next best.
    pub fn owner_dead(&mut self, owner: A) -> Next<A> {
        self.dead_owners += 1;
        self.avoid.push(owner);
        self.ask(self.asked)
    }

    /// Counts a time-out on the way.
    pub fn count_timeout(&mut self) {
        self.timeouts += 1;
    }

    /// Notes that the node that was asked has answered.
    fn arrive(&mut self) {
        if self.path.last() != Some(&self.asked) {
            self.path.push(self.asked);
        }
    }

    /// Avoids the node that was asked, and asks the one before it for its next best.
    fn retreat(&mut self) -> Next<A> {
        self.avoid.push(self.asked);
        if self.path.last() == Some(&self.asked) {
            self.path.pop();
        }
        match self.path.last() {
            Some(previous) => self.ask(*previous),
            None => Next::Failed(Failure::NobodyLeft),
        }
    }

    fn ask(&mut self, next: A) -> Next<A> {
        if self.path.len() > self.limit || self.avoid.len() > self.limit {
            return Next::Failed(Failure::HopLimit);
        }
        self.asked = next;
        Next::Ask(next)
    }

    /// The node that is being asked.
    pub fn asked(&self) -> A {
        self.asked
    }

    /// The nodes to be avoided: they travel in the request.
    pub fn avoid(&self) -> &[A] {
        &self.avoid
    }

    /// The nodes that led to the owner, the first one asked at the bottom.
    pub fn path(&self) -> &[A] {
        &self.path
    }

    /// Time-outs on the way, those of a node that was asked again counted each.
    pub fn timeouts(&self) -> u16 {
        self.timeouts
    }

    /// Owners that were named and did not answer.
    pub fn dead_owners(&self) -> u16 {
        self.dead_owners
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_goes_from_closer_to_closer_until_the_owner_is_named() {
        let mut walk = Walk::new(0, Vec::new(), 10);
        assert_eq!(walk.answered(Answer::Closer(1)), Next::Ask(1));
        assert_eq!(walk.answered(Answer::Closer(2)), Next::Ask(2));
        assert_eq!(walk.answered(Answer::Owner), Next::Found);
        assert_eq!(walk.path(), [0, 1, 2]);
    }

    #[test]
    fn after_a_time_out_the_previous_node_is_asked_for_its_next_best() {
        let mut walk = Walk::new(0, Vec::new(), 10);
        walk.answered(Answer::Closer(1));
        walk.answered(Answer::Closer(2));
        assert_eq!(walk.given_up(true), Next::Ask(1));
        assert_eq!(walk.avoid(), [2]);
        assert_eq!(walk.answered(Answer::Closer(3)), Next::Ask(3));
        assert_eq!(walk.answered(Answer::Owner), Next::Found);
        assert_eq!(
            walk.path(),
            [0, 1, 3],
            "a node asked twice is visited once, a dead one never"
        );
    }

    #[test]
    fn a_previous_node_that_has_died_meanwhile_is_left_behind_too() {
        let mut walk = Walk::new(0, Vec::new(), 10);
        walk.answered(Answer::Closer(1));
        walk.answered(Answer::Closer(2));
        walk.given_up(true);
        assert_eq!(walk.given_up(true), Next::Ask(0));
        assert_eq!(walk.avoid(), [2, 1]);
        assert_eq!(walk.answered(Answer::DeadEnd), Next::Failed(Failure::NobodyLeft));
    }

    #[test]
    fn an_answer_that_makes_no_progress_is_a_dead_end() {
        let mut walk = Walk::new(0, Vec::new(), 10);
        walk.answered(Answer::Closer(1));
        assert_eq!(
            walk.answered(Answer::Closer(0)),
            Next::Ask(0),
            "back where it came from"
        );
        assert_eq!(walk.answered(Answer::Closer(1)), Next::Failed(Failure::NobodyLeft));
    }

    #[test]
    fn without_backtracking_a_time_out_is_the_end() {
        let mut walk = Walk::new(0, Vec::new(), 10);
        walk.answered(Answer::Closer(1));
        assert_eq!(walk.given_up(false), Next::Failed(Failure::Timeout));
    }

    #[test]
    fn a_dead_owner_is_avoided_by_the_node_that_named_it() {
        let mut walk = Walk::new(0, Vec::new(), 10);
        walk.answered(Answer::Closer(1));
        walk.answered(Answer::Owner);
        assert_eq!(walk.owner_dead(9), Next::Ask(1));
        assert_eq!((walk.avoid(), walk.dead_owners(), walk.timeouts()), (&[9][..], 1, 0));
        assert_eq!(walk.answered(Answer::Owner), Next::Found);
        assert_eq!(walk.path(), [0, 1]);
    }

    #[test]
    fn the_nodes_that_lead_on_and_those_that_do_not_are_limited() {
        let mut walk = Walk::new(0, Vec::new(), 2);
        walk.answered(Answer::Closer(1));
        walk.answered(Answer::Closer(2));
        assert_eq!(walk.answered(Answer::Closer(3)), Next::Failed(Failure::HopLimit));
        let mut walk = Walk::new(0, Vec::new(), 2);
        for dead in 1..=2 {
            walk.answered(Answer::Closer(dead));
            assert_eq!(walk.given_up(true), Next::Ask(0));
        }
        walk.answered(Answer::Closer(3));
        assert_eq!(walk.given_up(true), Next::Failed(Failure::HopLimit));
    }
}
