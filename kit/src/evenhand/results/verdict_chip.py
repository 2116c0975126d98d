"""A verdict in a cell as a chip: the word, with an icon and a colour that a style sheet adds."""

from __future__ import annotations

import re
from html import escape

VERDICTS = (
    "faster",
    "slower",
    "smaller",
    "larger",
    "no difference shown",
    "holds",
    "does not hold",
    "inconclusive",
    "not judged in this profile",
    "not judged",
)
"""The words that become a chip, alone in a cell or before a colon and a reason."""
VERDICT = re.compile(rf"({'|'.join(VERDICTS)})(?:(: )(.+))?$", re.DOTALL)


def with_chip(text: str) -> str | None:
    """Write a cell that is a verdict as HTML.

    Parameters
    ----------
    text : str
        The cell.

    Returns
    -------
    str or None
        The chip and the reason after it; None for any other text.  The words of the cell are unchanged.

    Examples
    --------
    >>> from evenhand.results.verdict_chip import with_chip
    >>> with_chip("faster")
    '<span class="bench-chip" data-verdict="faster">faster</span>'
    >>> with_chip("faster than before")
    """
    found = VERDICT.match(text)
    if found is None:
        return None
    verdict, colon, reason = found.groups(default="")
    heard = f'<span class="bench-heard">{colon}</span>' if colon else ""
    chip = f'<span class="bench-chip" data-verdict="{verdict.replace(" ", "-")}">{verdict}{heard}</span>'
    return f'<span>{chip}<span class="bench-reason">{escape(reason)}</span></span>' if reason else chip
