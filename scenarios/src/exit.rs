//! The exit codes, after `sysexits.h` where it has one.

use std::process::ExitCode;

/// How the command ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exit {
    /// Everything ran and every expectation held.
    Done,
    /// An expectation failed, or a run broke.
    Failed,
    /// The command line makes no sense, or the output folder exists.
    Usage,
    /// A scenario or another input says something that cannot be.
    BadInput,
    /// An input is not there.
    MissingInput,
    /// What it takes is not there: memory enough, or a batch system that takes the work.
    Unavailable,
    /// Reading or writing failed.
    InputOutput,
    /// Stopped on request, or something is still to be done: run it again.
    Again,
    /// Stopped by the user.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::BadInput => 65,
            Exit::MissingInput => 66,
            Exit::Unavailable => 69,
            Exit::InputOutput => 74,
            Exit::Again => 75,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}
