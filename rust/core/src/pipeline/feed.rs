//! A function as a source.

use std::time::Duration;

use super::clock::schedule_deadlines;
use super::{Failure, Source};
use crate::batch::Batch;
use crate::error::Error;
use crate::schedule::Schedule;

/// Batches returned by a function, at a rate or as fast as it returns.
pub struct Feed<F> {
    read: F,
    close: Option<Box<dyn FnMut() -> Result<(), Failure> + Send>>,
    schedule: Option<Schedule>,
    /// The number of rows read; an empty read counts as one row, to advance the deadline.
    rows: u64,
}

impl<F> Feed<F>
where
    F: FnMut() -> Result<Option<Batch>, Failure> + Send,
{
    /// Creates a source with `rate` rows per second (hertz): each call is made when its first row is due. After an
    /// empty batch, the next call is made one period later.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] for a rate outside the range of deadlines.
    pub fn new(read: F, rate: Option<f64>) -> Result<Self, Error> {
        let schedule = rate.map(schedule_deadlines).transpose()?;
        Ok(Self { read, close: None, schedule, rows: 0 })
    }

    /// Adds a function that closes the source at the end.
    #[must_use]
    pub fn closed_by(self, close: impl FnMut() -> Result<(), Failure> + Send + 'static) -> Self {
        Self { close: Some(Box::new(close)), ..self }
    }
}

impl<F> Source for Feed<F>
where
    F: FnMut() -> Result<Option<Batch>, Failure> + Send,
{
    fn begin(&mut self, _start_ns: i64, _duration: Option<Duration>) -> Result<(), Failure> {
        Ok(())
    }

    fn due_ns(&self) -> Result<Option<u64>, Failure> {
        let due = self.schedule.map(|schedule| schedule.time(self.rows)).transpose()?;
        Ok(due.map(i64::unsigned_abs))
    }

    fn read(&mut self) -> Result<Option<Batch>, Failure> {
        let batch = (self.read)()?;
        self.rows += batch.as_ref().map_or(0, |batch| batch.len().max(1)) as u64;
        Ok(batch)
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.close.as_mut().map_or(Ok(()), |close| close())
    }
}
