"""A worker process as seen from outside: started, asked, ended."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from evenhand.measure.fork_server import Forked, ForkServer
from evenhand.measure.statement import Harness, Statement

WORKER = Path(__file__).with_name("worker.py")
TIMEOUT = 120.0
"""Seconds that a single request may take by default; a worker that hangs is ended, and the error names it."""


class WorkerError(RuntimeError):
    """A statement failed in its worker, or the worker died or did not answer.

    Parameters
    ----------
    message : str
        What happened.
    raised : str
        The class of the exception that the statement raised; empty when the worker itself failed.
    summary : str
        What happened, in one line; by default the first line of the message.

    Examples
    --------
    >>> import evenhand as bench
    >>> try:
    ...     bench.compare({"wrong": "1 / 0"})
    ... except bench.WorkerError as error:
    ...     print(error)
    the statement of 'wrong' failed in its worker: ZeroDivisionError: division by zero
    """

    def __init__(self, message: str, raised: str = "", summary: str = "") -> None:
        super().__init__(message)
        self.raised = raised
        self.summary = summary or message.partition("\n")[0]


class WorkerProcess:
    """A fresh interpreter with one statement.

    Parameters
    ----------
    name : str
        The contender, for messages.
    statement : Statement
        What to measure, and in which interpreter.
    core : int, optional
        The core to pin it to; by default the system chooses.
    timeout : float
        Seconds that a request may take by default.
    under : sequence of str
        A command that runs the interpreter, such as valgrind.
    environment : mapping of str to str
        Further environment variables.
    harness : Harness, optional
        What surrounds the statement; by default what the statement needs when it is alone.
    server : ForkServer, optional
        The server to fork from; by default the worker is a fresh interpreter.
    """

    def __init__(
        self,
        name: str,
        statement: Statement,
        core: int | None = None,
        timeout: float = TIMEOUT,
        under: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        harness: Harness | None = None,
        server: ForkServer | None = None,
    ) -> None:
        self.name = name
        self.timeout = timeout
        begin = time.perf_counter()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        process: subprocess.Popen[bytes] | Forked | None = forked(server, self._errors)
        if process is None:
            process = subprocess.Popen(  # noqa: S603 - our own file, with an interpreter that the caller names
                [*under, statement.python or sys.executable, "-P", str(WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=None if environment is None else {**os.environ, **environment},
            )
        self._process = process
        try:
            if core is not None:
                self.ask({"do": "pin", "core": core})
            self.ask(statement.request(harness))
        except BaseException:
            self.close()
            raise
        self.start_seconds = time.perf_counter() - begin

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, request: dict[str, Any], timeout: float | None = None) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Raises
        ------
        WorkerError
            If the statement raised, or the worker died or did not answer within `timeout` seconds.
        """
        timeout = self.timeout if timeout is None else timeout
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        overdue = threading.Event()

        def end() -> None:
            overdue.set()
            process.kill()

        timer = threading.Timer(timeout, end)
        timer.daemon = True
        timer.start()
        try:
            pickle.dump(request, process.stdin)
            process.stdin.flush()
            answer: dict[str, Any] = pickle.load(process.stdout)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            process.wait()
            why = f"did not answer within {timeout:g} s" if overdue.is_set() else f"died (status {process.returncode})"
            message = f"the worker of {self.name!r} {why}{self._last_words()}"
            raise WorkerError(message) from None
        finally:
            timer.cancel()
        if "error" in answer:
            whole = str(answer["error"])
            summary = whole[whole.rfind("\n", 0, len(whole)) + 1 :]
            begin = f"the {answer['part']} of {self.name!r} failed in its worker:"
            message = f"{begin} {whole}" if "\n" not in whole else f"{begin}\n{whole}"
            raise WorkerError(message, answer["raised"], f"{begin} {summary}")
        return answer

    def kill(self) -> None:
        """End the process at once, from any thread; a caller that waits for its answer gets a `WorkerError`."""
        self._process.kill()

    def close(self) -> None:
        """End the process; kill it if it is busy."""
        process = self._process
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                # It may have died with a request unread; `ask` has reported that already.
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        try:
            process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._errors.close()

    def _last_words(self) -> str:
        self._errors.seek(0)
        text = self._errors.read().decode(errors="replace").strip()
        return f": {text[-2000:]}" if text else ""


def forked(server: ForkServer | None, errors: IO[bytes]) -> Forked | None:
    """Fork a worker; None without a server or if it has ended, because a fresh interpreter does the same work."""
    if server is None:
        return None
    try:
        return server.fork(errors)
    except OSError:
        return None
