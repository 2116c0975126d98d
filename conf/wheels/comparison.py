"""Measure the same work on several Pythons, for the archive of the page "Which Python?"."""

from __future__ import annotations

import nox
from building import ROOT, WHEELS, make_environment, wheel_of

ARCHIVE = ROOT / "docs" / "archive" / "pythons"
ROUNDS = 12


def compare(session: nox.Session, pythons: dict[str, str]) -> None:
    """Make an environment for each interpreter, and compare them with the example."""
    if len(pythons) < 2:
        session.error(
            f"only CPython {', '.join(pythons)} was found, but a comparison needs two; `-- --debian` makes two"
        )
    flags, kit = [], str(next((ROOT / "dist").glob("evenhand-*.whl")))
    for version, python in pythons.items():
        # The first one has the kit and drives the others.
        packages = ["msgspec", str(wheel_of(version)), *([] if flags else [kit])]
        scripts = make_environment(session, WHEELS / "pythons" / version, python, *packages)
        flags += ["--python", str(scripts / "python")]
    driver = flags[1]
    run = [driver, str(ROOT / "gallery" / "pythons.py"), *flags, "--rounds", str(ROUNDS), "--archive", str(ARCHIVE)]
    # Outside the repository, the packages' versions come from the environments and not from the sources.
    with session.chdir(WHEELS):
        session.run(*run, external=True)
