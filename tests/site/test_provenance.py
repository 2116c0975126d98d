"""The strips below figures and tables and at the end of each page, and the data for a page's banner."""

from __future__ import annotations

import pytest

from evenhand.sphinx.provenance import details, freshness, line, markup, strip
from tiny_project import Project, made_project

ENTRY = {
    "example": "first",
    "name": "made",
    "kind": "comparison",
    "contenders": {"one": {}, "two": {}},
    "settings": {"rounds": 12, "collector": "on"},
    "samples": 2160,
    "started": "2026-11-23T10:25:30+00:00",
    "notes": ["something else was running"],
}
DOCUMENT = {
    "id": "the-run",
    "measured": "2026-11-23T10:20:30+00:00",
    "profile": "quick",
    "machine": {
        "cpu": "A Processor",
        "logical_cores": 2,
        "memory_bytes": 2**33,
        "governor": None,
        "load": 0.25,
        "python": "3.11.7",
        "implementation": "CPython",
        "compiler": "GCC 12",
        "notes": [],
    },
    "build": {
        "commit": "fedcba9876543210",
        "dirty": False,
        "profile": "release",
        "rustc": "rustc 1.95.0 (59807616e 2026-04-14)",
        "target_features": ["sse", "sse2"],
    },
    "tree": {"commit": "0123456789abcdef", "dirty": True},
    "results": [ENTRY],
}


def test_the_strip_names_time_commit_profile_machine_and_compilers() -> None:
    assert strip(DOCUMENT) == {
        "measured": "2026-11-23 10:20 UTC",
        "commit": "0123456, modified",
        "profile": "quick",
        "machine": "A Processor, 2 logical cores",
        "Python": "3.11.7",
        "rustc": "1.95.0",
    }


def test_a_build_without_a_known_commit_is_marked() -> None:
    unknown = DOCUMENT | {"build": {}, "tree": {"commit": "unknown", "dirty": None}}
    assert strip(unknown)["commit"] == "unknown"
    assert "rustc" not in strip(unknown)
    assert "extension" not in details(unknown, ENTRY)


def test_the_strip_names_the_packages_that_were_measured() -> None:
    packages = {"rpds-py": {"version": "0.27.1", "files_sha256": "a", "build": {}}}
    named = DOCUMENT | {"build": {}, "packages": packages}
    assert strip(named)["rpds-py"] == details(named, ENTRY)["rpds-py"] == "0.27.1"
    assert "rust-daq" not in strip(named)


def test_the_line_has_the_time_and_the_rounds_of_the_result() -> None:
    told = line(DOCUMENT, ENTRY)
    assert "Measured 2026-11-23 10:25 UTC" in told
    assert "12 rounds, 2\u202f160 samples" in told


def test_a_table_of_the_whole_run_names_the_run() -> None:
    assert line(DOCUMENT, None) == "Measured 2026-11-23 10:20 UTC · A Processor · Python 3.11.7 · profile quick"


def test_the_details_are_complete() -> None:
    told = details(DOCUMENT, ENTRY)
    assert told["measurement"] == "first/made, comparison of 2"
    assert told["governor"] == "not readable here"
    assert told["load at start"] == "0.25"
    assert told["notes and disturbances"] == "something else was running"
    assert told["extension"] == "rustc 1.95.0, profile release, target features sse, sse2"
    assert told["commit"] == "0123456789ab with changes"
    assert told["run"] == "the-run, profile quick"


def test_where_nothing_disturbed_the_strip_names_what_was_checked() -> None:
    quiet = ENTRY | {"notes": [], "settings": {"rounds": 12, "took_ns": 2e9}, "pace_ns": [40_000.0]}
    document = DOCUMENT | {"results": [quiet], "machine": DOCUMENT["machine"] | {"on_battery": False}}
    found = details(document, quiet)["notes and disturbances"]
    assert found == "none found; checked: load at start, battery, other processes, pace"
    brief = quiet | {"settings": {"rounds": 12, "took_ns": 1e8}, "pace_ns": []}
    unknown = DOCUMENT | {"results": [brief], "machine": DOCUMENT["machine"] | {"load": None}}
    assert details(unknown, brief)["notes and disturbances"] == "not checked"
    assert details(document, None)["notes and disturbances"] == "none found; checked: load at start, battery, pace"


def test_a_result_that_the_run_does_not_have_has_no_rounds() -> None:
    assert "samples" not in markup(DOCUMENT, "first/other", "machine.html")
    assert "samples" in markup(DOCUMENT, "first/made", "machine.html")


def test_names_are_safe_in_html() -> None:
    machine = DOCUMENT["machine"] | {"cpu": "<b>"}
    assert "<b>" not in markup(DOCUMENT | {"machine": machine}, "", "machine.html")


def test_a_page_has_its_run_and_its_commit() -> None:
    told = freshness(DOCUMENT, {"commit": "fffffffff", "dirty": False})
    assert (told["measured_with"], told["made_from"]) == ("0123456", "fffffff")
    assert told["run"] == "the-run"


def test_unknown_commits_are_not_compared() -> None:
    told = freshness(DOCUMENT, {"commit": "unknown", "dirty": None})
    assert told["measured_with"] == told["made_from"] == ""


CELL = """---
file_format: mystnb
kernelspec: {name: python3}
orphan: true
---
# Deep

```{code-cell} python
import evenhand as bench
run = bench.current_run()
run["first/made"].figure()
```

```{code-cell} python
run["first/made"]
```
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with a page that shows a figure and a table."""
    with made_project(tmp_path_factory.mktemp("built")) as project:
        project.write("docs/deep/page.md", CELL)
        assert project.build().status == 0
    return project


def test_each_figure_and_table_of_a_page_gets_its_strip(built: Project) -> None:
    text = built.page("deep/page")
    assert text.count('<details class="provenance">') == 2
    assert text.count("first/made, comparison of 2") == 2
    assert 'href="../machine.html"' in text
    for shown in ('<figure class="bench-figure"', '<table class="bench-table'):
        assert text.index(shown) < text.index('<details class="provenance">', text.index(shown))


def test_strips_are_excluded_from_the_search(built: Project) -> None:
    index = (built.folder / "html" / "searchindex.js").read_text(encoding="utf-8")
    assert "disturb" not in index


def test_the_strip_leads_to_the_section_about_the_machine_where_that_is_no_page(project: Project) -> None:
    project.write("docs/deep/page.md", CELL)
    project.overrides["measuring_machine_page"] = "other#the-machine"
    assert project.build().status == 0
    assert 'href="../other.html#the-machine"' in project.page("deep/page")
    assert not (project.folder / "html" / "machine.html").exists()
