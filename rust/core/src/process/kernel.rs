//! The processing of one channel's samples.

use super::state::{Reader, Writer};
use crate::error::Error;

/// The state of one stream of samples.
pub trait Kernel: Sized + Send {
    /// The beginning of a serialized state; the digit is its version.
    const MARK: &'static [u8];

    /// Creates an empty state with the same parameters.
    fn fresh(&self) -> Result<Self, Error>;

    /// Allocates the memory for `samples` more samples, so that processing them cannot fail.
    fn prepare(&mut self, _samples: usize) -> Result<(), Error> {
        Ok(())
    }

    /// Forgets all earlier samples.
    fn clear(&mut self);

    /// Serializes the state.
    fn save(&self, state: &mut Writer) -> Result<(), Error>;

    /// Deserializes a state with the same parameters.
    fn load(&self, state: &mut Reader<'_>) -> Result<Self, Error>;
}
