//! Fixtures of the processor tests.

use std::collections::HashMap;

use crate::batch::{Batch, BatchBuilder};
use crate::channel::Channel;

/// Returns the bits of floats, to compare NaN too.
pub(super) fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Processes the input in pieces, cut before these positions.
pub(super) fn in_pieces(
    input: &[f64],
    cuts: &[usize],
    mut extend: impl FnMut(&[f64], &mut [f64]),
) -> Vec<f64> {
    let mut ends: Vec<_> = cuts.iter().map(|&cut| cut.min(input.len())).collect();
    ends.push(input.len());
    ends.sort_unstable();
    let mut output = vec![0.0; input.len()];
    let mut start = 0;
    for end in ends {
        extend(&input[start..end], &mut output[start..end]);
        start = end;
    }
    output
}

/// Creates a batch of rows by channel name; the rows of each channel are a millisecond apart.
pub(super) fn batch(rows: &[(&str, f64)]) -> Batch {
    let mut builder = BatchBuilder::default();
    let mut times = HashMap::new();
    for &(name, value) in rows {
        let index = builder.index(&Channel::new(name, "V", None).unwrap()).unwrap();
        let time = times.entry(name).or_insert(0);
        builder.push(*time, value, index).unwrap();
        *time += 1_000_000;
    }
    builder.finish()
}

/// Creates the same batch with first sequence numbers.
pub(super) fn numbered(rows: &[(&str, f64)], first: &dyn Fn(&str) -> u64) -> Batch {
    batch(rows).with_first_sequences(Some(first))
}
