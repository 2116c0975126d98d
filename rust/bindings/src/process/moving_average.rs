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
/// The first means are of the samples that are there, once there are `min_count`, and NaN before:
/// as ``bottleneck.move_mean`` has it. A NaN makes each mean NaN whose window it is in; bottleneck
/// leaves it out, and counts for `min_count` only what is not NaN. Each sum is made of the samples of its window alone, so that
/// nothing adds up, NaN and infinity leave with the window, and it does not matter where one call
/// ends and the next begins. A channel's state is its own; samples of several may come interleaved.
///
/// Safe to share between threads, one of which works with it at a time. Pickles and copies carry
/// the state.
///
/// Parameters
/// ----------
/// window : int
///     How many samples a mean is made of, at least 1.
/// min_count : int, default 1
///     How many samples have to be there for the first mean, from 1 to `window`.
/// on_gap : {"reset", "continue", "raise"}, default "reset"
///     What happens when `Batch.first_sequence` tells that samples of a channel are missing: the
///     samples before are forgotten, or not, or the batch is refused.
///
/// Raises
/// ------
/// TypeError
///     If an argument is of another type.
/// ValueError
///     If a number is outside its range, there is not enough memory for the window, or `on_gap` is
///     none of these words.
///
/// Notes
/// -----
/// O(window) memory for each channel. Windows of up to 32 are summed anew for each sample, by a tree, in O(log window)
/// time; a longer one takes O(1) a sample.
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
        let window = count("window", "the number of samples that a mean is made of", window)?;
        let wanted = "the number of samples of the first mean";
        let min_count = min_count.map_or(Ok(1), |given| count("min_count", wanted, given))?;
        let average = MovingAverage::new(window, min_count, word("on_gap", on_gap)?);
        average.map(|average| Self(Shared::new(average))).raise()
    }

    /// The means for the rows of a batch, each over the last rows of its channel.
    ///
    /// Parameters
    /// ----------
    /// batch : Batch
    ///     The rows that come next.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     Of the same timestamps, channels and sequence numbers.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If `batch` is no `Batch`.
    /// ValueError
    ///     If samples are missing and `on_gap` is ``"raise"``; the state is then as it was.
    ///
    /// Notes
    /// -----
    /// O(n) in the rows, and a look-up for each channel of the batch; the GIL is released.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel
    /// >>> from rust_daq.process import MovingAverage
    /// >>> average = MovingAverage(2)
    /// >>> laser = Channel("laser", "mW")
    /// >>> average.process(laser.batch([4.0, 8.0])).values
    /// array([4., 6.])
    /// >>> average.process(laser.batch([6.0])).values  # goes on where the last one ended
    /// array([7.])
    /// >>> average.window, average.min_count, average.on_gap
    /// (2, 1, 'reset')
    fn process<'py>(&self, batch: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        object(batch.py(), self.0.process(batch)?)
    }

    /// The means for an array, with a state apart from those of the channels.
    ///
    /// Parameters
    /// ----------
    /// values : array-like of float, shape (n,)
    ///     The samples that come next; a contiguous float64 array is read where it stands.
    /// out : numpy.ndarray of float64, shape (n,), optional
    ///     Where the means are written: writable and contiguous. It may be `values` itself.
    ///
    /// Returns
    /// -------
    /// numpy.ndarray of float64, shape (n,)
    ///     `out`, or a new array.
    ///
    /// Raises
    /// ------
    /// TypeError, ValueError
    ///     If `values` are no numbers of one dimension, or `out` is no such array.
    ///
    /// Notes
    /// -----
    /// O(n), with the GIL released.
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

    /// Forget all that came, of every channel and of `process_values`.
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

    /// How many samples a mean is made of.
    #[getter]
    fn window(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.0.lock(py)?.window())
    }

    /// How many samples have to be there for the first mean.
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
        average.0.reduced(slf.as_any(), arguments)
    }
}
