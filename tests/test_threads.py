"""Many threads on one channel, one batch and one iterator."""

import gc
import itertools
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pytest
from batches import CHANNELS, of_many, pickle_out_of_band

from rust_daq import Batch, DataPoint, Metadata

Result = TypeVar("Result")

THREADS = 8
ROUNDS = 20
COUNT = 500


@pytest.fixture(autouse=True)
def hasty() -> Iterator[None]:
    """Make threads switch as often as possible."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def run_together(work: Callable[[int], Result]) -> list[Result]:
    """Run the work in all threads at the same time; raise an exception of any of them."""
    start = threading.Barrier(THREADS)

    def run(number: int) -> Result:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


@pytest.fixture
def batch() -> Batch:
    return of_many(COUNT)


EXPECTED = of_many(COUNT).to_points()


def iterated(batch: Batch, number: int) -> None:
    assert list(batch) == EXPECTED
    assert [point.value for point in batch[number:]] == list(range(number, COUNT))


def sliced(batch: Batch, number: int) -> None:
    assert batch[number : COUNT - number].to_points() == EXPECTED[number : COUNT - number]
    assert batch[number::7].to_points() == EXPECTED[number::7]
    assert batch[np.arange(number, COUNT)].values.sum() == sum(range(number, COUNT))
    assert batch[-1 - number] == EXPECTED[-1 - number]


def pickled(batch: Batch, number: int) -> None:
    assert pickle.loads(pickle.dumps(batch, number % 6)) == batch
    data, buffers = pickle_out_of_band(batch)
    assert pickle.loads(data, buffers=buffers).to_points() == EXPECTED


def to_arrow(batch: Batch, number: int) -> None:
    assert pa.table(batch[number:]).num_rows == COUNT - number
    assert Batch.from_arrow(pa.table(batch)) == batch
    # All batches share the zeros of one channel, which grow.
    single = CHANNELS[0].batch(np.zeros((number + 1) * 10_000))
    assert pa.record_batch(single)["channel"].indices.to_numpy().any() is np.False_


def grouped(batch: Batch, number: int) -> None:
    groups = batch.by_channel()
    assert sum(map(len, groups.values())) == COUNT
    assert Batch.concat([batch] * (number + 1))[-COUNT:] == batch
    assert Batch.from_points(EXPECTED[number:]) == batch[number:]


def looked_at(batch: Batch, number: int) -> None:
    assert batch.channels == tuple(CHANNELS)
    assert batch.values[number] == number
    assert batch.indices[number] == number % len(CHANNELS)
    assert repr(batch).startswith("<Batch of 500 rows")
    assert batch == of_many(COUNT)


@pytest.mark.unsafe_code
@pytest.mark.parametrize("work", [iterated, sliced, pickled, to_arrow, grouped, looked_at])
def test_one_batch_in_many_threads(batch: Batch, work: Callable[[Batch, int], None]) -> None:
    def run(number: int) -> None:
        for _ in range(ROUNDS):
            work(batch, number)

    run_together(run)


@pytest.mark.unsafe_code
def test_one_batch_in_many_threads_that_do_different_things(batch: Batch) -> None:
    works = [iterated, sliced, pickled, to_arrow, grouped, looked_at]

    def run(number: int) -> None:
        for turn in range(ROUNDS):
            works[(number + turn) % len(works)](batch, number)

    run_together(run)


@pytest.mark.unsafe_code
def test_one_iterator_returns_each_row_once() -> None:
    for _ in range(5):
        iterator = iter(of_many(COUNT))

        def take(_: int, iterator: Iterator[DataPoint] = iterator) -> list[int]:
            return [int(point.value) for point in iterator]

        taken = run_together(take)
        assert sorted(itertools.chain(*taken)) == list(range(COUNT))
        # Each thread received its rows in order.
        assert all(rows == sorted(rows) for rows in taken)


@pytest.mark.unsafe_code
def test_one_channel_in_many_threads() -> None:
    channel = CHANNELS[0]

    def run(number: int) -> list[DataPoint]:
        made = []
        for turn in range(COUNT):
            made.append(channel.point(turn, number))
            made.append(channel.point(value=turn, timestamp=number))
            made += channel.points([turn, turn], [number, number])
            assert channel.point(turn).channel is channel.name
            assert hash(channel) == hash(CHANNELS[0])
        return made

    for number, made in enumerate(run_together(run)):
        expected = [DataPoint(number, "laser", turn // 4, "mW", channel.metadata) for turn in range(4 * COUNT)]
        assert made == expected


@pytest.mark.unsafe_code
def test_one_metadata_in_many_threads() -> None:
    for _ in range(ROUNDS):
        metadata = Metadata({"gain": 2, "modes": list(range(50))})
        texts = run_together(lambda _, metadata=metadata: metadata.json)  # type: ignore[misc]
        assert all(text is metadata.json for text in texts)
        assert run_together(lambda _, metadata=metadata: metadata.document)[0] == metadata.document  # type: ignore[misc]


@pytest.mark.unsafe_code
def test_the_channels_of_a_batch_are_created_once() -> None:
    for _ in range(ROUNDS):
        # The channels of this batch were not created before.
        batch = pickle.loads(pickle.dumps(Batch.concat([of_many(COUNT), of_many(COUNT)])))
        made = run_together(lambda _, batch=batch: batch.channels)  # type: ignore[misc]
        assert all(one is other for channels in made for one, other in zip(channels, made[0], strict=True))


@pytest.mark.unsafe_code
def test_points_of_one_thread_die_in_another() -> None:
    made: list[Any] = []

    def run(number: int) -> None:
        for turn in range(COUNT):
            made.append(DataPoint(turn, f"channel {number}", turn, "V", {"turn": turn}))
            made.append(CHANNELS[0].batch(np.zeros(3))[1:])
            if len(made) > 20:
                made.pop(0)

    run_together(run)
    made.clear()
    gc.collect()


def test_an_error_in_one_thread_does_not_affect_others(batch: Batch) -> None:
    def run(number: int) -> None:
        for _ in range(COUNT):
            if number % 2:
                with pytest.raises(IndexError, match="out of range"):
                    batch[COUNT]
                with pytest.raises(TypeError, match="must be a real number"):
                    CHANNELS[0].point("1.5")  # type: ignore[arg-type]
            else:
                assert batch[number] == EXPECTED[number]

    run_together(run)
