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

#[test]
fn another_seed_gives_other_noise() {
    let values = |seed| instrument(1, Recipe { seed, ..RECIPE }).batch(0, 0, 10).unwrap();
    assert_ne!(bits(values(1).values()), bits(values(2).values()));
}

#[test]
fn channels_have_noise_of_their_own() {
    let recipe = Recipe { amplitude: 0.0, ..RECIPE };
    let batch = instrument(2, recipe).batch(0, 0, 100).unwrap();
    assert!(batch.values().chunks(2).all(|scan| scan[0].to_bits() != scan[1].to_bits()));
}

#[test]
fn a_scan_has_a_row_for_each_channel_at_one_instant() {
    let batch = instrument(3, RECIPE).batch(100, 1, 2).unwrap();
    assert_eq!(
        batch.timestamps()[..],
        [1_000_100, 1_000_100, 1_000_100, 2_000_100, 2_000_100, 2_000_100]
    );
    assert_eq!(batch.indices().unwrap()[..], [0, 1, 2, 0, 1, 2]);
    assert_eq!(batch.first_sequences().unwrap()[..], [1, 1, 1]);
}

#[test]
fn the_sine_has_its_amplitude_and_frequency() {
    let recipe = Recipe { noise: 0.0, drift: 0.0, ..RECIPE };
    let batch = instrument(1, recipe).batch(0, 0, 1000).unwrap();
    for (sample, value) in (0_u32..).zip(batch.values().iter()) {
        let expected = 2.0 * (TAU * 50.0 * f64::from(sample) / 1000.0).sin();
        assert!((value - expected).abs() < 1e-10, "{sample}: {value} is not {expected}");
    }
}

#[test]
fn noise_has_a_mean_of_0_and_its_standard_deviation() {
    let recipe = Recipe { amplitude: 0.0, noise: 3.0, drift: 0.0, ..RECIPE };
    let batch = instrument(1, recipe).batch(0, 0, 100_000).unwrap();
    let mean = batch.values().iter().sum::<f64>() / 1e5;
    let deviation = (batch.values().iter().map(|value| value * value).sum::<f64>() / 1e5).sqrt();
    assert!(mean.abs() < 0.05 && (deviation - 3.0).abs() < 0.05, "{mean}, {deviation}");
}

#[test]
fn drift_is_a_change_a_second() {
    let recipe = Recipe { amplitude: 0.0, noise: 0.0, ..RECIPE };
    let batch = instrument(1, recipe).batch(0, 4000, 1).unwrap();
    assert!((batch.values()[0] - 2.0).abs() < 1e-12);
}

#[test]
fn only_scans_before_the_end_are_read() {
    for (at_a_time, sizes) in
        [(300, vec![300, 300, 300, 100]), (1000, vec![1000]), (5000, vec![1000])]
    {
        let mut source = Scans::new(instrument(1, RECIPE), at_a_time).unwrap();
        let batches = read(&mut source, Duration::from_secs(1));
        assert_eq!(batches.iter().map(Batch::len).collect::<Vec<_>>(), sizes);
    }
}

#[test]
fn an_instrument_measures_something_at_some_rate() {
    let new = |rate, count| SimulatedInstrument::new(rate, &channels(count), RECIPE).err();
    assert_eq!(new(1000.0, 0), Some(Error::NoChannels));
    assert!(matches!(new(0.0, 1), Some(Error::Rate { .. })));
    assert!(matches!(Scans::new(instrument(1, RECIPE), 0).err(), Some(Error::Zero { .. })));
    assert!(matches!(instrument(2, RECIPE).batch(0, 0, usize::MAX), Err(Error::Memory { .. })));
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
