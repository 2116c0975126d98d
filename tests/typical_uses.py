"""Typical user code for the type checker: ``nox -s types`` checks it, and no test runs it."""

import array
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, assert_type

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rust_daq import Batch, Channel, DataPoint, Metadata, Pipeline, Report, SimulatedInstrument, build_info
from rust_daq.process import Chain, Fft, Iir, MovingAverage, Spectra
from rust_daq.storage import ArrowWriter, CsvWriter, compact, open_recording


def make_points() -> list[DataPoint]:
    setup = Metadata({"gain": 2, "modes": ["cw", None]})
    laser = Channel("laser", "mW", setup)
    one = DataPoint(datetime.now(UTC), "laser", 0.5, "mW", {"gain": 2})
    two = DataPoint(
        timestamp=1_767_225_600_000_000_000, channel="laser", value=np.float32(1), unit="mW", metadata=setup
    )
    assert_type(laser.metadata, Metadata | None)
    return [
        one,
        two,
        DataPoint.now("laser", 1, "mW"),
        laser.point(0.5),
        laser.point(1, one.timestamp),
        one.replace(value=2),
    ]


def read(point: DataPoint) -> str:
    assert_type(point.timestamp, datetime)
    assert_type(point.timestamp_ns, int)
    assert_type(point.value, float)
    match point:
        case DataPoint(_, "laser", value, unit):
            return f"{value} {unit}"
        case _:
            return point.channel


def make_batches(samples: npt.NDArray[np.float64]) -> Batch:
    laser, lamp = Channel("laser", "mW"), Channel("lamp", "V")
    parts = [
        laser.batch(samples),
        laser.batch([0.5, 1], [0, 1]),
        laser.batch(array.array("d", [0.5]), start=0, rate=1_000.0),
        laser.batch(samples, start=datetime.now(UTC), rate=10),
        lamp.batch(pa.array([1.0])),
        Batch.from_points(laser.points(samples)),
        Batch.from_numpy(np.arange(2), np.zeros(2), [laser, lamp], [0, 1]),
        Batch.from_arrow(pa.table(laser.batch(samples)), channels=laser),
    ]
    return Batch.concat(parts)


def use(batch: Batch) -> Iterator[Any]:
    assert_type(batch[0], DataPoint)
    assert_type(batch[1:], Batch)
    assert_type(batch[batch.values > 0], Batch)
    assert_type(batch.timestamps, npt.NDArray[np.datetime64])
    assert_type(batch.by_channel(), dict[str, Batch])
    for point in batch:
        assert_type(point, DataPoint)
    buffers: list[pickle.PickleBuffer] = []
    pickle.dumps(batch, protocol=5, buffer_callback=buffers.append)
    yield from (len(batch), batch.nbytes, batch.channels, batch.to_points(), build_info()["version"])


def acquire(samples: npt.NDArray[np.float64]) -> Report:
    class Sink:
        def write(self, batch: Batch) -> None:
            assert_type(batch.first_sequence, dict[str, int] | None)

    instrument = SimulatedInstrument(1_000.0, [Channel("laser", "mW")], noise=0.5, seed=1)
    average = MovingAverage(16, min_count=4, on_gap="raise")
    lowpass = Iir([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]], "steady")
    assert_type(average.process_values(samples, out=samples), npt.NDArray[np.float64])
    pipeline = Pipeline(instrument, [Chain(average, lowpass)], [Sink()], on_full="drop_oldest", on_point=print)
    with pipeline:
        assert_type(pipeline.report, Report | None)
    assert_type(pipeline.stop().percentile_ns(0.99), int | None)
    return Pipeline(iter([instrument.batch(10)]), rate=10, on_batch=print).run(1.0)


def analyse(batch: Batch) -> Spectra:
    fft = Fft(1024, 512, 1_000.0, window="flattop", scaling="amplitude")
    assert_type(fft.process(batch).decibels(), npt.NDArray[np.float64])
    return fft.process(batch)


def record(batch: Batch, folder: Path) -> int:
    settings: tuple[Literal["none", "flush", "batch"] | float, ...] = ("none", "flush", "batch", 5.0)
    with ArrowWriter(folder / "run.arrow", sync=settings[0], rotate_bytes=10**9, overwrite=True) as writer:
        writer.write(batch)
        writer.flush()
        assert_type(writer.paths, list[Path])
    csv = CsvWriter(str(folder / "run.csv"), drop_metadata=True, sequences=None)
    Pipeline([batch], sinks=[csv, ArrowWriter("other.arrow", channels=batch.channels, own_metadata=True)]).run()
    csv.close()
    with open_recording(csv.path) as recording:
        for part in recording:
            assert_type(part, Batch)
        assert_type(recording.leftover_bytes, int | None)
        assert_type(recording.next_row, int)
    return compact([*writer.paths, csv.path], folder / "run.parquet", overwrite=True) + csv.rows
