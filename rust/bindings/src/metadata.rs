//! `rust_daq.Metadata`, and what a point holds of its metadata.

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

/// A frozen JSON document, made once and shared by all that it is given to.
///
/// Wherever metadata is taken a ``Metadata`` is taken, too, and shared by reference; any other object is copied each
/// time. Immutable and hashable; equal by value as JSON is (1 and 1.0 are the same number, the order of keys does not
/// count).
///
/// Parameters
/// ----------
/// document : JSON-like
///     bool, int of any size, finite float, str, list, tuple, or a mapping with str keys, nested to 128; in containers
///     None, too. A snapshot is taken: later changes do not show. A ``Metadata`` gives itself.
///
/// Raises
/// ------
/// TypeError
///     If something in it is not JSON, or it is None: what has no metadata leaves them out.
/// ValueError
///     If text holds a lone surrogate, a number is not finite, or the document contains itself or is nested deeper
///     than 128.
///
/// Notes
/// -----
/// O(m) in the entries of the document, once; a share is O(1).
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
            None => Err(PyTypeError::new_err(
                "document is None, which says nothing; leave the metadata out instead",
            )),
        }
    }

    /// The document as fresh plain objects; to change them does not reach it.
    #[getter]
    fn document<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, self.metadata.document())
    }

    /// The document as JSON text, without spaces; written once.
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
    /// The object of a core document.
    pub fn object(py: Python<'_>, metadata: Metadata) -> PyResult<Bound<'_, Self>> {
        Bound::new(py, Self { metadata, json: PyOnceLock::new() })
    }

    /// The core's form; a clone shares it.
    pub const fn core(&self) -> &Metadata {
        &self.metadata
    }
}

/// The argument `metadata` as an object to share: the one that was given, or a snapshot of what was; None is none.
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

/// What a point holds: a `Metadata`, or a private dict of scalars that nothing hands out.
pub struct Held(Py<PyAny>);

impl Held {
    /// Holds an object that is known to be one of the two.
    pub(crate) const fn from_checked(object: Py<PyAny>) -> Self {
        Self(object)
    }

    pub(crate) fn as_ptr(&self) -> *mut pyo3::ffi::PyObject {
        self.0.as_ptr()
    }

    /// Whether it is a `Metadata`, which other points may hold, too.
    pub fn is_shared(&self, py: Python<'_>) -> bool {
        self.0.bind(py).is_instance_of::<PyMetadata>()
    }

    /// The core's form, which a dict is not until somebody asks for it.
    pub fn core(&self, py: Python<'_>) -> PyResult<Metadata> {
        let held = self.0.bind(py);
        match held.cast::<PyMetadata>() {
            Ok(metadata) => Ok(metadata.get().core().clone()),
            Err(_) => Metadata::new(snapshot::take(held)?).raise(),
        }
    }

    /// Fresh plain objects.
    pub fn document<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let held = self.0.bind(py);
        match held.cast::<PyMetadata>() {
            Ok(metadata) => metadata.get().document(py),
            Err(_) => held.cast::<PyDict>()?.copy().map(Bound::into_any),
        }
    }

    /// What a constructor takes to hold the same: the shared object, or a copy of the dict.
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

/// Makes fresh plain objects of a document; to change them does not reach it.
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
