"""Write LICENSES-THIRD-PARTY.md: the crates that are linked into the extension, with the texts of their licences.

The texts are read from the crates' own sources, as Cargo has fetched them for ``Cargo.lock``.  Macros and build scripts
run while the extension is compiled and are no part of it, so they are left out.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
WRITTEN = ROOT / "LICENSES-THIRD-PARTY.md"
NAMES = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")

INTRODUCTION = """\
# Licences of third parties

The extension `rust_daq._core` is linked from the crates below; some of them only on some platforms. Each text stands here once,
with the crates that it comes with. The file is written by `nox -s licenses`.

Linked in as well is the Rust standard library, under MIT or Apache-2.0, copyright of the Rust project's contributors;
the notices of its own parts are in `COPYRIGHT-library.html` of each Rust distribution.
"""


def cargo(*arguments: str) -> str:
    """What cargo answers, about the locked versions."""
    return subprocess.run(
        ["cargo", *arguments, "--locked"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


def linked() -> set[tuple[str, str]]:
    """Name and version of each crate from elsewhere that is linked into the extension, on any platform."""
    tree = ("--package", "rust_daq_py", "--edges", "normal,no-proc-macro", "--target", "all")
    lines = cargo("tree", *tree, "--prefix", "none", "--no-dedupe", "--format", "{p}").splitlines()
    crates = {tuple(line.split()[:2]) for line in lines if "(" not in line}
    return {(name, version.removeprefix("v")) for name, version in crates}


def texts(source: Path) -> list[tuple[str, str]]:
    """Name and text of each licence file of a crate."""
    files = sorted(path for path in source.iterdir() if path.is_file() and path.name.upper().startswith(NAMES))
    return [(path.name, path.read_text(encoding="utf-8").strip("\n")) for path in files]


def document() -> str:
    """Write the whole file's text."""
    packages = json.loads(cargo("metadata", "--format-version", "1"))["packages"]
    wanted = linked()
    crates = sorted((p for p in packages if (p["name"], p["version"]) in wanted), key=lambda p: p["name"])
    covered: dict[str, tuple[str, list[str]]] = {}
    rows = ["| crate | version | licence |", "| --- | --- | --- |"]
    for crate in crates:
        rows.append(f"| {crate['name']} | {crate['version']} | {crate['license']} |")
        found = texts(Path(crate["manifest_path"]).parent)
        if not found:
            message = f"{crate['name']} {crate['version']} comes without a licence file; add its text by hand"
            raise SystemExit(message)
        for name, text in found:
            # The same text is indented and broken differently here and there.
            covered.setdefault(" ".join(text.split()), (f"```text\n{text}\n```", []))[1].append(
                f"{crate['name']} {crate['version']} ({name})"
            )
    sections = [f"## {', '.join(names)}\n\n{text}\n" for text, names in covered.values()]
    return "\n".join([INTRODUCTION, "\n".join(rows), "", *sections])


if __name__ == "__main__":
    WRITTEN.write_text(document(), encoding="utf-8", newline="\n")
    print(f"wrote {WRITTEN.name}")
