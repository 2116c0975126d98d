"""The tables of the pages that are no result of an example: this run, its measurements, Criterion, the tails."""

from __future__ import annotations

from typing import Any

import pandas as pd
from IPython.display import HTML

from absence import ABSENT, lacking, note
from claims import CLAIMS
from evenhand import Run, TableMarkup
from evenhand.judge.metric import tail_at_floor
from evenhand.measure import yardstick
from evenhand.results import quantity
from evenhand.results.result import FLOOR_MARK
from evenhand.sphinx.provenance import at_start, none_found
from forest import Forest

PAGES = {"tails": "criterion.html"}
"""Where something was measured that is no example."""
CROSSINGS = {
    "make a point": "points",
    "make the point of a row": "rows",
    "average a sample": "average",
    "filter a sample": "filter",
}
"""Each operation with its measurement."""
FLOORS = {
    "cost of an operation": "noise/cost/noise_floor",
    "median of single calls": "noise/latency/p50_noise_floor",
    "95th percentile of single calls": "noise/latency/p95_noise_floor",
    "99th percentile of single calls": "noise/latency/p99_noise_floor",
    "time for a batch": "noise/batches/noise_floor",
    "cost of a point, 100,000 over 10,000": "noise/batches/scaling_noise_floor",
    "points per second of a pipeline": "noise/pipeline/processed_noise_floor",
    "a count next to another thread": "gil/calls/noise_floor",
}
"""Each kind of number with the address of its noise floor."""
EXAMPLES = {claim.example for claim in CLAIMS} - PAGES.keys()


def about(run: Run) -> pd.DataFrame:
    """The run, its machine and its build, one fact per row."""
    machine, build, tree = run.document["machine"], run.document["build"], run.document["tree"]
    measured = {name: facts["version"] for name, facts in run.packages.items()}
    around = {"virtual machine": machine["virtual_machine"], "container": machine["container"]}
    virtual = ", ".join(f"{what} ({name})" for what, name in around.items() if name)
    facts = {
        "time measured (UTC)": run.document["measured"],
        "profile": run.document["profile"],
        "run": run.id,
        "processor": machine["cpu"],
        "cores, physical, logical and usable": (
            f"{machine['physical_cores']}, {machine['logical_cores']} and {machine['usable_cores']}"
        ),
        "memory": quantity.memory(machine["memory_bytes"]),
        "virtual machine or container": virtual or "none known",
        "frequency governor": machine["governor"] or "not readable here",
        "load at start": "not known here" if machine["load"] is None else f"{machine['load']:.2f}",
        "disturbances at start": "; ".join(machine["notes"]) or none_found(at_start(machine)),
        "system": f"{machine['distribution'] or machine['system']}, {machine['release']} ({machine['architecture']})",
        "Python": f"{machine['implementation']} {machine['python']}, {machine['compiler']}",
        "interpreter built with optimisation": {
            True: "yes",
            False: "no: built without --enable-optimizations",
        }.get(machine.get("optimised"), "not known here"),
        "pace": paces(run),
        "packages": ", ".join(f"{name} {version}" for name, version in (measured | machine["packages"]).items()),
        "rust-daq": build["version"],
        "commit": f"{tree['commit'][:12]}{' with changes' if tree['dirty'] else ''}",
        "last commit that changed the extension": f"{build['commit'][:12]}{' with changes' if build['dirty'] else ''}",
        "build profile": build["profile"],
        "compiler": build["rustc"],
        "PyO3": build["pyo3"],
        "target features": ", ".join(build["target_features"]),
        "extension, SHA-256": build["extension_sha256"][:16],
    }
    return pd.DataFrame({"fact": facts.keys(), "value": [str(value) for value in facts.values()]}).set_index("fact")


def course(run: Run) -> TableMarkup:
    """What each example took, and where the build had a budget, what was planned before it and which calls were cut."""
    rows = [
        {
            "example": step["example"],
            "took": quantity.time(step["seconds"] * 1e9),
            "planned before it": quantity.time(step["planned"] * 1e9) if step.get("planned") else "no plan",
            "not measured": ", ".join(step.get("cut", ())) or "nothing",
        }
        for step in run.document["took"]["course"]
    ]
    links = {step["example"]: f"gallery/{step['example']}.html" for step in run.document["took"]["course"]}
    return TableMarkup(pd.DataFrame(rows).set_index("example"), "What each example took", links=links)


def paces(run: Run) -> str:
    """How long the fixed piece of Python took in the rounds, and how far that varied."""
    found = [value for entry in run.document["results"] for value in entry.get("pace_ns", ())]
    if not found:
        return "not measured"
    span = f"{quantity.time(min(found))} to {quantity.time(max(found))}"
    return f"a fixed piece of Python took {span}, a factor of {quantity.digits(yardstick.varied(found))}"


def forest(run: Run) -> Forest:
    """The claims and what this run makes of each."""
    return Forest(run, {name: f"gallery/{name}.html" for name in EXAMPLES} | PAGES)


def floors(run: Run) -> TableMarkup:
    """How far identical programs differed in this run, by the kind of number."""
    rows = [
        {"number": name, "identical programs differed by": floor(run, address), "measured in": address.split("/")[0]}
        for name, address in FLOORS.items()
    ]
    links = {name: f"gallery/{name}.html" for name in ("noise", "gil")}
    return TableMarkup(pd.DataFrame(rows).set_index("number"), "The noise floors of this run", links=links)


def floor(run: Run, address: str) -> str:
    """A noise floor as text."""
    try:
        value = run.value(address)[1]
    except KeyError:
        return ABSENT
    return quantity.MISSING if value is None else quantity.percent(float(value))


def measurements(run: Run) -> pd.DataFrame:
    """What was measured, in which example, and how often."""
    return pd.DataFrame(
        [
            {
                "example": result.example,
                "measurement": result.name,
                "kind": result.kind,
                "contenders": len(result.contenders),
                "rounds": result.samples["round"].nunique(),
                "started (UTC)": result.started[:16].replace("T", " "),
            }
            for result in run.results.values()
        ]
    ).set_index("example")


def criterion(run: Run) -> TableMarkup | HTML:
    """Criterion's means with their intervals, a row for each benchmark."""
    if missing := lacking(run, ["criterion"]):
        return note(missing, "the table of Criterion's means")
    rows = {}
    for name, found in run.document["criterion"].items():
        low, high, elements = found["mean_low_ns"], found["mean_high_ns"], found["elements"]
        rows[name] = {
            "mean": quantity.time(found["mean_ns"]),
            "95 % interval in one process": f"{quantity.time(low)} to {quantity.time(high)}",
            "standard deviation": quantity.time(found["sd_ns"]),
            "elements": quantity.written("", elements) if elements else quantity.MISSING,
            "elements per second": quantity.rate(found["elements_per_second"]) if elements else quantity.MISSING,
        }
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("benchmark")
    return TableMarkup(frame, "Criterion: mean time of an iteration; the interval does not cover how processes differ")


def crossings(run: Run) -> TableMarkup | HTML:
    """The cost of crossing, operation by operation."""
    if missing := lacking(run, [f"crossing/{name}" for name in CROSSINGS.values()]):
        return note(missing, "the table of crossings")
    rows = {}
    for operation, name in CROSSINGS.items():
        measured: Any = run[f"crossing/{name}"]
        row: dict[str, str] = {}
        for title, estimate in (
            ("one call for a thousand", measured.cost("one call for all")),
            ("a call for each", measured.cost("called from Python")),
            ("the crossing (95 % interval)", measured.difference("called from Python")),
        ):
            row[title] = quantity.span(estimate) if "interval" in title else quantity.time(estimate.value)
        rows[operation] = row
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("operation")
    return TableMarkup(frame, "One item: in one call for a thousand, in a separate call, and the difference")


def tails(run: Run) -> TableMarkup | HTML:
    """Percentiles of single calls made in Rust; those with too few calls beyond them are left out."""
    if missing := lacking(run, ["tails"]):
        return note(missing, "the table of single calls")
    columns = {"p50_ns": "p50", "p90_ns": "p90", "p95_ns": "p95", "p99_ns": "p99", "p99_9_ns": "p99.9", "max_ns": "max"}
    rows = {
        name: {"calls": quantity.written("", found["calls"])}
        | {
            title: quantity.MISSING if found[key] is None else quantity.time(found[key]) + mark(run, name, key)
            for key, title in columns.items()
        }
        for name, found in run.document["tails"].items()
    }
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("single call")
    return TableMarkup(frame, "Single calls: percentiles")


def mark(run: Run, call: str, column: str) -> str:
    """The mark of a percentile that says more about the clock; the longest of all calls has none."""
    floor = column != "max_ns" and tail_at_floor(run.document["tails"], call, column)
    return f" {FLOOR_MARK}" if floor else ""
