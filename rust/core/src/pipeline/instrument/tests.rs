use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::pipeline::Source;

const RECIPE: Recipe = Recipe { amplitude: 2.0, frequency: 50.0, noise: 0.1, drift: 0.5, seed: 7 };

fn channels(count: usize) -> Vec<Channel> {
    (0..count).map(|place| Channel::new(&format!("ai{place}"), "V", None).unwrap()).collect()
}

fn instrument(count: usize, recipe: Recipe) -> SimulatedInstrument {
    SimulatedInstrument::new(1000.0, &channels(count), recipe).unwrap()
}

/// All that a source gives before this moment.
fn read(source: &mut Scans, duration: Duration) -> Vec<Batch> {
    source.begin(5, Some(duration)).unwrap();
    let mut batches = Vec::new();
    while u128::from(source.due_ns().unwrap().unwrap()) < duration.as_nanos() {
        batches.push(source.read().unwrap().unwrap());
    }
    batches
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn the_same_seed_gives_these_samples_on_every_platform() {
    let batch = instrument(2, RECIPE).batch(0, 1_000_000, 3).unwrap();
    let fingerprint = bits(batch.values()).iter().fold(0_u64, |sum, bits| mixed(sum ^ bits));
    assert_eq!(fingerprint, 9_385_573_856_659_789_016);
}

proptest! {
    #[test]
    fn it_does_not_matter_how_scans_are_read(
        count in 1_usize..4,
        at_a_time in 1_usize..50,
        scans in 1_u64..200,
    ) {
        let whole = instrument(count, RECIPE).batch(5, 0, usize::try_from(scans).unwrap()).unwrap();
        let mut source = Scans::new(instrument(count, RECIPE), at_a_time).unwrap();
        let batches = read(&mut source, Duration::from_millis(scans));
        prop_assert_eq!(Batch::concat(&batches).unwrap(), whole);
    }
}
