"""A worker process: what its statement does cannot hurt, and what goes wrong is said by name."""

from __future__ import annotations

import functools
import os

import pytest

from rust_daq.bench import Statement, WorkerError
from rust_daq.bench.process import WorkerProcess

COST = {"do": "cost", "repeats": 1, "loops": 1}


def ask(code, setup=None, timeout=60.0, **namespace):
    """Time a statement once in a worker."""
    with WorkerProcess("mine", Statement(code, setup, namespace)) as worker:
        return worker.ask(COST, timeout)["elapsed"]


def setup_with_class():
    """Make a class in the worker."""

    class Local:
        value = 3

    return {"Local": Local}


def test_a_setup_function_runs_in_the_worker():
    assert ask("assert Local().value == 3", setup_with_class) > 0


def test_a_setup_that_returns_nothing_is_enough():
    assert ask("pass", lambda: None) > 0


def test_a_setup_that_returns_no_mapping_is_refused():
    with pytest.raises(WorkerError, match="setup returns int; return a mapping of names, such as locals"):
        ask("pass", lambda: 3)


@pytest.mark.parametrize("code", [lambda: 1, functools.partial(int, "3"), os.getpid, "text".upper, setup_with_class])
def test_any_callable_can_be_measured(code):
    assert ask(code) > 0


def test_a_statement_that_raises_is_named_with_its_error():
    with pytest.raises(WorkerError, match="'mine' failed in its worker: ZeroDivisionError"):
        ask("1 / 0")


def test_a_statement_that_exits_does_not_end_anything():
    with pytest.raises(WorkerError, match="SystemExit: 3"):
        ask("raise SystemExit(3)")


def test_what_a_statement_prints_does_not_reach_the_answers():
    assert ask("import os; print('text'); os.write(1, b'bytes')") > 0


def test_a_statement_that_reads_standard_input_finds_nothing():
    assert ask("import sys; assert sys.stdin.read() == ''") > 0


def test_a_worker_that_dies_is_named_with_its_last_words():
    with pytest.raises(WorkerError, match=r"worker of 'mine' died \(status 7\): last words"):
        ask("import os, sys; print('last words', file=sys.stderr, flush=True); os._exit(7)")


def test_a_worker_that_hangs_is_named_and_ended():
    with WorkerProcess("mine", Statement("import time; time.sleep(600)")) as worker:
        with pytest.raises(WorkerError, match=r"worker of 'mine' did not answer within 0\.5 s"):
            worker.ask(COST, timeout=0.5)
        assert worker._process.poll() is not None


def test_the_worker_imports_nothing_of_ours():
    code = "import sys; assert not [m for m in sys.modules if m.split('.')[0] in {'rust_daq', 'numpy', 'pandas'}]"
    assert ask(code) > 0


def test_the_collector_is_on_and_what_the_setup_made_is_frozen():
    assert ask("import gc; assert gc.isenabled() and gc.get_freeze_count() > 0") > 0
