"""Decisions of some sessions: the checks of lint, broken links, and relevant memory errors."""

import importlib.util
import os
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def noxfile(monkeypatch):
    """The module, with a stand-in for nox, which is not in the tests' environment."""
    nox = types.ModuleType("nox")
    nox.Session = object
    nox.options = types.SimpleNamespace()
    nox.session = lambda function=None, **_: function or (lambda decorated: decorated)
    monkeypatch.setitem(sys.modules, "nox", nox)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    return loaded(ROOT / "noxfile.py")


class EndedError(Exception):
    pass


class Session:
    bin = "no such folder"

    def __init__(self, *posargs):
        self.posargs = list(posargs)
        self.said = []

    def log(self, sentence):
        self.said.append(sentence)

    def error(self, sentence):
        raise EndedError(sentence)


# What lint checks of the prose


@pytest.mark.parametrize("check", ["conf/prose/comparing.py", "conf/prose/vocabulary.py"])
def test_lint_checks_the_prose(noxfile, monkeypatch, check):
    ran = []

    class Linting(Session):
        def run(self, *command, **_):
            ran.append(command)

    for name in ("install", "need_rust", "rust_environment", "check_pythons"):
        monkeypatch.setattr(noxfile, name, lambda *_, **__: {})
    noxfile.lint(Linting())
    [command] = [command for command in ran if check in command]
    assert (ROOT / command[1]).is_file()


def test_lint_and_the_quick_check_compile_for_each_named_python_and_without_the_gil(noxfile, monkeypatch):
    checked = []
    monkeypatch.setattr(noxfile.checks, "check", lambda _, versions: checked.append(versions))
    noxfile.check_pythons(Session())
    noxfile.check_pythons(Session(), {"3.11", "3.15"})
    assert checked == [[*noxfile.PYTHONS, "3.14t", "3.15t"], [*noxfile.PYTHONS[1:-1], "3.14t", "3.15t"]]
    for session in (noxfile.lint, noxfile.pythons):
        assert "check_pythons" in session.__code__.co_names


# Links to other hosts


def link(uri, status, info=""):
    return {"filename": "guide.md", "lineno": 7, "uri": uri, "status": status, "info": info}


def test_a_dead_link_is_named_with_its_page(noxfile):
    links = [link("https://one.example/a", "working"), link("https://two.example/b", "broken", "404 Client Error")]
    assert noxfile.broken_links(links) == ["guide.md:7: https://two.example/b: 404 Client Error"]


def test_working_links_are_not_reported(noxfile):
    links = [link("https://one.example/a", "working"), link("https://two.example/b", "redirected"), link("#x", "local")]
    assert noxfile.broken_links(links) == []


def test_without_a_network_one_message_names_the_hosts(noxfile):
    unresolved = "HTTPSConnectionPool(host='x'): Max retries exceeded (NameResolutionError: getaddrinfo failed)"
    links = [link(f"https://{host}.example/a", "broken", unresolved) for host in ("two", "one", "two")]
    [sentence] = noxfile.broken_links([*links, link("../criterion/report/index.html", "ignored")])
    assert "no network" in sentence
    assert sentence.endswith("one.example, two.example")


def test_an_unreachable_host_is_named_if_others_answer(noxfile):
    links = [link("https://one.example/a", "working"), link("https://gone.example/b", "broken", "NameResolutionError")]
    assert noxfile.broken_links(links) == ["guide.md:7: https://gone.example/b: NameResolutionError"]


def test_the_tests_of_the_package_need_no_repository(noxfile):
    # The session copies each of the other tests to another folder, where they fail if they read a file from here.
    assert Path(__file__).name in noxfile.building.REPOSITORY_TESTS
    names = {Path(name).name for name in noxfile.building.package_tests()}
    assert {"test_datapoint.py", "test_memory_safety.py"} <= names
    assert names.isdisjoint(noxfile.building.REPOSITORY_TESTS)


# Errors in memory

EXTENSION = ("point_new", "/site-packages/rust_daq/_core.cpython-311-x86_64-linux-gnu.so")
INTERPRETER = ("PyObject_Call", "/lib/libpython3.11.so.1.0")
INT = ("_PyLong_New", "/lib/libpython3.11.so.1.0")
MALLOC = ("malloc", "/libexec/valgrind/vgpreload_memcheck-amd64-linux.so")


def report(folder, kind, *stacks):
    """Write a report with one error."""
    frames = [
        "".join(f"<frame><fn>{function}</fn><obj>{file}</obj></frame>" for function, file in stack) for stack in stacks
    ]
    inside = "<auxwhat>from there</auxwhat>".join(f"<stack>{stack}</stack>" for stack in frames)
    path = folder / "valgrind.xml"
    error = f"<error><kind>{kind}</kind><what>It happened</what>{inside}</error>"
    path.write_text(f"<valgrindoutput>{error}</valgrindoutput>", encoding="utf-8")
    return path


def judged(path):
    command = [sys.executable, str(ROOT / "tests" / "sanitize" / "report.py"), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("kind", "stacks"),
    [
        ("InvalidRead", [[EXTENSION]]),
        ("InvalidRead", [[INTERPRETER], [MALLOC, INTERPRETER]]),
        ("InvalidWrite", [[INTERPRETER]]),
        ("InvalidFree", [[INTERPRETER]]),
        ("Leak_DefinitelyLost", [[MALLOC, EXTENSION, INTERPRETER]]),
        ("UninitCondition", [[EXTENSION, INTERPRETER]]),
        ("UninitValue", [[INTERPRETER], [MALLOC, EXTENSION]]),
    ],
)
def test_a_possible_error_of_the_extension_fails(tmp_path, kind, stacks):
    answer = judged(report(tmp_path, kind, *stacks))
    assert answer.returncode == 1
    assert "It happened" in answer.stdout
    assert "memory errors: 1" in answer.stdout


@pytest.mark.parametrize(
    ("kind", "stacks"),
    [
        ("Leak_DefinitelyLost", [[MALLOC, INTERPRETER]]),
        ("UninitValue", [[INTERPRETER], [MALLOC, INTERPRETER]]),
        ("UninitCondition", [[EXTENSION, INTERPRETER], [MALLOC, INT, INTERPRETER]]),
    ],
)
def test_errors_of_the_interpreter_alone_are_ignored(tmp_path, kind, stacks):
    answer = judged(report(tmp_path, kind, *stacks))
    assert (answer.returncode, answer.stdout) == (0, "memory errors: 0\n")


def test_an_incomplete_report_is_an_error(tmp_path):
    path = report(tmp_path, "InvalidRead", [EXTENSION])
    path.write_text(path.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    assert judged(path).returncode == 1


# The kills of writers


def test_the_writers_of_laboratories_are_pinned_and_installed_only_by_their_session(noxfile, monkeypatch):
    asked = []

    class Killing(Session):
        def __init__(self):
            super().__init__("--kills", "2")

        def install(self, *arguments):
            asked.append(arguments)

        def run(self, *command):
            asked.append(command)

    for name in ("install", "build_extension"):
        monkeypatch.setattr(noxfile, name, lambda *_, **__: None)
    noxfile.survival(Killing())
    installed, ran = asked
    assert installed[:2] == ("--constraint", noxfile.LOCK)
    pins = (ROOT / installed[-1]).read_text(encoding="utf-8").splitlines()
    named = [re.fullmatch(r"([\w-]+)==[\d.]+", pin)[1].lower() for pin in pins if not pin.startswith("#")]
    assert named == ["asammdf", "mcap", "nptdms", "zarr"]
    lock = (ROOT / noxfile.LOCK).read_text(encoding="utf-8").lower()
    assert not [name for name in named if re.search(rf"^{name}==", lock, re.MULTILINE)]
    assert ran[0] == "python"
    assert (ROOT / ran[1]).is_file()
    assert ran[2:] == ("--kills", "2")
