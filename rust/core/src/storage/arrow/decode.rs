//! Decoding the columns of a message from unchecked bytes.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_buffer::{ArrowNativeType, Buffer, ScalarBuffer};
use arrow_ipc::RecordBatch;

use super::ALIGNMENT;
use crate::batch::{Batch, with_metadata};
use crate::channel::Channel;
use crate::column::room;
use crate::error::Error;

/// Why a message has no batch: it contradicts itself, or there is not enough memory.
pub(super) enum Refused {
    Damaged,
    Memory(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        if matches!(error, Error::OutOfMemory { .. }) { Self::Memory(error) } else { Self::Damaged }
    }
}

/// Columns of one length, in the body of a message.
pub(super) struct Columns<'a> {
    timestamps: ScalarBuffer<i64>,
    values: ScalarBuffer<f64>,
    indices: ScalarBuffer<i32>,
    texts: Option<Vec<Option<&'a str>>>,
}

/// The body of a message, and the description of its parts.
struct Parts<'a> {
    rows: usize,
    body: &'a Buffer,
    buffers: Vec<(usize, usize)>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(
        message: RecordBatch<'_>,
        body: &'a Buffer,
        own_metadata: bool,
    ) -> Result<Self, Refused> {
        let parts = Parts::of(message, body, if own_metadata { 4 } else { 3 });
        let (parts, nulls) = parts.ok_or(Refused::Damaged)?;
        if nulls.iter().take(3).any(|&nulls| nulls != 0) {
            return Err(Refused::Damaged);
        }
        let texts = match nulls.get(3) {
            Some(&nulls) => Some(parts.texts(nulls)?),
            None => None,
        };
        Ok(Self {
            timestamps: parts.numbers(1).ok_or(Refused::Damaged)?,
            values: parts.numbers(3).ok_or(Refused::Damaged)?,
            indices: parts.numbers(5).ok_or(Refused::Damaged)?,
            texts,
        })
    }

    /// Creates the batch of these channels, with sequence numbers if there are any.
    pub(super) fn batch(
        self,
        channels: &Arc<[Channel]>,
        sequences: Option<&str>,
    ) -> Result<Batch, Refused> {
        let sequences = sequences.map(|text| {
            numbers(text).filter(|numbers| numbers.len() == channels.len()).ok_or(Refused::Damaged)
        });
        let sequences = sequences.transpose()?;
        let Self { timestamps, values, indices, texts } = self;
        let all: Option<Arc<[u64]>> =
            sequences.as_ref().and_then(|numbers| numbers.iter().copied().collect());
        if texts.is_none() && all.is_some() == sequences.is_some() {
            let channels = Arc::clone(channels);
            return Ok(Batch::of_distinct(timestamps, values, channels, indices, all)?);
        }
        if indices.iter().any(|&index| index.cast_unsigned() as usize >= channels.len()) {
            return Err(Refused::Damaged);
        }
        let batch = match (texts, &sequences) {
            (Some(texts), _) => {
                with_metadata(&timestamps, &values, channels, Some(&indices), &texts)?
            }
            (None, Some(numbers)) => of_numbered(timestamps, values, channels, &indices, numbers)?,
            (None, None) => return Err(Refused::Damaged),
        };
        let Some(sequences) = sequences else { return Ok(batch) };
        let names = channels.iter().map(Channel::name).zip(sequences);
        let names: HashMap<&str, Option<u64>> = names.collect();
        let number = |name: &str| names.get(name).copied().flatten();
        if batch.channels().iter().any(|channel| number(channel.name()).is_none()) {
            return Err(Refused::Damaged);
        }
        Ok(batch.with_first_sequences(Some(&|name| number(name).unwrap_or(0))))
    }
}

/// Keeps only the channels that have a number, because the others were not in the batch.
fn of_numbered(
    timestamps: ScalarBuffer<i64>,
    values: ScalarBuffer<f64>,
    channels: &[Channel],
    indices: &[i32],
    sequences: &[Option<u64>],
) -> Result<Batch, Refused> {
    let mut kept = Vec::new();
    let mut places = Vec::with_capacity(channels.len());
    for (channel, number) in channels.iter().zip(sequences) {
        places.push(number.map(|_| i32::try_from(kept.len()).unwrap_or(i32::MAX)));
        kept.extend(number.map(|_| channel.clone()));
    }
    let mut moved = room(indices.len())?;
    for &index in indices {
        moved.push(places[index.cast_unsigned() as usize].ok_or(Refused::Damaged)?);
    }
    Ok(Batch::of_distinct(timestamps, values, kept.into(), moved.into(), None)?)
}

/// Parses a JSON array of numbers and nulls.
fn numbers(text: &str) -> Option<Vec<Option<u64>>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    if inner.is_empty() {
        return Some(Vec::new());
    }
    let number = |text: &str| match text {
        "null" => Some(None),
        number => number.parse().ok().map(Some),
    };
    inner.split(',').map(number).collect()
}

impl<'a> Parts<'a> {
    /// Reads the description of a message with `columns` columns, and the number of nulls in each.
    fn of(
        message: RecordBatch<'_>,
        body: &'a Buffer,
        columns: usize,
    ) -> Option<(Self, Vec<usize>)> {
        let rows = usize::try_from(message.length()).ok()?;
        let (nodes, buffers) = (message.nodes()?, message.buffers()?);
        // Three columns with two buffers each, and a column of texts with three.
        let expected = 2 * columns + usize::from(columns > 3);
        if message.compression().is_some() || nodes.len() != columns || buffers.len() != expected {
            return None;
        }
        let nulls = nodes.iter().map(|node| {
            let nulls = usize::try_from(node.null_count()).ok()?;
            (usize::try_from(node.length()) == Ok(rows) && nulls <= rows).then_some(nulls)
        });
        let nulls = nulls.collect::<Option<_>>()?;
        let buffers = buffers.iter().map(|buffer| {
            let place = usize::try_from(buffer.offset()).ok()?;
            let length = usize::try_from(buffer.length()).ok()?;
            let inside = place.checked_add(length)? <= body.len() && place % ALIGNMENT == 0;
            inside.then_some((place, length))
        });
        Some((Self { rows, body, buffers: buffers.collect::<Option<_>>()? }, nulls))
    }

    /// Reads a buffer as one number per row.
    fn numbers<T: ArrowNativeType>(&self, buffer: usize) -> Option<ScalarBuffer<T>> {
        let &(place, length) = self.buffers.get(buffer)?;
        let wanted = self.rows.checked_mul(size_of::<T>())?;
        // The memory of a body is aligned to more than this.
        (length >= wanted).then(|| self.body.slice_with_length(place, wanted).into())
    }

    fn bytes(&self, buffer: usize) -> Option<&'a [u8]> {
        let &(place, length) = self.buffers.get(buffer)?;
        self.body.as_slice().get(place..place + length)
    }

    /// Reads the texts of the last column.
    fn texts(&self, nulls: usize) -> Result<Vec<Option<&'a str>>, Refused> {
        let bytes = |buffer| self.bytes(buffer).ok_or(Refused::Damaged);
        let (valid, offsets, data) = (bytes(6)?, bytes(7)?, bytes(8)?);
        if offsets.len() / size_of::<i32>() <= self.rows
            || (nulls > 0 && valid.len() * 8 < self.rows)
        {
            return Err(Refused::Damaged);
        }
        let offset = |row: usize| {
            let bytes = offsets[row * size_of::<i32>()..].first_chunk()?;
            usize::try_from(i32::from_le_bytes(*bytes)).ok()
        };
        let text = |row: usize| {
            if nulls > 0 && valid[row / 8] & (1 << (row % 8)) == 0 {
                return Some(None);
            }
            let text = data.get(offset(row)?..offset(row + 1)?)?;
            std::str::from_utf8(text).ok().map(Some)
        };
        let mut texts = room(self.rows)?;
        for row in 0..self.rows {
            texts.push(text(row).ok_or(Refused::Damaged)?);
        }
        Ok(texts)
    }
}
