//! The channels of the last batch that was written, for they are most often the next one's.

use std::sync::Arc;

use crate::batch::Batch;
use crate::channel::Channel;
use crate::error::Error;

/// The channels of the last batch, if all of them have a place in the file.
#[derive(Debug, Default)]
pub(super) struct Known(Option<Arc<[Channel]>>);

impl Known {
    /// Checks each channel of a batch; `None` where they are those of the last one, otherwise whether all of them passed.
    ///
    /// A slice may know channels of which it has no row: these may fail.
    pub(super) fn check(
        &mut self,
        batch: &Batch,
        mut check: impl FnMut(usize, &Channel) -> Result<(), Error>,
    ) -> Result<Option<bool>, Error> {
        let channels = batch.channels();
        if self.0.as_ref().is_some_and(|last| Arc::ptr_eq(last, channels) || last == channels) {
            return Ok(None);
        }
        self.0 = None;
        let mut all = true;
        // Asked for where a channel fails, and for all at once: rows times channels can be many.
        let mut rows = None;
        for (index, channel) in channels.iter().enumerate() {
            match check(index, channel) {
                Err(error) if rows.get_or_insert_with(|| batch.rows_of_channels())[index] > 0 => {
                    return Err(error);
                }
                checked => all &= checked.is_ok(),
            }
        }
        self.0 = all.then(|| Arc::clone(channels));
        Ok(Some(all))
    }
}
