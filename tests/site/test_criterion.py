"""Criterion's output as rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evenhand.sphinx import criterion
from evenhand.sphinx.errors import MeasuringError
from tiny_project import Project


def interval(value: float) -> dict[str, object]:
    return {"point_estimate": value, "confidence_interval": {"lower_bound": value - 1, "upper_bound": value + 1}}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Make the output of two benchmarks of a group."""
    folder = tmp_path / "target" / "criterion"
    for size in (1000, 100):
        new = folder / "batch" / str(size) / "new"
        new.mkdir(parents=True)
        (new / "benchmark.json").write_text(json.dumps({"full_id": f"batch/{size}", "throughput": {"Elements": size}}))
        estimates = {"mean": interval(10.0 * size), "median": interval(9.0 * size), "std_dev": interval(5.0)}
        (new / "estimates.json").write_text(json.dumps(estimates))
        (new / "sample.json").write_text("{}")
    return folder


def test_benchmarks_are_in_the_order_of_their_sizes(output: Path) -> None:
    assert list(criterion.read(output)) == ["batch/100", "batch/1000"]


def test_a_row_has_its_mean_with_interval_and_its_rate(output: Path) -> None:
    row = criterion.read(output)["batch/100"]
    assert (row["mean_ns"], row["mean_low_ns"], row["mean_high_ns"]) == (1000.0, 999.0, 1001.0)
    assert row["elements_per_second"] == 1e8


def test_the_base_of_an_earlier_run_is_not_read(output: Path) -> None:
    (output / "batch" / "100" / "new").rename(output / "batch" / "100" / "base")
    assert list(criterion.read(output)) == ["batch/1000"]


def test_no_output_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(MeasuringError, match="run cargo bench first"):
        criterion.read(tmp_path / "target" / "criterion")


def test_output_of_an_interrupted_run_is_named(output: Path) -> None:
    estimates = output / "batch" / "100" / "new" / "estimates.json"
    for text in (estimates.read_text()[:50], '{"mean": 1}'):
        estimates.write_text(text)
        with pytest.raises(
            MeasuringError, match=r"100/new of Criterion cannot be read .*; remove it, and run cargo bench"
        ):
            criterion.read(output)
    estimates.unlink()
    with pytest.raises(MeasuringError, match="100/new of Criterion cannot be read"):
        criterion.read(output)


def test_a_name_with_a_raised_digit_is_no_size() -> None:
    assert criterion.by_size("x/\u00b2") == [(-1, "x"), (-1, "\u00b2")]


def test_the_page_of_its_numbers_is_named_after_it_alone(project: Project, output: Path) -> None:
    assert project.build(measuring_criterion=str(output)).status == 0
    assert "<h1>All numbers of Criterion</h1>" in project.page("run/numbers")
