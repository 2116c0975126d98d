//! Work that is burnt on purpose, in builds with the feature `burn` alone: a known slowdown that a regression gate has to
//! find. In any other build `burn` is nothing.

#[cfg(feature = "burn")]
use std::hint::black_box;
#[cfg(feature = "burn")]
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[cfg(feature = "burn")]
static STEPS: AtomicU32 = AtomicU32::new(64);

/// Takes so many steps as `_burn` has set, each of which needs the one before it; some, if nobody has.
#[inline]
pub fn burn() {
    #[cfg(feature = "burn")]
    {
        let steps = STEPS.load(Relaxed);
        let mut state = steps;
        for step in 0..steps {
            state = state.rotate_left(5) ^ step;
        }
        black_box(state);
    }
}

/// Sets how many steps the operations that burn take from now on: constructing a point, the methods of a channel, and
/// `process_values`.
#[cfg(feature = "burn")]
#[pyo3::pyfunction]
#[pyo3(name = "_burn")]
pub fn set_steps(steps: u32) {
    STEPS.store(steps, Relaxed);
}
