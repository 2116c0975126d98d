"""The sequence numbers of a batch's rows, by channel."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from rust_daq import Batch, Channel

LASER, PROBE = Channel("laser", "mW"), Channel("probe", "K")


def interleaved(rows: int = 6) -> Batch:
    numbers = np.arange(rows)
    return Batch.from_numpy(numbers, numbers.astype(float), [LASER, PROBE], numbers % 2)


def test_an_unnumbered_batch_has_no_numbers() -> None:
    assert interleaved().first_sequence is None
    assert LASER.batch([1.0]).first_sequence is None
    assert interleaved().with_first_sequence(7).with_first_sequence(None).first_sequence is None


def test_one_number_applies_to_every_channel() -> None:
    assert interleaved().with_first_sequence(7).first_sequence == {"laser": 7, "probe": 7}


def test_each_channel_may_have_its_number() -> None:
    batch = interleaved().with_first_sequence({"probe": 2, "laser": 2**63 - 1, "lamp": 5})
    assert batch.first_sequence == {"laser": 2**63 - 1, "probe": 2}


def test_numbering_does_not_change_the_batch_and_shares_its_columns() -> None:
    batch = interleaved()
    numbered = batch.with_first_sequence(7)
    assert batch.first_sequence is None
    assert numbered == batch
    assert np.shares_memory(numbered.values, batch.values)


def test_a_slice_is_numbered_from_its_first_row() -> None:
    batch = interleaved().with_first_sequence({"laser": 10, "probe": 20})
    assert batch[3:].first_sequence == {"laser": 12, "probe": 21}
    assert batch[3:][1:].first_sequence == {"laser": 12, "probe": 22}


@pytest.mark.parametrize("selection", [slice(None, None, -1), [0, 1], np.array([True] * 6)])
def test_a_selection_forgets_the_numbers(selection: Any) -> None:
    assert interleaved().with_first_sequence(0)[selection].first_sequence is None


def test_concat_keeps_numbers_only_without_gaps() -> None:
    batch = interleaved().with_first_sequence({"laser": 10, "probe": 20})
    assert Batch.concat([batch[:3], batch[3:]]).first_sequence == batch.first_sequence
    assert Batch.concat([batch[:2], batch[3:]]).first_sequence is None
    assert Batch.concat([batch, LASER.batch([1.0])]).first_sequence is None


def test_the_batch_of_a_channel_has_its_number() -> None:
    parts = interleaved().with_first_sequence({"laser": 10, "probe": 20}).by_channel()
    assert {name: part.first_sequence for name, part in parts.items()} == {
        "laser": {"laser": 10},
        "probe": {"probe": 20},
    }


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_numbers_survive_pickling(protocol: int) -> None:
    batch = interleaved().with_first_sequence({"laser": 10, "probe": 20})
    assert pickle.loads(pickle.dumps(batch, protocol)).first_sequence == batch.first_sequence
    assert copy.copy(batch).first_sequence == batch.first_sequence


@pytest.mark.parametrize("number", [-1, 2**63, 10**40])
def test_a_number_outside_its_range_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match=r"first must be a sequence number from 0 to 2\*\*63 - 1, got -?\d"):
        interleaved().with_first_sequence(number)


def test_a_channel_without_a_number_is_named() -> None:
    with pytest.raises(ValueError, match="first has no number for channel 'probe'; pass one for each"):
        interleaved().with_first_sequence({"laser": 1})


def test_a_step_keeps_consecutive_numbers() -> None:
    batch = interleaved().with_first_sequence({"laser": 5, "probe": 9})
    # Every other row belongs to the one channel, and none of its rows is omitted.
    assert batch[::2].first_sequence == {"laser": 5, "probe": 9}
    assert batch[1::2][1:].first_sequence == {"laser": 5, "probe": 10}
    assert batch[2::2].first_sequence == {"laser": 6, "probe": 9}
    assert batch[4::3].first_sequence is not None
    assert batch[::4].first_sequence is None
    assert batch[::-1].first_sequence is None
    assert LASER.batch(np.arange(3.0)).with_first_sequence(5)[::2].first_sequence is None
    assert LASER.batch(np.arange(3.0)).with_first_sequence(5)[2::2].first_sequence == {"laser": 7}
    assert LASER.batch(np.arange(3.0))[::2].first_sequence is None


def test_sorting_keeps_the_numbers_if_each_name_stays_in_order() -> None:
    laser = LASER.batch([1.0, 2.0], [10, 30]).with_first_sequence(5)
    probe = PROBE.batch([3.0, 4.0], [20, 25]).with_first_sequence(7)
    batch = Batch.concat([laser, probe]).sort_by_time()
    assert batch.values.tolist() == [1.0, 3.0, 4.0, 2.0]
    assert batch.first_sequence == {"laser": 5, "probe": 7}
    assert LASER.batch([1.0, 2.0], [30, 10]).with_first_sequence(5).sort_by_time().first_sequence is None
