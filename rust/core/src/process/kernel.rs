//! What a processor does to the samples of one channel.

use super::state::{Reader, Writer};
use crate::error::Error;

/// The state of one stream of samples.
pub trait Kernel: Sized + Send {
    /// What a saved state begins with; the digit tells its form.
    const MARK: &'static [u8];

    /// One with the same parameters to which nothing came.
    fn fresh(&self) -> Result<Self, Error>;

    /// Takes the memory that so many more samples need, so that to take them cannot fail.
    fn prepare(&mut self, _samples: usize) -> Result<(), Error> {
        Ok(())
    }

    /// Forgets all that came.
    fn clear(&mut self);

    /// Appends what came as bytes.
    fn save(&self, state: &mut Writer) -> Result<(), Error>;

    /// One with the same parameters to which that came which the bytes tell.
    fn load(&self, state: &mut Reader<'_>) -> Result<Self, Error>;
}
