//! What a churn model really did: who came and went in the measured time.

use serde::{Deserialize, Serialize};
use sim_core::churn::Start;
use sim_core::time::{SimDuration, SimTime};

use super::Ended;
use super::label::Label;
use crate::scenario::Point;
use crate::units::written;

/// Comings and goings in one run, from the start of the lookups on; without lookups, from the start of churn on. Integer
/// counts, so that tables do not depend on the order of additions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comings {
    /// How the model begins, as the table `churn` has it.
    pub begins: Label,
    /// From when on is counted.
    pub from: SimTime,
    /// How long it was counted.
    pub span: SimDuration,
    /// Sessions begun.
    pub begun: u64,
    /// Sessions ended, whenever they began.
    pub ended: u64,
    /// Newcomers who found no free place.
    pub refused: u64,
    /// Node-nanoseconds up.
    pub up_time: u128,
    /// How many were up at the beginning.
    pub up_first: u64,
    /// The fewest who were up at any time.
    pub up_least: u64,
    /// The most who were up at any time.
    pub up_most: u64,
    /// How long nobody was up.
    pub empty: SimDuration,
    /// When half of those who were up at the beginning had left.
    pub halved: Option<SimTime>,
    /// When as many had come as were up at the beginning.
    pub doubled: Option<SimTime>,
    /// How long each session lasted that began in the measured time, in ns, and whether it ended there: in ascending order,
    /// when the run has ended.
    pub sessions: Vec<(u64, bool)>,
    /// The same in bins of this width; of no width, and there are none, without lookups.
    pub width: SimDuration,
    /// What happened in each bin, in order.
    pub bins: Vec<Bin>,
    /// Whether measurement has begun.
    has_begun: bool,
    old_gone: u64,
    up: u64,
    counted_to: SimTime,
}

/// Comings and goings in one span of time.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Bin {
    /// Node-nanoseconds up.
    pub up_time: u128,
    /// Sessions begun.
    pub begun: u64,
    /// Sessions ended.
    pub ended: u64,
}

impl Default for Comings {
    /// Of nobody.
    fn default() -> Self {
        Comings {
            begins: "steady".into(),
            from: SimTime::ZERO,
            span: SimDuration::ZERO,
            begun: 0,
            ended: 0,
            refused: 0,
            up_time: 0,
            up_first: 0,
            up_least: 0,
            up_most: 0,
            empty: SimDuration::ZERO,
            halved: None,
            doubled: None,
            sessions: Vec::new(),
            width: SimDuration::ZERO,
            bins: Vec::new(),
            has_begun: false,
            old_gone: 0,
            up: 0,
            counted_to: SimTime::ZERO,
        }
    }
}

impl Comings {
    /// Nothing yet, of a run of this point.
    pub(super) fn new(point: &Point) -> Self {
        Comings {
            begins: begins(point).into(),
            from: point.measured_from().unwrap_or(point.churn.start),
            width: point.lookups.as_ref().map_or(SimDuration::ZERO, |_| point.measure.bin),
            ..Comings::default()
        }
    }

    /// Somebody came.
    pub(super) fn came(&mut self, now: SimTime) {
        self.advance(now);
        self.up += 1;
        if now <= self.from {
            return;
        }
        self.begun += 1;
        if let Some(bin) = self.bin(now) {
            bin.begun += 1;
        }
        if self.doubled.is_none() && self.up_first > 0 && self.begun >= self.up_first {
            self.doubled = Some(now);
        }
    }

    /// Somebody left who had been up since a time.
    pub(super) fn left(&mut self, now: SimTime, since: SimTime) {
        self.advance(now);
        self.up = self.up.saturating_sub(1);
        if now <= self.from {
            return;
        }
        self.ended += 1;
        if let Some(bin) = self.bin(now) {
            bin.ended += 1;
        }
        if since > self.from {
            self.sessions.push((now.since(since).as_nanos(), true));
        } else {
            self.old_gone += 1;
            if self.halved.is_none() && 2 * self.old_gone >= self.up_first {
                self.halved = Some(now);
            }
        }
    }

    /// Somebody came who found no free place.
    pub(super) fn refused(&mut self, now: SimTime) {
        self.refused += u64::from(now > self.from);
    }

    /// The run has ended, and there are sessions under way that began at these times.
    pub(super) fn finish(&mut self, end: SimTime, under_way: impl Iterator<Item = SimTime>) {
        self.advance(end);
        self.span = end.since(self.from);
        let begun_here = under_way.filter(|since| *since > self.from);
        self.sessions
            .extend(begun_here.map(|since| (end.since(since).as_nanos(), false)));
        // Of equal lengths, those that ended come first: the others lasted at least as long.
        self.sessions.sort_unstable_by_key(|(length, ended)| (*length, !ended));
    }

    /// Counts the time up to now. What happens in the very moment at which measurement begins is over when it does.
    fn advance(&mut self, now: SimTime) {
        if now <= self.from {
            return;
        }
        if !self.has_begun {
            self.has_begun = true;
            self.counted_to = self.from;
            (self.up_first, self.up_least, self.up_most) = (self.up, self.up, self.up);
        }
        let passed = now.since(self.counted_to);
        if passed > SimDuration::ZERO {
            // What lasts no time was not: one who leaves and one who comes at the same instant make no difference.
            (self.up_least, self.up_most) = (self.up_least.min(self.up), self.up_most.max(self.up));
        }
        self.up_time += u128::from(self.up) * u128::from(passed.as_nanos());
        if self.up == 0 {
            self.empty += passed;
        }
        if self.width == SimDuration::ZERO {
            self.counted_to = now;
        }
        while self.counted_to < now {
            let number = self.counted_to.since(self.from).as_nanos() / self.width.as_nanos();
            let until = (self.from + self.width * (number + 1)).min(now);
            let up_time = u128::from(self.up) * u128::from(until.since(self.counted_to).as_nanos());
            if let Some(bin) = self.bin(self.counted_to) {
                bin.up_time += up_time;
            }
            self.counted_to = until;
        }
    }

    /// The bin of an instant, if there are bins.
    fn bin(&mut self, at: SimTime) -> Option<&mut Bin> {
        let number = at.since(self.from).as_nanos().checked_div(self.width.as_nanos())? as usize;
        if self.bins.len() <= number {
            self.bins.resize(number + 1, Bin::default());
        }
        self.bins.get_mut(number)
    }

    /// The share of sessions that are longer than each length at which one ended, by the product-limit estimate (Kaplan and
    /// Meier 1958): sessions that the end of the run cut off count for as long as they were seen.
    pub fn survival(&self) -> Vec<(u64, f64)> {
        let mut share = 1.0;
        let mut steps: Vec<(u64, f64)> = Vec::new();
        let mut at_risk = self.sessions.len();
        for lengths in self.sessions.chunk_by(|one, other| one.0 == other.0) {
            let ended = lengths.iter().filter(|(_, ended)| *ended).count();
            if ended > 0 {
                share *= 1.0 - ended as f64 / at_risk as f64;
                steps.push((lengths[0].0, share));
            }
            at_risk -= lengths.len();
        }
        steps
    }
}

/// How churn begins, as tables and objects have it: `disturbed` where a mass failure or a flash crowd leaves no steady state.
pub(crate) fn begins(point: &Point) -> &'static str {
    if !point.mass_failures.is_empty() || point.flash_crowd.is_some() {
        return "disturbed";
    }
    match point.churn.churn.model().start() {
        Start::Steady => "steady",
        Start::Periodic => "periodic",
        Start::WholeSessions => "whole_sessions",
        Start::Wandering => "wandering",
        Start::AsMeasured => "as_measured",
    }
}

/// What is worth knowing of points whose population is not what one might take it for.
pub(super) fn warnings(by_point: &[Ended<'_>]) -> Vec<String> {
    let mut warnings = Vec::new();
    for Ended { point, common, .. } in by_point {
        let place = point.place();
        let caution = point.churn.caution().map(|caution| format!("churn: {caution}"));
        warnings.extend(caution.filter(|caution| !warnings.contains(caution)));
        if common.empty_runs > 0 {
            warnings.push(format!(
                "nobody was up for as long as {} in {} of {} runs{place} (table churn, empty_s); where somebody \
                 came after that, he began the overlay anew",
                written(common.empty),
                common.empty_runs,
                common.runs
            ));
        }
        if let refused @ 1.. = common.refused {
            warnings.push(format!(
                "{refused} newcomers found no free place{place} (table churn, refused): more `nodes.count` lets them in"
            ));
        }
    }
    warnings
}

#[cfg(test)]
mod tests;
