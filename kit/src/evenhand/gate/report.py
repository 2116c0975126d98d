"""The reports of a gate: a table for people, Markdown for a pull request, JSON for programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from html import escape
from statistics import median
from typing import TYPE_CHECKING, Any

from evenhand.gate.findings import SCREENING, Status
from evenhand.gate.gate import Gate, Outcome
from evenhand.gate.instructions import Count
from evenhand.gate.interleaving import FAMILY
from evenhand.gate.side import BASE, CANDIDATE
from evenhand.judge.decision import SMALLEST_EFFECT
from evenhand.judge.estimate import Estimate
from evenhand.measure.records import data_frame
from evenhand.results import quantity
from evenhand.results.result import plain

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
"""Version of the document; ``schema/gate-1.json`` describes it."""
ORDER: tuple[Status, ...] = (
    "failed",
    "slower",
    "inconclusive",
    "not judged",
    "faster",
    "gone",
    "new",
    "unchanged",
)
"""The most urgent first."""
CAUSE = "function or memory"
"""The title of the first column of causes."""
DISAGREEING = {
    "same": "the instruction count is unchanged, so look at memory, caches and code placement",
    "more": "there are more instructions, and the processor hides their cost",
    "fewer": "there are fewer instructions, and they take no less time",
}


def sentence(gate: Gate, status: int) -> str:
    """Summarise the whole gate in a sentence."""
    counts = Counter(outcome.status for outcome in gate.outcomes)
    listed = ", ".join(f"{counts[status]} {status}" for status in ORDER if counts[status])
    stopped = "" if gate.complete else "stopped early: "
    return f"{stopped}{listed} (exit status {status})"


def explain(gate: Gate) -> str:
    """Explain how the gate decided."""
    first, second = gate.plan.first, gate.plan.second
    return (
        f"Ratios are candidate over base with a 95 % interval, from {first} rounds, or from {second} fresh ones where "
        f"the first showed a difference at {quantity.bound(SCREENING)}. A status of slower or faster needs at least "
        f"{quantity.bound(SMALLEST_EFFECT)} and an interval that excludes 1 after Holm's correction. At most "
        f"about {100 * (1 - FAMILY):.0f} in 100 gates of identical builds raises an alarm."
    )


def explain_counts(gate: Gate) -> str:
    """Explain the instruction counts, and list the operations whose counts vary."""
    poor = {name: count for name, count in gate.counts.items() if count.poor}
    listed = ", ".join(
        f"{name} (spread {quantity.percent(count.spread)}, threshold {quantity.percent(count.threshold)})"
        for name, count in poor.items()
    )
    repeatable = f"Counts that vary from process to process: {listed}." if poor else "All counts are repeatable."
    return f"Instructions are counted under valgrind. Time decides; a count shows where to look. {repeatable}"


def sorted_outcomes(gate: Gate) -> list[Outcome]:
    """Sort the outcomes by urgency, then by the size of the change."""

    def size(outcome: Outcome) -> float:
        return -abs(outcome.finding.ratio.value - 1) if outcome.finding else 0.0

    return sorted(gate.outcomes, key=lambda outcome: (ORDER.index(outcome.status), size(outcome)))


def table(gate: Gate) -> pd.DataFrame:
    """Return one row per operation, as text."""
    rows = [row(outcome, gate) for outcome in sorted_outcomes(gate)]
    return data_frame(rows).set_index("operation")


def row(outcome: Outcome, gate: Gate) -> dict[str, str]:
    """Format an outcome."""
    finding = outcome.finding
    count = gate.counts.get(outcome.operation.name)
    cells = {
        "operation": outcome.operation.name,
        "status": outcome.status,
        "base": value(outcome, outcome.base),
        "candidate": value(outcome, outcome.candidate),
        "ratio (interval that decides)": quantity.ratio(finding.deciding) if finding else quantity.MISSING,
    }
    if gate.counts:
        cells["instructions"] = write_count(count) if count else quantity.MISSING
    return cells | {"remark": remark(outcome, count)}


def write_count(count: Count) -> str:
    """Format the change in instructions; a count that varies has its own threshold."""
    change = f"{100 * (count.ratio - 1):+z.2f}{quantity.NARROW_SPACE}%".replace("-", "−")
    return f"{change}, within ± {quantity.percent(count.threshold)}" if count.poor and count.says == "same" else change


def value(outcome: Outcome, estimate: Estimate | None) -> str:
    """Format a time or a number of bytes."""
    if estimate is None:
        return quantity.MISSING
    write = quantity.memory if outcome.operation.kind == "bytes" else quantity.time
    return write(estimate.value)


def remark(outcome: Outcome, count: Count | None = None) -> str:
    """Return the reason for a status, and the uncertainty that remains."""
    finding = outcome.finding
    remarks = [outcome.reason] if outcome.reason else []
    if finding is not None and finding.largest_slowdown is not None:
        more = "more" if outcome.operation.kind == "bytes" else "slower"
        remarks.append(f"at most {quantity.percent(finding.largest_slowdown)} {more}")
    if finding is not None and finding.rounds_needed is not None:
        remarks.append(f"at most about {finding.rounds_needed} rounds would decide")
    if count is not None and count.disagrees(outcome.status):
        remarks.append(f"time and count disagree: {DISAGREEING[count.says]}")
    return "; ".join(remarks)


def where_to_look(gate: Gate, name: str) -> pd.DataFrame:
    """Return the largest differences of an operation that changed: instructions by function, and allocations."""
    causes = gate.causes[name]
    rows = [
        {
            CAUSE: change.name,
            "base": quantity.digits(change.base),
            "candidate": quantity.digits(change.candidate),
            "difference": f"{'+' if change.difference > 0 else ''}{quantity.digits(change.difference)}",
        }
        for change in (*causes.functions, *causes.memory)
    ]
    return data_frame(rows)


def markdown(gate: Gate, status: int) -> str:
    """Return the gate as a comment for a pull request, with unchanged operations folded away."""
    frame = table(gate)
    quiet = frame["status"].isin(["unchanged"])
    parts = [f"### Gate: {sentence(gate, status)}", f"`{gate.sides[BASE].label}` → `{gate.sides[CANDIDATE].label}`"]
    if (~quiet).any():
        parts.append(markdown_table(frame[~quiet]))
    if quiet.any():
        summary = f"<details><summary>{quiet.sum()} unchanged</summary>"
        parts += [summary, markdown_table(frame[quiet]), "</details>"]
    parts += [f"{note}." for note in gate.notes]
    parts.append(explain(gate))
    if gate.counts:
        parts.append(explain_counts(gate))
    for name in gate.causes:
        causes = where_to_look(gate, name)
        if not causes.empty:
            summary = f"<details><summary>{escape(name)}: where to look, per execution</summary>"
            parts += [summary, markdown_table(causes.set_index(CAUSE)), "</details>"]
    return "\n\n".join(parts) + "\n"


def markdown_table(frame: pd.DataFrame) -> str:
    """Format a table as Markdown; bars inside cells are escaped, because they would end the cell."""
    frame = frame.reset_index()
    rows = [list(frame.columns), ["---"] * len(frame.columns), *frame.to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |" for cells in rows)


def document(gate: Gate, status: int) -> dict[str, Any]:
    """Return the gate as JSON values; ``schema/gate-1.json`` describes them."""
    return {
        "schema": SCHEMA,
        "started": gate.started,
        "seconds": round(gate.seconds, 1),
        "complete": gate.complete,
        "exit_status": status,
        "plan": gate.plan.document(),
        "machine": plain(gate.machine),
        "base": gate.sides[BASE].document(),
        "candidate": gate.sides[CANDIDATE].document(),
        "notes": list(gate.notes),
        "operations": [plain(entry(outcome, gate)) for outcome in gate.outcomes],
    }


def entry(outcome: Outcome, gate: Gate) -> dict[str, Any]:
    """Return an operation as JSON values."""
    finding, name = outcome.finding, outcome.operation.name
    count, causes = gate.counts.get(name), gate.causes.get(name)
    return {
        "name": name,
        "kind": outcome.operation.kind,
        "unit": outcome.operation.unit.removeprefix("_"),
        "statement": outcome.operation.statement,
        "status": outcome.status,
        "reason": outcome.reason,
        "stage": finding.stage if finding else None,
        "base": numbers(outcome.base),
        "candidate": numbers(outcome.candidate),
        "ratio": numbers(finding.ratio) if finding else None,
        "corrected": numbers(finding.corrected) if finding else None,
        "largest_slowdown": finding.largest_slowdown if finding else None,
        "rounds_needed": finding.rounds_needed if finding else None,
        "instructions": instructions(outcome.status, count) if count else None,
        "causes": asdict(causes) if causes else None,
    }


def instructions(status: Status, count: Count) -> dict[str, Any]:
    """Return a count as JSON values."""
    return {
        "base": median(count.base),
        "candidate": median(count.candidate),
        "ratio": count.ratio,
        "spread": count.spread,
        "threshold": count.threshold,
        "repeatable": not count.poor,
        "says": count.says,
        "disagrees": count.disagrees(status),
    }


def numbers(estimate: Estimate | None) -> dict[str, Any] | None:
    """Return an estimate as JSON values."""
    if estimate is None:
        return None
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "level": estimate.level,
        "rounds": estimate.rounds,
    }
