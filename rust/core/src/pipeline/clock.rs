//! The time of an acquisition, on a monotonic clock.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::schedule::Schedule;

/// The rates whose periods can be counted in nanoseconds, in hertz.
const SLOWEST: f64 = 1e-9;
const FASTEST: f64 = 1e9;

/// The time since an acquisition began.
#[derive(Debug, Default)]
pub struct Clock(OnceLock<Instant>);

impl Clock {
    /// Starts the clock, unless it was started before.
    pub fn begin(&self) {
        self.0.get_or_init(Instant::now);
    }

    /// Returns the time since the start; zero before it.
    pub fn passed(&self) -> Duration {
        self.0.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// Returns the time in nanoseconds, for up to 584 years.
    pub fn passed_ns(&self) -> u64 {
        nanoseconds(self.passed())
    }

    /// Sleeps until `due_ns` nanoseconds have passed, or until another thread sets `stop` and unparks this one.
    pub fn wait_until(&self, due_ns: u64, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let left = due_ns.saturating_sub(self.passed_ns());
            if left == 0 {
                return;
            }
            thread::park_timeout(Duration::from_nanos(left));
        }
    }
}

/// Creates the schedule of deadlines at a rate, in nanoseconds since the start.
///
/// # Errors
///
/// [`Error::Refused`] for an invalid rate, or a period that cannot be counted in nanoseconds.
pub fn schedule_deadlines(rate: f64) -> Result<Schedule, Error> {
    let schedule = Schedule::new(0, rate)?;
    if (SLOWEST..=FASTEST).contains(&rate) {
        Ok(schedule)
    } else {
        Err(Error::Refused(format!(
            "rate must be from 1e-9 to 1e9 hertz, because deadlines are counted in nanoseconds, got {rate}"
        )))
    }
}

/// Converts a duration to nanoseconds, for up to 584 years.
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
