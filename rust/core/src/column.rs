//! Memory for columns, asked for where it can still be refused.
//!
//! The number of rows often comes from outside: an array that repeats one number a million million times, a hundred
//! references to one batch. Rust ends the process where memory is missing; here that is an error.

use std::alloc::{Layout, alloc_zeroed};
use std::ptr::NonNull;

use arrow_buffer::{ArrowNativeType, ScalarBuffer};

use multiversion::multiversion;

use crate::error::Error;

/// An empty column with room for so many rows.
///
/// # Errors
///
/// [`Error::OutOfMemory`].
pub fn room<T>(rows: usize) -> Result<Vec<T>, Error> {
    let mut column = Vec::new();
    column.try_reserve_exact(rows).map_err(|_| Error::OutOfMemory { rows })?;
    prefer_large_pages(&column);
    Ok(column)
}

/// From how many bytes on memory is asked for in large pages; NumPy has the same limit.
#[cfg(target_os = "linux")]
const LARGE: usize = 1 << 22;

/// Asks the system for large pages where a column is long: thousands of small ones take longer than the numbers in them.
///
/// The system may refuse, which changes no result.
#[allow(unsafe_code, reason = "the system is told of memory by its address")]
pub(crate) fn prefer_large_pages<T>(column: &Vec<T>) {
    #[cfg(target_os = "linux")]
    {
        let bytes = column.capacity() * size_of::<T>();
        if bytes < LARGE {
            return;
        }
        let page = rustix::param::page_size();
        let first = column.as_ptr().cast::<u8>();
        let before = first.align_offset(page);
        // SAFETY: the pages are inside memory that the column owns, and this advice changes nothing that is in them.
        unsafe {
            let start = first.add(before).cast_mut().cast();
            let _ = rustix::mm::madvise(start, bytes - before, rustix::mm::Advice::LinuxHugepage);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = column;
}

/// A number that is 0 when all its bits are.
///
/// # Safety
///
/// It is just that.
#[allow(unsafe_code, reason = "it promises what `zeroed` relies on")]
pub(crate) unsafe trait ZeroBits: Copy {}

macro_rules! zero_bits {
    ($($number:ty),*) => {$(
        // SAFETY: Rust's integers and floats are 0 when all their bits are.
        #[allow(unsafe_code, reason = "see there")]
        unsafe impl ZeroBits for $number {}
    )*};
}

zero_bits!(u8, i32, usize, f64);

/// A column of so many zeros, of which no page is touched where the system has pages of zeros at hand.
///
/// # Errors
///
/// [`Error::OutOfMemory`].
#[allow(unsafe_code, reason = "a vector that was reserved first has to write its zeros itself")]
#[allow(clippy::same_length_and_capacity, reason = "it is both, of memory that was asked for here")]
pub(crate) fn zeroed<T: ZeroBits>(rows: usize) -> Result<Vec<T>, Error> {
    let refused = || Error::OutOfMemory { rows };
    let layout = Layout::array::<T>(rows).map_err(|_| refused())?;
    if layout.size() == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the layout has a size. The memory is of the allocator that vectors use, has the layout of `rows` entries,
    // and is all zeros, which is an entry of such a type.
    unsafe {
        let memory = NonNull::new(alloc_zeroed(layout).cast::<T>()).ok_or_else(refused)?;
        Ok(Vec::from_raw_parts(memory.as_ptr(), rows, rows))
    }
}

/// A column of these entries.
///
/// # Errors
///
/// [`Error::OutOfMemory`].
pub fn copied<T: ArrowNativeType>(entries: &[T]) -> Result<ScalarBuffer<T>, Error> {
    let mut column = room(entries.len())?;
    column.extend_from_slice(entries);
    Ok(column.into())
}

/// A column of the entries that an iterator gives, at most so many.
///
/// # Errors
///
/// [`Error::OutOfMemory`].
pub fn collected<T: ArrowNativeType>(
    rows: usize,
    entries: impl Iterator<Item = T>,
) -> Result<ScalarBuffer<T>, Error> {
    let mut column = room(rows)?;
    column.extend(entries.take(rows));
    Ok(column.into())
}

/// The rows of all parts together.
///
/// # Errors
///
/// [`Error::OutOfMemory`] where not even the number fits.
pub fn total(mut rows: impl Iterator<Item = usize>) -> Result<usize, Error> {
    let sum = rows.try_fold(0_usize, usize::checked_add);
    sum.ok_or(Error::OutOfMemory { rows: usize::MAX })
}

/// Whether a column has this entry.
#[multiversion(targets("x86_64+avx2"))]
#[must_use]
pub fn contains(entries: &[i64], wanted: i64) -> bool {
    // Without an early end, so that it becomes one over vectors.
    entries.iter().fold(0, |found, &entry| found | u64::from(entry == wanted)) != 0
}
