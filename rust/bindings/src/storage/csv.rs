//! `rust_daq.storage.CsvWriter`.

use pyo3::prelude::*;
use rust_daq::CsvFormat;

use super::{Shared, read_existing, writer};

/// Appends batches to a CSV file, a row for each point, for whoever reads nothing else.
///
/// The columns are ``timestamp`` (RFC 3339 in UTC, to the nanosecond), ``channel``, ``value`` (the
/// shortest text that reads back to the same number) and ``unit``, and ``sequence`` where batches
/// are numbered. Metadata has no column. Of a file that was cut off, `open_recording` gives every
/// whole row; a damaged digit is noticed by nobody.
///
/// A sink for a `Pipeline`, which then writes without the GIL. Safe to share between threads. In a
/// ``with`` block it is closed at the end. O(1) to make, and what the system takes to make a file.
///
/// Parameters
/// ----------
/// path : str or os.PathLike
///     The file; one that is there already is refused.
/// sync : {"none", "flush", "batch"} or float, default "flush"
///     As in `ArrowWriter`.
/// rotate_bytes : int, optional
///     As in `ArrowWriter`.
/// overwrite : bool, default False
///     As in `ArrowWriter`.
/// append : bool, default False
///     As in `ArrowWriter`; an incomplete row at the end of the file is cut off.
/// drop_metadata : bool, default False
///     Whether metadata is left out; a batch with some is refused otherwise.
/// sequences : bool, optional
///     Whether there is a column of sequence numbers; without it, as the first batch has them.
///
/// Raises
/// ------
/// TypeError, ValueError, OSError
///     As `ArrowWriter` does.
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

    /// Append the rows of a batch, which is acknowledged as in `ArrowWriter`.
    ///
    /// O(n) in its rows, with the GIL released, and what the system takes.
    ///
    /// Parameters
    /// ----------
    /// batch : Batch
    ///     Rows of any channels, each name always with the same unit.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If `batch` is no `Batch`.
    /// ValueError
    ///     If the batch has metadata, or sequence numbers without a column for them, or one channel
    ///     name comes with two units. The next batch may be written. Also if the writer is closed.
    /// OSError
    ///     As `ArrowWriter.write` does.
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
