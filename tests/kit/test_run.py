"""A run: its content, the addresses of its numbers, and the conditions that make runs comparable."""

from __future__ import annotations

import copy
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from made_runs import COSTS, STARTED, made_result, made_run

import evenhand as bench
from evenhand.results.comparison import Comparison
from evenhand.runs.run import Run, identity

SCHEMA = json.loads(Path(bench.__file__).with_name("schema").joinpath("run-1.json").read_text(encoding="utf-8"))


def changed(run: Run, **parts: Any) -> Run:
    """Return the run with other parts in its document."""
    document = copy.deepcopy(dict(run.document))
    for path, value in parts.items():
        place = document
        *folders, last = path.split("__")
        for folder in folders:
            place = place[folder]
        place[last] = value
    return replace(run, document=document)


def test_document_is_valid_by_the_shipped_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(made_run().to_json()), SCHEMA)


def test_run_is_measured_when_its_first_sample_was_taken() -> None:
    later = made_result("later", started="2026-01-02T04:00:00+00:00")
    assert made_run(later, made_result()).document["measured"] == STARTED


def test_ids_sort_by_time() -> None:
    old, new = made_run(), made_run(made_result(started="2026-01-02T03:04:06+00:00"))
    assert old.id < new.id


def test_runs_of_one_commit_and_second_have_different_ids() -> None:
    assert len({identity(STARTED, "abcdef0123") for _ in range(50)}) == 50


def test_two_results_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two results are called 'first/made'"):
        made_run(made_result(), made_result())


def test_further_fact_cannot_take_the_place_of_a_part() -> None:
    with pytest.raises(ValueError, match="id, schema is already a part of every run"):
        made_run(id="mine", schema=2)


@pytest.mark.parametrize(
    ("path", "column", "value"),
    [
        ("first/made/two/cost_ns", "cost_ns", 50.0),
        ("first/made/two/ratio", "ratio", 0.5),
        ("first/made/fastest", "fastest", "two"),
        ("profile", "profile", "quick"),
        ("measured", "measured", STARTED),
        ("complete", "complete", True),
        ("machine/python", "python", bench.machine()["python"]),
        ("build/commit", "commit", "0123456789"),
        ("packages/tiny/version", "version", "1.0"),
        ("packages/tiny/build/commit", "commit", "0123456789"),
        ("criterion/batch_roundtrip/1000/mean_ns", "mean_ns", 7.5),
        ("criterion/batch_roundtrip/mean_ns", "mean_ns", 1.5),
    ],
)
def test_every_number_has_an_address(path: str, column: str, value: object) -> None:
    criterion = {"batch_roundtrip": {"mean_ns": 1.5}, "batch_roundtrip/1000": {"mean_ns": 7.5}}
    packages = {"tiny": {"version": "1.0", "files_sha256": None, "build": {"commit": "0123456789"}}}
    found = made_run(criterion=criterion, packages=packages).value(path)
    assert found == (column, pytest.approx(value) if isinstance(value, float) else value)


class Sized(Comparison):
    """A result with sizes, like a throughput."""

    kind = "sized"

    def to_pandas(self) -> pd.DataFrame:
        """Two sizes."""
        index = pd.MultiIndex.from_tuples([("one", 10), ("one", 1000)], names=["contender", "size"])
        return pd.DataFrame({"median_ns": [1.0, 2.0]}, index=index)

    def facts(self) -> dict[str, Any]:
        """Facts in several levels."""
        return {"one/knee": 3.0, "fits": {"one": {"fixed_ns": 4.0}}}


@pytest.mark.parametrize(
    ("path", "value"),
    [("one/1000/median_ns", 2.0), ("one/10/median_ns", 1.0), ("one/knee", 3.0), ("fits/one/fixed_ns", 4.0)],
)
def test_size_is_a_part_of_the_address(path: str, value: float) -> None:
    result = made_result()
    sized = Sized(**{field.name: getattr(result, field.name) for field in fields(result)})
    run = Run({"id": "x"}, {sized.key: sized})
    assert run.value(f"first/made/{path}")[1] == value


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("first/made/tow/cost_ns", "first/made/two/cost_ns"),
        ("first/made/two/cost", "first/made/two/cost_ns"),
        ("frist/made/two/cost_ns", "first/made/two/cost_ns"),
        ("machine/cpus", "machine/cpu"),
        ("machine", "is a group"),
        ("", "is not in this run"),
    ],
)
def test_unknown_address_is_answered_with_similar_ones(path: str, near: str) -> None:
    with pytest.raises(KeyError) as caught:
        made_run().value(path)
    assert near in caught.value.args[0]


@pytest.mark.parametrize("example", ["machine", "build", "profile", "results"])
def test_example_may_have_the_name_of_a_part_of_the_run(example: str) -> None:
    run = made_run(made_result(example=example))
    assert run.value(f"{example}/made/one/cost_ns") == ("cost_ns", 100.0)
    assert run.value("machine/cpu")[1] == run.document["machine"]["cpu"]


def test_every_listed_path_has_a_value() -> None:
    run = made_run(criterion={"a/b": {"mean_ns": 1.0}})
    paths = list(run.paths())
    assert {run.value(path)[0] for path in paths} == {path.rpartition("/")[2] for path in paths}


def test_interval_is_bootstrapped_once_for_all_numbers_of_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    summarise = Comparison.to_pandas
    monkeypatch.setattr(Comparison, "to_pandas", lambda self: (calls.append(1), summarise(self))[1])
    run = made_run()
    calls.clear()
    for contender in COSTS:
        run.value(f"first/made/{contender}/cost_ns")
    assert len(calls) == 1


def test_number_is_written_by_its_unit() -> None:
    assert made_run().written("first/made/one/cost_ns") == "100\u202fns"


@pytest.mark.parametrize(
    ("part", "value", "name"),
    [
        ("machine__cpu", "another", "cpu"),
        ("machine__logical_cores", 99, "logical_cores"),
        ("machine__distribution", "another", "distribution"),
        ("machine__python", "3.99.1", "Python"),
        ("machine__implementation", "PyPy", "implementation"),
        ("profile", "full", "profile"),
    ],
)
def test_runs_that_differ_in_their_conditions_are_not_comparable(part: str, value: Any, name: str) -> None:
    run = made_run()
    assert list(run.differences(changed(run, **{part: value}))) == [name]


@pytest.mark.parametrize(
    ("part", "value"), [("machine__load", 9.0), ("machine__release", "x"), ("build__commit", "0" * 40)]
)
def test_load_kernel_and_commit_leave_runs_comparable(part: str, value: Any) -> None:
    run = made_run()
    assert run.differences(changed(run, **{part: value})) == {}


def test_patch_release_of_python_leaves_runs_comparable() -> None:
    run = changed(made_run(), machine__python="3.12.1")
    assert run.differences(changed(run, machine__python="3.12.9")) == {}
