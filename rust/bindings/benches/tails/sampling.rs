//! Timing one call at a time, for a number of calls fixed in advance.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::bodies;

/// The number of calls for each duration in nanoseconds.
pub type Histogram = BTreeMap<u64, u64>;

/// The number of conversions in one attachment while a busy thread waits: about 1 ms,
/// well below the switch interval.
const CONVERSIONS_PER_ATTACHMENT: usize = 1_000;
/// The pause before the GIL is requested again, so that the busy thread has taken it. That thread
/// sleeps while we hold the GIL, and an immediate request would be faster than its wake-up.
const AWAY: Duration = Duration::from_millis(1);
const MOST_SAMPLES: usize = 200_000;
const FEWEST_SAMPLES: usize = 10;

/// The code between the two readings of the clock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Clock,
    /// Attaching to the interpreter and detaching.
    Attach,
    /// The round trip of a point while attached.
    Conversion,
    /// Attaching, the round trip, and detaching.
    RoundTrip,
}

impl Kind {
    /// All kinds, in the order of the table.
    pub const ALL: [Self; 4] = [Self::Clock, Self::Attach, Self::Conversion, Self::RoundTrip];

    /// The name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::Attach => "attach",
            Self::Conversion => "conversion",
            Self::RoundTrip => "round trip",
        }
    }

    /// Whether each sample waits for a busy thread to release the GIL.
    const fn waits(self, busy: bool) -> bool {
        busy && matches!(self, Self::Attach | Self::RoundTrip)
    }
}

/// Returns the number of calls that fit into this measurement's share of the total time.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped
pub fn planned_samples(kind: Kind, busy: bool, seconds: f64) -> usize {
    // Two of the eight measurements wait. They get nearly all of the time, and still the fewest samples.
    let (share, cost) = if kind.waits(busy) {
        (0.45, switch_interval() + AWAY.as_secs_f64())
    } else {
        // An upper estimate of the seconds per sample, used only for planning.
        (0.1 / 6.0, if kind == Kind::Conversion && busy { 1e-5 } else { 1.5e-6 })
    };
    ((share * seconds / cost) as usize).clamp(FEWEST_SAMPLES, MOST_SAMPLES)
}

/// Returns how long a thread may keep the GIL while another thread requests it, in seconds.
fn switch_interval() -> f64 {
    Python::attach(|py| {
        let sys = py.import("sys").unwrap();
        sys.call_method0("getswitchinterval").unwrap().extract().unwrap()
    })
}

/// Times `samples` single calls; each starts detached, except a conversion.
pub fn sample(kind: Kind, samples: usize, busy: bool) -> Histogram {
    let point = bodies::point();
    let pause = || stay_away(kind.waits(busy));
    match kind {
        Kind::Clock => time_each(samples, pause, || ()),
        Kind::Attach => time_each(samples, pause, bodies::attach),
        Kind::RoundTrip => time_each(samples, pause, || bodies::attached_round_trip(&point)),
        Kind::Conversion => sample_conversions(samples, busy),
    }
}

fn sample_conversions(samples: usize, busy: bool) -> Histogram {
    let point = bodies::point();
    let chunk = if busy { CONVERSIONS_PER_ATTACHMENT } else { samples };
    let mut whole = Histogram::new();
    for start in (0..samples).step_by(chunk) {
        stay_away(busy);
        let size = chunk.min(samples - start);
        let part = Python::attach(|py| {
            time_each(size, || (), || bodies::round_trip_by_attributes(py, &point))
        });
        for (nanoseconds, count) in part {
            *whole.entry(nanoseconds).or_default() += count;
        }
    }
    whole
}

fn stay_away(wanted: bool) {
    if wanted {
        thread::sleep(AWAY);
    }
}

/// Times each call; `pause` runs before each timing and is not timed.
fn time_each<T>(samples: usize, pause: impl Fn(), mut call: impl FnMut() -> T) -> Histogram {
    let mut durations = Vec::with_capacity(samples);
    for _ in 0..samples {
        pause();
        let start = Instant::now();
        let result = black_box(call());
        durations.push(start.elapsed());
        drop(result);
    }
    let mut histogram = Histogram::new();
    for duration in durations {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        *histogram.entry(nanoseconds).or_default() += 1;
    }
    histogram
}
