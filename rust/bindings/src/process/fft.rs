//! `rust_daq.process.Fft`.

use pyo3::exceptions::{PyImportError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use rust_daq::{Fft, Process, Window};

use super::{Shared, object};
use crate::array::numbers;
use crate::batch::view;
use crate::error::{Raise, explained, shown};
use crate::number::{count, real};
use crate::text::word;

/// One-sided spectra of the frames of each channel, by the fast Fourier transform.
///
/// Frames begin every `hop` samples and span calls: a spectrum is complete with the last sample of its
/// frame, so results do not depend on where one call ends and the next begins. The window's gain is
/// corrected. All lines except the first and the Nyquist line count twice, because lines at negative
/// frequencies are omitted. The results equal ``scipy.signal.spectrogram`` with ``detrend=False``.
///
/// An `Fft` is the last processor of a chain, because it returns `Spectra`. Threads may share it; one
/// thread uses it at a time. Pickles and copies include the state.
///
/// Parameters
/// ----------
/// size : int
///     The number of samples in a frame, at least 2.
/// hop : int
///     The number of samples from one frame to the next, at least 1. Frames overlap if it is below
///     `size`, and skip samples if it is above.
/// rate : float
///     Samples per second of each channel (hertz).
/// window : str, tuple or array-like of float, shape (size,), default "hann"
///     The window of each frame: ``"boxcar"``, ``"hann"``, ``"hamming"``, ``"blackman"`` or
///     ``"flattop"`` in the periodic form of ``scipy.signal.get_window``; any other name or tuple of
///     this function, such as ``("kaiser", 8.6)``, which needs SciPy and is stored as weights; or the
///     weights themselves.
/// scaling : {"density", "spectrum", "amplitude"}, default "density"
///     Power per hertz (the unit squared, divided by hertz), power of each line (a sine of amplitude 1
///     reads 1/2), or amplitude of each line (it reads 1).
/// on_gap : {"reset", "continue", "raise"}, default "reset"
///     The action when `Batch.first_sequence` shows that samples of a channel are missing: drop the
///     incomplete frame, continue it, or refuse the batch.
///
/// Raises
/// ------
/// TypeError
///     If an argument has another type.
/// ImportError
///     If the window needs SciPy, and SciPy is not installed.
/// ValueError
///     If a number is outside its range, the window does not have one weight per sample, all weights
///     are 0, their sum is 0 (except for ``"density"``), or a word is not one of the above.
///
/// Notes
/// -----
/// O(size) memory for each channel, and O(size log size) time per frame.
///
/// Examples
/// --------
/// >>> from rust_daq.process import Fft
/// >>> Fft(4, 4, 1000.0, window="boxcar", scaling="amplitude").process_values([3.0, 1.0, -1.0, 1.0])
/// array([[1., 2., 0.]])
#[pyclass(name = "Fft", module = "rust_daq.process", frozen, immutable_type)]
pub struct PyFft(Shared<Fft>);

processor!(PyFft, Fft);

#[pymethods]
impl PyFft {
    #[new]
    #[pyo3(signature = (size, hop, rate, window=None, scaling=None, *, on_gap=None))]
    fn new(
        size: &Bound<'_, PyAny>,
        hop: &Bound<'_, PyAny>,
        rate: &Bound<'_, PyAny>,
        window: Option<&Bound<'_, PyAny>>,
        scaling: Option<&Bound<'_, PyAny>>,
        on_gap: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let size = count("size", "the number of samples in a frame", size)?;
        let hop = count("hop", "the number of samples from one frame to the next", hop)?;
        let rate = real("rate", "a number of samples per second", rate)?;
        let window = window.map_or(Ok(Window::default()), |window| read_window(window, size))?;
        let scaling = word("scaling", scaling)?;
        let fft = Fft::new(size, hop, rate, window, scaling, word("on_gap", on_gap)?);
        fft.map(|fft| Self(Shared::new(fft))).raise()
    }

    /// Compute the spectra of the frames that the rows of a batch complete, channel by channel.
    ///
    /// Parameters
    /// ----------
    /// batch : Batch
    ///     The next rows of the stream.
    ///
    /// Returns
    /// -------
    /// Spectra
    ///     In the order in which their frames were completed; may be empty.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If `batch` is not a `Batch`.
    /// ValueError
    ///     If samples are missing and `on_gap` is ``"raise"``, or there is not enough memory for all
    ///     spectra. Also if the timestamps of at least 16 rows of a channel deviate from `rate` by more
    ///     than a hundredth, plus a period at each end. Rows with equal timestamps are not checked. The
    ///     state is then unchanged.
    ///
    /// Notes
    /// -----
    /// O(size log size) per frame. From 4,096 samples on the GIL is released.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel
    /// >>> from rust_daq.process import Fft
    /// >>> fft = Fft(4, 2, 1000.0, window="boxcar", scaling="amplitude")
    /// >>> batch = Channel("ai0", "V").batch([3.0, 1.0, -1.0, 1.0, 3.0], start=0, rate=1000.0)
    /// >>> len(fft.process(batch)), len(fft.process(batch[:1]))  # the second frame spans both
    /// (1, 1)
    /// >>> fft.size, fft.hop, fft.rate, fft.window, fft.scaling, fft.on_gap
    /// (4, 2, 1000.0, 'boxcar', 'amplitude', 'reset')
    /// >>> fft.frequencies
    /// array([  0., 250., 500.])
    fn process<'py>(&self, batch: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        object(batch.py(), self.0.process(batch)?)
    }

    /// Compute the spectra of the frames that an array completes, with a state separate from those
    /// of the channels.
    ///
    /// Parameters
    /// ----------
    /// values : array-like of float, shape (n,)
    ///     The next samples; a contiguous float64 array is read in place.
    /// out : numpy.ndarray of float64, shape (n_frames, n_frequencies), optional
    ///     The array for the spectra, writable and contiguous.
    ///
    /// Returns
    /// -------
    /// numpy.ndarray of float64, shape (n_frames, n_frequencies)
    ///     `out`, or a new array.
    ///
    /// Raises
    /// ------
    /// TypeError, ValueError
    ///     If `values` is not a one-dimensional array of numbers, or `out` does not fit.
    ///
    /// Notes
    /// -----
    /// O(size log size) per frame. From 4,096 samples on the GIL is released.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq.process import Fft
    /// >>> fft = Fft(4, 4, 1000.0, window="boxcar", scaling="spectrum")
    /// >>> fft.process_values([3.0, 1.0, -1.0, 1.0, 3.0]).shape  # the fifth waits for three more
    /// (1, 3)
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
    /// >>> from rust_daq.process import Fft
    /// >>> fft = Fft(2, 2, 1000.0, window="boxcar", scaling="amplitude")
    /// >>> len(fft.process_values([1.0]))
    /// 0
    /// >>> fft.reset()
    /// >>> len(fft.process_values([1.0]))  # the earlier sample is forgotten
    /// 0
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        self.0.lock(py)?.reset();
        Ok(())
    }

    /// The number of samples in a frame.
    #[getter]
    fn size(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.0.lock(py)?.size())
    }

    /// The number of samples from one frame to the next.
    #[getter]
    fn hop(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.0.lock(py)?.hop())
    }

    /// Samples per second (hertz).
    #[getter]
    fn rate(&self, py: Python<'_>) -> PyResult<f64> {
        Ok(self.0.lock(py)?.rate())
    }

    /// The window of each frame: a name, or a new array of weights, shape (size,).
    #[getter]
    fn window<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let window = self.0.lock(py)?.window().clone();
        match &window {
            Window::Weights(weights) => view(py, weights.clone(), "float64")?.call_method0("copy"),
            named => Ok(named.name().into_pyobject(py)?),
        }
    }

    /// The scaling of the numbers.
    #[getter]
    fn scaling(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(self.0.lock(py)?.scaling().as_str())
    }

    /// The frequencies of a spectrum in hertz: a new array, shape (n_frequencies,).
    #[getter]
    fn frequencies<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let frequencies = self.0.lock(py)?.frequencies().clone();
        view(py, frequencies, "float64")?.call_method0("copy")
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let fft = self.0.lock(py)?;
        let window = match fft.window() {
            Window::Weights(weights) => format!("{:?}", &weights[..]),
            named => format!("'{}'", named.name().unwrap_or_default()),
        };
        Ok(format!(
            "Fft({}, {}, {:?}, {window}, '{}', on_gap='{}')",
            fft.size(),
            fft.hop(),
            fft.rate(),
            fft.scaling().as_str(),
            fft.on_gap().as_str()
        ))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let (py, fft) = (slf.py(), slf.get());
        let arguments =
            (fft.size(py)?, fft.hop(py)?, fft.rate(py)?, fft.window(py)?, fft.scaling(py)?);
        fft.0.reduce(slf.as_any(), arguments.into_pyobject(py)?)
    }
}

/// Reads a window: a name, a specification of SciPy, or weights.
fn read_window(window: &Bound<'_, PyAny>, size: usize) -> PyResult<Window> {
    let py = window.py();
    let is_spec = |tuple: &Bound<'_, PyTuple>| {
        tuple.get_item(0).is_ok_and(|first| first.is_instance_of::<PyString>())
    };
    if let Ok(name) = window.cast::<PyString>() {
        if let Ok(named) = name.to_string_lossy().parse() {
            return Ok(named);
        }
    } else if !window.cast::<PyTuple>().is_ok_and(is_spec) {
        return numbers("window", window).map(Window::Weights);
    }
    let own = "'boxcar', 'hann', 'hamming', 'blackman', 'flattop'";
    let got = match window.cast::<PyString>() {
        Ok(name) => format!("'{}'", name.to_string_lossy()),
        Err(_) => shown(window),
    };
    let without_scipy = || {
        PyImportError::new_err(format!(
            "window is {got}, which needs SciPy; install it (pip install scipy), or pass {own} \
             or one weight per sample"
        ))
    };
    let signal = py.import("scipy.signal").map_err(|error| explained(error, py, without_scipy))?;
    let unknown = || {
        PyValueError::new_err(format!(
            "window is {got}; pass {own}, another window of scipy.signal.get_window or one weight per \
             sample"
        ))
    };
    let weights = signal.call_method1("get_window", (window, size));
    let weights = weights.map_err(|error| explained(error, py, unknown))?;
    numbers("window", &weights).map(Window::Weights)
}
