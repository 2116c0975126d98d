"""The fast constructor of points refuses, counts and frees like the ordinary one."""

import datetime as dt
import enum
import gc
import itertools
import json
import os
import pickle
import subprocess
import sys
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batches import growth

from rust_daq import Channel, DataPoint, Metadata

HERE = Path(__file__)
ORDINARY = "RUST_DAQ_ORDINARY_CLASSES"
HAVE_GC = 1 << 14
UTC = dt.UTC
NAMES = ("timestamp", "channel", "value", "unit", "metadata")

quick_only = pytest.mark.skipif(ORDINARY in os.environ, reason="points are made the ordinary way")


def environment(*, ordinary: bool) -> dict[str, str]:
    rest = {name: value for name, value in os.environ.items() if name != ORDINARY}
    return rest | ({ORDINARY: "1"} if ordinary else {})


# results of both constructors; this file runs itself for those of the other one


class Text(str):
    pass


class Count(int):
    pass


class Real(float):
    pass


class Table(dict[str, Any]):
    pass


class Level(enum.IntEnum):
    HIGH = 3


class Indexed:
    def __index__(self) -> int:
        return 3


class Broken:
    def __float__(self) -> float:
        raise ArithmeticError

    def __index__(self) -> int:
        raise ArithmeticError


class Precise(dt.datetime):
    nanosecond = 7


class Fixed(dt.tzinfo):
    def utcoffset(self, when: dt.datetime | None) -> dt.timedelta:
        return dt.timedelta(hours=2, microseconds=3)

    def dst(self, when: dt.datetime | None) -> None:
        return None

    def tzname(self, when: dt.datetime | None) -> None:
        return None


TIMESTAMPS: list[Any] = [
    *(0, -1, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 10**30, True, None, 1.5, "1", b"1", [1]),
    *(Count(5), Level.HIGH, np.int64(5), np.uint64(2**64 - 1), np.float64(5), Indexed(), Broken(), Decimal(5)),
    *(dt.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), dt.datetime(1, 1, 1, tzinfo=UTC)),
    *(dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), dt.datetime(2262, 4, 12, tzinfo=UTC)),
    *(dt.datetime(1677, 9, 21, 0, 12, 43, 145225, tzinfo=UTC), dt.datetime(1677, 9, 21, 0, 12, 43, 145224, tzinfo=UTC)),
    *(dt.datetime(2262, 4, 11, 23, 47, 16, 854775, tzinfo=UTC), dt.datetime(2024, 2, 29, tzinfo=UTC)),
    *(dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=Fixed()), Precise(2026, 1, 1, tzinfo=UTC)),
    *(dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(0))), dt.datetime(2026, 1, 1, fold=1, tzinfo=UTC)),
    *(dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=-23))), dt.date(2026, 1, 1)),
    *(np.datetime64(5, "s"), np.datetime64(1, "ps"), np.datetime64(300, "Y"), np.datetime64("NaT", "s")),
    np.timedelta64(5, "s"),
]
TEXTS: list[Any] = [
    *("a", "ä", "\u20ac", "\U0001f600", "", "\x00", "a\ud800", "\udfff", "a" * 1_000),
    *(Text("a"), Text(""), Text("\ud800"), np.str_("a"), b"a", None, 1, ["a"]),
]
VALUES: list[Any] = [
    *(1.5, -0.0, float("nan"), float("inf"), 0, 1, -1, 2**53, 2**53 + 1, 2**63, 2**64 + 1, -(2**80), 10**308, 10**309),
    *(True, None, "1.5", b"1.5", 1j, [1.0], Count(3), Level.HIGH, Real(1.5), Decimal("1.5"), Indexed(), Broken()),
    *(np.float64(1.5), np.float32(1.5), np.int64(3), np.array(1.5), np.array([1.5, 2.5]), Text("1.5"), np.str_("1.5")),
    *(np.complex64(1), Fraction(1, 4), Fraction(10**400), Decimal("1e400"), np.timedelta64(1, "s"), np.bool_(True)),
]
METADATA: list[Any] = [
    *(None, {}, {"a": 1}, {"a": 1.5, "b": "x", "c": None, "d": True}, {"a": 2**200}, {"a": float("nan")}),
    *({"ä": "\ud800"}, {"\ud800": 1}, {1: 1}, {None: 1}, {"a": [1, {"b": ()}]}, {"a": {"b": {1}}}, {"a": b"x"}),
    *({"a": Count(3)}, {"a": Level.HIGH}, {Text("a"): Text("b")}, {"a": Real(1.5)}, {"a": Real("inf")}, Table(a=1)),
    *(OrderedDict(b=1, a=2), {"a": np.float64(2)}, {"a": np.int64(2)}, {"a": object}, {"a": DataPoint}, [], [1]),
    *((1, 2), "x", 1, 1.5, True, float("inf"), {1}, b"x"),
    *(Metadata({"a": 1}), Metadata(5), {"a": Metadata(1)}, {"a": Ellipsis}),
]


def answer(call: Callable[[], Any]) -> str:
    """Return the result or the exception of a call as text; classes may be in this module or in `__main__`."""
    try:
        made = call()
    except Exception as error:
        notes = getattr(error, "__notes__", [])
        text = ascii(str(error)).replace("test_native.", "")
        return f"{type(error).__name__}: {text} {notes} {type(error.__cause__).__name__}"
    if not isinstance(made, DataPoint):
        return ascii(made)
    again = pickle.loads(pickle.dumps(made))
    facts = (made.timestamp_ns, made.timestamp, made.value, made.metadata, hash(made) == hash(again), again == made)
    return ascii((made, facts, type(made.channel).__name__, type(made.unit).__name__, type(made.value).__name__))


def fields(**changes: Any) -> dict[str, Any]:
    return {"timestamp": 0, "channel": "laser", "value": 1.5, "unit": "mW", "metadata": {"gain": 2}} | changes


Call = tuple[str, Callable[[], Any]]


def call(name: str, function: Any, /, *args: Any, **kwargs: Any) -> Call:
    return name, lambda: function(*args, **kwargs)


def calls_with_fields() -> Iterator[Call]:
    """Call the constructor with a choice of objects for each argument."""
    for name, choices in zip(NAMES, (TIMESTAMPS, TEXTS, VALUES, TEXTS, METADATA), strict=True):
        for number, choice in enumerate(choices):
            given = fields(**{name: choice})
            yield call(f"{name} {number} by position", DataPoint, *given.values())
            yield call(f"{name} {number} by name", DataPoint, **given)
            yield call(f"{name} {number} by replace", DataPoint(**fields()).replace, **{name: choice})


def calls_with_names() -> Iterator[Call]:
    """Call the constructor with arguments in every order, missing, repeated, unknown and too many."""
    for order in itertools.permutations(NAMES):
        yield call(f"order {order}", DataPoint, **{name: fields()[name] for name in order})
    for count in range(6):
        values = list(fields().values())
        for names in itertools.chain.from_iterable(itertools.combinations(NAMES, size) for size in range(6)):
            named = {name: fields()[name] for name in names}
            yield call(f"{count} and {names}", DataPoint, *values[:count], **named)
    for count in (6, 7, 300):
        yield call(f"{count} by position", DataPoint, *range(count))
    for more in ({"novel": 1}, {"": 1}, {"timestam": 1}, {"Timestamp": 1}, {"\ud800": 1}, {"self": 1}, {"cls": 1}):
        yield call(f"all and {more!a}", DataPoint, **fields(), **more)
        yield call(f"positions and {more!a}", DataPoint, 0, "laser", 1.5, "mW", **more)
        yield call(f"only {more!a}", DataPoint, **more)
        yield call(f"replace {more!a}", DataPoint(**fields()).replace, **more)


def other_calls() -> Iterator[Call]:
    # Equal names that are not the same object.
    made_names = {"".join(list(name)): field for name, field in fields().items()}
    yield call("new equal names", DataPoint, **made_names)
    yield call("names of a subclass", DataPoint, **{Text(name): field for name, field in fields().items()})
    yield call("two things wrong", DataPoint, None, None, None, None, {1})
    for wrong in itertools.combinations(NAMES, 2):
        yield call(f"wrong {wrong}", DataPoint, **fields(**dict.fromkeys(wrong, b"x")))
    yield call("new", lambda: DataPoint.__new__(DataPoint, *fields().values()))
    yield call("new without", lambda: DataPoint.__new__(DataPoint))  # type: ignore[call-arg]
    yield call("new of another class", lambda: DataPoint.__new__(int, 0, "a", 1.0, "V"))  # type: ignore[arg-type]
    yield call("init again", lambda: DataPoint(**fields()).__init__())
    yield call("subclass", lambda: type("Sub", (DataPoint,), {}))


def calls_of_channels() -> Iterator[Call]:
    channel = Channel("laser", "mW", {"gain": 2})
    for number, choice in enumerate(TIMESTAMPS[1:]):
        yield call(f"channel.point timestamp {number}", channel.point, 1.5, choice if choice is not None else 0)
        yield call(
            f"channel.point timestamp {number} by name", channel.point, 1.5, timestamp=0 if choice is None else choice
        )
    for number, choice in enumerate(VALUES):
        yield call(f"channel.point value {number}", channel.point, choice, 0)
        yield call(f"channel.point value {number} by name", channel.point, timestamp=0, value=choice)
        yield call(f"channel.point value {number} by name and position", channel.point, choice, timestamp=0)
    for arguments in ((), (1, 2, 3), (1, 2, 3, 4)):
        yield call(f"channel.point of {len(arguments)}", channel.point, *arguments)
    for named in ({"value": 1}, {"timestamp": 1}, {"novel": 1}, {"value": 1, "timestamp": 2, "novel": 3}):
        yield call(f"channel.point of 1 and {named}", channel.point, 1.5, **named)
        yield call(f"channel.point of 2 and {named}", channel.point, 1.5, 0, **named)
    yield call("channel.point of another object", lambda: Channel.point("laser", 1.5))  # type: ignore[arg-type]
    yield call("channel.point unbound", lambda: Channel.point(channel, 1.5, 0))
    yield call("channel.point without", Channel.point)


def calls_of_attributes() -> Iterator[Call]:
    channel, batch = Channel("laser", "mW", {"gain": 2}), Channel("laser", "mW").batch([1.5, 2.5], [1, 2])
    for name in (*NAMES, "timestamp_ns", "novel"):
        yield call(f"get {name}", lambda name=name: getattr(DataPoint(**fields()), name))
        yield call(f"get {name} of another object", lambda name=name: DataPoint.__dict__[name].__get__(1, int))
        yield call(f"set {name}", lambda name=name: setattr(DataPoint(**fields()), name, 1))
        yield call(f"delete {name}", lambda name=name: delattr(DataPoint(**fields()), name))
        yield call(f"document {name}", lambda name=name: getattr(DataPoint, name).__doc__)
    yield call(
        "documents",
        lambda: (DataPoint.__doc__, Channel.point.__doc__, getattr(Channel.point, "__text_signature__", "")),
    )
    yield call("signature", lambda: DataPoint.__text_signature__)
    yield call("iterate", lambda: [*batch, list(iter(batch)), [next(iter(batch))], list(iter(batch[:0]))])
    yield call("iterate of another object", lambda: type(iter(batch)).__next__(1))  # type: ignore[arg-type]
    yield call("next", lambda: (iter(batch).__next__(), next(iter(batch[:0]))))
    yield call("points", lambda: (channel.points([1.5], [0]), batch.to_points(), batch[0], batch[-1]))


def answers() -> dict[str, str]:
    calls = (calls_with_fields(), calls_with_names(), other_calls(), calls_of_channels(), calls_of_attributes())
    return {name: answer(function) for name, function in itertools.chain(*calls)}


if __name__ == "__main__":
    print(json.dumps({"flags": DataPoint.__flags__, "answers": answers()}))
    sys.exit()


def other_answers() -> Any:
    command = [sys.executable, "-W", "error", str(HERE)]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment(ordinary=True), check=False)
    assert ended.returncode == 0, ended.stderr[-2_000:]
    return json.loads(ended.stdout)


@quick_only
@pytest.mark.unsafe_code
def test_both_constructors_behave_alike() -> None:
    other = other_answers()
    # Otherwise both were the same constructor.
    assert other["flags"] & HAVE_GC
    assert not DataPoint.__flags__ & HAVE_GC
    assert len(other["answers"]) > 600
    mine = answers()
    differing = {name: (mine[name], text) for name, text in other["answers"].items() if mine[name] != text}
    assert differing == {}


@quick_only
def test_the_other_tests_pass_with_the_ordinary_constructor() -> None:
    names = ("datapoint", "metadata", "channel", "values")
    files = [str(HERE.with_name(f"test_{name}.py")) for name in names]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *files]
    ended = subprocess.run(
        command, capture_output=True, text=True, env=environment(ordinary=True), cwd=HERE.parents[1], check=False
    )
    assert ended.returncode == 0, ended.stdout[-2_000:]


@quick_only
@pytest.mark.unsafe_code
def test_points_are_invisible_to_the_garbage_collector() -> None:
    channel = Channel("laser", "mW", {"gain": 2})
    batch = channel.batch([1.0])
    made = [DataPoint(0, "a", 1.0, "V", {"a": 1}), DataPoint(0, "a", 1.0, "V", [1]), DataPoint.now("a", 1.0, "V")]
    made += [channel.point(1.0), channel.point(value=1.0), batch[0], *batch, *batch.to_points(), *channel.points([1.0])]
    made += [made[0].replace(unit="mV"), pickle.loads(pickle.dumps(made[0]))]
    assert not any(gc.is_tracked(point) for point in made)
    assert {type(point) for point in made} == {DataPoint}


@quick_only
@pytest.mark.unsafe_code
def test_the_dict_of_a_point_is_invisible_to_the_garbage_collector() -> None:
    # Until 3.13, a dict of scalars and its copy are tracked only if the dict once contained a container.
    document: Any = {"mark": "of this test", "tracked": []}
    document["tracked"] = None
    point = DataPoint(0, "a", 1.0, "V", document)
    named = DataPoint(timestamp=0, channel="a", value=1.0, unit="V", metadata=document)
    found = [seen for seen in gc.get_objects() if type(seen) is dict and seen.get("mark") == "of this test"]
    assert [seen is document for seen in found] == [True]
    assert point.metadata == named.metadata == document
    del point, named
    gc.collect()


# cycles


def test_a_point_holds_no_argument_that_could_hold_the_point() -> None:
    class Name(str):
        point: DataPoint

    class Number(float):
        point: DataPoint

    class Document(dict[str, Any]):
        point: DataPoint

    class Moment(dt.datetime):
        point: DataPoint

    strangers: list[Any] = [Name("laser"), Number(1.5), Name("mW"), Document(gain=Number(2)), Name("key"), [Number(1)]]
    moment = Moment(2026, 1, 1, tzinfo=UTC)
    gc.disable()
    try:
        name, value, unit, document, key, _ = strangers
        points = [
            DataPoint(moment, name, value, unit, document),
            DataPoint(0, "laser", value, unit, {key: value, "name": name}),
            DataPoint(0, "laser", 1.5, "mW", {"a": {key: [name, value, document]}}),
            Channel(name, unit, document).point(value, moment),
        ]
        alive = [weakref.ref(stranger) for stranger in (name, value, unit, document, key, moment)]
        for stranger in (name, value, unit, document, moment):
            stranger.point = points[0]
        del name, value, unit, document, key, moment, stranger, _
        strangers.clear()
        assert [reference() for reference in alive] == [None] * len(alive)
        assert points[0].channel == "laser"
    finally:
        gc.enable()


def test_metadata_that_contains_a_point_is_refused() -> None:
    point = DataPoint(0, "laser", 1.0, "mW")
    for document in ({"point": point}, [point], {"a": [{"b": point}]}, point, {"a": point.__reduce__}):
        with pytest.raises(TypeError, match="is not JSON"):
            DataPoint(0, "laser", 1.0, "mW", document)  # type: ignore[arg-type]


@pytest.mark.parametrize("fields_given", [{"gain": 2}, {"modes": [1, 2]}])
def test_a_container_that_holds_the_point_later_is_not_held_by_it(fields_given: dict[str, Any]) -> None:
    document = Table(fields_given)
    point = DataPoint(0, "laser", 1.0, "mW", document)
    document["point"] = point
    alive = weakref.ref(document)
    gc.disable()
    try:
        del document
        assert alive() is None
    finally:
        gc.enable()
    assert point.metadata == fields_given


def test_dropped_points_leak_no_memory() -> None:
    channel = Channel("laser", "mW", {"gain": 2})
    batch = channel.batch(np.zeros(100), start=0, rate=1.0)

    def work(times: int) -> None:
        for turn in range(times):
            DataPoint(turn, f"channel {turn}", turn, "mW", {"turn": turn, "text": f"{turn}"})
            DataPoint(turn, "laser", turn, "mW", {"turn": [turn]})
            channel.point(turn)
            if turn % 100 == 0:
                assert len(list(batch)) == len(batch.to_points()) == 100

    assert growth(work, 20_000, 100_000) < 2 * 2**20


DROPPED = """
import sys
from rust_daq import DataPoint
points = [DataPoint(index, "laser", float(index), "V") for index in range(20_000)]
before = sys.getallocatedblocks()
points.clear()
print(before - sys.getallocatedblocks())
"""


@quick_only
def test_only_the_memory_of_few_dropped_points_waits_for_new_ones() -> None:
    given = {name: value for name, value in os.environ.items() if name != "PYTHONMALLOC"}
    command = [sys.executable, "-c", DROPPED]
    freed = int(subprocess.run(command, capture_output=True, text=True, check=True, env=given).stdout)
    assert 19_880 <= freed <= 19_920


def test_reused_memory_has_the_new_point_only() -> None:
    kept = [DataPoint(index, f"channel {index}", float(index), "V", {"gain": index}) for index in range(400)]
    plain = [(index, f"channel {index}", float(index), "V", {"gain": index}) for index in range(400)]
    for first in (0, 1, 0):
        del kept[first::2], plain[first::2]
        for index in range(1_000, 1_150):
            plain.append((index, "new", -float(index), "mV", None))
            kept.append(DataPoint(*plain[-1]))
    assert [(p.timestamp_ns, p.channel, p.value, p.unit, p.metadata and dict(p.metadata)) for p in kept] == plain
    assert len({id(point) for point in kept}) == len(kept)
