"""A file has one writer: the next is refused until the first has closed it, or its process has ended."""

import errno
import os
from pathlib import Path

import pytest
from recordings import WRITERS, WritingProcess, batch_of, describe_rows, read, read_torn, record, run, write

from rust_daq.storage import compact

every_writer = pytest.mark.parametrize("writer_class", WRITERS)
posix = pytest.mark.skipif(os.name != "posix", reason="it is POSIX that has such limits, users, names and forks")

every_way = pytest.mark.parametrize("settings", [{"overwrite": True}, {"append": True}])


def check_refused(make):
    """Check that a second writer is refused; return the file in the error."""
    with pytest.raises(OSError, match="is open in another writer; close that writer first") as refused:
        make()
    assert refused.value.errno == errno.EBUSY
    return Path(refused.value.filename)


@every_writer
@every_way
@pytest.mark.parametrize("rotate", [{}, {"rotate_bytes": 1_000_000}])
def test_a_second_writer_is_refused_until_the_first_has_closed(tmp_path, writer_class, settings, rotate):
    path = tmp_path / "run.x"
    with writer_class(path, **rotate) as first:
        first.write(batch_of(5))
        assert check_refused(lambda: writer_class(path, **settings, **rotate)) == first.path
        first.write(batch_of(5, start=5))
    assert read(first.path)[0] == describe_rows([batch_of(10)])
    second = record(writer_class(path, **settings, **rotate), batch_of(5, start=10))
    assert read(second.path)[0] == describe_rows([batch_of(15) if "append" in settings else batch_of(15)[10:]])


@every_writer
def test_parts_are_kept_while_their_writer_is_between_two(tmp_path, writer_class):
    # Each batch fills a part, and the next part begins with the next batch.
    with writer_class(tmp_path / "run.x", rotate_bytes=1) as first:
        for count in range(3):
            first.write(batch_of(5, start=5 * count))
            assert check_refused(lambda: writer_class(tmp_path / "run.x", rotate_bytes=1, overwrite=True)) == first.path
    assert [row for path in first.paths for row in read(path)[0]] == describe_rows([batch_of(15)])
    second = record(writer_class(tmp_path / "run.x", rotate_bytes=1, overwrite=True), batch_of(5))
    assert list(tmp_path.iterdir()) == second.paths


@every_writer
@every_way
def test_a_writer_of_another_process_is_detected_until_it_is_killed(tmp_path, writer_class, settings):
    path = tmp_path / "run"
    with WritingProcess(writer_class, path) as other:
        assert check_refused(lambda: writer_class(path, **settings)) == path
        assert len(read_torn(path)[0]) == 5
        other.kill()
        record(writer_class(path, **settings), batch_of(5, start=5))
    assert read(path)[0] == describe_rows([batch_of(10) if "append" in settings else batch_of(10)[5:]])


@every_writer
def test_a_failed_writer_releases_its_file(tmp_path, writer_class):
    path = tmp_path / "run"
    failing = writer_class(path)
    failing.write(batch_of(5))
    path.unlink()
    with pytest.raises(FileNotFoundError):
        failing.flush()
    record(writer_class(path), batch_of(3))
    assert read(path)[0] == describe_rows([batch_of(3)])


@posix
@every_writer
def test_a_surviving_fork_does_not_keep_the_claim_of_its_parent(tmp_path, writer_class):
    code = f"""
import os, sys
from recordings import batch_of
from rust_daq.storage import {writer_class.__name__} as writer_class
writer = writer_class(sys.argv[1])
begin, end = os.pipe()
child = os.fork()
if not child:
    os.close(end)
    os.read(begin, 1)
    os._exit(0)
os.close(begin)
writer.write(batch_of(5))
writer.close()
with writer_class(sys.argv[1], append=True) as again:
    again.write(batch_of(5, start=5))
os.close(end)
os.waitpid(child, 0)
"""
    run(code, tmp_path / "run")
    assert read(tmp_path / "run")[0] == describe_rows([batch_of(10)])


@posix
@every_writer
def test_a_fork_that_ends_does_not_end_the_claim_of_its_parent(tmp_path, writer_class):
    code = f"""
import os, sys
from rust_daq.storage import {writer_class.__name__} as writer_class
writer = writer_class(sys.argv[1])
child = os.fork()
if not child:
    del writer
    sys.exit()
os.waitpid(child, 0)
try:
    writer_class(sys.argv[1], append=True)
except OSError as error:
    print(error.errno)
"""
    assert int(run(code, tmp_path / "run")) == errno.EBUSY


@every_writer
def test_a_file_open_in_a_writer_is_refused_as_a_target_of_compact(tmp_path, writer_class):
    source = write(tmp_path / "other.arrow", [batch_of(3)])
    with writer_class(tmp_path / "run") as writer:
        writer.write(batch_of(5))
        with pytest.raises(OSError, match="is open in a writer; close the writer first") as refused:
            compact(source, writer.path, overwrite=True)
        assert (refused.value.errno, refused.value.filename) == (errno.EBUSY, str(writer.path))
    assert read(writer.path)[0] == describe_rows([batch_of(5)])
    assert compact(source, writer.path, overwrite=True) == 3


@every_writer
def test_overwrite_and_append_exclude_each_other(tmp_path, writer_class):
    with pytest.raises(ValueError, match="overwrite and append are both True; pass overwrite=True to replace, or"):
        writer_class(tmp_path / "run", overwrite=True, append=True)
    assert not any(tmp_path.iterdir())
