//! A paced acquisition: a source, a bounded queue, processors and sinks, on two threads.
//!
//! One thread reads the source at absolute deadlines and puts its batches into the queue. Another thread takes them
//! out, processes them and passes them to the sinks. Every point is counted: at any moment, produced is the sum of
//! processed, dropped, abandoned and queued.

mod acquisition;
mod clock;
mod consumer;
mod feed;
mod handover;
mod instrument;
mod newest;
mod queue;
mod reader;
mod report;
mod run;
mod shared;
mod stage;
mod work;

pub use acquisition::{Acquisition, Around};
pub use clock::schedule_deadlines;
pub use feed::Feed;
pub use handover::Handover;
pub use instrument::{Recipe, Scans, SimulatedInstrument};
pub use queue::OnFull;
pub use report::{Counts, Ended, Report};
pub use run::Run;
pub use stage::{Sink, Source, Stage};
pub use work::Work;

/// Why an acquisition failed: an error of this crate, or of a part that a front end put into the pipeline.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

#[cfg(test)]
mod tests;
