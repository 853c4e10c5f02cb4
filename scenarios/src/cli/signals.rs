//! Signals that ask the process to stop. Asked again, it does nothing else: runs end by themselves, and what was begun is removed
//! before the process ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};

/// Raised when the process is to stop at once: on Ctrl-C, a termination signal or the end of the terminal.
pub(super) fn interruption() -> Arc<AtomicBool> {
    static RAISED: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let mut signals = vec![SIGINT, SIGTERM];
    #[cfg(unix)]
    signals.push(signal_hook::consts::SIGHUP);
    Arc::clone(RAISED.get_or_init(|| raised_by(&signals)))
}

/// How the work on a study is asked to stop.
pub(super) struct Requests {
    /// At once: Ctrl-C, the end of the terminal.
    pub(super) interrupted: Arc<AtomicBool>,
    /// Once the runs that go on have ended: a termination signal, and what batch systems send before a time limit, `SIGUSR1`.
    pub(super) stopping: Arc<AtomicBool>,
}

impl Requests {
    /// Whether everything is to stop at once.
    pub(super) fn at_once(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Whether nothing more is to be begun.
    pub(super) fn any(&self) -> bool {
        self.stopping.load(Ordering::Relaxed) || self.at_once()
    }
}

/// Raised when the work on a study is to stop. From the first call on, signals do not end the process.
pub(super) fn requests() -> Requests {
    static RAISED: OnceLock<[Arc<AtomicBool>; 2]> = OnceLock::new();
    let (mut at_once, mut gently) = (vec![SIGINT], vec![SIGTERM]);
    #[cfg(unix)]
    {
        at_once.push(signal_hook::consts::SIGHUP);
        gently.push(signal_hook::consts::SIGUSR1);
    }
    let [interrupted, stopping] = RAISED.get_or_init(|| [raised_by(&at_once), raised_by(&gently)]);
    Requests {
        interrupted: Arc::clone(interrupted),
        stopping: Arc::clone(stopping),
    }
}

fn raised_by(signals: &[i32]) -> Arc<AtomicBool> {
    let raised = Arc::new(AtomicBool::new(false));
    for signal in signals {
        // Without a handler the first signal ends the process: less polite, and no less safe for earlier results.
        let _ = signal_hook::flag::register(*signal, Arc::clone(&raised));
    }
    raised
}
