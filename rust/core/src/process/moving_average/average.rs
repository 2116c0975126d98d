//! The mean of the last samples.

use super::blocks::Blocks;
use super::tree::{LONGEST, Tree};
use crate::error::Error;
use crate::process::kernel::Kernel;
use crate::process::map::Map;
use crate::process::state::{Reader, Writer, wrong};

/// The mean of the last `window` samples, or of all samples if there are fewer.
///
/// Each sum uses only its window, so errors do not accumulate, and samples outside the window have no effect.
#[derive(Debug, Clone)]
pub struct Average {
    pub(super) window: usize,
    pub(super) min_count: usize,
    /// The number of samples so far, up to `window`.
    seen: usize,
    sums: Sums,
}

#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // a few hundred bytes per channel
enum Sums {
    Tree(Tree),
    Blocks(Blocks),
}

impl Average {
    pub(super) fn new(window: usize, min_count: usize) -> Result<Self, Error> {
        if window == 0 {
            let problem = "window must be the number of samples in a mean, at least 1, got 0";
            return Err(Error::Refused(problem.to_owned()));
        }
        if min_count == 0 || min_count > window {
            return Err(Error::Refused(format!(
                "min_count must be from 1 to the window of {window}, got {min_count}"
            )));
        }
        let sums = if window <= LONGEST {
            Sums::Tree(Tree::new(window))
        } else {
            Sums::Blocks(Blocks::new(window)?)
        };
        Ok(Self { window, min_count, seen: 0, sums })
    }

    /// Uses sums in memory, as on a CPU without AVX2.
    #[cfg(test)]
    pub(super) const fn leave_registers(&mut self) {
        match &mut self.sums {
            Sums::Tree(tree) => tree.registers = None,
            Sums::Blocks(blocks) => blocks.registers = None,
        }
    }

    fn sums(&mut self, input: &[f64], output: &mut [f64], count: usize) {
        match &mut self.sums {
            Sums::Tree(tree) => tree.extend(input, output, count),
            Sums::Blocks(blocks) => blocks.extend(input, output, count),
        }
    }
}

impl Map for Average {
    fn extend(&mut self, input: &[f64], output: &mut [f64]) {
        let few = input.len().min(self.window - self.seen);
        let (first, input) = input.split_at(few);
        let (few, output) = output.split_at_mut(few);
        self.sums(first, few, 1);
        for sum in few {
            self.seen += 1;
            *sum = if self.seen < self.min_count { f64::NAN } else { *sum / as_float(self.seen) };
        }
        self.sums(input, output, self.window);
    }
}

#[allow(clippy::cast_precision_loss)] // a window of 2^53 samples does not fit into memory
const fn as_float(count: usize) -> f64 {
    count as f64
}

impl Kernel for Average {
    const MARK: &'static [u8] = b"moving average 1";

    fn fresh(&self) -> Result<Self, Error> {
        Self::new(self.window, self.min_count)
    }

    fn clear(&mut self) {
        self.seen = 0;
        match &mut self.sums {
            Sums::Tree(tree) => tree.clear(),
            Sums::Blocks(blocks) => blocks.clear(),
        }
    }

    fn save(&self, state: &mut Writer) -> Result<(), Error> {
        state.length(self.window)?;
        state.length(self.seen)?;
        match &self.sums {
            Sums::Tree(tree) => tree.save(state),
            Sums::Blocks(blocks) => blocks.save(state),
        }
    }

    fn load(&self, state: &mut Reader<'_>) -> Result<Self, Error> {
        state.expect(self.window, "its window differs")?;
        let seen = state.length(self.window)?;
        let sums = match &self.sums {
            Sums::Tree(_) => Sums::Tree(Tree::load(self.window, state)?),
            Sums::Blocks(_) => Sums::Blocks(Blocks::load(self.window, state)?),
        };
        if let Sums::Blocks(blocks) = &sums
            && !blocks.is_reachable_after(seen)
        {
            return Err(wrong("its sums do not belong to its samples"));
        }
        Ok(Self { seen, sums, ..*self })
    }
}
