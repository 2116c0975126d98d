//! What is measured: a name, a unit, and what else is known.

use std::sync::Arc;

use crate::error::Error;
use crate::metadata::{Json, Metadata};

/// Returns `name` when a channel can be called so.
///
/// # Errors
///
/// [`Error::Refused`] when the name is empty.
pub fn checked_channel(name: &str) -> Result<&str, Error> {
    if !name.is_empty() {
        return Ok(name);
    }
    let problem = "channel is empty (''); pass the name of the channel that was measured";
    Err(Error::Refused(problem.to_owned()))
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
    /// [`Error::Refused`] when the name is empty.
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
    fn null_is_no_metadata() {
        let null = Metadata::new(Json::Null).unwrap();
        assert_eq!(Channel::new("laser", "mW", Some(null)).unwrap().metadata(), None);
    }
}
