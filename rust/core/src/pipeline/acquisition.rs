//! What a run is made of.

use std::time::Duration;

use super::queue::OnFull;
use super::{Sink, Source, Stage};

/// A source, what its batches go through, and where they end.
pub struct Acquisition {
    /// Where batches come from.
    pub source: Box<dyn Source>,
    /// What each goes through, one after the other.
    pub stages: Vec<Box<dyn Stage>>,
    /// Where the results go, each to all.
    pub sinks: Vec<Box<dyn Sink>>,
    /// The points that may wait, one batch at least.
    pub capacity: usize,
    /// What happens when more come.
    pub on_full: OnFull,
    /// How long the source is read; `None` until it ends or is stopped.
    pub duration: Option<Duration>,
    /// Whether a loop takes each processed batch from the first on ([`Handover::take`](super::Handover::take)); its number is 1.
    pub read: bool,
    /// The newest processed points that are kept ([`Run::latest`](super::Run::latest)).
    pub newest: usize,
    /// What the whole work of each thread is done inside of.
    pub around: Around,
}

/// Does some work, with whatever has to stand around it.
pub type Around = fn(&mut (dyn FnMut() + Send));
