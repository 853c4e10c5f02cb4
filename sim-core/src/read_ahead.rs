//! Reading ahead: the only `unsafe` code of the engine.
//!
//! From some thousand nodes on, the time of an event is the time of the cache misses on its node. The queue knows which
//! nodes come next, so their lines are asked for some events early and have arrived when they are needed. What a node keeps on the
//! heap is known to its protocol alone, see [`Protocol::read_ahead`](crate::protocol::Protocol::read_ahead).

const LINE_BYTES: usize = 64;

/// Asks the processor to load `value`, or its beginning if it takes more than `most_lines` cache lines of 64 bytes. A hint: it
/// changes no result, and on processors for which no instruction is known it does nothing.
///
/// Processors track ten to sixteen outstanding misses.
#[inline(always)]
pub fn read_ahead<T: ?Sized>(value: &T, most_lines: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = std::ptr::from_ref(value).cast::<i8>();
        let lines = size_of_val(value).div_ceil(LINE_BYTES).min(most_lines);
        for line in 0..lines {
            // SAFETY: a prefetch reads no memory that the program can see and cannot fault, whatever the address; the
            // address is formed with wrapping arithmetic, so no rule about pointers in bounds is relied on.
            #[allow(unsafe_code, reason = "a prefetch hint has no safe form")]
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(line * LINE_BYTES));
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (value, most_lines);
}
