//! A measured quantity: its name, unit and metadata.

use std::sync::Arc;

use crate::error::Error;
use crate::metadata::{Json, Metadata};

/// Returns `name` if it is a valid channel name.
///
/// # Errors
///
/// [`Error::Refused`] if the name is empty.
pub fn checked_channel(name: &str) -> Result<&str, Error> {
    if !name.is_empty() {
        return Ok(name);
    }
    let problem = "channel must not be empty, got ''; pass the name of the measured channel";
    Err(Error::Refused(problem.to_owned()))
}

/// A measured quantity; a clone shares its memory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Channel(Arc<Facts>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Facts {
    name: String,
    unit: String,
    metadata: Option<Metadata>,
}

impl Channel {
    /// Creates a channel.
    ///
    /// Metadata that is only `null` is treated as no metadata.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the name is empty.
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

    /// The metadata, if there is any.
    #[must_use]
    pub fn metadata(&self) -> Option<&Metadata> {
        self.0.metadata.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_no_metadata() {
        let null = Metadata::new(Json::Null).unwrap();
        assert_eq!(Channel::new("laser", "mW", Some(null)).unwrap().metadata(), None);
    }
}
