//! The UTC wall clock.

/// Nanoseconds since 1970 in UTC, as the system's clock says.
///
/// The clock may be set, and then steps back or forth.
#[cfg(unix)]
#[inline]
#[must_use]
pub fn now_ns() -> i64 {
    // The standard library checks and converts a `SystemTime` for longer than this whole call takes otherwise.
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    now.tv_sec.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec)
}

/// Nanoseconds since 1970 in UTC, as the system's clock says.
///
/// The clock may be set, and then steps back or forth.
#[cfg(not(unix))]
#[must_use]
pub fn now_ns() -> i64 {
    use std::time::SystemTime;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
}
