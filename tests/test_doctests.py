"""Every example of the reference runs, and every callable has one."""

import re

import pytest
from documented import code, docstrings, example_test, failures, members, methods, named

import rust_daq
from rust_daq import process, storage

MODULES = [rust_daq, process, storage]
DOCUMENTED = {f"{module.__name__}.{name}": text for module in MODULES for name, text in docstrings(module)}
CALLED = {f"{module.__name__}.{name}" for module in MODULES for name in methods(module)}


@pytest.mark.parametrize("name", [name for name, text in DOCUMENTED.items() if ">>>" in text])
def test_the_examples_of_a_docstring_print_what_they_show(name):
    assert failures(example_test(name, DOCUMENTED[name])) == ""


@pytest.mark.parametrize("name", sorted(CALLED))
def test_every_callable_has_an_example(name):
    assert ">>>" in DOCUMENTED[name]


@pytest.mark.parametrize("name", sorted(CALLED - {"rust_daq.build_info"}))
def test_every_callable_documents_its_complexity(name):
    assert re.search(r"\bO\(", DOCUMENTED[name])


def attributes():
    """Return the attributes of all classes."""
    for module in MODULES:
        for name, thing in named(module).items():
            yield from (f"{name}.{member}" for member, found in members(thing).items() if not callable(found))


@pytest.mark.parametrize("name", sorted(attributes()))
def test_every_attribute_is_shown_by_an_example(name):
    sources = "\n".join(map(code, MODULES))
    assert re.search(rf"\.{name.rpartition('.')[2]}\b", sources)


def test_an_example_with_another_result_is_detected():
    assert "Expected" in failures(example_test("wrong", ">>> 1 + 1\n3"))
