"""The steps from the source distribution to tested wheels, each called by the session `wheels`."""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import debian
import interpreters
import nox

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"

# Wheels are compiled apart: their flags differ, so that in one folder each would undo what the other compiled.
WHEELS = ROOT / "target" / "wheels"
# The tests in tests that read the repository; all others there pass wherever the package is installed.
REPOSITORY_TESTS = {"test_gate_build.py", "test_project.py", "test_reference.py", "test_sessions.py", "test_wheels.py"}

# What tests need of packages that have wheels for musl and without the GIL, and the ones that do not.
EVERYWHERE = ["hypothesis", "numpy", "pandas", "psutil", "pyarrow", "pytest", "pytest-xdist", "scipy", "tzdata"]
NOT_EVERYWHERE = re.compile(r"^(import|from) (duckdb|polars)", re.MULTILINE)


def package_tests() -> list[str]:
    """List the tests of the package: they need it installed, and nothing of the repository."""
    modules = sorted((ROOT / "tests").glob("test_*.py"))
    return [f"tests/{module.name}" for module in modules if module.name not in REPOSITORY_TESTS]


def plain_tests() -> list[str]:
    """List those of them that need only packages with wheels for every system."""
    return [name for name in package_tests() if not NOT_EVERYWHERE.search((ROOT / name).read_text(encoding="utf-8"))]


def find_pythons(
    session: nox.Session, named: list[str], wanted: list[str], *, further: Sequence[str] = (), make_debian: bool = False
) -> dict[str, str]:
    """Find an interpreter of each version, and say which are missing; one that was asked for has to be there.

    Those that are named are looked for, the further ones only where they were asked for.
    """
    if unknown := sorted({*wanted} - {*named, *further}):
        session.error(f"there are wheels for CPython {', '.join(named)}, and not for {', '.join(unknown)}")
    versions, uv = wanted or named, shutil.which("uv", path=session.bin) or "uv"
    found = interpreters.find(versions, uv)
    makes = [version for version in versions if version in debian.VERSIONS and version not in found.paths]
    if make_debian and makes:
        session.log(f"makes CPython {', '.join(makes)} of Debian's {debian.SUITE} in {debian.FOLDER}: about a minute")
        try:
            debian.make(makes)
        except debian.DebianError as error:
            session.error(str(error))
        found = interpreters.find(versions, uv)
    for sentence in found.broken:
        session.warn(sentence)
    missing = [version for version in versions if version not in found.paths]
    if missing and (wanted or not found.paths):
        session.error(
            f"no CPython {', '.join(missing)}: {interpreters.ABSENT}; `uv python install {missing[-1]}` gets one"
        )
    for version in versions:
        session.log(f"CPython {version}: {found.paths.get(version) or f'skipped, {interpreters.ABSENT}'}")
    return found.paths


def write_source(session: nox.Session) -> Path:
    """Write the source distribution, and unpack it to build from."""
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    # Outside a repository nothing tells the commit; what is not committed has none.
    changes = session.run("git", "status", "--porcelain", "--untracked-files=no", external=True, silent=True)
    commit = "" if changes.strip() else session.run("git", "rev-parse", "HEAD", external=True, silent=True)
    written = ROOT / "rust" / "bindings" / "COMMIT"
    written.write_text(commit, encoding="utf-8")
    try:
        session.run("maturin", "sdist", "--out", "dist", silent=True)
    finally:
        written.unlink()
    source = WHEELS / "source"
    shutil.rmtree(source, ignore_errors=True)
    [archive] = (ROOT / "dist").glob("rust_daq-*.tar.gz")
    shutil.unpack_archive(archive, source)
    # Its files are dated years back, and cargo would take what it compiled of an earlier one for this one's.
    for path in source.rglob("*"):
        path.touch()
    [unpacked] = source.iterdir()
    return unpacked


def build_wheels(session: nox.Session, source: Path, pythons: dict[str, str], *, musl: bool = False) -> None:
    """Build a wheel for each interpreter: no symbols, no folder of this machine.

    On Linux they are for glibc from 2.17 on, or for musl from 1.2 on.
    """
    flags = [*os.environ.get("RUSTFLAGS", "").split()]
    flags += [f"--remap-path-prefix={folder}={name}" for name, folder in machine_folders(session).items()]
    if musl:
        # Without it the target links statically, and a static library is no extension.
        flags += ["-C", "target-feature=-crt-static"]
    # The form that takes folders with blanks in their names.
    environment = {"CARGO_TARGET_DIR": str(WHEELS), "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags)}
    build = ["maturin", "build", "--release", "--locked", "--strip", "--quiet", "--out", str(ROOT / "dist")]
    last: list[str] = []
    if musl:
        target = f"{platform.machine()}-unknown-linux-musl"
        session.run("rustup", "target", "add", target, external=True)
        build += ["--zig", "--compatibility", "musllinux_1_2", "--target", target]
    elif platform.libc_ver()[0] == "glibc":
        build += ["--zig", "--compatibility", "manylinux_2_17"]
        last = ["--", "-C", f"link-arg={system_unwinder(session)}"]
    # Another system's wheel is built by what maturin knows of each version, and not by an interpreter of this one.
    names = [f"python{version}" for version in pythons] if musl else list(pythons.values())
    with session.chdir(source):
        session.run(*build, "--interpreter", *names, *last, env=environment)


def system_unwinder(session: nox.Session) -> str:
    """The unwinder of the system, against which the extension is linked.

    zig would link its own into it. But glibc unwinds a thread by the system's when CPython before 3.14 ends it, and the
    two in one thread crash.
    """
    path = str(session.run("cc", "-print-file-name=libgcc_s.so.1", external=True, silent=True)).strip()
    if not Path(path).is_file():
        session.error("cc knows no libgcc_s.so.1, the library that unwinds threads; on Debian libgcc-s1 has it")
    return path


def build_quickly(session: nox.Session, version: str, python: str) -> Path:
    """Build a wheel for this machine alone, from the tree, with what the other sessions compiled."""
    folder = ROOT / "target" / "newest"
    shutil.rmtree(folder, ignore_errors=True)
    build = ["maturin", "build", "--release", "--locked", "--quiet", "--out", str(folder), "--interpreter", python]
    session.run(*build, env={"CARGO_TARGET_DIR": str(ROOT / "target")})
    return wheel_of(version, folder)


def machine_folders(session: nox.Session) -> dict[str, str]:
    """Folders of this machine from which something is compiled, by what a wheel calls them; the inner ones last."""
    sysroot = session.run("rustc", "--print", "sysroot", external=True, silent=True).strip()
    cargo = os.environ.get("CARGO_HOME") or str(Path.home() / ".cargo")
    return {"rust-daq": str(ROOT), "target": str(WHEELS), "cargo": cargo, "rust": sysroot}


def wheel_of(version: str, folder: Path | None = None) -> Path:
    """The wheel of the package for a CPython, such as ``3.14``, or ``3.14t`` without the GIL."""
    interface = f"cp{version.replace('.', '')}"
    [wheel] = (folder or ROOT / "dist").glob(f"rust_daq-*-{interface.removesuffix('t')}-{interface}-*.whl")
    return wheel


def make_environment(session: nox.Session, folder: Path, python: str, *packages: str) -> Path:
    """Make an environment of an interpreter with these packages, pinned by the lock; return where its programs are."""
    session.run("uv", "venv", "--quiet", "--clear", "--no-project", "--python", python, str(folder))
    session.run("uv", "pip", "install", "--quiet", "--python", str(folder), "--constraint", str(LOCK), *packages)
    return folder / ("Scripts" if os.name == "nt" else "bin")


def test_wheel(session: nox.Session, version: str, python: str, wheel: Path, *, released: bool) -> None:
    """Install a wheel where there is nothing else, no sources and no Rust, and run the tests of the package there.

    One that is released has to pass those of its form, too. For another one Hypothesis looks at fewer examples: the
    session `tests` has looked at all of them.
    """
    environment = WHEELS / "environment"
    # Without the GIL, too, not every package has wheels.
    needed, chosen = (EVERYWHERE, plain_tests()) if version.endswith("t") else (["--group", "test"], package_tests())
    scripts = make_environment(session, environment, python, *needed, str(wheel))
    folders = [os.environ["PATH"], str(scripts)]
    path = [name for name in os.pathsep.join(folders[::-1]).split(os.pathsep) if not shutil.which("cargo", path=name)]
    variables = {
        "PATH": os.pathsep.join(path),
        "PYTHONPATH": None,
        "VIRTUAL_ENV": str(environment),
        "RUST_DAQ_WHEEL": str(wheel),
        "HYPOTHESIS_PROFILE": "default" if released else "quick",
        # The extension asks for the GIL; this refuses it. An interpreter that has one does not start with it.
        "PYTHON_GIL": "0" if version.endswith("t") else None,
        "RUST_DAQ_FOLDERS": os.pathsep.join([str(Path.home()), *machine_folders(session).values()]),
    }
    with tempfile.TemporaryDirectory() as folder:
        # The options of pytest come along, the package does not.
        shutil.copy(ROOT / "pyproject.toml", folder)
        for part in ("data", "wheel") if released else ("data",):
            shutil.copytree(ROOT / "tests" / part, Path(folder) / "tests" / part)
        for module in (ROOT / "tests").glob("*.py"):
            if not module.name.startswith("test_") or f"tests/{module.name}" in chosen:
                shutil.copy(module, Path(folder) / "tests")
        with session.chdir(folder):
            pytest = [str(scripts / "python"), "-m", "pytest", "-n", "auto", "--dist", "worksteal", "tests"]
            session.run(*pytest, env=variables, external=True)


def test_on_musl(session: nox.Session, version: str) -> None:
    """Run tests of the package with a wheel for musl, in Alpine's image."""
    if shutil.which("docker") is None:
        session.warn(f"the wheel for CPython {version} and musl was built and not tested: there is no docker on PATH")
        return
    python, pinned = "/wheel/bin/python", f"--only-binary :all: --constraint {LOCK.name}"
    steps = [
        "pip install --quiet --only-binary :all: uv",
        "uv venv --quiet /wheel",
        f"uv pip install --quiet --python {python} {pinned} dist/{wheel_of(version).name} {' '.join(EVERYWHERE)}",
        "mkdir /alone && cp -r pyproject.toml tests /alone && cd /alone",
        f"{python} -m pytest -n auto --dist worksteal {' '.join(plain_tests())}",
    ]
    image = [f"--volume={ROOT}:/source:ro", "--workdir=/source", f"python:{version}-alpine"]
    session.run("docker", "run", "--rm", *image, "sh", "-euc", "\n".join(steps), external=True)
