"""Sentences that compare: a pair of contenders, the verdict of a run, and the wording for that verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from evenhand.judge.decision import Verdict
from evenhand.judge.estimate import Estimate
from evenhand.judge.metric import Bytes, Cost, Number, Percentile, PerPoint, Reading, Tail
from evenhand.results import quantity
from evenhand.results.self_reported import ALONE
from evenhand.runs.address import nearest

if TYPE_CHECKING:
    from evenhand.runs.run import Run

Outcome = Literal[Verdict, "not measured"]
OUTCOMES: tuple[Outcome, ...] = (*get_args(Verdict), "not measured")
VERSUS = " vs "
TAILS = "tails"
COLUMNS = {"comparison": "cost_ns", "throughput": "points_per_second", "footprint": "per_point_bytes"}
"""The number that is compared where a pair does not name one, by kind of result."""
PERCENTILES = {"p50": "median", "p90": "90th percentile", "p95": "95th percentile", "p99": "99th percentile"}
LESS_AND_MORE = {
    f"{which}_ns": (f"has a lower {name} than", f"has a higher {name} than") for which, name in PERCENTILES.items()
} | {
    "_bytes": ("takes less memory than", "takes more memory than"),
    "_per_second": ("is faster than", "is slower than"),
    "cpu_per_point_ns": ("takes less processor time than", "takes more processor time than"),
    "_ns": ("takes less time than", "takes more time than"),
    "": ("has a lower number than", "has a higher number than"),
}
"""Words of the default sentences, by the end of the column's name; the first match is used."""


@dataclass(frozen=True)
class Pair:
    """Two contenders of a measurement, and the number to compare.

    Parameters
    ----------
    path : str
        Address of the first contender's number, as `Run.value` takes it.
    other : str
        Name of the other contender, in the same measurement.

    Examples
    --------
    >>> import evenhand as bench
    >>> bench.Pair.parse("mine/literals/tuple vs list")
    Pair(path='mine/literals/tuple', other='list')
    """

    path: str
    other: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``path vs other``.

        Raises
        ------
        ValueError
            If `text` does not have this form.
        """
        path, versus, other = (part.strip() for part in text.partition(VERSUS))
        if not (path and versus and other):
            message = f"{text!r} names no pair; write: example/result/contender/column vs other contender"
            raise ValueError(message)
        return cls(path, other)

    @property
    def example(self) -> str:
        """The example that measures it."""
        return self.path.partition("/")[0]

    def outcome(self, run: Run) -> Outcome:
        """Return the verdict of `run`, or "not measured" where one of the two numbers is missing.

        Raises
        ------
        KeyError
            If there is no such result, contender or column; the message suggests the closest names.
        ValueError
            If the result at the path has no verdicts.
        """
        place = locate(self, run)
        if run.cut(place.measurement) or any(_missing(run.value(path)[1]) for path in place.paths):
            return "not measured"
        return reading_at(place, run).verdict(run.part(place.measurement))

    def ratio(self, run: Run) -> Estimate:
        """Return the judged ratio: of times, or of another number where more is worse."""
        place = locate(self, run)
        return reading_at(place, run).ratio(run.part(place.measurement))

    def written(self, run: Run) -> tuple[str, str]:
        """Write the two numbers, first contender first; a dash for those that the run did not measure."""
        found = [run.value(path) for path in locate(self, run).paths]
        this, other = (quantity.MISSING if _missing(value) else quantity.written(name, value) for name, value in found)
        return this, other

    def gain(self, run: Run) -> str:
        """Write the gain of the first contender over the other: a factor where it is faster.

        A factor of bytes is marked as counted: it has no interval, or one that is the range of the runs.
        """
        outcome = self.outcome(run)
        if outcome in {"not judged", "not measured"}:
            return f"no gain shown: {outcome}"
        place = locate(self, run)
        # A count has no sampling interval; its range is that of the runs.
        counted = ", counted" if isinstance(reading_at(place, run), Bytes) else ""
        factor = f"factor {quantity.ratio(self.ratio(run).inverse())}{counted}"
        return factor if outcome == "faster" else f"no gain shown: {factor}, {outcome}"


@dataclass(frozen=True)
class Place:
    """Where in a run the two numbers of a pair are."""

    measurement: str
    contender: str
    other: str
    size: str
    column: str

    @property
    def paths(self) -> tuple[str, str]:
        """The addresses of both numbers."""
        end = [part for part in (self.size, self.column) if part]
        this, other = ("/".join([self.measurement, name, *end]) for name in (self.contender, self.other))
        return this, other


def locate(pair: Pair, run: Run) -> Place:
    """Find the numbers of a pair; where contender names contain a slash, the longest matching name is used."""
    parts = pair.path.split("/")
    if parts[0] == TAILS:
        measurement, kind, names, rest = TAILS, TAILS, list(run.part(TAILS)), parts[1:]
    else:
        measurement, rest = "/".join(parts[:2]), parts[2:]
        kind, names = run[measurement].kind, list(run[measurement].contenders)
    starts = ["/".join(rest[:length]) for length in range(len(rest), 0, -1)]
    contender = next((start for start in starts if start in names), starts[-1] if starts else "")
    for name in (contender, pair.other):
        if name not in names:
            message = f"{measurement} has no contender {name!r}{nearest(name, names)}"
            raise KeyError(message)
    *size, column = rest[contender.count("/") + 1 :] or [""]
    if column.isdigit():
        size, column = [column], ""
    return Place(measurement, contender, pair.other, "/".join(size), column or COLUMNS.get(kind, ""))


def reading_at(place: Place, run: Run) -> Reading:
    """Return the reading for this kind of result; no other place distinguishes the kinds."""
    which, size = place.column.removesuffix("_ns"), int(place.size or ALONE)
    if place.measurement == TAILS:
        return Tail(place.contender, place.other, which)
    result = run[place.measurement]
    compared = getattr(result, "compared", None)
    if compared is not None and not {place.column, which} & set(compared):
        message = (
            f"{place.column!r} is not compared in {place.measurement}, which has {', '.join(compared) or 'none'}; "
            "name it in compared=... there, or state the numbers"
        )
        raise ValueError(message)
    match result.kind:
        case "comparison":
            return Cost(place.contender, place.other)
        case "latency" | "paced":
            return Percentile(place.contender, which, place.other)
        case "throughput":
            return PerPoint(place.contender, place.other, size)
        case "observed":
            return Number(place.contender, place.column, place.other, size)
        case "footprint":
            return Bytes(place.contender, place.other, size, counted(result, place.column))
    message = f"{place.measurement} is of the kind {result.kind!r}, which has no verdicts; state its numbers"
    raise ValueError(message)


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def counted(result: Any, column: str) -> str:
    """Return the count behind a column of a footprint: bytes per point use the counter that is available."""
    if column != "per_point_bytes":
        return column
    return "heap_bytes" if result.source == "heap" else "traced_current_bytes"


@dataclass(frozen=True)
class Wording:
    """The sentence about a pair, for each outcome.

    Parameters
    ----------
    pair : Pair
        The compared pair.
    said : mapping of str to str
        The wording by outcome; other outcomes get a default sentence.  ``{this}`` and ``{other}`` become the two
        numbers, ``{ratio}`` the ratio with its interval.

    Examples
    --------
    >>> import evenhand as bench
    >>> quick = bench.Settings(rounds=1)  # too few to judge by, and soon over
    >>> result = bench.compare({"list": "[1, 2]", "tuple": "(1, 2)"}, name="literals", settings=quick)
    >>> run = bench.Run.of([result], profile="script")
    >>> wording = bench.Wording.parse("interactive/literals/tuple vs list | faster: A tuple takes {this}.")
    >>> wording.sentence(run)
    'This run has too few rounds to judge “tuple” against “list”.'
    """

    pair: Pair
    said: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``path vs other | outcome: wording | outcome, outcome: wording | ...``.

        Raises
        ------
        ValueError
            If `text` does not have this form, or names an outcome that does not exist.
        """
        pair, *wordings = (" ".join(part.split()) for part in text.split("|"))
        said: dict[str, str] = {}
        for wording in wordings:
            outcomes, colon, words = (part.strip() for part in wording.partition(":"))
            for outcome in outcomes.split(", "):
                if not colon or not words or outcome not in OUTCOMES:
                    message = f"{wording!r} is no wording; write one of {', '.join(OUTCOMES)}, a colon and the words"
                    raise ValueError(message)
                if outcome in said:
                    message = f"{outcome!r} has two wordings; remove one"
                    raise ValueError(message)
                said[outcome] = words
        return cls(Pair.parse(pair), said)

    def sentence(self, run: Run) -> str:
        """Return the wording that `run` supports.

        A result that is missing from the run is "not measured" where that outcome has a wording, otherwise an error.

        Raises
        ------
        KeyError, ValueError
            As `Pair.outcome`; ValueError also for a placeholder that does not exist.
        """
        try:
            outcome = self.pair.outcome(run)
        except KeyError:
            if "not measured" not in self.said or self.pair.example not in {r.example for r in run.results.values()}:
                raise
            return self.said["not measured"]
        words = self.said.get(outcome)
        if words is None:
            return self._default(run, outcome)
        if "{" not in words:
            return words
        this, other = self.pair.written(run)
        try:
            return words.format(this=this, other=other, ratio=quantity.ratio(self.pair.ratio(run)))
        except (KeyError, IndexError, ValueError) as error:
            message = f"{words!r} has a placeholder other than {{this}}, {{other}} and {{ratio}}"
            raise ValueError(message) from error

    def _default(self, run: Run, outcome: Outcome) -> str:
        """Return a default sentence for an outcome without a wording, in the style of the other wordings."""
        place = locate(self.pair, run)
        this, other = f"“{place.contender}”", f"“{place.other}”"
        if outcome == "not measured":
            sentence = f"This profile does not measure {this} against {other}"
        elif outcome == "not judged":
            sentence = _unjudged(self.pair.ratio(run), this, other)
        else:
            less, more = next(words for end, words in LESS_AND_MORE.items() if place.column.endswith(end))
            found = {
                "faster": f"In this run {this} {less} {other}",
                "slower": f"In this run {this} {more} {other}",
                "no difference shown": f"In this run {this} and {other} show no difference",
                "inconclusive": f"This run does not decide between {this} and {other}",
            }[outcome]
            sentence = f"{found} (ratio {quantity.ratio(self.pair.ratio(run)).replace(' (', ', ').rstrip(')')})"
        first = next(iter(self.said.values()), "A")
        if first[0].islower():
            sentence = sentence[0].lower() + sentence[1:]
        return f"{sentence}." if first.endswith(".") else sentence


def _unjudged(ratio: Estimate, this: str, other: str) -> str:
    """Say why there is no verdict: too few rounds, or numbers without a ratio."""
    if ratio.has_interval:
        return f"This run does not judge {this} against {other}: one cannot be distinguished from an empty statement"
    if math.isnan(ratio.value):
        return f"This run does not judge {this} against {other}: one of the numbers is 0, so there is no ratio"
    return f"This run has too few rounds to judge {this} against {other}"
