"""The expectations that guides like this one state, each with the measurement that judges it."""

from rust_daq.bench import Claim

POINT = "rust_daq.DataPoint"

CLAIMS = (
    Claim(
        "Constructing a DataPoint is faster than a dict literal.",
        "benchmark_datapoint/ready",
        lambda result: result.ratio(POINT, "dict", corrected=True),
        "faster",
    ),
    Claim(
        "Constructing a DataPoint is faster than a dataclass with slots.",
        "benchmark_datapoint/ready",
        lambda result: result.ratio(POINT, "dataclass, slots", corrected=True),
        "faster",
    ),
    Claim(
        "At the 95th percentile of single calls it is faster than a dataclass with slots.",
        "benchmark_datapoint/latency",
        lambda result: result.ratio(POINT, "p95", "dataclass, slots", corrected=True),
        "faster",
    ),
    Claim(
        "At the 99th percentile of single calls it is faster than a dataclass with slots.",
        "benchmark_datapoint/latency",
        lambda result: result.ratio(POINT, "p99", "dataclass, slots", corrected=True),
        "faster",
    ),
    Claim(
        "A point in a batch of 100,000 costs what it costs in a batch of 10,000.",
        "benchmark_throughput/throughput",
        lambda result: result.scaling(POINT, corrected=True),
        "no difference shown",
    ),
    Claim(
        "Dicts get dearer by the point from 10,000 to 100,000.",
        "benchmark_throughput/throughput",
        lambda result: result.scaling("dict", corrected=True),
        "slower",
    ),
    Claim(
        "Constructing a DataPoint is faster than the fastest msgspec.Struct.",
        "benchmark_datapoint/ready",
        lambda result: result.ratio(POINT, "msgspec.Struct", corrected=True),
        "faster",
    ),
    Claim(
        "By keyword, too.",
        "benchmark_datapoint/keywords",
        lambda result: result.ratio(POINT, "msgspec.Struct", corrected=True),
        "faster",
    ),
    Claim(
        "Stamping in Rust is faster than datetime.now().",
        "timestamps/clock",
        lambda result: result.ratio("stamped in Rust", "stamped by datetime.now", corrected=True),
        "faster",
    ),
    Claim(
        "A point that its channel stamps is faster than a msgspec.Struct with time.time_ns().",
        "timestamps/stamped",
        lambda result: result.ratio("Channel.point", "msgspec.Struct, ns", corrected=True),
        "faster",
    ),
    Claim(
        "Reading .value is as fast as CPython's own attribute of that kind, complex.real.",
        "timestamps/reading",
        lambda result: result.ratio(".value", "complex.real", corrected=True),
        "no difference shown",
    ),
    Claim(
        "A dict as metadata makes a construction dearer.",
        "metadata/price",
        lambda result: result.ratio("dict of two", "none", corrected=True),
        "slower",
    ),
    Claim(
        "Metadata of the channel add nothing to a point.",
        "metadata/price",
        lambda result: result.ratio("channel with", "channel without", corrected=True),
        "no difference shown",
    ),
    Claim(
        "A list of points made in one call is faster than a comprehension of msgspec.Struct.",
        "batches/block",
        lambda result: result.ratio("Channel.points", "msgspec.Struct", corrected=True),
        "faster",
    ),
    Claim(
        "Columns are made as fast as NumPy makes them, or faster.",
        "batches/columns",
        lambda result: result.ratio("Channel.batch", "NumPy", corrected=True),
        "faster",
    ),
    Claim(
        "A batch becomes a pyarrow table faster than two NumPy arrays do.",
        "zero_copy/views",
        lambda result: result.ratio("pyarrow.table(batch)", "pyarrow.table of two arrays", corrected=True),
        "faster",
    ),
    Claim(
        "Batch by batch a stream reaches the operating system faster than pyarrow writes it to a path.",
        "streams/written",
        lambda result: result.ratio("ArrowWriter, flush", "new_stream(path)", corrected=True),
        "faster",
    ),
    Claim(
        "A stream is read faster than pyarrow reads it.",
        "streams/read",
        lambda result: result.ratio("open_recording", "pyarrow", corrected=True),
        "faster",
    ),
    Claim(
        "Importing this package is faster than importing msgspec.",
        "imports/imports",
        lambda result: result.ratio("rust_daq", "msgspec", corrected=True),
        "faster",
    ),
    Claim(
        "tracemalloc makes a construction dearer while it traces.",
        "benchmark_memory/tracemalloc",
        lambda result: result.ratio("tracemalloc on", "tracemalloc off", corrected=True),
        "slower",
    ),
)
