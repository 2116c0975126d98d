"""Build revisions of this repository, each into its own environment, for the programs next to this file.

Only one program at a time may work in a checkout; a second one is refused.

All revisions are built in the same folder, one after another, with the same target folder.  Cargo includes a crate's
folder in its symbols.  The same sources in two folders would therefore become builds with different code placement,
which alone can make one slower by a few per cent.  With a shared folder, a build also compiles only changed sources.
Wheels are stored by a hash of their sources, so no revision is built twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "gate"
OPERATIONS = "conf/gate/operations.toml"
TREE = BUILD / "tree"
WHEELS = BUILD / "wheels"
LOGS = BUILD / "logs"
ENVIRONMENTS = {"base": BUILD / "old", "candidate": BUILD / "new"}
"""Names of equal length: a longer path shifts memory addresses, which can change the speed."""
WORKING_TREE = "working tree"
SOURCES = ("--", ".", ":(exclude)docs/archive")
"""Everything except the archives, because a decision added to them must not count as a changed tree."""
BRANCHES = ("main", "origin/main")
BENCHMARKS = "datapoint_bench"
LINES = 15
"""Lines of a failed step's output that are shown; the rest is in its log."""
FAILED = 2
"""Exit status of a program that could not build."""


class BuildError(Exception):
    """A revision cannot be built; the message has the reason."""


@contextmanager
def alone(program: str) -> Iterator[None]:
    """Lock the checkout against other programs of this folder, because they would share its build folder and processor.

    The system releases the lock when the process ends for any reason.
    """
    BUILD.mkdir(parents=True, exist_ok=True)
    holder_file = BUILD / "holder"
    try:
        with FileLock(BUILD / "lock", timeout=0):
            began = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            holder_file.write_text(f"nox -s {program} (process {os.getpid()}, since {began})", encoding="utf-8")
            yield
    except Timeout:
        holder = holder_file.read_text(encoding="utf-8") if holder_file.is_file() else "another program"
        message = f"{holder} is running in this checkout; wait until it has ended, or stop it"
        raise BuildError(message) from None


@dataclass(frozen=True)
class Revision:
    """A commit, or the working tree.

    Parameters
    ----------
    name : str
        The requested name.
    commit : str
        Its commit.
    dirty : bool
        Whether the working tree differs from the commit.
    digest : str
        A hash of its sources.
    """

    name: str
    commit: str
    dirty: bool
    digest: str

    @property
    def label(self) -> str:
        """The name for readers."""
        commit = self.commit[:7] + (" with changes" if self.dirty else "")
        return commit if self.commit.startswith(self.name) else f"{self.name} ({commit})"


def git(*arguments: str, folder: Path = ROOT) -> str:
    """Run git, and return its output; a failure raises `BuildError`."""
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"git {arguments[0]} failed: {(done.stderr.strip() or f'status {done.returncode}').splitlines()[-1]}"
        raise BuildError(message)
    return done.stdout.strip()


def commit_of(name: str) -> str:
    """Return the commit of a revision."""
    try:
        return git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except BuildError:
        message = f"there is no revision {name!r}; name a commit, a branch or a tag (in a shallow clone, fetch it)"
        raise BuildError(message) from None


def merge_base() -> str:
    """Return the commit where this branch left main."""
    for branch in BRANCHES:
        try:
            return git("merge-base", "HEAD", branch)
        except BuildError:
            continue
    message = f"neither {' nor '.join(BRANCHES)} exists to compare with; name a revision: --base REV"
    raise BuildError(message)


def committed(name: str) -> Revision:
    """Return a revision that is in git."""
    commit = commit_of(name)
    return Revision(name, commit, dirty=False, digest=commit)


def working_tree() -> Revision:
    """Return the current sources, committed or not."""
    commit = commit_of("HEAD")
    digest = hashlib.sha256(git("diff", "--binary", "HEAD", *SOURCES).encode())
    added = untracked()
    for name in added:
        digest.update(f"\0{name}\0".encode() + (ROOT / name).read_bytes())
    dirty = bool(added or git("diff", "--name-only", "HEAD", *SOURCES))
    return Revision(WORKING_TREE, commit, dirty, f"{commit}-{digest.hexdigest()}" if dirty else commit)


def untracked() -> list[str]:
    """Return the files that are neither tracked nor ignored by git."""
    names = git("ls-files", "--others", "--exclude-standard", "-z", *SOURCES).split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


def check_out(revision: Revision) -> None:
    """Check out a revision in the build folder; equal files stay untouched, so that cargo recompiles only changes."""
    if not (TREE / ".git").exists():
        shutil.rmtree(TREE, ignore_errors=True)
        git("worktree", "prune")
        git("worktree", "add", "--force", "--detach", str(TREE), revision.commit)
    git("checkout", "--quiet", "--force", "--detach", revision.commit, folder=TREE)
    git("clean", "--quiet", "-fd", folder=TREE)
    if not revision.dirty:
        return
    changed = [name for name in git("diff", "--name-only", "-z", "HEAD").split("\0") if name]
    for name in [*changed, *untracked()]:
        there, here = TREE / name, ROOT / name
        if here.is_file():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(here, there)
            shutil.copymode(here, there)
        else:
            there.unlink(missing_ok=True)


def run(step: str, command: list[str], **further: object) -> Path:
    """Run a step, and return its log; a failure raises an error with the end of the log."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{step.replace(' ', '-')}.log"
    with log.open("w", encoding="utf-8") as file:
        try:
            status = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, check=False, **further).returncode
        except OSError as error:
            message = f"{step} failed: {command[0]} cannot be started ({error.strerror})"
            raise BuildError(message) from error
    if status:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES:]
        ending = "\n".join(f"    {line}" for line in lines)
        message = f"{step} failed with status {status}; its last lines:\n{ending}\nThe whole log: {log}"
        raise BuildError(message)
    return log


def compiler_version() -> str:
    """Return the version of the compiler, on which a stored wheel depends."""
    try:
        return subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        message = "rustc is not on PATH; install a Rust toolchain from https://rustup.rs and open a new shell"
        raise BuildError(message) from None


def build_wheel(side: str, revision: Revision, features: str) -> Path:
    """Build a revision's wheel in release mode, or return the stored one."""
    parts = [
        revision.digest,
        features,
        compiler_version(),
        os.environ.get("RUSTFLAGS", ""),
        sysconfig.get_config_var("SOABI"),
    ]
    folder = WHEELS / hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]
    if built := list(folder.glob("*.whl")):
        print(f"{side}: {revision.label} is already built", flush=True)
        return built[0]
    print(f"{side}: building {revision.label} (up to two minutes if nothing is compiled yet)", flush=True)
    begin = time.monotonic()
    check_out(revision)
    if not (TREE / "pyproject.toml").is_file():
        message = f"build of the {side} failed: {revision.label} has no pyproject.toml"
        raise BuildError(message)
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    command = ["maturin", "build", "--profile", "release", "--locked", "--auditwheel", "skip", "--out", str(part)]
    command += ["--interpreter", sys.executable, *(["--features", features] if features else [])]
    run(f"build of the {side}", command, cwd=TREE)
    part.rename(folder)
    print(f"{side}: built in {time.monotonic() - begin:.0f} s", flush=True)
    return next(folder.glob("*.whl"))


def build_benchmarks(side: str, revision: Revision, kept: Path) -> Path:
    """Build a revision's Criterion benchmarks, or return the executable that is stored next to its wheel."""
    executable = kept / ("benchmarks.exe" if os.name == "nt" else "benchmarks")
    if executable.is_file():
        return executable
    print(f"{side}: building the Criterion benchmarks of {revision.label} (a few minutes)", flush=True)
    check_out(revision)
    command = ["cargo", "bench", "--locked", "--package", "rust_daq_py", "--bench", BENCHMARKS, "--no-run"]
    log = run(f"benchmarks of the {side}", [*command, "--message-format=json"], cwd=TREE)
    messages = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    built = [path for message in messages if (path := message.get("executable")) and BENCHMARKS in Path(path).name]
    if not built:
        message = f"{revision.label} has no Criterion benchmarks {BENCHMARKS}"
        raise BuildError(message)
    shutil.copy(built[-1], executable)
    return executable


def make_environment(side: str, built: Path, folder: Path) -> Path:
    """Make an environment with a wheel and the packages of the operations, and return its interpreter."""
    run(f"environment of the {side}", ["uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)])
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # The same versions on both sides, and bytecode, so that no timed import compiles.
    packages = [str(built), "numpy", "memray; sys_platform != 'win32'"]
    command = ["uv", "pip", "install", "--quiet", "--python", str(python), "--compile-bytecode"]
    run(f"installation of the {side}", [*command, "--constraint", str(ROOT / "requirements.lock"), *packages])
    return python


def build_side(name: str, revision: Revision, features: str = "", *, criterion: bool = False) -> dict[str, str]:
    """Build one side and describe it."""
    built = build_wheel(name, revision, features)
    python = make_environment(name, built, ENVIRONMENTS[name])
    found = {"label": revision.label, "commit": revision.commit, "wheel": str(built), "python": str(python)}
    return found | ({"criterion": str(build_benchmarks(name, revision, built.parent))} if criterion else {})


def describe_commit(revision: Revision) -> dict[str, str]:
    """Return the time of a commit and the first line of its message."""
    committed, _, subject = git("show", "--no-patch", "--format=%cI%n%s", revision.commit).partition("\n")
    return {"committed": committed, "subject": subject}


def build(revisions: dict[str, Revision], features: str = "", *, criterion: bool = False) -> dict[str, dict[str, str]]:
    """Build revisions, each into the environment of its side, and describe them."""
    return {
        name: build_side(name, revision, features, criterion=criterion) | describe_commit(revision)
        for name, revision in revisions.items()
    }


def run_to_completion(command: list[str]) -> int:
    """Run a command, and return its exit status; after Ctrl-C, which also reaches the command, wait for its end."""
    with subprocess.Popen(command) as process:
        while process.returncode is None:
            with suppress(KeyboardInterrupt):
                process.wait()
    return process.returncode
