//! Nearby nodes first: proximity by samples (ToN, section V-F, Table IV), and what came of it.
//!
//! A finger may point to any node of a part of the ring, and some of these are nearer than others. A node looks at the
//! first `s` at or after the start of a finger: the finger itself and its immediate successors. With
//! [`Choice::Alternates`] (ToN) the finger stays what it is, and each step of a lookup goes to the nearest of these `s`
//! that precede the key. With [`Choice::Fingers`] (the PNS(s) of Dabek et al. 2004 and Li et al. 2005) the nearest of
//! those in the finger's own interval is the finger. Either way the same can be done with the first `s` successors, which
//! are the alternates of the first finger.
//!
//! Somebody farther away than one who comes before him on the ring is the nearest of those that precede a key for no
//! key at all. Only the others are kept: about `ln s` of `s`, in the order of the ring, each nearer than all before.
//!
//! When a finger has been looked up, its owner is asked for his successors, and all are measured. That takes a message
//! and its answer a finger, and with [`Delays::Probe`] a ping and its answer for each of the `s`. ToN takes the distances
//! for known ([`Delays::Oracle`]).
//!
//! # Deviations
//!
//! - ToN gives each finger "a list of `s` immediate successors", but Table IV for `s = 1` has the stretch of Chord without
//!   alternates. So `s` is read as the number of candidates, the finger included.
//! - A time-out on the way to an alternate falls back on those kept, not on the second nearest of all `s`.
//! - ToN does not say when alternates are refreshed: here each time that their finger is.

use sim_core::addr::Address;
use sim_core::protocol::Ctx;
use sim_core::time::{SimDuration, SimTime};

use super::ask::Ask;
use super::config::{Choice, Delays, Proximity};
use super::fingers::Fingers;
use super::ring::in_open;
use super::{Chord, Config};
use crate::id::{Contact, Id};
use crate::kbr::Payload;

/// What a node knows of who is near.
#[derive(Debug)]
pub(super) struct Nearby<A> {
    alternates: Vec<Alternates<A>>,
    /// The same for the node's own successors, the first included.
    successors: Box<[Contact<A>]>,
    /// The list of successors that these were chosen from.
    surveyed: Vec<Contact<A>>,
    surveys: Vec<Survey<A>>,
    next_survey: u32,
    /// Who follows the fingers of a node that starts with tables, until it starts.
    followers: Vec<Vec<Contact<A>>>,
}

/// The followers of a finger that are nearer than the finger and all between, clockwise.
#[derive(Debug)]
struct Alternates<A> {
    finger: Contact<A>,
    nearer: Box<[Contact<A>]>,
}

/// The name of a survey at its node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SurveyId(u32);

/// What is surveyed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    /// The nodes from a finger on.
    Finger(u16),
    /// The node's own successors.
    Successors,
}

/// Distances that are being measured.
#[derive(Debug)]
struct Survey<A> {
    id: SurveyId,
    part: Part,
    begun: SimTime,
    /// Clockwise, each with its distance when it is known.
    samples: Vec<(Contact<A>, Option<SimDuration>)>,
}

impl<A: Address> Nearby<A> {
    /// Nobody yet; `followers` of the fingers that the node starts with, in their order, are looked at when it starts.
    pub(super) fn new(followers: Vec<Vec<Contact<A>>>) -> Self {
        Nearby {
            alternates: Vec::new(),
            successors: Box::default(),
            surveyed: Vec::new(),
            surveys: Vec::new(),
            next_survey: 0,
            followers,
        }
    }

    /// The nearest of a finger and its alternates that precede the key.
    fn nearest(&self, me: Id, finger: Contact<A>, key: Id, avoid: &[A]) -> Contact<A> {
        let alternates = self.alternates.iter().find(|alternates| alternates.finger == finger);
        let nearer = alternates.map_or(&[][..], |alternates| &alternates.nearer);
        last_preceding(nearer, me, key, avoid).unwrap_or(finger)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let alternates = self.alternates.iter().map(|alternates| alternates.nearer.len());
        let surveys = self.surveys.iter().map(|survey| survey.samples.capacity());
        (alternates.sum::<usize>() + self.successors.len() + self.surveyed.capacity()) * size_of::<Contact<A>>()
            + self.alternates.capacity() * size_of::<Alternates<A>>()
            + self.surveys.capacity() * size_of::<Survey<A>>()
            + surveys.sum::<usize>() * size_of::<(Contact<A>, Option<SimDuration>)>()
    }
}

/// The last of these contacts, which go clockwise, that lies between these points and is not to be avoided.
fn last_preceding<A: Address>(contacts: &[Contact<A>], behind: Id, key: Id, avoid: &[A]) -> Option<Contact<A>> {
    let mut precede = contacts.iter().rev().copied();
    precede.find(|contact| in_open(behind, contact.id, key) && !avoid.contains(&contact.addr))
}

/// Those that are nearer than all before them; somebody who has not been measured is not among them.
fn ever_nearer<A: Address>(samples: &[(Contact<A>, Option<SimDuration>)]) -> Vec<Contact<A>> {
    let mut nearest = None;
    let mut kept = Vec::new();
    for (contact, delay) in samples {
        if let Some(delay) = *delay
            && nearest.is_none_or(|nearest| delay < nearest)
        {
            nearest = Some(delay);
            kept.push(*contact);
        }
    }
    kept
}

/// Routing.
impl<B: Payload, A: Address> Chord<B, A> {
    /// Who is asked in place of the finger that is the closest node before the key.
    pub(super) fn nearer_than_finger(&self, config: &Config, finger: Contact<A>, key: Id, avoid: &[A]) -> Contact<A> {
        match (self.extras.nearby(), config.proximity) {
            (Some(nearby), Some(proximity)) if proximity.choice == Choice::Alternates => {
                nearby.nearest(self.me.id, finger, key, avoid)
            }
            _ => finger,
        }
    }

    /// Who is asked in place of a successor: the nearest of the first `s` that lie beyond `behind` and precede the key.
    pub(super) fn nearer_than_successor(&self, successor: Contact<A>, behind: Id, key: Id, avoid: &[A]) -> Contact<A> {
        let nearby = self.extras.nearby().map_or(&[][..], |nearby| &nearby.successors);
        let nearest = last_preceding(nearby, behind, key, avoid);
        nearest
            .filter(|nearest| self.successors.contains(nearest))
            .unwrap_or(successor)
    }
}

/// Keeping alternates.
impl<B: Payload, A: Address> Chord<B, A> {
    /// A node that starts with tables looks at those who follow its fingers, and at its successors.
    pub(super) fn survey_tables(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Some(nearby) = self.extras.nearby_mut() else { return };
        let followers = std::mem::take(&mut nearby.followers);
        let fingers: Vec<(u16, Contact<A>)> = self.fingers.last_indices().collect();
        for ((index, finger), followers) in fingers.into_iter().zip(followers) {
            self.survey_finger(ctx, index, finger, &followers);
        }
        self.survey_successors(ctx);
    }

    /// A lookup has found the first node at or after the start of a finger.
    pub(super) fn finger_found(&mut self, ctx: &mut Ctx<'_, Self>, index: u16, first: Contact<A>) {
        let Some(proximity) = ctx.config().proximity else {
            return self.fingers.set(index, first);
        };
        // The nearest, once it has been found, stays until it is known who it is now.
        if proximity.choice == Choice::Alternates || self.fingers.get(index).is_none() {
            self.fingers.set(index, first);
        }
        let asked = |ask: &Ask<A>| matches!(ask, Ask::Followers { index: of } if *of == index);
        if proximity.samples > 1 && !self.requests.any(asked) {
            self.request(ctx, first.addr, Ask::Followers { index });
        }
    }

    /// Looks at the first node at or after the start of a finger, and at those that follow it.
    pub(super) fn survey_finger(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        index: u16,
        first: Contact<A>,
        followers: &[Contact<A>],
    ) {
        let Some(Proximity { samples, choice, .. }) = ctx.config().proximity else {
            return;
        };
        let (space, starts) = (ctx.config().space(), ctx.config().finger_starts());
        let belongs = |contact: &Contact<A>| match choice {
            // A list that is not up to date may come round to the node itself without naming it.
            Choice::Alternates => space.distance(self.me.id, contact.id) > space.distance(self.me.id, first.id),
            Choice::Fingers => starts.finger_of(self.me.id, contact.id) == Some(index),
        };
        let rest = followers.iter().copied().take_while(belongs);
        let sampled: Vec<Contact<A>> = std::iter::once(first).chain(rest).take(samples).collect();
        self.survey(ctx, Part::Finger(index), &sampled);
    }

    /// Looks at the successors, if they are others than the last time.
    pub(super) fn survey_successors(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Some(proximity) = ctx.config().proximity.filter(|proximity| proximity.successors) else {
            return;
        };
        let list: Vec<Contact<A>> = self.successors.iter().copied().take(proximity.samples).collect();
        let Some(nearby) = self.extras.nearby_mut() else { return };
        if nearby.surveyed != list {
            nearby.surveyed.clone_from(&list);
            nearby.surveys.retain(|survey| survey.part != Part::Successors);
            self.survey(ctx, Part::Successors, &list);
        }
    }

    /// Measures how far away these are.
    fn survey(&mut self, ctx: &mut Ctx<'_, Self>, part: Part, sampled: &[Contact<A>]) {
        let Some(proximity) = ctx.config().proximity else {
            return;
        };
        let oracle = proximity.delays == Delays::Oracle;
        // Where nobody knows how far it is, all are equally far.
        let known = |contact: &Contact<A>| oracle.then(|| ctx.round_trip(contact.addr).unwrap_or(SimDuration::ZERO));
        let samples = sampled.iter().map(|contact| (*contact, known(contact))).collect();
        let Some(nearby) = self.extras.nearby_mut() else { return };
        let id = SurveyId(nearby.next_survey);
        nearby.next_survey = nearby.next_survey.wrapping_add(1);
        let survey = Survey {
            id,
            part,
            begun: ctx.now(),
            samples,
        };
        if oracle {
            return self.surveyed(ctx, &survey);
        }
        nearby.surveys.push(survey);
        for contact in sampled {
            self.request(ctx, contact.addr, Ask::Distance(id));
        }
    }

    /// Somebody has answered, or does not: `None`.
    pub(super) fn measured(&mut self, ctx: &mut Ctx<'_, Self>, id: SurveyId, addr: A, answer: Option<Contact<A>>) {
        let now = ctx.now();
        let Some(nearby) = self.extras.nearby_mut() else { return };
        let Some(at) = nearby.surveys.iter().position(|survey| survey.id == id) else {
            return;
        };
        let survey = &mut nearby.surveys[at];
        match survey.samples.iter().position(|(contact, _)| contact.addr == addr) {
            Some(sample) if answer == Some(survey.samples[sample].0) => {
                survey.samples[sample].1 = Some(now.since(survey.begun));
            }
            // Nobody is there, or somebody else.
            Some(sample) => {
                survey.samples.remove(sample);
            }
            None => {}
        }
        if survey.samples.iter().all(|(_, delay)| delay.is_some()) {
            let survey = nearby.surveys.swap_remove(at);
            self.surveyed(ctx, &survey);
        }
    }

    /// All have been measured.
    fn surveyed(&mut self, ctx: &Ctx<'_, Self>, survey: &Survey<A>) {
        let kept = ever_nearer(&survey.samples);
        let (Some(nearest), Some(proximity)) = (kept.last().copied(), ctx.config().proximity) else {
            return;
        };
        let Some(nearby) = self.extras.nearby_mut() else { return };
        match survey.part {
            Part::Successors => nearby.successors = kept.into(),
            Part::Finger(index) if proximity.choice == Choice::Fingers => self.fingers.set(index, nearest),
            Part::Finger(_) => {
                let finger = survey.samples[0].0;
                nearby.keep(&self.fingers, finger, &kept);
            }
        }
    }
}

impl<A: Address> Nearby<A> {
    /// Keeps those that are nearer than a finger, and forgets those of nodes that are no fingers any more.
    fn keep(&mut self, fingers: &Fingers<A>, finger: Contact<A>, nearer: &[Contact<A>]) {
        let is_finger = |contact: Contact<A>| fingers.contacts().any(|finger| finger == contact);
        self.alternates
            .retain(|alternates| alternates.finger != finger && is_finger(alternates.finger));
        if is_finger(finger) && nearer.len() > 1 {
            if self.alternates.len() == self.alternates.capacity() {
                self.alternates.reserve_exact(1);
            }
            self.alternates.push(Alternates {
                finger,
                nearer: nearer[1..].into(),
            });
        }
    }
}
