//! Metadata: plain Python objects to a core document, and back to fresh plain objects.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use rust_daq::{Json, Metadata};

use crate::error::raised;

mod literal;
mod snapshot;

pub use literal::literal;

/// Takes a snapshot of JSON-like Python objects; `None` is no metadata.
pub fn extract(metadata: &Bound<'_, PyAny>) -> PyResult<Option<Metadata>> {
    if metadata.is_none() {
        return Ok(None);
    }
    let document = snapshot::take(metadata)?;
    Metadata::new(document).map(Some).map_err(|error| raised(&error))
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
