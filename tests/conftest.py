"""Hypothesis profiles: HYPOTHESIS_PROFILE=thorough looks ten times longer, quick a tenth as long."""

import os

from hypothesis import settings

# No deadline: a shared machine is slow at moments, and no test judges time.
settings.register_profile("default", deadline=None, max_examples=100, print_blob=True)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=1_000)
settings.register_profile("quick", parent=settings.get_profile("default"), max_examples=10)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
