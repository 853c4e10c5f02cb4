//! Chunks of events, pooled: slices that fill and empty all the time share the same memory.

use super::Entry;

/// Events a chunk. Larger wastes more memory in slices that hold little, smaller follows more links.
const CHUNK: usize = 32;
const NONE: u32 = u32::MAX;

/// The chunks of one slice: the index of the first, or none.
#[derive(Clone, Copy)]
pub(super) struct Chain(u32);

impl Chain {
    /// A chain without chunks.
    pub(super) const EMPTY: Chain = Chain(NONE);
}

struct Chunk<T> {
    entries: Vec<Entry<T>>,
    next: u32,
}

/// All chunks of a queue, those in use and those that wait for use.
pub(super) struct Chunks<T> {
    chunks: Vec<Chunk<T>>,
    /// Indices of chunks that are in no chain. Their storage is in `spare`.
    free: Vec<u32>,
    /// Storage of free chunks, last used first: it is likely to be in the cache still.
    spare: Vec<Vec<Entry<T>>>,
}

impl<T> Chunks<T> {
    /// An empty pool.
    pub(super) fn new() -> Self {
        Chunks {
            chunks: Vec::new(),
            free: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Adds an event to a chain.
    #[inline]
    pub(super) fn add(&mut self, chain: &mut Chain, entry: Entry<T>) {
        if let Some(chunk) = self.chunks.get_mut(chain.0 as usize)
            && chunk.entries.len() < CHUNK
        {
            chunk.entries.push(entry);
        } else {
            self.add_chunk(chain, entry);
        }
    }

    #[inline(never)]
    fn add_chunk(&mut self, chain: &mut Chain, entry: Entry<T>) {
        let mut entries = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(CHUNK));
        entries.push(entry);
        let chunk = Chunk { entries, next: chain.0 };
        chain.0 = match self.free.pop() {
            Some(index) => {
                self.chunks[index as usize] = chunk;
                index
            }
            None => {
                self.chunks.push(chunk);
                (self.chunks.len() - 1) as u32
            }
        };
    }

    /// Detaches the first chunk of a chain. Its storage is to be given back to [`Chunks::recycle`].
    pub(super) fn take_first(&mut self, chain: &mut Chain) -> Option<Vec<Entry<T>>> {
        let chunk = self.chunks.get_mut(chain.0 as usize)?;
        self.free.push(chain.0);
        chain.0 = chunk.next;
        Some(std::mem::take(&mut chunk.entries))
    }

    /// Takes back the storage of a detached chunk, now empty.
    pub(super) fn recycle(&mut self, entries: Vec<Entry<T>>) {
        debug_assert!(entries.is_empty());
        self.spare.push(entries);
    }
}
