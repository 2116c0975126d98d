"""A round: its workers live side by side, and none of them outlives it."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from rust_daq.bench import Statement, WorkerError
from rust_daq.bench.round import alive

NUMBER = Statement("1")


def children() -> set[int]:
    """The processes that this one has begun."""
    return {child.pid for child in psutil.Process().children()}


def test_the_workers_are_those_that_were_stated_in_their_order_and_end_with_the_round() -> None:
    before = children()
    with alive({"one": NUMBER, "two": NUMBER, "three": NUMBER}) as workers:
        assert list(workers) == ["one", "two", "three"]
        assert len(children() - before) == 3
    assert children() <= before


def test_where_one_cannot_start_it_is_named_and_the_others_end() -> None:
    before = children()
    stated = {"one": NUMBER, "wrong": Statement("1", "1 / 0"), "two": NUMBER}
    with pytest.raises(WorkerError, match="the statement of 'wrong' failed"), alive(stated):
        pytest.fail("there is no round without all of its workers")
    assert children() <= before


def test_they_end_whatever_happens_in_the_round() -> None:
    before = children()
    with pytest.raises(KeyboardInterrupt), alive({"one": NUMBER, "two": NUMBER}):
        raise KeyboardInterrupt
    assert children() <= before


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="on one core they start one after the other")
def test_they_start_beside_one_another(tmp_path: Path) -> None:
    # Each one's setup waits for the other's file.
    wait = "import pathlib, time\nfolder = pathlib.Path({folder!r})\n(folder / {mine!r}).touch()\n"
    wait += "while not (folder / {other!r}).exists():\n    time.sleep(0.001)\n"
    stated = {
        mine: Statement("1", wait.format(folder=str(tmp_path), mine=mine, other=other))
        for mine, other in (("one", "two"), ("two", "one"))
    }
    with alive(stated, timeout=20) as workers:
        assert len(workers) == 2
