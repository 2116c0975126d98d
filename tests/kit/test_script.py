"""An example as a command: flags, outputs, printed text, and results after any ending."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import psutil
import pytest
from made_runs import HERE, made_result

import evenhand as bench
from evenhand import Archive, ArchiveError, Run
from evenhand.cli.flags import FlagParser
from evenhand.cli.outputs import OutputError, Outputs
from evenhand.cli.script import ScriptRecorder, script_settings

SCHEMA = json.loads(Path(bench.__file__).with_name("schema").joinpath("run-1.json").read_text(encoding="utf-8"))
EXAMPLE = '''"""
What does a dict cost?
======================

You can write a :class:`dict`, or call ``dict``.  After this page you know what each costs.

The rest is for the page.
"""

import evenhand as bench

settings = bench.settings(__doc__, samples=50_000, rate=1000.0, system="x", rounds=1)

first = bench.compare({"literal": "{}", "call": "dict()"}, name="first", settings=settings)

second = bench.compare({"one": SECOND}, name="second", settings=settings)
'''


@dataclass(frozen=True)
class Example:
    """A script in its own folder."""

    folder: Path

    def write(self, second: str = "'[]'", head: str = "", prose: str = "") -> None:
        """Write the script, with `head` before the flags are parsed and `prose` after."""
        text = EXAMPLE.replace("SECOND", second).replace("\nimport evenhand", f"\n{head}\nimport evenhand", 1)
        text = text.replace("\nsecond", f"\n{prose}\nsecond")
        (self.folder / "dict_cost.py").write_text(text, encoding="utf-8")

    def run(
        self, *arguments: str, program: tuple[str, ...] = ("dict_cost.py",), **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the script to completion."""
        return subprocess.run(
            [sys.executable, *program, *arguments],
            cwd=self.folder,
            env=environment() | variables,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the script."""
        return subprocess.Popen(
            [sys.executable, "dict_cost.py", *arguments],
            cwd=self.folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )


def environment() -> dict[str, str]:
    """Return the environment without the variables of a docs build."""
    return {name: value for name, value in os.environ.items() if not name.startswith("EVENHAND")}


@pytest.fixture
def example(tmp_path: Path) -> Example:
    made = Example(tmp_path)
    made.write()
    return made


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Example, subprocess.CompletedProcess[str]]:
    """Run a script with all outputs to completion."""
    made = Example(tmp_path_factory.mktemp("whole"))
    made.write()
    done = made.run(
        "--samples",
        "2_000",
        "--json",
        "deep/er/run.json",
        "--plot-dir",
        "plots",
        "--archive",
        "runs",
        "--label",
        "first-try",
        "--rounds",
        "2",
    )
    assert done.returncode == 0, done.stderr
    return made, done


def test_document_is_valid_by_the_shipped_schema(whole) -> None:
    document = json.loads((whole[0].folder / "deep/er/run.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA)


def test_document_is_that_of_the_archived_run(whole) -> None:
    run = Archive(whole[0].folder / "runs").latest()
    assert (whole[0].folder / "deep/er/run.json").read_text(encoding="utf-8") == run.to_json()


def test_label_of_the_script_names_its_run(whole) -> None:
    assert Archive(whole[0].folder / "runs").open("first-try").results


def test_example_is_named_as_its_script(whole) -> None:
    run = Archive(whole[0].folder / "runs").latest()
    assert list(run.results) == ["dict_cost/first", "dict_cost/second"]


def test_a_flag_for_paths_can_be_repeated(example: Example) -> None:
    example.write(prose="print('chosen', [str(path) for path in settings.places])\nraise SystemExit")
    script = example.folder / "dict_cost.py"
    script.write_text(script.read_text(encoding="utf-8").replace("rounds=1)", "rounds=1, places=())"), encoding="utf-8")
    for passed in ([], ["one"], ["one", "two"]):
        flags = [part for place in passed for part in ("--places", place)]
        done = example.run(*flags)
        assert f"chosen {passed}" in done.stdout, done.stderr
        said = f"places {' '.join(passed)}. Ctrl-C"
        assert (said in done.stdout) == bool(passed), done.stdout
    assert "repeat the flag" in example.run("--help").stdout


def test_flags_reach_the_measurement(whole) -> None:
    run = Archive(whole[0].folder / "runs").latest()
    assert run["dict_cost/first"].settings["rounds"] == 2
    assert run.document["command"] == {
        "example": "dict_cost",
        "options": {"rounds": 2, "samples": 2000, "rate": 1000.0},
    }


def test_each_figure_is_there_as_png_and_svg(whole) -> None:
    names = ["dict_cost-first.png", "dict_cost-first.svg", "dict_cost-second.png", "dict_cost-second.svg"]
    assert sorted(path.name for path in (whole[0].folder / "plots").iterdir()) == names


def test_script_writes_only_the_requested_outputs(whole) -> None:
    assert sorted(path.name for path in whole[0].folder.iterdir()) == ["deep", "dict_cost.py", "plots", "runs"]
    assert [path.name for path in (whole[0].folder / "deep/er").iterdir()] == ["run.json"]


def test_script_prints_its_plan_before_the_first_table(whole) -> None:
    said = whole[1].stdout
    assert said.startswith("What does a dict cost?\nMeasuring dict_cost with rounds 2, samples 2000")
    assert said.index("literal") < said.index("one")


def test_script_ends_with_the_places_of_its_outputs(whole) -> None:
    ending = whole[1].stdout.rstrip().splitlines()[-3:]
    assert ending[0] == "document: deep/er/run.json"
    assert re.fullmatch(r"run: runs/\S+", ending[1])
    assert ending[2] == "figures: 4 files in plots"


def test_no_progress_is_shown_in_a_pipe(whole) -> None:
    assert whole[1].stderr == ""


def test_help_shows_title_question_and_every_default(example: Example) -> None:
    said = example.run("--help").stdout
    assert "What does a dict cost?\n\nYou can write a dict, or call `dict`.  After".replace("  ", " ") in said
    assert "The rest" not in said
    for flag, default in {"--samples": "50000", "--rate": "1000.0", "--system": "x", "--rounds": "1"}.items():
        assert re.search(rf"{flag} \w+ .*?\(default: {re.escape(default)}\)", said, re.DOTALL)
    assert all(flag in said for flag in ("--json", "--plot-dir", "--archive"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--samples", "0"], "--samples: '0' is not a whole number above 0; pass one such as 5000"),
        (["--samples", "-5"], "--samples: '-5' is not a whole number above 0; pass one such as 5000"),
        (["--samples", "1e3"], "--samples: '1e3' is not a whole number above 0; pass one such as 5000"),
        (["--rate", "0"], "--rate: '0' is not a finite number above 0; pass one such as 1000 or 2.5"),
        (["--rate", "nan"], "--rate: 'nan' is not a finite number above 0; pass one such as 1000 or 2.5"),
        (["--rate=-inf"], "--rate: '-inf' is not a finite number above 0; pass one such as 1000 or 2.5"),
        (["--rounds", "0"], "--rounds: '0' is not a whole number above 0; pass one such as 5000"),
        (["--sampels", "5"], "unknown argument '--sampels'; did you mean --samples?"),
        (["--samp", "5"], "unknown argument '--samp'; did you mean --samples?"),
        (["more"], "unknown argument 'more'; --help lists the flags"),
        (["--json"], "--json: expected one argument; put its value after it; --help shows which"),
        (["--json", ""], "--json: '' is not a valid path; pass one such as results/latest"),
        (["--json", "folder"], "--json folder is a folder; name a file in it, such as folder/run.json"),
        (
            ["--json", "file/run.json"],
            "--json file/run.json cannot be written: file is a file; name a path inside a folder",
        ),
        (
            ["--plot-dir", "file"],
            "--plot-dir file cannot be written: file is a file; name a path inside a folder",
        ),
        (
            ["--archive", "file/a/b"],
            "--archive file/a/b cannot be written: file is a file; name a path inside a folder",
        ),
        (["--archive", "run"], "--archive run is a run; name the folder that contains it"),
        (["--samples", "50"], "--samples: 50 calls are too few for a 99th percentile; pass at least 100"),
        (
            ["--samples", "1_000_000_000_000"],
            "--samples: 1000000000000 calls are too many for one round; pass at most 10000000",
        ),
        (
            ["--duration", "0.0001"],
            (
                "--duration: duration is 0.0001 s, in which there is no whole arrival at a rate of 1000 Hz; "
                "pace for at least 0.001 s"
            ),
        ),
        (
            ["--duration", "1e9"],
            (
                "--duration: rate 1000 Hz for a duration of 1e+09 s makes 1000000000000 arrivals, and a run stores "
                "at most 20000000; pace for at most 20000 s"
            ),
        ),
        (
            ["--json", "dict_cost.py"],
            "--json dict_cost.py is dict_cost.py, an input of this command; name another file",
        ),
        (
            ["--json", "folder/../link.py"],
            "--json folder/../link.py is dict_cost.py, an input of this command; name another file",
        ),
        (["--json", "other.py"], "--json other.py exists and is not a JSON document; name another file"),
        (["--json", "a", "--plot-dir", "folder/../a"], "--json and --plot-dir name the same place, a; name two places"),
        (["--plot-dir", "a", "--archive", "a"], "--plot-dir and --archive name the same place, a; name two places"),
        (
            ["--json", "a/b", "--archive", "a/b/c"],
            "--json a/b would be the folder of --archive a/b/c; name two places",
        ),
        (
            ["--json", "a/run.json", "--archive", "a"],
            "--json a/run.json would look like part of a run in --archive a; name another place",
        ),
        (
            ["--json", "a/b/c.json", "--archive", "a"],
            "--json a/b/c.json would look like part of a run in --archive a; name another place",
        ),
        (
            ["--plot-dir", "a/b", "--archive", "a"],
            "--plot-dir a/b would look like a run in --archive a; name another place",
        ),
        (
            ["--json", "a/first.png", "--plot-dir", "a"],
            "--json a/first.png has the name of a figure in --plot-dir a; name another place",
        ),
    ],
)
def test_wrong_call_gets_one_sentence_and_status_2(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["dict_cost.py", *arguments])
    Path("file").touch()
    Path("dict_cost.py").touch()
    Path("link.py").symlink_to("dict_cost.py")
    Path("other.py").write_text("pass\n", encoding="utf-8")
    Path("folder").mkdir()
    Path("run").mkdir()
    Path("run", "run.json").touch()
    with pytest.raises(SystemExit) as ended:
        script_settings(
            "What does it cost?", Path("dict_cost.py"), 1, {"samples": 50_000, "rate": 1000.0, "duration": 1.0}, {}
        )
    assert (ended.value.code, *capsys.readouterr()) == (2, "", f"dict_cost.py: {sentence}\n")
    assert not Path("a").exists()
    assert Path("other.py").read_text(encoding="utf-8") == "pass\n"


@pytest.mark.parametrize("default", ["%Y-%m-%d 100 %", Path("50%")])
def test_help_shows_a_default_with_a_per_cent_sign(default: object) -> None:
    parser = FlagParser(prog="script.py")
    parser.add_option("form", default)
    assert f"(default: {default})" in " ".join(parser.format_help().split())


def test_wrong_call_measures_nothing(example: Example) -> None:
    done = example.run("--samples", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "dict_cost.py: --samples: '0' is not a whole number above 0; pass one such as 5000\n"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is a folder in which not even root may write")
@pytest.mark.parametrize(("name", "flag"), [("json", "--json"), ("plot_dir", "--plot-dir"), ("archive", "--archive")])
def test_unwritable_output_is_refused(name: str, flag: str) -> None:
    with pytest.raises(OutputError, match=f"^{flag} /proc/deep/er cannot be written \\(.*name a place where you may"):
        Outputs(**{name: Path("/proc/deep/er")}).prepare()


def test_figures_of_similar_names_do_not_overwrite_one_another(tmp_path: Path) -> None:
    outputs = Outputs(plot_dir=tmp_path)
    names = ("a b", "a-b", "a\nb", "a_b", "a%20b")
    saved = [path for name in names for path in outputs.save_figure(made_result(name=name))]
    assert len(set(saved)) == 2 * len(names)
    assert sorted(tmp_path.iterdir()) == sorted(saved)


@pytest.mark.parametrize("name", ["json", "markdown", "plot_dir", "archive"])
def test_name_that_is_too_long_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot be written \(File name too long\)"):
        Outputs(**{name: tmp_path / ("a" * 300)}).prepare()


def test_document_may_have_the_longest_name(tmp_path: Path) -> None:
    outputs = Outputs(tmp_path / ("\u00e4" * 125 + ".json"))
    outputs.prepare()
    outputs.write_json("{}")
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["{}"]


def ending(outputs: Outputs) -> ScriptRecorder:
    """Make the recorder of a script that has measured one result."""
    outputs.prepare()
    recorder = ScriptRecorder("first", outputs, {})
    recorder.results, recorder._machine, recorder._packages = [made_result()], HERE, {}
    return recorder


def test_document_that_cannot_be_written_loses_no_run(tmp_path: Path) -> None:
    recorder = ending(Outputs(json=tmp_path / "run.json", archive=tmp_path / "runs"))
    (tmp_path / "run.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        recorder.write()
    assert len(Archive(tmp_path / "runs").runs()) == 1


def test_archive_that_cannot_be_written_loses_no_document(tmp_path: Path) -> None:
    recorder = ending(Outputs(json=tmp_path / "run.json", archive=tmp_path / "runs"))
    (tmp_path / "runs").rmdir()
    (tmp_path / "runs").touch()
    with pytest.raises(ArchiveError, match="cannot be written"):
        recorder.write()
    assert (tmp_path / "run.json").is_file()


def test_refused_output_leaves_no_files(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        Outputs(tmp_path / "deep" / "run.json", tmp_path / "file", tmp_path / "runs").prepare()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_document_on_standard_output_has_no_other_text(example: Example) -> None:
    example.write(prose="import os\nprint('prose')\nos.write(1, b'more prose')")
    done = example.run("--json", "-")
    jsonschema.validate(json.loads(done.stdout), SCHEMA)
    assert "prose" in done.stderr
    assert "literal" in done.stderr


def test_device_is_written_to_and_not_replaced() -> None:
    outputs = Outputs(Path(os.devnull))
    outputs.prepare()
    outputs.write_json("{}")
    assert not Path(os.devnull).is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_link_stays_a_link_to_the_document(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "run.json")
    outputs = Outputs(tmp_path / "link.json")
    outputs.prepare()
    outputs.write_json("{}")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "run.json").read_text(encoding="utf-8") == "{}"


@pytest.mark.parametrize(("package", "flag"), [("matplotlib", "--plot-dir"), ("pyarrow", "--archive")])
def test_flag_whose_package_is_missing_is_refused_before_anything_is_measured(
    example: Example, package: str, flag: str
) -> None:
    example.write(head=f"import sys\nsys.modules[{package!r}] = None")
    done = example.run(flag, "place", "--json", "run.json")
    assert (done.returncode, done.stdout) == (2, "")
    sentence = f"{flag} needs {package}, which is not installed; pip install {package}, or omit {flag}"
    assert done.stderr == f"dict_cost.py: {sentence}\n"
    assert [path.name for path in example.folder.iterdir()] == ["dict_cost.py"]


@pytest.mark.parametrize("content", ["", "\n", '{"schema": 1}', ' {"a": [' + "1, " * 2_000 + "2]}\n\n"])
def test_older_document_is_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content, encoding="utf-8")
    Outputs(tmp_path / "run.json").prepare()


posix = pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX closes streams")


def shell(example: Example, line: str) -> subprocess.CompletedProcess[str]:
    """Run a shell line in which $RUN is the script with its flags."""
    run = f"'{sys.executable}' dict_cost.py --json run.json --archive runs"
    return subprocess.run(
        ["sh", "-c", line.replace("$RUN", run)],
        cwd=example.folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@posix
@pytest.mark.parametrize(
    "line",
    [
        # `head` has read its line and ended before the first table.
        "{ $RUN; echo $? > status; } | head -n 1",
        "{ $RUN 2>&1; echo $? > status; } | head -n 1",
        "$RUN >&-; echo $? > status",
        "$RUN 2>&-; echo $? > status",
        "$RUN >&- 2>&-; echo $? > status",
        "$RUN <&- >&- 2>&-; echo $? > status",
    ],
)
def test_streams_without_a_reader_cause_no_loss_and_no_message(example: Example, line: str) -> None:
    example.write(second="'[]'", prose="import sys, time\nprint('x' * 100_000, flush=True)\ntime.sleep(0.2)")
    done = shell(example, line)
    assert done.stderr == ""
    assert (example.folder / "status").read_text(encoding="utf-8") == "0\n"
    document = json.loads((example.folder / "run.json").read_text(encoding="utf-8"))
    assert (document["complete"], len(document["results"])) == (True, 2)
    assert Archive(example.folder / "runs").latest().document == document


@posix
def test_document_on_a_standard_output_that_is_closed_is_refused(example: Example) -> None:
    done = shell(example, "$RUN --json - >&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "dict_cost.py: --json - needs standard output, which is closed; name a file\n"
    assert not (example.folder / "runs").exists()


def test_script_that_fails_keeps_its_results_as_incomplete(example: Example) -> None:
    example.write(second="'1 / 0'")
    done = example.run("--json", "run.json", "--archive", "runs")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "dict_cost failed with WorkerError; 1 result measured so far, marked incomplete." in done.stderr
    document = json.loads((example.folder / "run.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA)
    assert (document["complete"], len(document["results"])) == (False, 1)
    assert not Archive(example.folder / "runs").latest().complete


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_script_keeps_its_results_and_leaves_no_process(
    example: Example, number: signal.Signals, status: int
) -> None:
    # The second statement never ends: the signal always comes while a worker is being asked.
    example.write(second="'import time; time.sleep(600)'")
    with example.start("--json", "run.json", "--archive", "runs") as process:
        assert process.stdout is not None
        while "call" not in process.stdout.readline():
            assert process.poll() is None
        here = psutil.Process(process.pid)
        while not (workers := here.children()):
            assert process.poll() is None
        here.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert process.returncode == status
    assert f"dict_cost stopped by {number.name}; 1 result measured so far, marked incomplete." in said
    document = json.loads((example.folder / "run.json").read_text(encoding="utf-8"))
    assert (document["complete"], [entry["name"] for entry in document["results"]]) == (False, ["first"])
    assert not Run.load(next((example.folder / "runs").iterdir())).complete
    assert psutil.wait_procs(workers, timeout=10)[1] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals")
def test_script_that_is_stopped_within_a_call_keeps_its_finished_rounds(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    (tmp_path / "long.py").write_text(
        '"""Stop it."""\n\nimport evenhand as bench\n\nsettings = bench.settings(__doc__, rounds=100_000)\n'
        f"setup = '''open({str(begun)!r}, 'a').write('x')'''\n"
        "bench.compare({'one': 'list()'}, setup=setup, settings=settings)\n",
        encoding="utf-8",
    )
    with subprocess.Popen(
        [sys.executable, "long.py", "--json", "run.json"], cwd=tmp_path, env=environment()
    ) as process:
        # The third worker is that of the third round.
        while not begun.exists() or len(begun.read_text(encoding="utf-8")) < 3:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    document = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA)
    [entry] = document["results"]
    assert document["complete"] is False
    assert entry["settings"]["rounds"] >= 2
    assert entry["notes"][0] == f"incomplete: stopped after {entry['settings']['rounds']} of 100000 rounds"
    assert len(entry["pace_ns"]) == entry["settings"]["rounds"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminal")
def test_progress_is_shown_on_a_terminal(example: Example) -> None:
    import pty

    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "dict_cost.py"],
        cwd=example.folder,
        env=environment() | {"TERM": "xterm", "COLUMNS": "120"},
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    ) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                shown += os.read(controller, 4096)
            except OSError:
                break  # the other end is closed
    os.close(controller)
    assert process.returncode == 0
    assert b"dict_cost/first" in shown


def test_script_runs_under_runpy(example: Example) -> None:
    program = "import runpy, sys; runpy.run_path('dict_cost.py', run_name='__main__')"
    done = example.run("--json", "run.json", program=("-c", program))
    assert done.returncode == 0
    document = json.loads((example.folder / "run.json").read_text(encoding="utf-8"))
    assert document["results"][0]["example"] == "dict_cost"


def test_imported_example_reads_no_flags(example: Example) -> None:
    done = example.run("--unknown", program=("-c", "import dict_cost; print(dict_cost.settings.samples)"))
    assert (done.returncode, done.stdout) == (0, "50000\n")


def test_second_result_of_one_name_is_refused(example: Example) -> None:
    text = (example.folder / "dict_cost.py").read_text(encoding="utf-8")
    (example.folder / "dict_cost.py").write_text(text.replace('name="second"', 'name="first"'), encoding="utf-8")
    done = example.run()
    assert done.returncode == 1
    assert "dict_cost already has a result called 'first'" in done.stderr


def test_output_that_cannot_take_a_micro_sign_ends_no_script(example: Example) -> None:
    example.write(prose="print('µ')")
    done = example.run(PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
