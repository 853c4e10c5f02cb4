//! Single files that are written beside complete results.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::staging::temporary_file;
use super::{ResultsError, parent};

/// Writes a file, whose folder is created if need be, so that it is always whole: what was there before stays until the new
/// one is complete. Behind a symbolic link the file that it leads to is replaced; what is no file, such as `/dev/stdout` or a
/// named pipe, is written to.
///
/// # Errors
/// [`ResultsError::Io`].
pub fn replace_file(path: &Path, contents: &[u8]) -> Result<(), ResultsError> {
    let folder = parent(path);
    fs::create_dir_all(folder).map_err(ResultsError::io(folder))?;
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let write = || match fs::metadata(path) {
        Ok(there) if !there.is_file() && !there.is_dir() => File::options().write(true).open(path)?.write_all(contents),
        _ => replace(&place, contents),
    };
    write().map_err(ResultsError::io(path))
}

fn replace(place: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = temporary_file(place)?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    file.persist(place).map_err(|error| error.error)?;
    // A folder cannot be synchronised everywhere; the file is whole either way.
    let _ = File::open(parent(place)).and_then(|folder| folder.sync_all());
    Ok(())
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
