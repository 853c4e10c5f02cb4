//! What a node knows of the ways to others.

use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::time::{SimDuration, SimTime};

use super::config::{Config, Trigger};
use super::wire::Entry;

/// Whether a sequence number is newer than another: numbers go round.
pub(super) fn is_newer(sequence: u32, than: u32) -> bool {
    (sequence.wrapping_sub(than) as i32) > 0
}

/// What an entry of a neighbour means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum News {
    /// Nothing that others need to hear of now.
    Old,
    /// Others are to hear of it.
    Tell,
    /// Others are to hear of it after this time, unless a better way comes first.
    Settles(SimDuration),
}

/// The routes of a node.
#[derive(Debug, Default)]
pub(super) struct Table(BTreeMap<NodeAddr, Route>);

#[derive(Debug)]
struct Route {
    /// Over whom, if the route is not broken.
    next: NodeAddr,
    sequence: u32,
    /// None if it is broken.
    hops: Option<u32>,
    /// When the first route of this sequence number came.
    since: SimTime,
    /// When the best one did.
    best_since: SimTime,
    /// How long it took, on average, until the best route of a sequence number had come.
    settling: SimDuration,
    /// What others were told last: sequence number and hops.
    told: Option<(u32, Option<u32>)>,
    /// Whether it is to be told with the next update.
    changed: bool,
    /// Whether others are not to hear of it yet.
    settles: bool,
}

impl Table {
    /// Section 3, route selection criteria: a newer sequence number wins, of equal ones the shorter way.
    pub(super) fn consider(&mut self, config: &Config, now: SimTime, from: NodeAddr, entry: &Entry) -> News {
        let hops = entry.hops.map(|hops| hops.saturating_add(1));
        let Some(route) = self.0.get_mut(&entry.to) else {
            // Of whom nothing is known, nothing need be known to be broken.
            let Some(hops) = hops else {
                return News::Old;
            };
            self.0
                .insert(entry.to, Route::first(config, now, from, entry.sequence, hops));
            return News::Tell;
        };
        if is_newer(entry.sequence, route.sequence) {
            return route.renew(config, now, from, entry.sequence, hops);
        }
        if is_newer(route.sequence, entry.sequence) {
            // The neighbour may take for broken what has a newer route here.
            if hops.is_none() && route.hops.is_some() && !route.settles {
                route.changed = true;
                return News::Tell;
            }
            return News::Old;
        }
        match (hops, route.hops) {
            (Some(hops), Some(known)) if hops < known => route.improve(config, now, from, hops),
            _ => News::Old,
        }
    }

    /// The time of a route to settle is over. Whether others are to hear of it.
    pub(super) fn settled(&mut self, to: NodeAddr, sequence: u32) -> bool {
        let route = self
            .0
            .get_mut(&to)
            .filter(|route| route.settles && route.sequence == sequence);
        route.is_some_and(|route| {
            route.settles = false;
            route.changed = true;
            true
        })
    }

    /// A neighbour is gone. Whether a route led over it.
    pub(super) fn lose(&mut self, neighbour: NodeAddr) -> bool {
        let over = |route: &&mut Route| route.next == neighbour && route.hops.is_some();
        let mut any = false;
        for route in self.0.values_mut().filter(over) {
            route.break_off(route.sequence.wrapping_add(1));
            any = true;
        }
        any
    }

    /// Everything that others may hear of; it counts as told.
    pub(super) fn tell_all(&mut self) -> impl Iterator<Item = Entry> {
        self.0.iter_mut().filter_map(|(to, route)| route.tell(*to))
    }

    /// What has changed since it was told; it counts as told.
    pub(super) fn tell_changed(&mut self) -> impl Iterator<Item = Entry> {
        let changed = self.0.iter_mut().filter(|(_, route)| route.changed);
        changed.filter_map(|(to, route)| route.tell(*to))
    }

    /// How many routes are not broken.
    pub(super) fn usable(&self) -> usize {
        self.0.values().filter(|route| route.hops.is_some()).count()
    }

    /// How many destinations are known.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Over whom the way to a destination leads.
    pub(super) fn next_hop(&self, to: NodeAddr) -> Option<NodeAddr> {
        let route = self.0.get(&to)?;
        route.hops.map(|_| route.next)
    }

    /// How long it is.
    pub(super) fn hops(&self, to: NodeAddr) -> Option<u32> {
        self.0.get(&to)?.hops
    }

    /// How new what is known of it is.
    pub(super) fn sequence(&self, to: NodeAddr) -> Option<u32> {
        self.0.get(&to).map(|route| route.sequence)
    }
}

impl Route {
    /// The first route to a destination.
    fn first(config: &Config, now: SimTime, next: NodeAddr, sequence: u32, hops: u32) -> Self {
        Route {
            next,
            sequence,
            hops: Some(hops),
            since: now,
            best_since: now,
            settling: config.settling.unwrap_or(SimDuration::ZERO),
            told: None,
            changed: true,
            settles: false,
        }
    }

    /// A newer sequence number: its route is taken, however long it is.
    fn renew(&mut self, config: &Config, now: SimTime, next: NodeAddr, sequence: u32, hops: Option<u32>) -> News {
        // Section 4: the average weighs the past; 7/8 of it, as in Broch et al. 1998.
        self.settling = self.settling * 7 / 8 + self.best_since.since(self.since) / 8;
        let was_broken = self.hops.is_none();
        let Some(hops) = hops else {
            self.break_off(sequence);
            // Whoever has heard that it is broken need not hear so again.
            self.changed = !was_broken;
            return if was_broken { News::Old } else { News::Tell };
        };
        (self.next, self.sequence, self.hops) = (next, sequence, Some(hops));
        (self.since, self.best_since) = (now, now);
        let told = self.told.and_then(|(_, hops)| hops);
        if config.settling.is_some() && told.is_some_and(|told| hops > told) {
            (self.settles, self.changed) = (true, false);
            return News::Settles(self.settling * 2);
        }
        self.settles = false;
        self.spread(config, hops)
    }

    /// A shorter way of the same sequence number.
    fn improve(&mut self, config: &Config, now: SimTime, next: NodeAddr, hops: u32) -> News {
        (self.next, self.hops, self.best_since) = (next, Some(hops), now);
        let told = self.told.and_then(|(_, hops)| hops);
        if self.settles && told.is_some_and(|told| hops > told) {
            return News::Old;
        }
        self.settles = false;
        self.spread(config, hops)
    }

    /// Decides whether others are to hear of a usable route before the next full dump.
    fn spread(&mut self, config: &Config, hops: u32) -> News {
        self.changed |= match config.trigger {
            Trigger::Sequence => true,
            Trigger::Metric => self.told.is_none_or(|(_, told)| told != Some(hops)),
        };
        if self.changed { News::Tell } else { News::Old }
    }

    /// The way is broken.
    fn break_off(&mut self, sequence: u32) {
        (self.sequence, self.hops) = (sequence, None);
        (self.settles, self.changed) = (false, true);
    }

    /// What others are told: while the route settles, what they were told before.
    fn tell(&mut self, to: NodeAddr) -> Option<Entry> {
        if !self.settles {
            self.told = Some((self.sequence, self.hops));
            self.changed = false;
        }
        self.told.map(|(sequence, hops)| Entry { to, sequence, hops })
    }
}
