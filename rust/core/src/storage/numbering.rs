//! Where rows that carry their numbers begin another batch.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use crate::batch::Batch;

/// The sequence numbers of the rows of a batch that is being made, in which those of a name follow upon each other.
#[derive(Debug)]
pub(super) struct Numbering<K> {
    /// Whether rows have numbers; unknown before the first.
    numbered: Option<bool>,
    /// For each name the number of its first row and of the one that comes next.
    names: HashMap<K, (u64, u64)>,
}

impl<K> Default for Numbering<K> {
    fn default() -> Self {
        Self { numbered: None, names: HashMap::new() }
    }
}

impl<K: Eq + Hash> Numbering<K> {
    /// Takes the next row of a name, if it can be of the same batch.
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

    /// The batch that was made, with the numbers of its rows; `first` finds that of a name.
    pub(super) fn finish(self, batch: Batch, first: impl Fn(&Self, &str) -> Option<u64>) -> Batch {
        if self.numbered != Some(true) {
            return batch;
        }
        batch.with_first_sequences(Some(&|name| first(&self, name).unwrap_or(0)))
    }

    /// The number of the first row of a name.
    pub(super) fn first_of<Q: Eq + Hash + ?Sized>(&self, name: &Q) -> Option<u64>
    where
        K: Borrow<Q>,
    {
        self.names.get(name).map(|(first, _)| *first)
    }
}
