//! `rust_daq.storage.ArrowWriter`.

use pyo3::prelude::*;
use rust_daq::ArrowFormat;

use super::{Shared, read_existing, writer};
use crate::channel::core_channels;
use crate::error::Raise;

/// Appends batches to an Arrow IPC stream, the recommended format for recordings.
///
/// A batch is in the file completely or not at all. If the file was cut off by a kill, a crash or a
/// full disk, `open_recording` returns every whole batch. A checksum for each batch detects damage.
/// The stream stores channels with units and metadata, and the sequence numbers of batches. pyarrow
/// and polars open it directly.
///
/// As a sink of a `Pipeline`, the writer needs no GIL. Threads may share it. A ``with`` block closes
/// it at its end. Construction is O(c) in `channels`, plus the time to create a file.
///
/// Parameters
/// ----------
/// path : str or os.PathLike
///     The file to create. An existing file is refused.
/// sync : {"none", "flush", "batch"} or float, default "flush"
///     Where a batch is when `write` returns. ``"none"``: in a buffer of up to 256 KiB in this
///     process, which is lost if the process is killed. ``"flush"``: in the operating system, where
///     it survives the process but not a crash of the system. ``"batch"``: on the storage device
///     (``fdatasync``), where it survives both. A number of seconds: as ``"flush"``, and the first
///     write after this interval also syncs to the device, so that a crash of the system loses only
///     what was written since.
/// rotate_bytes : int, optional
///     Close a file once it has this many bytes, and write the next batch to a new file. The files
///     of ``run.arrow`` are then ``run.part0000.arrow``, ``run.part0001.arrow`` and so on.
/// overwrite : bool, default False
///     Whether to replace an existing file; with `rotate_bytes`, all existing parts. A file that is
///     open in another writer is refused.
/// append : bool, default False
///     Whether to continue an existing recording, for example after a restart. If it does not exist, a
///     new file is created. New batches must have the channels, units and metadata of the
///     recording. Sequence numbers continue, with or without a gap, or start at 0 again; samples
///     that the recording already has are refused. An incomplete batch at the end, left by a crash,
///     is cut off. A damaged file is refused if whole batches may follow the damage. The file is
///     read once: O(n) in its rows. With `rotate_bytes`, the last part is continued.
/// channels : Channel or sequence of Channel, optional
///     The channels that batches may have. By default, the channels of the first batch.
/// own_metadata : bool, default False
///     Whether each row may have its own metadata, stored in an additional column. Otherwise rows
///     have the metadata of their channel, unless the first batch or `channels` requires the column.
///
/// Raises
/// ------
/// TypeError, ValueError
///     If an argument has another type or is outside its range, or the file is a pipe or a device.
///     With `append`, also if the file is not a recording, or differs from the arguments.
/// OSError
///     If the file cannot be created: `FileExistsError`, `FileNotFoundError` (its folder is missing),
///     `IsADirectoryError`, `PermissionError` or another; with the number ``EBUSY`` if another
///     writer has it open.
///
/// Examples
/// --------
/// >>> import tempfile
/// >>> from rust_daq import Channel
/// >>> from rust_daq.storage import ArrowWriter, open_recording
/// >>> path = tempfile.mkdtemp() + "/run.arrow"
/// >>> with ArrowWriter(path) as writer:
/// ...     writer.write(Channel("ai0", "V").batch([0.5, 0.25], start=0, rate=1000.0))
/// >>> [len(batch) for batch in open_recording(path)]
/// [2]
#[pyclass(name = "ArrowWriter", module = "rust_daq.storage", frozen, immutable_type)]
pub struct PyArrowWriter(Shared<ArrowFormat>);

writer!(
    PyArrowWriter,
    ArrowFormat,
    "ArrowWriter",
    "arrow",
    "Write the end of the stream and close the file."
);

#[pymethods]
impl PyArrowWriter {
    #[new]
    #[pyo3(signature = (
        path, *, sync=None, rotate_bytes=None, overwrite=false, append=false, channels=None,
        own_metadata=false
    ))]
    fn new(
        path: &Bound<'_, PyAny>,
        sync: Option<&Bound<'_, PyAny>>,
        rotate_bytes: Option<&Bound<'_, PyAny>>,
        overwrite: bool,
        append: bool,
        channels: Option<&Bound<'_, PyAny>>,
        own_metadata: bool,
    ) -> PyResult<Self> {
        let existing = read_existing(overwrite, append)?;
        let channels = core_channels(channels)?;
        let format = ArrowFormat::new(&channels, own_metadata).raise()?;
        Shared::create(format, path, sync, rotate_bytes, existing).map(Self)
    }

    /// Append a batch. The batch is acknowledged when this returns, unless `sync` is ``"none"``.
    ///
    /// O(n + c) in its rows and channels, with the GIL released, plus the time of the system.
    ///
    /// Parameters
    /// ----------
    /// batch : Batch
    ///     Rows of the file's channels.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If `batch` is not a `Batch`.
    /// ValueError
    ///     If the batch does not fit the file: an unknown channel, another unit or other metadata. The
    ///     next batch may be written. Also if the writer is closed.
    /// OSError
    ///     If the system cannot write, or the file was removed. An incomplete batch is cut off, the
    ///     rest stays readable, and the writer accepts no more batches.
    ///
    /// Examples
    /// --------
    /// >>> import tempfile
    /// >>> from rust_daq import Channel
    /// >>> from rust_daq.storage import ArrowWriter
    /// >>> channel = Channel("ai0", "V")
    /// >>> with ArrowWriter(tempfile.mkdtemp() + "/run.arrow") as writer:
    /// ...     writer.write(channel.batch([0.5, 0.25], start=0, rate=1000.0))
    /// ...     writer.write(channel.batch([0.125], start=2_000_000, rate=1000.0))
    /// >>> writer.rows, writer.closed
    /// (3, True)
    fn write(&self, batch: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.write(batch)
    }
}
