//! What a processor gives.

use super::spectra::Spectra;
use crate::batch::Batch;

/// What comes out of a processor.
#[derive(Debug, Clone)]
pub enum Output {
    /// A value for each row.
    Batch(Batch),
    /// Spectra of frames of rows.
    Spectra(Spectra),
}
