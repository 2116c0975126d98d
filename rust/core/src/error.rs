//! Everything that can be wrong with measurement data.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

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
        "{argument} {got} is outside 64-bit nanoseconds; \
         pass an instant between 1677-09-21 and 2262-04-11 UTC"
    )]
    TimestampOutOfRange {
        /// What was given.
        argument: String,
        /// The refused instant, shortened.
        got: String,
    },

    /// A schedule needs a rate that something can happen at.
    #[error("rate is {got}; pass the number of samples a second, finite and above 0")]
    Rate {
        /// The refused rate.
        got: String,
    },

    /// The columns of a batch are of one length.
    #[error("{column} has {got} entries and timestamps has {wanted}; pass one of each for a row")]
    LengthsDiffer {
        /// The column that differs.
        column: &'static str,
        /// Its length.
        got: usize,
        /// The number of timestamps.
        wanted: usize,
    },

    /// Without an index for each row there has to be one channel.
    #[error(
        "indices is missing, and there are {channels} channels; \
         pass one channel, or for each row the index of its channel"
    )]
    NoIndices {
        /// How many channels there are.
        channels: usize,
    },

    /// A row belongs to one of the channels of its batch.
    #[error("indices[{row}] is {got}, and there are {channels} channels; pass indices of channels")]
    NoSuchChannel {
        /// The row.
        row: usize,
        /// Its index.
        got: i64,
        /// How many channels there are.
        channels: usize,
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

    /// A column of Arrow data is missing, or is one too many.
    #[error("column {column} {problem}")]
    Column {
        /// The column.
        column: String,
        /// What is wrong, and what to do.
        problem: String,
    },

    /// Nothing tells the unit of a channel.
    #[error(
        "nothing tells the unit of channel '{channel}'; \
         pass channels=[Channel('{channel}', unit), ...]"
    )]
    UnknownChannel {
        /// The name.
        channel: String,
    },

    /// A choice is one of a few words.
    #[error("{argument} is '{got}'; pass {wanted}")]
    Word {
        /// The argument.
        argument: &'static str,
        /// The refused word.
        got: String,
        /// The words that there are.
        wanted: &'static str,
    },

    /// A mean is of something.
    #[error("window is 0; pass the number of samples that a mean is made of, at least 1")]
    EmptyWindow,

    /// The first mean comes while its window fills.
    #[error("min_count is {got} and window is {window}; pass a number from 1 to the window")]
    MinCount {
        /// The refused count.
        got: usize,
        /// The window.
        window: usize,
    },

    /// The frequencies of a spectrum follow from the rate of its samples.
    #[error(
        "rate is {rate} and the timestamps of channel '{channel}' are those of {found} samples a second; \
         pass that rate, or the values alone to process_values"
    )]
    OtherRate {
        /// The name of the channel.
        channel: String,
        /// Samples a second by the timestamps.
        found: String,
        /// Samples a second as they were given.
        rate: String,
    },

    /// A report counts each response time as a processed point.
    #[error("the report has more response times than processed points; pass what a report gave")]
    Report,

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

    /// A state is larger than the memory that can be had.
    #[error("{argument} is {got}, for which there is not enough memory; pass a smaller one")]
    Memory {
        /// The argument that asks for it.
        argument: &'static str,
        /// Its value.
        got: usize,
    },

    /// A filter consists of something.
    #[error("sos has no section; pass at least one row of b0, b1, b2, a0, a1, a2")]
    NoSections,

    /// A section can be divided by its a0.
    #[error("sos[{section}] {problem}; pass finite coefficients, with an a0 that is not 0")]
    Section {
        /// The section.
        section: usize,
        /// What is wrong with it.
        problem: String,
    },

    /// A filter that sums without end is never steady.
    #[error(
        "initial is 'steady', and sos[{section}] has none: its response to a constant has no end; \
         pass initial='zero'"
    )]
    NeverSteady {
        /// The section.
        section: usize,
    },

    /// A spectrum is of at least two samples.
    #[error("size is {got}; pass the number of samples of a frame, at least 2")]
    FrameSize {
        /// The refused size.
        got: usize,
    },

    /// Frames have to go forward.
    #[error("hop is 0; pass the number of samples from one frame to the next, at least 1")]
    NoHop,

    /// Spectra are larger than the memory that can be had.
    #[error(
        "a batch of {rows} rows completes {frames} frames of {frequencies} frequencies, for which \
         there is not enough memory; pass fewer rows at once, or a larger hop"
    )]
    FrameMemory {
        /// The rows of the batch.
        rows: usize,
        /// The frames that they complete.
        frames: usize,
        /// The numbers of a spectrum.
        frequencies: usize,
    },

    /// A window has a weight for each sample of a frame.
    #[error("window has {got} weights and size is {size}; pass one for each sample of a frame")]
    WeightCount {
        /// How many weights there are.
        got: usize,
        /// The size of a frame.
        size: usize,
    },

    /// A window lets something through, of which the gain can be told.
    #[error("window {problem}; pass finite weights, some of them not 0")]
    Weights {
        /// What is wrong with it.
        problem: String,
    },

    /// Weights of both signs leave nothing of a line, by which it would be divided.
    #[error(
        "window has weights of which the sum is {sum}, by which '{scaling}' divides; \
         pass weights with a sum that is not 0, or scaling='density'"
    )]
    WeightSum {
        /// The sum.
        sum: String,
        /// The scaling.
        scaling: &'static str,
    },

    /// Samples of a channel are missing, and that was not to be.
    #[error(
        "channel '{channel}' goes on with sample {got}, and {expected} was expected; \
         pass the samples without a gap, or on_gap='reset' or 'continue'"
    )]
    Gap {
        /// The channel.
        channel: String,
        /// The sequence number that would have been next.
        expected: u64,
        /// The one that came.
        got: u64,
    },

    /// Bytes are no state that such a processor gave.
    #[error(
        "state is none of such a processor: {problem}; pass what one with equal arguments gave"
    )]
    State {
        /// What is wrong.
        problem: &'static str,
    },

    /// Deadlines are counted in nanoseconds.
    #[error("rate is {got}; pass hertz from 1e-9 to 1e9: deadlines are counted in nanoseconds")]
    BeyondClock {
        /// The refused rate.
        got: String,
    },

    /// A queue holds the largest batch that comes.
    #[error("capacity is {capacity} points and a batch has {batch}; pass at least as many")]
    QueueTooSmall {
        /// The points that the queue holds.
        capacity: usize,
        /// The points of the batch.
        batch: usize,
    },

    /// Nothing can be done with a number of 0.
    #[error("{argument} is 0; pass {wanted}, at least 1")]
    Zero {
        /// The argument.
        argument: &'static str,
        /// What it counts.
        wanted: &'static str,
    },

    /// An instrument measures something.
    #[error("channels is empty; pass at least one channel")]
    NoChannels,

    /// Processors take batches.
    #[error("spectra came to a processor; pass the one that makes them as the last")]
    SpectraEnd,

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

    /// A recording that was closed takes no more.
    #[error("{}: the recording is closed; write into another one", path.display())]
    Closed {
        /// The file.
        path: PathBuf,
    },

    /// A fork has the files of its parent, who goes on to write them.
    #[error("{}: the recording was opened before the process was forked; \
             open another one in the child", path.display())]
    Forked {
        /// The file.
        path: PathBuf,
    },

    /// A file is none that was written here.
    #[error("{}: {problem}", path.display())]
    NoRecording {
        /// The file.
        path: PathBuf,
        /// What it is instead, and what to do.
        problem: String,
    },

    /// A batch has no place in the file that it is written into.
    #[error("{problem}")]
    OtherSchema {
        /// What differs, and what to do.
        problem: String,
    },

    /// A recording is of rows.
    #[error("spectra came to a recording; write batches, before the processor that makes spectra")]
    SpectraInRecording,

    /// Something is to happen every so many seconds.
    #[error("sync is {got}; pass 'none', 'flush', 'batch' or a number of seconds above 0")]
    SyncSeconds {
        /// The refused number.
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
    /// The refusal of a word.
    pub(crate) fn word(argument: &'static str, got: &str, wanted: &'static str) -> Self {
        Self::Word { argument, got: got.to_owned(), wanted }
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
