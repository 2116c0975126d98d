//! Tests of every processor.

use proptest::collection::vec;
use proptest::prelude::*;

use super::fixtures::{batch, bits, numbered};
use super::*;
use crate::channel::Channel;
use crate::metadata::Metadata;

/// Filter sections: two of a lowpass, a resonance, one with another a0, and one with real poles.
pub(super) const SECTIONS: [[f64; 6]; 5] = [
    [0.004_824_343_4, 0.009_648_686_8, 0.004_824_343_4, 1.0, -1.048_599_58, 0.296_140_36],
    [1.0, 2.0, 1.0, 1.0, -1.320_913_43, 0.632_738_79],
    [2.0, -1.0, 0.5, 2.0, -1.6, 1.7],
    [0.9, 0.1, 0.0, -1.0, 0.5, 0.0],
    [1.0, 0.3, 0.2, 1.0, 0.1, -0.2],
];

/// The arguments of a processor.
#[derive(Debug, Clone)]
enum Kind {
    Average(usize),
    Filter(Vec<usize>, Initial),
    Spectra(usize, usize),
}

impl Kind {
    fn make(&self, on_gap: OnGap) -> Box<dyn Process> {
        match self {
            Self::Average(window) => Box::new(MovingAverage::new(*window, 1, on_gap).unwrap()),
            Self::Filter(sections, initial) => {
                let sections: Vec<_> = sections.iter().map(|&index| SECTIONS[index]).collect();
                Box::new(Iir::new(&sections, *initial, on_gap).unwrap())
            }
            Self::Spectra(size, hop) => {
                let (window, scaling) = (Window::Hann, Scaling::Density);
                Box::new(Fft::new(*size, *hop, 1000.0, window, scaling, on_gap).unwrap())
            }
        }
    }
}

fn any_kind() -> impl Strategy<Value = Kind> {
    let filter = (vec(0_usize..5, 1..10), any::<bool>()).prop_map(|(sections, steady)| {
        Kind::Filter(sections, if steady { Initial::Steady } else { Initial::Zero })
    });
    prop_oneof![
        prop_oneof![1_usize..80, 80_usize..400].prop_map(Kind::Average),
        filter,
        (2_usize..20, 1_usize..30).prop_map(|(size, hop)| Kind::Spectra(size, hop)),
    ]
}

fn any_values() -> impl Strategy<Value = Vec<f64>> {
    vec(prop_oneof![9 => -1e6..1e6_f64, 1 => any::<f64>()], 0..1500)
}

fn any_rows() -> impl Strategy<Value = Vec<(&'static str, f64)>> {
    vec((prop::sample::select(vec!["a", "b", "c"]), -1e6..1e6_f64), 0..200)
}

fn values(processor: &mut dyn Process, input: &[f64]) -> Vec<f64> {
    let mut output = vec![0.0; processor.shape(input.len()).as_ref().iter().product()];
    processor.process_values(input, &mut output).unwrap();
    output
}

/// Returns the output of a name: the time and the numbers of each row or frame.
fn of_name(output: &Output, name: &str) -> Vec<(i64, Vec<u64>)> {
    let named = |channels: &[Channel], index: usize| channels[index].name() == name;
    match output {
        Output::Batch(batch) => (0..batch.len())
            .filter(|&row| named(batch.channels(), batch.index_of(row)))
            .map(|row| (batch.timestamps()[row], bits(&batch.values()[row..=row])))
            .collect(),
        Output::Spectra(spectra) => (0..spectra.len())
            .filter(|&row| {
                named(spectra.channels(), spectra.indices()[row].cast_unsigned() as usize)
            })
            .map(|row| (spectra.times_ns()[row], bits(spectra.slice(row, 1).power())))
            .collect(),
    }
}

proptest! {
    #[test]
    fn results_do_not_depend_on_where_calls_end(
        kind in any_kind(), input in any_values(), cuts in vec(0_usize..1500, 0..8),
    ) {
        let (mut whole, mut pieces) = (kind.make(OnGap::Reset), kind.make(OnGap::Reset));
        let mut ends: Vec<_> = cuts.iter().map(|&cut| cut.min(input.len())).collect();
        ends.push(input.len());
        ends.sort_unstable();
        let mut start = 0;
        let mut made = Vec::new();
        for end in ends {
            made.extend(values(&mut *pieces, &input[start..end]));
            start = end;
        }
        prop_assert_eq!(bits(&made), bits(&values(&mut *whole, &input)));
        prop_assert_eq!(pieces.state().unwrap(), whole.state().unwrap());
    }

    #[test]
    fn a_restored_processor_continues_bit_by_bit(
        kind in any_kind(), input in any_values(), rows in any_rows(), cut in 0_usize..1500,
    ) {
        let (mut before, mut after) = (kind.make(OnGap::Reset), kind.make(OnGap::Reset));
        let (first, second) = input.split_at(cut.min(input.len()));
        let (head, tail) = rows.split_at((cut / 7).min(rows.len()));
        values(&mut *before, first);
        before.process(&batch(head)).unwrap();
        after.restore(&before.state().unwrap()).unwrap();
        prop_assert_eq!(after.state().unwrap(), before.state().unwrap());
        prop_assert_eq!(bits(&values(&mut *after, second)), bits(&values(&mut *before, second)));
        let [got, expected] = [after, before].map(|mut one| one.process(&batch(tail)).unwrap());
        for name in ["a", "b", "c"] {
            prop_assert_eq!(of_name(&got, name), of_name(&expected, name));
        }
    }

    #[test]
    fn any_bytes_are_refused_or_a_valid_state(
        kind in any_kind(),
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        length in any::<prop::sample::Index>(),
    ) {
        let mut one = kind.make(OnGap::Reset);
        values(&mut *one, &[1.5; 100]);
        one.process(&batch(&[("a", 1.0), ("b", 2.0), ("a", 3.0)])).unwrap();
        let before = one.state().unwrap();
        let mut state = before.clone();
        for (place, byte) in flips {
            *place.get_mut(&mut state) = byte;
        }
        state.truncate(length.index(2 * state.len()));
        if one.restore(&state).is_err() {
            prop_assert_eq!(one.state().unwrap(), before);
        }
        values(&mut *one, &[1.5; 100]);
    }

    #[test]
    fn interleaved_channels_have_the_results_of_separate_ones(
        kind in any_kind(), rows in any_rows(), cut in 0_usize..200,
    ) {
        let mut together = kind.make(OnGap::Reset);
        let all = batch(&rows);
        let parts = [all.slice(0, cut), all.slice(cut, usize::MAX)];
        let parts = parts.map(|part| together.process(&part).unwrap());
        for name in ["a", "b", "c"] {
            let alone: Vec<_> = rows.iter().filter(|row| row.0 == name).copied().collect();
            let expected = kind.make(OnGap::Reset).process(&batch(&alone)).unwrap();
            let got: Vec<_> = parts.iter().flat_map(|part| of_name(part, name)).collect();
            prop_assert_eq!(got, of_name(&expected, name));
        }
    }

    #[test]
    fn a_refused_gap_changes_no_state(kind in any_kind()) {
        let mut one = kind.make(OnGap::Raise);
        one.process(&numbered(&[("a", 1.0), ("b", 2.0), ("a", 3.0)], &|_| 0)).unwrap();
        let state = one.state().unwrap();
        // The first channel has no gap, and the second one is new.
        let rows = [("a", 1.0), ("c", 5.0), ("b", 2.0)];
        let gap = numbered(&rows, &|name| if name == "b" { 7 } else { 2 });
        let refused = one.process(&gap).unwrap_err().to_string();
        prop_assert!(refused.starts_with("channel 'b' continues with sample 7, but sample 1 was expected"));
        prop_assert_eq!(one.state().unwrap(), state);
    }
}

fn means(average: &mut MovingAverage, batch: &Batch) -> Vec<f64> {
    let Output::Batch(batch) = average.process(batch).unwrap() else { panic!("a value of each") };
    batch.values().to_vec()
}

#[test]
fn unnumbered_samples_have_no_gap() {
    let mut average = MovingAverage::new(2, 1, OnGap::Raise).unwrap();
    means(&mut average, &numbered(&[("a", 1.0)], &|_| 4));
    assert_eq!(means(&mut average, &batch(&[("a", 3.0)])), [2.0]);
    assert_eq!(means(&mut average, &numbered(&[("a", 5.0)], &|_| 90)), [4.0]);
}

#[test]
fn channels_of_one_name_are_one_stream() {
    let channels = ["first", "second"].map(|place| {
        let metadata = Metadata::from_json(&format!("\"{place}\"")).unwrap();
        Channel::new("a", "V", Some(metadata)).unwrap()
    });
    let indices = Some(vec![1, 0, 1].into());
    let rows = Batch::new(vec![0, 1, 2].into(), vec![2.0, 4.0, 6.0].into(), &channels, indices);
    let mut average = MovingAverage::new(2, 1, OnGap::Reset).unwrap();
    assert_eq!(means(&mut average, &rows.unwrap()), [2.0, 3.0, 5.0]);
}

#[test]
fn a_state_with_a_channel_twice_is_refused() {
    let mut filter = Iir::new(&SECTIONS, Initial::Zero, OnGap::Reset).unwrap();
    filter.process(&batch(&[("a", 1.0), ("b", 1.0)])).unwrap();
    let state = filter.state().unwrap();
    let twice: Vec<u8> = state.iter().map(|&byte| if byte == b'b' { b'a' } else { byte }).collect();
    let refused = filter.restore(&twice).unwrap_err().to_string();
    assert!(refused.contains("a channel appears twice"), "{refused}");
}
