//! `rust_daq.Batch`.

use std::sync::Arc;

use arrow_buffer::ScalarBuffer;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use rust_daq::{Batch, Memory};

use crate::array::{instants, numbers, refuse_not_a_time};
use crate::capsule;
use crate::channel::PyChannel;
use crate::column::PyColumn;
use crate::error::{raised, wrong_type};
use crate::point::{PyDataPoint, native as point_native};

mod iterator;
pub mod native;
mod pickle;
mod points;
mod selection;
mod sequences;

pub use iterator::PyBatchIterator;
use selection::Selection;

const CHANNELS_WANTED: &str = "a Channel or a sequence of them";

/// Measurement data in columns: an instant, a value and a channel for each row.
///
/// Made by `Channel.batch` and by the class methods here. Immutable, so that slices and views
/// share its memory; safe to use in many threads. With several channels each row has an index of
/// its channel, with one channel none has. Two batches are equal when their rows are, as points
/// are; a batch is not hashable.
///
/// ``batch[i]`` is a `DataPoint` (negative from the end), ``batch[i:j]`` a view; a slice with a
/// step, a boolean array and an array of integers copy the rows they select. Iterating makes the
/// points one by one. The batch offers its columns to other packages through the Arrow PyCapsule
/// interface without a copy: ``pyarrow.table(batch)``, ``polars.DataFrame(batch)``.
///
/// Notes
/// -----
/// ``batch[i]`` and a slice ``batch[i:j]`` are O(1); a selection that copies is O(n) in the rows that it selects.
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
    /// The objects of the core's channels, made when somebody first asks for one.
    channels: Arc<PyOnceLock<Vec<Py<PyChannel>>>>,
}

impl From<Batch> for PyBatch {
    fn from(core: Batch) -> Self {
        Self { core, channels: Arc::default() }
    }
}

impl PyBatch {
    /// A batch of one channel, whose points share the text and metadata of this object.
    pub fn of_channel(channel: Bound<'_, PyChannel>, core: Batch) -> Self {
        let py = channel.py();
        let channels = PyOnceLock::new();
        channels.get_or_init(py, || vec![channel.unbind()]);
        Self { core, channels: Arc::new(channels) }
    }

    /// The core's form.
    pub const fn core(&self) -> &Batch {
        &self.core
    }

    /// Rows of the same channels.
    fn part(&self, core: Batch) -> Self {
        Self { core, channels: Arc::clone(&self.channels) }
    }

    /// The objects of the channels, by index.
    pub fn objects(&self, py: Python<'_>) -> PyResult<&[Py<PyChannel>]> {
        let make = || {
            let objects = self
                .core
                .channels()
                .iter()
                .map(|channel| PyChannel::object(py, channel.clone()).map(Bound::unbind));
            objects.collect()
        };
        self.channels.get_or_try_init(py, make).map(Vec::as_slice)
    }

    /// The fields of a row, which has to be one.
    #[inline]
    fn row(&self, py: Python<'_>, channels: &[Py<PyChannel>], row: usize) -> PyDataPoint {
        let channel = channels[self.core.index_of(row)].get();
        channel.data_point(py, self.core.timestamps()[row], self.core.values()[row])
    }
}

#[pymethods]
impl PyBatch {
    /// A batch of points, of one channel or many.
    ///
    /// Parameters
    /// ----------
    /// points : iterable of DataPoint
    ///     In the order of the rows.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     Of as many rows; points of one channel whose metadata differ keep their own.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If something in it is no `DataPoint`.
    /// ValueError
    ///     If one channel name comes with two units.
    ///
    /// Notes
    /// -----
    /// O(n).
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Batch, DataPoint
    /// >>> batch = Batch.from_points([DataPoint(0, "a", 1.0, "V"), DataPoint(5, "b", 2.0, "A")])
    /// >>> batch.channels
    /// (Channel('a', 'V'), Channel('b', 'A'))
    /// >>> batch.indices
    /// array([0, 1], dtype=int32)
    #[staticmethod]
    fn from_points(points: &Bound<'_, PyAny>) -> PyResult<Self> {
        points::read(points).map(Self::from)
    }

    /// A batch of NumPy arrays, or of what converts to them, each copied once.
    ///
    /// Parameters
    /// ----------
    /// timestamps : array-like, shape (n,)
    ///     As in `Channel.points`: datetime64 (in UTC) or integers of nanoseconds since 1970 UTC.
    /// values : array-like of float, shape (n,)
    ///     The values, each in the unit of its channel.
    /// channels : Channel or sequence of Channel
    ///     The channels of the rows.
    /// indices : array-like of int, shape (n,), optional
    ///     For each row the index of its channel; needed when there are several.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     Of `n` rows.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If an argument is of another type.
    /// ValueError
    ///     If lengths or shapes differ, an index is none of a channel, one channel name comes with
    ///     two units, an entry is NaT, or a value would be rounded.
    /// OverflowError
    ///     If an instant is outside 64-bit nanoseconds.
    ///
    /// Notes
    /// -----
    /// O(n).
    ///
    /// Examples
    /// --------
    /// >>> import numpy as np
    /// >>> from rust_daq import Batch, Channel
    /// >>> channels = [Channel("a", "V"), Channel("b", "A")]
    /// >>> batch = Batch.from_numpy(np.array([0, 5, 9]), np.array([1.0, 2.0, 3.0]), channels, [0, 1, 0])
    /// >>> len(batch), batch.nbytes
    /// (3, 60)
    #[staticmethod]
    #[pyo3(signature = (timestamps, values, channels, indices=None))]
    fn from_numpy(
        timestamps: &Bound<'_, PyAny>,
        values: &Bound<'_, PyAny>,
        channels: &Bound<'_, PyAny>,
        indices: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let channels = read_channels(channels)?;
        let times = instants("timestamps", timestamps)?;
        let values = numbers("values", values)?;
        let indices = indices.filter(|given| !given.is_none());
        let indices = indices.map(|given| selection::channel_indices(given)).transpose()?;
        let channels: Vec<_> =
            channels.iter().map(|channel| channel.get().core().clone()).collect();
        Batch::new(times, values, &channels, indices)
            .map(Self::from)
            .map_err(|error| raised(&error))
    }

    /// A batch of Arrow data, copied once unless the memory is shared on request.
    ///
    /// Parameters
    /// ----------
    /// data : object with ``__arrow_c_stream__`` or ``__arrow_c_array__``
    ///     A table or record batch of pyarrow, polars, pandas, DuckDB and others, with the columns
    ///     ``timestamp`` (with a time zone), ``value`` and ``channel``, and ``metadata`` (JSON
    ///     text) where points have their own. Without ``channel`` all rows are of the one channel
    ///     that is known. The table of a file that `compact` wrote, which has ``unit`` and
    ///     ``sequence`` too, is read as it is.
    /// channels : Channel or sequence of Channel, optional
    ///     Tells units and metadata by name; what it does not name is looked up in the schema's
    ///     metadata under ``rust_daq.channels``.
    /// share : bool, default False
    ///     Use the memory of `data` instead of a copy, where timestamps count nanoseconds, values
    ///     are float64, and both come in one piece. A batch never changes, so nobody may write to
    ///     that memory any more: not through a NumPy array that pyarrow took over, and no other
    ///     process through a shared file. What a `Batch` offers is shared in any case.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     Of as many rows. A null in a column of floats is NaN.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If `data` offers no Arrow data, or a column is of a type that would lose something.
    /// ValueError
    ///     If a column is missing, unknown or holds nulls that are not floats, the stream breaks
    ///     off with an error, or nothing tells a channel's unit.
    /// OverflowError
    ///     If an instant is outside 64-bit nanoseconds.
    /// MemoryError
    ///     If there is not enough memory for the copy.
    ///
    /// Notes
    /// -----
    /// O(n); O(1) where the memory is shared and there is one channel.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Batch, Channel
    /// >>> batch = Channel("laser", "mW").batch([0.5, 0.25], start=0, rate=1000.0)
    /// >>> Batch.from_arrow(batch) == batch  # any package's table will do
    /// True
    #[staticmethod]
    #[pyo3(signature = (data, channels=None, *, share=false))]
    fn from_arrow(
        data: &Bound<'_, PyAny>,
        channels: Option<&Bound<'_, PyAny>>,
        share: bool,
    ) -> PyResult<Self> {
        let given = channels.filter(|given| !given.is_none());
        let given = given.map(read_channels).transpose()?.unwrap_or_default();
        let given: Vec<_> = given.iter().map(|channel| channel.get().core().clone()).collect();
        let (schema, batches) = capsule::read_batches(data)?;
        // Nobody can write to what a batch offers.
        let share = share || data.is_exact_instance_of::<Self>();
        let memory = if share { Memory::Shared } else { Memory::Copied };
        let read = || Batch::from_record_batches(&schema, &batches, &given, memory);
        let batch = data.py().detach(read).map_err(|error| raised(&error))?;
        refuse_not_a_time("timestamp", batch.timestamps())?;
        Ok(batch.into())
    }

    /// The rows of several batches, one after the other, in one batch; copied once.
    ///
    /// Parameters
    /// ----------
    /// batches : iterable of Batch
    ///     One alone is shared.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     Of all rows.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If something in it is no `Batch`.
    /// ValueError
    ///     If one channel name comes with two units.
    ///
    /// Notes
    /// -----
    /// O(n) in the rows of all.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Batch, Channel
    /// >>> laser = Channel("laser", "mW")
    /// >>> Batch.concat([laser.batch([0.5]), laser.batch([0.25, 1.0])]).values
    /// array([0.5 , 0.25, 1.  ])
    #[staticmethod]
    fn concat(batches: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut parts = Vec::new();
        let wanted = "an iterable of Batch";
        for batch in batches.try_iter().map_err(|_| wrong_type("batches", wanted, batches))? {
            let batch = batch?;
            let Ok(batch) = batch.cast::<Self>() else {
                return Err(wrong_type("batches", wanted, &batch));
            };
            parts.push(batch.get().core.clone());
        }
        let batch = batches.py().detach(|| Batch::concat(&parts));
        batch.map(Self::from).map_err(|error| raised(&error))
    }

    #[staticmethod]
    #[pyo3(signature = (timestamps, values, channels, indices, first_sequence, /))]
    fn _from_buffers(
        timestamps: &Bound<'_, PyAny>,
        values: &Bound<'_, PyAny>,
        channels: &Bound<'_, PyAny>,
        indices: Option<&Bound<'_, PyAny>>,
        first_sequence: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        pickle::from_buffers(timestamps, values, channels, indices, first_sequence)
    }

    /// When each row was measured: a read-only view as ``datetime64[ns]`` in UTC, shape (n,).
    #[getter]
    fn timestamps<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        view(py, self.core.timestamps().clone(), "datetime64[ns]")
    }

    /// The value of each row, in the unit of its channel: a read-only view as float64, shape (n,).
    #[getter]
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        view(py, self.core.values().clone(), "float64")
    }

    /// The distinct channels, a tuple of `Channel`.
    #[getter]
    fn channels<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.objects(py)?)
    }

    /// For each row the index of its channel in `channels`: read-only int32, shape (n,).
    #[getter]
    fn indices<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if let Some(indices) = self.core.indices() {
            return view(py, indices.clone(), "int32");
        }
        // One zero that every row looks at.
        let numpy = py.import("numpy")?;
        let zero = numpy.getattr("int32")?.call1((0,))?;
        numpy.call_method1("broadcast_to", (zero, self.core.len()))
    }

    /// For each channel name the sequence number of its first row, a dict of str to int; None where
    /// nothing numbered them.
    ///
    /// A pipeline numbers the samples of each channel from 0. Within a batch they follow upon each
    /// other; samples that were lost between two batches show as a jump. Slices keep the numbers, and
    /// so do `concat` and slices with a step where the rows of each name follow upon each other, and
    /// `sort_by_time` where they stay in their order; a selection by booleans or integers forgets them.
    #[getter]
    fn first_sequence<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        sequences::shown(py, &self.core)
    }

    /// The same rows, the first one of each channel with this sequence number.
    ///
    /// Parameters
    /// ----------
    /// first : int, mapping of str to int, or None
    ///     One number for all channels, or one for each name, from 0 to 2**63 - 1; None forgets
    ///     them.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     Of the same columns, which are shared.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If `first` is of another type.
    /// ValueError
    ///     If it names not all channels, or a number is outside the range.
    ///
    /// Notes
    /// -----
    /// O(c) in the channels; no row is copied.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel
    /// >>> batch = Channel("laser", "mW").batch([0.5, 0.25, 1.0], start=0, rate=1000.0)
    /// >>> batch.with_first_sequence(10)[1:].first_sequence
    /// {'laser': 11}
    fn with_first_sequence(&self, first: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        Ok(self.part(sequences::numbered(&self.core, first)?))
    }

    /// The bytes that the columns take.
    #[getter]
    fn nbytes(&self) -> usize {
        let indices = self.core.indices().map_or(0, |indices| indices.inner().len());
        self.core.timestamps().inner().len() + self.core.values().inner().len() + indices
    }

    /// The points of all rows, made in one call.
    ///
    /// Returns
    /// -------
    /// list of DataPoint
    ///     Points of one channel share its name, unit and metadata.
    ///
    /// Notes
    /// -----
    /// O(n): an object a row.
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

    /// The rows of each channel name.
    ///
    /// Returns
    /// -------
    /// dict of str to Batch
    ///     In the order in which the names first appear; copied unless there is but one.
    ///
    /// Notes
    /// -----
    /// O(n); O(1) where there is one channel.
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
        let parts = py.detach(|| self.core.by_channel()).map_err(|error| raised(&error))?;
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

    /// The rows in the order of their timestamps.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     Rows of one instant stay in the order in which they are. Where all are in order already,
    ///     the columns are shared.
    ///
    /// Raises
    /// ------
    /// MemoryError
    ///     If there is not enough memory for the rows in their new order.
    ///
    /// Notes
    /// -----
    /// O(n log n); O(n) where the rows are in order; the GIL is released.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel
    /// >>> Channel("laser", "mW").batch([0.5, 0.25, 1.0], [5, 0, 9]).sort_by_time().values
    /// array([0.25, 0.5 , 1.  ])
    fn sort_by_time(&self, py: Python<'_>) -> PyResult<Self> {
        let sorted = py.detach(|| self.core.sorted_by_time());
        sorted.map(|sorted| self.part(sorted)).map_err(|error| raised(&error))
    }

    fn __len__(&self) -> usize {
        self.core.len()
    }

    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, batch) = (slf.py(), slf.get());
        let part = match Selection::of(key, batch.core.len())? {
            Selection::Row(row) => {
                let point = batch.row(py, batch.objects(py)?, row);
                return point_native::object(py, point).map(Bound::into_any);
            }
            Selection::Range { offset, count } => batch.core.slice(offset, count),
            Selection::Stepped(rows) => {
                py.detach(|| batch.core.stepped(&rows)).map_err(|error| raised(&error))?
            }
            Selection::Rows(rows) => {
                py.detach(|| batch.core.take(&rows)).map_err(|error| raised(&error))?
            }
        };
        Bound::new(py, batch.part(part)).map(Bound::into_any)
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

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    // Everything inside is immutable, so that it is its own deep copy.
    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __reduce_ex__<'py>(
        slf: &Bound<'py, Self>,
        protocol: i32,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        pickle::reduce(slf, protocol)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        capsule::of_schema(py, &self.core.schema()).map(Bound::into_any)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        // There is one schema; the interface leaves the request to the producer.
        let _ = requested_schema;
        let batch = self.core.to_record_batch().map_err(|error| raised(&error))?;
        capsule::of_batch(py, batch)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // There is one schema; the interface leaves the request to the producer.
        let _ = requested_schema;
        let batch = self.core.to_record_batch().map_err(|error| raised(&error))?;
        capsule::of_stream(py, batch).map(Bound::into_any)
    }
}

/// The channels of an argument: one, or a sequence of them.
pub fn read_channels(channels: &Bound<'_, PyAny>) -> PyResult<Vec<Py<PyChannel>>> {
    if let Ok(channel) = channels.cast::<PyChannel>() {
        return Ok(vec![channel.clone().unbind()]);
    }
    let wrong = || wrong_type("channels", CHANNELS_WANTED, channels);
    let entries = channels.try_iter().map_err(|_| wrong())?;
    let read = |entry: PyResult<Bound<'_, PyAny>>| {
        entry?.cast_into::<PyChannel>().map(Bound::unbind).map_err(|_| wrong())
    };
    entries.map(read).collect()
}

/// A read-only NumPy array over a column, which it keeps alive.
pub fn view<'py, T: arrow_buffer::ArrowNativeType>(
    py: Python<'py>,
    column: ScalarBuffer<T>,
    dtype: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let numpy = py.import("numpy")?;
    numpy.call_method1("frombuffer", (PyColumn::object(py, column)?, dtype))
}
