"""The examples: their order, their cards, and the ways between them and the reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from evenhand.sphinx import gallery
from evenhand.sphinx.declaration import LAST, Declaration
from tiny_project import EXAMPLE, Project

ROOT = Path(__file__).parents[2]
GALLERY = sorted((ROOT / "gallery").glob("*.py"))
GLYPHS = ROOT / "conf" / "glyphs"


def test_the_order_is_the_declared_one_and_then_that_of_names(tmp_path: Path) -> None:
    declared = {"zebra": "", "imports": ":order: 2", "datapoint": ":order: 1", "apple": "", "gil": ":order: 1.5"}
    for name, fields in declared.items():
        (tmp_path / f"{name}.py").write_text(f'"""\nQuestion?\n=========\n\nText.\n\n{fields}\n"""\n')
    names = sorted((f"{name}.py" for name in declared), key=gallery.ReadingOrder(str(tmp_path)))
    assert names == ["datapoint.py", "gil.py", "imports.py", "apple.py", "zebra.py"]


def test_names_are_found_where_statements_are_strings() -> None:
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


def test_no_two_examples_have_one_place() -> None:
    places = [Declaration.read(path).order for path in GALLERY]
    assert len(set(places)) == len(places)


def test_no_two_drawings_are_alike_and_each_is_of_an_example() -> None:
    drawings = {path.stem: re.sub(r"\s", "", path.read_text(encoding="utf-8")) for path in GLYPHS.glob("*.svg")}
    assert len(set(drawings.values())) == len(drawings) > 1
    assert drawings.keys() <= {path.stem for path in GALLERY}


API = """# Things

```{eval-rst}
.. py:module:: evenhand

.. py:function:: settings(doc)
```

MORE
"""


def card_titles(text: str) -> list[str]:
    """The titles of the cards on a page."""
    return re.findall(r'class="example-card-title"><a class="reference internal" href="([^"]*)">', text)


def test_a_page_of_the_reference_gets_the_examples_of_its_names(project: Project) -> None:
    project.write("docs/other.md", API.replace("MORE", ""))
    assert project.build().status == 0
    assert card_titles(project.page("other")) == ["gallery/first.html"]
    assert "Examples that use it" in project.page("other")


def test_a_minigallery_stands_where_it_was_put_and_only_there(project: Project) -> None:
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


def test_the_gallery_shows_a_card_an_example(project: Project) -> None:
    assert project.build().status == 0
    text = project.page("gallery/index")
    assert card_titles(text) == ["first.html"]
    assert "tooltip=" not in text
    assert '<svg class="glyph"' in text


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
