//! What a thread of a run is doing, for anyone who waits for it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A call into a part of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The source is read.
    Read,
    /// The source is closed.
    CloseSource,
    /// The stage of this index processes a batch.
    Process(usize),
    /// The sink of this index is given a batch.
    Write(usize),
    /// The sink of this index is closed.
    Close(usize),
    /// A loop is waited for, which takes a batch.
    HandOver,
}

const KINDS: usize = 8;

/// The present call of one thread, which others may look at.
#[derive(Debug, Default)]
pub struct Present(AtomicUsize);

impl Present {
    /// Does a part's work under its name.
    pub fn during<T>(&self, work: Work, call: impl FnOnce() -> T) -> T {
        let (kind, index) = match work {
            Work::Read => (1, 0),
            Work::CloseSource => (2, 0),
            Work::Process(index) => (3, index),
            Work::Write(index) => (4, index),
            Work::Close(index) => (5, index),
            Work::HandOver => (6, 0),
        };
        self.0.store(index * KINDS + kind, Ordering::Relaxed);
        let result = call();
        self.0.store(0, Ordering::Relaxed);
        result
    }

    pub fn get(&self) -> Option<Work> {
        let code = self.0.load(Ordering::Relaxed);
        let index = code / KINDS;
        match code % KINDS {
            1 => Some(Work::Read),
            2 => Some(Work::CloseSource),
            3 => Some(Work::Process(index)),
            4 => Some(Work::Write(index)),
            5 => Some(Work::Close(index)),
            6 => Some(Work::HandOver),
            _ => None,
        }
    }
}
