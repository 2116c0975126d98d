"""Environment variables: their former names are read with a warning."""

from __future__ import annotations

import pytest

from evenhand.runs.variables import RENAMED, variable


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in (*RENAMED, *RENAMED.values()):
        monkeypatch.delenv(name, raising=False)


def test_a_variable_is_read_silently(monkeypatch, capsys):
    monkeypatch.setenv("EVENHAND_PROFILE", "quick")
    assert variable("EVENHAND_PROFILE") == "quick"
    assert variable("EVENHAND_REUSE") == ""
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("now", "before"), RENAMED.items())
def test_a_former_name_is_read_with_a_warning_that_has_the_new_one(monkeypatch, capsys, now, before):
    monkeypatch.setenv(before, "value")
    assert variable(now) == "value"
    assert capsys.readouterr().err == f"{before} is now called {now}; rename it, because 0.3 will ignore the old name\n"


def test_the_current_name_has_priority(monkeypatch, capsys):
    monkeypatch.setenv("EVENHAND_ARCHIVE", "new")
    monkeypatch.setenv("RUST_DAQ_BENCH_ARCHIVE", "old")
    assert variable("EVENHAND_ARCHIVE") == "new"
    assert capsys.readouterr().err == ""
