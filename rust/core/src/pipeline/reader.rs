//! The thread that reads the source.

use std::collections::HashMap;
use std::time::Duration;

use super::clock::nanoseconds;
use super::shared::Shared;
use super::{Ended, Failure, Source, Work};
use crate::batch::Batch;
use crate::clock::now_ns;

/// The pause after an empty read of an unpaced source.
const NOTHING_NS: u64 = 1_000_000;

/// Reads the source at its deadlines.
pub struct Reader {
    source: Box<dyn Source>,
    duration: Option<Duration>,
    /// The number of the next sample of each name.
    next: HashMap<String, u64>,
}

impl Reader {
    pub fn new(source: Box<dyn Source>, duration: Option<Duration>) -> Self {
        Self { source, duration, next: HashMap::new() }
    }

    /// Reads until the duration is over, the source ends or the run is stopped.
    pub fn run(&mut self, shared: &Shared) -> Result<Ended, Failure> {
        shared.clock.begin();
        self.source.begin(now_ns(), self.duration)?;
        let end_ns = self.duration.map_or(u64::MAX, nanoseconds);
        loop {
            let due_ns = self.source.due_ns()?;
            if due_ns.unwrap_or_else(|| shared.clock.passed_ns()) >= end_ns {
                shared.clock.wait_until(end_ns, &shared.stop);
                return Ok(Ended::Duration);
            }
            shared.clock.wait_until(due_ns.unwrap_or(0), &shared.stop);
            if shared.stopped() {
                return Ok(Ended::Stopped);
            }
            let source = &mut self.source;
            let read = shared.reading.during(Work::Read, 0, || source.read())?;
            let Some(batch) = read else { return Ok(Ended::Source) };
            if batch.is_empty() {
                let now_ns = shared.clock.passed_ns();
                if now_ns >= end_ns {
                    return Ok(Ended::Duration);
                }
                if due_ns.is_none() {
                    shared.clock.wait_until(end_ns.min(now_ns + NOTHING_NS), &shared.stop);
                }
                continue;
            }
            let batch = self.number_samples(batch);
            let now_ns = shared.clock.passed_ns();
            let late = due_ns.is_some() && self.source.due_ns()?.is_some_and(|next| now_ns > next);
            if !shared.queue.push(batch, due_ns.unwrap_or(now_ns), late)? {
                return Ok(Ended::Stopped);
            }
        }
    }

    /// Closes the source.
    pub fn close(&mut self, shared: &Shared) -> Result<(), Failure> {
        shared.reading.during(Work::CloseSource, 0, || self.source.close())
    }

    /// Numbers the samples of each name consecutively, unless the source has numbered them.
    fn number_samples(&mut self, batch: Batch) -> Batch {
        if batch.first_sequences().is_some() {
            return batch;
        }
        let first = |name: &str| self.next.get(name).copied().unwrap_or(0);
        let numbers: Vec<_> =
            batch.channels().iter().map(|channel| first(channel.name())).collect();
        let numbered = batch.with_first_sequences(Some(&first));
        for ((channel, rows), first) in
            batch.channels().iter().zip(batch.rows_of_names()).zip(numbers)
        {
            // Two channels of one name give the same result.
            let after = first + rows as u64;
            match self.next.get_mut(channel.name()) {
                Some(next) => *next = after,
                None => drop(self.next.insert(channel.name().to_owned(), after)),
            }
        }
        numbered
    }
}
