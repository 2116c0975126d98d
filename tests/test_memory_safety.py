"""The extension releases everything that it takes, for all arguments.

`nox -s sanitize` runs these tests under valgrind, which detects reads of freed memory.
"""

import gc
import pickle
import random
import sys

import pyarrow as pa
import pytest
from arguments import NAMES, Arguments, expect_failure, unshared
from batches import Handed

from rust_daq import Batch, Channel, DataPoint, Metadata

pytestmark = pytest.mark.unsafe_code

TIMES = 300


@pytest.fixture
def arguments():
    return Arguments()


@pytest.fixture
def unchanged(arguments):
    """Compare the reference counts of the arguments before and after the test."""
    gc.collect()
    before = arguments.counts()
    yield
    gc.collect()
    assert arguments.counts() == before


def test_a_point_releases_its_arguments_in_any_order_of_dropping(arguments):
    for number, make in enumerate(arguments.points()):
        make()
        before = arguments.counts()
        for _ in range(TIMES):
            assert make().channel == "laser-power"
        points = [make() for _ in range(TIMES)]
        random.Random(number).shuffle(points)
        while points:
            assert points.pop().unit == "mW/s"
        gc.collect()
        assert arguments.counts() == before, f"way {number}"


def test_refused_arguments_are_released(arguments):
    for number, call in enumerate(arguments.refused()):
        expect_failure(call)
        before = arguments.counts()
        for _ in range(TIMES):
            expect_failure(call)
        assert arguments.counts() == before, f"call {number}"


def test_a_point_counts_each_reference_once(arguments):
    before = arguments.counts()
    held = [DataPoint(*arguments.four, arguments.shared) for _ in range(10)]
    grown = {name: count - before[name] for name, count in arguments.counts().items()}
    assert grown == dict.fromkeys(before, 0) | {"channel": 10, "unit": 10, "shared": 10, "point": 10}
    held.clear()
    assert arguments.counts() == before


@pytest.mark.usefixtures("unchanged")
def test_attributes_outlive_their_point(arguments):
    names = [*NAMES, "timestamp_ns"]
    for _ in range(TIMES):
        point = DataPoint(arguments.timestamp, unshared("own text"), 0.5, arguments.unit, arguments.nested)
        read = [getattr(point, name) for name in names] + [repr(point), hash(point), point.__reduce__()]
        del point
        assert read[1] == "own text"
        assert read[4]["a value"][2] == 2**70
        read[4].clear()


def test_the_point_outlives_its_arguments():
    made = [
        DataPoint(row, f"channel {row}", row, f"unit {row}", document)
        for row in range(1_000)
        for document in ({f"row {row}": [f"row {row}"]}, {f"row {row}": f"row {row}"}, Metadata({f"row {row}": row}))
    ]
    gc.collect()
    trash = [f"channel {row}" * 2 for row in range(1_000)]
    for row, point in enumerate(made):
        name = f"row {row // 3}"
        assert (point.channel, point.unit) == (f"channel {row // 3}", f"unit {row // 3}")
        assert point.metadata == {name: ([name], name, row // 3)[row % 3]}
    del trash


@pytest.mark.usefixtures("unchanged")
def test_points_in_a_cycle_are_collected(arguments):
    for _ in range(TIMES):
        cycle = [DataPoint(*arguments.four, arguments.nested)]
        cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1


def test_an_unconstructed_point_cannot_be_created():
    for _ in range(TIMES // 10):
        with pytest.raises(TypeError):
            object.__new__(DataPoint)
        with pytest.raises(TypeError):
            DataPoint.__new__(DataPoint)
        made = DataPoint.__new__(DataPoint, 0, "laser", 1.0, "mW")
        assert made == DataPoint(0, "laser", 1.0, "mW")


# Channels and batches


@pytest.fixture
def channel(arguments):
    return Channel(arguments.channel, arguments.unit, arguments.flat)


@pytest.fixture
def counted(channel):
    """Compare the reference counts of the channel and its metadata before and after the test."""
    held = (channel, channel.name, channel.unit, channel.metadata)
    before = [sys.getrefcount(each) for each in held]
    yield
    gc.collect()
    assert [sys.getrefcount(each) for each in held] == before


@pytest.mark.usefixtures("counted")
def test_columns_and_iterators_outlive_their_batch(channel):
    for length in [*range(9), TIMES]:
        batch = channel.batch(list(range(length)), start=0, rate=1e3)
        values, view, part = batch.values, memoryview(batch.values), batch[1:-1:2].values
        points, rest = batch.to_points(), iter(batch)
        next(rest, None)
        copied = pickle.loads(pickle.dumps(batch, 5))
        del batch
        assert values.tolist() == list(view) == [point.value for point in points] == copied.values.tolist()
        assert part.tolist() == values[1:-1:2].tolist()
        assert [point.value for point in rest] == values[1:].tolist()


@pytest.mark.usefixtures("counted")
def test_arrow_memory_is_freed_once_by_its_owner(channel):
    for length in [*range(9), TIMES]:
        batch = channel.batch(list(range(length)), start=0, rate=1e3)
        batch.__arrow_c_schema__(), batch.__arrow_c_array__(), batch.__arrow_c_stream__()  # dropped, not consumed
        there, stream = pa.record_batch(batch), pa.table(batch)
        back = [Batch.from_arrow(there), Batch.from_arrow(stream)]
        array = Handed("__arrow_c_array__", batch.__arrow_c_array__())
        again = Handed("__arrow_c_stream__", batch.__arrow_c_stream__())
        back += [Batch.from_arrow(array, channel), Batch.from_arrow(again, channel)]
        with pytest.raises(ValueError, match="released"):
            Batch.from_arrow(again, channel)
        expected = batch.values.tolist()
        del batch, array, again
        assert there["value"].to_pylist() == stream["value"].to_pylist() == expected
        del there, stream
        assert all(mine.values.tolist() == expected for mine in back)


@pytest.mark.parametrize("case", ["taken", "of another type"])
@pytest.mark.usefixtures("counted")
def test_an_arrow_array_that_contradicts_its_schema_is_refused(channel, case):
    schema, array = channel.batch([1.0, 2.0], [1, 2]).__arrow_c_array__()
    if case == "taken":
        Batch.from_arrow(Handed("__arrow_c_array__", (schema, array)), channel)
    else:
        schema, _ = pa.array([1]).__arrow_c_array__()
    with pytest.raises(ValueError, match=r"."):
        Batch.from_arrow(Handed("__arrow_c_array__", (schema, array)), channel)


@pytest.mark.usefixtures("counted")
def test_an_object_without_arrow_data_is_refused(channel):
    batch = channel.batch([1.0, 2.0], [1, 2])
    stream, (schema, array) = batch.__arrow_c_stream__(), batch.__arrow_c_array__()
    pairs = [
        (array, schema),
        (schema, stream),
        (schema,),
        schema,
        None,
        5,
        (1, 2),
        (schema, None),
        (schema, array, array),
    ]
    wrong = [Handed("__arrow_c_array__", pair) for pair in pairs]
    wrong += [Handed("__arrow_c_stream__", capsule) for capsule in (schema, array, batch, None, 5)]
    wrong += [object(), pa.table({"x": [1]}), pa.table({"timestamp": [1], "value": ["x"]})]
    for each in wrong * (TIMES // 10):
        with pytest.raises((TypeError, ValueError)):
            Batch.from_arrow(each, channel)
    # None of them consumed the data.
    assert Batch.from_arrow(Handed("__arrow_c_array__", (schema, array)), channel) == batch
    assert Batch.from_arrow(Handed("__arrow_c_stream__", stream), channel) == batch
