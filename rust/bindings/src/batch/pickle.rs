//! Pickling of a batch: its columns and channels.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rust_daq::Batch;

use super::{PyBatch, sequences};
use crate::channel::{PyChannel, cores, read_channels};
use crate::column::{adopt, adopt_indices, pickled};
use crate::error::Raise;

#[pymethods]
impl PyBatch {
    #[staticmethod]
    #[pyo3(signature = (timestamps, values, channels, indices, first_sequence, /))]
    fn _from_buffers(
        timestamps: &Bound<'_, PyAny>,
        values: &Bound<'_, PyAny>,
        channels: &Bound<'_, PyAny>,
        indices: Option<&Bound<'_, PyAny>>,
        first_sequence: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let objects = read_channels(channels)?;
        let channels = cores(&objects);
        let indices = indices.map(|indices| adopt_indices("indices", indices)).transpose()?;
        let batch = Batch::new(
            adopt("timestamps", timestamps)?,
            adopt("values", values)?,
            &channels,
            indices,
        )
        .raise()?;
        let batch = sequences::with_numbers(&batch, first_sequence)?;
        match <[Py<PyChannel>; 1]>::try_from(objects) {
            Ok([channel]) => Ok(Self::of_channel(channel.into_bound(timestamps.py()), batch)),
            Err(_) => Ok(batch.into()),
        }
    }

    fn __reduce_ex__<'py>(
        slf: &Bound<'py, Self>,
        protocol: i32,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let (py, batch) = (slf.py(), slf.get());
        let core = &batch.core;
        let indices = match core.indices() {
            Some(indices) => pickled(py, indices.clone(), protocol)?,
            None => py.None().into_bound(py),
        };
        let arguments = (
            pickled(py, core.timestamps().clone(), protocol)?,
            pickled(py, core.values().clone(), protocol)?,
            batch.channels(py)?,
            indices,
            sequences::to_dict(py, core)?,
        );
        Ok((slf.get_type().getattr("_from_buffers")?, arguments.into_pyobject(py)?))
    }
}
