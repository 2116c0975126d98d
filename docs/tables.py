"""The tables of the pages that are no result of an example: this run, its measurements, Criterion, the tails."""

from __future__ import annotations

import pandas as pd

from rust_daq.bench import Run, quantity


def about(run: Run) -> pd.DataFrame:
    """The run, its machine and its build, one fact a row."""
    machine, build = run.document["machine"], run.document["build"]
    facts = {
        "time measured (UTC)": run.document["measured"],
        "profile": run.document["profile"],
        "run": run.id,
        "processor": machine["cpu"],
        "cores, physical and logical": f"{machine['physical_cores']} and {machine['logical_cores']}",
        "memory": quantity.memory(machine["memory_bytes"]),
        "system": f"{machine['system']} {machine['release']} ({machine['architecture']})",
        "Python": f"{machine['implementation']} {machine['python']}",
        "packages": ", ".join(f"{name} {version}" for name, version in machine["packages"].items()),
        "rust-daq": build["version"],
        "commit": f"{build['commit'][:12]}{' with changes' if build['dirty'] else ''}",
        "build profile": build["profile"],
        "compiler": build["rustc"],
        "PyO3": build["pyo3"],
        "target features": ", ".join(build["target_features"]),
        "extension, SHA-256": build["extension_sha256"][:16],
    }
    return pd.DataFrame({"fact": facts.keys(), "value": [str(value) for value in facts.values()]}).set_index("fact")


def measurements(run: Run) -> pd.DataFrame:
    """What was measured, in which example, and how often."""
    return pd.DataFrame([
        {
            "example": result.example,
            "measurement": result.name,
            "kind": result.kind,
            "contenders": len(result.contenders),
            "rounds": result.samples["round"].nunique(),
            "started (UTC)": result.started,
        }
        for result in run.results.values()
    ]).set_index("example")
