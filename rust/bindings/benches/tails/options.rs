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

/// What the command line asks for.
pub enum Call {
    /// Measure.
    Measure(Measure),
    /// Run each body once: without `--bench` we are among the tests.
    Once,
    /// Print this and end.
    Say(&'static str),
}

/// How to measure.
pub struct Measure {
    /// Where the histograms go.
    pub json: Option<PathBuf>,
    /// About how long to measure in all.
    pub seconds: f64,
}

impl Call {
    /// Reads the arguments after the name of the program; a refusal is a sentence.
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
            return Err("--json and --seconds measure; pass --bench too, or use cargo bench".into());
        }
        // The protocol of `cargo nextest`, which lists before it runs.
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
        _ => Err(format!("--seconds is '{text}'; pass a number above 0, at most 86400")),
    }
}
