"""The days of times, as pages write them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime


def day(time: str) -> str:
    """The day of a time, in UTC."""
    return datetime.fromisoformat(time).astimezone(UTC).strftime("%Y-%m-%d")


def span(times: Iterable[str]) -> str:
    """From the first day to the last, or the one that there is."""
    days = sorted(map(day, times))
    return days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
