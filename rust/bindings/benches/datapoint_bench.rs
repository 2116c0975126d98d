//! The cost of a point at the boundary between Rust and Python, measured by Criterion.

#![allow(missing_docs, reason = "written by Criterion's macros")]
#![allow(clippy::unwrap_used, reason = "a failed benchmark cannot continue")]

mod bodies;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pyo3::prelude::*;

const BATCHES: [usize; 3] = [1, 100, 1_000];

fn conversion(criterion: &mut Criterion) {
    bodies::check();
    let point = bodies::point();
    let with_metadata = bodies::point_with_metadata();
    Python::attach(|py| {
        criterion.bench_function("datapoint_rust_to_py_struct", |bencher| {
            bencher.iter(|| bodies::to_python(py, &point));
        });
        criterion.bench_function("datapoint_roundtrip_rust_python_rust", |bencher| {
            bencher.iter(|| bodies::round_trip_by_attributes(py, &point));
        });
        criterion.bench_function("datapoint_roundtrip_metadata", |bencher| {
            bencher.iter(|| bodies::round_trip_by_attributes(py, &with_metadata));
        });
        criterion.bench_function("datapoint_roundtrip_direct_borrow", |bencher| {
            bencher.iter(|| bodies::round_trip_by_borrow(py, &point));
        });
    });
}

fn batch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("batch_roundtrip");
    for size in BATCHES {
        let points = vec![bodies::point(); size];
        group.throughput(Throughput::Elements(size as u64));
        group.bench_with_input(BenchmarkId::from_parameter(size), &points, |bencher, points| {
            bencher.iter(|| bodies::batch_round_trip(points));
        });
    }
    group.finish();
}

fn attach(criterion: &mut Criterion) {
    // The thread is detached here: each call takes and releases the GIL, which no other thread requests.
    criterion.bench_function("attach", |bencher| bencher.iter(bodies::attach));
}

// With the default of 100,000 resamples, the analysis takes five times as long as the measurement for the same result.
const RESAMPLES: usize = 10_000;

criterion_group! {
    name = benches;
    config = Criterion::default().nresamples(RESAMPLES);
    targets = conversion, batch, attach
}
criterion_main!(benches);
