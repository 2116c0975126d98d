//! Reading the messages of an Arrow stream.

use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::{Message, MessageHeader, root_as_message};
use arrow_schema::Schema;
use crc32fast::Hasher;

use super::checksum::{at_place, is_right};
use super::decode::{Columns, Refused};
use super::{CHECKSUM_KEY, CONTINUATION, LONGEST_HEAD, PREFIX, SEQUENCES_KEY};
use crate::batch::{Batch, arrow_schema, read_description};
use crate::channel::Channel;
use crate::error::Error;
use crate::storage::input::Input;
use crate::storage::resume::Layout;
use crate::storage::source::{CUT, DAMAGED, Reader, Step, not_read};
use crate::storage::{STREAM_VERSION, VERSION_KEY};

/// Since this version, checksums include the position of a message, and a message without rows comes last.
const PLACES: u32 = 2;

/// The reason for refusing a message with a longer head than any written message.
const TOO_LONG: &str =
    "the rest is damaged: it begins with a longer head than any message of a recording has";

/// The state of reading a stream.
#[derive(Debug)]
pub(in crate::storage) struct ArrowReader {
    stream: Stream,
    /// The bytes up to the end of the last batch.
    whole: u64,
    /// The bytes up to the end of the last whole message.
    end: u64,
    /// The start of the damaged bytes, if there is damage.
    damage: u64,
    /// The last message without its body.
    head: Vec<u8>,
}

#[derive(Debug)]
struct Stream {
    version: u32,
    /// The number of bytes of the schema.
    schema_end: u64,
    channels: Arc<[Channel]>,
    own_metadata: bool,
    /// The checksum of all bytes before the first batch.
    seen: Hasher,
    /// The number of these bytes, once known.
    beginning: Option<u64>,
    /// Whether the message without rows was read.
    closed: bool,
}

/// The next part of a file.
enum Head {
    /// A message whose head was read.
    Message,
    End,
    Torn(&'static str),
}

impl ArrowReader {
    /// Reads the schema; `None` if the file ends within it.
    pub(in crate::storage) fn open(input: &mut Input, path: &Path) -> Result<Option<Self>, Error> {
        let mut head = Vec::new();
        let next = next(input, &mut head).map_err(|error| not_read(path, &error))?;
        let stream = match next {
            Head::Torn(CUT) => return Ok(None),
            Head::Torn(TOO_LONG) => {
                return Err(no_recording(path, "its schema is longer than that of any recording"));
            }
            Head::Message => Stream::of(&head, path)?,
            Head::End | Head::Torn(_) => return Err(no_recording(path, "its schema is missing")),
        };
        let whole = input.position;
        Ok(Some(Self { stream, whole, end: whole, damage: whole, head }))
    }
}

impl Reader for ArrowReader {
    fn format(&self) -> &'static str {
        "arrow"
    }

    fn next(&mut self, input: &mut Input) -> io::Result<Step> {
        let stream = &mut self.stream;
        loop {
            let place = input.position;
            self.damage = place;
            match next(input, &mut self.head)? {
                Head::Message => {}
                Head::End if stream.version >= PLACES && !stream.closed => {
                    self.damage = input.position;
                    return Ok(Step::Torn(DAMAGED.to_owned()));
                }
                Head::End => {
                    self.end = input.position;
                    return Ok(Step::End);
                }
                Head::Torn(problem) => return Ok(Step::Torn(problem.to_owned())),
            }
            let Ok(message) = root_as_message(&self.head[PREFIX..]) else {
                return Ok(Step::Torn(DAMAGED.to_owned()));
            };
            let Some(body) = body(input, message.bodyLength())? else {
                return Ok(Step::Torn(CUT.to_owned()));
            };
            self.damage = input.position;
            match message.header_type() {
                MessageHeader::DictionaryBatch if stream.beginning.is_none() => {
                    stream.seen.update(&self.head);
                    stream.seen.update(&body);
                }
                MessageHeader::RecordBatch if !stream.closed => {
                    stream.beginning.get_or_insert(place);
                    let batch = match stream.batch(&message, &self.head, &body, place) {
                        Ok(batch) => batch,
                        Err(Refused::Damaged) => return Ok(Step::Torn(DAMAGED.to_owned())),
                        Err(Refused::Memory(error)) => {
                            return Err(io::Error::new(io::ErrorKind::OutOfMemory, error));
                        }
                    };
                    self.end = input.position;
                    if batch.is_empty() {
                        // It has no meaning in earlier versions.
                        stream.closed = stream.version >= PLACES;
                        continue;
                    }
                    self.whole = self.end;
                    return Ok(Step::Batch(batch));
                }
                _ => return Ok(Step::Torn(DAMAGED.to_owned())),
            }
            self.end = input.position;
            self.whole = self.end;
        }
    }

    fn rewind(&mut self, input: &mut Input) {
        self.stream.closed = false;
        self.end = self.whole;
        input.seek(self.whole);
    }

    fn whole(&self) -> u64 {
        self.whole
    }

    fn end(&self) -> u64 {
        self.end
    }

    fn damage(&self) -> Option<u64> {
        Some(self.damage)
    }

    fn layout(&self, input: &mut Input, path: &Path) -> Result<Option<Layout>, Error> {
        if self.stream.version < PLACES {
            return Err(Error::in_file(
                path,
                "was written by an earlier version and cannot be continued; write to \
                           another file",
            ));
        }
        // A message with the names of the channels is between the schema and the first batch.
        let names = (self.whole > self.stream.schema_end).then_some(self.whole);
        let Some(length) = self.stream.beginning.or(names) else { return Ok(None) };
        let mut beginning = Vec::new();
        let count = usize::try_from(length).unwrap_or(usize::MAX);
        input.seek(0);
        input.read_onto(count, &mut beginning).map_err(|error| not_read(path, &error))?;
        Ok(Some(Layout::Arrow {
            channels: self.stream.channels.to_vec(),
            own_metadata: self.stream.own_metadata,
            beginning,
        }))
    }
}

impl Stream {
    fn of(head: &[u8], path: &Path) -> Result<Self, Error> {
        let message = root_as_message(&head[PREFIX..]).ok();
        let schema = message.filter(|message| message.bodyLength() == 0);
        let schema = schema.and_then(|message| message.header_as_schema());
        let schema = schema.and_then(|schema| try_fb_to_schema(schema).ok());
        let schema = schema.ok_or_else(|| no_recording(path, "its schema cannot be read"))?;
        let version = read_version(&schema, path)?;
        let channels = read_description(&schema).map_err(|error| {
            no_recording(path, &format!("its channels cannot be read: {error}"))
        })?;
        let own = [false, true].into_iter();
        let mut own = own.filter(|own| arrow_schema(&[], *own).fields() == schema.fields());
        let own_metadata = own.next().ok_or_else(|| no_recording(path, "it has other columns"))?;
        let mut seen = Hasher::new();
        seen.update(head);
        Ok(Self {
            version,
            schema_end: head.len() as u64,
            channels: channels.into(),
            own_metadata,
            seen,
            beginning: None,
            closed: false,
        })
    }

    /// Decodes the batch of a message at a position in the file, if it is whole.
    fn batch(
        &self,
        message: &Message<'_>,
        head: &[u8],
        body: &Buffer,
        place: u64,
    ) -> Result<Batch, Refused> {
        let entry = |key: &str| {
            let entries = message.custom_metadata()?;
            entries.iter().find(|entry| entry.key() == Some(key))?.value()
        };
        let digits = entry(CHECKSUM_KEY).ok_or(Refused::Damaged)?;
        let digits = digits.as_ptr() as usize - head.as_ptr() as usize;
        let before =
            if self.version >= PLACES { at_place(&self.seen, place) } else { self.seen.clone() };
        if !is_right(before, head, digits, body) {
            return Err(Refused::Damaged);
        }
        let rows = message.header_as_record_batch().ok_or(Refused::Damaged)?;
        let columns = Columns::of(rows, body, self.own_metadata)?;
        columns.batch(&self.channels, entry(SEQUENCES_KEY))
    }
}

fn read_version(schema: &Schema, path: &Path) -> Result<u32, Error> {
    let Some(version) = schema.metadata().get(VERSION_KEY) else {
        let problem = "ArrowWriter did not write it; read it with pyarrow.ipc.open_stream, and convert \
                       it with Batch.from_arrow";
        return Err(no_recording(path, problem));
    };
    match version.parse::<u32>() {
        Ok(version) if version <= STREAM_VERSION => Ok(version),
        _ => Err(Error::in_file(
            path,
            &format!(
                "its schema has version {version}, but this rust_daq reads versions up to {STREAM_VERSION}; \
                 install a newer rust_daq"
            ),
        )),
    }
}

fn no_recording(path: &Path, problem: &str) -> Error {
    let problem = format!("is an Arrow stream but not a recording: {problem}");
    Error::in_file(path, &problem)
}

/// Reads the head of the next message.
fn next(input: &mut Input, head: &mut Vec<u8>) -> io::Result<Head> {
    head.clear();
    if !input.read(PREFIX, |bytes| head.extend_from_slice(bytes))? {
        return Ok(Head::Torn(CUT));
    }
    let (marker, length) = head.split_at(CONTINUATION.len());
    let length = u32::from_le_bytes(length.try_into().unwrap_or_default());
    if marker != CONTINUATION {
        return Ok(Head::Torn(DAMAGED));
    }
    if length == 0 {
        return Ok(Head::End);
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > LONGEST_HEAD {
        return Ok(Head::Torn(TOO_LONG));
    }
    let whole = input.read_onto(length, head)?;
    Ok(if whole { Head::Message } else { Head::Torn(CUT) })
}

/// Reads the body of a message; `None` if the file is shorter.
fn body(input: &mut Input, length: i64) -> io::Result<Option<Buffer>> {
    let Ok(count) = u64::try_from(length) else { return Ok(None) };
    let Ok(length) = usize::try_from(count) else { return Ok(None) };
    if !input.has(count)? {
        return Ok(None);
    }
    let mut body = MutableBuffer::try_with_capacity(length)
        .map_err(|error| io::Error::new(io::ErrorKind::OutOfMemory, error.to_string()))?;
    let whole = input.read(length, |bytes| body.extend_from_slice(bytes))?;
    Ok(whole.then(|| body.into()))
}
