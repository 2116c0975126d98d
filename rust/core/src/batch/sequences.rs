//! The sequence numbers of a batch's rows within an acquisition.

use std::collections::HashMap;
use std::sync::Arc;

use super::Batch;

impl Batch {
    /// The sequence number of the first row of each channel's name, if it is known.
    ///
    /// All rows of a name are consecutive, even if several channels have this name.
    #[must_use]
    pub const fn first_sequences(&self) -> Option<&Arc<[u64]>> {
        self.first_sequences.as_ref()
    }

    /// Returns the same rows with the first sequence numbers of `first`; `None` removes the numbers.
    #[must_use]
    pub fn with_first_sequences(&self, first: Option<&dyn Fn(&str) -> u64>) -> Self {
        let numbers = |first: &dyn Fn(&str) -> u64| {
            self.channels.iter().map(|channel| first(channel.name())).collect()
        };
        Self { first_sequences: first.map(numbers), ..self.clone() }
    }

    /// Returns the number of rows of each channel's name.
    #[must_use]
    pub fn rows_of_names(&self) -> Vec<usize> {
        self.rows_of_names_before(self.len())
    }

    /// Returns the number of rows of each channel, without other channels of its name.
    pub(crate) fn rows_of_channels(&self) -> Vec<usize> {
        match &self.indices {
            None => vec![self.len(); self.channels.len()],
            Some(indices) => self.counted(indices),
        }
    }

    fn counted(&self, indices: &[i32]) -> Vec<usize> {
        let mut rows = vec![0; self.channels.len()];
        for &index in indices {
            // Indices were checked and are not negative.
            rows[index.cast_unsigned() as usize] += 1;
        }
        rows
    }

    /// Returns how many of the first `end` rows belong to each channel's name.
    fn rows_of_names_before(&self, end: usize) -> Vec<usize> {
        let Some(indices) = &self.indices else {
            return vec![end; self.channels.len()];
        };
        let rows = self.counted(&indices[..end]);
        let mut of_name: HashMap<&str, usize> = HashMap::new();
        for (channel, rows) in self.channels.iter().zip(rows) {
            *of_name.entry(channel.name()).or_default() += rows;
        }
        self.channels.iter().map(|channel| of_name[channel.name()]).collect()
    }

    /// Returns the first sequence numbers of the rows from `offset` on.
    pub(super) fn sequences_after(&self, offset: usize) -> Option<Arc<[u64]>> {
        let first = self.first_sequences.as_ref()?;
        if offset == 0 {
            return Some(Arc::clone(first));
        }
        let before = self.rows_of_names_before(offset);
        Some(first.iter().zip(before).map(|(&first, rows)| after(first, rows)).collect())
    }

    /// Adds the sequence numbers of `batches`, whose rows these are, if they follow each other without a gap.
    pub(super) fn with_joined_sequences(self, batches: &[Self]) -> Self {
        let Some(first) = join_sequences(batches) else { return self };
        self.with_first_sequences(Some(&|name| first.get(name).copied().unwrap_or(0)))
    }
}

/// Returns the number of the sample `rows` after `first`; 2^64 samples are never reached.
const fn after(first: u64, rows: usize) -> u64 {
    first.wrapping_add(rows as u64)
}

/// Returns the first sequence number of each name, if all batches are numbered and follow each other without a gap.
fn join_sequences(batches: &[Batch]) -> Option<HashMap<&str, u64>> {
    let mut first = HashMap::new();
    let mut next: HashMap<&str, u64> = HashMap::new();
    for batch in batches.iter().filter(|batch| !batch.is_empty()) {
        let numbers = batch.first_sequences.as_ref()?;
        let mut ends = Vec::new();
        for ((channel, &number), rows) in
            batch.channels.iter().zip(numbers.iter()).zip(batch.rows_of_names())
        {
            let name = channel.name();
            if rows > 0 {
                if next.get(name).is_some_and(|&expected| expected != number) {
                    return None;
                }
                first.entry(name).or_insert(number);
                ends.push((name, after(number, rows)));
            }
        }
        next.extend(ends);
    }
    (!first.is_empty()).then_some(first)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::tests::{any_rows, batch};
    use super::*;

    /// Reference implementation: a number for each row, counted within its name.
    pub(in crate::batch) fn numbers(batch: &Batch) -> Vec<(String, u64)> {
        let first = batch.first_sequences().unwrap();
        let mut seen: HashMap<String, u64> = HashMap::new();
        let number = |row| {
            let index = batch.index_of(row);
            let name = batch.channels()[index].name().to_owned();
            let next = seen.entry(name.clone()).or_insert(first[index]);
            *next += 1;
            (name, *next - 1)
        };
        (0..batch.len()).map(number).collect()
    }

    /// Starts that differ from name to name.
    pub(in crate::batch) fn numbered(batch: &Batch) -> Batch {
        batch.with_first_sequences(Some(&|name| 100 * name.len() as u64))
    }

    proptest! {
        #[test]
        fn a_slice_keeps_the_numbers_of_its_rows(rows in any_rows(), cut in 0_usize..50) {
            let whole = numbered(&batch(&rows));
            let all = numbers(&whole);
            let cut = cut.min(all.len());
            let (left, right) = (whole.slice(0, cut), whole.slice(cut, usize::MAX));
            prop_assert_eq!(numbers(&left), &all[..cut]);
            prop_assert_eq!(numbers(&right), &all[cut..]);
            let joined = Batch::concat(&[left, right]).unwrap();
            prop_assert!(rows.is_empty() || numbers(&joined) == all);
        }

        #[test]
        fn batches_by_channel_keep_the_numbers_of_their_rows(rows in any_rows()) {
            let whole = numbered(&batch(&rows));
            for part in whole.by_channel().unwrap() {
                let name = part.channels()[0].name();
                let of_name: Vec<_> =
                    numbers(&whole).into_iter().filter(|(known, _)| known == name).collect();
                prop_assert_eq!(numbers(&part), of_name);
            }
        }
    }
}
