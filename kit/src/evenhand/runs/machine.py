"""The description of a run's machine, without host names, user names or paths."""

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
"""A higher load average at the start means that something else was running."""


def machine(packages: Iterable[str] = ()) -> dict[str, Any]:
    """Describe the machine, the interpreter and the packages.

    Parameters
    ----------
    packages : iterable of str
        The measured distributions.  Their requirements and those of this kit are listed with their versions.

    Returns
    -------
    dict
        JSON values; None for unknown facts.  ``notes`` has sentences on likely disturbances of a measurement: load, a
        frequency governor that scales, a battery.

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
    """Return a sentence on each likely disturbance."""
    sentences = []
    if found["load"] is not None and found["load"] > LOADED:
        sentences.append(
            f"the load average at the start was {found['load']:.2f}: something else was running or had just finished"
        )
    if surroundings.scales(found["governor"]):
        sentences.append(f"the frequency governor is {found['governor']}: the clock rate follows the load")
    if found["on_battery"]:
        sentences.append("the machine runs on battery, which may slow it down")
    return sentences


def python() -> dict[str, Any]:
    """Describe the interpreter and its build."""
    flags = " ".join(str(sysconfig.get_config_var(name) or "") for name in ("CONFIG_ARGS", "PY_CFLAGS", "OPT"))
    # The Windows installers and Debian's packages are optimised without a record of it.
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
    """Return the processor's name from the system."""
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
    for line in surroundings.output("lscpu").splitlines():  # ARM's cpuinfo has only numbers; lscpu has names
        if line.startswith("Model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def usable_cores() -> float | None:
    """Return the number of cores that this process may use: its affinity, or the control group's limit if lower."""
    try:
        allowed = len(psutil.Process().cpu_affinity() or ())
    except AttributeError:
        allowed = psutil.cpu_count() or 0  # macOS has no affinity
    quota = surroundings.quota_cores()
    cores = min(allowed, quota) if quota else allowed
    return cores or None


def distribution() -> str | None:
    """Return the operating system's common name and version."""
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
    """Return the installed version of a package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def companions(names: Sequence[str]) -> dict[str, str]:
    """Return the versions of the installed requirements of some distributions, including those of extras, by name."""
    required = {re.split(r"[^\w.-]", line, maxsplit=1)[0] for name in names for line in requirements(name)}
    return {name: found for name in sorted(required.difference(names), key=str.lower) if (found := version_of(name))}


def requirements(package: str) -> list[str]:
    """Return the requirements of a distribution, one line each; empty if it is not installed."""
    try:
        return metadata.requires(package) or []
    except metadata.PackageNotFoundError:
        return []
