"""The metadata of a `DataPoint`: any JSON document, as a snapshot."""

import datetime  # noqa: F401 (a repr names it)
import decimal
import enum
import json
import math
import pickle
import sys
from collections import ChainMap, OrderedDict
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest
from batches import documents
from hypothesis import given

from rust_daq import Channel, DataPoint, Metadata


def kept(metadata: Any) -> Any:
    return DataPoint(0, "laser", 1.0, "mW", metadata).metadata


def nested(depth: int) -> Any:
    document: Any = 1
    for _ in range(depth):
        document = [document]
    return document


@given(documents)
def test_a_document_survives_with_types_and_order(document: Any) -> None:
    # repr distinguishes 1, 1.0 and True, and shows the order of keys.
    assert repr(kept(document)) == repr(document)
    assert json.loads(json.dumps(kept(document))) == document


def test_subclasses_become_plain_json_types() -> None:
    class Level(enum.IntEnum):
        HIGH = 3

    class Mode(enum.StrEnum):
        FAST = "fast"

    class Pair(NamedTuple):
        left: int
        right: int

    came = kept({"a": Level.HIGH, Mode.FAST: Mode.FAST, "b": Pair(1, 2), "c": np.float64(2)})
    assert repr(came) == "{'a': 3, 'fast': 'fast', 'b': [1, 2], 'c': 2.0}"
    assert {type(key) for key in came} == {str}
    assert type(came["fast"]) is str


class Custom(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        return {"a": 1, "b": 2}[key]

    def __iter__(self) -> Iterator[str]:
        return iter("ba")

    def __len__(self) -> int:
        return 2


def test_every_mapping_becomes_a_dict_in_the_same_order() -> None:
    moved = OrderedDict(a=1, b=2)
    moved.move_to_end("a")
    for mapping in (moved, Custom(), MappingProxyType({"b": 2, "a": 1})):
        assert list(kept(mapping).items()) == [("b", 2), ("a", 1)]
    assert kept(ChainMap({"a": 1}, {"a": 2, "b": 2})) == {"a": 1, "b": 2}


def test_an_object_used_twice_is_not_a_cycle() -> None:
    shared = [1]
    assert kept({"a": shared, "b": [shared, shared]}) == {"a": [1], "b": [[1], [1]]}


def test_a_document_may_be_nested_to_128() -> None:
    assert kept(nested(128)) == nested(128)


def cycle(container: Any, key: Any = None) -> Any:
    """Return a list or a dict that contains itself at some depth."""
    inner = [container] if key is None else {key: container}
    if isinstance(container, list):
        container.append(inner)
    else:
        container["a"] = inner
    return container


class HostileMapping(Custom):
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def items(self) -> Any:
        return self.answer() if callable(self.answer) else self.answer


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "set": ({1}, TypeError, r": set is not JSON; pass"),
    "set inside": ({"laser": {"modes": {1}}}, TypeError, r"\['laser'\]\['modes'\]: set is not JSON; pass"),
    "bytes": ([0, {"a": b"x"}], TypeError, r"\[1\]\['a'\]: bytes is not JSON; pass"),
    "float32": ({"a": np.float32(1)}, TypeError, r"\['a'\]: numpy\.float32 is not JSON; pass"),
    "object": ({"a": object()}, TypeError, r"\['a'\]: object is not JSON; pass"),
    "metadata inside": ({"a": Metadata(1)}, TypeError, r"\['a'\]: .*Metadata is not JSON; pass"),
    "key": ({"a": {1: 2}}, TypeError, r"\['a'\]: a key is 1 \(int\), .*; pass str keys"),
    "key of nothing": ({None: 2}, TypeError, r": a key is None .*; pass str keys"),
    **{
        f"{number!r}": ({"gain": [number]}, ValueError, r"\['gain'\]\[0\]: .*; pass a finite")
        for number in (math.nan, math.inf, -math.inf, np.float64("nan"))
    },
    # Flat dicts, which points copy in a special way.
    "flat nan": ({"a": math.nan}, ValueError, r"\['a'\]: .*; pass a finite"),
    "flat surrogate": ({"a": "\ud800"}, ValueError, r"\['a'\]: text contains a lone surrogate, got .*; pass"),
    "flat bytes": ({"a": b"x"}, TypeError, r"\['a'\]: bytes is not JSON; pass"),
    "flat key": ({1: 2}, TypeError, r": a key is 1 \(int\), .*; pass str keys"),
    "surrogate": ("\ud800", ValueError, ": text contains a lone surrogate, got .*; pass"),
    "surrogate inside": ({"a": ["\ud800"]}, ValueError, r"\['a'\]\[0\]: text contains a lone surrogate, got .*; pass"),
    "surrogate as key": ({"\ud800": 1}, ValueError, ": text contains a lone surrogate, got .*; pass"),
    "depth": (nested(129), ValueError, r"\[0\]\[0\].*: nested deeper than 128; flatten"),
    "great depth": (nested(100_000), ValueError, "nested deeper than 128; flatten"),
    "cycle": (cycle([]), ValueError, r"\[0\]\[0\]: the container contains itself; pass"),
    "cycle of dicts": (cycle({}, "b"), ValueError, r"\['a'\]\['b'\]: the container contains itself; pass"),
    "cycle of both": (cycle([], "b"), ValueError, r"\[0\]\['b'\]: the container contains itself; pass"),
    **{
        f"items {answer}": ({"x": HostileMapping(answer)}, TypeError, r"\['x'\]: items\(\) of the mapping returned ")
        for answer in ([1], [("a",)], [("a", 1, 2)], [["a", 1]])
    },
}


@pytest.mark.parametrize(("document", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_values_that_are_not_json_are_refused_with_their_path(
    document: Any, error: type[Exception], message: str
) -> None:
    messages = set()
    for take in (
        kept,
        Metadata,
        lambda document: Channel("a", "V", document),
        lambda document: DataPoint.now("a", 1.0, "V", document),
        lambda document: DataPoint(0, "a", 1.0, "V").replace(metadata=document),
    ):
        with pytest.raises(error, match=rf"^metadata.*{message}") as got:
            take(document)
        messages.add(str(got.value))
    assert len(messages) == 1


class BoomError(Exception):
    pass


def explode() -> Any:
    raise BoomError


def test_an_error_of_foreign_code_is_raised_with_a_note() -> None:
    with pytest.raises(BoomError) as got:
        kept({"a": [HostileMapping(explode)]})
    assert "metadata['a'][0]" in got.value.__notes__[0]


def test_a_mapping_whose_items_are_not_iterable_is_refused() -> None:
    with pytest.raises(TypeError):
        kept(HostileMapping(None))


@pytest.mark.unsafe_code
def test_a_container_that_changes_while_it_is_read_is_read_safely() -> None:
    outer: dict[str, Any] = {}

    def change_containers() -> Any:
        outer.clear()
        outer.update({str(number): number for number in range(100)})
        array.clear()
        return {"seen": 1}.items()

    array: list[Any] = [1, HostileMapping(change_containers), 3]
    outer.update({"first": array, "last": 2})
    assert kept(outer) == {"first": [1, {"seen": 1}], "last": 2}


# `Metadata`


@given(documents.filter(lambda document: document is not None))
def test_metadata_equals_the_passed_document(document: Any) -> None:
    metadata = Metadata(document)
    assert repr(metadata.document) == repr(document)
    assert json.loads(metadata.json) == document
    assert eval(repr(metadata), {"Metadata": Metadata}) == metadata


def test_the_text_is_json_without_spaces_and_the_same_object_each_time() -> None:
    metadata = Metadata({"gain": 2, "ä": [1.5, None, True, "x"], "big": 2**80})
    assert metadata.json == '{"gain":2,"ä":[1.5,null,true,"x"],"big":1208925819614629174706176}'
    assert metadata.json is metadata.json
    assert type(metadata.json) is str


@given(documents)
def test_a_point_with_a_document_equals_one_with_its_metadata(document: Any) -> None:
    plain = DataPoint(0, "a", 1.0, "V", document)
    shared = DataPoint(0, "a", 1.0, "V", None if document is None else Metadata(document))
    assert plain == shared
    assert hash(plain) == hash(shared)
    assert repr(plain) == repr(shared)
    assert repr(plain.metadata) == repr(shared.metadata)


def test_metadata_compares_as_json() -> None:
    assert Metadata({"a": 1, "b": 2}) == Metadata({"b": 2.0, "a": 1.0})
    assert hash(Metadata({"a": 1, "b": 2})) == hash(Metadata({"b": 2.0, "a": 1.0}))
    assert Metadata((1, 2)) == Metadata([1, 2])
    assert Metadata({"a": 1}) != Metadata({"a": True})
    assert Metadata([1, 2]) != Metadata([2, 1])
    assert Metadata({"a": 1}) != {"a": 1}
    with pytest.raises(TypeError):
        Metadata(1) < Metadata(2)  # type: ignore[operator]  # noqa: B015


def test_passed_and_returned_documents_are_copies() -> None:
    given_object: dict[str, Any] = {"modes": [1, 2], "flat": 1}
    metadata = Metadata(given_object)
    points = [DataPoint(0, "a", 1.0, "V", metadata), Channel("a", "V", metadata).point(1.0, 0)]
    text, number = metadata.json, hash(metadata)
    given_object["modes"].append(3)
    given_object["new"] = 1
    for read in (metadata.document, *(made.metadata for made in points)):
        read["modes"].append(4)
        read["flat"] = 2
        del read["modes"]
    assert metadata.document == {"modes": [1, 2], "flat": 1}
    assert all(made.metadata == {"modes": [1, 2], "flat": 1} for made in points)
    assert (metadata.json, hash(metadata)) == (text, number)


@pytest.mark.parametrize("flat", [{"gain": 2, "operator": "ada"}, {}])
def test_a_flat_document_is_a_snapshot_too(flat: dict[str, Any]) -> None:
    made = DataPoint(0, "a", 1.0, "V", flat)
    before = dict(flat)
    flat["new"] = made
    made.metadata["newer"] = 1
    made.replace(value=2.0).metadata["newest"] = 1
    pickled = made.__reduce__()[1][4]
    if isinstance(pickled, dict):
        pickled["last"] = 1
    assert made.metadata == before
    assert made.metadata is not made.metadata


def held_by(point: DataPoint) -> Any:
    """Return the metadata in the point's pickle, which is the held object if it is shared."""
    return point.__reduce__()[1][4]


def test_metadata_is_shared_by_reference_everywhere() -> None:
    metadata = Metadata({"gain": 2})
    channel = Channel("a", "V", metadata)
    assert Metadata(metadata) is metadata
    assert channel.metadata is metadata
    batch = channel.batch([1.0, 2.0])
    for made in (
        DataPoint(0, "a", 1.0, "V", metadata),
        DataPoint(0, "a", 1.0, "V", metadata=metadata),
        DataPoint.now("a", 1.0, "V", metadata),
        DataPoint(0, "a", 1.0, "V", metadata).replace(value=2.0),
        DataPoint(0, "a", 1.0, "V").replace(metadata=metadata),
        channel.point(1.0),
        channel.point(value=1.0, timestamp=0),
        *channel.points([1.0]),
        *batch,
        batch[0],
        *batch.to_points(),
    ):
        assert held_by(made) is metadata


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_shared_metadata_is_in_a_pickle_once(protocol: int) -> None:
    metadata = Metadata({"marker": "x" * 1_000})
    points = [DataPoint(row, "a", 1.0, "V", metadata) for row in range(1_000)]
    data = pickle.dumps(points, protocol)
    assert data.count(b"x" * 1_000) == 1
    assert len(data) < 100_000
    back = pickle.loads(data)
    assert back == points
    assert len({id(held_by(made)) for made in back}) == 1


def test_metadata_of_none_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^document must not be None; omit the metadata"):
        Metadata(None)
    with pytest.raises(TypeError):
        Metadata()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Metadata(1, 2)  # type: ignore[call-arg]


@pytest.mark.parametrize("limit", [640, 0])
@pytest.mark.parametrize("exponent", [53, 62, 63, 64, 127, 128, 20_000])
def test_integers_of_any_size_are_exact_despite_the_decimal_limit(exponent: int, limit: int) -> None:
    for integer in (2**exponent - 1, 2**exponent, 2**exponent + 1, -(2**exponent), -(2**exponent) - 1):
        metadata, point = Metadata({"huge": integer}), DataPoint(0, "a", 1.0, "V", {"huge": integer})
        before = sys.get_int_max_str_digits()
        sys.set_int_max_str_digits(limit)
        try:
            text = metadata.json
            assert metadata.document == point.metadata == {"huge": integer}
            for made in (metadata, point):
                assert pickle.loads(pickle.dumps(made)) == eval(repr(made)) == made
        finally:
            sys.set_int_max_str_digits(before)
        assert json.loads(text, parse_int=decimal.Decimal) == {"huge": decimal.Decimal(integer)}
