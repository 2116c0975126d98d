"""The machine a run was made on: never a host name, a user name or a path."""

from __future__ import annotations

import os
import platform
import re
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from evenhand.runs import surroundings

KIT = "evenhand"
LOADED = 0.5
"""A load average above this at start means that something else was running."""


def machine(packages: Iterable[str] = ()) -> dict[str, Any]:
    """Describe the machine, the interpreter and the packages.

    Parameters
    ----------
    packages : iterable of str
        The distributions that are measured.  What they require is listed with its version, as what this kit requires
        is: contenders, and what measures them.

    Returns
    -------
    dict
        JSON values; None where a thing cannot be known here.  ``notes`` holds sentences on what is likely to
        disturb a measurement begun now: load, a governor that scales, a battery.

    Examples
    --------
    >>> import evenhand as bench
    >>> machine = bench.machine()
    >>> machine["usable_cores"] >= 1, machine["implementation"]
    (True, 'CPython')
    """
    found: dict[str, Any] = {
        "cpu": cpu_model(),
        "physical_cores": psutil.cpu_count(logical=False),
        "logical_cores": psutil.cpu_count(),
        "usable_cores": usable_cores(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.system(),
        "release": platform.release(),
        "distribution": distribution(),
        "architecture": platform.machine(),
        **python(),
        **surroundings.frequency(),
        **surroundings.isolation(),
        "on_battery": surroundings.on_battery(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "packages": companions([KIT, *packages]),
    }
    return found | {"notes": notes(found)}


def notes(found: Mapping[str, Any]) -> list[str]:
    """What is likely to disturb, each a sentence."""
    said = []
    if found["load"] is not None and found["load"] > LOADED:
        said.append(f"the load average at start was {found['load']:.2f}: something else was running, or had just been")
    if surroundings.scales(found["governor"]):
        said.append(f"the frequency governor is {found['governor']}: the clock rate follows the load")
    if found["on_battery"]:
        said.append("the machine runs on battery, which may slow it down")
    return said


def python() -> dict[str, Any]:
    """The interpreter and how it was built."""
    flags = " ".join(str(sysconfig.get_config_var(name) or "") for name in ("CONFIG_ARGS", "PY_CFLAGS", "OPT"))
    # The installers for Windows are optimised and keep no record of it; nor do the packages of Debian.
    unrecorded = sys.platform == "win32" or (
        bool(sysconfig.get_config_var("PGO_PROF_GEN_FLAG")) and not sysconfig.get_config_var("PGO_PROF_USE_FLAG")
    )
    marked = "--enable-optimizations" in flags or "-fprofile-use" in flags
    linked = "--with-lto" in flags or "-flto" in flags
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "compiler": platform.python_compiler(),
        "optimised": marked or (None if unrecorded else False),
        "link_time_optimised": linked or (None if unrecorded else False),
        "debug": hasattr(sys, "gettotalrefcount"),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "gil_enabled": bool(getattr(sys, "_is_gil_enabled", lambda: True)()),
    }


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    if sys.platform == "darwin":
        return surroundings.output("sysctl", "-n", "machdep.cpu.brand_string") or "unknown"
    if sys.platform == "win32":
        import winreg

        place = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
                return str(winreg.QueryValueEx(key, "ProcessorNameString")[0]).strip()
        except OSError:
            return platform.processor() or "unknown"
    for line in surroundings.text(Path("/proc/cpuinfo")).splitlines():
        if line.startswith(("model name", "Model")):
            return line.partition(":")[2].strip()
    for line in surroundings.output("lscpu").splitlines():  # ARM's cpuinfo has numbers, which lscpu knows the names of
        if line.startswith("Model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def usable_cores() -> float | None:
    """The cores that this process may use: its affinity, or less where a control group allows less."""
    try:
        allowed = len(psutil.Process().cpu_affinity() or ())
    except AttributeError:
        allowed = psutil.cpu_count() or 0  # macOS pins nothing
    quota = surroundings.quota_cores()
    cores = min(allowed, quota) if quota else allowed
    return cores or None


def distribution() -> str | None:
    """The operating system's name and version as its users know it."""
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    if sys.platform == "win32":
        return f"Windows {platform.release()} {platform.version()}"
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return None
    return release.get("PRETTY_NAME") or release.get("NAME")


def version_of(package: str) -> str | None:
    """The installed version of a package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def companions(names: Sequence[str]) -> dict[str, str]:
    """The versions of the installed distributions that these require, also by one of their extras, by name."""
    required = {re.split(r"[^\w.-]", line, maxsplit=1)[0] for name in names for line in requirements(name)}
    return {name: found for name in sorted(required.difference(names), key=str.lower) if (found := version_of(name))}


def requirements(package: str) -> list[str]:
    """What a distribution requires, one line each; none where it is not installed."""
    try:
        return metadata.requires(package) or []
    except metadata.PackageNotFoundError:
        return []
