"""
Is processing here faster than NumPy and SciPy?
===============================================

Many acquisitions compute a moving average, a filter or a spectrum. This page
measures what each costs on a whole array and on small chunks of incoming
samples, how exact it is, and how other packages compare.

**Safe to copy as it is.** Its processes need some hundred megabytes of memory.
It writes no file.

.. in-short::
    :figure: processors/average_16

    :verdict:`processors/average_16/rust_daq vs bottleneck
    | faster, slower: A moving average of 16 over 100,000 samples takes {this}
    with rust_daq, and {other} with bottleneck.
    | no difference shown: A moving average of 16 over 100,000 samples takes
    the same time with rust_daq and with bottleneck, {this} and {other}.
    | inconclusive, not judged: A moving average of 16 over 100,000 samples
    takes {this} with rust_daq, and {other} with bottleneck; this run does not
    decide between them.
    | not measured: This run has no moving average of bottleneck: the profile
    left it out, or bottleneck is not installed on this Python.`

    :verdict:`processors/filter/rust_daq, order 2 vs sosfilt, order 2
    | faster, slower: A filter of order 2 over a million samples takes {this}
    here, and {other} with SciPy.
    | no difference shown: A filter of order 2 over a million samples takes the
    same time here and with SciPy, {this} and {other}.
    | inconclusive, not judged: A filter of order 2 over a million samples
    takes {this} here, and {other} with SciPy; this run does not decide between
    them.` :verdict:`processors/spectrum/Fft, decibels vs scipy.fft, blocks
    | faster, slower: Spectra of a million samples in a batch take {this} here,
    and {other} with SciPy.
    | no difference shown: Spectra of a million samples in a batch take the
    same time here and with SciPy, {this} and {other}.
    | inconclusive, not judged: Spectra of a million samples in a batch take
    {this} here, and {other} with SciPy; this run does not decide between
    them.` :verdict:`processors/spectrum/Fft, log10 vs scipy.fft, blocks
    | faster, slower: From an array, with NumPy's logarithm, they take {this}
    here.
    | no difference shown: From an array, with NumPy's logarithm, they take the
    same time as with SciPy, {this}.
    | inconclusive, not judged: From an array, with NumPy's logarithm, they
    take {this} here; this run does not decide between that and SciPy.`

    Use a processor where samples come in chunks, where several channels are
    interleaved, or where the result must not depend on where a chunk ends.

:order: 10
:group: Pipeline and threads
:weight: 4
:about: moving averages, filters and spectra, on whole arrays and on incoming
    chunks
"""

# %%
# The moving average
# ------------------
# Each contender returns the means of 16 consecutive samples of 100,000. They
# differ in how the window begins, and in whether they can continue with the
# next array. ``uniform_filter1d`` centres the window, and the cumulated sum
# omits the first fifteen means. ``rust_daq, out`` writes to existing memory.
# ``bottleneck`` and ``numba`` take part where they are installed.

# Preparation: The settings, and the names that the statements use
import importlib.util

import numpy as np
import pandas as pd
import scipy.signal

import evenhand as bench

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)

optional = ("bottleneck", "numba")
absent = [name for name in optional if not importlib.util.find_spec(name)]
for name in absent:
    print(f"{name} is not installed here, so it is not compared.")


def there(contenders):
    """Return those contenders that are there on this Python."""
    return {
        name: contenders[name]
        for name in contenders
        if name.partition(",")[0] not in absent
    }


def setup():
    """Return the names that the statements use."""
    import functools

    import numpy as np

    from rust_daq.process import MovingAverage

    if importlib.util.find_spec("bottleneck"):
        import bottleneck

    samples = np.random.default_rng(1).normal(size=1_000_000)
    array = samples[:100_000].copy()
    out = np.empty_like(array)
    average = MovingAverage(16)

    @functools.cache
    def ours(window, n):
        process = MovingAverage(window).process_values
        return functools.partial(process, samples[:n].copy())

    @functools.cache
    def theirs(window, n):
        mean = functools.partial(bottleneck.move_mean, min_count=1)
        return functools.partial(mean, samples[:n].copy(), min(window, n))

    def cumulated(samples, window):
        sums = np.cumsum(samples)
        sums[window:] -= sums[:-window].copy()
        return sums[window - 1 :] / window

    def rolling(samples, window):
        import pandas as pd

        return pd.Series(samples).rolling(window, min_periods=1).mean()

    def uniform(samples, window):
        from scipy.ndimage import uniform_filter1d

        return uniform_filter1d(samples, window)

    return locals()


def setup_compiled():
    """Return the names that the statement of numba uses; it is compiled."""
    import numba
    import numpy as np

    array = np.random.default_rng(1).normal(size=100_000)

    @numba.njit
    def compiled(samples, window):
        means = np.empty_like(samples)
        total = 0.0
        for index, sample in enumerate(samples):
            total += sample
            if index >= window:
                total -= samples[index - window]
            means[index] = total / min(index + 1, window)
        return means

    compiled(array, 16)
    return locals()


# %%

contenders = {
    "rust_daq": "average.process_values(array)",
    "rust_daq, out": "average.process_values(array, out)",
    "bottleneck": "bottleneck.move_mean(array, 16, min_count=1)",
    "cumulated sum": "cumulated(array, 16)",
    "uniform_filter1d": "uniform(array, 16)",
    "pandas": "rolling(array, 16)",
    "numba": bench.Statement("compiled(array, 16)", setup_compiled),
}

averages = bench.compare(
    there(contenders),
    setup=setup,
    name="average_16",
    settings=settings,
    share=0.2,
)
averages

# %%

averages.plot()

# %%
# At each size, with each window
# ------------------------------
# No single size represents the others. A short array stays in the cache, and a
# long window is summed in another way than a short one. The arrays here have a
# thousand to a million samples, and the windows 16, 64 and 1,000.

windows = bench.throughput(
    there(
        {
            f"{name}, {window}": f"{function}({window}, n)()"
            for window in (16, 64, 1000)
            for name, function in {
                "bottleneck": "theirs",
                "rust_daq": "ours",
            }.items()
        }
    ),
    sizes=[1_000, 10_000, 100_000, 1_000_000],
    setup=setup,
    name="windows",
    settings=settings,
    share=0.15,
)
windows

# %%

windows.plot()

# %%
# - :verdict:`processors/windows/rust_daq, 16/1000000 vs bottleneck, 16
#   | faster, slower: With a window of 16, rust_daq averages a million samples
#   at {this}, and bottleneck at {other}.
#   | no difference shown: With a window of 16, rust_daq and bottleneck average
#   a million samples at the same rate, {this} and {other}.
#   | inconclusive, not judged: With a window of 16, rust_daq averages a
#   million samples at {this}, and bottleneck at {other}. This run does not
#   decide between them.`
# - :verdict:`processors/windows/rust_daq, 64/1000000 vs bottleneck, 64
#   | faster, slower: With a window of 64, rust_daq averages a million samples
#   at {this}, and bottleneck at {other}.
#   | no difference shown: With a window of 64, rust_daq and bottleneck average
#   a million samples at the same rate, {this} and {other}.
#   | inconclusive, not judged: With a window of 64, rust_daq averages a
#   million samples at {this}, and bottleneck at {other}. This run does not
#   decide between them.`
# - :verdict:`processors/windows/rust_daq, 1000/1000000 vs bottleneck, 1000
#   | faster, slower: With a window of 1,000, rust_daq averages a million
#   samples at {this}, and bottleneck at {other}.
#   | no difference shown: With a window of 1,000, rust_daq and bottleneck
#   average a million samples at the same rate, {this} and {other}.
#   | inconclusive, not judged: With a window of 1,000, rust_daq averages a
#   million samples at {this}, and bottleneck at {other}. This run does not
#   decide between them.`
#
# Accuracy and speed
# ------------------
# The others carry a running sum from window to window, which pandas corrects
# at each step. rust_daq sums each window alone. The table shows the largest
# error of a mean of 16, against sums in extended precision. The samples have a
# standard deviation of 1 and an offset of 1e9.

# Preparation: The errors of each contender
names = setup()
offset = names["samples"][:100_000] + 1e9
exact = np.cumsum(offset.astype(np.longdouble) - 1e9)
exact[16:] -= exact[:-16].copy()
exact = exact[15:] / 16
made = {
    "rust_daq": names["MovingAverage"](16).process_values(offset)[15:],
    "cumulated sum": names["cumulated"](offset, 16),
    "uniform_filter1d": names["uniform"](offset, 16)[8:-7],
    "pandas": pd.Series(offset).rolling(16).mean().to_numpy()[15:],
}
if "bottleneck" not in absent:
    made["bottleneck"] = names["bottleneck"].move_mean(offset, 16)[15:]
if "numba" not in absent:
    made["numba"] = setup_compiled()["compiled"](offset, 16)[15:]
errors = pd.DataFrame(
    {
        "largest error": [
            f"{np.abs((means - 1e9) - exact).max():.1e}"
            for means in made.values()
        ]
    },
    index=pd.Index(made, name="contender"),
)
# %%

bench.TableMarkup(errors, "Largest error of a mean of 16")

# %%
# The filter
# ----------
# Butterworth filters in second-order sections, as ``scipy.signal`` designs
# them: one section, and four.

second = scipy.signal.butter(2, 0.1, output="sos")
eighth = scipy.signal.butter(8, 0.1, output="sos")
weights = scipy.signal.get_window("hann", 1024)


# Preparation: The names that the statements use
def setup_signals():
    """Return the names that the statements of filters and spectra use."""
    import functools

    import numpy as np

    from rust_daq import Channel
    from rust_daq.process import Fft, Iir, MovingAverage

    if importlib.util.find_spec("bottleneck"):
        import bottleneck

    samples = np.random.default_rng(1).normal(size=1_000_000)
    arrived = functools.cache(lambda size: samples[:size].copy())
    filters = {2: Iir(second), 8: Iir(eighth)}
    average = MovingAverage(16)
    tail = np.zeros(15)
    fft = Fft(1024, 512, 1e6)
    batch = Channel("ai0", "V").batch(samples, start=0, rate=1e6)
    gain = 1 / (1e6 * (weights**2).sum())
    frames = np.lib.stride_tricks.sliding_window_view(samples, 1024)[::512]

    def joined(chunk):
        """Return the means of a chunk after the fifteen samples before it."""
        nonlocal tail
        whole = np.concatenate([tail, chunk])
        tail = whole[-15:]
        return bottleneck.move_mean(whole, 16, min_count=1)[15:]

    def decibels(frames):
        """Return spectra in blocks of frames that stay in the cache."""
        import scipy.fft

        spectra = np.empty((len(frames), 513))
        for first in range(0, len(frames), 64):
            lines = scipy.fft.rfft(frames[first : first + 64] * weights)
            power = lines.real**2 + lines.imag**2
            power *= gain
            power[:, 1:-1] *= 2
            block = spectra[first : first + 64]
            np.log10(power, out=block)
            block *= 10
        return spectra

    def spectra():
        power = fft.process_values(samples)
        np.log10(power, out=power)
        power *= 10
        return power

    return locals()


def setup_scipy():
    """Return the names that the statements of SciPy's filters use."""
    import functools

    import numpy as np
    from scipy.signal import sosfilt, sosfilt_zi

    samples = np.random.default_rng(1).normal(size=1_000_000)
    arrived = functools.cache(lambda size: samples[:size].copy())
    sections, state = {2: second, 8: eighth}, sosfilt_zi(second)
    return locals()


# %%

by_scipy = {
    order: bench.Statement(f"sosfilt(sections[{order}], samples)", setup_scipy)
    for order in (2, 8)
}
bench.compare(
    {
        "rust_daq, order 2": "filters[2].process_values(samples)",
        "sosfilt, order 2": by_scipy[2],
        "rust_daq, order 8": "filters[8].process_values(samples)",
        "sosfilt, order 8": by_scipy[8],
    },
    setup=setup_signals,
    name="filter",
    settings=settings,
    share=0.2,
)

# %%
# In chunks
# ---------
# Samples arrive a few at a time. A processor stores its state. ``sosfilt``
# receives the state and returns it. ``bottleneck`` has none: its contender
# puts the end of the last chunk before the next one.

chunks = bench.throughput(
    there(
        {
            "Iir": "filters[2].process_values(arrived(n))",
            "sosfilt": bench.Statement(
                "sosfilt(sections[2], arrived(n), zi=state)", setup_scipy
            ),
            "MovingAverage": "average.process_values(arrived(n))",
            "bottleneck": "joined(arrived(n))",
        }
    ),
    sizes=[16, 256, 4096],
    setup=setup_signals,
    name="chunks",
    settings=settings,
    share=0.25,
)
chunks

# %%

chunks.plot()

# %%
# The filters and the moving averages do different work: compare ``Iir`` with
# ``sosfilt``, and ``MovingAverage`` with bottleneck.
# :verdict:`processors/chunks/Iir/16 vs sosfilt
# | faster, slower: With 16 samples per call, Iir filters samples at {this},
# and sosfilt at {other}.
# | no difference shown: With 16 samples per call, Iir and sosfilt filter
# samples at the same rate, {this} and {other}.
# | inconclusive, not judged: With 16 samples per call, Iir filters samples at
# {this}, and sosfilt at {other}; this run does not decide between them.`
#
# The spectrum
# ------------
# Frames of 1,024 samples, half overlapping, with a Hann window, in decibels.
# SciPy transforms a block of frames at once. An ``Fft`` makes spectra of an
# array, which NumPy converts to decibels, or of a batch, where ``Spectra`` has
# the decibels.

bench.compare(
    {
        "Fft, log10": "spectra()",
        "Fft, decibels": "fft.process(batch).decibels()",
        "scipy.fft, blocks": "decibels(frames)",
    },
    setup=setup_signals,
    name="spectrum",
    settings=settings,
    share=0.2,
)

# %%
# What to do
# ----------
# For one whole array in memory, compare the packages that your program already
# uses in the tables above. :doc:`/slow` has the rule.
