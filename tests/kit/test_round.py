"""A round: its workers run at the same time, and none outlives it."""

from __future__ import annotations

import os
from collections import Counter
from itertools import combinations
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenhand import Statement, WorkerError
from evenhand.measure.round import alive, turns

NUMBER = Statement("1")


def children() -> set[int]:
    """Return the child processes of this one."""
    return {child.pid for child in psutil.Process().children()}


def test_the_workers_are_those_that_were_stated_in_their_order_and_end_with_the_round() -> None:
    before = children()
    with alive({"one": NUMBER, "two": NUMBER, "three": NUMBER}) as workers:
        assert list(workers) == ["one", "two", "three"]
        assert len(children() - before) == 3
    assert children() <= before


def test_a_worker_that_cannot_start_is_named_and_the_others_end() -> None:
    before = children()
    stated = {"one": NUMBER, "wrong": Statement("1", "1 / 0"), "two": NUMBER}
    with pytest.raises(WorkerError, match="the setup of 'wrong' failed"), alive(stated):
        pytest.fail("there is no round without all of its workers")
    assert children() <= before


def test_they_end_whatever_happens_in_the_round() -> None:
    before = children()
    with pytest.raises(KeyboardInterrupt), alive({"one": NUMBER, "two": NUMBER}):
        raise KeyboardInterrupt
    assert children() <= before


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="on one core they start one after the other")
def test_they_start_at_the_same_time(tmp_path: Path) -> None:
    # Each one's setup waits for the other's file.
    wait = "import pathlib, time\nfolder = pathlib.Path({folder!r})\n(folder / {mine!r}).touch()\n"
    wait += "while not (folder / {other!r}).exists():\n    time.sleep(0.001)\n"
    stated = {
        mine: Statement("1", wait.format(folder=str(tmp_path), mine=mine, other=other))
        for mine, other in (("one", "two"), ("two", "one"))
    }
    with alive(stated, timeout=20) as workers:
        assert len(workers) == 2


@given(contenders=st.integers(1, 7), pair=st.integers(0, 20), slices=st.integers(1, 5))
def test_in_each_pair_of_rounds_any_contender_comes_before_any_other_as_often_as_after_it(contenders, pair, slices):
    names = [str(place) for place in range(contenders)]
    before = Counter()
    for index in (2 * pair, 2 * pair + 1):
        order = turns(names, index, slices)
        assert sorted(order) == sorted((turn, name) for turn in range(slices) for name in names)
        for turn in range(slices):
            asked = [name for place, name in order if place == turn]
            before.update(combinations(asked, 2))
    assert all(before[one, two] == before[two, one] for one, two in combinations(names, 2))


@given(contenders=st.integers(1, 7))
def test_every_contender_begins_as_many_pairs_of_rounds_as_any_other(contenders):
    names = [str(place) for place in range(contenders)]
    assert [turns(names, 2 * pair, 2)[0][1] for pair in range(contenders)] == names


def test_a_round_goes_forward_then_backward_and_the_next_one_backward_then_forward():
    assert [contender for _, contender in turns(["a", "b", "c"], 0, 2)] == ["a", "b", "c", "c", "b", "a"]
    assert [contender for _, contender in turns(["a", "b", "c"], 1, 2)] == ["c", "b", "a", "a", "b", "c"]


@pytest.mark.parametrize(
    ("odd", "text"),
    [
        (Statement(list), "import sys; assert sys._getframe(1).f_code.co_name == 'measure'"),
        (Statement("await f()", "async def f(): pass"), "import asyncio; asyncio.get_running_loop()"),
    ],
    ids=["called", "in an event loop"],
)
def test_every_worker_of_a_round_has_the_harness_that_one_of_them_needs(odd: Statement, text: str) -> None:
    stated = {"text": Statement(text), "odd": odd}
    with alive(stated) as workers:
        for worker in workers.values():
            worker.ask({"do": "once"})
    with pytest.raises(WorkerError), alive({"text": stated["text"]}) as workers:
        workers["text"].ask({"do": "once"})
