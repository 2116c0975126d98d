"""The examples: their order, their cards, and the links between them and the reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure

from evenhand import FigureMarkup
from evenhand.sphinx import gallery
from evenhand.sphinx.declaration import LAST, Declaration
from tiny_project import EXAMPLE, Project

ROOT = Path(__file__).parents[2]
GALLERY = sorted((ROOT / "gallery").glob("*.py"))


def test_the_order_is_the_declared_one_and_then_that_of_names(tmp_path: Path) -> None:
    declared = {"zebra": "", "imports": ":order: 2", "datapoint": ":order: 1", "apple": "", "gil": ":order: 1.5"}
    for name, fields in declared.items():
        (tmp_path / f"{name}.py").write_text(f'"""\nQuestion?\n=========\n\nText.\n\n{fields}\n"""\n')
    names = sorted((f"{name}.py" for name in declared), key=gallery.ReadingOrder(str(tmp_path)))
    assert names == ["datapoint.py", "gil.py", "imports.py", "apple.py", "zebra.py"]


def test_names_are_found_in_statements_that_are_strings() -> None:
    source = """
import evenhand as bench

def setup():
    from rust_daq import Channel
    from rust_daq.process import Iir

bench.compare({"a": "Channel('x', 'V').batch(samples)"})
# Text about :class:`rust_daq.Pipeline`.
"""
    returns = {"rust_daq.Pipeline": "rust_daq.Report", ".batch(": "rust_daq.Batch"}
    assert gallery.used(source, {"rust_daq", "evenhand"}, returns) == {
        "evenhand.compare",
        "rust_daq.Channel",
        "rust_daq.process.Iir",
        "rust_daq.Batch",
        "rust_daq.Pipeline",
        "rust_daq.Report",
    }


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_each_example_says_whether_it_is_safe_to_copy(path: Path) -> None:
    docstring = path.read_text(encoding="utf-8").split('"""')[1]
    last = re.split(r"\n\n(?=:order:|\.\. in-short::)", docstring.strip())[0].split("\n\n")[-1]
    assert gallery.COPYING.match(last), (
        "the last paragraph of the docstring begins with **Safe to copy as it is.** or **Copy with care.**, "
        f"and the reason follows; here it is {last!r}"
    )


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_each_example_declares_its_place_its_weight_and_what_it_is_about(path: Path) -> None:
    assert Declaration.read(path).order < LAST
    assert Declaration.read(path).about


def test_no_two_examples_have_the_same_place() -> None:
    places = [Declaration.read(path).order for path in GALLERY]
    assert len(set(places)) == len(places)


def test_the_groups_of_the_gallery_follow_one_another() -> None:
    declared = [Declaration.read(path).group for path in sorted(GALLERY, key=gallery.key)]
    groups = list(dict.fromkeys(declared))
    assert groups == ["Points", "Batches and memory", "Pipeline and threads", "Files"]


API = """# Things

```{eval-rst}
.. py:module:: evenhand

.. py:function:: settings(doc)
```

MORE
"""


def card_titles(text: str) -> list[str]:
    """Return the titles of the cards on a page."""
    return re.findall(r'class="example-card-title"><a class="reference internal" href="([^"]*)">', text)


def test_a_page_of_the_reference_shows_the_examples_of_its_names(project: Project) -> None:
    project.write("docs/other.md", API.replace("MORE", ""))
    assert project.build().status == 0
    assert card_titles(project.page("other")) == ["gallery/first.html"]
    assert "Examples that use it" in project.page("other")


def test_a_minigallery_is_only_at_its_place(project: Project) -> None:
    more = "```{eval-rst}\n.. minigallery:: evenhand.settings\n```\n\n## Further\n"
    project.write("docs/other.md", API.replace("MORE", more))
    assert project.build().status == 0
    text = project.page("other")
    assert len(card_titles(text)) == 1
    assert text.index("example-card-title") < text.index("Further")


def test_a_name_that_no_example_uses_gets_no_heading(project: Project) -> None:
    project.write("docs/other.md", API.replace("MORE", "").replace("settings(doc)", "unused(doc)"))
    assert project.build().status == 0
    assert "Examples that use it" not in project.page("other")


def test_an_example_leads_to_the_reference(project: Project) -> None:
    project.write("docs/other.md", API.replace("MORE", ""))
    project.build()
    [line] = re.findall(r'<p class="used-here">.*?</p>', project.page("gallery/first"), re.DOTALL)
    assert 'href="../other.html#evenhand.settings"' in line


def test_the_gallery_shows_a_card_per_example(project: Project) -> None:
    assert project.build().status == 0
    text = project.page("gallery/index")
    assert card_titles(text) == ["first.html"]
    assert "tooltip=" not in text


def answering(group: str = "") -> str:
    """An example that answers its question with a figure, in a group."""
    answer = ":verdict:`first/made/one vs two | faster: One takes {this}, and two {other}.`"
    in_short = f".. in-short::\n    :figure: first/made\n\n    {answer}\n\n    Do this."
    declared = f"\n\n:group: {group}" if group else ""
    return EXAMPLE.replace('cost_ns`.\n"""', f'cost_ns`.\n\n{in_short}{declared}\n"""', 1)


def test_a_card_has_the_question_the_answer_and_the_figure(project: Project) -> None:
    project.example(answering())
    assert project.build().status == 0
    [card] = BeautifulSoup(project.page("gallery/index"), "html.parser").select(".example-card")
    assert [part.get_text() for part in card.select("p")] == ["First", "One takes 100\u202fns, and two 200\u202fns."]
    [drawing] = card.select("svg")
    assert drawing["aria-hidden"] == "true"
    assert "two" in drawing.get_text()
    assert not card.select("figure, details")


@pytest.mark.parametrize("curves", [False, True])
def test_curves_are_whole_in_a_card_and_rows_are_cut(curves: bool) -> None:
    figure = Figure()
    figure.subplots().set_ylabel("rate" if curves else "")
    shown = gallery.thumbnail(FigureMarkup(figure, label="a figure").phone)
    assert ("example-card-curves" in shown) == curves


def test_a_card_of_an_example_without_an_answer_introduces_it(project: Project) -> None:
    project.build()
    [card] = BeautifulSoup(project.page("gallery/index"), "html.parser").select(".example-card")
    assert card.select("p")[1].get_text().startswith("It takes")
    assert not card.select("svg")


def test_another_answer_reaches_the_card(project: Project) -> None:
    project.example(answering())
    project.build()
    project.example(answering().replace("One takes", "Only"))
    assert project.build(measuring_reuse=True).status == 0
    assert "Only 100\u202fns" in project.page("gallery/index")


def test_a_gallery_in_a_sub_folder_has_its_cards_and_its_folded_code(project: Project) -> None:
    project.example(answering().replace("import pandas", "# Preparation: names\nimport pandas"))
    project.write("docs/other.md", "# Other\n\n```{example-cards}\n```\n\n```{toctree}\ndeep/cards/index\n```\n")
    project.write("docs/index.md", "# Tiny\n\n```{toctree}\nother\n```\n")
    outcome = project.build(**{"sphinx_gallery_conf.gallery_dirs": "deep/cards"})
    assert outcome.status == 0, outcome.said
    assert card_titles(project.page("other")) == ["deep/cards/first.html"]
    assert card_titles(project.page("deep/cards/index")) == ["first.html"]
    assert '<details class="preparation">' in project.page("deep/cards/first")


def test_a_group_of_wide_letters_is_a_heading(project: Project) -> None:
    project.example(answering("\u6e2c\u5b9a"))
    outcome = project.build()
    assert outcome.status == 0, outcome.said
    assert "<h2>\u6e2c\u5b9a" in project.page("gallery/index")


def test_groups_are_headings_in_the_order_of_their_first_examples(project: Project) -> None:
    groups = {"first": "Last", "second": "", "third": "Several words", "fourth": "Last"}
    for order, (name, group) in enumerate(groups.items(), start=1):
        fields = f":order: {order}" + (f"\n:group: {group}" if group else "")
        project.example(EXAMPLE.replace('cost_ns`.\n"""', f'cost_ns`.\n\n{fields}\n"""', 1), name=name)
    assert project.build().status == 0
    page = BeautifulSoup(project.page("gallery/index"), "html.parser")
    shown = {
        section.h2.get_text().rstrip("¶"): [link["href"] for link in section.select(".example-card-title a")]
        for section in page.select("section section")
    }
    assert list(shown) == ["Last", "Several words", "Further examples"]
    assert list(shown.values()) == [["first.html", "fourth.html"], ["third.html"], ["second.html"]]
    following = BeautifulSoup(project.page("gallery/fourth"), "html.parser").select_one("link[rel=next]")
    assert following is not None
    assert following["href"] == "third.html"


def test_the_table_of_examples_has_each_of_them_with_what_it_is_about(project: Project) -> None:
    project.example(EXAMPLE.replace('cost_ns`.\n"""', 'cost_ns`.\n\n:about: sums of `one`\n"""', 1))
    project.example(name="second")
    project.write("docs/other.md", "# Other\n\n```{example-table}\n```\n")
    assert project.build().status == 0
    rows = BeautifulSoup(project.page("other"), "html.parser").select("table tbody tr")
    assert [row.a["href"] for row in rows] == ["gallery/first.html", "gallery/second.html"]
    assert [row.td.get_text(strip=True) for row in rows] == ["sums of one", ""]


def test_another_title_reaches_the_pages_that_show_it(project: Project) -> None:
    project.write("docs/other.md", API.replace("MORE", ""))
    project.build()
    project.example(EXAMPLE.replace("First\n=====", "Second\n======"))
    project.build(measuring_reuse=True)
    assert "Second" in project.page("other")


def test_the_note_on_copying_is_set_apart(project: Project) -> None:
    project.example(EXAMPLE.replace('cost_ns`.\n"""', 'cost_ns`.\n\n**Copy with care.** It bites.\n"""', 1))
    assert project.build().status == 0
    assert '<p class="copy-note copy-note-care"><strong>Copy with care.</strong> It bites.</p>' in project.page(
        "gallery/first"
    )
