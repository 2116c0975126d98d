"""The Pythons that wheels are built for: how they are found, created and refused, and what is built."""

import contextlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HERE = f"{sys.version_info.major}.{sys.version_info.minor}{'t' * bool(sysconfig.get_config_var('Py_GIL_DISABLED'))}"
NAMED = ["3.11", "3.12", "3.13"]
ELSEWHERE = "--debian needs Debian with apt-get; elsewhere use pyenv or `uv python install"
NOT_ROOT = "--debian needs root, because debootstrap does; run it as root, or use `uv python install"

shell_only = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")


@pytest.fixture
def wheels(monkeypatch):
    """The modules of conf/wheels, with a stand-in for nox, which is not in the tests' environment."""
    nox = types.ModuleType("nox")
    nox.Session = object
    monkeypatch.setitem(sys.modules, "nox", nox)
    monkeypatch.syspath_prepend(str(ROOT / "conf" / "wheels"))
    names = ("components", "debian", "interpreters", "building", "checks", "comparison")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield types.SimpleNamespace(**{name: importlib.import_module(name) for name in names})
    for name in names:
        sys.modules.pop(name, None)


class EndedError(Exception):
    pass


class Session:
    bin = "no such folder"

    def __init__(self):
        self.said = []
        self.warned = []

    def log(self, sentence):
        self.said.append(sentence)

    def warn(self, sentence):
        self.warned.append(sentence)

    def error(self, sentence):
        raise EndedError(sentence)


def found(wheels, monkeypatch, *versions, broken=()):
    """Make these versions available."""
    paths = {version: f"/{version}" for version in versions}
    monkeypatch.setattr(
        wheels.interpreters,
        "find",
        lambda wanted, _: wheels.interpreters.Interpreters(
            {version: paths[version] for version in wanted if version in paths}, list(broken)
        ),
    )


def program(folder, script):
    """Create a program that looks like an interpreter."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


# Finding interpreters


def test_a_wheel_is_built_for_each_supported_python_found(wheels, monkeypatch):
    found(wheels, monkeypatch, "3.11", "3.13")
    session = Session()
    paths = wheels.building.find_pythons(session, NAMED, [])
    assert paths == {"3.11": "/3.11", "3.13": "/3.13"}
    assert f"CPython 3.12: skipped, {wheels.interpreters.ABSENT}" in session.said
    assert "CPython 3.13: /3.13" in session.said


def test_no_python_found_is_an_error(wheels, monkeypatch):
    found(wheels, monkeypatch)
    with pytest.raises(EndedError, match=r"no CPython 3\.11, 3\.12, 3\.13: not on PATH"):
        wheels.building.find_pythons(Session(), NAMED, [])


def test_a_requested_python_is_not_skipped(wheels, monkeypatch):
    found(wheels, monkeypatch, "3.13")
    assert wheels.building.find_pythons(Session(), NAMED, ["3.13"]) == {"3.13": "/3.13"}
    with pytest.raises(EndedError, match=r"no CPython 3\.12: not on PATH"):
        wheels.building.find_pythons(Session(), NAMED, ["3.12", "3.13"])


def test_a_python_without_support_is_refused(wheels):
    with pytest.raises(EndedError, match=r"but not for 3\.9"):
        wheels.building.find_pythons(Session(), NAMED, ["3.9"])


def test_a_python_without_the_gil_is_used_only_on_request(wheels, monkeypatch):
    found(wheels, monkeypatch, "3.13", "3.14t")
    take = wheels.building.find_pythons
    assert take(Session(), ["3.13"], [], further=["3.14t"]) == {"3.13": "/3.13"}
    assert take(Session(), ["3.13"], ["3.14t"], further=["3.14t"]) == {"3.14t": "/3.14t"}


@pytest.mark.parametrize(("version", "name"), [("3.14", "cp314-cp314"), ("3.14t", "cp314-cp314t")])
def test_the_wheel_of_a_version_is_known_by_its_interface(wheels, monkeypatch, tmp_path, version, name):
    monkeypatch.setattr(wheels.building, "ROOT", tmp_path)
    (tmp_path / "dist").mkdir()
    for interface in ("cp313-cp313", "cp314-cp314", "cp314-cp314t"):
        (tmp_path / "dist" / f"rust_daq-0.1.0-{interface}-manylinux_2_17_x86_64.whl").touch()
    assert wheels.building.wheel_of(version).name == f"rust_daq-0.1.0-{name}-manylinux_2_17_x86_64.whl"


def test_tests_that_need_missing_wheels_are_skipped(wheels):
    packages, chosen = wheels.building.what_tests_need("3.14t")
    names = {Path(name).name for name in chosen}
    assert {"test_datapoint.py", "test_threads.py"} <= names
    assert names.isdisjoint({"test_batch_arrow.py", "test_storage_formats.py"})
    assert "pyarrow" in packages


def test_windows_on_arm_also_lacks_pyarrow(wheels, monkeypatch):
    monkeypatch.setattr(wheels.building, "os", types.SimpleNamespace(name="nt"))
    monkeypatch.setattr(wheels.building.platform, "machine", lambda: "ARM64")
    packages, chosen = wheels.building.what_tests_need("3.13")
    assert "numpy" in packages
    assert "pyarrow" not in packages
    imports = re.compile(r"^(import|from) (pyarrow|duckdb|polars)\b", re.MULTILINE)
    assert [name for name in chosen if imports.search((ROOT / name).read_text(encoding="utf-8"))] == []
    assert "tests/test_datapoint.py" in chosen


def test_the_components_of_a_wheel_are_those_that_are_linked(wheels):
    lock = tomllib.loads("""
[[package]]
name = "rust_daq_py"
version = "1.2.3"
dependencies = ["b 2.0.0", "macro"]
[[package]]
name = "b"
version = "1.0.0"
source = "registry"
checksum = "b1"
[[package]]
name = "b"
version = "2.0.0"
source = "registry"
checksum = "b2"
dependencies = ["c", "macro"]
[[package]]
name = "c"
version = "3.0.0"
source = "registry"
checksum = "c3"
[[package]]
name = "macro"
version = "1.0.0"
source = "registry"
checksum = "m1"
""")
    terms = {("b", "2.0.0"): "MIT/Apache-2.0", ("c", "3.0.0"): "Zlib"}
    written = wheels.components.document({("b", "2.0.0"), ("c", "3.0.0")}, lock, terms)
    assert written == wheels.components.document({("c", "3.0.0"), ("b", "2.0.0")}, lock, terms)
    read = json.loads(written)
    assert read["metadata"]["component"]["purl"] == "pkg:pypi/rust-daq@1.2.3"
    assert [(each["purl"], each["hashes"][0]["content"]) for each in read["components"]] == [
        ("pkg:cargo/b@2.0.0", "b2"),
        ("pkg:cargo/c@3.0.0", "c3"),
    ]
    assert read["components"][0]["licenses"] == [{"expression": "MIT OR Apache-2.0"}]
    assert {each["ref"]: each["dependsOn"] for each in read["dependencies"]} == {
        "pkg:pypi/rust-daq@1.2.3": ["pkg:cargo/b@2.0.0"],
        "pkg:cargo/b@2.0.0": ["pkg:cargo/c@3.0.0"],
        "pkg:cargo/c@3.0.0": [],
    }
    # Anything that differs between two builds of the same sources would be here.
    assert set(read["metadata"]) == {"component"}
    other = json.loads(wheels.components.document({("c", "3.0.0")}, lock, terms))
    assert read["serialNumber"] != other["serialNumber"]


def test_a_broken_python_is_named_and_the_others_are_used(wheels, monkeypatch):
    found(wheels, monkeypatch, "3.11", broken=["/x/python does not start"])
    session = Session()
    assert wheels.building.find_pythons(session, NAMED, []) == {"3.11": "/3.11"}
    assert session.warned == ["/x/python does not start"]


def test_an_interpreter_is_asked_what_it_is(wheels):
    name, version, path = wheels.interpreters.ask(sys.executable)
    assert (name, version) == (sys.implementation.name, HERE)
    assert Path(path).samefile(sys.executable)


@shell_only
@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("kill -SEGV $$", "ended with status -11 and printed: nothing"),
        ("echo 'no libpython' >&2; exit 127", "ended with status 127 and printed: no libpython"),
        ("echo 'Python 3.12 it is'", "printed no version, but: Python 3.12 it is"),
        ("echo '[]'", r"printed no version, but: \[\]"),
        ("true", "printed no version, but: nothing"),
        ("sleep 9", "did not report its version within 0.5 s"),
    ],
)
def test_a_broken_interpreter_is_reported(wheels, monkeypatch, tmp_path, script, sentence):
    monkeypatch.setattr(wheels.interpreters, "SECONDS", 0.5 if "sleep" in script else 30)
    path = program(tmp_path, script)
    with pytest.raises(wheels.interpreters.BrokenInterpreterError, match=rf"{path} {sentence}.*; repair or remove it"):
        wheels.interpreters.ask(path)


def test_a_file_that_is_not_a_program_is_reported(wheels, tmp_path):
    with pytest.raises(wheels.interpreters.BrokenInterpreterError, match=r"does not start: .*; repair or remove it"):
        wheels.interpreters.ask(str(tmp_path / "python"))


@shell_only
def test_after_a_broken_interpreter_the_next_one_is_used(wheels, monkeypatch, tmp_path):
    broken = program(tmp_path, "exit 3")
    monkeypatch.setattr(wheels.interpreters, "candidates", lambda *_: iter([broken, sys.executable]))
    found = wheels.interpreters.find([HERE], "uv")
    assert Path(found.paths[HERE]).samefile(sys.executable)
    assert [sentence.split()[0] for sentence in found.broken] == [broken]


def test_an_interpreter_of_another_version_is_skipped(wheels, monkeypatch):
    monkeypatch.setattr(wheels.interpreters, "candidates", lambda *_: iter([sys.executable]))
    found = wheels.interpreters.find(["3.9"], "uv")
    assert (found.paths, found.broken) == ({}, [])


@shell_only
def test_interpreters_are_searched_if_uv_finds_none(wheels, monkeypatch, tmp_path):
    for name in (f"{HERE}.7", f"{HERE}.7t"):
        (tmp_path / "versions" / name).mkdir(parents=True)
    named = tmp_path / f"python{HERE}"
    named.touch(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(wheels.debian, "interpreter", lambda _: named)
    uv = shutil.which("false", path="/usr/bin:/bin")
    of_pyenv = str(tmp_path / "versions" / f"{HERE}.7" / "bin" / "python")
    assert list(wheels.interpreters.candidates(HERE, uv)) == [str(named), of_pyenv, str(named)]


# Creating interpreters from Debian


@pytest.fixture
def debian(wheels, monkeypatch):
    """A Debian that permits everything and runs nothing."""
    monkeypatch.setattr(wheels.debian, "refuse_elsewhere", lambda: None)
    monkeypatch.setattr(wheels.debian.shutil, "which", lambda name: f"/usr/sbin/{name}")
    return wheels.debian


def answering(*answers):
    """Return a stand-in for `run` with these answers, by the name of the program."""
    calls = []

    def run(command, _=None):
        calls.append(command)
        if "debootstrap" in command and command[0] == "unshare":
            Path(command[-3]).mkdir(parents=True)
        name = "debootstrap" if "debootstrap" in command and command[0] == "unshare" else command[0]
        status, said = dict(answers).get(name, (0, ""))
        return subprocess.CompletedProcess(command, status, said, "")

    run.calls = calls
    return run


def test_missing_pythons_are_made_on_request(wheels, monkeypatch):
    made = []
    found(wheels, monkeypatch, "3.11")
    monkeypatch.setattr(wheels.debian, "make", made.append)
    session = Session()
    wheels.building.find_pythons(session, ["3.11", "3.12", "3.14", "3.15"], [], make_debian=True)
    assert made == [["3.14", "3.15"]]
    assert any(line.startswith("making CPython 3.14, 3.15 from Debian's forky in ") for line in session.said)


def test_pythons_are_not_made_without_a_request(wheels, monkeypatch):
    found(wheels, monkeypatch, "3.11")
    monkeypatch.setattr(wheels.debian, "make", lambda _: pytest.fail("made"))
    wheels.building.find_pythons(Session(), ["3.11", "3.15"], [])


def test_pythons_are_not_made_if_none_is_missing(wheels, monkeypatch):
    found(wheels, monkeypatch, "3.14")
    monkeypatch.setattr(wheels.debian, "make", lambda _: pytest.fail("made"))
    wheels.building.find_pythons(Session(), ["3.14"], [], make_debian=True)


def test_a_python_that_cannot_be_made_ends_the_session(wheels, monkeypatch):
    found(wheels, monkeypatch)

    def refuse(_):
        raise wheels.debian.DebianError(NOT_ROOT)

    monkeypatch.setattr(wheels.debian, "make", refuse)
    with pytest.raises(EndedError, match="--debian needs root"):
        wheels.building.find_pythons(Session(), ["3.14"], [], make_debian=True)


@pytest.mark.parametrize(
    ("system", "sentence"),
    [(("darwin", "apt-get", 0), ELSEWHERE), (("linux", None, 0), ELSEWHERE), (("linux", "apt-get", 1000), NOT_ROOT)],
)
def test_other_systems_and_users_are_refused(wheels, monkeypatch, tmp_path, system, sentence):
    platform, program, user = system
    monkeypatch.setattr(wheels.debian.sys, "platform", platform)
    monkeypatch.setattr(wheels.debian.shutil, "which", lambda _: program)
    monkeypatch.setattr(wheels.debian.os, "geteuid", lambda: user, raising=False)
    monkeypatch.setattr(wheels.debian, "MARK", tmp_path)
    with pytest.raises(wheels.debian.DebianError, match=sentence):
        wheels.debian.make(["3.15"], tmp_path / "debian")


def test_a_version_that_the_suite_lacks_is_refused(debian, tmp_path):
    with pytest.raises(debian.DebianError, match=r"forky has CPython 3\.14 and 3\.15, but not 3\.12"):
        debian.make(["3.12"], tmp_path / "debian")


def test_without_a_network_the_last_output_of_debootstrap_is_reported(debian, monkeypatch, tmp_path):
    said = "I: Retrieving InRelease\nE: Failed getting release file http://x/Release\n"
    monkeypatch.setattr(debian, "run", answering(("debootstrap", (1, said)), ("apt-get", (0, "http://x/\n"))))
    with pytest.raises(debian.DebianError, match=r"from http://x: E: Failed getting release .*; is there a network\?"):
        debian.make(["3.15"], tmp_path / "debian")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_installation_of_debootstrap_is_reported(debian, monkeypatch, tmp_path):
    monkeypatch.setattr(debian.shutil, "which", lambda _: None)
    monkeypatch.setattr(debian, "run", answering(("apt-get", (100, "E: Unable to locate package debootstrap\n"))))
    with pytest.raises(debian.DebianError, match=r"could not install debootstrap: E: Unable .*; is there a network\?"):
        debian.make(["3.15"], tmp_path / "debian")


def test_mounts_of_debootstrap_are_private(debian, monkeypatch, tmp_path):
    run = answering(("debootstrap", (1, "")))
    monkeypatch.setattr(debian, "run", run)
    with pytest.raises(debian.DebianError):
        debian.make(["3.15"], tmp_path / "debian")
    [command] = [command for command in run.calls if "debootstrap" in command]
    assert command[:3] == ["unshare", "--mount", "debootstrap"]
    assert "--no-check-gpg" not in command


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists what is mounted there")
def test_a_folder_with_a_mount_is_not_removed(wheels):
    with pytest.raises(wheels.debian.DebianError, match=r"/proc.* is mounted; unmount it first"):
        wheels.debian.remove(Path("/proc"))


@shell_only
def test_a_made_python_is_started_by_the_loader_of_its_folder(wheels, tmp_path):
    folder = tmp_path / "a debian"
    libraries = folder / "usr" / "lib" / "x86_64-linux-gnu"
    for file in (libraries / "ld-linux-x86-64.so.2", folder / "usr" / "bin" / "python3.15"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    wheels.debian.write_starter("3.15", folder)
    starter = wheels.debian.interpreter("3.15", folder)
    text = starter.read_text(encoding="utf-8")
    assert f"--library-path '{libraries}' --argv0 \"$0\" '{folder}/usr/bin/python3.15' \"$@\"" in text
    assert os.access(starter, os.X_OK)
    with pytest.raises(wheels.debian.DebianError, match=r"has no python3\.14; remove the folder"):
        wheels.debian.write_starter("3.14", folder)


# Building


class Building(Session):
    """A session that records its commands, and whose compiler finds one library."""

    def __init__(self, library):
        super().__init__()
        self.library = library
        self.commands = []

    def chdir(self, _):
        return contextlib.nullcontext()

    def run(self, *command, **_):
        self.commands.append(list(command))
        return self.library if command[0] == "cc" else ""


def built(wheels, monkeypatch, library, **options):
    """Return the build command on a Linux with glibc."""
    monkeypatch.setattr(wheels.building.platform, "libc_ver", lambda: ("glibc", "2.36"))
    listed = []
    monkeypatch.setattr(wheels.components, "write", lambda *arguments: listed.append(arguments))
    session = Building(str(library))
    wheels.building.build_wheels(session, Path(), {"3.11": "/3.11", "3.15": "/3.15"}, **options)
    command = session.commands[-1]
    [(path, *target)] = listed
    assert command[command.index("--sbom-include") + 1] == str(path)
    assert target == command[command.index("--target") :][:2] if "--target" in command else target == []
    return command


def test_a_wheel_for_glibc_is_linked_against_the_unwinder_of_the_system(wheels, monkeypatch, tmp_path):
    library = tmp_path / "libgcc_s.so.1"
    library.touch()
    command = built(wheels, monkeypatch, library)
    assert command[command.index("--interpreter") :] == [
        *("--interpreter", "/3.11", "/3.15"),
        *("--", "-C", f"link-arg={library}"),
    ]


def test_a_system_without_an_unwinder_is_reported(wheels, monkeypatch):
    with pytest.raises(EndedError, match=r"cc finds no libgcc_s\.so\.1"):
        built(wheels, monkeypatch, "libgcc_s.so.1")


def test_a_wheel_for_musl_is_built_by_what_maturin_knows_of_each_python(wheels, monkeypatch):
    command = built(wheels, monkeypatch, "none", musl=True)
    assert command[command.index("--interpreter") :] == ["--interpreter", "python3.11", "python3.15"]
    assert "musllinux_1_2" in command


# Testing


class Watching(Building):
    """A session that also records the environment of its tests."""

    def run(self, *command, env=None, **further):
        self.env = env or {}
        return super().run(*command, **further)


WITH_GIL, WITHOUT = ["--group", "test"], ["hypothesis", "numpy"]


@pytest.mark.parametrize(
    ("version", "released", "reported", "packages"),
    [
        ("3.13", True, [None, "default"], WITH_GIL),
        ("3.15", False, [None, "quick"], WITH_GIL),
        ("3.14t", True, ["0", "default"], WITHOUT),
    ],
)
def test_a_wheel_is_tested_with_the_gil_refused_where_it_may_be(wheels, version, released, reported, packages):
    session = Watching("")
    wheels.building.test_wheel(session, version, f"/{version}", Path("/x.whl"), released=released)
    assert [session.env[name] for name in ("PYTHON_GIL", "HYPOTHESIS_PROFILE")] == reported
    [install] = [command for command in session.commands if command[:3] == ["uv", "pip", "install"]]
    after = install.index("--constraint") + 2
    assert install[after : after + 2] == packages


# Compile checks


def test_each_version_is_described_to_pyo3_and_checked_apart(wheels, monkeypatch, tmp_path):
    checked = {}

    class Checking(Session):
        def run(self, *command, env, external):
            assert command[:2] == ("cargo", "clippy")
            assert command[-2:] == ("-D", "warnings")
            checked[command[command.index("--config") + 1]] = Path(env["PYO3_CONFIG_FILE"]).read_text(encoding="utf-8")

    monkeypatch.setattr(wheels.checks, "TARGET", tmp_path)
    monkeypatch.setattr(wheels.checks, "refuse_unknown", lambda *_: None)
    wheels.checks.check(Checking(), ["3.14", "3.14t", "3.15"])
    described = [dict(line.split("=", 1) for line in text.splitlines()) for text in checked.values()]
    found = [(facts["version"], facts["build_flags"]) for facts in described]
    assert found == [("3.14", ""), ("3.14", "Py_GIL_DISABLED"), ("3.15", "")]


@pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo knows which PyO3 it is")
def test_a_version_unknown_to_pyo3_is_reported(wheels):
    wheels.checks.refuse_unknown(Session(), ["3.11", "3.15", "3.15t"])
    with pytest.raises(
        EndedError, match=r"PyO3 0\.\d+\.\d+ supports CPython 3\.\d+ to 3\.\d+, but not 3\.99, 3\.99t; raise"
    ):
        wheels.checks.refuse_unknown(Session(), ["3.11", "3.99", "3.99t"])


# Comparison


def test_a_comparison_takes_two_pythons(wheels):
    with pytest.raises(EndedError, match=r"only CPython 3\.11 was found, but a comparison needs two"):
        wheels.comparison.compare(Session(), {"3.11": "/3.11"})


def test_the_page_reads_where_the_comparison_writes(wheels):
    assert (ROOT / "gallery" / "pythons.py").is_file()
    assert wheels.comparison.ARCHIVE == ROOT / "docs" / "archive" / "pythons"
