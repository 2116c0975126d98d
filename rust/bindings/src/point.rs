//! `rust_daq.DataPoint`.

use std::hash::{DefaultHasher, Hash, Hasher};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyFloat, PyString, PyTuple, PyType};
use rust_daq::{DataPoint, Metadata, PointView, checked_channel};

use crate::error::raised;
use crate::{metadata, text, timestamp, value};

/// One measured value with its instant, channel, unit and metadata.
///
/// Immutable, hashable and final. Two points are equal when their nanoseconds, channel, value,
/// unit and metadata are; NaN equals NaN here, 0.0 equals -0.0, and metadata compare as JSON
/// (1 and 1.0 are the same number, the order of keys does not count).
///
/// Parameters
/// ----------
/// timestamp : datetime.datetime or int
///     When it was measured: a datetime with a time zone (``fold`` is respected), or an integer of
///     nanoseconds since 1970-01-01 00:00 UTC. ``bool`` and ``float`` are refused.
/// channel : str
///     What was measured; not empty.
/// value : float
///     The measured value: anything with ``__float__`` or ``__index__``, no text. NaN and
///     infinities are kept.
/// unit : str
///     The unit of the value; may be empty.
/// metadata : JSON-like, optional
///     What else is known: None, bool, int of any size, finite float, str, list, tuple, or a
///     mapping with str keys, nested to 128. The point keeps a snapshot.
///
/// Raises
/// ------
/// TypeError
///     If an argument is of another type, the datetime has no time zone, or the metadata hold
///     something that is not JSON.
/// ValueError
///     If the channel is empty, text holds a lone surrogate, or the metadata hold a number that
///     is not finite, contain themselves, or are nested deeper than 128.
/// OverflowError
///     If the timestamp is outside 64-bit nanoseconds (1677-09-21 to 2262-04-11), or an integer
///     value is larger than any float.
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
    /// Nanoseconds since the beginning of 1970 in UTC, as an int.
    #[pyo3(get)]
    timestamp_ns: i64,
    /// What was measured.
    #[pyo3(get)]
    channel: Py<PyString>,
    /// The measured value, in the unit of ``unit``.
    #[pyo3(get)]
    value: f64,
    /// The unit of the value.
    #[pyo3(get)]
    unit: Py<PyString>,
    metadata: Option<Metadata>,
}

impl PyDataPoint {
    /// Makes the Python form of a core point: new text, the same metadata.
    #[must_use]
    pub fn from_core(py: Python<'_>, point: &DataPoint) -> Self {
        Self {
            timestamp_ns: point.timestamp_ns(),
            channel: PyString::new(py, point.channel()).unbind(),
            value: point.value(),
            unit: PyString::new(py, point.unit()).unbind(),
            metadata: point.metadata().cloned(),
        }
    }

    /// Makes the core form of the point: new text, the same metadata.
    ///
    /// # Errors
    ///
    /// None that a constructed point can cause; what Python reports while its text is read.
    pub fn to_core(&self, py: Python<'_>) -> PyResult<DataPoint> {
        let view = self.view(py)?;
        let metadata = view.metadata.cloned();
        DataPoint::new(view.timestamp_ns, view.channel, view.value, view.unit, metadata)
            .map_err(|error| raised(&error))
    }

    /// Reads a point from the attributes of any object, as Python code would.
    ///
    /// # Errors
    ///
    /// What reading an attribute raises, or what the constructor would raise for its value.
    pub fn core_from_attributes(object: &Bound<'_, PyAny>) -> PyResult<DataPoint> {
        let py = object.py();
        let timestamp_ns = timestamp::extract(&object.getattr(intern!(py, "timestamp_ns"))?)?;
        let channel = text::extract("channel", &object.getattr(intern!(py, "channel"))?)?;
        let value = value::extract(&object.getattr(intern!(py, "value"))?)?;
        let unit = text::extract("unit", &object.getattr(intern!(py, "unit"))?)?;
        let metadata = metadata::extract(&object.getattr(intern!(py, "metadata"))?)?;
        DataPoint::new(timestamp_ns, channel.to_str(py)?, value, unit.to_str(py)?, metadata)
            .map_err(|error| raised(&error))
    }

    fn view<'a>(&'a self, py: Python<'a>) -> PyResult<PointView<'a>> {
        Ok(PointView {
            timestamp_ns: self.timestamp_ns,
            channel: self.channel.to_str(py)?,
            value: self.value,
            unit: self.unit.to_str(py)?,
            metadata: self.metadata.as_ref(),
        })
    }
}

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
        let py = timestamp.py();
        let timestamp_ns = timestamp::extract(timestamp)?;
        let channel = text::extract("channel", channel)?;
        checked_channel(channel.to_str(py)?).map_err(|error| raised(&error))?;
        let value = value::extract(value)?;
        let unit = text::extract("unit", unit)?;
        let metadata = metadata.map(metadata::extract).transpose()?.flatten();
        Ok(Self { timestamp_ns, channel, value, unit, metadata })
    }

    /// When it was measured, as a datetime in ``timezone.utc``, floored to the microsecond.
    #[getter]
    fn timestamp<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        timestamp::to_datetime(py, self.timestamp_ns)
    }

    /// What else is known, as fresh plain objects, or None.
    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let document = self.metadata.as_ref().map(Metadata::document);
        document.map(|document| metadata::to_python(py, document)).transpose()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut source = String::from("DataPoint(");
        if self.timestamp_ns % 1_000 == 0 {
            let datetime = timestamp::to_datetime(py, self.timestamp_ns)?;
            source.push_str(&datetime.repr()?.to_string_lossy());
        } else {
            // A datetime would lose the digits below the microsecond.
            source.push_str(&self.timestamp_ns.to_string());
        }
        for text in
            [self.channel.bind(py).repr()?, value_repr(py, self.value)?, self.unit.bind(py).repr()?]
        {
            source.push_str(", ");
            source.push_str(&text.to_string_lossy());
        }
        if let Some(metadata) = &self.metadata {
            source.push_str(", ");
            metadata::literal(py, metadata.document(), &mut source)?;
        }
        source.push(')');
        Ok(source)
    }

    fn __eq__(&self, other: &Bound<'_, Self>) -> PyResult<bool> {
        let py = other.py();
        Ok(self.view(py)? == other.get().view(py)?)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<u64> {
        let mut hasher = DefaultHasher::new();
        self.view(py)?.hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    // Everything inside is immutable, so that the point is its own deep copy.
    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let py = slf.py();
        let point = slf.get();
        let (channel, unit) = (point.channel.bind(py), point.unit.bind(py));
        let metadata = point.metadata(py)?;
        let arguments = (point.timestamp_ns, channel, point.value, unit, metadata);
        Ok((slf.get_type(), arguments.into_pyobject(py)?))
    }
}

/// An expression for the value: `nan` and `inf` alone would not evaluate.
fn value_repr(py: Python<'_>, value: f64) -> PyResult<Bound<'_, PyString>> {
    let text = PyFloat::new(py, value).repr()?;
    if value.is_finite() {
        return Ok(text);
    }
    Ok(PyString::new(py, &format!("float('{}')", text.to_string_lossy())))
}
