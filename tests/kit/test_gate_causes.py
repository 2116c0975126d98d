"""Causes of a change: instructions by function, and allocations, per execution on both sides."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import evenhand as bench
from evenhand.gate import BASE, CANDIDATE, Operation, Side, causes
from evenhand.gate.causes import Causes, Change, find_all, largest, parse_table
from evenhand.gate.gate import Gate, Outcome, Plan
from evenhand.gate.instructions import Count, unavailable
from evenhand.gate.interleaving import attempt
from evenhand.gate.report import document, markdown, where_to_look

SCHEMA = json.loads(Path(bench.__file__).with_name("schema").joinpath("gate-1.json").read_text(encoding="utf-8"))
counting = pytest.mark.skipif(bool(unavailable()), reason=f"instructions cannot be counted here: {unavailable()}")
TABLE = """
--------------------------------------------------------------------------------
Ir                  file:function
--------------------------------------------------------------------------------
1,209,672 (53.80%)  Python-3.11.7/Objects/listobject.c:list_sort_impl [/usr/lib/libpython3.11.so.1.0]
  172,568 ( 7.67%)  Python-3.11.7/./Include/object.h:list_sort_impl
   11,024 ( 0.49%)  src/point.rs:rust_daq::point::Point::new::h0123456789abcdef [/x/_core.abi3.so]
      205 ( 0.01%)  ???:malloc'2 [/usr/lib/x86_64-linux-gnu/libc.so.6]
"""


def sides(base: str, candidate: str) -> dict[str, Side]:
    """Make two sides with different preludes."""
    return {BASE: Side("old", sys.executable, {}, base), CANDIDATE: Side("new", sys.executable, {}, candidate)}


def test_callgrinds_table_is_read_without_names_that_differ_between_builds() -> None:
    assert parse_table(TABLE) == {
        "list_sort_impl": 1_209_672 + 172_568,
        "rust_daq::point::Point::new": 11_024,
        "malloc": 205,
    }


def test_the_largest_differences_come_first_and_negligible_ones_are_dropped() -> None:
    base = {"same": 100.0, "gone": 50.0, "more": 10.0, **{f"small {index}": 1.0 for index in range(20)}}
    candidate = {"same": 100.3, "new": 5.0, "more": 300.0, **{f"small {index}": 3.0 for index in range(20)}}
    found = largest(base, candidate)
    assert [change.name for change in found[:3]] == ["more", "gone", "new"]
    assert found[1].difference == -50
    assert len(found) == causes.MOST_FUNCTIONS
    assert "same" not in {change.name for change in found}


@counting
def test_a_sort_that_is_added_is_found_and_so_are_its_allocations() -> None:
    both = sides("def f():\n    return None", "def f():\n    return sorted(numbers)")
    operation = Operation("call", "f()", "numbers = list(range(100, 0, -1))")
    found, failed = find_all([attempt(operation, both)], both, lambda *_: None, 120.0)
    assert failed == {}
    assert any("sort" in change.name and change.difference > 100 for change in found["call"].functions)
    [allocations, size] = found["call"].memory
    assert (allocations.name, size.name) == ("allocations", "bytes")
    # The list is one object and its items' block; whatever a call takes itself is on both sides.
    assert allocations.difference == pytest.approx(2, abs=0.5)
    assert size.difference >= 8 * 100


@counting
def test_a_statement_that_fails_is_named() -> None:
    both = sides("pass", "pass")
    trial = attempt(Operation("call", "1 + 1"), both)
    broken = replace(trial, operation=Operation("call", "no_such_name"))
    found, failed = find_all([broken], both, lambda *_: None, 120.0)
    assert found == {}
    assert "NameError" in failed["call"]


def gate(found: Causes) -> Gate:
    """Make a gate with one operation that got slower."""
    return Gate(
        sides=sides("", ""),
        plan=Plan(),
        outcomes=(Outcome(Operation("call", "f()"), "slower"),),
        stages=(),
        machine=bench.machine(),
        started="2026-11-28T00:00:00+00:00",
        seconds=1.0,
        complete=True,
        counts={"call": Count((100.0,), (200.0,))},
        causes={"call": found},
    )


FOUND = Causes((Change("list_sort_impl", 0.0, 4_200.0), Change("gone", 50.0, 0.0)), (Change("allocations", 1.0, 3.0),))


def test_the_report_has_a_line_for_each_with_its_difference() -> None:
    told = where_to_look(gate(FOUND), "call")
    assert told["difference"].tolist() == ["+4\u202f200", "-50.0", "+2.00"]
    assert "call: where to look" in markdown(gate(FOUND), 1)
    assert "call: where to look" not in markdown(gate(Causes()), 1)


def test_a_name_is_safe_in_the_comment() -> None:
    made = gate(FOUND)
    renamed = replace(made, causes={"list<int>": FOUND}, counts={"list<int>": made.counts["call"]})
    assert "<summary>list&lt;int&gt;: where to look" in markdown(renamed, 1)


def test_the_document_has_the_causes_and_an_older_one_without_them_is_valid() -> None:
    made = document(gate(FOUND), 1)
    jsonschema.validate(made, SCHEMA, jsonschema.Draft202012Validator)
    assert made["operations"][0]["causes"]["functions"][0] == {
        "name": "list_sort_impl",
        "base": 0.0,
        "candidate": 4_200.0,
    }
    del made["operations"][0]["causes"]
    jsonschema.validate(made, SCHEMA, jsonschema.Draft202012Validator)
