"""Only the main interpreter loads the extension; others are refused, and the classes stay usable."""

import subprocess
import sys

import pytest

BEGIN = """
import datetime as dt
import sys

if sys.version_info >= (3, 13):
    import _interpreters as interpreters
    kinds = ("legacy", "isolated")
else:
    import _xxsubinterpreters as interpreters
    kinds = (False, True)

SOURCE = '''
try:
    import rust_daq
except ImportError as error:
    print("refused:", error, flush=True)
else:
    print("imported", flush=True)
'''


def import_in_subinterpreters():
    for kind in kinds:
        made = interpreters.create(kind) if sys.version_info >= (3, 13) else interpreters.create(isolated=kind)
        interpreters.run_string(made, SOURCE)
        interpreters.destroy(made)


def make_points():
    import rust_daq

    moment = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    for _ in range(100):
        point = rust_daq.DataPoint(moment, "a", 1.0, "V", {"gain": 2})
        assert (point.timestamp, point.metadata) == (moment, {"gain": 2})
        assert rust_daq.Channel("a", "V").batch([1.0], [moment])[0] == rust_daq.DataPoint(moment, "a", 1.0, "V")

"""


@pytest.mark.parametrize(
    "order",
    ["make_points(); import_in_subinterpreters(); make_points()", "import_in_subinterpreters(); make_points()"],
    ids=["after", "before"],
)
def test_an_import_in_a_subinterpreter_is_refused_and_harms_nothing(order: str) -> None:
    ended = subprocess.run([sys.executable, "-c", BEGIN + order], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    [ours, other] = ended.stdout.splitlines()
    assert ours == (
        "refused: rust_daq cannot be imported in a sub-interpreter; "
        "import it in the main interpreter, or use another process"
    )
    # Python itself refuses an interpreter with its own GIL, if it can.
    assert other.startswith("refused: ")
