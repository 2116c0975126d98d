use proptest::prelude::*;

use super::*;
use crate::process::fixtures::{bits, in_pieces};

fn averaged(window: usize, min_count: usize, input: &[f64]) -> Vec<f64> {
    let mut output = vec![0.0; input.len()];
    Average::new(window, min_count).unwrap().extend(input, &mut output);
    output
}

/// The slow and obvious way: each window summed with what rounding lost (Neumaier).
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
    fn means_are_those_of_the_samples_in_the_window(
        window in any_window(),
        input in prop::collection::vec(-1e3..1e3_f64, 0..1500),
    ) {
        let expected = reference(window, 1, &input);
        for (got, expected) in averaged(window, 1, &input).iter().zip(expected) {
            prop_assert!((got - expected).abs() <= 1e-12, "{got} is not {expected}");
        }
    }

    #[test]
    fn it_does_not_matter_where_a_call_ends(
        window in any_window(),
        input in prop::collection::vec(any::<f64>(), 0..1500),
        cuts in prop::collection::vec(0_usize..1500, 0..8),
    ) {
        let whole = averaged(window, 1, &input);
        let mut average = Average::new(window, 1).unwrap();
        let pieces = in_pieces(&input, &cuts, |input, output| average.extend(input, output));
        prop_assert_eq!(bits(&pieces), bits(&whole));
    }

    #[test]
    fn what_left_the_window_is_forgotten(
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

    #[test]
    fn a_restored_one_goes_on_to_the_bit(
        window in any_window(),
        input in prop::collection::vec(any::<f64>(), 1..1500),
        cut in 0_usize..1500,
    ) {
        let whole = averaged(window, 1, &input);
        let (first, second) = input.split_at(cut.min(input.len()));
        let mut before = MovingAverage::new(window, 1, OnGap::Reset).unwrap();
        before.process_values(first, &mut vec![0.0; first.len()]);
        let mut after = MovingAverage::new(window, 1, OnGap::Reset).unwrap();
        after.restore(&before.state().unwrap()).unwrap();
        prop_assert_eq!(after.state().unwrap(), before.state().unwrap());
        let mut output = vec![0.0; second.len()];
        after.process_values(second, &mut output);
        prop_assert_eq!(bits(&output), bits(&whole[first.len()..]));
    }

    #[test]
    fn no_bytes_make_a_state_that_breaks(
        window in 1_usize..80,
        flips in prop::collection::vec((any::<usize>(), any::<u8>()), 0..6),
        length in any::<usize>(),
    ) {
        let mut average = MovingAverage::new(window, 1, OnGap::Reset).unwrap();
        average.process_values(&waves(100, 0.0), &mut [0.0; 100]);
        let mut state = average.state().unwrap();
        state.truncate(MARK.len() + length % (2 * state.len()));
        for (place, byte) in flips {
            let place = MARK.len() + place % (state.len() - MARK.len()).max(1);
            if let Some(found) = state.get_mut(place) {
                *found = byte;
            }
        }
        let before = average.state().unwrap();
        if average.restore(&state).is_err() {
            prop_assert_eq!(average.state().unwrap(), before);
        }
        average.process_values(&waves(200, 0.0), &mut [0.0; 200]);
    }
}

#[test]
fn every_split_of_a_small_input_gives_the_same() {
    let input = waves(13, 3.0);
    for window in [1, 2, 3, 5, 7] {
        let whole = averaged(window, 1, &input);
        for mask in 0_usize..1 << 12 {
            let cuts: Vec<_> = (1..13).filter(|cut| mask >> (cut - 1) & 1 == 1).collect();
            let mut average = Average::new(window, 1).unwrap();
            let pieces = in_pieces(&input, &cuts, |input, output| average.extend(input, output));
            assert_eq!(bits(&pieces), bits(&whole), "window {window}, cuts {cuts:?}");
        }
    }
}

#[test]
fn every_split_of_samples_next_to_nothing_gives_the_same() {
    // Where to divide and to multiply with one over the count do not round alike.
    let input: Vec<_> = (0..500).map(|index| f64::from_bits(index * index * 31 % 1009)).collect();
    for window in [36, 42, 50] {
        let whole = averaged(window, 1, &input);
        for cut in window..input.len() {
            let mut average = Average::new(window, 1).unwrap();
            let pieces = in_pieces(&input, &[cut], |input, output| average.extend(input, output));
            assert_eq!(bits(&pieces), bits(&whole), "window {window}, cut {cut}");
        }
    }
}

#[test]
fn an_offset_of_a_billion_costs_no_more_than_the_last_rounding() {
    for window in [3, 16, 47, 48, 100, 1000] {
        let input = waves(5000, 1e9);
        let expected = reference(window, 1, &input);
        for (got, expected) in averaged(window, 1, &input).iter().zip(expected) {
            assert!((got - expected).abs() <= 1.2e-7, "window {window}: {got} is not {expected}");
        }
    }
}

#[test]
fn nothing_has_added_up_after_ten_million_samples() {
    for window in [16, 1000] {
        let mut average = Average::new(window, 1).unwrap();
        let chunk = vec![1e9 + 0.1; 100_000];
        let mut output = vec![0.0; chunk.len()];
        (0..100).for_each(|_| average.extend(&chunk, &mut output));
        let last = waves(u32::try_from(window).unwrap(), 0.0);
        average.extend(&last, &mut output[..window]);
        let expected = reference(window, 1, &last);
        assert!((output[window - 1] - expected[window - 1]).abs() < 1e-15);
    }
}

#[test]
fn the_first_means_wait_for_min_count() {
    for window in [4, 100] {
        let means = averaged(window, 3, &[1.0, 2.0, 3.0, 6.0]);
        assert!(means[0].is_nan() && means[1].is_nan());
        assert_eq!(means[2..], [2.0, 3.0]);
    }
}

#[test]
fn a_window_of_nothing_or_beyond_memory_is_refused() {
    let new = |window, min_count| MovingAverage::new(window, min_count, OnGap::Reset).err();
    assert_eq!(new(0, 1), Some(Error::EmptyWindow));
    assert_eq!(new(4, 0), Some(Error::MinCount { got: 0, window: 4 }));
    assert_eq!(new(4, 5), Some(Error::MinCount { got: 5, window: 4 }));
    for window in [usize::MAX, usize::MAX / 16, 1 << 50] {
        assert_eq!(new(window, 1), Some(Error::Memory { argument: "window", got: window }));
    }
}

#[test]
fn a_state_with_other_sums_than_of_its_samples_is_refused() {
    for came in [0_usize, 5, 97, 99, 100, 101, 102, 103, 150, 500] {
        let mut average = MovingAverage::new(103, 1, OnGap::Reset).unwrap();
        average.process_values(&vec![1.0; came], &mut vec![0.0; came]);
        let state = average.state().unwrap();
        assert_eq!(average.restore(&state), Ok(()), "{came}");
        let mut other = state.clone();
        other[MARK.len() + 8] ^= 64; // how many samples came
        assert!(matches!(average.restore(&other), Err(Error::State { .. })), "{came}");
        assert_eq!(average.state().unwrap(), state);
    }
}

#[test]
fn a_state_of_another_window_is_refused() {
    let state = MovingAverage::new(5, 1, OnGap::Reset).unwrap().state().unwrap();
    let mut other = MovingAverage::new(6, 1, OnGap::Reset).unwrap();
    assert!(matches!(other.restore(&state), Err(Error::State { .. })));
}
