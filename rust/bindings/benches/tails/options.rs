//! The command line.

use std::path::PathBuf;

const USAGE: &str = "\
Time single calls at the boundary between Rust and Python.

Usage: cargo bench --bench datapoint_tails [-- OPTIONS]

  --json PATH    write the histograms to PATH (without: print a table)
  --seconds S    about how long to measure in all (default 10)
";

const DEFAULT_SECONDS: f64 = 10.0;
const LONGEST_SECONDS: f64 = 86_400.0;

/// The requested action.
pub enum Call {
    /// Measure.
    Measure(Measure),
    /// Run each body once: without `--bench`, this is a test run.
    Once,
    /// Print a text and exit.
    Say(&'static str),
}

/// How to measure.
pub struct Measure {
    /// The file for the histograms.
    pub json: Option<PathBuf>,
    /// The approximate total duration.
    pub seconds: f64,
}

impl Call {
    /// Parses the arguments after the name of the program; the error is a message.
    pub fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let arguments: Vec<String> = arguments.collect();
        let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
        if has("--help") || has("-h") {
            return Ok(Self::Say(USAGE));
        }
        if has("--bench") {
            return measure(&arguments).map(Self::Measure);
        }
        if has("--json") || has("--seconds") {
            return Err("--json and --seconds need --bench; pass it too, or use cargo bench".into());
        }
        // The protocol of `cargo nextest`, which lists tests before it runs them.
        if has("--list") {
            return Ok(Self::Say(if has("--ignored") { "" } else { "bodies: benchmark\n" }));
        }
        Ok(Self::Once)
    }
}

fn measure(arguments: &[String]) -> Result<Measure, String> {
    let mut options = Measure { json: None, seconds: DEFAULT_SECONDS };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or(format!("{argument} needs a value; see --help"));
        match argument.as_str() {
            "--bench" => {}
            "--json" => options.json = Some(value()?.into()),
            "--seconds" => options.seconds = seconds(value()?)?,
            unknown => return Err(format!("unknown option '{unknown}'; see --help")),
        }
    }
    Ok(options)
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if seconds > 0.0 && seconds <= LONGEST_SECONDS => Ok(seconds),
        _ => Err(format!("--seconds must be a number above 0, at most 86400, got '{text}'")),
    }
}
