//! A value behind a lock that survives forks and panics.
//!
//! Two rules make the lock safe. No Python code runs while it is held, so its holder never waits for another thread.
//! Before a forked child waits for the lock, it checks whether a thread of the parent held it at the fork.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;

/// The number of forks from the first process to this one.
static FORKS: AtomicU64 = AtomicU64::new(0);

/// How often a child tries a lock, once per millisecond, in case one of the child's threads holds it.
const ATTEMPTS: usize = 20;

/// Counts a fork; called in the child before any other Python code.
#[pyfunction]
fn count_fork() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// Registers the counter of forks, on systems that have forks.
pub fn watch_forks(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let Some(register) = py.import("os")?.getattr_opt("register_at_fork")? else { return Ok(()) };
    let called = PyDict::new(py);
    called.set_item("after_in_child", wrap_pyfunction!(count_fork, module)?)?;
    register.call((), Some(&called)).map(drop)
}

/// Why a value is not available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// A thread of the parent process held the lock at the fork.
    Forked,
    /// A thread panicked while it held the lock.
    Broken,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Forked => {
                "the object was in use by another thread when the process was forked, so the child does not know its \
                 state; create a new one in the child"
            }
            Self::Broken => {
                "an earlier call panicked while it used the object, so the state of the object is unknown; create \
                 a new one"
            }
        })
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for PyErr {
    fn from(refused: Refused) -> Self {
        PyRuntimeError::new_err(refused.to_string())
    }
}

/// A value behind a lock.
pub struct Guarded<T> {
    value: Mutex<T>,
    /// The number of forks when no thread of another process was last known to hold the lock.
    forks: AtomicU64,
    /// Makes the value usable again after a panic; without it, the value stays unavailable.
    heal: Option<fn(&mut T)>,
}

impl<T: Send> Guarded<T> {
    pub fn new(value: T, heal: Option<fn(&mut T)>) -> Self {
        let forks = AtomicU64::new(FORKS.load(Ordering::Relaxed));
        Self { value: Mutex::new(value), forks, heal }
    }

    /// Waits for the lock; other Python threads run during the wait.
    pub fn lock(&self, py: Python<'_>) -> Result<MutexGuard<'_, T>, Refused> {
        self.check_fork()?;
        self.recover(self.value.lock_py_attached(py))
    }

    /// Waits for the lock in a thread that is not attached to Python.
    pub fn lock_detached(&self) -> Result<MutexGuard<'_, T>, Refused> {
        self.check_fork()?;
        self.recover(self.value.lock())
    }

    /// Works with the value without the GIL, while other Python threads run.
    pub fn detached<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut T) -> R + Send,
    ) -> Result<R, Refused> {
        py.detach(|| self.lock_detached().map(|mut value| work(&mut value)))
    }

    fn recover<'a>(
        &'a self,
        locked: Result<MutexGuard<'a, T>, PoisonError<MutexGuard<'a, T>>>,
    ) -> Result<MutexGuard<'a, T>, Refused> {
        locked.or_else(|poisoned| {
            let heal = self.heal.ok_or(Refused::Broken)?;
            let mut value = poisoned.into_inner();
            heal(&mut value);
            self.value.clear_poison();
            Ok(value)
        })
    }

    /// In a forked child, checks that the lock is not held by a thread of the parent.
    fn check_fork(&self) -> Result<(), Refused> {
        let now = FORKS.load(Ordering::Relaxed);
        for _ in 0..ATTEMPTS {
            if self.forks.load(Ordering::Acquire) == now {
                return Ok(());
            }
            if let Err(TryLockError::WouldBlock) = self.value.try_lock() {
                thread::sleep(Duration::from_millis(1));
            } else {
                self.forks.store(now, Ordering::Release);
            }
        }
        Err(Refused::Forked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_resets_what_can_be_reset_and_closes_the_rest() {
        for (heal, expected) in
            [(Some((|value| *value = 0) as fn(&mut i32)), Ok(0)), (None, Err(Refused::Broken))]
        {
            let guarded = Guarded::new(1, heal);
            let panicked = thread::scope(|scope| {
                let work = || {
                    let _held = guarded.lock_detached();
                    std::panic::resume_unwind(Box::new("a defect"));
                };
                scope.spawn(work).join()
            });
            assert!(panicked.is_err());
            assert_eq!(guarded.lock_detached().map(|value| *value), expected);
        }
    }

    #[test]
    fn a_child_takes_a_free_lock_over_and_refuses_one_that_is_held() {
        let guarded = Guarded::new(1, None);
        guarded.forks.store(u64::MAX, Ordering::Relaxed);
        assert!(guarded.lock_detached().is_ok());
        let held = guarded.lock_detached();
        guarded.forks.store(u64::MAX, Ordering::Relaxed);
        assert_eq!(guarded.lock_detached().map(|value| *value), Err(Refused::Forked));
        drop(held);
        assert!(guarded.lock_detached().is_ok());
    }
}
