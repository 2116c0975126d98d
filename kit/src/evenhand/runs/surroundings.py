"""The machine's environment as far as the system reports it: clock rate, battery, container and hypervisor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

SYSTEM_CPU = Path("/sys/devices/system/cpu")
CONTAINERS = {"kubepods": "kubernetes", "docker": "docker", "libpod": "podman", "lxc": "lxc"}


def frequency() -> dict[str, Any]:
    """Return the processor's governor and turbo state; None if they cannot be read."""
    governors = {text(path) for path in SYSTEM_CPU.glob("cpu[0-9]*/cpufreq/scaling_governor")} - {""}
    boost, no_turbo = text(SYSTEM_CPU / "cpufreq" / "boost"), text(SYSTEM_CPU / "intel_pstate" / "no_turbo")
    turbo = boost == "1" if boost else no_turbo == "0" if no_turbo else None
    return {"governor": ", ".join(sorted(governors)) or None, "turbo": turbo}


def scales(governor: str | None) -> bool:
    """Whether the clock rate follows the load with this governor."""
    return governor is not None and governor not in ("performance", "userspace")


def on_battery() -> bool | None:
    """Whether the machine runs on battery; None if it has no battery or this is unknown."""
    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError, RuntimeError):
        return None  # a platform or container without these sensors
    return None if battery is None or battery.power_plugged is None else not battery.power_plugged


def isolation() -> dict[str, Any]:
    """Return the container and the virtual machine of this process: a name, ``"none"``, or None if unknown."""
    return {"container": container(), "virtual_machine": virtual_machine()}


def container() -> str | None:
    """Return the kind of container that this process runs in."""
    if sys.platform != "linux":
        return None
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        return "kubernetes"
    if Path("/.dockerenv").exists():
        return "docker"
    if Path("/run/.containerenv").exists():
        return "podman"
    if named := text(Path("/run/systemd/container")):
        return named
    groups = text(Path("/proc/1/cgroup"))
    return next((kind for mark, kind in CONTAINERS.items() if mark in groups), "none")


def virtual_machine() -> str | None:
    """Return the hypervisor's name from the firmware, or ``"unnamed"``."""
    if sys.platform == "darwin":
        return {"0": "none", "1": "unnamed"}.get(output("sysctl", "-n", "kern.hv_vmm_present"))
    if sys.platform != "linux":
        return None
    flags = next((line for line in text(Path("/proc/cpuinfo")).splitlines() if line.startswith("flags")), "")
    if not flags:
        return None  # only x86 processors have a flag for it
    if " hypervisor" not in flags:
        return "none"
    return text(Path("/sys/class/dmi/id/sys_vendor")) or "unnamed"


def quota_cores() -> float | None:
    """Return the number of cores that the control group allows; None without a limit."""
    quota, _, period = text(Path("/sys/fs/cgroup/cpu.max")).partition(" ")
    if not quota:
        folder = Path("/sys/fs/cgroup/cpu")
        quota, period = text(folder / "cpu.cfs_quota_us"), text(folder / "cpu.cfs_period_us")
    try:
        cores = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):
        return None  # "max", or a system without control groups
    return round(cores, 2) if cores > 0 else None


def text(path: Path) -> str:
    """Return the content of a system file; empty if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def output(*command: str) -> str:
    """Return the output of a system command; empty if it does not exist or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
