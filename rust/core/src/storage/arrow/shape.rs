//! The common layout of all batches of an Arrow stream.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, DictionaryArray, Int32Array, StringArray};
use arrow_schema::Schema;

use crate::batch::{Batch, arrow_schema};
use crate::channel::Channel;
use crate::error::Error;
use crate::metadata::Metadata;
use crate::storage::known::Known;
use crate::storage::{STREAM_VERSION, VERSION_KEY};

/// The channels of a stream, one per name, and whether rows have their own metadata.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) channels: Vec<Channel>,
    places: HashMap<String, i32>,
    pub(super) own_metadata: bool,
}

impl Shape {
    /// Creates the layout for these channels; two channels of one name require a column of metadata.
    pub(super) fn of(channels: &[Channel], own_metadata: bool) -> Self {
        let mut shape = Self { channels: Vec::new(), places: HashMap::new(), own_metadata };
        for channel in channels {
            if shape.places.contains_key(channel.name()) {
                shape.own_metadata = true;
                continue;
            }
            let place = i32::try_from(shape.channels.len()).unwrap_or(i32::MAX);
            shape.places.insert(channel.name().to_owned(), place);
            shape.channels.push(channel.clone());
        }
        shape
    }

    /// Returns the schema of the stream.
    pub(super) fn schema(&self) -> Schema {
        let mut schema = arrow_schema(&self.channels, self.own_metadata);
        schema.metadata.insert(VERSION_KEY.to_owned(), STREAM_VERSION.to_string());
        schema
    }

    /// Returns the names of the channels, as the dictionary of a column without rows.
    pub(super) fn names(&self) -> ArrayRef {
        let names = StringArray::from_iter_values(self.channels.iter().map(Channel::name));
        Arc::new(DictionaryArray::new(Int32Array::new_null(0), Arc::new(names)))
    }

    pub(super) fn place(&self, channel: &Channel) -> Result<i32, Error> {
        let refused = |problem: String| Err(Error::Refused(problem));
        let name = channel.name();
        let Some(&place) = self.places.get(name) else {
            return refused(format!(
                "channel '{name}' is not in the recording; pass all channels when you open it, \
                 or write it to another file"
            ));
        };
        let known = &self.channels[place.cast_unsigned() as usize];
        if known.unit() != channel.unit() {
            return Err(Error::units_differ(name, known.unit(), channel.unit()));
        }
        if !self.own_metadata && known.metadata() != channel.metadata() {
            let text =
                |channel: &Channel| channel.metadata().map_or("none", Metadata::json).to_owned();
            return refused(format!(
                "channel '{name}' has the metadata {} in the recording and {} in the batch; \
                 pass own_metadata=True when you open it, or write it to another file",
                text(known),
                text(channel)
            ));
        }
        Ok(place)
    }
}

/// The mapping of the last batch's channels to the channels of the stream.
#[derive(Debug, Default)]
pub(super) struct Last {
    channels: Known,
    /// The index in the stream for each channel of the batch; `None` if all indices are equal.
    places: Option<Vec<i32>>,
}

impl Last {
    /// Maps the channels of a batch, looking them up only if they differ from the last batch's.
    pub(super) fn places(&mut self, shape: &Shape, batch: &Batch) -> Result<Option<&[i32]>, Error> {
        let mut places = Vec::new();
        let place = |_, channel: &Channel| {
            let place = shape.place(channel);
            // A channel that is not in the stream has no rows.
            places.push(*place.as_ref().unwrap_or(&0));
            place.map(drop)
        };
        if self.channels.check(batch, place)?.is_some() {
            let own = places.iter().zip(0_i32..).all(|(&place, index)| place == index);
            self.places = (!own).then_some(places);
        }
        Ok(self.places.as_deref())
    }
}
