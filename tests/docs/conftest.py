"""The modules beside the pages can be imported, and the made results of the kit's tests are at hand."""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS.parent / "docs"), str(TESTS / "kit")]
