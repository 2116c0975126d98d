//! `rust_daq.process.Iir`.

use std::ffi::CString;

use pyo3::exceptions::{PyRuntimeWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rust_daq::{Iir, Initial, Process};

use super::{Shared, object};
use crate::array::is_masked;
use crate::error::{Raise, explained, wrong_type};
use crate::text::word;

const SOS_WANTED: &str = "rows of the six coefficients b0, b1, b2, a0, a1, a2";

/// A recursive filter in second-order sections, with a state for each channel.
///
/// It accepts designs of `scipy.signal` with ``output="sos"`` and returns the results of
/// ``scipy.signal.sosfilt``. Each section is y = b0 x + z0, z0' = (c1 x + z1) - a1 z0,
/// z1' = c2 x - a2 z0 with c1 = b1 - a1 b0, c2 = b2 - a2 b0 and z0, z1 as in ``sosfilt_zi``. Results
/// do not depend on where one call ends and the next begins. Samples of several channels may be
/// interleaved.
///
/// After a burst the output returns to exactly 0: every 1,024 samples of a stream, a state below 1e-300
/// is set to 0. A NaN or infinity stays in the state, as in ``sosfilt``: all later outputs of that
/// channel are NaN until `reset`. Replace such samples before filtering.
///
/// Threads may share a filter; one thread uses it at a time. Pickles and copies include the state.
///
/// Parameters
/// ----------
/// sos : array-like of float, shape (n_sections, 6)
///     The sections, as rows of b0, b1, b2, a0, a1, a2; all finite, and a0 not 0.
/// initial : {"zero", "steady"}, default "zero"
///     The state before the first sample: zero, as for ``sosfilt``, or the steady state for the first
///     sample, which is ``sosfilt_zi`` times that sample.
/// on_gap : {"reset", "continue", "raise"}, default "reset"
///     The action when `Batch.first_sequence` shows that samples of a channel are missing: forget the
///     earlier samples, continue, or refuse the batch.
///
/// Raises
/// ------
/// TypeError
///     If an argument has another type.
/// ValueError
///     If `sos` has another shape, a coefficient is not finite, an a0 is 0, `initial` is ``"steady"``
///     for a filter without a steady state, or a word is not one of the above.
///
/// Warns
/// -----
/// RuntimeWarning
///     If the filter has poles on or outside the unit circle and is therefore unstable.
///
/// Notes
/// -----
/// O(n_sections) memory for each channel, and O(n_sections) time per sample.
///
/// Examples
/// --------
/// >>> from rust_daq.process import Iir
/// >>> Iir([[0.5, 0.5, 0.0, 1.0, 0.0, 0.0]]).process_values([1.0, 2.0, 3.0])
/// array([0.5, 1.5, 2.5])
#[pyclass(name = "Iir", module = "rust_daq.process", frozen, immutable_type)]
pub struct PyIir(Shared<Iir>);

processor!(PyIir, Iir);

#[pymethods]
impl PyIir {
    #[new]
    #[pyo3(signature = (sos, initial=None, *, on_gap=None))]
    fn new(
        sos: &Bound<'_, PyAny>,
        initial: Option<&Bound<'_, PyAny>>,
        on_gap: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let sections = read_sections(sos)?;
        let initial: Initial = word("initial", initial)?;
        let filter = Iir::new(&sections, initial, word("on_gap", on_gap)?);
        let filter = filter.raise()?;
        warn_unstable(sos.py(), &filter.unstable_poles())?;
        Ok(Self(Shared::new(filter)))
    }

    /// Filter the rows of a batch, channel by channel.
    ///
    /// Parameters
    /// ----------
    /// batch : Batch
    ///     The next rows of the stream.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     The filtered values, with the same timestamps, channels and sequence numbers.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If `batch` is not a `Batch`.
    /// ValueError
    ///     If samples are missing and `on_gap` is ``"raise"``; the state is then unchanged.
    ///
    /// Notes
    /// -----
    /// O(n n_sections) in the rows, plus a look-up for each channel of the batch. From 4,096
    /// samples on the GIL is released.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel
    /// >>> from rust_daq.process import Iir
    /// >>> lowpass = Iir([[0.5, 0.5, 0.0, 1.0, 0.0, 0.0]])
    /// >>> laser = Channel("laser", "mW")
    /// >>> lowpass.process(laser.batch([4.0, 8.0])).values
    /// array([2., 6.])
    /// >>> lowpass.process(laser.batch([6.0])).values  # continues where the last batch ended
    /// array([7.])
    /// >>> lowpass.sos.tolist(), lowpass.initial, lowpass.on_gap
    /// ([[0.5, 0.5, 0.0, 1.0, 0.0, 0.0]], 'zero', 'reset')
    fn process<'py>(&self, batch: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        object(batch.py(), self.0.process(batch)?)
    }

    /// Filter an array, with a state separate from those of the channels.
    ///
    /// Parameters
    /// ----------
    /// values : array-like of float, shape (n,)
    ///     The next samples; a contiguous float64 array is read in place.
    /// out : numpy.ndarray of float64, shape (n,), optional
    ///     The array for the result, writable and contiguous. It may be `values` itself.
    ///
    /// Returns
    /// -------
    /// numpy.ndarray of float64, shape (n,)
    ///     `out`, or a new array.
    ///
    /// Raises
    /// ------
    /// TypeError, ValueError
    ///     If `values` is not a one-dimensional array of numbers, or `out` does not fit.
    ///
    /// Notes
    /// -----
    /// O(n n_sections). From 4,096 samples on the GIL is released.
    ///
    /// Examples
    /// --------
    /// >>> import numpy as np
    /// >>> from rust_daq.process import Iir
    /// >>> lowpass, out = Iir([[0.5, 0.5, 0.0, 1.0, 0.0, 0.0]]), np.empty(2)
    /// >>> lowpass.process_values(np.array([4.0, 8.0]), out) is out
    /// True
    /// >>> out
    /// array([2., 6.])
    #[pyo3(signature = (values, out=None))]
    fn process_values<'py>(
        &self,
        values: &Bound<'py, PyAny>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.0.process_values(values, out)
    }

    /// Forget all earlier samples, of every channel and of `process_values`.
    ///
    /// Notes
    /// -----
    /// O(c) in the channels.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq.process import Iir
    /// >>> lowpass = Iir([[0.5, 0.5, 0.0, 1.0, 0.0, 0.0]])
    /// >>> lowpass.process_values([4.0]), lowpass.process_values([8.0])
    /// (array([2.]), array([6.]))
    /// >>> lowpass.reset()
    /// >>> lowpass.process_values([8.0])
    /// array([4.])
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        self.0.lock(py)?.reset();
        Ok(())
    }

    /// The sections, as passed: a new array of float64, shape (n_sections, 6).
    #[getter]
    fn sos<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("numpy")?.call_method1("array", (self.rows(py)?,))
    }

    /// The state before the first sample.
    #[getter]
    fn initial(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(self.0.lock(py)?.initial().as_str())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let rows = self.rows(py)?;
        Ok(format!("Iir({rows:?}, '{}', on_gap='{}')", self.initial(py)?, self.on_gap(py)?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let (py, filter) = (slf.py(), slf.get());
        let arguments = (filter.rows(py)?, filter.initial(py)?).into_pyobject(py)?;
        filter.0.reduce(slf.as_any(), arguments)
    }
}

impl PyIir {
    fn rows(&self, py: Python<'_>) -> PyResult<Vec<[f64; 6]>> {
        Ok(self.0.lock(py)?.sections().to_vec())
    }
}

fn read_sections(sos: &Bound<'_, PyAny>) -> PyResult<Vec<[f64; 6]>> {
    let py = sos.py();
    let wrong = || wrong_type("sos", SOS_WANTED, sos);
    if is_masked(sos)? {
        return Err(wrong());
    }
    let converted = py.import("numpy")?.call_method1("asarray", (sos,));
    let array = converted.map_err(|error| explained(error, py, wrong))?;
    let kind: char = array.getattr("dtype")?.getattr("kind")?.extract()?;
    if !matches!(kind, 'f' | 'i' | 'u') {
        return Err(wrong());
    }
    let shape: Vec<usize> = array.getattr("shape")?.extract()?;
    if shape.len() != 2 || shape[1] != 6 {
        let shape = array.getattr("shape")?.repr()?;
        return Err(PyValueError::new_err(format!(
            "sos must be {SOS_WANTED}, got shape {}; in scipy.signal, design with output='sos'",
            shape.to_string_lossy()
        )));
    }
    array.call_method1("astype", ("float64",))?.call_method0("tolist")?.extract()
}

fn warn_unstable(py: Python<'_>, poles: &[(f64, f64)]) -> PyResult<()> {
    if poles.is_empty() {
        return Ok(());
    }
    let shown = |&(real, imaginary): &(f64, f64)| {
        let real = real + 0.0; // no negative zero
        if imaginary == 0.0 { format!("{real}") } else { format!("{real}{imaginary:+}j") }
    };
    let poles: Vec<_> = poles.iter().map(shown).collect();
    let message = format!(
        "sos has poles on or outside the unit circle, so its output may grow without bound: {}",
        poles.join(", ")
    );
    let message = CString::new(message).unwrap_or_default();
    PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &message, 1)
}
