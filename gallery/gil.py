"""
Does the GIL hurt, and which calls release it?
==============================================

Only one thread runs Python at a time. Whether your plot freezes while data is
processed depends on whether the processing call releases the GIL. After this
page you know which calls do, and what a callback for each point costs the rest
of your program.

**Copy with care.** It keeps two cores busy while it runs, so measure where
nobody waits for them; it writes no file.
"""

# %%
# A thread that counts
# --------------------
# One thread counts to 300,000 in Python, and another one repeats a call while
# it runs. A call that releases the GIL lets both threads run, where there is a
# second core; with a call that holds it, the two take turns. The count also
# waits for the last call to end, which works on 30,000 samples.

from rust_daq import bench

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)


def setup():
    """Return the names that the statements use."""
    import threading

    import numpy as np

    from rust_daq import Batch, Channel, Pipeline, SimulatedInstrument
    from rust_daq.process import Fft, Iir, MovingAverage

    samples = np.random.default_rng(1).normal(size=30_000)
    channel = Channel("ai0", "V")
    batch = channel.batch(samples, start=0, rate=1e6)
    average = MovingAverage(16)
    lowpass = Iir([[0.02, 0.04, 0.02, 1.0, -1.56, 0.64]])
    fft = Fft(1024, 512, 1e6)
    instrument = SimulatedInstrument(1e5, channel, scans_per_read=1000)

    def count():
        number = 0
        while number < 300_000:
            number += 1

    def beside(work):
        """Count while another thread repeats some work."""
        done = False

        def repeat():
            while not done:
                work()

        thread = threading.Thread(target=repeat)
        thread.start()
        count()
        done = True
        thread.join()

    def acquiring(**callbacks):
        """Count while a pipeline acquires at 100 kHz."""
        with Pipeline(instrument, [average], **callbacks):
            count()

    def nothing(given):
        pass

    return locals()


calls = bench.compare(
    {
        "alone": "count()",
        "MovingAverage.process": "beside(lambda: average.process(batch))",
        "Iir.process": "beside(lambda: lowpass.process(batch))",
        "Fft.process": "beside(lambda: fft.process(batch))",
        "Batch.concat": "beside(lambda: Batch.concat([batch, batch]))",
        "Channel.points": "beside(lambda: channel.points(samples[:10_000]))",
        "numpy.sort": "beside(lambda: np.sort(samples))",
        "alone, again": "count()",
        "another count": "beside(count)",
    },
    setup=setup,
    name="calls",
    settings=settings,
    share=0.7,
)
calls

# %%

calls.plot()

# %%
# Callbacks
# ---------
# A pipeline works on threads of Rust and takes the GIL only to call Python:
# here not at all, for each batch of 1,000, and for each point of it, at
# 100 kHz.

bench.compare(
    {
        "alone": "count()",
        "no callback": "acquiring()",
        "callback per batch": "acquiring(on_batch=nothing)",
        "callback per point": "acquiring(on_point=nothing)",
    },
    setup=setup,
    name="callbacks",
    settings=settings,
    share=0.3,
)

# %%
# What to do
# ----------
# Let calls that release the GIL do the heavy work, and give them blocks.
#
# - :verdict:`gil/calls/MovingAverage.process vs another count
#   | faster: Next to a moving average the count takes {this}, next to another
#   count {other}.
#   | no difference shown: The count takes as much time next to a moving
#   average as next to another count, {this} and {other}.`
# - :verdict:`gil/callbacks/callback per batch vs callback per point
#   | faster, slower: With a callback for each batch it takes {this}, with one
#   for each point {other}.
#   | no difference shown: A callback for each batch and one for each point
#   take the same from it, {this} and {other}.
#   | inconclusive: This run cannot tell a callback for each batch, {this},
#   from one for each point, {other}.`
#
# :doc:`/tuning` has the rule.
