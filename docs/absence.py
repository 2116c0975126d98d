"""What a page shows in the place of a result that its run lacks."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from IPython.display import HTML

from evenhand import Run

ABSENT = "not in this run"
"""The text in the place of a number."""


def lacking(run: Run, results: Iterable[str]) -> list[str]:
    """Return the results that a run does not have.

    Parameters
    ----------
    run : Run
        The run of the page.
    results : iterable of str
        Names of results, ``example/name``, or of other parts of a run, such as ``criterion``.
    """
    return [name for name in results if name not in run.results and not run.document.get(name)]


def note(missing: Iterable[str], what: str) -> HTML:
    """Say which results are missing, and what the page therefore leaves out.

    Parameters
    ----------
    missing : iterable of str
        Names of the results.
    what : str
        The part that the page leaves out, a noun with its article, such as ``"the table of kills"``.
    """
    names = ", ".join(f"<code>{escape(name)}</code>" for name in missing)
    return HTML(f'<p class="bench-note bench-absent">This run lacks {names}, so {escape(what)} is left out here.</p>')
