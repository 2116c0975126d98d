"""What guides like this one assert, each assertion with the claims that put it to a measurement of this run.

A claim is its sentence, the result that decides, what is read of it, what the decision has to be for it to hold, and
the noise floor that an effect has to exceed.  A claim that does not hold stays.
"""

from evenhand import AtLeast, Bytes, Claim, Cost, Missed, Percentile, Scaling, Tail

POINT = "rust_daq.DataPoint"
SLOTS = "dataclass, slots"
KEPT = 100_000

# Where identical programs were measured, each kind of number by its own.
COST = "noise/cost/noise_floor"
P95, P99 = "noise/latency/p95_noise_floor", "noise/latency/p99_noise_floor"
SCALING = "noise/batches/scaling_noise_floor"
THREADS = "gil/calls/noise_floor"

FASTER, SLOWER, SAME = "faster", "slower", "no difference shown"

ASSERTIONS = {
    "The Rust binding outperforms pure-Python constructors": (
        Claim(
            "Constructing a DataPoint is faster than a dict literal.",
            "benchmark_datapoint/ready",
            Cost(POINT, "dict"),
            FASTER,
            COST,
        ),
        Claim(
            "Constructing a DataPoint is faster than a dataclass with slots.",
            "benchmark_datapoint/ready",
            Cost(POINT, SLOTS),
            FASTER,
            COST,
        ),
        Claim(
            "Constructing a DataPoint is faster than a NamedTuple.",
            "benchmark_datapoint/ready",
            Cost(POINT, "NamedTuple"),
            FASTER,
            COST,
        ),
        Claim(
            "Constructing a DataPoint is faster than a frozen msgspec.Struct with gc=False, which is written in C.",
            "benchmark_datapoint/ready",
            Cost(POINT, "msgspec.Struct"),
            FASTER,
            COST,
        ),
        Claim(
            "By keyword it is faster than such a msgspec.Struct, too.",
            "benchmark_datapoint/keywords",
            Cost(POINT, "msgspec.Struct"),
            FASTER,
            COST,
        ),
    ),
    "Especially in the tail": (
        Claim(
            "At the 95th percentile of single calls a DataPoint is faster than a dict literal.",
            "benchmark_datapoint/latency",
            Percentile(POINT, "p95", "dict"),
            FASTER,
            P95,
        ),
        Claim(
            "At the 99th percentile of single calls a DataPoint is faster than a dict literal.",
            "benchmark_datapoint/latency",
            Percentile(POINT, "p99", "dict"),
            FASTER,
            P99,
        ),
        Claim(
            "At the 95th percentile of single calls a DataPoint is faster than a dataclass with slots.",
            "benchmark_datapoint/latency",
            Percentile(POINT, "p95", SLOTS),
            FASTER,
            P95,
        ),
        Claim(
            "At the 99th percentile of single calls a DataPoint is faster than a dataclass with slots.",
            "benchmark_datapoint/latency",
            Percentile(POINT, "p99", SLOTS),
            FASTER,
            P99,
        ),
    ),
    "Throughput scales near-linearly, and pure Python slows down more beyond 10,000 objects": (
        Claim(
            "A DataPoint in a list of 100,000 costs what it costs in one of 10,000.",
            "benchmark_throughput/throughput",
            Scaling(POINT),
            SAME,
            SCALING,
        ),
        Claim(
            "From 10,000 to 100,000 the cost per object rises more for dicts than for DataPoints.",
            "benchmark_throughput/throughput",
            Scaling("dict", POINT),
            SLOWER,
            SCALING,
        ),
        Claim(
            "From 10,000 to 100,000 the cost per object rises more for dataclasses with slots than for DataPoints.",
            "benchmark_throughput/throughput",
            Scaling(SLOTS, POINT),
            SLOWER,
            SCALING,
        ),
    ),
    "Peak memory is lower": (
        Claim(
            "At its peak a list of 100,000 DataPoints takes less than one of dicts.",
            "benchmark_memory/footprint",
            Bytes(POINT, "dict", KEPT),
            FASTER,
        ),
        Claim(
            "At its peak a list of 100,000 DataPoints takes less than one of dataclasses with slots.",
            "benchmark_memory/footprint",
            Bytes(POINT, SLOTS, KEPT),
            FASTER,
        ),
        Claim(
            "tracemalloc sees what a batch of 100,000 rows takes.",
            "zero_copy/footprint",
            Bytes("batch", "batch", KEPT, "traced_current_bytes", "heap_bytes"),
            SAME,
        ),
    ),
    "At 1 kHz no arrival is missed, and headroom exceeds 1": (
        Claim(
            "A loop in Python that makes a DataPoint and averages it has done every arrival by the end of the run.",
            "compare_alternatives/paced",
            Missed(POINT),
            SAME,
        ),
        Claim(
            "The headroom of a pipeline with a callback for each point exceeds 1.",
            "compare_alternatives/headroom",
            AtLeast("rust_daq.Pipeline", "headroom", 1.0),
            FASTER,
        ),
        Claim(
            "The headroom of the same acquisition in pure Python exceeds 1.",
            "compare_alternatives/headroom",
            AtLeast("pure Python", "headroom", 1.0),
            FASTER,
        ),
    ),
    "GIL acquisition dominates the tail latency of round trips": (
        Claim(
            "Without another thread, the 99th percentile of attaching is more than half of that of a round trip.",
            "tails",
            Tail("attach", "round trip", "p99", share=0.5),
            SLOWER,
        ),
        Claim(
            "Next to a busy Python thread, the 90th percentile of attaching is more than half of that of a round trip.",
            "tails",
            Tail("attach, busy thread", "round trip, busy thread", "p90", share=0.5),
            SLOWER,
        ),
    ),
    "datetime.now() is an expensive part of each constructor": (
        Claim(
            "datetime.now() is more than half of the construction of a DataPoint that it stamps.",
            "timestamps/clock",
            Cost("datetime.now alone", "stamped by datetime.now", share=0.5),
            SLOWER,
            COST,
        ),
        Claim(
            "datetime.now() is more than half of a dict literal that it stamps.",
            "timestamps/clock",
            Cost("datetime.now alone", "dict, stamped by datetime.now", share=0.5),
            SLOWER,
            COST,
        ),
    ),
    "Letting Rust stamp removes it": (
        Claim(
            "A point that Rust stamps is faster than one that datetime.now() stamps.",
            "timestamps/clock",
            Cost("stamped in Rust", "stamped by datetime.now"),
            FASTER,
            COST,
        ),
        Claim(
            "A point that Rust stamps costs what one with a ready datetime costs.",
            "timestamps/clock",
            Cost("stamped in Rust", "ready timestamp"),
            SAME,
            COST,
        ),
        Claim(
            "A point that its channel stamps is faster than a msgspec.Struct with time.time_ns().",
            "timestamps/stamped",
            Cost("Channel.point", "msgspec.Struct, ns"),
            FASTER,
            COST,
        ),
    ),
    "Large metadata increases allocations": (
        Claim(
            "A point with a dict of two entries takes more memory than one without.",
            "metadata/footprint",
            Bytes("dict of two", "none", 1_000, "heap_bytes"),
            SLOWER,
        ),
        Claim(
            "A point with a dict of twenty entries takes more memory than one with two.",
            "metadata/footprint",
            Bytes("dict of twenty", "dict of two", 1_000, "heap_bytes"),
            SLOWER,
        ),
        Claim(
            "A construction with a dict of two entries takes longer than one without.",
            "metadata/price",
            Cost("dict of two", "none"),
            SLOWER,
            COST,
        ),
    ),
    "Sharing metadata removes that": (
        Claim(
            "A point that shares its metadata takes the memory of one without.",
            "metadata/footprint",
            Bytes("shared", "none", 1_000, "heap_bytes"),
            SAME,
        ),
        Claim(
            "A point that is given shared metadata costs what one without costs.",
            "metadata/price",
            Cost("shared", "none"),
            SAME,
            COST,
        ),
        Claim(
            "A point of a channel with metadata costs what one of a channel without costs.",
            "metadata/price",
            Cost("channel with", "channel without"),
            SAME,
            COST,
        ),
    ),
    "tracemalloc inflates latency": (
        Claim(
            "The construction of a DataPoint takes longer while tracemalloc traces.",
            "benchmark_memory/tracemalloc",
            Cost("tracemalloc on", "tracemalloc off"),
            SLOWER,
            COST,
        ),
        Claim(
            "A dict literal takes longer while tracemalloc traces.",
            "benchmark_memory/tracemalloc",
            Cost("dict, tracemalloc on", "dict, tracemalloc off"),
            SLOWER,
            COST,
        ),
    ),
    "Batch conversion beats single calls": (
        Claim(
            "A list of points made in one call is faster than as many calls of Channel.point.",
            "crossing/points",
            Cost("one call for all", "called from Python"),
            FASTER,
            COST,
        ),
        Claim(
            "A list of points made in one call is faster than a comprehension of msgspec.Struct.",
            "batches/block",
            Cost("Channel.points", "msgspec.Struct"),
            FASTER,
            COST,
        ),
        Claim(
            "Columns are made faster than NumPy makes them.",
            "batches/columns",
            Cost("Channel.batch", "NumPy"),
            FASTER,
            COST,
        ),
    ),
    "Releasing the GIL lets another thread work": (
        Claim(
            "A count in Python is faster next to a moving average that releases the GIL than next to another count.",
            "gil/calls",
            Cost("MovingAverage.process", "another count"),
            FASTER,
            THREADS,
        ),
        Claim(
            "A count in Python takes next to that moving average what it takes alone.",
            "gil/calls",
            Cost("MovingAverage.process", "alone"),
            SAME,
            THREADS,
        ),
    ),
    "What this package says of itself": (
        Claim(
            "Reading .value costs what CPython's own attribute of that kind, complex.real, costs.",
            "timestamps/reading",
            Cost(".value", "complex.real"),
            SAME,
            COST,
        ),
        Claim(
            "A batch becomes a pyarrow table faster than two NumPy arrays do.",
            "zero_copy/views",
            Cost("pyarrow.table(batch)", "pyarrow.table of two arrays"),
            FASTER,
            COST,
        ),
        Claim(
            "Block by block a stream reaches the operating system faster than from pyarrow's buffer, flushed for each.",
            "streams/written",
            Cost("ArrowWriter, flush", "new_stream(buffer), flush"),
            FASTER,
            COST,
        ),
        Claim(
            "A stream is read faster than pyarrow reads it.",
            "streams/read",
            Cost("open_recording", "pyarrow"),
            FASTER,
            COST,
        ),
        Claim(
            "An interpreter that imports this package ends sooner than one that imports msgspec.",
            "imports/imports",
            Cost("rust_daq", "msgspec"),
            FASTER,
            COST,
        ),
    ),
}
CLAIMS = tuple(claim for claims in ASSERTIONS.values() for claim in claims)
NOTES = {
    "The Rust binding outperforms pure-Python constructors": (
        "Each contender receives an existing timestamp and builds the same data. Claims about the clock are below."
    ),
    "Especially in the tail": (
        "The timing of a single call includes a reading of the clock, which moves the ratio towards 1."
    ),
    "Throughput scales near-linearly, and pure Python slows down more beyond 10,000 objects": (
        "The first ratio divides the time per point in a list of 100,000 by that in a list of 10,000. The others "
        "divide this ratio of one kind of object by that of another."
    ),
    "Peak memory is lower": (
        "The peak covers the whole heap: allocations of Python and of Rust. tracemalloc sees only Python's allocator."
    ),
    "At 1 kHz no arrival is missed, and headroom exceeds 1": (
        "Headroom is the highest rate that a program holds for a twentieth of a second, divided by the rate asked for; "
        "its row prints the headroom. It holds a rate when it processes over nine tenths of it in one of two tries. An "
        "arrival is missed if it is not done by the end of a run of a second; before that it is only late."
    ),
    "GIL acquisition dominates the tail latency of round trips": (
        "Single calls, timed in Rust in six processes before the examples ran. The ratio divides attaching alone by "
        "the whole round trip, and is judged against a half. There is no identical pair, so there is no noise floor."
    ),
    "datetime.now() is an expensive part of each constructor": (
        "The ratio divides the call alone by the whole construction, and is judged against a half."
    ),
    "Letting Rust stamp removes it": "Rust reads the same clock without a datetime object and two look-ups.",
    "Releasing the GIL lets another thread work": (
        "This takes a second core. The count next to a call also waits for that call to end."
    ),
    "What this package says of itself": (
        "Importing this package imports neither NumPy nor datetime; the first array and the first datetime do, and "
        "that time is not counted. msgspec imports datetime at once."
    ),
}
"""What a reader of an assertion's numbers has to know."""
