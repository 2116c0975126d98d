use std::hash::DefaultHasher;

use proptest::prelude::*;

use super::*;

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn point(timestamp_ns: i64, channel: &str, value: f64, unit: &str) -> DataPoint {
    DataPoint::new(timestamp_ns, channel, value, unit, None).unwrap()
}

#[test]
fn a_channel_has_a_name() {
    assert_eq!(DataPoint::new(0, "", 1.0, "V", None).unwrap_err(), Error::EmptyChannel);
}

#[test]
fn null_is_no_metadata() {
    let null = Metadata::new(Json::Null).unwrap();
    let with_null = DataPoint::new(0, "a", 1.0, "V", Some(null)).unwrap();
    assert!(with_null.metadata().is_none());
}

#[test]
fn every_nan_is_one_value_and_so_is_every_zero() {
    let other_nan = f64::from_bits(f64::NAN.to_bits() | 1);
    for (left, right) in [(f64::NAN, other_nan), (f64::NAN, -f64::NAN), (0.0, -0.0)] {
        let (left, right) = (point(0, "a", left, "V"), point(0, "a", right, "V"));
        assert_eq!(left, right);
        assert_eq!(hash(&left), hash(&right));
    }
    assert_ne!(point(0, "a", f64::NAN, "V"), point(0, "a", f64::INFINITY, "V"));
}

#[test]
fn each_field_counts() {
    let base = point(7, "a", 1.0, "V");
    let metadata = Metadata::new(Json::Bool(true)).unwrap();
    let with_metadata = DataPoint::new(7, "a", 1.0, "V", Some(metadata)).unwrap();
    for other in [
        point(8, "a", 1.0, "V"),
        point(7, "b", 1.0, "V"),
        point(7, "a", 2.0, "V"),
        point(7, "a", 1.0, "mV"),
        with_metadata,
    ] {
        assert_ne!(base, other);
    }
}

proptest! {
    #[test]
    fn a_point_keeps_its_fields_and_equals_its_twin(
        timestamp_ns: i64, channel in ".{1,8}", value: f64, unit in ".{0,4}",
    ) {
        let made = point(timestamp_ns, &channel, value, &unit);
        let twin = point(timestamp_ns, &channel, value, &unit);
        prop_assert_eq!(made.timestamp_ns(), timestamp_ns);
        prop_assert_eq!(made.channel(), channel.as_str());
        prop_assert_eq!(made.value().to_bits(), value.to_bits());
        prop_assert_eq!(made.unit(), unit.as_str());
        prop_assert_eq!(hash(&made), hash(&twin));
        prop_assert_eq!(made, twin);
    }
}
