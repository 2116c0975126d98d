//! When written data is flushed and synced.

use std::str::FromStr;
use std::time::Duration;

use crate::error::Error;

/// Where a batch is when its write returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sync {
    /// In the memory of the process; lost if the process is killed.
    None,
    /// In the operating system; survives the process but not a crash of the system.
    #[default]
    Flush,
    /// On the storage device; survives a crash of the system.
    Batch,
    /// In the operating system, and synced to the device at this interval.
    Every(Duration),
}

impl Sync {
    /// Syncs to the device every `seconds` seconds.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the number is not finite and above 0.
    pub fn every(seconds: f64) -> Result<Self, Error> {
        let found = Duration::try_from_secs_f64(seconds).ok().filter(|found| !found.is_zero());
        found.map(Self::Every).ok_or_else(|| {
            let wanted = "'none', 'flush', 'batch' or a number of seconds above 0";
            Error::Refused(format!("sync must be {wanted}, got {seconds:?}"))
        })
    }

    /// Whether data is synced to the device.
    pub(super) const fn is_durable(self) -> bool {
        matches!(self, Self::Batch | Self::Every(_))
    }
}

impl FromStr for Sync {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        match word {
            "none" => Ok(Self::None),
            "flush" => Ok(Self::Flush),
            "batch" => Ok(Self::Batch),
            _ => Err(Error::word("sync", word, "'none', 'flush', 'batch' or a number of seconds")),
        }
    }
}
