"""Provenance: each page tells which run its numbers come from, in a strip at its foot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sphinx.application import Sphinx

from measuring import publishes, run_folder


def strip(document: Mapping[str, Any]) -> dict[str, str]:
    """What the strip says of a run, by its label."""
    machine, build, tree = document["machine"], document["build"], document["tree"]
    commit = str(tree["commit"])[:7] + (", modified" if tree["dirty"] else "")
    cores = machine["logical_cores"]
    return {
        "measured": datetime.fromisoformat(document["measured"]).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit,
        "profile": document["profile"],
        "machine": f"{machine['cpu']}, {cores} logical core{'s' if cores != 1 else ''}",
        "Python": machine["python"],
        "rustc": str(build.get("rustc", "unknown")).removeprefix("rustc ").split(" ")[0],
    }


def tell(app: Sphinx) -> None:
    """Give the template of each page the strip."""
    if publishes(app):
        document = json.loads((run_folder(app.config) / "run.json").read_text(encoding="utf-8"))
        app.config.html_context = {**app.config.html_context, "run_id": document["id"], "run_strip": strip(document)}


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the strip; the template is templates/run-strip.html."""
    app.setup_extension("measuring")
    app.connect("builder-inited", tell, priority=700)
    return {"version": "1", "parallel_read_safe": True}
