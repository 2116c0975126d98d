"""The tasks of the project; ``nox --list`` shows them.

Each session installs its dependencies, pinned by ``requirements.lock``, and builds the extension in release mode into
the shared target folder at the root.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import tomllib
import webbrowser
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import nox

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "conf" / "wheels"))

import building  # noqa: E402 - the path above is needed first
import checks  # noqa: E402
import comparison  # noqa: E402

BUILD = ROOT / "build" / "docs"
SITE = BUILD / "html"
LOCK = "requirements.lock"
PROFILES = tomllib.loads((ROOT / "conf" / "profiles.toml").read_text(encoding="utf-8"))["profile"]
# Each round is a separate process; this is the fewest for an interval.
TAIL_ROUNDS = 6
EXAMPLES = sorted(path.stem for path in (ROOT / "gallery").glob("*.py"))
CLASSIFIERS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["classifiers"]
PYTHONS = [name.rsplit(" ", 1)[1] for name in CLASSIFIERS if name.startswith("Programming Language :: Python :: 3.")]

# Without the GIL; only the compilation of the extension is checked for these.
FREE_THREADED = ["3.14t", "3.15t"]
COMPILED = [*PYTHONS, *FREE_THREADED]

CRITERION = ROOT / "target" / "criterion"

# Workers, kernels and scripts import the same packages; without bytecode, these imports dominate their start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Parts of a link's error if no host was reached at all.
UNANSWERED = ("NameResolutionError", "getaddrinfo", "Failed to resolve", "Network is unreachable", "Connection refused")
UNANSWERED += ("ProxyError", "timed out", "Max retries exceeded")

# The expected duration of a step, printed before it begins.
INSTALLING = "seconds, or minutes if everything has to be downloaded"
COMPILING = "seconds, or up to three minutes if nothing is compiled yet"

nox.options.default_venv_backend = "uv"
nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_external_run = True


def install(session: nox.Session, *groups: str, extra: str | None = None) -> None:
    """Install dependency groups, and with `extra` also the project's own dependencies, pinned by the lock."""
    arguments = ["--constraint", LOCK]
    for group in groups:
        arguments += ["--group", group]
    if extra is not None:
        arguments += ["--requirement", "pyproject.toml", "--extra", extra]
    session.install(*arguments)


def need_rust(session: nox.Session) -> None:
    """Stop with a message if there is no Rust toolchain."""
    if shutil.which("cargo") is None:
        session.error("cargo is not on PATH; install a Rust toolchain from https://rustup.rs and open a new shell")


def build_extension(session: nox.Session, profile: str = "release") -> None:
    """Build the extension from this repository into the session's environment."""
    need_rust(session)
    environment = rust_environment(session)
    develop = ["maturin", "develop", "--uv", "--profile", profile, "--locked", "--quiet"]
    # maturin passes the environment's Python, which differs between sessions; cargo would recompile PyO3 for each.
    for key, value in ("value", json.dumps(environment["PYO3_PYTHON"])), ("force", "true"):
        develop += ["--config", f"env.PYO3_PYTHON.{key}={value}"]
    # Without a group, maturin installs the group dev, ignoring the lock.
    session.run(*develop, "--group", "build", env=environment)


def rust_environment(session: nox.Session) -> dict[str, str]:
    """Return the variables of Rust builds, equal for maturin, cargo and all sessions, so that they share one build."""
    return {
        "PYO3_PYTHON": str(session_python(session).resolve()),
        "CARGO_TARGET_DIR": str(ROOT / "target"),
        "VIRTUAL_ENV": session.virtualenv.location,
    }


def session_python(session: nox.Session) -> Path:
    """Return the interpreter of the session's environment."""
    return Path(session.bin) / ("python.exe" if os.name == "nt" else "python")


@contextmanager
def step(session: nox.Session, what: str, expected: str) -> Iterator[list[float]]:
    """Log a step with its expected duration, and its actual duration at the end; yield a list with the seconds."""
    session.log(f"{what} ({expected})")
    begin, taken = time.monotonic(), [0.0]
    yield taken
    taken[0] = time.monotonic() - begin
    session.log(f"{what}: {taken[0]:.0f} s")


@nox.session
def tests(session: nox.Session) -> None:
    """Test Rust and Python: no site, no browser, no second build of the extension.

    Further arguments go to pytest.
    """
    with step(session, "install the dependencies of the tests", INSTALLING):
        install(session, "build", "test", "gate", extra="docs")
    if session.posargs:
        with step(session, "build the extension", COMPILING):
            build_extension(session)
    else:
        # The extension is optimised as a whole, by one core; the others compile the tests.
        with step(session, "build the extension and the Rust tests", COMPILING), ThreadPoolExecutor() as alongside:
            compiled = alongside.submit(build_rust_tests, session)
            build_extension(session)
            compiled.result()
        with step(session, "test the Rust crates, and run each benchmark once", "seconds"):
            test_rust(session)
    with step(session, "test the Python package", "a few minutes"):
        session.run("python", "-m", "pytest", "-n", "auto", "--dist", "worksteal", *session.posargs)


def build_rust_tests(session: nox.Session) -> None:
    """Compile the crates' tests and benchmarks."""
    cargo = ["cargo", "test", "--locked", "--workspace", "--all-targets", "--no-run", "--quiet"]
    session.run(*cargo, env=rust_environment(session), external=True)


def test_rust(session: nox.Session) -> None:
    """Run the crates' tests, with cargo-nextest if it is installed."""
    environment = rust_environment(session)
    runner = ["nextest", "run"] if shutil.which("cargo-nextest") else ["test"]
    session.run("cargo", *runner, "--locked", "--workspace", "--all-targets", env=environment, external=True)
    session.run("cargo", "test", "--locked", "--workspace", "--doc", "--quiet", env=environment, external=True)


def docs_options(session: nox.Session) -> argparse.Namespace:
    """Parse the options of the docs session."""
    parser = argparse.ArgumentParser(prog="nox -s docs --", allow_abbrev=False)
    parser.add_argument("--profile", choices=sorted(PROFILES), help="how long to measure (default: default)")
    parser.add_argument("--costs", action="store_true", help="cut no call, and write the costs to conf/costs.toml")
    parser.add_argument("--reuse", action="store_true", help="reuse the measurements of the last complete build")
    parser.add_argument("--open", action="store_true", help="open the site in a browser")
    return parse(session, parser)


def parse(session: nox.Session, parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse the options after ``--``; a wrong one ends the session with a message."""
    try:
        return parser.parse_args(session.posargs)
    except SystemExit as end:
        if end.code:
            session.error("the options after -- are wrong; see the message above")
        session.skip("only the help was requested")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the extension, run Criterion and every example, and build the site from their measurements."""
    options = docs_options(session)
    profile = PROFILES[options.profile or "default"]
    with step(session, "install the dependencies of the site", INSTALLING) as install_took:
        install(session, "build", extra="docs")
    with step(session, "build the extension", COMPILING) as build_took:
        build_extension(session)
    compile_took = criterion_took = [0.0]
    if not options.reuse:
        with step(session, "compile the Rust benchmarks", COMPILING) as compile_took:
            bench_rust(session, "--no-run")
        about = f"about {profile['criterion']} s, plus their analysis"
        with step(session, "run the Rust benchmarks", about) as criterion_took:
            run_criterion(session, profile["criterion"])
    environment = {"EVENHAND_PROFILE": options.profile or ("" if options.reuse else "default")}
    if options.reuse:
        environment["EVENHAND_REUSE"] = "1"
    if options.reuse:
        expected = "seconds, because nothing is measured"
    elif "budget" in profile:
        expected = f"{profile['budget']} s of measuring, including the Rust benchmarks, plus the pages"
    elif "gallery" in profile:
        expected = f"at least {profile['gallery']} s, more if calls need more rounds, plus the pages"
    else:
        expected = "the time that is needed to resolve 5 %, plus the pages"
    with step(session, "run the examples and write the site", expected) as site_took:
        sphinx = ["sphinx-build", "-W", "--keep-going", "--jobs", "auto", "--builder", "html", "--conf-dir", "conf"]
        sphinx += ["--doctree-dir", str(BUILD / "doctrees")]
        if "budget" in profile:
            sphinx += ["-D", f"measuring_seconds={max(profile['budget'] - criterion_took[0], 1):.0f}"]
        if options.costs:
            sphinx += ["-D", "measuring_costs=1"]
        session.run(*sphinx, "docs", str(SITE), env=environment)
    if not options.reuse:
        run = json.loads((BUILD / "run" / "run.json").read_text(encoding="utf-8"))
        examples = run["took"]["examples_ns"] / 1e9
        phases = {"installing": install_took[0], "compiling": build_took[0] + compile_took[0]}
        phases |= {"measuring": criterion_took[0] + examples, "pages": site_took[0] - examples}
        pace = statistics.median(pace for entry in run["results"] for pace in entry["pace_ns"])
        listed = ", ".join(f"{phase} {seconds:.0f} s" for phase, seconds in phases.items())
        session.log(f"{listed}; the machine's pace: {pace / 1e3:.0f} µs for the fixed piece of Python")
    session.log(f"the site is at {SITE / 'index.html'}")
    if options.open:
        webbrowser.open((SITE / "index.html").as_uri())


def bench_rust(session: nox.Session, *arguments: str, silent: bool = False) -> str:
    """Call ``cargo bench`` for the bindings, and return its output if `silent`."""
    cargo = ["cargo", "bench", "--locked", "--quiet", "--package", "rust_daq_py"]
    # The same values as maturin's; with others, each of the two would recompile the other's crates.
    python = f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}"
    bits = 64 if sys.maxsize > 2**32 else 32
    environment = {"PYO3_BUILD_EXTENSION_MODULE": "1", "PYO3_ENVIRONMENT_SIGNATURE": f"{python}-{bits}bit"}
    environment |= {**rust_environment(session), "CRITERION_HOME": str(CRITERION)}
    return session.run(*cargo, *arguments, env=environment, external=True, silent=silent)


def run_criterion(session: nox.Session, seconds: float) -> None:
    """Remove earlier reports, and run both Rust benchmarks within `seconds`."""
    shutil.rmtree(CRITERION, ignore_errors=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    benchmarks = bench_rust(session, "--bench", "datapoint_bench", "--", "--list", silent=True).count(": benchmark")
    if not benchmarks:
        session.error("datapoint_bench lists no benchmarks; cargo bench --bench datapoint_bench -- --list shows why")
    # Half of the time is for the tails.  The benchmarks share the rest equally, with a quarter for warming up.
    each = seconds / 2 / benchmarks
    times = ["--warm-up-time", f"{each / 4:.2f}", "--measurement-time", f"{each * 3 / 4:.2f}"]
    bench_rust(session, "--bench", "datapoint_bench", "--", *times)
    shutil.rmtree(BUILD / "tails", ignore_errors=True)
    (BUILD / "tails").mkdir(parents=True)
    for index in range(TAIL_ROUNDS):
        output = ["--json", str(BUILD / "tails" / f"{index}.json"), "--seconds", f"{seconds / 2 / TAIL_ROUNDS:.2f}"]
        bench_rust(session, "--bench", "datapoint_tails", "--", *output)


@nox.session
def sanitize(session: nox.Session) -> None:
    """Run the tests marked unsafe_code under valgrind, which finds invalid reads and writes of memory.

    Further arguments are test files.
    """
    if shutil.which("valgrind") is None:
        session.error("valgrind is not on PATH; it needs Linux, on Debian install it with `apt-get install valgrind`")
    with step(session, "install the dependencies of the tests", INSTALLING):
        install(session, "build", "test", extra="bench")
    with step(session, "build the extension with line numbers", COMPILING):
        build_extension(session, "sanitize")
    # Imports are slow under valgrind, so skip files without such a test.
    selected = ["python", "-m", "pytest", "-m", "unsafe_code"]
    chosen = session.posargs or building.package_tests()
    listed = session.run(*selected, "--collect-only", "-qq", *chosen, silent=True)
    files = [line.partition(":")[0] for line in listed.splitlines() if line.startswith("tests")]
    report = ROOT / "target" / "sanitize" / "valgrind.xml"
    report.unlink(missing_ok=True)
    with step(session, "run the tests under valgrind", "several minutes"):
        passed = run_under_valgrind(session, report, [*selected[1:], *files])
    session.run("python", "tests/sanitize/report.py", str(report))
    if not passed:
        session.error("tests failed under valgrind, see above")


def run_under_valgrind(session: nox.Session, report: Path, arguments: list[str]) -> bool:
    """Run Python under valgrind's memcheck, which writes its report, and return whether Python succeeded."""
    memcheck = ["valgrind", "--tool=memcheck", "--track-origins=yes", "--num-callers=50", "--error-limit=no"]
    memcheck += ["--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=none"]
    memcheck += ["--suppressions=tests/sanitize/known.supp", "--xml=yes", f"--xml-file={report}"]
    # CPython's own allocator would hide allocations from valgrind, and backtraces are slow.
    environment = {"PYTHONMALLOC": "malloc", "RUST_BACKTRACE": "0"}
    try:
        plain = ["-p", "no:xdist", "-p", "no:faulthandler", "-p", "no:cacheprovider"]
        session.run(*memcheck, str(Path(session.bin) / "python"), *arguments, *plain, env=environment, external=True)
    except nox.command.CommandFailed:
        return False
    return True


@nox.session
def acceptance(session: nox.Session) -> None:
    """Run the slow tests on the site that ``nox -s docs`` has built: pages, browser, examples and notebooks."""
    if not (SITE / "index.html").is_file():
        session.error("there is no site in build/docs/html; build it first: nox -s docs -- --profile quick")
    with step(session, "install the dependencies of the acceptance tests", INSTALLING):
        install(session, "build", "test", "gate", "acceptance", extra="docs")
    with step(session, "build the extension", COMPILING):
        build_extension(session)
    with step(session, "test the site", "several minutes"):
        environment = {"RUST_DAQ_SITE": str(SITE), **rust_environment(session)}
        # Files run in parallel, and single pages in a browser; the conftest there says which.
        for marked, workers in ("acceptance and not alone", "auto"), ("acceptance and alone", "0"):
            pytest = ["python", "-m", "pytest", "tests/acceptance", "-m", marked, "-n", workers]
            # Tests chosen by name may all belong to one of the two.
            codes = [0, 5] if session.posargs else [0]
            session.run(*pytest, *session.posargs, env=environment, success_codes=codes)


@nox.session
def linkcheck(session: nox.Session) -> None:
    """Check the links of the pages to other hosts; needs a network."""
    with step(session, "install the dependencies of the site", INSTALLING):
        install(session, "build", extra="docs")
    with step(session, "build the extension", COMPILING):
        build_extension(session)
    folder = BUILD / "linkcheck"
    check = ["sphinx-build", "--quiet", "-b", "linkcheck", "-c", "conf", "-d", str(BUILD / "linkcheck-doctrees")]
    # Nothing is measured, and each address is requested at most twice.
    settings = ["-Dnb_execution_mode=off", "-Dlinkcheck_timeout=15", "-Dlinkcheck_retries=2"]
    with step(session, "request each address", "a minute or two"):
        session.run(*check, *settings, "docs", str(folder), success_codes=[0, 1], silent=True)
    links = [json.loads(line) for line in (folder / "output.json").read_text(encoding="utf-8").splitlines()]
    if faults := broken_links(links):
        session.error("\n".join(faults))
    session.log(f"{sum(link['status'] in {'working', 'redirected'} for link in links)} links work")


def broken_links(links: list[dict[str, Any]]) -> list[str]:
    """Return a line on each broken link, with its page and the answer."""
    checked = [
        link for link in links if link["uri"].startswith("http") and link["status"] not in {"ignored", "unchecked"}
    ]
    broken = [link for link in checked if link["status"] in {"broken", "timeout"}]
    unanswered = [link for link in broken if any(word in link["info"] for word in UNANSWERED)]
    if checked and len(unanswered) == len(checked):
        hosts = sorted({link["uri"].split("/")[2] for link in checked})
        reason = "the links could not be checked: none of these hosts answers, so there seems to be no network"
        return [f"{reason}: {', '.join(hosts)}"]
    return [f"{link['filename']}:{link['lineno']}: {link['uri']}: {link['info']}" for link in broken]


@nox.session
def bench(session: nox.Session) -> None:
    """Run the examples as scripts, and archive the results; further arguments go to each example."""
    install(session, "build", extra="scale")
    build_extension(session)
    for example in EXAMPLES:
        session.run("python", f"gallery/{example}.py", "--archive", ".benchmarks", *session.posargs)
    session.run("python", "-m", "evenhand", "list", "--archive", ".benchmarks")


@nox.session
def gate(session: nox.Session) -> None:
    """Report slowdowns: build a base revision (``--base REV``) and the working tree, and measure both side by side.

    Exit status: 0, 1 for slower, 2 for usage or environment, 3 for inconclusive or not judged
    under ``--strict``.
    """
    run_gate(session, "compare")


@nox.session
def history(session: nox.Session) -> None:
    """Build and measure commits, and add two runs of each to the history: ``nox -s history -- REV...``."""
    run_gate(session, "history")


@nox.session
def trust(session: nox.Session) -> None:
    """Gather evidence on the gate's error rates, for ``--minutes``; continues where it stopped."""
    run_gate(session, "trust")


@nox.session
def survival(session: nox.Session) -> None:
    """Kill each writer of recordings fifty times, including other laboratory formats; continues where it stopped."""
    with step(session, "install the writers' packages", INSTALLING):
        install(session, "build", extra="bench")
        session.install("--constraint", LOCK, "--requirement", "conf/survival/requirements.txt")
    with step(session, "build the extension", COMPILING):
        build_extension(session)
    with step(session, "kill the writers", "minutes, or seconds if the archive is complete"):
        session.run("python", "conf/survival/gather.py", *session.posargs)


def run_gate(session: nox.Session, program: str) -> None:
    """Run a program of the folder conf/gate, and exit with its status, because nox itself uses only 0 and 1.

    Ctrl-C also reaches the program, which then stores its measurements, so wait for it to end.
    """
    need_rust(session)
    with step(session, "install the dependencies of measuring", INSTALLING):
        install(session, "build", "gate")
    environment = {**os.environ, **rust_environment(session)}
    environment["PATH"] = os.pathsep.join([session.bin, environment["PATH"]])
    command = [str(session_python(session)), f"conf/gate/{program}.py", *session.posargs]
    session.log(" ".join(("python", *command[1:])))
    with subprocess.Popen(command, env=environment) as process:
        while process.returncode is None:
            with suppress(KeyboardInterrupt):
                process.wait()
    if process.returncode:
        raise SystemExit(process.returncode)


@nox.session
def lint(session: nox.Session) -> None:
    """Check Python, Rust, workflows and prose, and that the extension compiles for each supported CPython."""
    install(session, "lint")
    need_rust(session)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("python", "conf/prose/comparing.py")
    session.run("python", "conf/prose/vocabulary.py")
    # The second file is the template of `evenhand init`.
    session.run("zizmor", "--offline", "--quiet", ".github/workflows", "kit/src/evenhand/sphinx/start/guide.yml")
    session.run("cargo", "fmt", "--all", "--check", external=True)
    clippy = ["cargo", "clippy", "--locked", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]
    session.run(*clippy, env=rust_environment(session), external=True)
    check_pythons(session)


@nox.session
def pythons(session: nox.Session) -> None:
    """Test the package on the newest installed CPython, and check that the extension compiles for the others.

    The session's own CPython is left out, because ``nox -s tests`` covers it.
    """
    need_rust(session)
    with step(session, "install the dependencies of the wheel", INSTALLING):
        install(session, "build")
    found = building.find_pythons(session, PYTHONS, [])
    version, python = list(found.items())[-1]
    # The wheel's extension is optimised as a whole, by one core; the others check.
    with ThreadPoolExecutor() as alongside:
        building_wheel = alongside.submit(building.build_quickly, session, version, python)
        check_pythons(session, {version, f"{sys.version_info.major}.{sys.version_info.minor}"})
        with step(session, f"build the wheel for CPython {version}", COMPILING):
            wheel = building_wheel.result()
    with step(session, f"test it on CPython {version}", "a minute"):
        building.test_wheel(session, version, python, wheel, released=False)


def check_pythons(session: nox.Session, built: Collection[str] = ()) -> None:
    """Check that the extension compiles for each supported CPython, except those for which it was built."""
    versions = [version for version in COMPILED if version not in built]
    with step(session, f"check that it compiles for CPython {', '.join(versions)}", "seconds, or up to two minutes"):
        checks.check(session, versions)


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of the package, and the stub against the extension."""
    install(session, "build", "types", extra="docs")
    build_extension(session)
    session.run("mypy")
    session.run("mypy", "--strict", "tests/typical_uses.py")
    session.run("python", "-m", "mypy.stubtest", "rust_daq._core")


@nox.session
def deny(session: nox.Session) -> None:
    """Check licences, bans and sources of the crates; with ``-- advisories`` download and check the advisories."""
    need_rust(session)
    tools = ROOT / "target" / "tools"
    if shutil.which("cargo-deny") is None and not (tools / "bin" / "cargo-deny").exists():
        session.log("installing cargo-deny into target/tools, which takes minutes")
        session.run("cargo", "install", "--locked", "--root", str(tools), "cargo-deny", external=True)
    checks = session.posargs or ["licenses", "bans", "sources"]
    path = os.pathsep.join([str(tools / "bin"), os.environ["PATH"]])
    session.run("cargo", "deny", "--locked", "check", *checks, env={"PATH": path}, external=True)


@nox.session(python=False)
def fuzz(session: nox.Session) -> None:
    """Fuzz the readers of recordings, a minute for each; needs Linux or macOS.

    Further arguments go to libFuzzer, such as ``-max_total_time=3600`` for a longer search.
    """
    need_rust(session)
    tools, built = ROOT / "target" / "tools", ROOT / "target" / "fuzz"
    if shutil.which("cargo-fuzz") is None and not (tools / "bin" / "cargo-fuzz").exists():
        session.log("installing cargo-fuzz into target/tools, which takes minutes")
        session.run("cargo", "install", "--locked", "--root", str(tools), "cargo-fuzz", external=True)
    environment = {
        "PATH": os.pathsep.join([str(tools / "bin"), os.environ["PATH"]]),
        "CARGO_TARGET_DIR": str(built),
        # Every compiler has the sanitizers; this unlocks them for one build.
        "RUSTC_BOOTSTRAP": "1",
    }
    seeds, found = built / "seeds", built / "corpus"
    with step(session, "write the seed recordings", COMPILING):
        cargo = ["cargo", "run", "--locked", "--quiet", "--manifest-path", "rust/fuzz/Cargo.toml", "--bin", "seeds"]
        session.run(*cargo, "--", str(seeds), env=environment, external=True)
    for target in ("arrow", "csv"):
        (found / target).mkdir(parents=True, exist_ok=True)
        with step(session, f"fuzz the {target} reader", f"a minute, plus {COMPILING}"):
            run = ["cargo", "fuzz", "run", "--fuzz-dir", "rust/fuzz", target, str(found / target), str(seeds / target)]
            limits = ["-max_total_time=60", "-timeout=10", "-rss_limit_mb=1024", "-malloc_limit_mb=256"]
            artifacts = f"-artifact_prefix={built / target}-"
            session.run(*run, "--", *limits, artifacts, *session.posargs, env=environment, external=True)


@nox.session(python=False)
def licenses(session: nox.Session) -> None:
    """Update LICENSES-THIRD-PARTY.md from the crates that are linked into the extension."""
    need_rust(session)
    session.run(sys.executable, "rust/licenses.py")


def wheels_options(session: nox.Session) -> argparse.Namespace:
    """Parse the options of the wheels session."""
    parser = argparse.ArgumentParser(prog="nox -s wheels --", allow_abbrev=False)
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="only these Pythons, such as 3.12")
    parser.add_argument("--debian", action="store_true", help="make missing Pythons from Debian's next release")
    parser.add_argument("--musl", action="store_true", help="build for Linux with musl, and test with docker")
    parser.add_argument(
        "--compare", action="store_true", help="measure the same work on all Pythons instead of testing"
    )
    return parse(session, parser)


@nox.session
def wheels(session: nox.Session) -> None:
    """Write the source distribution and, built from it, a wheel for each installed Python to dist; test each wheel.

    ``-- --help`` shows further options.
    """
    options = wheels_options(session)
    need_rust(session)
    with step(session, "install the dependencies of the wheels", INSTALLING):
        install(session, "build", "wheels")
    pythons = building.find_pythons(
        session, PYTHONS, options.versions, further=FREE_THREADED, make_debian=options.debian
    )
    with step(session, "write the source distribution", "seconds"):
        source = building.write_source(session)
    with step(session, "write the kit", "seconds"):
        session.run("uv", "build", "--quiet", "--out-dir", str(ROOT / "dist"), str(ROOT / "kit"))
    with step(session, "build the wheels from it", f"{COMPILING}, for each Python"):
        building.build_wheels(session, source, pythons, musl=options.musl)
    if options.compare:
        with step(session, "measure the same work on all of them", "about a minute, on a quiet machine"):
            comparison.compare(session, pythons)
    else:
        for version, python in pythons.items():
            with step(session, f"test the wheel for CPython {version}", "a minute"):
                if options.musl:
                    building.test_on_musl(session, version)
                else:
                    building.test_wheel(session, version, python, building.wheel_of(version), released=True)
    session.log(f"in dist: {', '.join(sorted(path.name for path in (ROOT / 'dist').iterdir()))}")


@nox.session(python=False)
def lock(session: nox.Session) -> None:
    """Update the lock: resolve the Python environments for every platform and supported Python."""
    names = ("build", "test", "gate", "acceptance", "lint", "types", "wheels")
    groups = [part for group in names for part in ("--group", group)]
    resolve = [sys.executable, "-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11", "--upgrade"]
    form = ["--generate-hashes", "--no-header", "--no-emit-index-url", "--quiet"]
    # The kit comes from this repository; its dependencies are in the lock.
    form += ["--no-emit-package", "evenhand"]
    session.run(*resolve, *form, "--all-extras", *groups, "pyproject.toml", "-o", LOCK)
