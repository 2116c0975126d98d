"""Failures of the system: the error is clear, and whole batches stay readable."""

import errno
import functools
import os
import shutil
import subprocess
import sys
import tempfile

import pytest
from recordings import LASER, SYNCS, WRITERS, batch_of, describe_rows, read, read_torn, run, write

from rust_daq import Channel, Pipeline
from rust_daq.storage import ArrowWriter, compact, open_recording

every_writer = pytest.mark.parametrize("writer_class", WRITERS)
posix = pytest.mark.skipif(os.name != "posix", reason="it is POSIX that has such limits, users, names and forks")

# A disk that is full

FILLING = """
import sys
from recordings import batch_of
from rust_daq.storage import ArrowWriter, CsvWriter
writer_class, path, sync = globals()[sys.argv[1]], sys.argv[2], eval(sys.argv[3])
{limit}
writer, acknowledged = writer_class(path, sync=sync), 0
try:
    while acknowledged < 1_000_000:
        writer.write(batch_of(100, start=acknowledged))
        acknowledged += 100
except OSError as error:
    print(acknowledged, writer.rows, writer.closed, writer.bytes)
    print(error.errno, error.filename == path)
    print(error.strerror)
    try:
        writer.write(batch_of(100))
    except OSError as again:
        print(again.strerror)
    writer.close()
"""


def check_filled(path, sync, printed, number, reason):
    """Check that all acknowledged rows are intact, and that the error reports their number."""
    counts, facts, sentence, again = printed.splitlines()
    acknowledged, rows, closed, size = eval(counts.replace(" ", ","))
    assert facts == f"{number} True"
    assert sentence == again == f"cannot be written: {reason}; the {rows} rows before are intact"
    assert closed is True
    found, recording = read_torn(path)
    assert found == describe_rows([batch_of(rows)])
    assert rows <= acknowledged
    if sync != "none":
        assert rows == acknowledged
    # An incomplete batch is cut off.
    assert (recording.leftover_bytes, path.stat().st_size) == (0, size)


@posix
@every_writer
@pytest.mark.parametrize("sync", SYNCS)
@pytest.mark.parametrize("limit", [1_000, 500_000])
def test_a_file_that_cannot_grow_keeps_acknowledged_batches(tmp_path, writer_class, sync, limit):
    code = FILLING.format(limit=f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))")
    printed = run(code, writer_class.__name__, tmp_path / "run", repr(sync))
    check_filled(tmp_path / "run", sync, printed, errno.EFBIG, "File too large")


def in_own_mounts():
    """Return a command prefix with the right to mount, or None if there is no such right."""
    before = ["unshare", "--user", "--map-root-user", "--mount"] if os.geteuid() else ["unshare", "--mount"]
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
        done = subprocess.run([*before, *mount], capture_output=True, check=False)
    return before if done.returncode == 0 else None


@posix
@every_writer
@pytest.mark.parametrize("sync", SYNCS)
def test_a_full_disk_keeps_acknowledged_batches(tmp_path, writer_class, sync):
    if (before := in_own_mounts()) is None:
        pytest.skip("no user can mount a small disk here")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=256k tmpfs '{disk}'"
    # The disk disappears with the process, so its file is copied.
    script = f'{mount} && "$@" && cp "{disk}/run" "{tmp_path}/run"'
    code = FILLING.format(limit="")
    arguments = [writer_class.__name__, str(disk / "run"), repr(sync)]
    printed = run(code, *arguments, before=[*before, "sh", "-c", script, "sh"])
    check_filled(tmp_path / "run", sync, printed, errno.ENOSPC, "No space left on device")


@posix
def test_a_full_disk_ends_a_pipeline_with_its_error(tmp_path):
    code = """
import resource, sys
from recordings import batch_of
from rust_daq import Channel, Pipeline
from rust_daq.storage import ArrowWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
writer = ArrowWriter(sys.argv[1])
pipeline = Pipeline((batch_of(100, start=100 * index) for index in range(1_000)), sinks=[writer])
try:
    pipeline.run()
except OSError as error:
    print(error.errno, writer.rows, pipeline.report.processed, len(getattr(error, "__notes__", [])))
"""
    number, rows, processed, notes = map(int, run(code, tmp_path / "run").split())
    assert (number, processed, notes) == (errno.EFBIG, rows, 0)
    assert read_torn(tmp_path / "run")[0] == describe_rows([batch_of(rows, first=0)])


@posix
def test_a_full_disk_leaves_no_parquet_file(tmp_path):
    source = write(tmp_path / "run.arrow", [LASER.batch(batch_of(50_000).values % 0.7, batch_of(50_000).timestamps)])
    code = """
import os, resource, sys
from rust_daq.storage import compact
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    compact(sys.argv[1], sys.argv[2])
except OSError as error:
    print(error.errno, error.filename == sys.argv[2], error.strerror)
"""
    printed = run(code, source, tmp_path / "run.parquet")
    assert printed == f"{errno.EFBIG} True cannot be written: {os.strerror(errno.EFBIG)}\n"
    assert list(tmp_path.iterdir()) == [source]


# Read-only, missing and removed folders


@posix
@every_writer
def test_a_folder_without_write_permission_is_refused(writer_class):
    # Root may write to every folder, so the test runs as another user, who needs a folder outside pytest's.
    code = f"""
import os, sys
from rust_daq.storage import {writer_class.__name__} as writer_class
folder = sys.argv[1]
os.chmod(folder, 0o777)
if os.geteuid() == 0:
    os.seteuid(65534)
writer_class(folder + "/control").close()
os.seteuid(os.getuid())
os.chmod(folder, 0o555)
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    writer_class(folder + "/run")
except PermissionError as error:
    print(error)
"""
    with tempfile.TemporaryDirectory() as folder:
        expected = (
            f"[Errno 13] cannot be created: Permission denied; pass a path in a writable folder: '{folder}/run'\n"
        )
        assert run(code, folder) == expected


@posix
@every_writer
def test_a_read_only_file_system_is_refused(tmp_path, writer_class):
    if (before := in_own_mounts()) is None:
        pytest.skip("no user can mount a disk here")
    script = f"mount -t tmpfs -o ro,size=64k tmpfs '{tmp_path}' && \"$@\""
    code = f"""
import sys
from rust_daq.storage import {writer_class.__name__} as writer_class
try:
    writer_class(sys.argv[1])
except OSError as error:
    print(error.errno, error.strerror)
"""
    printed = run(code, tmp_path / "run", before=[*before, "sh", "-c", script, "sh"])
    reason = "cannot be created: Read-only file system; pass a path in a writable folder"
    assert printed == f"{errno.EROFS} {reason}\n"


@every_writer
def test_a_missing_folder_or_a_file_as_folder_is_refused(tmp_path, writer_class):
    with pytest.raises(FileNotFoundError, match="the folder .*missing does not exist; create it first"):
        writer_class(tmp_path / "missing" / "run")
    (tmp_path / "file").touch()
    if os.name == "posix":
        with pytest.raises(NotADirectoryError, match=r"file is not a folder; pass another path"):
            writer_class(tmp_path / "file" / "run")


@every_writer
@pytest.mark.parametrize(
    "settings",
    [{}, {"overwrite": True}, {"append": True}, {"rotate_bytes": 9}, {"rotate_bytes": 9, "overwrite": True}],
)
def test_a_folder_as_path_is_refused(tmp_path, writer_class, settings):
    with pytest.raises(IsADirectoryError, match="is a folder; pass the path of a file in it"):
        writer_class(tmp_path, **settings)
    with pytest.raises(IsADirectoryError, match="is a folder; pass one of the files in it"):
        open_recording(tmp_path)


@posix
@every_writer
@pytest.mark.parametrize("sync", SYNCS)
@pytest.mark.parametrize("ending", ["flush", "close"])
def test_a_removed_folder_is_reported(tmp_path, writer_class, sync, ending):
    folder = tmp_path / "folder"
    folder.mkdir()
    writer = writer_class(folder / "run", sync=sync)
    writer.write(batch_of(5))
    shutil.rmtree(folder)
    with pytest.raises(FileNotFoundError, match="was removed while it was open, so its content is lost") as told_of:
        getattr(writer, ending)()
    assert told_of.value.filename == str(folder / "run")
    assert (writer.closed, writer.rows) == (True, 0)


@posix
@every_writer
def test_a_removed_file_is_reported_while_it_is_written(tmp_path, writer_class):
    writer = writer_class(tmp_path / "run")
    writer.path.unlink()

    def batches():
        while True:
            yield batch_of(100)

    with pytest.raises(FileNotFoundError, match="was removed while it was open"):
        Pipeline(batches(), sinks=[writer]).run(60.0)


@every_writer
def test_a_part_that_cannot_be_created_ends_the_recording(tmp_path, writer_class):
    folder, moved = tmp_path / "folder", tmp_path / "moved"
    folder.mkdir()
    writer = writer_class(folder / "run", rotate_bytes=1)
    writer.write(batch_of(5))
    size = writer.bytes
    folder.rename(moved)
    with pytest.raises(FileNotFoundError, match="the folder .*folder does not exist; create it first") as refused:
        writer.write(batch_of(5))
    assert refused.value.filename == str(folder / "run.part0001")
    folder.mkdir()
    with pytest.raises(FileNotFoundError, match="the folder .*folder does not exist; create it first"):
        writer.write(batch_of(7))
    assert (writer.closed, writer.rows, writer.bytes) == (True, 5, size)
    writer.close()
    assert read_torn(moved / "run.part0000")[0] == describe_rows([batch_of(5)])
    assert not any(folder.iterdir())


@posix
@every_writer
@pytest.mark.parametrize("sync", SYNCS)
def test_rows_of_a_removed_part_are_not_counted(tmp_path, writer_class, sync):
    writer = writer_class(tmp_path / "run", rotate_bytes=2_000, sync=sync)
    while len(writer.paths) < 2:
        writer.write(batch_of(10))
    before = writer.rows - 10
    writer.path.unlink()
    with pytest.raises(FileNotFoundError, match="was removed while it was open"):
        writer.flush()
    assert (writer.rows, writer.bytes) == (before, writer.paths[0].stat().st_size)


@posix
def test_a_moved_file_is_continued(tmp_path):
    with ArrowWriter(tmp_path / "run") as writer:
        writer.write(batch_of(5))
        writer.path.rename(tmp_path / "moved")
        writer.write(batch_of(5, start=5))
    assert read(tmp_path / "moved")[0] == describe_rows([batch_of(10)])


# Names

NAMES = [
    "with blanks",
    "-n",
    'it\'s "quoted"',
    "100%20?#fragment",
    "line\nfeed\ttab",
    "file:",
    "*[a-z]",
    "\u00e4\u6f22\U0001f600",
    "cafe\u0301",
    "a" * 240,
]


no_text = pytest.param(
    "no text \udce9", marks=pytest.mark.skipif(sys.platform == "darwin", reason="on macOS a name is text")
)


@posix
@pytest.mark.parametrize("name", [*NAMES, no_text])
@pytest.mark.parametrize("suffix", ["arrow", "csv", "parquet"])
def test_a_name_may_contain_any_characters(tmp_path, name, suffix):
    path = tmp_path / f"{name}.{suffix}"
    batches = [batch_of(3), batch_of(4)]
    if suffix == "parquet":
        compact(write(tmp_path / "stream", batches), path)
        (tmp_path / "stream").unlink()
    else:
        write(path, batches)
    assert list(tmp_path.iterdir()) == [path]
    found, recording = read(path)
    assert found == describe_rows(batches)
    assert recording.path == path


@every_writer
def test_impossible_file_names_are_refused(tmp_path, writer_class):
    with pytest.raises(OSError, match="cannot be created"):
        writer_class(tmp_path / ("a" * 1_000))
    with pytest.raises(ValueError, match="NUL"):
        writer_class(str(tmp_path / "a\0b"))
    with pytest.raises(OSError, match="the path is empty; pass the path of a file"):
        writer_class("")
    for wrong in (None, 3, b"run", ["run"]):
        with pytest.raises(TypeError, match="path must be a str or an os.PathLike of str, got"):
            writer_class(wrong)
        with pytest.raises(TypeError, match="path must be a str or an os.PathLike of str, got"):
            open_recording(wrong)


@posix
@every_writer
@pytest.mark.parametrize("settings", [{"overwrite": True}, {"append": True}])
def test_only_regular_files_are_written_and_read(tmp_path, writer_class, settings):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        for opened in (functools.partial(writer_class, **settings), open_recording):
            with pytest.raises(ValueError, match="is not a regular file; pass the path of a file"):
                opened(path)


@posix
@every_writer
def test_the_null_device_accepts_any_number_of_writers(writer_class):
    batch = Channel("ai0", "V").batch([1.0, 2.0], start=0, rate=1.0)
    with writer_class(os.devnull, overwrite=True) as one, writer_class(os.devnull, overwrite=True) as two:
        for writer in (one, two):
            writer.write(batch)
            assert writer.rows == 2
    with pytest.raises(ValueError, match="is not a regular file; pass the path of a file"):
        writer_class(os.devnull, append=True)


def test_a_file_that_is_not_a_recording_is_refused_with_its_beginning(tmp_path):
    path = tmp_path / "run"
    with pytest.raises(FileNotFoundError, match="the file does not exist"):
        open_recording(path)
    path.write_text("time;value\n")
    with pytest.raises(
        ValueError, match=r"run: is not a recording: it begins with \"time;value\\n\"; open_recording reads"
    ):
        open_recording(path)
    path.write_text('"timestamp","channel","value","unit"\n')
    with pytest.raises(ValueError, match="is not a recording"):
        open_recording(path)
