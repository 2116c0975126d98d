"""Tables as CSV and JSON, figures as SVG: written when the site is built, linked below each."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from bs4 import BeautifulSoup

import evenhand as bench
from evenhand.sphinx.downloads import comma_separated, distinct, label_of, shown, standalone
from tiny_project import Project, made_project

CELL = """---
file_format: mystnb
kernelspec: {name: python3}
orphan: true
---
# Deep

```{code-cell} python
import pandas as pd
import evenhand as bench
frame = pd.DataFrame({"time": ["3 ns"]}, index=pd.Index(["dict"], name="contender"))
bench.TableMarkup(frame, "Mine")
```

```{remedies}
calls | two | one | first/made/one vs two
```
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with a table and a figure of a result, and another table."""
    with made_project(tmp_path_factory.mktemp("built")) as project:
        project.example_with_table()
        project.write("docs/deep/page.md", CELL)
        outcome = project.build()
    assert outcome.status == 0, outcome.said
    return project


def address(link: str) -> str:
    """The file to which a link leads a browser."""
    return unquote(urlsplit(link).path)


def files(project: Project, page: str) -> list[tuple[str, Path]]:
    """The files that a page offers, each with what its link is called."""
    soup = BeautifulSoup(project.page(page), "html.parser")
    folder = (project.folder / "html" / page).parent
    return [(link["aria-label"], folder / address(link["href"])) for link in soup.select(".bench-files a[download]")]


def test_a_result_is_offered_below_its_table_and_its_figure(built: Project) -> None:
    offered = files(built, "gallery/first")
    kinds = [name.split(" ")[0] for name, _ in offered]
    assert kinds == ["CSV", "JSON", "SVG", "CSV", "JSON"]
    assert all(path.is_file() for _, path in offered)
    [entry] = [entry for entry in built.run["results"] if entry["name"] == "made"]
    rows = list(csv.DictReader(io.StringIO(offered[0][1].read_text(encoding="utf-8"))))
    assert [row["contender"] for row in rows] == ["one", "two"]
    assert float(rows[0]["cost_ns"]) == entry["rows"][0]["cost_ns"]
    document = json.loads(offered[1][1].read_text(encoding="utf-8"))
    assert (document["rows"], document["run"]) == (entry["rows"], built.run["id"])


def test_a_figure_is_a_whole_file(built: Project) -> None:
    [drawing] = [path for name, path in files(built, "gallery/first") if name.startswith("SVG")]
    root = ET.fromstring(drawing.read_text(encoding="utf-8"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.attrib["color"]


def test_a_table_that_is_no_result_is_offered_as_it_is_shown(built: Project) -> None:
    own, further, *remedies = files(built, "deep/page")
    assert own[0] == "CSV of Mine"
    assert own[1].read_text(encoding="utf-8") == "contender,time\ndict,3 ns\n"
    assert json.loads(further[1].read_text(encoding="utf-8")) == [{"contender": "dict", "time": "3 ns"}]
    assert (
        remedies[0][1].read_text(encoding="utf-8").startswith("what,before,after,gain\ncalls,two: 200 ns,one: 100 ns")
    )


def test_rows_without_a_column_have_an_empty_cell() -> None:
    assert comma_separated([{"a": 1, "b": 2}, {"a": 3}]) == "a,b\n1,2\n3,\n"


def test_a_table_without_a_head_names_its_columns() -> None:
    html = "<table><tbody><tr><th>a\N{NARROW NO-BREAK SPACE}b</th><td>1</td></tr></tbody></table>"
    assert shown(html) == (["name", "value"], [["a b", "1"]])


def test_a_place_where_a_line_may_break_is_no_space() -> None:
    frame = pd.DataFrame({"in": ["an_example"]}, index=pd.Index(["package.Class"], name="contender"))
    html = bench.TableMarkup(frame, "Made", links={"an_example": "page.html"})._repr_html_()
    assert html.count("<wbr>") == 2
    assert shown(html) == (["contender", "in"], [["package.Class", "an_example"]])


def test_a_drawing_gets_a_ground_and_an_ink() -> None:
    text = standalone('<svg viewBox="0 0 1 1"><path d="M0 0"/></svg>')
    assert ET.fromstring(text)[0].tag.endswith("rect")


def test_a_figure_without_a_caption_is_named_by_its_label() -> None:
    assert label_of('<figure><svg aria-label="Costs. dict 3 ns"></svg></figure>') == "Costs"
    assert label_of("<table><caption>Slower than p99.9, and more.</caption></table>") == "Slower than p99.9, and more"


def test_columns_with_the_same_title_are_all_in_the_file() -> None:
    assert distinct(["name", "time", "time", "name"]) == ["name", "time", "time (2)", "name (2)"]


ODD = "cost #1, 50% of?"
LINKED = f"# Tiny\n\n{{shipped}}`it <run/first/{ODD}.csv>`\n\n```{{toctree}}\nother\ngallery/index\n```\n"


def test_a_result_of_any_name_is_offered(tmp_path: Path) -> None:
    with made_project(tmp_path) as project:
        project.example_with_table()
        example = (tmp_path / "examples" / "first.py").read_text(encoding="utf-8")
        project.write("examples/first.py", example.replace('"made"', repr(ODD)).replace("first/made", f"first/{ODD}"))
        project.write("docs/index.md", LINKED)
        outcome = project.build()
        assert outcome.status == 0, outcome.said
        offered = [path for _, path in files(project, "gallery/first")]
        shipped = BeautifulSoup(project.page(), "html.parser").select_one("a.shipped")
    assert len(offered) == 5
    assert all(path.is_file() for path in offered)
    assert (tmp_path / "html" / address(str(shipped["href"]))).is_file()
