//! The conversion of foreign Python objects to a core document.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use rust_daq::{Error, Json, MAX_DEPTH, Object, Path, Step};

use crate::error::{note_argument, raised, shown, type_name};
use crate::number;

/// The reason why the walk stopped and its path; the exception is made once the whole path is known.
struct Fault {
    path: Path,
    raise: Box<dyn FnOnce(Path, Python<'_>) -> PyErr>,
}

impl From<PyErr> for Fault {
    /// Wraps an exception raised by an object's own code.
    fn from(error: PyErr) -> Self {
        Self::here(|path, py| note_argument(&path.to_string(), error, py))
    }
}

impl Fault {
    fn here(raise: impl FnOnce(Path, Python<'_>) -> PyErr + 'static) -> Self {
        Self { path: Path::default(), raise: Box::new(raise) }
    }

    fn of_type(problem: String) -> Self {
        Self::here(move |path, _| PyTypeError::new_err(format!("{path}: {problem}")))
    }

    fn inside(self, step: Step) -> Self {
        Self { path: self.path.inside(step), ..self }
    }
}

/// Copies JSON-like Python objects into a core document.
pub fn take(metadata: &Bound<'_, PyAny>) -> PyResult<Json> {
    let mut walk = Walk { open: Vec::new() };
    walk.value(metadata).map_err(|fault| (fault.raise)(fault.path, metadata.py()))
}

/// The addresses of the containers around the current value; they are alive, because the walk is inside them.
struct Walk {
    open: Vec<usize>,
}

impl Walk {
    fn value(&mut self, value: &Bound<'_, PyAny>) -> Result<Json, Fault> {
        if value.is_none() {
            Ok(Json::Null)
        } else if let Ok(text) = value.cast::<PyString>() {
            self::text(text).map(Json::String)
        } else if let Ok(flag) = value.cast::<PyBool>() {
            Ok(Json::Bool(flag.is_true()))
        } else if let Ok(found) = value.cast::<PyInt>() {
            integer(found)
        } else if let Ok(number) = value.cast::<PyFloat>() {
            float(number)
        } else if let Ok(list) = value.cast::<PyList>() {
            self.container(value, |walk| walk.array(list.iter()))
        } else if let Ok(tuple) = value.cast::<PyTuple>() {
            self.container(value, |walk| walk.array(tuple.iter()))
        } else if let Ok(mapping) = value.cast::<PyMapping>() {
            self.container(value, |walk| walk.object(mapping))
        } else if let Some(found) = number::integer(value)? {
            integer(&found)
        } else {
            Err(Fault::of_type(format!(
                "{} is not JSON; pass None, bool, int, float, str, list, tuple or a mapping with str keys",
                type_name(value)
            )))
        }
    }

    fn container(
        &mut self,
        container: &Bound<'_, PyAny>,
        read: impl FnOnce(&mut Self) -> Result<Json, Fault>,
    ) -> Result<Json, Fault> {
        let address = container.as_ptr() as usize;
        if self.open.contains(&address) {
            return Err(Fault::here(|path, _| raised(&Error::Cycle { path })));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Fault::here(|path, _| raised(&Error::TooDeep { path })));
        }
        self.open.push(address);
        let json = read(self)?;
        self.open.pop();
        Ok(json)
    }

    fn array<'py>(
        &mut self,
        items: impl Iterator<Item = Bound<'py, PyAny>>,
    ) -> Result<Json, Fault> {
        items
            .enumerate()
            .map(|(index, item)| {
                self.value(&item).map_err(|fault| fault.inside(Step::Index(index)))
            })
            .collect::<Result<_, _>>()
            .map(Json::Array)
    }

    fn object(&mut self, mapping: &Bound<'_, PyMapping>) -> Result<Json, Fault> {
        // A list, because reading an item may run code that changes the mapping.
        let items = match mapping.cast_exact::<PyDict>() {
            Ok(dict) => dict.items(),
            Err(_) => mapping.items()?,
        };
        items.iter().map(|item| self.member(&item)).collect::<Result<Object, _>>().map(Json::Object)
    }

    fn member(&mut self, item: &Bound<'_, PyAny>) -> Result<(String, Json), Fault> {
        let pair = item.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2);
        let Some(pair) = pair else {
            let got = shown(item);
            return Err(Fault::of_type(format!(
                "items() of the mapping returned {got}; pass a mapping whose items are pairs"
            )));
        };
        let (key, member) = (pair.get_item(0)?, pair.get_item(1)?);
        let Ok(key) = key.cast::<PyString>() else {
            let got = shown(&key);
            return Err(Fault::of_type(format!(
                "a key is {got}, which is not JSON; pass str keys"
            )));
        };
        let key = text(key)?;
        match self.value(&member) {
            Ok(member) => Ok((key, member)),
            Err(fault) => Err(fault.inside(Step::Key(key))),
        }
    }
}

fn text(text: &Bound<'_, PyString>) -> Result<String, Fault> {
    let content = text.to_str().map_err(|_| {
        let problem = format!(
            "text contains a lone surrogate, got {}; pass text that encodes to UTF-8",
            shown(text)
        );
        Fault::here(move |path, _| PyValueError::new_err(format!("{path}: {problem}")))
    })?;
    Ok(content.to_owned())
}

fn integer(integer: &Bound<'_, PyInt>) -> Result<Json, Fault> {
    match integer.extract() {
        Ok(small) => Ok(Json::Integer(small)),
        Err(_) => Ok(Json::BigInteger(integer.extract()?)),
    }
}

fn float(number: &Bound<'_, PyFloat>) -> Result<Json, Fault> {
    if number.value().is_finite() {
        Ok(Json::Float(number.value()))
    } else {
        let got = shown(number);
        Err(Fault::here(move |path, _| raised(&Error::NotFinite { path, got })))
    }
}
