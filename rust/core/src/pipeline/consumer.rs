//! The thread that processes waiting batches and passes them to the sinks.

use super::queue::Waiting;
use super::shared::{Shared, catch_panic};
use super::{Failure, Sink, Stage, Work};
use crate::error::Error;
use crate::process::Output;

/// Processes the batches of the queue.
pub struct Consumer {
    pub stages: Vec<Box<dyn Stage>>,
    pub sinks: Vec<Box<dyn Sink>>,
}

impl Consumer {
    /// Resets the stages before a run.
    pub fn reset(&mut self) -> Result<(), Failure> {
        self.stages.iter_mut().try_for_each(|stage| stage.reset())
    }

    /// Works until the queue is finished.
    pub fn run(&mut self, shared: &Shared) -> Result<(), Failure> {
        while let Some(Waiting { batch, due_ns }) = shared.queue.pop() {
            let rows = batch.len();
            match catch_panic(|| self.consume(Output::Batch(batch), shared)) {
                Ok(true) => {
                    let response_ns = shared.clock.passed_ns().saturating_sub(due_ns);
                    shared.responses.record(response_ns, rows);
                    shared.queue.processed(rows);
                }
                Ok(false) => shared.queue.failed(rows),
                Err(failure) => {
                    shared.queue.failed(rows);
                    return Err(failure);
                }
            }
        }
        Ok(())
    }

    /// Processes a batch; returns whether all sinks and the loop received it, which may be false in an abandoned run.
    fn consume(&mut self, mut output: Output, shared: &Shared) -> Result<bool, Failure> {
        for (index, stage) in self.stages.iter_mut().enumerate() {
            let Output::Batch(batch) = &output else { return Err(Error::spectra_end().into()) };
            output = shared.consuming.during(Work::Process, index, || stage.apply(batch))?;
        }
        let mut sinks = self.sinks.iter_mut().enumerate();
        sinks.try_for_each(|(index, sink)| {
            shared.consuming.during(Work::Write, index, || sink.write(&output))
        })?;
        if !shared.handover.is_read() {
            shared.newest.add(output);
            return Ok(true);
        }
        shared.newest.add(output.clone());
        Ok(shared.consuming.during(Work::HandOver, 0, || shared.handover.offer(output)))
    }

    /// Closes every sink, even if others fail.
    pub fn close(&mut self, shared: &Shared) -> Vec<Failure> {
        let close = |(index, sink): (usize, &mut Box<dyn Sink>)| {
            shared.consuming.during(Work::Close, index, || catch_panic(|| sink.close())).err()
        };
        self.sinks.iter_mut().enumerate().filter_map(close).collect()
    }
}
