//! The parts of a run.

use std::time::Duration;

use super::queue::OnFull;
use super::{Sink, Source, Stage};

/// A source, its stages and sinks, and the settings of the run.
pub struct Acquisition {
    /// The source of the batches.
    pub source: Box<dyn Source>,
    /// The stages, in order.
    pub stages: Vec<Box<dyn Stage>>,
    /// The sinks; each receives every result.
    pub sinks: Vec<Box<dyn Sink>>,
    /// The most points that may wait; at least one batch.
    pub capacity: usize,
    /// The action when the queue is full.
    pub on_full: OnFull,
    /// How long to read the source; `None` reads until it ends or is stopped.
    pub duration: Option<Duration>,
    /// Whether a loop, with the number 1, takes each batch from the first ([`Handover::take`](super::Handover::take)).
    pub read: bool,
    /// The number of newest points to keep ([`Run::latest`](super::Run::latest)).
    pub newest: usize,
    /// A wrapper around the work of each thread.
    pub around: Around,
}

/// Runs the work of a thread, with setup and cleanup of the front end.
pub type Around = fn(&mut (dyn FnMut() + Send));
