//! The class methods that create a batch.

use pyo3::prelude::*;
use rust_daq::{Batch, Memory};

use super::{PyBatch, points, selection};
use crate::array::{instants, numbers, refuse_not_a_time};
use crate::capsule;
use crate::channel::{core_channels, cores, read_channels};
use crate::error::{Raise, explained, wrong_type};

#[pymethods]
impl PyBatch {
    /// Create a batch from points, of one channel or many.
    ///
    /// Parameters
    /// ----------
    /// points : iterable of DataPoint
    ///     The points, in row order.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     One row per point. If points of one channel have different metadata, each row keeps its own.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If an item is not a `DataPoint`.
    /// ValueError
    ///     If a channel name appears with two units.
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

    /// Create a batch from NumPy arrays, or from objects that convert to them; each is copied once.
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
    ///     The index of each row's channel; required if there are several channels.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     A batch of `n` rows.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If an argument has another type.
    /// ValueError
    ///     If lengths or shapes differ, an index has no channel, a channel name appears with two
    ///     units, an entry is NaT, or a value would be rounded.
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
        let channels = cores(&read_channels(channels)?);
        let times = instants("timestamps", timestamps)?;
        let values = numbers("values", values)?;
        let indices = indices.filter(|given| !given.is_none());
        let indices = indices.map(|given| selection::channel_indices(given)).transpose()?;
        Batch::new(times, values, &channels, indices).map(Self::from).raise()
    }

    /// Create a batch from Arrow data, copied once unless `share` is set.
    ///
    /// Parameters
    /// ----------
    /// data : object with ``__arrow_c_stream__`` or ``__arrow_c_array__``
    ///     A table or record batch of pyarrow, polars, pandas, DuckDB and others. Its columns are
    ///     ``timestamp`` (with a time zone), ``value`` and ``channel``, and also ``metadata`` (JSON
    ///     text) if points have their own. Without ``channel``, all rows belong to the only known
    ///     channel. The table of a file written by `compact`, which also has ``unit`` and
    ///     ``sequence``, is accepted as it is.
    /// channels : Channel or sequence of Channel, optional
    ///     The units and metadata by name. Names that are missing here are looked up in the schema's
    ///     metadata under ``rust_daq.channels``.
    /// share : bool, default False
    ///     Use the memory of `data` instead of a copy, if timestamps are in nanoseconds, values are
    ///     float64, and each column is one contiguous piece. A batch never changes, so that memory
    ///     must not be written to afterwards: neither through a NumPy array that pyarrow wraps, nor
    ///     by another process through a shared file. The memory of a `Batch` is always shared.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     One row per row of `data`. A null in a column of floats becomes NaN.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If `data` provides no Arrow data, or the conversion of a column would lose information.
    /// ValueError
    ///     If a column is missing or unknown, a column other than floats has nulls, the stream ends
    ///     with an error, or the unit of a channel is unknown.
    /// OverflowError
    ///     If an instant is outside 64-bit nanoseconds.
    /// MemoryError
    ///     If there is not enough memory for the copy.
    ///
    /// Notes
    /// -----
    /// O(n); O(1) if the memory is shared and there is one channel.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Batch, Channel
    /// >>> batch = Channel("laser", "mW").batch([0.5, 0.25], start=0, rate=1000.0)
    /// >>> Batch.from_arrow(batch) == batch  # or a table of any other package
    /// True
    #[staticmethod]
    #[pyo3(signature = (data, channels=None, *, share=false))]
    fn from_arrow(
        data: &Bound<'_, PyAny>,
        channels: Option<&Bound<'_, PyAny>>,
        share: bool,
    ) -> PyResult<Self> {
        let given = core_channels(channels)?;
        let (schema, batches) = capsule::read_batches(data)?;
        // The memory of a batch is immutable.
        let share = share || data.is_exact_instance_of::<Self>();
        let memory = if share { Memory::Shared } else { Memory::Copied };
        let read = || Batch::from_record_batches(&schema, &batches, &given, memory);
        let batch = data.py().detach(read).raise()?;
        refuse_not_a_time("timestamp", batch.timestamps())?;
        Ok(batch.into())
    }

    /// Concatenate several batches into one; their rows are copied once.
    ///
    /// Parameters
    /// ----------
    /// batches : iterable of Batch
    ///     The batches, in order. A single batch is shared, not copied.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     All rows, in order.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If an item is not a `Batch`.
    /// ValueError
    ///     If a channel name appears with two units.
    ///
    /// Notes
    /// -----
    /// O(n) in all rows together.
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
        let wrong = || wrong_type("batches", wanted, batches);
        for batch in batches.try_iter().map_err(|error| explained(error, batches.py(), wrong))? {
            let batch = batch?;
            let Ok(batch) = batch.cast::<Self>() else {
                return Err(wrong_type("batches", wanted, &batch));
            };
            parts.push(batch.get().core.clone());
        }
        let batch = batches.py().detach(|| Batch::concat(&parts));
        batch.map(Self::from).raise()
    }
}
