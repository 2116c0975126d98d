"""Missing memory raises an exception and never ends the process."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rust_daq import Batch, Channel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process reliably")

BEGIN = """
import itertools, pickle, resource, sys
import numpy as np
from rust_daq import Batch, Channel, DataPoint, SimulatedInstrument
from rust_daq.process import Fft, Iir, MovingAverage

class Liar:
    def __init__(self, items=()):
        self.items = items
    def __len__(self):
        return sys.maxsize
    def __iter__(self):
        return iter(self.items)

A = Channel("a", "V")
huge = np.broadcast_to(1.0, 10**12)
large = A.batch(np.zeros(10**6), start=0, rate=1.0)
several = Batch.from_numpy([0, 1], [1.0, 2.0], [A, Channel("b", "V")], [0, 1])
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (256 << 20), resource.RLIM_INFINITY))
"""

TRY = """
try:
    {statement}
except ({errors}) as error:
    print("raised", type(error).__name__, error)
"""

PROGRAMS = {
    "values": "A.batch(huge)",
    "points": "A.points(huge)",
    "integers": "A.batch(np.broadcast_to(np.int64(1), 10**12))",
    "single precision": "A.batch(np.broadcast_to(np.float32(1), 10**12))",
    "masked": "A.batch(np.ma.MaskedArray(huge, np.ma.nomask))",
    "timestamps": "A.batch([1.0], np.broadcast_to(np.int64(1), 10**12))",
    "datetimes": "A.batch([1.0], np.broadcast_to(np.datetime64(1, 'ns'), 10**12))",
    "seconds": "A.batch([1.0], np.broadcast_to(np.datetime64(1, 's'), 10**12))",
    "indices": "Batch.from_numpy([1], [1.0], [A], np.broadcast_to(np.int32(0), 10**12))",
    "selection": "large[np.broadcast_to(np.int8(0), 10**12)]",
    "concat": "Batch.concat([large] * 1_000_000)",
    "concat of several": "Batch.concat([several[[0] * 1_000_000]] * 1_000_000)",
    "weights": "Fft(8, 8, 1.0, huge)",
    "window": "MovingAverage(2**40)",
    "size": "Fft(2**40, 1, 1.0)",
    "spectra": "Fft(2**20, 1, 1.0).process(A.batch(np.zeros(2**21)))",
    "array of spectra": "Fft(2**20, 1, 1.0).process_values(np.zeros(2**21))",
    "filtered": "Iir([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]]).process_values(huge)",
    "averaged": "MovingAverage(2).process_values(huge)",
    "scans": "SimulatedInstrument(1.0, A).batch(2**40)",
    "endless points": "Batch.from_points(itertools.repeat(A.point(1.0)))",
    "a length that lies, of points": "assert len(Batch.from_points(Liar([A.point(1.0)]))) == 1; raise MemoryError",
    "a length that lies, of batches": "assert len(Batch.concat(Liar([large]))) == 10**6; raise MemoryError",
    "a length that lies, of values": "A.batch(Liar())",
    "a length that lies, of rows": "large[Liar()]",
}


def check_raised(*program):
    ended = subprocess.run([sys.executable, "-c", "".join(program)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2_000:]
    assert ended.stdout.startswith("raised")
    assert "panic" not in ended.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_size_beyond_memory_raises(name: str) -> None:
    check_raised(
        BEGIN, TRY.format(statement=PROGRAMS[name], errors="MemoryError, ValueError, OverflowError, TypeError")
    )


# These requests need only a little more memory than available, not an impossible amount.
TIGHT = """
import pickle, resource
from pathlib import Path
import numpy as np
from rust_daq import Batch, Channel
from rust_daq.process import Fft, Iir, MovingAverage
from rust_daq.storage import ArrowWriter

ROWS = 8_000_000
A, B = Channel("a", "V"), Channel("b", "V")
TUNED = Channel("a", "V", {"text": "x" * 1000})
zeros = np.zeros(ROWS)
one = A.batch(zeros, start=0, rate=1.0)

def of_two():
    return Batch.from_numpy(np.arange(ROWS), zeros, [A, B], (np.arange(ROWS) % 2).astype("int32"))

def limit():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (24 << 20), resource.RLIM_INFINITY))
"""

TIGHT_PROGRAMS = {
    "averages of a batch": ("average = MovingAverage(2)", "average.process(one)"),
    "averages of two channels": ("average = MovingAverage(2); two = of_two()", "average.process(two)"),
    "samples of a batch": ("filter = Iir([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]])", "filter.process(one)"),
    "averages in place": ("average = MovingAverage(2)", "average.process_values(zeros, zeros)"),
    "frames of two channels": ("fft = Fft(4096, 4096, 0.5); two = of_two()", "fft.process(two)"),
    "frames that wait": ("fft = Fft(2**22, 1, 1.0)", "fft.process(one[: 2**22 - 1])"),
    "values that wait": ("fft = Fft(2**22, 1, 1.0)", "fft.process_values(zeros[: 2**22 - 1])"),
    "decibels": (
        "spectra = Fft(2, 1, 1.0, 'boxcar').process(one[: 2**22])",
        "spectra.decibels()",
    ),
    "window": ("fft = Fft(2**22, 1, 1.0, np.ones(2**22))", "fft.window"),
    "frequencies": ("fft = Fft(2**23, 1, 1.0)", "fft.frequencies"),
    "a state of averages": (
        "average = MovingAverage(2**21); average.process_values(zeros[: 2**21])",
        "pickle.dumps(average)",
    ),
    "a state of frames": ("fft = Fft(2**22, 1, 1.0); fft.process_values(zeros[: 2**22 - 1])", "pickle.dumps(fft)"),
    "a list": ("entries = [1.0] * ROWS", "A.batch(entries)"),
    "instants of a list": ("entries = [1] * ROWS", "A.batch([1.0], entries)"),
    "rows that are named": ("rows = np.broadcast_to(np.int64(0), ROWS); two = of_two()", "two[rows]"),
    "indices for Arrow": ("", "one.__arrow_c_array__()"),
    "names for Arrow": (
        "one = Batch.from_numpy(np.arange(ROWS), zeros, [TUNED, A], np.ones(ROWS, 'int32'))",
        "one.__arrow_c_array__()",
    ),
    "metadata for Arrow": (
        "one = Batch.from_numpy(np.arange(10**5), zeros[: 10**5], [TUNED, A], np.zeros(10**5, 'int32'))",
        "one.__arrow_c_array__()",
    ),
    "names of Arrow": (
        "import pyarrow as pa; names = pa.repeat('a', ROWS); times = pa.table(one)['timestamp']",
        "Batch.from_arrow(pa.table({'timestamp': times, 'value': zeros, 'channel': names}), A, share=True)",
    ),
    "indices of a recording": (
        "writer = ArrowWriter(path, sync='none')",
        "writer.write(one)",
    ),
    "metadata of a recording": (
        "writer = ArrowWriter(path, own_metadata=True, sync='none'); one = TUNED.batch(zeros[: 10**5])",
        "writer.write(one)",
    ),
}


@pytest.mark.parametrize("name", TIGHT_PROGRAMS)
def test_a_copy_beyond_memory_raises(name: str, tmp_path: Path) -> None:
    before, statement = TIGHT_PROGRAMS[name]
    begin = f"path = {str(tmp_path / 'run')!r}\n{before}\nlimit()\n"
    check_raised(TIGHT, begin, TRY.format(statement=statement, errors="MemoryError,"))


def test_metadata_too_large_for_an_arrow_column_is_refused() -> None:
    tuned = Channel("a", "V", {"text": "x" * 100_000})
    rows = 2**31 // 100_000 + 1
    batch = Batch.from_numpy(np.arange(rows), np.zeros(rows), [tuned, Channel("a", "V")], np.zeros(rows, "int32"))
    with pytest.raises(ValueError, match=r"metadata takes \d+ bytes in all rows.*pass the batch in parts"):
        batch.__arrow_c_array__()
    assert len(Batch.from_arrow(batch[:10])) == 10
