"""Signals whose exceptions are not lost.

Python raises the exception of a signal in whatever the main thread executes.  In a finalizer, or in the callback of a
weak reference, it only reports it: the program goes on.  Threads and executors that end leave such callbacks, and a
round has many of them.
"""

from __future__ import annotations

import signal
import threading
from functools import partial
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Remembers what the handlers of signals raise, as a context manager around the work that they interrupt.

    Handlers are those that were installed before, such as Python's own of Ctrl-C.  Only the main thread has any.
    """

    def __init__(self) -> None:
        self._earlier: dict[int, Any] = {}
        self._raised: BaseException | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._earlier = {number: handler for number in SIGNALS if callable(handler := signal.getsignal(number))}
            for number, handler in self._earlier.items():
                signal.signal(number, partial(self._remember, handler))
        return self

    def __exit__(self, *raised: object) -> None:
        for number, handler in self._earlier.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """Raise what a handler has raised, if it did not arrive."""
        if self._raised is not None:
            raise self._raised

    def _remember(self, handler: Any, number: int, frame: FrameType | None) -> None:
        try:
            handler(number, frame)
        except BaseException as error:
            self._raised = error
            raise
