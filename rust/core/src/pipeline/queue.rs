//! The bounded queue between the source and the consumer, which counts every point.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::report::Counts;
use crate::batch::Batch;
use crate::error::Error;
use crate::word::words;

/// What happens to a batch for which there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFull {
    /// The source waits.
    #[default]
    Block,
    /// The oldest batches that wait make room.
    DropOldest,
    /// The batch itself is lost.
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

/// A batch on its way, and the moment at which it was due.
#[derive(Debug)]
pub struct Waiting {
    pub batch: Batch,
    /// Nanoseconds since the acquisition began.
    pub due_ns: u64,
}

/// Batches in the order of their arrival; capacity counts their points.
#[derive(Debug)]
pub struct Queue {
    state: Mutex<State>,
    /// Something arrived, or nothing will any more.
    filled: Condvar,
    /// There is room, or nobody takes any more.
    emptied: Condvar,
    capacity: usize,
    on_full: OnFull,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// The points that wait; those of a batch that was taken do not.
    points: usize,
    counts: Counts,
    phase: Phase,
    // To wake a thread is a call of the system, even where none sleeps.
    consumer_sleeps: bool,
    source_sleeps: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    /// Nothing arrives any more.
    Finished,
    /// Nothing is taken any more.
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

    /// Whoever panicked with the lock left counts that are whole: nothing that can panic happens in between.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers a batch; false when nobody takes any more.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when the batch does not even fit into the empty queue; it counts as abandoned.
    pub fn push(&self, batch: Batch, due_ns: u64, late: bool) -> Result<bool, Error> {
        let rows = batch.len();
        let mut state = self.lock();
        state.counts.produced += rows as u64;
        state.counts.queued += rows as u64;
        state.counts.late += if late { rows as u64 } else { 0 };
        if rows > self.capacity {
            state.counts.settle(rows, |counts| &mut counts.abandoned);
            return Err(Error::Refused(format!(
                "capacity is {} points and a batch has {rows}; pass at least as many",
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

    /// Takes the oldest batch, which waits no longer but is not processed either; `None` when there will be no more.
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

    /// Says that a batch that was taken is processed.
    pub fn processed(&self, rows: usize) {
        self.lock().counts.settle(rows, |counts| &mut counts.processed);
    }

    /// Says that nothing arrives any more; what waits is still taken.
    pub fn finish(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Finished;
        }
        self.filled.notify_all();
    }

    /// Says that nothing is taken any more; what waits, or was taken and is not processed, is abandoned.
    pub fn abandon(&self) {
        let mut state = self.lock();
        state.phase = Phase::Abandoned;
        state.waiting.clear();
        let waiting = std::mem::take(&mut state.points);
        state.counts.settle(waiting, |counts| &mut counts.abandoned);
        self.filled.notify_all();
        self.emptied.notify_all();
    }

    /// Says that a batch that was taken will not be processed.
    pub fn failed(&self, rows: usize) {
        self.lock().counts.settle(rows, |counts| &mut counts.abandoned);
    }

    pub fn counts(&self) -> Counts {
        self.lock().counts
    }
}
