"""
Does the GIL hurt, and which calls release it?
==============================================

Only one thread runs Python at a time. Whether your plot freezes while data is
processed depends on whether the processing call releases the GIL. This page
measures which calls do, and what a callback for each point costs the rest of
your program.

**Copy with care.** It keeps two cores busy while it runs, so run it on an
idle machine. It writes no file.

.. in-short::
    :figure: gil/calls

    :verdict:`gil/calls/MovingAverage.process vs another count
    | faster, slower: A counting loop in Python takes {this} while another
    thread runs a moving average, and {other} while it runs the same loop.
    | no difference shown: A counting loop in Python takes the same time while
    another thread runs a moving average and while it runs the same loop,
    {this} and {other}.
    | inconclusive, not judged: A counting loop in Python takes {this} while
    another thread runs a moving average, and {other} while it runs the same
    loop; this run does not decide between them.`

    :verdict:`gil/callbacks/callback per batch vs callback per point
    | faster, slower: Next to a pipeline at 100 kHz the loop takes {this} with
    a callback for each batch, and {other} with one for each point.
    | no difference shown: Next to a pipeline at 100 kHz the loop takes the
    same time with a callback for each batch and for each point, {this} and
    {other}.
    | inconclusive, not judged: Next to a pipeline at 100 kHz the loop takes
    {this} with a callback for each batch, and {other} with one for each point;
    this run does not decide between them.`
    The dashed lines of the figure mark 1 and 2 times the loop alone.

    Give the heavy work to calls that release the GIL, and pass them blocks:
    processors release it from 4,096 samples on.

:order: 8
:group: Pipeline and threads
:weight: 2
:about: which calls release the GIL, and what callbacks, loops and displays
    cost other threads
"""

# %%
# A thread that counts
# --------------------
# One thread counts to 300,000 in Python while another thread repeats a call. A
# call that releases the GIL lets both threads run, if there is a second core.
# With a call that holds the GIL, the two threads take turns. The time ends
# with the last call of the other thread. A call works on 30,000 samples, joins
# 60,000 rows, makes 10,000 points, or counts to 3,000.

# Preparation: The settings, the count, and the work in the other thread
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

    def count(end=300_000):
        number = 0
        while number < end:
            number += 1

    def during(work):
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


# %%

calls = bench.compare(
    {
        "alone": "count()",
        "MovingAverage.process": "during(lambda: average.process(batch))",
        "Iir.process": "during(lambda: lowpass.process(batch))",
        "Fft.process": "during(lambda: fft.process(batch))",
        "Batch.concat": "during(lambda: Batch.concat([batch, batch]))",
        "Channel.points": "during(lambda: channel.points(samples[:10_000]))",
        "alone, again": "count()",
        "another count": "during(lambda: count(3_000))",
    },
    setup=setup,
    name="calls",
    settings=settings,
    share=0.7,
)
calls

# %%

calls.plot(multiples=(1, 2))

# %%
# The count next to each call, against the count next to another count, which
# needs the GIL all the time:
#
# - :verdict:`gil/calls/Iir.process vs another count
#   | faster, slower: Next to Iir.process the count takes {this}, and next to
#   another count {other}.
#   | no difference shown: Next to Iir.process and next to another count it
#   takes the same time, {this} and {other}.
#   | inconclusive, not judged: Next to Iir.process the count takes {this}, and
#   next to another count {other}. This run does not decide between them.`
# - :verdict:`gil/calls/Fft.process vs another count
#   | faster, slower: Next to Fft.process the count takes {this}, and next to
#   another count {other}.
#   | no difference shown: Next to Fft.process and next to another count it
#   takes the same time, {this} and {other}.
#   | inconclusive, not judged: Next to Fft.process the count takes {this}, and
#   next to another count {other}. This run does not decide between them.`
# - :verdict:`gil/calls/Batch.concat vs another count
#   | faster, slower: Next to Batch.concat the count takes {this}, and next to
#   another count {other}.
#   | no difference shown: Next to Batch.concat and next to another count it
#   takes the same time, {this} and {other}.
#   | inconclusive, not judged: Next to Batch.concat the count takes {this},
#   and next to another count {other}. This run does not decide between them.`
# - :verdict:`gil/calls/Channel.points vs another count
#   | faster, slower: Next to Channel.points the count takes {this}, and next
#   to another count {other}.
#   | no difference shown: Next to Channel.points and next to another count it
#   takes the same time, {this} and {other}.
#   | inconclusive, not judged: Next to Channel.points the count takes {this},
#   and next to another count {other}. This run does not decide between them.`
#
# Callbacks and loops
# -------------------
# A pipeline works on threads of Rust and takes the GIL only to call Python. At
# 100 kHz, Python receives each point, each batch of 1,000, or every five
# milliseconds the newest points for a display. A callback takes the batches,
# or a loop in its own thread, plain or asyncio.


# Preparation: The acquisition, and the ways to read from it
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
    take = id  # in place of the code that uses a batch or a point

    def acquire(read, **callbacks):
        """Count while a pipeline runs, and a thread may read from it."""
        pipeline = Pipeline(instrument, [MovingAverage(16)], **callbacks)
        thread = threading.Thread(target=read, args=[pipeline])
        with pipeline:
            thread.start()
            count()
        # A loop that was late has started another run.
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


# %%

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
# Which objects threads may share
# -------------------------------
# Points, channels, metadata and batches cannot be changed. Any number of
# threads may use them. Processors and writers may be shared too: one thread at
# a time works with them. A processor has a state for each channel; two streams
# of one channel need two processors. A part of a pipeline belongs to one
# running pipeline at a time. A :class:`rust_daq.SharedSink` lets several
# pipelines write one file.
#
# What to do
# ----------
# Each line compares the count next to two ways of reading from a pipeline.
#
# - :verdict:`gil/callbacks/loop vs callback per batch
#   | faster, slower: Next to a loop over batches it takes {this}; next to a
#   callback for each batch it takes {other}.
#   | no difference shown: A loop over batches and a callback for each show no
#   difference, {this} and {other}.
#   | inconclusive, not judged: Next to a loop over batches it takes {this};
#   next to a callback for each batch it takes {other}. This run does not
#   decide between them.`
# - :verdict:`gil/callbacks/async loop vs loop
#   | faster, slower: Next to an asyncio loop it takes {this}; next to a plain
#   loop it takes {other}.
#   | no difference shown: An asyncio loop and a plain loop show no difference,
#   {this} and {other}.
#   | inconclusive, not judged: Next to an asyncio loop it takes {this}; next
#   to a plain loop it takes {other}. This run does not decide between them.`
# - :verdict:`gil/callbacks/latest vs callback per batch
#   | faster, slower: Next to a display it takes {this}; next to a callback for
#   each batch it takes {other}.
#   | no difference shown: A display and a callback for each batch show no
#   difference, {this} and {other}.
#   | inconclusive, not judged: Next to a display it takes {this}; next to a
#   callback for each batch it takes {other}. This run does not decide between
#   them.`
#
# :doc:`/slow` has the rule.
