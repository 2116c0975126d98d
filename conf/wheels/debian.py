"""CPythons that are newer than this machine's Debian: those of Debian's next release, in a separate folder.

`debootstrap` makes a minimal Debian in ``target/debian``.  Its interpreters run from there with its own loader and C
library.  There is no chroot and nothing is mounted into the folder, so it can be removed like any other folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "target" / "debian"
SUITE = "forky"
VERSIONS = ("3.14", "3.15")
"""The versions in the suite."""
SOURCE = "http://deb.debian.org/debian"
"""The default address, if this machine's sources name no other."""
MARK = Path("/etc/debian_version")
PROGRAMS = Path("usr", "local", "bin")


class DebianError(Exception):
    """The interpreters cannot be made; the message is for the user."""


def interpreter(version: str, folder: Path = FOLDER) -> Path:
    """Return the path of a version's interpreter, which may not exist yet."""
    return folder / PROGRAMS / f"python{version}"


def make(versions: Sequence[str], folder: Path = FOLDER) -> None:
    """Make interpreters of these versions, unless they already exist; takes about a minute and 400 MB.

    Raises
    ------
    DebianError
        If this is not Debian, the user is not root, there is no network, or the suite lacks a version.
    """
    if unknown := [version for version in versions if version not in VERSIONS]:
        message = f"Debian's suite {SUITE} has CPython {' and '.join(VERSIONS)}, but not {', '.join(unknown)}"
        raise DebianError(message)
    refuse_elsewhere()
    if all(interpreter(version, folder).is_file() for version in versions):
        return
    if shutil.which("debootstrap") is None:
        install_debootstrap()
    source = source_of_this_machine()
    unfinished = folder.with_name(folder.name + ".unfinished")
    remove(unfinished)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    packages = ",".join(f"python{version}" for version in VERSIONS)
    # debootstrap mounts /proc and /sys during its work.  In a mount namespace only debootstrap sees these mounts, and
    # they disappear when it ends for any reason.
    options = ["--variant=minbase", f"--include={packages}"]
    made = run(["unshare", "--mount", "debootstrap", *options, SUITE, str(unfinished), source, "sid"])
    if made.returncode:
        remove(unfinished)
        message = f"debootstrap could not make {SUITE} from {source}: {last_line(made)}; is there a network?"
        raise DebianError(message)
    remove(folder)
    unfinished.rename(folder)
    for version in VERSIONS:
        write_starter(version, folder)


def refuse_elsewhere() -> None:
    """Refuse a system on which the interpreters cannot be made."""
    if sys.platform != "linux" or shutil.which("apt-get") is None or not MARK.exists():
        message = "--debian needs Debian with apt-get; elsewhere use pyenv or `uv python install 3.15`"
        raise DebianError(message)
    if os.geteuid() != 0:
        message = "--debian needs root, because debootstrap does; run it as root, or use `uv python install 3.15`"
        raise DebianError(message)


def install_debootstrap() -> None:
    """Install debootstrap from this machine's own Debian."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", "debootstrap"]):
        answer = run(["apt-get", "-o", "Acquire::Retries=3", *command], environment)
        # An update that reached only some sources is enough if debootstrap is in one of them.
        if answer.returncode and command[0] == "install":
            message = f"apt-get could not install debootstrap: {last_line(answer)}; is there a network?"
            raise DebianError(message)


def source_of_this_machine() -> str:
    """Return the address from which this machine gets Debian, such as a mirror in its own network."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian"]
    lines = run(command).stdout.split()
    return lines[0].rstrip("/") if lines else SOURCE


def write_starter(version: str, folder: Path) -> None:
    """Write the program that starts an interpreter with the loader and the libraries of its folder.

    The loader passes on the name of the called program, by which Python finds its virtual environment.
    """
    loaders = sorted(folder.glob("usr/lib/*-linux-gnu/ld-linux-*.so.*"))
    binary = folder / "usr" / "bin" / f"python{version}"
    if not loaders or not binary.is_file():
        message = f"{folder} has no {'loader' if binary.is_file() else binary.name}; remove the folder and try again"
        raise DebianError(message)
    command = f"exec '{loaders[0]}' --library-path '{loaders[0].parent}' --argv0 \"$0\" '{binary}' \"$@\""
    starter = interpreter(version, folder)
    starter.parent.mkdir(parents=True, exist_ok=True)
    starter.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    starter.chmod(0o755)


def remove(folder: Path) -> None:
    """Remove a folder, unless something is mounted in it, whose files would be removed too."""
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    if inside := [name for name in mounted if name == str(folder) or name.startswith(f"{folder}/")]:
        message = f"{inside[0]} is mounted; unmount it first, because removing {folder} would remove its files"
        raise DebianError(message)
    shutil.rmtree(folder, ignore_errors=True)


def run(command: Sequence[str], environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program and capture its output."""
    return subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)


def last_line(answer: subprocess.CompletedProcess[str]) -> str:
    """Return the last error of a program, or its last line; debootstrap writes errors to standard output."""
    lines = [line for text in (answer.stdout, answer.stderr) for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E:", "W: Failure", "W: Couldn't"))] or lines
    return errors[-1].strip() if errors else f"it ended with status {answer.returncode} and no output"
