//! What becomes of a state when samples are missing.

use crate::word::words;

/// What a processor does when the sequence numbers of a channel jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnGap {
    /// Forgets what came before the gap.
    #[default]
    Reset,
    /// Goes on as if nothing were missing.
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
