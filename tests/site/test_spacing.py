"""Numbers in prose are spaced like those of the kit; code is unchanged."""

from __future__ import annotations

import pytest

from spacing import page
from tiny_project import Project


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>1,000 at <b>5 %</b></p>", "<p>1_000 at <b>5_%</b></p>"),
        ('<p class="a 5 ms">3 ms</p>', '<p class="a 5 ms">3_ms</p>'),
        ("<pre>x = 1 % 5 %\n<span>1,000</span></pre> 1,000", "<pre>x = 1 % 5 %\n<span>1,000</span></pre> 1_000"),
        ("<code>5 ms</code>, 5 ms", "<code>5 ms</code>, 5_ms"),
        ("<script>if (1,000 < 5 ms) {}</script>5 ms", "<script>if (1,000 < 5 ms) {}</script>5_ms"),
        (
            '<svg aria-label="bars, 1,000 points"><text>1,000</text></svg>',
            '<svg aria-label="bars, 1_000 points"><text>1_000</text></svg>',
        ),
        ("<!-- 5 ms <b> -->5 ms", "<!-- 5 ms <b> -->5_ms"),
        ("<preface>5 ms</preface>", "<preface>5_ms</preface>"),
    ],
)
def test_text_is_spaced_and_code_is_not(html: str, expected: str) -> None:
    assert page(html).replace("\u202f", "_") == expected


def test_a_page_and_the_plain_text_are_spaced(project: Project) -> None:
    other = "# At 1 kHz\n\nOf 1,000 calls 5 % took 3 ms, `5 ms`.\n"
    project.write("docs/other.md", other)
    assert project.build(html_baseurl="https://example.org/").status == 0
    shown = project.page("other")
    assert "Of 1\u202f000 calls 5\u202f% took 3\u202fms" in shown
    assert "<h1>At 1\u202fkHz" in shown
    plain = (project.folder / "html" / "llms-full.txt").read_text(encoding="utf-8")
    assert "Of 1\u202f000 calls 5\u202f% took 3\u202fms, `5 ms`." in plain
