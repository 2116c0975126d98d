"""Hypothesis profiles: HYPOTHESIS_PROFILE=thorough runs ten times as many examples, quick a tenth."""

import gc
import os

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
