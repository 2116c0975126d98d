"""Loops over the batches of a pipeline, and the newest points for a display."""

import asyncio
import gc
import os
import sys
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from interrupts import is_in
from pipelines import (
    BATCH,
    CHANNEL,
    SECONDS,
    Broken,
    Keeper,
    adds_up,
    check_stop_names,
    instrument,
    numbers,
    run_script,
    wait_until,
)

from rust_daq import Batch, Channel, Pipeline, Report, SimulatedInstrument
from rust_daq.process import Fft, MovingAverage
from rust_daq.storage import ArrowWriter, open_recording

BATCHES = [CHANNEL.batch([float(index)] * 10, start=0, rate=1.0) for index in range(20)]


def first(batch):
    return batch.first_sequence["ai0"]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a loop that is left wait for its run as long as a test may take."""
    monkeypatch.setattr("rust_daq._current_run.GRACE_SECONDS", SECONDS)


def endless() -> Pipeline:
    return Pipeline(lambda: BATCH, capacity=1_000)


def finish(main: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine with a timeout."""
    return asyncio.run(asyncio.wait_for(main, SECONDS))


def first_of(pipeline: Pipeline) -> Any:
    """Leave a loop at its first batch."""
    for batch in pipeline:
        return batch
    return None


def plainly(pipeline: Pipeline, each: Callable[[Batch], object] = lambda _: None) -> list[Any]:
    taken = []
    for batch in pipeline:
        taken.append(batch)
        each(batch)
    return taken


def asynchronously(pipeline: Pipeline, each: Callable[[Batch], object] = lambda _: None) -> list[Any]:
    async def collected() -> list[Any]:
        taken = []
        async for batch in pipeline:
            taken.append(batch)
            each(batch)
        return taken

    result: list[Any] = finish(collected())
    return result


LOOPS = pytest.mark.parametrize("loop", [plainly, asynchronously])
Loop = Callable[..., list[Any]]


# The batches of a loop


@LOOPS
def test_a_loop_starts_a_run_and_receives_every_batch_in_order(loop: Loop) -> None:
    sink = Keeper()
    pipeline = Pipeline(BATCHES, sinks=[sink])
    for _ in range(2):
        taken = loop(pipeline)
        assert [batch.values[0] for batch in taken] == list(range(20))
        assert list(map(first, taken)) == list(range(0, 200, 10))
    report = pipeline.report
    assert (report.ended, report.processed, sink.closed) == ("source", 200, 2)
    assert sink.batches[20:] == taken


@LOOPS
@pytest.mark.parametrize("capacity", [10, 1_000])
def test_a_loop_receives_spectra_from_the_last_processor(loop: Loop, capacity: int) -> None:
    taken = loop(Pipeline(BATCHES, [Fft(16, 8, 1.0)], capacity=capacity))
    assert sum(map(len, taken)) == (200 - 16) // 8 + 1
    assert {type(spectra).__name__ for spectra in taken} == {"Spectra"}


@LOOPS
def test_a_loop_reads_an_active_run_and_leaves_it_running(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rust_daq._current_run.LOOK_SECONDS", 1e-4)  # it checks several times for each batch
    read = threading.Event()
    pipeline = Pipeline(lambda: None if read.is_set() else BATCH, rate=1000.0)
    with pipeline:
        for batch in pipeline:
            if first(batch) >= 3:
                break
        assert not pipeline.wait(0)
        assert first(first_of(pipeline)) > first(batch)
    pipeline.start()
    taken = loop(pipeline, each=lambda _: read.set())
    assert pipeline.wait(0)
    assert first(taken[-1]) + len(BATCH) == pipeline.report.produced


def test_a_loop_over_a_finished_run_ends_at_once() -> None:
    pipeline = Pipeline(BATCHES)
    with pipeline:
        assert pipeline.wait(SECONDS)
        assert list(pipeline) == []
    assert len(list(pipeline)) == 20


@pytest.mark.parametrize("policy", ["block", "drop_oldest", "drop_newest"])
def test_a_slow_loop_fills_the_queue_and_on_full_applies(policy: Any) -> None:
    full = threading.Event()

    def read() -> Iterator[Batch]:
        for index, batch in enumerate(BATCHES):
            # One batch is in the loop, one is offered, and five wait.
            if index == (7 if policy == "block" else 19):
                full.set()
            yield batch

    pipeline = Pipeline(read(), capacity=50, on_full=policy)
    taken = []
    for batch in pipeline:
        assert full.wait(SECONDS)
        taken.append(int(batch.values[0]))
    report = pipeline.report
    assert adds_up(report)
    assert report.processed == 10 * len(taken)
    assert report.dropped == 200 - report.processed
    assert (report.dropped == 0) == (policy == "block")
    assert taken == sorted(taken)
    if policy == "drop_oldest":
        assert taken[-1] == 19
    else:
        assert taken[0] == 0


@pytest.mark.parametrize("drain", [True, False])
def test_batches_not_taken_by_a_loop_are_not_processed(drain: bool) -> None:
    pipeline = endless()
    taken = 0
    for batch in pipeline:
        taken += len(batch)
        if taken == 20:
            pipeline.stop(drain=drain)
            assert pipeline.report is not None  # it goes on
    report = pipeline.stop()
    assert report.ended == "stopped"
    assert report.processed == taken
    assert (report.abandoned > 0, taken > 20) == (not drain, drain) or report.produced == 20
    assert adds_up(report)


# The end of a loop


def test_a_second_async_loop_after_a_break_starts_another_run() -> None:
    sink = Keeper()
    pipeline = Pipeline(BATCHES, sinks=[sink])

    async def main() -> None:
        for _ in range(3):
            async for batch in pipeline:
                assert batch.values[0] == 0
                break
            assert [batch.values[0] async for batch in pipeline] == list(range(20))

    finish(main())
    assert sink.closed == 6


@LOOPS
@pytest.mark.parametrize("part", ["source", "process", "write", "close"])
@pytest.mark.parametrize("running", [True, False])
def test_exceptions_of_the_run_are_raised_in_the_loop(loop: Loop, part: str, running: bool) -> None:
    broken = Broken(part, [BATCH])
    pipeline = Pipeline(broken.read, [broken], [broken])
    if running:
        pipeline.start()
    with pytest.raises(LookupError, match="no more paper"):
        loop(pipeline)
    assert pipeline.stop().ended == "failed"


def test_an_error_of_an_abandoned_run_is_kept_for_stop() -> None:
    error = OSError("disk full")
    pipeline = Pipeline(lambda: BATCH, sinks=[Keeper(error)])
    with pytest.warns(RuntimeWarning, match="the run of a loop that was left failed; call stop to raise the exception"):
        first_of(pipeline)
    with pytest.raises(OSError, match="disk full"):
        pipeline.stop()
    with pytest.warns(RuntimeWarning, match="left failed"):
        first_of(pipeline)
    with pytest.raises(OSError, match="disk full"):
        next(iter(pipeline))


def test_a_loop_that_is_left_while_a_part_blocks_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rust_daq._current_run.GRACE_SECONDS", 0.05)
    blocked, gate = threading.Event(), threading.Event()

    def read() -> Iterator[Batch]:
        yield BATCH
        blocked.set()
        gate.wait(SECONDS)

    def leave() -> None:
        for _ in pipeline:
            assert blocked.wait(SECONDS)  # otherwise the run could end before the source is asked again
            break

    pipeline = Pipeline(read())
    with pytest.warns(RuntimeWarning, match="left is still waiting for source <generator .*; stop waits for it too"):
        leave()
    gate.set()
    assert pipeline.stop(timeout=SECONDS).ended in {"stopped", "source"}


def test_with_stops_a_run_whose_loop_waits_in_the_same_thread() -> None:
    with endless() as pipeline:
        iterator = iter(pipeline)
        next(iterator)
    assert adds_up(pipeline.report)
    assert list(iterator) == []


# Permitted calls


@LOOPS
def test_stop_in_the_loop_requests_the_end_and_wait_is_refused(loop: Loop) -> None:
    pipeline = endless()
    acted: list[Report] = []

    def act(_: Batch) -> None:
        if acted:
            return
        with pytest.raises(RuntimeError, match="wait was called in a loop over the pipeline, .*; call stop, or break"):
            pipeline.wait(SECONDS)
        acted.append(pipeline.stop())

    loop(pipeline, each=act)
    assert pipeline.wait(0)
    assert pipeline.stop().ended == "stopped"


def test_a_loop_stopped_by_another_thread_receives_waiting_batches() -> None:
    stopping = threading.current_thread()
    pipeline = Pipeline(lambda: BATCH, capacity=10)
    taken = []

    def iterate() -> None:
        for batch in pipeline:
            taken.append(batch)
            if len(taken) == 1:
                wait_until(lambda: is_in(stopping, "wait_for", "finish_run"))

    with pipeline:
        thread = threading.Thread(target=iterate)
        thread.start()
        wait_until(lambda: taken)
    report = pipeline.stop()
    thread.join(SECONDS)
    assert not thread.is_alive()
    assert report.processed == report.produced


def test_a_stop_with_a_timeout_names_the_loop_and_without_drain_does_not_wait() -> None:
    taken, gate = threading.Event(), threading.Event()
    pipeline = endless()

    def iterate() -> None:
        for _ in pipeline:
            taken.set()
            gate.wait(SECONDS)

    thread = threading.Thread(target=iterate)
    thread.start()
    assert taken.wait(SECONDS)
    # The stop has to wait for a second batch; the first may still count.
    wait_until(lambda: pipeline.report.queued > len(BATCH))
    check_stop_names(pipeline, "it is waiting for the loop over the pipeline to take a batch")
    report = pipeline.stop(drain=False, timeout=SECONDS)
    assert (report.ended, report.processed) == ("stopped", 2)
    gate.set()
    thread.join(SECONDS)
    assert not thread.is_alive()


def test_a_second_loop_is_refused() -> None:
    pipeline = endless()
    loop = iter(pipeline)
    next(loop)
    with pytest.raises(RuntimeError, match="another loop is iterating over the pipeline.* end that loop first"):
        next(iter(pipeline))
    next(loop)  # the first loop continues
    del loop
    assert pipeline.stop().ended == "stopped"


def test_a_loop_inside_the_run_is_refused() -> None:
    pipeline = Pipeline([BATCH], on_batch=lambda batch: next(iter(pipeline)))
    with pytest.raises(RuntimeError, match="wait for the run's own batches; iterate in another thread"):
        pipeline.run()


def test_a_pipeline_is_the_source_of_another() -> None:
    first = Pipeline(BATCHES)
    assert Pipeline(first).run().processed == 200
    assert first.stop().processed == 200


# The event loop


@pytest.mark.parametrize("available", [True, False])
def test_an_async_loop_lets_other_tasks_run(available: bool) -> None:
    gate = threading.Event()

    def read() -> Iterator[Batch]:
        yield BATCH
        assert available or gate.wait(SECONDS)
        yield BATCH

    pipeline = Pipeline(read())

    async def main() -> None:
        loop = aiter(pipeline)
        await anext(loop)
        if available:
            wait_until(lambda: pipeline.report.queued == len(BATCH))
            pipeline._current.run.await_offer(SECONDS)
        task = asyncio.ensure_future(anext(loop))
        await asyncio.sleep(0)
        assert not task.done()
        gate.set()
        assert first(await task) == len(BATCH)
        await loop.aclose()

    finish(main())
    assert pipeline.stop().processed == 2 * len(BATCH)


def test_several_async_loops_wait_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rust_daq._async_loop.LOOK_SECONDS", 2 * SECONDS)
    # The source of each pipeline waits until the next loop has received a batch.
    received = [threading.Event() for _ in range(21)]
    received[-1].set()

    async def work(index: int) -> int:
        def read() -> Iterator[Batch]:
            assert received[index + 1].wait(SECONDS)
            yield BATCH

        taken = 0
        async for batch in Pipeline(read()):
            taken += len(batch)
            received[index].set()
        return taken

    async def main() -> None:
        # None of them needs the shared threads of the event loop.
        asyncio.get_running_loop().set_default_executor(Single(1))
        assert await asyncio.gather(*map(work, range(20))) == [len(BATCH)] * 20

    from concurrent.futures import ThreadPoolExecutor as Single

    finish(main())


@pytest.mark.skipif(sys.platform == "win32", reason="it sends SIGINT")
@pytest.mark.parametrize("loop", ["for", "async for", "with"])
def test_ctrl_c_ends_a_loop_that_waits(loop: str) -> None:
    text = f"""
        import asyncio
        from interrupts import interrupt
        from rust_daq import Channel, Pipeline, SimulatedInstrument
        pipeline = Pipeline(SimulatedInstrument(1e-5, Channel("a", "V")))
        def iterate():
            interrupt(["take", "batches"])  # before the loop, because the only batch can arrive before it
            for batch in pipeline:
                pass
        async def main():
            async for batch in pipeline:
                interrupt(["select"])
        try:
            if "{loop}" == "async for":
                asyncio.run(main())
            elif "{loop}" == "with":
                with pipeline:
                    iterate()
            else:
                iterate()
        except KeyboardInterrupt:
            print("interrupted")
        print(pipeline.stop().ended)
    """
    ended = run_script(text)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["interrupted", "stopped"]


def test_the_interpreter_exits_while_loops_wait() -> None:
    text = """
        import asyncio
        from rust_daq import Channel, Pipeline, SimulatedInstrument
        source = SimulatedInstrument(1000.0, Channel("a", "V"))
        pipelines = [Pipeline(source) for _ in range(3)]
        loops = [iter(pipelines[0]), iter(pipelines[1])]
        print([len(next(loop)) for loop in loops])
        async def main():
            global kept
            kept = aiter(pipelines[2])
            await anext(kept)
        asyncio.run(main())
    """
    ended = run_script(text)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_during_a_loop_does_not_hang() -> None:
    text = """
        import asyncio, os, signal
        from rust_daq import Channel, Pipeline, SimulatedInstrument
        source = SimulatedInstrument(1e6, Channel("a", "V"), scans_per_read=10)
        pipeline = Pipeline(source, capacity=100, on_full="drop_oldest")
        def child(calls):
            signal.alarm(20)  # ends a child that hangs
            for call in calls:
                try:
                    call()
                    print("no error", call)
                except RuntimeError as error:
                    assert "forked" in str(error), error
            os._exit(0)
        for turn, batch in enumerate(pipeline):
            pid = os.fork()
            if pid == 0:
                child([lambda: pipeline.latest(10), lambda: pipeline.stop(), lambda: next(iter(pipeline))])
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, turn
            if turn == 50:
                break
        for left in (True, False):
            for batch in pipeline:
                pid = os.fork()
                if left or pid:
                    break
            if pid == 0:
                signal.alarm(20)
                os._exit(0 if left else 1)
            status = os.waitpid(pid, 0)[1]
            if left:
                assert status == 0
        child_report = pipeline.report
        if (pid := os.fork()) == 0:
            signal.alarm(20)
            os._exit(0 if len(pipeline.latest(10)) == 10 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        print("done")
    """
    ended = run_script(text, seconds=600.0)
    assert ended.stdout.strip() == "done", (ended.stdout, ended.stderr)


@pytest.mark.parametrize("kind", ["for", "async for"])
@pytest.mark.parametrize("state", ["new", "waiting", "left"])
def test_no_cycle_through_a_loop_survives(kind: str, state: str) -> None:
    class Program:
        def __init__(self) -> None:
            self.pipeline = Pipeline(instrument())
            self.loop: Any = iter(self.pipeline) if kind == "for" else aiter(self.pipeline)

        async def next(self) -> Any:
            return next(self.loop) if kind == "for" else await anext(self.loop)

    program = Program()
    if state != "new":
        finish(program.next())
    if state == "left" and kind == "for":
        program.loop.close()
    elif state == "left":
        finish(program.loop.aclose())
    gone = weakref.ref(program)
    del program
    gc.collect()
    assert gone() is None


# The newest points


def test_latest_has_the_newest_points_before_during_and_after_a_run() -> None:
    gate, waiting = threading.Event(), threading.Event()

    def read() -> Iterator[Batch]:
        yield from BATCHES
        waiting.set()
        gate.wait(SECONDS)
        yield BATCH

    seen = threading.Semaphore(0)
    pipeline = Pipeline(read(), [MovingAverage(2)], on_batch=lambda batch: seen.release())
    assert len(pipeline.latest(1_000)) == 0
    assert pipeline.latest(15).channels == ()
    pipeline.start()
    assert waiting.wait(SECONDS)
    wait_until(lambda: len(pipeline.latest(500)) == 200)
    assert numbers(pipeline.latest(15)) == list(range(185, 200))
    assert pipeline.latest(15).values.tolist() == [18.0] * 4 + [18.0] + [18.5] + [19.0] * 9
    assert numbers(pipeline.latest(1_000_000)) == list(range(200))
    gate.set()
    assert pipeline.wait(SECONDS)
    assert numbers(pipeline.latest(3)) == [199, 200, 201]
    pipeline.stop()
    assert numbers(pipeline.latest(3)) == [199, 200, 201]
    assert len(pipeline.latest(1_000_000)) == 202


def test_a_run_keeps_its_newest_batch_and_as_many_points_as_requested() -> None:
    batches = [CHANNEL.batch(np.arange(7.0), start=0, rate=1.0)] * 1_000
    pipeline = Pipeline(batches)
    pipeline.run()
    assert len(pipeline.latest(2_000)) == 7
    pipeline.run()
    assert len(pipeline.latest(np.int64(2_000))) == 2_000
    assert 2_000 <= len(pipeline.latest(10_000)) < 2_007
    pipeline.run()
    assert len(pipeline.latest(7_001)) == 7_000


def test_latest_of_several_channels_has_the_newest_rows_of_all() -> None:
    channels = [Channel("left", "V"), Channel("right", "V")]
    pipeline = Pipeline(SimulatedInstrument(1000.0, channels))
    pipeline.run(0.05)
    latest = pipeline.latest(10)
    assert [len(part) for part in latest.by_channel().values()] == [5, 5]
    assert latest.first_sequence == {"left": 45, "right": 45}


def test_latest_joins_spectra_too() -> None:
    pipeline = Pipeline([*BATCHES, CHANNEL.batch([1.0], start=0, rate=1.0)], [Fft(16, 8, 1.0)])
    pipeline.latest(1_000)
    taken = list(pipeline)
    latest = pipeline.latest(5)
    assert len(latest) == 5
    power = np.concatenate([spectra.power for spectra in taken])
    times = np.concatenate([spectra.times for spectra in taken])
    assert np.array_equal(latest.power, power[-5:])
    assert np.array_equal(latest.times, times[-5:])
    assert np.array_equal(latest.frequencies, taken[-1].frequencies)
    assert latest.channels == ("ai0",) * 5
    assert len(pipeline.latest(1_000)) == len(power)


def test_latest_omits_batches_that_do_not_fit_the_newest() -> None:
    volts, amperes = Channel("ai0", "V"), Channel("ai0", "A")
    pipeline = Pipeline([volts.batch([1.0, 2.0]), amperes.batch([3.0]), amperes.batch([4.0])])
    pipeline.latest(10)
    pipeline.run()
    assert pipeline.latest(10).values.tolist() == [3.0, 4.0]


def test_latest_does_not_wait_for_a_loop_or_a_callback() -> None:
    taken, gate = threading.Event(), threading.Event()

    def hold(batch: Batch) -> None:
        taken.set()
        gate.wait(SECONDS)

    with Pipeline(BATCHES, on_batch=hold) as pipeline:
        assert taken.wait(SECONDS)
        assert len(pipeline.latest(10)) == 0  # not processed yet
        gate.set()
    for batch in pipeline:
        assert pipeline.latest(10).values[-1] >= batch.values[0]


@pytest.mark.parametrize(
    ("n", "error", "words"),
    [
        (0, ValueError, r"n must be the number of newest points, from 1 to .*, got 0"),
        (-1, ValueError, "n must be the number of newest points, from 1 to .*, got -1"),
        (2.5, TypeError, r"n must be the number of newest points, got 2.5"),
        ("all", TypeError, "n must be"),
        (True, TypeError, "n must be"),
        (None, TypeError, "n must be"),
    ],
)
def test_latest_takes_a_count(n: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        endless().latest(n)


def test_a_recording_has_the_batches_of_the_loop(tmp_path: Path) -> None:
    path = tmp_path / "run.arrow"
    seen = list(Pipeline(BATCHES, sinks=[ArrowWriter(path)]))
    assert Batch.concat(list(open_recording(path))) == Batch.concat(seen)
