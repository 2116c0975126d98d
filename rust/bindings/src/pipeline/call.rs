//! Calls of a user's Python code from threads that Python did not create.
//!
//! Before CPython 3.14, an interpreter at exit calls `pthread_exit` in every other thread that requests the GIL, even
//! deep inside Python code that was called from here. The forced unwinding must not pass through Rust's frames, because
//! that aborts the process. Each call is therefore protected by a guard. Its destructor is the first that the unwinding
//! reaches, and it holds the thread until the process ends. CPython 3.14 does the same, and so does PyO3 on attaching.

#![allow(unsafe_code)]

use std::hint::black_box;

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;

type Object = *mut ffi::PyObject;
type Next = unsafe extern "C" fn(Object) -> Object;
type NextUnwinding = unsafe extern "C-unwind" fn(Object) -> Object;
type Call = unsafe extern "C" fn(Object, *const Object, usize, Object) -> Object;
type CallUnwinding = unsafe extern "C-unwind" fn(Object, *const Object, usize, Object) -> Object;

/// Holds a thread during forced unwinding.
struct Hold;

impl Drop for Hold {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}

/// Calls a callable with one argument or without arguments.
#[inline(never)]
pub fn call<'py>(
    callable: &Bound<'py, PyAny>,
    argument: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    // The callee may use the slot before the arguments, as the flag says.
    let arguments = [std::ptr::null_mut(), argument.map_or(std::ptr::null_mut(), Bound::as_ptr)];
    let count = usize::from(argument.is_some()) | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;
    // SAFETY: the two types differ only in whether unwinding may pass through the call.
    let call = unsafe { std::mem::transmute::<Call, CallUnwinding>(ffi::PyObject_Vectorcall) };
    let call = black_box(call); // for a known callee, the optimizer trusts its declaration and removes the guard
    let hold = Hold;
    // SAFETY: the thread is attached. The caller holds the callable and the argument, and `count` is the number of
    // arguments.
    let result =
        unsafe { call(callable.as_ptr(), arguments.as_ptr().add(1), count, std::ptr::null_mut()) };
    std::mem::forget(hold);
    // SAFETY: the result is a new reference, or null with an exception.
    unsafe { Bound::from_owned_ptr_or_err(callable.py(), result) }
}

/// Returns the next item of an iterator.
#[inline(never)]
pub fn next<'py>(iterator: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    // SAFETY: as in `call`.
    let next = unsafe { std::mem::transmute::<Next, NextUnwinding>(ffi::PyIter_Next) };
    let next = black_box(next); // as in `call`
    let hold = Hold;
    // SAFETY: the thread is attached, and the caller holds the iterator.
    let result = unsafe { next(iterator.as_ptr()) };
    std::mem::forget(hold);
    // SAFETY: the result is a new reference, null with an exception, or null without one at the end.
    match unsafe { Bound::from_owned_ptr_or_opt(iterator.py(), result) } {
        Some(entry) => Ok(Some(entry)),
        None => PyErr::take(iterator.py()).map_or(Ok(None), Err),
    }
}

/// Refuses a coroutine, which would never be awaited; `part` names the part that returned it.
pub fn refuse_coroutine(part: &str, result: &Bound<'_, PyAny>) -> PyResult<()> {
    // SAFETY: this only compares the type of a live object.
    if unsafe { ffi::PyCoro_CheckExact(result.as_ptr()) } == 0 {
        return Ok(());
    }
    // Otherwise Python would also warn that it was never awaited.
    result.call_method0("close")?;
    Err(PyTypeError::new_err(format!(
        "{part} returned a coroutine, but a pipeline does not await; pass a plain function"
    )))
}
