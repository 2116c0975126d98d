//! Deliberate extra work, only in builds with the feature `burn`: a known slowdown that a regression gate must
//! detect. In other builds, `burn` does nothing.

#[cfg(feature = "burn")]
use std::hint::black_box;
#[cfg(feature = "burn")]
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[cfg(feature = "burn")]
static STEPS: AtomicU32 = AtomicU32::new(64);

/// Takes the number of dependent steps set by `_burn`, or a default number.
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

/// Sets the number of extra steps for constructing a point, for the methods of a channel, and for
/// `process_values`.
#[cfg(feature = "burn")]
#[pyo3::pyfunction]
#[pyo3(name = "_burn")]
pub fn set_steps(steps: u32) {
    STEPS.store(steps, Relaxed);
}
