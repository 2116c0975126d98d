//! The distinct channels of a batch under construction.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::channel::Channel;
use crate::error::Error;

/// Distinct channels in order of appearance; each name has one unit.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    channels: Vec<Channel>,
    /// The indices of all channels but the first: most batches have one channel, which is found without a hash.
    indices: HashMap<Channel, i32>,
    /// The index of one channel of each name, which has the unit; empty until there is a second channel.
    names: HashMap<Arc<str>, i32>,
}

impl Entries {
    /// Returns the index of a channel, new or known.
    pub(crate) fn add(&mut self, channel: &Channel) -> Result<i32, Error> {
        let Some(first) = self.channels.first() else {
            self.channels.push(channel.clone());
            return Ok(0);
        };
        if first == channel {
            return Ok(0);
        }
        if self.names.is_empty() {
            self.names.insert(first.name().into(), 0);
        }
        if let Some(&index) = self.indices.get(channel) {
            return Ok(index);
        }
        // More channels than 32 bits can index do not fit into memory.
        let index = i32::try_from(self.channels.len()).unwrap_or(i32::MAX);
        match self.names.entry(channel.name().into()) {
            Entry::Occupied(known) => {
                let known = usize::try_from(*known.get()).unwrap_or(0);
                let first = self.channels[known].unit();
                if first != channel.unit() {
                    return Err(Error::units_differ(channel.name(), first, channel.unit()));
                }
            }
            Entry::Vacant(place) => {
                place.insert(index);
            }
        }
        self.channels.push(channel.clone());
        self.indices.insert(channel.clone(), index);
        Ok(index)
    }

    /// Returns the indices of channels, new or known.
    pub(crate) fn add_all(&mut self, channels: &[Channel]) -> Result<Vec<i32>, Error> {
        channels.iter().map(|channel| self.add(channel)).collect()
    }

    /// Returns the distinct channels.
    pub(crate) fn finish(self) -> Arc<[Channel]> {
        self.channels.into()
    }
}
