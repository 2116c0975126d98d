"""The check of the vocabulary: words to avoid are found in every kind of text, each with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

import vocabulary

RULES, ALLOWED = vocabulary.read_vocabulary(vocabulary.VOCABULARY)
PLANTED = {
    "page.md": "# A page\n\nText {0} text.\n",
    "listing.md": "# A page\n\n```python\nx = 1  # {0}\n```\n",
    "role.md": "# A page\n\n{{verdict}}`a/b/c vs d\n| faster: Here {0} there.`\n",
    "page.rst": "A page\n======\n\nText {0} text.\n",
    "docstring.py": '"""Text {0} text."""\n',
    "comment.py": "x = 1\n\n# Text\n# {0} text.\ny = 2\n",
    "message.py": 'def f(x):\n    raise ValueError(f"{{x}} {0} {{x}}")\n',
    "joined.py": 'message = (\n    "text "\n    "{0}"\n)\n',
    "comment.rs": "/// Text\n/// {0} text.\nfn f() {{}}\n",
    "message.rs": 'fn f() {{ panic!("text {0}"); }}\n',
    "script.js": 'const text = "{0}";\n',
    "settings.toml": "# Text {0} text.\n",
    "steps.yml": "# Text {0} text.\n",
}


def found_in(folder: Path, name: str, text: str, *allowed: vocabulary.Allowed) -> list[str]:
    """Return the findings in one file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return [str(finding) for finding in vocabulary.check([folder], folder, RULES, list(allowed))]


@pytest.mark.parametrize("name", PLANTED)
def test_a_phrase_is_found_in_each_kind_of_text(tmp_path: Path, name: str) -> None:
    assert found_in(tmp_path, name, PLANTED[name].format("again")) == []
    [finding] = found_in(tmp_path, name, PLANTED[name].format("anew"))
    assert finding.startswith(f"{name}:")
    assert "'anew'" in finding
    assert finding.endswith("write: again")


@pytest.mark.parametrize(
    "phrase",
    [
        "a dearer call",
        "it stands for a number",
        "a rate that is none",
        "wait, for they come late",
        "Of a dict 264 B are kept",
        "a process of its own",
        "so that nobody writes",
        "the table beside it",
        "ten points a second",
        "40 ns a point",
        "builds of which the truth is known",
        "print what was told",
        "made good",
        "needed are git and CPython",
        "equal, but for the last",
    ],
)
def test_a_german_phrase_is_found(tmp_path: Path, phrase: str) -> None:
    assert found_in(tmp_path, "page.md", f"{phrase}\n")


@pytest.mark.parametrize(
    "phrase",
    [
        "It takes a second or two.",
        "Wait for the first sample.",
        "a stand-in for the driver",
        "The kit cannot tell them apart.",
        "the first of which returns",
        "x is None",
        "Two points per second.",
        "`beside` is an argument.",
        "Read ``anew`` twice.",
    ],
)
def test_plain_english_and_inline_code_are_not_found(tmp_path: Path, phrase: str) -> None:
    assert found_in(tmp_path, "page.md", f"{phrase}\n") == []


def test_a_phrase_over_two_lines_is_found_in_its_first_line(tmp_path: Path) -> None:
    [finding] = found_in(tmp_path, "comment.py", "x = 1\n# a process of\n# its own\n")
    assert finding.startswith("comment.py:2: 'a process of its own'")


@pytest.mark.parametrize(
    "text", ["def what_was_told():\n    pass\n", "class WhatWasTold:\n    pass\n"], ids=["function", "class"]
)
def test_the_words_of_a_name_are_checked(tmp_path: Path, text: str) -> None:
    assert "'told'" in "".join(found_in(tmp_path, "code.py", text)).lower()
    assert "'told'" in "".join(found_in(tmp_path, "code.rs", "fn what_was_told() {}\n"))


def test_a_name_with_none_is_about_python_s_none(tmp_path: Path) -> None:
    assert found_in(tmp_path, "code.py", "def test_where_it_is_none_it_is_refused():\n    pass\n") == []


def test_an_allowed_phrase_is_allowed_in_its_file_only(tmp_path: Path) -> None:
    entry = vocabulary.Allowed("one.md", "written anew", "A quotation.")
    assert found_in(tmp_path, "one.md", "It is written anew.\n", entry) == []
    assert len(found_in(tmp_path, "two.md", "It is written anew.\n", entry)) == 1


def test_an_allowed_phrase_needs_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.toml"
    path.write_text('[[allowed]]\nfile = "a.md"\ntext = "anew"\nreason = " "\n', encoding="utf-8")
    with pytest.raises(ValueError, match="'anew' in a.md has no reason"):
        vocabulary.read_vocabulary(path)


def test_generated_folders_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "page.md").write_text("anew\n", encoding="utf-8")
    assert list(vocabulary.files([tmp_path], tmp_path)) == []


def test_every_covered_path_is_clean_and_each_allowed_phrase_is_needed() -> None:
    paths = [vocabulary.ROOT / path for path in vocabulary.COVERED]
    assert [str(finding) for finding in vocabulary.check(paths, vocabulary.ROOT, RULES, ALLOWED)] == []
    found = vocabulary.check([vocabulary.ROOT / entry.file for entry in ALLOWED], vocabulary.ROOT, RULES, [])
    assert [entry.text for entry in ALLOWED if not any(entry.covers(finding) for finding in found)] == []


def test_the_command_names_the_findings_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "page.md").write_text("Written anew.\n", encoding="utf-8")
    assert vocabulary.main([str(tmp_path)]) == 1
    assert "page.md:1: 'anew'" in capsys.readouterr().out
    assert vocabulary.main([str(tmp_path / "missing.md")]) == 2
    assert "does not exist; name a file or a folder" in capsys.readouterr().err
