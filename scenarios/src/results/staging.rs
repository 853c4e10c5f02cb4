//! The place beside the target in which results are made, and what killed processes have left of theirs.
//!
//! `.NAME.partial-XXXXXX` holds the results as they grow and a lock file, which its process keeps locked: the system takes a
//! lock from whoever dies, so a folder whose lock is free is nobody's any more. The next run to the same target removes it.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use super::parent;

/// The file that is locked as long as its folder is in use. It holds the name of the target.
const LOCK: &str = "lock";
/// The results that are being made.
const RESULTS: &str = "results";
/// The results that were at the target, where they cannot be exchanged in one step.
const EARLIER: &str = "earlier";
/// What was at the target and is to be removed, among the results that nobody will see.
const TAKEN_AWAY: &str = "taken-away";

/// The most bytes of the target's name that go into the names beside it: systems allow 255 in all.
const LONGEST_NAME: usize = 200;

/// How often a name is tried anew that another process has taken for a leftover, in the instant before it was locked.
const ATTEMPTS: usize = 16;

/// A folder of results that nobody sees yet. Dropped, it is removed with everything in it.
pub(super) struct Staging {
    // Removed before the lock is given up.
    folder: TempDir,
    _lock: File,
}

impl Drop for Staging {
    fn drop(&mut self) {
        // The lock file last: without it, a kill in the midst of this would leave what nobody dares to remove.
        let _ = fs::remove_dir_all(self.results());
    }
}

impl Staging {
    /// Makes a place beside `target`, so that a rename between the two stays within one file system.
    pub(super) fn begin(target: &Path) -> io::Result<Self> {
        let name = target.file_name().unwrap_or_default();
        for _ in 0..ATTEMPTS {
            let folder = tempfile::Builder::new()
                .prefix(&prefix(name))
                .tempdir_in(parent(target))?;
            let path = folder.path().join(LOCK);
            let mut lock = match File::create_new(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                created => created?,
            };
            if !is_ours(&lock, &path) {
                continue;
            }
            lock.write_all(name.as_encoded_bytes())?;
            // Not the temporary folder itself, which is for its owner's eyes only: results are as readable as any folder.
            fs::create_dir(folder.path().join(RESULTS))?;
            return Ok(Staging { folder, _lock: lock });
        }
        Err(taken())
    }

    /// The folder to write to.
    pub(super) fn results(&self) -> PathBuf {
        self.folder.path().join(RESULTS)
    }

    /// Puts the results at `target`; earlier ones there are removed afterwards. Where this fails, they are still there.
    pub(super) fn publish(self, target: &Path) -> io::Result<()> {
        if fs::symlink_metadata(target).is_err() {
            fs::rename(self.results(), target)
        } else if exchange(&self.results(), target)? {
            Ok(())
        } else {
            self.replace(target)
        }
    }

    /// Takes away what is at `target`, to be removed with everything else.
    pub(super) fn take_away(self, target: &Path) -> io::Result<()> {
        fs::rename(target, self.results().join(TAKEN_AWAY))
    }

    /// Takes the earlier results away and puts the new ones in their place. Killed in between, it leaves the earlier ones to
    /// [`clear_leftovers`].
    fn replace(mut self, target: &Path) -> io::Result<()> {
        let earlier = self.folder.path().join(EARLIER);
        fs::rename(target, &earlier)?;
        if let Err(error) = fs::rename(self.results(), target) {
            // Rather a stray folder than lost results.
            let restored = fs::rename(&earlier, target).is_ok();
            self.folder.disable_cleanup(!restored);
            return Err(error);
        }
        // What is left of them stands in nobody's way.
        let _ = fs::remove_dir_all(&earlier);
        Ok(())
    }
}

/// Exchanges two folders in one step. Says whether the system can: where it can, a kill leaves either these results or those.
#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn exchange(_one: &Path, _other: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Removes what processes that are gone have left beside `target`; results that one of them had taken away and not yet
/// replaced are put back. What cannot be removed stands in nobody's way. Says whether another process makes results for the target.
pub(super) fn clear_leftovers(target: &Path) -> bool {
    let name = target.file_name().unwrap_or_default();
    let mut others = false;
    for path in partials(target).filter(|path| path.is_dir()) {
        let lock = path.join(LOCK);
        let Ok(mut file) = File::open(&lock) else {
            // Nothing but a folder: its process ended before it had written anything, and `remove_dir` removes no more than that.
            let _ = fs::remove_dir(&path);
            continue;
        };
        let mut owner = Vec::new();
        let locked = file.try_lock();
        // Names that were cut look alike.
        let known = file.read_to_end(&mut owner).is_ok();
        let is_for_it = known && (owner.is_empty() || owner == name.as_encoded_bytes());
        others |= is_for_it && matches!(locked, Err(TryLockError::WouldBlock));
        if !is_for_it || locked.is_err() {
            continue;
        }
        let earlier = path.join(EARLIER);
        let lost = earlier.exists() && fs::symlink_metadata(target).is_err();
        if !lost || fs::rename(&earlier, target).is_ok() {
            // The lock file last, as above.
            for part in [&path.join(RESULTS), &earlier, &path] {
                let _ = fs::remove_dir_all(part);
            }
        }
    }
    others
}

/// A file to be renamed to `target` when it is complete, locked as long as it is open. What processes that are gone have left
/// beside `target` is removed.
pub(super) fn temporary_file(target: &Path) -> io::Result<NamedTempFile> {
    for path in partials(target).filter(|path| path.is_file()) {
        if File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(&path);
        }
    }
    for _ in 0..ATTEMPTS {
        let file = new_file(target)?;
        if is_ours(file.as_file(), file.path()) {
            return Ok(file);
        }
    }
    Err(taken())
}

#[cfg(unix)]
fn new_file(target: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    // As readable as any file the user makes: the user's mask is taken off these.
    let permissions = fs::Permissions::from_mode(0o666);
    tempfile::Builder::new()
        .prefix(&prefix(target.file_name().unwrap_or_default()))
        .permissions(permissions)
        .tempfile_in(parent(target))
}

#[cfg(not(unix))]
fn new_file(target: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(&prefix(target.file_name().unwrap_or_default()))
        .tempfile_in(parent(target))
}

/// Locks a file just made. It is not ours where another process took it for a leftover before it was locked.
fn is_ours(file: &File, path: &Path) -> bool {
    match file.try_lock() {
        Ok(()) => path.exists(),
        Err(TryLockError::WouldBlock) => false,
        // This file system knows no locks: nobody takes what cannot be locked for a leftover.
        Err(TryLockError::Error(_)) => true,
    }
}

fn taken() -> io::Error {
    io::Error::new(
        ErrorKind::ResourceBusy,
        "temporary files vanish as soon as they are made; try again",
    )
}

/// How the names of what is made for a target begin.
fn prefix(name: &OsStr) -> String {
    let name = name.to_string_lossy();
    let ends = name
        .char_indices()
        .map(|(start, character)| start + character.len_utf8());
    let length = ends.take_while(|end| *end <= LONGEST_NAME).last().unwrap_or(0);
    format!(".{}.partial-", &name[..length])
}

/// Whatever is being made beside a target, or was.
fn partials(target: &Path) -> impl Iterator<Item = PathBuf> {
    let prefix = prefix(target.file_name().unwrap_or_default());
    let entries = fs::read_dir(parent(target)).into_iter().flatten().flatten();
    entries
        .filter(move |entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .map(|entry| entry.path())
}

#[cfg(test)]
mod tests;
