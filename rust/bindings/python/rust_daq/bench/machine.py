"""The machine a run was made on: never a host name, a user name or a path."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Any

import psutil

PACKAGES = ("numpy", "pandas", "matplotlib", "msgspec", "scipy", "pyarrow")


def machine() -> dict[str, Any]:
    """Describe the machine, the interpreter and the packages.

    Returns
    -------
    dict
        JSON values.
    """
    return {
        "cpu": cpu_model(),
        "physical_cores": psutil.cpu_count(logical=False),
        "logical_cores": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": platform.system(),
        "release": platform.release(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "packages": {name: version for name in PACKAGES if (version := version_of(name))},
    }


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or "unknown"


def version_of(package: str) -> str | None:
    """The installed version of a package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
