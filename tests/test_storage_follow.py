"""Reading recordings while they are written, and recordings with several parts."""

import os
import threading
from datetime import timedelta

import pytest
from interrupts import is_in
from pipelines import run_script, wait_until
from recordings import LAMP, WRITERS, WritingProcess, batch_of, describe_rows, read, record, write

from rust_daq.storage import ArrowWriter, TornRecordingWarning, compact, open_recording

every_writer = pytest.mark.parametrize("writer_class", WRITERS)

LONG = 60.0
"""The timeout in seconds; no test waits that long unless it fails."""


def following(path, **settings):
    """Start to follow a recording in a thread; return how to wait for its batches."""
    recording = open_recording(path, follow=True, **settings)
    found = []
    thread = threading.Thread(target=lambda: found.extend(recording))
    thread.start()

    def wait():
        thread.join(LONG)
        assert not thread.is_alive()
        return found

    return wait


@every_writer
@pytest.mark.parametrize("sync", ["none", "flush"])
def test_a_reader_opened_first_returns_all_rows(tmp_path, writer_class, sync):
    with writer_class(tmp_path / "run", sync=sync) as writer:
        recording = open_recording(writer.path)
        assert recording.format is None
        writer.write(batch_of(100))
        writer.write(batch_of(100, start=100))
    assert describe_rows(recording) == describe_rows([batch_of(200)])
    assert recording.format == ("arrow" if writer_class is ArrowWriter else "csv")


@every_writer
def test_a_file_that_became_another_format_is_refused(tmp_path, writer_class):
    with writer_class(tmp_path / "run") as writer:
        recording = open_recording(writer.path)
        writer.path.write_text("shopping list\n")
        with pytest.raises(ValueError, match="is not a recording"):
            next(recording)


@every_writer
@pytest.mark.parametrize("sync", ["none", "flush"])
def test_rows_are_followed_until_their_writer_closes(tmp_path, writer_class, sync):
    with writer_class(tmp_path / "run", sync=sync) as writer:
        wait = following(writer.path)
        for count in range(50):
            # Writes to the system end within rows.
            writer.write(batch_of(997, start=997 * count))
    assert describe_rows(wait()) == describe_rows([batch_of(997 * 50)])


@every_writer
def test_each_batch_arrives_before_the_next_is_written(tmp_path, writer_class):
    with writer_class(tmp_path / "run") as writer:
        recording = open_recording(writer.path, follow=True, timeout=LONG)
        for count in range(5):
            writer.write(batch_of(3, start=3 * count))
            assert describe_rows([next(recording)]) == describe_rows([batch_of(3, start=3 * count)])
            assert recording.next_row == 3 * count + 3
        assert recording.leftover_bytes is None
    assert list(recording) == []
    assert recording.leftover_bytes == 0


@every_writer
def test_parts_are_followed_until_their_writer_closes(tmp_path, writer_class):
    with writer_class(tmp_path / "run.x", rotate_bytes=1_000) as writer:
        wait = following(tmp_path / "run.x")
        for count in range(50):
            writer.write(batch_of(20, start=20 * count))
    assert len(writer.paths) > 5
    assert describe_rows(wait()) == describe_rows([batch_of(1_000)])


@every_writer
def test_a_timeout_is_reported_and_waiting_may_continue(tmp_path, writer_class):
    with writer_class(tmp_path / "run") as writer:
        recording = open_recording(writer.path, follow=True, timeout=timedelta(milliseconds=30))
        for count in range(2):
            with pytest.raises(TimeoutError, match=r"no row arrived for 0.03 s, .* iterate again to keep waiting"):
                next(recording)
            writer.write(batch_of(3, start=3 * count))
            assert describe_rows([next(recording)]) == describe_rows([batch_of(3, start=3 * count)])


@every_writer
def test_a_killed_writer_ends_its_followers(tmp_path, writer_class):
    with WritingProcess(writer_class, tmp_path / "run") as process:
        recording = open_recording(tmp_path / "run", follow=True, timeout=LONG)
        assert describe_rows([next(recording)]) == describe_rows([batch_of(5)])
        process.kill()
    if writer_class is ArrowWriter:
        with pytest.warns(TornRecordingWarning, match="ends before it was closed"):
            assert list(recording) == []
    assert list(recording) == []


@every_writer
def test_a_finished_recording_is_followed_to_its_end(tmp_path, writer_class):
    writer = record(writer_class(tmp_path / "run"), batch_of(5))
    assert describe_rows(open_recording(writer.path, follow=True)) == describe_rows([batch_of(5)])
    compact(writer.path, tmp_path / "run.parquet")
    assert describe_rows(open_recording(tmp_path / "run.parquet", follow=True)) == describe_rows([batch_of(5)])


def test_damage_ends_a_follower_even_if_the_writer_lives(tmp_path):
    with ArrowWriter(tmp_path / "run") as writer:
        writer.write(batch_of(5))
        writer.write(batch_of(5))
        with writer.path.open("r+b") as file:
            # Damages its last value.
            file.seek(writer.bytes - 32)
            file.write(b"\xaa" * 8)
        recording = open_recording(writer.path, follow=True, timeout=LONG)
        with pytest.warns(TornRecordingWarning, match="the rest is damaged"):
            assert describe_rows(recording) == describe_rows([batch_of(5)])


@every_writer
def test_closing_a_followed_recording_ends_the_wait(tmp_path, writer_class):
    with writer_class(tmp_path / "run") as writer:
        recording = open_recording(writer.path, follow=True, timeout=LONG)
        raised = []

        def iterate():
            with pytest.raises(ValueError, match="the recording is closed; open it again"):
                next(recording)
            raised.append(True)

        thread = threading.Thread(target=iterate)
        thread.start()
        wait_until(lambda: is_in(thread, "_wait"))
        recording.close()
        thread.join(LONG)
        assert raised


@pytest.mark.skipif(os.name == "nt", reason="signals of Windows differ")
def test_ctrl_c_ends_the_waiting(tmp_path):
    text = """
        import sys
        from interrupts import interrupt
        from rust_daq.storage import ArrowWriter, open_recording
        writer = ArrowWriter(sys.argv[1])
        recording = open_recording(sys.argv[1], follow=True)
        interrupt(["_wait"])
        try:
            next(recording)
        except KeyboardInterrupt:
            print("interrupted")
    """
    assert run_script(text, str(tmp_path / "run")).stdout == "interrupted\n"


@pytest.mark.parametrize(
    ("settings", "error", "sentence"),
    [
        ({"follow": 1}, TypeError, "follow must be a bool, got 1"),
        ({"timeout": 1.0}, ValueError, "timeout is 1.0, but follow is False; pass follow=True"),
        ({"follow": True, "timeout": -1}, ValueError, "timeout must be at least 0 seconds, got -1"),
        ({"follow": True, "timeout": float("nan")}, ValueError, "timeout must be at least 0 seconds, got nan"),
        ({"follow": True, "timeout": timedelta(-1)}, ValueError, "timeout must be at least 0 seconds, got datetime"),
        ({"follow": True, "timeout": 10**400}, OverflowError, "timeout does not fit into a float; omit it to wait"),
        ({"follow": True, "timeout": "1"}, TypeError, "timeout must be a number of seconds or a timedelta, got '1'"),
    ],
)
def test_invalid_settings_are_refused(tmp_path, settings, error, sentence):
    path = write(tmp_path / "run.arrow", [batch_of(3)])
    with pytest.raises(error, match=sentence):
        open_recording(path, **settings)


# Several parts


@every_writer
def test_the_common_name_opens_all_parts_in_order(tmp_path, writer_class):
    writer = record(
        writer_class(tmp_path / "run.x", rotate_bytes=1), *(batch_of(4, start=4 * count) for count in range(3))
    )
    # Numbers that sort wrongly as text, and files that are not parts.
    writer.path.rename(tmp_path / "run.part10000.x")
    writer.paths[1].rename(tmp_path / "run.part9999.x")
    writer.paths[0].rename(tmp_path / "run.part9998.x")
    (tmp_path / "run.part00001.x").write_text("no part")
    (tmp_path / "run.part1.x").write_text("no part")
    recording = open_recording(tmp_path / "run.x")
    with pytest.warns(TornRecordingWarning, match="the parts before .*run.part9998.x are missing"):
        assert describe_rows(recording) == describe_rows([batch_of(12)])
    assert (recording.path, recording.next_row, recording.leftover_bytes) == (tmp_path / "run.x", 12, 0)


@every_writer
def test_a_missing_or_torn_part_is_named(tmp_path, writer_class):
    writer = record(
        writer_class(tmp_path / "run.x", rotate_bytes=1), *(batch_of(4, start=4 * count) for count in range(4))
    )
    writer.paths[2].unlink()
    size = writer.paths[1].stat().st_size
    writer.paths[1].write_bytes(writer.paths[1].read_bytes()[:-4])
    recording = open_recording(tmp_path / "run.x")
    sentence = r"run.part0001.x: the file ends before it was closed; the parts before .*run.part0003.x are missing; "
    with pytest.warns(TornRecordingWarning, match=sentence):
        rows = describe_rows(recording)
    if writer_class is ArrowWriter:
        assert rows == describe_rows([batch_of(8), batch_of(4, start=12)])
        assert recording.leftover_bytes == 4
    else:
        assert rows == describe_rows([batch_of(7), batch_of(4, start=12)])
        assert 0 < recording.leftover_bytes < size


@every_writer
def test_all_parts_are_compacted_by_their_common_name(tmp_path, writer_class):
    writer = record(
        writer_class(tmp_path / "run.x", rotate_bytes=1), *(batch_of(4, start=4 * count) for count in range(3))
    )
    with pytest.raises(ValueError, match="is one of the sources"):
        compact(tmp_path / "run.x", writer.paths[1], overwrite=True)
    assert compact(tmp_path / "run.x", tmp_path / "run.parquet") == 12
    assert read(tmp_path / "run.parquet")[0] == describe_rows([batch_of(12)])


@every_writer
def test_a_file_of_the_common_name_takes_precedence_over_parts(tmp_path, writer_class):
    for settings, count in (({"rotate_bytes": 1}, 3), ({}, 5)):
        record(writer_class(tmp_path / "run.x", **settings), batch_of(count, LAMP))
    assert read(tmp_path / "run.x")[0] == describe_rows([batch_of(5, LAMP)])
    with pytest.raises(FileNotFoundError, match="the file does not exist"):
        open_recording(tmp_path / "other.x")
