//! Everything that can be wrong with measurement data.

use crate::metadata::MAX_DEPTH;
use crate::path::{Path, Step};

/// Why the domain refuses a value: which argument, what came, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A channel has to have a name.
    #[error("channel is empty (''); pass the name of the channel that was measured")]
    EmptyChannel,

    /// The instant does not fit into a signed 64-bit count of nanoseconds since 1970.
    #[error(
        "timestamp {got} is outside 64-bit nanoseconds; \
         pass an instant between 1677-09-21 and 2262-04-11 UTC"
    )]
    TimestampOutOfRange {
        /// The refused instant, shortened.
        got: String,
    },

    /// JSON has no NaN and no infinities.
    #[error("{path}: {got} is not JSON; pass a finite number, a string or null")]
    NotFinite {
        /// Where in the document.
        path: Path,
        /// The refused number.
        got: String,
    },

    /// The text of metadata, out of a file or a stream, is no JSON.
    #[error("the text of metadata is no JSON: {problem}; pass text as `Metadata.json` gives it")]
    NotJson {
        /// What the parser says, and where.
        problem: String,
    },

    /// Documents are bounded, so that any recursion over them is.
    #[error("{path}: nested deeper than {MAX_DEPTH}; flatten the document")]
    TooDeep {
        /// Where in the document.
        path: Path,
    },

    /// A container that contains itself has no JSON text.
    #[error("{path}: the container contains itself; pass a document without a cycle")]
    Cycle {
        /// Where the container is met again.
        path: Path,
    },
}

impl Error {
    /// The same fault, seen from one container further out.
    #[must_use]
    pub fn inside(self, step: Step) -> Self {
        match self {
            Self::NotFinite { path, got } => Self::NotFinite { path: path.inside(step), got },
            Self::TooDeep { path } => Self::TooDeep { path: path.inside(step) },
            Self::Cycle { path } => Self::Cycle { path: path.inside(step) },
            _ => self,
        }
    }
}
