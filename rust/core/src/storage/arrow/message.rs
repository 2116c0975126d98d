//! Writing the message of a batch.

use std::io;
use std::ops::Range;

use arrow_buffer::{ArrowNativeType, ToByteSlice};
use arrow_ipc::{
    Buffer, FieldNode, KeyValue, KeyValueArgs, MessageBuilder, MessageHeader, MetadataVersion,
    RecordBatchBuilder,
};
use crc32fast::Hasher;
use flatbuffers::{FlatBufferBuilder, WIPOffset};

use super::checksum::{BLANK, at_place, seal};
use super::{CHECKSUM_KEY, CONTINUATION, SEQUENCES_KEY, padding};
use crate::batch::Texts;
use crate::storage::file::AppendFile;

const ZEROS: [u8; 8] = [0; 8];

/// The columns of a batch in their file layout.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    nodes: Vec<FieldNode>,
    buffers: Vec<Buffer>,
    parts: Vec<&'a [u8]>,
    length: usize,
}

impl<'a> Body<'a> {
    /// Adds a column of `rows` rows without nulls.
    pub(super) fn column<T: ArrowNativeType>(&mut self, rows: usize, values: &'a [T]) {
        self.nodes.push(FieldNode::new(whole(rows), 0));
        self.buffer(&[]);
        self.buffer(values.to_byte_slice());
    }

    /// Adds a column of `rows` rows of texts.
    pub(super) fn texts(&mut self, rows: usize, texts: &'a Texts) {
        self.nodes.push(FieldNode::new(whole(rows), whole(texts.nulls)));
        self.buffer(&texts.valid);
        self.buffer(texts.offsets.to_byte_slice());
        self.buffer(&texts.data);
    }

    fn buffer(&mut self, bytes: &'a [u8]) {
        let count = bytes.len();
        self.buffers.push(Buffer::new(whole(self.length), whole(count)));
        self.length += count + padding(count);
        self.parts.push(bytes);
    }

    /// Returns the parts with the padding between them.
    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.parts.iter().flat_map(|part| [*part, &ZEROS[..padding(part.len())]])
    }
}

/// Writes messages, and reuses its memory.
#[derive(Default)]
pub(super) struct Messages {
    builder: FlatBufferBuilder<'static>,
    head: Vec<u8>,
    /// The content of the head, except its texts.
    nodes: Vec<FieldNode>,
    buffers: Vec<Buffer>,
    /// The position of the checksum's digits in the head.
    digits: usize,
    /// The position of the sequence numbers in the head, as one text.
    sequences: Option<Range<usize>>,
}

impl Messages {
    /// Appends the message of a batch of `rows` rows; `before` contains all bytes before the first message.
    pub(super) fn append(
        &mut self,
        rows: usize,
        body: &Body<'_>,
        sequences: Option<&str>,
        before: &Hasher,
        file: &mut AppendFile,
    ) -> io::Result<()> {
        if !self.renew(body, sequences) {
            self.build(rows, body, sequences);
        }
        seal(at_place(before, file.bytes()), &mut self.head, self.digits, body.pieces());
        file.append(&self.head)?;
        body.pieces().try_for_each(|piece| file.append(piece))
    }

    /// Replaces the texts of the last head, if the body has the same description, as for most batches: building a head
    /// takes several times as long. Returns false if the head must be built.
    fn renew(&mut self, body: &Body<'_>, sequences: Option<&str>) -> bool {
        let length = self.sequences.as_ref().map(ExactSizeIterator::len);
        if self.head.is_empty()
            || self.nodes != body.nodes
            || self.buffers != body.buffers
            || length != sequences.map(str::len)
        {
            return false;
        }
        self.head[self.digits..][..BLANK.len()].copy_from_slice(BLANK.as_bytes());
        if let (Some(place), Some(sequences)) = (&self.sequences, sequences) {
            self.head[place.clone()].copy_from_slice(sequences.as_bytes());
        }
        true
    }

    /// Builds the head of a message.
    fn build(&mut self, rows: usize, body: &Body<'_>, sequences: Option<&str>) {
        let builder = &mut self.builder;
        builder.reset();
        let mut entries = Vec::with_capacity(2);
        let numbers = sequences.map(|sequences| builder.create_string(sequences));
        entries.extend(numbers.map(|numbers| entry(builder, SEQUENCES_KEY, numbers)));
        let digits = builder.create_string(BLANK);
        entries.push(entry(builder, CHECKSUM_KEY, digits));
        let metadata = builder.create_vector(&entries);
        let buffers = builder.create_vector(&body.buffers);
        let nodes = builder.create_vector(&body.nodes);
        let mut batch = RecordBatchBuilder::new(builder);
        batch.add_length(whole(rows));
        batch.add_nodes(nodes);
        batch.add_buffers(buffers);
        let batch = batch.finish();
        let mut message = MessageBuilder::new(builder);
        message.add_version(MetadataVersion::V5);
        message.add_header_type(MessageHeader::RecordBatch);
        message.add_header(batch.as_union_value());
        message.add_bodyLength(whole(body.length));
        message.add_custom_metadata(metadata);
        let message = message.finish();
        builder.finish(message, None);

        let built = builder.finished_data();
        let length = built.len() + padding(built.len());
        self.head.clear();
        self.head.extend_from_slice(&CONTINUATION);
        self.head.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        self.head.extend_from_slice(built);
        self.head.resize(self.head.len() + padding(built.len()), 0);
        // Positions are counted from the end, and a string begins with its length.
        let end = self.head.len() - padding(built.len());
        let place = |text: WIPOffset<&str>| end - text.value() as usize + size_of::<u32>();
        self.digits = place(digits);
        let length = sequences.map_or(0, str::len);
        self.sequences = numbers.map(|numbers| place(numbers)..place(numbers) + length);
        self.nodes.clone_from(&body.nodes);
        self.buffers.clone_from(&body.buffers);
    }
}

fn entry<'a>(
    builder: &mut FlatBufferBuilder<'a>,
    key: &str,
    value: WIPOffset<&'a str>,
) -> WIPOffset<KeyValue<'a>> {
    let key = builder.create_shared_string(key);
    KeyValue::create(builder, &KeyValueArgs { key: Some(key), value: Some(value) })
}

/// Converts a number to the format's type; a size in memory always fits.
fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Body, Messages};

    #[test]
    fn a_renewed_head_equals_a_built_one() {
        let mut messages = Messages::default();
        let values = [0.5; 30];
        let mut renewed = 0;
        for (rows, sequences) in [
            (30, Some("[7]")),
            (30, Some("[8]")),
            (30, Some("[18]")),
            (30, Some("[38]")),
            (29, Some("[68]")),
            (29, None),
            (29, None),
            (29, Some("[97]")),
        ] {
            let mut body = Body::default();
            body.column(rows, &values[..rows]);
            let mut fresh = Messages::default();
            fresh.build(rows, &body, sequences);
            if messages.renew(&body, sequences) {
                renewed += 1;
            } else {
                messages.build(rows, &body, sequences);
            }
            assert_eq!(messages.head, fresh.head);
            // Like a checksum would.
            let digits = messages.digits;
            messages.head[digits..digits + 8].copy_from_slice(b"0123abcd");
        }
        assert_eq!(renewed, 3);
    }
}
