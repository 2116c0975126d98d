"""The reference is complete: a page describes every public name and its cost."""

import inspect
import re
from pathlib import Path

import pytest
from documented import methods, named

import rust_daq
from rust_daq import advise, process, storage

ROOT = Path(__file__).parent.parent
PAGES = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "api").glob("*.md")))
DESCRIBED = set(re.findall(r"^\.\. auto(?:class|function|exception):: ([\w.]+)$", PAGES, re.MULTILINE))
COSTS = [line.split("|")[1] for line in PAGES.splitlines() if line.startswith("|") and "{measured}`" in line]
PRICED = {name for cell in COSTS for name in re.findall(r"`([A-Za-z_][\w.]*)`", cell)}
MODULES = [rust_daq, process, storage]
CALLED = sorted({name for module in MODULES for name in methods(module)})


def kit():
    """Return the names of the kit, read from its source because the kit may not be installed."""
    text = (ROOT / "kit" / "src" / "evenhand" / "__init__.py").read_text(encoding="utf-8")
    return re.findall(r'^    "(\w+)",$', text, re.MULTILINE)


@pytest.mark.parametrize("name", sorted({*(name for module in MODULES for name in named(module)), *kit()}))
def test_every_public_name_is_described_on_a_page(name):
    assert name in DESCRIBED


@pytest.mark.parametrize("name", CALLED)
def test_every_callable_has_its_cost_on_its_page(name):
    assert name in PRICED


@pytest.mark.parametrize("name", [name for name in kit() if not name.endswith("Error")])
def test_every_name_of_the_kit_has_its_cost_on_its_page(name):
    assert name in PRICED


def test_every_constant_is_described_on_a_page():
    constants = {name for module in MODULES for name in module.__all__} - {
        name for module in MODULES for name in named(module)
    }
    assert constants == set(re.findall(r"^\.\. py:data:: (\w+)$", PAGES, re.MULTILINE))


def test_the_members_of_every_class_are_described():
    things = {name: thing for module in MODULES for name, thing in named(module).items()}
    classes = {name for name in set(things) & set(CALLED) if isinstance(things[name], type)}
    with_members = set(re.findall(r"^\.\. autoclass:: (\w+)\n   :members:", PAGES, re.MULTILINE))
    assert classes - with_members == set()


def test_a_signature_that_a_page_shortens_has_the_parameters_of_the_class():
    shortened = dict(re.findall(r"^\.\. autoclass:: (\w+)\((.+)\)$", PAGES, re.MULTILINE))
    assert {name: re.findall(r"(\w+)(?:=[^,]+)?(?:, |$)", text) for name, text in shortened.items()} == {
        "Advice": list(inspect.signature(advise.Advice).parameters)
    }


def test_every_listed_cost_is_measured_by_an_example():
    addresses = re.findall(r"\{measured\}`([^`|]+)", PAGES)
    examples = {path.stem for path in (ROOT / "gallery").glob("*.py")}
    assert {address.split("/")[0] for address in addresses} - examples == set()


def test_no_name_is_described_twice():
    described = re.findall(r"^\.\. auto(?:class|function|exception):: ([\w.]+)$", PAGES, re.MULTILINE)
    assert sorted({name for name in described if described.count(name) > 1}) == []
