"""A small distribution, for tests of the record of a measured package."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

CODE = "def build():\n    return FACTS\n"


def install(folder: Path, name: str = "tiny-binding", version: str = "1.0", facts: object = None) -> Path:
    """Install a distribution with one module into a folder; call it again for an upgrade.

    `facts` is what its function ``build`` returns; a text is the source of an expression.
    """
    module = name.replace("-", "_")
    for old in folder.glob(f"{module}-*.dist-info"):
        (old / "METADATA").unlink()
        (old / "RECORD").unlink()
        old.rmdir()
    about = folder / f"{module}-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    (about / "RECORD").write_text(f"{module}/__init__.py,,\n{about.name}/METADATA,,\n", encoding="utf-8")
    (folder / module).mkdir(exist_ok=True)
    text = CODE.replace("FACTS", facts if isinstance(facts, str) else repr(facts or {}))
    (folder / module / "__init__.py").write_text(text, encoding="utf-8")
    sys.modules.pop(module, None)
    importlib.invalidate_caches()
    return folder / module
