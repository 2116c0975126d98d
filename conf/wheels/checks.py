"""Check that the extension compiles for a CPython that need not be installed: a file describes it to PyO3."""

from __future__ import annotations

import json
import subprocess

import nox
from building import ROOT

TARGET = ROOT / "target"


def check(session: nox.Session, versions: list[str]) -> None:
    """Check that the extension compiles for these CPythons, such as ``3.15`` or ``3.15t``."""
    refuse_unknown(session, versions)
    for version in versions:
        described = TARGET / "pythons" / f"{version}.txt"
        described.parent.mkdir(parents=True, exist_ok=True)
        described.write_text("\n".join(description(version)) + "\n", encoding="utf-8")
        clippy = ["cargo", "clippy", "--locked", "--package", "rust_daq_py", "--lib", "--quiet"]
        # This setting has no effect on a check, but separates the versions in the target folder.  Otherwise each would
        # overwrite the crates of the one before, and clippy of the workspace those of all.
        place = 2 * number(version)[1] + version.endswith("t")
        for crate in ("pyo3-build-config", "pyo3-ffi"):
            clippy += ["--config", f"profile.dev.package.{crate}.codegen-units={place}"]
        environment = {"PYO3_CONFIG_FILE": str(described), "PYO3_PYTHON": None, "CARGO_TARGET_DIR": str(TARGET)}
        session.run(*clippy, "--", "-D", "warnings", env=environment, external=True)


def description(version: str) -> list[str]:
    """Return the lines that describe a CPython to PyO3."""
    return [
        "implementation=CPython",
        f"version={version.removesuffix('t')}",
        "shared=true",
        "pointer_width=64",
        "build_flags=" + ("Py_GIL_DISABLED" if version.endswith("t") else ""),
        "suppress_build_script_link_lines=true",
    ]


def refuse_unknown(session: nox.Session, versions: list[str]) -> None:
    """Fail with a message if PyO3 does not support a version; its own build would fail with a page of text."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    answer = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    [pyo3] = [package for package in json.loads(answer.stdout)["packages"] if package["name"] == "pyo3-ffi"]
    oldest, newest = (pyo3["metadata"]["cpython"][f"{end}-version"] for end in ("min", "max"))
    if unknown := [version for version in versions if not number(oldest) <= number(version) <= number(newest)]:
        session.error(
            f"PyO3 {pyo3['version']} supports CPython {oldest} to {newest}, but not {', '.join(unknown)}; "
            "raise pyo3 in Cargo.toml, or remove the version from the classifiers in pyproject.toml"
        )


def number(version: str) -> tuple[int, ...]:
    """Convert a version to comparable numbers."""
    return tuple(int(part) for part in version.removesuffix("t").split("."))
