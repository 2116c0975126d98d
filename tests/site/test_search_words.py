"""What readers search for is in the index as a title of its page, and code is not in it."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from docutils.utils import new_document

from search_words import prepared, read

ROOT = Path(__file__).parents[2]


def page() -> nodes.document:
    """A page with a block of code."""
    document = new_document("page")
    document += nodes.section("", nodes.title("", "Title"), nodes.literal_block("", "code"))
    return document


def test_words_are_titles_and_code_is_left_out_only_while_the_index_is_fed() -> None:
    document = page()
    before = document.pformat()
    with prepared(document, ["power failure"]):
        assert [title.astext() for title in document.findall(nodes.title)] == ["Title", "power failure"]
        assert all("no-search" in block["classes"] for block in document.findall(nodes.literal_block))
    assert document.pformat() == before


def test_every_page_with_words_is_there() -> None:
    words = read(ROOT / "conf" / "search.toml")
    without = [
        name for name in words if not (ROOT / "docs" / f"{name}.md").is_file() and not (ROOT / f"{name}.py").is_file()
    ]
    assert without == []


def test_no_words_lead_to_two_pages() -> None:
    asked = [word.lower() for words in read(ROOT / "conf" / "search.toml").values() for word in words]
    assert len(asked) == len(set(asked))
