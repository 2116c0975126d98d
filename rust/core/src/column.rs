//! Memory for columns, allocated with an error instead of an abort.
//!
//! The number of rows often comes from outside, such as an array that repeats one number a million million times.
//! Rust aborts the process if an allocation fails. The functions here return an error instead.

use std::alloc::{Layout, alloc_zeroed};
use std::ptr::NonNull;

use arrow_buffer::{ArrowNativeType, ScalarBuffer};

use multiversion::multiversion;

use crate::error::Error;

/// Allocates an empty column with room for `rows` rows.
///
/// # Errors
///
/// [`Error::OutOfMemory`].
#[inline]
pub fn room<T>(rows: usize) -> Result<Vec<T>, Error> {
    let mut column = Vec::new();
    column.try_reserve_exact(rows).map_err(|_| Error::OutOfMemory { rows })?;
    prefer_large_pages(&column);
    Ok(column)
}

/// The size in bytes from which large pages are requested, as in NumPy.
#[cfg(target_os = "linux")]
const LARGE: usize = 1 << 22;

/// Requests large pages for a long column, because thousands of small pages take longer than writing the numbers.
///
/// The system may refuse; results do not change.
#[inline]
pub(crate) fn prefer_large_pages<T>(column: &Vec<T>) {
    #[cfg(target_os = "linux")]
    if column.capacity() * size_of::<T>() >= LARGE {
        request_large_pages(column);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = column;
}

#[cfg(target_os = "linux")]
#[cold]
#[allow(unsafe_code, reason = "the system call takes an address")]
fn request_large_pages<T>(column: &Vec<T>) {
    let bytes = column.capacity() * size_of::<T>();
    let page = rustix::param::page_size();
    let first = column.as_ptr().cast::<u8>();
    let before = first.align_offset(page);
    // SAFETY: the pages are inside memory that the column owns, and the advice does not change their content.
    unsafe {
        let start = first.add(before).cast_mut().cast();
        let _ = rustix::mm::madvise(start, bytes - before, rustix::mm::Advice::LinuxHugepage);
    }
}

/// A number type whose zero has only zero bits.
///
/// # Safety
///
/// All bits zero must be a valid value, equal to 0.
#[allow(unsafe_code, reason = "`zeroed` relies on this")]
pub(crate) unsafe trait ZeroBits: Copy {}

macro_rules! zero_bits {
    ($($number:ty),*) => {$(
        // SAFETY: Rust's integers and floats are 0 if all their bits are 0.
        #[allow(unsafe_code, reason = "see there")]
        unsafe impl ZeroBits for $number {}
    )*};
}

zero_bits!(u8, i32, usize, f64);

/// Allocates a column of zeros without touching its pages, if the system provides zeroed pages.
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
    // SAFETY: the layout has a non-zero size. The memory comes from the allocator of vectors, has the layout of `rows`
    // entries, and is all zeros, which are valid entries.
    unsafe {
        let memory = NonNull::new(alloc_zeroed(layout).cast::<T>()).ok_or_else(refused)?;
        Ok(Vec::from_raw_parts(memory.as_ptr(), rows, rows))
    }
}

/// Copies entries to a column.
///
/// # Errors
///
/// [`Error::OutOfMemory`].
pub fn copy_column<T: ArrowNativeType>(entries: &[T]) -> Result<ScalarBuffer<T>, Error> {
    let mut column = room(entries.len())?;
    column.extend_from_slice(entries);
    Ok(column.into())
}

/// Collects at most `rows` entries of an iterator into a column.
///
/// # Errors
///
/// [`Error::OutOfMemory`].
pub fn collect_column<T: ArrowNativeType>(
    rows: usize,
    entries: impl Iterator<Item = T>,
) -> Result<ScalarBuffer<T>, Error> {
    let mut column = room(rows)?;
    column.extend(entries.take(rows));
    Ok(column.into())
}

/// Creates a column that repeats one entry.
///
/// # Errors
///
/// [`Error::OutOfMemory`].
pub fn repeat_entry(entry: i64, rows: usize) -> Result<ScalarBuffer<i64>, Error> {
    let mut column = room(rows)?;
    fill(&mut column, entry, rows);
    Ok(column.into())
}

#[multiversion(targets("x86_64+avx2"))]
fn fill(column: &mut Vec<i64>, entry: i64, rows: usize) {
    column.resize(rows, entry);
}

/// Adds up the rows of all parts.
///
/// # Errors
///
/// [`Error::OutOfMemory`] if the sum overflows.
pub fn total(mut rows: impl Iterator<Item = usize>) -> Result<usize, Error> {
    let sum = rows.try_fold(0_usize, usize::checked_add);
    sum.ok_or(Error::OutOfMemory { rows: usize::MAX })
}

/// Returns whether a column contains an entry.
#[multiversion(targets("x86_64+avx2"))]
#[must_use]
pub fn contains(entries: &[i64], wanted: i64) -> bool {
    // No early exit, so that the compiler vectorizes the loop.
    entries.iter().fold(0, |found, &entry| found | u64::from(entry == wanted)) != 0
}
