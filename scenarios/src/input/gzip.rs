//! Files that are packed by gzip.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::source::read_packed;
use super::{InputError, Source};
use crate::digest::sha256;

/// How a file packed by gzip begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Reads a file of UTF-8 text that may be packed by gzip, of at most `limit` bytes, packed or not: the text, and the SHA-256 of
/// the file in hexadecimal.
///
/// # Errors
/// What [`Source::read`] refuses; [`InputError::Invalid`] for a packed file that is not whole.
pub(crate) fn read_unpacked(path: &Path, limit: u64) -> Result<(Arc<Source>, String), InputError> {
    let bytes = read_packed(path, limit, &GZIP)?;
    let digest = sha256(&bytes);
    let text = match bytes.starts_with(&GZIP) {
        true => unpacked(path, &bytes, limit)?,
        false => bytes,
    };
    Ok((Source::decode(path, text)?, digest))
}

fn unpacked(path: &Path, bytes: &[u8], limit: u64) -> Result<Vec<u8>, InputError> {
    let mut text = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(limit + 1).read_to_end(&mut text);
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
