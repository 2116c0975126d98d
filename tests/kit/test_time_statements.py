"""``python -m evenhand time``: comparisons of statements from the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_machine import WORK

from evenhand import Archive
from evenhand.cli.commands import main
from evenhand.cli.time_statements import names


def test_statements_are_compared_with_the_first(machine, capsys) -> None:
    del machine
    assert main(["time", "work(100)", "work(150)", "--setup", WORK, "--rounds", "8"]) == 0
    said = capsys.readouterr().out
    rows = {line.split()[0]: line for line in said.splitlines() if line.strip().startswith("work(")}
    assert "baseline" in rows["work(100)"]
    assert "slower" in rows["work(150)"]


def test_lines_of_setup_run_in_their_order(capsys) -> None:
    assert main(["time", "assert y == 6", "--setup", "x = 3", "--setup", "y = 2 * x", "--rounds", "1"]) == 0
    assert "assert y == 6" in capsys.readouterr().out


def test_preparation_before_each_execution_is_not_counted(capsys) -> None:
    flags = ["--setup", "source = [3, 1, 2]", "--each", "data = list(source)", "--rounds", "1"]
    assert main(["time", "data.sort(); assert data == [1, 2, 3]", *flags]) == 0
    assert "data.sort()" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("texts", "called"),
    [
        (["[]", "list()"], ["[]", "list()"]),
        (["x / 2", "x * 0.5"], ["statement 1", "x * 0.5"]),
        (["f()", "f()", "f()"], ["f()", "f() (2)", "f() (3)"]),
        (["a\nb", "x" * 41, " "], ["statement 1", "statement 2", "statement 3"]),
    ],
)
def test_a_statement_is_called_by_its_text_if_that_is_a_valid_name(texts: list[str], called: list[str]) -> None:
    assert names(texts) == called


def test_a_numbered_statement_is_listed_below_the_table(capsys) -> None:
    assert main(["time", "6 / 2", "--setup", "x = 1", "--rounds", "1"]) == 0
    assert "statement 1: 6 / 2" in capsys.readouterr().out.splitlines()


def test_json_is_the_run_and_nothing_else(capsys) -> None:
    assert main(["time", "list()", "--rounds", "1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [result["name"] for result in document["results"]] == ["statements"]
    assert document["profile"] == "time"


def test_an_archive_keeps_the_run(tmp_path: Path, capsys) -> None:
    assert main(["time", "list()", "--rounds", "1", "--archive", str(tmp_path / "kept")]) == 0
    [run] = Archive(tmp_path / "kept").runs()
    assert f"run: {tmp_path / 'kept' / run.id}" in capsys.readouterr().out


def test_a_label_names_the_run(tmp_path: Path, capsys) -> None:
    kept = str(tmp_path / "kept")
    assert main(["time", "list()", "--rounds", "1", "--archive", kept, "--label", "before-caching"]) == 0
    [run] = Archive(tmp_path / "kept").runs()
    assert run.label == "before-caching"
    assert main(["time", "nothing()", "--archive", kept, "--label", "before-caching"]) == 2
    assert capsys.readouterr().err == (
        f"evenhand: --label: the run {run.id} already has the label 'before-caching'; use another one, or remove "
        "that run\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals")
def test_a_stopped_comparison_keeps_its_finished_rounds(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    flags = ["--setup", f"open({str(begun)!r}, 'a').write('x')", "--rounds", "100000", "--archive", "kept", "--json"]
    command = [sys.executable, "-m", "evenhand", "time", "list()", *flags]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        # The third worker is that of the third round.
        while not begun.exists() or len(begun.read_text(encoding="utf-8")) < 3:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        try:
            written, said = process.communicate(timeout=60)
        finally:
            process.kill()  # otherwise the test would wait for it for ever
    assert process.returncode == 130
    assert "Traceback" not in said
    [run] = Archive(tmp_path / "kept").runs()
    assert json.loads(written)["id"] == run.id
    assert not run.complete
    [result] = run.results.values()
    assert result.settings["rounds"] >= 2
    assert result.notes[0] == f"incomplete: stopped after {result.settings['rounds']} of 100000 rounds"


@pytest.mark.parametrize("label", ["", "latest", "2026", "a/b", "-x", "_x", "a b", "a\n", "x" * 65])
def test_a_label_that_could_be_something_else_is_refused(label: str, tmp_path: Path, capsys) -> None:
    assert main(["time", "nothing()", "--archive", str(tmp_path / "kept"), f"--label={label}"]) == 2
    assert f"evenhand: --label: {label!r} is not a valid label; start with a letter" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_label_without_an_archive_is_refused(capsys) -> None:
    assert main(["time", "nothing()", "--label", "before"]) == 2
    assert "--label before needs an archive; add --archive DIR" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["1 +"], "evenhand: statement '1 +' is not valid Python: invalid syntax\n"),
        (["foo()"], "evenhand: the statement of 'foo()' failed in its worker: NameError: name 'foo' is not defined\n"),
        (
            ["x", "--setup", "1 / 0"],
            "evenhand: the setup of 'x' failed in its worker: ZeroDivisionError: division by zero\n",
        ),
    ],
)
def test_statements_that_cannot_be_timed_get_a_message(arguments: list[str], sentence: str, capsys) -> None:
    assert main(["time", *arguments]) == 2
    assert capsys.readouterr().err == sentence


def test_without_a_statement_the_usage_is_printed(capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["time"])
    assert ended.value.code == 2
    assert "STATEMENT" in capsys.readouterr().err


def test_an_archive_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path: Path, capsys) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["time", "1 / 0", "--archive", str(tmp_path / "file")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("evenhand: --archive")
    assert "ZeroDivisionError" not in said
