"""`rust_daq.Batch`: its shared columns and its rows."""

import copy
import gc
import itertools
import operator
import os
from array import array
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pytest
from arguments import Arguments, expect_failure
from batches import CHANNELS, LASER, PROBE, STAGE, address, growth, of_many, of_one, of_own, rows
from hypothesis import given
from hypothesis import strategies as st

from rust_daq import Batch, Channel, DataPoint, Metadata


@pytest.fixture(params=[of_one, of_many, of_own])
def batch(request):
    return request.param()


# columns


def test_the_columns_equal_the_arguments() -> None:
    batch = of_many()
    assert batch.timestamps.dtype == np.dtype("M8[ns]")
    assert batch.values.dtype == np.dtype("f8")
    assert batch.indices.dtype == np.dtype("i4")
    assert batch.timestamps.view("i8").tolist() == [0, 10, 20, 30, 40, 50]
    assert batch.values.tolist() == [0, 1, 2, 3, 4, 5]
    assert batch.indices.tolist() == [0, 1, 2, 3, 4, 0]
    assert batch.channels == tuple(CHANNELS)


def test_one_channel_costs_no_column() -> None:
    assert of_one(100).nbytes == 100 * 16
    assert of_many(100).nbytes == 100 * 20
    assert of_one(100).indices.tolist() == [0] * 100
    assert of_one(100).indices.dtype == np.dtype("i4")


@pytest.mark.parametrize("name", ["timestamps", "values", "indices"])
def test_a_column_cannot_be_written(batch: Batch, name: str) -> None:
    column = getattr(batch, name)
    assert not column.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        column[0] = column[1]
    if name != "indices" or len(batch.channels) > 1:  # a broadcast zero belongs to NumPy
        with pytest.raises(ValueError, match="WRITEABLE"):
            column.flags.writeable = True


@pytest.mark.unsafe_code
def test_every_read_of_a_column_is_the_same_memory() -> None:
    batch = of_many()
    for name in ("timestamps", "values", "indices"):
        assert address(getattr(batch, name)) == address(getattr(batch, name))


@pytest.mark.unsafe_code
def test_a_slice_is_a_view(batch: Batch) -> None:
    part = batch[2:5][1:]
    assert np.shares_memory(part.values, batch.values)
    assert address(part.values) == address(batch.values) + 3 * 8
    assert address(part.timestamps) == address(batch.timestamps) + 3 * 8
    assert part.nbytes == batch.nbytes // 6 * 2


@pytest.mark.unsafe_code
@pytest.mark.parametrize("make", [of_one, of_many])
def test_columns_outlive_the_batch(make):
    batch = make()
    expected = batch.values.tolist(), batch.timestamps.tolist(), batch.indices.tolist()
    part = batch[1:4]
    kept = batch.values, batch.timestamps, batch.indices
    del batch
    gc.collect()
    trash = [bytearray(48) for _ in range(1_000)]
    assert tuple(column.tolist() for column in kept) == expected
    assert part.values.tolist() == expected[0][1:4]
    del part, trash
    assert kept[0].sum() == 15


# rows


def test_a_row_is_a_point() -> None:
    batch = of_many()
    for row in (1, -5, np.int8(1), np.uint64(1), np.int64(-5)):
        assert batch[row] == DataPoint(10, "probe", 1.0, "K")
    assert batch[0].metadata == {"gain": 2, "big": 2**80}
    assert batch[3].metadata == {"gain": 4}


@given(rows, st.lists(st.slices(12) | st.slices(30), max_size=4))
def test_slices_of_slices_are_those_of_a_list(points: list[DataPoint], keys: list[slice]) -> None:
    batch = Batch.from_points(points)
    for key in keys:
        batch, points = batch[key], points[key]
        assert len(batch) == len(points)
        assert list(batch) == points
        assert batch == Batch.from_points(points)


@pytest.mark.parametrize(
    "key", [slice(2**70), slice(-(2**70), 2**70), slice(None, None, 2**62), slice(5, None, -(2**70))]
)
def test_slices_with_huge_numbers_are_those_of_a_list(batch: Batch, key: slice) -> None:
    assert batch[key].to_points() == list(batch)[key]


NO_KEY = [
    1.0,
    "1",
    None,
    True,
    np.True_,
    1j,
    (0, 1, "a"),
    [0.5],
    ["a"],
    np.zeros((2, 2), int),
    np.array(["a"]),
    [0, [1]],
]
NO_ROW = [6, -7, 2**63, -(2**63) - 1, 10**30, np.uint64(2**64 - 1)]


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        *((key, TypeError, "^index must be an integer, a slice, or an array") for key in [*NO_KEY, object(), ...]),
        *((row, IndexError, rf"^index {row} is out of range; the batch has 6 rows") for row in NO_ROW),
        *(([0, row], IndexError, rf"^index {row} is out of range; the batch has 6 rows") for row in (6, -7, 2**62)),
        (np.array([2**64 - 1], "u8"), IndexError, "out of range"),
        *(
            (
                np.ones(count, bool),
                IndexError,
                f"^the boolean index has {count} entries, but the batch has 6 rows; pass",
            )
            for count in (0, 5, 7)
        ),
        (slice(None, None, 0), ValueError, "zero"),
        (slice(1.5, None), TypeError, "slice indices must be integers"),
    ],
)
def test_an_invalid_key_is_refused(batch, key, error, message):
    with pytest.raises(error, match=message):
        batch[key]


@given(rows, st.data())
def test_integers_and_booleans_select_as_in_numpy(points: list[DataPoint], data: st.DataObject) -> None:
    batch = Batch.from_points(points)
    flags = data.draw(st.lists(st.booleans(), min_size=len(points), max_size=len(points)))
    expected = list(itertools.compress(points, flags))
    assert batch[np.array(flags, bool)].to_points() == batch[flags].to_points() == expected
    if points:
        chosen = data.draw(st.lists(st.integers(-len(points), len(points) - 1)))
        expected = [points[row] for row in chosen]
        for dtype in ("i1", "i8", ">i4"):
            assert batch[np.array(chosen, dtype)].to_points() == expected
        assert batch[chosen].to_points() == batch[tuple(chosen)].to_points() == expected


def test_selected_rows_are_copies(batch: Batch) -> None:
    for part in (batch[::2], batch[[0, 1]], batch[np.ones(6, bool)], batch[::-1]):
        assert not np.shares_memory(part.values, batch.values)
        assert not np.shares_memory(part.timestamps, batch.timestamps)


def test_an_empty_key_selects_no_rows(batch: Batch) -> None:
    assert len(batch[[]]) == len(batch[np.array([], int)]) == len(batch[()]) == len(batch[3:3]) == 0
    assert batch[[]] == batch[3:3]


# iteration


def test_iteration_creates_one_point_at_a_time(batch: Batch) -> None:
    iterator = iter(batch)
    assert iter(iterator) is iterator
    assert operator.length_hint(iterator) == 6
    assert next(iterator) == batch[0]
    assert operator.length_hint(iterator) == 5
    assert list(iterator) == batch.to_points()[1:]
    assert operator.length_hint(iterator) == 0
    for _ in range(3):
        with pytest.raises(StopIteration):
            next(iterator)


def test_an_iterator_is_lazy() -> None:
    count = 5_000_000
    batch = LASER.batch(np.zeros(count), start=0, rate=1.0)
    process = psutil.Process(os.getpid())
    before = process.memory_info().rss
    iterator = iter(batch)
    for _ in range(1_000):
        next(iterator)
    # All points at once would take some hundred megabytes.
    assert process.memory_info().rss - before < 50 * 2**20


def test_containment_and_reversal_work_as_for_a_sequence(batch: Batch) -> None:
    assert batch[3] in batch
    assert STAGE.point(77) not in batch
    assert len(batch) == 6
    assert bool(batch)
    assert not batch[:0]


# equality


def test_equality_is_one_bool(batch: Batch) -> None:
    twin = Batch.from_points(batch.to_points())
    assert (batch == twin) is True
    assert (batch != twin) is False
    assert (batch == batch[1:]) is False
    assert (batch == batch[::-1]) is False


def test_a_batch_is_not_hashable_and_has_no_order(batch: Batch) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(batch)
    with pytest.raises(TypeError):
        batch < batch  # type: ignore[operator]  # noqa: B015, PLR0124


@given(rows, rows)
def test_batches_are_equal_when_their_points_are(left: list[DataPoint], right: list[DataPoint]) -> None:
    assert (Batch.from_points(left) == Batch.from_points(right)) is (left == right)
    assert Batch.from_points(left) == Batch.from_points(left)


def test_rows_are_equal_as_points_are() -> None:
    nan = float("nan")
    assert LASER.batch([nan, 0.0], [1, 2]) == LASER.batch([-nan, -0.0], [1, 2])
    other = Channel("laser", "mW", {"gain": 2.0, "big": 2**80})
    assert LASER.batch([1.0], [1]) == other.batch([1.0], [1])
    assert LASER.batch([1.0], [1]) != Channel("laser", "mW").batch([1.0], [1])
    assert LASER.batch([1.0], [1]) != LASER.batch([1.0], [2])
    assert LASER.batch([1.0], [1]) != LASER.batch([2.0], [1])


def test_channels_without_rows_and_their_order_are_ignored() -> None:
    numbers = np.arange(4.0)
    left = Batch.from_numpy([1, 2, 3, 4], numbers, [LASER, PROBE], [0, 1, 0, 1])
    right = Batch.from_numpy([1, 2, 3, 4], numbers, [STAGE, PROBE, LASER], [2, 1, 2, 1])
    assert left == right
    assert left[::2] == LASER.batch(numbers[::2], [1, 3])
    assert left != Batch.from_numpy([1, 2, 3, 4], numbers, [LASER, PROBE], [0, 1, 1, 0])


def test_copies_are_the_batch_itself(batch: Batch) -> None:
    assert copy.copy(batch) is batch
    assert copy.deepcopy(batch) is batch


def test_repr_shows_rows_and_channels() -> None:
    assert repr(of_one()) == "<Batch of 6 rows: 'laser' in mW>"
    assert repr(of_one(1)) == "<Batch of 1 row: 'laser' in mW>"
    assert repr(Batch.from_points([PROBE.point(1), STAGE.point(1)])) == "<Batch of 2 rows: 'probe' in K, 'stage'>"
    many = Batch.from_points([Channel(str(number), "V").point(0) for number in range(1_000)])
    assert len(repr(many)) < 200


# points


@given(rows)
def test_points_come_back_equal(points: list[DataPoint]) -> None:
    for batch in (Batch.from_points(points), Batch.from_points(iter(points)), Batch.from_points(tuple(points))):
        assert len(batch) == len(points)
        assert batch.to_points() == list(batch) == points
        assert [batch[row] for row in range(len(batch))] == points
        assert batch.timestamps.view("i8").tolist() == [point.timestamp_ns for point in points]
        assert batch.values.tobytes() == array("d", [point.value for point in points]).tobytes()
        assert [batch.channels[index].name for index in batch.indices] == [point.channel for point in points]


def test_points_of_one_channel_keep_their_own_metadata() -> None:
    points = [DataPoint(row, "laser", 1.0, "mW", {"gain": row % 3} if row % 3 else None) for row in range(100)]
    batch = Batch.from_points(points)
    assert batch.to_points() == points
    assert [channel.metadata for channel in batch.channels] == [None, Metadata({"gain": 1}), Metadata({"gain": 2})]


@pytest.mark.unsafe_code
def test_freed_points_are_not_confused_with_new_ones() -> None:
    def fresh() -> Iterator[DataPoint]:
        # Each point, its name and its metadata are freed unless the batch keeps them.
        for row in range(2_000):
            yield DataPoint(row, f"channel {row % 7}", 1.0, "V", {"row": row % 5})

    assert Batch.from_points(fresh()).to_points() == list(fresh())


def test_points_of_a_batch_share_their_channel(batch: Batch) -> None:
    for point, index in zip(batch, batch.indices, strict=True):
        assert point.channel is batch.channels[index].name
        assert point.unit is batch.channels[index].unit
    assert batch.channels[0] is batch.channels[0]
    assert batch[1:].channels[0] is batch.channels[0]
    assert of_one().channels[0] is LASER


@pytest.mark.parametrize("wrong", [None, 1, "a", (0, "laser", 1.0, "mW"), LASER, [1.0]])
def test_an_item_that_is_not_a_point_or_batch_is_refused(wrong):
    for make, known, argument in (
        (Batch.from_points, LASER.point(1.0), "points must be an iterable of DataPoint"),
        (Batch.concat, of_one(), "batches must be an iterable of Batch"),
    ):
        with pytest.raises(TypeError, match=rf"^{argument}, got "):
            make([known, wrong])
        with pytest.raises(TypeError, match=rf"^{argument}, got 1 \(int\)"):
            make(1)


class BoomError(Exception):
    pass


def test_an_error_of_an_iterable_is_raised() -> None:
    def broken() -> Iterator[DataPoint]:
        yield LASER.point(1.0)
        raise BoomError

    with pytest.raises(BoomError):
        Batch.from_points(broken())


def test_two_units_under_one_name_are_refused() -> None:
    watt = Channel("laser", "W")
    for function, argument in [
        (Batch.from_points, [LASER.point(1.0), watt.point(1.0)]),
        (Batch.concat, [of_one(), watt.batch([1.0])]),
        (lambda channels: Batch.from_numpy([0, 1], [0.0, 1.0], channels, [0, 1]), [LASER, watt]),
    ]:
        with pytest.raises(ValueError, match=r"^channel 'laser' has the units 'mW' and 'W'; convert"):
            function(argument)  # type: ignore[operator]


# concat and by_channel


@given(st.lists(rows, max_size=4))
def test_concat_keeps_all_rows_in_order(parts: list[list[DataPoint]]) -> None:
    batches = [Batch.from_points(part) for part in parts]
    expected = list(itertools.chain(*parts))
    assert Batch.concat(batches).to_points() == expected
    assert Batch.concat(iter(batches)) == Batch.from_points(expected)


def test_a_single_batch_is_shared(batch: Batch) -> None:
    assert address(Batch.concat([batch]).values) == address(batch.values)
    assert not np.shares_memory(Batch.concat([batch, batch]).values, batch.values)


def test_concat_of_no_batches_is_empty() -> None:
    empty = Batch.concat([])
    assert len(empty) == 0
    assert empty.channels == ()
    assert empty.values.tolist() == empty.timestamps.tolist() == empty.indices.tolist() == []
    assert empty == Batch.from_points([])
    assert empty.to_points() == list(empty) == []
    assert empty.by_channel() == {}


@given(rows)
def test_each_channel_name_has_its_rows(points: list[DataPoint]) -> None:
    groups = Batch.from_points(points).by_channel()
    expected: dict[str, list[DataPoint]] = {}
    for point in points:
        expected.setdefault(point.channel, []).append(point)
    assert list(groups) == list(expected)
    assert {name: group.to_points() for name, group in groups.items()} == expected
    assert all({channel.name for channel in group.channels} == {name} for name, group in groups.items())


def test_the_one_channel_of_a_batch_is_not_copied() -> None:
    batch = of_one()
    assert address(batch.by_channel()["laser"].values) == address(batch.values)


# NumPy


def test_from_numpy_copies_once() -> None:
    stamps, numbers, places = np.arange(4).astype("M8[ns]"), np.arange(4.0), np.array([0, 1, 0, 1], "i4")
    batch = Batch.from_numpy(stamps, numbers, [LASER, PROBE], places)
    stamps[0], numbers[0], places[0] = np.datetime64(77, "ns"), 77.0, 1
    assert batch[0] == LASER.point(0.0, 0)


@pytest.mark.parametrize("places", [[0, 1, 0], (0, 1, 0), np.array([0, 1, 0], "u1"), np.array([0, 1, 0], ">i8")])
@pytest.mark.parametrize("kind", [list, tuple, iter])
def test_from_numpy_reads_objects_that_convert(kind: Any, places: Any) -> None:
    batch = Batch.from_numpy(pd.Series([1, 2, 3]), pa.array([1.0, 2.0, 3.0]), kind([LASER, PROBE]), places)
    assert batch.to_points() == [LASER.point(1.0, 1), PROBE.point(2.0, 2), LASER.point(3.0, 3)]


def test_from_numpy_of_one_channel_needs_no_indices() -> None:
    for channels in (LASER, [LASER], (LASER,)):
        assert Batch.from_numpy([1, 2], [1.0, 2.0], channels) == LASER.batch([1.0, 2.0], [1, 2])
    assert Batch.from_numpy([1, 2], [1.0, 2.0], LASER, [0, 0]) == LASER.batch([1.0, 2.0], [1, 2])
    assert Batch.from_numpy([1], [1.0], LASER, indices=None) == LASER.batch([1.0], [1])


def test_equal_channels_are_merged() -> None:
    twin = Channel("laser", "mW", {"big": 2**80, "gain": 2})
    batch = Batch.from_numpy([1, 2, 3], [1.0, 2.0, 3.0], [LASER, PROBE, twin], [0, 1, 2])
    assert batch.channels == (LASER, PROBE)
    assert batch.indices.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([1], [1.0, 2.0], LASER), ValueError, r"^values has 2 entries, but timestamps has 1; pass"),
        (([1], [1.0], LASER, [0, 0]), ValueError, r"^indices has 2 entries, but timestamps has 1; pass"),
        (([1], [1.0], [LASER, PROBE]), ValueError, r"^indices .*; pass"),
        (([1], [1.0], [], [0]), ValueError, r"^indices\[0\] must be the index of one of 0 channels, got 0$"),
        (([1, 2], [1.0, 1.0], LASER, [0, 1]), ValueError, r"^indices\[1\] must be the index .* 1 channels, got 1$"),
        (([1], [1.0], LASER, [-1]), ValueError, r"^indices\[0\] must be the index of one of 1 channels, got -1$"),
        (([1], [1.0], LASER, [2**40]), ValueError, rf"^indices\[0\] must be the index of a channel, got {2**40}$"),
        (
            ([1], [1.0], LASER, np.array([2**64 - 1], "u8")),
            ValueError,
            rf"^indices\[0\] must be the index .* {2**64 - 1}$",
        ),
        (([1], [1.0], LASER, [0.0]), TypeError, r"^indices must be integers .*, got "),
        (([1], [1.0], LASER, [True]), TypeError, r"^indices must be integers .*, got "),
        (([1, 2], [1.0, 2.0], LASER, [0, [1]]), TypeError, r"^indices must be integers .*, got "),
        (([1], [1.0], LASER, [[0]]), TypeError, r"^indices must be .* of one dimension.*, got "),
        (([1], [1.0], "laser"), TypeError, r"^channels must be a Channel or a sequence of them, got "),
        (([1], [1.0], [LASER, "probe"]), TypeError, r"^channels must be a Channel or a sequence of them, got "),
        (([1], [1.0], None), TypeError, r"^channels must be a Channel or a sequence of them, got "),
        (([1.0], [1.0], LASER), TypeError, r"^timestamp must be .*, got "),
        (([1], ["1"], LASER), TypeError, r"^value must be .*, got "),
        ((np.array(["NaT"], "M8[ns]"), [1.0], LASER), ValueError, r"^timestamps\[0\] is NaT; drop"),
        (([1], np.array([2**53 + 1]), LASER), ValueError, rf"^values\[0\] is {2**53 + 1}, .*; convert"),
        (([2**63], [1.0], LASER), OverflowError, r"^timestamp .* is outside 64-bit nanoseconds; pass"),
    ],
)
def test_from_numpy_refuses_arguments_that_do_not_fit(arguments: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        Batch.from_numpy(*arguments)


@given(rows)
def test_a_batch_is_rebuilt_from_its_columns(points: list[DataPoint]) -> None:
    batch = Batch.from_points(points)
    for stamps in (batch.timestamps, batch.timestamps.view("i8"), list(batch.timestamps)):
        assert Batch.from_numpy(stamps, batch.values, batch.channels, batch.indices) == batch


@given(rows)
def test_sorting_is_stable_and_by_time(points: list[DataPoint]) -> None:
    batch = Batch.from_points(points)
    found = batch.sort_by_time()
    assert found.to_points() == sorted(points, key=lambda point: point.timestamp_ns)
    assert found.sort_by_time() == found


def test_a_batch_in_order_is_shared() -> None:
    batch = LASER.batch([1.0, 2.0, 3.0], [1, 1, 2])
    assert np.shares_memory(batch.sort_by_time().values, batch.values)


def test_channels_are_looked_up_not_searched() -> None:
    # 100,000 names; a linear search for each of them would take minutes.
    count = 100_000
    channels = [Channel(f"channel {number}", "V") for number in range(count)]
    batch = Batch.from_numpy(np.arange(count), np.arange(float(count)), channels, np.arange(count)[::-1])
    parts = batch.by_channel()
    assert list(parts) == [channel.name for channel in reversed(channels)]
    assert parts["channel 7"].values.tolist() == [float(count - 8)]
    twin = Batch.from_numpy(np.arange(count), np.arange(float(count)), channels[::-1], np.arange(count))
    assert batch == twin
    assert Batch.from_arrow(batch, channels) == batch


# nothing leaks


def test_a_hundred_thousand_failures_leak_no_memory() -> None:
    calls = Arguments().refused()

    def fail(times: int) -> None:
        for call in itertools.islice(itertools.cycle(calls), times):
            expect_failure(call)

    assert growth(fail, 20_000, 100_000) < 2 * 2**20


def test_twenty_thousand_batches_leak_no_memory() -> None:
    numbers = np.arange(100.0)

    def work(times: int) -> None:
        for _ in range(times):
            batch = LASER.batch(numbers, start=0, rate=10.0)
            assert batch[10:][::2].values[1] == 12.0
            assert next(iter(batch)).value == 0.0
            assert Batch.concat([batch, batch])[[0, 150]].values[1] == 50.0

    assert growth(work, 3_000, 20_000) < 2 * 2**20
