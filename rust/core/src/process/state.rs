//! The state of a processor as bytes.

use crate::error::Error;

/// A count, in eight bytes.
pub(super) fn write_length(state: &mut Vec<u8>, length: usize) {
    state.extend_from_slice(&(length as u64).to_le_bytes());
}

/// Floats bit by bit, without their number.
pub(super) fn write_floats(state: &mut Vec<u8>, floats: &[f64]) {
    for float in floats {
        state.extend_from_slice(&float.to_le_bytes());
    }
}

/// Reads what was written, and takes nothing on trust: bytes come out of files.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Of bytes that have to begin with `mark`.
    pub(super) fn of(bytes: &'a [u8], mark: &[u8]) -> Result<Self, Error> {
        let rest = bytes.strip_prefix(mark);
        rest.map(|bytes| Self { bytes }).ok_or_else(|| wrong("it does not begin like one"))
    }

    /// Refuses bytes that are left over.
    pub(super) fn finish(self) -> Result<(), Error> {
        if self.bytes.is_empty() { Ok(()) } else { Err(wrong("it goes on after its end")) }
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) =
            self.bytes.split_at_checked(count).ok_or_else(|| wrong("it ends too early"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) =
            self.bytes.split_first_chunk().ok_or_else(|| wrong("it ends too early"))?;
        self.bytes = rest;
        Ok(*taken)
    }

    pub(super) fn flag(&mut self) -> Result<bool, Error> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [_] => Err(wrong("a flag is neither 0 nor 1")),
        }
    }

    pub(super) fn number(&mut self) -> Result<u64, Error> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn instant(&mut self) -> Result<i64, Error> {
        self.array().map(i64::from_le_bytes)
    }

    /// A count of at most `most`.
    pub(super) fn length(&mut self, most: usize) -> Result<usize, Error> {
        let length = usize::try_from(self.number()?).ok();
        length.filter(|&length| length <= most).ok_or_else(|| wrong("a count is too large"))
    }

    /// Refuses another count than this one.
    pub(super) fn expect(&mut self, wanted: usize, problem: &'static str) -> Result<(), Error> {
        if self.number()? == wanted as u64 { Ok(()) } else { Err(wrong(problem)) }
    }

    /// Appends so many floats, for which the bytes have to be there before memory is taken.
    pub(super) fn floats(&mut self, count: usize, floats: &mut Vec<f64>) -> Result<(), Error> {
        let bytes = count.saturating_mul(size_of::<f64>());
        let (chunks, _) = self.take(bytes)?.as_chunks();
        floats.extend(chunks.iter().map(|&bytes| f64::from_le_bytes(bytes)));
        Ok(())
    }

    /// As many floats as there is room for.
    pub(super) fn floats_into(&mut self, floats: &mut [f64]) -> Result<(), Error> {
        for float in floats {
            *float = f64::from_le_bytes(self.array()?);
        }
        Ok(())
    }
}

/// Why bytes are no state of a processor.
pub(super) const fn wrong(problem: &'static str) -> Error {
    Error::State { problem }
}
