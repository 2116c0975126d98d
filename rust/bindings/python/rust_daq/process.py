"""Streaming processors. Each keeps a state for every channel, so results do not depend on where batches end."""

from rust_daq._chain import Chain
from rust_daq._core import Fft, Iir, MovingAverage, Spectra

__all__ = ["Chain", "Fft", "Iir", "MovingAverage", "Spectra"]
