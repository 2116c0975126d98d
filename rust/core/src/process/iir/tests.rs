use proptest::prelude::*;

use super::*;
use crate::process::fixtures::{bits, in_pieces};
use crate::process::map::Map;
use crate::process::tests::SECTIONS;

fn filtered(sections: &[[f64; 6]], initial: Initial, input: &[f64]) -> Vec<f64> {
    let mut output = vec![0.0; input.len()];
    Cascade::new(sections, initial).unwrap().extend(input, &mut output);
    output
}

/// Reference implementation: each section by its difference equation, after `before` copies of the first sample.
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
}

/// A burst followed by silence.
fn burst(samples: u16, silence: usize) -> Vec<f64> {
    let burst = (0..samples).map(|index| 1e3 * (f64::from(index) * 0.7).cos());
    burst.chain(std::iter::repeat_n(0.0, silence)).collect()
}

proptest! {
    #[test]
    fn a_state_becomes_zero_at_the_same_sample_for_every_split(
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

}

#[test]
fn an_integrator_is_never_steady() {
    let integrator = [1.0, 0.0, 0.0, 1.0, -1.0, 0.0];
    let new = |initial| Iir::new(&[SECTIONS[0], integrator], initial, OnGap::Reset).err();
    let refused = new(Initial::Steady).unwrap().to_string();
    assert!(
        refused.starts_with("initial is 'steady', but sos[1] has no steady state"),
        "{refused}"
    );
    assert_eq!(new(Initial::Zero), None);
}
