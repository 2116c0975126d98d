//! The conversion of points to a batch.

use std::collections::HashMap;

use pyo3::prelude::*;
use rust_daq::{Batch, BatchBuilder, Channel};

use crate::error::{Raise, explained, is_ordinary, wrong_type};
use crate::point::PyDataPoint;

/// The addresses of a point's channel, unit and metadata.
type Parts = (usize, usize, usize);

/// The most rows for which memory is reserved before the first row arrives.
const TRUSTED: usize = 1 << 20;

/// The channels of points that were read: points of one channel share their parts.
#[derive(Default)]
struct Known<'py> {
    /// Each with its index, and with a point that keeps it alive, so that no address is reused.
    channels: Vec<(Parts, i32, Bound<'py, PyDataPoint>)>,
    places: HashMap<Parts, usize>,
    /// The place of the next point's channel in a scan, which repeats the channels in their order.
    next: usize,
}

impl<'py> Known<'py> {
    fn index(&mut self, parts: Parts) -> Option<i32> {
        let place = match self.channels.get(self.next) {
            Some((expected, ..)) if *expected == parts => self.next,
            _ => *self.places.get(&parts)?,
        };
        self.next = if place + 1 < self.channels.len() { place + 1 } else { 0 };
        Some(self.channels[place].1)
    }

    fn add(&mut self, parts: Parts, index: i32, point: Bound<'py, PyDataPoint>) {
        self.places.insert(parts, self.channels.len());
        self.channels.push((parts, index, point));
    }
}

/// Reads points in the order of the rows.
pub fn read(points: &Bound<'_, PyAny>) -> PyResult<Batch> {
    let py = points.py();
    // The length may be wrong, because it comes from foreign code; the builder grows as rows arrive.
    let expected = match points.len() {
        Ok(length) => length.min(TRUSTED),
        Err(error) if is_ordinary(&error, py) => 0,
        Err(error) => return Err(error),
    };
    let mut builder = BatchBuilder::with_capacity(expected).raise()?;
    let mut known = Known::default();
    let wanted = "an iterable of DataPoint";
    let wrong = || wrong_type("points", wanted, points);
    for point in points.try_iter().map_err(|error| explained(error, py, wrong))? {
        let point = point?;
        let Ok(point) = point.cast::<PyDataPoint>() else {
            return Err(wrong_type("points", wanted, &point));
        };
        let found = point.get();
        let metadata = found.metadata.as_ref().map_or(0, |held| held.as_ptr() as usize);
        let parts = (found.channel.as_ptr() as usize, found.unit.as_ptr() as usize, metadata);
        let index = if let Some(index) = known.index(parts) {
            index
        } else {
            let document = found.core_metadata(py)?;
            let channel = Channel::new(found.channel.to_str(py)?, found.unit.to_str(py)?, document)
                .raise()?;
            let index = builder.index(&channel).raise()?;
            // A dict belongs to a single point.
            if found.metadata.as_ref().is_none_or(|held| held.is_shared(py)) {
                known.add(parts, index, point.clone());
            }
            index
        };
        let added = builder.push(found.timestamp_ns, found.value, index);
        added.raise()?;
    }
    Ok(builder.finish())
}
