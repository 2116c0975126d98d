//! Cutting incoming samples into frames.

use crate::error::Error;
use crate::process::kernel::Kernel;
use crate::process::prefetch::prefetch;
use crate::process::state::{Reader, Writer, wrong};

/// The fewest samples in a call for which the next frame is requested ahead: a mebibyte, the second cache of many
/// servers. What is in that cache arrives in time without a request.
pub(super) const FAR: usize = 1 << 17;

/// The most samples of the next frame that are requested while one is transformed: a part of the innermost cache.
const PREFETCHED: usize = 2_048;

/// The stored samples of the next frames.
#[derive(Debug, Clone)]
pub(super) struct Frames {
    pub(super) size: usize,
    pub(super) hop: usize,
    /// The number of next samples that belong to no frame.
    skip: usize,
    /// The samples of the next frame so far, with their times if they have any.
    samples: Vec<f64>,
    times: Vec<i64>,
}

/// A complete frame.
pub(super) struct Frame<'a> {
    pub(super) samples: &'a [f64],
    /// The middle between its first and its last sample.
    pub(super) middle_ns: i64,
    /// The index of its last sample among the new samples.
    pub(super) last: usize,
}

impl Frames {
    pub(super) const fn new(size: usize, hop: usize) -> Self {
        Self { size, hop, skip: 0, samples: Vec::new(), times: Vec::new() }
    }

    /// Returns the number of frames that `count` more samples complete.
    pub(super) const fn after(&self, count: usize) -> usize {
        self.at_first((self.samples.len() + count).saturating_sub(self.skip))
    }

    /// Returns the number of frames that the first `count` samples complete.
    pub(super) const fn at_first(&self, count: usize) -> usize {
        match count.checked_sub(self.size) {
            Some(more) => more / self.hop + 1,
            None => 0,
        }
    }

    /// Whether samples with times (or without) can follow the stored samples.
    pub(super) const fn goes_on(&self, timed: bool) -> bool {
        self.samples.is_empty() || timed != self.times.is_empty()
    }

    /// Reserves memory for `samples` more samples without times.
    pub(super) fn reserve(&mut self, samples: usize) -> Result<(), Error> {
        // An incomplete frame needs no more, and neither do the samples after the last frame.
        let most = samples.min(self.size - 1);
        self.samples.try_reserve(most).map_err(|_| Error::OutOfMemory { rows: samples })
    }

    /// Returns the first samples of the frame at `start` that come after `last`.
    fn next_samples<'a>(&self, samples: &'a [f64], start: usize, last: usize) -> &'a [f64] {
        let first = start.max(last + 1);
        let end = start.saturating_add(self.size).min(first.saturating_add(PREFETCHED));
        samples.get(first..end).unwrap_or_default()
    }

    /// Adds samples, with or without times, and passes on each completed frame.
    pub(super) fn extend(
        &mut self,
        samples: &[f64],
        times: &[i64],
        mut made: impl FnMut(Frame<'_>),
    ) {
        let skipped = self.skip.min(samples.len());
        self.skip -= skipped;
        let (samples, times) = (&samples[skipped..], times.get(skipped..).unwrap_or_default());
        let kept = self.samples.len();
        let mut start: usize = 0;
        if kept > 0 {
            // A frame that begins among the stored samples ends before this point.
            let reach = samples.len().min(self.size - 1);
            self.samples.extend_from_slice(&samples[..reach]);
            self.times.extend_from_slice(times.get(..reach).unwrap_or_default());
            while start < kept
                && let Some(frame) = self.samples.get(start..start + self.size)
            {
                let last = start + self.size - 1;
                let middle_ns = middle(&self.times, start, last);
                made(Frame { samples: frame, middle_ns, last: last + skipped - kept });
                start = start.saturating_add(self.hop);
            }
            if start < kept {
                self.samples.drain(..start);
                self.times.drain(..start.min(self.times.len()));
                return;
            }
            self.samples.clear();
            self.times.clear();
            start -= kept;
        }
        while let Some(frame) = samples.get(start..start.saturating_add(self.size)) {
            let last = start + self.size - 1;
            let middle_ns = middle(times, start, last);
            start = start.saturating_add(self.hop);
            if samples.len() >= FAR {
                prefetch(self.next_samples(samples, start, last));
            }
            made(Frame { samples: frame, middle_ns, last: last + skipped });
        }
        self.skip += start.saturating_sub(samples.len());
        let used = start.min(samples.len());
        self.samples.extend_from_slice(&samples[used..]);
        self.times.extend_from_slice(times.get(used..).unwrap_or_default());
    }
}

/// Returns the middle between two times, rounded down; 0 without times.
fn middle(times: &[i64], first: usize, last: usize) -> i64 {
    let (Some(&first), Some(&last)) = (times.get(first), times.get(last)) else { return 0 };
    let middle = (i128::from(first) + i128::from(last)).div_euclid(2);
    i64::try_from(middle).unwrap_or(first)
}

impl Kernel for Frames {
    const MARK: &'static [u8] = b"fft 1";

    fn fresh(&self) -> Result<Self, Error> {
        Ok(Self::new(self.size, self.hop))
    }

    fn prepare(&mut self, samples: usize) -> Result<(), Error> {
        self.reserve(samples)?;
        let refused = |_| Error::OutOfMemory { rows: samples };
        self.times.try_reserve(samples.min(self.size - 1)).map_err(refused)
    }

    fn clear(&mut self) {
        self.skip = 0;
        self.samples.clear();
        self.times.clear();
    }

    fn save(&self, state: &mut Writer) -> Result<(), Error> {
        state.length(self.size)?;
        state.length(self.hop)?;
        state.length(self.skip)?;
        state.length(self.samples.len())?;
        state.floats(&self.samples)?;
        state.length(self.times.len())?;
        state.instants(&self.times)
    }

    fn load(&self, state: &mut Reader<'_>) -> Result<Self, Error> {
        state.expect(self.size, "its size differs")?;
        state.expect(self.hop, "its hop differs")?;
        let mut loaded = self.fresh()?;
        loaded.skip = state.length(self.hop)?;
        let count = state.length(self.size - 1)?;
        if loaded.skip > 0 && count > 0 {
            return Err(wrong("it has samples that should be skipped"));
        }
        state.floats(count, &mut loaded.samples)?;
        let timed = state.length(count)?;
        state.instants(timed, &mut loaded.times)?;
        if !loaded.times.is_empty() && loaded.times.len() != count {
            return Err(wrong("it has samples without a time"));
        }
        Ok(loaded)
    }
}
