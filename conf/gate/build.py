"""Builds revisions of this repository, each into its own environment, for the programs next to this file.

One program at a time works in a checkout; a second one is refused.

All revisions are built in one folder, one after the other, into the one target folder.  Cargo takes the folder of a
crate into its names, so that the same sources in two folders become two builds whose code lies in other places, and
that alone can make one of them slower by some per cent.  It also means that a build compiles only what its sources
change.  A wheel is kept by what it is made of, and a revision that was built before is not built again.
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
"""Names of one length: what lies at another address because a path is longer can be slower, too."""
WORKING_TREE = "working tree"
SOURCES = ("--", ".", ":(exclude)docs/archive")
"""All but what the programs here write: a decision that is added would make another tree of the same sources."""
BRANCHES = ("main", "origin/main")
BENCHMARKS = "datapoint_bench"
LINES = 15
"""How much of a failed step's output is shown; the rest is in its log."""
FAILED = 2
"""Exit status of a program that could not build."""


class BuildError(Exception):
    """A revision cannot be had; said in a sentence."""


@contextmanager
def alone(program: str) -> Iterator[None]:
    """Keep other programs of this folder out of the checkout, whose build folder and processor are for one at a time.

    The system releases the lock with the process, however that ends.
    """
    BUILD.mkdir(parents=True, exist_ok=True)
    told = BUILD / "holder"
    try:
        with FileLock(BUILD / "lock", timeout=0):
            began = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            told.write_text(f"nox -s {program} (process {os.getpid()}, since {began})", encoding="utf-8")
            yield
    except Timeout:
        holder = told.read_text(encoding="utf-8") if told.is_file() else "another program"
        message = f"{holder} works in this checkout; wait until it has ended, or stop it"
        raise BuildError(message) from None


@dataclass(frozen=True)
class Revision:
    """What is built: a commit, or the working tree.

    Parameters
    ----------
    name : str
        As it was asked for.
    commit : str
        Its commit.
    dirty : bool
        Whether the working tree differs from it.
    digest : str
        Names all that it is made of.
    """

    name: str
    commit: str
    dirty: bool
    digest: str

    @property
    def label(self) -> str:
        """For people."""
        commit = self.commit[:7] + (" with changes" if self.dirty else "")
        return commit if self.commit.startswith(self.name) else f"{self.name} ({commit})"


def git(*arguments: str, folder: Path = ROOT) -> str:
    """What git answers; a refusal is a `BuildError`."""
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"git {arguments[0]} failed: {(done.stderr.strip() or f'status {done.returncode}').splitlines()[-1]}"
        raise BuildError(message)
    return done.stdout.strip()


def commit_of(name: str) -> str:
    """The commit that a revision names."""
    try:
        return git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except BuildError:
        message = f"there is no revision {name!r} here; name a commit, a branch or a tag (in a shallow clone, fetch it)"
        raise BuildError(message) from None


def merge_base() -> str:
    """Where this branch left main."""
    for branch in BRANCHES:
        try:
            return git("merge-base", "HEAD", branch)
        except BuildError:
            continue
    message = f"there is neither {' nor '.join(BRANCHES)} to compare with; name a revision: --base REV"
    raise BuildError(message)


def committed(name: str) -> Revision:
    """A revision that is in git."""
    commit = commit_of(name)
    return Revision(name, commit, dirty=False, digest=commit)


def working_tree() -> Revision:
    """The sources as they lie here, committed or not."""
    commit = commit_of("HEAD")
    digest = hashlib.sha256(git("diff", "--binary", "HEAD", *SOURCES).encode())
    added = untracked()
    for name in added:
        digest.update(f"\0{name}\0".encode() + (ROOT / name).read_bytes())
    dirty = bool(added or git("diff", "--name-only", "HEAD", *SOURCES))
    return Revision(WORKING_TREE, commit, dirty, f"{commit}-{digest.hexdigest()}" if dirty else commit)


def untracked() -> list[str]:
    """Files that git does not know and is not told to ignore."""
    names = git("ls-files", "--others", "--exclude-standard", "-z", *SOURCES).split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


def lay(revision: Revision) -> None:
    """Lay a revision into the one folder; files that are the same stay untouched, so that cargo sees what differs."""
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
    """Run a step with its output in a log, which is returned; when it fails, say which and show the end of it."""
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


def compiler() -> str:
    """The compiler that is at hand, without which a wheel that was kept says nothing."""
    try:
        return subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        message = "there is no rustc on PATH; install a Rust toolchain from https://rustup.rs and open a new shell"
        raise BuildError(message) from None


def wheel(side: str, revision: Revision, features: str) -> Path:
    """Build a revision's wheel in release mode, or take the one that was built of the same."""
    parts = [revision.digest, features, compiler(), os.environ.get("RUSTFLAGS", ""), sysconfig.get_config_var("SOABI")]
    folder = WHEELS / hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]
    if built := list(folder.glob("*.whl")):
        print(f"{side}: {revision.label} was built before", flush=True)
        return built[0]
    print(f"{side}: build {revision.label} (up to two minutes when nothing is compiled yet)", flush=True)
    begin = time.monotonic()
    lay(revision)
    if not (TREE / "pyproject.toml").is_file():
        message = (
            f"build of the {side} failed: {revision.label} has no pyproject.toml, so that there is nothing to build"
        )
        raise BuildError(message)
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    command = ["maturin", "build", "--profile", "release", "--locked", "--auditwheel", "skip", "--out", str(part)]
    command += ["--interpreter", sys.executable, *(["--features", features] if features else [])]
    run(f"build of the {side}", command, cwd=TREE)
    part.rename(folder)
    print(f"{side}: built in {time.monotonic() - begin:.0f} s", flush=True)
    return next(folder.glob("*.whl"))


def benchmarks(side: str, revision: Revision, kept: Path) -> Path:
    """Build a revision's Criterion benchmarks, or take the executable that was built of the same, beside its wheel."""
    executable = kept / ("benchmarks.exe" if os.name == "nt" else "benchmarks")
    if executable.is_file():
        return executable
    print(f"{side}: build the Criterion benchmarks of {revision.label} (some minutes)", flush=True)
    lay(revision)
    command = ["cargo", "bench", "--locked", "--package", "rust_daq_py", "--bench", BENCHMARKS, "--no-run"]
    log = run(f"benchmarks of the {side}", [*command, "--message-format=json"], cwd=TREE)
    messages = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    built = [path for message in messages if (path := message.get("executable")) and BENCHMARKS in Path(path).name]
    if not built:
        message = f"{revision.label} has no Criterion benchmarks {BENCHMARKS}"
        raise BuildError(message)
    shutil.copy(built[-1], executable)
    return executable


def environment(side: str, built: Path, folder: Path) -> Path:
    """Make an environment with a wheel in it, and what the operations import; its interpreter."""
    run(f"environment of the {side}", ["uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)])
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # The same versions on both sides; with bytecode, so that no import compiles while it is timed.
    packages = [str(built), "numpy", "memray; sys_platform != 'win32'"]
    command = ["uv", "pip", "install", "--quiet", "--python", str(python), "--compile-bytecode"]
    run(f"installation of the {side}", [*command, "--constraint", str(ROOT / "requirements.lock"), *packages])
    return python


def side(name: str, revision: Revision, features: str = "", *, criterion: bool = False) -> dict[str, str]:
    """Build one side and describe it."""
    built = wheel(name, revision, features)
    python = environment(name, built, ENVIRONMENTS[name])
    found = {"label": revision.label, "commit": revision.commit, "wheel": str(built), "python": str(python)}
    return found | ({"criterion": str(benchmarks(name, revision, built.parent))} if criterion else {})


def told(revision: Revision) -> dict[str, str]:
    """When a commit was made, and the first line of its message."""
    committed, _, subject = git("show", "--no-patch", "--format=%cI%n%s", revision.commit).partition("\n")
    return {"committed": committed, "subject": subject}


def build(revisions: dict[str, Revision], features: str = "", *, criterion: bool = False) -> dict[str, dict[str, str]]:
    """Build revisions, each into the environment of its side, and describe them."""
    return {
        name: side(name, revision, features, criterion=criterion) | told(revision)
        for name, revision in revisions.items()
    }


def to_the_end(command: list[str]) -> int:
    """Run a command that reports for itself; Ctrl-C reaches it, too, so it is waited for."""
    with subprocess.Popen(command) as process:
        while process.returncode is None:
            with suppress(KeyboardInterrupt):
                process.wait()
    return process.returncode
