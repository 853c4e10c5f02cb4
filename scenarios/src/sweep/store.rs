//! The runs of a study in its folder: those that ended well, and those that broke.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::program::Program;
use super::record::{self, RecordError};
use crate::digest::sha256;
use crate::results::{ResultsError, ResultsFolder, replace_file, take_away};
use crate::run::RunRecord;

/// What a folder of a run has: what it measured, and what it is.
const RECORD: &str = "record.bin";
const MANIFEST: &str = "manifest.toml";

/// Why the runs of a study cannot be read or written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The folder of a run cannot be written.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// The system refuses.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// What was measured cannot be put into bytes.
    #[error("a run cannot be written: {0}")]
    Record(#[from] RecordError),
    /// A manifest cannot be put into words.
    #[error("a manifest cannot be written: {0}")]
    Manifest(#[from] toml::ser::Error),
}

/// One run of a study: the key of its point, and its replication.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RunKey {
    /// The key of the point.
    pub point: String,
    /// The replication, from zero.
    pub replication: u32,
}

impl RunKey {
    fn name(&self) -> String {
        format!("{}-{}", self.point, self.replication)
    }

    /// The folder among 256 that it lies in: with many points and with many replications of one, none of them has more than some
    /// hundred entries.
    fn shard(&self) -> String {
        let first = self
            .point
            .get(..2)
            .and_then(|letters| u8::from_str_radix(letters, 16).ok());
        format!("{:02x}", first.unwrap_or(0).wrapping_add(self.replication as u8))
    }
}

/// How far a run is, by what lies in the folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// Nothing of it is there, or nothing that makes sense.
    Outstanding,
    /// It ended well.
    Finished,
    /// It broke: running it again would show the same.
    Broken(Broken),
}

/// What is told of a run beside what it measured: the file `manifest.toml` of its folder.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct RunManifest {
    /// The name of its folder: the key of its point and its replication.
    run: String,
    /// The SHA-256 of the program that ran it, as the plan has it.
    executable_sha256: String,
    /// What sets its point apart.
    settings: String,
    replication: u32,
    events: u64,
    /// The fingerprint of all of them, in hexadecimal.
    fingerprint: String,
    /// The SHA-256 of what it measured, in hexadecimal.
    record_sha256: String,
}

/// A run that broke: a file in the folder `broken`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Broken {
    /// What sets its point apart.
    pub settings: String,
    /// Which replication.
    pub replication: u32,
    /// Why.
    pub reason: String,
    /// The command that shows it again.
    pub command: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken {
            settings,
            replication,
            reason,
            command,
        } = self;
        let place = if settings.is_empty() {
            String::new()
        } else {
            format!(" at {settings}")
        };
        write!(
            to,
            "replication {replication}{place} broke: {reason}\n  to see it again: {command}"
        )
    }
}

/// A run that this process has begun. Dropped before it is [finished](Store::finish), nothing is left of it.
pub struct Begun(ResultsFolder);

/// The runs in the folder of a study. Any number of processes may read and write there at a time.
#[derive(Clone, Debug)]
pub struct Store {
    runs: PathBuf,
    broken: PathBuf,
}

impl Store {
    /// The runs in the folder of a study.
    pub fn of(study: &Path) -> Self {
        Store {
            runs: study.join("runs"),
            broken: study.join("broken"),
        }
    }

    fn folder(&self, run: &RunKey) -> PathBuf {
        self.runs.join(run.shard()).join(run.name())
    }

    fn broken_file(&self, run: &RunKey) -> PathBuf {
        self.broken.join(run.shard()).join(format!("{}.toml", run.name()))
    }

    /// How far a run is. What lies in its folder is looked at when it is read.
    ///
    /// # Errors
    /// [`StoreError::Io`] where the system does not tell what is there.
    pub fn state(&self, run: &RunKey) -> Result<State, StoreError> {
        let manifest = self.folder(run).join(MANIFEST);
        match fs::metadata(&manifest) {
            Ok(there) if there.is_file() => return Ok(State::Finished),
            Err(error) if !is_absent(&error) => return Err(StoreError::Io { path: manifest, error }),
            _ => {}
        }
        let broken = read(&self.broken_file(run))?.and_then(|bytes| String::from_utf8(bytes).ok());
        let broken = broken.and_then(|text| toml::from_str(&text).ok());
        Ok(broken.map_or(State::Outstanding, State::Broken))
    }

    /// Begins a run, so that no other process begins it as well; none if another one is at it. What is in its place and is no run,
    /// since somebody has damaged it, is removed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin(&self, run: &RunKey) -> Result<Option<Begun>, StoreError> {
        loop {
            match ResultsFolder::begin_alone(&self.folder(run)) {
                Err(ResultsError::Exists { .. }) if self.intact(run)?.is_none() => take_away(&self.folder(run))?,
                Err(ResultsError::Exists { .. }) => return Ok(None),
                begun => return Ok(begun?.map(Begun)),
            }
        }
    }

    /// Writes a run that ended well. If another process has written it meanwhile, that one stays: they are the same.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn finish(&self, begun: Begun, run: &RunKey, settings: &str, record: &RunRecord) -> Result<(), StoreError> {
        let bytes = record::pack(record)?;
        let manifest = RunManifest {
            run: run.name(),
            executable_sha256: Program::this().executable_sha256.clone(),
            settings: settings.to_owned(),
            replication: run.replication,
            events: record.events,
            fingerprint: format!("{:016x}", record.fingerprint),
            record_sha256: sha256(&bytes),
        };
        let Begun(folder) = begun;
        folder.write(RECORD, &bytes)?;
        folder.write(MANIFEST, toml::to_string(&manifest)?.as_bytes())?;
        match folder.finish() {
            Err(ResultsError::Exists { .. }) => Ok(()),
            finished => finished.map(|_| ()).map_err(StoreError::from),
        }
    }

    /// Writes down that a run broke.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_broken(&self, run: &RunKey, broken: &Broken) -> Result<(), StoreError> {
        Ok(replace_file(
            &self.broken_file(run),
            toml::to_string(broken)?.as_bytes(),
        )?)
    }

    /// Reads a run that ended well. None if its folder is not what this program wrote for it, byte by byte, or is not there: it
    /// has to be run again.
    ///
    /// # Errors
    /// [`StoreError::Io`] where the system does not let it be read.
    pub fn read(&self, run: &RunKey) -> Result<Option<RunRecord>, StoreError> {
        let bytes = self.intact(run)?;
        Ok(bytes.and_then(|bytes| record::unpack(&bytes).ok()))
    }

    /// What a run that ended well measured, packed, if its files are those that this program wrote for it.
    fn intact(&self, run: &RunKey) -> Result<Option<Vec<u8>>, StoreError> {
        let folder = self.folder(run);
        let (Some(manifest), Some(bytes)) = (read(&folder.join(MANIFEST))?, read(&folder.join(RECORD))?) else {
            return Ok(None);
        };
        let manifest = String::from_utf8(manifest).ok();
        let manifest: Option<RunManifest> = manifest.and_then(|text| toml::from_str(&text).ok());
        let intact = manifest.is_some_and(|manifest| {
            manifest.run == run.name()
                && manifest.executable_sha256 == Program::this().executable_sha256
                && manifest.record_sha256 == sha256(&bytes)
        });
        Ok(intact.then_some(bytes))
    }

    /// Removes a run whose files are not those that were written. Says whether it was so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn discard_damaged(&self, run: &RunKey) -> Result<bool, StoreError> {
        let damaged = self.state(run)? == State::Finished && self.intact(run)?.is_none();
        if damaged {
            self.discard(run)?;
        }
        Ok(damaged)
    }

    /// Removes what is there of a run, so that it is run again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn discard(&self, run: &RunKey) -> Result<(), StoreError> {
        take_away(&self.folder(run))?;
        let path = self.broken_file(run);
        match fs::remove_file(&path) {
            Err(error) if !is_absent(&error) => Err(StoreError::Io { path, error }),
            _ => Ok(()),
        }
    }
}

/// The bytes of a file; none where there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Err(error) if is_absent(&error) => Ok(None),
        bytes => bytes.map(Some).map_err(|error| StoreError::Io {
            path: path.to_owned(),
            error,
        }),
    }
}

/// Whether what was sought is not there, or something that cannot be it.
fn is_absent(error: &io::Error) -> bool {
    use ErrorKind::{IsADirectory, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | IsADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_somebody_is_at_is_begun_by_nobody_else() {
        let home = tempfile::tempdir().unwrap();
        let (one, other) = (Store::of(home.path()), Store::of(home.path()));
        let run = |replication| RunKey {
            point: "ab01".to_owned(),
            replication,
        };
        let begun = one.begin(&run(0)).unwrap();
        assert!(begun.is_some() && other.begin(&run(0)).unwrap().is_none());
        assert!(other.begin(&run(10)).unwrap().is_some(), "another run");
        assert_eq!(other.state(&run(0)).unwrap(), State::Outstanding);
        drop(begun);
        assert!(other.begin(&run(0)).unwrap().is_some());
    }
}
