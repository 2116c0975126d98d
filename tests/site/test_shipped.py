"""The role `shipped` and the files next to the pages."""

from __future__ import annotations

import json

from tiny_project import Project


def test_the_link_is_right_from_any_folder(project: Project) -> None:
    project.write("docs/other.md", "# Other\n\n{shipped}`the run <run/run.json>`\n")
    project.write("docs/deep/er/page.md", "---\norphan: true\n---\n# Deep\n\n{shipped}`the run <run/run.json>`\n")
    assert project.build().status == 0
    assert 'href="run/run.json"' in project.page("other")
    assert 'href="../../run/run.json"' in project.page("deep/er/page")


def test_the_shipped_run_is_that_of_the_build(project: Project) -> None:
    project.build()
    shipped = json.loads((project.folder / "html" / "run" / "run.json").read_text(encoding="utf-8"))
    assert shipped == project.run
    assert (project.folder / "html" / "run" / "samples.parquet").is_file()


def test_a_file_that_is_not_shipped_is_an_error_at_its_page(project: Project) -> None:
    project.write("docs/other.md", "# Other\n\n{shipped}`the run <run/rum.json>`\n")
    outcome = project.build()
    assert outcome.status != 0
    assert "other.md:3: ERROR: shipped: the site has no file 'run/rum.json'; similar: run/run.json" in outcome.said
