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
        "datetime.now() makes a construction dearer.",
        "benchmark_datapoint/clock",
        lambda result: result.ratio("stamped", "ready timestamp", corrected=True),
        "slower",
    ),
    Claim(
        "Metadata make a construction dearer.",
        "benchmark_datapoint/metadata",
        lambda result: result.ratio(f"{POINT}, shared", f"{POINT}, none", corrected=True),
        "slower",
    ),
    Claim(
        "tracemalloc makes a construction dearer while it traces.",
        "benchmark_memory/tracemalloc",
        lambda result: result.ratio("tracemalloc on", "tracemalloc off", corrected=True),
        "slower",
    ),
)
