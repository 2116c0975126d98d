//! The walk over a stranger's objects that makes a core document of them.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use rust_daq::{Error, Json, MAX_DEPTH, Object, Path, Step};

use crate::error::{raised, shown, type_name, while_reading};
use crate::number;

/// Why the walk stopped, and where.
struct Fault {
    path: Path,
    problem: Problem,
}

enum Problem {
    /// An object's own code raised.
    Raised(PyErr),
    NotJson(String),
    NotText(String),
    Key(String),
    Items(String),
    NotFinite(String),
    TooDeep,
    Cycle,
}

impl Problem {
    fn here(self) -> Fault {
        Fault { path: Path::default(), problem: self }
    }
}

impl From<PyErr> for Fault {
    fn from(error: PyErr) -> Self {
        Problem::Raised(error).here()
    }
}

impl Fault {
    fn inside(self, step: Step) -> Self {
        Self { path: self.path.inside(step), ..self }
    }

    fn into_raised(self, py: Python<'_>) -> PyErr {
        let path = self.path;
        match self.problem {
            Problem::Raised(error) => while_reading(&path.to_string(), error, py),
            Problem::NotJson(name) => PyTypeError::new_err(format!(
                "{path}: {name} is not JSON; pass None, bool, int, float, str, list, tuple \
                 or a mapping with str keys"
            )),
            Problem::NotText(got) => PyValueError::new_err(format!(
                "{path}: text holds a lone surrogate, got {got}; pass text that encodes to UTF-8"
            )),
            Problem::Key(got) => PyTypeError::new_err(format!(
                "{path}: a key is {got}, which is not JSON; pass str keys"
            )),
            Problem::Items(got) => PyTypeError::new_err(format!(
                "{path}: items() of the mapping gave {got}; pass a mapping whose items are pairs"
            )),
            Problem::NotFinite(got) => raised(&Error::NotFinite { path, got }),
            Problem::TooDeep => raised(&Error::TooDeep { path }),
            Problem::Cycle => raised(&Error::Cycle { path }),
        }
    }
}

/// Copies JSON-like Python objects into a core document.
pub fn take(metadata: &Bound<'_, PyAny>) -> PyResult<Json> {
    let mut walk = Walk { open: Vec::new() };
    walk.value(metadata).map_err(|fault| fault.into_raised(metadata.py()))
}

/// The containers around the present value, by address; alive, since the walk is inside them.
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
            Err(Problem::NotJson(type_name(value)).here())
        }
    }

    fn container(
        &mut self,
        container: &Bound<'_, PyAny>,
        read: impl FnOnce(&mut Self) -> Result<Json, Fault>,
    ) -> Result<Json, Fault> {
        let address = container.as_ptr() as usize;
        if self.open.contains(&address) {
            return Err(Problem::Cycle.here());
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Problem::TooDeep.here());
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
        // A list of the items, since reading one may run code that changes the mapping.
        let items = match mapping.cast_exact::<PyDict>() {
            Ok(dict) => dict.items(),
            Err(_) => mapping.items()?,
        };
        items.iter().map(|item| self.member(&item)).collect::<Result<Object, _>>().map(Json::Object)
    }

    fn member(&mut self, item: &Bound<'_, PyAny>) -> Result<(String, Json), Fault> {
        let pair = item.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2);
        let Some(pair) = pair else { return Err(Problem::Items(shown(item)).here()) };
        let (key, member) = (pair.get_item(0)?, pair.get_item(1)?);
        let Ok(key) = key.cast::<PyString>() else { return Err(Problem::Key(shown(&key)).here()) };
        let key = text(key)?;
        match self.value(&member) {
            Ok(member) => Ok((key, member)),
            Err(fault) => Err(fault.inside(Step::Key(key))),
        }
    }
}

fn text(text: &Bound<'_, PyString>) -> Result<String, Fault> {
    let content = text.to_str().map_err(|_| Problem::NotText(shown(text)).here())?;
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
        Err(Problem::NotFinite(shown(number)).here())
    }
}
