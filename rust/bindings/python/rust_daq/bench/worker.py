"""The process in which a statement is timed.

One self-contained file, run by path, that imports neither `rust_daq` nor the rest of the kit: it works in any
environment that has a Python, and what is measured is never mixed with what measures.  It reads requests from
standard input and answers on what was standard output; both ends are processes of the kit, and no other pickle is
ever read.  Whatever the statement prints goes to standard error.
"""

from __future__ import annotations

import ast
import gc
import itertools
import math
import os
import pickle
import signal
import sys
import time
from array import array
from collections import Counter
from collections.abc import Callable
from typing import Any, BinaryIO

STATEMENT = "__statement__"
TRIES = 3

_COST = """
def measure(__bench_loops, __bench_timer):
    __bench_iterator = __bench_repeat(None, __bench_loops)
    __bench_begin = __bench_timer()
    for __bench_loop in __bench_iterator:
        __bench_statement
    return __bench_timer() - __bench_begin
"""

_CALLS = """
def measure(__bench_times, __bench_timer):
    for __bench_index in range(len(__bench_times)):
        __bench_begin = __bench_timer()
        __bench_statement
        __bench_times[__bench_index] = __bench_timer() - __bench_begin
"""

_CALL = """
def measure():
    __bench_statement
"""


def compile_measure(template: str, source: str, repeats: int, namespace: dict[str, Any]) -> Any:
    """Compile `template` with the statement, `repeats` times over, where it says ``__bench_statement``.

    The trees are joined rather than the texts, so that a string over several lines stays what it is.
    """
    statements = ast.parse(source).body or [ast.Pass()]
    tree = ast.parse(template)
    for node in ast.walk(tree):
        body = getattr(node, "body", [])
        places = [index for index, line in enumerate(body) if ast.unparse(line) == "__bench_statement"]
        for index in places:
            body[index : index + 1] = statements * repeats
    # The statement's names are the function's globals, as `timeit` has it with its `globals` argument.
    namespace["__bench_repeat"] = itertools.repeat
    local: dict[str, Any] = {}
    exec(compile(ast.fix_missing_locations(tree), "<statement>", "exec"), namespace, local)
    return local["measure"]


def count_traced(make: Callable[[], Any], folder: str) -> dict[str, Any]:
    """Count what Python's own allocator handed out, as `tracemalloc` sees it."""
    del folder
    import tracemalloc

    tracemalloc.stop()
    gc.collect()
    tracemalloc.start()
    held = make()
    current, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del held
    return {"traced_current_bytes": current, "traced_peak_bytes": peak}


def count_heap(make: Callable[[], Any], folder: str) -> dict[str, Any]:
    """Count the whole heap, whoever allocated on it."""
    try:
        from memray import FileDestination, FileFormat, FileReader, Tracker
    except Exception as error:
        return {"missing": f"memray, which runs on Linux and macOS, cannot be imported ({error})"}
    capture = os.path.join(folder, "capture.bin")  # noqa: PTH118 - pathlib is not imported here, to start quickly
    destination = FileDestination(capture, overwrite=True)
    gc.collect()
    with Tracker(destination=destination, file_format=FileFormat.AGGREGATED_ALLOCATIONS, trace_python_allocators=True):
        held = make()
    del held
    reader = FileReader(capture)
    current = sum(record.size for record in reader.get_leaked_allocation_records(merge_threads=True))
    return {"heap_bytes": current, "heap_peak_bytes": reader.metadata.peak_memory}


def count_resident(make: Callable[[], Any], folder: str) -> dict[str, Any]:
    """Count the growth of the memory that the process has in the machine's RAM; pages, so approximate."""
    del folder
    try:
        import psutil
    except ImportError as error:
        return {"missing": f"psutil cannot be imported ({error})"}
    process = psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    held = make()
    after = process.memory_info().rss
    del held
    return {"resident_bytes": after - before}


COUNTERS = {"traced": count_traced, "heap": count_heap, "resident": count_resident}


def pace(
    call: Callable[[], Any],
    rate: float,
    arrivals: int,
    clock: Callable[[], int] = time.perf_counter_ns,
    sleep: Callable[[float], Any] = time.sleep,
) -> dict[str, Any]:
    """Call at a fixed rate against absolute deadlines, and count each response from the moment it was due.

    Arrival `k` is due `k / rate` seconds after the begin; the run ends when arrival number `arrivals` would be due.
    One server takes arrivals in order: a late wake-up serves all that is due by then, without sleeping between.

    Returns
    -------
    dict
        ``responses``: nanoseconds from due to done, for each arrival done by the end.  ``waited``: for each arrival
        not done by the end, how long it had waited then, which is the least its response can be.  ``late``: of those
        done, how many were done after the next one was due.  ``idle``: nanoseconds from the begin to the last moment
        at which nothing was due, that is, at which there was no backlog; -1 when there was none.
    """
    interval = 1e9 / rate
    responses = array("q", bytes(8 * arrivals))
    begin = clock()
    end = begin + round(arrivals * interval)
    served = late = 0
    idle = -1
    while served < arrivals:
        due = begin + round(served * interval)
        now = clock()
        if now >= end:
            break
        if now < due:
            idle = now - begin
            sleep((due - now) / 1e9)
            continue
        call()
        done = clock()
        if done > end:
            break
        responses[served] = done - due
        served += 1
        late += done > begin + round(served * interval)
    waited = [end - begin - round(index * interval) for index in range(served, arrivals)]
    return {"responses": responses[:served], "waited": waited, "late": late, "idle": idle}


def bucket(nanoseconds: int) -> int:
    """Round up to 11 significant bits: at most 0.1 % more, so that a histogram of a long run stays small."""
    shift = max(nanoseconds.bit_length() - 11, 0)
    return -(-nanoseconds >> shift) << shift


def as_number(column: str, value: Any) -> float:
    """A number that was told; None is one that is not known."""
    if value is None:
        return math.nan
    if isinstance(value, bool | str | bytes):
        message = f"{column} is {value!r}, which is no number; give a number, or None where it is not known"
        raise TypeError(message)
    return float(value)


class Worker:
    """The statement, its names, and the ways to measure it."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {"__name__": "__worker__"}
        self.source = "pass"

    def pin(self, request: dict[str, Any]) -> dict[str, Any]:
        """Stay on one core, and all that the statement starts with it."""
        os.sched_setaffinity(0, {request["core"]})
        return {}

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
            if names is not None and not hasattr(names, "keys"):
                message = f"setup returns {type(names).__name__}; return a mapping of names, such as locals(), or None"
                raise TypeError(message)
            self.namespace.update(names or {})
        if request.get("call") is not None:
            self.namespace[STATEMENT] = pickle.loads(request["call"])
        self.source = request["source"]
        gc.collect()
        gc.freeze()
        return {"seconds": time.perf_counter() - begin}

    def calibrate(self, request: dict[str, Any]) -> dict[str, Any]:
        """Find how often the text is repeated and how many loops fill one slice."""
        # The least of a few tries: the first ones warm up, and a neighbour on the machine only ever adds.
        empty = min(self._cost_of("pass", 1, request["seconds"]) for _ in range(TRIES))
        single = min(self._cost_of(self.source, 1, request["seconds"]) for _ in range(TRIES))
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
            elapsed: int = measure(loops, time.perf_counter_ns)
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

    def batch(self, request: dict[str, Any]) -> dict[str, Any]:
        """Time `loops` passes over a statement that makes a batch of ``n``."""
        self.namespace["n"] = request["size"]
        measure = compile_measure(_COST, request["source"], 1, self.namespace)
        return {"elapsed": measure(request["loops"], time.perf_counter_ns)}

    def instructions(self, request: dict[str, Any]) -> dict[str, Any]:
        """Under callgrind: count what one run of so many loops takes, each into a file of its own."""
        from importlib.machinery import ExtensionFileLoader
        from importlib.util import module_from_spec, spec_from_loader

        loader = ExtensionFileLoader("dist_instrument_hooks", request["hooks"])
        spec = spec_from_loader(loader.name, loader)
        assert spec is not None
        hooks = module_from_spec(spec)
        loader.exec_module(hooks)
        instrument = hooks.instrument_hooks_init()
        if not hooks.instrument_hooks_is_instrumented(instrument):
            message = "this process does not run under callgrind"
            raise RuntimeError(message)
        measure = compile_measure(_COST, self.source, request["repeats"], self.namespace)
        for _ in range(request["warmup"]):
            measure(1, time.perf_counter_ns)
        # A collection would be counted with whichever loop it falls into.
        gc.collect()
        gc.freeze()
        gc.disable()
        for loops in request["loops"]:
            hooks.instrument_hooks_start_benchmark(instrument)
            measure(loops, time.perf_counter_ns)
            hooks.instrument_hooks_stop_benchmark(instrument)
            hooks.instrument_hooks_set_executed_benchmark(instrument, os.getpid(), b"loops")
        return {}

    def hold(self, request: dict[str, Any]) -> dict[str, Any]:
        """Evaluate the statement once, keep what it gives, and count its bytes from just before to just after."""
        code = compile(request["expression"], "<statement>", "eval")
        # What is made once in a process, whoever calls first (imported modules, type objects), is not the batch's.
        self.namespace["n"] = 1
        eval(code, self.namespace)
        self.namespace["n"] = request["size"]
        begin = time.perf_counter()
        counted = COUNTERS[request["counter"]](lambda: eval(code, self.namespace), request["folder"])
        return {"counted": counted, "seconds": time.perf_counter() - begin}

    def observe(self, request: dict[str, Any]) -> dict[str, Any]:
        """Evaluate the statement once, and give those of the numbers it tells that are asked for."""
        if request["size"] is not None:
            self.namespace["n"] = request["size"]
        told = eval(compile(request["expression"].strip(), "<statement>", "eval"), self.namespace)
        if not hasattr(told, "keys"):
            message = f"it gives {type(told).__name__}; give a mapping of names to numbers"
            raise TypeError(message)
        missing = [column for column in request["columns"] if column not in told]
        if missing:
            message = f"it tells no {', '.join(missing)}; it has {', '.join(map(str, told.keys()))}"
            raise ValueError(message)
        return {"numbers": {column: as_number(column, told[column]) for column in request["columns"]}}

    def paced(self, request: dict[str, Any]) -> dict[str, Any]:
        """Call the statement at a fixed rate."""
        call = self._call()
        for _ in range(request["warmup"]):
            call()
        run = pace(call, request["rate"], request["arrivals"])
        return {
            "responses": sorted(Counter(map(bucket, run["responses"])).items()),
            "waited": sorted(Counter(map(bucket, run["waited"])).items()),
            "late": run["late"],
            "idle": run["idle"],
        }

    def saturate(self, request: dict[str, Any]) -> dict[str, Any]:
        """How many arrivals a second are served when there is always one that is due."""
        call = self._call()
        count = 1
        while True:
            begin = time.perf_counter_ns()
            for _ in range(count):
                call()
            elapsed = time.perf_counter_ns() - begin
            if elapsed >= request["seconds"] * 1e9:
                break
            count *= 2
        # Calls without pacing are faster than paced ones, so at twice their rate there is always one that is due.
        rate = 2e9 * count / elapsed
        arrivals = max(int(rate * request["seconds"]), 2 * request["fewest"])
        run = pace(call, rate, arrivals)
        return {"per_second": len(run["responses"]) * rate / arrivals}

    def _call(self) -> Callable[[], Any]:
        """The statement as a function without arguments, whose globals are the statement's names."""
        call: Callable[[], Any] = compile_measure(_CALL, self.source, 1, self.namespace)
        return call


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the other end closes the pipe."""
    worker = Worker()
    while True:
        try:
            request = pickle.load(requests)
        except EOFError:
            return
        try:
            answer = getattr(worker, request["do"])(request)
        except BaseException as error:
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
