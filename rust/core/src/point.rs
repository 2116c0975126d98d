//! One measured value with its timestamp, channel, unit and metadata.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::channel::checked_channel;
use crate::error::Error;
use crate::metadata::{Json, Metadata};

/// One measured value; a clone shares its text and metadata.
#[derive(Debug, Clone)]
pub struct DataPoint {
    timestamp_ns: i64,
    channel: Arc<str>,
    value: f64,
    unit: Arc<str>,
    metadata: Option<Metadata>,
}

impl DataPoint {
    /// Creates a point; `timestamp_ns` is in nanoseconds since 1970 UTC.
    ///
    /// Metadata that is only `null` is treated as no metadata.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the channel name is empty.
    pub fn new(
        timestamp_ns: i64,
        channel: impl Into<Arc<str>>,
        value: f64,
        unit: impl Into<Arc<str>>,
        metadata: Option<Metadata>,
    ) -> Result<Self, Error> {
        let channel = channel.into();
        checked_channel(&channel)?;
        let metadata = metadata.filter(|found| !matches!(found.document(), Json::Null));
        Ok(Self { timestamp_ns, channel, value, unit: unit.into(), metadata })
    }

    /// Nanoseconds since 1970 in UTC.
    #[must_use]
    pub const fn timestamp_ns(&self) -> i64 {
        self.timestamp_ns
    }

    /// The name of the channel.
    #[must_use]
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// The measured value, in [`unit`](Self::unit).
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.value
    }

    /// The unit of the value; may be empty.
    #[must_use]
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// The metadata, if there is any.
    #[must_use]
    pub const fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref()
    }

    /// Borrows the fields of the point.
    #[must_use]
    pub fn view(&self) -> PointView<'_> {
        PointView {
            timestamp_ns: self.timestamp_ns,
            channel: &self.channel,
            value: self.value,
            unit: &self.unit,
            metadata: self.metadata.as_ref(),
        }
    }
}

impl PartialEq for DataPoint {
    fn eq(&self, other: &Self) -> bool {
        self.view() == other.view()
    }
}

impl Eq for DataPoint {}

impl Hash for DataPoint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.view().hash(state);
    }
}

/// The borrowed fields of a point; defines when points are equal.
///
/// Any NaN equals any other NaN, 0.0 equals -0.0, and metadata compares as JSON.
#[derive(Debug, Clone, Copy)]
pub struct PointView<'a> {
    /// Nanoseconds since 1970 in UTC.
    pub timestamp_ns: i64,
    /// The name of the channel.
    pub channel: &'a str,
    /// The measured value.
    pub value: f64,
    /// The unit of the value.
    pub unit: &'a str,
    /// The metadata, if there is any.
    pub metadata: Option<&'a Metadata>,
}

impl PointView<'_> {
    /// Returns whether two values are equal in points: any NaN equals any other NaN, and 0.0 equals -0.0.
    #[must_use]
    #[inline]
    #[expect(clippy::float_cmp, reason = "equal is meant, and not close")]
    pub fn same_value(mine: f64, other: f64) -> bool {
        mine == other || (mine.is_nan() && other.is_nan())
    }

    /// Returns the bits of the value, with a single NaN and a single zero, so that equal values have equal hashes.
    fn value_key(&self) -> u64 {
        if self.value.is_nan() {
            f64::NAN.to_bits()
        } else if self.value == 0.0 {
            0
        } else {
            self.value.to_bits()
        }
    }
}

impl PartialEq for PointView<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.timestamp_ns == other.timestamp_ns
            && Self::same_value(self.value, other.value)
            && self.channel == other.channel
            && self.unit == other.unit
            && self.metadata == other.metadata
    }
}

impl Eq for PointView<'_> {}

impl Hash for PointView<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.timestamp_ns.hash(state);
        self.value_key().hash(state);
        self.channel.hash(state);
        self.unit.hash(state);
        self.metadata.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_no_metadata() {
        let null = Metadata::new(Json::Null).unwrap();
        let with_null = DataPoint::new(0, "a", 1.0, "V", Some(null)).unwrap();
        assert!(with_null.metadata().is_none());
    }
}
