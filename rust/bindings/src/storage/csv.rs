//! `rust_daq.storage.CsvWriter`.

use pyo3::prelude::*;
use rust_daq::CsvFormat;

use super::{Shared, read_existing, writer};

/// Appends batches to a CSV file, one row per point, for programs that read only CSV.
///
/// The columns are ``timestamp`` (RFC 3339 in UTC, to the nanosecond), ``channel``, ``value`` (the
/// shortest text that reads back to the same number), ``unit``, and ``sequence`` if batches are
/// numbered. Metadata has no column. If the file was cut off, `open_recording` returns every whole
/// row. Damaged digits are not detected.
///
/// As a sink of a `Pipeline`, the writer needs no GIL. Threads may share it. A ``with`` block closes
/// it at its end. Construction is O(1), plus the time to create a file.
///
/// Parameters
/// ----------
/// path : str or os.PathLike
///     The file to create. An existing file is refused.
/// sync : {"none", "flush", "batch"} or float, default "flush"
///     As for `ArrowWriter`.
/// rotate_bytes : int, optional
///     As for `ArrowWriter`.
/// overwrite : bool, default False
///     As for `ArrowWriter`.
/// append : bool, default False
///     As for `ArrowWriter`; an incomplete row at the end of the file is cut off.
/// drop_metadata : bool, default False
///     Whether to omit metadata. Otherwise a batch with metadata is refused.
/// sequences : bool, optional
///     Whether to write a column of sequence numbers. By default, if the first batch has them.
///
/// Raises
/// ------
/// TypeError, ValueError, OSError
///     As for `ArrowWriter`.
///
/// Examples
/// --------
/// >>> import tempfile
/// >>> from pathlib import Path
/// >>> from rust_daq import Channel
/// >>> from rust_daq.storage import CsvWriter
/// >>> path = Path(tempfile.mkdtemp()) / "run.csv"
/// >>> with CsvWriter(path) as writer:
/// ...     writer.write(Channel("ai0", "V").batch([0.5, 0.25], start=0, rate=1000.0))
/// >>> print(path.read_text(), end="")
/// timestamp,channel,value,unit
/// 1970-01-01T00:00:00.000000000Z,ai0,0.5,V
/// 1970-01-01T00:00:00.001000000Z,ai0,0.25,V
#[pyclass(name = "CsvWriter", module = "rust_daq.storage", frozen, immutable_type)]
pub struct PyCsvWriter(Shared<CsvFormat>);

writer!(PyCsvWriter, CsvFormat, "CsvWriter", "csv", "Close the file.");

#[pymethods]
impl PyCsvWriter {
    #[new]
    #[pyo3(signature = (
        path, *, sync=None, rotate_bytes=None, overwrite=false, append=false, drop_metadata=false,
        sequences=None
    ))]
    fn new(
        path: &Bound<'_, PyAny>,
        sync: Option<&Bound<'_, PyAny>>,
        rotate_bytes: Option<&Bound<'_, PyAny>>,
        overwrite: bool,
        append: bool,
        drop_metadata: bool,
        sequences: Option<bool>,
    ) -> PyResult<Self> {
        let existing = read_existing(overwrite, append)?;
        let format = CsvFormat::new(drop_metadata, sequences);
        Shared::create(format, path, sync, rotate_bytes, existing).map(Self)
    }

    /// Append the rows of a batch, which is acknowledged as for `ArrowWriter`.
    ///
    /// O(n) in its rows, with the GIL released, plus the time of the system.
    ///
    /// Parameters
    /// ----------
    /// batch : Batch
    ///     Rows of any channels; each name must always have the same unit.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If `batch` is not a `Batch`.
    /// ValueError
    ///     If the batch has metadata, or sequence numbers without a column for them, or a channel name
    ///     appears with two units. The next batch may be written. Also if the writer is closed.
    /// OSError
    ///     As for `ArrowWriter.write`.
    ///
    /// Examples
    /// --------
    /// >>> import tempfile
    /// >>> from rust_daq import Channel
    /// >>> from rust_daq.storage import CsvWriter
    /// >>> channel = Channel("ai0", "V")
    /// >>> with CsvWriter(tempfile.mkdtemp() + "/run.csv") as writer:
    /// ...     writer.write(channel.batch([0.5, 0.25], start=0, rate=1000.0))
    /// ...     writer.write(channel.batch([0.125], start=2_000_000, rate=1000.0))
    /// >>> writer.rows, writer.closed
    /// (3, True)
    fn write(&self, batch: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.write(batch)
    }
}
