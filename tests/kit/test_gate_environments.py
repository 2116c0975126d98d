"""Sides that a gate makes from wheels and revisions, and the messages where that fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evenhand.cli.commands import main
from evenhand.gate import environments

WHEEL = '''
"""Make a wheel of tiny.py, as a build backend would."""
import pathlib, sys, zipfile

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
about = "tiny-1.0.dist-info/"
with zipfile.ZipFile(out / "tiny-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("tiny.py", pathlib.Path("tiny.py").read_text())
    wheel.writestr(about + "METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
    wheel.writestr(about + "WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(about + "RECORD", "".join(f"{name},,\\n" for name in [*wheel.namelist(), about + "RECORD"]))
'''
OPERATIONS = """
build_info = ""
[operation.call]
statement = "f()"
setup = ["tiny"]
[setup]
tiny = "from tiny import VALUE, f"
"""
PYTHON = Path(sys.executable).as_posix()
EITHER = "name either --base (a version, wheel or revision) or --base-python"
OLD, NEW = "VALUE = 1\n\n\ndef f():\n    return 1\n", "VALUE = 2\n\n\ndef f():\n    return 2\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository with a commit of a tiny package, an uncommitted change, and a configuration."""
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.chdir(root)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "n")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "e@e")
    (root / "tiny.py").write_text(OLD, encoding="utf-8")
    (root / "wheel.py").write_text(WHEEL, encoding="utf-8")
    (root / "operations.toml").write_text(OPERATIONS, encoding="utf-8")
    (root / "evenhand.toml").write_text(
        f'operations = "operations.toml"\nbuild = "{PYTHON} wheel.py {{out}}"\n', encoding="utf-8"
    )
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "one"]):
        subprocess.run(["git", *command], check=True)
    (root / "tiny.py").write_text(NEW, encoding="utf-8")
    return root


def value(python: str) -> str:
    """Return the output of the package in an environment."""
    question = "import tiny; print(tiny.VALUE, tiny.f())"
    return subprocess.run([python, "-P", "-c", question], capture_output=True, text=True, check=True).stdout.strip()


def test_revisions_are_built_by_the_command_of_the_configuration(repository: Path, tmp_path: Path) -> None:
    before = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    sides = {"base": "HEAD", "candidate": environments.WORKING_TREE}
    pythons = environments.make(sides, tmp_path / "made")
    assert [value(pythons[side]) for side in sides] == ["1 1", "2 2"]
    after = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    assert before == after == " M tiny.py\n"
    assert len({len(python) for python in pythons.values()}) == 1
    del repository


def test_a_wheel_is_installed_as_it_is(repository: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "wheel.py", "out"], check=True)
    wheel = repository / "out" / "tiny-1.0-py3-none-any.whl"
    pythons = environments.make({"base": str(wheel)}, tmp_path / "made")
    assert value(pythons["base"]) == "2 2"


def test_a_gate_measures_a_revision_against_the_tree(repository: Path, tmp_path: Path) -> None:
    written = tmp_path / "gate.json"
    assert main(["gate", "--base", "HEAD", "--quick", "--json", str(written)]) in {0, 1}
    document = json.loads(written.read_text(encoding="utf-8"))
    assert [document[side]["label"] for side in ("base", "candidate")] == ["HEAD", environments.WORKING_TREE]
    assert [operation["name"] for operation in document["operations"]] == ["call"]
    assert sorted(path.name for path in repository.iterdir()) == [
        ".git", "evenhand.toml", "operations.toml", "tiny.py", "wheel.py"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--base", "nowhere"], "the base 'nowhere' is not a version, a wheel or a revision of this repository"),
        (["--base", "none.whl"], "the wheel none.whl of the base does not exist"),
        (["--base", "tiny==1.0"], "--base is 'tiny==1.0'; name the other version as well, with --candidate"),
        (["--candidate", "HEAD"], EITHER),
        (
            ["--base", "HEAD", "--base-python", "x"],
            "name either --base (a version, wheel or revision) or --base-python",
        ),
    ],
)
def test_a_side_that_cannot_be_made_gets_a_message(
    repository: Path, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    del repository
    assert main(["gate", *arguments]) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (None, "the configuration has no build command"),
        ("make wheel", "build in evenhand.toml is 'make wheel'"),
        ("no-such-program {out}", "no-such-program cannot be started"),
        (
            f"{Path(sys.executable).as_posix()} -c 'raise SystemExit(3)' {{out}}",
            "the build of the base cannot be made (status 3)",
        ),
        (f"{PYTHON} -c pass {{out}}", "must write one wheel to {out}, but wrote none"),
    ],
)
def test_an_unusable_build_gets_a_message(
    repository: Path, build: str | None, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ['operations = "operations.toml"', *([f'build = "{build}"'] if build else [])]
    (repository / "evenhand.toml").write_text("\n".join(lines), encoding="utf-8")
    assert main(["gate", "--base", "HEAD"]) == 2
    assert sentence in capsys.readouterr().err


def test_without_operations_the_gate_says_where_to_name_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["gate", "--base", "HEAD"])
    assert ended.value.code == 2
    assert "no operations to measure; name a file with --operations FILE" in capsys.readouterr().err


def test_operations_that_are_not_a_path_get_a_message(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "evenhand.toml").write_text("operations = 3\n", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["gate", "--base", "HEAD"])
    assert ended.value.code == 2
    assert "operations in evenhand.toml is 3; it must be the path of a file" in capsys.readouterr().err


def test_a_gate_in_a_subfolder_finds_the_operations(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "below").mkdir()
    monkeypatch.chdir(repository / "below")
    assert main(["gate", "--base", "nowhere"]) == 2
    assert "the base 'nowhere'" in capsys.readouterr().err


def test_without_git_a_revision_gets_a_message(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del repository
    monkeypatch.setenv("PATH", "")
    assert main(["gate", "--base", "main"]) == 2
    assert "cannot be looked up: git cannot be started" in capsys.readouterr().err


def test_without_uv_the_gate_says_what_to_install(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del repository
    monkeypatch.setattr("evenhand.gate.environments.shutil.which", lambda *_, **__: None)
    assert main(["gate", "--base", "a==1", "--candidate", "a==2"]) == 2
    assert "uv, which makes the environments, is not installed; pip install uv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("rpds-py==0.20.0", True),
        ("orjson >= 3", True),
        ("mine[extra]~=1.0", True),
        ("mine @ file:///x.whl", True),
        ("main", False),
        ("HEAD~3", False),
        ("HEAD@{1}", False),
        ("mine@https://example.org/mine.whl", True),
        ("v1.2", False),
        (f"dist{os.sep}mine.whl", False),
    ],
)
def test_a_version_is_distinguished_from_a_revision(text: str, named: bool) -> None:
    assert environments.is_requirement(text) == named
