//! Writing batches to an Arrow stream.

use std::borrow::Cow;
use std::fmt::Write;
use std::io;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, new_empty_array};
use arrow_ipc::writer::{
    DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions, write_message,
};
use arrow_schema::ArrowError;
use crc32fast::Hasher;

use super::message::{Body, Messages};
use super::shape::{Last, Shape};
use super::{ALIGNMENT, CONTINUATION, LONGEST_HEAD};
use crate::batch::{Batch, BatchBuilder, Texts};
use crate::channel::Channel;
use crate::column::room;
use crate::error::Error;
use crate::metadata::Metadata;
use crate::storage::file::AppendFile;
use crate::storage::resume::Layout;
use crate::storage::writer::Format;

/// The writer of Arrow streams.
#[derive(Default)]
pub struct ArrowFormat {
    own_metadata: bool,
    /// Known from the arguments, or after the first batch.
    stream: Option<Stream>,
}

struct Stream {
    shape: Shape,
    last: Last,
    /// The bytes before the first batch.
    beginning: Vec<u8>,
    /// The checksum of the beginning.
    seen: Hasher,
    messages: Messages,
}

impl ArrowFormat {
    /// Creates the format for these channels, or for those of the first batch if the list is empty.
    ///
    /// Rows have their own metadata if `own_metadata` is set, or if two channels have one name.
    ///
    /// # Errors
    ///
    /// [`Error::UnitsDiffer`] if a name has two units.
    pub fn new(channels: &[Channel], own_metadata: bool) -> Result<Self, Error> {
        if channels.is_empty() {
            return Ok(Self { own_metadata, stream: None });
        }
        // Checks the channels by creating an empty batch.
        Batch::new(Vec::new().into(), Vec::new().into(), channels, Some(Vec::new().into()))?;
        Ok(Self { own_metadata, stream: Some(Stream::new(channels, own_metadata)?) })
    }

    /// Returns the stream; without channels if there was no batch.
    fn stream(&mut self) -> io::Result<&mut Stream> {
        match &mut self.stream {
            Some(stream) => Ok(stream),
            none => {
                let stream = Stream::new(&[], self.own_metadata).map_err(io::Error::other)?;
                Ok(none.insert(stream))
            }
        }
    }
}

impl Format for ArrowFormat {
    fn admit(&mut self, batch: &Batch) -> Result<(), Error> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => none.insert(Stream::new(batch.channels(), self.own_metadata)?),
        };
        stream.last.places(&stream.shape, batch)?;
        if stream.shape.own_metadata { check_texts(batch) } else { Ok(()) }
    }

    fn resume(&mut self, layout: Layout) -> Result<(), Error> {
        let Layout::Arrow { channels, own_metadata, beginning } = layout else {
            let problem = "the recording is CSV; continue it with CsvWriter".to_owned();
            return Err(Error::Refused(problem));
        };
        let shape = Shape::of(&channels, own_metadata);
        // Channels and metadata of the arguments must be part of the continued recording.
        if let Some(asked) = &self.stream {
            for channel in &asked.shape.channels {
                shape.place(channel)?;
            }
        }
        let asked =
            self.stream.as_ref().map_or(self.own_metadata, |asked| asked.shape.own_metadata);
        if asked && !own_metadata {
            let problem = "the recording has no column of metadata; omit own_metadata, or write \
                           to another file";
            return Err(Error::Refused(problem.to_owned()));
        }
        check_heads(shape.channels.len(), &beginning)?;
        self.own_metadata = own_metadata;
        self.stream = Some(Stream::with_beginning(shape, beginning));
        Ok(())
    }

    fn begin(&mut self, file: &mut AppendFile) -> io::Result<()> {
        file.append(&self.stream()?.beginning)
    }

    fn write(&mut self, batch: &Batch, file: &mut AppendFile) -> io::Result<()> {
        if batch.is_empty() { Ok(()) } else { self.stream()?.write(batch, file) }
    }

    fn end(&mut self, file: &mut AppendFile) -> io::Result<()> {
        // The last message has no rows.
        self.stream()?.write(&BatchBuilder::default().finish(), file)?;
        file.append(&CONTINUATION)?;
        file.append(&[0; 4])
    }
}

impl Stream {
    fn new(channels: &[Channel], own_metadata: bool) -> Result<Self, Error> {
        let shape = Shape::of(channels, own_metadata);
        let beginning = beginning(&shape).map_err(|error| {
            Error::Refused(format!("the Arrow schema cannot be written: {error}"))
        })?;
        check_heads(shape.channels.len(), &beginning)?;
        Ok(Self::with_beginning(shape, beginning))
    }

    fn with_beginning(shape: Shape, beginning: Vec<u8>) -> Self {
        let mut seen = Hasher::new();
        seen.update(&beginning);
        Self { shape, last: Last::default(), beginning, seen, messages: Messages::default() }
    }

    fn write(&mut self, batch: &Batch, file: &mut AppendFile) -> io::Result<()> {
        let Self { shape, last, seen, messages, .. } = self;
        let places = last.places(shape, batch).map_err(io::Error::other)?;
        let rows = batch.len();
        let indices = indices(batch, places).map_err(refused)?;
        let texts = shape.own_metadata.then(|| {
            let texts = texts(batch);
            Texts::of(rows, |row| texts[batch.index_of(row)])
        });
        let texts = texts.transpose().map_err(refused)?;
        let mut body = Body::default();
        body.column(rows, batch.timestamps());
        body.column(rows, batch.values());
        body.column(rows, &indices);
        if let Some(texts) = &texts {
            body.texts(rows, texts);
        }
        let sequences = sequences(batch, places, &shape.channels);
        messages.append(rows, &body, sequences.as_deref(), seen, file)
    }
}

/// Encodes the schema and the names of all channels.
fn beginning(shape: &Shape) -> Result<Vec<u8>, ArrowError> {
    let schema = Arc::new(shape.schema());
    let columns = schema.fields().iter().map(|field| new_empty_array(field.data_type()));
    let mut columns: Vec<ArrayRef> = columns.collect();
    columns[2] = shape.names();
    let empty = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    let options = IpcWriteOptions::try_new(ALIGNMENT, false, arrow_ipc::MetadataVersion::V5)?;
    let (mut tracker, generator) = (DictionaryTracker::new(true), IpcDataGenerator::default());
    let message =
        generator.schema_to_bytes_with_dictionary_tracker(&schema, &mut tracker, &options);
    let context = &mut IpcWriteContext::default();
    let (names, _) = generator.encode(&empty, &mut tracker, &options, context)?;
    let mut bytes = Vec::new();
    for message in std::iter::once(message).chain(names) {
        write_message(&mut bytes, message, &options)?;
    }
    Ok(bytes)
}

/// Returns the most bytes in the head of a batch with `channels` channels.
pub(super) const fn head_of_batch(channels: usize) -> usize {
    /// The length of a 64-bit sequence number with its comma.
    const NUMBER: usize = 21;
    /// The length of everything else.
    const REST: usize = 1024;
    channels.saturating_mul(NUMBER).saturating_add(REST)
}

/// Refuses channels whose message heads would be longer than a reader accepts.
pub(super) fn check_heads(channels: usize, beginning: &[u8]) -> Result<(), Error> {
    let schema = beginning.get(CONTINUATION.len()..).and_then(|bytes| bytes.first_chunk());
    let schema = schema.map_or(0, |&length| u32::from_le_bytes(length) as usize);
    let batch = head_of_batch(channels);
    if schema.max(batch) <= LONGEST_HEAD {
        return Ok(());
    }
    let problem = format!(
        "the names, units and metadata of the {channels} channels take {schema} bytes and their \
         sequence numbers up to {batch}, but a recording has room for {LONGEST_HEAD} bytes of \
         each; pass less metadata, or write the channels to several files"
    );
    Err(Error::Refused(problem))
}

/// Returns the index of each row's channel in the stream.
fn indices<'a>(batch: &'a Batch, places: Option<&[i32]>) -> Result<Cow<'a, [i32]>, Error> {
    let known = batch.indices();
    if let (Some(indices), None) = (known, places) {
        return Ok(Cow::Borrowed(indices));
    }
    let mut moved = room(batch.len())?;
    match (known, places) {
        (Some(indices), Some(places)) => {
            moved.extend(indices.iter().map(|index| places[index.cast_unsigned() as usize]));
        }
        _ => moved.resize(batch.len(), places.map_or(0, |places| places[0])),
    }
    Ok(moved.into())
}

/// Converts the error of a write without enough memory.
fn refused(error: Error) -> io::Error {
    match error {
        Error::OutOfMemory { .. } => io::Error::new(io::ErrorKind::OutOfMemory, error),
        other => io::Error::other(other),
    }
}

/// Returns the metadata of each channel as text.
fn texts(batch: &Batch) -> Vec<Option<&str>> {
    batch.channels().iter().map(|channel| channel.metadata().map(Metadata::json)).collect()
}

/// Refuses texts whose total bytes do not fit into 32 bits.
fn check_texts(batch: &Batch) -> Result<(), Error> {
    let texts = texts(batch);
    let longest = texts.iter().flatten().map(|text| text.len()).max().unwrap_or(0);
    let most = i32::MAX as usize;
    if longest.saturating_mul(batch.len()) <= most {
        return Ok(());
    }
    let length = |row| texts[batch.index_of(row)].map_or(0, str::len);
    let bytes = (0..batch.len()).map(length).sum::<usize>();
    if bytes <= most {
        return Ok(());
    }
    let problem = format!(
        "the metadata of the batch takes {bytes} bytes, but at most {most} fit into a batch; write it in parts"
    );
    Err(Error::Refused(problem))
}

/// Formats the first sequence number of each channel of the stream, if the batch has them.
fn sequences(batch: &Batch, places: Option<&[i32]>, channels: &[Channel]) -> Option<String> {
    let first = batch.first_sequences()?;
    let mut numbers = vec![None; channels.len()];
    for (index, (channel, number)) in batch.channels().iter().zip(first.iter()).enumerate() {
        let place = places.map_or(index, |places| places[index].cast_unsigned() as usize);
        // A channel that is not in the stream has no rows, and another channel's index.
        if channels[place].name() == channel.name() {
            numbers[place] = Some(number);
        }
    }
    let mut text = String::from("[");
    for (index, number) in numbers.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { "," });
        // Writing to a String cannot fail.
        let _ = match number {
            Some(number) => write!(text, "{number}"),
            None => write!(text, "null"),
        };
    }
    text.push(']');
    Some(text)
}
