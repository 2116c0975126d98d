"""The check of the pages' prose: sentences that compare or name a cause are bound to the run or allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

import comparing

PAGE = "---\nfile_format: mystnb\n---\n\n# Points\n\n{0}\n\n```python\nprint('cheaper')  # faster\n```\n"
REFERENCE = "# Points\n\n```{{eval-rst}}\n.. currentmodule:: x\n```\n\n```{{eval-rst}}\n.. data:: y\n\n   {0}\n```\n"
CELL = '"""\nPoints\n======\n\nText.\n"""\n\n# %%\n# First\n# -----\n# Text.\n\nresult\n\n# %%\n# {0}\n'
FILES = {
    "README.md": "# Points\n\n{0}\n",
    "docs/tuning.md": PAGE,
    "docs/api/batch.md": PAGE,
    "docs/slow.md": "# Points\n\n| change | text |\n| --- | --- |\n| one | {0} |\n",
    "docs/limits.md": "# Points\n\n1. Text.\n2. {0}\n",
    "docs/guide.md": "# {0}\n",
    "docs/api/build_info.md": REFERENCE,
    "gallery/docstring.py": '"""\nPoints\n======\n\n{0}\n"""\n\npoints = 1\n',
    "gallery/cell.py": CELL,
    "gallery/GALLERY_HEADER.rst": "Gallery\n=======\n\n{0}\n",
}


def findings_in(folder: Path, text: str, name: str = "docs/tuning.md", *allowed: comparing.Allowed) -> list[str]:
    """Return the findings in a repository with only this sentence."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(FILES[name].format(text), encoding="utf-8")
    return comparing.check(folder, allowed)


@pytest.mark.parametrize("name", FILES)
def test_a_planted_sentence_is_found_in_each_kind_of_file(tmp_path: Path, name: str) -> None:
    assert findings_in(tmp_path, "A point takes the time of a dict.", name) == []
    [found] = findings_in(tmp_path, "A point is cheaper here.", name)
    assert found.startswith(f"{name}:")
    assert found.endswith("comparing words 'cheaper': A point is cheaper here.")


@pytest.mark.parametrize(
    "text",
    [
        "Handing it over costs little, {measured}`a/b/c/d` instead of {measured}`a/b/e/d`.",
        "It is mostly how late the system wakes a thread.",
        "This is faster.",
        "The slowest one loses.",
        "Dicts get dearer.",
        "A clock is expensive.",
        "It takes much more time.",
        "It costs as much.",
        "A share adds nothing to a point.",
        "It is no better.",
        "Its peak is lower.",
        "It is as fast as NumPy.",
        "It takes twice the time.",
        "It is three times as long.",
        "Most of the time goes there.",
        "A batch pays off.",
        "Waiting dominates the tail.",
        "A pipeline is more punctual.",
        "It takes the same time.",
        "A list is larger than a batch.",
        "A list has larger parts than a batch.",
        "It makes no difference.",
    ],
)
def test_comparing_words_are_found(tmp_path: Path, text: str) -> None:
    assert len(findings_in(tmp_path, text)) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "Is processing faster here?",
        "It is called *faster* where the interval excludes 1.",
        'Its verdict is "slower".',
        "The status is `slower`.",
        "Take more than two channels.",
        "It takes {measured}`a/b/slower/cost_ns` here, and {measured}`a/b/faster/cost_ns` there.",
        "{verdict}`a/b/c vs d\n| faster: C is cheaper, because it is.\n| slower: D wins.` Then more text.",
    ],
)
def test_bound_sentences_questions_and_mentions_are_not_found(tmp_path: Path, text: str) -> None:
    assert findings_in(tmp_path, text) == []


def test_a_line_that_begins_with_a_role_is_read(tmp_path: Path) -> None:
    assert len(findings_in(tmp_path, ":doc:`tuning` is cheaper.", "gallery/GALLERY_HEADER.rst")) == 1


def test_words_after_a_bound_sentence_are_found(tmp_path: Path) -> None:
    [found] = findings_in(tmp_path, "{verdict}`a/b/c vs d | faster: C is cheaper.` And it is better.")
    assert "'better'" in found


def test_a_table_of_remedies_is_bound(tmp_path: Path) -> None:
    assert findings_in(tmp_path, "```{{remedies}}\na faster one | before | after | a/b/c vs d\n```") == []


@pytest.mark.parametrize("word", ["because it sleeps", "since it sleeps", ", so it waits", "; this is why it waits"])
def test_a_cause_next_to_a_measured_number_is_found(tmp_path: Path, word: str) -> None:
    assert findings_in(tmp_path, f"It waits {word}.") == []
    [found] = findings_in(tmp_path, f"It waits {{measured}}`a/b/c/d` {word}.")
    assert "a cause next to a measurement" in found
    [found] = findings_in(tmp_path, f"{{verdict}}`a/b/c vs d | faster: it waits` {word}.")
    assert "a cause next to a measurement" in found


def test_a_cause_after_a_result_of_an_example_is_found(tmp_path: Path) -> None:
    [found] = findings_in(tmp_path, "It waits because it sleeps.", "gallery/cell.py")
    assert "gallery/cell.py:16: a cause next to a measurement 'because'" in found
    assert findings_in(tmp_path / "other", "It waits because it sleeps.", "gallery/docstring.py") == []


def test_a_line_of_a_finding_is_where_its_paragraph_begins(tmp_path: Path) -> None:
    [found] = findings_in(tmp_path, "Text\nand text.\n\nMore text, which is\ncheaper.")
    assert found.startswith("docs/tuning.md:10: ")


def test_an_allowed_sentence_is_not_found(tmp_path: Path) -> None:
    entry = comparing.Allowed("docs/tuning.md", "is cheaper here", "A rule.")
    assert findings_in(tmp_path, "A point is cheaper here.", "docs/tuning.md", entry) == []
    elsewhere = comparing.Allowed("docs/slow.md", "is cheaper here", "A rule.")
    assert len(findings_in(tmp_path, "A point is cheaper here.", "docs/tuning.md", elsewhere)) == 2


def test_an_unused_entry_is_reported(tmp_path: Path) -> None:
    entry = comparing.Allowed("docs/tuning.md", "is cheaper here", "A rule.")
    assert findings_in(tmp_path, "Text.", "docs/tuning.md", entry) == [
        "allowed.toml: no longer needed: docs/tuning.md: 'is cheaper here'"
    ]


@pytest.mark.parametrize(
    ("count", "reason", "said"),
    [(31, "A rule.", "31 entries, but at most 30 are allowed"), (1, " ", "'0' has no reason")],
)
def test_the_list_is_short_and_has_reasons(tmp_path: Path, count: int, reason: str, said: str) -> None:
    entries = [
        f'[[allowed]]\nfile = "docs/slow.md"\nsentence = "{number}"\nreason = "{reason}"\n' for number in range(count)
    ]
    (tmp_path / "allowed.toml").write_text("\n".join(entries), encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        comparing.read_allowed(tmp_path / "allowed.toml")


def test_the_list_of_this_project_is_short_and_has_reasons() -> None:
    assert 0 < len(comparing.read_allowed(comparing.ALLOWED)) <= comparing.MOST_ALLOWED


@pytest.mark.parametrize(("text", "status"), [("A point is cheaper.", 1), ("A point.", 0)])
def test_the_command_ends_with_the_number_of_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, status: int
) -> None:
    findings_in(tmp_path, text)
    (tmp_path / "allowed.toml").touch()
    monkeypatch.setattr(comparing, "ROOT", tmp_path)
    monkeypatch.setattr(comparing, "ALLOWED", tmp_path / "allowed.toml")
    assert comparing.main() == status
    assert ("1 found: bind the sentence" in capsys.readouterr().out) == bool(status)
