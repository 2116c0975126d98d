//! Sorting and stepping through the rows of a batch, with the sequence numbers that remain valid.

use std::sync::Arc;

use super::Batch;
use crate::column::room;
use crate::error::Error;

impl Batch {
    /// Sorts the rows by timestamp; rows with equal timestamps keep their order.
    ///
    /// Sequence numbers are kept if the rows of each name stay in order. A sorted batch is shared.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn sorted_by_time(&self) -> Result<Self, Error> {
        if self.timestamps.is_sorted() {
            return Ok(self.clone());
        }
        let mut rows = room(self.len())?;
        rows.extend(0..self.len());
        // The row is part of the key, which makes the sort stable without additional memory.
        rows.sort_unstable_by_key(|&row| (self.timestamps[row], row));
        let sorted = self.take(&rows)?;
        let first_sequences = self.first_sequences.clone().filter(|_| self.keeps_order(&rows));
        Ok(Self { first_sequences, ..sorted })
    }

    /// Copies the rows of a slice with a step, in its order.
    ///
    /// Sequence numbers are kept if the rows of each name stay consecutive.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchRow`], [`Error::OutOfMemory`].
    pub fn slice_with_step(&self, rows: &[usize]) -> Result<Self, Error> {
        let selected = self.take(rows)?;
        let first_sequences = self.sequences_of(rows)?;
        Ok(Self { first_sequences, ..selected })
    }

    /// Returns whether the rows of each name keep the order that they have in the batch.
    fn keeps_order(&self, rows: &[usize]) -> bool {
        let names = self.names();
        let mut next = vec![0; names.len()];
        rows.iter().all(|&row| {
            let next = &mut next[names[self.index_of(row)]];
            row >= std::mem::replace(next, row + 1)
        })
    }

    /// Returns the number of the first selected row of each channel's name, if the rows of each name have no gap.
    fn sequences_of(&self, rows: &[usize]) -> Result<Option<Arc<[u64]>>, Error> {
        let Some(first) = &self.first_sequences else { return Ok(None) };
        let names = self.names();
        let mut counts = vec![0_u64; names.len()];
        // For each row up to the last selected one: how many rows of its name are before it.
        let end = rows.iter().max().map_or(0, |last| last + 1);
        let mut places = room(end)?;
        for row in 0..end {
            let count = &mut counts[names[self.index_of(row)]];
            places.push(*count);
            *count += 1;
        }
        let mut starts: Vec<Option<u64>> = vec![None; names.len()];
        let mut next: Vec<Option<u64>> = vec![None; names.len()];
        for &row in rows {
            let (name, place) = (names[self.index_of(row)], places[row]);
            if next[name].is_some_and(|next| next != place) {
                return Ok(None);
            }
            starts[name].get_or_insert(place);
            next[name] = Some(place + 1);
        }
        // For a name without rows, any number is valid.
        let number =
            |(&first, &name): (&u64, &usize)| first.wrapping_add(starts[name].unwrap_or(0));
        Ok(Some(first.iter().zip(&names).map(number).collect()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sequences::tests::{numbered, numbers};
    use super::super::tests::{any_rows, batch, rows};

    proptest! {
        #[test]
        fn sorting_is_stable(all in any_rows()) {
            let whole = numbered(&batch(&all));
            let mut expected = all.clone();
            expected.sort_by_key(|(time, _, _)| *time);
            let sorted = whole.sorted_by_time().unwrap();
            prop_assert_eq!(&sorted, &batch(&expected));
            if sorted.first_sequences().is_some() {
                // Each row keeps its number.
                let mut pairs: Vec<_> = numbers(&whole).into_iter().zip(rows(&whole)).collect();
                pairs.sort_by_key(|(_, (time, _, _))| *time);
                let expected: Vec<_> = pairs.into_iter().map(|(number, _)| number).collect();
                prop_assert_eq!(numbers(&sorted), expected);
            }
        }

        #[test]
        fn numbers_are_kept_if_rows_of_each_name_stay_in_order(mut all in any_rows(), swap in any::<bool>()) {
            all.sort_by_key(|(time, _, channel)| (channel.name().to_owned(), *time));
            if swap {
                all.reverse();
                all.sort_by_key(|(time, _, _)| *time);
            }
            let sorted = numbered(&batch(&all)).sorted_by_time().unwrap();
            prop_assert!(sorted.first_sequences().is_some());
        }

        #[test]
        fn a_step_keeps_the_numbers_that_have_no_gap(
            all in any_rows(),
            start in 0_usize..6,
            step in 1_usize..6,
        ) {
            let whole = numbered(&batch(&all));
            let chosen: Vec<usize> = (start..all.len()).step_by(step).collect();
            let selected = whole.slice_with_step(&chosen).unwrap();
            prop_assert_eq!(&selected, &whole.take(&chosen).unwrap());
            let known = numbers(&whole);
            let expected: Vec<_> = chosen.iter().map(|&row| known[row].clone()).collect();
            let mut next = std::collections::HashMap::new();
            let follow = expected.iter().all(|(name, number)| {
                next.insert(name.clone(), number + 1).is_none_or(|next| next == *number)
            });
            prop_assert_eq!(selected.first_sequences().is_some(), follow);
            if follow {
                prop_assert_eq!(numbers(&selected), expected);
            }
        }
    }
}
