"""Several results in one figure: in each row two or more numbers, joined by a line, such as before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evenhand.results import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evenhand.judge.estimate import Estimate


def dumbbells(
    rows: Mapping[str, Mapping[str, Estimate]],
    ax: Axes | None = None,
    *,
    label: str,
    unit: str = "_ns",
    texts: Mapping[str, str] | None = None,
    source: str = "",
) -> Axes | None:
    """Draw one row per name: its numbers as dots, joined by a line, with their intervals.

    The rows are sorted by their last number.  The axis is logarithmic where the numbers span more than 20 times.

    Parameters
    ----------
    rows : mapping of str to mapping of str to Estimate
        The numbers of each row, each with its name.  All rows have the same names in the same order.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    label : str
        What the numbers are, a noun.
    unit : str
        ``"_ns"``, ``"_bytes"``, ``"_per_second"``, or ``""`` for a number without a unit.
    texts : mapping of str to str, optional
        The text at the end of each row; by default its last number.
    source : str
        The result that the page names below the figure, ``example/name``.

    Returns
    -------
    matplotlib Axes or None
        None, after a sentence on standard error, when matplotlib is not installed.

    Raises
    ------
    ValueError
        If there is no row, the names of two rows differ, a row has no text in `texts`, or the unit is unknown.

    Examples
    --------
    >>> import evenhand as bench
    >>> before = bench.Estimate(80.0, low=78.0, high=82.0, level=0.95, rounds=8)
    >>> after = bench.Estimate(20.0, low=19.0, high=21.0, level=0.95, rounds=8)
    >>> axes = bench.dumbbells({"read blocks": {"before": before, "after": after}}, label="time per sample")
    >>> axes.get_xlabel()
    'time per sample, ns (less is better)'
    """
    if unit not in figure.UNITS:
        message = f"unit must be one of {', '.join(map(repr, figure.UNITS))}, got {unit!r}"
        raise ValueError(message)
    names = [list(numbers) for numbers in rows.values()]
    if not names or not names[0]:
        message = "rows must have at least one row with at least one number"
        raise ValueError(message)
    if odd := [row for row, numbers in rows.items() if list(numbers) != names[0]]:
        message = f"all rows must have the numbers {names[0]}, but {odd[0]!r} has {list(rows[odd[0]])}"
        raise ValueError(message)
    if texts is not None and (without := [row for row in rows if row not in texts]):
        message = f"texts must have a text for each row, but has none for {without[0]!r}"
        raise ValueError(message)
    ax = figure.axes(ax, source)
    if ax is not None:
        from evenhand.results.rows import spans

        spans(ax, rows, unit=unit, label=label, texts=texts)
    return ax
