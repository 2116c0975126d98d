"""
Does the GIL hurt, and which calls release it?
==============================================

Only one thread runs Python at a time. Whether your plot freezes while data is
processed depends on whether the processing call releases the GIL. After this
page you know which calls do, and what a callback for each point costs the rest
of your program.

**Copy with care.** It keeps two cores busy while it runs, so measure where
nobody waits for them; it writes no file.

:order: 8
:weight: 2
:about: which calls release the GIL, and what callbacks, loops and displays
    cost other threads
"""

# %%
# A thread that counts
# --------------------
# One thread counts to 300,000 in Python, and another one repeats a call while
# it runs. A call that releases the GIL lets both threads run, where there is a
# second core; with a call that holds it, the two take turns. The count also
# waits for the last call to end, which works on 30,000 samples.

import evenhand as bench

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)


def setup():
    """Return the names that the statements use."""
    import threading

    import numpy as np

    from rust_daq import Batch, Channel
    from rust_daq.process import Fft, Iir, MovingAverage

    samples = np.random.default_rng(1).normal(size=30_000)
    channel = Channel("ai0", "V")
    batch = channel.batch(samples, start=0, rate=1e6)
    average = MovingAverage(16)
    lowpass = Iir([[0.02, 0.04, 0.02, 1.0, -1.56, 0.64]])
    fft = Fft(1024, 512, 1e6)

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

    return locals()


calls = bench.compare(
    {
        "alone": "count()",
        "MovingAverage.process": "beside(lambda: average.process(batch))",
        "Iir.process": "beside(lambda: lowpass.process(batch))",
        "Fft.process": "beside(lambda: fft.process(batch))",
        "Batch.concat": "beside(lambda: Batch.concat([batch, batch]))",
        "Channel.points": "beside(lambda: channel.points(samples[:10_000]))",
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
# Callbacks and loops
# -------------------
# A pipeline works on threads of Rust and takes the GIL only to call Python. At
# 100 kHz Python gets each point, each batch of 1,000, or every five
# milliseconds the newest points for a display. Batches are given to a
# callback, or taken by a loop, plain or of asyncio, in a thread of its own.


def acquiring():
    """Return the names that the acquisitions at 100 kHz use."""
    import asyncio
    import threading

    from rust_daq import Channel, Pipeline, SimulatedInstrument
    from rust_daq.process import MovingAverage

    instrument = SimulatedInstrument(
        1e5, Channel("ai0", "V"), scans_per_read=1000
    )
    count = setup()["count"]
    take = id  # stands for the code that uses a batch or a point

    def acquire(read, **callbacks):
        """Count while a pipeline runs, and a thread may read from it."""
        pipeline = Pipeline(instrument, [MovingAverage(16)], **callbacks)
        thread = threading.Thread(target=read, args=[pipeline])
        with pipeline:
            thread.start()
            count()
        # A loop that came late has begun a run of its own.
        while thread.is_alive():
            pipeline.stop()
            thread.join(0.01)

    def loop(pipeline):
        for batch in pipeline:
            take(batch)

    async def async_loop(pipeline):
        async for batch in pipeline:
            take(batch)

    def display(pipeline):
        while not pipeline.wait(0.005):
            take(pipeline.latest(1_000))

    return locals()


bench.compare(
    {
        "alone": "count()",
        "callback per batch": "acquire(take, on_batch=take)",
        "callback per point": "acquire(take, on_point=take)",
        "loop": "acquire(loop)",
        "async loop": "acquire(lambda it: asyncio.run(async_loop(it)))",
        "latest": "acquire(display)",
    },
    setup=acquiring,
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
#   average as next to another count, {this} and {other}.
#   | inconclusive: This run cannot tell the count next to a moving average,
#   {this}, from that next to another count, {other}.`
# - :verdict:`gil/callbacks/callback per batch vs callback per point
#   | faster, slower: With a callback for each batch it takes {this}, with one
#   for each point {other}.
#   | no difference shown: A callback for each batch and one for each point
#   take the same from it, {this} and {other}.
#   | inconclusive: This run cannot tell a callback for each batch, {this},
#   from one for each point, {other}.`
# - :verdict:`gil/callbacks/loop vs callback per batch
#   | faster, slower: Next to a loop over batches it takes {this}, next to a
#   callback for each {other}.
#   | no difference shown: A loop over batches and a callback for each take the
#   same from it, {this} and {other}.
#   | inconclusive: This run cannot tell a loop over batches, {this}, from a
#   callback for each, {other}.`
# - :verdict:`gil/callbacks/async loop vs loop
#   | faster, slower: Next to a loop of asyncio it takes {this}, next to a
#   plain one {other}.
#   | no difference shown: A loop of asyncio and a plain one take the same from
#   it, {this} and {other}.
#   | inconclusive: This run cannot tell a loop of asyncio, {this}, from a
#   plain one, {other}.`
# - :verdict:`gil/callbacks/latest vs callback per batch
#   | faster, slower: Next to a display it takes {this}, next to a callback for
#   each batch {other}.
#   | no difference shown: A display and a callback for each batch take the
#   same from it, {this} and {other}.
#   | inconclusive: This run cannot tell a display, {this}, from a callback for
#   each batch, {other}.`
#
# :doc:`/slow` has the rule.
