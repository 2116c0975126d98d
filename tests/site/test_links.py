"""Links of every page: its source, the form to report a wrong number, and the lines of a name of the reference."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import evenhand
import links
import rust_daq.process
import source_lines

ROOT = Path(__file__).parents[2]
DESCRIBED = (evenhand, rust_daq.process)
"""Imported, as the reference imports what it describes."""


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("guide", "docs/guide.md"),
        ("api/batch", "docs/api/batch.md"),
        ("gallery/gil", "gallery/gil.py"),
        ("gallery/index", "gallery/GALLERY_HEADER.rst"),
        ("run/gil", ""),
    ],
)
def test_a_page_leads_to_its_source(name: str, path: str) -> None:
    assert links.source_of(name, {"guide", "api/batch", "gallery/gil", "gallery/index"}) == path
    assert not path or (ROOT / path).is_file()


def test_the_form_is_filled_in_with_page_commit_and_run() -> None:
    address = urlsplit(links.report("https://example.org/a/b", "https://example.org/docs/guide.html", "0123456", "r-1"))
    assert address.path == "/a/b/issues/new"
    [body] = parse_qs(address.query)["body"]
    for fact in ("https://example.org/docs/guide.html", "0123456", "r-1"):
        assert fact in body


@pytest.mark.parametrize(
    ("module", "name", "file"),
    [
        ("evenhand", "Run", "kit/src/evenhand/runs/run.py"),
        ("evenhand", "Run.value", "kit/src/evenhand/runs/run.py"),
        ("rust_daq", "Batch.by_channel", "rust/bindings/python/rust_daq/_core.pyi"),
        ("rust_daq", "process.Fft", "rust/bindings/python/rust_daq/_core.pyi"),
        ("rust_daq", "build_info", "rust/bindings/python/rust_daq/_build.py"),
    ],
)
def test_a_name_leads_to_its_lines(module: str, name: str, file: str) -> None:
    found = source_lines.lines(module, name)
    assert found is not None
    path, first, last = found
    assert path.as_posix() == file
    text = "\n".join((ROOT / path).read_text(encoding="utf-8").splitlines()[first - 1 : last])
    assert name.rpartition(".")[2] in text


def test_a_name_that_is_written_nowhere_here_has_no_lines() -> None:
    assert source_lines.lines("rust_daq", "Nothing") is None
    assert source_lines.lines("json", "dumps") is None


def test_lines_have_an_address_at_a_commit() -> None:
    address = source_lines.address("https://example.org/a/b", "0123456", (Path("kit/a.py"), 3, 9))
    assert address == "https://example.org/a/b/blob/0123456/kit/a.py#L3-L9"
