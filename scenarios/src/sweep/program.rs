//! The program that a study is planned with: no other one goes on with it.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::{env, io};

use serde::{Deserialize, Serialize};

use crate::digest::sha256_of_file;
use crate::results::Maker;

/// A program: what it was built from, and its very bytes, since code that nobody has committed and protocols of a
/// user's own are in no version.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Program {
    /// What it was built from.
    #[serde(flatten)]
    pub maker: Maker,
    /// The SHA-256 of its file, in hexadecimal; empty where the system does not let it be read.
    pub executable_sha256: String,
}

impl Program {
    /// This program.
    pub fn this() -> &'static Program {
        static THIS: OnceLock<Program> = OnceLock::new();
        THIS.get_or_init(|| Program {
            maker: Maker::this(),
            executable_sha256: executable().and_then(|path| sha256_of_file(&path)).unwrap_or_default(),
        })
    }

    /// What sets another program apart from this one, in words; none if nothing does.
    pub fn differs(&self, other: &Program) -> Option<String> {
        let otherwise = || {
            (self.executable_sha256 != other.executable_sha256).then(|| "its program file is another one".to_owned())
        };
        self.maker.differs(&other.maker).or_else(otherwise)
    }
}

/// The file of this program: on Linux the one that goes on, even where another has taken its place since.
fn executable() -> io::Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && running.exists() {
        Ok(running)
    } else {
        env::current_exe()
    }
}
