//! A run of a pipeline.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;

use super::Failure;
use super::acquisition::{Acquisition, Around};
use super::consumer::Consumer;
use super::handover::Handover;
use super::newest::Newest;
use super::queue::Queue;
use super::reader::Reader;
use super::report::{Counts, Report};
use super::shared::{Shared, catch_panic};
use super::work::{Present, Work};
use crate::error::Error;
use crate::process::Output;

/// A started run.
#[derive(Debug)]
pub struct Run {
    shared: Arc<Shared>,
    ids: [ThreadId; 2],
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Acquisition {
    /// Resets the stages and starts both threads.
    ///
    /// # Errors
    ///
    /// The error of a stage's reset, and [`Error::Thread`] if no thread can be started.
    pub fn start(self) -> Result<Run, Failure> {
        let Self { capacity, on_full, around, .. } = self;
        let mut consumer = Consumer { stages: self.stages, sinks: self.sinks };
        consumer.reset()?;
        let queue = Queue::new(capacity, on_full);
        let shared =
            Arc::new(Shared::new(queue, Handover::new(self.read), Newest::new(self.newest)));
        let mut reader = Reader::new(self.source, self.duration);
        let reading = move |shared: &Shared| {
            // Set before the first batch, because a consumer that fails must be able to wake the reader.
            shared.reader.get_or_init(thread::current);
            let ended = catch_panic(|| reader.run(shared));
            let closed = catch_panic(|| reader.close(shared));
            shared.source_ended(ended, closed.err());
        };
        let consuming = move |shared: &Shared| {
            if let Err(failure) = consumer.run(shared) {
                shared.failed(failure);
            }
            let closed = catch_panic(|| Ok(consumer.close(shared)));
            shared.closed(closed.unwrap_or_else(|failure| vec![failure]));
        };
        let consumer = spawn("rust-daq-consumer", &shared, around, consuming)?;
        let reader = spawn("rust-daq-source", &shared, around, reading).inspect_err(|_| {
            // Otherwise the consumer would wait for ever.
            shared.queue.finish();
        })?;
        shared.reader.get_or_init(|| reader.thread().clone());
        let ids = [reader.thread().id(), consumer.thread().id()];
        Ok(Run { shared, ids, threads: Mutex::new(vec![reader, consumer]) })
    }
}

impl Run {
    /// Stops the source. Waiting batches are processed with `drain`, or else abandoned. Returns at once.
    pub fn stop(&self, drain: bool) {
        self.shared.stop_source();
        if !drain {
            self.shared.queue.abandon();
            self.shared.handover.abandon();
        }
    }

    /// Returns the handover of processed batches to a loop outside the run.
    #[must_use]
    pub fn handover(&self) -> &Handover {
        &self.shared.handover
    }

    /// Returns at most `points` of the newest processed points, or frames of spectra; from now on, as many are kept.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn latest(&self, points: usize) -> Result<Output, Error> {
        self.shared.newest.joined(points)
    }

    /// Whether the caller is one of the run's own threads, which cannot wait for its end.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        self.ids.contains(&thread::current().id())
    }

    /// Returns the pending calls into parts of the pipeline, each with the index of its part.
    #[must_use]
    pub fn work(&self) -> Vec<(Work, usize)> {
        [&self.shared.reading, &self.shared.consuming]
            .into_iter()
            .filter_map(Present::get)
            .collect()
    }

    /// Waits until the run is over, for at most `longest`; returns whether it is over. Its threads have then ended.
    ///
    /// In one of the run's own threads, returns false at once.
    pub fn wait(&self, longest: Option<Duration>) -> bool {
        if self.is_inside() {
            return false;
        }
        let deadline = longest.and_then(|longest| Instant::now().checked_add(longest));
        let mut end = self.shared.end();
        while end.elapsed.is_none() {
            end = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
            {
                Some(Duration::ZERO) => return false,
                Some(left) => {
                    let woken = self.shared.over.wait_timeout(end, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.shared.over.wait(end).unwrap_or_else(PoisonError::into_inner),
            };
        }
        drop(end);
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A panic is already among the failures.
            let _ = thread.join();
        }
        true
    }

    /// Returns the counts, during the run or at its end.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.queue.counts()
    }

    /// Returns counts and times, during the run or at its end.
    #[must_use]
    pub fn report(&self) -> Report {
        let end = self.shared.end();
        Report {
            counts: self.counts(),
            elapsed: end.elapsed.unwrap_or_else(|| self.shared.clock.passed()),
            cpu: end.elapsed.map(|_| end.cpu),
            ended: end.elapsed.and(end.reason),
            responses: self.shared.responses.taken(),
        }
    }

    /// Visits each failure that was not taken yet.
    pub fn each_failure(&self, look: impl FnMut(&Failure)) {
        self.shared.end().failures.iter().for_each(look);
    }

    /// Takes the failures, the cause first.
    #[must_use]
    pub fn take_failures(&self) -> Vec<Failure> {
        std::mem::take(&mut self.shared.end().failures)
    }
}

impl Drop for Run {
    /// Stops the run, because no later call can. Does not wait for its threads, which could take for ever.
    fn drop(&mut self) {
        self.stop(false);
    }
}

/// Runs the work on a new thread, and measures its CPU time.
fn spawn(
    name: &str,
    shared: &Arc<Shared>,
    around: Around,
    work: impl FnOnce(&Shared) + Send + 'static,
) -> Result<JoinHandle<()>, Error> {
    let shared = Arc::clone(shared);
    let timed = move || {
        let cpu = ThreadTime::now();
        let mut work = Some(work);
        around(&mut || {
            if let Some(work) = work.take() {
                work(&shared);
            }
        });
        shared.done(cpu.elapsed());
    };
    let failed = |error: std::io::Error| Error::Thread { reason: error.to_string() };
    thread::Builder::new().name(name.to_owned()).spawn(timed).map_err(failed)
}
