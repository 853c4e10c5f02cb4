//! How far a scenario is: a bar with events a second and the time left.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// How often the bar is drawn anew.
const TICK: Duration = Duration::from_millis(200);

/// What runs report of themselves while they go on, from any thread. Shown only on a terminal; never read by a run.
pub struct Progress {
    events: Arc<AtomicU64>,
    ended: Arc<AtomicU64>,
    planned: Arc<AtomicU64>,
    bar: ProgressBar,
    started: Instant,
}

impl Progress {
    /// The progress of runs that are yet to be [planned](Progress::plan), drawn on the standard error if that is a terminal
    /// and `visible`.
    pub fn new(label: &str, visible: bool) -> Self {
        let events = Arc::new(AtomicU64::new(0));
        let ended = Arc::new(AtomicU64::new(0));
        let planned = Arc::new(AtomicU64::new(0));
        let started = Instant::now();
        // The standard error is no terminal: indicatif draws nothing.
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target).with_message(label.to_owned());
        let counted = Arc::clone(&events);
        let speed = move |_: &ProgressState, text: &mut dyn std::fmt::Write| {
            let rate = per_second(counted.load(Ordering::Relaxed), started.elapsed());
            // The text of a bar cannot be refused.
            let _ = write!(text, "{} events/s", HumanCount(rate));
        };
        let (counted, known) = (Arc::clone(&ended), Arc::clone(&planned));
        let done = move |_: &ProgressState, text: &mut dyn std::fmt::Write| {
            let (ended, runs) = (counted.load(Ordering::Relaxed), known.load(Ordering::Relaxed));
            let _ = write!(text, "{ended} of {runs} runs");
        };
        let template = "{msg} [{bar:24}] {done}, {speed}, {elapsed} passed, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(
                style
                    .with_key("speed", speed)
                    .with_key("done", done)
                    .progress_chars("=> "),
            );
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Progress {
            events,
            ended,
            planned,
            bar,
            started,
        }
    }

    /// Counts runs that are to be done, which together are so much work. More may be found to be needed later.
    pub fn plan(&self, runs: u64, work: u64) {
        self.planned.fetch_add(runs, Ordering::Relaxed);
        self.bar.inc_length(work);
    }

    /// Counts events and work done; to be called once in some thousands of events.
    pub fn advance(&self, events: u64, work: u64) {
        self.events.fetch_add(events, Ordering::Relaxed);
        self.bar.inc(work);
    }

    /// Counts a finished run.
    pub fn finish_run(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    /// The events counted so far.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Removes the bar, so that what is printed next stands alone.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Events a second, rounded down.
fn per_second(events: u64, elapsed: Duration) -> u64 {
    (events as f64 / elapsed.as_secs_f64().max(1e-3)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_all_threads_are_counted() {
        let progress = Progress::new("test", false);
        progress.plan(3, 300);
        progress.plan(1, 100);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    (0..100).for_each(|_| progress.advance(10, 1));
                    progress.finish_run();
                });
            }
        });
        assert_eq!(progress.events(), 4000);
        assert_eq!(progress.bar.position(), 400);
        assert_eq!(progress.bar.length(), Some(400));
        assert_eq!(progress.planned.load(Ordering::Relaxed), 4);
        assert_eq!(progress.ended.load(Ordering::Relaxed), 4);
        assert_eq!(per_second(4000, Duration::from_secs(2)), 2000);
    }
}
