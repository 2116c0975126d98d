"""What a person sees of a command: names as they are, whatever is in them."""

from __future__ import annotations

import re
import sys

import pandas as pd
import pytest

from evenhand.cli.terminal import RoundProgress, literal, print_table

MARKUP = ["a list[int] of", "x [/b] y", "[red]x[/red]", "[link=https://example.org]x", ":smile:", "a\\[b]"]
CONTROL = {
    "\x1b[2Jx": r"\x1b[2Jx",
    "a\nb\tc": r"a\nb\tc",
    "\x9b31m": r"\x9b31m",
    "\u202ex": r"\u202ex",
    "\x00": r"\x00",
}


@pytest.fixture(params=[True, False], ids=["terminal", "pipe"])
def printed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Print a table on a terminal or in a pipe; what comes out, without the colours of the terminal."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: request.param)
    monkeypatch.setenv("COLUMNS", "200")

    def call(name: str) -> str:
        print_table(pd.DataFrame({name: [f"<{name}>"]}, index=pd.Index([f"({name})"], name="name")), f"|{name}|")
        return re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)

    return call


@pytest.mark.parametrize("name", MARKUP)
def test_markup_of_a_name_is_printed_as_it_is(printed, name: str) -> None:
    said = printed(name)
    assert all(text in said for text in (f"|{name}|", f"<{name}>", f"({name})"))
    assert said.count(name) == 4


@pytest.mark.parametrize(("name", "shown"), CONTROL.items())
def test_control_characters_are_written_out(printed, name: str, shown: str) -> None:
    said = printed(name)
    assert said.count(shown) == 4
    assert name not in said


@pytest.mark.parametrize("name", MARKUP)
def test_progress_shows_a_name_as_it_is(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    progress = RoundProgress()
    progress.show(f"{name}\x1b[2J", 1, 2)
    progress.clear()
    shown = capsys.readouterr().err
    assert name in re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert "\x1b[2J" not in shown


def test_text_of_people_stays_as_it_is() -> None:
    for text in ("\u00b5s \u2212 5\u202f000\u00a0ns", "\u00e4\u6f22\U0001f600", "", 'it\'s "quoted"'):
        assert literal(text) == text
