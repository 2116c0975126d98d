//! Tests of the pipeline through its public interface.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::batch::Batch;
use crate::channel::Channel;
use crate::metadata::Metadata;
use crate::process::Output;

/// The batches and calls that a sink received.
#[derive(Debug, Default)]
struct Seen {
    batches: Vec<Batch>,
    closed: usize,
}

/// A sink that stores batches; if there is a gate, each waits for it.
struct Keeper {
    seen: Arc<Mutex<Seen>>,
    gate: Option<Receiver<()>>,
}

impl Sink for Keeper {
    fn write(&mut self, output: &Output) -> Result<(), Failure> {
        if let Some(gate) = &self.gate {
            // The gate is open once its sender is dropped.
            let _ = gate.recv();
        }
        let Output::Batch(batch) = output else { return Err("no batch".into()) };
        self.seen.lock().unwrap().batches.push(batch.clone());
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.seen.lock().unwrap().closed += 1;
        Ok(())
    }
}

fn keeper() -> (Keeper, Arc<Mutex<Seen>>) {
    let seen = Arc::default();
    (Keeper { seen: Arc::clone(&seen), gate: None }, seen)
}

fn gated() -> (Keeper, Arc<Mutex<Seen>>, Sender<()>) {
    let (sender, gate) = mpsc::channel();
    let seen = Arc::default();
    (Keeper { seen: Arc::clone(&seen), gate: Some(gate) }, seen, sender)
}

fn batch(rows: usize) -> Batch {
    let channel = Channel::new("laser", "V", None).unwrap();
    Batch::of_channel(channel, vec![0; rows].into(), vec![1.5; rows].into()).unwrap()
}

/// A source of batches with these numbers of rows; signals on `given` after the last read.
fn feed(sizes: Vec<usize>, given: Option<Sender<()>>) -> Box<dyn Source> {
    let mut sizes = sizes.into_iter();
    let read = move || {
        let next = sizes.next().map(batch);
        if let (None, Some(given)) = (&next, &given) {
            let _ = given.send(());
        }
        Ok(next)
    };
    Box::new(Feed::new(read, None).unwrap())
}

fn acquisition(source: Box<dyn Source>, sink: impl Sink + 'static) -> Acquisition {
    Acquisition {
        source,
        stages: Vec::new(),
        sinks: vec![Box::new(sink)],
        capacity: 1000,
        on_full: OnFull::Block,
        duration: None,
        read: false,
        newest: 0,
        around: |work| work(),
    }
}

fn adds_up(counts: Counts) -> bool {
    let Counts { produced, processed, dropped, abandoned, queued, .. } = counts;
    produced == processed + dropped + abandoned + queued
}

/// Waits for the end; returns the report, and the failures as text.
fn finished(run: &Run) -> (Report, Vec<String>) {
    assert!(run.wait(None));
    let failures = run.take_failures().iter().map(ToString::to_string).collect();
    let report = run.report();
    assert!(adds_up(report.counts) && report.counts.queued == 0, "{:?}", report.counts);
    (report, failures)
}

/// A source that never ends.
fn endless() -> Box<dyn Source> {
    Box::new(Feed::new(|| Ok(Some(batch(10))), None).unwrap())
}

/// The sequence numbers of all rows that a sink received.
fn numbers(seen: &Mutex<Seen>) -> Vec<u64> {
    let seen = seen.lock().unwrap();
    let rows = |batch: &Batch| {
        let first = batch.first_sequences().unwrap()[0];
        first..first + batch.len() as u64
    };
    seen.batches.iter().flat_map(rows).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_lost_point_is_counted_and_a_gap(
        sizes in prop::collection::vec(1_usize..20, 0..40),
        capacity in 20_usize..60,
        policy in prop::sample::select(vec![OnFull::DropOldest, OnFull::DropNewest]),
    ) {
        let (sink, seen, gate) = gated();
        let (given, all_given) = mpsc::channel();
        let produced: usize = sizes.iter().sum();
        let mut stalled = acquisition(feed(sizes, Some(given)), sink);
        (stalled.capacity, stalled.on_full) = (capacity, policy);
        let run = stalled.start().unwrap();
        // The consumer waits until the source has ended.
        all_given.recv().unwrap();
        drop(gate);
        let (report, _) = finished(&run);
        let kept = numbers(&seen);
        prop_assert_eq!(report.counts.produced, produced as u64);
        prop_assert_eq!(report.counts.processed, kept.len() as u64);
        prop_assert_eq!(report.counts.dropped, (produced - kept.len()) as u64);
        prop_assert!(kept.is_sorted_by(|number, next| number < next));
        prop_assert!(report.counts.high_water <= capacity as u64);
        // Only batches that did not fit were dropped.
        prop_assert!(produced <= capacity || !kept.is_empty());
        if produced <= capacity {
            prop_assert_eq!(report.counts.dropped, 0);
        }
        let end = kept.last().map_or(0, |number| number + 1);
        if policy == OnFull::DropOldest {
            prop_assert_eq!(end, produced as u64);
        } else {
            prop_assert_eq!(kept.first().copied().unwrap_or(0), 0);
        }
    }

    #[test]
    fn a_source_that_waits_loses_nothing(
        sizes in prop::collection::vec(1_usize..20, 0..40),
        capacity in 20_usize..60,
    ) {
        let (sink, seen) = keeper();
        let produced: usize = sizes.iter().sum();
        let mut run = acquisition(feed(sizes, None), sink);
        run.capacity = capacity;
        let (report, _) = finished(&run.start().unwrap());
        prop_assert_eq!(report.counts.dropped, 0);
        prop_assert_eq!(numbers(&seen), (0..produced as u64).collect::<Vec<_>>());
        prop_assert!(report.counts.high_water <= capacity as u64);
    }
}

/// A stage that fails at the nth batch with the failure of `fail`.
struct Faulty(usize, fn() -> Failure);

impl Stage for Faulty {
    fn apply(&mut self, batch: &Batch) -> Result<Output, Failure> {
        self.0 -= 1;
        if self.0 == 0 { Err(self.1()) } else { Ok(Output::Batch(batch.clone())) }
    }

    fn reset(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// Reads in a loop; returns the number of rows, and whether it left before the end.
fn read(run: &Run, most: usize) -> (u64, bool) {
    let mut rows = 0;
    for _ in 0..most {
        loop {
            if let Some(output) = run.handover().take(1, Duration::from_secs(1)) {
                rows += output.len() as u64;
                break;
            }
            if run.wait(Some(Duration::ZERO)) {
                return (rows, false);
            }
        }
    }
    (rows, true)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn batches_not_taken_by_a_loop_are_dropped_or_abandoned(
        sizes in prop::collection::vec(1_usize..20, 0..40),
        capacity in 20_usize..60,
        policy in prop::sample::select(vec![OnFull::Block, OnFull::DropOldest, OnFull::DropNewest]),
        most in 0_usize..40,
    ) {
        let (sink, seen) = keeper();
        let mut looped = acquisition(feed(sizes, None), sink);
        (looped.capacity, looped.on_full, looped.read) = (capacity, policy, true);
        looped.newest = 30;
        let run = looped.start().unwrap();
        let (rows, left) = read(&run, most);
        if left {
            run.stop(false);
            run.handover().leave(Some(1));
        }
        let (report, failures) = finished(&run);
        prop_assert_eq!(failures, Vec::<String>::new());
        prop_assert_eq!(report.counts.processed, rows);
        if !left {
            prop_assert_eq!(report.counts.abandoned, 0);
        }
        let numbers = numbers(&seen);
        let latest = run.latest(30).unwrap();
        let kept = numbers.len().min(30);
        prop_assert_eq!(latest.len(), kept);
        if let (Output::Batch(batch), Some(last)) = (latest, numbers.last()) {
            // If batches were dropped in between, the joined batch has no numbers.
            if let Some(first) = batch.first_sequences() {
                prop_assert_eq!(first[0] + kept as u64, last + 1);
            }
        }
    }
}

#[test]
fn after_a_loop_leaves_the_run_continues_and_another_loop_reads() {
    let (sink, seen) = keeper();
    let mut looped = acquisition(feed(vec![1; 10], None), sink);
    looped.read = true;
    let run = looped.start().unwrap();
    assert_eq!(run.handover().attach(), None);
    assert_eq!(read(&run, 3), (3, true));
    run.handover().leave(Some(2)); // a number without a loop
    assert!(run.handover().is_read_here());
    run.handover().leave(None);
    assert!(!run.handover().is_read_here() && run.handover().take(1, Duration::ZERO).is_none());
    let (report, _) = finished(&run);
    assert_eq!((report.counts.processed, seen.lock().unwrap().batches.len()), (10, 10));
    assert_eq!(run.handover().attach(), Some(2));
    assert!(run.handover().take(2, Duration::from_secs(60)).is_none());
}

#[test]
fn a_stage_that_panics_ends_the_run_too() {
    let (sink, seen) = keeper();
    let mut broken = acquisition(endless(), sink);
    broken.stages.push(Box::new(Faulty(2, || panic!("a defect"))));
    let (report, failures) = finished(&broken.start().unwrap());
    assert_eq!(failures, ["a part of the pipeline panicked: a defect"]);
    assert_eq!(report.ended, Some(Ended::Failed));
    assert_eq!(seen.lock().unwrap().closed, 1);
}

#[test]
fn batches_before_a_failure_of_the_source_are_processed() {
    let (sink, _seen) = keeper();
    let mut left = 3;
    let read = move || {
        left -= 1;
        if left > 0 { Ok(Some(batch(5))) } else { Err("unplugged".into()) }
    };
    let source = Box::new(Feed::new(read, None).unwrap());
    let (report, failures) = finished(&acquisition(source, sink).start().unwrap());
    assert_eq!(failures, ["unplugged"]);
    assert_eq!((report.ended, report.counts.processed), (Some(Ended::Failed), 10));
}

/// A sink that fails when it is closed.
struct Unclosable;

impl Sink for Unclosable {
    fn write(&mut self, _output: &Output) -> Result<(), Failure> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        Err("disk full".into())
    }
}

#[test]
fn every_sink_is_closed_even_if_others_fail() {
    let (sink, seen) = keeper();
    let mut run = acquisition(feed(vec![1], None), Unclosable);
    run.sinks.extend([Box::new(sink) as Box<dyn Sink>, Box::new(Unclosable)]);
    let (report, failures) = finished(&run.start().unwrap());
    assert_eq!(failures, ["disk full", "disk full"]);
    assert_eq!((report.ended, seen.lock().unwrap().closed), (Some(Ended::Failed), 1));
}

#[test]
fn a_dropped_run_ends_and_closes_its_sinks() {
    let (sink, seen) = keeper();
    drop(acquisition(endless(), sink).start().unwrap());
    while seen.lock().unwrap().closed == 0 {
        std::thread::yield_now();
    }
}

#[test]
fn samples_of_each_name_are_numbered_across_batches() {
    let named = |name, metadata: &str| {
        Channel::new(name, "V", Some(Metadata::from_json(metadata).unwrap())).unwrap()
    };
    let channels = [named("a", "1"), named("b", "1"), named("a", "2")];
    let of = move |indices: &[i32]| {
        let times = vec![0; indices.len()].into();
        let values = vec![0.0; indices.len()].into();
        Batch::new(times, values, &channels, Some(indices.to_vec().into())).unwrap()
    };
    let mut batches = vec![of(&[0, 1, 2, 0]), of(&[2]), of(&[1, 1, 0])].into_iter();
    let source = Box::new(Feed::new(move || Ok(batches.next()), None).unwrap());
    let (sink, seen) = keeper();
    finished(&acquisition(source, sink).start().unwrap());
    let seen = seen.lock().unwrap();
    let first: Vec<_> =
        seen.batches.iter().map(|batch| batch.first_sequences().unwrap().to_vec()).collect();
    assert_eq!(first, [[0, 0, 0], [3, 1, 3], [4, 1, 4]]);
}
