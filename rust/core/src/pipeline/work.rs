//! What a thread of a run is doing, for anyone who waits for it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A call into a part of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The source is read.
    Read,
    /// The source is closed.
    CloseSource,
    /// A stage processes a batch.
    Process,
    /// A sink is given a batch.
    Write,
    /// A sink is closed.
    Close,
    /// A loop is waited for, which takes a batch.
    HandOver,
}

/// Each kind with its name, in their order.
const KINDS: [(Work, &str); 6] = [
    (Work::Read, "read"),
    (Work::CloseSource, "close source"),
    (Work::Process, "process"),
    (Work::Write, "write"),
    (Work::Close, "close"),
    (Work::HandOver, "hand over"),
];

impl Work {
    /// The words for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        KINDS[self as usize].1
    }
}

/// The present call of one thread, which others may look at.
#[derive(Debug, Default)]
pub struct Present(AtomicUsize);

impl Present {
    /// Does the work of the part of this index under its name.
    pub fn during<T>(&self, work: Work, index: usize, call: impl FnOnce() -> T) -> T {
        self.0.store(index * KINDS.len() + work as usize + 1, Ordering::Relaxed);
        let result = call();
        self.0.store(0, Ordering::Relaxed);
        result
    }

    /// The call and the index of its part.
    pub fn get(&self) -> Option<(Work, usize)> {
        let code = self.0.load(Ordering::Relaxed).checked_sub(1)?;
        Some((KINDS[code % KINDS.len()].0, code / KINDS.len()))
    }
}
