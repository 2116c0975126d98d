"""The process in which a statement is timed.

One self-contained file, run by path, that imports neither `rust_daq` nor the rest of the kit: it works in any
environment that has a Python, and what is measured is never mixed with what measures.  It reads requests from
standard input and answers on what was standard output; both ends are processes of the kit, and no other pickle is
ever read.  Whatever the statement prints goes to standard error.
"""

from __future__ import annotations

import gc
import itertools
import os
import pickle
import signal
import sys
import time
from array import array
from collections import Counter
from typing import Any, BinaryIO

STATEMENT = "__statement__"

_COST = """
def measure(_loops, _timer, _repeat=_repeat):
    _iterator = _repeat(None, _loops)
    _begin = _timer()
    for _ in _iterator:
{body}
    return _timer() - _begin
"""

_CALLS = """
def measure(_times, _timer):
    for _index in range(len(_times)):
        _begin = _timer()
{body}
        _times[_index] = _timer() - _begin
"""


def compile_measure(template: str, source: str, repeats: int, namespace: dict[str, Any]) -> Any:
    """Compile `source`, repeated as text, into the loop of `template`."""
    lines = source.rstrip().splitlines() or ["pass"]
    body = "\n".join(" " * 8 + line for line in lines)
    code = template.format(body="\n".join([body] * repeats))
    names = {"_repeat": itertools.repeat}
    # The statement's names are the function's globals, as `timeit` has it with its `globals` argument.
    namespace.update(names)
    local: dict[str, Any] = {}
    exec(compile(code, "<statement>", "exec"), namespace, local)  # noqa: S102 - the statement is the user's own
    return local["measure"]


class Worker:
    """The statement, its names, and the ways to measure it."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {"__name__": "__worker__"}
        self.source = "pass"

    def prepare(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run the setup, then freeze what it left, so that the collector does not walk it again."""
        begin = time.perf_counter()
        if request.get("namespace") is not None:
            self.namespace.update(pickle.loads(request["namespace"]))
        setup = request.get("setup")
        if isinstance(setup, str):
            exec(compile(setup, "<setup>", "exec"), self.namespace)
        elif setup is not None:
            names = pickle.loads(setup)()
            if names is not None:
                self.namespace.update(names)
        if request.get("call") is not None:
            self.namespace[STATEMENT] = pickle.loads(request["call"])
        self.source = request["source"]
        gc.collect()
        gc.freeze()
        return {"seconds": time.perf_counter() - begin}

    def calibrate(self, request: dict[str, Any]) -> dict[str, Any]:
        """Find how often the text is repeated and how many loops fill one slice."""
        empty = self._cost_of("pass", 1, request["seconds"])
        single = self._cost_of(self.source, 1, request["seconds"])
        cost = max(single - empty, 0.5)
        repeats = 1
        if request["repeats"]:
            # The empty loop is under 2 % of the time when repeats * cost >= 50 * empty.
            repeats = min(max(int(50 * empty / cost) + 1, 1), 500)
        loops = max(int(request["slice"] * 1e9 / (repeats * cost + empty)), 1)
        return {"repeats": repeats, "loops": loops, "empty": empty, "cost": cost}

    def _cost_of(self, source: str, repeats: int, seconds: float) -> float:
        """Nanoseconds a loop, from loops doubled until they last `seconds`; the first calls warm up."""
        measure = compile_measure(_COST, source, repeats, self.namespace)
        loops = 1
        while True:
            elapsed = measure(loops, time.perf_counter_ns)
            if elapsed >= seconds * 1e9:
                return elapsed / loops
            loops *= 2

    def cost(self, request: dict[str, Any]) -> dict[str, Any]:
        """Time one slice: `loops` passes over `repeats` copies of the statement."""
        key = ("cost", request["repeats"])
        if getattr(self, "_compiled", (None, None))[0] != key:
            self._compiled = (key, compile_measure(_COST, self.source, request["repeats"], self.namespace))
        return {"elapsed": self._compiled[1](request["loops"], time.perf_counter_ns)}

    def calls(self, request: dict[str, Any]) -> dict[str, Any]:
        """Time single calls; the answer is how often each number of nanoseconds was seen."""
        measure = compile_measure(_CALLS, self.source, 1, self.namespace)
        measure(array("q", bytes(8 * request["warmup"])), time.perf_counter_ns)
        times = array("q", bytes(8 * request["calls"]))
        measure(times, time.perf_counter_ns)
        return {"histogram": sorted(Counter(times).items())}


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the other end closes the pipe."""
    worker = Worker()
    while True:
        try:
            request = pickle.load(requests)  # noqa: S301 - from the parent process, through a pipe of its own
        except EOFError:
            return
        try:
            answer = getattr(worker, request["do"])(request)
        except BaseException as error:  # noqa: BLE001 - whatever the statement raises is told to the parent
            import traceback

            answer = {"error": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}
        pickle.dump(answer, answers)
        answers.flush()


def main() -> None:
    """Take the pipe for ourselves, so that nothing the statement prints can reach it."""
    # Ctrl-C reaches the whole foreground group; the parent decides what becomes of its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    requests = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    serve(requests, answers)


if __name__ == "__main__":
    main()
