//! What an acquisition says of itself.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::error::Error;
use crate::word::words;

/// Points, each of them counted once: produced is processed, dropped, abandoned and queued together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// What the source gave.
    pub produced: u64,
    /// What went through all stages and into all sinks.
    pub processed: u64,
    /// What was lost because the queue was full.
    pub dropped: u64,
    /// What was given up after an error or a stop.
    pub abandoned: u64,
    /// What waits, to get into the queue too, or is being processed; nothing once the run is over.
    pub queued: u64,
    /// What reached the queue after the next batch was due.
    pub late: u64,
    /// The most that was queued at a time.
    pub high_water: u64,
}

impl Counts {
    /// Counts points that were queued as something else.
    pub(super) fn settle(&mut self, points: usize, becomes: impl FnOnce(&mut Self) -> &mut u64) {
        self.queued -= points as u64;
        *becomes(self) += points as u64;
    }
}

/// Why a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Its time was over.
    Duration,
    /// The source had no more.
    Source,
    /// Somebody stopped it.
    Stopped,
    /// The source, a stage or a sink failed.
    Failed,
}

words!(
    Ended,
    "ended",
    "'duration', 'source', 'stopped' or 'failed'",
    Duration = "duration",
    Source = "source",
    Stopped = "stopped",
    Failed = "failed"
);

/// What a run did, so far or in the end.
#[derive(Debug, Clone)]
pub struct Report {
    /// The points.
    pub counts: Counts,
    /// From the beginning to the moment at which the sinks were closed, or to now.
    pub elapsed: Duration,
    /// The processor time of both threads together, once they are done.
    pub cpu: Option<Duration>,
    /// Why the run is over, once it is.
    pub ended: Option<Ended>,
    pub(super) responses: Arc<Histogram<u64>>,
}

impl Report {
    /// A report of these numbers; `responses` are response times in nanoseconds and how many points had each.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when more points have a response time than a report counts.
    pub fn of_numbers(
        counts: Counts,
        elapsed: Duration,
        cpu: Option<Duration>,
        ended: Option<Ended>,
        responses: &[(u64, u64)],
    ) -> Result<Self, Error> {
        let too_many = || {
            let problem =
                "the report has more response times than processed points; pass what a report gave";
            Error::Refused(problem.to_owned())
        };
        let mut histogram = histogram();
        let mut total = 0_u64;
        for &(response_ns, points) in responses {
            total = total.checked_add(points).ok_or_else(too_many)?;
            histogram.saturating_record_n(response_ns, points);
        }
        if total > counts.processed {
            return Err(too_many());
        }
        Ok(Self { counts, elapsed, cpu, ended, responses: Arc::new(histogram) })
    }

    /// The response times in nanoseconds, kept to three digits, and how many points had each.
    #[must_use]
    pub fn responses(&self) -> Vec<(u64, u64)> {
        let recorded = self.responses.iter_recorded();
        recorded.map(|found| (found.value_iterated_to(), found.count_at_value())).collect()
    }

    /// Processed points a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)] // 2^53 points are never reached
        let processed = self.counts.processed as f64;
        if self.elapsed.is_zero() { 0.0 } else { processed / self.elapsed.as_secs_f64() }
    }

    /// The response time in nanoseconds that this share of the processed points did not exceed; `None` without any.
    ///
    /// It counts from the moment at which a point's batch was due to the moment at which the last sink had it, and is
    /// kept to three digits.
    #[must_use]
    pub fn response_ns(&self, share: f64) -> Option<u64> {
        let known = !self.responses.is_empty();
        known.then(|| self.responses.value_at_quantile(share.clamp(0.0, 1.0)))
    }
}

/// Response times as they come, read while they come.
#[derive(Debug)]
pub struct Responses(Mutex<Histogram<u64>>);

/// Three digits of each response time are kept.
const DIGITS: u8 = 3;
const HOUR_NS: u64 = 3_600_000_000_000;

impl Default for Responses {
    fn default() -> Self {
        Self(Mutex::new(histogram()))
    }
}

/// A histogram without a response time.
fn histogram() -> Histogram<u64> {
    // The bounds are constants that the histogram takes; what is larger counts as an hour.
    #[allow(clippy::expect_used)]
    Histogram::new_with_bounds(1, HOUR_NS, DIGITS).expect("bounds in order")
}

impl Responses {
    pub fn record(&self, response_ns: u64, points: usize) {
        let mut histogram = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        histogram.saturating_record_n(response_ns, points as u64);
    }

    pub fn taken(&self) -> Arc<Histogram<u64>> {
        Arc::new(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}
