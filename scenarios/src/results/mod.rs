//! The folder that a scenario's results are written to.
//!
//! Everything is written into a temporary folder beside the target and renamed when it is complete: there is never half
//! a result, and the results of an earlier run stay untouched until the new ones can take their place.

mod file;
mod graphml;
mod manifest;
mod parquet;
mod read;
mod rows;
mod staging;
mod timing;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::exit::Exit;
use staging::{Staging, clear_leftovers};

pub use file::replace_file;
pub use graphml::{SnapshotNames, snapshots};
pub use manifest::{Input, Maker, Manifest, Run, TableFile};
pub use parquet::{ParquetError, write_parquet};
pub(crate) use read::manifest as read_manifest;
pub use read::{Presentation, Results, SCENARIO, read_table_file};
pub use rows::Columns;
pub use timing::Timing;

/// What every folder of results holds, and no other folder is likely to.
const MANIFEST: &str = "manifest.toml";

/// Why results cannot be written.
#[derive(Debug, Error)]
pub enum ResultsError {
    /// The folder exists, and nobody said that it may be replaced.
    #[error("{}: the output folder exists; give --force to replace it, or another one with --output", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// There is something in the way that is no folder of results.
    #[error(
        "{}: this is not a folder of results (it has no {MANIFEST}), so --force does not replace it; give another one with --output",
        path.display()
    )]
    NotResults {
        /// What is in the way.
        path: PathBuf,
    },
    /// The target names no folder that could be created, such as `/` or `..`.
    #[error("{}: this cannot name an output folder; give a folder of its own with --output", path.display())]
    NoName {
        /// The target.
        path: PathBuf,
    },
    /// Writing failed.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl ResultsError {
    /// The exit code that tells this failure.
    pub fn exit(&self) -> Exit {
        match self {
            ResultsError::Exists { .. } | ResultsError::NotResults { .. } | ResultsError::NoName { .. } => Exit::Usage,
            ResultsError::Io { .. } => Exit::InputOutput,
        }
    }

    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| ResultsError::Io { path, error }
    }
}

/// A folder of results being written. Dropped before [`ResultsFolder::finish`], it leaves nothing behind.
pub struct ResultsFolder {
    target: PathBuf,
    /// The target, or where it leads as a symbolic link.
    place: PathBuf,
    force: bool,
    staging: Staging,
}

impl ResultsFolder {
    /// Whether results could go to `target`: nothing is there, or `force` allows to replace the results that are.
    ///
    /// # Errors
    /// [`ResultsError::Exists`], [`ResultsError::NotResults`] and [`ResultsError::NoName`]; [`ResultsError::Io`] where the
    /// system does not tell what is there.
    pub fn check(target: &Path, force: bool) -> Result<(), ResultsError> {
        if target.file_name().is_none() {
            return Err(ResultsError::NoName {
                path: target.to_owned(),
            });
        }
        match fs::symlink_metadata(target) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(ResultsError::io(target)(error)),
            Ok(_) => {}
        }
        match (force, target.is_dir() && is_results(target)) {
            (true, true) => Ok(()),
            (true, false) => Err(ResultsError::NotResults {
                path: target.to_owned(),
            }),
            (false, _) => Err(ResultsError::Exists {
                path: target.to_owned(),
            }),
        }
    }

    /// Begins a folder of results beside `target`, creating the folders above it. What killed processes have left there is
    /// removed.
    ///
    /// # Errors
    /// As [`ResultsFolder::check`].
    pub fn begin(target: &Path, force: bool) -> Result<Self, ResultsError> {
        let (place, _) = prepare(target, force)?;
        ResultsFolder::staged(target, place, force)
    }

    /// Begins a folder of results where there is none; not if another process has begun one for the same target and still makes
    /// it. On file systems that know no locks nobody can tell.
    ///
    /// # Errors
    /// As [`ResultsFolder::check`].
    pub fn begin_alone(target: &Path) -> Result<Option<Self>, ResultsError> {
        match prepare(target, false)? {
            (_, true) => Ok(None),
            (place, false) => ResultsFolder::staged(target, place, false).map(Some),
        }
    }

    fn staged(target: &Path, place: PathBuf, force: bool) -> Result<Self, ResultsError> {
        let staging = Staging::begin(&place).map_err(ResultsError::io(parent(&place)))?;
        Ok(ResultsFolder {
            target: target.to_owned(),
            place,
            force,
            staging,
        })
    }

    /// Writes a file by its path within the folder, whose own folder is created if need be.
    ///
    /// # Errors
    /// [`ResultsError::Io`].
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<(), ResultsError> {
        let path = self.staging.results().join(name);
        let folder = parent(&path);
        fs::create_dir_all(folder).map_err(ResultsError::io(folder))?;
        let write = || {
            let mut file = File::create(&path)?;
            file.write_all(contents)?;
            // What is renamed into place must not turn out empty after a power failure.
            file.sync_all()
        };
        write().map_err(ResultsError::io(&self.target.join(name)))
    }

    /// A new file by its path within the folder, for what is written piece by piece. Whoever writes it makes sure that it is on
    /// the disk.
    ///
    /// # Errors
    /// [`ResultsError::Io`].
    pub fn create(&self, name: &str) -> Result<File, ResultsError> {
        File::create(self.staging.results().join(name)).map_err(ResultsError::io(&self.target.join(name)))
    }

    /// Where a file lies that has been [created](Self::create) and is not yet seen at its place.
    pub fn unseen(&self, name: &str) -> PathBuf {
        self.staging.results().join(name)
    }

    /// Puts `beginning` before what has been written to the file `rest`, which then has the name `name`.
    ///
    /// # Errors
    /// [`ResultsError::Io`].
    pub fn complete(&self, name: &str, beginning: &[u8], rest: &str) -> Result<(), ResultsError> {
        let folder = self.staging.results();
        let complete = || {
            let mut file = File::create(folder.join(name))?;
            file.write_all(beginning)?;
            io::copy(&mut File::open(folder.join(rest))?, &mut file)?;
            file.sync_all()?;
            fs::remove_file(folder.join(rest))
        };
        complete().map_err(ResultsError::io(&self.target.join(name)))
    }

    /// Where the folder will be.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Puts the folder in its place. What was there is removed only when the new one is.
    ///
    /// # Errors
    /// As [`ResultsFolder::begin`]; whatever was at the target is then still there.
    pub fn finish(self) -> Result<PathBuf, ResultsError> {
        // Somebody else may have written there meanwhile.
        ResultsFolder::check(&self.target, self.force)?;
        let ResultsFolder {
            target, place, staging, ..
        } = self;
        staging.publish(&place).map_err(|error| match error.kind() {
            // In the instant since it was looked.
            ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists => ResultsError::Exists { path: target.clone() },
            _ => ResultsError::io(&target)(error),
        })?;
        // A folder cannot be synchronised everywhere; the results are complete either way.
        let _ = File::open(parent(&place)).and_then(|folder| folder.sync_all());
        Ok(target)
    }
}

/// Makes the folders above a target, and removes what killed processes have left beside it. Tells where the target really is, and
/// whether others make results for it.
fn prepare(target: &Path, force: bool) -> Result<(PathBuf, bool), ResultsError> {
    ResultsFolder::check(target, force)?;
    // Results behind a symbolic link are replaced where they are: the link stays.
    let place = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
    let parent = parent(&place);
    fs::create_dir_all(parent).map_err(ResultsError::io(parent))?;
    let others = clear_leftovers(&place);
    // Earlier results may have been put back.
    ResultsFolder::check(target, force)?;
    Ok((place, others))
}

/// Removes what is at `target`, whatever it is: it is gone in one step. What a kill leaves of it is removed by whoever begins a folder
/// there.
///
/// # Errors
/// [`ResultsError::Io`]; it is then still there.
pub fn take_away(target: &Path) -> Result<(), ResultsError> {
    let is_gone = |error: &io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    let take = || {
        fs::symlink_metadata(target)?;
        Staging::begin(target)?.take_away(target)
    };
    match take() {
        Err(error) if is_gone(&error) => Ok(()),
        taken => taken.map_err(ResultsError::io(target)),
    }
}

fn parent(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Whether a folder holds results, or nothing.
fn is_results(folder: &Path) -> bool {
    folder.join(MANIFEST).is_file() || fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(test)]
mod tests;
