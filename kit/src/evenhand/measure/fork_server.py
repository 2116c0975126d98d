"""Forked workers: a fresh interpreter imports what they share, so that each worker starts at once.

A server forks another server for workers that share more than all workers do.  Servers live for one round, as their
workers do, so that rounds stay independent: each draws new hash seeds and new places of code in memory.  They are used
only where a fork is safe, on Linux and with one thread; elsewhere, and in the first round, which finds out what is
shared, each worker is an interpreter started afresh.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self


class ForkServer:
    """A fresh interpreter from which workers fork, or a fork of one.

    Parameters
    ----------
    link : socket
        Our end of its connection.
    timeout : float
        Seconds that a request may take.
    process : subprocess.Popen, optional
        The interpreter; None for a fork, which ends when its connection closes and is reaped by its parent server.
    """

    def __init__(self, link: socket.socket, timeout: float, process: subprocess.Popen[bytes] | None = None) -> None:
        self.timeout = timeout
        self._link = link
        self._lock = threading.Lock()
        self._answers = link.makefile("rb")
        self._process = process
        link.settimeout(timeout)

    @classmethod
    def start(cls, python: str, worker: Path, timeout: float) -> Self:
        """Start an interpreter.

        Parameters
        ----------
        python : str
            The interpreter.
        worker : Path
            The program to run.
        timeout : float
            Seconds that a request may take.
        """
        link, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own file, with an interpreter that the caller names
                [python, "-P", str(worker), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        return cls(link, timeout, process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._answers.close()
        self._link.close()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=1)
            self._process.kill()
            self._process.wait()

    def load(self, modules: Sequence[str]) -> bool:
        """Import modules; return whether a fork is safe afterwards, that is, whether there is only one thread."""
        try:
            return bool(self._ask({"do": "import", "modules": list(modules)}).get("threads") == 1)
        except (OSError, ValueError):
            return False

    def branch(self) -> ForkServer:
        """Fork a server with the modules that this one has imported.

        Raises
        ------
        OSError
            If this server has ended.
        """
        link, theirs = socket.socketpair()
        with theirs:
            try:
                self._ask({"do": "branch"}, [theirs.fileno()])
            except BaseException:
                link.close()
                raise
        return ForkServer(link, self.timeout)

    def fork(self, errors: IO[bytes]) -> Forked:
        """Start a worker whose standard error goes to a file.

        Raises
        ------
        OSError
            If the server has ended.
        """
        requests, answers = os.pipe(), os.pipe()
        try:
            answer = self._ask({"do": "fork"}, [requests[0], answers[1], errors.fileno()])
        except BaseException:
            for end in (requests[1], answers[0]):
                os.close(end)
            raise
        finally:
            for end in (requests[0], answers[1]):
                os.close(end)
        return Forked(self, answer["pid"], os.fdopen(requests[1], "wb"), os.fdopen(answers[0], "rb"))

    def status(self, pid: int, seconds: float) -> int | None:
        """The exit status of a worker; None when it is still alive after `seconds`."""
        found: int | None = self._ask({"do": "wait", "pid": pid, "seconds": seconds})["status"]
        return found

    def _ask(self, request: Mapping[str, Any], files: Sequence[int] = ()) -> dict[str, Any]:
        with self._lock:
            socket.send_fds(self._link, [json.dumps(request).encode()], list(files))
            line = self._answers.readline()
        if not line:
            message = "the fork server ended"
            raise OSError(message)
        answer: dict[str, Any] = json.loads(line)
        return answer


class Forked:
    """A forked worker, with the interface of `subprocess.Popen`.

    Parameters
    ----------
    server : ForkServer
        Its parent.
    pid : int
        The process.
    stdin, stdout : binary file
        Our ends of its pipes.
    """

    def __init__(self, server: ForkServer, pid: int, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self._server = server
        self._pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self.returncode: int | None = None

    def kill(self) -> None:
        """End it at once; its number cannot be reused until its server has waited for it."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended.

        Raises
        ------
        subprocess.TimeoutExpired
            If it is still alive after `timeout` seconds.
        """
        timeout = self._server.timeout if timeout is None else timeout
        if self.returncode is None:
            self.returncode = self._server.status(self._pid, timeout)
        if self.returncode is None:
            command = "a forked worker"
            raise subprocess.TimeoutExpired(command, timeout)
        return self.returncode
