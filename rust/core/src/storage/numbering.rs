//! Splitting numbered rows into batches.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use crate::batch::Batch;

/// The sequence numbers of a batch under construction; the numbers of each name are consecutive.
#[derive(Debug)]
pub(super) struct Numbering<K> {
    /// Whether rows have numbers; unknown before the first row.
    numbered: Option<bool>,
    /// For each name: the number of its first row and of its next row.
    names: HashMap<K, (u64, u64)>,
}

impl<K> Default for Numbering<K> {
    fn default() -> Self {
        Self { numbered: None, names: HashMap::new() }
    }
}

impl<K: Eq + Hash> Numbering<K> {
    /// Adds the next row of a name, if it fits into the same batch.
    pub(super) fn admits(&mut self, name: K, number: Option<u64>) -> bool {
        if *self.numbered.get_or_insert(number.is_some()) != number.is_some() {
            return false;
        }
        let Some(number) = number else { return true };
        let (_, next) = self.names.entry(name).or_insert((number, number));
        if *next != number {
            return false;
        }
        *next = number.wrapping_add(1);
        true
    }

    /// Adds the first sequence numbers to the finished batch; `first` finds the number of a name.
    pub(super) fn finish(self, batch: Batch, first: impl Fn(&Self, &str) -> Option<u64>) -> Batch {
        if self.numbered != Some(true) {
            return batch;
        }
        batch.with_first_sequences(Some(&|name| first(&self, name).unwrap_or(0)))
    }

    /// Returns the number of the first row of a name.
    pub(super) fn first_of<Q: Eq + Hash + ?Sized>(&self, name: &Q) -> Option<u64>
    where
        K: Borrow<Q>,
    {
        self.names.get(name).map(|(first, _)| *first)
    }
}
