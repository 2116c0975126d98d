//! `rust_daq.Metadata`, and the metadata of a point.

use std::hash::{DefaultHasher, Hash, Hasher};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};
use rust_daq::{Json, Metadata};

use crate::error::Raise;
use crate::immutable::own_copy;

mod literal;
mod snapshot;

pub use literal::literal;

/// A frozen JSON document, created once and shared by points and channels.
///
/// Every argument `metadata` accepts a ``Metadata`` and shares it by reference; any other object is copied each time.
/// ``Metadata`` is immutable and hashable. It compares by value as JSON: 1 and 1.0 are the same number, and the order
/// of keys does not matter.
///
/// Parameters
/// ----------
/// document : JSON-like
///     bool, int of any size, finite float, str, list, tuple, or a mapping with str keys, nested at most 128 deep.
///     Containers may also contain None. A snapshot is taken, so later changes have no effect. A ``Metadata`` returns
///     itself.
///
/// Raises
/// ------
/// TypeError
///     If a value is not JSON, or the document is None. To have no metadata, omit the argument.
/// ValueError
///     If text contains a lone surrogate, a number is not finite, or the document contains itself or is nested deeper
///     than 128.
///
/// Notes
/// -----
/// O(m) in the entries of the document, once; sharing is O(1).
///
/// Examples
/// --------
/// >>> from rust_daq import DataPoint, Metadata
/// >>> setup = Metadata({"gain": 2, "operator": "ada"})
/// >>> setup.json
/// '{"gain":2,"operator":"ada"}'
/// >>> setup.document["gain"]
/// 2
/// >>> DataPoint(1_767_225_600_000_000_000, "laser", 0.5, "mW", setup).metadata
/// {'gain': 2, 'operator': 'ada'}
#[pyclass(name = "Metadata", module = "rust_daq", frozen, immutable_type)]
pub struct PyMetadata {
    metadata: Metadata,
    json: PyOnceLock<Py<PyString>>,
}

own_copy!(PyMetadata);

#[pymethods]
impl PyMetadata {
    #[new]
    fn new(document: &Bound<'_, PyAny>) -> PyResult<Py<Self>> {
        match shared(document)? {
            Some(metadata) => Ok(metadata),
            None => {
                Err(PyTypeError::new_err("document must not be None; omit the metadata instead"))
            }
        }
    }

    /// The document as new plain objects; changing them does not change the metadata.
    #[getter]
    fn document<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, self.metadata.document())
    }

    /// The document as JSON text without spaces, formatted on first use.
    #[getter]
    fn json<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        self.json.get_or_init(py, || PyString::new(py, self.metadata.json()).unbind()).bind(py)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut source = String::from("Metadata(");
        literal(py, self.metadata.document(), &mut source)?;
        source.push(')');
        Ok(source)
    }

    fn __eq__(&self, other: &Bound<'_, Self>) -> bool {
        self.metadata == other.get().metadata
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.metadata.hash(&mut hasher);
        hasher.finish()
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let py = slf.py();
        Ok((slf.get_type(), (slf.get().document(py)?,).into_pyobject(py)?))
    }
}

impl PyMetadata {
    /// Creates the Python object of a core document.
    pub fn object(py: Python<'_>, metadata: Metadata) -> PyResult<Bound<'_, Self>> {
        Bound::new(py, Self { metadata, json: PyOnceLock::new() })
    }

    /// The metadata of the core crate; a clone shares its memory.
    pub const fn core(&self) -> &Metadata {
        &self.metadata
    }
}

/// Reads the argument `metadata` as a shareable object: a `Metadata` itself, or a snapshot of any other object.
pub fn shared(metadata: &Bound<'_, PyAny>) -> PyResult<Option<Py<PyMetadata>>> {
    if metadata.is_none() {
        return Ok(None);
    }
    if let Ok(metadata) = metadata.cast::<PyMetadata>() {
        return Ok(Some(metadata.clone().unbind()));
    }
    let document = Metadata::new(snapshot::take(metadata)?).raise()?;
    PyMetadata::object(metadata.py(), document).map(|metadata| Some(metadata.unbind()))
}

/// The metadata of a point: a `Metadata`, or a private dict of scalars that never leaves this module.
pub struct Held(Py<PyAny>);

impl Held {
    /// Wraps an object that is known to be one of the two.
    pub(crate) const fn from_checked(object: Py<PyAny>) -> Self {
        Self(object)
    }

    pub(crate) fn as_ptr(&self) -> *mut pyo3::ffi::PyObject {
        self.0.as_ptr()
    }

    /// Whether it is a `Metadata`, which other points may share.
    pub fn is_shared(&self, py: Python<'_>) -> bool {
        self.0.bind(py).is_instance_of::<PyMetadata>()
    }

    /// The core's form; a dict is converted at each call.
    pub fn core(&self, py: Python<'_>) -> PyResult<Metadata> {
        let held = self.0.bind(py);
        match held.cast::<PyMetadata>() {
            Ok(metadata) => Ok(metadata.get().core().clone()),
            Err(_) => Metadata::new(snapshot::take(held)?).raise(),
        }
    }

    /// New plain objects.
    pub fn document<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let held = self.0.bind(py);
        match held.cast::<PyMetadata>() {
            Ok(metadata) => metadata.get().document(py),
            Err(_) => held.cast::<PyDict>()?.copy().map(Bound::into_any),
        }
    }

    /// The constructor's argument for equal metadata: the shared object, or a copy of the dict.
    pub fn argument<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let held = self.0.bind(py);
        if self.is_shared(py) { Ok(held.clone()) } else { self.document(py) }
    }
}

impl From<Py<PyMetadata>> for Held {
    fn from(metadata: Py<PyMetadata>) -> Self {
        Self(metadata.into_any())
    }
}

/// Converts a document to new plain objects; changing them does not change the document.
pub fn to_python<'py>(py: Python<'py>, document: &Json) -> PyResult<Bound<'py, PyAny>> {
    Ok(match document {
        Json::Null => py.None().into_bound(py),
        Json::Bool(flag) => flag.into_pyobject(py)?.to_owned().into_any(),
        Json::Integer(integer) => integer.into_pyobject(py)?.into_any(),
        Json::BigInteger(integer) => integer.into_pyobject(py)?.into_any(),
        Json::Float(number) => number.into_pyobject(py)?.into_any(),
        Json::String(text) => text.into_pyobject(py)?.into_any(),
        Json::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(to_python(py, item)?)?;
            }
            list.into_any()
        }
        Json::Object(members) => {
            let dict = PyDict::new(py);
            for (key, member) in members {
                dict.set_item(key, to_python(py, member)?)?;
            }
            dict.into_any()
        }
    })
}
