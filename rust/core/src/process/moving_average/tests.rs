use proptest::prelude::*;

use super::average::Average;
use super::*;
use crate::process::Process;
use crate::process::fixtures::{bits, in_pieces};
use crate::process::kernel::Kernel;
use crate::process::map::Map;

fn averaged(window: usize, min_count: usize, input: &[f64]) -> Vec<f64> {
    let mut output = vec![0.0; input.len()];
    Average::new(window, min_count).unwrap().extend(input, &mut output);
    output
}

/// Reference implementation: compensated summation of each window (Neumaier).
fn reference(window: usize, min_count: usize, input: &[f64]) -> Vec<f64> {
    let mean = |end: usize| {
        let samples = &input[(end + 1).saturating_sub(window)..=end];
        if samples.len() < min_count {
            return f64::NAN;
        }
        let (mut sum, mut lost) = (0.0_f64, 0.0);
        for &sample in samples {
            let next = sum + sample;
            lost += if sum.abs() >= sample.abs() {
                (sum - next) + sample
            } else {
                (sample - next) + sum
            };
            sum = next;
        }
        let sum = if sum.is_finite() { sum + lost } else { sum };
        sum / f64::from(u32::try_from(samples.len()).unwrap())
    };
    (0..input.len()).map(mean).collect()
}

fn any_window() -> impl Strategy<Value = usize> {
    prop_oneof![1_usize..80, 80_usize..400]
}

fn waves(count: u32, offset: f64) -> Vec<f64> {
    (0..count).map(|index| offset + (f64::from(index) * 0.37).sin()).collect()
}

proptest! {
    #[test]
    fn means_equal_those_of_the_reference(
        window in any_window(),
        input in prop::collection::vec(-1e3..1e3_f64, 0..1500),
    ) {
        let expected = reference(window, 1, &input);
        for (got, expected) in averaged(window, 1, &input).iter().zip(expected) {
            prop_assert!((got - expected).abs() <= 1e-12, "{got} is not {expected}");
        }
    }

    #[test]
    fn samples_outside_the_window_have_no_effect(
        window in any_window(),
        odd in prop::sample::select(vec![
            f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, f64::from_bits(0x7FF0_0000_0000_0001),
        ]),
        place in 0_usize..400,
    ) {
        let plain = waves(1200, 0.0);
        let mut input = plain.clone();
        input[place] = odd;
        let (got, expected) = (averaged(window, 1, &input), reference(window, 1, &plain));
        for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
            if index < place || index >= place + window {
                prop_assert!((got - expected).abs() <= 1e-12, "{index}: {got} is not {expected}");
            } else if odd.is_finite() {
                prop_assert!(got.is_finite());
            } else if odd.is_nan() {
                prop_assert!(got.is_nan(), "{index}: {got}");
            } else {
                prop_assert_eq!(got.to_bits(), odd.to_bits());
            }
        }
    }
}

/// Computes the means in pieces that end at these positions, in registers or in memory.
fn cut(window: usize, input: &[f64], cuts: &[usize], in_registers: bool) -> Vec<u64> {
    let mut average = Average::new(window, 1).unwrap();
    if !in_registers {
        average.leave_registers();
    }
    bits(&in_pieces(input, cuts, |input, output| average.extend(input, output)))
}

proptest! {
    #[test]
    fn sums_in_registers_equal_sums_in_memory_bit_by_bit(
        window in prop_oneof![1_usize..33, any_window()],
        input in prop::collection::vec(-1e3..1e3_f64, 0..900),
        odd in prop::sample::select(vec![0.5, f64::INFINITY, f64::NEG_INFINITY, 1e300, 5e-320]),
        place in 0_usize..900,
        cuts in prop::collection::vec(0_usize..900, 0..6),
    ) {
        let mut input = input;
        if let Some(sample) = input.get_mut(place) {
            *sample = odd;
        }
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(input.len())).collect();
        cuts.sort_unstable();
        let expected = cut(window, &input, &[], false);
        prop_assert_eq!(&cut(window, &input, &cuts, true), &expected);
        prop_assert_eq!(&cut(window, &input, &[], true), &expected);
        prop_assert_eq!(&cut(window, &input, &cuts, false), &expected);
    }
}

#[test]
fn pieces_of_one_length_in_registers_equal_the_whole_bit_by_bit() {
    let input = waves(700, 1e9);
    for window in (2..40).chain([64, 67, 100]) {
        let whole = cut(window, &input, &[], false);
        for length in 1..90 {
            let cuts: Vec<_> = (length..input.len()).step_by(length).collect();
            assert_eq!(cut(window, &input, &cuts, true), whole, "window {window}, {length} each");
        }
    }
}

#[test]
fn every_split_of_tiny_samples_has_the_same_result() {
    // Values for which division and multiplication by the reciprocal round differently.
    let input: Vec<_> = (0..500).map(|index| f64::from_bits(index * index * 31 % 1009)).collect();
    for window in [3, 11, 28, 36, 42, 50] {
        let whole = averaged(window, 1, &input);
        for cut in window..input.len() {
            let mut average = Average::new(window, 1).unwrap();
            let pieces = in_pieces(&input, &[cut], |input, output| average.extend(input, output));
            assert_eq!(bits(&pieces), bits(&whole), "window {window}, cut {cut}");
        }
    }
}

#[test]
fn a_window_of_zero_or_beyond_memory_is_refused() {
    let new = |window, min_count| MovingAverage::new(window, min_count, OnGap::Reset).err();
    assert!(new(0, 1).unwrap().to_string().starts_with("window must be"));
    for window in [usize::MAX, usize::MAX / 16, 1 << 50] {
        assert_eq!(new(window, 1), Some(Error::memory("window", window)));
    }
}

#[test]
fn a_state_whose_sums_do_not_belong_to_its_samples_is_refused() {
    for came in [0_usize, 5, 97, 99, 100, 101, 102, 103, 150, 500] {
        let mut average = MovingAverage::new(103, 1, OnGap::Reset).unwrap();
        average.process_values(&vec![1.0; came], &mut vec![0.0; came]).unwrap();
        let state = average.state().unwrap();
        assert_eq!(average.restore(&state), Ok(()), "{came}");
        let mut other = state.clone();
        other[Average::MARK.len() + 8] ^= 64; // the number of samples
        assert!(matches!(average.restore(&other), Err(Error::Refused(_))), "{came}");
        assert_eq!(average.state().unwrap(), state);
    }
}

#[test]
fn a_state_of_another_window_is_refused() {
    let state = MovingAverage::new(5, 1, OnGap::Reset).unwrap().state().unwrap();
    let mut other = MovingAverage::new(6, 1, OnGap::Reset).unwrap();
    assert!(matches!(other.restore(&state), Err(Error::Refused(_))));
}
