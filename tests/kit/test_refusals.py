"""Refusals of a measuring call, which name the argument, before any process is started."""

from __future__ import annotations

import math
import subprocess

import pytest

import evenhand as bench
from evenhand import Settings, Statement

CALLS = {
    "compare": (bench.compare, {}),
    "latency": (bench.latency, {}),
    "throughput": (bench.throughput, {}),
    "observe": (bench.observe, {"columns": ["busy_ns"]}),
    "paced": (bench.paced, {"rate": 1_000, "duration": 1}),
    "footprint": (bench.footprint, {}),
}
ONE = {"one": "{'busy_ns': 1}"}


@pytest.fixture(autouse=True)
def no_process(monkeypatch):
    """Fail where a process is started."""
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("it started a process"))


def refused(measuring, error, words, contenders=ONE, **changed):
    """Check that a measuring call refuses, with these words in its message."""
    call, usual = CALLS[measuring]
    with pytest.raises(error, match=words):
        call(contenders, **usual | changed)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("contenders", "error", "words"),
    [
        (["1", "2"], TypeError, "contenders is a list; give a mapping of names to statements"),
        ("1", TypeError, "contenders is a str; give a mapping"),
        ({}, ValueError, "contenders is empty"),
        ({1: "{}", "1": "{}"}, ValueError, "two contenders are called '1' as text"),
        ({"one": 3}, TypeError, "a statement is source text or a callable, not int: 3"),
        ({"one": "a b"}, ValueError, "statement 'a b' is not valid Python"),
        ({"": "{}"}, ValueError, "contender '' is empty or contains a slash"),
        ({"a/b": "{}"}, ValueError, "contender 'a/b' is empty or contains a slash"),
        ({"a b": "{}", "a_b": "[]"}, ValueError, "contenders 'a b' and 'a_b' have the same address"),
        ({"one": list, "two": "await f()"}, ValueError, "'one' is a callable and 'two' awaits; give both as"),
    ],
)
def test_contenders(name, contenders, error, words):
    refused(name, error, words, contenders)


@pytest.mark.parametrize("name", CALLS)
def test_setup_and_namespace(name):
    refused(name, ValueError, "setup 'a =' is not valid Python", setup="a =")
    refused(name, TypeError, "setup is 3; give source text, or a function", setup=3)
    refused(name, TypeError, "namespace is a list; give a mapping of names to values", namespace=["a"])


@pytest.mark.parametrize("name", CALLS)
def test_a_name_that_is_not_a_text(name):
    refused(name, TypeError, "name must be a text, got 3", name=3)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("given", ["", "a/b"])
def test_a_name_that_would_break_an_address(name, given):
    refused(name, ValueError, f"name {given!r} is empty or contains a slash", name=given)


WHOLE = [(0, ValueError), (-1, ValueError), (1.5, TypeError), (1e4, TypeError), (True, TypeError), ("6", TypeError)]


@pytest.mark.parametrize(("value", "error"), WHOLE)
@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("compare", "items"),
        ("latency", "calls"),
        ("throughput", "repeats"),
        ("observe", "rounds"),
        ("paced", "rounds"),
        ("footprint", "runs"),
    ],
)
def test_whole_numbers(name, argument, value, error):
    refused(name, error, f"{argument} must be a whole number of at least 1, got {value!r}", **{argument: value})


@pytest.mark.parametrize(("value", "error"), WHOLE)
@pytest.mark.parametrize("argument", ["rounds", "slices"])
def test_whole_numbers_of_the_settings(argument, value, error):
    with pytest.raises(error, match=f"{argument} must be a whole number of at least 1, got {value!r}"):
        Settings(**{argument: value})


@pytest.mark.parametrize(("value", "error"), WHOLE)
@pytest.mark.parametrize("name", ["throughput", "observe", "footprint"])
def test_sizes(name, value, error):
    refused(name, error, f"each of sizes must be a whole number of at least 1, got {value!r}", sizes=[10, value])


@pytest.mark.parametrize("name", ["throughput", "observe", "footprint"])
def test_sizes_that_are_not_a_sequence_or_empty(name):
    refused(name, TypeError, "sizes must be a sequence of whole numbers, such as .*, got 10", sizes=10)
    refused(name, ValueError, "sizes is empty; give at least one", sizes=[])


POSITIVE = [
    (0, ValueError, "must be a finite number of {unit} above 0, got 0"),
    (-1.0, ValueError, "must be a finite number of {unit} above 0, got -1.0"),
    (math.nan, ValueError, "must be a finite number of {unit} above 0, got nan"),
    (math.inf, ValueError, "must be a finite number of {unit} above 0, got inf"),
    (10**400, ValueError, "must be a finite number of {unit} above 0, got 1000"),
    ("1000", TypeError, "must be a number of {unit}, got str: '1000'"),
    (True, TypeError, "must be a number of {unit}, got bool: True"),
]


@pytest.mark.parametrize(("value", "error", "words"), POSITIVE)
@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("compare", "timeout"),
        ("latency", "timeout"),
        ("throughput", "timeout"),
        ("observe", "timeout"),
        ("paced", "timeout"),
        ("paced", "rate"),
        ("paced", "duration"),
    ],
)
def test_seconds_and_rates(name, argument, value, error, words):
    unit = "hertz" if argument == "rate" else "seconds"
    refused(name, error, f"{argument} {words.format(unit=unit)}", **{argument: value})


@pytest.mark.parametrize("value", [-1, 1.5, math.nan, math.inf, "1", True, None])
@pytest.mark.parametrize("name", [name for name in CALLS if name != "paced"])
def test_a_share(name, value):
    words = f"share must be the part of the example's seconds, from 0 to 1, got {value!r}"
    refused(name, ValueError, words, share=value)


def test_seconds_of_the_settings():
    with pytest.raises(ValueError, match="seconds must be a finite number of seconds above 0, got 0"):
        Settings(seconds=0)


@pytest.mark.parametrize("name", ["latency", "paced"])
@pytest.mark.parametrize(
    ("compared", "error", "words"),
    [
        (99, TypeError, "compared must be a sequence of names, got 99"),
        ("p99", TypeError, r"compared must be a sequence of names, got the text 'p99'; give \['p99'\]"),
        (["p98"], ValueError, "compared has 'p98'; give some of: p50, p95, p99, p99_9"),
        (["p50", "p50"], ValueError, "compared names 'p50' twice"),
    ],
)
def test_compared_percentiles(name, compared, error, words):
    refused(name, error, words, compared=compared)


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"columns": []}, ValueError, "columns is empty; name at least one number"),
        (
            {"columns": "busy_ns"},
            TypeError,
            r"columns must be a sequence of names, got the text 'busy_ns'",
        ),
        ({"columns": 5}, TypeError, "columns must be a sequence of names, got 5"),
        ({"columns": ["busy_ns", 3]}, TypeError, r"columns must be a sequence of names, got \['busy_ns', 3\]"),
        ({"size_label": 3}, TypeError, "size_label must be a text, such as 'rows per batch', got 3"),
        ({"columns": ["a", "b", "a"]}, ValueError, "columns names 'a' twice"),
        ({"compared": ["lost"]}, ValueError, "compared has 'lost'; give some of: busy_ns"),
        ({"compared": "busy_ns"}, TypeError, "compared must be a sequence of names"),
    ],
)
def test_observed_columns(changed, error, words):
    refused("observe", error, words, **changed)


@pytest.mark.parametrize("name", ["observe", "footprint"])
def test_a_statement_without_a_value(name):
    refused(name, ValueError, "the statement of 'one' is not an expression: 'x = 3'", {"one": "x = 3"})


@pytest.mark.parametrize("calls", [1, 99])
def test_too_few_calls(calls):
    refused("latency", ValueError, f"calls is {calls}; a 99th percentile needs at least 100", calls=calls)


@pytest.mark.parametrize(("name", "row"), [("latency", "clock"), ("paced", "scheduler")])
def test_a_contender_called_like_the_row_of_the_empty_statement(name, row):
    refused(name, ValueError, f"a contender is (called|named) '{row}'", {row: "1"})


def test_each_is_refused_for_paced_statements():
    contenders = {"one": Statement("a.sort()", each="a = [2, 1]")}
    refused("paced", ValueError, "'one' has each=..., but paced calls statements when they are due", contenders)


@pytest.mark.parametrize(
    ("further", "error", "words"),
    [
        ({"python": "/no/such/python"}, ValueError, "python is '/no/such/python', which is not a program here"),
        ({"python": 3}, ValueError, "python is 3, which is not a program here"),
        ({"python": ""}, ValueError, "python is '', which is not a program here"),
        ({"each": "a ="}, ValueError, "each 'a =' is not valid Python"),
        ({"each": "await f()"}, ValueError, "each 'await f.*' is not valid Python"),
        ({"each": 3}, TypeError, "each is 3; give source text"),
        ({"setup": "await f()"}, ValueError, "setup 'await f.*' is not valid Python"),
    ],
)
def test_parts_of_a_statement(further, error, words):
    with pytest.raises(error, match=words):
        Statement("1", **further)


async def awaited():
    """Run only if it is awaited."""


async def yielded():
    """Run only if it is iterated over."""
    yield 1


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("code", [awaited, yielded])
def test_a_callable_that_makes_a_coroutine(name, code):
    refused(name, TypeError, rf"{code.__name__}\(\) makes a coroutine that never runs; give source", {"one": code})
