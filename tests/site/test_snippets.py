"""The snippets and commands of pages run unchanged."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from evenhand.cli import commands as kit
from evenhand.gate import __main__ as gate
from rust_daq.advise import __main__ as advise
from rust_daq.storage import open_recording

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *(DOCS / "api").glob("*.md")])
EXAMPLES = {path.stem for path in (DOCS.parent / "gallery").glob("*.py")}
PARSERS = {"evenhand": kit.parser, "evenhand.gate": gate.parser, "rust_daq.advise": advise.parser}
SLOW = (DOCS / "slow.md").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """Return the code of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


FIXES = [code for code in blocks(SLOW, "python") if "# Before: " in code]
CHECKS = [code for code in blocks(SLOW, "python") if code not in FIXES]


STARTS = [
    (page.name, code)
    for page in (DOCS.parent / "README.md", *PAGES)
    if page.name in {"README.md", "index.md", "start.md", "connect.md"}
    for code in blocks(page.read_text(encoding="utf-8"), "python")
]
"""The programs of the pages where a reader begins."""


@pytest.mark.parametrize("page", [DOCS.parent / "README.md", *PAGES], ids=lambda page: page.name)
def test_lines_of_code_fit_between_both_menus(page: Path) -> None:
    # A block has room for about 90 characters in a window of 1,280 px; longer lines would be cut there.
    code = "".join(blocks(page.read_text(encoding="utf-8"), "python"))
    assert [line for line in code.splitlines() if len(line) > 88] == []


def commands(words: str) -> list[tuple[str, str]]:
    """Return each line of a shell block that begins with these words, with its page."""
    return [
        (page.name, line)
        for page in PAGES
        for block in blocks(page.read_text(encoding="utf-8"), "(?:ba)?sh")
        for line in block.replace("\\\n", " ").splitlines()
        if line.startswith(words)
    ]


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a snippet in its own folder; a warning is an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("code", CHECKS, ids=lambda code: code.split("\n")[0][:40])
def test_a_check_runs_unchanged_and_prints_something(code, tmp_path):
    ended = run(code, tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.strip()


@pytest.mark.parametrize("code", FIXES, ids=lambda code: code.partition("# After: ")[2].split("\n")[0][:40])
def test_a_fix_runs_unchanged_before_and_after(code, tmp_path):
    assert 0 <= code.find("# Before: ") < code.find("# After: ")
    ended = run(code, tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(("page", "code"), STARTS)
def test_a_program_of_a_starting_page_runs_unchanged(page, code, tmp_path):
    del page
    ended = run(code, tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.strip()


@pytest.mark.parametrize("code", [*FIXES, *(code for page, code in STARTS if page in {"start.md", "connect.md"})])
def test_a_program_can_run_again_in_the_folder_of_another(code):
    for opened in re.findall(r"(?:Writer|compact)\((.*)", code):
        assert "overwrite=True" in opened or "append=True" in opened


@pytest.mark.skipif(os.name == "nt", reason="a signal of Unix")
def test_a_recording_of_days_that_is_terminated_is_closed(tmp_path):
    [code] = [code for page, code in STARTS if page == "start.md" and "SIGTERM" in code]
    endless = [sys.executable, "-W", "error", "-c", code.replace("run(1.0)", "run()")]
    with subprocess.Popen(endless, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and sum(path.stat().st_size for path in tmp_path.glob("days.*")) < 10_000:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=60)[1].rstrip().endswith("KeyboardInterrupt")
    assert sum(len(batch) for batch in open_recording(tmp_path / "days.arrow"))  # a warning is an error


def test_a_block_that_a_driver_loses_is_a_jump_in_the_numbers(tmp_path):
    [code] = [code for page, code in STARTS if page == "connect.md" and "queue.Full" in code]
    put = "        waiting.put_nowait"
    lossy = code.replace(put, f"        if first == 100:\n            raise queue.Full\n{put}")
    ended = run(lossy.replace("run(0.5)", "run(2.0)"), tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    found = [batch.first_sequence["ai0"] for batch in open_recording(tmp_path / "run.arrow")]
    assert found[:3] == [0, 50, 150]


def test_the_first_page_acquires_in_six_lines():
    [code] = [code for page, code in STARTS if page == "index.md"]
    assert len([line for line in code.splitlines() if line.strip()]) <= 6


def test_the_first_page_installs_from_where_the_package_says_that_it_is():
    [command] = blocks((DOCS / "index.md").read_text(encoding="utf-8"), "sh")
    source = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Source"]
    assert command == f"pip install git+{source}\n"


@pytest.mark.skipif(os.name == "nt" or shutil.which("sort") is None, reason="a pipe of a Unix shell")
def test_the_check_of_imports_names_the_slowest_last(tmp_path):
    [command] = blocks(SLOW, "sh")
    took = {"encodings": 900, "first": 12_000, "site": 9_000, "second": 30, "datetime": 4_000, "rust_daq": 800, "os": 1}
    lines = [f"import time: {total:9} | {total:10} | {name}" for name, total in took.items()]
    interpreter = tmp_path / "python"
    interpreter.write_text("#!/bin/sh\ncat >&2 <<'END'\n{}\nEND\n".format("\n".join(lines)), encoding="utf-8")
    interpreter.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    ended = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    named = [line.split("|")[2].strip() for line in ended.stdout.splitlines()]
    assert named == ["rust_daq", "encodings", "datetime", "site", "first"]


def test_the_page_names_the_packages_that_its_snippets_need():
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", "\n".join(blocks(SLOW, "python")), re.MULTILINE))
    [named] = re.findall(r"^Snippets that import (.*) need", SLOW, re.MULTILINE)
    assert imported - sys.stdlib_module_names - {"rust_daq", "numpy"} == set(re.findall(r"`(\w+)`", named))


def test_every_symptom_has_a_check_a_cause_an_action_and_a_gain():
    sections = re.split(r"^## \d+\. ", SLOW.partition("## Tuning guidance")[0], flags=re.MULTILINE)[1:]
    assert len(sections) >= 10
    for section in sections:
        places = [section.find(f"**{part}.**") for part in ("Symptom", "Check", "Cause", "Fix", "Gain")]
        assert places == sorted(places)
        assert -1 not in places
        fix, _, gain = section.partition("**Fix.**")[2].partition("**Gain.**")
        assert "# Before: " in fix
        assert "{measured}`" in gain or "{remedies}" in gain
        assert "{doc}`/gallery/" in gain


@pytest.mark.parametrize(
    ("page", "line"), [found for found in commands("python -m ") if found[1].split()[2] in PARSERS]
)
def test_a_command_on_a_page_exists(page, line):
    del page
    module, *arguments = shlex.split(line)[2:]
    assert vars(PARSERS[module]().parse_args(arguments))


@pytest.mark.parametrize(("page", "line"), [found for found in commands("python ") if ".py " in found[1]])
def test_a_script_on_a_page_is_an_example(page, line):
    del page
    assert Path(shlex.split(line)[1]).stem in EXAMPLES
