"""Where memory is missing there is an exception, and never the end of the process."""

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process reliably")

BEGIN = """
import itertools, pickle, resource, sys
import numpy as np
import pyarrow as pa
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
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, resource.RLIM_INFINITY))
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


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_size_that_memory_does_not_hold_raises(name: str) -> None:
    program = f"""
        try:
            {PROGRAMS[name]}
        except (MemoryError, ValueError, OverflowError, TypeError) as error:
            print("raised", type(error).__name__, error)
    """
    source = BEGIN + textwrap.dedent(program)
    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2_000:]
    assert ended.stdout.startswith("raised")
    assert "panic" not in ended.stdout
