"""Write LICENSES-THIRD-PARTY.md: the crates that are linked into the extension, with the texts of their licences.

The texts come from the crates' sources, as fetched by Cargo for ``Cargo.lock``.  Macros and build scripts run only
during compilation and are not part of the extension, so they are omitted.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
WRITTEN = ROOT / "LICENSES-THIRD-PARTY.md"
NAMES = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")

# The platforms of the wheels.
TARGETS = (
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "aarch64-pc-windows-msvc",
)

# Crates without a licence file, and the files with the identical text.
TEXT_OF = {"flatbuffers": ("thiserror", "LICENSE-APACHE")}

INTRODUCTION = """\
# Licences of third parties

The extension `rust_daq._core` is linked from the crates below; some of them only on some platforms. Each text
appears once, under the names of its crates. `nox -s licenses` writes this file.

The Rust standard library is also linked, under MIT or Apache-2.0, copyright of the Rust project's contributors; the
notices of its parts are in `COPYRIGHT-library.html` of each Rust distribution.
"""


def cargo(*arguments: str) -> str:
    """Return the output of cargo for the locked versions."""
    command = ["cargo", *arguments, "--locked"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def linked(*options: str) -> set[tuple[str, str]]:
    """Return name and version of each third-party crate that is linked into the extension.

    Parameters
    ----------
    *options
        Further options of ``cargo tree``; by default, for this platform.
    """
    tree = ("--package", "rust_daq_py", "--edges", "normal,no-proc-macro", "--prefix", "none", "--no-dedupe")
    lines = cargo("tree", *tree, "--format", "{p}", *options).splitlines()
    # Cargo shows the folder after a crate of this workspace.
    crates = (line.split() for line in lines if line and "(" not in line)
    return {(name, version.removeprefix("v")) for name, version in crates}


def texts(source: Path) -> list[tuple[str, str]]:
    """Return name and text of each licence file in a crate's folder."""
    files = sorted(path for path in source.iterdir() if path.is_file() and path.name.upper().startswith(NAMES))
    return [(path.name, path.read_text(encoding="utf-8").strip("\n")) for path in files]


def document() -> str:
    """Return the content of the file."""
    wanted = linked(*(option for target in TARGETS for option in ("--target", target)))
    packages = json.loads(cargo("metadata", "--format-version", "1"))["packages"]
    crates = sorted(
        (p for p in packages if (p["name"], p["version"]) in wanted), key=lambda p: (p["name"], p["version"])
    )
    folders = {crate["name"]: Path(crate["manifest_path"]).parent for crate in crates}
    rows = ["| crate | version | licence |", "| --- | --- | --- |"]
    covered: dict[str, tuple[str, list[str]]] = {}
    for crate in crates:
        rows.append(f"| {crate['name']} | {crate['version']} | {crate['license']} |")
        other, file = TEXT_OF.get(crate["name"], (crate["name"], ""))
        found = [(name, text) for name, text in texts(folders[other]) if name.startswith(file)]
        if not found:
            message = f"{crate['name']} {crate['version']} comes without a licence file; find its text and say it here"
            raise SystemExit(message)
        for name, text in found:
            # Equal texts may have different line breaks.
            _, covers = covered.setdefault(" ".join(text.split()), (text, []))
            covers.append(f"{crate['name']} {crate['version']} ({name})")
    sections = [f"## {', '.join(covers)}\n\n```text\n{text}\n```\n" for text, covers in covered.values()]
    return "\n".join([INTRODUCTION, *rows, "", *sections])


if __name__ == "__main__":
    WRITTEN.write_text(document(), encoding="utf-8", newline="\n")
    print(f"wrote {WRITTEN.name}")
