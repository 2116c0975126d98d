"""The sentences of pages and examples as readers see them: without code, with placeholders for measured numbers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NUMBER = "⟨number⟩"
"""The placeholder for a measured number."""
VERDICT = "⟨verdict⟩"
"""The placeholder for words that the run selects."""

ROLE = re.compile(r"\{([\w:]+)\}(`+)(.+?)\2(?!`)|:([\w:]+):(`)(.+?)`", re.DOTALL)
LITERAL = re.compile(r"(`+)(.+?)\1(?!`)_{0,2}", re.DOTALL)
TARGET = re.compile(r"\s*<[^<>]+>$")
END = re.compile(r"(?<=[.?!])(?:\*\*|\))?\s+(?=[A-Z`*⟨(\"“{:_])")
FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
OPTION = re.compile(r"\s*(?::::|%|:[\w-]+:(?!`))")
"""Skipped lines: a container's mark, a comment, an option of a directive."""
TEXT = re.compile(r"\{(?:eval-rst|container|note|admonition)\}")
"""Directives that contain text."""
CELL = re.compile(r"^# ?%%")
ITEM = re.compile(r"^\s*([-*+]|\d+\.|#\.)\s+")
UNDERLINE = re.compile(r"^\s*([=\-~^*])\1{2,}\s*$")


@dataclass(frozen=True)
class Sentence:
    """A sentence, or a title, item or cell.

    Parameters
    ----------
    path : Path
        Its file.
    line : int
        The first line of its paragraph.
    text : str
        Its words on one line.
    after_result : bool
        Whether it follows a result that an example shows.
    """

    path: Path
    line: int
    text: str
    after_result: bool = False

    @property
    def has_number(self) -> bool:
        """Whether it states a measured number."""
        return NUMBER in self.text or VERDICT in self.text


def sentences(path: Path) -> Iterator[Sentence]:
    """Yield the sentences of a page (``.md``, ``.rst``) or an example (``.py``)."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        for line, text, after_result in cells(source):
            yield from split(path, line, text, after_result=after_result)
    else:
        yield from split(path, 1, without_code(source))


def cells(source: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the texts of an example, its docstring and its comment cells, each with whether a result precedes it."""
    lines, tree = source.splitlines(), ast.parse(source)
    docstring = ast.get_docstring(tree, clean=False)
    if docstring is not None:
        yield tree.body[0].lineno, docstring, False
    starts = [number for number, line in enumerate(lines) if CELL.match(line)]
    for start in starts:
        end = next((n for n in range(start + 1, len(lines)) if not lines[n].startswith("#")), len(lines))
        text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[start + 1 : end])
        before = [node for node in tree.body if node.lineno <= start]
        yield start + 2, text, bool(before) and shows(before[-1])


def shows(node: ast.stmt) -> bool:
    """Whether the value of a cell's last statement is shown: it is an expression, as in a notebook."""
    return isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)


def without_code(source: str) -> str:
    """Blank the code, the front matter and the directives of a page, keeping the number of lines."""
    kept, fence, of_text = [], "", False
    for number, line in enumerate(source.splitlines()):
        if not fence and (found := FENCE.match(line) or (number == 0 and re.match("(---)$", line))):
            fence, of_text = found[1], bool(TEXT.search(line))
            kept.append("")
        elif fence and line.strip() == fence:
            fence = ""
            kept.append("")
        else:
            blank = (fence and not of_text) or OPTION.match(line)
            kept.append("" if blank else line)
    return "\n".join(kept)


def split(path: Path, line: int, text: str, *, after_result: bool = False) -> Iterator[Sentence]:
    """Split text into paragraphs, items and table cells, and these into sentences."""
    paragraph: list[str] = []
    begin = line
    for number, row in enumerate([*text.splitlines(), ""], start=line):
        apart = not row.strip() or UNDERLINE.match(row) or row.lstrip().startswith(("#", "|", "..")) or ITEM.match(row)
        # A role may have several lines that begin with a bar.
        inside = paragraph and "\n".join(paragraph).count("`") % 2
        if apart and not inside:
            yield from of_paragraph(path, begin, paragraph, after_result=after_result)
            paragraph = []
        if not row.strip() or UNDERLINE.match(row):
            continue
        if not paragraph:
            begin = number
        paragraph.append(row)
    yield from of_paragraph(path, begin, paragraph, after_result=after_result)


def of_paragraph(path: Path, line: int, rows: list[str], *, after_result: bool) -> Iterator[Sentence]:
    """Yield the sentences of one paragraph."""
    text = " ".join(rows).strip()
    if text.startswith(("..", ":")) and "::" in text.split("`")[0]:
        return
    text = LITERAL.sub("⟨code⟩", ROLE.sub(as_read, text))
    for part in text.strip("|").split("|") if text.startswith("|") else [ITEM.sub("", text).lstrip("# ")]:
        for sentence in END.split(part.strip()):
            words = " ".join(sentence.replace("**", "").split())
            if any(letter.isalpha() for letter in words):
                yield Sentence(path, line, words, after_result)


def as_read(role: re.Match[str]) -> str:
    """Return a role as readers see it."""
    name, text = role[1] or role[4], role[3] or role[6]
    if name == "measured":
        return NUMBER
    if name == "verdict":
        return f"{VERDICT}{'.' if text.rstrip().endswith('.') else ''}"
    return TARGET.sub("", text) if "<" in text else "⟨link⟩"
