"""List words and phrases that `vocabulary.toml` advises against, each with what to write instead.

    python conf/prose/vocabulary.py              the paths in COVERED, as ``nox -s lint`` does
    python conf/prose/vocabulary.py PATH...      these files and folders

The check reads prose only: whole pages, comments, docstrings and messages, and the names of functions, classes and
modules, word by word.  Inline code is skipped.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fragments import Fragment, fragments

ROOT = Path(__file__).parents[2]
COVERED = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    ".github",
    "Cargo.toml",
    "conf",
    "docs",
    "gallery",
    "kit",
    "noxfile.py",
    "pyproject.toml",
    "rust",
    "tests",
)
"""Files and folders that must stay free of these phrases."""
VOCABULARY = Path(__file__).with_name("vocabulary.toml")
SUFFIXES = {".css", ".html", ".js", ".md", ".py", ".pyi", ".rs", ".rst", ".toml", ".yml"}
SKIPPED = {
    "LICENSES-THIRD-PARTY.md",
    "__pycache__",
    ".git",
    ".nox",
    ".venv",
    "build",
    "dist",
    "target",
    "docs/archive",
    "docs/gallery",
    "tests/site/test_vocabulary.py",
}
CONTEXT = 60
"""Characters that a report shows on both sides of a finding."""


@dataclass(frozen=True)
class Rule:
    """Phrases to avoid, as one pattern, and the advice.

    Parameters
    ----------
    avoid : re.Pattern
        The phrases; a space in them matches a line break too.
    write : str
        What to write instead.
    names : bool
        Whether names in the code are checked too.
    """

    avoid: re.Pattern[str]
    write: str
    names: bool


@dataclass(frozen=True)
class Allowed:
    """A phrase that may stay in one file, with the reason."""

    file: str
    text: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether this entry allows the finding."""
        return self.file == finding.file and self.text in finding.context


@dataclass(frozen=True)
class Finding:
    """A phrase to avoid, with its place and the advice."""

    file: str
    line: int
    found: str
    context: str
    write: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.found!r} in {self.context!r}; write: {self.write}"


def read_vocabulary(path: Path) -> tuple[list[Rule], list[Allowed]]:
    """Read the rules and the allowed phrases.

    Raises
    ------
    ValueError
        If an allowed phrase has no reason.
    """
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    rules = [
        Rule(compile_phrases(entry["avoid"]), entry["write"], entry.get("names", True))
        for entry in document.get("rule", [])
    ]
    allowed = [Allowed(**entry) for entry in document.get("allowed", [])]
    for entry in allowed:
        if not entry.reason.strip():
            message = f"{path.name}: {entry.text!r} in {entry.file} has no reason; give one or remove the entry"
            raise ValueError(message)
    return rules, allowed


def compile_phrases(phrases: Iterable[str]) -> re.Pattern[str]:
    """Compile phrases into one pattern of whole words, which also matches over line breaks."""
    spaced = "|".join(phrase.replace(" ", r"\s+") for phrase in phrases)
    return re.compile(rf"(?<!\w)(?:{spaced})(?!\w)", re.IGNORECASE)


def findings(file: str, fragment: Fragment, rules: Iterable[Rule]) -> Iterator[Finding]:
    """Yield the findings of the rules in one piece of prose."""
    for rule in rules:
        if fragment.is_name and not rule.names:
            continue
        for found in rule.avoid.finditer(fragment.text):
            line = fragment.line + fragment.text.count("\n", 0, found.start())
            around = fragment.text[max(found.start() - CONTEXT, 0) : found.end() + CONTEXT]
            yield Finding(file, line, " ".join(found[0].split()), " ".join(around.split()), rule.write)


def files(paths: Iterable[Path], root: Path) -> Iterator[Path]:
    """Yield the files with prose at and below the paths, without generated folders."""
    for path in paths:
        if path.is_file():
            yield path
        for below in sorted(path.rglob("*")) if path.is_dir() else ():
            inside = below.relative_to(root) if below.is_relative_to(root) else below
            skipped = any(part.as_posix() in SKIPPED or part.name in SKIPPED for part in (inside, *inside.parents))
            if below.suffix in SUFFIXES and below.is_file() and not skipped and below != VOCABULARY:
                yield below


def check(paths: Iterable[Path], root: Path, rules: list[Rule], allowed: list[Allowed]) -> list[Finding]:
    """Return the findings in the paths that are not allowed, sorted by file and line."""
    found = []
    for path in files(paths, root):
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
        for fragment in fragments(path):
            found += [one for one in findings(name, fragment, rules) if not any(a.covers(one) for a in allowed)]
    return sorted(found, key=lambda one: (one.file, one.line))


def main(arguments: list[str]) -> int:
    """Check the named paths, by default COVERED; return 1 if there are findings, 2 if a path does not exist."""
    paths = [Path(argument).resolve() for argument in arguments] or [ROOT / path for path in COVERED]
    for path in paths:
        if not path.exists():
            print(f"{path} does not exist; name a file or a folder", file=sys.stderr)
            return 2
    found = check(paths, ROOT, *read_vocabulary(VOCABULARY))
    for finding in found:
        print(finding)
    if found:
        print(f"{len(found)} found: reword, or give a reason in {VOCABULARY.relative_to(ROOT)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
