//! Reads the messages of an Arrow stream.

use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::{Message, MessageHeader, root_as_message};
use arrow_schema::Schema;
use crc32fast::Hasher;

use super::checksum::is_right;
use super::decode::Columns;
use super::{CHECKSUM_KEY, CONTINUATION, SEQUENCES_KEY};
use crate::batch::{Batch, arrow_schema, described};
use crate::channel::Channel;
use crate::error::Error;
use crate::storage::input::Input;
use crate::storage::recording::{CUT, DAMAGED, Step, not_read};
use crate::storage::{VERSION, VERSION_KEY};

/// What each message begins with: the marker and the length of its head.
const PREFIX: usize = 8;

/// A stream that is read.
#[derive(Debug)]
pub(in crate::storage) struct ArrowReader {
    input: Input,
    /// `None` where the file ends within the schema.
    stream: Option<Stream>,
    /// The bytes up to the end of the last whole message.
    whole: u64,
    /// The last message without its body.
    head: Vec<u8>,
}

#[derive(Debug)]
struct Stream {
    channels: Arc<[Channel]>,
    own_metadata: bool,
    /// Has seen all that stands before the first batch.
    seen: Hasher,
    /// Whether that was all.
    begun: bool,
}

/// What comes next in a file.
enum Next {
    /// A message, of which the head is read.
    Message,
    End,
    Torn(&'static str),
}

impl ArrowReader {
    /// Reads the schema.
    pub(in crate::storage) fn open(mut input: Input, path: &Path) -> Result<Self, Error> {
        let mut head = Vec::new();
        let next = next(&mut input, &mut head).map_err(|error| not_read(path, &error))?;
        let stream = match next {
            Next::Torn(CUT) => None,
            Next::Message => Some(Stream::of(&head, path)?),
            Next::End | Next::Torn(_) => return Err(no_recording(path, "its schema is missing")),
        };
        let whole = if stream.is_some() { input.position() } else { 0 };
        Ok(Self { input, stream, whole, head })
    }

    /// The next batch.
    pub(in crate::storage) fn next(&mut self) -> io::Result<Step> {
        let Some(stream) = &mut self.stream else { return Ok(Step::Torn(CUT.to_owned())) };
        loop {
            match next(&mut self.input, &mut self.head)? {
                Next::Message => {}
                Next::End => {
                    self.whole = self.input.position();
                    return Ok(Step::End);
                }
                Next::Torn(problem) => return Ok(Step::Torn(problem.to_owned())),
            }
            let Ok(message) = root_as_message(&self.head[PREFIX..]) else {
                return Ok(Step::Torn(DAMAGED.to_owned()));
            };
            let Some(body) = body(&mut self.input, message.bodyLength())? else {
                return Ok(Step::Torn(CUT.to_owned()));
            };
            match message.header_type() {
                MessageHeader::DictionaryBatch if !stream.begun => {
                    stream.seen.update(&self.head);
                    stream.seen.update(&body);
                }
                MessageHeader::RecordBatch => {
                    stream.begun = true;
                    let Some(batch) = stream.batch(&message, &self.head, &body) else {
                        return Ok(Step::Torn(DAMAGED.to_owned()));
                    };
                    self.whole = self.input.position();
                    return Ok(Step::Batch(batch));
                }
                _ => return Ok(Step::Torn(DAMAGED.to_owned())),
            }
            self.whole = self.input.position();
        }
    }

    /// The bytes behind the last whole message.
    pub(in crate::storage) fn leftover(&mut self) -> io::Result<u64> {
        let read = self.input.position() - self.whole;
        Ok(read + self.input.left()?)
    }
}

impl Stream {
    fn of(head: &[u8], path: &Path) -> Result<Self, Error> {
        let message = root_as_message(&head[PREFIX..]).ok();
        let schema = message.filter(|message| message.bodyLength() == 0);
        let schema = schema.and_then(|message| message.header_as_schema());
        let schema = schema.and_then(|schema| try_fb_to_schema(schema).ok());
        let schema = schema.ok_or_else(|| no_recording(path, "its schema cannot be read"))?;
        check_version(&schema, path)?;
        let channels = described(&schema).map_err(|error| {
            no_recording(path, &format!("its channels cannot be read: {error}"))
        })?;
        let own = [false, true].into_iter();
        let mut own = own.filter(|own| arrow_schema(&[], *own).fields() == schema.fields());
        let own_metadata =
            own.next().ok_or_else(|| no_recording(path, "its columns are others"))?;
        let mut seen = Hasher::new();
        seen.update(head);
        Ok(Self { channels: channels.into(), own_metadata, seen, begun: false })
    }

    /// The batch of a message, if it is whole.
    fn batch(&self, message: &Message<'_>, head: &[u8], body: &Buffer) -> Option<Batch> {
        let entry = |key: &str| {
            let entries = message.custom_metadata()?;
            entries.iter().find(|entry| entry.key() == Some(key))?.value()
        };
        let digits = entry(CHECKSUM_KEY)?;
        let place = digits.as_ptr() as usize - head.as_ptr() as usize;
        if !is_right(&self.seen, head, place, body) {
            return None;
        }
        let columns = Columns::of(message.header_as_record_batch()?, body, self.own_metadata)?;
        columns.batch(&self.channels, entry(SEQUENCES_KEY))
    }
}

fn check_version(schema: &Schema, path: &Path) -> Result<(), Error> {
    let Some(version) = schema.metadata().get(VERSION_KEY) else {
        let problem = "ArrowWriter did not write it; read it with pyarrow.ipc.open_stream, and make \
                       batches of it with Batch.from_arrow";
        return Err(no_recording(path, problem));
    };
    match version.parse::<u32>() {
        Ok(version) if version <= VERSION => Ok(()),
        _ => Err(Error::NoRecording {
            path: path.to_owned(),
            problem: format!(
                "has version {version} of the schema, and this rust_daq reads up to {VERSION}; \
                 install a newer one"
            ),
        }),
    }
}

fn no_recording(path: &Path, problem: &str) -> Error {
    let problem = format!("begins as an Arrow stream and is no recording: {problem}");
    Error::NoRecording { path: path.to_owned(), problem }
}

/// Reads the head of the next message.
fn next(input: &mut Input, head: &mut Vec<u8>) -> io::Result<Next> {
    head.clear();
    if !input.read(PREFIX, |bytes| head.extend_from_slice(bytes))? {
        return Ok(Next::Torn(CUT));
    }
    let (marker, length) = head.split_at(CONTINUATION.len());
    let length = u32::from_le_bytes(length.try_into().unwrap_or_default());
    if marker != CONTINUATION {
        return Ok(Next::Torn(DAMAGED));
    }
    if length == 0 {
        return Ok(Next::End);
    }
    if !input.has(length.into())? {
        return Ok(Next::Torn(CUT));
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let whole = input.read(length, |bytes| head.extend_from_slice(bytes))?;
    Ok(if whole { Next::Message } else { Next::Torn(CUT) })
}

/// Reads the body of a message; `None` where there is less.
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
