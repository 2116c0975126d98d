"""A statement: its forms, the names that it sends, and its identity."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evenhand import Statement, statements


def test_invalid_python_is_refused_with_the_text():
    with pytest.raises(ValueError, match=r"statement 'a b' is not valid Python"):
        Statement("a b")


@pytest.mark.parametrize("code", ["return 1", "break", "yield 1"])
def test_text_that_would_leave_the_loop_is_refused(code):
    with pytest.raises(ValueError, match="is not valid Python"):
        Statement(code)


def test_something_that_is_neither_text_nor_callable_is_refused_by_its_type():
    with pytest.raises(TypeError, match="source text or a callable, not int: 3"):
        Statement(3)


def test_no_contenders_are_refused():
    with pytest.raises(ValueError, match="contenders is empty"):
        statements({})


def test_a_contender_that_is_a_statement_keeps_its_own_setup():
    own = Statement("1", setup="a = 1")
    stated = statements({"own": own, "text": "2"}, setup="b = 2")
    assert stated["own"] is own
    assert stated["text"].setup == "b = 2"


def test_only_names_that_the_code_mentions_are_sent():
    assert Statement("a + 1", namespace={"a": 1, "b": object()}).used_names == {"a"}


def test_names_that_only_a_nested_function_mentions_are_sent():
    assert Statement("(lambda: a)()", namespace={"a": 1}).used_names == {"a"}


def test_build_runs_setup_and_statement_here():
    assert Statement("a + b", setup="a = 1", namespace={"b": 2}).build() == 3


def test_a_text_is_compiled_as_the_reader_wrote_it_and_not_as_the_kit_is():
    # The kit's own files postpone annotations; a reader's text does not.
    setup = "def typed(value: int): pass"
    assert Statement("typed.__annotations__", setup).build() == {"value": int}
    assert Statement("typed.__annotations__", "pass", each=setup).build() == {"value": int}


def test_a_statement_that_is_not_an_expression_builds_nothing():
    assert Statement("a = 1").build() is None


OFFSET = 1


def with_global():
    """Use a name of this file."""
    return OFFSET


def with_default(offset=1):
    """Use a default."""
    return offset


def closing_over(value):
    """Make a function that closes over a value."""
    return lambda: value


def test_the_fingerprint_follows_text_setup_and_names():
    same = Statement("a", setup="x = 1", namespace={"a": 1}).fingerprint
    assert Statement("a", setup="x = 1", namespace={"a": 1}).fingerprint == same
    assert Statement("a ", setup="x = 1", namespace={"a": 1}).fingerprint != same
    assert Statement("a", setup="x = 2", namespace={"a": 1}).fingerprint != same
    assert Statement("a", setup="x = 1", namespace={"a": 2}).fingerprint != same


def test_a_file_is_identified_by_its_name_and_not_by_its_folder():
    def of(path):
        return Statement("read(a)", namespace={"a": [Path(path)], "read": len}).fingerprint

    assert of("/tmp/one/run.arrow") == of("/tmp/two/run.arrow") != of("/tmp/one/other.arrow")


def test_a_name_that_is_not_used_does_not_change_the_fingerprint():
    assert Statement("a", namespace={"a": 1}).fingerprint == Statement("a", namespace={"a": 1, "b": 2}).fingerprint


def test_the_fingerprint_follows_a_global_that_the_function_uses(monkeypatch):
    before = Statement(with_global).fingerprint
    monkeypatch.setitem(globals(), "OFFSET", 2)
    assert Statement(with_global).fingerprint != before


def test_the_fingerprint_follows_a_default(monkeypatch):
    before = Statement(with_default).fingerprint
    monkeypatch.setattr(with_default, "__defaults__", (2,))
    assert Statement(with_default).fingerprint != before


def test_the_fingerprint_follows_closed_over_values():
    assert Statement(closing_over(1)).fingerprint != Statement(closing_over(2)).fingerprint
    assert Statement(closing_over(1)).fingerprint == Statement(closing_over(1)).fingerprint


def test_the_fingerprint_follows_the_arguments_of_a_partial():
    assert Statement(functools.partial(int, "1")).fingerprint != Statement(functools.partial(int, "2")).fingerprint


def test_a_function_that_calls_itself_has_a_fingerprint():
    def recursive(depth=0):
        return recursive if depth else 0

    assert Statement(recursive).fingerprint


def test_the_fingerprint_is_the_same_in_every_process():
    statement = "Statement(lambda x={'a', 'b', 'c'}: {1, 2, 'd'}, 'y = {}')"
    code = f"from evenhand import Statement; print({statement}.fingerprint)"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


def test_an_unsendable_value_is_refused_with_the_remedy():
    import threading

    with pytest.raises(TypeError, match="make it in `setup`"):
        Statement("lock", namespace={"lock": threading.Lock()}).request()
