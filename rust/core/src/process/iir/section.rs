//! One section of a filter.

use crate::error::Error;

/// A second-order filter: y = b0 x + z0, z0' = c1 x - a1 y0 + z1, z1' = c2 x - a2 y0 with y0 = z0.
///
/// The states are those of `SciPy`'s `sosfilt`; b1 and b2 are replaced, so that a state does not depend on the output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Section {
    pub(super) b0: f64,
    pub(super) c1: f64,
    pub(super) c2: f64,
    pub(super) a1: f64,
    pub(super) a2: f64,
}

impl Section {
    /// Creates a section from a row of b0, b1, b2, a0, a1, a2; `index` is for messages.
    pub(super) fn new(row: &[f64; 6], index: usize) -> Result<Self, Error> {
        let refused = |problem: String| {
            let wanted = "finite coefficients, with an a0 that is not 0";
            Error::Refused(format!("sos[{index}] {problem}; pass {wanted}"))
        };
        if let Some(place) = row.iter().position(|number| !number.is_finite()) {
            return Err(refused(format!("has {} at {place}", row[place])));
        }
        if row[3] == 0.0 {
            return Err(refused("has an a0 of 0".to_owned()));
        }
        let [b0, b1, b2, _, a1, a2] = row.map(|number| number / row[3]);
        let section = Self { b0, c1: b1 - a1 * b0, c2: b2 - a2 * b0, a1, a2 };
        let all = [b0, section.c1, section.c2, a1, a2];
        if all.iter().any(|number| !number.is_finite()) {
            return Err(refused(format!("is not finite once divided by its a0 of {}", row[3])));
        }
        Ok(section)
    }

    /// Returns the steady state for a constant input of 1, as `SciPy`'s `sosfilt_zi`, and the output.
    ///
    /// `None` if there is no steady state.
    pub(super) fn steady(&self) -> Option<([f64; 2], f64)> {
        // The sums of numerator and denominator coefficients; their ratio is the response to a constant.
        let below = 1.0 + self.a1 + self.a2;
        let above = self.c1 + self.c2 + self.b0 * below;
        let first = (self.c1 + self.c2) / below;
        let second = (1.0 + self.a1) * first - self.c1;
        let response = above / below;
        let finite = [first, second, response].iter().all(|number| number.is_finite());
        finite.then_some(([first, second], response))
    }

    /// Returns the real and imaginary parts of the two poles.
    pub(super) fn poles(&self) -> [(f64, f64); 2] {
        let half = -self.a1 / 2.0;
        let inside = half * half - self.a2;
        if inside < 0.0 {
            let imaginary = (-inside).sqrt();
            return [(half, imaginary), (half, -imaginary)];
        }
        // The larger pole first; the other follows from the product, to avoid cancellation.
        let larger = half + inside.sqrt().copysign(half);
        let smaller = if larger == 0.0 { 0.0 } else { self.a2 / larger };
        [(larger, 0.0), (smaller, 0.0)]
    }
}
