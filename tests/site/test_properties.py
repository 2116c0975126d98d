"""The description of a property is shown whole, also where its first line has a colon."""

import pytest
from sphinx.ext.napoleon import Config, NumpyDocstring

import properties


@pytest.mark.parametrize("what", ["attribute", "data", "property"])
def test_a_colon_in_the_first_line_of_a_property_begins_no_type(what: str) -> None:
    lines = ["The value of each row: a read-only view.", "", "Raises", "------", "KeyError", "    If it is missing."]
    properties.keep(None, what, "values", None, None, lines)
    shown = str(NumpyDocstring(lines, Config(napoleon_google_docstring=False), what=what, name="values"))
    assert "The value of each row: a read-only view." in shown.splitlines()
    assert ":raises KeyError:" in shown
    assert ":type:" not in shown


def test_the_docstring_of_a_function_stays() -> None:
    lines = ["Return it: a view."]
    properties.keep(None, "function", "values", None, None, lines)
    assert lines == ["Return it: a view."]
