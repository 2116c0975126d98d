"""The durations of a build's phases."""

from __future__ import annotations

import re

from evenhand.sphinx.durations import Clock
from tiny_project import Project


def test_each_phase_is_reported_with_its_seconds() -> None:
    clock = Clock()
    clock.ended = [0.0, 96.4, 110.0, 120.2, 125.0]
    assert clock.describe() == "examples 96 s, reading the pages 14 s, writing them 10 s, the rest 5 s"


def test_a_build_reports_its_durations(project: Project) -> None:
    outcome = project.build()
    [line] = re.findall(r"duration of the build: .*", outcome.told)
    phases = r"examples \d+ s, reading the pages \d+ s, writing them \d+ s, the rest \d+ s"
    assert re.search(rf"{phases} \(longest: first \d+ s\)", line)
