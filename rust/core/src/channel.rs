//! The name of a channel.

use crate::error::Error;

/// Returns `name` when a channel can be called so.
///
/// # Errors
///
/// [`Error::EmptyChannel`] when the name is empty.
pub const fn checked_channel(name: &str) -> Result<&str, Error> {
    if name.is_empty() { Err(Error::EmptyChannel) } else { Ok(name) }
}
