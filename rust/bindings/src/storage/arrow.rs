//! `rust_daq.storage.ArrowWriter`.

use pyo3::prelude::*;
use rust_daq::ArrowFormat;

use super::{Shared, read_existing, writer};
use crate::channel::core_channels;
use crate::error::Raise;

/// Appends batches to an Arrow IPC stream: the format to record in.
///
/// A batch is in the file as a whole or not at all. Of a file that was cut off, by a kill, a crash
/// or a full disk, `open_recording` gives every whole batch; each has a checksum, so that a damaged
/// one is noticed. The stream keeps channels with units and metadata, and the sequence numbers of
/// batches. pyarrow and polars open it as it is.
///
/// A sink for a `Pipeline`, which then writes without the GIL. Safe to share between threads. In a
/// ``with`` block it is closed at the end. O(c) in `channels` to make, and what the system takes to
/// make a file.
///
/// Parameters
/// ----------
/// path : str or os.PathLike
///     The file; one that is there already is refused.
/// sync : {"none", "flush", "batch"} or float, default "flush"
///     How far a batch has come when `write` returns. ``"none"``: into the memory of this process,
///     which keeps up to 256 KB and loses them when it is killed. ``"flush"``: to the operating
///     system, where it survives the process but not a crash of the system. ``"batch"``: to the
///     storage device (``fdatasync``), where it survives both. A number of seconds: as
///     ``"flush"``, and to the device by the first write after so much time, so that a crash of
///     the system costs what was written since.
/// rotate_bytes : int, optional
///     From how many bytes on a file is closed, and the next batch begins another one. The files
///     of ``run.arrow`` are then ``run.part0000.arrow``, ``run.part0001.arrow`` and so on.
/// overwrite : bool, default False
///     Whether a file that exists is replaced; with `rotate_bytes`, all parts that exist. A file
///     that another writer has open is refused.
/// append : bool, default False
///     Whether a recording that exists is continued, after a restart for instance; without one, a
///     new file is made. The channels, units and metadata of the recording are those of new
///     batches too. Sequence numbers go on, with a gap or without, or begin at 0 again; samples
///     that the recording has already are refused. An incomplete batch at the end of the file,
///     which a crash leaves, is cut off. A damaged file is refused where whole batches may follow
///     the damage. The file is read once: O(n) in its rows. With `rotate_bytes` the last part is
///     continued.
/// channels : Channel or sequence of Channel, optional
///     What batches may hold rows of; without it, what the first one does.
/// own_metadata : bool, default False
///     Whether each row may have metadata of its own, which costs a column. Without it rows have
///     those of their channel, unless the first batch, or `channels`, says otherwise.
///
/// Raises
/// ------
/// TypeError, ValueError
///     If an argument is of another type or outside its range, the file is a pipe or a device, or
///     `append` continues a file that is no recording, or one that differs from the arguments.
/// OSError
///     If the file cannot be made: `FileExistsError`, `FileNotFoundError` (its folder is missing),
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

    /// Append a batch. When this returns, the batch is acknowledged, unless `sync` is ``"none"``.
    ///
    /// O(n) in its rows, with the GIL released, and what the system takes; O(n + c) where the batch
    /// holds c channels.
    ///
    /// Parameters
    /// ----------
    /// batch : Batch
    ///     Rows of channels that the file knows.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If `batch` is no `Batch`.
    /// ValueError
    ///     If the batch has no place in the file: an unknown channel, another unit, other metadata.
    ///     The next one may be written. Also if the writer is closed.
    /// OSError
    ///     If the system refuses to write, or the file was removed. What is not whole is cut off,
    ///     the rest stays readable, and no more is taken.
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
