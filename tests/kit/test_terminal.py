"""The terminal output of a command: names appear unchanged, whatever they contain."""

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
    """Print a table on a terminal or into a pipe, and return the text without colours."""
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


def test_ordinary_text_is_unchanged() -> None:
    for text in ("\u00b5s \u2212 5\u202f000\u00a0ns", "\u00e4\u6f22\U0001f600", "", 'it\'s "quoted"'):
        assert literal(text) == text


WIDE = pd.DataFrame(
    {
        "time per operation": ["58.5\u202fns", "66.0\u202fns"],
        "ratio to the first one (95 % interval)": ["1", "1.13 (1.09 to 1.19)"],
        "verdict": ["baseline", "no difference shown"],
    },
    index=pd.Index(["20261126T121837Z-f1099fb-8133c883", "dict(a=1)"], name="contender"),
)
CELLS = [*WIDE.index, *(cell for column in WIDE.columns for cell in WIDE[column])]
WORDS = {word for text in [*WIDE.columns, *CELLS] for word in text.split(" ")}


@pytest.mark.parametrize("width", [200, 100, 80, 50, 36])
def test_a_table_fits_its_terminal_and_breaks_no_word(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    print_table(WIDE, "comparison")
    said = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert all(len(line.rstrip()) <= width for line in said.splitlines())
    assert [word for word in WORDS if word not in said] == []


def test_an_identifier_is_on_its_own_line_if_the_table_is_too_wide(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "50")
    print_table(WIDE)
    lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert WIDE.index[0] in lines
    assert "  time per operation: 58.5\u202fns" in lines
