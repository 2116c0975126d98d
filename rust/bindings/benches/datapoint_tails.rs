//! The tails of single calls at the boundary between Rust and Python, each timed separately.
//! Criterion times many calls together and has no tails.

#![allow(clippy::unwrap_used, reason = "a failed benchmark cannot continue")]

mod bodies;
mod tails;

use std::process::ExitCode;

use tails::busy::BusyThread;
use tails::options::{Call, Measure};
use tails::report::{Measurement, Report};
use tails::sampling::{Kind, planned_samples, sample};

fn main() -> ExitCode {
    match Call::read(std::env::args().skip(1)) {
        Ok(Call::Measure(options)) => measure(&options),
        Ok(Call::Once) => {
            run_once();
            ExitCode::SUCCESS
        }
        Ok(Call::Say(text)) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(sentence) => refused(&sentence),
    }
}

fn refused(sentence: &str) -> ExitCode {
    eprintln!("datapoint_tails: {sentence}");
    ExitCode::from(2)
}

/// Runs each body once, untimed, for `cargo test --benches`.
fn run_once() {
    bodies::check();
    for kind in Kind::ALL {
        sample(kind, 1, false);
    }
    let busy = BusyThread::start();
    sample(Kind::Attach, 1, true);
    busy.stop();
}

fn measure(options: &Measure) -> ExitCode {
    let report = match Report::open(options.json.as_deref()) {
        Ok(report) => report,
        Err(sentence) => return refused(&sentence),
    };
    bodies::check();
    let mut measurements = measure_all(options.seconds, false);
    let busy = BusyThread::start();
    measurements.extend(measure_all(options.seconds, true));
    busy.stop();
    match report.write(&measurements) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("datapoint_tails: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn measure_all(seconds: f64, busy: bool) -> Vec<Measurement> {
    Kind::ALL
        .into_iter()
        .map(|kind| {
            let samples = planned_samples(kind, busy, seconds);
            Measurement { kind, busy_threads: busy.into(), histogram: sample(kind, samples, busy) }
        })
        .collect()
}
