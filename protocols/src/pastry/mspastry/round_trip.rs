//! How long to wait for the acknowledgement of a neighbour (DSN 2004): estimated as TCP does, with less patience.
//!
//! TCP waits at least a second, since sending again is all that it can do. Here there is another way to go, and the time-out may lie
//! as close to the round trip as its variation allows.

use sim_core::time::SimDuration;

/// What is known of the round trips to a neighbour: a mean and a mean deviation, both smoothed (Jacobson 1988; RFC 6298, section 2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct RoundTrips {
    smoothed: SimDuration,
    deviation: SimDuration,
}

impl RoundTrips {
    /// After the first of them.
    pub(super) fn first(sample: SimDuration) -> Self {
        RoundTrips {
            smoothed: sample,
            deviation: sample / 2,
        }
    }

    /// After another one: gains of 1/8 and 1/4.
    pub(super) fn then(self, sample: SimDuration) -> Self {
        let difference = self.smoothed.max(sample) - self.smoothed.min(sample);
        RoundTrips {
            smoothed: self.smoothed - self.smoothed / 8 + sample / 8,
            deviation: self.deviation - self.deviation / 4 + difference / 4,
        }
    }

    /// How long to wait: the mean and four deviations, of which the latter are at least `margin`.
    pub(super) fn timeout(self, margin: SimDuration) -> SimDuration {
        self.smoothed + (self.deviation * 4).max(margin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARGIN: SimDuration = SimDuration::from_millis(10);

    fn millis(millis: u64) -> SimDuration {
        SimDuration::from_millis(millis)
    }

    #[test]
    fn the_first_time_out_is_three_round_trips() {
        assert_eq!(RoundTrips::first(millis(80)).timeout(MARGIN), millis(240));
    }

    #[test]
    fn steady_round_trips_bring_the_time_out_down_to_the_margin() {
        let mut estimate = RoundTrips::first(millis(300));
        let mut last = estimate.timeout(MARGIN);
        for _ in 0..60 {
            estimate = estimate.then(millis(80));
            assert!(
                estimate.timeout(MARGIN) > millis(80),
                "never below what is sure to come"
            );
            last = estimate.timeout(MARGIN);
        }
        assert!(last <= millis(91), "{last}");
    }

    #[test]
    fn varying_round_trips_keep_it_longer() {
        let mut estimate = RoundTrips::first(millis(80));
        for i in 0..100 {
            estimate = estimate.then(millis(if i % 2 == 0 { 40 } else { 120 }));
        }
        let timeout = estimate.timeout(MARGIN);
        assert!((millis(200)..millis(280)).contains(&timeout), "{timeout}");
    }
}
