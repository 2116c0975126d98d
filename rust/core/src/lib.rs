//! Timestamped measurement data, without any language bindings.

mod batch;
mod channel;
mod clock;
mod column;
mod error;
mod metadata;
mod path;
mod pipeline;
mod point;
mod process;
mod schedule;
mod storage;
mod timestamp;
mod word;

pub use batch::{
    Batch, BatchBuilder, CHANNELS_KEY, Chunk, Memory, exact_float, read_arrow_numbers,
    read_arrow_timestamps,
};
pub use channel::{Channel, checked_channel};
pub use clock::now_ns;
pub use column::{collect_column, contains, copy_column, repeat_entry, room};
pub use error::Error;
pub use metadata::{Json, MAX_DEPTH, Metadata, Object};
/// Integers of any size, used by [`Json`].
pub use num_bigint::BigInt;
pub use path::{Path, Step};
pub use pipeline::{
    Acquisition, Around, Counts, Ended, Failure, Feed, Handover, OnFull, Recipe, Report, Run,
    Scans, SimulatedInstrument, Sink, Source, Stage, Work, schedule_deadlines,
};
pub use point::{DataPoint, PointView};
pub use process::{
    Fft, Iir, Initial, MovingAverage, OnGap, Output, Process, Scaling, Shape, Spectra, Window,
};
pub use schedule::Schedule;
pub use storage::{
    ArrowFormat, CsvFormat, Existing, Format, Layout, Next, Place, Recording, Sync, VERSION_KEY,
    Writer, batches_from_tables, is_written, table_from_batches,
};
pub use timestamp::{Civil, Date, nanoseconds_from_utc};
