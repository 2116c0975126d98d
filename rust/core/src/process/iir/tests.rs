use proptest::prelude::*;

use super::*;
use crate::process::fixtures::{bits, in_pieces};

/// A lowpass of order 4 and a resonance, with an a0 that is not 1.
const SECTIONS: [[f64; 6]; 5] = [
    [0.004_824_343_4, 0.009_648_686_8, 0.004_824_343_4, 1.0, -1.048_599_58, 0.296_140_36],
    [1.0, 2.0, 1.0, 1.0, -1.320_913_43, 0.632_738_79],
    [2.0, -1.0, 0.5, 2.0, -1.6, 1.7],
    [0.9, 0.1, 0.0, -1.0, 0.5, 0.0],
    [1.0, 0.3, 0.2, 1.0, 0.1, -0.2],
];

fn filtered(sections: &[[f64; 6]], initial: Initial, input: &[f64]) -> Vec<f64> {
    let mut output = vec![0.0; input.len()];
    Cascade::new(sections, initial).unwrap().extend(input, &mut output);
    output
}

/// The slow and obvious way: each section by its difference equation, after so long of the first sample.
fn reference(sections: &[[f64; 6]], before: usize, input: &[f64]) -> Vec<f64> {
    let first = input.first().copied().unwrap_or(0.0);
    let mut signal: Vec<f64> =
        std::iter::repeat_n(first, before).chain(input.iter().copied()).collect();
    for [b0, b1, b2, a0, a1, a2] in sections {
        let mut output: Vec<f64> = Vec::new();
        for index in 0..signal.len() {
            let past =
                |values: &[f64], lag: usize| index.checked_sub(lag).map_or(0.0, |i| values[i]);
            let above = b0 * signal[index] + b1 * past(&signal, 1) + b2 * past(&signal, 2);
            output.push((above - a1 * past(&output, 1) - a2 * past(&output, 2)) / a0);
        }
        signal = output;
    }
    signal.split_off(before)
}

fn close(got: &[f64], expected: &[f64]) -> Result<(), TestCaseError> {
    let scale = expected.iter().fold(1.0_f64, |scale, value| scale.max(value.abs()));
    for (got, expected) in got.iter().zip(expected) {
        prop_assert!((got - expected).abs() <= 1e-12 * scale, "{got} is not {expected}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn sections_follow_their_difference_equations(
        count in 1_usize..6,
        input in prop::collection::vec(-10.0..10.0_f64, 0..1200),
    ) {
        let sections = &SECTIONS[..count];
        close(&filtered(sections, Initial::Zero, &input), &reference(sections, 0, &input))?;
    }

    #[test]
    fn a_steady_start_is_as_if_the_first_sample_had_always_been(
        count in 1_usize..6,
        input in prop::collection::vec(-10.0..10.0_f64, 1..100),
    ) {
        let sections = &SECTIONS[..count];
        close(&filtered(sections, Initial::Steady, &input), &reference(sections, 1000, &input))?;
    }

    #[test]
    fn it_does_not_matter_where_a_call_ends(
        sections in prop::collection::vec(0_usize..5, 1..10),
        steady in any::<bool>(),
        input in prop::collection::vec(-1e6..1e6_f64, 0..2500),
        cuts in prop::collection::vec(0_usize..2500, 0..8),
    ) {
        let sections: Vec<_> = sections.iter().map(|&index| SECTIONS[index]).collect();
        let initial = if steady { Initial::Steady } else { Initial::Zero };
        let whole = filtered(&sections, initial, &input);
        let mut cascade = Cascade::new(&sections, initial).unwrap();
        let pieces = in_pieces(&input, &cuts, |input, output| cascade.extend(input, output));
        prop_assert_eq!(bits(&pieces), bits(&whole));
    }

    #[test]
    fn a_restored_one_goes_on_to_the_bit(
        input in prop::collection::vec(-1e6..1e6_f64, 1..100),
        cut in 0_usize..100,
    ) {
        let whole = filtered(&SECTIONS, Initial::Steady, &input);
        let (first, second) = input.split_at(cut.min(input.len()));
        let mut before = Iir::new(&SECTIONS, Initial::Steady, OnGap::Reset).unwrap();
        before.process_values(first, &mut vec![0.0; first.len()]);
        let mut after = Iir::new(&SECTIONS, Initial::Steady, OnGap::Reset).unwrap();
        after.restore(&before.state().unwrap()).unwrap();
        let mut output = vec![0.0; second.len()];
        after.process_values(second, &mut output);
        prop_assert_eq!(bits(&output), bits(&whole[first.len()..]));
    }

    #[test]
    fn no_bytes_make_a_state_that_breaks(tail in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut filter = Iir::new(&SECTIONS, Initial::Zero, OnGap::Reset).unwrap();
        let before = filter.state().unwrap();
        let mut state = before[..MARK.len() + 8].to_vec();
        state.extend(tail);
        if filter.restore(&state).is_err() {
            prop_assert_eq!(filter.state().unwrap(), before);
        }
        filter.process_values(&[1.0; 10], &mut [0.0; 10]);
    }
}

#[test]
fn every_split_of_a_small_input_gives_the_same() {
    let input: Vec<f64> = (0..11).map(|index| (f64::from(index) * 0.7).cos()).collect();
    for count in 1..=5 {
        let whole = filtered(&SECTIONS[..count], Initial::Steady, &input);
        for mask in 0_usize..1 << 10 {
            let cuts: Vec<_> = (1..11).filter(|cut| mask >> (cut - 1) & 1 == 1).collect();
            let mut cascade = Cascade::new(&SECTIONS[..count], Initial::Steady).unwrap();
            let pieces = in_pieces(&input, &cuts, |input, output| cascade.extend(input, output));
            assert_eq!(bits(&pieces), bits(&whole), "{count} sections, cuts {cuts:?}");
        }
    }
}

/// A burst, and silence after it.
fn burst(samples: u16, silence: usize) -> Vec<f64> {
    let burst = (0..samples).map(|index| 1e3 * (f64::from(index) * 0.7).cos());
    burst.chain(std::iter::repeat_n(0.0, silence)).collect()
}

proptest! {
    #[test]
    fn a_state_comes_to_rest_at_the_same_sample_wherever_the_input_is_cut(
        count in 1_usize..3,
        samples in 1_u16..3000,
        cuts in prop::collection::vec(0_usize..20_000, 0..40),
    ) {
        let input = burst(samples, 12_000);
        let whole = filtered(&SECTIONS[..count], Initial::Zero, &input);
        prop_assert_eq!(whole.last().unwrap().to_bits(), 0);
        let mut cascade = Cascade::new(&SECTIONS[..count], Initial::Zero).unwrap();
        let pieces = in_pieces(&input, &cuts, |input, output| cascade.extend(input, output));
        prop_assert_eq!(bits(&pieces), bits(&whole));
        let mut cascade = Cascade::new(&SECTIONS[..count], Initial::Zero).unwrap();
        let each: Vec<usize> = (0..input.len()).collect();
        let pieces = in_pieces(&input, &each, |input, output| cascade.extend(input, output));
        prop_assert_eq!(bits(&pieces), bits(&whole));
    }

    #[test]
    fn a_saved_state_comes_to_rest_at_the_same_sample(cut in 1_usize..9_000) {
        let input = burst(100, 9_000);
        let whole = filtered(&SECTIONS[..2], Initial::Zero, &input);
        let (first, second) = input.split_at(cut);
        let new = || Iir::new(&SECTIONS[..2], Initial::Zero, OnGap::Reset).unwrap();
        let (mut before, mut after) = (new(), new());
        before.process_values(first, &mut vec![0.0; first.len()]);
        after.restore(&before.state().unwrap()).unwrap();
        let mut output = vec![0.0; second.len()];
        after.process_values(second, &mut output);
        prop_assert_eq!(bits(&output), bits(&whole[first.len()..]));
    }
}

#[test]
fn rest_changes_no_sample_that_could_be_told_from_zero() {
    // The slow and obvious way, without a rest.
    let input = burst(500, 5_000);
    let whole = filtered(&SECTIONS[..2], Initial::Zero, &input);
    for (got, expected) in whole.iter().zip(reference(&SECTIONS[..2], 0, &input)) {
        assert!((got - expected).abs() <= 1e-12 * 1e3, "{got} is not {expected}");
    }
    assert!(whole.iter().filter(|value| value.abs() < 1e-290 && **value != 0.0).count() < 1024);
}

#[test]
fn a_filter_without_a_finite_section_is_refused() {
    let new = |sections: &[[f64; 6]]| Iir::new(sections, Initial::Zero, OnGap::Reset).err();
    assert_eq!(new(&[]), Some(Error::NoSections));
    for (place, wrong) in [(3, 0.0), (0, f64::NAN), (5, f64::INFINITY), (3, 1e-310)] {
        let mut sections = SECTIONS;
        sections[1][place] = wrong;
        assert!(matches!(new(&sections), Some(Error::Section { section: 1, .. })), "{wrong}");
    }
}

#[test]
fn an_integrator_is_never_steady() {
    let integrator = [1.0, 0.0, 0.0, 1.0, -1.0, 0.0];
    let new = |initial| Iir::new(&[SECTIONS[0], integrator], initial, OnGap::Reset).err();
    assert_eq!(new(Initial::Steady), Some(Error::NeverSteady { section: 1 }));
    assert_eq!(new(Initial::Zero), None);
}

#[test]
fn poles_on_the_unit_circle_and_beyond_are_named() {
    let poles = |a1, a2| {
        let section = [1.0, 0.0, 0.0, 1.0, a1, a2];
        Iir::new(&[SECTIONS[0], section], Initial::Zero, OnGap::Reset).unwrap().unstable_poles()
    };
    assert_eq!(poles(-2.5, 1.0), [(2.0, 0.0)]);
    assert_eq!(poles(0.0, 1.0), [(0.0, 1.0), (0.0, -1.0)]);
    assert_eq!(poles(-1.0, 0.0), [(1.0, 0.0)]);
    assert_eq!(poles(0.0, 0.0), []);
    assert_eq!(poles(1.5, 0.9), []);
}
