"""The pages that are read again."""

from __future__ import annotations

import pytest

from evenhand.sphinx import staleness
from tiny_project import Project


def test_a_page_with_an_error_fails_the_next_build_too(project: Project) -> None:
    project.write("docs/other.md", "# Other\n\n{measured}`first/made/one/cost`\n")
    assert project.build().status != 0
    again = project.build(measuring_reuse=True)
    assert again.status != 0
    assert "cost" in again.said


def test_another_kit_or_conf_reads_every_page(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.build()
    before = staleness.fingerprint
    monkeypatch.setattr(staleness, "fingerprint", lambda app: before(app) + "changed")
    assert "other" in project.build(measuring_reuse=True).read


def test_the_fingerprint_covers_the_conf_folder(project: Project) -> None:
    project.build()
    project.write("docs/templates/strip.html", "new words")
    assert "other" in project.build(measuring_reuse=True).read


def test_the_fingerprint_covers_a_module_next_to_the_pages(project: Project) -> None:
    project.build()
    project.write("docs/tables.py", "new = 1\n")
    assert "other" in project.build(measuring_reuse=True).read


@pytest.mark.parametrize("name", ["index.json", "part.jsonl", "20260102T030405Z-python-0/run.json"])
def test_the_fingerprint_covers_an_archive(project: Project, name: str) -> None:
    project.overrides["measuring_archives"] = str(project.folder / "runs")
    project.build()
    project.write(f"runs/{name}", "{}")
    assert "other" in project.build(measuring_reuse=True).read


def test_a_page_whose_cell_reads_the_run_is_read_again(project: Project) -> None:
    project.write(
        "docs/other.md",
        """---
file_format: mystnb
kernelspec: {name: python3}
---
# Other

```{code-cell} python
import json, os, pathlib
run = json.loads(pathlib.Path(os.environ["EVENHAND_RUN"], "run.json").read_text())
print("it took", run["results"][0]["rows"][0]["cost_ns"])
```
""",
    )
    project.build()
    assert "it took 100" in project.page("other")
    project.write("cost", "250")
    project.build()
    assert "it took 250" in project.page("other")
