//! Files that are packed by gzip.

use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::InputError;

/// How a file packed by gzip begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What the bytes of a file contain: they themselves, unless they are packed by gzip.
///
/// # Errors
/// [`InputError::Invalid`] for a file that is not whole, [`InputError::TooLarge`] for more than `limit` bytes.
pub(crate) fn unpacked(path: &Path, bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, InputError> {
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes);
    }
    let mut text = Vec::new();
    let read = MultiGzDecoder::new(bytes.as_slice())
        .take(limit + 1)
        .read_to_end(&mut text);
    if let Err(error) = read {
        let message = format!("{}: no whole gzip file: {error}", path.display());
        let error: InputError = serde::de::Error::custom(message);
        return Err(error.help("the file may be truncated: compare its size with the original's"));
    }
    if text.len() as u64 > limit {
        return Err(InputError::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(text)
}
