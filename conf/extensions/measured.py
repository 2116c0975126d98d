"""The role ``measured``: a number of this build's run, in a sentence."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from measuring import publishes, run_folder
from rust_daq.bench import Run, quantity


class Measured(SphinxRole):
    """``{measured}`example/result/contender/column|format spec```, or a fact, ``example/result/fact``."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: tuple[Any, Run] | None = None

    def current(self) -> Run:
        """The sealed run; read once a build."""
        folder = run_folder(self.config)
        seen = (folder, (folder / "run.json").stat().st_mtime_ns, (folder / "samples.parquet").stat().st_mtime_ns)
        if self.loaded is None or self.loaded[0] != seen:
            self.loaded = (seen, Run.load(folder))
        return self.loaded[1]

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Look the number up; one that is not there is an error."""
        path, _, spec = (part.strip() for part in self.text.replace("\n", " ").partition("|"))
        self.env.note_dependency(run_folder(self.config) / "run.json")
        try:
            return [nodes.inline(self.rawtext, text(self.current(), path, spec), classes=["measured"])], []
        except (KeyError, ValueError) as error:
            message = self.inliner.reporter.error(f"measured: {error.args[0]}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]


class NotMeasured(SphinxRole):
    """What stands for a number where no site is made and nothing was measured."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Say so."""
        return [nodes.inline(self.rawtext, "(not measured)")], []


def text(run: Run, path: str, spec: str) -> str:
    """The number as it stands in the sentence."""
    column, value = run.value(path)
    if value is None:
        message = f"{path!r} has no value in this run"
        raise ValueError(message)
    return quantity.written(column, value, spec)


def choose(app: Sphinx) -> None:
    """A builder that makes no site does without a run."""
    if not publishes(app) and not run_folder(app.config).is_dir():
        app.add_role("measured", NotMeasured(), override=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the role."""
    app.setup_extension("measuring")
    app.add_role("measured", Measured())
    app.connect("builder-inited", choose)
    return {"version": "1", "parallel_read_safe": True}
