//! The action when samples are missing.

use crate::word::words;

/// What a processor does when the sequence numbers of a channel jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnGap {
    /// Forgets the samples before the gap.
    #[default]
    Reset,
    /// Continues as if no samples were missing.
    Continue,
    /// Refuses the batch.
    Raise,
}

words!(
    OnGap,
    "on_gap",
    "'reset', 'continue' or 'raise'",
    Reset = "reset",
    Continue = "continue",
    Raise = "raise"
);
