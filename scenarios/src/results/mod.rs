//! The folder that a scenario's results are written to.
//!
//! Everything is written into a temporary folder beside the target and renamed when it is complete: there is never half
//! a result, and the results of an earlier run stay untouched until the new ones can take their place.

mod file;
mod graphml;
mod manifest;
mod read;
mod rows;
mod timing;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use thiserror::Error;

use crate::exit::Exit;

pub use file::replace_file;
pub use graphml::snapshots;
pub use manifest::{Input, Manifest, Run, TableFile};
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
    force: bool,
    staging: TempDir,
}

impl ResultsFolder {
    /// Whether results could go to `target`: nothing is there, or `force` allows to replace the results that are.
    ///
    /// # Errors
    /// [`ResultsError::Exists`], [`ResultsError::NotResults`] and [`ResultsError::NoName`].
    pub fn check(target: &Path, force: bool) -> Result<(), ResultsError> {
        if target.file_name().is_none() {
            return Err(ResultsError::NoName {
                path: target.to_owned(),
            });
        }
        let Ok(metadata) = fs::symlink_metadata(target) else {
            return Ok(());
        };
        match (force, metadata.is_dir() && is_results(target)) {
            (true, true) => Ok(()),
            (true, false) => Err(ResultsError::NotResults {
                path: target.to_owned(),
            }),
            (false, _) => Err(ResultsError::Exists {
                path: target.to_owned(),
            }),
        }
    }

    /// Begins a folder of results beside `target`, creating the folders above it.
    ///
    /// # Errors
    /// As [`ResultsFolder::check`], and [`ResultsError::Io`].
    pub fn begin(target: &Path, force: bool) -> Result<Self, ResultsError> {
        ResultsFolder::check(target, force)?;
        let parent = parent(target);
        fs::create_dir_all(parent).map_err(ResultsError::io(parent))?;
        let staging = temporary(target, "partial").map_err(ResultsError::io(parent))?;
        Ok(ResultsFolder {
            target: target.to_owned(),
            force,
            staging,
        })
    }

    /// Writes a file by its path within the folder, whose own folder is created if need be.
    ///
    /// # Errors
    /// [`ResultsError::Io`].
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<(), ResultsError> {
        let path = self.staging.path().join(name);
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

    /// Puts the folder in its place. What was there is removed only when the new one is.
    ///
    /// # Errors
    /// As [`ResultsFolder::begin`]; whatever was at the target is then still there.
    pub fn finish(self) -> Result<PathBuf, ResultsError> {
        // Somebody else may have written there meanwhile.
        ResultsFolder::check(&self.target, self.force)?;
        let failed = || ResultsError::io(&self.target);
        allow_reading(self.staging.path()).map_err(failed())?;
        if fs::symlink_metadata(&self.target).is_ok() {
            let old = temporary(&self.target, "replaced").map_err(failed())?;
            let kept = old.path().join("results");
            fs::rename(&self.target, &kept).map_err(failed())?;
            if let Err(error) = fs::rename(self.staging.path(), &self.target) {
                if fs::rename(&kept, &self.target).is_err() {
                    // Rather a stray folder than lost results.
                    let _ = old.keep();
                }
                return Err(ResultsError::Io {
                    path: self.target,
                    error,
                });
            }
        } else {
            fs::rename(self.staging.path(), &self.target).map_err(failed())?;
        }
        let ResultsFolder { target, staging, .. } = self;
        // Nothing is left at the temporary name.
        let _ = staging.keep();
        // A folder cannot be synchronised everywhere; the results are complete either way.
        let _ = File::open(parent(&target)).and_then(|folder| folder.sync_all());
        Ok(target)
    }
}

/// A temporary folder beside `target`, so that a rename between the two stays within one file system.
fn temporary(target: &Path, what: &str) -> io::Result<TempDir> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    tempfile::Builder::new()
        .prefix(&format!(".{name}.{what}-"))
        .tempdir_in(parent(target))
}

/// Temporary folders are for their owner's eyes only; results are as readable as any folder the user makes.
#[cfg(unix)]
fn allow_reading(staging: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // An ordinary sub-folder shows what the user's mask allows.
    let sample = staging.join(".permissions");
    fs::create_dir(&sample)?;
    let mode = fs::metadata(&sample)?.permissions().mode();
    fs::remove_dir(&sample)?;
    fs::set_permissions(staging, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn allow_reading(_staging: &Path) -> io::Result<()> {
    Ok(())
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
