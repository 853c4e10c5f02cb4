//! The command `peerscope`, with the protocols that come with it.

use std::process::ExitCode;

fn main() -> ExitCode {
    scenarios::cli::main_with(&scenarios::registry::Registry::standard())
}
