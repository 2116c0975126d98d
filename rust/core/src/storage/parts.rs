//! The files of a recording: a single file, or several parts.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::claim::{Claimed, Existing};
use super::file::AppendFile;
use crate::error::Error;

/// The path of a recording, and how its files are created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file; with rotation, the name from which the names of the parts are made.
    pub path: PathBuf,
    /// What to do with files that exist.
    pub existing: Existing,
    /// The size in bytes at which a file is closed, and the next batch begins another.
    pub rotate_bytes: Option<u64>,
}

/// The files of a recording.
#[derive(Debug)]
pub(super) struct Parts {
    place: Place,
    paths: Vec<PathBuf>,
    /// The number of the next part.
    next: usize,
    /// The last closed part, still claimed until the next part exists, so that the recording always has a claimed file.
    held: Option<Claimed>,
}

impl Parts {
    /// Creates the recording without a file.
    ///
    /// With rotation, this checks for files of an earlier recording now. Finding one only when the first file is full
    /// would end a long measurement.
    pub(super) fn new(place: Place) -> Result<Self, Error> {
        let path = &place.path;
        if place.rotate_bytes == Some(0) {
            let problem = "rotate_bytes must be at least 1 byte, got 0";
            return Err(Error::Refused(problem.to_owned()));
        }
        if place.rotate_bytes.is_some() && path.is_dir() {
            return Err(not_created(path, &io::ErrorKind::IsADirectory.into()));
        }
        if place.rotate_bytes.is_some() && place.existing != Existing::Append {
            let earlier = existing_parts(path).map_err(|error| not_created(path, &error))?;
            match (earlier.first(), place.existing) {
                (Some((_, earlier)), Existing::Refuse) => {
                    return Err(not_created(earlier, &io::ErrorKind::AlreadyExists.into()));
                }
                _ => remove(path)?,
            }
        }
        Ok(Self { place, paths: Vec::new(), next: 0, held: None })
    }

    /// Claims the last file of an earlier recording; `None` if there is no such file.
    pub(super) fn claim_last(&mut self) -> Result<Option<Claimed>, Error> {
        let base = self.place.path.clone();
        let parts = || existing_parts(&base).map_err(|error| not_created(&base, &error));
        let refused = |problem: String| {
            let kind = io::ErrorKind::AlreadyExists;
            Err(Error::file_problem(&base, problem, kind, None))
        };
        loop {
            let last = parts()?.pop();
            let path = match (last, self.place.rotate_bytes) {
                (Some((_, part)), None) if !base.exists() => {
                    let part = part.display();
                    return refused(format!(
                        "the recording has parts such as {part}; pass rotate_bytes to continue it"
                    ));
                }
                (None, Some(_)) if base.is_file() => {
                    return refused(
                        "the recording is one file; omit rotate_bytes to continue it".to_owned(),
                    );
                }
                (Some((number, part)), Some(_)) => {
                    self.next = number;
                    part
                }
                (None, Some(_)) => return Ok(None),
                (_, None) => base.clone(),
            };
            match Claimed::existing(&path) {
                Ok(claimed) => {
                    let newest = parts()?.pop();
                    // Its writer may have begun another part before this claim.
                    if self.place.rotate_bytes.is_none()
                        || newest.is_some_and(|part| part.1 == path)
                    {
                        self.next += 1;
                        self.paths.push(path);
                        return Ok(Some(claimed));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound && path == base => {
                    return Ok(None);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(not_created(&path, &error)),
            }
        }
    }

    /// Returns the part before the last one.
    pub(super) fn before_last(&self) -> Option<PathBuf> {
        self.place.rotate_bytes?;
        existing_part(&self.place.path, self.next.checked_sub(2)?)
    }

    /// Creates the next file.
    pub(super) fn create_next(&mut self) -> Result<AppendFile, Error> {
        let path = match self.place.rotate_bytes {
            Some(_) => part(&self.place.path, self.next),
            None => self.place.path.clone(),
        };
        let existing = match self.place.existing {
            Existing::Append => Existing::Refuse,
            existing => existing,
        };
        let file = AppendFile::create(&path, existing);
        let file = file.map_err(|error| not_created(&path, &error))?;
        self.next += 1;
        self.paths.push(path);
        self.held = None;
        Ok(file)
    }

    /// Keeps the claim of a complete file until the next file exists.
    pub(super) fn hold(&mut self, file: AppendFile) {
        self.held = Some(file.file);
    }

    /// Releases the claim of the last file.
    pub(super) fn release(&mut self) {
        self.held = None;
    }

    /// Whether a file of `bytes` bytes is full.
    pub(super) fn is_full(&self, bytes: u64) -> bool {
        self.place.rotate_bytes.is_some_and(|most| bytes >= most)
    }

    /// The created files, the current one last.
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The current file.
    pub(super) fn path(&self) -> &Path {
        self.paths.last().unwrap_or(&self.place.path)
    }
}

/// Returns the path of a part: `run.part0003.arrow` is the fourth part of `run.arrow`.
pub(super) fn part(path: &Path, index: usize) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".part{index:04}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Returns the existing parts of a path with their numbers, in order.
pub(super) fn existing_parts(path: &Path) -> io::Result<Vec<(usize, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder(path))? {
        let name = entry?.file_name();
        if let Some(number) = part_number(&name, path) {
            found.push((number, path.with_file_name(name)));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Returns the part of a path with this number, if it exists.
pub(super) fn existing_part(path: &Path, number: usize) -> Option<PathBuf> {
    Some(part(path, number)).filter(|part| part.is_file())
}

/// Parses the number of a part of a path; `None` for another file.
fn part_number(name: &OsStr, path: &Path) -> Option<usize> {
    let prefix = path.file_stem().unwrap_or_default().as_encoded_bytes();
    let rest = name.as_encoded_bytes().strip_prefix(prefix)?.strip_prefix(b".part")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    (part(path, number).file_name() == Some(name)).then_some(number)
}

/// Removes the parts of an earlier recording, unless a writer has it open.
fn remove(path: &Path) -> Result<(), Error> {
    let parts = || existing_parts(path).map_err(|error| not_created(path, &error));
    let claim = |part: &Path| match Claimed::existing(part) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        claimed => claimed.map(Some).map_err(|error| not_created(part, &error)),
    };
    // Its writer claims only the last part, and may begin another one.
    while let Some((_, last)) = parts()?.pop() {
        let _claimed = claim(&last)?;
        let parts = parts()?;
        if parts.last().is_none_or(|(_, path)| *path != last) {
            continue;
        }
        for (_, part) in parts {
            let _claimed = if part == last { None } else { claim(&part)? };
            fs::remove_file(&part).map_err(|error| not_created(&part, &error))?;
        }
    }
    Ok(())
}

/// Returns the folder of a path.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => path,
    }
}

/// Syncs a folder to the device, because a file without its name cannot be found after a crash.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    // Other systems cannot open a folder, and sync it themselves.
    if cfg!(unix) { fs::File::open(folder(path))?.sync_all() } else { Ok(()) }
}

/// Describes why a file cannot be created, and what to do.
fn not_created(path: &Path, error: &io::Error) -> Error {
    use io::ErrorKind as Kind;
    let folder = folder(path).display();
    let problem = match error.kind() {
        Kind::AlreadyExists | Kind::IsADirectory if path.is_dir() => {
            let problem = "is a folder; pass the path of a file in it".to_owned();
            return Error::file_problem(path, problem, Kind::IsADirectory, None);
        }
        Kind::AlreadyExists => {
            "exists already; pass another path, append=True to continue it, or overwrite=True to replace it"
                .into()
        }
        Kind::ResourceBusy => {
            "is open in another writer; close that writer first, or pass another path".into()
        }
        Kind::InvalidInput if error.raw_os_error().is_none() && path.exists() => {
            "is not a regular file; pass the path of a file".to_owned()
        }
        Kind::NotFound if path.as_os_str().is_empty() => {
            "the path is empty; pass the path of a file".to_owned()
        }
        Kind::NotFound => {
            format!("cannot be created: the folder {folder} does not exist; create it first")
        }
        Kind::NotADirectory => {
            format!("cannot be created: {folder} is not a folder; pass another path")
        }
        Kind::PermissionDenied | Kind::ReadOnlyFilesystem => format!(
            "cannot be created: {}; pass a path in a writable folder",
            Error::reason(error)
        ),
        _ => format!("cannot be created: {}; pass another path", Error::reason(error)),
    };
    Error::file_problem(path, problem, error.kind(), error.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_its_number_before_the_extension() {
        assert_eq!(part(Path::new("a/run.arrow"), 3), Path::new("a/run.part0003.arrow"));
        assert_eq!(part(Path::new("run"), 12_345), Path::new("run.part12345"));
        assert_eq!(part(Path::new("run.1.arrow"), 0), Path::new("run.1.part0000.arrow"));
    }

    #[test]
    fn parts_of_other_paths_are_ignored() {
        let number = |name: &str, path: &str| part_number(name.as_ref(), Path::new(path));
        for index in [0, 7, 9_999, 10_000] {
            let path = part(Path::new("run.arrow"), index);
            assert_eq!(part_number(path.file_name().unwrap(), Path::new("run.arrow")), Some(index));
        }
        for name in [
            "run.arrow",
            "run.part000.arrow",
            "run.part00001.arrow",
            "run.part99999999999999999999.arrow",
            "run.part0000.csv",
            "run.part0000",
            "run2024.arrow",
        ] {
            assert_eq!(number(name, "run.arrow"), None, "{name}");
        }
        assert_eq!(number("run.part0000", "run"), Some(0));
        assert_eq!(number("run.part0000.arrow", "run"), None);
    }
}
