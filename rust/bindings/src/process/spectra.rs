//! `rust_daq.process.Spectra`.

use arrow_buffer::ScalarBuffer;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rust_daq::Spectra;

use crate::batch::view;
use crate::channel::{PyChannel, cores, read_channels};
use crate::column::{adopt, adopt_indices, pickled};
use crate::error::Raise;
use crate::text::word;

/// One spectrum per frame, in the order in which the frames were completed; returned by `Fft`.
///
/// Immutable: its arrays are read-only views that keep its memory alive. From protocol 5 on, pickles transfer the
/// memory out of band, as for a `Batch`.
///
/// Notes
/// -----
/// Its arrays are views: O(1).
///
/// Examples
/// --------
/// >>> from rust_daq import Channel
/// >>> from rust_daq.process import Fft
/// >>> batch = Channel("ai0", "V").batch([3.0, 1.0, -1.0, 1.0], start=0, rate=1000.0)
/// >>> spectra = Fft(4, 4, 1000.0, window="boxcar", scaling="amplitude").process(batch)
/// >>> spectra.frequencies
/// array([  0., 250., 500.])
/// >>> spectra.power
/// array([[1., 2., 0.]])
/// >>> spectra.times[0], spectra.channels, spectra.scaling
/// (np.datetime64('1970-01-01T00:00:00.001500000'), ('ai0',), 'amplitude')
#[pyclass(name = "Spectra", module = "rust_daq.process", frozen, immutable_type)]
pub struct PySpectra(Spectra);

impl From<Spectra> for PySpectra {
    fn from(core: Spectra) -> Self {
        Self(core)
    }
}

impl PySpectra {
    /// The spectra of the core crate.
    pub const fn core(&self) -> &Spectra {
        &self.0
    }

    /// Wraps the numbers of all spectra as a table with one row per spectrum.
    fn table<'py>(
        &self,
        py: Python<'py>,
        numbers: ScalarBuffer<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let shape = (self.0.len(), self.0.frequencies().len());
        view(py, numbers, "float64")?.call_method1("reshape", shape)
    }
}

#[pymethods]
impl PySpectra {
    /// The frequencies in hertz, from 0 on: float64, shape (n_frequencies,).
    #[getter]
    fn frequencies<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        view(py, self.0.frequencies().clone(), "float64")
    }

    /// The middle of each frame, between its first and its last sample, in UTC:
    /// datetime64[ns], shape (n_frames,).
    #[getter]
    fn times<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        view(py, self.0.times_ns().clone(), "datetime64[ns]")
    }

    /// The spectra, with the scaling of `scaling`: float64, shape (n_frames, n_frequencies).
    #[getter]
    fn power<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.table(py, self.0.power().clone())
    }

    /// The name of the channel of each frame, a tuple of str.
    #[getter]
    fn channels<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let channels = self.0.channels();
        let name = |index: &i32| channels[index.cast_unsigned() as usize].name();
        PyTuple::new(py, self.0.indices().iter().map(name).collect::<Vec<_>>())
    }

    /// The scaling of the numbers: ``"density"``, ``"spectrum"`` or ``"amplitude"``.
    #[getter]
    fn scaling(&self) -> &'static str {
        self.0.scaling().as_str()
    }

    /// Convert the spectra to decibels.
    ///
    /// Returns
    /// -------
    /// numpy.ndarray of float64, shape (n_frames, n_frequencies)
    ///     Ten times the decimal logarithm of powers, twenty times that of amplitudes, relative to 1 of
    ///     their unit; minus infinity for 0.
    ///
    /// Notes
    /// -----
    /// O(n) in the numbers of all spectra, with the GIL released.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel
    /// >>> from rust_daq.process import Fft
    /// >>> batch = Channel("ai0", "V").batch([30.0, 10.0, -10.0, 10.0], start=0, rate=1000.0)
    /// >>> spectra = Fft(4, 4, 1000.0, window="boxcar", scaling="amplitude").process(batch)
    /// >>> spectra.decibels().round(3)
    /// array([[20.   , 26.021,   -inf]])
    fn decibels<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let decibels = py.detach(|| self.0.decibels()).raise()?;
        self.table(py, decibels.into())
    }

    #[staticmethod]
    #[pyo3(signature = (times, power, frequencies, channels, indices, scaling, /))]
    fn _from_buffers(
        times: &Bound<'_, PyAny>,
        power: &Bound<'_, PyAny>,
        frequencies: &Bound<'_, PyAny>,
        channels: &Bound<'_, PyAny>,
        indices: &Bound<'_, PyAny>,
        scaling: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let spectra = Spectra::new(
            adopt("times", times)?,
            adopt("power", power)?,
            adopt("frequencies", frequencies)?,
            cores(&read_channels(channels)?).into(),
            adopt_indices("indices", indices)?,
            word("scaling", Some(scaling))?,
        );
        spectra.map(Self).raise()
    }

    fn __reduce_ex__<'py>(
        slf: &Bound<'py, Self>,
        protocol: i32,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let (py, spectra) = (slf.py(), &slf.get().0);
        let arguments = (
            pickled(py, spectra.times_ns().clone(), protocol)?,
            pickled(py, spectra.power().clone(), protocol)?,
            pickled(py, spectra.frequencies().clone(), protocol)?,
            PyTuple::new(py, PyChannel::objects(py, spectra.channels())?)?,
            pickled(py, spectra.indices().clone(), protocol)?,
            spectra.scaling().as_str(),
        );
        Ok((slf.get_type().getattr("_from_buffers")?, arguments.into_pyobject(py)?))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> String {
        let (frames, lines) = (self.0.len(), self.0.frequencies().len());
        format!("<Spectra: {frames} of {lines} frequencies, {}>", self.0.scaling().as_str())
    }
}
