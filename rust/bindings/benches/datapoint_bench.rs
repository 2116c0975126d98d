//! thin
use criterion::{Criterion, criterion_group, criterion_main};
use pyo3::prelude::*;
use rust_daq::DataPoint;
use rust_daq_py::PyDataPoint;
fn rust_to_py(criterion: &mut Criterion) {
    let point = DataPoint::new(1, "laser", 0.5, "mW", None).unwrap();
    Python::attach(|py| {
        criterion.bench_function("datapoint_rust_to_py_struct", |b| {
            b.iter(|| Py::new(py, PyDataPoint::from_core(py, &point)))
        });
    });
}
criterion_group!(benches, rust_to_py);
criterion_main!(benches);
