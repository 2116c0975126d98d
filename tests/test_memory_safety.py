"""The extension keeps the books of memory: what it takes it gives back, whatever it is called with.

`nox -s sanitize` runs these under valgrind, which sees what no assertion can: a read of what was freed.
"""

import copy
import datetime as dt
import gc
import pickle
import random
import sys
import threading
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pytest
from batches import Handed

from rust_daq import Batch, Channel, DataPoint, Metadata

pytestmark = pytest.mark.unsafe_code

TIMES = 300
NAMES = ("timestamp", "channel", "value", "unit", "metadata")
REFUSALS = (TypeError, ValueError, OverflowError, LookupError)


def own(text):
    """Make a text that nobody else has: a literal is shared, and since CPython 3.12 immortal."""
    return text.encode().decode()


class Text(str):
    __slots__ = ()


class Table(dict):
    pass


class Awkward(Mapping):
    """Fails in the middle of being read."""

    def __init__(self, name):
        self.name = own(f"awkward {name}")

    def __float__(self):
        raise LookupError(self.name)

    __index__ = __float__

    def __getitem__(self, key):
        raise LookupError(self.name)

    def __iter__(self) -> Iterator[str]:
        return iter([self.name])

    def __len__(self):
        return 1


class Arguments:
    """Objects of their own: what is shared or immortal hides a count that is wrong."""

    def __init__(self):
        self.channel = own("laser-power")
        self.unit = own("mW/s")
        self.timestamp = dt.datetime.now(dt.UTC)
        self.value = float("12.5")
        self.integer = 2**62 + 1
        self.text = own("a value")
        self.nested = {self.text: [self.text, {"inner": self.value}, 2**70], "gain": 10}
        self.flat = {self.text: self.value, own("gain"): self.text, "big": 2**70, "none": None}
        self.shared = Metadata({self.text: [self.text]})
        self.four = (self.timestamp, self.channel, self.value, self.unit)

    def counts(self):
        return {
            name: sys.getrefcount(held)
            for name, held in {**vars(self), "point": DataPoint, "batch": Batch, "metadata": Metadata}.items()
        }

    def points(self):
        """Ways to make a point of the arguments."""
        named = dict(zip(NAMES, (*self.four, self.shared), strict=True))
        channel = Channel(self.channel, self.unit, self.shared)
        point, batch = DataPoint(**named), channel.batch([1.0, 2.0], [1, 2])
        return [
            lambda: DataPoint(*self.four),
            lambda: DataPoint(self.integer, self.channel, 3, self.unit),
            *(
                lambda given=given: DataPoint(*self.four, given)
                for given in (None, self.nested, self.flat, self.shared, [self.flat])
            ),
            *(lambda given=given: DataPoint(*self.four, metadata=given) for given in (self.nested, self.flat)),
            lambda: DataPoint(self.timestamp, self.channel, value=self.value, unit=self.unit),
            lambda: DataPoint(**named),
            lambda: DataPoint(**dict(reversed(named.items()))),
            lambda: DataPoint(0, Text(self.channel), self.value, self.unit, Table(self.flat)),
            lambda: DataPoint.now(self.channel, self.value, self.unit, self.shared),
            lambda: point.replace(value=self.value),
            lambda: copy.copy(point),
            lambda: copy.deepcopy([point])[0],
            *(
                lambda protocol=protocol: pickle.loads(pickle.dumps(point, protocol))
                for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)
            ),
            lambda: channel.point(self.value),
            lambda: channel.point(self.value, self.timestamp),
            lambda: channel.point(3, timestamp=5),
            lambda: channel.point(value=self.value, timestamp=self.integer),
            lambda: channel.points([self.value] * 3, [self.timestamp] * 3)[1],
            lambda: batch[0],
            lambda: next(iter(batch)),
            lambda: [*batch, *batch.to_points()][-1],
            lambda: Batch.from_points([point, point])[0],
        ]

    def refused(self):
        """Calls that fail, early and late."""
        named = dict(zip(NAMES, (*self.four, self.flat), strict=True))
        channel = Channel(self.channel, self.unit, self.shared)
        itself = {self.text: self.value}
        itself["inside"] = itself
        half_plain = {**self.flat, own("wrong"): "\ud800"}
        wrong = {
            "timestamp": (None, self.text, self.value, True, 2**63, dt.datetime(2026, 1, 1), Awkward("timestamp")),
            "channel": (None, "", self.value, b"laser", "\ud800"),
            "value": (None, self.text, self.nested, 10**400, Awkward("value")),
            "unit": (None, self.value, "\udfff"),
            "metadata": (object(), {1: self.text}, float("nan"), {self.text: {1, 2}}, itself, half_plain)
            + (Awkward("metadata"), self.flat | {"a": object()}, {"a": self.flat, "b": {1}}),
        }
        wrong_fields = [named | {name: field} for name, fields in wrong.items() for field in fields]
        point = DataPoint(**named)
        return [
            *(lambda fields=fields: DataPoint(*fields.values()) for fields in wrong_fields),
            *(lambda fields=fields: DataPoint(**fields) for fields in wrong_fields),
            *(lambda length=length: DataPoint(*self.four[:length]) for length in range(4)),
            lambda: DataPoint(*self.four, self.flat, self.text),
            lambda: DataPoint(*self.four, self.flat, metadata=None),
            lambda: DataPoint(*self.four, unit=self.unit),
            lambda: DataPoint(*self.four, **{self.text: 1}),
            lambda: DataPoint(**named, novel=self.flat),
            lambda: DataPoint.now(self.channel, self.text, self.unit, self.shared),
            lambda: point.replace(value=self.text),
            channel.point,
            lambda: channel.point("x"),
            lambda: channel.point(self.value, self.text),
            lambda: channel.point(self.value, 2**63),
            lambda: channel.point(self.value, self.timestamp, self.text),
            lambda: channel.point(self.value, **{self.text: 2}),
            lambda: channel.points([self.value, self.text]),
            lambda: channel.points([1, 2], [1]),
            lambda: channel.points([1, 2], [self.timestamp, None]),
            lambda: Batch.from_points([point, self.text]),
        ]


@pytest.fixture
def arguments():
    return Arguments()


@pytest.fixture
def unchanged(arguments):
    """Compare the references to the arguments before the test and after it."""
    gc.collect()
    before = arguments.counts()
    yield
    gc.collect()
    assert arguments.counts() == before


def test_a_point_gives_its_arguments_back_in_whatever_order_points_are_dropped(arguments):
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


def test_refused_arguments_are_given_back(arguments):
    def fail(call):
        try:
            call()
        except REFUSALS:
            return
        pytest.fail("a call that has to fail did not")

    for number, call in enumerate(arguments.refused()):
        fail(call)
        before = arguments.counts()
        for _ in range(TIMES):
            fail(call)
        assert arguments.counts() == before, f"call {number}"


def test_a_point_counts_what_it_holds_once(arguments):
    before = arguments.counts()
    held = [DataPoint(*arguments.four, arguments.shared) for _ in range(10)]
    grown = {name: count - before[name] for name, count in arguments.counts().items()}
    assert grown == dict.fromkeys(before, 0) | {"channel": 10, "unit": 10, "shared": 10, "point": 10}
    held.clear()
    assert arguments.counts() == before


@pytest.mark.usefixtures("unchanged")
def test_what_is_read_outlives_its_point(arguments):
    names = [*NAMES, "timestamp_ns"]
    for _ in range(TIMES):
        point = DataPoint(arguments.timestamp, own("own text"), 0.5, arguments.unit, arguments.nested)
        read = [getattr(point, name) for name in names] + [repr(point), hash(point), point.__reduce__()]
        del point
        assert read[1] == "own text"
        assert read[4]["a value"][2] == 2**70
        read[4].clear()


def test_the_arguments_may_go_before_the_point():
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


def test_metadata_that_change_while_they_are_read_are_no_harm():
    class Treacherous(Mapping):
        def __init__(self):
            self.inside = [["text", str(number)] for number in range(9)]

        def __getitem__(self, key):
            for given in self.inside[1:]:
                given.clear()
            return self.inside.pop() if self.inside else None

        def __iter__(self):
            return iter([f"key {number}" for number in range(20)])

        def __len__(self):
            return 20

    for _ in range(TIMES // 10):
        point = DataPoint(0, "laser", 1.0, "mW", {"outer": Treacherous(), "more": [1, 2, 3]})
        assert len(point.metadata["outer"]) == 20


def test_a_point_that_was_never_made_cannot_be_had():
    for _ in range(TIMES // 10):
        with pytest.raises(TypeError):
            object.__new__(DataPoint)
        with pytest.raises(TypeError):
            DataPoint.__new__(DataPoint)
        made = DataPoint.__new__(DataPoint, 0, "laser", 1.0, "mW")
        assert made == DataPoint(0, "laser", 1.0, "mW")


def test_a_point_may_be_dropped_by_another_thread(arguments):
    points = [[DataPoint(*arguments.four, arguments.nested) for _ in range(TIMES)] for _ in range(4)]
    threads = [threading.Thread(target=mine.clear) for mine in points]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert points == [[], [], [], []]


# Channels and batches


@pytest.fixture
def channel(arguments):
    return Channel(arguments.channel, arguments.unit, arguments.flat)


@pytest.fixture
def counted(channel):
    """Compare the references to the channel and its metadata before the test and after it."""
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
def test_arrow_memory_is_freed_once_by_whoever_has_it(channel):
    for length in [*range(9), TIMES]:
        batch = channel.batch(list(range(length)), start=0, rate=1e3)
        batch.__arrow_c_schema__(), batch.__arrow_c_array__(), batch.__arrow_c_stream__()  # dropped, not taken
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
def test_an_arrow_array_that_is_not_as_its_schema_says_is_refused(channel, case):
    schema, array = channel.batch([1.0, 2.0], [1, 2]).__arrow_c_array__()
    if case == "taken":
        Batch.from_arrow(Handed("__arrow_c_array__", (schema, array)), channel)
    else:
        schema, _ = pa.array([1]).__arrow_c_array__()
    with pytest.raises(ValueError, match=r"."):
        Batch.from_arrow(Handed("__arrow_c_array__", (schema, array)), channel)


@pytest.mark.usefixtures("counted")
def test_what_is_no_arrow_data_is_refused(channel):
    batch = channel.batch([1.0, 2.0], [1, 2])
    for _ in range(TIMES // 10):
        pairs = [None, 5, (1, 2), (batch.__arrow_c_array__()[1], batch.__arrow_c_schema__())]
        wrong = [Handed("__arrow_c_array__", pair) for pair in pairs]
        wrong += [Handed("__arrow_c_stream__", capsule) for capsule in (None, 5, batch.__arrow_c_schema__())]
        wrong += [object(), pa.table({"x": [1]}), pa.table({"timestamp": [1], "value": ["x"]})]
        for each in wrong:
            with pytest.raises((TypeError, ValueError)):
                Batch.from_arrow(each, channel)
