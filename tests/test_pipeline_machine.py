"""A pipeline with events in any order: every lost point is counted, no acknowledged row is lost, nothing hangs."""

import asyncio
import contextlib
import gc
import queue
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from pipelines import CHANNEL, adds_up

from rust_daq import Batch, Pipeline
from rust_daq.storage import ArrowWriter, open_recording

LIMIT = 20.0
"""The time after which a step counts as hanging; each takes a fraction of a second."""

BLOCKED = 0.1
"""How long a part blocks unless it is released."""

PLACES = ["read", "process", "write", "close", "on_batch"]
ACTS = ["fail", "block", "stop", "stop without drain", "wait", "iterate", "start"]


POLICIES = ["block", "drop_oldest", "drop_newest"]


class PlannedError(Exception):
    """The exception that the machine makes a part raise."""


class Worker:
    """The thread that runs all steps, so that a loop and a `stop` inside it share a thread."""

    def __init__(self) -> None:
        self._steps: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while (step := self._steps.get()) is not None:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", RuntimeWarning)  # of short sources and left loops
                    self._results.put((step(), None))
            except BaseException as error:
                self._results.put((None, error))

    def do(self, name: str, step: Callable[[], Any]) -> Any:
        self._steps.put(step)
        try:
            result, error = self._results.get(timeout=LIMIT)
        except queue.Empty:
            message = f"{name} hangs"
            raise AssertionError(message) from None
        if error is not None:
            raise error
        return result

    def end(self) -> None:
        self._steps.put(None)


class Parts:
    """Source, processor, sink and callback of a pipeline; each executes a given action at its next call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.acts: dict[str, str] = {}
        self.gate = threading.Event()
        self.pipeline: Pipeline
        self.reading: Iterator[Batch]
        self.given = self.opened = self.closed = 0
        self.written: list[float] = []
        self.files: list[tuple[Path, list[float]]] = []
        self.writer: ArrowWriter | None = None
        self.unexpected: list[str] = []

    def at(self, place: str) -> None:
        act = self.acts.pop(place, None)
        if act == "fail":
            raise PlannedError(place)
        if act == "block":
            self.gate.wait(BLOCKED)
        elif act in {"stop", "stop without drain"}:
            self.pipeline.stop(drain=act == "stop")
        elif act is not None:
            refused = {
                "wait": self.pipeline.wait,
                "iterate": lambda: next(iter(self.pipeline)),
                "start": self.pipeline.start,
            }[act]
            try:
                refused()
            except RuntimeError:
                return
            self.unexpected.append(f"{act} in {place} was not refused")

    def __iter__(self) -> Iterator[Batch]:
        self.given = 0
        self.reading = self.generate()  # kept alive, because Python closes a dropped generator
        return self.reading

    def generate(self) -> Iterator[Batch]:
        self.opened += 1
        try:
            for index in range(40):
                self.at("read")
                batch = CHANNEL.batch([float(self.given + row) for row in range(1 + index % 3)], start=0, rate=1.0)
                self.given += len(batch)
                yield batch
        finally:
            self.closed += 1

    def process(self, batch: Batch) -> Batch:
        self.at("process")
        return batch

    def write(self, batch: Batch) -> None:
        self.at("write")
        if self.writer is None:
            path = self.folder / f"{len(self.files)}.arrow"
            self.writer = ArrowWriter(path, sync="none")
            self.files.append((path, []))
        self.writer.write(batch)
        self.files[-1][1].extend(batch.values.tolist())

    def close(self) -> None:
        writer, self.writer = self.writer, None
        if writer is not None:
            writer.close()
        self.at("close")

    def on_batch(self, batch: Batch) -> None:
        self.at("on_batch")


class Controller(RuleBasedStateMachine):
    """A pipeline whose steps run on one thread.

    The end of a run depends on its threads, so rules check the state instead of having preconditions.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.worker = Worker()
        self.loop: Any = None
        """A loop that was started and waits."""
        self.taken = 0
        """The points that the last loop received."""
        self.begun = False
        """Whether a run was started whose end was not collected yet."""

    @initialize(policy=st.sampled_from(POLICIES), capacity=st.sampled_from([3, 7, 1_000]))
    def make(self, policy: Any, capacity: int) -> None:
        self.parts = parts = Parts(self.folder)
        self.pipeline = parts.pipeline = Pipeline(
            parts, [parts], [parts], on_batch=parts.on_batch, capacity=capacity, on_full=policy
        )

    def teardown(self) -> None:
        if hasattr(self, "parts"):
            self.parts.gate.set()
            self._do("leaving the loop", self._drop)
            self._do("the last stop", lambda: self.pipeline.stop(drain=False), RuntimeError)
            self._check_end()
        self.worker.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _do(self, name: str, step: Callable[[], Any], *refused: type[BaseException]) -> Any:
        """Run a step; return the requested exception of a part if it was raised."""
        try:
            result = self.worker.do(name, step)
        except (PlannedError, *refused) as error:
            result = error
        report = self.worker.do("report", lambda: self.pipeline.report)
        if report is not None:
            assert adds_up(report)
        assert self.parts.unexpected == []
        return result

    def _check_end(self) -> None:
        """Check the results of a run whose end was collected."""
        self.begun = False
        report = self.pipeline.report
        if report is None:
            return
        parts = self.parts
        assert report.ended is not None
        assert report.queued == 0
        assert report.produced == parts.given
        assert parts.opened == parts.closed
        assert parts.writer is None
        for path, rows in parts.files:
            with open_recording(path) as recording:
                assert [value for batch in recording for value in batch.values.tolist()] == rows

    def _drop(self) -> None:
        loop, self.loop = self.loop, None
        if loop is not None:
            loop.close()

    # Actions of the parts

    @rule(place=st.sampled_from(PLACES), act=st.sampled_from(ACTS))
    def tell(self, place: str, act: str) -> None:
        self.parts.gate.clear()
        self.parts.acts[place] = act

    @rule()
    def let_go(self) -> None:
        self.parts.gate.set()

    # Runs

    @rule(duration=st.sampled_from([None, 0.002]))
    def start(self, duration: float | None) -> None:
        refused = self._do("start", lambda: self.pipeline.start(duration), RuntimeError)
        assert isinstance(refused, RuntimeError) == self.begun
        self.begun = True

    @rule()
    def run(self) -> None:
        if self.begun:
            return
        self._do("run", self.pipeline.run)
        self._check_end()

    @rule(timeout=st.sampled_from([None, 0.0, 0.005]))
    def wait(self, timeout: float | None) -> None:
        result = self._do("wait", lambda: self.pipeline.wait(timeout), RuntimeError)
        if isinstance(result, RuntimeError):
            assert self.loop is not None
        elif timeout is None:
            assert result is True

    @rule(drain=st.booleans(), timeout=st.sampled_from([None, 0.005]))
    def stop(self, drain: bool, timeout: float | None) -> None:
        result = self._do("stop", lambda: self.pipeline.stop(drain=drain, timeout=timeout), RuntimeError, TimeoutError)
        if isinstance(result, TimeoutError):
            assert timeout is not None
        elif isinstance(result, RuntimeError):
            assert self.pipeline.report is None
        elif isinstance(result, PlannedError) or result is self.pipeline.report:
            self._check_end()  # otherwise a loop continues
        else:
            assert self.loop is not None

    @rule(drain=st.booleans())
    def stop_elsewhere(self, drain: bool) -> None:
        if drain and self.loop is not None:
            return  # it would wait for the loop, as it should
        stopper = Worker()
        with contextlib.suppress(PlannedError, RuntimeError):
            stopper.do("stop in another thread", lambda: self.pipeline.stop(drain=drain))
        stopper.end()
        self._check_end()

    @rule(part=st.sampled_from(["processors", "sinks"]))
    def share(self, part: str) -> None:
        if not self.begun:
            return
        # An action concerns the part's own pipeline; another one may wait for it once it is over.
        self.parts.acts.clear()
        other: Any = Pipeline([], **{part: [self.parts]})
        refused = self._do("start of another pipeline", other.start, RuntimeError)
        if not isinstance(refused, RuntimeError):
            self._do("its stop", other.stop)
            # The run is over, although its end was not collected.
            assert self.worker.do("wait", lambda: self.pipeline.wait(0))

    # Loops

    @rule(most=st.integers(1, 50), end=st.sampled_from(["break", "raise", "stop", "close", "collect"]))
    def iterate(self, most: int, end: str) -> None:
        if self.loop is not None:
            return

        def step() -> None:
            # A variable would keep the loop alive after an exception.
            batches: Any = iter(self.pipeline) if end in {"close", "collect"} else self.pipeline
            for index, batch in enumerate(batches, 1):
                self.taken += len(batch)
                if index == most:
                    if end == "raise":
                        raise PlannedError
                    if end != "stop":
                        break
                    self.pipeline.stop()
            if end == "close":
                batches.close()
            elif end == "collect":
                cycle = [batches]
                cycle.append(cycle)
                del batches, cycle
                gc.collect()

        self._iterate("a loop", step)

    @rule(most=st.integers(1, 50), end=st.sampled_from(["break", "raise", "stop", "cancel", "close"]))
    def iterate_asynchronously(self, most: int, end: str) -> None:
        if self.loop is not None:
            return

        async def work() -> None:
            async with (
                contextlib.aclosing(aiter(self.pipeline))
                if end == "close"
                else contextlib.nullcontext(self.pipeline) as batches
            ):
                index = 0
                async for batch in batches:
                    self.taken += len(batch)
                    index += 1
                    if index == most:
                        if end == "raise":
                            raise PlannedError
                        if end == "stop":
                            self.pipeline.stop()
                        elif end == "cancel":
                            asyncio.current_task().cancel()
                        else:
                            break

        def step() -> None:
            with contextlib.suppress(asyncio.CancelledError):
                asyncio.run(work())

        self._iterate("an async loop", step)

    def _iterate(self, name: str, step: Callable[[], None]) -> None:
        began, self.taken = not self.begun, 0
        self._do(name, step)
        if began:
            # A run started by a loop ends with it, in whatever way the loop is left.
            assert self._do("the wait after it", lambda: self.pipeline.wait(LIMIT / 2))
        self._do("the stop after it", self.pipeline.stop)
        self._check_end()
        if began:
            assert self.pipeline.report.processed == self.taken

    @rule()
    def begin_loop(self) -> None:
        if self.loop is not None:
            return

        def step() -> None:
            loop = iter(self.pipeline)
            next(loop, None)
            self.loop = loop

        self._do("the begin of a loop", step)
        self._settle()

    def _settle(self) -> None:
        """Collect the end of a run that ended with its loop; otherwise the run continues."""
        if self.loop is None or self.loop.gi_frame is None:
            self.loop = None
            self._do("the stop after it", self.pipeline.stop)
            self._check_end()
        else:
            self.begun = True

    @rule()
    def go_on(self) -> None:
        if self.loop is None:
            return
        self._do("the next step of a loop", lambda: next(self.loop, None))
        self._settle()

    @rule()
    def leave(self) -> None:
        if self.loop is None:
            return
        self._do("leaving the loop", self._drop)
        self._do("the stop after it", self.pipeline.stop)
        self._check_end()

    @rule(most=st.integers(1, 100))
    def latest(self, most: int) -> None:
        assert len(self._do("latest", lambda: self.pipeline.latest(most))) <= most


TestController = Controller.TestCase
TestController.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
