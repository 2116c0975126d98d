//! The state shared by both threads of a run and its callers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use super::Failure;
use super::clock::Clock;
use super::handover::Handover;
use super::newest::Newest;
use super::queue::Queue;
use super::report::{Ended, Responses};
use super::work::Present;
use crate::error::Error;

/// The reader and the consumer.
const THREADS: usize = 2;

/// The state shared by both threads and their callers.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) queue: Queue,
    pub(super) handover: Handover,
    pub(super) newest: Newest,
    pub(super) responses: Responses,
    pub(super) clock: Clock,
    /// Whether the source should stop.
    pub(super) stop: AtomicBool,
    /// The thread that reads the source, which may sleep until its next deadline.
    pub(super) reader: OnceLock<Thread>,
    /// The current call of each thread.
    pub(super) reading: Present,
    pub(super) consuming: Present,
    end: Mutex<End>,
    pub(super) over: Condvar,
}

/// The results of the run.
#[derive(Debug, Default)]
pub(super) struct End {
    pub(super) reason: Option<Ended>,
    pub(super) failures: Vec<Failure>,
    /// The number of finished threads, and their CPU time.
    threads_done: usize,
    pub(super) cpu: Duration,
    /// The time until the sinks were closed.
    pub(super) elapsed: Option<Duration>,
}

impl Shared {
    pub(super) fn new(queue: Queue, handover: Handover, newest: Newest) -> Self {
        Self {
            queue,
            handover,
            newest,
            responses: Responses::default(),
            clock: Clock::default(),
            stop: AtomicBool::new(false),
            reader: OnceLock::new(),
            reading: Present::default(),
            consuming: Present::default(),
            end: Mutex::default(),
            over: Condvar::new(),
        }
    }

    pub(super) fn end(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Stops the source, and wakes its thread.
    pub(super) fn stop_source(&self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.get() {
            reader.unpark();
        }
    }

    /// Records the end of the source. Batches that arrived before are still processed.
    pub(super) fn source_ended(&self, ended: Result<Ended, Failure>, unclosed: Option<Failure>) {
        let mut end = self.end();
        match ended {
            Ok(reason) => drop(end.reason.get_or_insert(reason)),
            Err(failure) => {
                end.reason.get_or_insert(Ended::Failed);
                end.failures.push(failure);
            }
        }
        if let Some(failure) = unclosed {
            end.reason = Some(Ended::Failed);
            end.failures.push(failure);
        }
        drop(end);
        self.queue.finish();
    }

    pub(super) fn failed(&self, failure: Failure) {
        let mut end = self.end();
        end.reason = Some(Ended::Failed);
        end.failures.push(failure);
        drop(end);
        self.stop_source();
        self.queue.abandon();
        self.handover.abandon();
    }

    pub(super) fn closed(&self, failures: Vec<Failure>) {
        let mut end = self.end();
        if !failures.is_empty() {
            end.reason = Some(Ended::Failed);
        }
        end.failures.extend(failures);
    }

    /// Records the end of one of the two threads.
    pub(super) fn done(&self, cpu: Duration) {
        let mut end = self.end();
        end.cpu += cpu;
        end.threads_done += 1;
        if end.threads_done == THREADS {
            end.elapsed = Some(self.clock.passed());
            self.over.notify_all();
            drop(end);
            self.handover.finish();
        }
    }
}

/// Runs the work, and converts a panic to a failure.
pub(super) fn catch_panic<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Err(Error::Panicked { message: text.unwrap_or("no message").to_owned() }.into())
    })
}
