"""What the session `wheels` decides by itself: the Pythons that get one."""

import importlib.util
import os
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


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


# The Pythons that get a wheel


def test_a_wheel_is_made_for_each_supported_python_that_is_found(noxfile, monkeypatch):
    monkeypatch.setattr(noxfile, "find_python", lambda _, version: f"/{version}" if version != "3.12" else None)
    session = Session()
    assert noxfile.find_pythons(session) == {version: f"/{version}" for version in noxfile.PYTHONS if version != "3.12"}
    assert "CPython 3.12: skipped, not on PATH, under pyenv or among uv's own" in session.said
    assert "CPython 3.13: /3.13" in session.said


def test_no_python_found_is_an_error(noxfile, monkeypatch):
    monkeypatch.setattr(noxfile, "find_python", lambda *_: None)
    with pytest.raises(EndedError, match=r"no CPython 3\.11, 3\.12, .*: not on PATH"):
        noxfile.find_pythons(Session())


def test_a_python_that_was_asked_for_is_not_skipped(noxfile, monkeypatch):
    monkeypatch.setattr(noxfile, "find_python", lambda _, version: "/3.13" if version == "3.13" else None)
    assert noxfile.find_pythons(Session("3.13")) == {"3.13": "/3.13"}
    with pytest.raises(EndedError, match=r"no CPython 3\.12: not on PATH"):
        noxfile.find_pythons(Session("3.12", "3.13"))


def test_a_python_without_support_is_refused(noxfile):
    with pytest.raises(EndedError, match=r"and not for 3\.9"):
        noxfile.find_pythons(Session("3.9"))


def test_an_interpreter_is_asked_what_it_is(noxfile):
    assert Path(noxfile.interpreter(sys.executable, HERE)).samefile(sys.executable)
    assert noxfile.interpreter(sys.executable, "3.9") is None


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script, and pyenv for Windows another program")
def test_an_interpreter_under_pyenv_is_found_where_uv_knows_none(noxfile, monkeypatch, tmp_path):
    monkeypatch.setattr(noxfile.shutil, "which", lambda *_, **__: "false")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert noxfile.find_python(Session(), HERE) is None
    python = tmp_path / "versions" / f"{HERE}.7" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    assert Path(noxfile.find_python(Session(), HERE)).samefile(sys.executable)
