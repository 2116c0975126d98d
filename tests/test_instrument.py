"""The simulated instrument: equal seeds have equal samples, for every way of reading."""

import pickle
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rust_daq import Batch, Channel, SimulatedInstrument

ONE = Channel("ai0", "V")
TWO = [ONE, Channel("ai1", "K")]


def made(**settings: Any) -> SimulatedInstrument:
    return SimulatedInstrument(**{"rate": 1000.0, "channels": ONE} | settings)


def test_a_read_is_a_hundredth_of_a_second_by_default() -> None:
    assert made().scans_per_read == 10
    assert made(rate=3.0).scans_per_read == 1
    assert made(scans_per_read=7).scans_per_read == 7


def test_repr_shows_the_arguments() -> None:
    instrument = made(channels=TWO, amplitude=2, frequency=5, noise=0.5, drift=-1, seed=2**64 - 1)
    names = ("rate", "channels", "amplitude", "frequency", "noise", "drift", "seed")
    assert [getattr(instrument, name) for name in names] == [1000.0, tuple(TWO), 2.0, 5.0, 0.5, -1.0, 2**64 - 1]
    assert repr(eval(repr(instrument))) == repr(instrument)


def test_scans_are_numbered_and_stamped_by_their_number() -> None:
    batch = made(channels=TWO).batch(2, first=5, start=datetime(2026, 1, 1, tzinfo=UTC))
    start = np.datetime64("2026-01-01", "ns")
    assert batch.first_sequence == {"ai0": 5, "ai1": 5}
    np.testing.assert_array_equal(batch.timestamps - start, np.array([5, 5, 6, 6]) * np.timedelta64(1, "ms"))
    assert [point.channel for point in batch] == ["ai0", "ai1", "ai0", "ai1"]


@given(st.integers(0, 2**64 - 1), st.integers(1, 50), st.integers(1, 50))
def test_samples_do_not_depend_on_how_they_are_read(seed: int, before: int, count: int) -> None:
    instrument = made(channels=TWO, seed=seed)
    whole = instrument.batch(before + count)
    assert Batch.concat([instrument.batch(before), instrument.batch(count, first=before)]) == whole
    assert pickle.loads(pickle.dumps(instrument)).batch(before + count) == whole


def test_the_signal_is_a_sine_with_a_drift() -> None:
    batch = made(amplitude=2, frequency=50, noise=0, drift=3).batch(1000)
    seconds = np.arange(1000) / 1000
    np.testing.assert_allclose(batch.values, 2 * np.sin(2 * np.pi * 50 * seconds) + 3 * seconds, atol=1e-10)


def test_the_noise_is_white_and_each_channel_has_its_own() -> None:
    noise = made(channels=TWO, amplitude=0, noise=3).batch(100_000).values.reshape(-1, 2)
    assert abs(noise.mean()) < 0.05
    assert abs(noise.std() - 3) < 0.05
    for other in (noise[:, 1], np.roll(noise[:, 0], 1)):
        assert abs(np.corrcoef(noise[:, 0], other)[0, 1]) < 0.02


@pytest.mark.parametrize(
    ("call", "arguments", "error", "words"),
    [
        (made, {"rate": 1e10}, ValueError, "rate must be from 1e-9 to 1e9 hertz"),
        (made, {"rate": 1e-10}, ValueError, "rate must be from 1e-9 to 1e9 hertz"),
        (made, {"channels": []}, ValueError, "channels is empty; pass at least one"),
        (made, {"channels": "ai0"}, TypeError, "channels must be a Channel or a sequence of them"),
        (made, {"channels": [ONE, Channel("ai0", "K")]}, ValueError, "ai0"),
        (made, {"scans_per_read": 2.0}, TypeError, "scans_per_read must be the number of scans"),
        (made, {"amplitude": float("inf")}, ValueError, "amplitude must be finite, got inf; pass a number"),
        (made, {"noise": [1]}, TypeError, "noise must be a number, got [1]"),
        (made, {"drift": "up"}, TypeError, "drift must be a number, got 'up'"),
        (made, {"seed": 2**64}, ValueError, "seed must be an int from 0 to 2**64 - 1, got 18446744073709551616"),
        (made, {"seed": 1.0}, TypeError, "seed must be an int"),
        (made().batch, {"scans": 2**60}, ValueError, "not enough memory"),
        (made().batch, {"scans": 1, "start": datetime(2026, 1, 1)}, TypeError, "start"),
        (made().batch, {"scans": 1, "first": 2**64 - 1}, OverflowError, "timestamp"),
    ],
)
def test_invalid_arguments_and_reads_are_refused(call: Any, arguments: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as refused:
        call(**arguments)
    assert words in str(refused.value)
