//! Reading batches from a CSV file.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

use super::row::Row;
use super::{HEADER, LONGEST, SEQUENCE};
use crate::batch::BatchBuilder;
use crate::channel::Channel;
use crate::error::Error;
use crate::storage::input::Input;
use crate::storage::numbering::Numbering;
use crate::storage::resume::Layout;
use crate::storage::source::{CUT, Step, not_read};

/// The most rows in a batch.
const ROWS: usize = 1 << 16;

/// The most cells in a row, plus one to detect too many.
const CELLS: usize = 6;

/// The byte order mark that a spreadsheet puts before UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The characters of line ends.
const LINE_ENDS: [u8; 2] = *b"\n\r";

/// Reads a CSV file.
pub(in crate::storage) struct CsvReader {
    reader: Reader,
    columns: Columns,
    /// The bytes up to the end of the last returned row.
    whole: u64,
    /// The number of returned rows.
    rows: u64,
    /// The concatenated cells of the current row, and the end of each cell.
    cells: Vec<u8>,
    ends: [usize; CELLS],
    count: usize,
    /// Whether the current row belongs in the next batch.
    waiting: bool,
    known: HashMap<String, Known>,
    batches: u64,
    /// Why no more can be read after the returned batch.
    end: Option<Step>,
}

/// The properties that follow from the first line.
#[derive(Debug, Clone, Copy, Default)]
struct Columns {
    /// Whether there is a column of sequence numbers.
    numbered: bool,
    /// Whether lines end as on Windows.
    returns: bool,
}

/// A known channel.
struct Known {
    channel: Channel,
    /// The last batch that contains it, and its index there.
    batch: u64,
    index: i32,
}

impl CsvReader {
    /// Reads the first line; `None` if the file ends within it.
    pub(in crate::storage) fn open(input: &mut Input, path: &Path) -> Result<Option<Self>, Error> {
        let columns = columns(input).map_err(|error| not_read(path, &error))?;
        let columns = columns.map_err(|line| Error::in_file(path, &format!(
                "is not a recording: it begins with {line:?}; open_recording reads files of ArrowWriter, \
                 CsvWriter and compact"
            )))?;
        let Some(columns) = columns else { return Ok(None) };
        Ok(Some(Self {
            reader: ReaderBuilder::new().terminator(Terminator::Any(b'\n')).build(),
            columns,
            whole: input.position,
            rows: 0,
            cells: vec![0; 256],
            ends: [0; CELLS],
            count: 0,
            waiting: false,
            known: HashMap::new(),
            batches: 0,
            end: None,
        }))
    }

    /// Adds the current row to a batch; `false` if it begins another batch.
    fn take_row(
        &mut self,
        builder: &mut BatchBuilder,
        numbering: &mut Numbering<i32>,
    ) -> Result<bool, String> {
        let mut begin = 0;
        let mut cells = [&[][..]; CELLS];
        for (cell, &end) in cells.iter_mut().zip(&self.ends[..self.count]) {
            *cell = &self.cells[begin..end];
            begin = end;
        }
        let cells = &mut cells[..self.count];
        if let Some(last) = cells.last_mut()
            && self.columns.returns
        {
            *last = last.strip_suffix(b"\r").unwrap_or(last);
        }
        let row = Row::of(cells, self.columns.numbered)?;
        let index = index(&mut self.known, self.batches, &row, builder)?;
        if !numbering.admits(index, row.sequence) {
            return Ok(false);
        }
        let added = builder.push(row.timestamp, row.value, index);
        added.map_err(|error| error.to_string())?;
        Ok(true)
    }

    /// Reads the cells of the next row, or returns why the rows end.
    fn read_row(&mut self, input: &mut Input) -> io::Result<Option<Step>> {
        let (mut written, mut begun) = (0, false);
        self.count = 0;
        loop {
            let piece = input.peek()?;
            if piece.is_empty() {
                if begun {
                    return Ok(Some(Step::Torn(CUT.to_owned())));
                }
                // Only line ends follow the last row.
                self.whole = input.position;
                return Ok(Some(Step::End));
            }
            let (cells, ends) = (&mut self.cells[written..], &mut self.ends[self.count..]);
            let (result, taken, more, count) = self.reader.read_record(piece, cells, ends);
            begun |= piece[..taken].iter().any(|byte| !LINE_ENDS.contains(byte));
            input.consume(taken);
            written += more;
            self.count += count;
            let damage = match result {
                ReadRecordResult::Record => return Ok(None),
                ReadRecordResult::InputEmpty => continue,
                ReadRecordResult::OutputFull if self.cells.len() < LONGEST => {
                    self.cells.resize(2 * self.cells.len(), 0);
                    continue;
                }
                ReadRecordResult::OutputFull => "it is longer than any row that a recording has",
                ReadRecordResult::OutputEndsFull | ReadRecordResult::End => {
                    "it has more cells than the file has columns"
                }
            };
            return Ok(Some(Step::Torn(format!("row {} is damaged: {damage}", self.rows))));
        }
    }
}

impl crate::storage::source::Reader for CsvReader {
    fn format(&self) -> &'static str {
        "csv"
    }

    fn next(&mut self, input: &mut Input) -> io::Result<Step> {
        let mut builder = BatchBuilder::default();
        let mut numbering = Numbering::default();
        self.batches += 1;
        let mut rows = 0;
        while rows < ROWS && self.end.is_none() {
            if !std::mem::take(&mut self.waiting) {
                self.end = self.read_row(input)?;
                if self.end.is_some() {
                    break;
                }
            }
            match self.take_row(&mut builder, &mut numbering) {
                Ok(true) => {
                    rows += 1;
                    self.rows += 1;
                    self.whole = input.position;
                }
                Ok(false) => {
                    self.waiting = true;
                    break;
                }
                Err(problem) => {
                    let problem = format!("row {} is damaged: {problem}", self.rows);
                    self.end = Some(Step::Torn(problem));
                }
            }
        }
        if rows == 0 {
            return Ok(self.end.take().unwrap_or(Step::End));
        }
        let first = |numbering: &Numbering<i32>, name: &str| {
            numbering.first_of(&self.known.get(name)?.index)
        };
        Ok(Step::Batch(numbering.finish(builder.finish(), first)))
    }

    fn rewind(&mut self, input: &mut Input) {
        self.reader.reset();
        self.waiting = false;
        self.end = None;
        input.seek(self.whole);
    }

    fn whole(&self) -> u64 {
        self.whole
    }

    fn layout(&self, _input: &mut Input, _path: &Path) -> Result<Option<Layout>, Error> {
        let unit =
            |(name, known): (&String, &Known)| (name.clone(), known.channel.unit().to_owned());
        let units = self.known.iter().map(unit).collect();
        Ok(Some(Layout::Csv { numbered: self.columns.numbered, units }))
    }
}

/// Reads the first line; `None` if the file ends within it, and its beginning as the error if it is another line.
fn columns(input: &mut Input) -> io::Result<Result<Option<Columns>, String>> {
    let numbered = [HEADER, SEQUENCE].concat();
    let mut line = Vec::new();
    let longest = MARK.len() + numbered.len() + LINE_ENDS.len();
    while line.len() < longest && line.last() != Some(&b'\n') {
        if !input.read(1, |byte| line.extend_from_slice(byte))? {
            let both = [format!("{numbered}\r\n"), format!("{HEADER}\r\n"), format!("{HEADER}\n")];
            let text = line.strip_prefix(MARK).unwrap_or(&line);
            if both.iter().any(|whole| whole.as_bytes().starts_with(text))
                || MARK.starts_with(&line)
            {
                return Ok(Ok(None));
            }
            break;
        }
    }
    let text = String::from_utf8_lossy(line.strip_prefix(MARK).unwrap_or(&line));
    let found = text
        .strip_suffix('\n')
        .map(|text| text.strip_suffix('\r').map_or((text, false), |text| (text, true)));
    Ok(match found {
        Some((names, returns)) if names == HEADER => Ok(Some(Columns { numbered: false, returns })),
        Some((names, returns)) if names == numbered => {
            Ok(Some(Columns { numbered: true, returns }))
        }
        _ => Err(text.into_owned()),
    })
}

/// Returns the index of a row's channel in the current batch.
fn index(
    known: &mut HashMap<String, Known>,
    batch: u64,
    row: &Row<'_>,
    builder: &mut BatchBuilder,
) -> Result<i32, String> {
    if !known.contains_key(row.channel) {
        let channel =
            Channel::new(row.channel, row.unit, None).map_err(|error| error.to_string())?;
        known.insert(row.channel.to_owned(), Known { channel, batch: 0, index: 0 });
    }
    let Some(known) = known.get_mut(row.channel) else { return Err(String::new()) };
    if known.channel.unit() != row.unit {
        let (channel, unit) = (row.channel, known.channel.unit());
        return Err(format!(
            "its unit is {:?}, but {channel:?} had the unit {unit:?} before",
            row.unit
        ));
    }
    if known.batch != batch {
        known.index = builder.index(&known.channel).map_err(|error| error.to_string())?;
        known.batch = batch;
    }
    Ok(known.index)
}
