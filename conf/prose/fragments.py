"""The pieces of a file that a person reads: a page, a comment, a docstring, a message, and the words of a name."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LITERAL = re.compile(r"(?<![`}:])(`{1,2})(?!`)((?:(?!\n\s*\n).)+?)(?<!`)\1(?!`)", re.DOTALL)
"""Inline code; the text of a role is kept, because some roles print it."""
MARK = re.compile(r"^\s*(?:#+:?|//[/!]?|/?\*+/?) ?")
SOURCE = re.compile(r"//[^\n]*|/\*.*?\*/|\bb?r(#*)\".*?\"\1|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\\n])'|`[^`]*`", re.DOTALL)
"""Comments and strings of Rust and JavaScript; a single letter in quotes is not a string."""
RUST_NAME = re.compile(r"\b(?:fn|struct|enum|trait|mod|type) (\w+)")
CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Fragment:
    """A piece of prose, with the line that it begins in.

    Parameters
    ----------
    line : int
        The line of its first character.
    text : str
        Its text over as many lines as in the file; inline code is blank.
    is_name : bool
        Whether it is a name, split into words.
    """

    line: int
    text: str
    is_name: bool = False


def fragments(path: Path) -> Iterator[Fragment]:
    """Yield the prose of a file, according to its type."""
    text = path.read_text(encoding="utf-8")
    if path.suffix in {".py", ".pyi"}:
        found = python(text)
    elif path.suffix in {".rs", ".js"}:
        found = source(text)
    else:
        found = iter([Fragment(1, text)])
    for fragment in found:
        yield Fragment(fragment.line, LITERAL.sub(blank, fragment.text), fragment.is_name)
    if path.suffix in {".py", ".rs"}:
        yield Fragment(1, words(path.stem), is_name=True)


def blank(code: re.Match[str]) -> str:
    """Return a placeholder for inline code with the same number of lines."""
    return "⟨code⟩" + "\n" * code[0].count("\n")


def words(name: str) -> str:
    """Split a name into its words."""
    return CAPITAL.sub(" ", name).replace("_", " ").strip()


def python(text: str) -> Iterator[Fragment]:
    """Yield comments, strings and names of Python; a formatted string is one text without its values."""
    comments = [
        (token.start[0], token.string)
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    yield from joined(comments)
    tree = ast.parse(text)
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (str(part.value) if isinstance(part, ast.Constant) else "⟨value⟩" for part in node.values)
            yield Fragment(node.lineno, "".join(parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield Fragment(node.lineno, node.value)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield Fragment(node.lineno, words(node.name), is_name=True)


def source(text: str) -> Iterator[Fragment]:
    """Yield comments, strings and names of Rust or JavaScript."""
    comments: list[tuple[int, str]] = []
    for found in SOURCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        if found[0].startswith("//"):
            comments.append((line, found[0]))
        elif len(found[0]) > len("'x'"):
            yield Fragment(line, "\n".join(MARK.sub("", row) for row in found[0].splitlines()))
    yield from joined(comments)
    for name in RUST_NAME.finditer(text):
        yield Fragment(text.count("\n", 0, name.start()) + 1, words(name[1]), is_name=True)


def joined(comments: Iterable[tuple[int, str]]) -> Iterator[Fragment]:
    """Join comments on consecutive lines, without their marks."""
    begin, rows = 0, list[str]()
    for line, comment in comments:
        if rows and line != begin + len(rows):
            yield Fragment(begin, "\n".join(rows))
            rows = []
        if not rows:
            begin = line
        rows.append(MARK.sub("", comment))
    if rows:
        yield Fragment(begin, "\n".join(rows))
