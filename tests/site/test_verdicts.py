"""The role `verdict` and the directive `remedies`: sentences about a comparison follow from the run."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from tiny_project import EXAMPLE, Project

WORDED = "first/made/{0} vs {1}\n| faster: It takes {{this}}, not {{other}}.\n| slower: It takes longer."
MYST = "# Other\n\n{{verdict}}`{0}`\n"


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [(("one", "two"), "It takes 100\u202fns, not 200\u202fns."), (("two", "one"), "It takes longer.")],
)
def test_a_page_says_what_the_run_supports(project: Project, pair: tuple[str, str], sentence: str) -> None:
    project.write("docs/other.md", MYST.format(WORDED.format(*pair)))
    assert project.build().status == 0
    assert sentence in project.text("other")


def test_the_text_of_an_example_says_what_the_run_supports(project: Project) -> None:
    words = WORDED.format("two", "one").replace("\n", "\n# ")
    project.example(EXAMPLE.replace("# Text about", f"# :verdict:`{words}`\n#\n# Text about"))
    assert project.build().status == 0
    assert '<span class="verdict">It takes longer.</span>' in project.page("gallery/first")


def test_too_few_rounds_say_so(project: Project) -> None:
    project.profile = "quick"
    project.example(rounds=2)
    project.write("docs/other.md", MYST.format(WORDED.format("one", "two")))
    assert project.build().status == 0
    assert "This run has too few rounds to judge “one” against “two”." in project.page("other")


@pytest.mark.parametrize("text", ["first/made/one vs three", "first/made/one", "first/made/one vs two | fast: x"])
def test_a_missing_pair_is_an_error_at_its_line(project: Project, text: str) -> None:
    project.write("docs/other.md", MYST.format(text))
    outcome = project.build()
    assert outcome.status != 0
    assert "other.md:3: ERROR: verdict:" in outcome.said


def test_a_remedy_shows_its_gain_only_if_the_run_shows_one(project: Project) -> None:
    rows = "*calls* | by two | by one | first/made/one vs two\nback | by one | by two | first/made/two vs one"
    project.write("docs/other.md", f"# Other\n\n```{{remedies}} alongside\n{rows}\n```\n")
    assert project.build().status == 0
    cells = [cell for cell in project.page("other").split("<p>") if "</p>" in cell]
    texts = [cell.partition("</p>")[0] for cell in cells]
    assert texts[:12] == [
        "alongside", "before", "after", "gain",
        "<em>calls</em>", "by two: 200\u202fns", "by one: 100\u202fns", "factor 2.00",
        "back", "by one: 100\u202fns", "by two: 200\u202fns", "no gain shown: factor 0.500, slower",
    ]  # fmt: skip


def test_a_table_of_remedies_may_begin_with_several_columns(project: Project) -> None:
    rows = "```{remedies} area | mitigation\ncalls | none | by two | by one | first/made/one vs two\n```\n"
    project.write("docs/other.md", f"# Other\n\n{rows}")
    assert project.build().status == 0
    [table] = BeautifulSoup(project.page("other"), "html.parser").select("table.remedies")
    assert len(table.select("thead th")) == 5


@pytest.mark.parametrize("line", ["calls | by one | first/made/one vs two", "calls | by two | by one | first/made/one"])
def test_a_wrong_remedy_is_an_error(project: Project, line: str) -> None:
    project.write("docs/other.md", f"# Other\n\n```{{remedies}}\n{line}\n```\n")
    outcome = project.build()
    assert outcome.status != 0
    assert "ERROR: remedies:" in outcome.said


def test_the_page_depends_on_the_run(project: Project) -> None:
    project.write("docs/other.md", "# Other\n\n```{remedies}\ncalls | a | b | first/made/one vs two\n```\n")
    project.build()
    assert any(path.endswith("build/run/run.json") for path in project.dependencies("other"))


def test_a_builder_that_makes_no_site_does_without_a_run(project: Project) -> None:
    rows = "```{remedies}\ncalls | a | b | first/made/one vs two\n```\n"
    project.write("docs/other.md", MYST.format("first/made/one vs two") + rows)
    assert project.build("text").status == 0
    assert (project.folder / "text" / "other.txt").read_text().count("(not measured)") == 2
