"""The common part of all measuring calls: rounds, pace, long calls, stopped calls, and stored numbers."""

from __future__ import annotations

import math
import re
import signal
import sys
import weakref

import pytest
from made_machine import WORK, work

import evenhand as bench
from evenhand import Settings, Statement
from evenhand.judge.decision import fewest_rounds
from evenhand.measure.yardstick import varied, yardstick
from evenhand.runs.recorder import Recorder


class Watched(Recorder):
    """Stores announcements, and stops at the beginning of a round, as Ctrl-C does."""

    def __init__(self, stop_at: int = -1, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.stop_at, self.error = stop_at, error
        self.said: list[str] = []
        self.results: list[bench.Result] = []

    def announce(self, text: str) -> None:
        self.said.append(text)

    def record(self, result: bench.Result) -> None:
        self.results.append(result)

    def progress(self, what: str, done: int, total: int) -> None:
        del what, total
        if done == self.stop_at:
            raise self.error()


def compared(machine, contenders=None, rounds=8, recorder=None, **further):
    """Make a comparison on the simulated machine."""
    del machine
    settings = Settings(rounds=rounds, slices=4, recorder=recorder or Recorder())
    made = {"one": "work(3_000)", "two": "work(6_000)"} if contenders is None else contenders
    return bench.compare(made, setup=further.pop("setup", WORK), settings=settings, **further)


# The clock


def test_a_cost_is_the_time_on_the_machine(machine):
    result = compared(machine)
    loop = machine.loop / result.contenders["one"]["repeats"]
    assert result.cost("one").value == pytest.approx(3_000 + loop)
    assert result.ratio("two").value == pytest.approx(2, rel=0.02)
    assert result.verdict("two") == "slower"


@pytest.mark.parametrize("nanoseconds", [300, 3_000, 40_000])
@pytest.mark.parametrize("called", [False, True])
def test_throughput_and_compare_agree_on_a_statement_at_each_size(machine, nanoseconds, called):
    sizes = (10, 100)

    def made(n):
        work(300 * n if nanoseconds == 300 else nanoseconds)

    text = f"work(300 * n if {nanoseconds} == 300 else {nanoseconds})"
    settings = Settings(rounds=6)
    batches = bench.throughput({"one": made if called else text}, sizes=sizes, setup=WORK, settings=settings)
    for size in sizes:
        statement = Statement((lambda size=size: made(size)) if called else text, f"{WORK}\nn = {size}")
        single = bench.compare({"one": statement}, settings=settings)
        assert batches.times["one", size].median() == pytest.approx(single.cost("one").value, rel=0.02)


def test_each_size_of_a_throughput_has_its_own_calibration(machine):
    result = bench.throughput({"one": "work(1_000 * n)"}, sizes=(100,), setup=WORK, settings=Settings(rounds=1))
    batches = result.samples[result.samples["quantity"] == "batch_ns"]
    loops = batches.groupby("size")["loops"].first()
    # Five milliseconds of each.
    assert loops[1] > 4_000
    assert loops[100] == pytest.approx(50, abs=2)
    del machine


# Text together with callables


def called():
    work(3_000)


def test_identical_text_and_callable_have_the_same_loop_and_are_both_calls(machine):
    result = compared(machine, {"text": "work(3_000)", "called": called})
    same = [{key: record[key] for key in ("repeats", "loops", "called")} for record in result.contenders.values()]
    assert same[0] == same[1]
    assert result.ratio("called").value == 1
    assert "the time of text, called includes a function call" in result.remarks()


# The floor


@pytest.mark.parametrize("text", ["2**10", "(1, 2, 3)", "'text'", "# nothing", "", "pass"])
def test_a_folded_constant_is_marked_named_and_not_judged(machine, text):
    result = compared(machine, {"one": "work(3_000)", "folded": text})
    assert result.at_floor("folded")
    assert not result.at_floor("one")
    assert result.verdict("folded") == "not judged"
    assert result.verdict("one", to="folded") == "not judged"
    assert "†" in result.table().loc["folded", "time per operation"]
    assert result.table().loc["folded", "operations per second"] == "–"  # noqa: RUF001
    assert "cannot be distinguished from the empty loop" in result.sentence("folded")
    assert "folded: only a constant or a comment, which the compiler removes" in result.remarks()
    assert bool(result.to_pandas().loc["folded", "at_floor"])


def test_a_batch_at_the_floor_is_marked_and_not_judged(machine):
    result = bench.throughput(
        {"one": "work(300 * n)", "folded": "1"}, sizes=(10,), setup=WORK, settings=Settings(rounds=8)
    )
    assert result.at_floor("folded", 10)
    assert result.verdict("folded", 10) == result.verdict("one", 10, to="folded") == "not judged"
    assert "†" in result.table().loc[("folded", 10), "median"]
    assert "folded: only a constant or a comment, which the compiler removes" in result.remarks()
    del machine


def test_a_statement_twice_the_empty_loop_is_judged(machine):
    result = compared(machine, {"one": "work(100)", "two": "work(200)"})
    assert not result.at_floor("one")
    assert result.verdict("two") == "slower"
    assert not any("†" in remark for remark in result.remarks())


# Misleading statements


def test_a_cost_that_grows_within_a_round_is_noted(machine):
    setup = f"{WORK}\nheld = []"
    contenders = {"steady": "work(3_000)", "grows": "held.append(1); work(3_000 + len(held))"}
    result = compared(machine, contenders, setup=setup)
    [remark] = [remark for remark in result.remarks() if "changes within a round" in remark]
    assert remark.startswith("the cost of grows changes within a round")


def test_the_advice_for_the_author_is_printed_but_not_on_a_page(machine):
    contenders = {"steady": "work(3_000)", "grows": "held.append(1); work(3_000 + len(held))"}
    result = compared(machine, contenders, setup=f"{WORK}\nheld = []")
    assert "Statement(..., each=...)" in repr(result)
    assert "changes within a round" in result._repr_html_()
    assert "each=" not in result._repr_html_()
    assert compared(machine, {"steady": "work(3_000)"}).advice() == ()


def test_each_makes_the_cost_steady_and_the_time_of_the_clock_is_mentioned(machine):
    machine.reading = 30
    grows = Statement(
        "held.append(1); work(3_000 + len(held))", f"{WORK}\nmade = [1]", each="held = list(made); work(500)"
    )
    result = compared(machine, {"one": grows})
    assert result.cost("one").value == 3_002 + machine.reading
    assert result.remarks() == ("each execution is timed separately, which includes 30.0\u202fns for the clock",)
    assert result.contenders["one"]["each"] == "held = list(made); work(500)"


def test_a_statement_that_ignores_n_is_mentioned(machine):
    contenders = {"uses": "work(100 * n)", "ignores": "work(5_000)", "long in itself": "work(5_000 + 50 * n)"}
    result = bench.throughput(contenders, sizes=(1, 100), setup=WORK, settings=Settings(rounds=1))
    [remark] = [remark for remark in result.remarks() if "does the statement use n?" in remark]
    assert "ignores takes about as long for" in remark
    del machine


def test_a_contender_that_works_on_several_cores_is_marked_with_how_many(machine):
    result = compared(machine, {"one": "work(3_000)", "two": "work(3_000, threads=2)"})
    assert [remark for remark in result.remarks() if "cores" in remark] == ["two used 1.97 cores"]
    assert result.to_pandas()["cores"].to_list() == pytest.approx([0.97, 1.94], abs=0.05)


# Rounds


@pytest.mark.parametrize(("contenders", "rounds"), [(2, 6), (4, 7), (7, 8), (13, 9)])
def test_a_build_that_judges_makes_the_rounds_that_the_verdicts_take(machine, contenders, rounds):
    settings = Settings(rounds=6, seconds=1e-6, judges=True)
    made = {f"contender {place}": "work(300_000)" for place in range(contenders)}
    assert bench.compare(made, setup=WORK, settings=settings).settings["rounds"] == rounds
    assert fewest_rounds(contenders - 1) == rounds
    del machine


# Pace


def test_the_pace_of_every_round_is_kept(machine):
    result = compared(machine, rounds=3)
    assert len(result.pace) == 3
    assert result.document()["pace_ns"] == list(result.pace)
    assert all(pace > 0 for pace in result.pace)


def test_the_pace_is_the_faster_of_before_and_after_a_round(machine, monkeypatch):
    read = iter([100.0, 150.0, 300.0, 200.0])
    monkeypatch.setattr("evenhand.measure.sampling.yardstick", lambda: next(read))
    assert compared(machine, rounds=2).pace == (100.0, 200.0)


def test_a_pace_varies_by_the_slowest_over_the_fastest():
    assert varied([100.0, 130.0, 120.0]) == pytest.approx(1.3)
    assert varied([]) == 1.0
    assert yardstick() > 0


def test_rounds_with_two_paces_are_noted(machine, monkeypatch):
    rounds = iter(range(8))
    alive = machine.alive

    def changing(*given, **further):
        machine.slow = 2 if next(rounds) % 2 else 1
        return alive(*given, **further)

    machine.slow = 1
    machine.work = lambda nanoseconds, threads=1: setattr(machine, "now", machine.now + int(nanoseconds * machine.slow))
    monkeypatch.setattr("evenhand.measure.sampling.alive", changing)
    notes = compared(machine).notes
    [note] = [note for note in notes if "two groups" in note]
    assert note.startswith("the rounds of “one”, “two” fall into two groups, for “")
    assert re.search(r"for (“one” around 3\.\d+\sµs and 6\.\d+|“two” around 6\.\d+\sµs and 12\.\d+)\sµs$", note)


# Long calls


def test_a_long_call_is_announced_before_its_first_sample(machine):
    recorder = Watched()
    compared(machine, {"slow": "work(3_000_000_000)"}, rounds=12, recorder=recorder)
    # Three executions a round: one warms up.
    [said] = recorder.said
    assert said.startswith("comparison: 12 rounds of ")
    assert said.endswith("minutes")
    assert math.isclose(float(said.split(" rounds of ")[1].split(" s")[0]), 15, rel_tol=0.4)


def test_a_short_call_is_not_announced(machine):
    recorder = Watched()
    compared(machine, recorder=recorder)
    assert recorder.said == []


# Calls that are stopped


def test_a_stop_keeps_the_finished_rounds_and_marks_them(machine):
    recorder = Watched(stop_at=7)
    with pytest.raises(bench.Interrupted) as stopped:
        compared(machine, rounds=9, recorder=recorder)
    result = stopped.value.result
    assert isinstance(stopped.value, KeyboardInterrupt)
    assert result.settings["rounds"] == 7
    assert sorted(set(result.samples["round"])) == list(range(7))
    assert result.notes[0] == "incomplete: stopped after 7 of 9 rounds"
    assert result.verdict("two") == "slower"
    assert [kept.key for kept in recorder.results] == [result.key]


class Lost(Watched):
    """Sends a signal in the callback of a weak reference, where Python only reports what its handler raises."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def progress(self, what: str, done: int, total: int) -> None:
        del what, total
        if done == 2:
            watched = Lost(self.number)
            reference = weakref.ref(watched, lambda _: signal.raise_signal(self.number))
            del watched
            assert reference() is None


def test_a_ctrl_c_whose_exception_was_only_reported_stops_after_the_round(machine, monkeypatch):
    reported = []
    monkeypatch.setattr("sys.unraisablehook", lambda unraisable: reported.append(unraisable.exc_type))
    earlier = signal.getsignal(signal.SIGINT)
    recorder = Lost(signal.SIGINT)
    with pytest.raises(bench.Interrupted):
        compared(machine, rounds=9, recorder=recorder)
    assert reported == [KeyboardInterrupt]
    assert recorder.results[0].notes[0] == "incomplete: stopped after 3 of 9 rounds"
    assert signal.getsignal(signal.SIGINT) is earlier


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no handler of SIGTERM")
def test_a_handler_of_the_program_decides_what_a_signal_raises(machine, monkeypatch):
    def stop(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    monkeypatch.setattr("sys.unraisablehook", lambda unraisable: None)
    earlier = signal.signal(signal.SIGTERM, stop)
    try:
        with pytest.raises(SystemExit) as stopped:
            compared(machine, rounds=9, recorder=Lost(signal.SIGTERM))
    finally:
        signal.signal(signal.SIGTERM, earlier)
    assert stopped.value.code == 128 + signal.SIGTERM


def test_a_stop_before_the_first_round_is_over_keeps_nothing(machine):
    recorder = Watched(stop_at=0)
    with pytest.raises(KeyboardInterrupt) as stopped:
        compared(machine, recorder=recorder)
    assert not isinstance(stopped.value, bench.Interrupted)
    assert recorder.results == []


def test_a_script_that_is_stopped_ends_with_its_status_and_keeps_the_rounds(machine):
    recorder = Watched(stop_at=2, error=lambda: SystemExit(130))
    with pytest.raises(SystemExit) as stopped:
        compared(machine, recorder=recorder)
    assert stopped.value.code == 130
    assert recorder.results[0].settings["rounds"] == 2


def test_an_error_keeps_nothing(machine):
    recorder = Watched(stop_at=2, error=lambda: ValueError("x"))
    with pytest.raises(ValueError, match="x"):
        compared(machine, recorder=recorder)
    assert recorder.results == []
