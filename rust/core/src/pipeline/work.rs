//! The current call of each thread of a run, for messages about a wait.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A call into a part of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Reading the source.
    Read,
    /// Closing the source.
    CloseSource,
    /// Processing a batch in a stage.
    Process,
    /// Writing a batch to a sink.
    Write,
    /// Closing a sink.
    Close,
    /// Waiting for a loop to take a batch.
    HandOver,
}

/// Each kind with its name, in order.
const KINDS: [(Work, &str); 6] = [
    (Work::Read, "read"),
    (Work::CloseSource, "close source"),
    (Work::Process, "process"),
    (Work::Write, "write"),
    (Work::Close, "close"),
    (Work::HandOver, "hand over"),
];

impl Work {
    /// Returns the name of the kind.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        KINDS[self as usize].1
    }
}

/// The current call of one thread, readable by other threads.
#[derive(Debug, Default)]
pub struct Present(AtomicUsize);

impl Present {
    /// Runs a call into the part with this index, and records it while it runs.
    pub fn during<T>(&self, work: Work, index: usize, call: impl FnOnce() -> T) -> T {
        self.0.store(index * KINDS.len() + work as usize + 1, Ordering::Relaxed);
        let result = call();
        self.0.store(0, Ordering::Relaxed);
        result
    }

    /// Returns the current call and the index of its part.
    pub fn get(&self) -> Option<(Work, usize)> {
        let code = self.0.load(Ordering::Relaxed).checked_sub(1)?;
        Some((KINDS[code % KINDS.len()].0, code / KINDS.len()))
    }
}
