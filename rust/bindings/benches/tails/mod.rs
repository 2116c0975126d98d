//! Timing single calls: how to sample them, and how to hand the samples on.

pub mod busy;
pub mod options;
pub mod report;
pub mod sampling;
