//! `rust_daq.Report`.

use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rust_daq::{Counts, Ended, Report};

use crate::error::Raise;
use crate::number::finite;

/// The attributes that are numbers.
const COUNTED: [&str; 10] = [
    "produced",
    "processed",
    "dropped",
    "abandoned",
    "queued",
    "late",
    "queue_high_water",
    "elapsed_ns",
    "cpu_ns",
    "processed_per_second",
];

/// The counts and times of a run of a `Pipeline`, during the run or at its end.
///
/// Each point is counted once: `produced` is always the sum of `processed`, `dropped`, `abandoned`
/// and `queued`. The response time is the time from when a point's batch is due until the last sink
/// and callback have received it. Pickles keep all numbers.
///
/// Notes
/// -----
/// All attributes are O(1): counters and a histogram of fixed size, independent of the length of the run.
///
/// Examples
/// --------
/// >>> from rust_daq import Channel, Pipeline, SimulatedInstrument
/// >>> report = Pipeline(SimulatedInstrument(1000.0, Channel("ai0", "V"))).run(0.05)
/// >>> report.produced, report.processed, report.dropped, report.abandoned, report.queued
/// (50, 50, 0, 0, 0)
/// >>> report.ended, report.late <= report.produced, report.queue_high_water <= 50
/// ('duration', True, True)
/// >>> report.processed_per_second == report.processed / (report.elapsed_ns / 1e9)
/// True
/// >>> report.cpu_ns > 0
/// True
#[pyclass(name = "Report", module = "rust_daq", frozen, immutable_type)]
pub struct PyReport {
    /// Points from the source.
    #[pyo3(get)]
    produced: u64,
    /// Points that went through all processors, sinks and callbacks.
    #[pyo3(get)]
    processed: u64,
    /// Points lost because the queue was full.
    #[pyo3(get)]
    dropped: u64,
    /// Points abandoned after an error or a stop.
    #[pyo3(get)]
    abandoned: u64,
    /// Points that wait for the queue or in it, or are being processed; 0 after the run.
    #[pyo3(get)]
    queued: u64,
    /// Points that reached the queue after the next batch was due.
    #[pyo3(get)]
    late: u64,
    /// The most points that waited at the same time.
    #[pyo3(get)]
    queue_high_water: u64,
    core: Report,
}

impl From<Report> for PyReport {
    fn from(report: Report) -> Self {
        let Counts { produced, processed, dropped, abandoned, queued, late, high_water } =
            report.counts;
        let queue_high_water = high_water;
        Self {
            produced,
            processed,
            dropped,
            abandoned,
            queued,
            late,
            queue_high_water,
            core: report,
        }
    }
}

#[pymethods]
impl PyReport {
    /// Nanoseconds from the start until the sinks were closed, or until now.
    #[getter]
    fn elapsed_ns(&self) -> u64 {
        nanoseconds(self.core.elapsed)
    }

    /// CPU time of both threads together, in nanoseconds; None during the run.
    #[getter]
    fn cpu_ns(&self) -> Option<u64> {
        self.core.cpu.map(nanoseconds)
    }

    /// Processed points per second: the effective rate.
    #[getter]
    fn processed_per_second(&self) -> f64 {
        self.core.rate()
    }

    /// Why the run ended: ``"duration"``, ``"source"`` (the source ended), ``"stopped"`` or
    /// ``"failed"``; None during the run.
    #[getter]
    fn ended(&self) -> Option<&'static str> {
        self.core.ended.map(Ended::as_str)
    }

    /// Return a percentile of the response time.
    ///
    /// Parameters
    /// ----------
    /// share : float
    ///     The share of the processed points, from 0 to 1: 0.5 is the median, 1 the maximum.
    ///
    /// Returns
    /// -------
    /// int or None
    ///     The response time that this share of the points did not exceed, in nanoseconds, to three
    ///     digits; None if no point was processed yet.
    ///
    /// Raises
    /// ------
    /// TypeError, ValueError
    ///     If `share` is not a number from 0 to 1.
    ///
    /// Notes
    /// -----
    /// O(1): the histogram has a fixed size.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel, Pipeline, SimulatedInstrument
    /// >>> report = Pipeline(SimulatedInstrument(1000.0, Channel("ai0", "V"))).run(0.05)
    /// >>> report.percentile_ns(0.5) <= report.percentile_ns(0.99) <= report.percentile_ns(1)
    /// True
    fn percentile_ns(&self, share: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
        let wanted = "a number from 0 to 1";
        let share = finite("share", wanted, share)?;
        if !(0.0..=1.0).contains(&share) {
            return Err(PyValueError::new_err(format!("share must be {wanted}, got {share}")));
        }
        Ok(self.core.response_ns(share))
    }

    /// Return all numbers by name: every attribute except `ended`, and ``p50_ns``, ``p95_ns``,
    /// ``p99_ns``, ``p99_9_ns`` and ``max_ns`` of the response time.
    ///
    /// Returns
    /// -------
    /// dict of str to int, float or None
    ///
    /// Notes
    /// -----
    /// O(1).
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel, Pipeline, SimulatedInstrument
    /// >>> numbers = Pipeline(SimulatedInstrument(1000.0, Channel("ai0", "V"))).run(0.05).as_dict()
    /// >>> numbers.get("processed"), numbers.get("p99_ns") > 0
    /// (50, True)
    fn as_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let numbers = PyDict::new(slf.py());
        for name in COUNTED {
            numbers.set_item(name, slf.getattr(name)?)?;
        }
        for (name, share) in [
            ("p50_ns", 0.5),
            ("p95_ns", 0.95),
            ("p99_ns", 0.99),
            ("p99_9_ns", 0.999),
            ("max_ns", 1.0),
        ] {
            numbers.set_item(name, slf.get().core.response_ns(share))?;
        }
        Ok(numbers)
    }

    #[staticmethod]
    #[pyo3(signature = (counts, elapsed_ns, cpu_ns, ended, responses, /))]
    #[allow(clippy::needless_pass_by_value)] // PyO3 converts a list to a vector
    fn _from_numbers(
        counts: [u64; 7],
        elapsed_ns: u64,
        cpu_ns: Option<u64>,
        ended: Option<&str>,
        responses: Vec<(u64, u64)>,
    ) -> PyResult<Self> {
        let [produced, processed, dropped, abandoned, queued, late, high_water] = counts;
        let counts = Counts { produced, processed, dropped, abandoned, queued, late, high_water };
        let ended = ended.map(str::parse).transpose().raise()?;
        let (elapsed, cpu) = (Duration::from_nanos(elapsed_ns), cpu_ns.map(Duration::from_nanos));
        let report = Report::of_numbers(counts, elapsed, cpu, ended, &responses);
        report.map(Self::from).raise()
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let report = slf.get();
        let Counts { produced, processed, dropped, abandoned, queued, late, high_water } =
            report.core.counts;
        let counts = (produced, processed, dropped, abandoned, queued, late, high_water);
        let (times, responses) = ((report.elapsed_ns(), report.cpu_ns()), report.core.responses());
        let arguments = (counts, times.0, times.1, report.ended(), responses);
        Ok((slf.get_type().getattr("_from_numbers")?, arguments.into_pyobject(slf.py())?))
    }

    fn __repr__(&self) -> String {
        let end = match self.ended() {
            Some(ended) => format!("; ended: {ended}"),
            None => format!(", {} queued; running", self.queued),
        };
        format!(
            "<Report: {} points produced, {} processed, {} dropped, {} abandoned{end}>",
            self.produced, self.processed, self.dropped, self.abandoned,
        )
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
