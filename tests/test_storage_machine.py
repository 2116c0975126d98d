"""Writers with events in any order: no acknowledged row is lost, and nothing hangs."""

import errno
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from recordings import batch_of, describe_rows, read_torn

from rust_daq.storage import ArrowWriter, CsvWriter

resource = pytest.importorskip("resource", reason="it is POSIX that has limits for a process")

MODES = ["refuse", "replace", "append"]


class Recorder(RuleBasedStateMachine):
    """A recording, a writer that may be open, and the rows that must be in the recording."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.base = self.folder / "run.x"
        self.writer = None
        self.settings = {}
        self.acknowledged = 0
        """The total number of written rows; each has a different value."""
        self.expected = []
        self.waiting = []
        """Rows that may be in the buffer of the writer."""

    @initialize(
        writer_class=st.sampled_from([ArrowWriter, CsvWriter]),
        sync=st.sampled_from(["none", "flush", "batch", 0.001]),
        rotate_bytes=st.sampled_from([None, 1, 2_000]),
    )
    def choose(self, writer_class, sync, rotate_bytes):
        self.writer_class = writer_class
        self.settings = {"sync": sync, "rotate_bytes": rotate_bytes}

    def teardown(self):
        if self.writer is not None:
            self.writer.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _open(self, mode):
        ways = {"replace": {"overwrite": True}, "append": {"append": True}, "refuse": {}}
        return self.writer_class(self.base, **self.settings, **ways[mode])

    def _parts(self):
        return sorted(self.folder.iterdir())

    def _written(self):
        self.expected += self.waiting
        self.waiting = []

    # A writer

    @precondition(lambda self: self.writer is None)
    @rule(mode=st.sampled_from(MODES))
    def open(self, mode):
        if mode == "refuse" and self._parts():
            with pytest.raises(FileExistsError):
                self._open(mode)
            return
        self.writer = self._open(mode)
        if mode != "append":
            self.expected = []

    @precondition(lambda self: self.writer is not None)
    @rule(rows=st.integers(0, 60))
    def write(self, rows):
        batch = batch_of(rows, start=self.acknowledged)
        self.writer.write(batch)
        self.acknowledged += rows
        self.waiting += describe_rows([batch])
        if self.settings["sync"] != "none":
            self._written()

    @precondition(lambda self: self.writer is not None)
    @rule()
    def write_unfitting_batch(self):
        before = self.writer.rows
        with pytest.raises(TypeError):
            self.writer.write([1.0])
        assert self.writer.rows == before

    @precondition(lambda self: self.writer is not None)
    @rule()
    def flush(self):
        self.writer.flush()
        self._written()

    @precondition(lambda self: self.writer is not None)
    @rule()
    def close(self):
        self.writer.close()
        self._written()
        self._check_counts()
        self.writer = None

    @precondition(lambda self: self.writer is not None)
    @rule()
    def let_go(self):
        self.writer = None
        self._written()

    @precondition(lambda self: self.writer is not None)
    @rule(mode=st.sampled_from(MODES))
    def open_a_second(self, mode):
        refused = FileExistsError if mode == "refuse" else OSError
        with pytest.raises(refused) as error:
            self._open(mode)
        assert error.value.errno == (errno.EEXIST if mode == "refuse" else errno.EBUSY)

    # Events

    @precondition(lambda self: self.writer is not None)
    @rule(room=st.integers(0, 3_000), rows=st.integers(1, 60))
    def fill_the_disk(self, room, rows):
        path = self.writer.path
        most = path.stat().st_size + room
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
        try:
            with pytest.raises(OSError, match="cannot be written") as refused:
                self._write_on(rows, before[1])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert refused.value.errno == errno.EFBIG
        # The failed batch may be whole, if the end of its part failed.
        self.waiting += describe_rows([batch_of(rows, start=self.acknowledged)])
        self.acknowledged += rows
        assert self.writer.closed
        self._check_counts()
        self.writer = None
        self._settle()

    def _write_on(self, rows, hard):
        # A part may be complete before the disk is full; the next part then has no room.
        for _ in range(200):
            self.write(rows)
            if self.settings["rotate_bytes"] is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
        self.writer.flush()

    @precondition(lambda self: self.writer is not None)
    @rule()
    def crash(self):
        # The files in the state that a killed process leaves.
        left = Path(tempfile.mkdtemp())
        shutil.copytree(self.folder, left, dirs_exist_ok=True)
        self.writer.close()
        shutil.rmtree(self.folder)
        self.folder, self.base = left, left / "run.x"
        self.writer = None
        self._settle()

    def _check_counts(self):
        sizes = [path.stat().st_size for path in self.writer.paths]
        assert (self.writer.rows, self.writer.bytes) == (len(self._rows(self.writer.paths)), sum(sizes))

    def _settle(self):
        """Accept the current rows as the required rows."""
        found = self._rows(self._parts())
        assert found[: len(self.expected)] == self.expected
        assert found == (self.expected + self.waiting)[: len(found)]
        self.expected, self.waiting = found, []

    @invariant()
    def no_acknowledged_row_is_lost(self):
        found = self._rows(self._parts())
        assert found[: len(self.expected)] == self.expected
        # No other rows exist than written ones.
        assert found == (self.expected + self.waiting)[: len(found)]

    @staticmethod
    def _rows(paths):
        return [row for path in paths for row in read_torn(path)[0]]


TestRecorder = Recorder.TestCase
TestRecorder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
