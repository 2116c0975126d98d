"""List comparing and causal words in the pages, outside the roles that print a verdict.

A sentence that compares is bound by the role ``verdict`` or the directive ``remedies``, states only numbers, or is a
question.  A cause is named in a sentence without a measured number, or where a measurement on the page supports it.
What remains has its reason in `allowed.toml`, of at most 30 entries.  The pages are those of the guide, its reference,
the examples and the README; the pages for contributors record decisions and state no measurement.
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
"""What is counted may be more than two."""
AMOUNT = f"little|much|nothing|most|twice|the same|as (?:much|long|little)|what (?:it|its|they|one)|{MORE}"
COMPARING = re.compile(
    "|".join(
        [
            # What a thing is like: cheaper, expensive, better, is lower, is mostly.
            r"\b(?:fast|slow|quick|cheap|dear)(?:er|est)\b",
            r"\b(?:cheap|dear|expensive|costly|affordable|negligibl[ey]|worth)\b",
            r"\b(?:better|worse|best|worst|mostly|mainly|chiefly|hardly|barely)\b",
            r"\b(?:no|little) difference\b|\bmore (?:punctual|exact|efficient|memory|time)\b",
            rf"\b(?:is|are|was|were|gets?|becomes?) (?:much |far |a little |rather )?(?:{MORE})\b{COUNTED}",
            rf"\b(?:{MORE})\b{COUNTED}(?: [\w'-]+){{0,8}} than\b|\bno (?:{MORE})\b(?<!no longer)(?<!no more)",
            # What it costs: costs little, takes as long, adds nothing.
            rf"\b(?:cost|take|need|use|spend|add|lose|save|weigh)(?:s|es)? (?:\w+ ){{0,2}}?(?:{AMOUNT})\b{COUNTED}",
            r"\bfor (?:free|nothing)\b|\bpays?(?: off)?\b(?! for)",
            # How much of another thing: as fast as, the same time, twice the, most of it.
            r"\bas (?:fast|slow|quick|cheap|short|little|much) as\b|\bequally \w+",
            r"\bthe same (?:time|cost|speed|rate|memory)\b|\bmost of (?:the|its|it)\b",
            r"\btwice (?:as|the)\b|\bhalf as\b|\btimes (?:as|more|less|longer)\b",
            # Who is ahead: dominates, outperforms, slows down more.
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
    """A word in a sentence that has to be bound, reworded or allowed."""

    sentence: Sentence
    word: str
    what: str

    def __str__(self) -> str:
        place = f"{self.sentence.path}:{self.sentence.line}"
        return f"{place}: {self.what} {self.word!r}: {self.sentence.text}"


@dataclass(frozen=True)
class Allowed:
    """An entry of the list: part of a sentence of a file, and why it stays."""

    file: str
    sentence: str
    reason: str

    def covers(self, finding: Finding, root: Path) -> bool:
        """Whether this is the sentence."""
        path = finding.sentence.path.relative_to(root).as_posix()
        return path == self.file and self.sentence in finding.sentence.text


def findings(sentence: Sentence) -> Iterator[Finding]:
    """Return what is wrong with a sentence."""
    text = MENTION.sub("", sentence.text)
    if text.rstrip().endswith("?"):
        return
    for found in COMPARING.finditer(text):
        yield Finding(sentence, found[0].strip(" ,"), "comparing words")
    if sentence.has_number or sentence.after_result:
        for found in CAUSAL.finditer(text):
            yield Finding(sentence, found[0].strip(" ,"), "a cause beside a measurement")


def read_allowed(path: Path) -> list[Allowed]:
    """Read the list of what stays.

    Raises
    ------
    ValueError
        If it is too long, or an entry has no reason.
    """
    entries = [Allowed(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("allowed", [])]
    if len(entries) > MOST_ALLOWED:
        message = (
            f"{path.name} has {len(entries)} entries; at most {MOST_ALLOWED} may stay, so bind or reword the others"
        )
        raise ValueError(message)
    for entry in entries:
        if not entry.reason.strip():
            message = f"{path.name}: {entry.sentence!r} has no reason"
            raise ValueError(message)
    return entries


def check(root: Path, allowed: Iterable[Allowed]) -> list[str]:
    """Return a line for each finding that is not allowed, and for each entry that is no longer needed."""
    paths = [path for pattern in PAGES for path in sorted(root.glob(pattern))]
    found = [
        finding
        for path in paths
        if path.relative_to(root).as_posix() not in LEFT_OUT
        for sentence in sentences(path)
        for finding in findings(sentence)
    ]
    told, needed = [], set()
    for finding in found:
        covering = [entry for entry in allowed if entry.covers(finding, root)]
        needed.update(covering)
        if not covering:
            told.append(str(finding).removeprefix(f"{root}/"))
    told += [f"{ALLOWED.name}: no longer needed: {e.file}: {e.sentence!r}" for e in allowed if e not in needed]
    return told


def main() -> int:
    """Check the tree; 1 where something is wrong."""
    told = check(ROOT, read_allowed(ALLOWED))
    for line in told:
        print(line)
    if told:
        print(
            f"{len(told)} to settle: bind the sentence with the role verdict (see CONTRIBUTING.md), "
            f"state only the numbers, or give a reason in {ALLOWED.relative_to(ROOT)}"
        )
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
