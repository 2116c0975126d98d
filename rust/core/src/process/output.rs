//! What a processor gives.

use super::spectra::Spectra;
use crate::batch::Batch;
use crate::error::Error;

/// What comes out of a processor.
#[derive(Debug, Clone)]
pub enum Output {
    /// A value for each row.
    Batch(Batch),
    /// Spectra of frames of rows.
    Spectra(Spectra),
}

/// The shape of what values give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One number for each value.
    Line([usize; 1]),
    /// A spectrum for each frame.
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

    /// Whether there is no row and no frame.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// So many rows or frames from `offset` on, cut to what there is, of the same columns.
    #[must_use]
    pub fn slice(&self, offset: usize, count: usize) -> Self {
        match self {
            Self::Batch(batch) => Self::Batch(batch.slice(offset, count)),
            Self::Spectra(spectra) => Self::Spectra(spectra.slice(offset, count)),
        }
    }

    /// The rows or frames of all, one after the other; those before the last one that is of another kind, of other
    /// frequencies or of other units are left out. Of nothing an empty batch.
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
