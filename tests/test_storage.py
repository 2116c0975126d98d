"""Writers: when a batch is in the file, what they refuse, and how pipelines use them."""

import ctypes
import gc
import os
import sys
import threading
import time

import numpy as np
import pytest
from recordings import LAMP, LASER, SYNCS, TUNED, WRITERS, batch_of, describe_rows, mixed, read, read_torn, record, run

from rust_daq import Channel, Pipeline, SimulatedInstrument
from rust_daq.process import Fft, MovingAverage
from rust_daq.storage import ArrowWriter, CsvWriter, open_recording

every_writer = pytest.mark.parametrize("writer_class", WRITERS)
posix = pytest.mark.skipif(os.name != "posix", reason="it is POSIX that has such limits, users, names and forks")


# When a batch is in the file


@every_writer
@pytest.mark.parametrize("settings", [{}, *({"sync": sync} for sync in SYNCS)])
def test_a_batch_is_in_the_file_when_write_returns_unless_sync_is_none(tmp_path, writer_class, settings):
    with writer_class(tmp_path / "run", **settings) as writer:
        writer.write(batch_of(5))
        assert len(read_torn(writer.path)[0]) == (0 if settings == {"sync": "none"} else 5)
        writer.flush()
        assert len(read_torn(writer.path)[0]) == 5


@every_writer
def test_a_writer_reports_what_it_wrote(tmp_path, writer_class):
    with writer_class(str(tmp_path / "run"), sync="none") as writer:
        assert (writer.rows, writer.closed, writer.path) == (0, False, tmp_path / "run")
        writer.write(batch_of(5))
        writer.write(batch_of(0))
        assert writer.rows == 5
        assert repr(writer) == f"<{writer_class.__name__} of {tmp_path / 'run'}, 5 rows, open>"
    assert writer.closed
    assert writer.bytes == writer.path.stat().st_size


@every_writer
def test_a_dropped_writer_has_written_everything(tmp_path, writer_class):
    writer = writer_class(tmp_path / "run", sync="none")
    writer.write(batch_of(5))
    del writer
    gc.collect()
    rows, recording = read(tmp_path / "run")
    assert (len(rows), recording.leftover_bytes) == (5, 0)


@every_writer
def test_an_exception_in_a_with_block_closes_the_file_whole(tmp_path, writer_class):
    def interrupted():
        with writer_class(tmp_path / "run", sync="none") as writer:
            writer.write(batch_of(5))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(read(tmp_path / "run")[0]) == 5


@every_writer
def test_threads_share_a_writer(tmp_path, writer_class):
    with writer_class(tmp_path / "run") as writer:
        threads = [threading.Thread(target=lambda: [writer.write(batch_of(5)) for _ in range(20)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    rows, _ = read(tmp_path / "run")
    assert rows == describe_rows([batch_of(5)] * 80)


@posix
@every_writer
def test_a_fork_writes_nothing_a_second_time(tmp_path, writer_class):
    code = f"""
import os, sys
from recordings import batch_of
from rust_daq.storage import {writer_class.__name__}
writer = {writer_class.__name__}(sys.argv[1], sync="none")
writer.write(batch_of(5))
child = os.fork()
if not child:
    try:
        writer.write(batch_of(5))
    except ValueError as error:
        print(error, flush=True)
    del writer
    os._exit(0)
os.waitpid(child, 0)
writer.close()
"""
    assert "opened before the process was forked" in run(code, tmp_path / "run")
    assert len(read(tmp_path / "run")[0]) == 5


@posix
def test_a_fork_and_its_parent_read_a_recording_independently(tmp_path):
    # Rows of 64 bytes, so that each read has whole rows: a missing row does not look like damage.
    path, rows = tmp_path / "run.csv", 200_000
    record(CsvWriter(path), Channel("c" * 26, "V").batch(np.ones(rows), np.arange(rows)))
    assert path.stat().st_size // rows == 64
    code = """
import os, sys, warnings
import numpy as np
from rust_daq.storage import open_recording
warnings.simplefilter("error")
with open_recording(sys.argv[1]) as recording:
    parts = [next(recording).timestamps]
    child = os.fork()
    if not child:
        next(recording)
        os._exit(0)
    os.waitpid(child, 0)
    parts.extend(batch.timestamps for batch in recording)
    times = np.concatenate(parts).astype(int)
    print(len(times), (times == np.arange(len(times))).all(), recording.leftover_bytes)
"""
    assert run(code, path) == f"{rows} True 0\n"


# Several files


@every_writer
def test_a_full_file_is_closed_and_the_next_batch_starts_another(tmp_path, writer_class):
    with writer_class(tmp_path / "run.x", rotate_bytes=2_000) as writer:
        for index in range(30):
            writer.write(batch_of(10, start=10 * index))
    assert len(writer.paths) > 2
    assert writer.paths == sorted(tmp_path.iterdir())
    assert [path.name for path in writer.paths[:2]] == ["run.part0000.x", "run.part0001.x"]
    assert all(2_000 <= path.stat().st_size < 3_000 for path in writer.paths[:-1])
    parts = [read(path) for path in writer.paths]
    assert [row for rows, _ in parts for row in rows] == describe_rows([batch_of(300)])
    assert writer.bytes == sum(path.stat().st_size for path in writer.paths)


@every_writer
def test_parts_of_an_earlier_recording_are_refused_or_replaced_together(tmp_path, writer_class):
    writer = record(writer_class(tmp_path / "run.x", rotate_bytes=1), *(batch_of(1) for _ in range(3)))
    other = tmp_path / "run.part.x"
    other.touch()
    writer.paths[0].unlink()
    with pytest.raises(FileExistsError, match="overwrite=True") as refused:
        writer_class(tmp_path / "run.x", rotate_bytes=1)
    assert refused.value.filename == str(writer.paths[1])
    again = record(writer_class(tmp_path / "run.x", rotate_bytes=1, overwrite=True), batch_of(2))
    assert sorted(tmp_path.iterdir()) == [other, *again.paths]


# Refusals


@every_writer
def test_a_file_is_replaced_only_on_request(tmp_path, writer_class):
    path = tmp_path / "run"
    path.write_text("what somebody needs")
    with pytest.raises(
        FileExistsError, match="exists already; pass another path, append=True to continue it, or overwrite=True"
    ):
        writer_class(path)
    assert path.read_text() == "what somebody needs"
    record(writer_class(path, overwrite=True), batch_of(5))
    assert len(read(path)[0]) == 5


@every_writer
def test_a_closed_writer_refuses_batches(tmp_path, writer_class):
    writer = writer_class(tmp_path / "run")
    writer.write(batch_of(5))
    writer.close()
    for again in (writer.close, writer.flush, lambda: writer.write(batch_of(1))):
        with pytest.raises(ValueError, match="the recording is closed; write to another one"):
            again()
    assert read(writer.path)[1].next_row == 5


@every_writer
def test_a_writer_closed_by_a_with_block_or_a_pipeline_may_be_closed_again(tmp_path, writer_class):
    with writer_class(tmp_path / "block") as writer:
        pass
    writer.close()
    with writer_class(tmp_path / "inside") as writer:
        writer.close()
    with writer_class(tmp_path / "sink") as writer:
        Pipeline([batch_of(5)], sinks=[writer]).run()
        assert writer.closed
    writer.close()


@every_writer
@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({"sync": "never"}, ValueError, "sync must be 'none', 'flush', 'batch' or a number of seconds, got 'never'"),
        ({"sync": True}, TypeError, "sync must be 'none', 'flush', 'batch' or a number of seconds, got True"),
        ({"sync": None}, None, ""),
        ({"sync": 0}, ValueError, "sync must be .* a number of seconds above 0, got 0.0"),
        ({"sync": float("nan")}, ValueError, "sync must be .* a number of seconds above 0, got NaN"),
        ({"sync": []}, TypeError, "sync must be"),
        ({"rotate_bytes": 0}, ValueError, "rotate_bytes must be the size of a full file in bytes, from 1 to .*, got 0"),
        ({"rotate_bytes": 1.5}, TypeError, "rotate_bytes must be"),
        (
            {"rotate_bytes": 2**70},
            ValueError,
            "rotate_bytes must be the size of a full file in bytes, from 1 to .*, got 1",
        ),
    ],
)
def test_invalid_settings_are_refused(tmp_path, writer_class, settings, error, sentence):
    if error is None:
        writer_class(tmp_path / "run", **settings).close()
        return
    with pytest.raises(error, match=sentence):
        writer_class(tmp_path / "run", **settings)
    assert not any(tmp_path.iterdir())


@every_writer
def test_only_batches_are_written(tmp_path, writer_class):
    with writer_class(tmp_path / "run") as writer:
        for wrong in (None, [1.0], batch_of(1)[0]):
            with pytest.raises(TypeError, match="batch must be a Batch, got"):
                writer.write(wrong)


def refused(writer, batch, sentence):
    """Check that a batch is refused and leaves the file unchanged."""
    before = writer.rows, writer.bytes
    with pytest.raises(ValueError, match=sentence):
        writer.write(batch)
    assert (writer.rows, writer.bytes) == before
    writer.write(batch_of(1))


def test_a_stream_refuses_a_batch_of_another_schema(tmp_path):
    with ArrowWriter(tmp_path / "run") as writer:
        writer.write(batch_of(5))
        refused(writer, batch_of(5, LAMP), "channel 'lamp' is not in the recording; pass all channels when you open it")
        refused(writer, batch_of(5, Channel("laser", "W")), "channel 'laser' has the units 'mW' and 'W'")
        refused(writer, batch_of(5, TUNED), r"the metadata none in the recording and {\"gain\":2} in the batch")
        refused(writer, mixed(4, [LASER, TUNED]), "pass own_metadata=True when you open it")
    rows, recording = read(tmp_path / "run")
    assert (len(rows), recording.leftover_bytes) == (9, 0)


def test_a_stream_accepts_the_channels_passed_to_it(tmp_path):
    batches = [batch_of(2, LAMP), mixed(4, [LASER, LAMP], first=3), batch_of(3, LASER, first=7)]
    record(ArrowWriter(tmp_path / "channels", channels=[LASER, LAMP]), *batches)
    assert read(tmp_path / "channels")[0] == describe_rows(batches)
    batches = [batch_of(2), mixed(4, [TUNED, LASER], first=3), batch_of(2, TUNED)]
    record(ArrowWriter(tmp_path / "metadata", own_metadata=True), *batches)
    assert read(tmp_path / "metadata")[0] == describe_rows(batches)
    with pytest.raises(ValueError, match="channel 'laser' has the units"):
        ArrowWriter(tmp_path / "units", channels=[LASER, Channel("laser", "V")])
    with pytest.raises(TypeError, match="channels must be"):
        ArrowWriter(tmp_path / "type", channels="laser")


def test_a_batch_comes_back_with_its_own_channels_and_numbers_only(tmp_path):
    record(ArrowWriter(tmp_path / "run", channels=[LASER, LAMP]), batch_of(3, LAMP, first=7))
    [batch] = open_recording(tmp_path / "run")
    assert batch.first_sequence == {"lamp": 7}
    assert batch.channels == (LAMP,)


def test_csv_refuses_metadata_without_a_column(tmp_path):
    with CsvWriter(tmp_path / "run") as writer:
        writer.write(batch_of(5))
        refused(writer, batch_of(5, TUNED), "has metadata, but CSV has no column for it; .* drop_metadata=True")
        refused(writer, mixed(4, [LASER, TUNED]), "has metadata, but CSV has no column for it")
        refused(writer, batch_of(5, Channel("laser", "W")), "channel 'laser' has the units 'mW' and 'W'")
        refused(writer, batch_of(5, first=7), "has sequence numbers, but the file has no column")
        refused(writer, batch_of(1, Channel("x" * 600_000, "")), "a row of CSV has room for")
        writer.write(batch_of(2, LAMP))
    assert read(tmp_path / "run")[0][-2:] == describe_rows([batch_of(2, LAMP)])


def test_csv_omits_metadata_on_request(tmp_path):
    record(CsvWriter(tmp_path / "run", drop_metadata=True, sequences=False), mixed(4, [LASER, TUNED], first=7))
    assert (tmp_path / "run").read_text().startswith("timestamp,channel,value,unit\n1970")
    assert read(tmp_path / "run")[0] == describe_rows([mixed(4, [LASER])], metadata=False)


def test_csv_has_a_column_of_numbers_when_the_first_batch_has(tmp_path):
    batches = [batch_of(2, first=5), batch_of(2), batch_of(2, first=7)]
    record(CsvWriter(tmp_path / "run"), *batches)
    assert (tmp_path / "run").read_text().startswith("timestamp,channel,value,unit,sequence\n")
    assert read(tmp_path / "run")[0] == describe_rows(batches)


# As sinks


@every_writer
def test_a_pipeline_writes_and_closes(tmp_path, writer_class):
    kept = []
    instrument = SimulatedInstrument(20_000.0, [LASER, LAMP], scans_per_read=50)
    with writer_class(tmp_path / "run") as writer:
        report = Pipeline(instrument, [MovingAverage(4)], [writer], on_batch=kept.append).run(0.2)
    assert writer.closed
    rows, recording = read(tmp_path / "run")
    assert rows == describe_rows(kept)
    assert report.processed == len(rows) == writer.rows
    assert recording.leftover_bytes == 0


@every_writer
def test_a_failed_writer_ends_the_pipeline_with_its_error(tmp_path, writer_class):
    with writer_class(tmp_path / "run") as writer:
        Pipeline([batch_of(5)], sinks=[writer]).run()
        with pytest.raises(ValueError, match="the recording is closed") as failed:
            Pipeline([batch_of(5)], sinks=[writer]).run()
    assert not getattr(failed.value, "__notes__", [])
    assert len(read(writer.path)[0]) == 5


@every_writer
def test_spectra_are_refused_by_writers(tmp_path, writer_class):
    pipeline = Pipeline([batch_of(64)], [Fft(32, 16, 1e6)], [writer_class(tmp_path / "run")])
    with pytest.raises(ValueError, match="a recording received spectra"):
        pipeline.run()


@pytest.mark.skipif(os.name == "nt", reason="the size of a file is asked for through libc")
@every_writer
def test_a_pipeline_writes_while_python_holds_the_gil(tmp_path, writer_class):
    # Unlike os.stat, this does not release the GIL.
    size = ctypes.PyDLL(None).lseek
    size.argtypes, size.restype = [ctypes.c_int, ctypes.c_longlong, ctypes.c_int], ctypes.c_longlong
    instrument = SimulatedInstrument(10_000.0, LASER, scans_per_read=100)
    interval = sys.getswitchinterval()
    with writer_class(tmp_path / "run") as writer, writer.path.open("rb") as file:
        pipeline = Pipeline(instrument, sinks=[writer])
        pipeline.start()
        while not writer.rows:
            time.sleep(0.001)  # its threads need the GIL once, to start
        sys.setswitchinterval(60.0)
        try:
            descriptor, turns = file.fileno(), 0
            before = size(descriptor, 0, os.SEEK_END)
            while (grown := size(descriptor, 0, os.SEEK_END) - before) < 10_000 and turns < 5_000_000:
                turns += 1
        finally:
            sys.setswitchinterval(interval)
            pipeline.stop()
    assert grown >= 10_000
