//! Metadata as Python source, for `repr`.

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyString};
use rust_daq::{BigInt, Json};

/// Python refuses to format integers with more decimal digits than a limit, which is at least 640.
const DECIMAL_BITS: u64 = 2_000;

/// Appends an expression that evaluates to the document.
pub fn literal(py: Python<'_>, document: &Json, source: &mut String) -> PyResult<()> {
    match document {
        Json::Null => source.push_str("None"),
        Json::Bool(true) => source.push_str("True"),
        Json::Bool(false) => source.push_str("False"),
        Json::Integer(integer) => source.push_str(&integer.to_string()),
        Json::BigInteger(integer) => source.push_str(&big_integer(integer)),
        Json::Float(number) => {
            source.push_str(&PyFloat::new(py, *number).repr()?.to_string_lossy());
        }
        Json::String(text) => {
            source.push_str(&PyString::new(py, text).repr()?.to_string_lossy());
        }
        Json::Array(items) => {
            source.push('[');
            for (index, item) in items.iter().enumerate() {
                source.push_str(if index == 0 { "" } else { ", " });
                literal(py, item, source)?;
            }
            source.push(']');
        }
        Json::Object(members) => {
            source.push('{');
            for (index, (key, member)) in members.iter().enumerate() {
                source.push_str(if index == 0 { "" } else { ", " });
                source.push_str(&PyString::new(py, key).repr()?.to_string_lossy());
                source.push_str(": ");
                literal(py, member, source)?;
            }
            source.push('}');
        }
    }
    Ok(())
}

fn big_integer(integer: &BigInt) -> String {
    if integer.bits() > DECIMAL_BITS { format!("{integer:#x}") } else { integer.to_string() }
}
