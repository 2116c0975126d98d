"""The page "Measure your own package", followed literally with another project's binding."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from evenhand import Run

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(sys.platform == "win32", reason="the commands of the page are those of a Unix shell"),
]
ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "own.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^(`{3,4})(\w+)\n(.*?)^\1$", PAGE, re.MULTILINE | re.DOTALL)
FILE = re.compile(r"(?:# |<!-- )([\w./]+)(?: -->)?\n")
PUBLISHED = re.compile(r'"evenhand(\[[\w,]+\]) @ git\+https://github\.com/[\w/-]+#subdirectory=kit"')


def program() -> list[str]:
    """Return the page as a program with one step per line: its commands and its files."""
    steps = []
    for number, (_, language, body) in enumerate(BLOCKS):
        named = FILE.match(body)
        if language == "sh":
            steps += body.splitlines()
        elif named is not None:
            steps.append(f"mkdir -p {Path(named[1]).parent} && cp $PAGE/{number} {named[1]}")
    return steps


@pytest.fixture(scope="session")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Follow the page in a folder, and return the folder and the output."""
    page, folder = tmp_path_factory.mktemp("page"), tmp_path_factory.mktemp("own")
    for number, (_, _, body) in enumerate(BLOCKS):
        (page / str(number)).write_text(body.partition("\n")[2], encoding="utf-8")
    # With hashes pip would refuse a folder.
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    locked = [line.removesuffix("\\").strip() for line in lines if re.match(r"[\w.-]+==", line)]
    (page / "lock").write_text("\n".join(locked), encoding="utf-8")
    steps = ["set -eo pipefail"]
    for step in program():
        # Use this tree's kit, because the repository may still have an older one.
        steps.append(PUBLISHED.sub(lambda extras: f"-c $PAGE/lock '{ROOT}/kit{extras[1]}'", step))
        if step.startswith("sphinx-build"):
            steps.append("cp -r docs/_build/html kept-$((++kept))")
    ours = ("EVENHAND_", "VIRTUAL_ENV", "PYTHONPATH")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    variables |= {"PAGE": str(page), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = ["bash", "-c", "\n".join(steps)]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=900, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-4000:]
    return folder, said


def run(folder: Path, build: int) -> Run:
    """Return the run of a build of the page."""
    return Run.opened(folder / f"kept-{build}" / "run")


def test_the_page_has_commands_and_files() -> None:
    steps = program()
    assert sum(step.startswith("sphinx-build") for step in steps) == 3
    assert sum("cp $PAGE" in step for step in steps) == 4
    assert any(PUBLISHED.search(step) for step in steps)


def test_the_guide_has_the_number_of_its_run_in_a_sentence(followed: tuple[Path, str]) -> None:
    folder, _ = followed
    found = run(folder, 2).written("joining/cost/persistent map/cost_ns")
    page = BeautifulSoup((folder / "kept-2" / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert f"Adding a key takes {found}" in page.get_text()


def test_the_page_of_the_example_opens_with_its_answer(followed: tuple[Path, str]) -> None:
    folder, _ = followed
    page = BeautifulSoup((folder / "kept-2" / "gallery" / "joining.html").read_text(encoding="utf-8"), "html.parser")
    opening = page.h1.find_next_sibling()
    assert opening["class"] == ["in-short"]
    assert run(folder, 2).written("joining/cost/persistent map/cost_ns") in opening.get_text()
    assert opening.select_one("figure.bench-figure")
    assert page.select_one("details.preparation")


def test_the_profile_sets_the_duration_and_quick_judges_nothing(followed: tuple[Path, str]) -> None:
    folder, _ = followed
    assert [run(folder, build).document["profile"] for build in (1, 2, 3)] == ["quick", "default", "default"]
    verdicts = [run(folder, build)["joining/cost"].verdict("persistent map") for build in (1, 2)]
    assert verdicts[0] == "not judged" != verdicts[1]


def test_a_run_names_the_package_and_an_upgrade_is_noticed(followed: tuple[Path, str]) -> None:
    folder, said = followed
    versions = [run(folder, build).packages["rpds-py"]["version"] for build in (1, 2, 3)]
    assert versions == ["0.20.0", "0.20.0", "0.30.0"]
    assert "cannot be reused: it was measured with rpds-py 0.20.0, but 0.30.0 is installed; measure again" in said


def test_the_gate_compares_the_two_versions(followed: tuple[Path, str]) -> None:
    _, said = followed
    assert re.search(r"^gate: .*\(exit status \d\)$", said, re.MULTILINE)
