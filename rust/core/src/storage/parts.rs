//! Where a recording goes: one file, or several that follow upon each other.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::file::AppendFile;
use crate::error::Error;

/// Where a recording goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file; with rotation, what the names of the files are made of.
    pub path: PathBuf,
    /// Whether files that are there are replaced.
    pub overwrite: bool,
    /// From how many bytes on a file is closed and the next batch begins another.
    pub rotate_bytes: Option<u64>,
}

/// The files of a recording.
#[derive(Debug)]
pub(super) struct Parts {
    place: Place,
    paths: Vec<PathBuf>,
}

impl Parts {
    /// The recording that goes there, of which no file is made yet.
    ///
    /// With rotation the files of an earlier recording are looked for: to find one of them only when the first is full
    /// would end a long measurement.
    pub(super) fn new(place: Place) -> Result<Self, Error> {
        if place.rotate_bytes == Some(0) {
            return Err(Error::Zero { argument: "rotate_bytes", wanted: "the bytes of a file" });
        }
        if place.rotate_bytes.is_some() {
            for earlier in earlier(&place.path).map_err(|error| not_created(&place.path, &error))? {
                if !place.overwrite {
                    return Err(not_created(&earlier, &io::ErrorKind::AlreadyExists.into()));
                }
                fs::remove_file(&earlier).map_err(|error| not_created(&earlier, &error))?;
            }
        }
        Ok(Self { place, paths: Vec::new() })
    }

    /// Makes the next file.
    pub(super) fn create_next(&mut self) -> Result<AppendFile, Error> {
        let path = match self.place.rotate_bytes {
            Some(_) => part(&self.place.path, self.paths.len()),
            None => self.place.path.clone(),
        };
        let file = AppendFile::create(&path, self.place.overwrite);
        let file = file.map_err(|error| not_created(&path, &error))?;
        self.paths.push(path);
        Ok(file)
    }

    /// Whether a file of so many bytes is full.
    pub(super) fn is_full(&self, bytes: u64) -> bool {
        self.place.rotate_bytes.is_some_and(|most| bytes >= most)
    }

    /// The files that were made, the present one last.
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The present file.
    pub(super) fn path(&self) -> &Path {
        self.paths.last().unwrap_or(&self.place.path)
    }
}

/// The path of a part: `run.part0003.arrow` is the fourth of `run.arrow`.
fn part(path: &Path, index: usize) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".part{index:04}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// The parts of a path that are there.
fn earlier(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder(path))? {
        let name = entry?.file_name();
        if is_part(&name, path) {
            found.push(path.with_file_name(name));
        }
    }
    found.sort();
    Ok(found)
}

fn is_part(name: &OsString, path: &Path) -> bool {
    let prefix = path.file_stem().unwrap_or_default().as_encoded_bytes();
    let rest = name.as_encoded_bytes().strip_prefix(prefix);
    let Some(rest) = rest.and_then(|rest| rest.strip_prefix(b".part")) else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let extension = path.extension().map(|extension| [b".", extension.as_encoded_bytes()].concat());
    digits >= 4 && rest[digits..] == extension.unwrap_or_default()
}

/// The folder that a path is in.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => path,
    }
}

/// Lets the name of a new file reach the device, without which its content would be found by nobody.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened, and the system sees to it.
    if cfg!(unix) { fs::File::open(folder(path))?.sync_all() } else { Ok(()) }
}

/// Why a file is not made, and what to do.
fn not_created(path: &Path, error: &io::Error) -> Error {
    use io::ErrorKind as Kind;
    let folder = folder(path).display();
    let problem = match error.kind() {
        Kind::AlreadyExists | Kind::IsADirectory if path.is_dir() => {
            let problem = "is a folder; pass the path of a file in it".to_owned();
            return Error::file_problem(path, problem, Kind::IsADirectory, None);
        }
        Kind::AlreadyExists => "exists; pass another path, or overwrite=True to replace it".into(),
        Kind::NotFound if path.as_os_str().is_empty() => {
            "the path is empty; pass that of a file".to_owned()
        }
        Kind::NotFound => {
            format!("cannot be created: there is no folder {folder}; make it first")
        }
        Kind::NotADirectory => {
            format!("cannot be created: {folder} is no folder; pass another path")
        }
        Kind::PermissionDenied | Kind::ReadOnlyFilesystem => format!(
            "cannot be created: {}; pass a path in a folder that you may write to",
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
    fn only_parts_of_the_very_path_are_parts_of_it() {
        let is = |name: &str, path: &str| is_part(&name.into(), Path::new(path));
        for index in [0, 7, 9_999, 10_000] {
            let path = part(Path::new("run.arrow"), index);
            assert!(is(path.file_name().unwrap().to_str().unwrap(), "run.arrow"));
        }
        for name in
            ["run.arrow", "run.part000.arrow", "run.part0000.csv", "run.part0000", "run2024.arrow"]
        {
            assert!(!is(name, "run.arrow"), "{name}");
        }
        assert!(is("run.part0000", "run"));
        assert!(!is("run.part0000.arrow", "run"));
    }
}
