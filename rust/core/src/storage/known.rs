//! The channels of the last written batch, because the next batch usually has the same.

use std::sync::Arc;

use crate::batch::Batch;
use crate::channel::Channel;
use crate::error::Error;

/// The channels of the last batch, if all of them fit the file.
#[derive(Debug, Default)]
pub(super) struct Known(Option<Arc<[Channel]>>);

impl Known {
    /// Checks each channel of a batch. Returns `None` if they are the last batch's, otherwise whether all passed.
    ///
    /// A slice may have channels without rows; these may fail.
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
        // Computed only if a channel fails, and then for all channels at once.
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
