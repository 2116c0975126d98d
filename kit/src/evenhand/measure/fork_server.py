"""Workers that are forked: of a fresh interpreter that has imported what they share, so that each starts at once.

A server forks another one for workers that share more than all do.  Servers live for one round, as their workers do, so
that rounds stay independent of one another: hash seeds and the places of code in memory are drawn anew for each.  They
serve only where a fork is safe, on Linux and with one thread; elsewhere each worker is an interpreter of its own, as in
the first round, which finds out what is shared.
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
    """A fresh interpreter from which workers fork, or a fork of one from which others do.

    Parameters
    ----------
    link : socket
        Our end of its line.
    timeout : float
        Seconds that a request may take.
    process : subprocess.Popen, optional
        The interpreter; None for a fork, which ends when its line does and is waited for by the server before it.
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
            The program that it runs.
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
        """Import modules; tell whether a fork is safe after that, which is where there is one thread."""
        try:
            return bool(self._ask({"do": "import", "modules": list(modules)}).get("threads") == 1)
        except (OSError, ValueError):
            return False

    def branch(self) -> ForkServer:
        """Fork a server that has imported what this one has.

        Raises
        ------
        OSError
            If this one is gone.
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
        """Make a worker, whose standard error goes to a file.

        Raises
        ------
        OSError
            If the server is gone.
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
        """How a worker ended; None when it lives after so many seconds."""
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
    """A worker that was forked, as `subprocess.Popen` shows one that was spawned.

    Parameters
    ----------
    server : ForkServer
        Whose child it is.
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
        """End it at once; until its server has waited for it, nobody else has its number."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended.

        Raises
        ------
        subprocess.TimeoutExpired
            If it lives after so many seconds.
        """
        timeout = self._server.timeout if timeout is None else timeout
        if self.returncode is None:
            self.returncode = self._server.status(self._pid, timeout)
        if self.returncode is None:
            command = "a forked worker"
            raise subprocess.TimeoutExpired(command, timeout)
        return self.returncode
