//! The counts and times of an acquisition.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::error::Error;
use crate::word::words;

/// Numbers of points, each point counted once: produced is the sum of processed, dropped, abandoned and queued.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Points from the source.
    pub produced: u64,
    /// Points that went through all stages and into all sinks.
    pub processed: u64,
    /// Points lost because the queue was full.
    pub dropped: u64,
    /// Points abandoned after an error or a stop.
    pub abandoned: u64,
    /// Points that wait for the queue or in it, or are being processed; 0 after the run.
    pub queued: u64,
    /// Points that reached the queue after the next batch was due.
    pub late: u64,
    /// The most points queued at the same time.
    pub high_water: u64,
}

impl Counts {
    /// Moves points from queued to another count.
    pub(super) fn settle(&mut self, points: usize, becomes: impl FnOnce(&mut Self) -> &mut u64) {
        self.queued -= points as u64;
        *becomes(self) += points as u64;
    }
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The duration was over.
    Duration,
    /// The source ended.
    Source,
    /// The run was stopped.
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

/// The counts and times of a run, during the run or at its end.
#[derive(Debug, Clone)]
pub struct Report {
    /// The numbers of points.
    pub counts: Counts,
    /// The time from the start until the sinks were closed, or until now.
    pub elapsed: Duration,
    /// The CPU time of both threads together, once they have ended.
    pub cpu: Option<Duration>,
    /// Why the run ended, once it has.
    pub ended: Option<Ended>,
    pub(super) responses: Arc<Histogram<u64>>,
}

impl Report {
    /// Creates a report; `responses` are response times in nanoseconds with their numbers of points.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if more points have a response time than were processed.
    pub fn of_numbers(
        counts: Counts,
        elapsed: Duration,
        cpu: Option<Duration>,
        ended: Option<Ended>,
        responses: &[(u64, u64)],
    ) -> Result<Self, Error> {
        let too_many = || {
            let problem = "the report has more response times than processed points; pass the numbers of a report";
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

    /// The response times in nanoseconds, to three digits, with their numbers of points.
    #[must_use]
    pub fn responses(&self) -> Vec<(u64, u64)> {
        let recorded = self.responses.iter_recorded();
        recorded.map(|found| (found.value_iterated_to(), found.count_at_value())).collect()
    }

    /// Processed points per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)] // 2^53 points are never reached
        let processed = self.counts.processed as f64;
        if self.elapsed.is_zero() { 0.0 } else { processed / self.elapsed.as_secs_f64() }
    }

    /// Returns the response time in nanoseconds that this share of the processed points did not exceed.
    ///
    /// A response time is the time from when a point's batch is due until the last sink has received it, to three
    /// digits.
    #[must_use]
    pub fn response_ns(&self, share: f64) -> Option<u64> {
        let known = !self.responses.is_empty();
        known.then(|| self.responses.value_at_quantile(share.clamp(0.0, 1.0)))
    }
}

/// A histogram of response times that can be read during the run.
#[derive(Debug)]
pub struct Responses(Mutex<Histogram<u64>>);

/// The number of digits kept of each response time.
const DIGITS: u8 = 3;
const HOUR_NS: u64 = 3_600_000_000_000;

impl Default for Responses {
    fn default() -> Self {
        Self(Mutex::new(histogram()))
    }
}

/// Creates an empty histogram.
fn histogram() -> Histogram<u64> {
    // The bounds are valid constants; larger values count as an hour.
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
