//! Requests memory ahead of its use, into the second cache, because what the transform works on fills the first.

/// The numbers in a cache line of x86.
const LINE: usize = 8;

/// Requests numbers that are read soon. Hardware prefetches only within a page of memory.
#[inline]
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "the instruction takes an address; it reads nothing")]
pub(super) fn prefetch(numbers: &[f64]) {
    use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
    for number in numbers.iter().step_by(LINE) {
        // SAFETY: the instruction is part of x86-64, and any address is allowed.
        unsafe { _mm_prefetch::<_MM_HINT_T1>((&raw const *number).cast()) };
    }
}

/// Elsewhere the processor is left alone.
#[inline]
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn prefetch(_numbers: &[f64]) {}
