"""The description of the machine: its facts, no private ones, and notes on likely disturbances."""

from __future__ import annotations

import getpass
import json
import platform
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import pytest

from evenhand.runs import surroundings
from evenhand.runs.machine import cpu_model, machine, notes, python, usable_cores

QUIET = {"load": 0.1, "governor": "performance", "on_battery": False}


def files(monkeypatch: pytest.MonkeyPatch, **contents: str) -> None:
    """Replace system files, by the end of their path; all others are empty."""
    ends = {name.replace("__", "/").replace("DOT", "."): value for name, value in contents.items()}

    def text(path: Path) -> str:
        return next((value for end, value in ends.items() if path.as_posix().endswith(end)), "")

    monkeypatch.setattr(surroundings, "text", text)
    monkeypatch.setattr(sys, "platform", "linux")


def test_machine_is_json() -> None:
    found = machine()
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_machine_has_no_host_no_user_and_no_path() -> None:
    text = json.dumps(machine())
    private = {platform.node(), getpass.getuser(), str(Path.home()), sys.prefix, str(Path.cwd()), sys.executable}
    # A user's name may be part of any word, but not a whole word.
    words = set(text.replace('"', " ").replace(",", " ").split())
    assert not [name for name in private if name in words or (len(name) > 4 and name in text)]


def test_machine_has_the_facts_that_a_reader_needs() -> None:
    found = machine()
    assert found["cpu"]
    assert found["logical_cores"] == psutil.cpu_count()
    assert 0 < found["usable_cores"] <= found["logical_cores"]
    assert found["memory_bytes"] == psutil.virtual_memory().total
    assert found["python"] == platform.python_version()
    assert found["implementation"] == platform.python_implementation()
    assert {"numpy", "scipy", "pandas"} <= set(found["packages"])


GENERATES, USES = {"PGO_PROF_GEN_FLAG": "-fprofile-generate"}, {"PGO_PROF_USE_FLAG": "-fprofile-use"}


@pytest.mark.parametrize(
    ("system", "variables", "optimised"),
    [
        ("linux", GENERATES | USES | {"CONFIG_ARGS": "'--enable-optimizations' '--with-lto'"}, (True, True)),
        ("linux", GENERATES | USES | {"PY_CFLAGS": "-O3 -fprofile-use -flto"}, (True, True)),
        ("linux", GENERATES | USES | {"CONFIG_ARGS": "'--enable-shared'"}, (False, False)),
        ("linux", GENERATES | {"CONFIG_ARGS": "'--enable-shared'"}, (None, None)),  # as Debian's
        ("win32", {}, (None, None)),
    ],
)
def test_optimisation_of_the_interpreter_is_known_if_its_build_records_it(
    monkeypatch: pytest.MonkeyPatch, system: str, variables: dict[str, str], optimised: tuple[bool | None, bool | None]
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(sysconfig, "get_config_var", variables.get)
    found = python()
    assert (found["optimised"], found["link_time_optimised"]) == optimised


def test_the_packages_are_the_requirements_of_measured_ones_including_extras(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    required = {"mine": ["numpy>=2", "bottleneck>=1.5; extra == 'bench'", "other[extra]; extra == 'bench'"]}
    installed = {"numpy": "2.4", "bottleneck": "1.6", "evenhand": "0.1", "scipy": "1.17"}

    def version(name: str) -> str:
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(metadata, "requires", required.get)
    monkeypatch.setattr(metadata, "version", version)
    assert machine(["mine"])["packages"] == {"bottleneck": "1.6", "numpy": "2.4"}
    assert machine()["packages"] == {}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"load": 1.5}, "the load average at the start was 1.50: something else was running or had just finished"),
        ({"governor": "powersave"}, "the frequency governor is powersave: the clock rate follows the load"),
        ({"on_battery": True}, "the machine runs on battery, which may slow it down"),
    ],
)
def test_likely_disturbances_are_noted(changed: dict[str, Any], sentence: str) -> None:
    assert notes(QUIET | changed) == [sentence]


@pytest.mark.parametrize("unknown", [{}, {"load": None, "governor": None, "on_battery": None}])
def test_quiet_or_unknown_gets_no_note(unknown: dict[str, Any]) -> None:
    assert notes(QUIET | unknown) == []


def test_processor_is_named_by_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    files(monkeypatch, proc__cpuinfo="processor\t: 0\nmodel name\t: Fast 9000\nflags\t: fpu")
    assert cpu_model() == "Fast 9000"


def test_processor_without_a_model_is_asked_for_by_command(monkeypatch: pytest.MonkeyPatch) -> None:
    files(monkeypatch, proc__cpuinfo="processor\t: 0\nCPU implementer\t: 0x41")
    monkeypatch.setattr(surroundings, "output", lambda *_: "Architecture: aarch64\nModel name:   Neoverse-N1")
    assert cpu_model() == "Neoverse-N1"


@pytest.mark.parametrize(
    ("limit", "cores"), [("max 100000", None), ("150000 100000", 1.5), ("50000 100000", 0.5), ("", None)]
)
def test_limit_of_the_control_group_is_read(monkeypatch: pytest.MonkeyPatch, limit: str, cores: float | None) -> None:
    files(monkeypatch, cpuDOTmax=limit)
    assert surroundings.quota_cores() == cores


def test_older_control_group_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    files(monkeypatch, cfs_quota_us="200000", cfs_period_us="100000")
    assert surroundings.quota_cores() == 2.0


def test_usable_cores_are_no_more_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "quota_cores", lambda: 0.5)
    assert usable_cores() == 0.5


@pytest.mark.parametrize(
    ("contents", "turbo"),
    [
        ({"boost": "1"}, True),
        ({"boost": "0"}, False),
        ({"no_turbo": "1"}, False),
        ({"no_turbo": "0"}, True),
        ({}, None),
    ],
)
def test_turbo_is_read_from_the_driver(
    monkeypatch: pytest.MonkeyPatch, contents: dict[str, str], turbo: bool | None
) -> None:
    files(monkeypatch, **contents)
    assert surroundings.frequency()["turbo"] is turbo


@pytest.mark.parametrize(
    ("governor", "scaling"),
    [
        ("performance", False),
        ("userspace", False),
        (None, False),
        ("schedutil", True),
        ("performance, powersave", True),
    ],
)
def test_governor_that_follows_the_load_is_recognised(governor: str | None, scaling: bool) -> None:
    assert surroundings.scales(governor) is scaling


@pytest.mark.parametrize(
    ("contents", "vendor"),
    [
        ({"cpuinfo": "flags\t: fpu hypervisor", "sys_vendor": "QEMU"}, "QEMU"),
        ({"cpuinfo": "flags\t: fpu hypervisor"}, "unnamed"),
        ({"cpuinfo": "flags\t: fpu", "sys_vendor": "Dell Inc."}, "none"),
        ({"cpuinfo": "Features\t: fp asimd"}, None),
    ],
)
def test_known_hypervisor_is_named(
    monkeypatch: pytest.MonkeyPatch, contents: dict[str, str], vendor: str | None
) -> None:
    files(monkeypatch, **contents)
    assert surroundings.virtual_machine() == vendor


@pytest.mark.parametrize(
    ("groups", "kind"),
    [("0::/kubepods/pod1", "kubernetes"), ("0::/docker/ab12", "docker"), ("0::/init.scope", "none")],
)
def test_container_is_known_by_its_control_group(monkeypatch: pytest.MonkeyPatch, groups: str, kind: str) -> None:
    files(monkeypatch, cgroup=groups)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert surroundings.container() == kind


def test_missing_command_has_no_output() -> None:
    assert surroundings.output("no-such-command-anywhere") == ""
