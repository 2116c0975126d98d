//! Continuing an existing recording.

use std::collections::HashMap;
use std::path::Path;

use super::file::End;
use super::source::{Source, Step};
use crate::channel::Channel;
use crate::error::Error;

/// The common layout of all batches of a recording.
#[derive(Debug)]
pub enum Layout {
    /// An Arrow stream.
    Arrow {
        /// The channels, one per name.
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

/// The whole part of a recording.
pub(super) struct Past {
    /// `None` if the file ends before its first batch.
    pub(super) layout: Option<Layout>,
    pub(super) whole: End,
    /// The next sequence number of each name.
    pub(super) next: HashMap<String, u64>,
}

/// Reads a recording to its end. Refuses damage that whole batches may follow.
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
                    "cannot be continued: after row {rows} {problem}, and whole batches may follow; \
                     write to another file"
                );
                return Err(Error::in_file(path, &problem));
            }
        }
    }
    // A stream without channels has no batches, and would accept none.
    let has_channels =
        |layout: &Layout| !matches!(layout, Layout::Arrow { channels, .. } if channels.is_empty());
    let layout = source.layout()?.filter(has_channels);
    let bytes = if layout.is_some() { source.whole() } else { 0 };
    Ok(Past { layout, whole: End { bytes, rows }, next })
}
