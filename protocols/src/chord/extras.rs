//! What only some settings need, in one place that costs others nothing but a pointer.

use sim_core::addr::Address;

use super::check::Acquaintances;
use super::i3::NodeList;
use super::proximity::Nearby;

/// The parts of a node's state that its parameters may ask for.
#[derive(Debug)]
pub(super) struct Extras<A>(Option<Box<Parts<A>>>);

#[derive(Debug)]
struct Parts<A> {
    i3: Option<NodeList<A>>,
    nearby: Option<Nearby<A>>,
    acquaintances: Option<Acquaintances<A>>,
}

impl<A: Address> Extras<A> {
    /// Those that are asked for.
    pub(super) fn new(
        i3: Option<NodeList<A>>,
        nearby: Option<Nearby<A>>,
        acquaintances: Option<Acquaintances<A>>,
    ) -> Self {
        if i3.is_none() && nearby.is_none() && acquaintances.is_none() {
            return Extras(None);
        }
        Extras(Some(Box::new(Parts {
            i3,
            nearby,
            acquaintances,
        })))
    }

    /// What a node under i3's rules knows.
    #[inline]
    pub(super) fn i3(&self) -> Option<&NodeList<A>> {
        self.0.as_ref()?.i3.as_ref()
    }

    /// As [`Extras::i3`], to be changed.
    pub(super) fn i3_mut(&mut self) -> Option<&mut NodeList<A>> {
        self.0.as_mut()?.i3.as_mut()
    }

    /// Who is near.
    #[inline]
    pub(super) fn nearby(&self) -> Option<&Nearby<A>> {
        self.0.as_ref()?.nearby.as_ref()
    }

    /// As [`Extras::nearby`], to be changed.
    pub(super) fn nearby_mut(&mut self) -> Option<&mut Nearby<A>> {
        self.0.as_mut()?.nearby.as_mut()
    }

    /// Who has been met.
    pub(super) fn acquaintances_mut(&mut self) -> Option<&mut Acquaintances<A>> {
        self.0.as_mut()?.acquaintances.as_mut()
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        let parts = |parts: &Parts<A>| {
            size_of::<Parts<A>>()
                + parts.i3.as_ref().map_or(0, NodeList::heap_bytes)
                + parts.nearby.as_ref().map_or(0, Nearby::heap_bytes)
                + parts.acquaintances.as_ref().map_or(0, Acquaintances::heap_bytes)
        };
        self.0.as_deref().map_or(0, parts)
    }
}
