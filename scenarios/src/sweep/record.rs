//! A run that ended well, as bytes.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use thiserror::Error;

use crate::run::RunRecord;

/// Why bytes are no run.
#[derive(Debug, Error)]
pub enum RecordError {
    /// They are not what was compressed.
    #[error("{0}")]
    Packing(#[from] std::io::Error),
    /// They are not what this version writes.
    #[error("{0}")]
    Form(#[from] postcard::Error),
}

/// What a run measured, packed. The same run gives the same bytes.
pub(super) fn pack(record: &RunRecord) -> Result<Vec<u8>, RecordError> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(&postcard::to_stdvec(record)?)?;
    Ok(packer.finish()?)
}

/// What a run measured, from its packed bytes.
pub(super) fn unpack(bytes: &[u8]) -> Result<RunRecord, RecordError> {
    let mut plain = Vec::new();
    ZlibDecoder::new(bytes).read_to_end(&mut plain)?;
    Ok(postcard::from_bytes(&plain)?)
}
