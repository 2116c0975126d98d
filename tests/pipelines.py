"""Fixtures of the pipeline tests: sources, sinks that store or stall, and scripts in their own process."""

import itertools
import re
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from rust_daq import Channel, SimulatedInstrument

HERE = Path(__file__).parent
CHANNEL = Channel("ai0", "V")
BATCH = CHANNEL.batch([0.5, 0.25], start=0, rate=1.0)
SECONDS = 30.0
"""The timeout of a test."""


def instrument(rate=1000.0, **settings):
    return SimulatedInstrument(rate, CHANNEL, **settings)


def adds_up(report):
    """Return whether each produced point is counted once."""
    return report.produced == report.processed + report.dropped + report.abandoned + report.queued


def raising(error, at=1):
    """Return a function that raises the error at one of its calls."""
    calls = itertools.count(1)

    def call(*_):
        if next(calls) == at:
            raise error

    return call


class Broken:
    """All parts of a pipeline in one object; one of them fails at its first call."""

    def __init__(self, part, batches):
        self.part, self.fail, self.batches = part, raising(LookupError("no more paper")), iter(batches)

    def at(self, part):
        if part == self.part:
            self.fail()

    def read(self):
        self.at("source")
        return next(self.batches, None)

    def process(self, batch):
        self.at("process")
        return batch

    def write(self, batch):
        self.at("write")

    def close(self):
        self.at("close")

    def on_point(self, point):
        self.at("on_point")


class Keeper:
    """A sink that stores batches, and may fail when it is closed."""

    def __init__(self, error=None):
        self.batches = []
        self.closed = 0
        self.error = error

    def write(self, batch):
        self.batches.append(batch)

    def close(self):
        self.closed += 1
        if self.error is not None:
            raise self.error

    def sequence(self):
        """Return the sequence number of each received row."""
        return [number for batch in self.batches for number in numbers(batch)]


def numbers(batch):
    """Return the sequence number of each row."""
    first = batch.first_sequence["ai0"]
    return list(range(first, first + len(batch)))


class Gated(Keeper):
    """A sink that stalls at its first batch until the gate is open."""

    def __init__(self):
        super().__init__()
        self.reached, self.gate = threading.Event(), threading.Event()

    def write(self, batch):
        self.reached.set()
        assert self.gate.wait(SECONDS)
        super().write(batch)


def wait_until(condition):
    """Wait until a condition of another thread is true; fail after the timeout of a test."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def check_stop_names(pipeline, words):
    """Check that a `stop` that times out names the blocked call, once the other threads have left theirs."""
    deadline = time.monotonic() + SECONDS
    while True:
        with pytest.raises(TimeoutError) as raised:
            pipeline.stop(timeout=0.05)
        if re.search(words, str(raised.value)):
            return
        assert time.monotonic() < deadline, raised.value


def run_script(text, *arguments, seconds=2 * SECONDS):
    """Run a script in its own process, which can import the modules of this folder."""
    command = [sys.executable, "-c", textwrap.dedent(text), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds, cwd=HERE)
