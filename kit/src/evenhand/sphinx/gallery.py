"""The examples: their reading order, their cards, and the links between an example and the reference.

An example's statements are strings, in which a parser does not find the names that they use.  So an example
uses what it imports from the package, wherever the import is, and what its text refers to.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils import column_width
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from evenhand.cli.script import describe
from evenhand.runs.packages import configured, import_names
from evenhand.sphinx.declaration import Declaration, without_fields
from evenhand.sphinx.in_short import answers
from evenhand.sphinx.places import example_files, gallery_pages

COPYING = re.compile(r"^\*\*(Safe to copy as it is|Copy with care)\.\*\* \S", re.MULTILINE)
"""How the last paragraph of each example's docstring begins."""
LABEL = re.compile(r' role="img" aria-label="[^"]*" style="[^"]*"')
UPRIGHT = "rotate(-90"
"""Rotates the label of a vertical axis, which curves have and rows do not."""
ROLE = re.compile(r":(?:py:)?(?:class|func|meth|mod|obj):`~?(\w+)([\w.]*)`")
NOTE = re.compile(r"\.\. only:: html\n\n    \.\. note::\n.*?example code\.\n", re.DOTALL)
THUMBNAILS = re.compile(
    r"\.\. raw:: html\n\n    <div class=\"sphx-glr-thumbnails\">.*?thumbnail-parent-div-close\n\n.*?</div>\n", re.DOTALL
)
TAGS = re.compile(r"\.\. raw:: html\n\n  <div id='sg-tag-list'[^\n]*\n")
TOCTREE = re.compile(r"\.\. toctree::\n   :hidden:\n\n(?:   /[^\n]*\n)+")
UNGROUPED = "Further examples"
"""The heading of examples without a group, where others have one."""
DOWNLOADS = re.compile(r"^\.\. _sphx_glr_download_", re.MULTILINE)
BREAKS = re.compile(r"^    <br />\n?", re.MULTILINE)


class ReadingOrder:
    """The order of the examples in a folder; called by sphinx-gallery."""

    def __init__(self, src_dir: str = "") -> None:
        self.folder = Path(src_dir)

    def __call__(self, filename: str) -> tuple[float, str]:
        """The key of an example: its declared place, then its name."""
        return key(self.folder / filename)


def key(path: Path) -> tuple[float, str]:
    """The declared place of an example, then its name."""
    return Declaration.read(path).order, path.stem


@dataclass(frozen=True)
class Example:
    """One example as its cards show it.

    Parameters
    ----------
    name : str
        Its file name without the suffix.
    title, intro : str
        The question, and what the reader will learn.
    uses : frozenset of str
        The full names that it uses from the measured packages and the kit.
    about : str
        What a table of examples says of it.
    group : str
        The heading under which the gallery shows it.
    """

    name: str
    title: str
    intro: str
    uses: frozenset[str]
    about: str
    group: str = ""

    @classmethod
    def read(cls, path: Path, modules: Collection[str], returns: Mapping[str, str]) -> Example:
        """Read an example's docstring, imports and references; see `used`."""
        source = path.read_text(encoding="utf-8")
        title, _, intro = describe(ast.get_docstring(ast.parse(source)) or path.stem).partition("\n\n")
        declared = Declaration.read(path)
        intro, about = (" ".join(text.replace("`", "").split()) for text in (intro, declared.about))
        return cls(path.stem, title, intro, frozenset(used(source, modules, returns)), about, declared.group)


def used(source: str, modules: Collection[str], returns: Mapping[str, str]) -> set[str]:
    """The full names that a source imports from the packages or mentions, and what they return.

    Parameters
    ----------
    source : str
        The source of an example.
    modules : collection of str
        The top modules of the packages.
    returns : mapping of str to str
        What a class (``"package.Class"``) or a call (``".method("``) returns without naming it.
    """
    module = ast.parse(source)
    names = {f"{top}{rest}" for top, rest in ROLE.findall(source) if top in modules}
    imported: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in modules:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            imported |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in modules}
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported:
            names.add(f"{imported[node.value.id]}.{node.attr}")
    given = names | {call for call in returns if call.startswith(".") and call in source}
    return names | {returns[name] for name in given & returns.keys()}


def measured_modules(app: Sphinx) -> frozenset[str]:
    """The names by which the measured packages are imported, and the kit's own."""
    packages = configured(Path(app.confdir))
    return frozenset({"evenhand"}.union(*(import_names(name, hook) for name, hook in packages.items())))


@lru_cache(maxsize=1)
def read_all(app: Sphinx) -> list[Example]:
    """Every example as the gallery shows it: group after group, each by the declared order; read once per build."""
    modules, returns = measured_modules(app), app.config.measuring_returns
    found = [Example.read(path, modules, returns) for path in sorted(example_files(app), key=key)]
    groups = groups_of(found)
    return sorted(found, key=lambda example: groups.index(example.group))


def groups_of(examples: Iterable[Example]) -> list[str]:
    """The groups in the order of their first examples; examples without a group come last."""
    groups = list(dict.fromkeys(example.group for example in examples))
    return sorted(groups, key=lambda group: not group)


class Cards(nodes.General, nodes.Element):
    """The place for cards of examples; which ones is known when all pages are read."""


class ExampleCards(SphinxDirective):
    """``.. example-cards::``: a card for each example; with a group, for those that declare it."""

    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the place for the cards."""
        return [Cards(every=True, names=[], group=" ".join(self.arguments[0].split()) if self.arguments else None)]


class ExampleTable(SphinxDirective):
    """``.. example-table::``: what each example is about, and its page."""

    def run(self) -> list[nodes.Node]:
        """Return the place for the cards."""
        return [Cards(every=True, names=[], table=True)]


class MiniGallery(SphinxDirective):
    """``.. minigallery:: package.Class``: the examples that use a name; without one, those of the page's names."""

    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the place for the cards."""
        return [Cards(every=False, names=self.arguments[0].split() if self.arguments else [])]


def documented(app: Sphinx, docname: str) -> set[str]:
    """The names that a page documents."""
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
        for path in example_files(app):
            app.env.note_dependency(path)


def place(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put cards in their places, and remove links to a reference that the site does not have."""
    for left in list(doctree.findall(Cards)):
        if left.get("table"):
            left.replace_self(table(app, docname, read_all(app)))
            continue
        wanted = set(left["names"]) or documented(app, docname)
        chosen = [example for example in read_all(app) if left["every"] or example.uses & wanted]
        if left.get("group") is not None:
            chosen = [example for example in chosen if (example.group or UNGROUPED) == left["group"]]
        heading = [] if left["every"] else [nodes.rubric("", "Examples that use it", classes=["example-cards-title"])]
        shown = [*heading, cards(app, docname, chosen, brief=not left["every"])] if chosen else []
        left.replace_self(shown)
    for node in list(doctree.findall(nodes.paragraph)):
        if "used-here" in node["classes"] and not list(node.findall(nodes.reference)):
            node.parent.remove(node)  # a site without a reference


def link(app: Sphinx, docname: str, example: Example) -> nodes.reference:
    """The title of an example, linked to its page."""
    there = app.builder.get_target_uri(page_of(app, example))
    uri = relative_uri(app.builder.get_target_uri(docname), there)
    return nodes.reference("", example.title, refuri=uri, internal=True)


def table(app: Sphinx, docname: str, examples: Iterable[Example]) -> nodes.table:
    """A row for each example: what it is about, and its title."""
    group = nodes.tgroup(cols=2)
    group += [nodes.colspec(colwidth=50) for _ in range(2)]
    rows: list[list[nodes.Node]] = [[nodes.Text("question"), nodes.Text("example")]]
    rows += [[nodes.Text(example.about), link(app, docname, example)] for example in examples]
    made = [nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in row)) for row in rows]
    group += [nodes.thead("", made[0]), nodes.tbody("", *made[1:])]
    return nodes.table("", group, classes=["colwidths-auto"])


def cards(app: Sphinx, docname: str, examples: Iterable[Example], *, brief: bool) -> nodes.container:
    """A card for each example: its figure, its question and its answer; a brief card has only the question."""
    shown = nodes.container(classes=["example-cards", *(["example-cards-brief"] if brief else [])])
    for example in examples:
        card = nodes.container("", classes=["example-card"])
        answer = answers(app.env).get(page_of(app, example))
        if answer and answer.drawing and not brief:
            card += nodes.raw("", thumbnail(answer.drawing), format="html")
        card += nodes.paragraph("", "", link(app, docname, example), classes=["example-card-title"])
        if not brief:
            card += nodes.paragraph("", answer.text if answer else example.intro, classes=["example-card-answer"])
        shown += card
    return shown


def page_of(app: Sphinx, example: Example) -> str:
    """The name of an example's page."""
    pages = [f"{folder}/{example.name}" for folder in gallery_pages(app)]
    return next((page for page in pages if page in app.env.found_docs), pages[0])


def thumbnail(drawing: str) -> str:
    """A figure as a decoration: the title next to it says what it is about, and the page shows it in full."""
    hidden = LABEL.sub(' aria-hidden="true"', drawing, count=1)
    whole = " example-card-curves" if UPRIGHT in drawing else ""
    return f'<div class="example-card-figure{whole}">{hidden}</div>'


def rewrite(app: Sphinx, docname: str, source: list[str]) -> None:
    """Rewrite sphinx-gallery's text: cards instead of thumbnails, links to the reference, no empty lines."""
    for folder in gallery_pages(app):
        if not docname.startswith(f"{folder}/"):
            continue
        text = BREAKS.sub("", TAGS.sub("", NOTE.sub("", source[0])))
        if docname == f"{folder}/index":
            text = index(read_all(app), text, folder)
        else:
            text = COPYING.sub(copy_note, without_fields(text), count=1)
            text = DOWNLOADS.sub(lambda found: reference(app, docname) + found[0], text, count=1)
        source[0] = text


def index(examples: Sequence[Example], text: str, folder: str) -> str:
    """The page of all examples: their cards, under a heading for each declared group."""
    groups = groups_of(examples)
    if groups == [""]:
        return THUMBNAILS.sub(".. example-cards::\n", text)
    ways, sections = [], []
    for group in groups:
        heading = group or UNGROUPED
        pages = "".join(f"   /{folder}/{example.name}\n" for example in examples if example.group == group)
        ways.append(f".. toctree::\n   :hidden:\n   :caption: {heading}\n\n{pages}\n")
        sections.append(f"{heading}\n{'-' * column_width(heading)}\n\n.. example-cards:: {heading}\n\n")
    return THUMBNAILS.sub(lambda _: "".join([*ways, *sections]), TOCTREE.sub("", text), count=1)


def copy_note(found: re.Match[str]) -> str:
    """The paragraph on copying, highlighted."""
    care = " copy-note-care" if found[1] == "Copy with care" else ""
    return f".. rst-class:: copy-note{care}\n\n{found[0]}"


def reference(app: Sphinx, docname: str) -> str:
    """The line that links an example to what it uses."""
    [example] = [example for example in read_all(app) if example.name == docname.rpartition("/")[2]]
    names = sorted(example.uses, key=lambda name: (name.startswith("evenhand"), name))
    if not names:
        return ""
    links = ", ".join(f":py:obj:`{name.partition('.')[2] or name} <{name}>`" for name in names)
    return f".. rst-class:: used-here\n\nIn the reference: {links}\n\n"


def skip(translator: Any, node: Cards) -> None:
    """Show nothing with a builder that resolves nothing."""
    del translator, node
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the directives, instead of sphinx-gallery's own."""
    app.add_node(Cards, html=(skip, None), text=(skip, None))
    app.add_directive("example-cards", ExampleCards)
    app.add_directive("example-table", ExampleTable)
    app.add_directive("minigallery", MiniGallery, override=True)
    # Before processes are forked that read pages, so that they share it.
    app.connect("env-before-read-docs", lambda app, *_: read_all(app))
    app.connect("source-read", rewrite)
    app.connect("doctree-read", leave_place)
    app.connect("doctree-resolved", place)
