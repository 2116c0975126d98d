"""The parts of a worker: how a statement gets into its loop, and the work around it."""

from __future__ import annotations

import pytest
from made_machine import WORK, MadeWorker

from evenhand.measure.statement import Harness, Statement
from evenhand.measure.worker import _CALL, _CALLS, _COST, Worker

SLICE = {"do": "cost", "repeats": 2, "loops": 3}


def run(source, repeats=1, loops=1, **names):
    """Run a statement in the timed loop, with a clock that always reads 0, and return its global names."""
    worker = Worker()
    worker.namespace |= {"seen": [], **names}
    worker.function(_COST, source, repeats)(loops, lambda: 0)
    return worker.namespace["seen"]


def test_a_text_is_compiled_as_the_reader_wrote_it_and_not_as_this_file_is():
    worker = Worker()
    worker.prepare(Statement("pass", "def typed(value: int): pass").request() | {"path": None})
    assert worker.namespace["typed"].__annotations__ == {"value": int}
    assert run("def typed(value: int): pass\nseen.append(typed.__annotations__)") == [{"value": int}]


def test_a_statement_runs_once_for_each_loop_and_copy():
    assert run("seen.append(1)", repeats=3, loops=4) == [1] * 12


def test_a_string_over_several_lines_is_unchanged():
    text = "one\n  two\nthree"
    assert run(f"seen.append('''{text}''')") == [text]


def test_a_block_keeps_its_lines():
    assert run("if True:\n    value = 2\n    seen.append(value)") == [2]


def test_braces_are_a_dict():
    assert run("seen.append({'a': {1}})") == [{"a": {1}}]


def test_a_statement_may_use_an_underscore_and_the_words_of_the_loop():
    assert run("_ = loops = timer = begin = measure = 5; seen.append(_ + begin)", loops=2) == [10, 10]


def test_nothing_but_comments_is_an_empty_statement():
    assert run("# nothing") == []


def test_single_calls_are_timed_one_by_one():
    ticks = iter(range(100))
    times = [None] * 3
    Worker().function(_CALLS, "pass")(times, lambda: next(ticks))
    assert times == [1, 1, 1]


def test_a_paced_statement_is_called_with_its_names():
    worker = Worker()
    worker.namespace["seen"] = []
    call = worker.function(_CALL, "seen.append(len(seen))")
    call()
    call()
    assert worker.namespace["seen"] == [0, 1]


def test_a_statement_that_works_only_at_the_top_of_a_module_is_refused():
    with pytest.raises(SyntaxError):
        Worker().function(_COST, "from math import *")


# Preparation before each execution


def test_each_runs_before_every_execution_and_is_not_timed(machine):
    code, each = "work(50); seen.append(data.pop())", "data = [len(seen)]; work(1_000)"
    worker = MadeWorker(machine, "mine", Statement(code, f"{WORK}; seen = []", each=each))
    assert worker.ask({"do": "cost", "repeats": 1, "loops": 6})["elapsed"] == 6 * 50
    assert worker.worker.namespace["seen"] == list(range(6))


def test_single_calls_have_each_untimed_before_them(machine):
    worker = MadeWorker(machine, "mine", Statement("work(50); data.pop()", WORK, each="data = [1]; work(1_000)"))
    assert worker.ask({"do": "calls", "calls": 7, "warmup": 2})["histogram"] == [(50, 7)]


def test_the_clock_that_is_read_around_each_execution_is_timed_as_the_empty_loop(machine):
    machine.reading = 30
    worker = MadeWorker(machine, "mine", Statement("work(50); data.pop()", WORK, each="data = [1]; work(1_000)"))
    answer = worker.ask({"do": "cost", "repeats": 1, "loops": 6})
    assert (answer["elapsed"], answer["empty"]) == (6 * (50 + 30), 6 * 30)


# Statements that await


def test_awaiting_executions_share_one_event_loop(machine):
    setup = "import asyncio\nseen = []"
    statement = Statement("await asyncio.sleep(0); seen.append(id(asyncio.get_running_loop()))", setup)
    worker = MadeWorker(machine, "mine", statement)
    worker.ask({"do": "once"})
    worker.ask(SLICE)
    worker.ask({"do": "calls", "calls": 5, "warmup": 2})
    worker.worker._call()()
    seen = worker.worker.namespace["seen"]
    assert len(seen) == 1 + 6 + 7 + 1
    assert len(set(seen)) == 1


def test_a_text_compared_with_one_that_awaits_is_also_timed_in_the_event_loop(machine):
    plain, awaiting = Statement("work(40)", WORK), Statement("await f()", f"{WORK}\nasync def f(): work(40)")
    harness = Harness.of({"plain": plain, "awaiting": awaiting})
    found = [MadeWorker(machine, "mine", each, harness).ask(SLICE)["elapsed"] for each in (plain, awaiting)]
    assert found == [6 * 40 + 3 * machine.loop] * 2


# Text and callables in one call


@pytest.mark.parametrize(("other", "above"), [("pass", "cost"), (list, "measure")])
def test_text_is_timed_as_a_call_if_another_contender_is_a_callable(machine, other, above):
    text = Statement("import sys; seen.append(sys._getframe(1).f_code.co_name)", "seen = []")
    worker = MadeWorker(machine, "mine", text, Harness.of({"text": text, "other": Statement(other)}))
    worker.ask({"do": "cost", "repeats": 1, "loops": 2})
    # A called statement has the timing loop above it; otherwise it is in that loop, which the worker calls.
    assert worker.worker.namespace["seen"] == [above] * 2


# Statements that create code without running it


MAKERS = "async def f(): pass\nasync def g():\n    yield 1\ndef h():\n    yield 1\nkept = h()\n"


@pytest.mark.parametrize(
    ("text", "what", "advice"),
    [
        ("f()", "coroutine", "await f()"),
        ("1; f()", "coroutine", "await f()"),
        ("g()", "async generator", "[item async for item in g()]"),
        ("h()", "generator", "for item in h(): pass"),
        ("(i for i in range(3))", "generator", "for item in (i for i in range(3)): pass"),
    ],
)
def test_code_that_is_created_but_never_run_is_refused_with_advice(machine, text, what, advice):
    worker = MadeWorker(machine, "mine", Statement(text, MAKERS))
    with pytest.raises(TypeError) as raised:
        worker.ask({"do": "once"})
    assert f"makes a {what} that never runs" in str(raised.value)
    assert str(raised.value).endswith(f"give source text that runs it: {advice!r}")


@pytest.mark.parametrize(
    "text", ["await f()", "[i async for i in g()]", "for i in h(): pass", "kept", "next(kept)", "list(h())"]
)
def test_code_that_is_run_is_not_refused(machine, text):
    assert MadeWorker(machine, "mine", Statement(text, MAKERS)).ask({"do": "once"})["seconds"] == 0
