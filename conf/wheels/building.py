"""The steps from the source distribution to tested wheels, for the session `wheels`."""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import components
import debian
import interpreters
import nox

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"

# Wheels have a separate target folder: their flags differ, so in a shared one each build would recompile everything.
WHEELS = ROOT / "target" / "wheels"
COMPONENTS = "rust-daq.cdx.json"
# The test files in tests that read the repository; all others need only the installed package.
REPOSITORY_TESTS = {"test_gate_build.py", "test_project.py", "test_reference.py", "test_sessions.py", "test_wheels.py"}

# Dependencies of the tests with wheels for musl and free-threaded Python, those without, and one of the former that has
# no wheels for Windows on ARM.
EVERYWHERE = ["hypothesis", "numpy", "pandas", "psutil", "pyarrow", "pytest", "pytest-xdist", "scipy", "tzdata"]
NOT_EVERYWHERE = ["duckdb", "polars"]
NOT_ON_WINDOWS_ON_ARM = ["pyarrow"]


def package_tests() -> list[str]:
    """List the tests of the package, which need only the installed package and no repository."""
    modules = sorted((ROOT / "tests").glob("test_*.py"))
    return [f"tests/{module.name}" for module in modules if module.name not in REPOSITORY_TESTS]


def tests_without(packages: Sequence[str]) -> list[str]:
    """List the tests of the package that import none of these packages."""
    imported = re.compile(rf"^(import|from) ({'|'.join(packages)})\b", re.MULTILINE)
    return [name for name in package_tests() if not imported.search((ROOT / name).read_text(encoding="utf-8"))]


def what_tests_need(version: str) -> tuple[list[str], list[str]]:
    """Return what to install for the tests of a wheel on this machine, and the tests."""
    windows_on_arm = os.name == "nt" and platform.machine() == "ARM64"
    if not windows_on_arm and not version.endswith("t"):
        return ["--group", "test"], package_tests()
    absent = [*NOT_EVERYWHERE, *(NOT_ON_WINDOWS_ON_ARM if windows_on_arm else [])]
    return [name for name in EVERYWHERE if name not in absent], tests_without(absent)


def find_pythons(
    session: nox.Session, named: list[str], wanted: list[str], *, further: Sequence[str] = (), make_debian: bool = False
) -> dict[str, str]:
    """Find an interpreter of each version, and report missing ones; a requested one must exist.

    The named versions are searched by default, the further ones only on request.
    """
    if unknown := sorted({*wanted} - {*named, *further}):
        session.error(f"there are wheels for CPython {', '.join(named)}, but not for {', '.join(unknown)}")
    versions, uv = wanted or named, shutil.which("uv", path=session.bin) or "uv"
    found = interpreters.find(versions, uv)
    makes = [version for version in versions if version in debian.VERSIONS and version not in found.paths]
    if make_debian and makes:
        session.log(
            f"making CPython {', '.join(makes)} from Debian's {debian.SUITE} in {debian.FOLDER}: about a minute"
        )
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
            f"no CPython {', '.join(missing)}: {interpreters.ABSENT}; `uv python install {missing[-1]}` installs one"
        )
    for version in versions:
        session.log(f"CPython {version}: {found.paths.get(version) or f'skipped, {interpreters.ABSENT}'}")
    return found.paths


def write_source(session: nox.Session) -> Path:
    """Write the source distribution, and unpack it for building."""
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    # Outside a repository the commit is unknown, so write it to a file; uncommitted changes have none.
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
    # The files have old dates, by which cargo would consider crates from an earlier build up to date.
    for path in source.rglob("*"):
        path.touch()
    [unpacked] = source.iterdir()
    return unpacked


def build_wheels(session: nox.Session, source: Path, pythons: dict[str, str], *, musl: bool = False) -> None:
    """Build a wheel for each interpreter, without symbols and without this machine's folders.

    On Linux the wheels need glibc 2.17 or later, or musl 1.2 or later.
    """
    flags = [*os.environ.get("RUSTFLAGS", "").split()]
    flags += [f"--remap-path-prefix={folder}={name}" for name, folder in machine_folders(session).items()]
    if musl:
        # By default the target links statically, but an extension must be a dynamic library.
        flags += ["-C", "target-feature=-crt-static"]
    # This form of the flags allows folders with spaces in their names.
    environment = {"CARGO_TARGET_DIR": str(WHEELS), "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags)}
    build = ["maturin", "build", "--release", "--locked", "--strip", "--quiet", "--out", str(ROOT / "dist")]
    last: list[str] = []
    target: list[str] = []
    if musl:
        target = ["--target", f"{platform.machine()}-unknown-linux-musl"]
        session.run("rustup", "target", "add", target[-1], external=True)
        build += ["--zig", "--compatibility", "musllinux_1_2", *target]
    elif platform.libc_ver()[0] == "glibc":
        build += ["--zig", "--compatibility", "manylinux_2_17"]
        last = ["--", "-C", f"link-arg={system_unwinder(session)}"]
    # For another system, maturin uses its own description of each version, not an interpreter of this machine.
    names = [f"python{version}" for version in pythons] if musl else list(pythons.values())
    components.write(source / COMPONENTS, *target)
    build += ["--sbom-include", COMPONENTS]
    with session.chdir(source):
        session.run(*build, "--interpreter", *names, *last, env=environment)


def system_unwinder(session: nox.Session) -> str:
    """Return the system's unwinder, which the extension is linked with.

    zig would link its own.  But when CPython before 3.14 ends a thread, glibc unwinds it with the system's unwinder,
    and two unwinders in one thread crash.
    """
    path = str(session.run("cc", "-print-file-name=libgcc_s.so.1", external=True, silent=True)).strip()
    if not Path(path).is_file():
        session.error("cc finds no libgcc_s.so.1, the library that unwinds threads; on Debian, install libgcc-s1")
    return path


def build_quickly(session: nox.Session, version: str, python: str) -> Path:
    """Build a wheel only for this machine, from the working tree, with the crates compiled by other sessions."""
    folder = ROOT / "target" / "newest"
    shutil.rmtree(folder, ignore_errors=True)
    build = ["maturin", "build", "--release", "--locked", "--quiet", "--out", str(folder), "--interpreter", python]
    session.run(*build, env={"CARGO_TARGET_DIR": str(ROOT / "target")})
    return wheel_of(version, folder)


def machine_folders(session: nox.Session) -> dict[str, str]:
    """Return this machine's source folders by their names in a wheel, inner folders last."""
    sysroot = session.run("rustc", "--print", "sysroot", external=True, silent=True).strip()
    cargo = os.environ.get("CARGO_HOME") or str(Path.home() / ".cargo")
    return {"rust-daq": str(ROOT), "target": str(WHEELS), "cargo": cargo, "rust": sysroot}


def wheel_of(version: str, folder: Path | None = None) -> Path:
    """Return the wheel of the package for a CPython, such as ``3.14``, or ``3.14t`` without the GIL."""
    interface = f"cp{version.replace('.', '')}"
    [wheel] = (folder or ROOT / "dist").glob(f"rust_daq-*-{interface.removesuffix('t')}-{interface}-*.whl")
    return wheel


def make_environment(session: nox.Session, folder: Path, python: str, *packages: str) -> Path:
    """Make an environment with packages pinned by the lock, and return the folder of its programs."""
    session.run("uv", "venv", "--quiet", "--clear", "--no-project", "--python", python, str(folder))
    session.run("uv", "pip", "install", "--quiet", "--python", str(folder), "--constraint", str(LOCK), *packages)
    return folder / ("Scripts" if os.name == "nt" else "bin")


def test_wheel(session: nox.Session, version: str, python: str, wheel: Path, *, released: bool) -> None:
    """Install a wheel without the sources and Rust, and run the tests of the package.

    A released wheel also has to pass the tests of its form.  For others Hypothesis tries fewer examples, because the
    session `tests` has tried all of them.
    """
    environment = WHEELS / "environment"
    needed, chosen = what_tests_need(version)
    scripts = make_environment(session, environment, python, *needed, str(wheel))
    folders = [os.environ["PATH"], str(scripts)]
    path = [name for name in os.pathsep.join(folders[::-1]).split(os.pathsep) if not shutil.which("cargo", path=name)]
    variables = {
        "PATH": os.pathsep.join(path),
        "PYTHONPATH": None,
        "VIRTUAL_ENV": str(environment),
        "RUST_DAQ_WHEEL": str(wheel),
        "HYPOTHESIS_PROFILE": "default" if released else "quick",
        # The extension requests the GIL; this refuses it.  An interpreter with a GIL does not start with this setting.
        "PYTHON_GIL": "0" if version.endswith("t") else None,
        "RUST_DAQ_FOLDERS": os.pathsep.join([str(Path.home()), *machine_folders(session).values()]),
    }
    with tempfile.TemporaryDirectory() as folder:
        # Copy pytest's options, but not the package.
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
    """Run tests of the package with a wheel for musl in Alpine's image."""
    if shutil.which("docker") is None:
        session.warn(f"the wheel for CPython {version} and musl was built but not tested: docker is not on PATH")
        return
    python, pinned = "/wheel/bin/python", f"--only-binary :all: --constraint {LOCK.name}"
    steps = [
        "pip install --quiet --only-binary :all: uv",
        "uv venv --quiet /wheel",
        f"uv pip install --quiet --python {python} {pinned} dist/{wheel_of(version).name} {' '.join(EVERYWHERE)}",
        "mkdir /alone && cp -r pyproject.toml tests /alone && cd /alone",
        f"{python} -m pytest -n auto --dist worksteal {' '.join(tests_without(NOT_EVERYWHERE))}",
    ]
    image = [f"--volume={ROOT}:/source:ro", "--workdir=/source", f"python:{version}-alpine"]
    session.run("docker", "run", "--rm", *image, "sh", "-euc", "\n".join(steps), external=True)
