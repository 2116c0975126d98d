//! The UTC wall clock.

/// Reads the system clock, in nanoseconds since 1970 UTC.
///
/// The clock jumps if it is set.
#[cfg(unix)]
#[inline]
#[must_use]
pub fn now_ns() -> i64 {
    // `SystemTime` of the standard library is checked and converted, which takes longer than this whole call.
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    now.tv_sec.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec)
}

/// Reads the system clock, in nanoseconds since 1970 UTC.
///
/// The clock jumps if it is set.
#[cfg(not(unix))]
#[must_use]
pub fn now_ns() -> i64 {
    use std::time::SystemTime;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
}
