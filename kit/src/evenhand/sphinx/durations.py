"""Durations: a build of the site reports its duration by phase, so that a contributor sees what an addition costs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

from evenhand.sphinx.places import gallery_folders, publishes

logger = logging.getLogger(__name__)
LONGEST = 4
"""Examples that are named."""
PHASES = ("examples", "reading the pages", "writing them", "the rest")


class Clock:
    """The end time of each phase of a build."""

    def __init__(self) -> None:
        self.ended: list[float] = []

    def mark(self, *_: Any) -> None:
        """Record the end of a phase, or the start of the first."""
        self.ended.append(time.monotonic())

    def describe(self) -> str:
        """The phases with their seconds."""
        seconds = [later - earlier for earlier, later in zip(self.ended, self.ended[1:], strict=False)]
        return ", ".join(f"{phase} {taken:.0f} s" for phase, taken in zip(PHASES, seconds, strict=False))


def longest(app: Sphinx) -> str:
    """The slowest examples, with their seconds; sphinx-gallery stores them next to each page."""
    found = [
        (json.loads(path.read_text(encoding="utf-8"))["time"], path.name.removesuffix(".cost.json"))
        for folder in gallery_folders(app)
        for path in Path(folder).glob("*.cost.json")
    ]
    return ", ".join(f"{name} {taken:.0f} s" for taken, name in sorted(found, reverse=True)[:LONGEST])


def setup(app: Sphinx) -> None:
    """Record the end of each phase, and log the durations at the end."""
    clock = Clock()

    def tell(app: Sphinx, error: Exception | None) -> None:
        clock.mark()
        if error is None and publishes(app):
            named = longest(app)
            logger.info("duration of the build: %s%s", clock.describe(), f" (longest: {named})" if named else "")

    def written(app: Sphinx) -> list[tuple[str, dict[str, Any], str]]:
        clock.mark(app)
        return []

    app.connect("builder-inited", clock.mark, priority=2)
    app.connect("builder-inited", clock.mark, priority=710)
    app.connect("env-updated", clock.mark, priority=999)
    app.connect("html-collect-pages", written, priority=1)
    app.connect("build-finished", tell, priority=998)
