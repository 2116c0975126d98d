"""The role ``measured``: a number of this build's run, in a sentence."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from rust_daq.bench import Run


class Measured(SphinxRole):
    """``{measured}`example/result/contender/column|spec```."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Look the number up; one that is not there is an error."""
        folder = Path(self.config.measured_run)
        self.env.note_dependency(str(folder / "run.json"))
        path, _, spec = self.text.partition("|")
        try:
            text = loaded(folder, (folder / "run.json").stat().st_mtime_ns).written(path.strip(), spec.strip())
        except (KeyError, ValueError) as error:
            message = self.inliner.reporter.error(f"measured: {error.args[0]}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        return [nodes.inline(self.rawtext, text, classes=["measured"])], []


@lru_cache(maxsize=1)
def loaded(folder: Path, changed: int) -> Run:
    """The run, read once a build."""
    del changed
    return Run.load(folder)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the role."""
    app.add_config_value("measured_run", "", "")
    app.add_role("measured", Measured())
    return {"version": "1", "parallel_read_safe": True}
