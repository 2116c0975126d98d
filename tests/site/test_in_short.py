"""The directive `in-short`: a page opens with its answer, the figure and the action."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from evenhand.sphinx.in_short import without_in_short
from tiny_project import EXAMPLE, Project

ROOT = Path(__file__).parents[2]
ANSWER = ":verdict:`first/made/one vs two\n    | faster: One takes {this}, and two {other}.`"
IN_SHORT = f".. in-short::\n    :figure: first/made\n\n    {ANSWER}\n\n    More of it.\n\n    Do this."
FIELDS = ":order: 2\n:weight: 1"
SHOWN = "\n# %%\n\nresult\n\n# %%\n\nresult.plot()\n"


def example(in_short: str = IN_SHORT, further: str = SHOWN) -> str:
    """An example that says something in short, and shows its result."""
    return EXAMPLE.replace('cost_ns`.\n"""', f'cost_ns`.\n\n{in_short}\n\n{FIELDS}\n"""', 1) + further


def opening(project: Project) -> Tag:
    """Return the opening below the title of the example."""
    title = BeautifulSoup(project.page("gallery/first"), "html.parser").h1
    assert title is not None
    below = title.find_next_sibling()
    assert below is not None
    return below


def test_a_page_opens_with_the_answer_the_figure_and_what_to_do(project: Project) -> None:
    project.example(example())
    assert project.build().status == 0
    below = opening(project)
    assert below["class"] == ["in-short"]
    assert [part.name for part in below.find_all(recursive=False)] == ["p", "p", "p", "figure", "div", "p"]
    texts = [part.get_text() for part in below.find_all("p", recursive=False)]
    assert texts == ["In short", "One takes 100\u202fns, and two 200\u202fns.", "More of it.", "Do this."]
    figures = BeautifulSoup(project.page("gallery/first"), "html.parser").select("figure.bench-figure")
    assert len(figures) == 1


def test_the_cell_that_draws_the_figure_leads_to_it(project: Project) -> None:
    project.example(example())
    project.build()
    link = BeautifulSoup(project.page("gallery/first"), "html.parser").select_one("p.bench-note a")
    assert link is not None
    assert link["href"] == f"#{opening(project)['id']}"


def test_a_figure_that_the_page_does_not_draw_is_drawn_for_it(project: Project) -> None:
    project.example(example(further=""))
    assert project.build().status == 0
    assert opening(project).select_one("figure[data-source='first/made'] + div.bench-strip details.provenance")


def test_without_a_figure_it_has_none(project: Project) -> None:
    project.example(example(IN_SHORT.replace("    :figure: first/made\n", "")))
    assert project.build().status == 0
    assert not opening(project).select("figure")


def test_a_figure_of_another_name_ends_the_build(project: Project) -> None:
    project.example(example(IN_SHORT.replace(": first/made", ": first/other")))
    outcome = project.build()
    assert outcome.status != 0
    assert "first.rst" in outcome.said
    assert "in-short: run" in outcome.said
    assert "has no result 'first/other'" in outcome.said


def test_a_second_one_ends_the_build(project: Project) -> None:
    project.example(example(f"{IN_SHORT}\n\n{IN_SHORT}"))
    outcome = project.build()
    assert outcome.status != 0
    assert "in-short: a page opens with one; remove this one" in outcome.said


def test_an_answer_without_what_to_do_is_refused(project: Project) -> None:
    project.example(example(f".. in-short::\n\n    {ANSWER}"))
    outcome = project.build()
    assert outcome.status != 0
    assert "write the answer as the first paragraph and what to do as the last one" in outcome.said


def test_the_notebook_leaves_it_out(project: Project) -> None:
    project.example(example())
    project.build()
    notebook = (project.folder / "docs" / "gallery" / "first.ipynb").read_text(encoding="utf-8")
    assert "in-short" not in notebook
    assert "Do this." not in notebook
    assert "It takes (see the result above)." in notebook


def test_a_builder_that_makes_no_site_needs_no_run(project: Project) -> None:
    project.example(example())
    assert project.build("text").status == 0
    text = (project.folder / "text" / "gallery" / "first.txt").read_text(encoding="utf-8")
    assert text.index("(not measured)") < text.index("Do this.") < text.index("It takes")


@pytest.mark.parametrize("after", ["", "\n\nText.\n", f"\n\n{FIELDS}\n"])
def test_only_the_directive_is_removed_from_the_text(after: str) -> None:
    assert without_in_short(f"Text.\n\n{IN_SHORT}{after}").split() == f"Text. {after}".split()


GALLERY = sorted((ROOT / "gallery").glob("*.py"))


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_each_example_answers_from_its_own_results(path: Path) -> None:
    _, found, said = path.read_text(encoding="utf-8").partition(".. in-short::\n")
    assert found
    figure, answer = said.split("\n\n")[:2] if said.startswith("    :figure:") else ("", said.strip().split("\n\n")[0])
    assert not figure or figure.strip().startswith(f":figure: {path.stem}/")
    addresses = re.findall(r":(?:verdict|measured):`(\w+)/", answer)
    assert addresses
    assert set(addresses) == {path.stem}
    assert re.search(r"\.`?$", answer)
