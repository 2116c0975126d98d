"""Arguments without other references, and calls that accept or refuse them."""

import copy
import datetime as dt
import pickle
import sys
from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from rust_daq import Batch, Channel, DataPoint, Metadata

NAMES = ("timestamp", "channel", "value", "unit", "metadata")


def unshared(text):
    """Create text without other references: literals are shared and, since CPython 3.12, immortal."""
    return text.encode().decode()


def expect_failure(call):
    """Make a call that must fail."""
    try:
        call()
    except (TypeError, ValueError, OverflowError, LookupError):
        return
    pytest.fail("a call that must fail did not")


class Text(str):
    __slots__ = ()


class Table(dict):
    pass


class Awkward(Mapping):
    """Raises an error while it is read."""

    def __init__(self, name):
        self.name = unshared(f"awkward {name}")

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
    """Unshared objects, because shared or immortal ones hide wrong reference counts."""

    def __init__(self):
        self.channel = unshared("laser-power")
        self.unit = unshared("mW/s")
        self.timestamp = dt.datetime.now(dt.UTC)
        self.value = float("12.5")
        self.integer = 2**62 + 1
        self.text = unshared("a value")
        self.nested = {self.text: [self.text, {"inner": self.value}, 2**70], "gain": 10}
        self.flat = {self.text: self.value, unshared("gain"): self.text, "big": 2**70, "none": None}
        self.shared = Metadata({self.text: [self.text]})
        self.four = (self.timestamp, self.channel, self.value, self.unit)

    def counts(self):
        return {
            name: sys.getrefcount(held)
            for name, held in {**vars(self), "point": DataPoint, "batch": Batch, "metadata": Metadata}.items()
        }

    def points(self):
        """Return calls that create a point from the arguments."""
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
        """Return calls that fail, early and late."""
        named = dict(zip(NAMES, (*self.four, self.flat), strict=True))
        channel = Channel(self.channel, self.unit, self.shared)
        itself = {self.text: self.value}
        itself["inside"] = itself
        half_plain = {**self.flat, unshared("wrong"): "\ud800"}
        wrong = {
            "timestamp": (None, self.text, self.value, True, 2**63, dt.datetime(2026, 1, 1), Awkward("timestamp")),
            "channel": (None, "", self.value, b"laser", "\ud800"),
            "value": (None, self.text, self.nested, 10**400, Awkward("value")),
            "unit": (None, self.value, "\udfff"),
            "metadata": (object(), {1: self.text}, float("nan"), {self.text: {1, 2}}, itself, half_plain)
            + (Awkward("metadata"), self.flat | {"a": object()}, {"a": self.flat, "b": {1}}),
        }
        wrong_fields = [named | {name: field} for name, fields in wrong.items() for field in fields]
        point, batch = DataPoint(**named), channel.batch([1.0, 2.0], [1, 2])
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
            lambda: channel.batch([1.0], np.array(["NaT"], "M8[ns]")),
            lambda: channel.batch(np.array([2**53 + 1])),
            lambda: channel.batch(np.zeros(100), start=0, rate=0),
            lambda: Channel(self.channel, self.unit, {self.text: {1}}),
            lambda: Metadata([self.text, {1}]),
            lambda: batch[100],
            lambda: batch[[0, 100]],
            lambda: Batch.from_points([point, self.text]),
            lambda: Batch.from_numpy(np.zeros(100, "i8"), np.zeros(100), [channel], np.full(100, 9)),
            lambda: Batch.concat([batch, self.text]),
            lambda: Batch.from_arrow(self.text),
        ]
