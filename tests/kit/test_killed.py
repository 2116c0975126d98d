"""`killed`: a process that is killed in the middle of its work."""

from __future__ import annotations

import os
import time
from functools import partial
from types import SimpleNamespace

import psutil
import pytest

import evenhand as bench
from evenhand.measure.killed import killed_together


def counting(count):
    """Count until killed."""
    done = 0
    while True:
        done += 1
        count(done)


def test_the_count_outlives_the_process():
    assert bench.killed(counting, after=1_000) >= 1_000


@pytest.fixture
def clock(monkeypatch):
    """Replace the clock of the kills by one that jumps a minute ahead when a condition becomes true."""

    def pause_until(condition):
        replaced = SimpleNamespace(monotonic=lambda: 60.0 if condition() else 0.0, sleep=time.sleep)
        monkeypatch.setattr("evenhand.measure.killed.time", replaced)

    return pause_until


def test_it_is_killed_after_the_delay(clock, tmp_path):
    def work(count):
        count(0)
        time.sleep(0.2)
        count(7)
        (tmp_path / "seven").touch()
        time.sleep(600)

    clock((tmp_path / "seven").exists)
    assert bench.killed(work, after=0, seconds=2.0) == 7


def test_without_a_delay_it_is_killed_at_the_count(clock):
    def work(count):
        count(0)
        time.sleep(600)

    clock(lambda: False)
    assert bench.killed(work, after=0) == 0


def test_no_process_is_left():
    before = set(psutil.Process().children(recursive=True))
    bench.killed(counting)
    with pytest.raises(bench.WorkerError):
        bench.killed(lambda count: time.sleep(600), timeout=0.1)
    assert set(psutil.Process().children(recursive=True)) <= before


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (lambda count: count(1), r"the work ended without being killed \(status 0\)"),
        (lambda count: 1 / 0, r"(?s)the work ended without being killed \(status 1\): .*ZeroDivisionError"),
    ],
)
def test_work_that_ends_before_the_kill_is_reported(work, words):
    with pytest.raises(bench.WorkerError, match=words):
        bench.killed(work, seconds=600.0)


def test_work_that_is_too_slow_is_reported():
    with pytest.raises(bench.WorkerError, match=r"did not count up to 5 within 0\.5 s"):
        bench.killed(lambda count: time.sleep(600), after=5, timeout=0.5)


@pytest.mark.parametrize("wrong", [{"after": -1}, {"seconds": -0.1}])
def test_negative_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match="give numbers from 0 on"):
        bench.killed(counting, **wrong)


# Several at the same time


def test_each_of_several_is_killed_at_its_own_moment(clock, tmp_path):
    def work(number, count):
        pid = tmp_path / f"{number}.pid"
        pid.with_suffix(".part").write_text(str(os.getpid()))
        pid.with_suffix(".part").rename(pid)
        count(number)
        if number == 1:
            others = [tmp_path / "0.pid", tmp_path / "2.pid"]
            while not all(other.exists() and is_killed(int(other.read_text())) for other in others):
                time.sleep(0.001)
            count(11)
            (tmp_path / "eleven").touch()
        time.sleep(600)

    clock((tmp_path / "eleven").exists)
    works = [partial(work, number) for number in range(3)]
    assert killed_together(works, after=0, seconds=[0.0, 3.0, 0.0]) == [0, 11, 2]


def is_killed(pid):
    """Return whether a process was killed, and its parent has not waited for it yet."""
    return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_none_of_several_is_left(clock, tmp_path):
    def noted(counted, count):
        (tmp_path / str(os.getpid())).touch()
        count(counted)
        time.sleep(600)

    killed_together([partial(noted, 1)] * 3, seconds=[0.0] * 3)
    clock(lambda: len(list(tmp_path.iterdir())) == 5)
    with pytest.raises(bench.WorkerError, match="did not count up to 1"):
        killed_together([partial(noted, 1), partial(noted, 0)], seconds=[600.0, 0.0], timeout=1.0)
    pids = [int(path.name) for path in tmp_path.iterdir()]
    assert len(pids) == 5
    # A process whose parent ended before it has no parent any more.
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


def test_one_of_several_that_fails_is_reported():
    with pytest.raises(bench.WorkerError, match=r"(?s)the work ended without being killed.*ZeroDivisionError"):
        killed_together([counting, lambda count: 1 / 0], seconds=[600.0, 600.0])


def test_several_that_cannot_begin_are_reported():
    class Unknown:
        def __reduce__(self):
            return (int, ("no number",))

    unknown = Unknown()
    with pytest.raises(bench.WorkerError, match=r"(?s)ended without being killed \(status 1\).*ValueError"):
        killed_together([lambda count: unknown] * 2, seconds=[0.0, 0.0])
