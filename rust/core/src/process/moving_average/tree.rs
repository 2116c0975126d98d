//! Sums over short windows by a fixed tree.

use multiversion::multiversion;

use super::registers::{LANES, Registers};
use super::split::{Divide, join, split};
use crate::error::Error;
use crate::process::space::Space;
use crate::process::state::{Reader, Writer};

/// The longest window summed by a tree; longer windows are faster in blocks.
pub(super) const LONGEST: usize = 32;

/// The number of sums in one pass; the parts stay in the L1 cache.
const CHUNK: usize = 512;

/// Sums of the last `window` samples, each computed from its samples in an order that depends only on the window.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    window: usize,
    /// The earlier samples of the next window, oldest first; zeros before the first sample.
    before: [f64; LONGEST],
    space: [Space; 5],
    /// The faster way, if the CPU supports it.
    pub(super) registers: Option<Registers>,
}

impl Tree {
    pub(super) fn new(window: usize) -> Self {
        // The mean of one sample is the sample.
        let registers = (window > 1).then(Registers::detect).flatten();
        Self { window, before: [0.0; LONGEST], space: [const { Space::new() }; 5], registers }
    }

    pub(super) const fn clear(&mut self) {
        self.before = [0.0; LONGEST];
    }

    /// Writes for each sample the sum of the window that ends with it, divided by `count`.
    pub(super) fn extend(&mut self, input: &[f64], output: &mut [f64], count: usize) {
        let count = Divide::by(count);
        if let Some(registers) = self.registers {
            return self.extend_in_registers(registers, input, output, count);
        }
        let before = self.window - 1;
        let longest = before + input.len().min(CHUNK);
        let [samples, parts @ ..] = &mut self.space.each_mut().map(|space| space.numbers(longest));
        let mut done = 0;
        for output in output.chunks_mut(CHUNK) {
            let (start, end) = (done, done + output.len());
            let samples = if start < before {
                // This is the first chunk, because `CHUNK` is longer than any window.
                samples[..before].copy_from_slice(&self.before[..before]);
                samples[before..before + end].copy_from_slice(&input[..end]);
                &samples[..before + end]
            } else {
                &input[start - before..end]
            };
            if end == input.len() {
                self.before[..before].copy_from_slice(&samples[samples.len() - before..]);
            }
            let parts = parts.each_mut().map(|part| &mut part[..samples.len()]);
            sums(self.window, samples, parts, count, output);
            done = end;
        }
    }

    /// Computes the same with sums that stay in registers.
    fn extend_in_registers(
        &mut self,
        registers: Registers,
        input: &[f64],
        output: &mut [f64],
        count: Divide,
    ) {
        let (window, before) = (self.window, self.window - 1);
        // The first windows begin before the input, and in a short input so do those of its last row.
        let first = input.len().min(window + LANES);
        let mut samples = [0.0; 2 * LONGEST + LANES];
        samples[..before].copy_from_slice(&self.before[..before]);
        samples[before..before + first].copy_from_slice(&input[..first]);
        let mut means = [[0.0; LANES]; LONGEST / LANES + 1];
        let rows = first.div_ceil(LANES);
        registers.tree(window, &samples[..before + rows * LANES], count, &mut means[..rows]);
        output[..first].copy_from_slice(&means.as_flattened()[..first]);
        if first == input.len() {
            return self.before[..before].copy_from_slice(&samples[first..first + before]);
        }
        self.before[..before].copy_from_slice(&input[input.len() - before..]);
        let rest = &mut output[first..];
        let whole = rest.len() / LANES * LANES;
        let (samples, rows) = (&input[first - before..], rest.as_chunks_mut().0);
        registers.tree(window, &samples[..before + whole], count, rows);
        if whole < rest.len()
            && let Some(last) = output.last_chunk_mut()
        {
            // The last windows, aligned to the end: some means are computed a second time.
            let samples = &input[input.len() - before - LANES..];
            registers.tree(window, samples, count, std::slice::from_mut(last));
        }
    }

    pub(super) fn save(&self, state: &mut Writer) -> Result<(), Error> {
        state.floats(&self.before[..self.window - 1])
    }

    pub(super) fn load(window: usize, state: &mut Reader<'_>) -> Result<Self, Error> {
        let mut tree = Self::new(window);
        state.floats_into(&mut tree.before[..window - 1])?;
        Ok(tree)
    }
}

/// Computes all sums of `window` samples.
///
/// Sums of 1, 2, 4... samples are each made from two sums of half the length. The lengths whose sum is the window are
/// added, shorter ones first.
#[multiversion(targets("x86_64+avx2+fma"))]
fn sums(window: usize, samples: &[f64], parts: [&mut [f64]; 4], count: Divide, output: &mut [f64]) {
    let [high, low, high_rest, low_rest] = parts;
    if window == 1 {
        return output.copy_from_slice(samples);
    }
    let rest = output.len();
    let (high_rest, low_rest) = (&mut high_rest[..rest], &mut low_rest[..rest]);
    let mut done = window & 1;
    if done == 1 {
        singles(samples, high_rest, low_rest);
    }
    pairs(samples, high, low);
    let mut length = 2;
    loop {
        let longer = length * 2;
        if window == length {
            return mean(high, low, count, output);
        }
        if window == longer {
            return mean_of_two([high, low], [&high[length..], &low[length..]], count, output);
        }
        if window & length != 0 {
            if longer > window {
                let last = [&high[done..], &low[done..]];
                return mean_of_two([high_rest, low_rest], last, count, output);
            }
            add(high_rest, high, done);
            add(low_rest, low, done);
            done += length;
        }
        double(high, length);
        double(low, length);
        length = longer;
    }
}

/// Splits each sample into its parts.
#[inline(always)]
pub(super) fn singles(samples: &[f64], high: &mut [f64], low: &mut [f64]) {
    for ((&sample, high), low) in samples.iter().zip(high).zip(low) {
        (*high, *low) = split(sample);
    }
}

/// Adds the parts of each sample and the next.
#[inline(always)]
pub(super) fn pairs(samples: &[f64], high: &mut [f64], low: &mut [f64]) {
    let pairs = samples.iter().zip(&samples[1..]);
    for (((&first, &second), high), low) in pairs.zip(high).zip(low) {
        let (first, second) = (split(first), split(second));
        *high = first.0 + second.0;
        *low = first.1 + second.1;
    }
}

/// Adds the sums from `done` on, or copies them if `done` is 0.
#[inline(always)]
fn add(rest: &mut [f64], sums: &[f64], done: usize) {
    if done == 0 {
        rest.copy_from_slice(&sums[..rest.len()]);
    } else {
        rest.iter_mut().zip(&sums[done..]).for_each(|(rest, sum)| *rest += sum);
    }
}

#[inline(always)]
fn mean(high: &[f64], low: &[f64], count: Divide, output: &mut [f64]) {
    count.write(high.iter().zip(low).map(|(&high, &low)| join(high, low)), output);
}

#[inline(always)]
fn mean_of_two(first: [&[f64]; 2], second: [&[f64]; 2], count: Divide, output: &mut [f64]) {
    let high = first[0].iter().zip(second[0]);
    let low = first[1].iter().zip(second[1]);
    let sums = high.zip(low).map(|(high, low)| join(high.0 + high.1, low.0 + low.1));
    count.write(sums, output);
}

/// Computes sums of twice as many samples. The distance must be a constant for the compiler to vectorize the loop.
#[inline(always)]
fn double(sums: &mut [f64], length: usize) {
    match length {
        2 => double_by::<2>(sums),
        4 => double_by::<4>(sums),
        8 => double_by::<8>(sums),
        _ => double_by::<16>(sums),
    }
}

#[inline(always)]
fn double_by<const LENGTH: usize>(sums: &mut [f64]) {
    for start in 0..sums.len().saturating_sub(LENGTH) {
        sums[start] += sums[start + LENGTH];
    }
}
