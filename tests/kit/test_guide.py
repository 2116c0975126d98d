"""`python -m evenhand init`: the files that it writes, and the reasons why it writes none."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import yaml

from evenhand.cli.commands import main
from evenhand.cli.guide import FILES, GuideError, requirement, write_guide

WRITTEN = [*FILES, "docs/.gitignore"]
NAMED = '[project]\nname = "tiny-binding"\n'


def files(folder: Path) -> list[str]:
    """Return all files below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_an_empty_folder_gets_a_guide(tmp_path: Path) -> None:
    assert sorted(write_guide(tmp_path)) == files(tmp_path) == sorted(WRITTEN)


def test_the_conf_has_at_most_ten_lines_and_one_extension(tmp_path: Path) -> None:
    write_guide(tmp_path)
    text = (tmp_path / "docs" / "conf.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 10
    assert 'extensions = ["evenhand.sphinx"]' in text


def test_a_named_project_is_named_and_measured(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(NAMED)
    assert "evenhand.toml" in write_guide(tmp_path)
    assert tomllib.loads((tmp_path / "evenhand.toml").read_text()) == {"packages": ["tiny-binding"]}
    assert 'project = "tiny-binding"' in (tmp_path / "docs" / "conf.py").read_text()
    assert (tmp_path / "docs" / "index.md").read_text().startswith("# How fast is tiny-binding?")


def test_an_existing_configuration_stays(tmp_path: Path) -> None:
    text = f"{NAMED}[tool.evenhand]\npackages = []\n"
    (tmp_path / "pyproject.toml").write_text(text)
    assert "evenhand.toml" not in write_guide(tmp_path)
    assert (tmp_path / "pyproject.toml").read_text() == text


@pytest.mark.parametrize(("project", "installed"), [("", ""), (NAMED, ". ")])
def test_the_workflow_installs_the_project_and_builds_the_guide(tmp_path: Path, project: str, installed: str) -> None:
    (tmp_path / "pyproject.toml").write_text(project)
    write_guide(tmp_path)
    workflow = yaml.safe_load((tmp_path / ".github" / "workflows" / "guide.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["build"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert commands[0].startswith(f"python -m pip install {installed}")
    assert requirement() in commands[0]
    assert commands[1] == "sphinx-build -W --keep-going docs docs/_build/html"
    assert all("@" in step["uses"] and len(step["uses"].partition("@")[2]) == 40 for step in steps if "uses" in step)


@pytest.mark.parametrize(
    "taken",
    [
        "docs/conf.py",
        "docs/index.rst",
        "docs/gallery/mine.rst",
        "gallery/mine.py",
        ".github/workflows/guide.yml",
        "docs",
        ".github/workflows",
    ],
)
def test_files_in_the_way_are_named_and_nothing_is_written(
    tmp_path: Path, taken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / taken).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / taken).write_text("mine")
    assert main(["init", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    named = {"docs/gallery/mine.rst": "docs/gallery", "gallery/mine.py": "gallery"}.get(taken, taken)
    assert error == (f"evenhand: already in {tmp_path}: {named}; move or rename these, and run the command again\n")
    assert files(tmp_path) == [taken]
    assert (tmp_path / taken).read_text() == "mine"


def test_a_second_call_names_all_existing_files(tmp_path: Path) -> None:
    write_guide(tmp_path)
    with pytest.raises(GuideError) as refused:
        write_guide(tmp_path)
    for name in ("docs/conf.py", "docs/index.md", "docs/.gitignore", "gallery", ".github/workflows/guide.yml"):
        assert name in str(refused.value)


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Path.open

    def full(self: Path, *arguments, **keywords):
        if self.name == "guide.yml" and arguments == ("x",):
            raise OSError(28, "No space left on device")
        return usual(self, *arguments, **keywords)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(GuideError, match=r"cannot be written into .*No space left.*; no file was left there"):
        write_guide(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evenhand.cli.guide.IGNORED", "\ud800")  # no bytes in UTF-8
    with pytest.raises(GuideError, match="no file was left there"):
        write_guide(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "words"), [("gone", "does not exist"), ("file", "is not a folder")])
def test_an_invalid_folder_is_refused(
    tmp_path: Path, name: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["init", str(tmp_path / name)]) == 2
    assert f"{words}; pass the folder of a project" in capsys.readouterr().err
    assert files(tmp_path) == ["file"]


@pytest.mark.parametrize(("name", "text"), [("pyproject.toml", "[project"), ("evenhand.toml", "packages =")])
def test_a_project_that_cannot_be_read_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(NAMED)
    (tmp_path / name).write_text(text)
    with pytest.raises(GuideError, match="cannot be read"):
        write_guide(tmp_path)
    assert not (tmp_path / "docs").exists()


def test_a_name_with_quotes_makes_a_conf_that_is_python(tmp_path: Path) -> None:
    folder = tmp_path / 'a "b" c'
    folder.mkdir()
    write_guide(folder)
    found: dict[str, object] = {}
    exec((folder / "docs" / "conf.py").read_text(encoding="utf-8"), found)
    assert found["project"] == "a b c"


def test_the_command_lists_the_files_and_the_next_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[:-3] == WRITTEN
    assert requirement() in told[-2]
    assert told[-1] == "Measure and build the guide: sphinx-build docs docs/_build/html"


def test_a_folder_whose_name_is_too_long_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "a" * 300]) == 2
    sentence = capsys.readouterr().err
    assert sentence.startswith(f"evenhand: {'a' * 300} ")
    assert sentence.endswith("; pass the folder of a project\n")
