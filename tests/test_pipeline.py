"""The pipeline: its output, its counts and its end."""

import contextlib
import gc
import itertools
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from pipelines import CHANNEL, SECONDS, Broken, Gated, Keeper, adds_up, instrument, raising, run_script, wait_until

from rust_daq import Batch, DataPoint, Pipeline

ROWS = 10


def batches(count: int, rows: int = ROWS) -> list[Batch]:
    numbers = np.arange(rows, dtype=float)
    return [CHANNEL.batch(numbers + rows * index) for index in range(count)]


class Doubled:
    """A processor written in Python."""

    def __init__(self) -> None:
        self.resets = 0

    def process(self, batch: Batch) -> Batch:
        return CHANNEL.batch(2 * batch.values, batch.timestamps).with_first_sequence(batch.first_sequence)

    def reset(self) -> None:
        self.resets += 1


# Processing


def test_every_scan_of_the_duration_is_processed_in_order() -> None:
    sink = Keeper()
    report = Pipeline(instrument(10_000.0, scans_per_read=7), sinks=[sink]).run(0.05)
    assert (report.produced, report.processed, report.ended) == (500, 500, "duration")
    assert sink.sequence() == list(range(500))
    gathered = Batch.concat(sink.batches)
    expected = instrument(10_000.0).batch(500)
    np.testing.assert_array_equal(gathered.values, expected.values)
    # The scans are stamped with the times at which they are due, without drift.
    np.testing.assert_array_equal(
        gathered.timestamps - gathered.timestamps[0], expected.timestamps - expected.timestamps[0]
    )


def test_a_run_stamps_from_the_wall_clock_at_its_start() -> None:
    sink = Keeper()
    before = DataPoint.now("clock", 0.0, "").timestamp
    Pipeline(instrument(10_000.0), sinks=[sink]).run(0.01)
    first = sink.batches[0][0].timestamp
    after = DataPoint.now("clock", 0.0, "").timestamp
    assert before <= first <= after


def test_each_run_starts_again() -> None:
    sink, processor = Keeper(), Doubled()
    pipeline = Pipeline(instrument(10_000.0), [processor], [sink])
    pipeline.run(0.01)
    pipeline.run(0.01)
    assert sink.sequence() == [*range(100), *range(100)]
    assert (processor.resets, sink.closed) == (2, 2)


def test_sinks_and_callbacks_receive_processed_data_in_order() -> None:
    order: list[str] = []
    kept: list[Any] = []

    class First:
        def write(self, batch: Batch) -> None:
            order.append("sink")
            kept.append(batch)

    def on_batch(batch: Batch) -> None:
        order.append("batch")
        kept.append(batch)

    def on_point(point: DataPoint) -> None:
        order.append("point")
        kept.append(point)

    source = [CHANNEL.batch([1.0, 2.0], [5, 6])]
    Pipeline(source, [Doubled()], [First()], on_batch=on_batch, on_point=on_point).run()
    assert order == ["sink", "batch", "point", "point"]
    assert [list(batch.values) for batch in kept[:2]] == [[2.0, 4.0], [2.0, 4.0]]
    assert kept[2:] == [CHANNEL.point(2.0, 5), CHANNEL.point(4.0, 6)]


def test_a_callable_returns_batches_until_it_returns_none() -> None:
    left, sink = iter(batches(3)), Keeper()
    report = Pipeline(lambda: next(left, None), sinks=[sink]).run()
    assert (report.processed, report.ended) == (3 * ROWS, "source")
    assert sink.sequence() == list(range(3 * ROWS))


def test_an_iterable_starts_again_and_an_iterator_does_not() -> None:
    again = Pipeline(batches(2))
    assert [again.run().produced, again.run().produced] == [2 * ROWS, 2 * ROWS]
    once = Pipeline(iter(batches(2)))
    assert [once.run().produced, once.run().produced] == [2 * ROWS, 0]


def test_a_rate_paces_a_source_by_its_rows() -> None:
    report = Pipeline(batches(4), rate=1000.0).run()
    # The last batch is due once the rows before it have passed.
    assert report.elapsed_ns >= 3 * ROWS * 1_000_000


def test_numbers_of_the_source_are_kept() -> None:
    sink = Keeper()
    Pipeline([batches(1)[0].with_first_sequence(40)], sinks=[sink]).run()
    assert sink.sequence() == list(range(40, 50))


# Losses


def endless() -> Iterator[Batch]:
    return itertools.cycle(batches(3))


@pytest.mark.parametrize("policy", ["drop_oldest", "drop_newest"])
@pytest.mark.parametrize("count", [3, 5, 40])
def test_points_lost_by_a_stalled_consumer_are_counted_and_show_as_a_gap(policy: Any, count: int) -> None:
    sink, given = Gated(), iter(batches(count))

    def source() -> Batch | None:
        batch = next(given, None)
        if batch is None:
            sink.gate.set()
        return batch

    report = Pipeline(source, sinks=[sink], capacity=5 * ROWS, on_full=policy).run()
    assert adds_up(report)
    assert (report.produced, report.abandoned, report.queued) == (count * ROWS, 0, 0)
    kept = sink.sequence()
    assert report.processed == len(kept)
    assert report.queue_high_water <= 5 * ROWS
    assert report.dropped == count * ROWS - len(kept)
    assert sorted(set(kept)) == kept
    assert (report.dropped > 0) == (count == 40)
    if count == 40:
        # What remains is a full queue, and the batch that the consumer holds.
        left = kept[-50:] if policy == "drop_oldest" else kept[:50]
        assert left == list(range(350, 400) if policy == "drop_oldest" else range(50))


def test_a_source_that_waits_loses_nothing() -> None:
    sink = Keeper()
    report = Pipeline(batches(50), sinks=[sink], capacity=ROWS).run()
    assert (report.dropped, report.processed) == (0, 500)
    assert sink.sequence() == list(range(500))


def test_points_that_arrive_after_the_next_are_due_are_late() -> None:
    def slow() -> Batch:
        threading.Event().wait(0.01)
        return batches(1, rows=1)[0]

    report = Pipeline(slow, rate=1000.0).run(0.05)
    assert report.late == report.produced > 0


# The end of a run


def test_a_callback_that_raises_ends_the_run_in_the_callers_thread() -> None:
    sink = Keeper()
    pipeline = Pipeline(endless(), sinks=[sink], on_batch=raising(LookupError("no more paper"), at=1000))
    with pytest.raises(LookupError, match="no more paper"):
        pipeline.run()
    report = pipeline.report
    assert (report.ended, report.processed, sink.closed) == ("failed", 999 * ROWS, 1)
    assert len(sink.batches) == 1000  # the sink keeps its batches
    assert adds_up(report)
    assert report.abandoned >= ROWS


@pytest.mark.parametrize("part", ["source", "process", "write", "close", "on_point"])
def test_an_exception_of_any_part_reaches_the_caller(part: str) -> None:
    broken = Broken(part, batches(3))
    pipeline = Pipeline(broken.read, [broken], [broken], on_point=broken.on_point)
    with pytest.raises(LookupError, match="no more paper"):
        pipeline.run()
    assert pipeline.report.ended == "failed"
    assert adds_up(pipeline.report)


def test_every_failure_is_reported() -> None:
    sink = Keeper(OSError("disk full"))
    sink.write = raising(LookupError("no more paper"))
    with pytest.raises(LookupError) as raised:
        Pipeline(batches(1), sinks=[sink]).run()
    assert "disk full" in raised.value.__notes__[0]


def test_with_starts_and_drains() -> None:
    sink = Gated()
    with Pipeline(endless(), sinks=[sink], capacity=5 * ROWS) as pipeline:
        sink.reached.wait()
        assert (pipeline.report.ended, pipeline.report.cpu_ns) == (None, None)
        assert adds_up(pipeline.report)
        assert not pipeline.wait(0)
        sink.gate.set()
    assert pipeline.report.ended == "stopped"
    assert (pipeline.report.abandoned, pipeline.report.queued) == (0, 0)
    assert len(sink.sequence()) == pipeline.report.processed


def test_an_exception_inside_with_abandons_and_notes_other_failures() -> None:
    sink = Keeper()

    def work() -> None:
        with Pipeline(endless(), sinks=[sink], on_batch=raising(LookupError("no more paper"), at=1)) as pipeline:
            pipeline.wait()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as raised:
        work()
    assert "no more paper" in raised.value.__notes__[0]
    assert sink.closed == 1


def test_a_stop_without_draining_abandons_waiting_batches() -> None:
    sink = Gated()

    def source() -> Iterator[Batch]:
        try:
            yield from endless()
        finally:
            sink.gate.set()  # the waiting batches are abandoned, because the source no longer waits for room

    pipeline = Pipeline(source(), sinks=[sink], capacity=5 * ROWS)
    pipeline.start()
    # The batch in the sink and the one that waits for room count as queued too.
    wait_until(lambda: pipeline.report.queued == 7 * ROWS)
    report = pipeline.stop(drain=False, timeout=SECONDS)
    assert (report.ended, report.queued) == ("stopped", 0)
    assert (report.processed, report.abandoned) == (ROWS, 6 * ROWS)
    assert adds_up(report)


def test_a_source_that_ends_early_is_a_warning() -> None:
    with pytest.warns(RuntimeWarning, match=r"source ended after .* of the requested 60 s") as warned:
        assert Pipeline(batches(1)).run(60).ended == "source"
    assert warned[0].filename == __file__


@pytest.mark.parametrize("duration", [1e12, 1e300])
def test_a_duration_may_be_longer_than_any_clock_counts(duration: float) -> None:
    with pytest.warns(RuntimeWarning, match=r"of the requested 1e\+"):
        assert Pipeline(batches(1)).run(duration).ended == "source"


def test_a_second_run_is_refused_during_a_run() -> None:
    with Pipeline(instrument(10_000.0)) as pipeline:
        with pytest.raises(RuntimeError, match="is running already; stop it first"):
            pipeline.run(1)
        with pytest.raises(RuntimeError, match="is running already"):
            pipeline.start()
    assert pipeline.report.ended == "stopped"


def test_a_stop_without_a_run_is_refused_and_a_second_stop_returns_the_report() -> None:
    pipeline = Pipeline(instrument(10_000.0))
    assert pipeline.wait()
    assert pipeline.report is None
    with pytest.raises(RuntimeError, match="never started"):
        pipeline.stop()
    pipeline.start()
    assert pipeline.stop() is pipeline.stop()


# Refusals


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"source": 3}, TypeError, "source must be a SimulatedInstrument, a callable"),
        ({"source": batches(1)[0]}, TypeError, "pass a list of batches"),
        ({"processors": Doubled()}, TypeError, "processors must be a sequence"),
        ({"processors": [3]}, TypeError, "process"),
        ({"sinks": Keeper()}, TypeError, "sinks must be a sequence"),
        ({"sinks": [print]}, TypeError, "sinks must be objects with a method write(batch)"),
        ({"capacity": 0}, ValueError, "capacity must be the number of points that may wait"),
        ({"capacity": -1}, ValueError, "from 1 to 9223372036854775807, got -1"),
        ({"capacity": 2**70}, ValueError, "from 1 to 9223372036854775807, got 1180591620717411303424"),
        ({"capacity": 1.5}, TypeError, "capacity must be the number of points"),
        ({"on_full": "wait"}, ValueError, "on_full must be 'block', 'drop_oldest' or 'drop_newest', got 'wait'"),
        ({"on_full": None}, TypeError, "on_full must be a str"),
        ({"on_batch": 1}, TypeError, "on_batch must be a callable"),
        ({"on_point": "print"}, TypeError, "on_point must be a callable"),
        ({"rate": 1000.0}, TypeError, "a SimulatedInstrument has its own"),
        ({"source": batches(1), "rate": 1e12}, ValueError, "rate must be from 1e-9 to 1e9 hertz"),
    ],
)
def test_invalid_parts_are_refused_by_the_constructor(changed: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as refused:
        Pipeline(**{"source": instrument(10_000.0)} | changed)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("duration", "error"),
    [
        (0, ValueError),
        (-1.0, ValueError),
        (float("nan"), ValueError),
        (float("inf"), ValueError),
        (10**400, OverflowError),
        ("1 s", TypeError),
    ],
)
def test_a_duration_is_a_number_of_seconds_above_0(duration: Any, error: type[Exception]) -> None:
    pipeline = Pipeline(instrument(10_000.0))
    with pytest.raises(error, match="duration"):
        pipeline.run(duration)
    assert pipeline.report is None


def test_a_batch_larger_than_the_queue_ends_the_run() -> None:
    with pytest.raises(ValueError, match="capacity is 5 points, but a batch has 10; pass at least as many"):
        Pipeline(batches(1), capacity=5).run()


@pytest.mark.parametrize("given", [3, [1.0], CHANNEL])
def test_a_source_must_return_batches(given: Any) -> None:
    with pytest.raises(TypeError, match="source returned .* not a Batch"):
        Pipeline(lambda: given).run()
    with pytest.raises(TypeError, match="source yielded .* not a Batch"):
        Pipeline([given]).run()


def test_a_processor_must_return_batches() -> None:
    class Wrong:
        def process(self, batch: Batch) -> Any:
            return batch.values

    with pytest.raises(TypeError, match=r"processor .*Wrong.* returned .*which is not a Batch"):
        Pipeline(batches(1), [Wrong()]).run()


# Cleanup


def test_a_hundred_pipelines_leave_no_threads() -> None:
    process = psutil.Process()
    parts: list[weakref.ref[Any]] = []

    def one() -> None:
        sink, processor = Keeper(), Doubled()
        parts.extend([weakref.ref(sink), weakref.ref(processor)])
        Pipeline(instrument(100_000.0), [processor], [sink], on_point=lambda point: None).run(0.001)

    for _ in range(20):
        one()
    gc.collect()
    threads, files, memory = process.num_threads(), process.num_fds(), process.memory_info().rss
    for _ in range(100):
        one()
    gc.collect()
    # The system counts a thread for a moment after it was joined.
    wait_until(lambda: process.num_threads() <= threads)
    assert process.num_fds() == files
    assert process.memory_info().rss < memory + 20_000_000
    assert not any(part() for part in parts)


PRELUDE = """
from rust_daq import Channel, Pipeline, SimulatedInstrument
class Sink:
    def write(self, batch):
        if not written:
            print("begun", flush=True)
        written.append(len(batch))
    def close(self):
        print("closed", flush=True)
written = []
pipeline = Pipeline(SimulatedInstrument(1000.0, Channel("ai0", "V")), sinks=[Sink()])
"""


def test_ctrl_c_ends_a_run_with_its_sinks_closed() -> None:
    text = f"""{PRELUDE}
from interrupts import interrupt
from rust_daq import _control
_control.GRACE_SECONDS = 3600.0
class Interrupting(Sink):
    def write(self, batch):
        super().write(batch)
        if len(written) == 1:
            interrupt(["run"])  # the run waits
pipeline = Pipeline(SimulatedInstrument(1000.0, Channel("ai0", "V")), sinks=[Interrupting()])
try:
    pipeline.run(3600)
except KeyboardInterrupt:
    report = pipeline.report
    print(report.ended, report.produced == report.processed + report.abandoned, sum(written) == report.processed)
"""
    ended = run_script(text)
    assert (ended.returncode, ended.stdout.split()) == (0, ["begun", "closed", "stopped", "True", "True"]), ended.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_reports_that_the_threads_are_in_the_parent() -> None:
    text = f"""{PRELUDE}
import os, sys
pipeline.start()
while not written: pass
child = os.fork()
if child == 0:
    for call in (pipeline.stop, pipeline.start, lambda: pipeline.report):
        try:
            call()
        except RuntimeError as error:
            assert "was forked" in str(error), error
        else:
            os._exit(1)
    other = Pipeline(SimulatedInstrument(1000.0, Channel("ai0", "V")))
    assert other.run(0.01).processed == 10
    del pipeline
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
pipeline.stop()
"""
    ended = run_script(text)
    assert (ended.returncode, ended.stdout.split()) == (0, ["begun", "closed"]), ended.stderr


def test_progress_is_not_shown_in_a_pipe(tmp_path: Path) -> None:
    ended = run_script(f"{PRELUDE}\npipeline.run(0.3)")
    assert ended.stderr == ""


@pytest.mark.parametrize("stream", ["None", "closed", "object()"])
def test_a_run_needs_no_standard_error(stream: str) -> None:
    text = f"""{PRELUDE}
import io, sys
closed = io.StringIO()
closed.close()
sys.stderr = {stream}
print(pipeline.run(0.1).ended)
"""
    assert run_script(text).stdout.split() == ["begun", "closed", "duration"]


def test_a_lost_terminal_does_not_end_the_run() -> None:
    pytest.importorskip("rich", reason="without rich there is no progress")
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    # The run ends after the terminal was closed and the next line was drawn.
    text = f"""{PRELUDE}
import signal, sys, threading, time
signal.signal(signal.SIGHUP, signal.SIG_IGN)
threading.Thread(target=lambda: (sys.stdin.read(), time.sleep(0.5), pipeline.stop()), daemon=True).start()
print(pipeline.run(60).ended)
"""
    ours, theirs = pty.openpty()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", text], stderr=theirs, **pipes) as started:
        os.close(theirs)
        shown = b""
        while b"queued" not in shown:
            shown += os.read(ours, 4096)
        os.close(ours)
        said, _ = started.communicate(timeout=60)
    assert (started.returncode, said.split()) == (0, ["begun", "closed", "stopped"])


def test_progress_is_shown_on_a_terminal() -> None:
    pytest.importorskip("rich", reason="without rich there is no progress")
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    # The run ends once its progress was seen.
    text = f"""{PRELUDE}
import sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), pipeline.stop()), daemon=True).start()
pipeline.run(60)
"""
    ours, theirs = pty.openpty()
    started = subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b""
    with started, os.fdopen(ours, "rb", buffering=0) as terminal, contextlib.suppress(OSError):
        # The read ends with an error on Linux, and with empty data elsewhere.
        while part := terminal.read(4096):
            shown += part
            if b"queued" in shown:
                started.stdin.close()
    assert started.returncode == 0
    assert b"points" in shown
    assert b"queued" in shown


# The report


def test_a_report_returns_its_numbers_by_name() -> None:
    report = Pipeline(instrument(10_000.0)).run(0.01)
    numbers = report.as_dict()
    percentiles = {"p50_ns": 0.5, "p95_ns": 0.95, "p99_ns": 0.99, "p99_9_ns": 0.999, "max_ns": 1.0}
    for name, value in numbers.items():
        share = percentiles.get(name)
        assert value == (getattr(report, name) if share is None else report.percentile_ns(share))
    assert numbers["p50_ns"] <= numbers["p99_ns"] <= numbers["max_ns"]
    assert repr(report) == "<Report: 100 points produced, 100 processed, 0 dropped, 0 abandoned; ended: duration>"


@pytest.mark.parametrize(
    ("share", "error"), [(-0.1, ValueError), (99, ValueError), (float("nan"), ValueError), ("p99", TypeError)]
)
def test_a_share_is_a_number_from_0_to_1(share: Any, error: type[Exception]) -> None:
    report = Pipeline(batches(1)).run()
    with pytest.raises(error, match="share"):
        report.percentile_ns(share)


def test_without_points_there_is_no_response_time() -> None:
    report = Pipeline([]).run()
    assert report.percentile_ns(0.5) is None
    assert report.processed_per_second == 0


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_report_survives_pickling(protocol: int) -> None:
    running = Pipeline(instrument(10_000.0))
    running.start(0.05)
    reports = [running.report, Pipeline(instrument(10_000.0)).run(0.05), Pipeline([]).run()]
    running.wait()
    for report in reports:
        back = pickle.loads(pickle.dumps(report, protocol))
        assert repr(back) == repr(report)
        assert back.as_dict() == report.as_dict()
        assert (back.ended, adds_up(back)) == (report.ended, True)
        shares = [0.0, 0.1, 0.5, 0.9, 0.999, 1.0]
        assert [back.percentile_ns(share) for share in shares] == [report.percentile_ns(share) for share in shares]


def test_a_pickled_report_that_contradicts_itself_is_refused() -> None:
    make, arguments = Pipeline(instrument(10_000.0)).run(0.05).__reduce__()[:2]
    counts, elapsed, cpu, ended, responses = arguments
    with pytest.raises(ValueError, match="more response times than processed points"):
        make(counts, elapsed, cpu, ended, [*responses, (1, 2**63)])
    with pytest.raises(ValueError, match="ended must be .*, got 'novel'"):
        make(counts, elapsed, cpu, "novel", responses)
