//! Timing single calls, and reporting the samples.

pub mod busy;
pub mod options;
pub mod report;
pub mod sampling;
