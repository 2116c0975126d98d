"""Variables of the environment: their names of before are read with a sentence."""

from __future__ import annotations

import pytest

from evenhand.runs.variables import RENAMED, variable


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in (*RENAMED, *RENAMED.values()):
        monkeypatch.delenv(name, raising=False)


def test_a_variable_is_read_without_a_word(monkeypatch, capsys):
    monkeypatch.setenv("EVENHAND_PROFILE", "quick")
    assert variable("EVENHAND_PROFILE") == "quick"
    assert variable("EVENHAND_REUSE") == ""
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("now", "before"), RENAMED.items())
def test_a_name_of_before_is_read_and_the_new_one_is_said(monkeypatch, capsys, now, before):
    monkeypatch.setenv(before, "value")
    assert variable(now) == "value"
    assert capsys.readouterr().err == f"{before} is now called {now}; rename it, because 0.3 will ignore the old name\n"


def test_the_name_of_today_is_stronger(monkeypatch, capsys):
    monkeypatch.setenv("EVENHAND_ARCHIVE", "new")
    monkeypatch.setenv("RUST_DAQ_BENCH_ARCHIVE", "old")
    assert variable("EVENHAND_ARCHIVE") == "new"
    assert capsys.readouterr().err == ""
