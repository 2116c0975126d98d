//! `rust_daq.DataPoint`.

use std::hash::{DefaultHasher, Hash, Hasher};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDict, PyFloat, PyString, PyTuple, PyType};
use rust_daq::{DataPoint, Metadata, PointView, checked_channel, now_ns};

use crate::error::Raise;
use crate::immutable::own_copy;
use crate::metadata::{Held, PyMetadata};
use crate::{metadata, number, text, timestamp};

pub mod native;

/// Returns whether two texts are equal; points of one channel share theirs.
fn same_text(py: Python<'_>, mine: &Py<PyString>, other: &Py<PyString>) -> PyResult<bool> {
    Ok(mine.is(other) || mine.to_str(py)? == other.to_str(py)?)
}

/// One measured value with its timestamp, channel, unit and metadata.
///
/// Immutable, hashable and final. Two points are equal if their nanoseconds, channel, value, unit
/// and metadata are equal. NaN equals NaN here, and 0.0 equals -0.0. Metadata compares as JSON: 1
/// and 1.0 are the same number, and the order of keys does not matter.
///
/// Parameters
/// ----------
/// timestamp : datetime.datetime, numpy.datetime64 or int
///     The time of measurement: a datetime with a time zone (``fold`` is respected), a datetime64 in
///     UTC, or nanoseconds since 1970-01-01 00:00 UTC. ``bool`` and ``float`` are refused.
/// channel : str
///     The name of the measured quantity; not empty.
/// value : float
///     The measured value: any object with ``__float__`` or ``__index__``, but no text. NaN and
///     infinities are kept.
/// unit : str
///     The unit of the value; may be empty.
/// metadata : JSON-like, optional
///     Further information: None, bool, int of any size, finite float, str, list, tuple, or a
///     mapping with str keys, nested at most 128 deep. The point keeps a snapshot. A `Metadata` is
///     shared instead.
///
/// Raises
/// ------
/// TypeError
///     If an argument has another type, the datetime has no time zone, or the metadata contains a
///     value that is not JSON.
/// ValueError
///     If the channel is empty, text contains a lone surrogate, the timestamp is NaT, float64 would
///     round an integer value, or the metadata contains a number that is not finite, contains itself,
///     or is nested deeper than 128.
/// OverflowError
///     If the timestamp does not fit into 64-bit nanoseconds (1677-09-21 to 2262-04-11), or an
///     integer value is larger than any float.
///
/// Notes
/// -----
/// O(1), except for the snapshot of `metadata`, which is O(m) in its entries.
///
/// Examples
/// --------
/// >>> from rust_daq import DataPoint
/// >>> point = DataPoint(1_767_225_600_000_000_000, "laser", 0.5, "mW", {"gain": 2})
/// >>> point.timestamp
/// datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
/// >>> point.metadata
/// {'gain': 2}
#[pyclass(name = "DataPoint", module = "rust_daq", frozen, immutable_type)]
pub struct PyDataPoint {
    /// Nanoseconds since 1970-01-01 00:00 UTC, as an int.
    #[pyo3(get)]
    pub(crate) timestamp_ns: i64,
    /// The measured value, in the unit of ``unit``.
    #[pyo3(get)]
    pub(crate) value: f64,
    /// The name of the measured quantity.
    #[pyo3(get)]
    pub(crate) channel: Py<PyString>,
    /// The unit of the value.
    #[pyo3(get)]
    pub(crate) unit: Py<PyString>,
    pub(crate) metadata: Option<Held>,
}

impl PyDataPoint {
    /// Creates the Python object of a core point: new text, the same metadata.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub fn from_core<'py>(py: Python<'py>, point: &DataPoint) -> PyResult<Bound<'py, Self>> {
        let metadata = point.metadata().cloned();
        let metadata = metadata.map(|metadata| PyMetadata::object(py, metadata)).transpose()?;
        let point = Self {
            timestamp_ns: point.timestamp_ns(),
            value: point.value(),
            channel: PyString::new(py, point.channel()).unbind(),
            unit: PyString::new(py, point.unit()).unbind(),
            metadata: metadata.map(|metadata| metadata.unbind().into()),
        };
        native::object(py, point)
    }

    /// Creates the core's form of the point: new text, the same metadata.
    ///
    /// # Errors
    ///
    /// An exception of Python while it reads the text; a constructed point causes none.
    pub fn to_core(&self, py: Python<'_>) -> PyResult<DataPoint> {
        let (channel, unit) = (self.channel.to_str(py)?, self.unit.to_str(py)?);
        DataPoint::new(self.timestamp_ns, channel, self.value, unit, self.core_metadata(py)?)
            .raise()
    }

    /// Reads a point from the attributes of any object, as Python code would.
    ///
    /// # Errors
    ///
    /// Any exception of reading an attribute, or of the constructor for its value.
    pub fn core_from_attributes(object: &Bound<'_, PyAny>) -> PyResult<DataPoint> {
        let py = object.py();
        let timestamp_ns =
            timestamp::extract("timestamp_ns", &object.getattr(intern!(py, "timestamp_ns"))?)?;
        let channel = text::extract("channel", &object.getattr(intern!(py, "channel"))?)?;
        let value = number::value(&object.getattr(intern!(py, "value"))?)?;
        let unit = text::extract("unit", &object.getattr(intern!(py, "unit"))?)?;
        let metadata = metadata::shared(&object.getattr(intern!(py, "metadata"))?)?;
        let metadata = metadata.map(|metadata| metadata.get().core().clone());
        DataPoint::new(timestamp_ns, channel.to_str(py)?, value, unit.to_str(py)?, metadata).raise()
    }

    /// Reads the other four arguments into a point without a timestamp.
    fn of(
        channel: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        unit: &Bound<'_, PyAny>,
        metadata: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let py = channel.py();
        let channel = text::extract("channel", channel)?;
        checked_channel(channel.to_str(py)?).raise()?;
        let value = number::value(value)?;
        let unit = text::extract("unit", unit)?;
        let metadata = metadata.map(metadata::shared).transpose()?.flatten().map(Held::from);
        Ok(Self { timestamp_ns: 0, value, channel, unit, metadata })
    }

    /// Converts the metadata to the core's form.
    pub(crate) fn core_metadata(&self, py: Python<'_>) -> PyResult<Option<Metadata>> {
        self.metadata.as_ref().map(|held| held.core(py)).transpose()
    }

    /// Points of one channel share their metadata, which then need no comparison; a dict is converted for it.
    fn same_metadata(&self, py: Python<'_>, other: &Self) -> PyResult<bool> {
        match (&self.metadata, &other.metadata) {
            (None, None) => Ok(true),
            (Some(mine), Some(others)) => {
                Ok(mine.as_ptr() == others.as_ptr() || mine.core(py)? == others.core(py)?)
            }
            _ => Ok(false),
        }
    }

    fn view<'a>(
        &'a self,
        py: Python<'a>,
        metadata: Option<&'a Metadata>,
    ) -> PyResult<PointView<'a>> {
        Ok(PointView {
            timestamp_ns: self.timestamp_ns,
            channel: self.channel.to_str(py)?,
            value: self.value,
            unit: self.unit.to_str(py)?,
            metadata,
        })
    }

    /// Returns the constructor's arguments for an equal point.
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<[Bound<'py, PyAny>; 5]> {
        let metadata = match &self.metadata {
            Some(held) => held.argument(py)?,
            None => py.None().into_bound(py),
        };
        Ok([
            self.timestamp_ns.into_pyobject(py)?.into_any(),
            self.channel.bind(py).clone().into_any(),
            self.value.into_pyobject(py)?.into_any(),
            self.unit.bind(py).clone().into_any(),
            metadata,
        ])
    }
}

own_copy!(PyDataPoint);

#[pymethods]
impl PyDataPoint {
    #[new]
    #[pyo3(signature = (timestamp, channel, value, unit, metadata=None))]
    fn new(
        timestamp: &Bound<'_, PyAny>,
        channel: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        unit: &Bound<'_, PyAny>,
        metadata: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let timestamp_ns = timestamp::extract("timestamp", timestamp)?;
        let point = Self::of(channel, value, unit, metadata)?;
        Ok(Self { timestamp_ns, ..point })
    }

    #[classattr]
    fn __match_args__() -> (&'static str, &'static str, &'static str, &'static str, &'static str) {
        ("timestamp", "channel", "value", "unit", "metadata")
    }

    /// Create a point with the current time: the UTC wall clock, read in Rust.
    ///
    /// Parameters
    /// ----------
    /// channel, value, unit, metadata
    ///     As for the constructor.
    ///
    /// Returns
    /// -------
    /// DataPoint
    ///     Its timestamp is taken after the other arguments were read.
    ///
    /// Raises
    /// ------
    /// TypeError, ValueError, OverflowError
    ///     As for the constructor.
    ///
    /// Notes
    /// -----
    /// O(1), as for the constructor.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import DataPoint
    /// >>> point = DataPoint.now("laser", 0.5, "mW")
    /// >>> point.channel, point.value, point.unit, point.metadata
    /// ('laser', 0.5, 'mW', None)
    /// >>> point.timestamp_ns > 1_767_225_600_000_000_000
    /// True
    #[staticmethod]
    #[pyo3(signature = (channel, value, unit, metadata=None))]
    fn now<'py>(
        channel: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
        unit: &Bound<'py, PyAny>,
        metadata: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let mut point = Self::of(channel, value, unit, metadata)?;
        point.timestamp_ns = now_ns();
        native::object(channel.py(), point)
    }

    /// The time of measurement as a datetime in ``timezone.utc``, rounded down to the microsecond.
    #[getter]
    fn timestamp<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        timestamp::to_datetime(py, self.timestamp_ns)
    }

    /// The metadata as new plain objects, or None.
    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.metadata.as_ref().map(|held| held.document(py)).transpose()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut source = String::from("DataPoint(");
        if self.timestamp_ns % 1_000 == 0 {
            let datetime = timestamp::to_datetime(py, self.timestamp_ns)?;
            source.push_str(&datetime.repr()?.to_string_lossy());
        } else {
            // A datetime would lose the digits below a microsecond.
            source.push_str(&self.timestamp_ns.to_string());
        }
        for text in
            [self.channel.bind(py).repr()?, value_repr(py, self.value)?, self.unit.bind(py).repr()?]
        {
            source.push_str(", ");
            source.push_str(&text.to_string_lossy());
        }
        if let Some(metadata) = self.core_metadata(py)? {
            source.push_str(", ");
            metadata::literal(py, metadata.document(), &mut source)?;
        }
        source.push(')');
        Ok(source)
    }

    fn __eq__(&self, other: &Bound<'_, Self>) -> PyResult<bool> {
        let py = other.py();
        let other = other.get();
        Ok(self.timestamp_ns == other.timestamp_ns
            && PointView::same_value(self.value, other.value)
            && same_text(py, &self.channel, &other.channel)?
            && same_text(py, &self.unit, &other.unit)?
            && self.same_metadata(py, other)?)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<u64> {
        let mut hasher = DefaultHasher::new();
        self.view(py, self.core_metadata(py)?.as_ref())?.hash(&mut hasher);
        Ok(hasher.finish())
    }

    /// Return a copy with some fields changed.
    ///
    /// Parameters
    /// ----------
    /// **changes
    ///     The constructor's arguments to change, by name. All other fields stay exactly as they are.
    ///
    /// Returns
    /// -------
    /// DataPoint
    ///     A new point.
    ///
    /// Raises
    /// ------
    /// TypeError, ValueError, OverflowError
    ///     As for the constructor; an unknown name raises TypeError.
    ///
    /// Notes
    /// -----
    /// O(1), as for the constructor; unchanged metadata is shared.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import DataPoint
    /// >>> DataPoint(0, "laser", 0.5, "mW").replace(value=500.0, unit="uW")
    /// DataPoint(datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), 'laser', 500.0, 'uW')
    #[pyo3(signature = (**changes))]
    fn replace<'py>(
        slf: &Bound<'py, Self>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let fields = PyDict::new(py);
        for (name, field) in native::ARGUMENTS.iter().zip(slf.get().arguments(py)?) {
            fields.set_item(name, field)?;
        }
        if let Some(changes) = changes {
            fields.update(changes.as_mapping())?;
        }
        slf.get_type().call((), Some(&fields))
    }

    #[pyo3(signature = (**changes))]
    fn __replace__<'py>(
        slf: &Bound<'py, Self>,
        changes: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::replace(slf, changes)
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let py = slf.py();
        Ok((slf.get_type(), PyTuple::new(py, slf.get().arguments(py)?)?))
    }
}

/// Returns a Python expression for the value, because bare `nan` and `inf` do not evaluate.
fn value_repr(py: Python<'_>, value: f64) -> PyResult<Bound<'_, PyString>> {
    let text = PyFloat::new(py, value).repr()?;
    if value.is_finite() {
        return Ok(text);
    }
    Ok(PyString::new(py, &format!("float('{}')", text.to_string_lossy())))
}
