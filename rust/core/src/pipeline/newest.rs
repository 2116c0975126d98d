//! The newest points of a run, for a display.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::process::Output;

/// The newest results: the fewest that together have the wanted number of points, or frames of spectra.
#[derive(Debug)]
pub struct Newest(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    outputs: VecDeque<Output>,
    points: usize,
    /// The wanted number of points.
    wanted: usize,
}

impl Kept {
    /// Removes the oldest result if the others have enough points.
    fn take_outdated(&mut self) -> Option<Output> {
        let rest = self.points - self.outputs.front()?.len();
        if rest < self.wanted {
            return None;
        }
        self.points = rest;
        self.outputs.pop_front()
    }
}

impl Newest {
    pub fn new(wanted: usize) -> Self {
        Self(Mutex::new(Kept { wanted, ..Kept::default() }))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an output of the last stage.
    pub fn add(&self, output: Output) {
        if output.is_empty() {
            return;
        }
        let mut kept = self.lock();
        kept.points += output.len();
        kept.outputs.push_back(output);
        // Dropped after the lock, because releasing memory takes time.
        let mut outdated = kept.take_outdated();
        drop(kept);
        while outdated.is_some() {
            outdated = self.lock().take_outdated();
        }
    }

    /// Joins the newest `points` points; from now on, at least as many are kept.
    pub fn joined(&self, points: usize) -> Result<Output, Error> {
        let mut kept = self.lock();
        kept.wanted = kept.wanted.max(points);
        let mut found = 0;
        let needed = |output: &&Output| {
            let more = found < points;
            found += output.len();
            more
        };
        let mut outputs: Vec<Output> =
            kept.outputs.iter().rev().take_while(needed).cloned().collect();
        drop(kept);
        outputs.reverse();
        let joined = Output::joined(&outputs)?;
        Ok(joined.slice(joined.len().saturating_sub(points), points))
    }
}
