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

from rust_daq import Batch, Channel, DataPoint, Metadata

pytestmark = pytest.mark.unsafe_code

TIMES = 300


def own(text):
    """Make a text that nobody else has: a literal is shared, and since CPython 3.12 immortal."""
    return text.encode().decode()


class Arguments:
    """Objects of their own: what is shared or immortal hides a count that is wrong."""

    def __init__(self):
        self.channel = own("laser-power")
        self.unit = own("mW/s")
        self.timestamp = dt.datetime.now(dt.UTC)
        self.value = float("12.5")
        self.text = own("a value")
        self.metadata = {self.text: [self.text, {"inner": self.value}, 2**70], "gain": 10}
        self.flat = {self.text: self.value, own("gain"): self.text, "big": 2**70, "none": None}
        self.shared = Metadata({self.text: [self.text]})

    def good(self):
        return [
            ((self.timestamp, self.channel, self.value, self.unit), {}),
            ((2**62 + 1, self.channel, self.value, self.unit), {}),
            ((self.timestamp, self.channel, self.value, self.unit, None), {}),
            ((self.timestamp, self.channel, self.value, self.unit, self.metadata), {}),
            ((self.timestamp, self.channel), {"value": self.value, "unit": self.unit}),
            ((), {"unit": self.unit, "value": 3, "channel": self.channel, "timestamp": self.timestamp}),
            ((self.timestamp, self.channel, self.value), {"metadata": self.metadata, "unit": self.unit}),
            ((self.timestamp, self.channel, self.value, self.unit, self.flat), {}),
            ((self.timestamp, self.channel, self.value, self.unit), {"metadata": self.flat}),
            ((self.timestamp, self.channel, self.value, self.unit, self.shared), {}),
        ]

    def bad(self):
        itself = {self.text: self.value}
        itself["inside"] = itself
        half_plain = {**self.flat, own("wrong"): "\ud800"}
        whole = (self.timestamp, self.channel, self.value, self.unit, self.flat)  # plain but for what is replaced
        replaced = [
            *((0, wrong) for wrong in (None, self.text, self.value, True, 2**63, dt.datetime(2026, 1, 1))),
            *((1, wrong) for wrong in (None, "", self.value, b"laser", "\ud800")),
            *((2, wrong) for wrong in (None, self.text, self.metadata, 10**400, Awkward("value"))),
            *((3, wrong) for wrong in (None, self.value, "\udfff")),
            *((4, wrong) for wrong in (object(), {1: self.text}, float("nan"), {self.text: {1, 2}}, itself)),
            *((4, wrong) for wrong in (half_plain, Awkward("metadata"))),
        ]
        wrong_types = [((*whole[:place], wrong, *whole[place + 1 :]), {}) for place, wrong in replaced]
        wrong_numbers = [(whole[:length], {}) for length in range(4)] + [((*whole, self.text), {})]
        wrong_names = [(whole, {"metadata": None}), (whole[:4], {"unit": self.unit}), (whole[:4], {self.text: 1})]
        return wrong_types + wrong_numbers + wrong_names

    def counts(self):
        held = (self.channel, self.unit, self.timestamp, self.value, self.text, self.metadata, self.flat, self.shared)
        return [sys.getrefcount(each) for each in (*held, DataPoint, Channel, Batch, Metadata)]


class Awkward(Mapping):
    """Fails in the middle of being read."""

    def __init__(self, name):
        self.name = own(f"awkward {name}")

    def __float__(self):
        raise LookupError(self.name)

    def __getitem__(self, key):
        raise LookupError(self.name)

    def __iter__(self) -> Iterator[str]:
        return iter([self.name])

    def __len__(self):
        return 1


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


def refused(args, kwargs):
    try:
        DataPoint(*args, **kwargs)
    except (TypeError, ValueError, OverflowError, LookupError):
        return True
    return False


@pytest.mark.parametrize("form", range(10))
@pytest.mark.usefixtures("unchanged")
def test_a_point_that_is_dropped_gives_its_arguments_back(arguments, form):
    args, kwargs = arguments.good()[form]
    for _ in range(TIMES):
        assert DataPoint(*args, **kwargs).channel == "laser-power"


@pytest.mark.parametrize("form", range(10))
@pytest.mark.usefixtures("unchanged")
def test_points_may_be_dropped_in_any_order(arguments, form):
    args, kwargs = arguments.good()[form]
    points = [DataPoint(*args, **kwargs) for _ in range(TIMES)]
    random.Random(form).shuffle(points)
    while points:
        assert points.pop().unit == "mW/s"


@pytest.mark.usefixtures("unchanged")
def test_refused_arguments_are_given_back(arguments):
    for args, kwargs in arguments.bad():
        assert all(refused(args, kwargs) for _ in range(TIMES // 10)), (args, kwargs)


@pytest.mark.usefixtures("unchanged")
def test_a_copy_keeps_no_reference_too_many(arguments):
    point = DataPoint(arguments.timestamp, arguments.channel, 1, arguments.unit, arguments.metadata)
    before = sys.getrefcount(point)
    for _ in range(TIMES):
        assert copy.copy(point) == copy.deepcopy([point])[0] == point
    assert sys.getrefcount(point) == before


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.usefixtures("unchanged")
def test_a_pickle_keeps_no_reference(arguments, protocol):
    point = DataPoint(arguments.timestamp, arguments.channel, 1, arguments.unit, arguments.metadata)
    for _ in range(TIMES // 3):
        assert pickle.loads(pickle.dumps(point, protocol)) == point


@pytest.mark.usefixtures("unchanged")
def test_what_is_read_outlives_its_point(arguments):
    names = ["timestamp", "timestamp_ns", "channel", "value", "unit", "metadata"]
    for _ in range(TIMES):
        point = DataPoint(arguments.timestamp, own("own text"), 0.5, arguments.unit, arguments.metadata)
        read = [getattr(point, name) for name in names] + [repr(point), hash(point)]
        del point
        assert read[2] == "own text"
        assert read[5]["a value"][2] == 2**70
        read[5].clear()


@pytest.mark.usefixtures("unchanged")
def test_the_arguments_may_go_before_the_point(arguments):
    for number in range(TIMES):
        text = f"channel {number}"
        metadata = {text: [text]}
        point = DataPoint(number, text, number, text[:3], metadata)
        metadata.clear()
        del text, metadata
        assert point.metadata == {f"channel {number}": [f"channel {number}"]}
        assert (point.channel, point.unit) == (f"channel {number}", "cha")
    assert point != arguments


@pytest.mark.usefixtures("unchanged")
def test_points_in_a_cycle_are_collected(arguments):
    for _ in range(TIMES):
        cycle = [DataPoint(*arguments.good()[3][0])]
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
    args, kwargs = arguments.good()[3]
    points = [[DataPoint(*args, **kwargs) for _ in range(TIMES)] for _ in range(4)]
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
def test_a_channel_keeps_the_books_of_its_points(arguments, channel):
    good = [((1.5,), {}), ((3, 5), {}), ((arguments.value,), {"timestamp": arguments.timestamp})]
    bad = [((), {}), (("x",), {}), ((1, "x"), {}), ((1, 2**63), {}), ((1, 2, 3), {}), ((1,), {arguments.text: 2})]
    before = arguments.counts()
    for _ in range(TIMES):
        assert all(channel.point(*args, **kwargs).channel == "laser-power" for args, kwargs in good)
        for args, kwargs in bad:
            with pytest.raises((TypeError, OverflowError)):
                channel.point(*args, **kwargs)
    assert arguments.counts() == before


@pytest.mark.usefixtures("counted")
def test_points_that_break_off_are_given_back(arguments, channel):
    before = arguments.counts()
    for _ in range(TIMES // 10):
        assert len(channel.points([arguments.value] * 50, [arguments.timestamp] * 50)) == 50
        for values, timestamps in [([arguments.value, "x"], None), ([1, 2], [1]), ([1, 2], [1, None])]:
            with pytest.raises((TypeError, ValueError)):
                channel.points(values, timestamps)
    assert arguments.counts() == before


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


class Handed:
    """Hands out the same capsules each time, which may be taken once."""

    def __init__(self, name, capsules):
        setattr(self, name, lambda requested_schema=None: capsules)


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
