//! The Python extension module `rust_daq._core`: a registration table and nothing else.

// The documentation of classes is Python's, in the form of NumPy.
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
mod instrument;
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
mod value;

pub use point::PyDataPoint;
pub use point::native::install;

/// The compiled part of `rust_daq`; import the names from `rust_daq` itself.
// Free-threaded CPython is not claimed before it was built and tested there.
#[pyo3::pymodule(gil_used = true)]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::allocation::PyAllocation;
    #[pymodule_export]
    use super::batch::PyBatch;
    #[pymodule_export]
    use super::batch::PyBatchIterator;
    #[pymodule_export]
    use super::build_info::build_facts;
    #[cfg(feature = "burn")]
    #[pymodule_export]
    use super::burn::set_steps;
    #[pymodule_export]
    use super::channel::PyChannel;
    #[pymodule_export]
    use super::column::PyColumn;
    #[pymodule_export]
    use super::instrument::PySimulatedInstrument;
    #[pymodule_export]
    use super::metadata::PyMetadata;
    #[pymodule_export]
    use super::pipeline::PyPipelinePlan;
    #[pymodule_export]
    use super::pipeline::PyPipelineRun;
    #[pymodule_export]
    use super::point::PyDataPoint;
    #[pymodule_export]
    use super::process::PyFft;
    #[pymodule_export]
    use super::process::PyIir;
    #[pymodule_export]
    use super::process::PyMovingAverage;
    #[pymodule_export]
    use super::process::PySpectra;
    #[pymodule_export]
    use super::report::PyReport;
    #[pymodule_export]
    use super::storage::PyArrowWriter;
    #[pymodule_export]
    use super::storage::PyCsvWriter;
    #[pymodule_export]
    use super::storage::PyRecordingReader;
    #[pymodule_export]
    use super::storage::PyRowTable;
    #[pymodule_export]
    use super::storage::batches_of_rows;

    #[pymodule_init]
    #[allow(unsafe_code)]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // SAFETY: the module is not yet anybody's, so that nobody has made a point.
        unsafe { super::point::native::install(module.py()) }?;
        super::channel::native::install(module.py())?;
        super::batch::native::install(module.py());
        Ok(())
    }
}
