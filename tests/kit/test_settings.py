"""Settings: durations, records, and refusals before measuring."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_runs import made_result

import evenhand as bench
import rust_daq
from evenhand import Settings, Statement
from evenhand.results.comparison import Comparison
from evenhand.results.result import Result
from evenhand.runs.draft import DRAFT_VARIABLE, EXAMPLE_VARIABLE, Draft
from evenhand.runs.neighbours import Neighbours
from evenhand.runs.recorder import Recorder

PACKAGES = {"rust-daq": "rust_daq:build_info"}
STATED = {"one": Statement("pass")}


class Kept(Recorder):
    """Stores results in a list."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def record(self, result: Result) -> None:
        """Keep it."""
        self.results.append(result)


def measured(settings: Settings, name: str = "made", make: Callable[[], Comparison] = made_result) -> Comparison:
    return settings.measured(Comparison, name, STATED, {}, make)


@pytest.mark.parametrize(
    ("seconds", "share", "rounds"), [(None, 1.0, 12), (10.0, 0.5, 5), (1000.0, 1.0, 12), (0.1, 0.1, 1)]
)
def test_rounds_fit_the_share_of_the_seconds(seconds: float | None, share: float, rounds: int) -> None:
    assert Settings(rounds=12, seconds=seconds).rounds_within(1.0, share, 6) == rounds


def test_options_are_read_as_attributes() -> None:
    assert Settings(options={"samples": 7}).samples == 7


def test_unknown_option_is_answered_with_the_known_ones() -> None:
    with pytest.raises(AttributeError, match="no option 'sample'; the options are: rate, samples"):
        _ = Settings(options={"samples": 7, "rate": 1.0}).sample


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_settings_can_be_copied(again: Callable[[Settings], Settings]) -> None:
    assert again(Settings(options={"samples": 7})).samples == 7


@pytest.mark.parametrize("name", ["rounds_within", "example", "seconds", "recorder", "measured"])
def test_option_cannot_hide_a_part_of_the_settings(name: str) -> None:
    with pytest.raises(ValueError, match=f"option {name!r} has the name of a general setting"):
        bench.settings("", **{name: 1})


def test_code_without_a_file_gets_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DRAFT_VARIABLE, raising=False)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("import evenhand as bench\nsettings = bench.settings('', samples=7, rounds=3)", names)
    found = names["settings"]
    assert (found.example, found.samples, found.rounds, type(found.recorder)) == ("notebook", 7, 3, Recorder)


def test_measured_result_is_recorded() -> None:
    kept = Kept()
    assert measured(Settings(recorder=kept)) is kept.results[0]


@pytest.mark.parametrize("name", ["a/b", ""])
def test_name_that_would_break_an_address_is_refused_before_measuring(name: str) -> None:
    with pytest.raises(ValueError, match=f"name {name!r} is empty or contains a slash"):
        measured(Settings(), name, lambda: pytest.fail("it measured"))


def test_contender_with_a_slash_is_refused_before_measuring() -> None:
    with pytest.raises(ValueError, match="contender 'a/b' is empty or contains a slash"):
        Settings().measured(Comparison, "made", {"a/b": Statement("pass")}, {}, lambda: pytest.fail("it measured"))


def test_debug_build_is_refused_before_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rust_daq, "build_info", lambda: {"profile": "debug"})
    with pytest.raises(RuntimeError, match="rust-daq is a debug build, which is not worth measuring"):
        measured(Settings(packages=PACKAGES), make=lambda: pytest.fail("it measured"))


def test_build_that_slows_itself_down_is_refused_before_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rust_daq, "build_info", lambda: {"profile": "release", "burn": True})
    with pytest.raises(RuntimeError, match="feature burn, which slows it down"):
        measured(Settings(packages=PACKAGES), make=lambda: pytest.fail("it measured"))


def read_in_turn(monkeypatch: pytest.MonkeyPatch, *readings: Neighbours) -> None:
    """Replace the readings of the system's counters."""
    turns = iter(readings)
    monkeypatch.setattr(Neighbours, "read", classmethod(lambda _: next(turns)))
    monkeypatch.setattr("evenhand.runs.neighbours.sys.platform", "linux")


def test_process_that_uses_a_core_is_noted_in_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    read_in_turn(monkeypatch, Neighbours(0, 100, 10, 0), Neighbours(10, 120, 20, 0))
    notes = measured(Settings(), make=lambda: made_result(notes=("before",))).notes
    assert notes[0] == "before"
    assert notes[1].startswith("other processes used 1.0 of ")


@pytest.mark.parametrize(
    ("later", "why"),
    [
        (Neighbours(10, 110, 20, 0), "all that was used is ours"),
        (Neighbours(10, 114, 20, 0), "0.4 of a core is the usual murmur"),
        (Neighbours(0.5, 110, 10, 0), "half a second is too short to tell"),
    ],
)
def test_quiet_machine_gets_no_note(monkeypatch: pytest.MonkeyPatch, later: Neighbours, why: str) -> None:
    read_in_turn(monkeypatch, Neighbours(0, 100, 10, 0), later)
    assert measured(Settings()).notes == (), why


def test_hypervisor_that_takes_time_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    read_in_turn(monkeypatch, Neighbours(0, 100, 10, 0), Neighbours(10, 110, 20, 2))
    assert measured(Settings()).notes == (
        "the hypervisor gave 0.20 of a core to other machines during the measurement",
    )


def test_docs_build_uses_the_values_of_its_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = Draft(tmp_path)
    draft.prepare(
        {"profile": "quick", "rounds": 6, "judged": False, "seconds": {"first": 20.0}, "options": {"duration": 3.0}}
    )
    monkeypatch.setenv(DRAFT_VARIABLE, str(tmp_path))
    monkeypatch.setenv(EXAMPLE_VARIABLE, "first")
    found = bench.settings("", rounds=99, duration=15.0, samples=7)
    assert (found.example, found.rounds, found.seconds) == ("first", 6, 20.0)
    assert (found.duration, found.samples) == (3.0, 7)


def test_example_that_the_build_did_not_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Draft(tmp_path).prepare({"profile": "quick", "rounds": 6, "judged": False, "seconds": {}, "options": {}})
    monkeypatch.setenv(DRAFT_VARIABLE, str(tmp_path))
    monkeypatch.delenv(EXAMPLE_VARIABLE, raising=False)
    with pytest.raises(RuntimeError, match=r"call Draft\.enter before each example"):
        bench.settings("")


@pytest.mark.parametrize("fewest", [6, 9])
def test_a_judged_call_makes_the_rounds_of_its_verdicts_even_if_the_seconds_do_not_suffice(fewest):
    assert Settings(rounds=12, seconds=0.1, judges=True).rounds_within(1.0, 1.0, fewest) == fewest
    assert Settings(rounds=3, seconds=0.1, judges=True).rounds_within(1.0, 1.0, fewest) == fewest
    assert Settings(rounds=12, seconds=0.1).rounds_within(1.0, 1.0, fewest) == 1
