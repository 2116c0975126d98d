//! When what was written is handed on.

use std::str::FromStr;
use std::time::Duration;

use crate::error::Error;

/// How far a batch has come when its write returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sync {
    /// Into the memory of the process, which a kill takes along.
    None,
    /// To the operating system, where it survives the process but not the system.
    #[default]
    Flush,
    /// To the storage device, where it survives the system.
    Batch,
    /// To the operating system, and to the device whenever so much time has passed since it last was.
    Every(Duration),
}

impl Sync {
    /// To the device every so many seconds.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] unless the number is finite and above 0.
    pub fn every(seconds: f64) -> Result<Self, Error> {
        let found = Duration::try_from_secs_f64(seconds).ok().filter(|found| !found.is_zero());
        found.map(Self::Every).ok_or_else(|| {
            let wanted = "'none', 'flush', 'batch' or a number of seconds above 0";
            Error::Refused(format!("sync is {seconds:?}; pass {wanted}"))
        })
    }

    /// Whether anything reaches the device on purpose.
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
