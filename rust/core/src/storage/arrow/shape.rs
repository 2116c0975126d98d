//! What all batches of an Arrow stream have in common.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, DictionaryArray, Int32Array, StringArray};
use arrow_schema::Schema;

use crate::batch::{Batch, arrow_schema};
use crate::channel::Channel;
use crate::error::Error;
use crate::metadata::Metadata;
use crate::storage::{STREAM_VERSION, VERSION_KEY};

/// The channels of a stream, one for each name, and whether points have metadata of their own.
#[derive(Debug)]
pub(super) struct Shape {
    channels: Vec<Channel>,
    places: HashMap<String, i32>,
    own_metadata: bool,
}

/// For each channel of a batch its place in the stream; `None` where that is its own index.
pub(super) type Places = Option<Vec<i32>>;

impl Shape {
    /// The shape of batches of such channels; two of one name need metadata of their own.
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

    /// The channels, one for each name.
    pub(super) fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// The schema of the stream.
    pub(super) fn schema(&self) -> Schema {
        let mut schema = arrow_schema(&self.channels, self.own_metadata);
        schema.metadata.insert(VERSION_KEY.to_owned(), STREAM_VERSION.to_string());
        schema
    }

    /// The names of the channels, as a column without rows.
    pub(super) fn names(&self) -> ArrayRef {
        let names = StringArray::from_iter_values(self.channels.iter().map(Channel::name));
        Arc::new(DictionaryArray::new(Int32Array::new_null(0), Arc::new(names)))
    }

    /// Whether each row has its own metadata.
    pub(super) const fn own_metadata(&self) -> bool {
        self.own_metadata
    }

    /// The places of the channels of a batch, once all of which it has rows fit; and whether all others do too.
    fn places(&self, batch: &Batch) -> Result<(Places, bool), Error> {
        let channels = batch.channels();
        let mut places = Vec::with_capacity(channels.len());
        let mut all = true;
        // Asked for where a channel does not fit, and for all at once: rows times channels can be many.
        let mut rows = None;
        for (index, channel) in channels.iter().enumerate() {
            match self.place(channel) {
                Ok(place) => places.push(place),
                // A slice may know channels of which it has no row.
                Err(_) if rows.get_or_insert_with(|| batch.rows_of_channels())[index] == 0 => {
                    all = false;
                    places.push(0);
                }
                Err(error) => return Err(error),
            }
        }
        let own = places.iter().zip(0_i32..).all(|(&place, index)| place == index);
        Ok(((!own).then_some(places), all))
    }

    pub(super) fn place(&self, channel: &Channel) -> Result<i32, Error> {
        let refused = |problem: String| Err(Error::OtherSchema { problem });
        let name = channel.name();
        let Some(&place) = self.places.get(name) else {
            return refused(format!(
                "channel '{name}' is none of the recording; name all channels when you open it, \
                 or write it into another file"
            ));
        };
        let known = &self.channels[place.cast_unsigned() as usize];
        if known.unit() != channel.unit() {
            return Err(Error::UnitsDiffer {
                channel: name.to_owned(),
                first: known.unit().to_owned(),
                second: channel.unit().to_owned(),
            });
        }
        if !self.own_metadata && known.metadata() != channel.metadata() {
            let text =
                |channel: &Channel| channel.metadata().map_or("none", Metadata::json).to_owned();
            return refused(format!(
                "channel '{name}' has the metadata {} in the recording and {} in the batch; \
                 pass own_metadata=True when you open it, or write it into another file",
                text(known),
                text(channel)
            ));
        }
        Ok(place)
    }
}

/// The shape that the last batch had, for it is most often the next one's.
#[derive(Debug, Default)]
pub(super) struct Last {
    channels: Option<Arc<[Channel]>>,
    places: Places,
}

impl Last {
    /// The places of the channels of a batch, looked up only when they are others than the last one's.
    pub(super) fn places(&mut self, shape: &Shape, batch: &Batch) -> Result<&Places, Error> {
        let channels = batch.channels();
        let known = self
            .channels
            .as_ref()
            .is_some_and(|last| Arc::ptr_eq(last, channels) || last == channels);
        if !known {
            self.channels = None;
            let (places, all) = shape.places(batch)?;
            self.places = places;
            self.channels = all.then(|| Arc::clone(channels));
        }
        Ok(&self.places)
    }
}
