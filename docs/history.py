"""The history on the page Regressions: each operation over the commits."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
from IPython.display import HTML
from matplotlib.figure import Figure

from days import day, span
from evenhand import Estimate, FigureMarkup, Run
from evenhand.gate.history import Change, Series, Store, changes, read, series
from evenhand.gate.operation import Operations
from evenhand.judge.decision import EQUIVALENCE
from evenhand.results import quantity
from evenhand.results.figure import COLOURS, DESK, INK, blank, scale, style
from evenhand.results.rows import Rows
from evenhand.results.table_markup import TableMarkup
from evenhand.sphinx.commit import run_git

ROOT = Path(__file__).parent.parent
STORES = (ROOT / "docs" / "archive" / "runs", ROOT / "build" / "history" / "runs")
"""The archive of the tree, and the one that the workflow keeps on a separate branch."""
OPERATIONS = ROOT / "conf" / "gate" / "operations.toml"
COMMIT = "https://github.com/rust-daq/rust-daq/commit/"
COLUMNS = 2
HEIGHT = 1.5
"""Inches of a row of the figure."""
NAME = 20
"""Letters of a name that have room in one line on a phone."""
NEWEST = 12
"""Changes in the figure of the newest ones."""
SPARK = (110, 22)
"""Width and height of the line in a row of a table, in its own units."""
DOTTED = 60
"""Up to so many commits, each has its dot."""


def stored() -> Store:
    """Every run that there is."""
    return read(STORES)


def labels(path: Path = OPERATIONS) -> dict[str, str]:
    """The label of each operation that the tree names, with its input; an archived run knows the name alone."""
    if not path.is_file():
        return {}
    return {operation.name: operation.label for operation in Operations.read(path).operations}


def state(store: Store, site: str, folder: Path = ROOT) -> HTML:
    """Say from which commit the site was built, and how many commits the history lacks.

    Parameters
    ----------
    store : Store
        The history.
    site : str
        The commit of the site; ``"unknown"`` outside a repository.
    folder : Path
        A folder of the repository.
    """
    built = f"This site was built from commit {short(site)}"
    of = "The commit of this site is not known" if site == "unknown" else built
    if not store.runs:
        return HTML(f"<p>{of}.</p>")
    newest = commit_of(store.runs[-1])
    if site == newest:
        return HTML(f"<p>{of}, the newest commit in the history.</p>")
    missing = commits_between(newest, site, folder)
    if missing is None:
        lacks = (
            "How many commits it lacks is not known: where this site was built, git or the commits between the two "
            "were missing, or this site's commit does not descend from that one."
        )
    else:
        commits = "one commit" if missing == 1 else f"{quantity.written('', missing)} commits"
        lacks = f"The history lacks the {commits} from there to this site."
    return HTML(f"<p>{of}. The newest commit in the history is {short(newest)}. {lacks}</p>")


def commits_between(older: str, newer: str, folder: Path) -> int | None:
    """Count the commits after one up to another that descends from it; None where git cannot tell."""
    # In a shallow clone a count can miss commits, or count some that it should not.
    if run_git(folder, "rev-parse", "--is-shallow-repository") != "false":
        return None
    if run_git(folder, "merge-base", "--is-ancestor", older, newer) is None:
        return None
    counted = run_git(folder, "rev-list", "--count", f"{older}..{newer}")
    return None if counted is None else int(counted)


class Line:
    """The runs of one class of machines, with their tables and figures.

    Parameters
    ----------
    runs : sequence of Run
        In the order of their commits.
    labels : mapping of str to str
        Labels of operations by their names, where they have more to say than the name.
    """

    def __init__(self, runs: Sequence[Run], labels: Mapping[str, str] | None = None) -> None:
        self.runs = runs
        self.labels = labels or {}
        self.series = series(runs)
        self.searched = find_spec("ruptures") is not None
        self.changes = changes(self.series) if self.searched else []
        self.order = {commit: place for place, commit in enumerate(dict.fromkeys(commit_of(run) for run in runs))}

    @property
    def source(self) -> str:
        """When and where all of it was measured, for the strip below a table."""
        return f"archive: {plural(len(self.runs), 'run')}, measured {self.measured}, {self.name}"

    @property
    def measured(self) -> str:
        """The days on which the runs were made."""
        return span(run.document["measured"] for run in self.runs)

    @property
    def name(self) -> str:
        """The machine and the Python."""
        conditions = self.runs[0].conditions()
        cores = conditions["usable_cores"]
        return (
            f"{conditions['cpu']}, {cores:g} usable core{'s' if cores != 1 else ''}, {conditions['distribution']}, "
            f"{conditions['implementation']} {conditions['Python']}"
        )

    @property
    def links(self) -> dict[str, str]:
        """The address of each commit, alone and with its subject."""
        revisions = [run.document["revision"] for run in self.runs]
        return {
            text: f"{COMMIT}{each['commit']}"
            for each in revisions
            for text in (short(each["commit"]), titled(each["commit"], each["subject"]))
        }

    def label(self, operation: str) -> str:
        """The label of an operation."""
        return self.labels.get(operation, operation)

    def table(
        self,
        rows: list[dict[str, Any]],
        caption: str,
        notes: Sequence[str] = (),
        drawings: Mapping[str, Sequence[str]] | None = None,
    ) -> TableMarkup | HTML:
        """A table about these runs."""
        return table(rows, caption, notes, source=self.source, links=self.links, drawings=drawings)

    def overview(self) -> TableMarkup | HTML:
        """What there is."""
        revisions = {commit_of(run): run.document["revision"] for run in self.runs}
        facts = {
            "runs": len(self.runs),
            "commits": len(revisions),
            "committed": span(revision["committed"] for revision in revisions.values()),
            "measured": self.measured,
            "operations": len(self.series),
            "changes found": len(self.changes) if self.searched else "not looked for",
            "unstable operations": sum(one.unstable for one in self.series),
        }
        rows = [{"fact": name, "value": str(value)} for name, value in facts.items()]
        return self.table(rows, f"The history on {self.name}")

    def commits(self) -> TableMarkup | HTML:
        """The commits, newest first."""
        rows: dict[str, dict[str, Any]] = {}
        for run in self.runs:
            revision = run.document["revision"]
            row = rows.setdefault(revision["commit"], {"commit": short(revision["commit"]), "runs": 0})
            row |= {"runs": row["runs"] + 1, "committed": day(revision["committed"]), "subject": revision["subject"]}
        return self.table(list(rows.values())[::-1], f"The commits that were measured on {self.name}")

    def changed(self) -> TableMarkup | HTML:
        """The changes, the largest against its noise first."""
        rows = [
            {
                "operation": self.label(change.operation),
                "verdict": change.verdict,
                "after over before (95 % interval)": quantity.ratio(change.ratio),
                "size against noise": quantity.digits(change.against_noise),
                "commit": titled(change.after.commit, change.after.subject),
            }
            for change in self.changes
        ]
        notes = (
            () if self.searched else ("Changes were not looked for: ruptures is not installed where this was built.",)
        )
        return self.table(rows, f"Changes found on {self.name}", notes)

    def unstable(self) -> TableMarkup | HTML:
        """The operations whose own spread hides 5 %."""
        rows = [
            {
                "operation": self.label(one.operation),
                "spread between runs": quantity.percent(one.noise),
                "hides a change of": quantity.percent(one.hidden),
            }
            for one in sorted(self.series, key=lambda one: -one.noise)
            if one.unstable
        ]
        return self.table(rows, f"Unstable on {self.name}: two runs of one build may differ by 5 %")

    def lead(self) -> HTML:
        """Say how many changes there are, and at which commit the newest ones."""
        counted = len({commit_of(run) for run in self.runs})
        commits = f"{plural(counted, 'commit')}, measured {self.measured} on {self.name}"
        if not self.changes:
            found = "no change was found" if self.searched else "changes were not looked for"
            return HTML(f"<p>In {escape(commits)}, {found}.</p>")
        last = max(self.changes, key=self.age).after
        verdicts = Counter(change.verdict for change in self.changes if change.after.commit == last.commit)
        judged = " and ".join(f"{plural(count, 'operation')} {name}" for name, count in verdicts.items())
        address = f'<a href="{COMMIT}{last.commit}">{escape(titled(last.commit, last.subject))}</a>'
        return HTML(
            f"<p>In {escape(commits)}: {plural(len(self.changes), 'change')} in "
            f"{plural(len(self.series), 'operation')}. The newest was first measured at {address}: {judged}.</p>"
        )

    def age(self, change: Change) -> int:
        """The place of a change among the commits."""
        return self.order[change.after.commit]

    def recent(self) -> FigureMarkup | None:
        """The newest changes as bars, sorted by size; None where there are none."""
        if not self.changes:
            return None
        newest = sorted(self.changes, key=self.age, reverse=True)[:NEWEST]
        ordered = sorted(newest, key=lambda change: -change.ratio.value)
        figure, ax = blank()
        bars(ax, {f"{change.operation}, {short(change.after.commit)}": change.ratio for change in ordered})
        caption = (
            f"The {plural(len(ordered), 'newest change')}, sorted: after the commit over before it, with the 95 % "
            f"interval, on {self.name}."
        )
        return FigureMarkup(figure, caption, source=self.source)

    def newest(self) -> TableMarkup | HTML:
        """Each operation at the newest commit that has it, over the same at the oldest one, with its line."""
        rows = [
            {
                "operation": self.label(one.operation),
                "newest over oldest (95 % interval)": quantity.ratio(one.over_oldest(one.points[-1])),
                "commits": len(one.points),
                "spread between runs": quantity.MISSING if math.isnan(one.noise) else quantity.percent(one.noise),
            }
            for one in self.series
        ]
        caption = f"Each operation on {self.name}; the line runs from the oldest commit to the newest"
        lines = [spark(one, self.order, self.steps(one)) for one in self.series]
        return self.table(rows, caption, drawings={"newest over oldest (95 % interval)": lines})

    def panel(self) -> HTML:
        """The plots of all operations, opened on request."""
        summary = "<summary>Plot each operation with its interval</summary>"
        return HTML(f'<details class="history-panel">{summary}{self.figure()._repr_html_()}</details>')

    def steps(self, one: Series) -> list[Change]:
        """The changes of an operation."""
        return [change for change in self.changes if change.operation == one.operation]

    def figure(self) -> FigureMarkup:
        """One small plot per operation: its ratio to the oldest commit, with the interval, and its steps."""
        rows = -(-len(self.series) // COLUMNS)
        figure = Figure(figsize=(DESK, HEIGHT * rows), layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.subplots(rows, COLUMNS, squeeze=False)
        for ax in axes.flat[len(self.series) :]:
            ax.set_axis_off()
        for ax, one in zip(axes.flat, self.series, strict=False):
            draw(ax, one, self.label(one.operation), self.order, self.steps(one))
            ax.set_xlim(-0.5, len(self.order) - 0.5)
        newest = [f"{one.operation} {quantity.digits(one.over_oldest(one.points[-1]).value)}" for one in self.series]
        label = f"{len(newest)} plots over {plural(len(self.order), 'commit')}; newest over oldest: {', '.join(newest)}"
        caption = f"The ratio of each operation to its oldest commit, over the commits, on {self.name}."
        return FigureMarkup(figure, caption, label=label, source=self.source)


def left_out(store: Store) -> TableMarkup | HTML | None:
    """Folders that could not be read, and oddities of the others; None where there are none."""
    rows = [{"folder": name, "why": reason} for name, reason in store.refused.items()]
    rows += [{"folder": "all", "why": note} for note in store.notes]
    return table(rows, "Left out, or odd") if rows else None


def draw(ax: Any, one: Series, label: str, order: dict[str, int], steps: Sequence[Change]) -> None:
    """Draw the series of one operation."""
    style(ax)
    at = [order[point.commit] for point in one.points]
    found = [one.over_oldest(point) for point in one.points]
    # A single run has no interval.
    ends = [(each.low, each.high) if each.has_interval else (each.value, each.value) for each in found]
    # One shape for all intervals and no dots where they would touch: a page of a thousand runs has to load.
    ax.fill_between(at, [low for low, _ in ends], [high for _, high in ends], color=COLOURS[0], alpha=0.3, lw=0)
    ax.plot(at, [each.value for each in found], "o-" if len(at) <= DOTTED else "-", color=COLOURS[0], ms=2.5, lw=0.8)
    for step in steps:
        ax.axvline(order[step.after.commit] - 0.5, color=COLOURS[1], lw=1.2)
    ax.set_title(textwrap.fill(label, NAME), fontsize=8, color=INK, loc="left")
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    # A change of a few per cent is to look like one, whatever the noise is.
    middle, half = (low + high) / 2, max(high - low, 0.1 * (low + high)) / 2
    ax.set_ylim(middle - 1.2 * half, middle + 1.2 * half)
    ticks = [middle - half, middle + half]
    ax.set_yticks(ticks, [quantity.digits(tick) for tick in ticks], fontsize=7)
    ax.set_xticks([])


def bars(ax: Any, ratios: Mapping[str, Estimate]) -> None:
    """Draw a bar from 1 to each ratio, with its interval."""
    places = range(len(ratios))[::-1]
    values = [ratio.value for ratio in ratios.values()]
    colours = [COLOURS[1] if value > 1 else COLOURS[2] for value in values]
    drawn = ax.barh(places, [value - 1 for value in values], left=1, color=colours, height=0.55)
    ax.hlines(
        places, [ratio.low for ratio in ratios.values()], [ratio.high for ratio in ratios.values()], color=INK, lw=1.5
    )
    ax.axvline(1, color=INK, lw=1)
    scale(ax, "x", "", "After the commit over before it", logarithmic=True)
    Rows(ax, {name: quantity.digits(ratio.value) for name, ratio in ratios.items()}).bars = list(drawn.patches)


def spark(one: Series, order: Mapping[str, int], steps: Sequence[Change]) -> str:
    """The line of an operation as an SVG, which repeats the numbers of its row; a bar marks each change."""
    width, height = SPARK
    logs = [math.log(one.over_oldest(point).value) for point in one.points]
    middle, half = (min(logs) + max(logs)) / 2, max(max(logs) - min(logs), 2 * math.log1p(EQUIVALENCE)) / 2
    last = max(len(order) - 1, 1)

    def across(commit: str, before: float = 0.0) -> float:
        return round(3 + (width - 6) * (order[commit] - before) / last, 1)

    points = " ".join(
        f"{across(point.commit)},{round(height / 2 - (height / 2 - 3) * (log - middle) / half, 1)}"
        for point, log in zip(one.points, logs, strict=True)
    )
    marks = "".join(f'<path d="M{across(step.after.commit, 0.5)} 0V{height}" stroke="{COLOURS[1]}"/>' for step in steps)
    end = points.split()[-1].split(",")
    return (
        f'<svg class="bench-drawing" viewBox="0 0 {width} {height}" aria-hidden="true">{marks}'
        f'<polyline points="{points}" fill="none" stroke="{COLOURS[0]}" stroke-width="1.5"/>'
        f'<circle cx="{end[0]}" cy="{end[1]}" r="2" fill="{COLOURS[0]}"/></svg>'
    )


def plural(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count} {noun}{'s' if count != 1 else ''}"


def commit_of(run: Run) -> str:
    """The commit of a run."""
    return str(run.document["revision"]["commit"])


def short(commit: str) -> str:
    """A commit by the beginning of its hash."""
    return commit[:7]


def titled(commit: str, subject: str) -> str:
    """A commit by its hash and the first line of its message."""
    return f"{short(commit)} {subject}"


def table(
    rows: list[dict[str, Any]],
    caption: str,
    notes: Sequence[str] = (),
    *,
    source: str = "archive: as listed",
    links: Mapping[str, str] | None = None,
    drawings: Mapping[str, Sequence[str]] | None = None,
) -> TableMarkup | HTML:
    """A table of rows, named by their first column; a sentence where there is none."""
    if not rows:
        return HTML("".join(f"<p>{escape(sentence)}</p>" for sentence in (f"{caption}: none.", *notes)))
    frame = pd.DataFrame(rows).set_index(next(iter(rows[0])))
    return TableMarkup(frame, caption, notes, source=source, links=links, drawings=drawings)
