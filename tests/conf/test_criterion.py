"""Criterion's output as rows and as pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import criterion

PAGE = """<!DOCTYPE html>
<html>

<head>
    <title>{name} - Criterion.rs</title>
</head>

<body>
<a href="pdf.svg"><img src="pdf.svg" /></a> <a href="gone.svg">Gone</a> <a href="../../report/index.html">All</a>
</body>
</html>
"""


def interval(value: float) -> dict[str, object]:
    return {"point_estimate": value, "confidence_interval": {"lower_bound": value - 1, "upper_bound": value + 1}}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Output of two benchmarks of a group."""
    folder = tmp_path / "target" / "criterion"
    for size in (1000, 100):
        new, report = folder / "batch" / str(size) / "new", folder / "batch" / str(size) / "report"
        new.mkdir(parents=True)
        report.mkdir()
        (new / "benchmark.json").write_text(json.dumps({"full_id": f"batch/{size}", "throughput": {"Elements": size}}))
        estimates = {"mean": interval(10.0 * size), "median": interval(9.0 * size), "std_dev": interval(5.0)}
        (new / "estimates.json").write_text(json.dumps(estimates))
        (new / "sample.json").write_text("{}")
        (report / "index.html").write_text(PAGE.format(name=size))
        (report / "pdf.svg").write_text("<svg/>")
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
    with pytest.raises(criterion.CriterionError, match="build with: nox -s docs"):
        criterion.read(tmp_path / "target" / "criterion")


def test_a_report_has_a_language_and_a_way_back(output: Path, tmp_path: Path) -> None:
    criterion.copy_reports(output, tmp_path / "site" / "criterion")
    page = (tmp_path / "site" / "criterion" / "batch" / "100" / "report" / "index.html").read_text()
    assert '<html lang="en">' in page
    assert 'href="../../../../criterion.html"' in page


def test_links_that_lead_nowhere_become_text(output: Path, tmp_path: Path) -> None:
    criterion.copy_reports(output, tmp_path / "site" / "criterion")
    page = (tmp_path / "site" / "criterion" / "batch" / "100" / "report" / "index.html").read_text()
    assert 'href="pdf.svg"' in page
    assert "gone.svg" not in page
    assert "Gone" in page


def test_only_what_a_reader_opens_is_copied(output: Path, tmp_path: Path) -> None:
    criterion.copy_reports(output, tmp_path / "site" / "criterion")
    assert {path.suffix for path in (tmp_path / "site").rglob("*") if path.is_file()} == {".html", ".svg"}
