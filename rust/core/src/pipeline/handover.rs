//! Where a loop outside the run takes each processed batch.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::process::Output;

/// Hands one batch at a time to the loop that reads the run, if there is one. The consumer waits until it is taken, so
/// that a slow loop fills the queue.
#[derive(Debug, Default)]
pub struct Handover {
    /// Whether a batch has to be offered: what the consumer looks at for each.
    read: AtomicBool,
    state: Mutex<State>,
    /// A batch is offered, or the run is over.
    offered: Condvar,
    /// The offered batch is settled.
    settled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The loop that reads, and the thread in which it last did.
    reader: Option<(u64, ThreadId)>,
    /// How many loops have read.
    readers: u64,
    slot: Slot,
    abandoned: bool,
    over: bool,
    // To wake a thread is a call of the system, even where none sleeps.
    readers_asleep: usize,
    consumer_sleeps: bool,
}

#[derive(Debug, Default)]
enum Slot {
    #[default]
    Empty,
    Offered(Output),
    /// It was offered, and the run was abandoned.
    Refused,
}

impl Handover {
    /// With a loop that reads from the first batch on, as number 1.
    pub(super) fn new(read: bool) -> Self {
        let handover = Self::default();
        let _ = read.then(|| handover.attach());
        handover
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the present thread's loop read from the next batch on; its number, or `None` while another one reads.
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

    /// Ends the reading of one loop, or of any. An offered batch counts as processed: nobody is left to take it.
    pub fn leave(&self, reader: Option<u64>) {
        let mut state = self.lock();
        let Some((present, _)) = state.reader else { return };
        if reader.is_some_and(|reader| reader != present) {
            return;
        }
        state.reader = None;
        // The batch that is being processed while the run is abandoned is not taken either.
        self.read.store(state.abandoned, Ordering::Relaxed);
        if matches!(state.slot, Slot::Offered(_)) {
            let untaken = std::mem::take(&mut state.slot);
            self.settle(&state);
            drop(state);
            drop(untaken);
        }
    }

    /// Whether the loop that reads was last seen in the present thread, which must not wait for the run then.
    #[must_use]
    pub fn is_read_here(&self) -> bool {
        self.lock().reader.is_some_and(|(_, thread)| thread == thread::current().id())
    }

    /// Whether a batch has to be offered.
    pub(super) fn is_read(&self) -> bool {
        self.read.load(Ordering::Relaxed)
    }

    /// Offers a batch and waits until it is settled; false when the run was abandoned before a loop took it.
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

    /// Waits until a batch is offered or the run is over, and for so long at most.
    pub fn await_offer(&self, longest: Duration) {
        drop(self.awaited(self.lock(), longest));
    }

    /// Takes the offered batch in the present thread, which the consumer waits for; waits for one as `await_offer` does.
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

    /// Takes back what is offered, and offers no more.
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

    /// Says that the run is over.
    pub(super) fn finish(&self) {
        self.lock().over = true;
        self.offered.notify_all();
    }
}
