//! The class methods that make a batch.

use pyo3::prelude::*;
use rust_daq::{Batch, Memory};

use super::{PyBatch, points, selection};
use crate::array::{instants, numbers, refuse_not_a_time};
use crate::capsule;
use crate::channel::{core_channels, cores, read_channels};
use crate::error::{Raise, wrong_type};

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
        let channels = cores(&read_channels(channels)?);
        let times = instants("timestamps", timestamps)?;
        let values = numbers("values", values)?;
        let indices = indices.filter(|given| !given.is_none());
        let indices = indices.map(|given| selection::channel_indices(given)).transpose()?;
        Batch::new(times, values, &channels, indices).map(Self::from).raise()
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
        let given = core_channels(channels)?;
        let (schema, batches) = capsule::read_batches(data)?;
        // Nobody can write to what a batch offers.
        let share = share || data.is_exact_instance_of::<Self>();
        let memory = if share { Memory::Shared } else { Memory::Copied };
        let read = || Batch::from_record_batches(&schema, &batches, &given, memory);
        let batch = data.py().detach(read).raise()?;
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
        batch.map(Self::from).raise()
    }
}
