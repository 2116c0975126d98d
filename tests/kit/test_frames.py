"""Imports of the kit: a worker that only uses it has to start quickly."""

import subprocess
import sys

from evenhand.measure.records import SAMPLE_COLUMNS, data_frame, samples_of


def test_the_kit_is_imported_without_pandas():
    code = "import sys, evenhand; print({'pandas', 'pyarrow', 'matplotlib', 'scipy.stats'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "set()"


def test_a_frame_has_the_columns_that_are_named_even_without_rows():
    assert list(samples_of([]).columns) == list(SAMPLE_COLUMNS)
    assert list(data_frame({"one": [1], "two": [2]}, index=["row"]).loc["row"]) == [1, 2]
