//! The bounded queue between source and consumer, which counts every point.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::report::Counts;
use crate::batch::Batch;
use crate::error::Error;
use crate::word::words;

/// The action when the queue has no room for a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFull {
    /// The source waits.
    #[default]
    Block,
    /// The oldest waiting batches are dropped.
    DropOldest,
    /// The new batch is dropped.
    DropNewest,
}

words!(
    OnFull,
    "on_full",
    "'block', 'drop_oldest' or 'drop_newest'",
    Block = "block",
    DropOldest = "drop_oldest",
    DropNewest = "drop_newest"
);

/// A waiting batch, and the time at which it was due.
#[derive(Debug)]
pub struct Waiting {
    pub batch: Batch,
    /// Nanoseconds since the acquisition began.
    pub due_ns: u64,
}

/// Batches in order of arrival; the capacity counts their points.
#[derive(Debug)]
pub struct Queue {
    state: Mutex<State>,
    /// A batch arrived, or no more will arrive.
    filled: Condvar,
    /// There is room, or no more batches are taken.
    emptied: Condvar,
    capacity: usize,
    on_full: OnFull,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// The number of waiting points, without batches that were taken.
    points: usize,
    counts: Counts,
    phase: Phase,
    // Stored, because waking is a system call even if no thread sleeps.
    consumer_sleeps: bool,
    source_sleeps: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    /// No more batches arrive.
    Finished,
    /// No more batches are taken.
    Abandoned,
}

impl State {
    fn take(&mut self) -> Option<Waiting> {
        let taken = self.waiting.pop_front()?;
        self.points -= taken.batch.len();
        Some(taken)
    }
}

impl Queue {
    pub fn new(capacity: usize, on_full: OnFull) -> Self {
        Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            capacity,
            on_full,
        }
    }

    /// Locks the state. After a panic the counts are consistent, because no update of them can panic.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a batch; false if no more batches are taken.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the batch does not fit into the empty queue; it counts as abandoned.
    pub fn push(&self, batch: Batch, due_ns: u64, late: bool) -> Result<bool, Error> {
        let rows = batch.len();
        let mut state = self.lock();
        state.counts.produced += rows as u64;
        state.counts.queued += rows as u64;
        state.counts.late += if late { rows as u64 } else { 0 };
        if rows > self.capacity {
            state.counts.settle(rows, |counts| &mut counts.abandoned);
            return Err(Error::Refused(format!(
                "capacity is {} points, but a batch has {rows}; pass at least as many",
                self.capacity
            )));
        }
        let full = |state: &State| state.points + rows > self.capacity;
        match self.on_full {
            OnFull::Block => {
                while full(&state) && state.phase != Phase::Abandoned {
                    state.source_sleeps = true;
                    state = self.emptied.wait(state).unwrap_or_else(PoisonError::into_inner);
                    state.source_sleeps = false;
                }
            }
            OnFull::DropOldest => {
                while full(&state) {
                    let Some(oldest) = state.take() else { break };
                    state.counts.settle(oldest.batch.len(), |counts| &mut counts.dropped);
                }
            }
            OnFull::DropNewest => {
                if full(&state) && state.phase != Phase::Abandoned {
                    state.counts.settle(rows, |counts| &mut counts.dropped);
                    return Ok(true);
                }
            }
        }
        if state.phase == Phase::Abandoned {
            state.counts.settle(rows, |counts| &mut counts.abandoned);
            return Ok(false);
        }
        state.points += rows;
        state.counts.high_water = state.counts.high_water.max(state.points as u64);
        state.waiting.push_back(Waiting { batch, due_ns });
        if state.consumer_sleeps {
            self.filled.notify_one();
        }
        Ok(true)
    }

    /// Takes the oldest batch; `None` if there will be no more. The batch counts as queued until it is processed.
    pub fn pop(&self) -> Option<Waiting> {
        let mut state = self.lock();
        while state.waiting.is_empty() && state.phase == Phase::Open {
            state.consumer_sleeps = true;
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.consumer_sleeps = false;
        }
        let taken = state.take();
        if state.source_sleeps {
            self.emptied.notify_one();
        }
        taken
    }

    /// Counts a taken batch as processed.
    pub fn processed(&self, rows: usize) {
        self.lock().counts.settle(rows, |counts| &mut counts.processed);
    }

    /// Ends the arrival of batches; waiting batches are still taken.
    pub fn finish(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Finished;
        }
        self.filled.notify_all();
    }

    /// Ends the taking of batches; waiting batches and the one being processed are abandoned.
    pub fn abandon(&self) {
        let mut state = self.lock();
        state.phase = Phase::Abandoned;
        state.waiting.clear();
        let waiting = std::mem::take(&mut state.points);
        state.counts.settle(waiting, |counts| &mut counts.abandoned);
        self.filled.notify_all();
        self.emptied.notify_all();
    }

    /// Counts a taken batch as abandoned.
    pub fn failed(&self, rows: usize) {
        self.lock().counts.settle(rows, |counts| &mut counts.abandoned);
    }

    pub fn counts(&self) -> Counts {
        self.lock().counts
    }
}
