"""The process in which a statement is timed.

One self-contained file, run by path, that imports nothing from the kit: it works in any
environment that has a Python, and the measuring code stays apart from the measured code.  It reads requests from
standard input and answers on the original standard output; both ends are processes of the kit, and no other pickle
is ever read.  Anything the statement prints goes to standard error.
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
import types
from array import array
from collections import Counter
from collections.abc import Callable
from typing import Any, BinaryIO

STATEMENT = "__statement__"
TRIES = 3
COPIES = 64
"""Copies that are timed together if a single one cannot be told from the loop."""
AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
COROUTINE = 0x80
"""`inspect.CO_COROUTINE`; the module takes long to import."""

_COST = """
def measure(__bench_loops, __bench_timer):
    __bench_iterator = __bench_repeat(None, __bench_loops)
    __bench_begin = __bench_timer()
    for __bench_loop in __bench_iterator:
        __bench_statement
    return __bench_timer() - __bench_begin
"""

_ALONE = """
def measure(__bench_loops, __bench_timer):
    __bench_total = 0
    for __bench_loop in __bench_repeat(None, __bench_loops):
        __bench_each
        __bench_begin = __bench_timer()
        __bench_statement
        __bench_total += __bench_timer() - __bench_begin
    return __bench_total
"""

_CALLS = """
def measure(__bench_times, __bench_timer):
    for __bench_index in range(len(__bench_times)):
        __bench_each
        __bench_begin = __bench_timer()
        __bench_statement
        __bench_times[__bench_index] = __bench_timer() - __bench_begin
"""

_CALL = """
def measure():
    __bench_each
    __bench_statement
"""


class Globals(ast.NodeTransformer):
    """Removes the ``global`` lines from a statement: with several copies, the second would come after a use."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def visit_Global(self, node: ast.Global) -> ast.Pass:
        """Record the names, and remove the line."""
        self.names += node.names
        return ast.Pass()

    def skip(self, node: ast.AST) -> ast.AST:
        """Leave a function or class unchanged: it has its own names."""
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = skip  # noqa: N815 - as in ast


def insert(tree: ast.Module, mark: str, statements: list[ast.stmt]) -> None:
    """Replace a mark by statements."""
    for node in ast.walk(tree):
        body = getattr(node, "body", [])
        places = [index for index, line in enumerate(body) if ast.unparse(line) == mark]
        for index in places:
            body[index : index + 1] = statements or [ast.Pass()]


def hoist_globals(tree: ast.Module) -> None:
    """Declare the names that a statement calls global at the head of the function around it."""
    [function] = tree.body
    assert isinstance(function, ast.FunctionDef)
    found = Globals()
    function.body = [found.visit(line) for line in function.body]
    if found.names:
        function.body.insert(0, ast.Global(list(dict.fromkeys(found.names))))


def value_returned(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Let a function return the value of its last statement, if that is an expression."""
    if statements and isinstance(statements[-1], ast.Expr):
        return [*statements[:-1], ast.Return(statements[-1].value)]
    return statements


def refuse_never_run(value: Any, source: str, known: dict[str, Any]) -> None:
    """Raise if a statement creates something that is never run: its time would be that of creating it."""
    made = {types.CoroutineType: "coroutine", types.AsyncGeneratorType: "async generator"}.get(type(value))
    if isinstance(value, types.GeneratorType):
        fresh = value.gi_frame is not None and not value.gi_suspended and not value.gi_running
        made = "generator" if fresh and all(value is not other for other in known.values()) else None
    if made is None:
        return
    called = source.startswith(STATEMENT)
    text = "f()" if called else ast.unparse(ast.parse(source).body[-1])
    advice = {
        "coroutine": f"await {text}",
        "async generator": f"[item async for item in {text}]",
        "generator": f"for item in {text}: pass",
    }[made]
    if made == "coroutine":
        value.close()
    begin = "the callable" if called else f"the statement {source!r}"
    message = f"{begin} makes a {made} that never runs; give source text that runs it: {advice!r}"
    raise TypeError(message)


def pace(
    call: Callable[[], Any],
    rate: float,
    arrivals: int,
    clock: Callable[[], int] = time.perf_counter_ns,
    sleep: Callable[[float], Any] = time.sleep,
) -> dict[str, Any]:
    """Call at a fixed rate against absolute deadlines, and count each response from the moment it was due.

    Arrival `k` is due `k / rate` seconds after the start; the run ends when arrival number `arrivals` would be due.
    One server takes arrivals in order: after a late wake-up it serves all that is due without sleeping in between.

    Returns
    -------
    dict
        ``responses``: nanoseconds from due to done, for each arrival done by the end.  ``waited``: for each arrival
        not done by the end, its wait so far, which is a lower bound of its response time.  ``late``: of those done, how
        many were done after the next one was due.  ``idle``: nanoseconds from the start to the last moment without a
        backlog; -1 when there was none.
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
    """Round up to 11 significant bits: at most 0.1 % more, so that the histogram of a long run stays small."""
    shift = max(nanoseconds.bit_length() - 11, 0)
    return -(-nanoseconds >> shift) << shift


def elsewhere() -> int:
    """Processor time of our other threads and processes in nanoseconds, including those that ended."""
    children = os.times()
    ended = round((children.children_user + children.children_system) * 1e9)
    return time.process_time_ns() - time.thread_time_ns() + ended


def is_parallel(others: int, elapsed: int) -> bool:
    """Whether others worked for us: more than one per cent of the time, and more than reading the clocks takes."""
    return others > max(elapsed // 100, 20_000)


def counters() -> Any:
    """The counters of bytes, loaded from the file next to this one when they are needed."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("__memory__", os.path.join(os.path.dirname(__file__), "worker_memory.py"))  # noqa: PTH118, PTH120 - pathlib is not imported here, to start quickly
    assert spec is not None
    assert spec.loader is not None
    memory = module_from_spec(spec)
    spec.loader.exec_module(memory)
    return memory.COUNTERS


def as_number(column: str, value: Any) -> float:
    """A reported number; None is an unknown one."""
    if value is None:
        return math.nan
    try:
        if not isinstance(value, bool | str | bytes):
            return float(value)
    except OverflowError:
        message = f"{column} does not fit into a float; report it in a larger unit, or as None"
        raise OverflowError(message) from None
    except (TypeError, ValueError):
        pass  # not a number either
    message = f"{column} is {value!r}, which is not a number; report a number, or None if it is unknown"
    raise TypeError(message)


class Worker:
    """The statement, its names, and the ways to measure it."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {"__name__": "__worker__"}
        self.source = "pass"
        self.each = ""
        self.alone = False
        self.asynchronous = False
        self.part = "statement"
        self.compiled: dict[Any, Callable[..., Any]] = {}

    def imports(self, request: dict[str, Any]) -> dict[str, Any]:
        """Name the modules that are imported by now, in order."""
        del request
        return {"modules": [name for name in sys.modules if not name.startswith("__")]}

    def pin(self, request: dict[str, Any]) -> dict[str, Any]:
        """Pin this process, and everything that the statement starts with it, to one core."""
        os.sched_setaffinity(0, {request["core"]})
        return {}

    def prepare(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run the setup, then freeze its objects, so that the collector does not traverse them again."""
        begin = time.perf_counter()
        # Whatever the caller can import must be importable here: modules next to a script, a notebook or an example.
        given = request.get("path") or []
        sys.path[:] = [*(entry for entry in sys.path if entry not in given), *given]
        pools = Pools()
        sys.meta_path.insert(0, pools)
        pools.prepare()
        if request.get("namespace") is not None:
            self.namespace.update(pickle.loads(request["namespace"]))
        self.part = "setup"
        setup = request.get("setup")
        if isinstance(setup, str):
            exec(compile(setup, "<setup>", "exec", dont_inherit=True), self.namespace)
        elif setup is not None:
            names = pickle.loads(setup)()
            if names is not None and not hasattr(names, "keys"):
                message = f"setup returns {type(names).__name__}; return a mapping of names, such as locals(), or None"
                raise TypeError(message)
            self.namespace.update(names or {})
        self.part = "statement"
        if request.get("call") is not None:
            self.namespace[STATEMENT] = pickle.loads(request["call"])
        self.source, self.alone, self.asynchronous = request["source"], request["alone"], request["asynchronous"]
        if request["called"]:
            self.namespace[STATEMENT] = self.function(_CALL, self.source)
            self.source = f"{STATEMENT}()"
        self.each = request["each"]
        gc.collect()
        gc.freeze()
        return {"seconds": time.perf_counter() - begin}

    def function(self, template: str, source: str, repeats: int = 1, *, value: bool = False) -> Callable[..., Any]:
        """Compile a template with the statement, `repeats` times, and with the code that runs before each execution.

        The trees are joined rather than the texts, so that multi-line strings stay unchanged.
        """
        tree = ast.parse(template)
        statements = ast.parse(source).body
        insert(tree, "__bench_each", ast.parse(self.each if source != "pass" else "").body)
        insert(tree, "__bench_statement", (value_returned(statements) if value else statements) * repeats)
        hoist_globals(tree)
        if self.asynchronous:
            [plain] = tree.body
            assert isinstance(plain, ast.FunctionDef)
            tree.body = [
                ast.AsyncFunctionDef(**{part: getattr(plain, part) for part in plain._fields if hasattr(plain, part)})
            ]
        # The statement's names are the function's globals, as with the `globals` argument of `timeit`.
        self.namespace["__bench_repeat"] = itertools.repeat
        local: dict[str, Any] = {}
        exec(compile(ast.fix_missing_locations(tree), "<statement>", "exec", dont_inherit=True), self.namespace, local)
        measure: Callable[..., Any] = local["measure"]
        return (lambda *given: self.run(measure(*given))) if self.asynchronous else measure

    def run(self, awaited: Any) -> Any:
        """Run a coroutine in the only event loop of this process."""
        if not hasattr(self, "_runner"):
            import asyncio

            self._runner = asyncio.Runner()
        return self._runner.run(awaited)

    def expression(self, text: str) -> Callable[[], Any]:
        """An expression as a function, called after the code that runs before each execution."""
        exec(compile(self.each, "<each>", "exec", dont_inherit=True), self.namespace)
        code = compile(text.strip(), "<statement>", "eval", flags=AWAIT, dont_inherit=True)
        if code.co_flags & COROUTINE:
            return lambda: self.run(eval(code, self.namespace))
        return lambda: eval(code, self.namespace)

    def once(self, request: dict[str, Any]) -> dict[str, Any]:
        """Execute the statement once, and return how long that takes."""
        if request.get("size") is not None:
            self.namespace["n"] = request["size"]
        source = request.get("source") or self.source
        execute = self.function(_CALL, source, value=True)
        others, begin = elsewhere(), time.perf_counter_ns()
        value = execute()
        elapsed = time.perf_counter_ns() - begin
        parallel = is_parallel(elsewhere() - others, elapsed)
        refuse_never_run(value, source, self.namespace)
        return {"seconds": elapsed / 1e9, "parallel": parallel}

    def calibrate(self, request: dict[str, Any]) -> dict[str, Any]:
        """Find the cost of an execution, and of the loop around it.

        It is the minimum of a few tries: the first ones warm up, and a neighbour on the machine only ever adds time.
        """
        if request.get("size") is not None:
            self.namespace["n"] = request["size"]
        source, seconds = request.get("source") or self.source, request["seconds"]
        empty = min(self.trial("pass", 1, seconds)[0] for _ in range(TRIES))
        others, begin = elsewhere(), time.perf_counter_ns()
        tries = [self.trial(source, 1, seconds) for _ in range(TRIES)]
        parallel = is_parallel(elsewhere() - others, time.perf_counter_ns() - begin)
        cost, wall = (max(min(found[part] for found in tries) - empty, 0.0) for part in (0, 1))
        if not self.alone and cost < empty:
            many = min(self.trial(source, COPIES, seconds)[0] for _ in range(TRIES))
            cost = wall = max(many - empty, 0.0) / COPIES
        return {"empty": empty, "cost": cost, "wall": wall, "parallel": parallel}

    def trial(self, source: str, repeats: int, seconds: float) -> tuple[float, float]:
        """Nanoseconds per loop, timed and in total, from loops doubled until they last `seconds`."""
        measure = self.function(_ALONE if self.alone else _COST, source, repeats)
        loops = 1
        while True:
            begin = time.perf_counter_ns()
            timed: int = measure(loops, time.perf_counter_ns)
            elapsed = time.perf_counter_ns() - begin
            if elapsed >= seconds * 1e9:
                return timed / loops, elapsed / loops
            loops *= 2

    def cost(self, request: dict[str, Any]) -> dict[str, Any]:
        """Time one slice, `loops` passes over `repeats` copies of the statement, and as many of the empty loop."""
        if request.get("size") is not None:
            self.namespace["n"] = request["size"]
        source, loops = request.get("source") or self.source, request["loops"]
        measure, empty = self.timed(source, request["repeats"]), self.timed("pass", 1)
        begin = time.process_time_ns()
        elapsed = measure(loops, time.perf_counter_ns)
        # The processor time includes the code that runs before each execution; the statement's time does not.
        processor = None if self.alone else time.process_time_ns() - begin
        return {"elapsed": elapsed, "empty": empty(loops, time.perf_counter_ns), "processor": processor}

    def timed(self, source: str, repeats: int) -> Callable[..., Any]:
        """The function that times a statement, compiled once."""
        key = (source, repeats)
        if key not in self.compiled:
            self.compiled[key] = self.function(_ALONE if self.alone else _COST, source, repeats)
        return self.compiled[key]

    def calls(self, request: dict[str, Any]) -> dict[str, Any]:
        """Time single calls; the answer is how often each number of nanoseconds occurred."""
        measure = self.function(_CALLS, self.source)
        measure(array("q", bytes(8 * request["warmup"])), time.perf_counter_ns)
        times = array("q", bytes(8 * request["calls"]))
        measure(times, time.perf_counter_ns)
        return {"histogram": sorted(Counter(times).items())}

    def instructions(self, request: dict[str, Any]) -> dict[str, Any]:
        """Under callgrind: count the instructions of one run of the requested loops, each into a separate file."""
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
        measure = self.function(_COST, self.source, request["repeats"])
        for _ in range(request["warmup"]):
            measure(1, time.perf_counter_ns)
        # A collection would be counted with the loop in which it happens.
        gc.collect()
        gc.freeze()
        gc.disable()
        for loops in request["loops"]:
            hooks.instrument_hooks_start_benchmark(instrument)
            measure(loops, time.perf_counter_ns)
            hooks.instrument_hooks_stop_benchmark(instrument)
            hooks.instrument_hooks_set_executed_benchmark(instrument, os.getpid(), b"loops")
        return {}

    def allocations(self, request: dict[str, Any]) -> dict[str, Any]:
        """Execute the statement `loops` times, and count the allocations of all executions."""
        measure = self.function(_COST, self.source)
        measure(request["loops"], time.perf_counter_ns)  # one-time allocations do not belong to an execution
        make = lambda: measure(request["loops"], time.perf_counter_ns)  # noqa: E731
        return {"counted": counters()["allocations"](make, request["folder"])}

    def hold(self, request: dict[str, Any]) -> dict[str, Any]:
        """Evaluate the statement once, keep its value, and count the bytes from just before to just after."""
        # One-time objects of the process (imported modules, type objects) do not belong to the batch.
        self.namespace["n"] = 1
        refuse_never_run(self.expression(request["expression"])(), request["expression"], self.namespace)
        self.namespace["n"] = request["size"]
        make = self.expression(request["expression"])
        begin = time.perf_counter()
        counted = counters()[request["counter"]](make, request["folder"])
        return {"counted": counted, "seconds": time.perf_counter() - begin}

    def observe(self, request: dict[str, Any]) -> dict[str, Any]:
        """Evaluate the statement once, and return the requested numbers from its report."""
        if request["size"] is not None:
            self.namespace["n"] = request["size"]
        report = self.expression(request["expression"])()
        refuse_never_run(report, request["expression"], self.namespace)
        if not hasattr(report, "keys"):
            message = f"it returns {type(report).__name__}; return a mapping of names to numbers"
            raise TypeError(message)
        missing = [column for column in request["columns"] if column not in report]
        if missing:
            message = f"it reports no {', '.join(missing)}; it has {', '.join(map(str, report.keys()))}"
            raise ValueError(message)
        return {"numbers": {column: as_number(column, report[column]) for column in request["columns"]}}

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
        """How many arrivals per second are served when one is always due."""
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
        # Unpaced calls are faster than paced ones, so at twice their rate one is always due.
        rate = 2e9 * count / elapsed
        arrivals = max(int(rate * request["seconds"]), 2 * request["fewest"])
        run = pace(call, rate, arrivals)
        return {"per_second": len(run["responses"]) * rate / arrivals}

    def _call(self) -> Callable[[], Any]:
        """The statement as a function without arguments, with the statement's names as globals."""
        return self.function(_CALL, self.source)


def format_error(error: BaseException) -> str:
    """An error as Python prints it, without the frames in this file; the message comes last, and once."""
    from traceback import StackSummary, TracebackException

    whole = TracebackException.from_exception(error)
    chain: list[TracebackException | None] = [whole]
    for each in chain:
        if each is not None:
            theirs = [frame for frame in each.stack if frame.filename != __file__]
            # A place in the statement alone adds nothing to the statement.
            telling = any(not frame.filename.startswith("<") for frame in theirs)
            each.stack = StackSummary.from_list(theirs if telling else [])
            chain += [each.__cause__, each.__context__]
    return (
        "".join(whole.format()).removeprefix("Traceback (most recent call last):\n" if not whole.stack else "").rstrip()
    )


class Pools:
    """Lets functions of a statement or its setup go to other processes by value, because those cannot import them.

    It waits until `multiprocessing` has imported its pickler: most statements never need that import.
    """

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Prepare the pickler of `multiprocessing` before its users are imported."""
        del path, target
        if name.startswith("multiprocessing."):
            self.prepare()

    def prepare(self) -> None:
        """Prepare the pickler, once, when it exists."""
        pickler = getattr(sys.modules.get("multiprocessing.reduction"), "ForkingPickler", None)
        if pickler is None:
            return
        # A new list: the old one may be in use by an iteration, which would skip its next entry.
        sys.meta_path = [finder for finder in sys.meta_path if finder is not self]

        def by_value(pickler: Any, thing: Any) -> Any:
            del pickler
            if not isinstance(thing, types.FunctionType | type) or importable(thing):
                return NotImplemented
            try:
                import cloudpickle
            except ImportError:
                return NotImplemented
            return pickle.loads, (cloudpickle.dumps(thing),)

        pickler.reducer_override = by_value


def importable(thing: Any) -> bool:
    """Whether another process can import a function or class by name."""
    found: Any = sys.modules.get(thing.__module__) if thing.__module__ != "__main__" else None
    for part in thing.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is thing


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
            answer = {"error": format_error(error), "raised": type(error).__name__, "part": worker.part}
        pickle.dump(answer, answers)
        answers.flush()


def work() -> None:
    """Claim the pipe, so that nothing the statement prints can reach it."""
    # Ctrl-C reaches the whole foreground group; the parent decides what happens to its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    requests = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    serve(requests, answers)


def serve_forks(descriptor: int) -> None:
    """Import what workers share, and fork a worker or another server on each request; Linux only.

    Requests and answers are one line of JSON each, over a socket that also brings the three files of a worker.
    """
    import json
    import socket

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    link = socket.socket(fileno=descriptor)
    children: set[int] = set()
    answer: dict[str, int | None]
    while True:
        message, files, _, _ = socket.recv_fds(link, 1 << 20, 3)
        if not message:
            break
        request = json.loads(message)
        if request["do"] == "import":
            answer = {"threads": import_all(request["modules"])}
        elif request["do"] in {"fork", "branch"}:
            child = os.fork()
            if child == 0:
                link.close()
                if request["do"] == "fork":
                    become_worker(files)
                link, children = socket.socket(fileno=files[0]), set()
                continue
            children.add(child)
            answer = {"pid": child}
        else:
            answer = {"status": ended(request["pid"], request["seconds"])}
            if answer["status"] is not None:
                children.discard(request["pid"])
        for file in files:
            os.close(file)
        link.sendall(json.dumps(answer).encode() + b"\n")
    for child in children:
        os.waitpid(child, 0)  # their pipes are closed, so they end
    os._exit(0)  # unloading modules would take time, and has no effect that matters here


def become_worker(files: list[int]) -> None:
    """Work in a fork, whose requests, answers and errors use these files; it ends with the pipe."""
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    try:
        work()
    finally:
        os._exit(0)


def import_all(modules: list[str]) -> int:
    """Import what can be imported here, and count the threads afterwards: a fork keeps only one of them."""
    from contextlib import suppress
    from importlib import import_module

    for module in modules:
        with suppress(BaseException):  # a worker that needs it reports the error itself
            import_module(module)
    gc.collect()
    gc.freeze()
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - pathlib is not imported here


def ended(child: int, seconds: float) -> int | None:
    """The status of a worker; None if it is still alive after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            return None
        time.sleep(0.001)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve_forks(int(sys.argv[1]))
    else:
        work()
