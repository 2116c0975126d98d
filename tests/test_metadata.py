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
from hypothesis import given
from hypothesis import strategies as st

from rust_daq import DataPoint

text = st.text(st.characters(codec="utf-8"), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=20,
)


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


def test_later_changes_to_the_given_object_do_not_show() -> None:
    given_object: dict[str, Any] = {"modes": [1, 2]}
    made = DataPoint(0, "a", 1.0, "V", given_object)
    given_object["modes"].append(3)
    given_object["new"] = 1
    assert made.metadata == {"modes": [1, 2]}


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
        ({"a": np.int64(1)}, r"^metadata\['a'\]: numpy\.int64 is not JSON; pass"),
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
