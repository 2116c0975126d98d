//! What becomes of a state when samples are missing.

use std::str::FromStr;

use crate::error::Error;

/// What a processor does when the sequence numbers of a channel jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnGap {
    /// Forgets what came before the gap.
    #[default]
    Reset,
    /// Goes on as if nothing were missing.
    Continue,
    /// Refuses the batch with [`Error::Gap`].
    Raise,
}

impl OnGap {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Continue => "continue",
            Self::Raise => "raise",
        }
    }
}

impl FromStr for OnGap {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        match word {
            "reset" => Ok(Self::Reset),
            "continue" => Ok(Self::Continue),
            "raise" => Ok(Self::Raise),
            _ => Err(Error::word("on_gap", word, "'reset', 'continue' or 'raise'")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_stands_for_itself() {
        for policy in [OnGap::Reset, OnGap::Continue, OnGap::Raise] {
            assert_eq!(policy.as_str().parse(), Ok(policy));
        }
    }

    #[test]
    fn another_word_is_refused_with_those_that_there_are() {
        let refused = "Reset".parse::<OnGap>().unwrap_err().to_string();
        assert_eq!(refused, "on_gap is 'Reset'; pass 'reset', 'continue' or 'raise'");
    }
}
