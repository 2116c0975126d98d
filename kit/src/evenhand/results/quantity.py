"""The notation of measured quantities everywhere: three significant digits, a unit, narrow no-break spaces."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from evenhand.judge.estimate import Estimate

TIMES = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
BYTES = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B"))
PERCENT = ((1.0, "%"),)
RATES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
MISSING = "–"
NOT_MEASURED = "not measured in this profile"
"""The text in place of a result that the build had no time for, or too few rounds."""
LEFT_OUT = "(not measured)"
"""The text in place of its numbers within a sentence."""
NARROW_SPACE = "\u202f"
FACTORS = {unit: factor for units in (TIMES, BYTES, RATES) for factor, unit in units}
APART = re.compile(
    r"(?<![\d.,\w])\d{1,3}(?:,\d{3})+(?![\d,]*\w)"
    r"|(?<=\d) ?%"
    r"|(?<=\d) (?=(?:[mnµ]?s|min|h|[kKMG]i?B|B|[kMG]?Hz|[kMG]?/s|[kMG])(?![\w/]))"
)
"""The parts that `spaced` changes: thousands with commas, per cent, and the space before a unit."""
WRITTEN = re.compile(rf"([-+\u2212]?[\d{NARROW_SPACE}]+(?:\.\d+)?)\s?([A-Za-zµ]*)")


def digits(value: float) -> str:
    """Format a number with three significant digits.

    The rule depends only on the number, so an estimate reads the same in a table, a figure, a sentence and a role.
    The interval next to it shows its uncertainty.
    """
    if not math.isfinite(value):
        return MISSING if math.isnan(value) else str(value)
    if value == 0:
        return "0"
    rounded = float(f"{value:.3g}")
    # Use the rounded value, so that 0.9997 becomes 1.00.
    decimals = max(2 - math.floor(math.log10(abs(rounded))), 0)
    return f"{rounded:,.{decimals}f}".replace(",", NARROW_SPACE)


def scaled(value: float, units: tuple[tuple[float, str], ...]) -> str:
    """Format `value` in the largest of `units` in which it is at least 1."""
    if not math.isfinite(value):
        return MISSING
    factor, unit = next((pair for pair in units if abs(value) >= 0.9995 * pair[0]), units[-1])
    return f"{digits(value / factor)}{NARROW_SPACE}{unit}".rstrip()


def time(nanoseconds: float) -> str:
    """Format a time, such as ``186 ns`` or ``1.42 ms``."""
    return scaled(nanoseconds, TIMES)


def memory(count: float) -> str:
    """Format a number of bytes, such as ``96.0 B`` or ``7.63 MiB``."""
    return scaled(count, BYTES)


def rate(per_second: float, unit: str = "/s") -> str:
    """Format a rate, such as ``5.30 M/s``."""
    text = scaled(per_second, RATES)
    if text == MISSING:
        return text
    return f"{text}{unit}" if text[-1].isalpha() else f"{text}{NARROW_SPACE}{unit.lstrip()}"


def percent(share: float) -> str:
    """Format a share as per cent, such as ``20.0 %``."""
    return MISSING if math.isnan(share) else f"{digits(100 * share)}{NARROW_SPACE}%"


def bound(share: float) -> str:
    """Format a chosen share as per cent with exactly its digits, such as ``2.5 %``."""
    return tick(100 * share, PERCENT)


def spaced(text: str) -> str:
    """Format the numbers in a text in this module's notation, with narrow no-break spaces.

    Parameters
    ----------
    text : str
        Prose with numbers such as ``1,000``, ``5 %``, ``5%`` or ``3 ms``.

    Returns
    -------
    str
        The text with a narrow no-break space between thousands and before per cent signs and units.

    Examples
    --------
    >>> from evenhand.results import quantity
    >>> quantity.spaced("5% of 1,000 calls").replace(quantity.NARROW_SPACE, "_")
    '5_% of 1_000 calls'
    """
    return APART.sub(lambda found: spaced_number(found[0]), text)


def spaced_number(found: str) -> str:
    """Format a match of `APART`."""
    if found.endswith("%"):
        return f"{NARROW_SPACE}%"
    return found.replace(",", NARROW_SPACE) if found.strip() else NARROW_SPACE


def magnitude(text: str) -> float | None:
    """Parse a formatted quantity into its smallest unit, so that ``1.42 ms`` is more than ``186 ns``.

    Returns
    -------
    float or None
        None if the text does not begin with a number, or its unit is not one of this module's.
    """
    found = WRITTEN.match(text)
    if found is None or found[2] not in FACTORS:
        return None
    return float(found[1].replace(NARROW_SPACE, "").replace("\u2212", "-")) * FACTORS[found[2]]


def tick(value: float, units: tuple[tuple[float, str], ...]) -> str:
    """Format a round number, as on an axis: ``100 ns``, ``1 µs``."""
    factor, unit = next((pair for pair in units if abs(value) >= 0.9995 * pair[0]), units[-1])
    return f"{value / factor:,.9g}{NARROW_SPACE}{unit}".replace(",", NARROW_SPACE).rstrip()


def ratio(estimate: Estimate) -> str:
    """Format a ratio, such as ``0.74 (0.72 to 0.76)``; without an interval if there were too few rounds."""
    text = span(estimate, digits)
    value, parenthesis, _ = text.partition(" (")
    return f"{value} ({ratio_end(estimate.low)} to {ratio_end(estimate.high)})" if parenthesis else text


def ratio_end(value: float) -> str:
    """Format an end of a ratio's interval, with more digits if three would hide on which side of 1 it is."""
    text = digits(value)
    if text == "1.00" and value != 1:
        longer = (f"{value:.{decimals}f}" for decimals in range(3, 7))
        return next((more for more in longer if float(more) != 1), text)
    return text


def span(estimate: Estimate, write: Callable[[float], str] = time) -> str:
    """Format a number with its interval.

    Parameters
    ----------
    estimate : Estimate
        In nanoseconds, or in the unit that `write` takes.
    write : callable
        Formats a number: `time`, `memory`, `percent` or a similar function.

    Returns
    -------
    str
        Only the number if there were too few rounds for an interval, or if its ends read the same.

    Examples
    --------
    >>> from evenhand import Estimate
    >>> from evenhand.results import quantity
    >>> quantity.span(Estimate(42.31, low=40.9, high=44.06, level=0.95, rounds=12)).replace(quantity.NARROW_SPACE, " ")
    '42.3 ns (40.9 ns to 44.1 ns)'
    """
    value, low, high = (write(number) for number in (estimate.value, estimate.low, estimate.high))
    return value if not estimate.has_interval or low == high == value else f"{value} ({low} to {high})"


def written(column: str, value: Any, spec: str = "") -> str:
    """Format a value of a result's summary by the unit in its column's name, or by a format spec.

    Parameters
    ----------
    column : str
        Name of the column; its suffix ``_ns``, ``_bytes`` or ``_per_second`` determines the unit.
    value : object
        The number or text.
    spec : str
        ``%`` for a share as per cent, or a format spec as for `format`; it overrides the unit.
    """
    if spec == "%" and (value is None or isinstance(value, str)):
        message = f"{value!r} is not a number, so it has no per cent; leave out the format"
        raise ValueError(message)
    if spec:
        return percent(value) if spec == "%" else format(value, spec)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    for unit, write in (("_ns", time), ("_bytes", memory), ("_per_second", rate)):
        if column.endswith(unit):
            return write(value)
    # A whole number is a count, whatever its type.
    return f"{value:,.0f}".replace(",", NARROW_SPACE) if float(value).is_integer() else digits(value)
