//! Everything that can be wrong with measurement data.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::metadata::MAX_DEPTH;
use crate::path::{Path, Step};

/// Why the domain refuses something: what is wrong, with the value, and what to do.
///
/// Each kind is one that somebody treats apart from the others: it is another exception in Python, or it is answered in
/// another way. All else is [`Error::Refused`], with the sentence where the rule is checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value, a file or data that cannot be taken.
    #[error("{0}")]
    Refused(String),

    /// The instant does not fit into a signed 64-bit count of nanoseconds since 1970.
    #[error(
        "{argument} {got} is outside 64-bit nanoseconds; \
         pass an instant between 1677-09-21 and 2262-04-11 UTC"
    )]
    TimestampOutOfRange {
        /// What was given.
        argument: String,
        /// The refused instant, shortened.
        got: String,
    },

    /// A selection names rows that there are.
    #[error("row {got} is out of range; the batch has {rows} rows")]
    NoSuchRow {
        /// The refused row.
        got: usize,
        /// How many there are.
        rows: usize,
    },

    /// A name stands for one unit within a batch.
    #[error(
        "channel '{channel}' has the units '{first}' and '{second}'; \
         convert one of them, or give it another name"
    )]
    UnitsDiffer {
        /// The name.
        channel: String,
        /// The unit that came first.
        first: String,
        /// The other one.
        second: String,
    },

    /// A column of Arrow data is of a type that would lose something.
    #[error("column {column} is {got}; pass {wanted}")]
    ColumnType {
        /// The column.
        column: String,
        /// Its type.
        got: String,
        /// What is taken.
        wanted: &'static str,
    },

    /// Columns take memory for each of their rows.
    #[error("there is not enough memory for {rows} rows; pass fewer at a time")]
    OutOfMemory {
        /// How many rows were asked for at once.
        rows: usize,
    },

    /// The state of a processor has no room as bytes.
    #[error("the state takes {bytes} bytes, for which there is not enough memory; free some first")]
    StateMemory {
        /// How many bytes were asked for.
        bytes: usize,
    },

    /// The system starts no more threads.
    #[error("no thread could be started: {reason}; stop other pipelines first")]
    Thread {
        /// What the system says.
        reason: String,
    },

    /// A part of a pipeline panicked, which is a defect of it.
    #[error("a part of the pipeline panicked: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },

    /// The system refuses something with a file.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the matter is, and what to do.
        problem: String,
        /// The kind of what the system says.
        kind: ErrorKind,
        /// Its number on this system, where it has one.
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
    /// The refusal of a word that is none of a few.
    pub(crate) fn word(argument: &str, got: &str, wanted: &str) -> Self {
        Self::Refused(format!("{argument} is '{got}'; pass {wanted}"))
    }

    /// The refusal of a rate at which nothing can happen.
    pub(crate) fn rate(got: impl std::fmt::Display) -> Self {
        let wanted = "the number of samples a second, finite and above 0";
        Self::Refused(format!("rate is {got}; pass {wanted}"))
    }

    /// The refusal of an argument that asks for more memory than can be had.
    pub(crate) fn memory(argument: &str, got: usize) -> Self {
        let problem = "for which there is not enough memory; pass a smaller one";
        Self::Refused(format!("{argument} is {got}, {problem}"))
    }

    /// The refusal of spectra by a processor.
    pub(crate) fn spectra_end() -> Self {
        let problem = "spectra came to a processor; pass the one that makes them as the last";
        Self::Refused(problem.to_owned())
    }

    /// The refusal of a name with two units.
    pub(crate) fn units_differ(channel: &str, first: &str, second: &str) -> Self {
        let (channel, first, second) = (channel.to_owned(), first.to_owned(), second.to_owned());
        Self::UnitsDiffer { channel, first, second }
    }

    /// The refusal of a column of Arrow data.
    pub(crate) fn column(column: &str, problem: impl std::fmt::Display) -> Self {
        Self::Refused(format!("column {column} {problem}"))
    }

    /// The refusal of a file, by what the matter with it is and what to do.
    pub(crate) fn in_file(path: &std::path::Path, problem: &str) -> Self {
        Self::Refused(format!("{}: {problem}", path.display()))
    }

    /// The refusal to write into a recording that was closed.
    #[must_use]
    pub fn closed(path: &std::path::Path) -> Self {
        Self::in_file(path, "the recording is closed; write into another one")
    }

    /// What the system refuses with a file.
    pub(crate) fn file(path: &std::path::Path, doing: &str, error: &io::Error) -> Self {
        let problem = format!("{doing}: {}", Self::reason(error));
        Self::file_problem(path, problem, error.kind(), error.raw_os_error())
    }

    /// The same, in words of its own.
    pub(crate) fn file_problem(
        path: &std::path::Path,
        problem: String,
        kind: ErrorKind,
        code: Option<i32>,
    ) -> Self {
        Self::File { path: path.to_owned(), problem, kind, code }
    }

    /// What the system says, without its number.
    pub(crate) fn reason(error: &io::Error) -> String {
        let text = error.to_string();
        match text.find(" (os error ") {
            Some(end) => text[..end].to_owned(),
            None => text,
        }
    }

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
