"""The examples: their order, their cards, and the ways between them and the reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import examples
from tiny_project import EXAMPLE, Project

GALLERY = sorted((Path(__file__).parents[2] / "gallery").glob("*.py"))


def test_the_order_is_that_of_the_questions_and_then_of_names() -> None:
    names = ["zebra.py", "imports.py", "benchmark_datapoint.py", "apple.py", "gil.py"]
    assert sorted(names, key=examples.reading) == [
        "benchmark_datapoint.py",
        "gil.py",
        "imports.py",
        "apple.py",
        "zebra.py",
    ]


def test_names_are_found_where_statements_are_strings() -> None:
    source = """
import evenhand as bench

def setup():
    from rust_daq import Channel
    from rust_daq.process import Iir

bench.compare({"a": "Channel('x', 'V').batch(samples)"})
# Text about :class:`rust_daq.Pipeline`.
"""
    assert examples.used(source) == {
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
    last = docstring.strip().split("\n\n")[-1]
    assert examples.COPYING.match(last), (
        "the last paragraph of the docstring begins with **Safe to copy as it is.** or **Copy with care.**, "
        f"and the reason follows; here it is {last!r}"
    )


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.stem)
def test_each_example_has_a_place_in_the_order_and_a_drawing(path: Path) -> None:
    assert path.stem in examples.ORDER
    assert (examples.GLYPHS / f"{path.stem}.svg").is_file()


def test_no_two_drawings_are_alike() -> None:
    drawings = [re.sub(r"\s", "", path.read_text(encoding="utf-8")) for path in examples.GLYPHS.glob("*.svg")]
    assert len(drawings) == len(set(drawings)) >= len(GALLERY)


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
