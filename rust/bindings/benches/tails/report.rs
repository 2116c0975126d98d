//! Reporting the samples: as a JSON file, or as a table.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::sampling::{Histogram, Kind};

const SCHEMA: u32 = 1;
const PERCENTILES: [(&str, f64); 4] =
    [("p50", 0.50), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)];

/// The samples of one kind.
pub struct Measurement {
    /// The timed code.
    pub kind: Kind,
    /// The number of busy Python threads during the measurement.
    pub busy_threads: u32,
    /// The timings of single calls.
    pub histogram: Histogram,
}

/// The destination of the results, checked before the measurement.
pub struct Report {
    json: Option<PathBuf>,
}

impl Report {
    /// Checks that the file can be written; the error is a message.
    pub fn open(json: Option<&Path>) -> Result<Self, String> {
        if let Some(path) = json {
            let scratch = scratch(path)?;
            let tried = fs::write(&scratch, "").and_then(|()| fs::remove_file(&scratch));
            tried.map_err(|error| unwritable(path, &error))?;
        }
        Ok(Self { json: json.map(Path::to_owned) })
    }

    /// Writes the file atomically, or prints the table.
    pub fn write(&self, measurements: &[Measurement]) -> Result<(), String> {
        let Some(path) = &self.json else {
            print!("{}", table(measurements));
            return Ok(());
        };
        let scratch = scratch(path)?;
        let written =
            fs::write(&scratch, document(measurements)).and_then(|()| fs::rename(&scratch, path));
        written.map_err(|error| unwritable(path, &error))
    }
}

/// Returns a temporary file of this process in the folder of the result, to be renamed atomically.
fn scratch(path: &Path) -> Result<PathBuf, String> {
    let name = path.file_name().filter(|_| !path.is_dir());
    let name =
        name.ok_or(format!("--json must be the path of a file, got '{}'", path.display()))?;
    Ok(path.with_file_name(format!(".{}.{}", name.to_string_lossy(), std::process::id())))
}

fn unwritable(path: &Path, error: &io::Error) -> String {
    format!("the file '{}' of --json cannot be written: {error}", path.display())
}

fn document(measurements: &[Measurement]) -> String {
    let measurements: Vec<_> = measurements.iter().map(member).collect();
    format!("{{\"schema\": {SCHEMA}, \"measurements\": [\n{}\n]}}\n", measurements.join(",\n"))
}

fn member(measurement: &Measurement) -> String {
    let pairs: Vec<_> =
        measurement.histogram.iter().map(|(ns, count)| format!("[{ns}, {count}]")).collect();
    format!(
        "{{\"name\": \"{}\", \"busy_threads\": {}, \"histogram\": [{}]}}",
        measurement.kind.name(),
        measurement.busy_threads,
        pairs.join(", ")
    )
}

fn table(measurements: &[Measurement]) -> String {
    let mut text = format!("{:<12}{:>6}{:>9}", "ns per call", "busy", "calls");
    for (name, _) in PERCENTILES {
        let _ = write!(text, "{name:>12}");
    }
    text.push('\n');
    for measurement in measurements {
        let histogram = &measurement.histogram;
        let calls: u64 = histogram.values().sum();
        let _ = write!(
            text,
            "{:<12}{:>6}{calls:>9}",
            measurement.kind.name(),
            measurement.busy_threads
        );
        for (_, quantile) in PERCENTILES {
            let _ = write!(text, "{:>12}", percentile(histogram, calls, quantile));
        }
        text.push('\n');
    }
    text
}

/// Returns the smallest duration that at least this share of the calls did not exceed.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn percentile(histogram: &Histogram, calls: u64, quantile: f64) -> u64 {
    let rank = (calls as f64 * quantile).ceil() as u64;
    let mut below = 0;
    for (nanoseconds, count) in histogram {
        below += count;
        if below >= rank {
            return *nanoseconds;
        }
    }
    0
}
