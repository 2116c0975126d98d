//! A column of texts in Arrow's layout.

use crate::column::{room, zeroed};
use crate::error::Error;

/// The validity of each row, the end of each text, and the concatenated texts.
pub(crate) struct Texts {
    pub(crate) valid: Vec<u8>,
    pub(crate) nulls: usize,
    pub(crate) offsets: Vec<i32>,
    pub(crate) data: Vec<u8>,
}

impl Texts {
    /// Creates the column; the texts must have fewer bytes in total than 32 bits can count.
    pub(crate) fn of<'a>(
        rows: usize,
        text: impl Fn(usize) -> Option<&'a str>,
    ) -> Result<Self, Error> {
        let length = |row| text(row).map_or(0, str::len);
        let mut data = room((0..rows).map(length).fold(0, usize::saturating_add))?;
        let mut offsets = room(rows.saturating_add(1))?;
        let mut valid: Vec<u8> = zeroed(rows.div_ceil(8))?;
        offsets.push(0);
        let mut nulls = 0;
        for row in 0..rows {
            match text(row) {
                Some(text) => {
                    valid[row / 8] |= 1 << (row % 8);
                    data.extend_from_slice(text.as_bytes());
                }
                None => nulls += 1,
            }
            offsets.push(i32::try_from(data.len()).unwrap_or(i32::MAX));
        }
        Ok(Self { valid, nulls, offsets, data })
    }
}
