"""Streaming processors, compared with packages that process whole arrays."""

import copy
import importlib.util
import itertools
import pickle
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from rust_daq import Batch, Channel, Pipeline, SimulatedInstrument
from rust_daq.process import Chain, Fft, Iir, MovingAverage, Spectra

Floats = npt.NDArray[np.float64]

LASER, PROBE = Channel("laser", "mW"), Channel("probe", "K")
SAMPLES = npst.arrays(np.float64, st.integers(1, 300), elements=st.floats(-1e3, 1e3))
BUTTER = scipy.signal.butter(4, 0.2, output="sos")

needs_bottleneck = pytest.mark.skipif(
    importlib.util.find_spec("bottleneck") is None, reason="bottleneck has no wheels for this Python"
)

MAKERS: list[Callable[..., Any]] = [
    lambda **settings: MovingAverage(3, **settings),
    lambda **settings: MovingAverage(50, 7, **settings),
    lambda **settings: Iir(BUTTER, **settings),
    lambda **settings: Iir(BUTTER, "steady", **settings),
    lambda **settings: Fft(4, 3, 10.0, **settings),
    lambda **settings: Fft(3, 5, 10.0, [1.0, 2.0, 1.0], "amplitude", **settings),
]


def numbers(made: Batch | Spectra | Floats) -> Floats:
    if isinstance(made, Batch):
        return made.values
    return made.power if isinstance(made, Spectra) else made


def close(got: Floats, expected: Floats) -> None:
    scale = max(1.0, float(np.max(np.abs(expected[np.isfinite(expected)]), initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12 * scale)


# Correct results


@needs_bottleneck
@given(SAMPLES, st.integers(1, 60), st.data())
def test_means_equal_those_of_bottleneck(samples: Floats, window: int, data: Any) -> None:
    import bottleneck as bn

    min_count = data.draw(st.integers(1, window))
    got = MovingAverage(window, min_count).process_values(samples)
    if len(samples) >= window:  # bottleneck refuses shorter arrays
        close(got, bn.move_mean(samples, window, min_count=min_count))
    assert np.isnan(got[: min_count - 1]).all()


@given(SAMPLES, st.integers(1, 8), st.sampled_from(["lowpass", "highpass"]))
def test_filters_equal_those_of_scipy(samples: Floats, order: int, kind: str) -> None:
    sos = scipy.signal.butter(order, 0.2, kind, output="sos")
    close(Iir(sos).process_values(samples), scipy.signal.sosfilt(sos, samples))
    start = scipy.signal.sosfilt_zi(sos) * samples[0]
    close(Iir(sos, "steady").process_values(samples), scipy.signal.sosfilt(sos, samples, zi=start)[0])


@given(SAMPLES, st.integers(2, 40), st.integers(1, 60), st.data())
def test_spectra_equal_those_of_scipy(samples: Floats, size: int, hop: int, data: Any) -> None:
    window = data.draw(st.sampled_from(["boxcar", "hann", "hamming", "blackman", "flattop"]))
    scaling = data.draw(st.sampled_from(["density", "spectrum"]))
    fft = Fft(size, hop, 100.0, window, scaling)
    got = fft.process_values(samples)
    assert got.shape == (max(0, (len(samples) - size) // hop + 1), size // 2 + 1)
    for frame, lines in zip(range(0, len(samples), hop), got, strict=False):
        frequencies, expected = scipy.signal.periodogram(
            samples[frame : frame + size], 100.0, window, detrend=False, scaling=scaling
        )
        close(lines, expected)
        np.testing.assert_allclose(fft.frequencies, frequencies)


def test_an_amplitude_is_that_of_the_sine() -> None:
    sine = 3.0 * np.sin(2 * np.pi * 0.125 * np.arange(64))
    spectra = Fft(64, 64, 8.0, "flattop", "amplitude").process(LASER.batch(sine, start=0, rate=8.0))
    assert spectra.power[0, np.argmin(np.abs(spectra.frequencies - 1.0))] == pytest.approx(3.0)
    assert spectra.decibels().max() == pytest.approx(20 * np.log10(3.0))


def test_a_mean_keeps_its_digits_on_an_offset_after_millions_of_samples() -> None:
    noise = np.random.default_rng(1).normal(size=10_000_000)
    average = MovingAverage(100)
    got = average.process_values(noise + 1e9)[-1000:]
    kept = (noise + 1e9)[-1099:] - 1e9
    expected = np.convolve(kept, np.full(100, 0.01), "valid")
    np.testing.assert_allclose(got - 1e9, expected, rtol=0, atol=2e-7)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("window", [1, 5, 40])
def test_nan_leaves_with_the_window(odd: float, window: int) -> None:
    samples = np.arange(200.0)
    expected = MovingAverage(window).process_values(samples)
    samples[60] = odd
    got = MovingAverage(window).process_values(samples)
    inside = slice(60, 60 + window)
    np.testing.assert_array_equal(got[inside], np.full(window, odd))
    np.testing.assert_array_equal(np.delete(got, np.r_[inside]), np.delete(expected, np.r_[inside]))


# Streams


@pytest.mark.parametrize("make", MAKERS)
def test_every_split_of_a_small_input_has_the_same_bits(make: Callable[..., Any]) -> None:
    samples = np.random.default_rng(1).normal(size=9)
    whole = make().process_values(samples).tobytes()
    for cuts in itertools.product([False, True], repeat=8):
        ends = [0, *(place + 1 for place, cut in enumerate(cuts) if cut), 9]
        one = make()
        parts = [one.process_values(samples[start:end]) for start, end in itertools.pairwise(ends)]
        assert b"".join(part.tobytes() for part in parts) == whole


@pytest.mark.parametrize("make", MAKERS)
@given(names=st.lists(st.sampled_from(["laser", "probe"]), max_size=40), cut=st.integers(0, 40))
def test_interleaved_channels_have_the_results_of_separate_ones(
    make: Callable[..., Any], names: list[str], cut: int
) -> None:
    values = np.random.default_rng(1).normal(size=len(names))
    indices = [int(name == "probe") for name in names]
    times = np.zeros(len(names), int)
    for index in (0, 1):
        of_name = np.array(indices, dtype=int) == index
        # Ten rows per second of each channel, the rate of the spectra.
        times[of_name] = np.arange(np.count_nonzero(of_name)) * 10**8
    batch = Batch.from_numpy(times, values, [LASER, PROBE], indices)
    together = make()
    parts = [together.process(part) for part in (batch[:cut], batch[cut:])]
    for name, index in (("laser", 0), ("probe", 1)):
        expected = make().process_values(values[np.array(indices, dtype=int) == index])
        if isinstance(parts[0], Batch):
            of_name = [part.by_channel().get(name) for part in parts]
            got = [part.values for part in of_name if part is not None]
        else:
            got = [part.power[np.array(part.channels, dtype=str) == name] for part in parts]
        joined = np.concatenate(got) if got else np.empty(0)
        assert joined.tobytes() == expected.tobytes()


@pytest.mark.parametrize("make", MAKERS)
def test_pickles_and_copies_continue_from_the_same_state(make: Callable[..., Any]) -> None:
    samples = np.random.default_rng(1).normal(size=100)
    one = make(on_gap="continue")
    one.process_values(samples)
    one.process(LASER.batch(samples))
    others = [pickle.loads(pickle.dumps(one, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    others += [copy.copy(one), copy.deepcopy(one)]
    expected = one.process_values(samples).tobytes(), numbers(one.process(LASER.batch(samples))).tobytes()
    for other in others:
        assert repr(other) == repr(one)
        got = other.process_values(samples).tobytes(), numbers(other.process(LASER.batch(samples))).tobytes()
        assert got == expected


@pytest.mark.parametrize("make", MAKERS)
def test_repr_evaluates_to_an_equal_processor(make: Callable[..., Any]) -> None:
    one = make(on_gap="raise")
    assert repr(eval(repr(one))) == repr(one)
    assert one.on_gap == "raise"


@pytest.mark.parametrize("make", MAKERS)
def test_a_reset_forgets_everything(make: Callable[..., Any]) -> None:
    samples = np.random.default_rng(1).normal(size=20)
    one, batch = make(), LASER.batch(samples)
    expected = one.process_values(samples).tobytes(), numbers(one.process(batch)).tobytes()
    one.process(PROBE.batch(samples))
    one.reset()
    assert (one.process_values(samples).tobytes(), numbers(one.process(batch)).tobytes()) == expected


def gap(on_gap: Any) -> list[float]:
    average = MovingAverage(2, on_gap=on_gap)
    average.process(LASER.batch([1.0]).with_first_sequence(4))
    return list(average.process(LASER.batch([3.0]).with_first_sequence(9)).values)


def test_a_gap_resets_is_ignored_or_is_refused() -> None:
    assert gap("reset") == [3.0]
    assert gap("continue") == [2.0]
    with pytest.raises(ValueError, match="channel 'laser' continues with sample 9, but sample 5 was expected"):
        gap("raise")


def test_a_batch_keeps_its_times_channels_and_numbers() -> None:
    batch = Batch.from_numpy([5, 6], [1.0, 2.0], [LASER, PROBE], [0, 1]).with_first_sequence(3)
    made = MovingAverage(1).process(batch)
    assert made == batch
    assert made.first_sequence == batch.first_sequence
    np.testing.assert_array_equal(made.timestamps, batch.timestamps)


def test_a_spectrum_is_of_the_middle_of_its_frame() -> None:
    batch = LASER.batch(np.arange(6.0), [0, 10, 20, 30, 40, 57])
    spectra = Fft(4, 2, 1.0).process(batch)
    assert spectra.times.astype(int).tolist() == [15, 38]
    assert (spectra.channels, spectra.scaling, len(spectra)) == (("laser", "laser"), "density", 2)
    for array in (spectra.times, spectra.power, spectra.frequencies):
        assert not array.flags.writeable
    assert repr(spectra) == "<Spectra: 2 of 3 frequencies, density>"


# Memory and threads


@pytest.mark.unsafe_code
@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("count", [0, 10, 10_000])
def test_out_is_written_and_returned(make: Callable[..., Any], count: int) -> None:
    samples = np.random.default_rng(1).normal(size=count)
    expected = make().process_values(samples)
    out = np.full_like(expected, 7.0)
    assert make().process_values(samples, out=out) is out
    np.testing.assert_array_equal(out, expected)


@pytest.mark.unsafe_code
@pytest.mark.parametrize("count", [10, 10_000])
@pytest.mark.parametrize("shift", [0, 1])
def test_out_may_share_memory_with_the_values(count: int, shift: int) -> None:
    memory = np.random.default_rng(1).normal(size=count + 1)
    values, out = memory[:count], memory[shift : count + shift]
    expected = Iir(BUTTER).process_values(values.copy())
    np.testing.assert_array_equal(Iir(BUTTER).process_values(values, out), expected)


@pytest.mark.unsafe_code
def test_values_may_be_of_any_kind() -> None:
    expected = MovingAverage(2).process_values(np.array([1.0, 2.0, 4.0]))
    for values in ([1, 2, 4], np.array([1, 2, 4]), np.array([1, 0, 2, 0, 4, 0.0])[::2], np.float32([1, 2, 4])):
        np.testing.assert_array_equal(MovingAverage(2).process_values(values), expected)


@pytest.mark.unsafe_code
def test_threads_take_turns_with_one_processor() -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        average = MovingAverage(1_000_000)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda count: average.process_values(np.ones(count)), [1, 5_000] * 500))
        # The mean of ones is one in any order.
        np.testing.assert_array_equal(average.process_values(np.ones(3)), np.ones(3))
    finally:
        sys.setswitchinterval(before)


def test_other_threads_run_while_it_works() -> None:
    samples, average, other_ran, seen = np.ones(1_000_000), MovingAverage(1000), threading.Event(), list[bool]()

    def work() -> None:
        for _ in range(1_000):
            average.process_values(samples)
            if other_ran.is_set():
                break
        seen.append(other_ran.is_set())

    before = sys.getswitchinterval()
    sys.setswitchinterval(60.0)  # longer than the work, so no thread is asked to release the GIL
    try:
        thread = threading.Thread(target=work)
        thread.start()
        other_ran.set()
        thread.join()
    finally:
        sys.setswitchinterval(before)
    assert seen == [True]


# In pipelines and chains


def test_a_pipeline_applies_the_processors_in_order() -> None:
    instrument, spectra = SimulatedInstrument(10_000.0, [LASER, PROBE]), list[Spectra]()
    Pipeline(instrument, [Chain(MovingAverage(5), Iir(BUTTER)), Fft(16, 8, 10_000.0)], on_batch=spectra.append).run(
        0.05
    )
    chain = Chain(MovingAverage(5), Iir(BUTTER), Fft(16, 8, 10_000.0))
    expected = chain.process(instrument.batch(500))
    assert np.concatenate([part.power for part in spectra]).tobytes() == expected.power.tobytes()


def test_a_chain_is_its_processors() -> None:
    average, lowpass = MovingAverage(2), Iir(BUTTER)
    chain = Chain(Chain(average), lowpass)
    assert chain.processors == (average, lowpass)
    batch = LASER.batch([1.0, 2.0, 3.0])
    expected = Iir(BUTTER).process(MovingAverage(2).process(batch))
    assert chain.process(batch) == expected
    again = pickle.loads(pickle.dumps(chain))
    chain.reset()
    assert chain.process(batch) == expected
    assert again.process(batch) != expected


@pytest.mark.parametrize("make", [Chain, lambda *parts: Pipeline([], parts)])
def test_an_invalid_chain_is_refused(make: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="Fft.* returns spectra, not a batch.*; put it last"):
        make(Fft(4, 4, 1.0), MovingAverage(2))
    average = MovingAverage(2)
    with pytest.raises(ValueError, match=r"MovingAverage\(2, 1, on_gap='reset'\) twice"):
        make(average, average)
    with pytest.raises(TypeError, match=r"process\(batch\), got 3"):
        make(average, 3)


def test_an_empty_chain_is_refused() -> None:
    with pytest.raises(ValueError, match="needs at least one processor, got none"):
        Chain()


def test_points_of_spectra_are_refused() -> None:
    with pytest.raises(TypeError, match="on_point receives points, but the pipeline returns spectra"):
        Pipeline([LASER.batch(np.ones(4))], [Fft(4, 4, 1.0)], on_point=print).run()


# Bad input


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: MovingAverage(2**62), ValueError, "not enough memory"),
        (lambda: MovingAverage(3, 4), ValueError, "min_count must be from 1 to the window of 3, got 4"),
        (lambda: MovingAverage(3, on_gap="stop"), ValueError, "on_gap must be 'reset', 'continue'"),  # type: ignore[arg-type]
        (lambda: Iir(np.ones(6)), ValueError, "a2, got shape (6,)"),
        (lambda: Iir(np.ones((2, 5))), ValueError, "a2, got shape (2, 5)"),
        (lambda: Iir(np.ones((0, 6))), ValueError, "sos must have at least one row"),
        (lambda: Iir([[1, 0, 0, 0, 0, 0]]), ValueError, "sos[0] has an a0 of 0"),
        (lambda: Iir([[1, np.nan, 0, 1, 0, 0]]), ValueError, "sos[0] has NaN at 1"),
        (lambda: Iir(BUTTER * 1j), TypeError, "sos must be rows of the six coefficients"),
        (lambda: Iir("low"), TypeError, "sos must be rows"),
        (lambda: Iir(BUTTER, "warm"), ValueError, "initial must be 'zero' or 'steady', got 'warm'"),  # type: ignore[arg-type]
        (lambda: Fft(1, 1, 1.0), ValueError, "size must be the number of samples in a frame, at least 2, got 1"),
        (lambda: Fft(2**62, 1, 1.0), ValueError, "not enough memory"),
        (lambda: Fft(4, 1, 1.0, "kaiser"), ValueError, "window is 'kaiser'; pass 'boxcar', 'hann'"),
        (lambda: Fft(4, 1, 1.0, [1.0]), ValueError, "window has 1 weights, but size is 4"),
        (lambda: Fft(4, 1, 1.0, [0.0] * 4), ValueError, "window has only weights of 0"),
        (lambda: Fft(2, 1, 1.0, [1.0, -1.0], "amplitude"), ValueError, "weights with a sum of 0"),
        (lambda: Fft(4, 1, 1.0, "hann", "db"), ValueError, "scaling must be 'density', 'spectrum'"),  # type: ignore[arg-type]
    ],
)
def test_invalid_arguments_are_refused(make: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error) as refused:
        make()
    assert words in str(refused.value)


def test_spectra_beyond_memory_are_refused_and_change_nothing() -> None:
    fft = Fft(2**22, 1, 1.0)
    state = fft.__reduce__()[2]
    with pytest.raises(ValueError, match="completes .* frames of 2097153 frequencies.*not enough memory"):
        fft.process(LASER.batch(np.zeros(2**23)))
    assert fft.__reduce__()[2] == state


def test_an_unstable_filter_warns_and_names_its_poles() -> None:
    with pytest.warns(RuntimeWarning, match=r"poles on or outside the unit circle.*: 2$") as warned:
        Iir([[1, 0, 0, 1, -2.5, 1]])
    assert warned[0].filename == __file__
    with pytest.warns(RuntimeWarning, match=r": 0\+1j, 0-1j$"):
        Iir([[1, 0, 0, 1, 0, 1]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Iir(BUTTER)


@pytest.mark.parametrize("make", MAKERS)
def test_invalid_input_is_refused_and_changes_nothing(make: Callable[..., Any]) -> None:
    one = make()
    one.process_values(np.ones(5))
    state = one.__reduce__()[2]
    good = np.ones(5)
    wrong: list[tuple[Callable[[], Any], type[Exception], str]] = [
        (lambda: one.process(good), TypeError, "batch must be a Batch"),
        (lambda: one.process_values("5"), TypeError, "values must be one-dimensional"),
        (lambda: one.process_values(np.ones((2, 2))), ValueError, r"values must be one-dimensional, got shape"),
        (lambda: one.process_values(good, np.ones((3, 3, 3))), ValueError, "out has shape"),
        (lambda: one.process_values(good, np.ones(5, dtype=int)), TypeError, "out must be a writable"),
        (lambda: one.process_values(good, [0.0] * 5), TypeError, "out must be a writable"),
        (lambda: one.process_values(good, np.ones(10)[::2]), TypeError, "out must be a writable"),
        (lambda: one.process_values(good, np.broadcast_to(1.0, 5)), TypeError, "out must be a writable"),
        (lambda: one.__setstate__(b"none"), ValueError, "state does not fit the processor"),
        (lambda: one.__setstate__(state[:-1]), ValueError, "it ends too early"),
        (lambda: one.__setstate__(state + b"x"), ValueError, "bytes follow its end"),
        (lambda: one.__setstate__(3), TypeError, "state must be bytes"),
    ]
    for call, error, words in wrong:
        with pytest.raises(error, match=words):
            call()
    assert one.__reduce__()[2] == state


# Windows of SciPy


@pytest.mark.parametrize(
    "window",
    ["boxcar", "hann", "hamming", "blackman", "flattop", "triang", "bartlett", "parzen", "blackmanharris", "nuttall"]
    + [
        "cosine",
        "han",
        ("kaiser", 8.6),
        ("tukey", 0.3),
        ("gaussian", 4.0),
        ("general_hamming", 0.6),
        ("dpss", 2.5),
    ],
)
def test_windows_have_the_names_and_tuples_of_scipy(window: Any) -> None:
    samples = np.random.default_rng(3).normal(size=64)
    weights = scipy.signal.get_window(window, 32)
    got = Fft(32, 16, 1e3, window, "spectrum").process_values(samples)
    np.testing.assert_allclose(got, Fft(32, 16, 1e3, weights, "spectrum").process_values(samples), rtol=1e-12)
    again = pickle.loads(pickle.dumps(Fft(32, 16, 1e3, window)))
    np.testing.assert_allclose(Fft(32, 16, 1e3, again.window).process_values(samples), again.process_values(samples))


@pytest.mark.parametrize("window", ["no window", ("kaiser",), ("no window", 1.0), ("gaussian", "wide")])
def test_a_window_unknown_to_scipy_is_refused(window: Any) -> None:
    with pytest.raises(ValueError, match=r"^window is .*; pass 'boxcar', .*one weight per sample"):
        Fft(32, 16, 1e3, window)


def test_without_scipy_only_the_built_in_windows_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.signal", None)
    assert Fft(32, 16, 1e3, "flattop").window == "flattop"
    with pytest.raises(ImportError, match=r"^window is 'nuttall', which needs SciPy; install it"):
        Fft(32, 16, 1e3, "nuttall")


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupt_and_a_lack_of_memory_are_no_unknown_window(
    monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def raised(*_: Any) -> None:
        raise error

    monkeypatch.setattr(scipy.signal, "get_window", raised)
    with pytest.raises(error):
        Fft(32, 16, 1e3, "nuttall")


def test_a_tuple_of_weights_is_weights() -> None:
    assert Fft(4, 4, 1.0, (1.0, 2.0, 2.0, 1.0)).window.tolist() == [1.0, 2.0, 2.0, 1.0]


# The rate of an FFT is that of the timestamps


@pytest.mark.parametrize("rate", [500.0, 900.0, 1_100.0, 2_000.0])
def test_timestamps_of_another_rate_are_refused(rate: float) -> None:
    fft = Fft(16, 16, 1_000.0)
    other = LASER.batch(np.zeros(64), start=0, rate=rate)
    with pytest.raises(
        ValueError, match=rf"^rate is 1000\.0, but the timestamps of channel 'laser' have .*{rate:.0f}\."
    ):
        fft.process(other)
    # The state is unchanged.
    assert len(fft.process(LASER.batch(np.zeros(16), start=0, rate=1_000.0))) == 1


def test_jittering_and_equal_timestamps_are_accepted() -> None:
    jitter = np.random.default_rng(1).integers(-900_000, 900_000, 64)
    for times in (np.arange(64) * 1_000_000 + jitter, np.arange(64) * 1_005_000, np.zeros(64, int)):
        assert len(Fft(16, 16, 1_000.0).process(LASER.batch(np.zeros(64), times))) == 4
    # Few rows do not determine a rate, and arrays have no times.
    assert len(Fft(4, 4, 1_000.0).process(LASER.batch(np.zeros(8), start=0, rate=1.0))) == 2
    assert len(Fft(4, 4, 1_000.0).process_values(np.zeros(64))) == 16


def test_the_rate_is_checked_by_channel() -> None:
    times = np.arange(64) * 1_000_000
    right = Batch.from_numpy(np.repeat(times, 2), np.zeros(128), [LASER, PROBE], np.arange(128) % 2)
    assert len(Fft(16, 16, 1_000.0).process(right)) == 8
    wrong = Batch.concat([LASER.batch(np.zeros(64), times), PROBE.batch(np.zeros(64), times * 2)])
    with pytest.raises(ValueError, match="channel 'probe' have .*500"):
        Fft(16, 16, 1_000.0).process(wrong)


def test_timestamps_that_run_backwards_are_refused() -> None:
    with pytest.raises(ValueError, match="^rate is"):
        Fft(16, 16, 1_000.0).process(LASER.batch(np.zeros(64), start=0, rate=1_000.0)[::-1])


# Rest and range


@pytest.mark.parametrize("sos", [scipy.signal.butter(2, 0.1, output="sos"), BUTTER])
def test_a_filter_returns_to_zero_after_a_burst(sos: Floats) -> None:
    signal = np.r_[np.ones(100), np.zeros(50_000)]
    whole = Iir(sos).process_values(signal)
    assert whole[-1] == 0.0
    assert np.count_nonzero(np.abs(whole) < 1e-290) - np.count_nonzero(whole == 0.0) < 2_048
    close(whole, scipy.signal.sosfilt(sos, signal))
    filter_, batches = Iir(sos), np.split(signal, [1, 7, 1_023, 1_024, 1_025, 3_000, 20_000])
    in_batches = [filter_.process(LASER.batch(part)).values for part in batches]
    assert np.concatenate(in_batches).tobytes() == whole.tobytes()


def test_nan_stays_in_a_filter_until_it_is_reset() -> None:
    lowpass = Iir(BUTTER)
    assert np.isnan(lowpass.process_values([np.nan] + [0.0] * 5_000)[1:]).all()
    lowpass.reset()
    assert lowpass.process_values([0.0]).tolist() == [0.0]


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e-150, 1.0, 1e150, 1e160, 1e300])
@pytest.mark.parametrize("size", [8, 9])
def test_amplitudes_are_not_computed_from_the_power(scale: float, size: int) -> None:
    signal = np.cos(np.pi * np.arange(size) / 2) + 1.0
    expected = Fft(size, size, 1.0, "hann", "amplitude").process_values(signal)
    got = Fft(size, size, 1.0, "hann", "amplitude").process_values(signal * scale) / scale
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14)


@needs_bottleneck
def test_a_nan_is_in_every_mean_of_its_window_unlike_bottleneck() -> None:
    import bottleneck as bn

    samples = np.array([1.0, np.nan, 3.0, 4.0])
    assert bn.move_mean(samples, 2, min_count=1).tolist() == [1.0, 1.0, 3.0, 3.5]
    np.testing.assert_array_equal(MovingAverage(2).process_values(samples), [1.0, np.nan, np.nan, 3.5])


# Spectra in pickles


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_spectra_survive_pickling(protocol: int) -> None:
    rows = Batch.from_numpy(np.arange(64), np.random.default_rng(1).normal(size=64), [LASER, PROBE], np.arange(64) % 2)
    for batch in (rows[:15], rows[:2], LASER.batch(np.zeros(16))):
        spectra = Fft(4, 2, 10.0, scaling="amplitude").process(batch)
        for back in (pickle.loads(pickle.dumps(spectra, protocol)), copy.copy(spectra), copy.deepcopy(spectra)):
            assert (back.channels, back.scaling, len(back)) == (spectra.channels, "amplitude", len(spectra))
            for name in ("times", "power", "frequencies"):
                assert getattr(back, name).tobytes() == getattr(spectra, name).tobytes()
                assert getattr(back, name).shape == getattr(spectra, name).shape


def test_spectra_share_and_check_out_of_band_memory() -> None:
    spectra = Fft(4, 2, 10.0).process(LASER.batch(np.arange(16.0)))
    buffers: list[Any] = []
    text = pickle.dumps(spectra, 5, buffer_callback=buffers.append)
    assert np.shares_memory(pickle.loads(text, buffers=buffers).power, spectra.power)
    for place, wrong in [
        (0, bytes(8)),
        (1, bytes(8)),
        (2, bytes(8)),
        (3, b"\xff" * len(buffers[3].raw())),
        (1, bytes(7)),
    ]:
        with pytest.raises(ValueError, match=r"pass|bytes|must be the index"):
            pickle.loads(text, buffers=[*buffers[:place], wrong, *buffers[place + 1 :]])
