//! Links benches against libpython and writes the build facts into the extension.

use std::env::var;
use std::fs::read_to_string;
use std::path::Path;
use std::process::Command;

const UNKNOWN: &str = "unknown";

/// The sources of the extension. Python files are not included, because editing them requires no build.
const SOURCES: [&str; 6] =
    ["../core", "src", "build.rs", "Cargo.toml", "../../Cargo.toml", "../../Cargo.lock"];

fn main() {
    // Otherwise a test silently loads the distribution's libpython.
    pyo3_build_config::add_libpython_rpath_link_args();
    pyo3_build_config::use_pyo3_cfgs();
    link_benches();

    let (commit, dirty) = if is_tracked() { facts_from_git() } else { facts_from_file() };
    fact("COMMIT", &commit);
    fact("DIRTY", dirty);
    fact("TARGET", &var("TARGET").unwrap_or_else(|_| UNKNOWN.into()));
    fact("TARGET_FEATURES", &var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default());
    fact("RUSTC", &rustc_version());
    fact("PYO3", &locked_version("pyo3"));
    for source in SOURCES {
        rerun_if_changed(source);
    }
}

/// Links benches against libpython. They are built like an extension, for which pyo3 does not link libpython, so that
/// both share their compiled dependencies.
fn link_benches() {
    let python = pyo3_build_config::get();
    // On Windows, libpython is always linked.
    if let (Ok(_), Some(folder), Some(name)) =
        (var("CARGO_CFG_UNIX"), python.lib_dir(), python.lib_name())
    {
        for argument in [format!("-L{folder}"), format!("-Wl,-rpath,{folder}"), format!("-l{name}")]
        {
            println!("cargo::rustc-link-arg-benches={argument}");
        }
    }
}

fn fact(name: &str, value: &str) {
    println!("cargo::rustc-env=RUST_DAQ_{name}={value}");
}

/// Watches a file, if it exists: Cargo treats a missing file as changed.
fn rerun_if_changed(path: &str) {
    if Path::new(path).exists() {
        println!("cargo::rerun-if-changed={path}");
    }
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Returns whether this manifest is tracked by git, and not merely inside the work tree of another project.
fn is_tracked() -> bool {
    output("git", &["ls-files", "--error-unmatch", "Cargo.toml"]).is_some()
}

fn facts_from_git() -> (String, &'static str) {
    // HEAD changes with a checkout; its reflog and its branch change with a commit.
    let branch = output("git", &["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD", "logs/HEAD"].into_iter().chain(branch.as_deref()) {
        if let Some(path) = output("git", &["rev-parse", "--git-path", name]) {
            rerun_if_changed(&path);
        }
    }
    // The last commit that changed the sources: a commit that changed only a page leaves the extension identical.
    let commit = output("git", &[&["log", "-1", "--format=%H", "--"], &SOURCES[..]].concat());
    // Without optional locks, so that a build never blocks a commit.
    let arguments = ["--no-optional-locks", "status", "--porcelain", "--"];
    let dirty = match output("git", &[&arguments[..], &SOURCES[..]].concat()) {
        Some(changes) if changes.is_empty() => "no",
        Some(_) => "yes",
        None => UNKNOWN,
    };
    (commit.filter(|commit| !commit.is_empty()).unwrap_or_else(|| UNKNOWN.into()), dirty)
}

/// Reads the commit of a source distribution from a file that the release task wrote.
fn facts_from_file() -> (String, &'static str) {
    rerun_if_changed("COMMIT");
    let commit = read_to_string("COMMIT").unwrap_or_default();
    let commit = commit.trim();
    let is_hash = commit.len() >= 40 && commit.chars().all(|digit| digit.is_ascii_hexdigit());
    (if is_hash { commit } else { UNKNOWN }.to_owned(), UNKNOWN)
}

fn rustc_version() -> String {
    let rustc = var("RUSTC").unwrap_or_else(|_| "rustc".into());
    output(&rustc, &["--version"]).unwrap_or_else(|| UNKNOWN.into())
}

/// Reads the version of a crate from `Cargo.lock`, because Cargo does not pass it to a build script.
fn locked_version(package: &str) -> String {
    let lock = read_to_string("../../Cargo.lock").unwrap_or_default();
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{package}\""));
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = \""));
    version.map_or(UNKNOWN, |version| version.trim_end_matches('"')).to_owned()
}
