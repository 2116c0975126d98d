//! `rust_daq.storage.CsvWriter`.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rust_daq::{CsvFormat, Writer};

use super::{Shared, read_existing};

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

impl PyCsvWriter {
    /// The writer, shared with a pipeline.
    pub(super) fn shared(&self) -> Shared<CsvFormat> {
        self.0.clone()
    }
}

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

    /// Hand all that was written to the operating system, and to the device where `sync` does so.
    ///
    /// O(1), and what the system takes for up to 256 KB, or for all that is not on the device yet.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     If the writer is closed.
    /// OSError
    ///     As `write` does.
    ///
    /// Examples
    /// --------
    /// >>> import tempfile
    /// >>> from rust_daq import Channel
    /// >>> from rust_daq.storage import CsvWriter
    /// >>> writer = CsvWriter(tempfile.mkdtemp() + "/run.csv", sync="none")
    /// >>> writer.write(Channel("ai0", "V").batch([0.5, 0.25], start=0, rate=1000.0))
    /// >>> writer.flush()
    /// >>> writer.path.stat().st_size == writer.bytes
    /// True
    /// >>> writer.close()
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        self.0.flush(py)
    }

    /// Close the file.
    ///
    /// Who opened the writer closes it once. What a pipeline or the end of a ``with`` block closed
    /// may still be closed. O(1), and as `flush`.
    ///
    /// Raises
    /// ------
    /// ValueError
    ///     If it was called before.
    /// OSError
    ///     As `write` does.
    ///
    /// Examples
    /// --------
    /// >>> import tempfile
    /// >>> from rust_daq import Channel
    /// >>> from rust_daq.storage import CsvWriter
    /// >>> writer = CsvWriter(tempfile.mkdtemp() + "/run.csv", rotate_bytes=1_000)
    /// >>> for start in range(2):
    /// ...     values = [0.5] * 100
    /// ...     writer.write(Channel("ai0", "V").batch(values, start=start * 10**9, rate=100.0))
    /// >>> writer.close()
    /// >>> print(*(path.name for path in writer.paths))
    /// run.part0000.csv run.part0001.csv
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.0.close(py, true)
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*exception))]
    fn __exit__(&self, exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.0.close(exception.py(), false)
    }

    /// The file that is written, a `pathlib.Path`; with `rotate_bytes` the last one.
    #[getter]
    fn path(&self, py: Python<'_>) -> PyResult<PathBuf> {
        self.0.told(py, |writer| writer.path().to_owned())
    }

    /// All files that were written, a list of `pathlib.Path`.
    #[getter]
    fn paths(&self, py: Python<'_>) -> PyResult<Vec<PathBuf>> {
        self.0.told(py, |writer| writer.paths().to_vec())
    }

    /// The rows that were written, in all files; with `append` also those of the file before.
    #[getter]
    fn rows(&self, py: Python<'_>) -> PyResult<u64> {
        self.0.told(py, Writer::rows)
    }

    /// The bytes that were written, in all files, with those that wait in the writer's memory; with
    /// `append` also those of the file before.
    #[getter]
    fn bytes(&self, py: Python<'_>) -> PyResult<u64> {
        self.0.told(py, Writer::bytes)
    }

    /// Whether it was closed, or the system refused something; no more is taken then.
    #[getter]
    fn closed(&self, py: Python<'_>) -> PyResult<bool> {
        self.0.told(py, Writer::is_closed)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.0.repr(py, "CsvWriter")
    }
}
