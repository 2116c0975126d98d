"""Streaming processors: each keeps a state for every channel, so that it does not matter where a batch ends."""

from rust_daq._chain import Chain
from rust_daq._core import Fft, Iir, MovingAverage, Spectra

__all__ = ["Chain", "Fft", "Iir", "MovingAverage", "Spectra"]
