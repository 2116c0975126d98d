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
    space: [Vec<f64>; 5],
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
            space: [const { Vec::new() }; 5],
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
            self.means(samples, parts, count, sums);
            (input, output) = (later, rest);
        }
        self.space = space;
    }

    /// The means of windows that end in this block; `samples` are with those before.
    fn means(&mut self, samples: &[f64], parts: [&mut [f64]; 4], count: f64, output: &mut [f64]) {
        let (start, end) = (self.place, self.place + output.len());
        let full = self.rows[0].len() == self.block;
        if !full {
            // Before the first block there was nothing.
            self.rows.iter_mut().for_each(|rows| rows.resize(end, 0.0));
        }
        let [high, low, high_newest, low_newest] = parts;
        sums_of_rows(samples, high, low);
        let newer = self.rest > 0;
        if newer {
            newest(&samples[LANES..], self.rest, [high_newest, low_newest]);
        }
        let rows = self.rows.each_mut().map(|rows| &mut rows[start..end]);
        let new = [&high[..output.len()], &low[..output.len()]];
        let newest = [&high_newest[..output.len()], &low_newest[..output.len()]];
        let lane = start % LANES;
        if newer {
            means::<true>(lane, &mut self.sum, new, rows, newest, count, output);
        } else {
            means::<false>(lane, &mut self.sum, new, rows, newest, count, output);
        }
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

/// The sums of windows: of the end of the block before, the start of this one and what is newer than a row.
///
/// `new` are sums of rows of this block, of which `lane` is the lane of the first; they take the place of what `rows` held
/// of the block before. In one loop, so that each number is read and written once.
#[multiversion(targets("x86_64+avx2+fma"))]
fn means<const NEWER: bool>(
    lane: usize,
    sum: &mut [[f64; LANES]; 2],
    new: [&[f64]; 2],
    rows: [&mut [f64]; 2],
    newest: [&[f64]; 2],
    count: f64,
    output: &mut [f64],
) {
    let first = ((LANES - lane) % LANES).min(output.len());
    let [high, low] = new.map(|new| new.split_at(first));
    let [high_rows, low_rows] = rows.map(|rows| rows.split_at_mut(first));
    let [high_newest, low_newest] = newest.map(|newest| newest.split_at(first));
    let output = output.split_at_mut(first);
    let rows = [high_rows.0, low_rows.0];
    part::<NEWER>(lane, sum, [high.0, low.0], rows, [high_newest.0, low_newest.0], count, output.0);

    let (output, output_rest) = output.1.as_chunks_mut::<LANES>();
    let full = output.len();
    let [high, low] = [high.1, low.1].map(<[f64]>::as_chunks::<LANES>);
    let [high_rows, low_rows] = [high_rows.1, low_rows.1].map(<[f64]>::as_chunks_mut::<LANES>);
    let [high_newest, low_newest] = [high_newest.1, low_newest.1].map(<[f64]>::as_chunks::<LANES>);
    let [mut high_sum, mut low_sum] = *sum;
    // As long as all others, so that the loop has nothing to check.
    let high_rows_full = &mut high_rows.0[..full];
    let low_rows_full = &mut low_rows.0[..full];
    let (high_full, low_full) = (&high.0[..full], &low.0[..full]);
    let (high_newest_full, low_newest_full) = (&high_newest.0[..full], &low_newest.0[..full]);
    for row in 0..full {
        high_sum = std::array::from_fn(|lane| high_sum[lane] + high_full[row][lane]);
        low_sum = std::array::from_fn(|lane| low_sum[lane] + low_full[row][lane]);
        output[row] = std::array::from_fn(|lane| {
            let mut high = high_rows_full[row][lane] + high_sum[lane];
            let mut low = low_rows_full[row][lane] + low_sum[lane];
            if NEWER {
                high += high_newest_full[row][lane];
                low += low_newest_full[row][lane];
            }
            join(high, low) / count
        });
        (high_rows_full[row], low_rows_full[row]) = (high_full[row], low_full[row]);
    }
    *sum = [high_sum, low_sum];
    let rows = [high_rows.1, low_rows.1];
    part::<NEWER>(0, sum, [high.1, low.1], rows, [high_newest.1, low_newest.1], count, output_rest);
}

/// The same for a row of which only a part is there.
fn part<const NEWER: bool>(
    lane: usize,
    sum: &mut [[f64; LANES]; 2],
    new: [&[f64]; 2],
    mut rows: [&mut [f64]; 2],
    newest: [&[f64]; 2],
    count: f64,
    output: &mut [f64],
) {
    for (place, output) in output.iter_mut().enumerate() {
        let parts: [f64; 2] = std::array::from_fn(|part| {
            let sum = &mut sum[part][lane + place];
            *sum += new[part][place];
            let rows = rows[part][place] + *sum;
            if NEWER { rows + newest[part][place] } else { rows }
        });
        for (rows, new) in rows.iter_mut().zip(new) {
            rows[place] = new[place];
        }
        *output = join(parts[0], parts[1]) / count;
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
