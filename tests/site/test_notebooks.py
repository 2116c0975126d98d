"""The downloads of the gallery."""

from __future__ import annotations

import json
import zipfile

import pytest

from evenhand.sphinx.notebooks import plain
from tiny_project import Project


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("It takes :measured:`first/made/one/cost_ns`.", "It takes (see the result above)."),
        ("Thus :verdict:`first/made/one vs two\n| faster: so`", "Thus (see the result above)"),
        (":verdict:`first/made/one vs two | faster: It is.` Yes.", "The result above shows how they compare. Yes."),
        ("a :class:`rust_daq.DataPoint`", "a `rust_daq.DataPoint`"),
        ("a :class:`~rust_daq.DataPoint`", "a `rust_daq.DataPoint`"),
        (":doc:`the tuning page </tuning>`", "the tuning page"),
        (":doc:`/gallery/benchmark_datapoint`", "benchmark datapoint"),
    ],
)
def test_a_role_becomes_words(role: str, words: str) -> None:
    assert plain(role) == words


def test_neither_the_notebook_nor_the_packed_one_has_a_role(project: Project) -> None:
    project.build()
    folder = project.folder / "docs" / "gallery"
    with zipfile.ZipFile(folder / "first.zip") as packed:
        texts = [(folder / "first.ipynb").read_text(encoding="utf-8"), packed.read("first.ipynb").decode()]
    for text in texts:
        assert ":measured:" not in text
        assert any("see the result above" in line for cell in json.loads(text)["cells"] for line in cell["source"])
