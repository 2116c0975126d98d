//! What is measured: a name, a unit, and what else is known.

use std::sync::Arc;

use crate::error::Error;
use crate::metadata::{Json, Metadata};

/// Returns `name` when a channel can be called so.
///
/// # Errors
///
/// [`Error::EmptyChannel`] when the name is empty.
pub const fn checked_channel(name: &str) -> Result<&str, Error> {
    if name.is_empty() { Err(Error::EmptyChannel) } else { Ok(name) }
}

/// What is measured; a clone shares it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Channel(Arc<Facts>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Facts {
    name: String,
    unit: String,
    metadata: Option<Metadata>,
}

impl Channel {
    /// Puts a channel together.
    ///
    /// A document that is just `null` says nothing and is kept as no metadata.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyChannel`] when the name is empty.
    pub fn new(name: &str, unit: &str, metadata: Option<Metadata>) -> Result<Self, Error> {
        let name = checked_channel(name)?.to_owned();
        let metadata = metadata.filter(|found| !matches!(found.document(), Json::Null));
        Ok(Self(Arc::new(Facts { name, unit: unit.to_owned(), metadata })))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The unit of the values; may be empty.
    #[must_use]
    pub fn unit(&self) -> &str {
        &self.0.unit
    }

    /// What else is known.
    #[must_use]
    pub fn metadata(&self) -> Option<&Metadata> {
        self.0.metadata.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_needs_a_name() {
        assert_eq!(Channel::new("", "V", None), Err(Error::EmptyChannel));
    }

    #[test]
    fn channels_are_equal_by_value() {
        let metadata = |gain| Some(Metadata::new(Json::Integer(gain)).unwrap());
        let channel = Channel::new("laser", "mW", metadata(2)).unwrap();
        assert_eq!(channel, Channel::new("laser", "mW", metadata(2)).unwrap());
        assert_ne!(channel, Channel::new("lamp", "mW", metadata(2)).unwrap());
        assert_ne!(channel, Channel::new("laser", "W", metadata(2)).unwrap());
        assert_ne!(channel, Channel::new("laser", "mW", metadata(3)).unwrap());
    }

    #[test]
    fn null_is_no_metadata() {
        let null = Metadata::new(Json::Null).unwrap();
        assert_eq!(Channel::new("laser", "mW", Some(null)).unwrap().metadata(), None);
    }
}
