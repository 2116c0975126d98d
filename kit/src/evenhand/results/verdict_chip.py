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
"""The words that become a chip: alone in a cell, after a ratio and a colon, or before a colon and a reason."""
VERDICT = re.compile(rf"(?:(\d[^:]*)(:) )?({'|'.join(VERDICTS)})(?:(: )(.+))?$", re.DOTALL)


def with_chip(text: str) -> str | None:
    """Write a cell that is a verdict as HTML.

    Parameters
    ----------
    text : str
        The cell.

    Returns
    -------
    str or None
        The chip, with the ratio before it and the reason after it; None for any other text.  The words of the cell are
        unchanged.

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
    number, before, verdict, after, reason = found.groups(default="")
    chip = f'<span class="bench-chip" data-verdict="{verdict.replace(" ", "-")}">{verdict}{heard(after)}</span>'
    if number:
        chip = f"{escape(number)}{heard(before)} {chip}"
    if reason:
        chip = f'{chip}<span class="bench-reason">{escape(reason)}</span>'
    return f"<span>{chip}</span>" if number or reason else chip


def heard(colon: str) -> str:
    """A colon that is read aloud, and not shown."""
    return f'<span class="bench-heard">{colon}</span>' if colon else ""
