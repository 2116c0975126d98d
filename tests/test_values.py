"""Common properties of the value classes: points, channels, metadata and batches."""

import copy
import datetime  # noqa: F401 (a repr names it)
import functools
import pickle

import pytest
from batches import documents, names, points, text
from hypothesis import given
from hypothesis import strategies as st

from rust_daq import Batch, Channel, DataPoint, Metadata

CHANNEL = Channel("laser", "mW", {"gain": 2})
POINT = DataPoint(0, "laser", 1.0, "mW", {"gain": 2})
BATCH = CHANNEL.batch([1.0, 2.0], [0, 1])
ATTRIBUTES = [
    (POINT, ["timestamp", "timestamp_ns", "channel", "value", "unit", "metadata", "replace", "novel"]),
    (CHANNEL, ["name", "unit", "metadata", "point", "novel"]),
    (CHANNEL.metadata, ["document", "json", "novel"]),
    (BATCH, ["timestamps", "values", "channels", "indices", "nbytes", "novel"]),
]

every_value = pytest.mark.parametrize(
    "value", [value for value, _ in ATTRIBUTES], ids=lambda value: type(value).__name__
)
drawn = (
    points
    | st.builds(Channel, names, text, documents)
    | documents.filter(lambda found: found is not None).map(Metadata)
)


@pytest.mark.parametrize(("value", "name"), [(value, name) for value, found in ATTRIBUTES for name in found])
def test_attributes_cannot_be_set_or_deleted(value, name):
    with pytest.raises(AttributeError):
        setattr(value, name, 1)
    with pytest.raises(AttributeError):
        delattr(value, name)


@every_value
def test_the_class_is_final_and_cannot_be_changed(value):
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Sub", (type(value),), {})
    with pytest.raises(TypeError):
        type(value).novel = 1


@every_value
def test_it_is_unequal_to_everything_else_and_has_no_order(value):
    others = [other for other, _ in ATTRIBUTES if other is not value]
    for other in (*others, 0, None, "laser", [1], (0, "laser", 1.0, "mW", {"gain": 2}), {"gain": 2}, BATCH.to_points()):
        assert (value == other) is False
        assert (value != other) is True
    with pytest.raises(TypeError):
        value < value  # noqa: B015, PLR0124


@given(drawn, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_copies_pickles_and_what_its_repr_evaluates_to_are_equal(value, protocol):
    evaluated = eval(repr(value))
    for other in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value, protocol)), evaluated):
        assert type(other) is type(value)
        assert other == value
        assert hash(other) == hash(value)
        assert repr(other) == repr(value)


@pytest.mark.parametrize(
    "call",
    [
        *(functools.partial(DataPoint, *given) for given in ((), (0, "a", 1), (0, "a", 1, "V", None, 6))),
        *(functools.partial(DataPoint, 0, "a", 1, "V", **given) for given in ({"x": 1}, {"unit": "A"})),
        *(functools.partial(DataPoint.now, *given) for given in ((), ("a", 1), ("a", 1, "V", None, 5))),
        *(functools.partial(DataPoint.now, "a", 1, "V", **given) for given in ({"timestamp": 0}, {"unit": "A"})),
        *(functools.partial(POINT.replace, **given) for given in ({"novel": 1}, {"timestamp_ns": 1})),
        functools.partial(POINT.replace, 1),
        *(functools.partial(Channel, *given) for given in ((), ("a",), ("a", "V", None, 1))),
        *(functools.partial(Channel, "a", "V", **given) for given in ({"unit": "A"}, {"x": 1})),
        *(functools.partial(CHANNEL.point, *given) for given in ((), (1, 2, 3))),
        *(functools.partial(CHANNEL.point, 1, **given) for given in ({"value": 2}, {"start": 2})),
        functools.partial(CHANNEL.point, 1, 2, **{"": 3}),
        *(functools.partial(make, [1.0], None, 0, 1.0) for make in (CHANNEL.points, CHANNEL.batch)),
        *(functools.partial(make, [1.0], hertz=1) for make in (CHANNEL.points, CHANNEL.batch)),
        CHANNEL.points,
        CHANNEL.batch,
        Metadata,
        functools.partial(Metadata, 1, 2),
        Batch,
    ],
)
def test_missing_repeated_unknown_and_surplus_arguments_are_refused(call):
    with pytest.raises(TypeError):
        call()


def test_a_row_of_a_batch_cannot_be_replaced():
    with pytest.raises(TypeError):
        BATCH[0] = BATCH[1]


TEXTS = {
    "channel of a point": ("channel", lambda text: DataPoint(0, text, 1.0, "V").channel),
    "unit of a point": ("unit", lambda text: DataPoint(0, "a", 1.0, text).unit),
    "channel now": ("channel", lambda text: DataPoint.now(text, 1.0, "V").channel),
    "unit now": ("unit", lambda text: DataPoint.now("a", 1.0, text).unit),
    "channel in place": ("channel", lambda text: POINT.replace(channel=text).channel),
    "unit in place": ("unit", lambda text: POINT.replace(unit=text).unit),
    "name of a channel": ("name", lambda text: Channel(text, "V").name),
    "unit of a channel": ("unit", lambda text: Channel("a", text).unit),
}
every_text = pytest.mark.parametrize(("argument", "take"), TEXTS.values(), ids=TEXTS)


class Hostile:
    def __repr__(self):
        raise LookupError


@every_text
@given(names)
def test_text_is_kept(argument, take, given_text):
    class Shouting(str):
        __slots__ = ()

        def __str__(self):
            return "no"

    for kept in (take(given_text), take(Shouting(given_text))):
        assert kept == given_text
        assert type(kept) is str


@every_text
@pytest.mark.parametrize("wrong", [b"a", None, 1, ["a"], Hostile()], ids=lambda wrong: type(wrong).__name__)
def test_text_of_another_type_is_refused(argument, take, wrong):
    with pytest.raises(TypeError, match=rf"^{argument} must be a str, got "):
        take(wrong)


@every_text
def test_a_lone_surrogate_is_refused(argument, take):
    with pytest.raises(ValueError, match=rf"^{argument} contains a lone surrogate, got .*; pass"):
        take("a\ud800")


@every_text
def test_an_empty_name_is_refused_and_an_empty_unit_is_not(argument, take):
    if argument == "unit":
        assert take("") == ""
    else:
        with pytest.raises(ValueError, match=r"must not be empty, got ''; pass the name"):
            take("")
