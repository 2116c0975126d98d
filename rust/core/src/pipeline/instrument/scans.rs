//! The simulated instrument as a source.

use std::time::Duration;

use super::SimulatedInstrument;
use crate::batch::Batch;
use crate::error::Error;
use crate::pipeline::clock::nanoseconds;
use crate::pipeline::{Failure, Source};

/// Reads a fixed number of scans at a time, when the last of them is due.
#[derive(Debug)]
pub struct Scans {
    instrument: SimulatedInstrument,
    at_a_time: usize,
    start_ns: i64,
    /// The number of the next scan.
    next: u64,
    /// The end of the run, exclusive, in nanoseconds since the start.
    end_ns: Option<u64>,
}

impl Scans {
    /// Creates a source that reads at most `at_a_time` scans at a time.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if `at_a_time` is 0.
    pub fn new(instrument: SimulatedInstrument, at_a_time: usize) -> Result<Self, Error> {
        if at_a_time == 0 {
            let wanted = "the number of scans per read, at least 1";
            return Err(Error::Refused(format!("scans_per_read must be {wanted}, got 0")));
        }
        Ok(Self { instrument, at_a_time, start_ns: 0, next: 0, end_ns: None })
    }

    fn due_ns_of(&self, scan: u64) -> Result<u64, Error> {
        Ok(self.instrument.schedule.time(scan)?.unsigned_abs())
    }

    /// Returns the number of scans in the next batch, so that no scan is due after the end; 1 if none are left.
    fn count(&self) -> usize {
        let last = self.next + (self.at_a_time as u64 - 1);
        let end_ns = self.end_ns.unwrap_or(u64::MAX);
        // Scans beyond the range of the clock do not exist, but earlier ones may.
        if self.due_ns_of(last).is_ok_and(|due_ns| due_ns < end_ns) {
            return self.at_a_time;
        }
        let (mut wanted, mut unwanted) = (0, self.at_a_time as u64);
        while wanted < unwanted {
            let middle = wanted + (unwanted - wanted) / 2;
            if self.due_ns_of(self.next + middle).is_ok_and(|due_ns| due_ns < end_ns) {
                wanted = middle + 1;
            } else {
                unwanted = middle;
            }
        }
        usize::try_from(wanted).unwrap_or(self.at_a_time).max(1)
    }
}

impl Source for Scans {
    fn begin(&mut self, start_ns: i64, duration: Option<Duration>) -> Result<(), Failure> {
        (self.start_ns, self.end_ns) = (start_ns, duration.map(nanoseconds));
        Ok(())
    }

    fn due_ns(&self) -> Result<Option<u64>, Failure> {
        let last = self.next + (self.count() as u64 - 1);
        Ok(Some(self.due_ns_of(last)?))
    }

    fn read(&mut self) -> Result<Option<Batch>, Failure> {
        let count = self.count();
        let batch = self.instrument.batch(self.start_ns, self.next, count)?;
        self.next += count as u64;
        Ok(Some(batch))
    }
}
