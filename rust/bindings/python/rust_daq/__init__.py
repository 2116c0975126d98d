"""Timestamped measurement data with a Rust core."""

import warnings

from rust_daq._build import build_info
from rust_daq._core import Batch, Channel, DataPoint, Metadata, Report, SimulatedInstrument, build_facts
from rust_daq._pipeline import Pipeline
from rust_daq._shared_sink import SharedSink

__all__ = [
    "Batch",
    "Channel",
    "DataPoint",
    "Metadata",
    "Pipeline",
    "Report",
    "SharedSink",
    "SimulatedInstrument",
    "__version__",
    "build_info",
]

__version__ = build_facts()["version"]

if build_facts()["profile"] != "release":
    warnings.warn(
        "this rust_daq is a debug build, many times slower than a release build; "
        "build it with `maturin develop --release`",
        RuntimeWarning,
        stacklevel=2,
    )

del build_facts, warnings
