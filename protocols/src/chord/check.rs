//! The check of global consistency: how rings that a partition has left apart find each other.
//!
//! Two rings can each be in order, and the rules never notice that there are two. The remedy of 2001, section 7: a node
//! keeps a long-term memory of random nodes that it has met, and asks one of them from time to time to look up the
//! node itself. If the owner is somebody else, he belongs to another ring, of which he is the member that comes next
//! after this node. He is told of the node, which he takes for his predecessor, and if he lies before its successor he
//! becomes its successor: each node that finds out puts itself into the other ring, and stabilisation does the rest.
//!
//! The paper does not say which nodes are met, nor how memory forgets. Here it is the owners that lookups have found,
//! the bootstrap of the join, and the fingers of a ring that was built in bulk. Whoever is met for the `n`th time takes
//! the place of a random one with probability `memory / n`, so that each has the same chance to be remembered, but
//! always with a probability of 1/32 at least, so that a node that lives long does not remember only the dead.
//! Somebody who does not answer is not forgotten at once: he may be behind a partition.

use rand::Rng;
use sim_core::addr::Address;
use sim_core::protocol::Ctx;
use sim_core::random::{NodeRng, StreamKey, unit};

use super::ring::in_open;
use super::{Chord, Contact, Msg, Stage, Timer};
use crate::kbr::Payload;

/// The lowest probability that somebody met takes a place in a full memory.
const LEAST_CHANCE: f64 = 1.0 / 32.0;

/// A memory of nodes met.
#[derive(Debug)]
pub(super) struct Acquaintances<A> {
    /// Its own: what is drawn here changes no other draw of the node.
    rng: NodeRng,
    met: u32,
    remembered: Vec<A>,
    most: usize,
}

impl<A: Address> Acquaintances<A> {
    /// Nobody yet. The streams are those of the node's incarnation.
    pub(super) fn new(most: usize, streams: StreamKey) -> Self {
        Acquaintances {
            rng: streams.purpose("acquaintances").rng(),
            met: 0,
            remembered: Vec::new(),
            most,
        }
    }

    /// Meets somebody.
    pub(super) fn meet(&mut self, addr: A) {
        self.met = self.met.saturating_add(1);
        if self.remembered.contains(&addr) {
            return;
        }
        if self.remembered.len() < self.most {
            self.remembered.push(addr);
        } else if unit(&mut self.rng) < LEAST_CHANCE.max(self.most as f64 / f64::from(self.met)) {
            let at = self.place();
            self.remembered[at] = addr;
        }
    }

    /// A random one of those remembered.
    fn recall(&mut self) -> Option<A> {
        (!self.remembered.is_empty()).then(|| {
            let at = self.place();
            self.remembered[at]
        })
    }

    fn place(&mut self) -> usize {
        (self.rng.next_u64() % self.remembered.len() as u64) as usize
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.remembered.capacity() * size_of::<A>()
    }
}

impl<B: Payload, A: Address> Chord<B, A> {
    /// Somebody has been met.
    pub(super) fn meet(&mut self, addr: A) {
        if addr != self.me.addr
            && let Some(acquaintances) = self.extras.acquaintances_mut()
        {
            acquaintances.meet(addr);
        }
    }

    /// Sets the timer of the next check, a random period ahead.
    pub(super) fn set_next_check(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Some(check) = ctx.config().consistency_check
            && let Some(acquaintances) = self.extras.acquaintances_mut()
        {
            let factor = 0.5 + unit(&mut acquaintances.rng);
            ctx.set_timer(check.period.mul_f64(factor), Timer::Check);
        }
    }

    /// Asks somebody remembered to look up this node (2001, section 7).
    pub(super) fn check_consistency(&mut self, ctx: &mut Ctx<'_, Self>) {
        // A node that has lost its ring sets the timer anew when it is started again.
        if self.stage != Stage::Member {
            return;
        }
        self.set_next_check(ctx);
        let remembered = self.extras.acquaintances_mut().and_then(Acquaintances::recall);
        if let Some(remembered) = remembered
            && !self.is_checking()
        {
            self.find_itself(ctx, remembered);
        }
    }

    /// The owner of this node's identifier, by what somebody remembered found.
    pub(super) fn checked(&mut self, ctx: &mut Ctx<'_, Self>, owner: Contact<A>) {
        if owner.id == self.me.id {
            return;
        }
        match self.successors.first() {
            Some(successor) if !in_open(self.me.id, owner.id, successor.id) => {
                ctx.send(owner.addr, Msg::Notify { id: self.me.id });
            }
            // He is notified when he has been adopted.
            _ => self.consider(ctx, owner),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::addr::NodeAddr;

    /// Reservoir sampling: after `n` meetings everybody is remembered with probability `most / n`.
    #[test]
    fn everybody_met_has_the_same_chance_to_be_remembered() {
        let (most, met, runs) = (4, 40_u32, 4000);
        let mut times = vec![0_u32; met as usize];
        for run in 0..runs {
            let mut acquaintances = Acquaintances::new(most, StreamKey::root(run, 0));
            (0..met).for_each(|addr| acquaintances.meet(NodeAddr(addr)));
            assert_eq!(acquaintances.remembered.len(), most);
            for addr in acquaintances.remembered {
                times[addr.index()] += 1;
            }
        }
        // 400 times each; five standard deviations.
        assert!(times.iter().all(|times| times.abs_diff(400) < 95), "{times:?}");
    }

    #[test]
    fn a_node_met_again_is_remembered_once_and_old_memories_fade() {
        let mut acquaintances = Acquaintances::new(2, StreamKey::root(1, 0));
        for _ in 0..9 {
            acquaintances.meet(NodeAddr(1));
        }
        assert_eq!(acquaintances.remembered, [NodeAddr(1)]);
        acquaintances.met = u32::MAX;
        (2..1000).for_each(|addr| acquaintances.meet(NodeAddr(addr)));
        assert!(acquaintances.remembered.iter().all(|addr| addr.0 > 500));
    }
}
