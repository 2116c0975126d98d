//! The handover of processed batches to a loop outside the run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::process::Output;

/// Hands one batch at a time to the loop that reads the run, if there is one. The consumer waits until the batch is
/// taken, so a slow loop fills the queue.
#[derive(Debug, Default)]
pub struct Handover {
    /// Whether batches must be offered; the consumer checks this for each batch.
    read: AtomicBool,
    state: Mutex<State>,
    /// A batch is offered, or the run is over.
    offered: Condvar,
    /// The offered batch is taken or refused.
    settled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The attached loop, and the thread of its last read.
    reader: Option<(u64, ThreadId)>,
    /// The number of loops attached so far.
    readers: u64,
    slot: Slot,
    abandoned: bool,
    over: bool,
    // Counted, because waking is a system call even if no thread sleeps.
    readers_asleep: usize,
    consumer_sleeps: bool,
}

#[derive(Debug, Default)]
enum Slot {
    #[default]
    Empty,
    Offered(Output),
    /// The run was abandoned while the batch was offered.
    Refused,
}

impl Handover {
    /// Creates a handover; with `read`, a loop with the number 1 is attached from the start.
    pub(super) fn new(read: bool) -> Self {
        let handover = Self::default();
        let _ = read.then(|| handover.attach());
        handover
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Attaches a loop of this thread from the next batch on; returns its number, or `None` if another is attached.
    #[must_use]
    pub fn attach(&self) -> Option<u64> {
        let mut state = self.lock();
        if state.reader.is_some() {
            return None;
        }
        state.readers += 1;
        state.reader = Some((state.readers, thread::current().id()));
        self.read.store(true, Ordering::Relaxed);
        Some(state.readers)
    }

    /// Detaches one loop, or any. An offered batch then counts as processed, because no loop is left to take it.
    pub fn leave(&self, reader: Option<u64>) {
        let mut state = self.lock();
        let Some((present, _)) = state.reader else { return };
        if reader.is_some_and(|reader| reader != present) {
            return;
        }
        state.reader = None;
        // In an abandoned run, the batch that is being processed must not count as taken either.
        self.read.store(state.abandoned, Ordering::Relaxed);
        if matches!(state.slot, Slot::Offered(_)) {
            let untaken = std::mem::take(&mut state.slot);
            self.settle(&state);
            drop(state);
            drop(untaken);
        }
    }

    /// Whether the attached loop last ran in this thread, which then must not wait for the run.
    #[must_use]
    pub fn is_read_here(&self) -> bool {
        self.lock().reader.is_some_and(|(_, thread)| thread == thread::current().id())
    }

    /// Whether batches must be offered.
    pub(super) fn is_read(&self) -> bool {
        self.read.load(Ordering::Relaxed)
    }

    /// Offers a batch and waits for the result; false if the run was abandoned before a loop took it.
    pub(super) fn offer(&self, output: Output) -> bool {
        let mut state = self.lock();
        if state.abandoned {
            return false;
        }
        if state.reader.is_none() {
            return true;
        }
        state.slot = Slot::Offered(output);
        if state.readers_asleep > 0 {
            self.offered.notify_all();
        }
        while matches!(state.slot, Slot::Offered(_)) {
            state.consumer_sleeps = true;
            state = self.settled.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.consumer_sleeps = false;
        }
        matches!(std::mem::take(&mut state.slot), Slot::Empty)
    }

    /// Waits until a batch is offered or the run is over, for at most `longest`.
    pub fn await_offer(&self, longest: Duration) {
        drop(self.awaited(self.lock(), longest));
    }

    /// Takes the offered batch in this thread, after waiting like `await_offer`.
    #[must_use]
    pub fn take(&self, reader: u64, longest: Duration) -> Option<Output> {
        let mut state = self.lock();
        match &mut state.reader {
            Some((present, thread)) if *present == reader => *thread = thread::current().id(),
            _ => return None,
        }
        let mut state = self.awaited(state, longest);
        // Another thread may have ended the loop in the meantime.
        if state.reader.is_none_or(|(present, _)| present != reader) {
            return None;
        }
        match std::mem::take(&mut state.slot) {
            Slot::Offered(output) => {
                self.settle(&state);
                drop(state);
                Some(output)
            }
            slot => {
                state.slot = slot;
                None
            }
        }
    }

    fn awaited<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        longest: Duration,
    ) -> MutexGuard<'a, State> {
        let deadline = Instant::now().checked_add(longest);
        while !state.over && !matches!(state.slot, Slot::Offered(_)) {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let left = left.unwrap_or(longest);
            if left.is_zero() {
                break;
            }
            state.readers_asleep += 1;
            let woken = self.offered.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
            state.readers_asleep -= 1;
        }
        state
    }

    /// Withdraws the offered batch, and offers no more.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.abandoned = true;
        if matches!(state.slot, Slot::Offered(_)) {
            let untaken = std::mem::replace(&mut state.slot, Slot::Refused);
            self.settle(&state);
            drop(state);
            drop(untaken);
        }
    }

    fn settle(&self, state: &State) {
        if state.consumer_sleeps {
            self.settled.notify_one();
        }
    }

    /// Marks the run as over.
    pub(super) fn finish(&self) {
        self.lock().over = true;
        self.offered.notify_all();
    }
}
