"""How far to trust the numbers: what the archive of decisions says, with the interval of each rate."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import HTML
from matplotlib.ticker import FixedLocator

from days import span
from evenhand import FigureMarkup
from evenhand.gate.gate import QUICK
from evenhand.gate.trust import Evidence, Rate, judge_again, other_tools, rates, read
from evenhand.gate.trust import identical as identical_statements
from evenhand.gate.trust.evidence import version
from evenhand.judge.decision import SMALLEST_EFFECT
from evenhand.results import quantity
from evenhand.results.figure import COLOURS, INK, MARKERS, SMALL, blank, scale
from evenhand.results.table_markup import TableMarkup

ARCHIVE = Path(__file__).parent / "archive" / "trust.jsonl"
CIRCUMSTANCES = {
    "quiet": "nothing next to it",
    "loaded": "the other core busy",
    "neighbour": "neighbours that come and go",
}
PLANS = (QUICK.document(), identical_statements.PLAN)
"""The numbers of rounds and slices of today's gates, and of today's comparisons of identical statements."""
INJECTED = (1.02, 1.05, 1.1)
FEWEST = 20
"""A version, and today's plans, are counted once they have this many gates of identical builds."""
ROUNDS = (8, 20, 40)


def archived() -> Evidence:
    """Every decision that there is."""
    return read(ARCHIVE)


def evidence(found: Evidence | None = None) -> Evidence:
    """The decisions about the newest version that has enough, by the rules of this kit, from their archived rounds.

    If enough of them were made with the plans of this kit, only these are counted.
    """
    found = archived() if found is None else found
    versions = [found.of_version(version) for version in reversed(found.versions)]
    for part in [part for about in versions for part in (about.of_plans(PLANS), about)]:
        if sum(len(part.of(variant, 1.0)) for variant in CIRCUMSTANCES) >= FEWEST:
            return judge_again(part)
    return judge_again(versions[0] if versions else found)


def lead(found: Evidence) -> HTML:
    """Say how often the gate and the comparisons were wrong, in each of the circumstances."""
    kinds: dict[str, Callable[[Evidence, str], Rate]] = {
        "Gates of identical builds with an alarm": rates.whole_gates,
        "Comparisons of identical statements with a false verdict": rates.false_comparisons,
        **{f"{slowdowns(found, size)} that the gate found": partial(rates.found, injected=size) for size in INJECTED},
    }
    facts = []
    for what, count in kinds.items():
        each = {told: rate for variant, told in CIRCUMSTANCES.items() if (rate := count(found, variant)).of}
        told = "; ".join(f"{counted(rate)}, with {told}" for told, rate in each.items())
        facts.append(f"{what}: {told or 'not measured'}.")
    counted_from = f"<p>Counted from the {escape(source(found))}.</p>"
    return HTML(f"<ul>{''.join(f'<li>{escape(fact)}</li>' for fact in facts)}</ul>{counted_from}")


def slowdowns(found: Evidence, size: float) -> str:
    """Slowdowns of a target, with what they were calibrated to be."""
    each = [100 * (line["ratio"] - 1) for line in found.calibrations if line["target"] == size]
    if not each:
        return f"Slowdowns of {percentage(size)}"
    return f"Slowdowns with the target {percentage(size)} (calibrated: {min(each):.1f} to {max(each):.1f}\u202f%)"


def counted(rate: Rate) -> str:
    """A rate with the numbers behind it."""
    return f"{rate.count} of {rate.of}, {rate}" if rate.of else str(rate)


def percentage(size: float) -> str:
    """A slowdown in per cent, without its sign."""
    return f"{100 * (size - 1):.0f}{quantity.NARROW_SPACE}%"


def curve(found: Evidence) -> FigureMarkup | HTML:
    """How many decisions are *slower*, over the slowdown that was put in; 0 is identical builds."""
    lines = {
        told: {size: rate for size in (1.0, *INJECTED) if (rate := rates.found(found, variant, size)).of}
        for variant, told in CIRCUMSTANCES.items()
    }
    lines = {told: line for told, line in lines.items() if line}
    if not lines:
        return HTML("<p>No slowdown is archived yet.</p>")
    figure, ax = blank()
    ax.grid(visible=True, axis="y", color=INK, alpha=0.25, linewidth=0.6)
    for index, (told, line) in enumerate(lines.items()):
        # A little apart, so that intervals at the same slowdown do not cover each other.
        at = [100 * (size - 1) + 0.14 * (index - (len(lines) - 1) / 2) for size in line]
        ends = np.array([rate.interval for rate in line.values()]) * 100
        ax.vlines(at, ends[:, 0], ends[:, 1], color=COLOURS[index], linewidth=2, alpha=0.6)
        shares = [100 * rate.value for rate in line.values()]
        ax.plot(at, shares, color=COLOURS[index], marker=MARKERS[index], linewidth=1.3, label=told)
    ax.axvline(100 * SMALLEST_EFFECT, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=0.5)
    ax.annotate(
        f" counts from {quantity.bound(SMALLEST_EFFECT)}",
        (100 * SMALLEST_EFFECT, 0.04),
        xycoords=ax.get_xaxis_transform(),
        color=INK,
        fontsize=SMALL,
    )
    scale(ax, "x", "", "Target slowdown of the build, %")
    scale(ax, "y", "", "Share called slower, %")
    ax.xaxis.set_major_locator(FixedLocator([100 * (size - 1) for size in (1.0, *INJECTED)]))
    ax.set_ylim(-3, 103)
    legend = ax.legend(frameon=False, fontsize=SMALL, loc="lower left", bbox_to_anchor=(0, 1), ncols=1, borderaxespad=0)
    for text in legend.get_texts():
        text.set_color(INK)
    values = "; ".join(
        f"{told}: " + ", ".join(f"{percentage(size)} {rate}" for size, rate in line.items())
        for told, line in lines.items()
    )
    caption = (
        "Share of decisions that call the build slower, with the 95 % interval, over the target slowdown of the build; "
        "0 is identical builds."
    )
    return FigureMarkup(figure, caption, label=f"Share called slower, by slowdown. {values}", source=source(found))


def table(found: Evidence, rows: list[dict[str, Any]], caption: str) -> TableMarkup | HTML:
    """A table of rows, named by their first column; a sentence where there is none."""
    if not rows:
        return HTML(f"<p>{escape(caption)}: none.</p>")
    return TableMarkup(pd.DataFrame(rows).set_index(next(iter(rows[0]))), caption, source=source(found))


def source(found: Evidence) -> str:
    """When and where the decisions were made, for the strip below a table."""
    times = [decision["started"] for decision in (*found.gates, *found.identical)]
    machines = dict.fromkeys(session["conditions"]["cpu"] for session in found.sessions.values())
    if not times:
        return "archive: no decisions"
    versions = "version" if len(found.versions) == 1 else "versions"
    about = f" about {versions} {' and '.join(found.versions)}" if any(found.versions) else ""
    return f"archive: {len(times)} decisions{about}, {span(times)}, {', '.join(machines)}"


def sessions(found: Evidence) -> TableMarkup | HTML:
    """Where and when the decisions were made: gates, and comparisons of identical statements."""
    rows = []
    for name, session in found.sessions.items():
        gates, compared = (
            [line for line in lines if line["session"] == name] for lines in (found.gates, found.identical)
        )
        if not gates and not compared:
            continue
        conditions, plan = session["conditions"], session["plan"]
        rows.append(
            {
                "machine": (
                    f"{conditions['cpu']}, {conditions['usable_cores']:g} usable cores, "
                    f"{conditions['distribution']}, Python {conditions['Python']}"
                ),
                "version": version(session),
                "commit": session["build"]["commit"][:7],
                "decided": span(line["started"] for line in (*gates, *compared)),
                "gates": len(gates),
                "comparisons of identical statements": len(compared),
                "rounds": f"{plan['first_rounds']}, then {plan['second_rounds']}" if gates else str(plan["rounds"]),
                "slices": plan["slices"],
            }
        )
    return table(found, rows, "Where and when the decisions were made")


def identical(found: Evidence) -> TableMarkup | HTML:
    """Whole gates of identical builds."""
    rows = []
    for variant, told in CIRCUMSTANCES.items():
        rate = rates.whole_gates(found, variant)
        decisions = sum(len(gate["operations"]) for gate in found.of(variant, 1.0))
        rows.append(
            {
                "circumstances": told,
                "rate (95 % interval)": str(rate),
                "with an alarm": rate.count,
                "whole gates": rate.of,
                "decisions": decisions,
            }
        )
    return table(found, rows, "Identical code as base and candidate")


def copies(found: Evidence) -> TableMarkup | HTML:
    """Comparisons of identical statements, by statement and in all."""
    variants = {variant: told for variant, told in CIRCUMSTANCES.items() if rates.false_comparisons(found, variant).of}
    rows = [
        {"statement": statement or "all of them"}
        | {
            told: of(rates.false_comparisons(found, variant, statement))
            if statement
            else str(rates.false_comparisons(found, variant))
            for variant, told in variants.items()
        }
        for statement in [*dict.fromkeys(line["statement"] for line in found.identical), None]
        if variants
    ]
    return table(found, rows, "Comparisons of identical statements with a false verdict")


def compared(found: Evidence) -> HTML:
    """How the comparisons of identical statements were made."""
    plans = [session["plan"] for session in found.sessions.values() if session["plan"]["name"] == "identical"]
    told = {f"{plan['copies']} copies, {plan['rounds']} rounds of {plan['slices']} slices" for plan in plans}
    return HTML(f"<p>Each comparison: {escape('; '.join(sorted(told)) or 'none made yet')}.</p>")


def injected(found: Evidence) -> TableMarkup | HTML:
    """Slowdowns that were put in, how many of each were found."""
    rows = [
        {
            "slowdown": named(size, operation),
            "calibrated": calibrated(found, size, operation),
            **{told: of(rates.found(found, variant, size, operation)) for variant, told in CIRCUMSTANCES.items()},
        }
        for size, operation in decided(found)
    ]
    return table(found, rows, "Slowdowns found, each operation")


def biased(found: Evidence) -> TableMarkup | HTML:
    """By how much the estimates of a slowdown miss it."""
    rows = [
        {
            "slowdown": named(size, operation),
            **{told: bias(rates.errors(found, variant, size, operation)) for variant, told in CIRCUMSTANCES.items()},
        }
        for size, operation in decided(found)
    ]
    return table(found, rows, "The estimates against the calibration: median error (standard deviation)")


def decided(found: Evidence) -> list[tuple[float, str]]:
    """Every slowdown of an operation that there is a decision about."""
    return [
        (size, operation)
        for size in INJECTED
        for operation in rates.operations(found)
        if any(rates.found(found, variant, size, operation).of for variant in CIRCUMSTANCES)
    ]


def named(size: float, operation: str) -> str:
    """A slowdown of an operation."""
    return f"{100 * (size - 1):+.0f}{quantity.NARROW_SPACE}%, {operation}"


def of(rate: Rate) -> str:
    """A rate as its two numbers, where there are few of them."""
    return f"{rate.count} of {rate.of}" if rate.of else quantity.MISSING


def summed(found: Evidence) -> TableMarkup | HTML:
    """The same over all operations."""
    rows = [
        {
            "slowdown": f"{100 * (size - 1):+.0f}{quantity.NARROW_SPACE}%",
            "circumstances": told,
            "found": str(rate),
            "decisions": rate.of,
        }
        for variant, told in CIRCUMSTANCES.items()
        for size in INJECTED
        if (rate := rates.found(found, variant, size)).of
    ]
    return table(found, rows, "Slowdowns found, over all operations")


def calibrated(found: Evidence, size: float, operation: str) -> str:
    """What the burnt work really does, in each session."""
    told = [
        quantity.digits(line["ratio"])
        for line in found.calibrations
        if line["operation"] == operation and line["target"] == size
    ]
    return " and ".join(dict.fromkeys(told))


def bias(missed: list[float]) -> str:
    """The median error of the estimates, with its spread."""
    if not missed:
        return quantity.MISSING
    middle, spread = 100 * float(np.median(missed)), 100 * float(np.std(missed))
    return f"{middle:+z.1f}{quantity.NARROW_SPACE}% ({spread:.1f}{quantity.NARROW_SPACE}%)".replace("-", "\u2212")


def covered(found: Evidence) -> TableMarkup | HTML:
    """Coverage of 95 % intervals, drawn from what was recorded and live."""
    rows = []
    for variant, told in CIRCUMSTANCES.items():
        covering = {}
        for rounds in ROUNDS:
            each = [rates.simulated_coverage(found, variant, rounds, name) for name in rates.operations(found)]
            drawn = Rate(sum(one.count for one in each), sum(one.of for one in each))
            covering[f"drawn, {rounds} rounds"] = drawn
        covering["live, the first stage"] = rates.live_coverage(found, variant)
        rows += [
            {
                "intervals": intervals,
                "circumstances": told,
                "hold the truth": str(rate),
                "intervals made": quantity.written("", rate.of),
            }
            for intervals, rate in covering.items()
            if rate.of
        ]
    return table(found, rows, "How often a 95 % interval holds the truth")


def others(found: Evidence) -> TableMarkup | HTML:
    """What rules of other harnesses say of identical builds."""
    rows = []
    apart, beside = (other_tools.called(found, "quiet", apart=made) for made in (True, False))
    for name, rate in apart.items():
        if rate.of:
            rows.append(
                {
                    "rule": name,
                    "runs made one after the other": str(rate),
                    "comparisons": rate.of,
                    "samples taken side by side": str(beside[name]),
                }
            )
    return table(found, rows, "Identical builds called changed, by the rules of other harnesses")


def left_out(found: Evidence) -> HTML:
    """Lines that could not be read."""
    listed = "".join(f"<li>{escape(why)}</li>" for why in found.refused)
    return HTML(f"<p>Left out:</p><ul>{listed}</ul>" if listed else "<p>Every line of the archive was read.</p>")
