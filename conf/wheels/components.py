"""The list of components (SBOM) of a wheel: the crates that are linked into the extension, as CycloneDX 1.6.

Equal sources make an equal list, on any machine: it has no time, and its serial number is derived from its content.
PEP 770 defines its place in a wheel.
"""

from __future__ import annotations

import json
import sys
import tomllib
import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "rust"))

import licenses  # noqa: E402 - the path above is needed first

Crate = tuple[str, str]
"""Name and version."""


def document(linked: Collection[Crate], lock: Mapping[str, Any], terms: Mapping[Crate, str]) -> str:
    """Return the list as JSON.

    Parameters
    ----------
    linked : collection of (str, str)
        The crates in the extension.
    lock : mapping
        The content of ``Cargo.lock``.
    terms : mapping of (str, str) to str
        The licence of each crate.
    """
    locked = {(crate["name"], crate["version"]): crate for crate in lock["package"]}
    ours = [crate for crate in lock["package"] if "source" not in crate]
    components = [
        component("cargo", *crate)
        | {
            "licenses": [{"expression": terms[crate].replace("/", " OR ")}],
            "hashes": [{"alg": "SHA-256", "content": locked[crate]["checksum"]}],
        }
        for crate in sorted(linked)
    ]
    # The lock has a version only where it has several of a name, and also what only macros and other platforms need.
    several = {name for name, count in Counter(crate["name"] for crate in lock["package"]).items() if count > 1}
    known = {
        f"{name} {version}" if name in several else name: reference("cargo", name, version) for name, version in linked
    }
    root = component("pypi", "rust-daq", next(crate["version"] for crate in ours if crate["name"] == "rust_daq_py"))
    needs = {root["bom-ref"]: [name for crate in ours for name in crate.get("dependencies", [])]}
    needs |= {reference("cargo", *crate): locked[crate].get("dependencies", []) for crate in sorted(linked)}
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": root},
        "components": components,
        "dependencies": [
            {"ref": ref, "dependsOn": sorted({known[name] for name in names if name in known})}
            for ref, names in needs.items()
        ],
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True)).urn
    return json.dumps({"serialNumber": number} | content, indent=1) + "\n"


def component(kind: str, name: str, version: str) -> dict[str, Any]:
    """Return what names a component."""
    url = reference(kind, name, version)
    return {"type": "library", "bom-ref": url, "name": name, "version": version, "purl": url}


def reference(kind: str, name: str, version: str) -> str:
    """Return the package URL of a component."""
    return f"pkg:{kind}/{name}@{version}"


def write(path: Path, *options: str) -> None:
    """Write the list of a wheel to a file.

    Parameters
    ----------
    path : Path
        The file.
    *options
        Options of ``cargo tree``, such as ``--target`` with a platform; by default, this one.
    """
    packages = json.loads(licenses.cargo("metadata", "--format-version", "1"))["packages"]
    terms = {(package["name"], package["version"]): package["license"] for package in packages}
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))
    path.write_text(document(licenses.linked(*options), lock, terms), encoding="utf-8", newline="\n")
