//! The measured code, shared by Criterion and the tails.

#![allow(dead_code, reason = "each bench uses its part")]

use std::hint::black_box;

use pyo3::prelude::*;
use pyo3::types::PyList;
use rust_daq::{DataPoint, Json, Metadata};
use rust_daq_py::PyDataPoint;

/// Creates a point without metadata.
pub fn point() -> DataPoint {
    DataPoint::new(1_767_225_600_123_456_789, "laser_power", 0.5, "mW", None).unwrap()
}

/// Creates the same point with two entries of metadata.
pub fn point_with_metadata() -> DataPoint {
    let members = [("gain", Json::Float(2.5)), ("operator", Json::String("ada".to_owned()))];
    let document = members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let metadata = Metadata::new(Json::Object(document)).unwrap();
    let bare = point();
    DataPoint::new(bare.timestamp_ns(), bare.channel(), bare.value(), bare.unit(), Some(metadata))
        .unwrap()
}

/// Converts a core point to a Python object.
pub fn to_python<'py>(py: Python<'py>, point: &DataPoint) -> Bound<'py, PyDataPoint> {
    PyDataPoint::from_core(py, point).unwrap()
}

/// Converts a core point to a Python object and back by its attributes, as Python code would.
pub fn round_trip_by_attributes(py: Python<'_>, point: &DataPoint) -> DataPoint {
    PyDataPoint::core_from_attributes(to_python(py, black_box(point)).as_any()).unwrap()
}

/// Converts a core point to a Python object and back by a borrow, which only Rust can do.
pub fn round_trip_by_borrow(py: Python<'_>, point: &DataPoint) -> DataPoint {
    to_python(py, black_box(point)).get().to_core(py).unwrap()
}

/// Converts core points to a Python list and back by attributes, attaching once.
pub fn batch_round_trip(points: &[DataPoint]) -> Vec<DataPoint> {
    Python::attach(|py| {
        let list = PyList::new(py, points.iter().map(|point| to_python(py, point))).unwrap();
        let read = |object: Bound<'_, PyAny>| PyDataPoint::core_from_attributes(&object).unwrap();
        black_box(&list).iter().map(read).collect()
    })
}

/// Attaches to the interpreter and detaches; Python knows the calling thread.
pub fn attach() {
    Python::attach(|py| {
        black_box(py);
    });
}

/// Attaches, converts there and back by attributes, and detaches.
pub fn attached_round_trip(point: &DataPoint) -> DataPoint {
    Python::attach(|py| round_trip_by_attributes(py, point))
}

/// Checks that every conversion is lossless, so that no benchmark times a wrong result.
pub fn check() {
    Python::initialize();
    // SAFETY: every benchmark begins with this check, so no point exists.
    #[allow(unsafe_code, reason = "what importing the module does")]
    Python::attach(|py| unsafe { rust_daq_py::install(py) }).unwrap();
    for point in [point(), point_with_metadata()] {
        Python::attach(|py| {
            assert_eq!(round_trip_by_attributes(py, &point), point);
            assert_eq!(round_trip_by_borrow(py, &point), point);
        });
        assert_eq!(attached_round_trip(&point), point);
        assert_eq!(batch_round_trip(&[point.clone(), point.clone()]), [point.clone(), point]);
    }
    attach();
}
