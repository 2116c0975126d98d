//! Grouping the rows of a batch by channel name.

use std::collections::HashMap;

use super::arrival::Arrival;
use crate::batch::Batch;
use crate::column::zeroed;
use crate::error::Error;

/// The rows of a batch, grouped by name.
pub(super) struct Groups<'a> {
    /// The names that have rows.
    pub(super) arrivals: Vec<Arrival<'a>>,
    /// The rows of the first name, then those of the next, and so on; `None` if there is only one channel.
    pub(super) rows: Option<Vec<usize>>,
}

impl<'a> Groups<'a> {
    /// Groups the rows of a batch; missing memory is an error.
    pub(super) fn new(batch: &'a Batch) -> Result<Self, Error> {
        let first = |index: usize| batch.first_sequences().map(|first| first[index]);
        let name = |index: usize| batch.channels()[index].name();
        let Some(indices) = batch.indices() else {
            let rows = batch.len();
            let only = (rows > 0).then(|| Arrival { name: name(0), rows, first: first(0) });
            return Ok(Self { arrivals: only.into_iter().collect(), rows: None });
        };
        let mut counts = vec![0; batch.channels().len()];
        // Indices are not negative, because a batch checks them.
        indices.iter().for_each(|index| counts[index.cast_unsigned() as usize] += 1);

        let mut arrivals: Vec<Arrival<'_>> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        // The group of each channel that has rows.
        let mut groups = vec![0; counts.len()];
        for (index, &rows) in counts.iter().enumerate().filter(|(_, rows)| **rows > 0) {
            let group = *places.entry(name(index)).or_insert(arrivals.len());
            if group == arrivals.len() {
                arrivals.push(Arrival { name: name(index), rows: 0, first: first(index) });
            }
            arrivals[group].rows += rows;
            groups[index] = group;
        }

        let mut free: Vec<usize> = arrivals
            .iter()
            .scan(0, |end, arrival| Some(std::mem::replace(end, *end + arrival.rows)))
            .collect();
        let mut rows = zeroed(indices.len())?;
        for (row, index) in indices.iter().enumerate() {
            let place = &mut free[groups[index.cast_unsigned() as usize]];
            rows[*place] = row;
            *place += 1;
        }
        Ok(Self { arrivals, rows: Some(rows) })
    }
}
