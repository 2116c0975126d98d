//! Writing batches to a CSV file.

use std::collections::HashMap;
use std::io::{self, Write};

use zmij::Buffer;

use super::cells::Cells;
use super::stamp::Stamp;
use super::{HEADER, LONGEST, SEQUENCE};
use crate::batch::Batch;
use crate::channel::Channel;
use crate::error::Error;
use crate::storage::file::AppendFile;
use crate::storage::known::Known;
use crate::storage::resume::Layout;
use crate::storage::writer::Format;

/// The writer of CSV files.
#[derive(Debug)]
pub struct CsvFormat {
    drop_metadata: bool,
    sequences: Sequences,
    /// The unit of each name.
    units: HashMap<String, String>,
    known: Known,
    /// The cells of each channel of the last batch.
    cells: Vec<Cells>,
    stamp: Stamp,
}

/// How sequence numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sequences {
    /// A column exists if the first batch has numbers.
    AsFirst,
    /// A column exists.
    Kept,
    /// No column exists, and numbers are omitted.
    Dropped,
    /// No column exists, because the first batch had no numbers.
    Missing,
}

impl CsvFormat {
    /// Creates the format with or without a column of sequence numbers; `None` follows the first batch.
    ///
    /// Metadata has no column; a batch with metadata is refused, unless `drop_metadata` is set.
    #[must_use]
    pub fn new(drop_metadata: bool, sequences: Option<bool>) -> Self {
        let sequences = match sequences {
            None => Sequences::AsFirst,
            Some(true) => Sequences::Kept,
            Some(false) => Sequences::Dropped,
        };
        Self {
            drop_metadata,
            sequences,
            units: HashMap::new(),
            known: Known::default(),
            cells: Vec::new(),
            stamp: Stamp::default(),
        }
    }

    /// Refuses channels that rows cannot represent.
    fn admit_channels(&mut self, batch: &Batch) -> Result<(), Error> {
        let Self { known, cells, units, drop_metadata, .. } = self;
        let check = |index: usize, channel: &Channel| {
            // Removes the cells of an earlier batch.
            cells.truncate(index);
            cells.push(Cells::of(channel));
            check_channel(channel, &cells[index], units, *drop_metadata)
        };
        if known.check(batch, check)? == Some(true) {
            for channel in batch.channels().iter() {
                units.insert(channel.name().to_owned(), channel.unit().to_owned());
            }
        }
        Ok(())
    }
}

fn check_channel(
    channel: &Channel,
    cells: &Cells,
    units: &HashMap<String, String>,
    drop_metadata: bool,
) -> Result<(), Error> {
    let name = channel.name();
    if channel.metadata().is_some() && !drop_metadata {
        return Err(Error::Refused(format!(
            "channel '{name}' has metadata, but CSV has no column for it; write with \
                 ArrowWriter, or pass drop_metadata=True to omit it"
        )));
    }
    if cells.length() > LONGEST / 2 {
        let (got, most) = (cells.length(), LONGEST / 2);
        return Err(Error::Refused(format!(
            "the name and the unit of a channel take {got} bytes, but a row of CSV has \
                 room for {most}; pass shorter ones"
        )));
    }
    match units.get(name) {
        Some(first) if first != channel.unit() => {
            Err(Error::units_differ(name, first, channel.unit()))
        }
        _ => Ok(()),
    }
}

impl Format for CsvFormat {
    fn admit(&mut self, batch: &Batch) -> Result<(), Error> {
        let numbered = batch.first_sequences().is_some();
        if numbered && self.sequences == Sequences::Missing {
            return Err(Error::Refused(
                "the batch has sequence numbers, but the file has no column for them, because \
                          its first batch had none; pass sequences=True when you open it, or \
                          False to omit them"
                    .to_owned(),
            ));
        }
        self.admit_channels(batch)?;
        if self.sequences == Sequences::AsFirst {
            self.sequences = if numbered { Sequences::Kept } else { Sequences::Missing };
        }
        Ok(())
    }

    fn resume(&mut self, layout: Layout) -> Result<(), Error> {
        let refused = |problem: &str| Err(Error::Refused(problem.to_owned()));
        let Layout::Csv { numbered, units } = layout else {
            return refused("the recording is an Arrow stream; continue it with ArrowWriter");
        };
        self.sequences = match (self.sequences, numbered) {
            (Sequences::Kept, false) => {
                return refused(
                    "the recording has no column of sequence numbers; pass sequences=False to omit \
                     them, or write to another file",
                );
            }
            (Sequences::Dropped, true) => {
                return refused(
                    "the recording has a column of sequence numbers; omit sequences, or write to \
                     another file",
                );
            }
            (Sequences::AsFirst, false) => Sequences::Missing,
            (Sequences::AsFirst, true) => Sequences::Kept,
            (asked, _) => asked,
        };
        self.units = units;
        Ok(())
    }

    fn begin(&mut self, file: &mut AppendFile) -> io::Result<()> {
        file.append(HEADER.as_bytes())?;
        if self.sequences == Sequences::Kept {
            file.append(SEQUENCE.as_bytes())?;
        }
        file.append(b"\n")
    }

    fn write(&mut self, batch: &Batch, file: &mut AppendFile) -> io::Result<()> {
        let Self { cells, stamp, .. } = self;
        let kept = self.sequences == Sequences::Kept;
        let mut numbers = batch.first_sequences().filter(|_| kept).map(|first| first.to_vec());
        let names = if numbers.is_some() { batch.names() } else { Vec::new() };
        let mut text = Buffer::new();
        for (row, (&time, &value)) in batch.timestamps().iter().zip(batch.values()).enumerate() {
            let channel = batch.index_of(row);
            let cells = &cells[channel];
            file.append_with(|out| {
                out.extend_from_slice(stamp.text(time));
                out.extend_from_slice(&cells.before);
                out.extend_from_slice(text.format(value).as_bytes());
                out.extend_from_slice(&cells.after);
                if kept {
                    out.push(b',');
                    if let Some(numbers) = &mut numbers {
                        let number = &mut numbers[names[channel]];
                        write!(out, "{number}")?;
                        *number = number.wrapping_add(1);
                    }
                }
                out.push(b'\n');
                Ok(())
            })?;
        }
        Ok(())
    }
}
