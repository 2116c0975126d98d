//! The transform of a frame to its spectrum.

use std::ops::Range;
use std::sync::Arc;

use arrow_buffer::ScalarBuffer;
use multiversion::multiversion;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use super::Window;
use super::window::refused_weights;
use crate::error::Error;
use crate::process::scaling::Scaling;
use crate::process::space::Space;

/// The most floats per sample of a frame that a plan takes while it is created, with its working memory.
const PLAN: usize = 32;

/// The plan of a transform of one size, with its working memory.
pub(super) struct Transform {
    plan: Arc<dyn RealToComplex<f64>>,
    weights: Space,
    pub(super) scaling: Scaling,
    /// The factor of the squared modulus of a line that represents two lines of a two-sided spectrum.
    factor: f64,
    /// Its square root.
    root: f64,
    /// Amplitudes whose square, and whose line's square, are within the range of floats.
    safe: Range<f64>,
    pub(super) frequencies: ScalarBuffer<f64>,
    samples: Space,
    lines: Space<Complex<f64>>,
    scratch: Space<Complex<f64>>,
}

impl Transform {
    #[allow(clippy::cast_precision_loss)] // 2^53 samples do not fit into memory
    pub(super) fn new(
        size: usize,
        rate: f64,
        window: &Window,
        scaling: Scaling,
    ) -> Result<Self, Error> {
        // Libraries allocate the parts and abort without memory, so a trial allocation checks for enough memory first.
        let refused = |_| Error::memory("size", size);
        Vec::<[f64; PLAN]>::new().try_reserve_exact(size).map_err(refused)?;
        let weights = window.weights(size)?;
        let sum: f64 = weights.iter().sum();
        let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
        let weight: f64 = weights.iter().map(|weight| weight.abs()).sum();
        // A sum of weights that cancel each other is only a rounding error.
        if scaling != Scaling::Density && sum.abs() <= size as f64 * f64::EPSILON * weight {
            return Err(Error::Refused(format!(
                "window has weights with a sum of {sum}, but '{}' divides by it; \
                 pass weights with a sum that is not 0, or scaling='density'",
                scaling.as_str()
            )));
        }
        let gain = if scaling == Scaling::Density { rate * squares } else { sum * sum };
        let double = if scaling == Scaling::Amplitude { 4.0 } else { 2.0 };
        let factor = double / gain;
        if !factor.is_finite() || factor == 0.0 {
            if scaling == Scaling::Density && (double / squares).is_normal() {
                return Err(Error::rate(format!("{rate:e}, by which a density cannot be divided")));
            }
            let problem =
                format!("has weights with a sum of {sum} and a sum of squares of {squares}");
            return Err(refused_weights(&problem));
        }
        let root = factor.sqrt();
        let safe = 1e-145 * root.max(1.0)..1e150 * root.min(1.0);
        let mut aligned = Space::of(size);
        aligned.numbers(size).copy_from_slice(&weights);
        let plan = RealFftPlanner::new().plan_fft_forward(size);
        let frequencies = (0..=size / 2).map(|line| line as f64 * (rate / size as f64)).collect();
        let (samples, lines) = (Space::of(size), Space::of(size / 2 + 1));
        let scratch = Space::of(plan.get_scratch_len());
        Ok(Self {
            plan,
            weights: aligned,
            scaling,
            factor,
            root,
            safe,
            frequencies,
            samples,
            lines,
            scratch,
        })
    }

    /// Writes the spectrum of a frame of this size.
    pub(super) fn write(&mut self, frame: &[f64], spectrum: &mut [f64]) {
        self.transform(frame);
        squares(self.lines.known(spectrum.len()), self.factor, spectrum);
        self.finish(frame.len(), spectrum);
    }

    /// Appends the spectrum of a frame of this size.
    pub(super) fn extend(&mut self, frame: &[f64], spectra: &mut Vec<f64>) {
        self.transform(frame);
        let before = spectra.len();
        extend_squares(spectra, self.lines.known(self.frequencies.len()), self.factor);
        self.finish(frame.len(), &mut spectra[before..]);
    }

    /// Computes the lines of a frame.
    fn transform(&mut self, frame: &[f64]) {
        let samples = self.samples.numbers(frame.len());
        let lines = self.lines.numbers(self.frequencies.len());
        let scratch = self.scratch.numbers(self.plan.get_scratch_len());
        weigh(frame, self.weights.known(frame.len()), samples);
        // It fails only for memory of other lengths.
        let done = self.plan.process_with_scratch(samples, lines, scratch);
        debug_assert!(done.is_ok(), "{done:?}");
    }

    /// Changes the squares of the lines of a frame of `size` samples to its spectrum.
    fn finish(&self, size: usize, spectrum: &mut [f64]) {
        // These two lines have no counterpart at negative frequencies.
        let single = if self.scaling == Scaling::Amplitude { 0.25 } else { 0.5 };
        spectrum[0] *= single;
        if size.is_multiple_of(2)
            && let Some(last) = spectrum.last_mut()
        {
            *last *= single;
        }
        if self.scaling == Scaling::Amplitude {
            for line in &mut *spectrum {
                *line = line.sqrt();
            }
            if !all_inside(spectrum, &self.safe) {
                self.write_amplitudes(size, spectrum);
            }
        }
    }

    /// Writes the amplitudes of very small and very large lines, whose squares are outside the range of floats.
    #[cold]
    fn write_amplitudes(&self, size: usize, spectrum: &mut [f64]) {
        let last = if size.is_multiple_of(2) { spectrum.len() - 1 } else { 0 };
        let lines = self.lines.known(spectrum.len());
        for (index, (line, amplitude)) in lines.iter().zip(spectrum).enumerate() {
            let number = !line.re.is_nan() && !line.im.is_nan();
            if number && !self.safe.contains(amplitude) && line.re.abs() + line.im.abs() > 0.0 {
                let twins = if index == 0 || index == last { 0.5 } else { 1.0 };
                *amplitude = line.re.hypot(line.im) * (self.root * twins);
            }
        }
    }
}

/// Returns whether all numbers are inside the range; NaN is outside.
#[multiversion(targets("x86_64+avx2+fma"))]
fn all_inside(numbers: &[f64], range: &Range<f64>) -> bool {
    let outside = |number: &f64| u64::from(!range.contains(number));
    // No early exit, so that the compiler vectorizes the loop.
    numbers.iter().map(outside).fold(0, |any, outside| any | outside) == 0
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn weigh(frame: &[f64], weights: &[f64], samples: &mut [f64]) {
    for ((sample, weight), weighed) in frame.iter().zip(weights).zip(samples) {
        *weighed = sample * weight;
    }
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn squares(lines: &[Complex<f64>], factor: f64, spectrum: &mut [f64]) {
    for (line, square) in lines.iter().zip(spectrum) {
        *square = square_of(line) * factor;
    }
}

#[multiversion(targets("x86_64+avx2+fma"))]
fn extend_squares(spectra: &mut Vec<f64>, lines: &[Complex<f64>], factor: f64) {
    spectra.extend(lines.iter().map(|line| square_of(line) * factor));
}

#[inline(always)]
fn square_of(line: &Complex<f64>) -> f64 {
    line.re * line.re + line.im * line.im
}
