"""List comparing and causal words in the pages, outside the roles that print a verdict.

A sentence that compares must be bound by the role ``verdict`` or the directive ``remedies``, state only numbers, or be
a question.  A sentence may name a cause if it has no measured number, or if a measurement on the page supports it.
Exceptions have their reasons in `allowed.toml`, with at most 30 entries.  The pages are those of the guide, its
reference, the examples and the README.  The pages for contributors record decisions and state no measurements.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sentences import Sentence, sentences

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/*.md", "docs/api/*.md", "gallery/*.py", "gallery/*.rst")
LEFT_OUT = {"docs/changelog.md"}
ALLOWED = Path(__file__).with_name("allowed.toml")
MOST_ALLOWED = 30

MORE = "less|more|fewer|longer|shorter|smaller|larger|lower|higher|lighter|heavier|sooner|nearer|earlier"
COUNTED = r"(?! than (?:\d|a (?:hundred|thousand|million)|one\b|two\b|three\b|four\b|five\b|six\b|ten\b|twenty\b))"
"""Excludes counts such as "more than two"."""
AMOUNT = f"little|much|nothing|most|twice|the same|as (?:much|long|little)|what (?:it|its|they|one)|{MORE}"
COMPARING = re.compile(
    "|".join(
        [
            # Properties: cheaper, expensive, better, is lower, is mostly.
            r"\b(?:fast|slow|quick|cheap|dear)(?:er|est)\b",
            r"\b(?:cheap|dear|expensive|costly|affordable|negligibl[ey]|worth)\b",
            r"\b(?:better|worse|best|worst|mostly|mainly|chiefly|hardly|barely)\b",
            r"\b(?:no|little) difference\b|\bmore (?:punctual|exact|efficient|memory|time)\b",
            rf"\b(?:is|are|was|were|gets?|becomes?) (?:much |far |a little |rather )?(?:{MORE})\b{COUNTED}",
            rf"\b(?:{MORE})\b{COUNTED}(?: [\w'-]+){{0,8}} than\b|\bno (?:{MORE})\b(?<!no longer)(?<!no more)",
            # Costs: costs little, takes as long, adds nothing.
            rf"\b(?:cost|take|need|use|spend|add|lose|save|weigh)(?:s|es)? (?:\w+ ){{0,2}}?(?:{AMOUNT})\b{COUNTED}",
            r"\bfor (?:free|nothing)\b|\bpays?(?: off)?\b(?! for)",
            # Proportions: as fast as, the same time, twice the, most of it.
            r"\bas (?:fast|slow|quick|cheap|short|little|much) as\b|\bequally \w+",
            r"\bthe same (?:time|cost|speed|rate|memory)\b|\bmost of (?:the|its|it)\b",
            r"\btwice (?:as|the)\b|\bhalf as\b|\btimes (?:as|more|less|longer)\b",
            # Rankings: dominates, outperforms, slows down more.
            r"\b(?:dominates?|outperforms?|outweighs?|beats?|wins?|won|overtakes?)\b|\bslows? down (?:more|less)\b",
        ]
    ),
    re.IGNORECASE,
)
CAUSAL = re.compile(
    r"\b(?:because|since(?! \d)|therefore|hence|thus|thanks to|due to|owing to|(?:is|that's) why|the reason)\b"
    r"|, (?:so|for) (?!that\b|example\b|instance\b|each\b|every\b)|^So (?!that\b|many\b)|\b(?:comes?|stems?) from\b",
    re.IGNORECASE,
)
MENTION = re.compile(r"\*[^*]+\*|\"[^\"]+\"|“[^”]+”")


@dataclass(frozen=True)
class Finding:
    """A word whose sentence has to be bound, reworded or allowed."""

    sentence: Sentence
    word: str
    what: str

    def __str__(self) -> str:
        place = f"{self.sentence.path}:{self.sentence.line}"
        return f"{place}: {self.what} {self.word!r}: {self.sentence.text}"


@dataclass(frozen=True)
class Allowed:
    """An allowed sentence: its file, a part of its text, and the reason."""

    file: str
    sentence: str
    reason: str

    def covers(self, finding: Finding, root: Path) -> bool:
        """Whether this entry allows the finding."""
        path = finding.sentence.path.relative_to(root).as_posix()
        return path == self.file and self.sentence in finding.sentence.text


def findings(sentence: Sentence) -> Iterator[Finding]:
    """Yield the comparing and causal words of a sentence."""
    text = MENTION.sub("", sentence.text)
    if text.rstrip().endswith("?"):
        return
    for found in COMPARING.finditer(text):
        yield Finding(sentence, found[0].strip(" ,"), "comparing words")
    if sentence.has_number or sentence.after_result:
        for found in CAUSAL.finditer(text):
            yield Finding(sentence, found[0].strip(" ,"), "a cause next to a measurement")


def read_allowed(path: Path) -> list[Allowed]:
    """Read the list of allowed sentences.

    Raises
    ------
    ValueError
        If the list is too long, or an entry has no reason.
    """
    entries = [Allowed(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("allowed", [])]
    if len(entries) > MOST_ALLOWED:
        message = (
            f"{path.name} has {len(entries)} entries, but at most {MOST_ALLOWED} are allowed; bind or reword the others"
        )
        raise ValueError(message)
    for entry in entries:
        if not entry.reason.strip():
            message = f"{path.name}: {entry.sentence!r} has no reason"
            raise ValueError(message)
    return entries


def check(root: Path, allowed: Iterable[Allowed]) -> list[str]:
    """Return a line for each finding that is not allowed, and for each unused entry."""
    paths = [path for pattern in PAGES for path in sorted(root.glob(pattern))]
    found = [
        finding
        for path in paths
        if path.relative_to(root).as_posix() not in LEFT_OUT
        for sentence in sentences(path)
        for finding in findings(sentence)
    ]
    lines, needed = [], set()
    for finding in found:
        covering = [entry for entry in allowed if entry.covers(finding, root)]
        needed.update(covering)
        if not covering:
            lines.append(str(finding).removeprefix(f"{root}/"))
    lines += [f"{ALLOWED.name}: no longer needed: {e.file}: {e.sentence!r}" for e in allowed if e not in needed]
    return lines


def main() -> int:
    """Check the repository; return 1 if there are findings."""
    lines = check(ROOT, read_allowed(ALLOWED))
    for line in lines:
        print(line)
    if lines:
        print(
            f"{len(lines)} found: bind the sentence with the role verdict (see CONTRIBUTING.md), "
            f"state only the numbers, or give a reason in {ALLOWED.relative_to(ROOT)}"
        )
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
