//! `rust_daq.SimulatedInstrument`.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rust_daq::{Recipe, Scans, SimulatedInstrument};

use crate::batch::PyBatch;
use crate::channel::{PyChannel, cores, read_channels};
use crate::error::Raise;
use crate::number::{count, finite, natural, real};
use crate::timestamp;

/// Reads per second if `scans_per_read` is not passed.
const READS_PER_SECOND: f64 = 100.0;

/// A simulated instrument: a sine with noise and drift on any number of channels.
///
/// A source for a `Pipeline`. Each scan has one row per channel, all with the same timestamp. Every
/// sample is computed from its number and the seed alone, identically on every platform. Channels
/// differ in the phase of their sine (evenly spread over a cycle) and in their noise.
///
/// Parameters
/// ----------
/// rate : float
///     Scans per second (hertz), from 1e-9 to 1e9.
/// channels : Channel or sequence of Channel
///     The channels of each scan, in this order.
/// scans_per_read : int, optional
///     Scans per read, and thus rows per channel in a batch. The default is the number of scans in
///     a hundredth of a second, at least 1.
/// amplitude : float, default 1.0
///     Peak of the sine, in the unit of the channel.
/// frequency : float, default 10.0
///     Frequency of the sine, in hertz.
/// noise : float, default 0.1
///     Standard deviation of the noise, in the unit of the channel. The noise of a sample is the sum
///     of four uniform numbers: close to Gaussian in the middle, and never beyond 3.47 standard
///     deviations. Do not use it to study tails or extremes.
/// drift : float, default 0.0
///     Change of the mean per second, in the unit of the channel.
/// seed : int, default 0
///     Seed of the noise, from 0 to 2**64 - 1.
///
/// Raises
/// ------
/// TypeError
///     If an argument has another type.
/// ValueError
///     If `rate` is outside 1e-9 to 1e9, there are no channels, a channel name appears with two
///     units, or a number is outside its range.
///
/// Notes
/// -----
/// O(1); each sample is computed when it is read.
///
/// Examples
/// --------
/// >>> from rust_daq import Channel, SimulatedInstrument
/// >>> instrument = SimulatedInstrument(1000.0, Channel("ai0", "V"), noise=0.0, frequency=250.0)
/// >>> instrument.batch(4).values.round(9) + 0.0
/// array([ 0.,  1.,  0., -1.])
#[pyclass(name = "SimulatedInstrument", module = "rust_daq", frozen, immutable_type)]
pub struct PySimulatedInstrument {
    core: SimulatedInstrument,
    channels: Vec<Py<PyChannel>>,
    /// Scans per second (hertz).
    #[pyo3(get)]
    rate: f64,
    /// Scans per read.
    #[pyo3(get)]
    scans_per_read: usize,
    /// Peak of the sine, in the unit of the channel.
    #[pyo3(get)]
    amplitude: f64,
    /// Frequency of the sine, in hertz.
    #[pyo3(get)]
    frequency: f64,
    /// Standard deviation of the noise, in the unit of the channel.
    #[pyo3(get)]
    noise: f64,
    /// Change of the mean per second, in the unit of the channel.
    #[pyo3(get)]
    drift: f64,
    /// Seed of the noise.
    #[pyo3(get)]
    seed: u64,
}

impl PySimulatedInstrument {
    /// Returns the scans as a source for a pipeline.
    pub fn scans(&self) -> PyResult<Scans> {
        Scans::new(self.core.clone(), self.scans_per_read).raise()
    }
}

#[pymethods]
impl PySimulatedInstrument {
    #[new]
    #[pyo3(signature = (
        rate, channels, *, scans_per_read=None, amplitude=None, frequency=None, noise=None, drift=None, seed=None
    ))]
    #[allow(clippy::too_many_arguments)] // they are the user's keywords
    fn new(
        rate: &Bound<'_, PyAny>,
        channels: &Bound<'_, PyAny>,
        scans_per_read: Option<&Bound<'_, PyAny>>,
        amplitude: Option<&Bound<'_, PyAny>>,
        frequency: Option<&Bound<'_, PyAny>>,
        noise: Option<&Bound<'_, PyAny>>,
        drift: Option<&Bound<'_, PyAny>>,
        seed: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let rate = real("rate", "a number of scans per second", rate)?;
        let or = |argument, given: Option<&Bound<'_, PyAny>>, otherwise| {
            given.map_or(Ok(otherwise), |given| finite(argument, "a number", given))
        };
        let amplitude = or("amplitude", amplitude, 1.0)?;
        let frequency = or("frequency", frequency, 10.0)?;
        let noise = or("noise", noise, 0.1)?;
        let drift = or("drift", drift, 0.0)?;
        let seed = seed.map_or(Ok(0), |seed| unsigned("seed", seed))?;
        let recipe = Recipe { amplitude, frequency, noise, drift, seed };
        let channels = read_channels(channels)?;
        let core = SimulatedInstrument::new(rate, &cores(&channels), recipe).raise()?;
        let scans_per_read = match scans_per_read.filter(|given| !given.is_none()) {
            Some(given) => count("scans_per_read", "the number of scans per read", given)?,
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a float saturates
            None => ((rate / READS_PER_SECOND).round() as usize).max(1),
        };
        Ok(Self { core, channels, rate, scans_per_read, amplitude, frequency, noise, drift, seed })
    }

    /// Compute a number of scans at once, without waiting for them.
    ///
    /// Parameters
    /// ----------
    /// scans : int
    ///     The number of scans, at least 1.
    /// first : int, default 0
    ///     The number of the first scan.
    /// start : datetime.datetime, numpy.datetime64 or int, default 0
    ///     The time of scan 0, as for `Channel.point`.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     `scans` rows for each channel, numbered from `first`.
    ///
    /// Raises
    /// ------
    /// TypeError, ValueError, OverflowError
    ///     If an argument has another type or is outside its range, or a time does not fit into
    ///     64-bit nanoseconds.
    ///
    /// Notes
    /// -----
    /// O(n) in the samples.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel, SimulatedInstrument
    /// >>> instrument = SimulatedInstrument(1000.0, [Channel("a", "V"), Channel("b", "V")], seed=1)
    /// >>> batch = instrument.batch(3, first=10)
    /// >>> len(batch), batch.first_sequence, batch[0].timestamp_ns
    /// (6, {'a': 10, 'b': 10}, 10000000)
    /// >>> instrument.rate, len(instrument.channels), instrument.scans_per_read, instrument.seed
    /// (1000.0, 2, 10, 1)
    /// >>> instrument.amplitude, instrument.frequency, instrument.noise, instrument.drift
    /// (1.0, 10.0, 0.1, 0.0)
    #[pyo3(signature = (scans, *, first=None, start=None))]
    fn batch(
        &self,
        py: Python<'_>,
        scans: &Bound<'_, PyAny>,
        first: Option<&Bound<'_, PyAny>>,
        start: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<PyBatch> {
        let scans = count("scans", "the number of scans", scans)?;
        let first = first.map_or(Ok(0), |first| unsigned("first", first))?;
        let start_ns = start.map_or(Ok(0), |start| timestamp::extract("start", start))?;
        let batch = py.detach(|| self.core.batch(start_ns, first, scans));
        batch.map(PyBatch::from).raise()
    }

    /// The channels of each scan, a tuple of `Channel`.
    #[getter]
    fn channels<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.channels)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let channels = self.channels(py)?.repr()?.to_string_lossy().into_owned();
        let Self { rate, scans_per_read, amplitude, frequency, noise, drift, seed, .. } = self;
        Ok(format!(
            "SimulatedInstrument({rate:?}, {channels}, scans_per_read={scans_per_read}, amplitude={amplitude:?}, \
             frequency={frequency:?}, noise={noise:?}, drift={drift:?}, seed={seed})"
        ))
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let (py, instrument) = (slf.py(), slf.get());
        let keywords = PyDict::new(py);
        for name in ["scans_per_read", "amplitude", "frequency", "noise", "drift", "seed"] {
            keywords.set_item(name, slf.getattr(name)?)?;
        }
        let partial = py.import("functools")?.getattr("partial")?;
        let make = partial.call((slf.get_type(),), Some(&keywords))?;
        Ok((make, (instrument.rate, instrument.channels(py)?).into_pyobject(py)?))
    }
}

/// Reads an integer from 0 to 2**64 - 1.
fn unsigned(argument: &str, number: &Bound<'_, PyAny>) -> PyResult<u64> {
    natural(argument, u64::MAX, "an int from 0 to 2**64 - 1", number)
}
