"""Statements can import whatever their script can, such as modules next to it; and the errors of workers."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import evenhand as bench
from evenhand import Statement, WorkerError
from evenhand.measure.process import WorkerProcess

COMMON = """WORD = "found"


def build(n=1):
    return [WORD] * n


class Kind:
    size = 2
"""
COST = {"do": "cost", "repeats": 1, "loops": 1}
WAYS = {
    "a textual setup": 'bench.Statement("build()", "from common import build")',
    "a setup that is a function": 'bench.Statement("build()", setup)',
    "the statement itself": 'bench.Statement("import common; common.build()")',
    "an imported name": 'bench.Statement("build()", namespace={"build": build})',
    "an imported class": 'bench.Statement("Kind().size", namespace={"Kind": Kind})',
    "a function of the script": "bench.Statement(own)",
    "an imported callable": "bench.Statement(build)",
    "an instance": 'bench.Statement("thing.size", namespace={"thing": Kind()})',
    "a module": 'bench.Statement("common.build()", namespace={"common": common})',
}
SCRIPT = """
import common
import evenhand as bench
from common import Kind, build


def setup():
    from common import build

    return locals()


def own():
    return build(2)


if __name__ == "__main__":
    settings = bench.Settings(rounds=1)
    print(bench.compare({{"one": {way}}}, settings=settings).name)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with a module."""
    (tmp_path / "common.py").write_text(COMMON, encoding="utf-8")
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in another folder."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_module_next_to_a_script_is_found(folder: Path, way: str) -> None:
    (folder / "elsewhere").mkdir()
    script = folder / "mine.py"
    script.write_text(SCRIPT.format(way=WAYS[way]), encoding="utf-8")
    done = run(folder / "elsewhere", str(script))
    assert (done.returncode, done.stdout) == (0, "comparison\n"), done.stderr


@pytest.mark.parametrize("way", ["a textual setup", "a function of the script"])
def test_a_module_next_to_one_that_is_run_by_name_is_found(folder: Path, way: str) -> None:
    (folder / "mine.py").write_text(SCRIPT.format(way=WAYS[way]), encoding="utf-8")
    done = run(folder, "-m", "mine")
    assert (done.returncode, done.stdout) == (0, "comparison\n"), done.stderr


def test_a_module_in_the_folder_of_a_notebook_is_found(folder: Path) -> None:
    code = (
        "import evenhand as bench; print(bench.compare({'one': bench.Statement('build()', 'from common import build')},"
    )
    done = run(folder, "-c", f"{code} settings=bench.Settings(rounds=1)).name)")
    assert (done.returncode, done.stdout) == (0, "comparison\n"), done.stderr


def test_several_contenders_that_are_forked_find_it_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder))
    stated = {str(number): Statement("build()", "from common import build") for number in range(4)}
    assert bench.compare(stated, settings=bench.Settings(rounds=2)).settings["rounds"] == 2


def test_killed_work_finds_it_too(folder: Path) -> None:
    (folder / "mine.py").write_text(
        "import evenhand as bench\n\n\ndef work(count):\n    from common import build\n"
        "    for done in range(10**9):\n        build()\n        count(done + 1)\n\n\n"
        "if __name__ == '__main__':\n    print(bench.killed(work, after=3) >= 3)\n",
        encoding="utf-8",
    )
    assert run(Path(os.sep), str(folder / "mine.py")).stdout == "True\n"


def test_another_interpreter_keeps_its_own_search_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder))
    with pytest.raises(WorkerError, match="No module named 'common'"):
        ask(Statement("import common", python=sys.executable))


def ask(statement: Statement) -> float:
    """Time a statement once in a worker."""
    with WorkerProcess("mine", statement) as worker:
        return float(worker.ask(COST)["elapsed"])


# Other processes

POOL = """
def twice(x):
    return 2 * x


class Pair:
    def __init__(self, x):
        self.x = x


def pair(x):
    return Pair(x)


import concurrent.futures
import multiprocessing

pool = concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context({method!r}))
"""


@pytest.mark.parametrize("method", ["spawn"] if sys.platform == "win32" else ["fork", "spawn", "forkserver"])
def test_functions_of_a_setup_go_to_a_pool(method: str) -> None:
    setup = POOL.format(method=method)
    assert ask(Statement("assert list(pool.map(twice, [3])) == [6]", setup)) > 0


def test_functions_that_a_setup_function_makes_go_to_a_pool() -> None:
    def setup() -> dict[str, object]:
        from concurrent.futures import ProcessPoolExecutor

        def twice(x: int) -> int:
            return 2 * x

        return {"pool": ProcessPoolExecutor(1), "twice": twice}

    assert ask(Statement("assert list(pool.map(twice, [3])) == [6]", setup)) > 0


# Names that are global


@pytest.mark.parametrize(
    "statement",
    ["global x; x = 1", "global x\nx += 1", "if True:\n    global x\n    x = 2", "global x, y; x = y = 1; x + y"],
)
def test_a_statement_may_call_names_global_and_be_repeated(statement: str) -> None:
    made = bench.compare({"one": Statement(statement, "x = y = 0")}, settings=bench.Settings(rounds=1))
    assert made.costs["one"].min() > 0


def test_a_global_of_a_function_inside_is_its_own() -> None:
    statement = "def f():\n    global x\n    x = 5\nf()\nx = 7"
    assert ask(Statement(statement, "x = 0")) > 0


def test_a_global_name_exists_after_the_statement() -> None:
    counted = Statement("global x; x += 1; assert x == before + 1", "x = 0", each="before = x")
    assert ask(counted) > 0


# Errors


def failure_of(statement: Statement) -> WorkerError:
    """Return the error of a worker."""
    with pytest.raises(WorkerError) as raised:
        ask(statement)
    return raised.value


def test_an_error_of_a_setup_is_marked() -> None:
    assert str(failure_of(Statement("1", "1 / 0"))) == (
        "the setup of 'mine' failed in its worker: ZeroDivisionError: division by zero"
    )


def test_the_message_of_a_statement_comes_last_and_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "faulty.py").write_text("def fail():\n    raise ValueError('no such channel')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    error = failure_of(Statement("fail()", "from faulty import fail"))
    lines = str(error).splitlines()
    assert lines[0] == "the statement of 'mine' failed in its worker:"
    assert lines[-1] == "ValueError: no such channel"
    assert str(error).count("no such channel'") + str(error).count("ValueError: no such channel") == 2  # and the source
    assert "worker.py" not in str(error)
    assert error.summary == "the statement of 'mine' failed in its worker: ValueError: no such channel"


def test_a_cause_is_reported_too() -> None:
    statement = textwrap.dedent("""
        try:
            {}["key"]
        except KeyError as error:
            raise LookupError("not there") from error
    """)
    text = str(failure_of(Statement(statement)))
    assert text.index("KeyError: 'key'") < text.index("The above exception was the direct cause")
    assert text.endswith("LookupError: not there")
