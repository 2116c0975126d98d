"""The examples: the order in which they are read, their cards, and the way from an example to the reference and back.

An example's statements stand in strings, where nobody who parses code finds the names that they use.  So an example
uses what it imports of this package, wherever the import stands, and what its text refers to.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from evenhand.cli.script import described
from measuring import gallery_folders

ORDER = (
    "benchmark_datapoint",
    "benchmark_throughput",
    "batches",
    "benchmark_memory",
    "compare_alternatives",
    "timestamps",
    "metadata",
    "gil",
    "zero_copy",
    "processors",
    "pipeline",
    "storage",
    "streams",
    "scale_out",
    "rates",
    "crossing",
    "imports",
    "reference",
    "noise",
)
"""The order of the guide's twelve questions; what is not named here comes after them, by its name."""
GIVES = {
    "rust_daq.Pipeline": "rust_daq.Report",
    "rust_daq.process.Fft": "rust_daq.process.Spectra",
    ".batch(": "rust_daq.Batch",
    ".point(": "rust_daq.DataPoint",
    ".points(": "rust_daq.DataPoint",
}
"""What is got from a class or a call without naming it."""
COPYING = re.compile(r"^\*\*(Safe to copy as it is|Copy with care)\.\*\* \S", re.MULTILINE)
"""How the last paragraph of each example's docstring begins."""
ROLE = re.compile(r":(?:py:)?(?:class|func|meth|mod|obj):`~?((?:rust_daq|evenhand)[\w.]*)`")
GLYPHS = Path(__file__).parents[1] / "glyphs"

NOTE = re.compile(r"\.\. only:: html\n\n    \.\. note::\n.*?example code\.\n", re.DOTALL)
THUMBNAILS = re.compile(
    r"\.\. raw:: html\n\n    <div class=\"sphx-glr-thumbnails\">.*?thumbnail-parent-div-close\n\n.*?</div>\n", re.DOTALL
)
TAGS = re.compile(r"\.\. raw:: html\n\n  <div id='sg-tag-list'[^\n]*\n")
DOWNLOADS = re.compile(r"^\.\. _sphx_glr_download_", re.MULTILINE)
BREAKS = re.compile(r"^    <br />\n?", re.MULTILINE)


def reading(filename: str) -> tuple[int, str]:
    """Where an example comes; called by sphinx-gallery."""
    name = Path(filename).stem
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)


@dataclass(frozen=True)
class Example:
    """One example as its cards show it.

    Parameters
    ----------
    name : str
        Its file's name without the ending.
    title, intro : str
        The question, and what the reader will know.
    uses : frozenset of str
        What it uses of the package, by full names.
    """

    name: str
    title: str
    intro: str
    uses: frozenset[str]

    @classmethod
    def read(cls, path: Path) -> Example:
        """Read an example's docstring, imports and references."""
        source = path.read_text(encoding="utf-8")
        title, _, intro = described(ast.get_docstring(ast.parse(source)) or path.stem).partition("\n\n")
        return cls(path.stem, title, " ".join(intro.replace("`", "").split()), frozenset(used(source)))


def used(source: str) -> set[str]:
    """The full names that a module imports of this package or speaks of, and what is got from them."""
    module = ast.parse(source)
    names, kits = set(ROLE.findall(source)), set()
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "rust_daq":
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            kits |= {alias.asname or alias.name for alias in node.names if alias.name == "evenhand"}
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in kits:
            names.add(f"evenhand.{node.attr}")
    given = names | {call for call in GIVES if call.startswith(".") and call in source}
    return names | {GIVES[name] for name in given & GIVES.keys()}


def paths(app: Sphinx) -> list[Path]:
    """The files of the examples, in the order of reading."""
    named = app.config.sphinx_gallery_conf["examples_dirs"]
    folders = [named] if isinstance(named, str) else named
    found = [path for folder in folders for path in Path(app.srcdir, folder).glob("*.py")]
    return sorted(found, key=lambda path: reading(path.name))


def read_all(app: Sphinx) -> list[Example]:
    """Every example, in the order of reading."""
    return [Example.read(path) for path in paths(app)]


class Cards(nodes.General, nodes.Element):
    """Where cards of examples will stand; which ones is known when all pages are read."""


class ExampleCards(SphinxDirective):
    """``.. example-cards::``: a card for each example."""

    def run(self) -> list[nodes.Node]:
        """Leave the place."""
        return [Cards(every=True, names=[])]


class MiniGallery(SphinxDirective):
    """``.. minigallery:: rust_daq.Batch``: the examples that use a name; without one, those of the page's names."""

    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Leave the place."""
        return [Cards(every=False, names=self.arguments[0].split() if self.arguments else [])]


def documented(app: Sphinx, docname: str) -> set[str]:
    """The names of this package that a page documents."""
    objects = app.env.get_domain("py").get_objects()
    return {name for name, _, kind, found, _, _ in objects if found == docname and kind in {"class", "function"}}


def leave_place(app: Sphinx, doctree: nodes.document) -> None:
    """Leave a place for cards at the end of a page of the reference that has none; such a page follows the examples."""
    docname = app.env.current_document.docname
    left = list(doctree.findall(Cards))
    if not left and documented(app, docname) and (sections := list(doctree.findall(nodes.section))):
        left = [Cards(every=False, names=[])]
        sections[0] += left
    if left:
        for path in paths(app):
            app.env.note_dependency(path)


def place(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put cards in their places."""
    for left in list(doctree.findall(Cards)):
        wanted = set(left["names"]) or documented(app, docname)
        chosen = [example for example in read_all(app) if left["every"] or example.uses & wanted]
        heading = [] if left["every"] else [nodes.rubric("", "Examples that use it", classes=["example-cards-title"])]
        shown = [*heading, cards(app, docname, chosen, brief=not left["every"])] if chosen else []
        left.replace_self(shown)


def cards(app: Sphinx, docname: str, examples: Iterable[Example], *, brief: bool) -> nodes.container:
    """A card an example; a brief one has no intro."""
    shown = nodes.container(classes=["example-cards", *(["example-cards-brief"] if brief else [])])
    for example in examples:
        link = relative_uri(app.builder.get_target_uri(docname), app.builder.get_target_uri(f"gallery/{example.name}"))
        title = nodes.reference("", example.title, refuri=link, internal=True)
        card = nodes.container("", classes=["example-card"])
        card += nodes.raw("", glyph(example.name), format="html")
        card += nodes.paragraph("", "", title, classes=["example-card-title"])
        if not brief:
            card += nodes.paragraph("", example.intro, classes=["example-card-intro"])
        shown += card
    return shown


def glyph(name: str) -> str:
    """The drawing by which an example is told from the others."""
    path = GLYPHS / f"{name}.svg"
    return (path if path.is_file() else GLYPHS / "other.svg").read_text(encoding="utf-8").strip()


def mend(app: Sphinx, docname: str, source: list[str]) -> None:
    """Make sphinx-gallery's text ours: cards instead of thumbnails, the way to the reference, no empty lines."""
    for folder in gallery_folders(app):
        if not docname.startswith(f"{folder.name}/"):
            continue
        text = BREAKS.sub("", TAGS.sub("", NOTE.sub("", source[0])))
        if docname == f"{folder.name}/index":
            text = THUMBNAILS.sub(".. example-cards::\n", text)
        else:
            text = COPYING.sub(copy_note, text, count=1)
            text = DOWNLOADS.sub(lambda found: reference(app, docname) + found[0], text, count=1)
        source[0] = text


def copy_note(found: re.Match[str]) -> str:
    """The paragraph on copying, set apart."""
    care = " copy-note-care" if found[1] == "Copy with care" else ""
    return f".. rst-class:: copy-note{care}\n\n{found[0]}"


def reference(app: Sphinx, docname: str) -> str:
    """The line that leads from an example to what it uses."""
    [example] = [example for example in read_all(app) if example.name == docname.rpartition("/")[2]]
    names = sorted(example.uses, key=lambda name: (name.startswith("evenhand"), name))
    if not names:
        return ""
    links = ", ".join(f":py:obj:`{name.partition('.')[2] or name} <{name}>`" for name in names)
    return f".. rst-class:: used-here\n\nIn the reference: {links}\n\n"


def skip(translator: Any, node: Cards) -> None:
    """A builder that resolves nothing shows nothing."""
    del translator, node
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives, in the place of sphinx-gallery's own."""
    app.setup_extension("measuring")
    app.add_node(Cards, html=(skip, None), text=(skip, None))
    app.add_directive("example-cards", ExampleCards)
    app.add_directive("minigallery", MiniGallery, override=True)
    app.connect("source-read", mend)
    app.connect("doctree-read", leave_place)
    app.connect("doctree-resolved", place)
    return {"version": "1", "parallel_read_safe": True}
