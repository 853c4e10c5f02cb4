//! How far a scenario is: a bar with the rate and the time left, or where there is no terminal, a line a minute.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// How often the bar is drawn anew.
const TICK: Duration = Duration::from_millis(200);
/// How often a line is written where there is no terminal.
const LINE: Duration = Duration::from_secs(60);

/// What runs report of themselves while they go on, from any thread. Never read by a run.
pub struct Progress {
    counts: Arc<Counts>,
    bar: ProgressBar,
    log: Option<Log>,
}

/// What is counted.
struct Counts {
    events: AtomicU64,
    work: AtomicU64,
    planned_work: AtomicU64,
    ended: AtomicU64,
    failed: AtomicU64,
    planned: AtomicU64,
    started: Instant,
}

/// The thread that writes lines; it ends when nobody can speak to it any more.
struct Log {
    end: Sender<()>,
    thread: JoinHandle<()>,
}

impl Progress {
    /// The progress of runs that are yet to be [planned](Progress::plan), told on the standard error if it is to be `visible`: as
    /// a bar if that is a terminal, and else as a line a minute.
    pub fn new(label: &str, visible: bool) -> Self {
        let counts = Arc::new(Counts::new());
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target).with_message(label.to_owned());
        // The text of a bar cannot be refused.
        let counted = Arc::clone(&counts);
        let done = move |_: &ProgressState, text: &mut dyn Write| {
            let _ = write!(text, "{}", counted.runs());
        };
        let counted = Arc::clone(&counts);
        let speed = move |_: &ProgressState, text: &mut dyn Write| {
            let _ = write!(text, "{}", counted.rate());
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
        let log = (visible && bar.is_hidden()).then(|| Log::begin(label.to_owned(), Arc::clone(&counts)));
        Progress { counts, bar, log }
    }

    /// Counts runs that are to be done, which together are so much work. More may be found to be needed later.
    pub fn plan(&self, runs: u64, work: u64) {
        self.counts.planned.fetch_add(runs, Ordering::Relaxed);
        self.counts.planned_work.fetch_add(work, Ordering::Relaxed);
        self.bar.inc_length(work);
    }

    /// Counts events and work done; to be called once in some thousands of events.
    pub fn advance(&self, events: u64, work: u64) {
        self.counts.events.fetch_add(events, Ordering::Relaxed);
        self.counts.work.fetch_add(work, Ordering::Relaxed);
        self.bar.inc(work);
    }

    /// Counts a run that has ended.
    pub fn finish_run(&self) {
        self.counts.ended.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one of those that ended as one that failed.
    pub fn fail_run(&self) {
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// The events counted so far.
    pub fn events(&self) -> u64 {
        self.counts.events.load(Ordering::Relaxed)
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.counts.started.elapsed()
    }

    /// Removes the bar, so that what is printed next stands alone, and writes no more lines.
    pub fn clear(mut self) {
        self.bar.finish_and_clear();
        if let Some(log) = self.log.take() {
            log.end();
        }
    }
}

impl Counts {
    fn new() -> Self {
        Counts {
            events: AtomicU64::new(0),
            work: AtomicU64::new(0),
            planned_work: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            planned: AtomicU64::new(0),
            started: Instant::now(),
        }
    }

    /// How many runs have ended, and how.
    fn runs(&self) -> String {
        let (ended, planned) = (self.ended.load(Ordering::Relaxed), self.planned.load(Ordering::Relaxed));
        let mut text = format!("{} of {} runs", HumanCount(ended), HumanCount(planned));
        match self.failed.load(Ordering::Relaxed) {
            0 => {}
            failed => {
                let _ = write!(text, ", {} failed", HumanCount(failed));
            }
        }
        text
    }

    /// How fast they end, and how fast their events are handled.
    fn rate(&self) -> String {
        let elapsed = self.started.elapsed();
        let events = per_second(self.events.load(Ordering::Relaxed), elapsed);
        let runs = self.ended.load(Ordering::Relaxed) as f64 / elapsed.as_secs_f64().max(1e-3);
        let runs = if runs >= 1.0 {
            format!("{runs:.1} runs/s")
        } else {
            format!("{:.1} runs/min", runs * 60.0)
        };
        format!("{runs}, {} events/s", HumanCount(events))
    }

    /// How long the rest will take, if it goes on as it went; unknown before anything has been done.
    fn left(&self) -> Option<Duration> {
        let done = self.work.load(Ordering::Relaxed) as f64;
        let planned = self.planned_work.load(Ordering::Relaxed) as f64;
        let seconds = self.started.elapsed().as_secs_f64() * (planned - done).max(0.0) / done;
        Duration::try_from_secs_f64(seconds).ok()
    }

    fn line(&self, label: &str) -> String {
        let passed = HumanDuration(self.started.elapsed());
        let mut line = format!("{label}: {}, {}, {passed} passed", self.runs(), self.rate());
        if let Some(left) = self.left() {
            let _ = write!(line, ", {} left", HumanDuration(left));
        }
        line
    }
}

impl Log {
    fn begin(label: String, counts: Arc<Counts>) -> Self {
        let (end, ended) = mpsc::channel();
        let thread = thread::spawn(move || {
            while ended.recv_timeout(LINE) == Err(RecvTimeoutError::Timeout) {
                eprintln!("{}", counts.line(&label));
            }
        });
        Log { end, thread }
    }

    fn end(self) {
        drop(self.end);
        // A line that is being written is written to its end.
        let _ = self.thread.join();
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
        progress.plan(1, 500);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    (0..100).for_each(|_| progress.advance(10, 1));
                    progress.finish_run();
                });
            }
        });
        assert_eq!(progress.events(), 4000);
        assert_eq!(progress.bar.position(), 400);
        assert_eq!(progress.bar.length(), Some(800));
        assert_eq!(progress.counts.runs(), "4 of 4 runs");
        progress.fail_run();
        assert_eq!(progress.counts.runs(), "4 of 4 runs, 1 failed");
        assert_eq!(per_second(4000, Duration::from_secs(2)), 2000);
        let (left, passed) = (progress.counts.left().unwrap(), progress.elapsed());
        assert!(left <= passed, "half of the work is done: {left:?} after {passed:?}");
        let line = progress.counts.line("test");
        assert!(
            line.starts_with("test: 4 of 4 runs, 1 failed, ") && line.ends_with(" left"),
            "{line}"
        );
        progress.clear();
    }

    #[test]
    fn nothing_is_known_of_the_rest_before_anything_is_done() {
        let progress = Progress::new("test", false);
        progress.plan(1, 100);
        assert_eq!(progress.counts.left(), None);
    }
}
