//! Sums over long windows, each of the end of one block and the start of the next.

use multiversion::multiversion;

use super::split::{join, split};
use super::tree::{double_by, pairs, singles};
use crate::error::Error;
use crate::process::state::{Reader, write_floats, write_length};

/// How many sums are made at once.
const CHUNK: usize = 320;

/// How many samples make a row: sums over rows go on in so many lanes, of which none waits for another.
const LANES: usize = 4;

/// How many samples before the next one rows and the rest may hold.
const BEFORE: usize = 2 * LANES - 2;

/// Sums of the last `window` samples by the way of van Herk, in blocks of rows.
///
/// The samples of a window are its newest ones, where it is no multiple of a row, and before them rows. The sums of
/// all its rows are those of the end of one block, made once it is full, and of the start of the next. Blocks are
/// counted from the first sample on, so that it does not matter where a call ends.
#[derive(Debug, Clone)]
pub(super) struct Blocks {
    /// How many samples stand in the rows of a window, and so in a block.
    block: usize,
    /// How many samples of a window are newer than its rows.
    rest: usize,
    /// How many samples of this block came.
    place: usize,
    /// The sums of rows of this block, as far as it came, and after that those over the rest of the block before. In
    /// two parts; in the first block as long as the block is so far.
    rows: [Vec<f64>; 2],
    /// The sums over the rows of this block, for each lane.
    sum: [[f64; LANES]; 2],
    /// The last samples, oldest first; zeros before the first.
    before: [f64; BEFORE],
    /// Where sums are made; kept, since to clear it for a short call takes longer than the call.
    space: [Vec<f64>; 7],
}

impl Blocks {
    /// Takes the memory of which it will ever have need; no page of it is touched before.
    pub(super) fn new(window: usize) -> Result<Self, Error> {
        let reserved = || {
            let mut floats = Vec::new();
            let refused = |_| Error::Memory { argument: "window", got: window };
            floats.try_reserve_exact(window).map_err(refused)?;
            Ok(floats)
        };
        Ok(Self {
            block: window - window % LANES,
            rest: window % LANES,
            place: 0,
            rows: [reserved()?, reserved()?],
            sum: [[0.0; LANES]; 2],
            before: [0.0; BEFORE],
            space: [const { Vec::new() }; 7],
        })
    }

    pub(super) fn clear(&mut self) {
        self.place = 0;
        self.rows.iter_mut().for_each(Vec::clear);
        self.sum = [[0.0; LANES]; 2];
        self.before = [0.0; BEFORE];
    }

    /// Writes for each sample the sum of the window that ends with it, divided by `count`.
    #[allow(clippy::cast_precision_loss)] // a window of 2^53 samples fits into no memory
    pub(super) fn extend(&mut self, mut input: &[f64], mut output: &mut [f64], count: usize) {
        let count = count as f64;
        let before = LANES + self.rest - 1;
        let longest = before + input.len().min(CHUNK);
        let mut space = std::mem::take(&mut self.space);
        for space in &mut space {
            space.resize(longest.max(space.len()), 0.0);
        }
        while !input.is_empty() {
            let (now, later) = input.split_at(input.len().min(self.block - self.place).min(CHUNK));
            let (sums, rest) = output.split_at_mut(now.len());
            let length = before + now.len();
            let [samples, parts @ ..] = space.each_mut().map(|space| &mut space[..length]);
            samples[..before].copy_from_slice(&self.before[..before]);
            samples[before..].copy_from_slice(now);
            self.before[..before].copy_from_slice(&samples[now.len()..]);
            self.sums(samples, parts, count, sums);
            (input, output) = (later, rest);
        }
        self.space = space;
    }

    /// The sums of windows that end in this block; `samples` are with those before.
    fn sums(&mut self, samples: &[f64], parts: [&mut [f64]; 6], count: f64, output: &mut [f64]) {
        let (start, end) = (self.place, self.place + output.len());
        let full = self.rows[0].len() == self.block;
        if !full {
            // Before the first block there was nothing.
            self.rows.iter_mut().for_each(|rows| rows.resize(end, 0.0));
        }
        let rows = self.rows.each_mut().map(|rows| &mut rows[start..end]);
        let [high, low, high_run, low_run, high_rest, low_rest] = parts;
        sums_of_rows(samples, high, low);
        let new = [&high[..output.len()], &low[..output.len()]];
        let runs = [&mut high_run[..output.len()], &mut low_run[..output.len()]];
        run(start % LANES, new, &mut self.sum, runs);
        newest(&samples[LANES..], self.rest, [high_rest, low_rest]);
        let after = rows.each_ref().map(|rows| &**rows);
        means(after, [high_run, low_run], [high_rest, low_rest], count, output);
        rows.into_iter().zip(new).for_each(|(rows, new)| rows.copy_from_slice(new));
        self.place = end;
        if end == self.block {
            let [high, low] = &mut self.rows;
            turn(high, low);
            self.sum = [[0.0; LANES]; 2];
            self.place = 0;
        }
    }

    /// Whether so many samples, or a window of them and more, lead to this place.
    pub(super) fn came_of(&self, seen: usize) -> bool {
        if self.rows[0].len() < self.block {
            return seen == self.place;
        }
        seen == self.block + self.rest || seen == self.block + self.place
    }

    pub(super) fn save(&self, state: &mut Vec<u8>) {
        write_length(state, self.place);
        state.push(u8::from(self.rows[0].len() == self.block));
        self.rows.iter().for_each(|rows| write_floats(state, rows));
        self.sum.iter().for_each(|sum| write_floats(state, sum));
        write_floats(state, &self.before);
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

/// The sums of a row of samples, from each sample on.
#[multiversion(targets("x86_64+avx2+fma"))]
fn sums_of_rows(samples: &[f64], high: &mut [f64], low: &mut [f64]) {
    pairs(samples, high, low);
    double_by::<2>(high);
    double_by::<2>(low);
}

/// The sums of so many samples, fewer than a row has, from each sample on.
#[multiversion(targets("x86_64+avx2+fma"))]
fn newest(samples: &[f64], count: usize, [high, low]: [&mut [f64]; 2]) {
    match count {
        0 => {
            high.fill(0.0);
            low.fill(0.0);
        }
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

/// Adds up sums of rows, each in its lane, of which `lane` is the first.
///
/// Both parts in one loop: neither waits for the other.
#[multiversion(targets("x86_64+avx2+fma"))]
fn run(lane: usize, new: [&[f64]; 2], sum: &mut [[f64; LANES]; 2], sums: [&mut [f64]; 2]) {
    let first = ((LANES - lane) % LANES).min(new[0].len());
    let [high, low] = new.map(|new| new.split_at(first));
    let [high_sums, low_sums] = sums.map(|sums| sums.split_at_mut(first));
    part(lane, high.0, &mut sum[0], high_sums.0);
    part(lane, low.0, &mut sum[1], low_sums.0);
    let [high, low] = [high.1, low.1].map(<[f64]>::as_chunks::<LANES>);
    let [high_sums, low_sums] = [high_sums.1, low_sums.1].map(<[f64]>::as_chunks_mut::<LANES>);
    let [mut high_now, mut low_now] = *sum;
    let sums = high_sums.0.iter_mut().zip(low_sums.0);
    for ((high, low), (high_sums, low_sums)) in high.0.iter().zip(low.0).zip(sums) {
        high_now = std::array::from_fn(|lane| high_now[lane] + high[lane]);
        low_now = std::array::from_fn(|lane| low_now[lane] + low[lane]);
        (*high_sums, *low_sums) = (high_now, low_now);
    }
    *sum = [high_now, low_now];
    part(0, high.1, &mut sum[0], high_sums.1);
    part(0, low.1, &mut sum[1], low_sums.1);
}

/// The same for a row of which only a part is there.
fn part(lane: usize, new: &[f64], sum: &mut [f64; LANES], sums: &mut [f64]) {
    for ((new, sum), sums) in new.iter().zip(&mut sum[lane..]).zip(sums) {
        *sum += new;
        *sums = *sum;
    }
}

/// The means, of the end of the block before, the start of this one and what is newer than a row.
#[multiversion(targets("x86_64+avx2+fma"))]
fn means(
    after: [&[f64]; 2],
    before: [&[f64]; 2],
    newest: [&[f64]; 2],
    count: f64,
    output: &mut [f64],
) {
    let high = after[0].iter().zip(before[0]).zip(newest[0]);
    let low = after[1].iter().zip(before[1]).zip(newest[1]);
    for (output, (high, low)) in output.iter_mut().zip(high.zip(low)) {
        let ((after_high, before_high), newest_high) = high;
        let ((after_low, before_low), newest_low) = low;
        let high = (after_high + before_high) + newest_high;
        let low = (after_low + before_low) + newest_low;
        *output = join(high, low) / count;
    }
}

/// Turns sums of rows into the sums over all rows that come after, each in its lane.
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
