//! The conversion of points to a batch.

use std::collections::HashMap;

use pyo3::prelude::*;
use rust_daq::{Batch, BatchBuilder, Channel};

use crate::error::{Raise, wrong_type};
use crate::point::PyDataPoint;

/// The addresses of a point's channel, unit and metadata.
type Parts = (usize, usize, usize);

/// The most rows for which memory is reserved before the first row arrives.
const TRUSTED: usize = 1 << 20;

/// Reads points in the order of the rows.
pub fn read(points: &Bound<'_, PyAny>) -> PyResult<Batch> {
    let py = points.py();
    // The length may be wrong, because it comes from foreign code; the builder grows as rows arrive.
    let expected = points.len().unwrap_or(0).min(TRUSTED);
    let mut builder = BatchBuilder::with_capacity(expected).raise()?;
    // Points of one channel share these objects. The point is kept alive, so that no address is reused.
    let mut known: HashMap<Parts, (i32, Bound<'_, PyDataPoint>)> = HashMap::new();
    let wanted = "an iterable of DataPoint";
    for point in points.try_iter().map_err(|_| wrong_type("points", wanted, points))? {
        let point = point?;
        let Ok(point) = point.cast::<PyDataPoint>() else {
            return Err(wrong_type("points", wanted, &point));
        };
        let found = point.get();
        let metadata = found.metadata.as_ref().map_or(0, |held| held.as_ptr() as usize);
        let parts = (found.channel.as_ptr() as usize, found.unit.as_ptr() as usize, metadata);
        let index = if let Some((index, _)) = known.get(&parts) {
            *index
        } else {
            let document = found.core_metadata(py)?;
            let channel = Channel::new(found.channel.to_str(py)?, found.unit.to_str(py)?, document)
                .raise()?;
            let index = builder.index(&channel).raise()?;
            // A dict belongs to a single point.
            if found.metadata.as_ref().is_none_or(|held| held.is_shared(py)) {
                known.insert(parts, (index, point.clone()));
            }
            index
        };
        let added = builder.push(found.timestamp_ns, found.value, index);
        added.raise()?;
    }
    Ok(builder.finish())
}
