//! Single files that are written beside complete results.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::{ResultsError, parent};

/// Writes a file, whose folder is created if need be, so that it is always whole: what was there before stays until the new
/// one is complete.
///
/// # Errors
/// [`ResultsError::Io`].
pub fn replace_file(path: &Path, contents: &[u8]) -> Result<(), ResultsError> {
    let folder = parent(path);
    fs::create_dir_all(folder).map_err(ResultsError::io(folder))?;
    let write = || {
        let mut file = temporary(folder)?;
        file.write_all(contents)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    };
    write().map_err(ResultsError::io(path))?;
    // A folder cannot be synchronised everywhere; the file is whole either way.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

#[cfg(unix)]
fn temporary(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    // As readable as any file the user makes: the user's mask is taken off these.
    let permissions = fs::Permissions::from_mode(0o666);
    tempfile::Builder::new()
        .prefix(".partial-")
        .permissions(permissions)
        .tempfile_in(folder)
}

#[cfg(not(unix))]
fn temporary(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(".partial-").tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("figures/a.svg");
        replace_file(&path, b"earlier").unwrap();
        replace_file(&path, b"later").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"later");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_names_the_file() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("file"), "").unwrap();
        let error = replace_file(&home.path().join("file/a.svg"), b"").unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
    }
}
