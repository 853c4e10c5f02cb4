//! The runs of a study in its folder: those that ended well, and those that broke.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::record::{self, RecordError};
use crate::digest::sha256;
use crate::results::{ResultsError, ResultsFolder, replace_file};
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Nothing of it is there.
    Outstanding,
    /// It ended well.
    Finished,
    /// It broke: running it again would show the same.
    Broken,
}

/// What is told of a run beside what it measured: the file `manifest.toml` of its folder.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct RunManifest {
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
        self.broken.join(format!("{}.toml", run.name()))
    }

    /// How far a run is. What lies in its folder is looked at when it is read.
    pub fn state(&self, run: &RunKey) -> State {
        if self.folder(run).join(MANIFEST).is_file() {
            State::Finished
        } else if self.broken_file(run).is_file() {
            State::Broken
        } else {
            State::Outstanding
        }
    }

    /// Writes a run that ended well. If another process has written it meanwhile, that one stays: they are the same.
    ///
    /// # Errors
    /// [`StoreError`]; whatever lay there is as before.
    pub fn finish(&self, run: &RunKey, settings: &str, record: &RunRecord) -> Result<(), StoreError> {
        let bytes = record::pack(record)?;
        let manifest = RunManifest {
            settings: settings.to_owned(),
            replication: run.replication,
            events: record.events,
            fingerprint: format!("{:016x}", record.fingerprint),
            record_sha256: sha256(&bytes),
        };
        let folder = match ResultsFolder::begin(&self.folder(run), false) {
            Err(ResultsError::Exists { .. }) => return Ok(()),
            begun => begun?,
        };
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

    /// Why a run broke, if it did.
    pub fn broken(&self, run: &RunKey) -> Option<Broken> {
        toml::from_str(&fs::read_to_string(self.broken_file(run)).ok()?).ok()
    }

    /// Reads a run that ended well. None if its folder is not what was written, byte by byte, or is not there: it has to be run
    /// again.
    ///
    /// # Errors
    /// [`StoreError::Io`] where the system does not let it be read.
    pub fn read(&self, run: &RunKey) -> Result<Option<RunRecord>, StoreError> {
        let bytes = self.intact(run)?;
        Ok(bytes.and_then(|bytes| record::unpack(&bytes).ok()))
    }

    /// What a run that ended well measured, packed, if its files are those that were written.
    fn intact(&self, run: &RunKey) -> Result<Option<Vec<u8>>, StoreError> {
        let folder = self.folder(run);
        let read = |name: &str| {
            let path = folder.join(name);
            match fs::read(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                bytes => bytes.map(Some).map_err(|error| StoreError::Io { path, error }),
            }
        };
        let (Some(manifest), Some(bytes)) = (read(MANIFEST)?, read(RECORD)?) else {
            return Ok(None);
        };
        let manifest = String::from_utf8(manifest).ok();
        let manifest: Option<RunManifest> = manifest.and_then(|text| toml::from_str(&text).ok());
        let intact = manifest.is_some_and(|manifest| manifest.record_sha256 == sha256(&bytes));
        Ok(intact.then_some(bytes))
    }

    /// Removes a run whose files are not those that were written. Says whether it was so.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn discard_damaged(&self, run: &RunKey) -> Result<bool, StoreError> {
        let damaged = self.state(run) == State::Finished && self.intact(run)?.is_none();
        if damaged {
            self.discard(run)?;
        }
        Ok(damaged)
    }

    /// Removes what is there of a run, so that it is run again.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn discard(&self, run: &RunKey) -> Result<(), StoreError> {
        let (folder, file) = (self.folder(run), self.broken_file(run));
        let gone = |path: PathBuf, removed: io::Result<()>| match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(StoreError::Io { path, error }),
            _ => Ok(()),
        };
        // The manifest first: without it, what is left is no run.
        gone(folder.join(MANIFEST), fs::remove_file(folder.join(MANIFEST)))?;
        gone(folder.clone(), fs::remove_dir_all(&folder))?;
        gone(file.clone(), fs::remove_file(&file))
    }
}
