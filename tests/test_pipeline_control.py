"""Stopping a pipeline, waiting for it and sharing its parts, from every place that runs a user's code."""

import contextlib
import functools
import gc
import itertools
import math
import os
import re
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pipelines import BATCH, CHANNEL, SECONDS, Keeper, adds_up, check_stop_names, instrument, raising, run_script

from rust_daq import Batch, Channel, Pipeline, SharedSink, SimulatedInstrument, _control
from rust_daq.process import MovingAverage
from rust_daq.storage import ArrowWriter, open_recording

PLACES = ["callable", "generator", "iterator", "process", "write", "close", "on_batch", "on_point"]
"""The places where a running pipeline calls a user's code."""


class Acting:
    """All parts of a pipeline in one object; one of them acts at its first call."""

    def __init__(self, place: str, act: Callable[[], object]) -> None:
        self.place, self.act, self.acted = place, act, False

    def at(self, place: str) -> None:
        if place == self.place and not self.acted:
            self.acted = True
            self.act()

    def read(self) -> Batch:
        self.at("callable")
        return BATCH

    def generate(self) -> Iterator[Batch]:
        while True:
            self.at("generator")
            yield BATCH

    def __iter__(self) -> "Acting":
        return self

    def __next__(self) -> Batch:
        self.at("iterator")
        return BATCH

    def process(self, batch: Batch) -> Batch:
        self.at("process")
        return batch

    def write(self, batch: Batch) -> None:
        self.at("write")

    def close(self) -> None:
        self.at("close")

    def pipeline(self) -> Pipeline:
        source: Any = {"generator": self.generate(), "iterator": self}.get(self.place, self.read)
        return Pipeline(
            source,
            [self],
            [self],
            rate=1000.0,
            on_batch=lambda batch: self.at("on_batch"),
            on_point=lambda point: self.at("on_point"),
        )


def acting(place: str, act: Callable[[Pipeline], object]) -> Pipeline:
    pipeline = Acting(place, lambda: act(pipeline)).pipeline()
    return pipeline


# Ending it from inside


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("drain", [True, False])
def test_stop_inside_the_run_requests_the_end_and_returns(place: str, drain: bool) -> None:
    reports: list[Any] = []
    pipeline = acting(place, lambda inner: reports.append(inner.stop(drain=drain)))
    pipeline.start(None if place != "close" else 0.01)
    assert pipeline.wait(SECONDS)
    final = pipeline.stop()
    assert final.ended == ("duration" if place == "close" else "stopped")
    assert [report.ended for report in reports] == [None]
    assert adds_up(final)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda inner: inner.wait(1), "wait was called inside the run .*; call stop here"),
        (Pipeline.start, "is running already|is starting the pipeline"),
    ],
    ids=["wait", "start"],
)
def test_calls_that_would_wait_inside_the_run_are_refused(place: str, act: Any, sentence: str) -> None:
    pipeline = acting(place, act)
    with pytest.raises(RuntimeError, match=sentence):
        pipeline.run(0.01)


def test_a_stop_at_a_threshold_ends_run() -> None:
    seen: list[Batch] = []

    def watch(batch: Batch) -> None:
        seen.append(batch)
        if batch.values.max() > 0.5:
            pipeline.stop(drain=False)

    pipeline = Pipeline(instrument(noise=0.0), on_batch=watch)
    assert pipeline.run(SECONDS).ended == "stopped"
    assert [bool(batch.values.max() > 0.5) for batch in seen] == [False] * (len(seen) - 1) + [True]


def test_a_start_inside_reset_is_refused() -> None:
    class Recursive:
        def process(self, batch: Batch) -> Batch:
            return batch

        def reset(self) -> None:
            pipeline.start()

    pipeline = Pipeline([BATCH], [Recursive()])
    with pytest.raises(RuntimeError, match="is starting the pipeline"):
        pipeline.run()
    assert pipeline.wait(0)


# Waiting for it


@pytest.mark.parametrize("timeout", [math.inf, 30, timedelta(seconds=30), np.float64(30)])
def test_a_wait_takes_seconds_and_timedeltas(timeout: Any) -> None:
    pipeline = Pipeline(instrument())
    pipeline.start(timedelta(milliseconds=20))
    assert pipeline.wait(timeout)
    assert pipeline.stop(timeout=timeout).processed == 20


@pytest.mark.parametrize("call", ["wait", "stop"])
@pytest.mark.parametrize(
    ("timeout", "error", "words"),
    [
        (-1, ValueError, "timeout must be at least 0 seconds, got -1; pass None to wait"),
        (math.nan, ValueError, "timeout must be at least 0 seconds, got nan"),
        (timedelta(seconds=-1), ValueError, "timeout must be at least 0 seconds, got datetime"),
        ("1 s", TypeError, r"timeout must be a number of seconds or a timedelta, got '1 s' \(str\)"),
        ([1], TypeError, "timeout must be"),
        (10**400, OverflowError, "timeout does not fit into a float; omit it to set no limit"),
    ],
)
def test_a_timeout_is_a_time_of_at_least_0(call: str, timeout: Any, error: type[Exception], words: str) -> None:
    with Pipeline(instrument()) as pipeline, pytest.raises(error, match=words):
        getattr(pipeline, call)(timeout=timeout)


@pytest.mark.parametrize("place", PLACES)
def test_a_stop_with_a_timeout_names_the_part_that_does_not_return(place: str) -> None:
    reached, gate = threading.Event(), threading.Event()

    def block() -> None:
        reached.set()
        gate.wait(SECONDS)

    parts = Acting(place, block)
    pipeline = parts.pipeline()
    pipeline.start(0.01 if place == "close" else None)
    assert reached.wait(SECONDS)
    name = {"process": r"processors\[0\]", "write": r"sinks\[0\]", "close": r"the closing of sinks\[0\]"}.get(
        place, place if place.startswith("on_") else "source"
    )
    check_stop_names(pipeline, rf"is waiting for {name} <")
    gate.set()
    assert pipeline.stop(timeout=SECONDS).ended in {"stopped", "duration"}


@pytest.mark.parametrize("call", ["wait(30)", "wait()", "run(30)", "stop()"])
def test_ctrl_c_is_raised_while_a_call_waits(call: str) -> None:
    text = f"""
        import signal, threading
        from interrupts import interrupt
        from rust_daq import Channel, Pipeline, SimulatedInstrument, _control
        _control.GRACE_SECONDS = 3600.0
        reached, gate = threading.Event(), threading.Event()
        def hold(batch):
            if not reached.is_set():
                interrupt(["run" if "run" in "{call}" else "wait_for"])
                reached.set()
            gate.wait()
        def release(number, frame):
            gate.set()
            raise KeyboardInterrupt
        signal.signal(signal.SIGINT, release)
        pipeline = Pipeline(SimulatedInstrument(1000.0, Channel("a", "V")), on_batch=hold)
        if "run" not in "{call}":
            pipeline.start()
            reached.wait()
        try:
            pipeline.{call}
        except KeyboardInterrupt:
            print("interrupted")
        print(pipeline.stop(drain=False).ended)
    """
    ended = run_script(text)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["interrupted", "stopped"]


BLOCKING = """
    import sys, threading, time
    from interrupts import interrupt
    from rust_daq import Channel, Pipeline, SimulatedInstrument, _control
    # Seconds to wait for a part that blocks for ever.
    _control.GRACE_SECONDS, _control.EXIT_SECONDS = float(sys.argv[2]), 0.3
    batch, begun = Channel("a", "V").batch([1.0]), threading.Event()
    def block(*given):
        # While the call waits, and while it waits because of the first Ctrl-C.
        interrupt(*[["run"], ["wait_for", "give_up"]][:int(sys.argv[3])])
        begun.set()
        while True:
            time.sleep(0.01)
    def generate():
        yield block()
    class Part:
        def process(self, batch): return block() if sys.argv[1] == "process" else batch
        def write(self, batch): return block() if sys.argv[1] == "write" else None
        def close(self): return block() if sys.argv[1] == "close" else None
        def __iter__(self): return self
        def __next__(self): return block()
    sources = {"callable": block, "generator": generate(), "iterator": Part()}
    source = sources.get(sys.argv[1]) or SimulatedInstrument(1000.0, Channel("a", "V"))
    called = {sys.argv[1]: block} if sys.argv[1].startswith("on_") else {}
    pipeline = Pipeline(source, [Part()], [Part()], **called)
"""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("interrupts", "grace"), [(1, 0.3), (2, 3600.0)])
def test_ctrl_c_while_a_part_blocks_ends_the_process_and_names_the_part(place, interrupts, grace):
    text = f"{BLOCKING}\n    pipeline.run(0.1 if sys.argv[1] == 'close' else 60)"
    ended = run_script(text, place, str(grace), str(interrupts))
    assert ended.returncode == -signal.SIGINT, ended.stderr
    assert "Fatal" not in ended.stderr
    assert "pipeline was given up while waiting for" in ended.stderr


def test_a_run_whose_note_was_interrupted_is_left_to_the_report_at_exit():
    class Interrupted:
        def stop(self, drain): ...

        def wait(self, seconds):
            raise KeyboardInterrupt

        def describe_calls(self, run):
            raise KeyboardInterrupt

    run = parts = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        _control.give_up(run, parts, KeyboardInterrupt())
    assert run not in _control._given_up


def test_ctrl_c_before_start_has_returned_ends_the_run_and_keeps_its_report() -> None:
    # The reset of a processor, called by the extension, sets the signal; Python raises it after the run has started.
    text = """
        import _thread, time
        from rust_daq import Channel, Pipeline, SimulatedInstrument, _control
        _control.GRACE_SECONDS = 3600.0
        class Part:
            reset, closed = _thread.interrupt_main, False
            def process(self, batch): return batch
            def write(self, batch): pass
            def close(self): time.sleep(0.2); self.closed = True
        part = Part()
        pipeline = Pipeline(SimulatedInstrument(1000.0, Channel("a", "V")), [part], [part])
        try:
            pipeline.start()
        except KeyboardInterrupt:
            print("interrupted", part.closed, pipeline.report.ended, pipeline.stop().ended)
    """
    ended = run_script(text)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["interrupted", "True", "stopped", "stopped"]


@pytest.mark.parametrize("place", ["on_batch", "iterator"])
def test_the_interpreter_exits_while_a_part_blocks_and_names_it(place: str) -> None:
    ended = run_script(f"{BLOCKING}\n    pipeline.start()\n    begun.wait()", place, "0.3", "0")
    assert ended.returncode == 0, ended.stderr
    assert "given up at exit while waiting for" in ended.stderr
    assert "Fatal" not in ended.stderr


def test_interpreter_exit_ends_all_pipelines_even_if_one_raises(tmp_path: Path) -> None:
    text = """
        import sys, time
        from rust_daq import Channel, Pipeline, SimulatedInstrument
        from rust_daq.storage import ArrowWriter
        class Broken:
            def write(self, batch): raise OSError("disk full")
        instrument = SimulatedInstrument(1000.0, Channel("a", "V"), scans_per_read=10)
        writers = [ArrowWriter(f"{sys.argv[1]}/{index}.arrow", sync="none") for index in range(3)]
        pipelines = [Pipeline(instrument, [], [sink]) for sink in [Broken(), *writers, Broken()]]
        for pipeline in pipelines:
            pipeline.start()
        while any(pipeline.report.produced < 100 for pipeline in pipelines[1:4]):
            time.sleep(0.01)
        while any(pipeline.report.ended != "failed" for pipeline in (pipelines[0], pipelines[4])):
            time.sleep(0.01)
    """
    ended = run_script(text, str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    # A traceback may also quote the script.
    assert re.findall("^OSError: disk full$", ended.stderr, re.MULTILINE) == ["OSError: disk full"] * 2
    assert [sum(map(len, open_recording(path))) >= 100 for path in sorted(tmp_path.iterdir())] == [True] * 3


# Sources


def test_a_failed_sink_ends_a_sleeping_source() -> None:
    sink = Keeper()
    sink.write = raising(OSError("disk full"))
    # The next batch is due after more than a day.
    pipeline = Pipeline(instrument(1e-5, scans_per_read=1), sinks=[sink])
    pipeline.start()
    assert pipeline.wait(SECONDS)
    with pytest.raises(OSError, match="disk full"):
        pipeline.stop()


@pytest.mark.parametrize("rate", [100.0, None])
def test_a_source_without_data_is_paced_and_ends_with_the_duration(rate: float | None) -> None:
    calls = itertools.count()

    def poll() -> Batch:
        next(calls)
        return CHANNEL.batch([])

    report = Pipeline(poll, rate=rate).run(0.2)
    assert (report.ended, report.produced) == ("duration", 0)
    # Once per period, or once per millisecond without a rate.
    assert 0 < next(calls) <= 1 + (20 if rate else 200)


@pytest.mark.parametrize("end", ["stopped", "duration", "failed", "source"])
def test_a_generator_is_closed_when_the_pipeline_ends(end: str) -> None:
    closed: list[int] = []

    begun = threading.Event()

    def source() -> Iterator[Batch]:
        begun.set()
        try:
            for _ in range(1 if end == "source" else 1_000_000):
                yield BATCH
        finally:
            closed.append(threading.get_ident())

    def fail(batch: Batch) -> None:
        if end == "failed":
            raise LookupError

    generator = source()
    pipeline = Pipeline(generator, on_batch=fail, rate=1000.0)
    pipeline.start(0.02 if end == "duration" else None)
    assert begun.wait(SECONDS) if end == "stopped" else pipeline.wait(SECONDS)
    if end == "failed":
        with pytest.raises(LookupError):
            pipeline.stop()
    else:
        assert pipeline.stop().ended == end
    assert len(closed) == 1


# Refusals


async def awaited(*_: object) -> None:
    """Do nothing, later."""


class Awaited:
    async def __call__(self, batch: Batch) -> None:
        """Do nothing, later."""

    async def process(self, batch: Batch) -> Batch:
        return batch

    async def write(self, batch: Batch) -> None:
        """Do nothing, later."""


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("source", {"source": awaited}),
        ("on_batch", {"on_batch": awaited}),
        ("on_batch", {"on_batch": Awaited()}),
        ("on_batch", {"on_batch": functools.partial(awaited, 1)}),
        ("on_point", {"on_point": awaited}),
        (r"processors\[0\].process", {"processors": [Awaited()]}),
        (r"sinks\[0\].write", {"sinks": [Awaited()]}),
    ],
)
def test_an_async_function_is_refused(name: str, parts: Any) -> None:
    with pytest.raises(TypeError, match=f"{name} is an async function"):
        Pipeline(**{"source": [BATCH]} | parts)


@pytest.mark.parametrize("name", ["on_batch", "on_point"])
def test_a_returned_coroutine_is_refused(name: str) -> None:
    parts: Any = {name: lambda given: awaited(given, 1)}
    with pytest.raises(TypeError, match=f"{name} returned a coroutine, but a pipeline does not await"):
        Pipeline([BATCH], **parts).run()


@pytest.mark.parametrize("part", ["source", "iterator", "method", "processors", "sinks"])
def test_a_part_is_used_by_one_running_pipeline_at_a_time(part: str, tmp_path: Path) -> None:
    parts = Acting("none", lambda: None)
    shared: Any = {
        "source": {"source": parts.read},
        "iterator": {"source": parts.generate()},
        "method": {"source": parts.read},
        "processors": {"processors": [MovingAverage(4)]},
        "sinks": {"sinks": [ArrowWriter(tmp_path / "run.arrow")]},
    }[part]
    own: Any = {"source": instrument()}
    first, second = Pipeline(**own | shared), Pipeline(**own | shared)
    with first:
        if part == "method":
            shared["source"] = parts.read  # another bound method of the same object
            second = Pipeline(**own | shared)
        with pytest.raises(RuntimeError, match="is in use by another running pipeline; stop that pipeline first"):
            second.start()
    if part not in {"iterator", "sinks"}:
        second.run(0.01)


def test_an_instrument_and_a_list_are_shared_freely() -> None:
    for source in (instrument(), [BATCH]):
        with Pipeline(source) as first, Pipeline(source) as second:
            pass
        assert first.stop() is not second.stop()


def test_one_sink_twice_is_refused() -> None:
    sink = Acting("none", lambda: None)
    with pytest.raises(ValueError, match="sinks contains .* twice, so each batch would be written twice"):
        Pipeline([BATCH], sinks=[sink, sink])


@pytest.mark.parametrize("native", [True, False])
def test_two_pipelines_write_one_shared_sink_and_its_owner_closes_it(tmp_path: Path, native: bool) -> None:
    class Kept:
        def __init__(self) -> None:
            self.rows, self.closed, self.inside = 0, False, False

        def write(self, batch: Batch) -> None:
            assert not self.inside
            self.inside = True
            time.sleep(0.001)
            self.rows, self.inside = self.rows + len(batch), False

        def close(self) -> None:
            self.closed = True

    channels = [Channel("left", "V"), Channel("right", "V")]
    sink: Any = ArrowWriter(tmp_path / "run.arrow", channels=channels) if native else Kept()
    with SharedSink(sink) as shared:
        pipelines = [Pipeline(SimulatedInstrument(1000.0, channel), sinks=[shared]) for channel in channels]
        for pipeline in pipelines:
            pipeline.start(0.05)
        assert [pipeline.wait(SECONDS) and pipeline.stop().processed for pipeline in pipelines] == [50, 50]
        assert not sink.closed
    assert (sink.rows, sink.closed) == (100, True)


# Cleanup


@pytest.mark.parametrize("part", ["on_batch", "on_point", "source", "processors", "sinks", "exception"])
@pytest.mark.parametrize("ending", ["never started", "stopped", "ended alone"])
def test_no_cycle_through_a_pipeline_survives(part: str, ending: str) -> None:
    class Program:
        def __init__(self) -> None:
            left = iter([BATCH])
            parts: Any = {
                "on_batch": {"on_batch": self.show},
                "on_point": {"on_point": self.show},
                "source": {"source": lambda: (self, next(left, None))[1]},
                "processors": {"processors": [self]},
                "sinks": {"sinks": [self]},
                "exception": {"on_batch": self.fail},
            }[part]
            self.pipeline = Pipeline(**{"source": [BATCH]} | parts)

        def show(self, given: object) -> None:
            pass

        def fail(self, given: object) -> None:
            raise LookupError

        def process(self, batch: Batch) -> Batch:
            return batch

        write = show

    program = Program()
    if ending != "never started":
        program.pipeline.start()
        assert program.pipeline.wait(SECONDS)
    if ending == "stopped":
        with pytest.raises(LookupError) if part == "exception" else contextlib.nullcontext():
            program.pipeline.stop()
    gone = weakref.ref(program)
    del program
    gc.collect()
    assert gone() is None


# Forks


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_never_waits_for_a_lock_that_the_parent_held(tmp_path: Path) -> None:
    text = """
        import copy, os, pickle, signal, sys, threading
        import numpy as np
        from rust_daq import Channel, Pipeline, SimulatedInstrument
        from rust_daq.process import Fft, Iir, MovingAverage
        from rust_daq.storage import ArrowWriter
        channel = Channel("a", "V")
        batch = channel.batch([1.0, 2.0])
        writer = ArrowWriter(sys.argv[1] + "/run.arrow", sync="none")
        average = MovingAverage(4)
        source = SimulatedInstrument(1e6, channel, scans_per_read=10)
        pipeline = Pipeline(source, [average], [writer])
        pipeline.start()
        calls = [
            lambda: writer.rows, lambda: repr(writer), lambda: writer.write(batch), lambda: writer.flush(),
            lambda: writer.close(), lambda: average.process(batch), lambda: average.process_values([1.0]),
            lambda: repr(average), lambda: pickle.dumps(average), lambda: copy.copy(average), lambda: average.reset(),
            lambda: pipeline.report, lambda: pipeline.stop(), lambda: pipeline.wait(),
        ]
        for turn in range(100):
            child = os.fork()
            if child == 0:
                signal.alarm(20)  # ends a child that hangs
                for call in calls[turn % len(calls):] + calls:
                    try:
                        call()
                    except (RuntimeError, OSError, ValueError):
                        pass
                os._exit(0)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            assert status == 0, (turn, status)
        pipeline.stop()
        print("done")
    """
    ended = run_script(text, str(tmp_path), seconds=600.0)
    assert (ended.returncode, ended.stdout.strip()) == (0, "done"), ended.stderr


# Locks


def test_no_lock_of_a_processor_is_held_while_python_code_runs() -> None:
    """A finalizer that the garbage collector runs during a call may use the same processor."""
    average = MovingAverage(4)
    average.process_values([1.0])  # imports its modules, whose import has its own locks
    used: list[int] = []

    class Cycle:
        def __init__(self) -> None:
            self.self = self

        def __del__(self) -> None:
            used.append(len(average.process_values([1.0])))

    done = threading.Event()

    def work() -> None:
        for _ in range(200):
            Cycle()
            average.process_values([1.0, 2.0])
        done.set()

    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        threading.Thread(target=work, daemon=True).start()
        assert done.wait(SECONDS)
    finally:
        gc.set_threshold(*before)
    assert used
