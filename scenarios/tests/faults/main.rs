//! What happens when something goes wrong around the program: kills, signals, full disks, places that cannot be written,
//! damaged files. Earlier results survive, nothing is half-written, and every end has its documented exit code.
#![cfg(unix)]

mod disk;
mod kill;
#[cfg(target_os = "linux")]
mod memory;
mod mutations;
mod places;
mod regressions;
mod signals;
mod study;
mod support;
