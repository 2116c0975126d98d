"""`advise`: what to use at a sampling rate, computed from the measurements of a run."""

from rust_daq.advise.advice import CHANNELS, OUTSIDE, RATES, SOURCES, Advice, hertz, seconds
from rust_daq.advise.choice import LATENCIES, LOSSES, MOST_READS, advise, advise_each, step
from rust_daq.advise.measured import CAPACITY, FILES, MEMORY, NEEDED, RESPONSE, Curve, Measured
from rust_daq.advise.program import filled

__all__ = [
    "CAPACITY",
    "CHANNELS",
    "FILES",
    "LATENCIES",
    "LOSSES",
    "MEMORY",
    "MOST_READS",
    "NEEDED",
    "OUTSIDE",
    "RATES",
    "RESPONSE",
    "SOURCES",
    "Advice",
    "Curve",
    "Measured",
    "advise",
    "advise_each",
    "filled",
    "hertz",
    "seconds",
    "step",
]
