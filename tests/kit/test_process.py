"""A worker process: its statement can do no harm, and failures are named."""

from __future__ import annotations

import functools
import os
import sys

import pytest

from evenhand import Settings, Statement, WorkerError, compare
from evenhand.measure.fork_server import ForkServer
from evenhand.measure.process import WORKER, WorkerProcess
from evenhand.results.result import records

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


def test_a_setup_that_does_not_return_a_mapping_is_refused():
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


def test_the_output_of_a_statement_does_not_reach_the_answers():
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


# Other interpreters, cores and commands


@pytest.fixture
def marked(tmp_path):
    """Make an interpreter that differs from this one by a variable."""
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\nMARK=there exec "{sys.executable}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return str(script)


posix = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")


@posix
def test_a_statement_runs_in_the_interpreter_that_it_names(marked):
    with WorkerProcess("mine", Statement("import os; assert os.environ['MARK']", python=marked)) as worker:
        assert worker.ask(COST)["elapsed"] > 0
    with pytest.raises(WorkerError, match="KeyError: 'MARK'"):
        ask("import os; assert os.environ['MARK']")


@posix
def test_two_interpreters_are_compared_like_two_statements(marked):
    setup = "import os; mark = os.environ.get('MARK')"
    contenders = {
        "here": Statement("assert mark is None", setup),
        "there": Statement("assert mark == 'there'", setup, python=marked),
    }
    result = compare(contenders, settings=Settings(rounds=2))
    assert list(result.contenders) == ["here", "there"]


@posix
def test_the_same_statement_on_two_interpreters_is_not_the_same_program(marked):
    once = Settings(rounds=1)
    apart = compare({"here": Statement("1"), "there": Statement("1", python=marked)}, settings=once)
    assert apart.identical == []
    assert "noise_floor" not in apart.facts()
    together = {name: Statement("1", python=marked) for name in ("one", "two")}
    assert compare(together, settings=once).identical == [("one", "two")]


@posix
def test_the_interpreter_is_not_stored(marked):
    here, there = Statement("pass"), Statement("pass", python=marked)
    assert here.fingerprint == there.fingerprint
    assert marked not in str(records({"mine": there}))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process")
def test_a_worker_is_pinned_to_its_core():
    core = max(os.sched_getaffinity(0))
    with WorkerProcess("mine", Statement(f"import os; assert os.sched_getaffinity(0) == {{{core}}}"), core) as worker:
        assert worker.ask(COST)["elapsed"] > 0


@posix
def test_a_worker_runs_under_a_command_and_with_further_variables():
    statement = Statement("import os; assert os.environ['MINE'] == 'x' and os.environ['ITS'] == 'y'")
    with WorkerProcess("mine", statement, under=("env", "ITS=y"), environment={"MINE": "x"}) as worker:
        assert worker.ask(COST)["elapsed"] > 0


def test_the_timeout_of_a_worker_also_applies_to_its_setup():
    with pytest.raises(WorkerError, match=r"worker of 'mine' did not answer within 0\.5 s"):
        WorkerProcess("mine", Statement("pass", "import time; time.sleep(600)"), timeout=0.5)


def test_an_error_names_what_was_raised_and_a_dead_worker_names_nothing():
    with pytest.raises(WorkerError) as raised:
        ask("1 / 0")
    assert raised.value.raised == "ZeroDivisionError"
    with pytest.raises(WorkerError) as died:
        ask("import os; os._exit(7)")
    assert died.value.raised == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has fork servers")
def test_a_worker_whose_server_has_ended_is_a_fresh_interpreter():
    with ForkServer.start(sys.executable, WORKER, 60.0) as server:
        assert server.load(["json"])
        server._process.kill()
        server._process.wait()
        with WorkerProcess("mine", Statement("pass"), server=server) as worker:
            assert worker.ask(COST)["elapsed"] > 0
