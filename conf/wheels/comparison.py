"""The same work on several Pythons, into the archive that the page "Which Python?" shows."""

from __future__ import annotations

import nox
from building import ROOT, WHEELS, make_environment, wheel_of

ARCHIVE = ROOT / "docs" / "archive" / "pythons"
ROUNDS = 12


def compare(session: nox.Session, pythons: dict[str, str]) -> None:
    """Make an environment for each interpreter, and let the example compare them."""
    if len(pythons) < 2:
        session.error(
            f"only CPython {', '.join(pythons)} was found, and a comparison takes two; `-- --debian` makes two"
        )
    flags, kit = [], str(next((ROOT / "dist").glob("evenhand-*.whl")))
    for version, python in pythons.items():
        # The first one drives the others, and has the kit.
        packages = ["msgspec", str(wheel_of(version)), *([] if flags else [kit])]
        scripts = make_environment(session, WHEELS / "pythons" / version, python, *packages)
        flags += ["--python", str(scripts / "python")]
    driver = flags[1]
    run = [driver, str(ROOT / "gallery" / "pythons.py"), *flags, "--rounds", str(ROUNDS), "--archive", str(ARCHIVE)]
    # The packages' versions come from the environments, and not from the sources here.
    with session.chdir(WHEELS):
        session.run(*run, external=True)
