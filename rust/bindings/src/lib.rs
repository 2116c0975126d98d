//! The Python extension module `rust_daq._core`: its registration table.

// The documentation of classes is for Python, in NumPy style.
#![allow(clippy::doc_markdown)]

mod allocation;
mod array;
mod batch;
mod build_info;
mod burn;
mod capsule;
mod channel;
mod column;
mod error;
mod guarded;
mod immutable;
mod instrument;
mod interpreter;
mod metadata;
mod native;
mod number;
mod pipeline;
mod point;
mod process;
mod report;
mod storage;
mod text;
mod timestamp;

use pyo3::prelude::*;

pub use point::PyDataPoint;
pub use point::native::install;

/// The compiled part of `rust_daq`; import its names from `rust_daq`.
// Support for free-threaded CPython is not declared, because it was not built and tested there.
#[pymodule(gil_used = true)]
#[allow(unsafe_code)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    interpreter::refuse_subinterpreter(module.py())?;
    guarded::watch_forks(module)?;
    module.add_class::<allocation::PyAllocation>()?;
    module.add_class::<batch::PyBatch>()?;
    module.add_class::<batch::PyBatchIterator>()?;
    module.add_function(wrap_pyfunction!(build_info::build_facts, module)?)?;
    #[cfg(feature = "burn")]
    module.add_function(wrap_pyfunction!(burn::set_steps, module)?)?;
    module.add_class::<channel::PyChannel>()?;
    module.add_class::<column::PyColumn>()?;
    module.add_class::<instrument::PySimulatedInstrument>()?;
    module.add_class::<metadata::PyMetadata>()?;
    module.add_class::<pipeline::PyPipelinePlan>()?;
    module.add_class::<pipeline::PyPipelineRun>()?;
    module.add_class::<pipeline::PyNewest>()?;
    module.add_class::<point::PyDataPoint>()?;
    module.add_class::<process::PyFft>()?;
    module.add_class::<process::PyIir>()?;
    module.add_class::<process::PyMovingAverage>()?;
    module.add_class::<process::PySpectra>()?;
    module.add_class::<report::PyReport>()?;
    module.add_class::<storage::PyArrowWriter>()?;
    module.add_class::<storage::PyCsvWriter>()?;
    module.add_class::<storage::PyRecordingReader>()?;
    module.add_class::<storage::PyRowTable>()?;
    module.add_function(wrap_pyfunction!(storage::batches_of_rows, module)?)?;
    module.add_function(wrap_pyfunction!(storage::is_written, module)?)?;
    // SAFETY: the module is not yet visible to any code, so no point exists.
    unsafe { point::native::install(module.py()) }?;
    channel::native::install(module.py())?;
    batch::native::install(module.py());
    Ok(())
}
