//! Consistent routing (DSN 2004): at most one active node takes itself for the owner of a key.
//!
//! Probes of leaf sets carry the sender's leaf set and whom it has found to have failed. Whoever hears one knows the sender from
//! then on, and probes those whom the other one knows and it does not itself, so that nobody comes into a leaf set who has not
//! been heard directly. A newcomer becomes active when everybody in its leaf set has answered, and nobody is missing
//! there: then all who could deliver its messages in its place know it.

use sim_core::addr::Address;
use sim_core::protocol::Ctx;
use sim_core::time::SimTime;

use super::super::ask::Ask;
use super::super::forward::Parcel;
use super::super::{Dropped, Event, Forgotten, Msg, Pastry, Side, Timer};
use super::{Probe, View};
use crate::id::Contact;
use crate::kbr::Payload;
use crate::request::RequestId;

/// Probing.
impl<B: Payload, A: Address> Pastry<B, A> {
    /// Probes somebody who is, or could come, into the leaf set, if that is not under way and he has not just failed. Whoever is there
    /// although he has is probed: his last words may have been overtaken by his goodbye.
    pub(in super::super) fn probe_leaf(&mut self, ctx: &mut Ctx<'_, Self>, contact: Contact<A>) {
        let under_way = |ask: &Ask<A>| matches!(ask, Ask::LeafProbe { contact: other, .. } if *other == contact);
        let is_leaf = || self.tables.leaf_set.contacts().contains(&contact);
        if (!self.has_failed(contact) || is_leaf()) && !self.requests.any(under_way) {
            self.announce_view(ctx, contact);
        }
    }

    /// Probes somebody whatever is under way: there is something new to be told.
    fn announce_view(&mut self, ctx: &mut Ctx<'_, Self>, contact: Contact<A>) {
        let begun = ctx.now();
        self.request(ctx, contact.addr, Ask::LeafProbe { contact, begun });
    }

    /// Sends a probe, for the first time or again.
    pub(in super::super) fn post_leaf_probe(&mut self, ctx: &mut Ctx<'_, Self>, to: A, request: RequestId) {
        let view = self.view();
        self.told(ctx.now(), to);
        ctx.send(to, Msg::Probe(Probe::LeafSet { request, view }));
    }

    fn view(&self) -> Box<View<A>> {
        let failed = self.dependable.as_ref().map(|dependable| dependable.failed.as_slice());
        Box::new(View {
            id: self.me().id,
            reach: self.tables.leaf_set.reach(),
            leaf_set: self.tables.leaf_set.contacts().into(),
            failed: failed.unwrap_or_default().into(),
            period: self.own_period(),
        })
    }

    pub(super) fn leaf_probed(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        sender: Contact<A>,
        request: RequestId,
        view: &View<A>,
    ) {
        if sender.id == self.me().id {
            return ctx.emit(Event::Dropped(Dropped::OwnIdentifier));
        }
        self.meet_face_to_face(ctx, sender, view);
        let known = &self.dependable;
        let confirmed = known
            .as_ref()
            .is_some_and(|known| known.confirmed.contains(&sender.addr));
        if !self.has_joined() && !confirmed && self.tables.leaf_set.contacts().contains(&sender) {
            self.probe_leaf(ctx, sender);
        }
        let view = self.view();
        self.told(ctx.now(), sender.addr);
        ctx.send(sender.addr, Msg::Probe(Probe::LeafSetReply { request, view }));
    }

    pub(super) fn leaf_probe_answered(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        responder: Contact<A>,
        request: RequestId,
        view: &View<A>,
    ) {
        let Some(Ask::LeafProbe { begun, .. }) = self.requests.close(ctx, request, responder.addr) else {
            return ctx.emit(Event::Dropped(Dropped::StaleAnswer));
        };
        if responder.id == self.me().id {
            return ctx.emit(Event::Dropped(Dropped::OwnIdentifier));
        }
        self.sample(ctx, responder.addr, begun);
        // A goodbye may overtake an answer.
        if !self.has_failed(responder) {
            self.confirmed(ctx, responder, view);
        }
        self.leaf_probe_ended(ctx);
        self.newcomer_goes_on(ctx);
    }

    /// Somebody has told that he is there, and knows this node.
    fn confirmed(&mut self, ctx: &mut Ctx<'_, Self>, responder: Contact<A>, view: &View<A>) {
        let newcomer = !self.has_joined();
        if let Some(dependable) = &mut self.dependable
            && newcomer
            && !dependable.confirmed.contains(&responder.addr)
        {
            dependable.confirmed.push(responder.addr);
        }
        self.meet_face_to_face(ctx, responder, view);
    }

    /// Takes somebody who has told what he knows, and looks into that.
    fn meet_face_to_face(&mut self, ctx: &mut Ctx<'_, Self>, contact: Contact<A>, view: &View<A>) {
        self.note_period(ctx.now(), contact.addr, view.period);
        if let Some(dependable) = &mut self.dependable {
            dependable.failed.retain(|failed| *failed != contact);
        }
        let leaf = self.met(ctx, contact).leaf;
        self.doubt(ctx, contact, view);
        self.consider_leaves(ctx, &view.leaf_set);
        if leaf {
            self.mend_leaf_set(ctx);
        }
    }

    /// Doubts those of the node's own leaf set who have failed by somebody's word, or who should be in his leaf set and are not.
    /// He has waited for them in vain: whoever has been heard meanwhile is probed only if he is silent until the next
    /// heartbeat.
    fn doubt(&mut self, ctx: &mut Ctx<'_, Self>, contact: Contact<A>, view: &View<A>) {
        let space = ctx.config().space();
        let missing = |leaf: Contact<A>| view.reaches(space, leaf.id) && !view.leaf_set.contains(&leaf);
        let mine = self.tables.leaf_set.contacts().iter().copied();
        let doubtful = mine.filter(|leaf| *leaf != contact && (view.failed.contains(leaf) || missing(*leaf)));
        for leaf in doubtful.collect::<Vec<_>>() {
            if let Some(dependable) = &mut self.dependable {
                let heard = dependable.known_peer(leaf.addr).map(|peer| peer.heard);
                if heard.is_none_or(|heard| heard + ctx.config().verdict() <= ctx.now()) {
                    self.probe_leaf(ctx, leaf);
                } else if !dependable.doubts.iter().any(|(doubted, _)| *doubted == leaf) {
                    dependable.doubts.push((leaf, ctx.now()));
                }
            }
        }
    }

    /// Probes those who were doubted and have been silent since.
    pub(super) fn resolve_doubts(&mut self, ctx: &mut Ctx<'_, Self>) {
        let doubts = self
            .dependable
            .as_mut()
            .map(|dependable| std::mem::take(&mut dependable.doubts));
        for (doubted, since) in doubts.unwrap_or_default() {
            if !self.heard_since(doubted.addr, since) && self.tables.leaf_set.contacts().contains(&doubted) {
                self.probe_leaf(ctx, doubted);
            }
        }
    }

    /// Nobody answers a probe.
    pub(in super::super) fn leaf_probe_failed(&mut self, ctx: &mut Ctx<'_, Self>, contact: Contact<A>, begun: SimTime) {
        if !self.heard_since(contact.addr, begun) {
            self.note_failed(contact);
            self.dead(ctx, contact.addr);
        }
        self.leaf_probe_ended(ctx);
    }

    fn leaf_probe_ended(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.requests.any(|ask| matches!(ask, Ask::LeafProbe { .. })) {
            return;
        }
        if self.is_complete()
            && let Some(dependable) = &mut self.dependable
        {
            dependable.failed.clear();
        }
        self.look_around(ctx);
    }

    /// Whoever has lost a whole side knows its leaf set again if nobody is missing there and nobody is being probed: it may be
    /// an answer other than that of a probe that has closed the last gap. What has waited goes on.
    pub(in super::super) fn look_around(&mut self, ctx: &mut Ctx<'_, Self>) {
        let probes = self.requests.any(|ask| matches!(ask, Ask::LeafProbe { .. }));
        let complete = !probes && self.is_complete();
        if let Some(dependable) = &mut self.dependable {
            dependable.bereft &= !complete;
        }
        if self.has_joined() {
            self.resume(ctx);
        }
    }

    /// Whether nobody is missing in the leaf set.
    fn is_complete(&self) -> bool {
        [Side::Smaller, Side::Larger]
            .into_iter()
            .all(|side| !self.tables.leaf_set.lacks(side))
    }
}

/// Failures.
impl<B: Payload, A: Address> Pastry<B, A> {
    /// The next larger neighbour, over which this node watches.
    pub(in super::super) fn right_neighbour(&self) -> Option<Contact<A>> {
        self.tables.leaf_set.larger().next()
    }

    /// Whether somebody has failed of late.
    pub(in super::super) fn has_failed(&self, contact: Contact<A>) -> bool {
        self.dependable
            .as_ref()
            .is_some_and(|dependable| dependable.failed.contains(&contact))
    }

    /// Notes that somebody has failed, or has left.
    pub(in super::super) fn note_failed(&mut self, contact: Contact<A>) {
        let most = 2 * self.tables.leaf_set.contacts().len() + 2;
        if let Some(dependable) = &mut self.dependable
            && !dependable.failed.contains(&contact)
        {
            dependable.failed.push(contact);
            let excess = dependable.failed.len().saturating_sub(most);
            dependable.failed.drain(..excess);
        }
    }

    /// Notes that nobody is left on a side: whoever comes next need not be the nearest there.
    pub(in super::super) fn note_bereavement(&mut self) {
        let leaf_set = &self.tables.leaf_set;
        let lost = [Side::Smaller, Side::Larger]
            .into_iter()
            .any(|side| leaf_set.farthest(side).is_none());
        let wraps = leaf_set.wraps();
        if let Some(dependable) = &mut self.dependable {
            dependable.bereft |= lost && !wraps;
        }
    }

    /// Somebody has been found dead and forgotten: its left neighbour tells the others, by probes that also bring who takes
    /// its place.
    pub(in super::super) fn mourn(&mut self, ctx: &mut Ctx<'_, Self>, addr: A, lost: &Forgotten<A>, right: bool) {
        let Some(dependable) = &mut self.dependable else {
            return;
        };
        dependable.suspects.retain(|suspect| *suspect != addr);
        dependable.confirmed.retain(|confirmed| *confirmed != addr);
        if lost.leaf.or(lost.entry).or(lost.neighbour).is_some() {
            dependable.failures.note(ctx.now());
        }
        if let Some(leaf) = lost.leaf {
            self.note_failed(leaf);
            self.note_bereavement();
            if right {
                for contact in self.tables.leaf_set.contacts().to_vec() {
                    self.announce_view(ctx, contact);
                }
            }
        }
    }
}

/// Becoming active.
impl<B: Payload, A: Address> Pastry<B, A> {
    /// Whether a newcomer may become active: all in its leaf set have confirmed that they know it, and nobody is missing. If not, what
    /// can be done about that is under way.
    pub(in super::super) fn may_become_active(&mut self, ctx: &mut Ctx<'_, Self>) -> bool {
        let Some(dependable) = &self.dependable else {
            return true;
        };
        let leaves = self.tables.leaf_set.contacts().iter().copied();
        let unconfirmed = leaves.filter(|contact| !dependable.confirmed.contains(&contact.addr));
        let unconfirmed: Vec<Contact<A>> = unconfirmed.collect();
        for contact in &unconfirmed {
            self.announce_view(ctx, *contact);
        }
        let repaired = !self.requests.any(|ask| matches!(ask, Ask::LeafRepair(_)));
        let active = unconfirmed.is_empty() && repaired && self.is_complete();
        let timeout = ctx.config().timeout;
        if let Some(dependable) = &mut self.dependable {
            if active {
                (dependable.failed, dependable.confirmed) = (Vec::new(), Vec::new());
            } else if !std::mem::replace(&mut dependable.settling, true) {
                ctx.set_timer(timeout, Timer::Settle);
            }
        }
        active
    }

    /// A newcomer looks again whether it may become active.
    pub(in super::super) fn settle(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Some(dependable) = &mut self.dependable {
            dependable.settling = false;
        }
        if !self.has_joined() && self.is_known() {
            self.mend_leaf_set(ctx);
            self.newcomer_goes_on(ctx);
        }
    }

    /// Whether this node delivers what it seems to own: it is active, and knows whom it has on either side.
    pub(in super::super) fn may_deliver(&self) -> bool {
        match &self.dependable {
            Some(dependable) => self.has_joined() && !dependable.bereft,
            None => true,
        }
    }

    /// Whether what leads nowhere must wait, since the node is not active, or does not know its leaf set.
    pub(in super::super) fn must_wait(&self) -> bool {
        self.dependable.is_some() && self.is_known() && !(self.has_joined() && self.is_complete())
    }

    /// Keeps something until the leaf set is known.
    pub(in super::super) fn wait(&mut self, parcel: Parcel<B, A>) {
        if let Some(dependable) = &mut self.dependable {
            dependable.waiting.push(parcel);
        }
    }

    /// What has waited goes on.
    pub(in super::super) fn resume(&mut self, ctx: &mut Ctx<'_, Self>) {
        let waiting = self
            .dependable
            .as_mut()
            .map(|dependable| std::mem::take(&mut dependable.waiting));
        for parcel in waiting.unwrap_or_default() {
            self.parcel_goes_on(ctx, parcel);
        }
    }

    /// What has waited, where the node is out.
    pub(in super::super) fn abandon_waiting(&mut self, ctx: &mut Ctx<'_, Self>) {
        let waiting = self
            .dependable
            .as_mut()
            .map(|dependable| std::mem::take(&mut dependable.waiting));
        for parcel in waiting.unwrap_or_default() {
            if let Parcel::Message(message) = parcel {
                ctx.emit(Event::Undeliverable(message));
            }
        }
    }
}
