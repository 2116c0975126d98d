//! Sums over long windows, each from the end of one block and the start of the next.

use multiversion::multiversion;

use super::registers::{Block, LANES, Registers};
use super::split::{Divide, join, split};
use super::tree::{pairs, singles};
use crate::error::Error;
use crate::process::space::Space;
use crate::process::state::{Reader, Writer};

/// The most sums in one pass.
const CHUNK: usize = 512;

/// The most samples before the next one that rows and the rest may contain.
const BEFORE: usize = 2 * LANES - 2;

/// Sums of the last `window` samples by the algorithm of van Herk, in blocks of rows.
///
/// A window consists of whole rows and, if it is not a multiple of a row, the newest samples after them. The sum of its
/// rows is the sum over the end of one block, computed once the block is full, plus the sum over the start of the next.
/// Blocks are counted from the first sample, so results do not depend on where a call ends.
#[derive(Debug, Clone)]
pub(super) struct Blocks {
    /// The number of samples in the rows of a window, which is the length of a block.
    block: usize,
    /// The number of sums in one pass: parts of a block of about equal length, so that no part is short.
    chunk: usize,
    /// The number of samples in a window that are newer than its rows.
    rest: usize,
    /// The number of samples in this block so far.
    place: usize,
    /// The sums of the rows of this block so far, followed by the sums over the rest of the previous block, in two
    /// parts; in the first block, only as long as the block so far.
    rows: [Vec<f64>; 2],
    /// The sums over the rows of this block, for each lane.
    sum: [[f64; LANES]; 2],
    /// The last samples, oldest first; zeros before the first.
    before: [f64; BEFORE],
    space: [Space; 5],
    /// The faster way to sum whole rows, if the CPU supports it.
    pub(super) registers: Option<Registers>,
}

impl Blocks {
    /// Reserves all memory it will ever need, without touching its pages.
    pub(super) fn new(window: usize) -> Result<Self, Error> {
        let reserved = || {
            let mut floats = Vec::new();
            let refused = |_| Error::memory("window", window);
            floats.try_reserve_exact(window).map_err(refused)?;
            Ok(floats)
        };
        let block = window - window % LANES;
        Ok(Self {
            block,
            chunk: block.div_ceil(block.div_ceil(CHUNK)).next_multiple_of(LANES),
            rest: window % LANES,
            place: 0,
            rows: [reserved()?, reserved()?],
            sum: [[0.0; LANES]; 2],
            before: [0.0; BEFORE],
            space: [const { Space::new() }; 5],
            registers: Registers::detect(),
        })
    }

    pub(super) fn clear(&mut self) {
        self.place = 0;
        self.rows.iter_mut().for_each(Vec::clear);
        self.sum = [[0.0; LANES]; 2];
        self.before = [0.0; BEFORE];
    }

    /// Writes for each sample the sum of the window that ends with it, divided by `count`.
    pub(super) fn extend(&mut self, input: &[f64], output: &mut [f64], count: usize) {
        let count = Divide::by(count);
        let before = LANES + self.rest - 1;
        let longest = before + input.len().min(self.chunk);
        let mut space = std::mem::take(&mut self.space);
        let mut spaces = space.each_mut().map(|space| space.numbers(longest));
        let mut done = 0;
        while done < input.len() {
            let most = if let Some(registers) = self.registers {
                let rows = self.rows_at_once(registers, done, input, count, &mut output[done..]);
                done += rows * LANES;
                // The rest of a row.
                LANES - self.place % LANES
            } else {
                self.chunk.min(self.block - self.place)
            };
            let end = input.len().min(done + most);
            if end == done {
                break;
            }
            let [first, parts @ ..] =
                spaces.each_mut().map(|space| &mut space[..before + end - done]);
            let samples = if done < before {
                let (kept, new) = first.split_at_mut(before - done);
                kept.copy_from_slice(&self.before[done..before]);
                new.copy_from_slice(&input[..end]);
                first
            } else {
                &input[done - before..end]
            };
            self.means(samples, parts, count, &mut output[done..end]);
            done = end;
        }
        self.space = space;
        let kept = before.saturating_sub(input.len());
        self.before.copy_within(before - kept..before, 0);
        self.before[kept..before].copy_from_slice(&input[input.len() + kept - before..]);
    }

    /// Computes the means of whole rows from position `done` of the input on; returns the number of rows.
    fn rows_at_once(
        &mut self,
        registers: Registers,
        mut done: usize,
        input: &[f64],
        count: Divide,
        output: &mut [f64],
    ) -> usize {
        if !self.place.is_multiple_of(LANES) {
            return 0;
        }
        let before = LANES + self.rest - 1;
        let mut output = output.as_chunks_mut::<LANES>().0;
        let whole = output.len();
        while !output.is_empty() {
            let mut rows = output.len();
            if done < before {
                rows = rows.min((before - done).div_ceil(LANES));
            }
            if self.rows[0].len() < self.block {
                // There are no samples before the first block.
                rows = rows.min((self.block - self.place) / LANES);
                let end = self.place + rows * LANES;
                self.rows.iter_mut().for_each(|rows| rows.resize(end, 0.0));
            }
            let (now, later) = output.split_at_mut(rows);
            output = later;
            let end = done + rows * LANES;
            let mut first = [0.0; BEFORE + 2 * LANES];
            let samples = if done < before {
                first[..before - done].copy_from_slice(&self.before[done..before]);
                first[before - done..][..end].copy_from_slice(&input[..end]);
                &first[..before - done + end]
            } else {
                &input[done - before..end]
            };
            done = end;
            let [high, low] = self.rows.each_mut().map(|rows| rows.as_chunks_mut().0);
            let (length, place) = (self.block / LANES, self.place / LANES);
            let block = Block { length, place, rows: [high, low], sum: &mut self.sum };
            self.place = registers.blocks(self.rest, samples, block, count, now) * LANES;
        }
        whole
    }

    /// Computes the means of windows that end in this block; `samples` include the samples before.
    fn means(
        &mut self,
        samples: &[f64],
        parts: [&mut [f64]; 4],
        count: Divide,
        output: &mut [f64],
    ) {
        let (start, end) = (self.place, self.place + output.len());
        let full = self.rows[0].len() == self.block;
        if !full {
            // There are no samples before the first block.
            self.rows.iter_mut().for_each(|rows| rows.resize(end, 0.0));
        }
        let [high, low, high_newest, low_newest] = parts;
        sums_of_two(samples, high, low);
        let newer = self.rest > 0;
        if newer {
            newest(&samples[LANES..], self.rest, [high_newest, low_newest]);
        }
        let rows = self.rows.each_mut().map(|rows| &mut rows[start..end]);
        let two = [high, low].map(|part| &part[..output.len() + LANES / 2]);
        let newest = [&high_newest[..output.len()], &low_newest[..output.len()]];
        let lane = start % LANES;
        if newer {
            means::<true>(lane, &mut self.sum, two, rows, newest, count, output);
        } else {
            means::<false>(lane, &mut self.sum, two, rows, newest, count, output);
        }
        self.place = end;
        if end == self.block {
            let [high, low] = &mut self.rows;
            turn(high, low);
            self.sum = [[0.0; LANES]; 2];
            self.place = 0;
        }
    }

    /// Whether `seen` samples (or at least a window of them) can lead to this position.
    pub(super) fn is_reachable_after(&self, seen: usize) -> bool {
        if self.rows[0].len() < self.block {
            return seen == self.place;
        }
        seen == self.block + self.rest || seen == self.block + self.place
    }

    pub(super) fn save(&self, state: &mut Writer) -> Result<(), Error> {
        state.length(self.place)?;
        state.flag(self.rows[0].len() == self.block)?;
        self.rows.iter().try_for_each(|rows| state.floats(rows))?;
        self.sum.iter().try_for_each(|sum| state.floats(sum))?;
        state.floats(&self.before)
    }

    pub(super) fn load(window: usize, state: &mut Reader<'_>) -> Result<Self, Error> {
        let mut blocks = Self::new(window)?;
        blocks.place = state.length(blocks.block - 1)?;
        let count = if state.flag()? { blocks.block } else { blocks.place };
        for rows in &mut blocks.rows {
            state.floats(count, rows)?;
        }
        for sum in &mut blocks.sum {
            state.floats_into(sum)?;
        }
        state.floats_into(&mut blocks.before)?;
        Ok(blocks)
    }
}

/// Computes the sum of half a row of samples from each sample on.
#[multiversion(targets("x86_64+avx2+fma"))]
fn sums_of_two(samples: &[f64], high: &mut [f64], low: &mut [f64]) {
    pairs(samples, high, low);
}

/// Computes the sum of a number of samples, fewer than a row has, from each sample on.
#[multiversion(targets("x86_64+avx2+fma"))]
fn newest(samples: &[f64], count: usize, [high, low]: [&mut [f64]; 2]) {
    match count {
        1 => singles(samples, high, low),
        2 => pairs(samples, high, low),
        _ => {
            pairs(samples, high, low);
            for ((&sample, high), low) in samples[2..].iter().zip(high).zip(low) {
                let parts = split(sample);
                *high += parts.0;
                *low += parts.1;
            }
        }
    }
}

/// Computes the sums of windows: the end of the previous block, the start of this one, and the samples after the rows.
///
/// `two` are sums of half a row of this block, two of which make the sum of a row; `lane` is the lane of the first. The
/// sums of rows replace the entries of the previous block in `rows`. A single loop reads and writes each number once.
/// written once.
#[multiversion(targets("x86_64+avx2+fma"))]
fn means<const NEWER: bool>(
    lane: usize,
    sum: &mut [[f64; LANES]; 2],
    two: [&[f64]; 2],
    rows: [&mut [f64]; 2],
    newest: [&[f64]; 2],
    count: Divide,
    output: &mut [f64],
) {
    let first = ((LANES - lane) % LANES).min(output.len());
    let [high_rows, low_rows] = rows.map(|rows| rows.split_at_mut(first));
    let [high_newest, low_newest] = newest.map(|newest| newest.split_at(first));
    let output = output.split_at_mut(first);
    let rows = [high_rows.0, low_rows.0];
    let share_of = |sum| count.share_of(sum);
    part::<NEWER>(lane, sum, two, rows, [high_newest.0, low_newest.0], share_of, output.0);

    let (output, output_rest) = output.1.as_chunks_mut::<LANES>();
    let full = output.len();
    let [high, low] = two.map(|two| two[first..].as_chunks::<LANES>().0);
    let [high_later, low_later] = two.map(|two| two[first + LANES / 2..].as_chunks::<LANES>().0);
    let [high_rows, low_rows] = [high_rows.1, low_rows.1].map(<[f64]>::as_chunks_mut::<LANES>);
    let [high_newest, low_newest] = [high_newest.1, low_newest.1].map(<[f64]>::as_chunks::<LANES>);
    let [mut high_sum, mut low_sum] = *sum;
    // As long as all other slices, so that the loop needs no bounds checks.
    let high_rows_full = &mut high_rows.0[..full];
    let low_rows_full = &mut low_rows.0[..full];
    let (high, low) = (&high[..full], &low[..full]);
    let (high_later, low_later) = (&high_later[..full], &low_later[..full]);
    let (high_newest_full, low_newest_full) = (&high_newest.0[..full], &low_newest.0[..full]);
    for row in 0..full {
        let high_new: [f64; LANES] =
            std::array::from_fn(|lane| high[row][lane] + high_later[row][lane]);
        let low_new: [f64; LANES] =
            std::array::from_fn(|lane| low[row][lane] + low_later[row][lane]);
        high_sum = std::array::from_fn(|lane| high_sum[lane] + high_new[lane]);
        low_sum = std::array::from_fn(|lane| low_sum[lane] + low_new[lane]);
        output[row] = std::array::from_fn(|lane| {
            let mut high = high_rows_full[row][lane] + high_sum[lane];
            let mut low = low_rows_full[row][lane] + low_sum[lane];
            if NEWER {
                high += high_newest_full[row][lane];
                low += low_newest_full[row][lane];
            }
            share_of(join(high, low))
        });
        (high_rows_full[row], low_rows_full[row]) = (high_new, low_new);
    }
    *sum = [high_sum, low_sum];
    let rows = [high_rows.1, low_rows.1];
    let two = two.map(|two| &two[first + full * LANES..]);
    part::<NEWER>(0, sum, two, rows, [high_newest.1, low_newest.1], share_of, output_rest);
}

/// Computes the same for a partial row, with the same division, because a call may end anywhere.
#[inline(always)]
fn part<const NEWER: bool>(
    lane: usize,
    sum: &mut [[f64; LANES]; 2],
    two: [&[f64]; 2],
    mut rows: [&mut [f64]; 2],
    newest: [&[f64]; 2],
    share_of: impl Fn(f64) -> f64,
    output: &mut [f64],
) {
    for (place, output) in output.iter_mut().enumerate() {
        let parts: [f64; 2] = std::array::from_fn(|part| {
            let new = two[part][place] + two[part][place + LANES / 2];
            let sum = &mut sum[part][lane + place];
            *sum += new;
            let rows = std::mem::replace(&mut rows[part][place], new) + *sum;
            if NEWER { rows + newest[part][place] } else { rows }
        });
        *output = share_of(join(parts[0], parts[1]));
    }
}

/// Replaces sums of rows by the sums over all later rows, each in its lane.
#[multiversion(targets("x86_64+avx2+fma"))]
fn turn(high: &mut [f64], low: &mut [f64]) {
    let (mut high_sum, mut low_sum) = ([0.0; LANES], [0.0; LANES]);
    let (high, low) = (high.as_chunks_mut::<LANES>().0, low.as_chunks_mut::<LANES>().0);
    for (high, low) in high.iter_mut().zip(low).rev() {
        let high_next = std::array::from_fn(|lane| high_sum[lane] + high[lane]);
        let low_next = std::array::from_fn(|lane| low_sum[lane] + low[lane]);
        *high = std::mem::replace(&mut high_sum, high_next);
        *low = std::mem::replace(&mut low_sum, low_next);
    }
}
