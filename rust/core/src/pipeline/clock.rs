//! The time of one acquisition, on a clock that no one sets.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::schedule::Schedule;

/// The rates whose periods nanoseconds tell, in hertz.
const SLOWEST: f64 = 1e-9;
const FASTEST: f64 = 1e9;

/// What has passed since an acquisition began.
#[derive(Debug, Default)]
pub struct Clock(OnceLock<Instant>);

impl Clock {
    /// Begins, if it has not yet.
    pub fn begin(&self) {
        self.0.get_or_init(Instant::now);
    }

    /// What has passed since the beginning; nothing before it.
    pub fn passed(&self) -> Duration {
        self.0.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// The same in nanoseconds, of which 584 years fit.
    pub fn passed_ns(&self) -> u64 {
        nanoseconds(self.passed())
    }

    /// Sleeps until so many nanoseconds have passed, or `stop` is set by somebody who unparks the thread.
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

/// When things at a rate are due, in nanoseconds since the beginning.
///
/// # Errors
///
/// [`Error::Refused`] for a rate that is none, or a period that nanoseconds do not tell.
pub fn paced(rate: f64) -> Result<Schedule, Error> {
    let schedule = Schedule::new(0, rate)?;
    if (SLOWEST..=FASTEST).contains(&rate) {
        Ok(schedule)
    } else {
        Err(Error::Refused(format!(
            "rate is {rate}; pass hertz from 1e-9 to 1e9: deadlines are counted in nanoseconds"
        )))
    }
}

/// A duration in nanoseconds, of which 584 years fit.
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
