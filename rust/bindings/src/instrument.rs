//! `rust_daq.SimulatedInstrument`.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rust_daq::{Recipe, Scans, SimulatedInstrument};

use crate::batch::PyBatch;
use crate::channel::{PyChannel, cores, read_channels};
use crate::error::Raise;
use crate::number::{count, finite, natural, real};
use crate::timestamp;

/// How many reads a second are made unless somebody says how many scans a read gives.
const READS_PER_SECOND: f64 = 100.0;

/// An instrument that is none: a sine, noise and a drift on any number of channels.
///
/// A source for a `Pipeline`. Each scan has a row for each channel, all at one instant. A sample is
/// computed from its number and the seed alone, in the same way on every platform; channels differ
/// in the phase of their sine (evenly spread over a cycle) and in their noise.
///
/// Parameters
/// ----------
/// rate : float
///     Scans a second, in hertz.
/// channels : Channel or sequence of Channel
///     What each scan measures, in this order.
/// scans_per_read : int, optional
///     How many scans one read gives, and so the rows of a batch for each channel; as many as come
///     in a hundredth of a second by default, at least 1.
/// amplitude : float, default 1.0
///     Peak of the sine, in the unit of the channel.
/// frequency : float, default 10.0
///     Cycles a second of the sine, in hertz.
/// noise : float, default 0.1
///     Standard deviation of the noise, in the unit of the channel. Each sample's noise is the sum
///     of four uniform numbers: close to Gaussian in the middle, and never beyond 3.47 standard
///     deviations, so take no tails or extremes from it.
/// drift : float, default 0.0
///     Change a second of the mean, in the unit of the channel.
/// seed : int, default 0
///     What the noise grows from, from 0 to 2**64 - 1.
///
/// Raises
/// ------
/// TypeError
///     If an argument is of another type.
/// ValueError
///     If `rate` is not finite and above 0, there is no channel, one channel name comes with two
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
    /// Scans a second, in hertz.
    #[pyo3(get)]
    rate: f64,
    /// How many scans one read gives.
    #[pyo3(get)]
    scans_per_read: usize,
    /// Peak of the sine, in the unit of the channel.
    #[pyo3(get)]
    amplitude: f64,
    /// Cycles a second of the sine, in hertz.
    #[pyo3(get)]
    frequency: f64,
    /// Standard deviation of the noise, in the unit of the channel.
    #[pyo3(get)]
    noise: f64,
    /// Change a second of the mean, in the unit of the channel.
    #[pyo3(get)]
    drift: f64,
    /// What the noise grows from.
    #[pyo3(get)]
    seed: u64,
}

impl PySimulatedInstrument {
    /// The scans as a source of a pipeline.
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
        let rate = real("rate", "a number of scans a second", rate)?;
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
            Some(given) => count("scans_per_read", "the number of scans that a read gives", given)?,
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a float saturates
            None => ((rate / READS_PER_SECOND).round() as usize).max(1),
        };
        Ok(Self { core, channels, rate, scans_per_read, amplitude, frequency, noise, drift, seed })
    }

    /// So many scans at once, without waiting for them.
    ///
    /// Parameters
    /// ----------
    /// scans : int
    ///     How many.
    /// first : int, default 0
    ///     The number of the first of them.
    /// start : datetime.datetime or int, default 0
    ///     When scan 0 was, as in `Channel.point`.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     Of `scans` rows for each channel, numbered from `first`.
    ///
    /// Raises
    /// ------
    /// TypeError, ValueError, OverflowError
    ///     If an argument is of another type or outside its range, or an instant is outside 64-bit
    ///     nanoseconds.
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

    /// What each scan measures, a tuple of `Channel`.
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

/// An integer from 0 to 2**64 - 1.
fn unsigned(argument: &str, number: &Bound<'_, PyAny>) -> PyResult<u64> {
    natural(argument, u64::MAX, "an int from 0 to 2**64 - 1", number)
}
