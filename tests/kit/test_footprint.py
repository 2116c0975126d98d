"""Footprints of a known number of bytes, by each counter."""

import math
import os
import signal
import subprocess
import sys
import textwrap

import pandas as pd
import pytest

from evenhand import WorkerError
from evenhand.judge.decision import decide
from evenhand.measure.settings import Settings
from evenhand.measure.statement import Statement
from evenhand.results.footprint import Footprint, footprint, footprint_self_test
from evenhand.results.result import SAMPLE_COLUMNS, restored

SIZE = 3_000_000
OBJECT = sys.getsizeof(b"")
"""The overhead of a bytes object."""

needs_memray = pytest.mark.skipif(sys.platform == "win32", reason="memray does not run on Windows")


@pytest.fixture(scope="module")
def known():
    """Count a known number of bytes, in one batch that is kept and in one whose peak is higher."""
    return footprint({"kept": "b'x' * n", "dropped": "len(b'x' * n)"}, sizes=[SIZE], runs=1)


def test_tracemalloc_sees_a_bytes_object_to_the_byte(known):
    own = known.count("empty statement", 0, "traced_current_bytes")[0]
    assert known.count("kept", SIZE, "traced_current_bytes")[0] == pytest.approx(SIZE + OBJECT + own, abs=256)


def test_temporary_memory_shows_only_in_the_peak(known):
    assert known.count("dropped", SIZE, "traced_current_bytes")[0] < 1_000
    assert known.count("dropped", SIZE, "traced_peak_bytes")[0] >= SIZE


@needs_memray
def test_the_heap_shows_a_bytes_object_within_a_few_kilobytes(known):
    assert known.count("kept", SIZE, "heap_bytes")[0] == pytest.approx(SIZE, abs=4_096)


@needs_memray
def test_the_heap_shows_small_objects_of_pythons_own_allocator():
    made = footprint({"floats": "[i + 0.5 for i in range(n)]"}, sizes=[2_000], runs=1)
    traced = made.count("floats", 2_000, "traced_current_bytes")[0]
    assert made.count("floats", 2_000, "heap_bytes")[0] == pytest.approx(traced, abs=4_096)


@needs_memray
def test_temporary_heap_memory_shows_only_in_the_peak(known):
    assert known.count("dropped", SIZE, "heap_bytes")[0] < 4_096
    assert known.count("dropped", SIZE, "heap_peak_bytes")[0] == pytest.approx(SIZE, abs=4_096)


def test_the_resident_size_grows_by_the_kept_bytes(known):
    assert known.count("kept", SIZE, "resident_bytes")[0] == pytest.approx(SIZE, rel=0.3)


def test_bytes_per_point_are_the_held_bytes_over_the_size(known):
    assert known.to_pandas().loc[("kept", SIZE), "per_point_bytes"] == pytest.approx(1.0, abs=0.01)


def test_a_restored_result_has_the_same_summary(known):
    again = restored(known.document(), known.samples.copy())
    pd.testing.assert_frame_equal(known.to_pandas(), again.to_pandas())


def test_the_smallest_is_named_if_its_counts_are_below_the_next(known):
    assert known.facts()["smallest"] == "dropped"


def test_contenders_with_equal_counts_have_no_winner():
    made = footprint({"one": "b'x' * n", "other": "b'y' * n"}, sizes=[1_000], runs=1)
    assert made.facts()["smallest"].startswith("no clear winner")


def test_names_of_the_setup_are_not_counted():
    made = footprint({"shared": "[block] * n"}, setup="block = b'x' * 5_000_000", sizes=[10], runs=1)
    assert made.count("shared", 10, "traced_peak_bytes")[0] < 10_000


def test_one_time_allocations_are_not_counted():
    setup = "made = {}\ndef once(n): return made.setdefault('block', b'x' * 5_000_000)"
    made = footprint({"lazy": "once(n)"}, setup=setup, sizes=[10], runs=1)
    assert made.count("lazy", 10, "traced_current_bytes")[0] < 10_000


def test_a_callable_receives_the_size():
    made = footprint({"call": lambda n: b"x" * n}, sizes=[SIZE], runs=1)
    assert made.count("call", SIZE, "traced_current_bytes")[0] == pytest.approx(SIZE, abs=1_000)


def test_the_option_runs_of_the_settings_is_the_default():
    made = footprint({"b": "b'x' * n"}, sizes=[10], settings=Settings(example="test", options={"runs": 2}))
    assert set(made.samples.loc[made.samples["contender"] == "b", "round"]) == {0, 1}


def test_a_share_of_seconds_lowers_the_runs_to_one_at_least():
    made = footprint({"b": "b'x' * n"}, sizes=[10], runs=9, settings=Settings(example="test", seconds=0.01))
    assert made.settings["runs"] == 1


@pytest.fixture(scope="module")
def without_memray(tmp_path_factory):
    """Hide memray from the workers, as on a system where it does not run."""
    folder = tmp_path_factory.mktemp("hidden")
    (folder / "memray.py").write_text("raise ImportError('hidden by a test')")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        return footprint({"kept": "b'x' * n"}, sizes=[SIZE], runs=1)


def test_without_memray_the_heap_is_not_available_and_never_zero(without_memray):
    assert without_memray.to_pandas()["heap_bytes"].isna().all()
    assert set(without_memray.table()["heap, held"]) == {"not available"}


def test_without_memray_a_note_says_why(without_memray):
    assert any("heap columns are not available here: memray" in note for note in without_memray.notes)


def test_without_memray_bytes_per_point_come_from_tracemalloc_and_are_marked(without_memray):
    row = without_memray.to_pandas().loc[("kept", SIZE)]
    assert row["per_point_counted_by"] == "tracemalloc"
    assert row["per_point_bytes"] == pytest.approx(1.0, abs=0.01)


@needs_memray
def test_the_self_test_shows_that_only_the_heap_column_sees_what_rust_allocates():
    rust = Statement("_Allocation(n)", "from rust_daq._core import _Allocation")
    made = footprint_self_test({"bytes made by Rust": rust})
    (size,) = made.sizes
    assert made.count("bytes made by Rust", size, "traced_peak_bytes")[0] < 4_096
    assert made.count("bytes made by Rust", size, "heap_bytes")[0] == pytest.approx(size, abs=4_096)


def test_the_self_test_counts_the_bytes_of_any_package_and_pythons_own():
    made = footprint_self_test({"bytes made by NumPy": Statement("ones(n, 'u1')", "from numpy import ones")})
    (size,) = made.sizes
    assert list(made.contenders) == ["bytes made by Python", "bytes made by NumPy"]
    assert made.count("bytes made by NumPy", size, "traced_current_bytes")[0] == pytest.approx(size, abs=4_096)


@pytest.mark.parametrize(
    ("foreign", "kind", "sentence"),
    [
        (
            "ones(n)",
            TypeError,
            r"foreign must be a mapping of row names to statements, got 'ones\(n\)'; pass one such as",
        ),
        ({}, ValueError, r"foreign must name at least one row other than 'bytes made by Python', got \[\]"),
        ({"bytes made by Python": "b''"}, ValueError, r"got \['bytes made by Python'\]"),
        ({"mine": "for i in range(n): pass"}, ValueError, "the statement of 'mine' is not an expression"),
    ],
)
def test_a_self_test_without_a_foreign_allocation_is_refused(foreign, kind, sentence):
    with pytest.raises(kind, match=sentence):
        footprint_self_test(foreign)


def test_a_statement_that_is_not_an_expression_is_refused_by_name():
    with pytest.raises(ValueError, match="the statement of 'loop' is not an expression"):
        footprint({"loop": "for i in range(n): pass"})


def test_a_statement_that_fails_is_named():
    with pytest.raises(WorkerError, match=r"'broken' failed in its worker: NameError"):
        footprint({"broken": "missing(n)"}, sizes=[10], runs=1)


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to one process")
def test_a_stop_before_the_end_leaves_no_worker_and_no_file(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            f"""
            from evenhand import footprint

            slow = "import os, pathlib, time\\ndef wait(n):\\n"
            slow += "    pathlib.Path({str(tmp_path)!r}, f'{{os.getpid()}}.pid').touch()\\n    time.sleep(60)"
            footprint({{"slow": "wait(n)"}}, setup=slow, sizes=[10], runs=1)
            """
        )
    )
    process = subprocess.Popen(
        [sys.executable, script], env=os.environ | {"TMPDIR": str(tmp_path)}, stderr=subprocess.DEVNULL
    )
    while not (pids := list(tmp_path.glob("*.pid"))):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) != 0
    alive = [pid.stem for pid in pids if _is_alive(int(pid.stem))]
    left = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert (alive, left) == ([], [])


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def counted(runs, **bytes_of):
    """Make a footprint with chosen bytes, and one byte more in each further run."""
    rows = [
        (name, "heap_bytes", 10, run, 0, 1, float(count + run), 1)
        for name, count in bytes_of.items()
        for run in range(runs)
    ]
    return Footprint(
        name="made",
        example="first",
        contenders={name: {"statement": name, "fingerprint": name} for name in bytes_of},
        settings={"sizes": [10], "runs": runs},
        samples=pd.DataFrame(rows, columns=list(SAMPLE_COLUMNS)),
        started="2026-01-02T03:04:05+00:00",
    )


def test_a_ratio_of_counts_has_the_range_that_the_runs_allow():
    ratio = counted(3, one=100, two=200).ratio("two", 10, "heap_bytes")
    assert (ratio.value, ratio.low, ratio.high) == (201 / 101, 200 / 102, 202 / 100)
    assert decide(ratio) == "slower"


def test_a_single_count_is_not_judged():
    assert decide(counted(1, one=100, two=200).ratio("two", 10, "heap_bytes")) == "not judged"


def test_a_build_that_judges_counts_at_least_twice():
    made = footprint({"one": "bytes(n)"}, sizes=[10], settings=Settings(seconds=1e-6, judges=True))
    assert made.settings["runs"] == 2


def test_several_contenders_are_counted_in_several_runs():
    three = dict.fromkeys(("one", "two", "three"), "bytes(n)")
    result = footprint(three, sizes=[10_000], runs=2)
    assert result.settings["runs"] == 2
    assert all(result.count(name, 10_000, "traced_current_bytes")[0] >= 10_000 for name in three)


def test_a_baseline_that_allocates_nothing_has_no_ratio():
    made = counted(2, one=-0.5, two=199.5)
    assert made.count("one", 10, "heap_bytes")[0] == 0
    assert math.isnan(made.to_pandas().loc[("two", 10), "per_point_ratio"])
    assert made.sentence("two", 10) == "a point of two takes 20.0\u202fB in a batch of 10 (heap)"
    assert decide(made.ratio("two", 10, "heap_bytes")) == "not judged"
