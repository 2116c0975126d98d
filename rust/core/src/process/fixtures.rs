//! What the tests of processors share.

use crate::batch::Batch;
use crate::channel::Channel;

/// Floats as they are, NaN by NaN.
pub(super) fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// What comes out when the input is cut before these places.
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

/// Rows of channels by name, those of each a millisecond apart.
pub(super) fn batch(rows: &[(&str, f64)]) -> Batch {
    let mut names: Vec<&str> = Vec::new();
    let mut counts: Vec<i64> = Vec::new();
    let (mut indices, mut times) = (Vec::new(), Vec::new());
    for (name, _) in rows {
        let index = names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name);
            counts.push(0);
            names.len() - 1
        });
        times.push(1_000_000 * counts[index]);
        counts[index] += 1;
        indices.push(i32::try_from(index).unwrap());
    }
    let channels: Vec<_> =
        names.iter().map(|name| Channel::new(name, "V", None).unwrap()).collect();
    let values = rows.iter().map(|row| row.1).collect();
    Batch::new(times.into(), values, &channels, Some(indices.into())).unwrap()
}

/// The same with the sequence number of each name's first row.
pub(super) fn numbered(rows: &[(&str, f64)], first: &dyn Fn(&str) -> u64) -> Batch {
    batch(rows).with_first_sequences(Some(first))
}
