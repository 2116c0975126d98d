"""`python -m evenhand time --command`: whole processes."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from evenhand.cli.commands import main
from evenhand.measure import command
from evenhand.measure.command import Command, CommandError
from evenhand.results.comparison import Comparison
from evenhand.results.processes import compare_commands
from evenhand.runs.archive import Archive

NOTHING = command.empty_process().text


def python(code: str) -> str:
    """Return the command that runs a line of Python."""
    return shlex.join([sys.executable, "-S", "-c", code])


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace processes by ones that take the milliseconds in their text, and return the list of calls."""
    order: list[str] = []

    def run(self: Command) -> int:
        order.append(self.text)
        return int(float(self.words[-1]) * 1e6) if self.text != NOTHING else 1_000_000

    monkeypatch.setattr(Command, "run", run)
    return order


def taking(milliseconds: float | str) -> Command:
    """Return a command of an existing program that takes this time."""
    return Command(f"{NOTHING.split()[0]} {milliseconds}")


def compared(*milliseconds: float) -> Comparison:
    """Compare commands that take these times."""
    return compare_commands({str(place): taking(took) for place, took in enumerate(milliseconds)})


@pytest.mark.parametrize(("took", "verdict"), [(20.0, "no difference shown"), (30.0, "slower"), (10.0, "faster")])
def test_a_command_is_judged_against_the_first(ran: list[str], took: float, verdict: str) -> None:
    result = compared(20.0, took)
    assert result.verdict("1") == verdict
    assert result.ratio("1").value == pytest.approx(took / 20.0)


def test_commands_take_turns_and_an_empty_process_follows_each(ran: list[str]) -> None:
    result = compared(50.0, 60.0)
    count = 2 * result.settings["slices"] * result.settings["rounds"]
    sampled = ran[-2 * count :]
    assert set(sampled[1::2]) == {NOTHING}
    timed = [text.split()[1] for text in sampled[::2]]
    assert timed[:4] == ["50.0", "60.0", "60.0", "50.0"]
    assert timed.count("50.0") == timed.count("60.0") == count / 2


def test_a_time_near_that_of_an_empty_process_is_marked_and_not_judged(ran: list[str]) -> None:
    result = compared(1.5, 10.0)
    assert result.at_floor("0")
    assert result.verdict("1") == "not judged"
    assert "cannot be distinguished from an empty process" in " ".join(result.table_notes())
    assert "cannot be distinguished from an empty process" in result.sentence("1")


def test_the_table_names_processes(ran: list[str]) -> None:
    result = compared(20.0, 30.0)
    assert list(result.table().columns[:2]) == ["time per process", "processes per second"]
    assert "each is a whole process; an empty process takes 1.00\u202fms" in " ".join(result.table_notes())


def test_equal_commands_are_known_as_identical(ran: list[str]) -> None:
    same = {"one": taking(20), "two": taking(" '20'"), "other": taking(21)}
    assert compare_commands(same).identical == [("one", "two")]


def test_commands_before_all_run_once_and_those_before_each_are_not_timed(tmp_path: Path, capsys) -> None:
    note = tmp_path / "note"
    before, each = (python(f"open({str(note)!r}, 'a').write({letter!r})") for letter in "se")
    timed = python(f"assert open({str(note)!r}, 'a').write('t')")
    flags = ["--command", timed, "--setup", before, "--each", each, "--rounds", "1", "--json"]
    assert main(["time", *flags]) == 0
    wrote = note.read_text()
    assert wrote[0] == "s"
    assert wrote[1:] == "et" * (len(wrote) // 2)
    [contender] = json.loads(capsys.readouterr().out)["results"][0]["contenders"].values()
    assert (contender["statement"], contender["setup"], contender["each"]) == (timed, before, each)


def test_a_process_reads_nothing_and_prints_nothing() -> None:
    text = python("import sys; assert sys.stdin.read() == ''; print('printed')")
    code = f"from evenhand.measure.command import Command; Command({text!r}).run()"
    ran = subprocess.run([sys.executable, "-c", code], input="typed", capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")


def test_no_shell_reads_a_command() -> None:
    Command(python("import sys; assert sys.argv[1:] == ['$HOME', '*', 'a b']") + " '$HOME' * 'a b'").run()


def test_time_counts_from_the_start_to_the_end() -> None:
    assert Command(python("import time; time.sleep(0.2)")).run() >= 2e8


def test_an_archive_keeps_the_commands(tmp_path: Path, capsys) -> None:
    assert main(["time", "--command", python("pass"), "--rounds", "1", "--archive", str(tmp_path / "kept")]) == 0
    [run] = Archive(tmp_path / "kept").runs()
    said = capsys.readouterr().out
    assert f"run: {tmp_path / 'kept' / run.id}" in said
    assert f"command 1: {python('pass')}" in said
    restored = run["time/commands"]
    assert isinstance(restored, Comparison)
    assert restored.cost("command 1").value > 0
    assert restored.processes


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "sleep 'x",
            'evenhand: command "sleep \'x" cannot be split into words: No closing quotation; close its quotes',
        ),
        (" ", "evenhand: command ' ' names no program; give one with its arguments, such as 'python -c pass'"),
        (
            "nowhere-to-find",
            "evenhand: command 'nowhere-to-find': there is no program 'nowhere-to-find'; give its path",
        ),
        (
            "echo a | cat",
            "evenhand: command 'echo a | cat' has '|', which only a shell understands, and none is used; pass",
        ),
    ],
)
def test_an_invalid_command_is_refused_before_any_runs(text: str, sentence: str, tmp_path: Path, capsys) -> None:
    first = python(f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert main(["time", "--command", first, text, "--archive", str(tmp_path / "kept")]) == 2
    assert capsys.readouterr().err.startswith(sentence)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("quoted", ["sh -c 'a | b'", "expr 1 '|' 2", "echo a\\|b"])
def test_an_operator_in_quotes_is_a_word(quoted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command.shutil, "which", lambda name: name)
    assert Command(quoted).words


def test_a_command_that_fails_is_named_with_its_status_and_last_lines(tmp_path: Path, capsys) -> None:
    code = "import sys; print(*range(9), sep=chr(10), file=sys.stderr); sys.exit(7)"
    assert main(["time", "--command", python(code), "--archive", str(tmp_path / "kept"), "--json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        f"evenhand: command {python(code)!r} ended with exit status 7; its last lines on standard error:",
        *(f"  {line}" for line in range(4, 9)),
    ]
    assert list(Archive(tmp_path / "kept").runs()) == []


@pytest.mark.parametrize("flag", ["--setup", "--each"])
def test_a_command_around_the_timed_ones_that_fails_says_which(flag: str, capsys) -> None:
    assert main(["time", "--command", python("pass"), flag, python("raise SystemExit(3)")]) == 2
    assert capsys.readouterr().err.startswith(f"evenhand: {flag}: command ")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
def test_a_command_that_a_signal_ends_says_so() -> None:
    with pytest.raises(CommandError, match="was ended by SIGKILL$"):
        Command(python("import os; os.kill(os.getpid(), 9)")).run()


@pytest.mark.skipif(sys.platform == "win32", reason="what may run is another matter there")
def test_a_file_that_is_not_a_program_gets_a_message(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no program")
    file.chmod(0o755)
    with pytest.raises(CommandError, match="cannot be started: Exec format error"):
        Command(str(file)).run()
