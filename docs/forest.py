"""The claims as one forest plot: a table whose rows draw each judged ratio, and a filter by verdict."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from html import escape

from absence import ABSENT
from claims import ASSERTIONS, NOTES
from evenhand import Claim, Estimate, Run
from evenhand.judge.claim import Judgement
from evenhand.judge.decision import EQUIVALENCE
from evenhand.results import quantity
from evenhand.results.table_markup import cell
from evenhand.results.verdict_chip import with_chip

WIDTH, HEIGHT = 200, 16
"""Size of a row's drawing in its own units."""
EDGE = 6
"""Units that stay free at either side."""
FURTHEST = 20.0
"""Ratios beyond this factor are drawn as an arrow at the edge."""
TICKS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
APART = 40
"""Units between two ticks that keep their numbers legible."""
ORDER = ("holds", "does not hold", "inconclusive", "not judged in this profile")
COUNTED = {
    "holds": ("is confirmed", "are confirmed"),
    "does not hold": ("is refuted", "are refuted"),
    "inconclusive": ("is inconclusive", "are inconclusive"),
    "not judged in this profile": ("is not judged in this profile", "are not judged in this profile"),
}
"""Each outcome as a verb, of one claim and of several."""
SOME, NONE = "Some claims hold", "No claim holds, some are not decided"
"""The heads of the assertions whose claims came out differently."""


class Forest:
    """The claims with what a run makes of them.

    Parameters
    ----------
    run : Run
        The run that judges.
    pages : mapping of str to str
        The page of each place where something was measured.
    """

    def __init__(self, run: Run, pages: dict[str, str]) -> None:
        self.pages = pages
        self.judged = {claim: judged(claim, run) for claims in ASSERTIONS.values() for claim in claims}
        self.axis = Axis(judgement.ratio.value for judgement in self.judged.values())

    def outcomes(self, claims: Iterable[Claim] | None = None) -> Counter[str]:
        """Count the outcomes of all claims, or of some."""
        return Counter(self.judged[claim].outcome for claim in (claims or self.judged))

    def _repr_html_(self) -> str:
        heads = "".join(
            cell("th", title, scope="col", words=words)
            for title, words in (
                ("claim", True),
                ("verdict", True),
                ("measured (95 % interval)", False),
                ("noise floor", False),
            )
        )
        caption = f"<caption>{len(self.judged)} claims as this run judges them</caption>"
        groups = "".join(self.group(assertion) for assertion in ASSERTIONS)
        return (
            f'<div class="claims">{self.choices()}<div class="bench-result"><div class="bench-room">'
            f'<table class="bench-table">{caption}'
            f"<thead><tr>{heads}</tr></thead>{groups}</table></div>{self.reasons()}</div></div>"
        )

    def reasons(self) -> str:
        """Say why claims are not judged; empty where each is."""
        found = [each.reason for each in self.judged.values() if each.outcome == "not judged in this profile"]
        return f'<p class="bench-note">Not judged: {escape("; ".join(dict.fromkeys(found)))}.</p>' if found else ""

    def choices(self) -> str:
        """Buttons that leave only the claims with one outcome in view."""
        counted = self.outcomes()
        buttons = [f'<label><input type="radio" name="claims" value="all" checked> all {len(self.judged)}</label>']
        buttons += [
            f'<label><input type="radio" name="claims" value="{key(name)}"> {with_chip(name)} {counted[name]}</label>'
            for name in ORDER
            if counted[name]
        ]
        return f'<fieldset class="claims-filter"><legend>Show</legend>{"".join(buttons)}</fieldset>'

    def group(self, assertion: str) -> str:
        """An assertion with its claims."""
        note = f'<p class="bench-note">{escape(NOTES[assertion])}</p>' if assertion in NOTES else ""
        claims = ASSERTIONS[assertion]
        found = self.outcomes(claims)
        decided = found["holds"] or found["does not hold"]
        holding = f"{found['holds']} of {len(claims)} hold" if decided else "none is decided"
        head = (
            f'<tr class="claims-group"><th scope="rowgroup" colspan="2" class="bench-words">{escape(assertion)}{note}'
            f"</th><td>{self.axis.ticks()}</td><td>{holding}</td></tr>"
        )
        rows = "".join(self.row(claim) for claim in claims)
        return f'<tbody id="{anchor(assertion)}">{head}{rows}</tbody>'

    def row(self, claim: Claim) -> str:
        """A claim: its sentence, its verdict, and its number with the drawing, which leads to the measurement."""
        judgement = self.judged[claim]
        known = judgement.number not in {quantity.MISSING, ABSENT}
        cells = (
            cell("th", claim.sentence, scope="row", words=True),
            cell("td", judgement.verdict, words=True, judged=True),
            cell(
                "td",
                judgement.number,
                address=self.pages.get(claim.example, "") if known else "",
                drawing=self.axis.interval(claim, judgement),
            ),
            cell("td", quantity.percent(judgement.noise)),
        )
        return f'<tr data-verdict="{key(judgement.outcome)}">{"".join(cells)}</tr>'


class Answer:
    """The opening of the page: how many claims came out which way, and of which assertions.

    Parameters
    ----------
    forest : Forest
        The claims with their outcomes.
    """

    def __init__(self, forest: Forest) -> None:
        self.forest = forest

    def _repr_html_(self) -> str:
        found = self.forest.outcomes()
        parts = [f"{found[name]} {COUNTED[name][found[name] > 1]}" for name in ORDER if found[name]]
        listed = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
        items = "".join(f"<li>{line}</li>" for line in self.assertions())
        return f"<p>Of {len(self.forest.judged)} claims, {listed}.</p><ul>{items}</ul>"

    def assertions(self) -> list[str]:
        """The assertions whose claims all came out alike, by outcome, then the others."""
        kinds: dict[str, list[str]] = {}
        for assertion, claims in ASSERTIONS.items():
            found = self.forest.outcomes(claims)
            alike = next(iter(found)) if len(found) == 1 else SOME if found["holds"] else NONE
            kinds.setdefault(alike, []).append(assertion)
        lines = [f"{with_chip(name)} {links(kinds[name])}" for name in ORDER if name in kinds]
        return [*lines, *(f"{name}: {links(kinds[name])}" for name in (SOME, NONE) if name in kinds)]


class Axis:
    """A logarithmic axis that all rows share; 1 is where the verdict changes.

    Parameters
    ----------
    ratios : iterable of float
        The ratios that have to be in view.
    """

    def __init__(self, ratios: Iterable[float]) -> None:
        known = [min(max(ratio, 1 / FURTHEST), FURTHEST) for ratio in ratios if ratio > 0 and math.isfinite(ratio)]
        self.low, self.high = min([0.45, *known]) / 1.1, max([2.2, *known]) * 1.1

    def at(self, ratio: float) -> float:
        """Where a ratio is drawn."""
        share = math.log(min(max(ratio, self.low), self.high) / self.low) / math.log(self.high / self.low)
        return round(EDGE + share * (WIDTH - 2 * EDGE), 1)

    def drawing(self, inside: str, height: int = HEIGHT) -> str:
        """An SVG that repeats what the row says in words."""
        return f'<svg class="bench-drawing" viewBox="0 0 {WIDTH} {height}" aria-hidden="true">{inside}</svg>'

    def ticks(self) -> str:
        """The numbers of the axis, without those that would touch."""
        placed: list[float] = []
        for tick in sorted(TICKS, key=lambda tick: abs(math.log(tick))):
            if self.low <= tick <= self.high and all(abs(self.at(tick) - self.at(other)) >= APART for other in placed):
                placed.append(tick)
        texts = "".join(
            f'<text x="{self.at(tick)}" y="12" text-anchor="middle">{tick:g}\u00d7</text>' for tick in placed
        )
        return self.drawing(texts)

    def interval(self, claim: Claim, judgement: Judgement) -> str:
        """The judged ratio with its interval, on the ground of the ratios that confirm the claim."""
        ratio = judgement.ratio
        if not math.isfinite(ratio.value) or ratio.value <= 0:
            return self.drawing(self.one())
        start, end = {
            "faster": (self.low, 1.0),
            "slower": (1.0, self.high),
        }.get(claim.expected, (1 / (1 + EQUIVALENCE), 1 + EQUIVALENCE))
        left, right, middle = self.at(start), self.at(end), HEIGHT / 2
        shapes = [f'<rect x="{left}" y="0" width="{right - left:.1f}" height="{HEIGHT}"/>', self.one()]
        if ratio.has_interval:
            low, high = self.at(ratio.low), self.at(ratio.high)
            shapes.append(f'<line x1="{low}" x2="{high}" y1="{middle:g}" y2="{middle:g}"/>')
        shapes.append(self.dot(ratio.value))
        return self.drawing(f'<g class="claims-mark" data-verdict="{key(judgement.outcome)}">{"".join(shapes)}</g>')

    def dot(self, ratio: float) -> str:
        """A ratio as a dot, or as an arrow where it lies beyond the axis."""
        at, middle = self.at(ratio), HEIGHT / 2
        if self.low <= ratio <= self.high:
            return f'<circle cx="{at}" cy="{middle:g}" r="3.6"/>'
        tip = -5 if ratio < self.low else 5
        return f'<polygon points="{at + tip:.1f},{middle:g} {at},{middle - 4:g} {at},{middle + 4:g}"/>'

    def one(self) -> str:
        """The line at 1."""
        return f'<path d="M{self.at(1.0)} 0V{HEIGHT}"/>'


def judged(claim: Claim, run: Run) -> Judgement:
    """Judge a claim; one whose measurement or noise floor the run lacks is not judged."""
    try:
        return claim.judge(run)
    except KeyError:
        return Judgement("not judged in this profile", ABSENT, Estimate.unknown(), math.nan, f"the number is {ABSENT}")


def key(outcome: str) -> str:
    """An outcome as the value of an attribute."""
    return outcome.replace(" ", "-")


def anchor(assertion: str) -> str:
    """The anchor of an assertion, as of a heading with these words."""
    return re.sub(r"[^a-z0-9]+", "-", assertion.lower()).strip("-")


def links(assertions: Iterable[str]) -> str:
    """Assertions as links to their claims."""
    return " · ".join(f'<a href="#{anchor(text)}">{escape(text)}</a>' for text in assertions)
