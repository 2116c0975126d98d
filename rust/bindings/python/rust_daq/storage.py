"""Recordings: files that are written and read batch by batch, and combined into Parquet."""

from rust_daq._compaction import compact
from rust_daq._core import ArrowWriter, CsvWriter
from rust_daq._recording import Recording, TornRecordingWarning, open_recording

__all__ = ["ArrowWriter", "CsvWriter", "Recording", "TornRecordingWarning", "compact", "open_recording"]
