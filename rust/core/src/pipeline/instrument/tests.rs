use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::pipeline::Source;

fn instrument(count: usize) -> SimulatedInstrument {
    let recipe = Recipe { amplitude: 2.0, frequency: 50.0, noise: 0.1, drift: 0.5, seed: 7 };
    let channel = |place| Channel::new(&format!("ai{place}"), "V", None).unwrap();
    let channels: Vec<_> = (0..count).map(channel).collect();
    SimulatedInstrument::new(1000.0, &channels, recipe).unwrap()
}

/// Reads all batches of a source before the end of `duration`.
fn read(source: &mut Scans, duration: Duration) -> Vec<Batch> {
    source.begin(5, Some(duration)).unwrap();
    let mut batches = Vec::new();
    while u128::from(source.due_ns().unwrap().unwrap()) < duration.as_nanos() {
        batches.push(source.read().unwrap().unwrap());
    }
    batches
}

#[test]
fn a_seed_has_the_same_samples_on_every_platform() {
    let batch = instrument(2).batch(0, 1_000_000, 3).unwrap();
    let mixed = |sum: u64, value: &f64| mixed(sum ^ value.to_bits());
    let fingerprint = batch.values().iter().fold(0, mixed);
    assert_eq!(fingerprint, 9_385_573_856_659_789_016);
}

#[test]
fn a_read_has_scans_and_fits_into_memory() {
    let refused = Scans::new(instrument(1), 0).err().unwrap();
    assert!(refused.to_string().starts_with("scans_per_read must be"), "{refused}");
    let refused = instrument(2).batch(0, 0, usize::MAX).unwrap_err();
    assert!(refused.to_string().contains("there is not enough memory"), "{refused}");
}

proptest! {
    #[test]
    fn scans_are_equal_for_every_way_of_reading(
        count in 1_usize..4,
        at_a_time in 1_usize..50,
        scans in 1_u64..200,
    ) {
        let whole = instrument(count).batch(5, 0, usize::try_from(scans).unwrap()).unwrap();
        let mut source = Scans::new(instrument(count), at_a_time).unwrap();
        let batches = read(&mut source, Duration::from_millis(scans));
        prop_assert_eq!(Batch::concat(&batches).unwrap(), whole);
    }
}
