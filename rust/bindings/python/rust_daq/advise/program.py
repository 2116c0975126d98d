"""The program that the advice recommends, ready to copy."""

from __future__ import annotations

from textwrap import dedent

IMPORTS = """\
from rust_daq import Channel, Pipeline, SimulatedInstrument
from rust_daq.process import MovingAverage
from rust_daq.storage import {writer}

channels = [Channel(f"ai{number}", "V") for number in range({channels})]
# Replace this with your own instrument: a callable that returns the next batch.
source = SimulatedInstrument({rate}, channels, scans_per_read={scans})
"""

CALLBACKS = {
    "on_batch": """\
        def take(batch):
            "Your own work for each batch."
        """,
    "on_point": """\
        def take(point):
            "Your own work for each point."
        """,
}

RUN = """\
with {writer}("{file}", sync="flush") as writer:
    pipeline = Pipeline(
        source, [MovingAverage(16)], [writer], {callback}=take, on_full="{on_full}"
    )
    print(pipeline.run(1.0))  # seconds
"""

FILES = {"ArrowWriter": "run.arrow", "CsvWriter": "run.csv"}


def program(scans: int, writer: str, callback: str, on_full: str) -> str:
    """Write the recommended program, with placeholders for the rate and the number of channels.

    Parameters
    ----------
    scans : int
        Samples of each channel per read.
    writer : {"ArrowWriter", "CsvWriter"}
        The writer for the recording.
    callback : {"on_batch", "on_point"}
        The argument that receives the points or batches.
    on_full : {"block", "drop_oldest"}
        What happens when the queue is full.
    """
    text = f"{IMPORTS}\n\n{dedent(CALLBACKS[callback])}\n\n{RUN}"
    known = {"scans": scans, "writer": writer, "callback": callback, "on_full": on_full, "file": FILES[writer]}
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def filled(text: str, rate: float, channels: int) -> str:
    """Fill in the rate in hertz and the number of channels."""
    number = f"{rate:.0f}" if float(rate).is_integer() else repr(float(rate))
    return text.replace("{rate}", number).replace("{channels}", str(channels))
