"""The metadata of a `DataPoint`: any JSON document, as a snapshot."""

import datetime
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
def test_a_document_comes_back_the_same_to_the_type_and_the_order(document: Any) -> None:
    # repr tells 1, 1.0 and True apart, and shows the order of keys.
    assert repr(kept(document)) == repr(document)
    assert json.loads(json.dumps(kept(document))) == document


@pytest.mark.parametrize("exponent", [62, 63, 64, 127, 128, 20_000])
def test_integers_of_any_size_are_exact(exponent: int) -> None:
    for integer in (2**exponent - 1, 2**exponent, -(2**exponent), -(2**exponent) - 1):
        assert kept([integer]) == [integer]


def test_the_limit_on_decimal_digits_does_not_matter() -> None:
    made = DataPoint(0, "a", 1.0, "V", {"huge": 7**5_000})
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        source = repr(made)
        assert eval(source, {"DataPoint": DataPoint, "datetime": datetime}) == made
        assert made.metadata == {"huge": 7**5_000}
        assert pickle.loads(pickle.dumps(made)) == made
    finally:
        sys.set_int_max_str_digits(before)


def test_subclasses_are_kept_as_what_they_are_in_json() -> None:
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


def test_every_mapping_becomes_a_dict_in_its_own_order() -> None:
    moved = OrderedDict(a=1, b=2)
    moved.move_to_end("a")
    for mapping in (moved, Custom(), MappingProxyType({"b": 2, "a": 1})):
        assert list(kept(mapping).items()) == [("b", 2), ("a", 1)]
    assert kept(ChainMap({"a": 1}, {"a": 2, "b": 2})) == {"a": 1, "b": 2}


def test_changes_to_what_was_read_do_not_reach_the_point() -> None:
    made = DataPoint(0, "a", 1.0, "V", {"modes": [1, 2]})
    before = hash(made)
    made.metadata["modes"].append(3)
    made.metadata["new"] = 1
    assert made.metadata == {"modes": [1, 2]}
    assert hash(made) == before


def test_an_object_used_twice_is_no_cycle() -> None:
    shared = [1]
    assert kept({"a": shared, "b": [shared, shared]}) == {"a": [1], "b": [[1], [1]]}


def test_a_document_is_nested_to_128_and_no_deeper() -> None:
    assert kept(nested(128)) == nested(128)
    with pytest.raises(ValueError, match=r"^metadata\[0\]\[0\].*: nested deeper than 128; flatten"):
        kept(nested(129))
    with pytest.raises(ValueError, match="nested deeper than 128"):
        kept(nested(100_000))


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({1}, r"^metadata: set is not JSON; pass"),
        ({"laser": {"modes": {1}}}, r"^metadata\['laser'\]\['modes'\]: set is not JSON; pass"),
        ([0, {"a": b"x"}], r"^metadata\[1\]\['a'\]: bytes is not JSON; pass"),
        ({"a": np.float32(1)}, r"^metadata\['a'\]: numpy\.float32 is not JSON; pass"),
        ({"a": object()}, r"^metadata\['a'\]: object is not JSON; pass"),
        ({"a": {1: 2}}, r"^metadata\['a'\]: a key is 1 \(int\), .*; pass str keys"),
        ({None: 2}, r"^metadata: a key is None .*; pass str keys"),
    ],
)
def test_what_is_not_json_is_refused_with_its_path(metadata: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        kept(metadata)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, np.float64("nan")])
def test_a_number_that_is_not_finite_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match=r"^metadata\['gain'\]\[0\]: .*; pass a finite"):
        kept({"gain": [number]})


@pytest.mark.parametrize(
    ("metadata", "path"),
    [
        ("\ud800", "metadata"),
        ({"a": ["\ud800"]}, r"metadata\['a'\]\[0\]"),
        ({"\ud800": 1}, "metadata"),
    ],
)
def test_a_lone_surrogate_is_refused(metadata: object, path: str) -> None:
    with pytest.raises(ValueError, match=rf"^{path}: text holds a lone surrogate, got .*; pass"):
        kept(metadata)


def test_cycles_are_refused() -> None:
    array: list[Any] = []
    array.append(array)
    table: dict[str, Any] = {"a": {}}
    table["a"]["b"] = table
    for metadata, path in [(array, r"metadata\[0\]"), (table, r"metadata\['a'\]\['b'\]")]:
        with pytest.raises(ValueError, match=rf"^{path}: the container contains itself; pass"):
            kept(metadata)


class BoomError(Exception):
    pass


class HostileMapping(Custom):
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def items(self) -> Any:
        return self.answer() if callable(self.answer) else self.answer


def explode() -> Any:
    raise BoomError


def test_an_error_of_the_objects_own_code_is_raised_and_says_where() -> None:
    with pytest.raises(BoomError) as got:
        kept({"a": [HostileMapping(explode)]})
    assert "metadata['a'][0]" in got.value.__notes__[0]


@pytest.mark.parametrize("answer", [[1], [("a",)], [("a", 1, 2)], [["a", 1]]])
def test_a_mapping_whose_items_are_no_pairs_is_refused(answer: object) -> None:
    with pytest.raises(TypeError, match=r"^metadata\['x'\]: items\(\) of the mapping gave "):
        kept({"x": HostileMapping(answer)})


def test_a_mapping_whose_items_are_nothing_is_refused() -> None:
    with pytest.raises(TypeError):
        kept(HostileMapping(None))


def test_a_container_that_changes_while_it_is_read_is_read_safely() -> None:
    outer: dict[str, Any] = {}

    def meddle() -> Any:
        outer.clear()
        outer.update({str(number): number for number in range(100)})
        array.clear()
        return {"seen": 1}.items()

    array: list[Any] = [1, HostileMapping(meddle), 3]
    outer.update({"first": array, "last": 2})
    assert kept(outer) == {"first": [1, {"seen": 1}], "last": 2}


# `Metadata`


@given(documents.filter(lambda document: document is not None))
def test_metadata_are_the_document_that_was_given(document: Any) -> None:
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


def test_metadata_compare_as_json() -> None:
    assert Metadata({"a": 1, "b": 2}) == Metadata({"b": 2.0, "a": 1.0})
    assert hash(Metadata({"a": 1, "b": 2})) == hash(Metadata({"b": 2.0, "a": 1.0}))
    assert Metadata((1, 2)) == Metadata([1, 2])
    assert Metadata({"a": 1}) != Metadata({"a": True})
    assert Metadata([1, 2]) != Metadata([2, 1])
    assert Metadata({"a": 1}) != {"a": 1}
    with pytest.raises(TypeError):
        Metadata(1) < Metadata(2)  # type: ignore[operator]  # noqa: B015


def test_neither_the_given_document_nor_the_one_read_is_the_one_kept() -> None:
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
    """What the point gives a pickle for its metadata, which is what it holds if that is shared."""
    return point.__reduce__()[1][4]


def test_metadata_are_shared_by_reference_wherever_they_are_taken() -> None:
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
def test_shared_metadata_are_in_a_pickle_once(protocol: int) -> None:
    metadata = Metadata({"marker": "x" * 1_000})
    points = [DataPoint(row, "a", 1.0, "V", metadata) for row in range(1_000)]
    data = pickle.dumps(points, protocol)
    assert data.count(b"x" * 1_000) == 1
    assert len(data) < 100_000
    back = pickle.loads(data)
    assert back == points
    assert len({id(held_by(made)) for made in back}) == 1


def test_metadata_of_nothing_are_refused() -> None:
    with pytest.raises(TypeError, match=r"^document is None, .*; leave the metadata out"):
        Metadata(None)
    with pytest.raises(TypeError):
        Metadata()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Metadata(1, 2)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({1}, TypeError),
        ([b"x"], TypeError),
        ({1: 2}, TypeError),
        ({"a": math.nan}, ValueError),
        ([math.inf], ValueError),
        ("\ud800", ValueError),
        (nested(129), ValueError),
        ({"a": Metadata(1)}, TypeError),
        ({"a": object()}, TypeError),
    ],
)
def test_metadata_refuse_what_points_refuse(document: Any, error: type[Exception]) -> None:
    messages = set()
    for function in (Metadata, kept, lambda document: Channel("a", "V", document)):
        with pytest.raises(error, match=r"^metadata.*; (pass|flatten)") as got:
            function(document)
        messages.add(str(got.value))
    assert len(messages) == 1


def test_a_cycle_through_metadata_is_refused() -> None:
    array: list[Any] = []
    array.append({"a": array})
    with pytest.raises(ValueError, match=r"the container contains itself; pass"):
        Metadata(array)


@pytest.mark.parametrize("exponent", [53, 63, 64, 128, 20_000])
def test_integers_of_metadata_are_exact_in_text(exponent: int) -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        for integer in (2**exponent - 1, 2**exponent + 1, -(2**exponent) - 1):
            metadata = Metadata({"huge": integer})
            assert json.loads(metadata.json) == metadata.document == {"huge": integer}
            assert pickle.loads(pickle.dumps(metadata)) == metadata
            assert eval(repr(metadata), {"Metadata": Metadata}) == metadata
    finally:
        sys.set_int_max_str_digits(before)
