"""Contenders that build different data are refused, by contender and field."""

import pytest

from evenhand import check_equal


def setup():
    """Return two kinds of point."""
    from types import SimpleNamespace

    return {"Point": SimpleNamespace}


def test_equal_data_in_a_mapping_and_an_object_passes():
    check_equal({"dict": "{'value': 1.5}", "object": "Point(value=1.5)"}, fields=["value"], setup=setup)


def test_different_data_is_refused_by_contender_field_and_values():
    with pytest.raises(ValueError, match=r"object does not build the data of dict: its value is 2\.5, not 1\.5"):
        check_equal({"dict": "{'value': 1.5}", "object": "Point(value=2.5)"}, fields=["value"], setup=setup)


def test_equal_values_of_other_types_are_refused():
    with pytest.raises(ValueError, match="its value is 1, not 1.0"):
        check_equal({"float": "{'value': 1.0}", "int": "{'value': 1}"}, fields=["value"])


def test_a_field_named_with_type_compares_types_only():
    check_equal({"one": "{'value': 1.0}", "two": "{'value': 2.0}"}, fields=["value:type"])
    with pytest.raises(ValueError, match="its value:type is <class 'str'>, not <class 'float'>"):
        check_equal({"one": "{'value': 1.0}", "two": "{'value': '2'}"}, fields=["value:type"])


def test_fields_are_a_sequence_of_names_and_each_is_compared() -> None:
    built = {"one": "{'value': 1.0}", "two": "{'value': 2.0}"}
    with pytest.raises(ValueError, match="two does not build the data of one: its value is 2.0, not 1.0"):
        check_equal(built, fields=(name for name in ["value"]))
    with pytest.raises(TypeError, match="fields must be a sequence of names, got the text 'value'"):
        check_equal(built, fields="value")


@pytest.mark.parametrize("thing", ["{'worth': 2.0}", "2.0"])
def test_a_missing_field_is_named_with_its_contender(thing: str) -> None:
    with pytest.raises(ValueError, match="two builds (dict|float), which has no 'value'; name fields that all have"):
        check_equal({"one": "{'value': 1.0}", "two": thing}, fields=["value"])
