"""Shared imports happen once, in servers that fork the workers: the tree of servers, and a round's processes."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from evenhand import Statement
from evenhand.measure.round import FEWEST_WORKERS, alive, shared_imports
from evenhand.measure.shared_imports import WORTH_A_SERVER, SharedImports

FORKS = pytest.mark.skipif(sys.platform != "linux", reason="workers fork on Linux only")
MANY = [f"of_two_{number}" for number in range(WORTH_A_SERVER)]
FEW = MANY[: WORTH_A_SERVER - 1]


def number_of(worker) -> int:
    """Return the id of a worker's process."""
    asked = {"do": "observe", "size": None, "columns": ["pid"], "expression": "{'pid': __import__('os').getpid()}"}
    return int(worker.ask(asked)["numbers"]["pid"])


def test_one_server_imports_what_all_share_and_another_what_only_some_share() -> None:
    found = SharedImports.of({"a": ["os", *MANY], "b": ["os", "json"], "c": [*MANY, "os"], "d": ["os"]})
    assert found == SharedImports(("os",), ("b", "d"), (SharedImports(tuple(MANY), ("a", "c")),))


def test_a_server_that_would_save_too_few_imports_is_not_started() -> None:
    found = SharedImports.of({"a": ["os", *FEW], "b": ["os"], "c": ["os", *FEW]})
    assert found == SharedImports(("os",), ("a", "b", "c"))


def test_the_group_that_saves_most_comes_first_and_may_have_groups_within_it() -> None:
    within = [f"of_three_{number}" for number in range(WORTH_A_SERVER)]
    found = SharedImports.of({"a": [*within, *MANY], "b": [*within, *MANY], "c": within, "d": []})
    inner = SharedImports(tuple(MANY), ("a", "b"))
    assert found == SharedImports((), ("d",), (SharedImports(tuple(within), ("c",), (inner,)),))


@FORKS
def test_workers_fork_from_the_server_that_has_what_they_share_and_all_end_with_the_round() -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    shared = SharedImports((), ("alone", "other"), (SharedImports(("decimal", "email.message"), ("one", "two")),))
    stated = {name: Statement("1") for name in ("one", "alone", "two", "other")}
    with alive(stated, shared=shared) as workers:
        told = {name: worker.ask({"do": "imports"})["modules"] for name, worker in workers.items()}
        assert {name for name, modules in told.items() if "email.message" in modules} == {"one", "two"}
        pids = {name: number_of(worker) for name, worker in workers.items()}
        parents = {name: psutil.Process(pid).ppid() for name, pid in pids.items()}
        assert parents["one"] == parents["two"] != parents["alone"] == parents["other"]
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


@FORKS
def test_if_an_import_starts_a_thread_the_workers_fork_from_the_server_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
    (tmp_path / "busy_module.py").write_text(starts, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    shared = SharedImports((), ("alone",), (SharedImports(("busy_module",), ("one", "two")),))
    with alive({name: Statement("1") for name in ("one", "two", "alone")}, shared=shared) as workers:
        parents = {psutil.Process(number_of(worker)).ppid() for worker in workers.values()}
        assert len(parents) == 1
        assert all("busy_module" not in worker.ask({"do": "imports"})["modules"] for worker in workers.values())


@FORKS
def test_the_tree_is_made_of_what_the_workers_of_the_first_round_have_imported() -> None:
    heavy = "import email.message, decimal, http.client, xml.dom.minidom"
    stated = {"one": Statement("1", heavy), "two": Statement("1", heavy), "light": Statement("1")}
    assert len(stated) >= FEWEST_WORKERS
    with alive(stated) as workers:
        shared = shared_imports(workers)
    [server] = shared.servers
    assert shared.workers == ("light",)
    assert set(server.workers) == {"one", "two"}
    assert {"email.message", "http.client"} <= set(server.modules)
    assert "http.client" not in shared.modules
