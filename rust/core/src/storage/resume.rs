//! A recording that is continued.

use std::collections::HashMap;
use std::path::Path;

use super::file::End;
use super::source::{Source, Step};
use crate::channel::Channel;
use crate::error::Error;

/// What all batches of a recording have in common.
#[derive(Debug)]
pub enum Layout {
    /// An Arrow stream.
    Arrow {
        /// One channel for each name.
        channels: Vec<Channel>,
        /// Whether each row has its own metadata.
        own_metadata: bool,
        /// The bytes before the first batch.
        beginning: Vec<u8>,
    },
    /// A CSV file.
    Csv {
        /// Whether there is a column of sequence numbers.
        numbered: bool,
        /// The unit of each name.
        units: HashMap<String, String>,
    },
}

/// A recording as far as it is whole.
pub(super) struct Past {
    /// `None` where the file ends before its first batch could begin.
    pub(super) layout: Option<Layout>,
    pub(super) whole: End,
    /// The sequence number that follows the last one of each name.
    pub(super) next: HashMap<String, u64>,
}

/// Reads a recording to its end. Bytes behind its last whole batch are not whole, unless whole batches may follow them.
pub(super) fn read_past(path: &Path) -> Result<Past, Error> {
    let mut source = Source::open(path)?;
    let mut next = HashMap::new();
    let mut rows = 0;
    loop {
        match source.step()? {
            Step::Batch(batch) => {
                rows += batch.len() as u64;
                let Some(first) = batch.first_sequences() else { continue };
                let counts = batch.rows_of_names();
                for (channel, (first, count)) in
                    batch.channels().iter().zip(first.iter().zip(counts))
                {
                    if count > 0 {
                        next.insert(channel.name().to_owned(), first.wrapping_add(count as u64));
                    }
                }
            }
            Step::End => break,
            Step::Torn(problem) if source.ends_torn(&problem)? => break,
            Step::Torn(problem) => {
                let problem = format!(
                    "cannot be continued: behind row {rows} {problem}, and whole batches may follow; \
                     write into another file"
                );
                return Err(Error::in_file(path, &problem));
            }
        }
    }
    // A stream of no channels has no batch, and would take none.
    let has_channels =
        |layout: &Layout| !matches!(layout, Layout::Arrow { channels, .. } if channels.is_empty());
    let layout = source.layout()?.filter(has_channels);
    let bytes = if layout.is_some() { source.whole() } else { 0 };
    Ok(Past { layout, whole: End { bytes, rows }, next })
}
