//! The interfaces of the parts of a pipeline. An error of any method ends the acquisition and is reported.

#![allow(clippy::missing_errors_doc, reason = "said above, once for all")]

use std::time::Duration;

use super::Failure;
use crate::batch::Batch;
use crate::process::{Output, Process};

/// The source of batches.
pub trait Source: Send {
    /// Called once, before all other methods, with the wall clock at the start and the duration of the run.
    fn begin(&mut self, start_ns: i64, duration: Option<Duration>) -> Result<(), Failure>;

    /// Returns when the next batch is due, in nanoseconds since the start; `None` for a source that paces itself.
    fn due_ns(&self) -> Result<Option<u64>, Failure>;

    /// Returns the next batch, or `None` at the end.
    fn read(&mut self) -> Result<Option<Batch>, Failure>;

    /// Releases resources; called exactly once, by the thread that read the source.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// A processing step for each batch; processors of this crate implement [`Process`].
pub trait Stage: Send {
    /// Processes a batch.
    fn apply(&mut self, batch: &Batch) -> Result<Output, Failure>;

    /// Forgets all earlier batches; called before the first batch. After an error, the acquisition does not start.
    fn reset(&mut self) -> Result<(), Failure>;
}

impl<P: Process> Stage for P {
    fn apply(&mut self, batch: &Batch) -> Result<Output, Failure> {
        Ok(self.process(batch)?)
    }

    fn reset(&mut self) -> Result<(), Failure> {
        Process::reset(self);
        Ok(())
    }
}

/// A receiver of processed data.
pub trait Sink: Send {
    /// Writes an output of the last stage.
    fn write(&mut self, output: &Output) -> Result<(), Failure>;

    /// Finishes the written data; called exactly once.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}
