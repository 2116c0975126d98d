"""The guide that `python -m evenhand init` writes, built and changed as its owner would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENHAND_")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def build(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Build the guide as its owner would, without -W."""
    return run(folder, "sphinx", "-q", *options, "docs", "docs/_build/html", **variables)


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a guide in an empty folder, built with the quick profile."""
    folder = tmp_path_factory.mktemp("empty")
    ended = run(folder, "evenhand", "init")
    assert ended.returncode == 0, ended.stderr
    ended = build(folder, "-W", EVENHAND_PROFILE="quick")
    assert ended.returncode == 0, ended.stderr
    return folder


def document(guide: Path) -> dict:
    """Return the document of the build's run."""
    path = guide / "docs" / "_build" / "evenhand" / "run" / "run.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_number_is_in_the_sentence_and_is_that_of_the_run(guide: Path) -> None:
    page = (guide / "docs" / "_build" / "html" / "index.html").read_text(encoding="utf-8")
    assert re.search(r"Joining a hundred parts takes [\d.]+\u202f[nµ]s", BeautifulSoup(page, "html.parser").get_text())
    assert '<span class="verdict">This run has too few rounds' in page
    assert document(guide)["profile"] == "quick"
    assert document(guide)["packages"] == {}


def test_the_gallery_has_its_example_with_table_and_figure(guide: Path) -> None:
    html = guide / "docs" / "_build" / "html"
    assert "Is it quicker to join text than to add to it?" in (html / "gallery" / "index.html").read_text()
    page = (html / "gallery" / "joining.html").read_text(encoding="utf-8")
    assert '<table class="bench-table' in page
    assert '<figure class="bench-figure"' in page
    assert "text of a hundred parts" not in page
    text = BeautifulSoup(page, "html.parser").get_text()
    assert re.search(r"Joining a hundred parts takes [\d.]+\u202f[nµ]s, adding them", text)
    opening, figure, first = 'class="in-short"', '<figure class="bench-figure"', 'id="the-contenders"'
    assert page.index(opening) < page.index(figure) < page.index(first)
    assert '<details class="preparation">' in page


def test_the_card_of_its_example_answers(guide: Path) -> None:
    text = (guide / "docs" / "_build" / "html" / "gallery" / "index.html").read_text(encoding="utf-8")
    assert "Joining a hundred parts takes" in text
    assert '<div class="example-card-figure"><svg' in text


def test_the_example_is_a_script(guide: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "gallery/joining.py", "--help"], cwd=guide, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0
    assert "Is it quicker to join text than to add to it?" in ended.stdout


def test_another_profile_judges(guide: Path) -> None:
    ended = build(guide, "-W", "-D", "measuring_profile=default")
    assert ended.returncode == 0, ended.stderr
    assert document(guide)["profile"] == "default"
    page = (guide / "docs" / "_build" / "html" / "index.html").read_text(encoding="utf-8")
    assert "too few rounds" not in page


def test_a_build_that_reuses_keeps_the_run_and_refuses_a_changed_statement(guide: Path) -> None:
    before = document(guide)["id"]
    assert build(guide, EVENHAND_REUSE="1").returncode == 0
    assert document(guide)["id"] == before
    example = guide / "gallery" / "joining.py"
    text = example.read_text(encoding="utf-8")
    example.write_text(text.replace("''.join(parts)", "' '.join(parts)"), encoding="utf-8")
    ended = build(guide, EVENHAND_REUSE="1")
    example.write_text(text, encoding="utf-8")
    assert ended.returncode != 0
    assert "the statement, setup or names of 'join' changed" in ended.stderr


def test_a_failing_example_fails_the_build(guide: Path) -> None:
    example = guide / "gallery" / "joining.py"
    text = example.read_text(encoding="utf-8")
    example.write_text(f"{text}\nraise ValueError('broken on purpose')\n", encoding="utf-8")
    ended = build(guide, EVENHAND_PROFILE="quick")
    example.write_text(text, encoding="utf-8")
    assert ended.returncode != 0
    assert "joining failed" in ended.stderr
