//! Spectra of consecutive frames.

use arrow_buffer::ScalarBuffer;

use super::arrival::Arrival;
use super::channels::Channels;
use super::gap::OnGap;
use super::groups::Groups;
use super::scaling::Scaling;
use super::spectra::Spectra;
use super::state::wrong;
use super::{Output, Process, Shape};
use crate::batch::{Batch, gathered};
use crate::column::{self, prefer_large_pages};
use crate::error::Error;

mod frames;
mod transform;
mod window;

use frames::{Frame, Frames};
use transform::Transform;
pub use window::Window;

/// The fewest rows of a channel in a batch whose timestamps determine a rate.
const JUDGED: usize = 16;

/// One-sided spectra of the frames of each channel, by the fast Fourier transform.
///
/// Frames begin every `hop` samples and span calls: a spectrum is complete with the last sample of its frame.
pub struct Fft {
    rate: f64,
    window: Window,
    transform: Transform,
    channels: Channels<Frames>,
}

/// A computed spectrum: its position in the output, and the position of its numbers.
struct Made {
    row: usize,
    time_ns: i64,
    place: usize,
}

impl Fft {
    /// Creates a processor for spectra of `size` samples, `hop` samples apart, at `rate` samples per second (hertz).
    ///
    /// # Errors
    ///
    /// If the size is below 2 or does not fit into memory, the hop is 0, the rate is not finite and above 0, or the
    /// window does not have one weight per sample, or its weights cannot normalize a spectrum.
    pub fn new(
        size: usize,
        hop: usize,
        rate: f64,
        window: Window,
        scaling: Scaling,
        on_gap: OnGap,
    ) -> Result<Self, Error> {
        if size < 2 {
            let wanted = "the number of samples in a frame, at least 2";
            return Err(Error::Refused(format!("size must be {wanted}, got {size}")));
        }
        if hop == 0 {
            let wanted = "the number of samples from one frame to the next, at least 1";
            return Err(Error::Refused(format!("hop must be {wanted}, got 0")));
        }
        if !rate.is_finite() || rate <= 0.0 {
            return Err(Error::rate(rate));
        }
        let transform = Transform::new(size, rate, &window, scaling)?;
        let channels = Channels::new(Frames::new(size, hop), on_gap);
        Ok(Self { rate, window, transform, channels })
    }

    /// The number of samples in a frame.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.channels.values.size
    }

    /// The number of samples from one frame to the next.
    #[must_use]
    pub const fn hop(&self) -> usize {
        self.channels.values.hop
    }

    /// Samples per second.
    #[must_use]
    pub const fn rate(&self) -> f64 {
        self.rate
    }

    /// The window of each frame.
    #[must_use]
    pub const fn window(&self) -> &Window {
        &self.window
    }

    /// The scaling of the numbers.
    #[must_use]
    pub const fn scaling(&self) -> Scaling {
        self.transform.scaling
    }

    /// The frequencies of a spectrum, in hertz.
    #[must_use]
    pub const fn frequencies(&self) -> &ScalarBuffer<f64> {
        &self.transform.frequencies
    }

    /// Returns the number of frames that the rows of a batch complete.
    fn count(&self, groups: &Groups<'_>) -> usize {
        let frames = |arrival: &Arrival<'_>| match self.channels.going_on(arrival) {
            Some(frames) => frames.after(arrival.rows),
            None => self.channels.values.at_first(arrival.rows),
        };
        groups.arrivals.iter().map(frames).sum()
    }

    /// Refuses rows whose timestamps have another rate, because their spectra would have wrong frequencies.
    ///
    /// No sample is missing within a batch. Each end may deviate by a period, and the rate by a hundredth, so that
    /// software clocks pass. Rows with equal timestamps are not checked.
    fn check_rate(&self, batch: &Batch, groups: &Groups<'_>) -> Result<(), Error> {
        let mut start = 0;
        for arrival in &groups.arrivals {
            let place = |row: usize| groups.rows.as_deref().map_or(row, |rows| rows[row]);
            let (first, last) = (place(start), place(start + arrival.rows - 1));
            start += arrival.rows;
            let times = batch.timestamps();
            let span = i128::from(times[last]) - i128::from(times[first]);
            if arrival.rows < JUDGED || span == 0 {
                continue;
            }
            #[allow(clippy::cast_precision_loss)] // precise enough to compare within a hundredth
            let (periods, seconds) = ((arrival.rows - 1) as f64, span as f64 / 1e9);
            let found = periods / seconds;
            if (found / self.rate - 1.0).abs() > 0.01 + 2.0 / periods {
                return Err(Error::Refused(format!(
                    "rate is {:?}, but the timestamps of channel '{}' have {found:.6} samples per second; \
                     pass that rate, or pass only the values to process_values",
                    self.rate, arrival.name
                )));
            }
        }
        Ok(())
    }

    fn spectra(&mut self, batch: &Batch) -> Result<Spectra, Error> {
        let groups = Groups::new(batch)?;
        self.check_rate(batch, &groups)?;
        let arrivals = &groups.arrivals[..];
        let bins = self.transform.frequencies.len();
        let count = self.count(&groups);
        let mut power = room(batch.len(), count, bins)?;
        let mut ordered = match arrivals {
            [_] => Vec::new(),
            _ => room(batch.len(), count, bins)?,
        };
        let columns = groups
            .rows
            .as_deref()
            .map(|rows| Ok((gathered(batch.values(), rows)?, gathered(batch.timestamps(), rows)?)));
        let columns = columns.transpose()?;
        let mut all: Vec<Made> = column::room(count)?;
        let (mut times_ns, mut indices) = (column::room(count)?, column::room(count)?);
        let admitted = self.channels.admit(arrivals)?;
        let mut start = 0;
        for (arrival, &admitted) in arrivals.iter().zip(&admitted) {
            let frames = self.channels.kernel(admitted);
            let range = start..start + arrival.rows;
            start = range.end;
            let rows = groups.rows.as_deref().map(|rows| &rows[range.clone()]);
            let transform = &mut self.transform;
            let made = |frame: Frame<'_>| {
                let place = all.len();
                transform.extend(frame.samples, &mut power);
                let row = rows.map_or(frame.last, |rows| rows[frame.last]);
                all.push(Made { row, time_ns: frame.middle_ns, place });
            };
            match &columns {
                None => frames.extend(batch.values(), batch.timestamps(), made),
                Some((values, times)) => frames.extend(&values[range.clone()], &times[range], made),
            }
        }
        if arrivals.len() > 1 {
            // In order of completion, so that results do not depend on where a batch ends.
            all.sort_unstable_by_key(|made| made.row);
            for Made { place, .. } in &all {
                ordered.extend_from_slice(&power[place * bins..(place + 1) * bins]);
            }
            power = ordered;
        }
        let index = |made: &Made| i32::try_from(batch.index_of(made.row)).unwrap_or(i32::MAX);
        times_ns.extend(all.iter().map(|made| made.time_ns));
        indices.extend(all.iter().map(index));
        Ok(Spectra {
            times_ns: times_ns.into(),
            power: power.into(),
            frequencies: self.transform.frequencies.clone(),
            channels: batch.channels().clone(),
            indices: indices.into(),
            scaling: self.scaling(),
        })
    }
}

/// Allocates memory for the numbers of `frames` frames, with an error instead of an abort.
fn room(rows: usize, frames: usize, frequencies: usize) -> Result<Vec<f64>, Error> {
    let mut numbers = Vec::new();
    let refused = |_| {
        Error::Refused(format!(
            "a batch of {rows} rows completes {frames} frames of {frequencies} frequencies, but there is not \
             enough memory; pass fewer rows at once, or a larger hop"
        ))
    };
    numbers.try_reserve_exact(frames.saturating_mul(frequencies)).map_err(refused)?;
    prefer_large_pages(&numbers);
    Ok(numbers)
}

impl Process for Fft {
    fn process(&mut self, batch: &Batch) -> Result<Output, Error> {
        self.spectra(batch).map(Output::Spectra)
    }

    fn shape(&self, values: usize) -> Shape {
        Shape::Table([self.channels.values.after(values), self.transform.frequencies.len()])
    }

    fn process_values(&mut self, input: &[f64], output: &mut [f64]) -> Result<(), Error> {
        let Self { transform, channels: Channels { values, .. }, .. } = self;
        let bins = transform.frequencies.len();
        assert_eq!(output.len(), values.after(input.len()) * bins, "as many spectra as frames");
        values.reserve(input.len())?;
        let mut places = output.chunks_exact_mut(bins);
        values.extend(input, &[], |frame| {
            if let Some(place) = places.next() {
                transform.write(frame.samples, place);
            }
        });
        Ok(())
    }

    fn on_gap(&self) -> OnGap {
        self.channels.on_gap
    }

    fn reset(&mut self) {
        self.channels.clear();
    }

    fn state(&self) -> Result<Vec<u8>, Error> {
        self.channels.state()
    }

    fn restore(&mut self, state: &[u8]) -> Result<(), Error> {
        let channels = self.channels.restored(state)?;
        if !channels.values.goes_on(false) || !channels.kernels().all(|frames| frames.goes_on(true))
        {
            return Err(wrong("some of its frames must have times, and others must not"));
        }
        self.channels = channels;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
