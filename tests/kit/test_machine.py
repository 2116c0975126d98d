"""The machine: what is told of it, what never is, and what is said when it is likely to disturb."""

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


def files(monkeypatch: pytest.MonkeyPatch, **told: str) -> None:
    """Let the files of the system hold what is said, by the end of their path, and all others nothing."""
    ends = {name.replace("__", "/").replace("DOT", "."): value for name, value in told.items()}

    def text(path: Path) -> str:
        return next((value for end, value in ends.items() if path.as_posix().endswith(end)), "")

    monkeypatch.setattr(surroundings, "text", text)
    monkeypatch.setattr(sys, "platform", "linux")


def test_machine_is_json() -> None:
    found = machine()
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_machine_tells_no_host_no_user_and_no_path() -> None:
    text = json.dumps(machine())
    private = {platform.node(), getpass.getuser(), str(Path.home()), sys.prefix, str(Path.cwd()), sys.executable}
    # A user may be called as a part of any word; as a word of its own none is there.
    words = set(text.replace('"', " ").replace(",", " ").split())
    assert not [name for name in private if name in words or (len(name) > 4 and name in text)]


def test_machine_tells_what_a_reader_needs() -> None:
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
    ("system", "variables", "told"),
    [
        ("linux", GENERATES | USES | {"CONFIG_ARGS": "'--enable-optimizations' '--with-lto'"}, (True, True)),
        ("linux", GENERATES | USES | {"PY_CFLAGS": "-O3 -fprofile-use -flto"}, (True, True)),
        ("linux", GENERATES | USES | {"CONFIG_ARGS": "'--enable-shared'"}, (False, False)),
        ("linux", GENERATES | {"CONFIG_ARGS": "'--enable-shared'"}, (None, None)),  # as Debian's
        ("win32", {}, (None, None)),
    ],
)
def test_whether_the_interpreter_is_optimised_is_told_where_its_build_says_so(
    monkeypatch: pytest.MonkeyPatch, system: str, variables: dict[str, str], told: tuple[bool | None, bool | None]
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(sysconfig, "get_config_var", variables.get)
    found = python()
    assert (found["optimised"], found["link_time_optimised"]) == told


def test_the_packages_are_those_that_what_is_measured_requires_also_by_an_extra(
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
def test_what_is_likely_to_disturb_is_said(changed: dict[str, Any], sentence: str) -> None:
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
    ("told", "turbo"),
    [
        ({"boost": "1"}, True),
        ({"boost": "0"}, False),
        ({"no_turbo": "1"}, False),
        ({"no_turbo": "0"}, True),
        ({}, None),
    ],
)
def test_turbo_is_read_where_the_driver_tells(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, str], turbo: bool | None
) -> None:
    files(monkeypatch, **told)
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
def test_governor_that_follows_the_load_is_told_apart(governor: str | None, scaling: bool) -> None:
    assert surroundings.scales(governor) is scaling


@pytest.mark.parametrize(
    ("told", "vendor"),
    [
        ({"cpuinfo": "flags\t: fpu hypervisor", "sys_vendor": "QEMU"}, "QEMU"),
        ({"cpuinfo": "flags\t: fpu hypervisor"}, "unnamed"),
        ({"cpuinfo": "flags\t: fpu", "sys_vendor": "Dell Inc."}, "none"),
        ({"cpuinfo": "Features\t: fp asimd"}, None),
    ],
)
def test_hypervisor_is_named_where_it_can_be_known(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, str], vendor: str | None
) -> None:
    files(monkeypatch, **told)
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


def test_command_that_is_not_there_says_nothing() -> None:
    assert surroundings.output("no-such-command-anywhere") == ""
