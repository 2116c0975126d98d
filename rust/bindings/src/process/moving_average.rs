//! `rust_daq.process.MovingAverage`.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rust_daq::{MovingAverage, Process};

use super::{Shared, object};
use crate::error::Raise;
use crate::number::count;
use crate::text::word;

/// The mean of the last samples of each channel.
///
/// At the start of a stream, means are computed from the available samples once there are
/// `min_count`, and are NaN before, as for ``bottleneck.move_mean``. A mean is NaN if its window
/// contains a NaN; bottleneck skips NaN instead, and `min_count` then counts only other samples.
///
/// Each sum uses only the samples of its window. Rounding errors therefore do not accumulate, NaN and
/// infinity leave with the window, and results do not depend on where one call ends and the next
/// begins. Each channel has its own state; samples of several channels may be interleaved.
///
/// Threads may share a processor; one thread uses it at a time. Pickles and copies include the state.
///
/// Parameters
/// ----------
/// window : int
///     The number of samples in a mean, at least 1.
/// min_count : int, default 1
///     The number of samples needed for the first mean, from 1 to `window`.
/// on_gap : {"reset", "continue", "raise"}, default "reset"
///     The action when `Batch.first_sequence` shows that samples of a channel are missing: forget the
///     earlier samples, continue, or refuse the batch.
///
/// Raises
/// ------
/// TypeError
///     If an argument has another type.
/// ValueError
///     If a number is outside its range, there is not enough memory for the window, or `on_gap` is
///     not one of these words.
///
/// Notes
/// -----
/// O(window) memory for each channel. Windows of up to 32 samples are summed by a tree, in O(log window) time per
/// sample; longer windows take O(1) per sample.
///
/// Examples
/// --------
/// >>> from rust_daq.process import MovingAverage
/// >>> MovingAverage(2).process_values([1.0, 3.0, 4.0])
/// array([1. , 2. , 3.5])
#[pyclass(name = "MovingAverage", module = "rust_daq.process", frozen, immutable_type)]
pub struct PyMovingAverage(Shared<MovingAverage>);

processor!(PyMovingAverage, MovingAverage);

#[pymethods]
impl PyMovingAverage {
    #[new]
    #[pyo3(signature = (window, min_count=None, *, on_gap=None))]
    fn new(
        window: &Bound<'_, PyAny>,
        min_count: Option<&Bound<'_, PyAny>>,
        on_gap: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let window = count("window", "the number of samples in a mean", window)?;
        let wanted = "the number of samples needed for the first mean";
        let min_count = min_count.map_or(Ok(1), |given| count("min_count", wanted, given))?;
        let average = MovingAverage::new(window, min_count, word("on_gap", on_gap)?);
        average.map(|average| Self(Shared::new(average))).raise()
    }

    /// Compute the mean for each row of a batch, over the last rows of its channel.
    ///
    /// Parameters
    /// ----------
    /// batch : Batch
    ///     The next rows of the stream.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     The means, with the same timestamps, channels and sequence numbers.
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
    /// O(n) in the rows, plus a look-up for each channel of the batch. From 4,096
    /// samples on the GIL is released.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel
    /// >>> from rust_daq.process import MovingAverage
    /// >>> average = MovingAverage(2)
    /// >>> laser = Channel("laser", "mW")
    /// >>> average.process(laser.batch([4.0, 8.0])).values
    /// array([4., 6.])
    /// >>> average.process(laser.batch([6.0])).values  # continues where the last batch ended
    /// array([7.])
    /// >>> average.window, average.min_count, average.on_gap
    /// (2, 1, 'reset')
    fn process<'py>(&self, batch: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        object(batch.py(), self.0.process(batch)?)
    }

    /// Compute the means for an array, with a state separate from those of the channels.
    ///
    /// Parameters
    /// ----------
    /// values : array-like of float, shape (n,)
    ///     The next samples; a contiguous float64 array is read in place.
    /// out : numpy.ndarray of float64, shape (n,), optional
    ///     The array for the means, writable and contiguous. It may be `values` itself.
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
    /// O(n). From 4,096 samples on the GIL is released.
    ///
    /// Examples
    /// --------
    /// >>> import numpy as np
    /// >>> from rust_daq.process import MovingAverage
    /// >>> average, out = MovingAverage(2), np.empty(2)
    /// >>> average.process_values(np.array([4.0, 8.0]), out) is out
    /// True
    /// >>> out
    /// array([4., 6.])
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
    /// >>> from rust_daq.process import MovingAverage
    /// >>> average = MovingAverage(2)
    /// >>> average.process_values([4.0]), average.process_values([8.0])
    /// (array([4.]), array([6.]))
    /// >>> average.reset()
    /// >>> average.process_values([8.0])
    /// array([8.])
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        self.0.lock(py)?.reset();
        Ok(())
    }

    /// The number of samples in a mean.
    #[getter]
    fn window(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.0.lock(py)?.window())
    }

    /// The number of samples needed for the first mean.
    #[getter]
    fn min_count(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.0.lock(py)?.min_count())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let average = self.0.lock(py)?;
        let (window, min_count) = (average.window(), average.min_count());
        let on_gap = average.on_gap().as_str();
        Ok(format!("MovingAverage({window}, {min_count}, on_gap='{on_gap}')"))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let (py, average) = (slf.py(), slf.get());
        let arguments = (average.window(py)?, average.min_count(py)?).into_pyobject(py)?;
        average.0.reduce(slf.as_any(), arguments)
    }
}
