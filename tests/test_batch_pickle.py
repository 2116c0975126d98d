"""Pickled batches, with in-band and out-of-band buffers, and batches in other processes."""

import gc
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pytest
from batches import CHANNELS, LASER, address, of_many, of_one, of_own, pickle_out_of_band, rows
from hypothesis import given
from hypothesis import strategies as st

from rust_daq import Batch, DataPoint, Metadata

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


@pytest.fixture(params=[of_one, of_many, of_own])
def batch(request):
    return request.param()


@given(rows, st.slices(20), st.sampled_from(PROTOCOLS))
def test_rows_come_back_equal(points: list[DataPoint], part: slice, protocol: int) -> None:
    batch = Batch.from_points(points)[part]
    back = pickle.loads(pickle.dumps(batch, protocol))
    assert back == batch
    assert back.to_points() == points[part]
    assert back.values.tobytes() == batch.values.tobytes()
    assert (type(back), repr(back), back.values.flags.writeable) == (Batch, repr(batch), False)
    data, buffers = pickle_out_of_band(batch)
    assert pickle.loads(data, buffers=buffers).to_points() == points[part]


@pytest.mark.unsafe_code
def test_out_of_band_buffers_are_the_columns(batch: Batch) -> None:
    for part in (batch, batch[2:5]):
        _, buffers = pickle_out_of_band(part)
        several = len(batch.channels) > 1
        columns = [part.timestamps.view("i8"), part.values, part.indices][: 3 if several else 2]
        views = [np.frombuffer(buffer.raw(), column.dtype) for buffer, column in zip(buffers, columns, strict=True)]
        for view, column in zip(views, columns, strict=True):
            assert address(view) == address(column)
            assert len(view) == len(column)
        assert all(buffer.raw().readonly for buffer in buffers)


def test_a_pickle_with_out_of_band_buffers_is_small() -> None:
    data, buffers = pickle_out_of_band(of_many(100_000))
    assert len(data) < 1_000
    assert sum(buffer.raw().nbytes for buffer in buffers) == of_many(100_000).nbytes
    # The pickle of a slice has only its own rows.
    assert len(pickle.dumps(of_many(100_000)[10:20])) < 1_500


@pytest.mark.unsafe_code
def test_a_batch_read_from_buffers_copies_none_of_them(batch: Batch) -> None:
    data, buffers = pickle_out_of_band(batch)
    back = pickle.loads(data, buffers=buffers)
    assert back == batch
    assert address(back.values) == address(batch.values)
    assert address(back.timestamps) == address(batch.timestamps)
    # Bytes received over a network work too.
    wire = [bytes(buffer.raw()) for buffer in buffers]
    arrived = pickle.loads(data, buffers=wire)
    assert arrived == batch
    assert address(arrived.values) == address(np.frombuffer(wire[1]))


@pytest.mark.unsafe_code
def test_an_unaligned_buffer_is_read(batch: Batch) -> None:
    data, buffers = pickle_out_of_band(batch)
    for offset in (1, 4):
        wire = [memoryview(bytes(offset) + bytes(buffer.raw()))[offset:] for buffer in buffers]
        assert pickle.loads(data, buffers=wire) == batch


@pytest.mark.unsafe_code
@pytest.mark.parametrize("make", [of_one, of_many])
def test_columns_and_batches_outlive_each_other(make):
    batch = make()
    points = batch.to_points()
    data, buffers = pickle_out_of_band(batch)
    back = pickle.loads(data, buffers=[bytes(buffer.raw()) for buffer in buffers])
    kept, column = back[1:], back.values
    del back
    gc.collect()
    trash = [bytes(48) + bytes([row % 256]) for row in range(1_000)]
    assert kept.to_points() == points[1:]
    assert column.tolist() == [0, 1, 2, 3, 4, 5]
    again = pickle.loads(data, buffers=buffers)
    del batch, buffers
    gc.collect()
    assert again.to_points() == points
    del trash


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_shared_objects_are_in_the_pickle_once(protocol: int) -> None:
    batch = of_one()
    back = pickle.loads(pickle.dumps([batch, LASER, batch, LASER.point(1.0, 0)], protocol))
    assert back[0] is back[2]
    assert back[0].channels[0] is back[1]
    assert back[3].channel is back[1].name
    assert back[0].channels[0].metadata is back[1].metadata


def test_a_pickled_batch_can_be_pickled_again(batch: Batch) -> None:
    once = pickle.loads(pickle.dumps(batch))
    assert pickle.dumps(pickle.loads(pickle.dumps(once))) == pickle.dumps(once)
    data, buffers = pickle_out_of_band(once)
    assert pickle.loads(data, buffers=buffers) == batch


@pytest.mark.unsafe_code
@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        (0, b""),
        (0, bytes(47)),
        (1, bytes(8)),
        (1, bytes(41)),
        (2, bytes(20)),
        (2, np.full(6, len(CHANNELS), "i4")),
        (2, np.full(6, -1, "i4")),
        (0, np.zeros(12, "i8")[::2]),
        (1, memoryview(bytes(96))[::2]),
    ],
)
def test_buffers_that_do_not_fit_are_refused(column: int, wrong: Any) -> None:
    data, buffers = pickle_out_of_band(of_many())
    wire: list[Any] = list(buffers)
    wire[column] = wrong
    with pytest.raises((ValueError, BufferError)):
        pickle.loads(data, buffers=wire)


def test_a_missing_buffer_is_refused() -> None:
    data, _ = pickle_out_of_band(of_one())
    with pytest.raises(pickle.UnpicklingError):
        pickle.loads(data)


def doubled(batch: Batch) -> Batch:
    channel = batch.channels[0]
    return channel.batch(batch.values * 2, batch.timestamps)


def sum_of(points: list[DataPoint]) -> tuple[float, Metadata | None]:
    return sum(point.value for point in points), LASER.metadata


def test_batches_and_points_travel_to_a_process_and_back() -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(doubled, of_one()).result() == LASER.batch(np.arange(6) * 2.0, np.arange(6) * 10)
        assert pool.submit(sum_of, of_many().to_points()).result() == (15.0, LASER.metadata)
