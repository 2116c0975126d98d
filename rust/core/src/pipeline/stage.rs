//! What a front end puts into a pipeline. An error of any method is what the part says; it ends the acquisition.

#![allow(clippy::missing_errors_doc, reason = "said above, once for all")]

use std::time::Duration;

use super::Failure;
use crate::batch::Batch;
use crate::process::{Output, Process};

/// Where batches come from.
pub trait Source: Send {
    /// Told once, before all else: the wall clock at the beginning, and how long batches are wanted.
    fn begin(&mut self, start_ns: i64, duration: Option<Duration>) -> Result<(), Failure>;

    /// When the next batch is due, in nanoseconds since the beginning; `None` from a source that paces itself.
    fn due_ns(&self) -> Result<Option<u64>, Failure>;

    /// The next batch, or `None` when there is no more.
    fn read(&mut self) -> Result<Option<Batch>, Failure>;

    /// Releases what the source holds; called once, by the thread that read it, however the reading ends.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// A step that each batch goes through; [`Process`] is the one that this crate brings.
pub trait Stage: Send {
    /// What becomes of a batch.
    fn apply(&mut self, batch: &Batch) -> Result<Output, Failure>;

    /// Forgets all that came; called before the first batch, and with an error the acquisition does not begin.
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

/// Where the processed data go.
pub trait Sink: Send {
    /// Takes what the last step made.
    fn write(&mut self, output: &Output) -> Result<(), Failure>;

    /// Finishes what was written; called once, however the acquisition ends.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}
