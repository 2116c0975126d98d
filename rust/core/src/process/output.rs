//! The output of processors.

use super::spectra::Spectra;
use crate::batch::Batch;
use crate::error::Error;

/// The output of a processor.
#[derive(Debug, Clone)]
pub enum Output {
    /// One value per row.
    Batch(Batch),
    /// Spectra of frames of rows.
    Spectra(Spectra),
}

/// The shape of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One number per value.
    Line([usize; 1]),
    /// One spectrum per frame.
    Table([usize; 2]),
}

impl AsRef<[usize]> for Shape {
    fn as_ref(&self) -> &[usize] {
        match self {
            Self::Line(shape) => shape,
            Self::Table(shape) => shape,
        }
    }
}

impl Output {
    /// The number of rows or frames.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Batch(batch) => batch.len(),
            Self::Spectra(spectra) => spectra.len(),
        }
    }

    /// Whether there are no rows or frames.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns at most `count` rows or frames from `offset` on, sharing the columns.
    #[must_use]
    pub fn slice(&self, offset: usize, count: usize) -> Self {
        match self {
            Self::Batch(batch) => Self::Batch(batch.slice(offset, count)),
            Self::Spectra(spectra) => Self::Spectra(spectra.slice(offset, count)),
        }
    }

    /// Joins rows or frames. Outputs before the last one of another kind, other frequencies or other units are omitted.
    /// Without outputs, returns an empty batch.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn joined(outputs: &[Self]) -> Result<Self, Error> {
        let joined = if let Some(Self::Spectra(last)) = outputs.last() {
            let alike = outputs.iter().rev().map_while(|output| match output {
                Self::Spectra(spectra) if spectra.joins(last) => Some(spectra.clone()),
                _ => None,
            });
            Spectra::concat(&in_order(alike)).map(Self::Spectra)
        } else {
            let alike = outputs.iter().rev().map_while(|output| match output {
                Self::Batch(batch) => Some(batch.clone()),
                Self::Spectra(_) => None,
            });
            Batch::concat(&in_order(alike)).map(Self::Batch)
        };
        match (joined, outputs) {
            (Err(Error::UnitsDiffer { .. }), [_, later @ ..]) => Self::joined(later),
            (joined, _) => joined,
        }
    }
}

fn in_order<T>(reversed: impl Iterator<Item = T>) -> Vec<T> {
    let mut outputs: Vec<T> = reversed.collect();
    outputs.reverse();
    outputs
}
