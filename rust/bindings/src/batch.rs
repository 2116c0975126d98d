//! `rust_daq.Batch`.

use std::sync::Arc;

use arrow_buffer::ScalarBuffer;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use rust_daq::Batch;

use crate::channel::PyChannel;
use crate::column::PyColumn;
use crate::error::Raise;
use crate::immutable::own_copy;
use crate::point::{PyDataPoint, native as point_native};

mod arrow;
mod constructors;
mod iterator;
pub mod native;
mod pickle;
mod points;
mod selection;
mod sequences;

pub use iterator::PyBatchIterator;
use selection::{Selection, consecutive};

/// Measurement data in columns: a timestamp, a value and a channel for each row.
///
/// Created by `Channel.batch` and by the class methods below. A batch is immutable: slices and
/// views share its memory, and threads may use it at the same time. If it has several channels, each
/// row has the index of its channel; with one channel, no indices are stored. Two batches are equal if
/// their rows are equal, as for points. Batches are not hashable.
///
/// ``batch[i]`` is a `DataPoint` (negative indices count from the end). ``batch[i:j]`` is a view.
/// A slice with a step, a boolean array and an array of integers copy the selected rows. Iteration
/// creates one point at a time. Other packages read the columns without a copy through the Arrow
/// PyCapsule interface: ``pyarrow.table(batch)``, ``polars.DataFrame(batch)``.
///
/// Notes
/// -----
/// ``batch[i]`` and ``batch[i:j]`` are O(1); a selection that copies is O(n) in the selected rows.
///
/// Examples
/// --------
/// >>> from rust_daq import Channel
/// >>> batch = Channel("laser", "mW").batch([0.5, 0.25, 1.0], start=0, rate=1000.0)
/// >>> batch.values
/// array([0.5 , 0.25, 1.  ])
/// >>> batch.timestamps[1]
/// np.datetime64('1970-01-01T00:00:00.001000000')
#[pyclass(name = "Batch", module = "rust_daq", frozen, immutable_type)]
pub struct PyBatch {
    core: Batch,
    /// The Python objects of the core's channels, created on first use.
    channels: Arc<PyOnceLock<Vec<Py<PyChannel>>>>,
}

impl From<Batch> for PyBatch {
    fn from(core: Batch) -> Self {
        Self { core, channels: Arc::default() }
    }
}

impl PyBatch {
    /// Wraps a batch of one channel; its points share the text and metadata of this object.
    pub fn of_channel(channel: Bound<'_, PyChannel>, core: Batch) -> Self {
        let py = channel.py();
        let channels = PyOnceLock::new();
        channels.get_or_init(py, || vec![channel.unbind()]);
        Self { core, channels: Arc::new(channels) }
    }

    /// The batch of the core crate.
    pub const fn core(&self) -> &Batch {
        &self.core
    }

    /// Wraps rows of the same channels.
    fn part(&self, core: Batch) -> Self {
        Self { core, channels: Arc::clone(&self.channels) }
    }

    /// Creates the object of rows of the same channels.
    #[inline]
    fn object<'py>(&self, py: Python<'py>, part: Batch) -> PyResult<Bound<'py, PyAny>> {
        Bound::new(py, self.part(part)).map(Bound::into_any)
    }

    /// Returns what a key selects that is not a slice of consecutive rows.
    #[inline(never)]
    fn selected<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, batch) = (slf.py(), slf.get());
        match Selection::of(key, batch.core.len())? {
            Selection::Row(row) => {
                let point = batch.row(py, batch.objects(py)?, row);
                point_native::object(py, point).map(Bound::into_any)
            }
            Selection::Stepped(rows) => {
                batch.object(py, py.detach(|| batch.core.slice_with_step(&rows)).raise()?)
            }
            Selection::Rows(rows) => {
                batch.object(py, py.detach(|| batch.core.take(&rows)).raise()?)
            }
        }
    }

    /// The Python objects of the channels, by index.
    pub fn objects(&self, py: Python<'_>) -> PyResult<&[Py<PyChannel>]> {
        let make = || PyChannel::objects(py, self.core.channels());
        self.channels.get_or_try_init(py, make).map(Vec::as_slice)
    }

    /// The fields of a row, which must exist.
    #[inline]
    fn row(&self, py: Python<'_>, channels: &[Py<PyChannel>], row: usize) -> PyDataPoint {
        let channel = channels[self.core.index_of(row)].get();
        channel.data_point(py, self.core.timestamps()[row], self.core.values()[row])
    }
}

own_copy!(PyBatch);

#[pymethods]
impl PyBatch {
    /// The timestamp of each row: a read-only view of ``datetime64[ns]`` in UTC, shape (n,).
    #[getter]
    fn timestamps<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        view(py, self.core.timestamps().clone(), "datetime64[ns]")
    }

    /// The value of each row, in the unit of its channel: a read-only view of float64, shape (n,).
    #[getter]
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        view(py, self.core.values().clone(), "float64")
    }

    /// The distinct channels, a tuple of `Channel`.
    #[getter]
    fn channels<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.objects(py)?)
    }

    /// The index in `channels` for each row: read-only int32, shape (n,).
    #[getter]
    fn indices<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(indices) = self.core.indices() {
            return view(py, indices.clone(), "int32");
        }
        // One zero, shared by all rows.
        let numpy = py.import("numpy")?;
        let zero = numpy.getattr("int32")?.call1((0,))?;
        numpy.call_method1("broadcast_to", (zero, self.core.len()))
    }

    /// The size of the columns in bytes.
    #[getter]
    fn nbytes(&self) -> usize {
        let indices = self.core.indices().map_or(0, |indices| indices.inner().len());
        self.core.timestamps().inner().len() + self.core.values().inner().len() + indices
    }

    /// Convert all rows to points.
    ///
    /// Returns
    /// -------
    /// list of DataPoint
    ///     Points of one channel share its name, unit and metadata.
    ///
    /// Notes
    /// -----
    /// O(n): one object per row.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel
    /// >>> points = Channel("laser", "mW").batch([0.5, 0.25], start=0, rate=1000.0).to_points()
    /// >>> points[1].value, points[1].timestamp_ns
    /// (0.25, 1000000)
    fn to_points<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let channels = self.objects(py)?;
        point_native::list(py, self.core.len(), |row| self.row(py, channels, row))
    }

    /// Split the rows by channel name.
    ///
    /// Returns
    /// -------
    /// dict of str to Batch
    ///     In the order in which the names first appear; copied if there are several.
    ///
    /// Notes
    /// -----
    /// O(n); O(1) if there is one channel.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Batch, Channel
    /// >>> channels = [Channel("a", "V"), Channel("b", "A")]
    /// >>> batch = Batch.from_numpy([0, 5, 9], [1.0, 2.0, 3.0], channels, [0, 1, 0])
    /// >>> {name: part.values.tolist() for name, part in batch.by_channel().items()}
    /// {'a': [1.0, 3.0], 'b': [2.0]}
    fn by_channel<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let groups = PyDict::new(py);
        let parts = py.detach(|| self.core.by_channel()).raise()?;
        for batch in parts {
            let Some(name) = batch.channels().first().map(|channel| channel.name().to_owned())
            else {
                continue;
            };
            let single = self.core.indices().is_none();
            let batch = if single { self.part(batch) } else { batch.into() };
            groups.set_item(name, batch)?;
        }
        Ok(groups)
    }

    /// Sort the rows by timestamp.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     Rows with equal timestamps keep their order. If all rows are in order already, the
    ///     columns are shared.
    ///
    /// Raises
    /// ------
    /// MemoryError
    ///     If there is not enough memory for the sorted rows.
    ///
    /// Notes
    /// -----
    /// O(n log n), or O(n) if the rows are in order; the GIL is released.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel
    /// >>> Channel("laser", "mW").batch([0.5, 0.25, 1.0], [5, 0, 9]).sort_by_time().values
    /// array([0.25, 0.5 , 1.  ])
    fn sort_by_time(&self, py: Python<'_>) -> PyResult<Self> {
        let sorted = py.detach(|| self.core.sorted_by_time());
        sorted.map(|sorted| self.part(sorted)).raise()
    }

    fn __len__(&self) -> usize {
        self.core.len()
    }

    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let batch = slf.get();
        // Slices without a step are common, and a call that handles nothing else takes less time.
        match consecutive(key, batch.core.len())? {
            Some((offset, count)) => batch.object(slf.py(), batch.core.slice(offset, count)),
            None => Self::selected(slf, key),
        }
    }

    fn __iter__(slf: &Bound<'_, Self>) -> PyResult<PyBatchIterator> {
        PyBatchIterator::over(slf)
    }

    fn __eq__(&self, other: &Bound<'_, Self>) -> bool {
        let other = other.get();
        self.core == other.core
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        const SHOWN: usize = 5;
        let rows = self.core.len();
        let mut source = format!("<Batch of {rows} row{}", if rows == 1 { "" } else { "s" });
        let channels = self.core.channels();
        for (index, channel) in channels.iter().take(SHOWN).enumerate() {
            source.push_str(if index == 0 { ": " } else { ", " });
            source.push_str(&PyString::new(py, channel.name()).repr()?.to_string_lossy());
            if !channel.unit().is_empty() {
                source.push_str(" in ");
                source.push_str(channel.unit());
            }
        }
        if channels.len() > SHOWN {
            source.push_str(", ...");
        }
        source.push('>');
        Ok(source)
    }
}

/// Returns a read-only NumPy array over a column, and keeps the column alive.
pub fn view<'py, T: arrow_buffer::ArrowNativeType>(
    py: Python<'py>,
    column: ScalarBuffer<T>,
    dtype: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let numpy = py.import("numpy")?;
    numpy.call_method1("frombuffer", (PyColumn::object(py, column)?, dtype))
}
