"""Profiles of Hypothesis: thorough runs ten times as many examples, quick a tenth. Figures are closed after tests."""

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# No deadline, because a shared machine is slow at times, and no test judges time.
settings.register_profile("default", deadline=None, max_examples=100, print_blob=True)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=1_000)
settings.register_profile("quick", parent=settings.get_profile("default"), max_examples=10)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_collection_finish() -> None:
    """Keep the garbage collector away from the imported packages and the collected tests.

    Tests and builds of Sphinx collect garbage often, and it would traverse a million objects that never become garbage.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _closed_figures() -> Iterator[None]:
    """Close what a test has drawn, because matplotlib warns of many open figures, in whichever test opens one more."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
