//! The errors of the crate.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::metadata::MAX_DEPTH;
use crate::path::{Path, Step};

/// An error: what was wrong, with the value, and what to do.
///
/// A variant exists only where callers treat an error separately, for example by another exception type. All other
/// errors are [`Error::Refused`], with the message written where the rule is checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value, a file or data is invalid.
    #[error("{0}")]
    Refused(String),

    /// A timestamp does not fit into a signed 64-bit count of nanoseconds since 1970.
    #[error(
        "{argument} {got} is outside 64-bit nanoseconds; \
         pass a timestamp from 1677-09-21 to 2262-04-11 UTC"
    )]
    TimestampOutOfRange {
        /// The name of the argument.
        argument: String,
        /// The refused timestamp, shortened.
        got: String,
    },

    /// A selection contains a row that does not exist.
    #[error("row {got} is out of range; the batch has {rows} rows")]
    NoSuchRow {
        /// The refused row.
        got: usize,
        /// The number of rows.
        rows: usize,
    },

    /// A channel name has two units within a batch.
    #[error(
        "channel '{channel}' has the units '{first}' and '{second}'; \
         convert one of them, or rename one channel"
    )]
    UnitsDiffer {
        /// The name of the channel.
        channel: String,
        /// The first unit.
        first: String,
        /// The second unit.
        second: String,
    },

    /// The conversion of an Arrow column would lose information.
    #[error("column {column} is {got}; pass {wanted}")]
    ColumnType {
        /// The name of the column.
        column: String,
        /// Its type.
        got: String,
        /// The accepted types.
        wanted: &'static str,
    },

    /// There is not enough memory for the rows of a column.
    #[error("there is not enough memory for {rows} rows; pass fewer at a time")]
    OutOfMemory {
        /// The number of requested rows.
        rows: usize,
    },

    /// There is not enough memory for the serialized state of a processor.
    #[error("there is not enough memory for a state of {bytes} bytes; free some first")]
    StateMemory {
        /// The number of requested bytes.
        bytes: usize,
    },

    /// The system could not start a thread.
    #[error("no thread could be started: {reason}; stop other pipelines first")]
    Thread {
        /// The message of the system.
        reason: String,
    },

    /// A part of a pipeline panicked, which is a bug in that part.
    #[error("a part of the pipeline panicked: {message}")]
    Panicked {
        /// The message of the panic.
        message: String,
    },

    /// An operation on a file failed.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was wrong, and what to do.
        problem: String,
        /// The kind of the system's error.
        kind: ErrorKind,
        /// The number of the system's error, if it has one.
        code: Option<i32>,
    },

    /// JSON has no NaN and no infinities.
    #[error("{path}: {got} is not JSON; pass a finite number, a string or null")]
    NotFinite {
        /// Where in the document.
        path: Path,
        /// The refused number.
        got: String,
    },

    /// A document is nested too deeply; the limit bounds any recursion over it.
    #[error("{path}: nested deeper than {MAX_DEPTH}; flatten the document")]
    TooDeep {
        /// Where in the document.
        path: Path,
    },

    /// A container contains itself, which JSON cannot represent.
    #[error("{path}: the container contains itself; pass a document without a cycle")]
    Cycle {
        /// Where the container appears again.
        path: Path,
    },
}

impl Error {
    /// An argument is not one of a few words.
    pub(crate) fn word(argument: &str, got: &str, wanted: &str) -> Self {
        Self::Refused(format!("{argument} must be {wanted}, got '{got}'"))
    }

    /// A rate is not finite and above 0.
    pub(crate) fn rate(got: impl std::fmt::Display) -> Self {
        let wanted = "a finite number of samples per second above 0";
        Self::Refused(format!("rate must be {wanted}, got {got}"))
    }

    /// An argument requires more memory than available.
    pub(crate) fn memory(argument: &str, got: usize) -> Self {
        let problem = "there is not enough memory; pass a smaller number";
        Self::Refused(format!("{argument} is {got}, but {problem}"))
    }

    /// A processor received spectra.
    pub(crate) fn spectra_end() -> Self {
        let problem = "a processor received spectra; put the processor that returns spectra last";
        Self::Refused(problem.to_owned())
    }

    /// A channel name has two units.
    pub(crate) fn units_differ(channel: &str, first: &str, second: &str) -> Self {
        let (channel, first, second) = (channel.to_owned(), first.to_owned(), second.to_owned());
        Self::UnitsDiffer { channel, first, second }
    }

    /// A column of Arrow data is invalid.
    pub(crate) fn column(column: &str, problem: impl std::fmt::Display) -> Self {
        Self::Refused(format!("column {column} {problem}"))
    }

    /// A file is invalid: what is wrong, and what to do.
    pub(crate) fn in_file(path: &std::path::Path, problem: &str) -> Self {
        Self::Refused(format!("{}: {problem}", path.display()))
    }

    /// A closed recording cannot be written to.
    #[must_use]
    pub fn closed(path: &std::path::Path) -> Self {
        Self::in_file(path, "the recording is closed; write to another one")
    }

    /// An operation of the system on a file failed.
    pub(crate) fn file(path: &std::path::Path, doing: &str, error: &io::Error) -> Self {
        let problem = format!("{doing}: {}", Self::reason(error));
        Self::file_problem(path, problem, error.kind(), error.raw_os_error())
    }

    /// An operation on a file failed, with a message of this crate.
    pub(crate) fn file_problem(
        path: &std::path::Path,
        problem: String,
        kind: ErrorKind,
        code: Option<i32>,
    ) -> Self {
        Self::File { path: path.to_owned(), problem, kind, code }
    }

    /// Returns the system's message without its number.
    pub(crate) fn reason(error: &io::Error) -> String {
        let text = error.to_string();
        match text.find(" (os error ") {
            Some(end) => text[..end].to_owned(),
            None => text,
        }
    }

    /// Prepends a step of the surrounding container to the path.
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
