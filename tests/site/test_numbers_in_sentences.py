"""The role `measured`."""

from __future__ import annotations

from tiny_project import Project


def test_a_format_spec_overrides_the_unit(project: Project) -> None:
    project.write("docs/other.md", "# Other\n\nOne: {measured}`first/made/one/cost_ns|.1f`.\n")
    project.build()
    assert '<span class="measured">100.0</span>' in project.page("other")


def test_a_number_is_in_the_text_of_an_example(project: Project) -> None:
    project.build()
    assert "It takes 100\u202fns" in project.text("gallery/first")


def test_a_missing_number_is_an_error_at_its_line_with_similar_names(project: Project) -> None:
    project.write("docs/other.md", "# Other\n\nText.\n\nTwo: {measured}`first/made/won/cost_ns`.\n")
    outcome = project.build()
    assert outcome.status != 0
    assert "other.md:5: ERROR: measured:" in outcome.said
    assert "; similar: " in outcome.said
    assert " first/made/one/cost_ns" in outcome.said


def test_a_spec_that_does_not_fit_is_an_error(project: Project) -> None:
    project.write("docs/other.md", "# Other\n\n{measured}`first/made/one/verdict|.2f`\n")
    outcome = project.build()
    assert outcome.status != 0
    assert "other.md:3: ERROR: measured:" in outcome.said


def test_a_text_as_per_cent_is_an_error(project: Project) -> None:
    project.write("docs/other.md", "# Other\n\n{measured}`first/made/two/verdict|%`\n")
    assert "'slower' is not a number, so it has no per cent" in project.build().said


def test_the_run_is_noted_as_a_dependency_of_the_page_that_shows_it(project: Project) -> None:
    project.build()
    noted = project.dependencies("index")
    assert any(path.endswith("build/run/run.json") for path in noted)
    assert not any(path.endswith("build/run/run.json") for path in project.dependencies("other"))


def test_a_page_that_another_builder_read_with_an_error_is_read_again(project: Project) -> None:
    project.build()
    project.write("docs/other.md", "# Other\n\n{measured}`first/made/won/cost_ns`.\n")
    assert "ERROR: measured:" in project.build("dummy").said
    project.write("docs/other.md", "# Other\n\n{measured}`first/made/one/cost_ns`.\n")
    assert project.build(measuring_reuse=True).status == 0
