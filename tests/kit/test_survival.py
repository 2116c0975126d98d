"""The remains of killed writers' files: how they are counted and archived."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest

from evenhand.gate.survival import Remains, Survival, gather, read, recover, survive

ROWS = np.arange(1.0, 6.0)


def raw(path):
    """Read a file of raw values."""
    yield np.fromfile(path)


def refuses(path):
    """Refuse to open a file."""
    message = f"{path.name} has no index"
    raise ValueError(message)
    yield


def left(path, values=ROWS, **arguments):
    """Return the remains of a file of values."""
    path.write_bytes(np.asarray(values, dtype=float).tobytes())
    return recover(path, arguments.pop("reader", raw), ROWS, **arguments)


# How a file opens


def test_a_file_that_opens_is_not_repaired(tmp_path):
    assert left(tmp_path / "file", repair=refuses) == Remains("normally", 0, 5, 0)


def test_a_file_that_does_not_open_is_repaired(tmp_path):
    assert left(tmp_path / "file", reader=refuses, repair=raw, written=5) == Remains("after repair", 5, 5, 0)


@pytest.mark.parametrize("repair", [None, refuses])
def test_a_file_that_cannot_be_repaired_has_lost_all(tmp_path, repair):
    remains = left(tmp_path / "file", reader=refuses, repair=repair, written=5)
    assert remains == Remains("not at all", 5, 0, 0)
    assert remains.lost == 5


def test_a_missing_file_does_not_open(tmp_path):
    assert recover(tmp_path / "none", raw, ROWS, written=3).opened == "not at all"


def test_the_blocks_before_an_error_count(tmp_path):
    def torn(path):
        yield from raw(path)
        yield from refuses(path)

    assert left(tmp_path / "file", reader=torn, repair=refuses, written=7) == Remains("normally", 7, 5, 0)


def test_a_file_without_rows_opens(tmp_path):
    assert left(tmp_path / "file", reader=lambda _: [], repair=raw, written=2) == Remains("normally", 2, 0, 0)


# Which rows are found


def test_rows_are_written_over_and_over(tmp_path):
    assert left(tmp_path / "file", [*ROWS, *ROWS, 1.0]).read == 11


def test_a_foreign_row_is_wrong_and_later_rows_are_still_counted(tmp_path):
    def in_two_blocks(path):
        return np.split(np.fromfile(path), [3])

    assert left(tmp_path / "file", [1, 2, 0, 4, 5], reader=in_two_blocks, written=5) == Remains("normally", 5, 4, 1)


def test_blocks_follow_one_another(tmp_path):
    assert left(tmp_path / "file", reader=lambda path: np.split(np.fromfile(path), [2, 3])).read == 5


def test_unreported_rows_do_not_make_up_for_a_loss():
    kills = (Remains("normally", 10, 30, 0), Remains("normally", 10, 4, 0))
    assert Survival(kills).as_dict()["rows_lost"] == 6


def test_kills_are_counted_by_how_their_files_open():
    kills = (
        Remains("normally", 3, 3, 0),
        Remains("normally", 3, 1, 1),
        Remains("after repair", 3, 3, 0),
        Remains("not at all", 3, 0, 0),
    )
    assert Survival(kills).as_dict() == {
        "kills": 4,
        "opens_normally": 2,
        "after_repair": 1,
        "not_at_all": 1,
        "kills_with_loss": 2,
        "rows_written": 12,
        "rows_lost": 5,
        "wrong": 1,
    }


def test_no_loss_in_few_kills_leaves_a_share_that_may_be_large():
    assert Survival((Remains("normally", 3, 3, 0),) * 5).losses.interval == pytest.approx((0, 0.5218), abs=1e-4)


# Writers that are killed


def write(ahead, path, count):
    """Write rows one by one, and report some more as written."""
    with path.open("wb", buffering=0) as file:
        done = 0
        while True:
            file.write(ROWS[done % len(ROWS)].tobytes())
            done += 1
            count(done + ahead)


@pytest.mark.parametrize("ahead", [0, 10**9])
def test_killed_writers_lose_what_they_had_not_written(ahead):
    survival = survive(partial(write, ahead), raw, ROWS, kills=12, after=100, within=0.002)
    told = survival.as_dict()
    assert (told["kills"], told["opens_normally"], told["wrong"]) == (12, 12, 0)
    assert all(remains.written >= 100 for remains in survival.kills)
    assert (told["kills_with_loss"], told["rows_lost"] > 0) == ((12, True) if ahead else (0, False))


@pytest.mark.parametrize(("kills", "error"), [(0, ValueError), (1.5, TypeError)])
def test_an_invalid_number_of_kills_is_refused(kills, error):
    with pytest.raises(error, match="kills must be a whole number of at least 1"):
        survive(write, raw, ROWS, kills=kills)


# The archive


class Killer:
    """Replaces the killing: records its calls, and is interrupted after a number of them."""

    def __init__(self, stopped_after=99):
        self.asked = []
        self.left = stopped_after

    def __call__(self, writer, kills, seed):
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        self.asked.append((writer, kills, seed))
        return Survival((Remains("after repair", 7, 5, 1),) * kills)


@pytest.fixture
def archive(tmp_path):
    return tmp_path / "new" / "survival.jsonl"


def test_each_writer_is_killed_the_wanted_number_of_times(archive):
    gather(archive, {"a": "a 1", "b": "b 1"}, Killer(), wanted=25)
    evidence = read(archive)
    assert [(each.writer, each.version) for each in evidence.gathered] == [("a", "a 1"), ("b", "b 1")]
    assert evidence.gathered[1].survival == Survival((Remains("after repair", 7, 5, 1),) * 25)
    assert evidence.kills("a", "a 1") == 25
    assert evidence.refused == ()


def test_only_missing_kills_are_added(archive):
    gather(archive, {"a": "a 1", "b": "b 1"}, Killer(), wanted=10)
    before = archive.read_bytes()
    killer = Killer()
    gather(archive, {"a": "a 1", "b": "b 1"}, killer, wanted=10)
    assert (killer.asked, archive.read_bytes()) == ([], before)
    gather(archive, {"a": "a 2", "b": "b 1"}, killer, wanted=10)
    assert [(writer, kills) for writer, kills, _ in killer.asked] == [("a", 10)]
    assert archive.read_bytes().startswith(before)
    assert [each.version for each in read(archive).gathered] == ["a 1", "b 1", "a 2"]


def test_an_interrupted_gathering_keeps_its_kills_and_continues(archive):
    with pytest.raises(KeyboardInterrupt):
        gather(archive, {"a": "a 1"}, Killer(stopped_after=2), wanted=25)
    assert read(archive).kills("a", "a 1") == 20
    killer = Killer()
    gather(archive, {"a": "a 1"}, killer, wanted=25)
    assert [kills for _, kills, _ in killer.asked] == [5]
    [gathered] = read(archive).gathered
    assert (len(gathered.survival.kills), len(gathered.started)) == (25, 1 if len(set(gathered.started)) == 1 else 2)


def test_no_two_batches_of_kills_have_the_same_moments(archive):
    killer = Killer()
    gather(archive, {"a": "a 1", "b": "b 1"}, killer, wanted=20)
    assert len({seed for *_, seed in killer.asked}) == 4


def test_a_session_has_the_machine_and_no_host(archive):
    gather(archive, {"a": "a 1"}, Killer(), wanted=1)
    session = json.loads(archive.read_text(encoding="utf-8").splitlines()[0])
    assert session["conditions"]["cpu"] == read(archive).gathered[0].machines[0]
    assert set(session) == {"schema", "kind", "session", "started", "conditions", "versions"}
    assert not {"host", "hostname", "node", "user"} & set(session["conditions"])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"schema":1,"kind":"kill","sess', "line 3 of survival.jsonl is damaged"),
        ({"kind": "gate"}, "line 3 of survival.jsonl is foreign"),
        ({"schema": 2}, "line 3 of survival.jsonl has schema 2"),
        ({"read": "5"}, "line 3 of survival.jsonl has no usable 'read'"),
        ({"session": "another"}, "belongs to a session that does not name its writer"),
        ({"writer": "b"}, "belongs to a session that does not name its writer"),
        ({"opened": "a little"}, "has opened 'a little', which is not one of"),
    ],
)
def test_an_unusable_line_is_refused_alone(archive, line, words):
    gather(archive, {"a": "a 1"}, Killer(), wanted=1)
    last = archive.read_text(encoding="utf-8").splitlines()[-1]
    text = line if isinstance(line, str) else json.dumps(json.loads(last) | line)
    archive.write_text(archive.read_text(encoding="utf-8") + f"{text}\n{last}\n", encoding="utf-8")
    evidence = read(archive)
    assert evidence.kills("a", "a 1") == 2
    [reason] = evidence.refused
    assert words in reason
