//! Calls of a user's Python code from threads that are not Python's.
//!
//! Before CPython 3.14 an interpreter that ends lets `pthread_exit` run in every other thread that asks for the GIL, also
//! deep inside Python code that was called from here. Its forced unwinding must not leave through Rust's frames, which
//! would abort the process. So each call stands behind a guard whose destructor, the first that the unwinding meets, holds
//! the thread until the process is gone: what CPython does itself from 3.14 on, and PyO3 where it attaches.

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

/// Holds a thread that is unwound.
struct Hold;

impl Drop for Hold {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}

/// Calls a callable, with one argument or none.
#[inline(never)]
pub fn call<'py>(
    callable: &Bound<'py, PyAny>,
    argument: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    // The place before the arguments is the callee's, as the flag says.
    let arguments = [std::ptr::null_mut(), argument.map_or(std::ptr::null_mut(), Bound::as_ptr)];
    let count = usize::from(argument.is_some()) | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;
    // SAFETY: the two types differ in what may unwind through the call, and in nothing else.
    let call = unsafe { std::mem::transmute::<Call, CallUnwinding>(ffi::PyObject_Vectorcall) };
    let call = black_box(call); // of a known callee the optimizer believes the declaration, and drops the guard
    let hold = Hold;
    // SAFETY: the thread is attached; the callable and the argument are held by the caller, and there are as many
    // arguments as `count` says.
    let result =
        unsafe { call(callable.as_ptr(), arguments.as_ptr().add(1), count, std::ptr::null_mut()) };
    std::mem::forget(hold);
    // SAFETY: it is a new reference, or null with an exception.
    unsafe { Bound::from_owned_ptr_or_err(callable.py(), result) }
}

/// The next entry of an iterator.
#[inline(never)]
pub fn next<'py>(iterator: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    // SAFETY: as in `call`.
    let next = unsafe { std::mem::transmute::<Next, NextUnwinding>(ffi::PyIter_Next) };
    let next = black_box(next); // as in `call`
    let hold = Hold;
    // SAFETY: the thread is attached, and the iterator is held by the caller.
    let result = unsafe { next(iterator.as_ptr()) };
    std::mem::forget(hold);
    // SAFETY: it is a new reference; or null, with an exception unless it is the end.
    match unsafe { Bound::from_owned_ptr_or_opt(iterator.py(), result) } {
        Some(entry) => Ok(Some(entry)),
        None => PyErr::take(iterator.py()).map_or(Ok(None), Err),
    }
}

/// Refuses a coroutine, which nobody would await; `part` names what returned it.
pub fn refuse_coroutine(part: &str, result: &Bound<'_, PyAny>) -> PyResult<()> {
    // SAFETY: it compares the type of an object.
    if unsafe { ffi::PyCoro_CheckExact(result.as_ptr()) } == 0 {
        return Ok(());
    }
    // Otherwise Python would warn that it was never awaited, too.
    result.call_method0("close")?;
    Err(PyTypeError::new_err(format!(
        "{part} returned a coroutine, which a pipeline does not await; pass a plain function"
    )))
}
