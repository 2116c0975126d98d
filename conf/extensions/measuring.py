"""The measuring part of a build: the stage is laid, the examples run on it, the run is sealed, then pages are read."""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

from rust_daq.bench import Run
from rust_daq.bench.stage import STAGE_VARIABLE, Stage

PROFILES = Path(__file__).parent.parent / "profiles.toml"


def lay(app: Sphinx, config: Config) -> None:
    """Lay an empty stage and plan each example's seconds."""
    profiles = tomllib.loads(PROFILES.read_text(encoding="utf-8"))
    profile = profiles["profile"][config.measuring_profile]
    weights = profiles["weight"]
    total = sum(weights.values())
    gallery = profile.get("gallery")
    folder = Path(config.measuring_stage)
    shutil.rmtree(folder, ignore_errors=True)
    Stage(folder).prepare({
        "profile": config.measuring_profile,
        "rounds": profile["rounds"],
        "seconds": {name: gallery * weight / total for name, weight in weights.items()} if gallery else {},
        "options": profile.get("options", {}),
    })
    os.environ[STAGE_VARIABLE] = str(folder)


def enter(gallery_conf: dict[str, Any], filename: str, when: str) -> None:
    """Tell the stage which example runs now; called by sphinx-gallery before each."""
    del gallery_conf
    if when == "before":
        Stage(Path(os.environ[STAGE_VARIABLE])).enter(Path(filename).stem)


def seal(app: Sphinx) -> None:
    """Make a run of what the examples left."""
    results = Stage(Path(app.config.measuring_stage)).results()
    if not results:
        message = "no example left a result"
        raise ExtensionError(message)
    folder = Path(app.config.measured_run)
    shutil.rmtree(folder, ignore_errors=True)
    Run.of(results, profile=app.config.measuring_profile).save(folder)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the steps around sphinx-gallery's own, which runs at priority 500."""
    app.add_config_value("measuring_profile", "default", "")
    app.add_config_value("measuring_stage", "", "")
    app.connect("config-inited", lay)
    app.connect("builder-inited", seal, priority=900)
    return {"version": "1", "parallel_read_safe": True}
