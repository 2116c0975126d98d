//! Memory of dropped points that waits for new ones, as CPython keeps that of its floats and tuples.
//!
//! A loop that makes one point at a time then allocates once. Each function here requires an attached interpreter with a
//! GIL, which orders the accesses.

#![allow(unsafe_code)]

use std::env::var_os;
use std::mem::size_of;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use pyo3::ffi;

use super::Instance;

/// The most objects that wait, as many as CPython's floats.
const MOST: usize = 100;

/// If this variable is set, no memory waits, so that a tool that replaces the allocator sees each point being freed.
const ALLOCATOR: &str = "PYTHONMALLOC";

/// A dropped point: its memory contains the next one.
#[repr(C)]
struct Dropped {
    base: ffi::PyObject,
    next: *mut Self,
}

const _: () = assert!(size_of::<Dropped>() <= size_of::<Instance>());

static NEWEST: AtomicPtr<Dropped> = AtomicPtr::new(null_mut());
/// How many more objects may wait.
static ROOM: AtomicUsize = AtomicUsize::new(0);

/// Lets dropped points wait.
pub(super) fn prepare() {
    ROOM.store(if var_os(ALLOCATOR).is_some() { 0 } else { MOST }, Ordering::Relaxed);
}

/// Takes the memory that was dropped last; null if none waits.
#[inline]
pub(super) unsafe fn take() -> *mut ffi::PyObject {
    let dropped = NEWEST.load(Ordering::Relaxed);
    if !dropped.is_null() {
        // SAFETY: an object in the list was written by `keep`, and only this function removes it.
        NEWEST.store(unsafe { (*dropped).next }, Ordering::Relaxed);
        ROOM.store(ROOM.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
    dropped.cast()
}

/// Keeps the memory of a point whose references were released, and returns whether there was room for it.
#[inline]
pub(super) unsafe fn keep(object: *mut ffi::PyObject) -> bool {
    let room = ROOM.load(Ordering::Relaxed);
    if room == 0 {
        return false;
    }
    let dropped = object.cast::<Dropped>();
    // SAFETY: no other code refers to `object`.
    unsafe { (*dropped).next = NEWEST.load(Ordering::Relaxed) };
    NEWEST.store(dropped, Ordering::Relaxed);
    ROOM.store(room - 1, Ordering::Relaxed);
    true
}
