//! Round trips of core values through Python.

#![allow(clippy::unwrap_used, reason = "a test ends by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;
use pyo3::prelude::*;
use rust_daq::{DataPoint, Json, Metadata};
use rust_daq_py::PyDataPoint;

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(Json::Integer),
        any::<i128>().prop_map(|integer| Json::BigInteger(integer.into())),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Json::Float),
        ".{0,4}".prop_map(Json::String),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::Array),
            vec((".{0,3}", inner), 0..4)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

fn any_point() -> impl Strategy<Value = DataPoint> {
    // The smallest value is NumPy's NaT.
    (i64::MIN + 1.., ".{1,8}", any::<f64>(), ".{0,4}", proptest::option::of(any_json())).prop_map(
        |(timestamp_ns, channel, value, unit, document)| {
            let metadata = document.map(|document| Metadata::new(document).unwrap());
            DataPoint::new(timestamp_ns, channel, value, unit, metadata).unwrap()
        },
    )
}

proptest! {
    #[test]
    fn a_point_survives_round_trips_by_attributes_and_by_borrowing(point in any_point()) {
        Python::initialize();
        Python::attach(|py| {
            let object = PyDataPoint::from_core(py, &point).unwrap();
            let read = PyDataPoint::core_from_attributes(object.as_any()).unwrap();
            prop_assert_eq!(read.value().to_bits(), point.value().to_bits());
            prop_assert_eq!(&read, &point);
            prop_assert_eq!(&object.get().to_core(py).unwrap(), &point);
            Ok(())
        })?;
    }
}
