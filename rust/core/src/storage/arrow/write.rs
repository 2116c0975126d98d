//! Batches as messages of an Arrow stream.

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

/// How an Arrow stream is written.
#[derive(Default)]
pub struct ArrowFormat {
    own_metadata: bool,
    /// Known with the first batch, or from the beginning.
    stream: Option<Stream>,
}

struct Stream {
    shape: Shape,
    last: Last,
    /// What stands before the first batch.
    beginning: Vec<u8>,
    /// Has seen the beginning.
    seen: Hasher,
    messages: Messages,
}

impl ArrowFormat {
    /// A stream of these channels, or of those of the first batch where there is none.
    ///
    /// Points have metadata of their own where that is asked for, or where two channels have one name.
    ///
    /// # Errors
    ///
    /// [`Error::UnitsDiffer`] when one name has two units.
    pub fn new(channels: &[Channel], own_metadata: bool) -> Result<Self, Error> {
        if channels.is_empty() {
            return Ok(Self { own_metadata, stream: None });
        }
        // A batch refuses what no batch can have.
        Batch::new(Vec::new().into(), Vec::new().into(), channels, Some(Vec::new().into()))?;
        Ok(Self { own_metadata, stream: Some(Stream::new(channels, own_metadata)?) })
    }

    /// The stream; one of no channels where no batch came.
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
        // Channels and metadata that were named when it is continued have a place in it.
        if let Some(asked) = &self.stream {
            for channel in &asked.shape.channels {
                shape.place(channel)?;
            }
        }
        let asked =
            self.stream.as_ref().map_or(self.own_metadata, |asked| asked.shape.own_metadata);
        if asked && !own_metadata {
            let problem = "the recording has no metadata for each row; omit own_metadata, or write \
                           into another file";
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
        // A message without rows is the last one.
        self.stream()?.write(&BatchBuilder::default().finish(), file)?;
        file.append(&CONTINUATION)?;
        file.append(&[0; 4])
    }
}

impl Stream {
    fn new(channels: &[Channel], own_metadata: bool) -> Result<Self, Error> {
        let shape = Shape::of(channels, own_metadata);
        let beginning = beginning(&shape)
            .map_err(|error| Error::Refused(format!("Arrow refuses it: {error}")))?;
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

/// The schema and the names of all channels.
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

/// The most bytes in the head of a batch of so many channels.
pub(super) const fn head_of_batch(channels: usize) -> usize {
    /// A sequence number of 64 bits with its comma.
    const NUMBER: usize = 21;
    /// All else.
    const REST: usize = 1024;
    channels.saturating_mul(NUMBER).saturating_add(REST)
}

/// Refuses channels for which the head of a message would be longer than a reader takes.
pub(super) fn check_heads(channels: usize, beginning: &[u8]) -> Result<(), Error> {
    let schema = beginning.get(CONTINUATION.len()..).and_then(|bytes| bytes.first_chunk());
    let schema = schema.map_or(0, |&length| u32::from_le_bytes(length) as usize);
    let batch = head_of_batch(channels);
    if schema.max(batch) <= LONGEST_HEAD {
        return Ok(());
    }
    let problem = format!(
        "the names, units and metadata of the {channels} channels take {schema} bytes and their \
         sequence numbers up to {batch}, and a recording has room for {LONGEST_HEAD} bytes of \
         each; pass less metadata, or write the channels into several files"
    );
    Err(Error::Refused(problem))
}

/// For each row the place of its channel in the stream.
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

/// The failure of a write for which there is no memory.
fn refused(error: Error) -> io::Error {
    match error {
        Error::OutOfMemory { .. } => io::Error::new(io::ErrorKind::OutOfMemory, error),
        other => io::Error::other(other),
    }
}

/// The metadata of each channel.
fn texts(batch: &Batch) -> Vec<Option<&str>> {
    batch.channels().iter().map(|channel| channel.metadata().map(Metadata::json)).collect()
}

/// Refuses texts that 32 bits cannot count the bytes of.
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
        "the metadata of its rows take {bytes} bytes, and a batch has room for {most}; write it in parts"
    );
    Err(Error::Refused(problem))
}

/// The sequence number of the first row of each channel of the stream, where the batch knows them.
fn sequences(batch: &Batch, places: Option<&[i32]>, channels: &[Channel]) -> Option<String> {
    let first = batch.first_sequences()?;
    let mut numbers = vec![None; channels.len()];
    for (index, (channel, number)) in batch.channels().iter().zip(first.iter()).enumerate() {
        let place = places.map_or(index, |places| places[index].cast_unsigned() as usize);
        // One that the stream does not know has no row, and another's place.
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
