"""The worker's own parts: how a statement gets into its loop."""

from __future__ import annotations

import pytest

from rust_daq.bench.worker import _CALL, _CALLS, _COST, compile_measure


def run(source, repeats=1, loops=1, **names):
    """Run a statement in the timed loop, with a clock that always reads 0; the names it left as globals."""
    namespace = {"seen": [], **names}
    compile_measure(_COST, source, repeats, namespace)(loops, lambda: 0)
    return namespace["seen"]


def test_a_statement_runs_once_for_each_loop_and_copy():
    assert run("seen.append(1)", repeats=3, loops=4) == [1] * 12


def test_a_string_over_several_lines_stays_what_it_is():
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
    namespace = {}
    times = [None] * 3
    compile_measure(_CALLS, "pass", 1, namespace)(times, lambda: next(ticks))
    assert times == [1, 1, 1]


def test_a_paced_statement_is_called_with_its_names():
    namespace = {"seen": []}
    call = compile_measure(_CALL, "seen.append(len(seen))", 1, namespace)
    call()
    call()
    assert namespace["seen"] == [0, 1]


def test_a_statement_that_works_only_at_the_top_of_a_module_is_refused():
    with pytest.raises(SyntaxError):
        compile_measure(_COST, "from math import *", 1, {})
