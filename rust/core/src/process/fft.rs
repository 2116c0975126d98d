//! Spectra of frames that follow upon each other.

use arrow_buffer::ScalarBuffer;

use super::Process;
use super::channels::{Arrival, Channels};
use super::gap::OnGap;
use super::groups::Groups;
use super::kernel::Kernel;
use super::output::Output;
use super::spectra::Spectra;
use super::state::{Reader, Writer, wrong};
use crate::batch::{Batch, gathered};
use crate::column;
use crate::error::Error;

mod frames;
mod scaling;
mod transform;
mod window;

use frames::Frames;
pub use scaling::Scaling;
use transform::Transform;
pub use window::Window;

/// What a state of an FFT begins with; the digit tells its form.
const MARK: &[u8] = b"fft 1";

/// From how many rows of a channel in a batch their instants tell a rate.
const JUDGED: usize = 16;

/// One-sided spectra of frames of each channel, by the fast Fourier transform.
///
/// Frames begin every `hop` samples, and span calls: a spectrum comes with the last sample of its frame.
#[derive(Debug)]
pub struct Fft {
    rate: f64,
    window: Window,
    transform: Transform,
    values: Frames,
    channels: Channels<Frames>,
}

/// A spectrum that is made: where it belongs, and the place of its numbers.
struct Made {
    row: usize,
    time_ns: i64,
    place: usize,
}

impl Fft {
    /// Spectra of `size` samples each, `hop` samples apart, of `rate` samples a second (hertz).
    ///
    /// # Errors
    ///
    /// When the size is below 2 or does not fit into memory, the hop is 0, the rate is not finite and above 0, or the
    /// window has other weights than one for each sample, or none by which a spectrum could be divided.
    pub fn new(
        size: usize,
        hop: usize,
        rate: f64,
        window: Window,
        scaling: Scaling,
        on_gap: OnGap,
    ) -> Result<Self, Error> {
        if size < 2 {
            return Err(Error::FrameSize { got: size });
        }
        if hop == 0 {
            return Err(Error::NoHop);
        }
        if !rate.is_finite() || rate <= 0.0 {
            return Err(Error::Rate { got: rate.to_string() });
        }
        let transform = Transform::new(size, rate, &window, scaling)?;
        let values = Frames::new(size, hop);
        Ok(Self { rate, window, transform, values, channels: Channels::new(on_gap) })
    }

    /// How many samples a frame has.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.values.size()
    }

    /// How many samples lie between the beginnings of frames.
    #[must_use]
    pub const fn hop(&self) -> usize {
        self.values.hop()
    }

    /// Samples a second.
    #[must_use]
    pub const fn rate(&self) -> f64 {
        self.rate
    }

    /// What each frame is multiplied with.
    #[must_use]
    pub const fn window(&self) -> &Window {
        &self.window
    }

    /// What the numbers mean.
    #[must_use]
    pub const fn scaling(&self) -> Scaling {
        self.transform.scaling()
    }

    /// What happens when samples of a channel are missing.
    #[must_use]
    pub const fn on_gap(&self) -> OnGap {
        self.channels.on_gap()
    }

    /// The frequencies of a spectrum, in hertz.
    #[must_use]
    pub const fn frequencies(&self) -> &ScalarBuffer<f64> {
        self.transform.frequencies()
    }

    /// How many frames so many more values complete.
    #[must_use]
    pub const fn frames_after(&self, values: usize) -> usize {
        self.values.after(values)
    }

    /// Writes the spectra of the frames that these values complete, with a state apart from those of the channels.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`]; all is then as it was.
    ///
    /// # Panics
    ///
    /// Unless there is room for as many numbers as [`frames_after`](Self::frames_after) says, times the frequencies.
    pub fn process_values(&mut self, input: &[f64], output: &mut [f64]) -> Result<(), Error> {
        let bins = self.transform.frequencies().len();
        let frames = self.values.after(input.len());
        assert_eq!(output.len(), frames * bins, "as many spectra as frames");
        self.values.reserve(input.len())?;
        let mut places = output.chunks_exact_mut(bins);
        let transform = &mut self.transform;
        self.values.extend(input, &[], |frame| {
            if let Some(place) = places.next() {
                transform.write(frame.samples, place);
            }
        });
        Ok(())
    }

    /// All states as bytes, for [`restore`](Self::restore).
    ///
    /// # Errors
    ///
    /// [`Error::StateMemory`].
    pub fn state(&self) -> Result<Vec<u8>, Error> {
        let mut state = Writer::of(MARK);
        self.values.save(&mut state)?;
        self.channels.save(&mut state)?;
        Ok(state.finish())
    }

    /// Goes on where one with the same arguments gave its state.
    ///
    /// # Errors
    ///
    /// [`Error::State`] when it is none of one; all is then as it was.
    pub fn restore(&mut self, state: &[u8]) -> Result<(), Error> {
        let mut state = Reader::of(state, MARK)?;
        let values = self.values.load(&mut state)?;
        let channels = Channels::load(self.on_gap(), &self.values, &mut state)?;
        state.finish()?;
        if !values.goes_on(false) || !channels.kernels().all(|frames| frames.goes_on(true)) {
            return Err(wrong("it has times where there are none, or none where there are"));
        }
        (self.values, self.channels) = (values, channels);
        Ok(())
    }

    /// How many frames the rows of a batch complete.
    fn count(&self, groups: &Groups<'_>) -> usize {
        let frames = |arrival: &Arrival<'_>| match self.channels.going_on(arrival) {
            Some(frames) => frames.after(arrival.rows),
            None => self.values.at_first(arrival.rows),
        };
        groups.arrivals().iter().map(frames).sum()
    }

    /// Refuses rows whose instants tell another rate: their spectra would have the wrong frequencies.
    ///
    /// Within a batch no sample is missing. Each end may be off by a period, and the whole by a hundredth, so that
    /// clocks that are read by software pass. Rows that all have one instant tell nothing.
    fn check_rate(&self, batch: &Batch, groups: &Groups<'_>) -> Result<(), Error> {
        let mut start = 0;
        for arrival in groups.arrivals() {
            let place = |row: usize| groups.rows().map_or(row, |rows| rows[row]);
            let (first, last) = (place(start), place(start + arrival.rows - 1));
            start += arrival.rows;
            let times = batch.timestamps();
            let span = i128::from(times[last]) - i128::from(times[first]);
            if arrival.rows < JUDGED || span == 0 {
                continue;
            }
            #[allow(clippy::cast_precision_loss)] // a hundredth is asked for
            let (periods, seconds) = ((arrival.rows - 1) as f64, span as f64 / 1e9);
            let found = periods / seconds;
            if (found / self.rate - 1.0).abs() > 0.01 + 2.0 / periods {
                let channel = arrival.name.to_owned();
                let (found, rate) = (format!("{found:.6}"), format!("{:?}", self.rate));
                return Err(Error::OtherRate { channel, found, rate });
            }
        }
        Ok(())
    }

    fn spectra(&mut self, batch: &Batch) -> Result<Spectra, Error> {
        let groups = Groups::new(batch)?;
        self.check_rate(batch, &groups)?;
        let arrivals = groups.arrivals();
        let bins = self.transform.frequencies().len();
        let count = self.count(&groups);
        let mut power = room(batch.len(), count, bins)?;
        let mut ordered = match arrivals {
            [_] => Vec::new(),
            _ => room(batch.len(), count, bins)?,
        };
        let columns = groups
            .rows()
            .map(|rows| Ok((gathered(batch.values(), rows)?, gathered(batch.timestamps(), rows)?)));
        let columns = columns.transpose()?;
        let mut all: Vec<Made> = column::room(count)?;
        let (mut times_ns, mut indices) = (column::room(count)?, column::room(count)?);
        let admitted = self.channels.admit(arrivals, &self.values)?;
        let mut start = 0;
        for (arrival, &admitted) in arrivals.iter().zip(&admitted) {
            let frames = self.channels.kernel(admitted);
            let range = start..start + arrival.rows;
            start = range.end;
            let rows = groups.rows().map(|rows| &rows[range.clone()]);
            let transform = &mut self.transform;
            let made = |frame: frames::Frame<'_>| {
                let place = all.len();
                // By the frame, so that what is cleared is still in the cache when it is written.
                power.resize((place + 1) * bins, 0.0);
                transform.write(frame.samples, &mut power[place * bins..]);
                let row = rows.map_or(frame.last, |rows| rows[frame.last]);
                all.push(Made { row, time_ns: frame.middle_ns, place });
            };
            match &columns {
                None => frames.extend(batch.values(), batch.timestamps(), made),
                Some((values, times)) => frames.extend(&values[range.clone()], &times[range], made),
            }
        }
        if arrivals.len() > 1 {
            // As they were completed, so that it does not matter where a batch ends.
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
            frequencies: self.transform.frequencies().clone(),
            channels: batch.channels().clone(),
            indices: indices.into(),
            scaling: self.scaling(),
        })
    }
}

/// Memory for the numbers of so many frames, asked for where it can still be refused.
fn room(rows: usize, frames: usize, frequencies: usize) -> Result<Vec<f64>, Error> {
    let mut numbers = Vec::new();
    let refused = |_| Error::FrameMemory { rows, frames, frequencies };
    numbers.try_reserve_exact(frames.saturating_mul(frequencies)).map_err(refused)?;
    Ok(numbers)
}

impl Process for Fft {
    fn process(&mut self, batch: &Batch) -> Result<Output, Error> {
        self.spectra(batch).map(Output::Spectra)
    }

    fn reset(&mut self) {
        self.values.clear();
        self.channels.clear();
    }
}

#[cfg(test)]
mod tests;
