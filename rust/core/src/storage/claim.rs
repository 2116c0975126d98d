//! Exclusive write access to a file.
//!
//! A writer claims its file while it may write. The system releases the claim when the process ends for any reason. On
//! Unix the claim is a lock (`flock`), elsewhere a handle that does not share writing. A file system without locks
//! grants every claim.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// How often a claim is tried. A following reader checks a file by claiming it for a moment, so a try may fail.
pub(super) const TRIES: u32 = 10;

/// The pause between two tries.
pub(super) const PAUSE: Duration = Duration::from_millis(5);

#[cfg(unix)]
const NULL_DEVICE: &str = "/dev/null";

/// What to do with an existing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// Refuse it.
    #[default]
    Refuse,
    /// Replace it.
    Replace,
    /// Continue it, if it is a recording.
    Append,
}

/// A file with exclusive write access.
#[derive(Debug)]
pub(super) struct Claimed {
    file: File,
    /// The process that made the claim. A fork has the same handle, but must not release the claim of its parent.
    #[cfg(unix)]
    process: u32,
}

impl Claimed {
    /// Creates a file, or empties an existing one with [`Existing::Replace`].
    pub(super) fn create(path: &Path, existing: Existing) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true);
        if existing != Existing::Replace {
            return Self::open(path, options.create_new(true));
        }
        #[cfg(unix)]
        if path == Path::new(NULL_DEVICE) {
            // It accepts every byte at once from any number of writers; used to measure the cost of a writer.
            return Ok(Self { file: options.open(path)?, process: std::process::id() });
        }
        check_regular(path)?;
        let claimed = Self::open(path, options.create(true).truncate(false))?;
        // Only after the claim, because another writer may have had the file.
        claimed.file.set_len(0)?;
        Ok(claimed)
    }

    /// Claims an existing file for reading and writing.
    pub(super) fn existing(path: &Path) -> io::Result<Self> {
        check_regular(path)?;
        Self::open(path, OpenOptions::new().read(true).write(true))
    }

    #[cfg(unix)]
    fn open(path: &Path, options: &OpenOptions) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;

        loop {
            let claimed = Self::of(options.open(path)?)?;
            let (facts, now) = (claimed.file.metadata()?, std::fs::metadata(path));
            // Another writer may have removed the file before the claim.
            if now.is_ok_and(|now| (now.dev(), now.ino()) == (facts.dev(), facts.ino())) {
                return Ok(claimed);
            }
        }
    }

    #[cfg(unix)]
    fn of(file: File) -> io::Result<Self> {
        for _ in 0..TRIES {
            if lock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)? {
                return Ok(Self { file, process: std::process::id() });
            }
            sleep(PAUSE);
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    #[cfg(not(unix))]
    fn open(path: &Path, options: &OpenOptions) -> io::Result<Self> {
        let mut options = options.clone();
        share_reading(&mut options);
        for _ in 0..TRIES {
            match options.open(path) {
                Ok(file) => return Ok(Self { file }),
                Err(error) if is_claimed(&error) => sleep(PAUSE),
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }
}

impl Deref for Claimed {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl DerefMut for Claimed {
    fn deref_mut(&mut self) -> &mut File {
        &mut self.file
    }
}

#[cfg(unix)]
impl Drop for Claimed {
    /// Releases the claim, even if a fork still has the handle.
    fn drop(&mut self) {
        if self.process == std::process::id() {
            let _ = lock(&self.file, rustix::fs::FlockOperation::Unlock);
        }
    }
}

/// Returns whether a writer has claimed a file; `None` if the file system cannot tell.
#[cfg(unix)]
pub(super) fn is_claimed_by_writer(file: &File, _path: &Path) -> Option<bool> {
    use rustix::fs::FlockOperation as Operation;
    use rustix::io::Errno;

    match rustix::fs::flock(file, Operation::NonBlockingLockShared) {
        Ok(()) => {
            let _ = lock(file, Operation::Unlock);
            Some(false)
        }
        Err(Errno::WOULDBLOCK) => Some(true),
        Err(_) => None,
    }
}

/// Returns whether a writer has claimed a file; `None` if the file system cannot tell.
#[cfg(not(unix))]
pub(super) fn is_claimed_by_writer(_file: &File, path: &Path) -> Option<bool> {
    match OpenOptions::new().write(true).open(path) {
        Ok(_) => Some(false),
        Err(error) if is_claimed(&error) => Some(true),
        Err(_) => None,
    }
}

/// Returns whether a writer has claimed a file; false if the file does not exist or the file system cannot tell.
#[must_use]
pub fn is_written(path: &Path) -> bool {
    let regular = std::fs::metadata(path).is_ok_and(|facts| facts.is_file());
    let file = regular.then(|| File::open(path).ok()).flatten();
    file.and_then(|file| is_claimed_by_writer(&file, path)).unwrap_or(false)
}

/// Locks or unlocks a file; `false` if another handle holds the lock.
#[cfg(unix)]
fn lock(file: &File, operation: rustix::fs::FlockOperation) -> io::Result<bool> {
    use rustix::io::Errno;

    loop {
        match rustix::fs::flock(file, operation) {
            // These errors come from file systems without locks.
            Ok(()) | Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::NOLCK | Errno::INVAL) => {
                return Ok(true);
            }
            Err(Errno::WOULDBLOCK) => return Ok(false),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(windows)]
fn share_reading(options: &mut OpenOptions) {
    use std::os::windows::fs::OpenOptionsExt;

    const FILE_SHARE_READ: u32 = 1;
    const FILE_SHARE_DELETE: u32 = 4;
    options.share_mode(FILE_SHARE_READ | FILE_SHARE_DELETE);
}

#[cfg(not(any(unix, windows)))]
fn share_reading(_options: &mut OpenOptions) {}

/// Returns whether the system refuses a handle because another handle does not share writing.
#[cfg(not(unix))]
fn is_claimed(error: &io::Error) -> bool {
    const ERROR_SHARING_VIOLATION: i32 = 32;
    cfg!(windows) && error.raw_os_error() == Some(ERROR_SHARING_VIOLATION)
}

/// Refuses files that cannot be truncated, and pipes, whose opening would wait.
fn check_regular(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(facts) if facts.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(facts) if !facts.is_file() => Err(io::ErrorKind::InvalidInput.into()),
        // Opening the file will report the error.
        _ => Ok(()),
    }
}
