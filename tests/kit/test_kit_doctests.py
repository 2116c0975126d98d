"""The kit's reference: every public name has an example, and every example runs."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))

from documented import docstrings, example_test, failures, named

import evenhand as bench
from rust_daq import advise

ADVICE = {name: getattr(advise, name).__doc__ for name in ("Advice", "Measured", "advise")}
DOCUMENTED = dict(docstrings(bench)) | ADVICE


@pytest.mark.parametrize("name", [name for name, text in DOCUMENTED.items() if ">>>" in text])
def test_the_examples_of_a_docstring_run_as_written(name):
    assert failures(example_test(name, DOCUMENTED[name])) == ""


@pytest.mark.parametrize("name", sorted({*named(bench), *ADVICE}))
def test_every_name_has_an_example(name):
    assert ">>>" in DOCUMENTED[name]
