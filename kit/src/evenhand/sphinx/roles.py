"""Roles for a number of this build's run in a sentence, and for a sentence that compares; the tables of remedies."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

from evenhand import Pair, Run, Wording
from evenhand.judge.wording import locate
from evenhand.results import quantity
from evenhand.results.quantity import LEFT_OUT, NOT_MEASURED
from evenhand.sphinx.errors import MeasuringError
from evenhand.sphinx.numbers import linked
from evenhand.sphinx.places import publishes, run_folder
from evenhand.sphinx.profiles import Profile

FAULTS = "measuring_faults"
"""The attribute of the environment that has the faults of each page."""


class SealedRun:
    """The run that the pages show; read once per build."""

    def __init__(self) -> None:
        self.loaded: tuple[Any, Run] | None = None

    def read(self, env: BuildEnvironment) -> Run:
        """Read it, and note that the page depends on it."""
        folder = run_folder(env.config)
        env.note_dependency(folder / "run.json")
        seen = (folder, (folder / "run.json").stat().st_mtime_ns, (folder / "samples.parquet").stat().st_mtime_ns)
        if self.loaded is None or self.loaded[0] != seen:
            self.loaded = (seen, Run.load(folder))
        return self.loaded[1]


class RunRole(SphinxRole, ABC):
    """A role whose text comes from the run."""

    def __init__(self, sealed: SealedRun) -> None:
        super().__init__()
        self.sealed = sealed

    @abstractmethod
    def printed(self, run: Run) -> list[nodes.Node]:
        """Return the nodes of the role."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Look it up; a missing number is an error."""
        try:
            printed = self.printed(self.sealed.read(self.env))
        except (KeyError, ValueError) as error:
            note_fault(self.env, f"line {self.lineno}: {self.name}: {error.args[0]}")
            message = self.inliner.reporter.error(f"{self.name}: {error.args[0]}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        return printed, []


class NumberRole(RunRole):
    """``{measured}`example/result/contender/column|format spec```, or a fact, ``example/result/fact``."""

    def printed(self, run: Run) -> list[nodes.Node]:
        """Look the number up; it leads to its row."""
        path, _, spec = (part.strip() for part in self.text.replace("\n", " ").partition("|"))
        number = text(run, path, spec, judged=judges(self.env, run))
        if number == LEFT_OUT:
            return [nodes.abbreviation(self.rawtext, number, explanation=NOT_MEASURED, classes=[self.name])]
        return [linked(number, path, self.name)]


class VerdictRole(RunRole):
    """``{verdict}`example/result/contender/column vs other contender | faster: ... | slower: ...```."""

    def printed(self, run: Run) -> list[nodes.Node]:
        """Choose the sentence that the run supports; its numbers link to their rows."""
        wording = Wording.parse(self.text)
        inline = nodes.inline(self.rawtext, "", classes=[self.name])
        inline += list(parts_of(wording.sentence(run), addresses(wording.pair, run)))
        return [inline]


class NotMeasured(SphinxRole):
    """The replacement for a number where no site is made and nothing was measured."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the placeholder."""
        return [nodes.inline(self.rawtext, LEFT_OUT)], []


class Remedies(SphinxDirective):
    """A table of remedies: each line ``what | before | after | path of the number after vs contender before``.

    The argument is the title of the first column, or several titles separated by a bar.
    """

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    sealed: SealedRun | None = None

    def run(self) -> list[nodes.Node]:
        """Return the table; a row with missing numbers is an error."""
        titles = [title.strip() for title in self.arguments[0].split("|")] if self.arguments else ["what"]
        rows = [[*titles, "before", "after", "gain"]]
        try:
            run = self.sealed.read(self.env) if self.sealed else None
            rows += [row_of_remedy(line, len(rows[0]), run) for line in self.content if line.strip()]
        except (KeyError, ValueError) as error:
            note_fault(self.env, f"line {self.lineno}: remedies: {error.args[0]}")
            return [self.state_machine.reporter.error(f"remedies: {error.args[0]}", line=self.lineno)]
        return [self.table(rows)]

    def table(self, rows: list[list[str]]) -> nodes.table:
        """Return the table of these texts, the first row its head."""
        group = nodes.tgroup(cols=len(rows[0]))
        group += [nodes.colspec(colwidth=25) for _ in rows[0]]
        group += [nodes.thead("", self.row(rows[0])), nodes.tbody("", *map(self.row, rows[1:]))]
        return nodes.table("", group, classes=["remedies", "colwidths-auto"])

    def row(self, texts: list[str]) -> nodes.row:
        """Return a row of these texts, which may have markup."""
        cells = [self.parse_inline(text) for text in texts]
        return nodes.row(
            "", *(nodes.entry("", nodes.paragraph("", "", *inline), *messages) for inline, messages in cells)
        )


def row_of_remedy(line: str, columns: int, run: Run | None) -> list[str]:
    """Return the cells of a remedy; without a run they have no numbers."""
    cells = [cell.strip() for cell in line.split("|")]
    if len(cells) != columns:
        message = (
            f"{line!r} is not a remedy; write: what | before | after | path of the number after vs contender before"
        )
        raise ValueError(message)
    *what, before, after, compared = cells
    pair = Pair.parse(compared)
    if run is None:
        return [*what, before, after, LEFT_OUT]
    new, old = pair.written(run)
    return [*what, f"{before}: {old}", f"{after}: {new}", pair.gain(run)]


ROLES = {"measured": NumberRole, "verdict": VerdictRole}


def text(run: Run, path: str, spec: str, *, judged: bool = True) -> str:
    """The number as it is in the sentence; a profile may have left it out, or measured too little for it."""
    column, value = run.value(path)
    if run.cut(path):
        return LEFT_OUT
    absent = value is None or (isinstance(value, float) and math.isnan(value))
    if absent and not judged:
        return LEFT_OUT
    if absent:
        message = f"{path!r} has no value in this run"
        raise ValueError(message)
    return quantity.written(column, value, spec)


def judges(env: BuildEnvironment, run: Run) -> bool:
    """Whether the profile of the run must measure enough for each number and verdict."""
    try:
        return Profile.read(Path(env.config.measuring_profiles), run.document["profile"], {}).judged
    except MeasuringError:
        return True  # the profile was removed from the table


def addresses(pair: Pair, run: Run) -> list[tuple[str, str]]:
    """A pair's numbers as they are written, each with its address; empty where the run lacks one."""
    try:
        return list(zip(pair.written(run), locate(pair, run).paths, strict=True))
    except (KeyError, ValueError):
        return []


def parts_of(sentence: str, numbers: Iterable[tuple[str, str]]) -> Iterator[nodes.Node]:
    """A sentence as text and links: each number leads to its row, and two that read the same to one row each."""
    paths: dict[str, list[str]] = {}
    for number, path in numbers:
        paths.setdefault(number, []).append(path)
    known = "|".join(re.escape(number) for number in sorted(paths, key=len, reverse=True))
    parts = re.split(rf"(?<![\d.])({known})(?![\d.]*\d)", sentence) if known else [sentence]
    for place, part in enumerate(parts):
        if place % 2:
            yield linked(part, paths[part].pop(0) if len(paths[part]) > 1 else paths[part][0], "measured")
        elif part:
            yield nodes.Text(part)


def note_fault(env: BuildEnvironment, fault: str) -> None:
    """Record that a page asks for a number that the run lacks."""
    faults(env).setdefault(env.current_document.docname, []).append(fault)


def faults(env: BuildEnvironment) -> dict[str, list[str]]:
    """The faults of each page read so far."""
    if not hasattr(env, FAULTS):
        setattr(env, FAULTS, {})
    found: dict[str, list[str]] = getattr(env, FAULTS)
    return found


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget the faults of a page that is about to be read again."""
    del app
    faults(env).pop(docname, None)


def gather(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    """Merge the faults of pages that another process has read."""
    del app
    faults(env).update({name: found for name, found in faults(other).items() if name in docnames})


def refuse(app: Sphinx, env: BuildEnvironment) -> None:
    """End the build of a site whose pages ask for numbers that the run lacks; warnings alone would not."""
    if publishes(app) and (found := faults(env)):
        told = [f"{env.doc2path(name, base=False)}, {fault}" for name in sorted(found) for fault in found[name]]
        raise MeasuringError("pages ask for what the run does not have:\n" + "\n".join(told))


def choose(app: Sphinx) -> None:
    """Replace the roles where a builder makes no site and there is no run."""
    if not publishes(app) and not run_folder(app.config).is_dir():
        for name in ROLES:
            app.add_role(name, NotMeasured(), override=True)
        app.add_directive("remedies", Remedies, override=True)


def setup(app: Sphinx) -> None:
    """Register the roles."""
    sealed = SealedRun()
    for name, role in ROLES.items():
        app.add_role(name, role(sealed))
    app.add_directive("remedies", type("RemediesOfTheRun", (Remedies,), {"sealed": sealed}))
    app.connect("builder-inited", choose)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", gather)
    app.connect("env-updated", refuse)
