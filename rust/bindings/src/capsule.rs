//! The Arrow `PyCapsule` interface: C structures that packages exchange.

#![allow(unsafe_code)]

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::{ArrayStreamReader, FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{
    Array, ArrayRef, RecordBatch, RecordBatchIterator, RecordBatchReader, StructArray, make_array,
};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use crate::error::shown;

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";
const STREAM: &CStr = c"arrow_array_stream";

/// Wraps a schema in a capsule.
pub fn of_schema<'py>(py: Python<'py>, schema: &SchemaRef) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(schema.as_ref()).map_err(|error| refused(&error))?;
    PyCapsule::new_with_value(py, schema, SCHEMA)
}

/// Wraps the schema and the columns of a record batch in capsules.
pub fn of_batch(py: Python<'_>, batch: RecordBatch) -> PyResult<Bound<'_, PyTuple>> {
    let schema = of_schema(py, &batch.schema())?;
    let array = FFI_ArrowArray::new(&StructArray::from(batch).to_data());
    let array = PyCapsule::new_with_value(py, array, ARRAY)?;
    PyTuple::new(py, [schema, array])
}

/// Wraps a stream of one record batch in a capsule.
pub fn of_stream(py: Python<'_>, batch: RecordBatch) -> PyResult<Bound<'_, PyCapsule>> {
    let schema = batch.schema();
    let reader = RecordBatchIterator::new([Ok(batch)], schema);
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(reader)), STREAM)
}

/// Reads the record batches of an object that provides a stream or an array of structs.
pub fn read_batches(data: &Bound<'_, PyAny>) -> PyResult<(SchemaRef, Vec<RecordBatch>)> {
    if let Some(export) = data.getattr_opt(intern!(data.py(), "__arrow_c_stream__"))? {
        let capsule = export.call0()?;
        let stream = capsule.cast::<PyCapsule>()?.pointer_checked(Some(STREAM))?.cast();
        return catch_panic(|| {
            // SAFETY: a capsule of that name points to such a stream, which is moved out of it.
            let reader = unsafe { RecordBatchStreamReader::from_raw(stream.as_ptr()) }?;
            let schema = reader.schema();
            Ok((schema, reader.collect::<Result<_, _>>()?))
        });
    }
    if data.hasattr(intern!(data.py(), "__arrow_c_array__"))? {
        let (schema, array) = import_array(data)?;
        let Some(rows) = array.as_any().downcast_ref::<StructArray>() else {
            return Err(PyTypeError::new_err(format!(
                "data is an Arrow array of {}; pass a table or a record batch",
                array.data_type()
            )));
        };
        if rows.null_count() > 0 {
            return Err(PyValueError::new_err("data has null rows; drop them first"));
        }
        // The array alone does not have the metadata of its schema.
        let schema = Schema::try_from(&schema).map(Arc::new).map_err(|error| refused(&error))?;
        let batch = RecordBatch::try_new(Arc::clone(&schema), rows.columns().to_vec());
        return Ok((schema, vec![batch.map_err(|error| refused(&error))?]));
    }
    Err(PyTypeError::new_err(format!(
        "data must provide Arrow data (__arrow_c_stream__ or __arrow_c_array__), got {}; \
         pass for example a pyarrow or polars table",
        shown(data)
    )))
}

/// Reads the array of an object that provides one.
pub fn read_array(data: &Bound<'_, PyAny>) -> PyResult<ArrayRef> {
    import_array(data).map(|(_, array)| array)
}

fn import_array(data: &Bound<'_, PyAny>) -> PyResult<(FFI_ArrowSchema, ArrayRef)> {
    let capsules = data.call_method0(intern!(data.py(), "__arrow_c_array__"))?;
    let (schema, array): (Bound<'_, PyCapsule>, Bound<'_, PyCapsule>) = capsules.extract()?;
    let schema = schema.pointer_checked(Some(SCHEMA))?.cast::<FFI_ArrowSchema>();
    let array = array.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
    // SAFETY: capsules of these names point to such structures, which belong together and
    // are moved out of them.
    let (schema, array) = unsafe {
        (FFI_ArrowSchema::from_raw(schema.as_ptr()), FFI_ArrowArray::from_raw(array.as_ptr()))
    };
    if array.is_released() || schema.release().is_none() {
        return Err(PyValueError::new_err(
            "the Arrow data was already consumed; export it again from its owner",
        ));
    }
    // SAFETY: both were just checked, and neither was released.
    let data = catch_panic(|| unsafe { from_ffi(array, &schema) }.map(make_array))?;
    Ok((schema, data))
}

/// Reads the arrays of an object that provides a stream of them.
pub fn read_arrays(data: &Bound<'_, PyAny>) -> PyResult<Vec<ArrayRef>> {
    let capsule = data.call_method0(intern!(data.py(), "__arrow_c_stream__"))?;
    let stream = capsule.cast::<PyCapsule>()?.pointer_checked(Some(STREAM))?.cast();
    // SAFETY: a capsule of that name points to such a stream, which is moved out of it.
    catch_panic(|| unsafe { ArrayStreamReader::from_raw(stream.as_ptr()) }?.collect())
}

/// Reads foreign data and catches panics, because Arrow panics if data contradicts its schema.
fn catch_panic<T>(read: impl FnOnce() -> Result<T, ArrowError>) -> PyResult<T> {
    // The panic drops partially read data, and no other state was changed.
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(|error| refused(&error)),
        Err(_) => Err(PyValueError::new_err(
            "the Arrow data contradicts its schema; report this to the package that produced it",
        )),
    }
}

fn refused(error: &ArrowError) -> PyErr {
    PyValueError::new_err(format!("the Arrow data cannot be read: {error}"))
}
