"""The guide names every example."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_of_examples_has_each_of_them_once():
    page = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    table = page.partition("### In Python: the gallery")[2].partition("### The rules")[0]
    rows = re.findall(r"^\| .* \| {doc}`/gallery/(\w+)` \|$", table, re.MULTILINE)
    assert sorted(rows) == sorted(path.stem for path in (ROOT / "gallery").glob("*.py"))
