use std::f64::consts::TAU;

use proptest::prelude::*;

use super::*;
use crate::process::fixtures::{batch, bits, numbered};
use crate::process::kernel::Kernel;
use crate::process::state::Writer;

const RATE: f64 = 1000.0;

fn fft(size: usize, hop: usize, window: Window, scaling: Scaling) -> Fft {
    Fft::new(size, hop, RATE, window, scaling, OnGap::Reset).unwrap()
}

fn spectra(fft: &mut Fft, input: &[f64]) -> Vec<f64> {
    let mut output = vec![0.0; fft.shape(input.len()).as_ref().iter().product()];
    fft.process_values(input, &mut output).unwrap();
    output
}

/// Reference implementation: a sum for each line of each frame.
#[allow(clippy::cast_precision_loss)]
fn reference(size: usize, hop: usize, weights: &[f64], input: &[f64]) -> Vec<f64> {
    let density = RATE * weights.iter().map(|weight| weight * weight).sum::<f64>();
    let line = |frame: &[f64], line: usize| {
        let angle = |place: usize| -TAU * (line * place % size) as f64 / size as f64;
        let sum = |part: fn(f64) -> f64| -> f64 {
            (0..size).map(|place| frame[place] * weights[place] * part(angle(place))).sum()
        };
        let single = line == 0 || line * 2 == size;
        let power = sum(f64::cos).powi(2) + sum(f64::sin).powi(2);
        power / density * if single { 1.0 } else { 2.0 }
    };
    let frames = input.windows(size).step_by(hop);
    frames.flat_map(|frame| (0..=size / 2).map(move |index| line(frame, index))).collect()
}

proptest! {
    #[test]
    fn a_spectrum_is_the_sum_that_defines_it(
        size in 2_usize..40,
        hop in 1_usize..50,
        input in prop::collection::vec(-10.0..10.0_f64, 0..200),
    ) {
        let weights = Window::Hann.weights(size).unwrap();
        let got = spectra(&mut fft(size, hop, Window::Hann, Scaling::Density), &input);
        let expected = reference(size, hop, &weights, &input);
        prop_assert_eq!(got.len(), expected.len());
        for (got, expected) in got.iter().zip(expected) {
            prop_assert!((got - expected).abs() <= 1e-12, "{} is not {}", got, expected);
        }
    }

    #[test]
    fn results_do_not_depend_on_where_batches_end(
        size in 2_usize..6,
        hop in 1_usize..8,
        rows in prop::collection::vec((prop::sample::select(vec!["a", "b", "c"]), -1e6..1e6_f64), 0..60),
        cuts in prop::collection::vec(0_usize..60, 2),
    ) {
        let all = batch(&rows);
        let mut ends = cuts;
        ends.sort_unstable();
        ends.push(all.len());
        let frames = |made: &Spectra| -> Vec<(i64, String, Vec<u64>)> {
            let lines = made.power().chunks(size / 2 + 1).map(bits);
            let name = |index: &i32| made.channels()[usize::try_from(*index).unwrap()].name();
            let names = made.indices().iter().map(name).map(str::to_owned);
            let times = made.times_ns().iter();
            times.zip(names).zip(lines).map(|((&time, name), lines)| (time, name, lines)).collect()
        };
        let whole = frames(&fft(size, hop, Window::Hann, Scaling::Density).spectra(&all).unwrap());
        let mut pieces = fft(size, hop, Window::Hann, Scaling::Density);
        let mut got = Vec::new();
        let mut start = 0;
        for end in ends.into_iter().map(|end| end.min(all.len())) {
            got.extend(frames(&pieces.spectra(&all.slice(start, end - start)).unwrap()));
            start = end;
        }
        prop_assert_eq!(got, whole);
    }

    #[test]
    fn frames_are_counted_before_they_are_computed(
        size in 2_usize..6,
        hop in 1_usize..12,
        on_gap in prop::sample::select(vec![OnGap::Reset, OnGap::Continue]),
        batches in prop::collection::vec((0_usize..20, 0_u64..3), 0..6),
    ) {
        let mut one = Fft::new(size, hop, RATE, Window::Hann, Scaling::Density, on_gap).unwrap();
        let mut next = 0;
        for (rows, lost) in batches {
            let first = next + lost;
            next = first + rows as u64;
            let batch = numbered(&[("a", 1.0), ("b", 2.0)].repeat(rows), &|_| first);
            let counted = one.count(&Groups::new(&batch).unwrap());
            prop_assert_eq!(counted, one.spectra(&batch).unwrap().len());
        }
    }
}

#[test]
fn a_long_array_has_the_spectra_of_its_parts() {
    let input: Vec<f64> = (0..u32::try_from(frames::FAR).unwrap() + 3_000)
        .map(|at| f64::from(at % 1_009 * (at % 31)))
        .collect();
    for (size, hop) in [(1_024, 512), (16, 40), (5_000, 1_700)] {
        let create = || fft(size, hop, Window::Hann, Scaling::Density);
        let mut parts = create();
        let apart: Vec<f64> =
            input.chunks(50_000).flat_map(|part| spectra(&mut parts, part)).collect();
        assert_eq!(bits(&spectra(&mut create(), &input)), bits(&apart), "{size}, {hop}");
    }
}

#[test]
fn frames_of_several_channels_are_in_order_of_completion() {
    let rows = [("a", 0.0), ("b", 1.0), ("b", 2.0), ("a", 3.0), ("a", 4.0), ("b", 5.0), ("b", 6.0)];
    let made = fft(2, 2, Window::Boxcar, Scaling::Density).spectra(&batch(&rows)).unwrap();
    assert_eq!(made.indices()[..], [1, 0, 1]);
    // The middle between the first row of a frame and its last.
    assert_eq!(made.times_ns()[..], [500_000, 500_000, 2_500_000]);
}

#[test]
fn nan_stays_in_its_frames() {
    let mut input = vec![1.0; 12];
    input[4] = f64::NAN;
    let made = spectra(&mut fft(4, 4, Window::Hann, Scaling::Density), &input);
    let lost: Vec<bool> =
        made.chunks(3).map(|lines| lines.iter().all(|line| line.is_nan())).collect();
    assert_eq!(lost, [false, true, false]);
}

#[test]
fn weights_with_a_sum_of_zero_are_valid_only_for_densities() {
    let refused = |scaling| {
        let weights = vec![0.1, 0.2, -0.3, 0.1, -0.1];
        Fft::new(5, 5, RATE, Window::Weights(weights.into()), scaling, OnGap::Reset).err()
    };
    assert_eq!(refused(Scaling::Density), None);
    for scaling in [Scaling::Spectrum, Scaling::Amplitude] {
        let problem = refused(scaling).unwrap().to_string();
        assert!(
            problem.contains(&format!("but '{}' divides by it", scaling.as_str())),
            "{problem}"
        );
    }
}

#[test]
fn a_rate_outside_the_range_of_densities_is_refused_by_its_name() {
    let new = |rate, scaling| Fft::new(4, 4, rate, Window::Hann, scaling, OnGap::Reset).err();
    for rate in [5e-324, f64::MAX] {
        let refused = new(rate, Scaling::Density).unwrap().to_string();
        assert!(refused.starts_with("rate must be"), "{refused}");
        assert_eq!(new(rate, Scaling::Spectrum), None);
    }
}

#[test]
fn invalid_arguments_are_refused() {
    let refused = |hop, rate, weights: [f64; 4]| {
        let window = Window::Weights(weights.to_vec().into());
        Fft::new(4, hop, rate, window, Scaling::Density, OnGap::Reset).err().unwrap().to_string()
    };
    assert!(refused(0, RATE, [1.0; 4]).starts_with("hop must be"));
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(refused(1, rate, [1.0; 4]).ends_with(&format!("above 0, got {rate}")));
    }
    for wrong in [[0.0; 4], [1.0, f64::NAN, 1.0, 1.0], [1e200; 4], [1e-200; 4]] {
        assert!(refused(1, RATE, wrong).starts_with("window has "), "{wrong:?}");
    }
}

#[test]
fn spectra_beyond_memory_are_refused() {
    let refused = room(7, usize::MAX, 3).unwrap_err().to_string();
    assert!(refused.starts_with("a batch of 7 rows completes"), "{refused}");
    assert_eq!(room(7, 0, 3), Ok(Vec::new()));
}

#[test]
fn a_state_with_unexpected_times_is_refused() {
    let mut of_values = fft(4, 4, Window::Hann, Scaling::Density);
    spectra(&mut of_values, &[1.0; 3]);
    let mut of_batch = fft(4, 4, Window::Hann, Scaling::Density);
    of_batch.spectra(&batch(&[("a", 1.0), ("a", 1.0)])).unwrap();
    let empty = fft(4, 4, Window::Hann, Scaling::Density).channels.values;
    // A channel with the frames of values, and values with the frames of a channel.
    let untimed = |values: &Frames, kernel: &Frames| {
        let mut state = Writer::of(Frames::MARK);
        values.save(&mut state).unwrap();
        state.bytes(&[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, b'a', 0]).unwrap();
        state.bytes(&[0; 8]).unwrap();
        kernel.save(&mut state).unwrap();
        let state = state.finish();
        fft(4, 4, Window::Hann, Scaling::Density).restore(&state)
    };
    let timed = of_batch.channels.kernels().next().unwrap();
    assert_eq!(untimed(&of_values.channels.values, timed), Ok(()));
    assert!(matches!(untimed(&empty, &of_values.channels.values), Err(Error::Refused(_))));
    assert!(matches!(untimed(timed, timed), Err(Error::Refused(_))));
}

proptest! {
    #[test]
    fn amplitudes_scale_with_the_samples_over_the_whole_range(
        input in prop::collection::vec(-1.0..1.0_f64, 9),
        odd in any::<bool>(),
        exponent in -1000_i32..1000,
    ) {
        let size = 8 + usize::from(odd);
        let amplitudes = |input: &[f64]| {
            spectra(&mut fft(size, size, Window::Hann, Scaling::Amplitude), &input[..size])
        };
        // A power of two, so that scaling is exact.
        let scale = 2.0_f64.powi(exponent);
        let scaled: Vec<f64> = input.iter().map(|value| value * scale).collect();
        let largest = amplitudes(&input).into_iter().fold(0.0, f64::max);
        for (got, expected) in amplitudes(&scaled).iter().zip(amplitudes(&input)) {
            let error = (got / scale - expected).abs();
            prop_assert!(error <= 1e-14 * largest, "{got} at a scale of {scale} is not {expected}");
        }
    }
}

#[test]
fn infinity_and_nan_are_kept_in_amplitudes() {
    for wrong in [f64::NAN, f64::INFINITY] {
        let input = [wrong, 0.0, 0.0, 0.0];
        let made = spectra(&mut fft(4, 4, Window::Boxcar, Scaling::Amplitude), &input);
        assert!(made.iter().all(|number| number.is_nan() || *number == f64::INFINITY), "{made:?}");
    }
    let silence = spectra(&mut fft(4, 4, Window::Boxcar, Scaling::Amplitude), &[0.0; 4]);
    assert_eq!(bits(&silence), [0; 3]);
}
