//! Means of many windows at once, with sums that stay in CPU registers.
//!
//! The loops read and write memory once, and the CPU fetches the following rows while a row is summed. The
//! sums are those of [`super::tree`] and [`super::blocks`], added in the same order, so results are identical.

#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
pub(super) use avx2::Registers;
#[cfg(not(target_arch = "x86_64"))]
pub(super) use none::Registers;

/// The number of samples in a row.
pub(super) const LANES: usize = 4;

/// A block of rows with the sums of upper and lower parts.
pub(super) struct Block<'a> {
    /// The number of rows in a block; the first block does not have all of them yet.
    pub(super) length: usize,
    /// The next row.
    pub(super) place: usize,
    pub(super) rows: [&'a mut [[f64; LANES]]; 2],
    /// The sums over the rows of this block, for each lane.
    pub(super) sum: &'a mut [[f64; LANES]; 2],
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::mem::replace;

    use core::arch::x86_64::{
        __m256d, _CMP_ORD_Q, _MM_HINT_T0, _mm_prefetch, _mm256_add_pd, _mm256_and_pd,
        _mm256_cmp_pd, _mm256_div_pd, _mm256_mul_pd, _mm256_permute2f128_pd, _mm256_set1_pd,
        _mm256_setr_pd, _mm256_setzero_pd, _mm256_storeu_pd, _mm256_sub_pd,
    };

    use super::{Block, LANES};
    use crate::process::moving_average::split::{Divide, HIGH};

    /// How many rows ahead memory is prefetched: about the number processed during a fetch.
    const AHEAD: usize = 100;

    /// The upper and lower parts of a row.
    type Parts = [__m256d; 2];

    /// Proof that this CPU supports AVX2.
    #[derive(Debug, Clone, Copy)]
    pub(in super::super) struct Registers(());

    #[allow(clippy::unused_self, reason = "it proves that the processor has the instructions")]
    impl Registers {
        pub(in super::super) fn detect() -> Option<Self> {
            is_x86_feature_detected!("avx2").then_some(Self(()))
        }

        /// Computes means of windows of 2 to 32 samples; `samples` begin with the earlier samples of the first window.
        pub(in super::super) fn tree(
            self,
            window: usize,
            samples: &[f64],
            count: Divide,
            output: &mut [[f64; LANES]],
        ) {
            macro_rules! tree_of {
                ($($known:literal)*) => {
                    match window {
                        $($known => tree::<$known>(samples, count, output),)*
                        _ => {}
                    }
                };
            }
            // SAFETY: `self` exists only if the CPU supports AVX2.
            unsafe {
                tree_of!(2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
            }
        }

        /// Computes means of windows of a block's rows and the newer `rest`; returns the next row.
        ///
        /// `samples` begin with the samples of the first row and the rest before the first output.
        pub(in super::super) fn blocks(
            self,
            rest: usize,
            samples: &[f64],
            block: Block<'_>,
            count: Divide,
            output: &mut [[f64; LANES]],
        ) -> usize {
            // SAFETY: `self` exists only if the CPU supports AVX2.
            unsafe {
                match (rest, count) {
                    (0, Divide::Exactly(_)) => blocks::<0, true>(samples, block, count, output),
                    (0, Divide::By(_)) => blocks::<0, false>(samples, block, count, output),
                    (1, _) => blocks::<1, false>(samples, block, count, output),
                    (2, _) => blocks::<2, false>(samples, block, count, output),
                    (_, _) => blocks::<3, false>(samples, block, count, output),
                }
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(row: &[f64; LANES]) -> __m256d {
        _mm256_setr_pd(row[0], row[1], row[2], row[3])
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn store(row: &mut [f64; LANES], lanes: __m256d) {
        // SAFETY: the row has the size of the lanes, and this store needs no alignment.
        unsafe { _mm256_storeu_pd(row.as_mut_ptr(), lanes) }
    }

    /// Prefetches a later cache line, also beyond the end, because hardware does not prefetch while a block is turned.
    #[inline(always)]
    fn ask_for<T>(place: *const T) {
        // SAFETY: every 64-bit x86 CPU has this instruction, and it has no visible effect.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn add(first: Parts, second: Parts) -> Parts {
        [_mm256_add_pd(first[0], second[0]), _mm256_add_pd(first[1], second[1])]
    }

    /// As [`super::super::split::split`].
    #[inline]
    #[target_feature(enable = "avx2")]
    fn split(samples: &[f64; LANES]) -> Parts {
        let samples = _mm256_add_pd(load(samples), _mm256_setzero_pd());
        let high = _mm256_and_pd(samples, _mm256_set1_pd(f64::from_bits(HIGH)));
        [high, _mm256_sub_pd(samples, high)]
    }

    /// As [`super::super::split::join`].
    #[inline]
    #[target_feature(enable = "avx2")]
    fn join([high, low]: Parts) -> __m256d {
        let is_number = _mm256_cmp_pd::<_CMP_ORD_Q>(low, low);
        _mm256_add_pd(high, _mm256_and_pd(low, is_number))
    }

    /// Divides sums by a count, with a multiplication if that is exact.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn divided<const EXACT: bool>(sums: __m256d, count: Divide) -> __m256d {
        match count {
            Divide::Exactly(share) if EXACT => _mm256_mul_pd(sums, _mm256_set1_pd(share)),
            Divide::Exactly(share) => _mm256_div_pd(sums, _mm256_set1_pd(1.0 / share)),
            Divide::By(count) => _mm256_div_pd(sums, _mm256_set1_pd(count)),
        }
    }

    /// Adds to each sample of a row the previous sample.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn pairs(samples: &[f64; LANES], before: &[f64; LANES]) -> Parts {
        add(split(before), split(samples))
    }

    /// Returns the values half a row earlier, from the previous row and this one.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn half_a_row_before(before: Parts, row: Parts) -> Parts {
        [
            _mm256_permute2f128_pd::<0x21>(before[0], row[0]),
            _mm256_permute2f128_pd::<0x21>(before[1], row[1]),
        ]
    }

    /// Returns the pairs that end with the second and third sample, in the last lanes.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn first_pairs(samples: &[f64]) -> Parts {
        let [first, second, third] = samples.first_chunk().copied().unwrap_or_default();
        pairs(&[0.0, 0.0, second, third], &[0.0, 0.0, first, second])
    }

    /// The tree's sums of earlier rows, oldest first: of 1, 2, 4... samples, and the sums of all shorter parts of the
    /// window.
    struct Tree {
        singles: Parts,
        pairs: Parts,
        fours: Parts,
        eights: [Parts; 2],
        sixteens: Ring<4>,
        rest_of_fours: Parts,
        rest_of_eights: [Parts; 2],
        rest_of_sixteens: Ring<4>,
    }

    impl Tree {
        /// Computes the sum of the `WINDOW` samples that end with each sample of a row.
        #[inline]
        #[target_feature(enable = "avx2")]
        fn next<const WINDOW: usize>(
            &mut self,
            samples: &[f64; LANES],
            before: &[f64; LANES],
        ) -> Parts {
            let pairs = pairs(samples, before);
            let mut rest = split(samples);
            if WINDOW & 2 != 0 {
                rest = match WINDOW & 1 {
                    0 => pairs,
                    _ => add(half_a_row_before(replace(&mut self.singles, rest), rest), pairs),
                };
            }
            if WINDOW < 4 {
                return rest;
            }
            let fours = add(half_a_row_before(replace(&mut self.pairs, pairs), pairs), pairs);
            if WINDOW & 4 != 0 {
                rest = match WINDOW & 3 {
                    0 => fours,
                    _ => add(replace(&mut self.rest_of_fours, rest), fours),
                };
            }
            if WINDOW < 8 {
                return rest;
            }
            let eights = add(replace(&mut self.fours, fours), fours);
            if WINDOW & 8 != 0 {
                rest = match WINDOW & 7 {
                    0 => eights,
                    _ => add(pass(&mut self.rest_of_eights, rest), eights),
                };
            }
            if WINDOW < 16 {
                return rest;
            }
            let sixteens = add(pass(&mut self.eights, eights), eights);
            if WINDOW == 32 {
                return add(self.sixteens.pass(sixteens), sixteens);
            }
            match WINDOW & 15 {
                0 => sixteens,
                _ => add(self.rest_of_sixteens.pass(rest), sixteens),
            }
        }
    }

    /// Returns the row before the last one, from two rows that stay in registers.
    #[inline(always)]
    fn pass(rows: &mut [Parts; 2], last: Parts) -> Parts {
        let first = rows[0];
        *rows = [rows[1], last];
        first
    }

    /// A delay line of `LENGTH` rows.
    struct Ring<const LENGTH: usize> {
        rows: [Parts; LENGTH],
        place: usize,
    }

    impl<const LENGTH: usize> Ring<LENGTH> {
        #[inline(always)]
        fn pass(&mut self, last: Parts) -> Parts {
            let first = replace(&mut self.rows[self.place % LENGTH], last);
            self.place += 1;
            first
        }
    }

    #[target_feature(enable = "avx2")]
    fn tree<const WINDOW: usize>(samples: &[f64], count: Divide, output: &mut [[f64; LANES]]) {
        let zero = [_mm256_setzero_pd(); 2];
        let mut sums = Tree {
            singles: zero,
            pairs: zero,
            fours: zero,
            eights: [zero; 2],
            sixteens: Ring { rows: [zero; 4], place: 0 },
            rest_of_fours: zero,
            rest_of_eights: [zero; 2],
            rest_of_sixteens: Ring { rows: [zero; 4], place: 0 },
        };
        // The earlier samples, in at most eight rows that end before the first output. Values before them are in no sum
        // that is used.
        let mut before = [0.0; 1 + 8 * LANES];
        let used = 4 * (WINDOW - 1).div_ceil(LANES);
        before[1 + used - (WINDOW - 1)..=used].copy_from_slice(&samples[..WINDOW - 1]);
        let (rows, earlier) = (&before[1..=used], &before[..used]);
        for (row, before) in rows.as_chunks().0.iter().zip(earlier.as_chunks().0) {
            sums.next::<WINDOW>(row, before);
        }
        let (rows, earlier) = (&samples[WINDOW - 1..], &samples[WINDOW - 2..]);
        let rows = rows.as_chunks().0.iter().zip(earlier.as_chunks().0);
        for ((row, before), output) in rows.zip(output) {
            ask_for(row.as_ptr().wrapping_add(AHEAD * LANES));
            ask_for(std::ptr::from_ref(output).wrapping_add(AHEAD));
            let sum = join(sums.next::<WINDOW>(row, before));
            let mean = if WINDOW.is_power_of_two() {
                divided::<true>(sum, count)
            } else {
                divided::<false>(sum, count)
            };
            store(output, mean);
        }
    }

    #[target_feature(enable = "avx2")]
    fn blocks<const REST: usize, const EXACT: bool>(
        mut samples: &[f64],
        Block { length, mut place, rows: [high, low], sum }: Block<'_>,
        count: Divide,
        mut output: &mut [[f64; LANES]],
    ) -> usize {
        let mut earlier = first_pairs(samples);
        let mut sums = [load(&sum[0]), load(&sum[1])];
        while !output.is_empty() {
            let rows = output.len().min(length - place);
            let (now, later) = output.split_at_mut(rows);
            output = later;
            let here = [&mut high[place..place + rows], &mut low[place..place + rows]];
            means::<REST, EXACT>(samples, &mut earlier, &mut sums, here, count, now);
            samples = &samples[rows * LANES..];
            place += rows;
            if place == length {
                turn(high, low);
                sums = [_mm256_setzero_pd(); 2];
                place = 0;
            }
        }
        store(&mut sum[0], sums[0]);
        store(&mut sum[1], sums[1]);
        place
    }

    /// Computes the means of windows that end in rows of one block.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn means<const REST: usize, const EXACT: bool>(
        samples: &[f64],
        earlier: &mut Parts,
        sums: &mut Parts,
        [high, low]: [&mut [[f64; LANES]]; 2],
        count: Divide,
        output: &mut [[f64; LANES]],
    ) {
        let rows = output.len();
        let from = |first: usize| &samples[first..].as_chunks::<LANES>().0[..rows];
        let (row, before) = (from(3), from(2));
        let (newest, second, third) = (from(3 + REST), from(2 + REST), from(1 + REST));
        let (high, low) = (&mut high[..rows], &mut low[..rows]);
        let (mut last, mut sum) = (*earlier, *sums);
        for index in 0..rows {
            ask_for(samples.as_ptr().wrapping_add((index + AHEAD) * LANES));
            ask_for(output.as_ptr().wrapping_add(index + AHEAD));
            let fours = next_fours(&mut last, &row[index], &before[index]);
            sum = add(sum, fours);
            let mut whole = add([load(&high[index]), load(&low[index])], sum);
            if REST > 0 {
                let newest = match REST {
                    1 => split(&newest[index]),
                    2 => pairs(&newest[index], &second[index]),
                    _ => add(pairs(&second[index], &third[index]), split(&newest[index])),
                };
                whole = add(whole, newest);
            }
            store(&mut output[index], divided::<EXACT>(join(whole), count));
            store(&mut high[index], fours[0]);
            store(&mut low[index], fours[1]);
        }
        (*earlier, *sums) = (last, sum);
    }

    /// Computes for each sample of a row the sum with the three samples before it.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn next_fours(earlier: &mut Parts, row: &[f64; LANES], before: &[f64; LANES]) -> Parts {
        let pairs = pairs(row, before);
        add(half_a_row_before(replace(earlier, pairs), pairs), pairs)
    }

    /// Replaces sums of rows by the sums over all later rows, each in its lane.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn turn(high: &mut [[f64; LANES]], low: &mut [[f64; LANES]]) {
        let mut sums = [_mm256_setzero_pd(); 2];
        for (high, low) in high.iter_mut().zip(low).rev() {
            let next = add(sums, [load(high), load(low)]);
            store(high, sums[0]);
            store(low, sums[1]);
            sums = next;
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod none {
    use super::{Block, LANES};
    use crate::process::moving_average::split::Divide;

    /// Never exists on CPUs other than x86.
    #[derive(Debug, Clone, Copy)]
    pub(in super::super) enum Registers {}

    impl Registers {
        pub(in super::super) const fn detect() -> Option<Self> {
            None
        }

        pub(in super::super) fn tree(self, _: usize, _: &[f64], _: Divide, _: &mut [[f64; LANES]]) {
            match self {}
        }

        pub(in super::super) fn blocks(
            self,
            _: usize,
            _: &[f64],
            _: Block<'_>,
            _: Divide,
            _: &mut [[f64; LANES]],
        ) -> usize {
            match self {}
        }
    }
}
