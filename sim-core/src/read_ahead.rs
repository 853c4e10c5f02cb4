//! Reading ahead: the only `unsafe` code of the engine.
//!
//! From about 100,000 nodes on, the time of an event is the time of the cache misses on its node. The queue knows which
//! nodes come next, so their lines are asked for some events early and have arrived when they are needed.

/// At most this many cache lines are asked for at once: processors track ten to sixteen outstanding misses.
const MOST_LINES: usize = 6;
const LINE_BYTES: usize = 64;

/// Asks the processor to load the beginning of `value`. A hint: it changes no result, and on processors for which no
/// instruction is known it does nothing.
#[inline(always)]
pub(crate) fn read_ahead<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = std::ptr::from_ref(value).cast::<i8>();
        let lines = size_of::<T>().div_ceil(LINE_BYTES).min(MOST_LINES);
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
    let _ = value;
}
