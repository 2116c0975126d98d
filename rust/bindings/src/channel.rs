//! `rust_daq.Channel`.

use std::hash::{DefaultHasher, Hash, Hasher};

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple, PyType};
use rust_daq::{Batch, Channel, now_ns};

use crate::array::{Times, numbers};
use crate::batch::PyBatch;
use crate::burn::burn;
use crate::error::{Raise, explained, wrong_type};
use crate::immutable::own_copy;
use crate::metadata::{self, Held, PyMetadata};
use crate::point::{PyDataPoint, native as point_native};
use crate::{number, text, timestamp};

pub mod native;

/// A measured quantity: the name, unit and metadata that its points share.
///
/// A channel creates points, lists of points and batches with these three. Channels are immutable and hashable, and
/// compare by value.
///
/// Parameters
/// ----------
/// name : str
///     The name of the measured quantity; not empty.
/// unit : str
///     The unit of the values; may be empty.
/// metadata : Metadata or JSON-like, optional
///     Further information about the channel. A `Metadata` is shared; of any other object a snapshot is taken.
///
/// Raises
/// ------
/// TypeError
///     If an argument has another type, or the metadata contains a value that is not JSON.
/// ValueError
///     If the name is empty, text contains a lone surrogate, or `Metadata` would refuse the metadata.
///
/// Notes
/// -----
/// O(m) in the entries of the metadata, once; O(1) for each point or batch that shares it.
///
/// Examples
/// --------
/// >>> from rust_daq import Channel
/// >>> laser = Channel("laser", "mW", {"gain": 2})
/// >>> laser.point(0.5, 1_767_225_600_000_000_000)
/// DataPoint(datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), 'laser', 0.5, 'mW', {'gain': 2})
#[pyclass(name = "Channel", module = "rust_daq", frozen, immutable_type)]
pub struct PyChannel {
    /// The name of the measured quantity.
    #[pyo3(get)]
    name: Py<PyString>,
    /// The unit of the values.
    #[pyo3(get)]
    unit: Py<PyString>,
    /// The `Metadata` that all points share, or None.
    #[pyo3(get)]
    metadata: Option<Py<PyMetadata>>,
    core: Channel,
}

impl PyChannel {
    /// Creates the Python object of a core channel.
    pub fn object(py: Python<'_>, core: Channel) -> PyResult<Bound<'_, Self>> {
        let metadata = core.metadata().cloned();
        let metadata = metadata.map(|metadata| PyMetadata::object(py, metadata)).transpose()?;
        let name = PyString::new(py, core.name()).unbind();
        let unit = PyString::new(py, core.unit()).unbind();
        Bound::new(py, Self { name, unit, metadata: metadata.map(Bound::unbind), core })
    }

    /// Creates the Python objects of core channels.
    pub fn objects(py: Python<'_>, cores: &[Channel]) -> PyResult<Vec<Py<Self>>> {
        let object = |core: &Channel| Self::object(py, core.clone()).map(Bound::unbind);
        cores.iter().map(object).collect()
    }

    /// The channel of the core crate; a clone shares its memory.
    pub const fn core(&self) -> &Channel {
        &self.core
    }

    /// Creates the fields of a point, which shares the text and metadata of this channel.
    #[inline]
    pub fn data_point(&self, py: Python<'_>, timestamp_ns: i64, value: f64) -> PyDataPoint {
        PyDataPoint {
            timestamp_ns,
            value,
            channel: self.name.clone_ref(py),
            unit: self.unit.clone_ref(py),
            metadata: self.metadata.as_ref().map(|metadata| Held::from(metadata.clone_ref(py))),
        }
    }
}

own_copy!(PyChannel);

#[pymethods]
impl PyChannel {
    #[new]
    #[pyo3(signature = (name, unit, metadata=None))]
    fn new(
        name: &Bound<'_, PyAny>,
        unit: &Bound<'_, PyAny>,
        metadata: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let py = name.py();
        let (name, unit) = (text::extract("name", name)?, text::extract("unit", unit)?);
        let metadata = metadata.map(metadata::shared).transpose()?.flatten();
        let document = metadata.as_ref().map(|metadata| metadata.get().core().clone());
        let core = Channel::new(name.to_str(py)?, unit.to_str(py)?, document).raise()?;
        Ok(Self { name, unit, metadata, core })
    }

    #[classattr]
    fn __match_args__() -> (&'static str, &'static str, &'static str) {
        ("name", "unit", "metadata")
    }

    /// Create a point of this channel. Without a timestamp, Rust reads the UTC wall clock.
    ///
    /// Parameters
    /// ----------
    /// value : float
    ///     The measured value, in `unit`: any object with ``__float__`` or ``__index__``, but no text.
    /// timestamp : datetime.datetime, numpy.datetime64 or int, optional
    ///     The time of measurement: a datetime with a time zone, a datetime64 in UTC, or nanoseconds
    ///     since 1970-01-01 00:00 UTC.
    ///
    /// Returns
    /// -------
    /// DataPoint
    ///     The point shares the name, unit and metadata of the channel.
    ///
    /// Raises
    /// ------
    /// TypeError, ValueError, OverflowError
    ///     As for these arguments of `DataPoint`.
    ///
    /// Notes
    /// -----
    /// O(1): two references to the channel's text, and one to its metadata.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel
    /// >>> laser = Channel("laser", "mW")
    /// >>> laser.point(0.5, 1_767_225_600_000_000_000)
    /// DataPoint(datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), 'laser', 0.5, 'mW')
    /// >>> laser.point(0.5).unit  # stamped now
    /// 'mW'
    #[pyo3(signature = (value, timestamp=None))]
    fn point<'py>(
        slf: &Bound<'py, Self>,
        value: &Bound<'py, PyAny>,
        timestamp: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDataPoint>> {
        let py = slf.py();
        let given = timestamp.filter(|given| !given.is_none());
        let timestamp_ns = given.map(|given| timestamp::extract("timestamp", given)).transpose()?;
        let value = number::value(value)?;
        let timestamp_ns = timestamp_ns.unwrap_or_else(now_ns);
        point_native::object(py, slf.get().data_point(py, timestamp_ns, value))
    }

    /// Create a list of points of this channel.
    ///
    /// Parameters
    /// ----------
    /// values : array-like of float, shape (n,)
    ///     The measured values, in `unit`: a NumPy array, an ``array.array``, an Arrow array or a
    ///     list. Any type that converts to float64 without loss is accepted.
    /// timestamps : array-like, shape (n,), optional
    ///     The times of measurement: datetime64 (in UTC), integers of nanoseconds since 1970 UTC,
    ///     an Arrow array of timestamps with a time zone, or a list of timestamps as for `point`.
    /// start : datetime.datetime, numpy.datetime64 or int, optional
    ///     The time of the first sample; requires `rate`.
    /// rate : float, optional
    ///     Samples per second (hertz). Each time is computed from its index and rounded to the
    ///     nanosecond, so errors do not accumulate.
    ///
    /// Returns
    /// -------
    /// list of DataPoint
    ///     The points share the name, unit and metadata of the channel. Without `timestamps`,
    ///     `start` and `rate`, all have the time of the call.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If an argument has another type, only one of `start` and `rate` is passed, or they are
    ///     passed together with `timestamps`.
    /// ValueError
    ///     If lengths or shapes differ, `rate` is not finite and above 0, an entry is NaT or null,
    ///     or a value would be rounded.
    /// OverflowError
    ///     If an instant is outside 64-bit nanoseconds.
    ///
    /// Notes
    /// -----
    /// O(n): one object per sample.
    ///
    /// Examples
    /// --------
    /// >>> import numpy as np
    /// >>> from rust_daq import Channel
    /// >>> points = Channel("laser", "mW").points(np.array([0.5, 0.25]), start=0, rate=3.0)
    /// >>> [(point.timestamp_ns, point.value) for point in points]
    /// [(0, 0.5), (333333333, 0.25)]
    #[pyo3(signature = (values, timestamps=None, *, start=None, rate=None))]
    fn points<'py>(
        slf: &Bound<'py, Self>,
        values: &Bound<'py, PyAny>,
        timestamps: Option<&Bound<'py, PyAny>>,
        start: Option<&Bound<'py, PyAny>>,
        rate: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        burn();
        let (py, channel) = (slf.py(), slf.get());
        let values = numbers("values", values)?;
        let times = Times::of(timestamps, start, rate, values.len())?;
        point_native::list(py, values.len(), |row| {
            channel.data_point(py, times.at(row), values[row])
        })
    }

    /// Create a batch of this channel.
    ///
    /// Parameters
    /// ----------
    /// values : array-like of float, shape (n,)
    ///     As for `points`; copied once. Masked entries and nulls become NaN.
    /// timestamps, start, rate
    ///     As for `points`.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     A batch of `n` rows. Without `timestamps`, `start` and `rate`, all rows have the time of
    ///     the call.
    ///
    /// Raises
    /// ------
    /// TypeError, ValueError, OverflowError
    ///     As for `points`.
    ///
    /// Notes
    /// -----
    /// O(n): each sample takes eight bytes for its time and eight for its value.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel
    /// >>> laser = Channel("laser", "mW", {"gain": 2})
    /// >>> batch = laser.batch([0.5, 0.25], start=0, rate=1000.0)
    /// >>> batch[1].timestamp_ns, batch[1].value, batch[1].metadata
    /// (1000000, 0.25, {'gain': 2})
    /// >>> laser.name, laser.unit, laser.metadata.json
    /// ('laser', 'mW', '{"gain":2}')
    #[pyo3(signature = (values, timestamps=None, *, start=None, rate=None))]
    fn batch<'py>(
        slf: &Bound<'py, Self>,
        values: &Bound<'py, PyAny>,
        timestamps: Option<&Bound<'py, PyAny>>,
        start: Option<&Bound<'py, PyAny>>,
        rate: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<PyBatch> {
        burn();
        let values = numbers("values", values)?;
        let times = Times::of(timestamps, start, rate, values.len())?.into_column(values.len())?;
        let batch = Batch::of_channel(slf.get().core.clone(), times, values).raise()?;
        Ok(PyBatch::of_channel(slf.clone(), batch))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (name, unit) = (self.name.bind(py).repr()?, self.unit.bind(py).repr()?);
        let mut source = format!("Channel({}, {}", name.to_string_lossy(), unit.to_string_lossy());
        if let Some(metadata) = self.core.metadata() {
            source.push_str(", ");
            metadata::literal(py, metadata.document(), &mut source)?;
        }
        source.push(')');
        Ok(source)
    }

    fn __eq__(&self, other: &Bound<'_, Self>) -> bool {
        self.core == other.get().core
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.core.hash(&mut hasher);
        hasher.finish()
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let py = slf.py();
        let channel = slf.get();
        let arguments = (&channel.name, &channel.unit, &channel.metadata).into_pyobject(py)?;
        Ok((slf.get_type(), arguments))
    }
}

/// Reads the argument `channels`: one channel, or a sequence of channels.
pub fn read_channels(channels: &Bound<'_, PyAny>) -> PyResult<Vec<Py<PyChannel>>> {
    if let Ok(channel) = channels.cast::<PyChannel>() {
        return Ok(vec![channel.clone().unbind()]);
    }
    let wrong = || wrong_type("channels", "a Channel or a sequence of them", channels);
    let entries = channels.try_iter().map_err(|error| explained(error, channels.py(), wrong))?;
    let read = |entry: PyResult<Bound<'_, PyAny>>| {
        entry?.cast_into::<PyChannel>().map(Bound::unbind).map_err(|_| wrong())
    };
    entries.map(read).collect()
}

/// Reads the argument `channels` as core channels; an empty list if it is missing.
pub fn core_channels(channels: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<Channel>> {
    let channels = channels.filter(|given| !given.is_none()).map(read_channels).transpose()?;
    Ok(cores(&channels.unwrap_or_default()))
}

/// Returns the core channels of Python channels.
pub fn cores(channels: &[Py<PyChannel>]) -> Vec<Channel> {
    channels.iter().map(|channel| channel.get().core.clone()).collect()
}
